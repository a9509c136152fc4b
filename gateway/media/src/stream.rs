//! What comes from one caller, from packets to slots: jitter buffer, decoder and concealment behind one small interface.
//!
//! [`Stream::put`] every packet, [`Stream::take`] once a slot; times are RTP ticks of the codec's clock.
//! A buffer whose depth adapts takes this place with the same few functions: nobody above knows the depth.
//! Codecs of an octet a tick (G.711, G.722) share [`Jitter`]; Opus packets lie in [`Packets`].
//! G.711 and G.722 repeat the last slot for a lost one and let it die away; Opus makes up its own.
//!
//! Not here: keys, sources and payload types (`leg`).

use crate::codec::Codec;
use crate::g711::{self, Law};
use crate::jitter::{Counters, DEPTH_SLOTS, Jitter, Put, Taken};
use crate::packets::Packets;
use crate::{SLOT_SAMPLES, Sound, WIDE_SLOT_SAMPLES, g722};

/// One stream received.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all are of G.711, and their buffer lies with the line")]
pub(crate) enum Stream {
    Law(Law, Jitter),
    G722(Box<(g722::Decoder, Jitter)>),
    Opus(Box<Packets>),
}

impl Stream {
    pub(crate) fn new(codec: Codec) -> Self {
        match codec {
            Codec::Law(law) => Self::Law(law, Jitter::new(DEPTH_SLOTS, g711::silence(law))),
            Codec::G722 => Self::G722(Box::new((g722::Decoder::new(), Jitter::new(DEPTH_SLOTS, G722_IDLE)))),
            Codec::Opus => Self::Opus(Box::new(Packets::new(DEPTH_SLOTS))),
        }
    }

    pub(crate) fn put(&mut self, timestamp: u32, payload: &[u8]) -> Put {
        match self {
            Self::Law(_, jitter) => jitter.put(timestamp, payload),
            Self::G722(stream) => stream.1.put(timestamp, payload),
            Self::Opus(packets) => packets.put(timestamp, payload),
        }
    }

    /// This slot's sound, at the codec's rate whatever `into` was before; silence on [`Taken::Nothing`].
    pub(crate) fn take(&mut self, into: &mut Sound) -> Taken {
        match self {
            Self::Law(law, jitter) => {
                let frame = narrow(into);
                let mut coded = [0; SLOT_SAMPLES];
                let taken = jitter.take(&mut coded);
                match taken {
                    Taken::Nothing => frame.fill(0),
                    Taken::Voice => g711::decode(*law, &coded, frame),
                    Taken::Concealed => {
                        g711::decode(*law, &coded, frame);
                        fade(jitter.missing(), frame);
                    }
                }
                taken
            }
            Self::G722(stream) => {
                let (decoder, jitter) = &mut **stream;
                let frame = wide(into);
                let mut coded = [0; SLOT_SAMPLES];
                let taken = jitter.take(&mut coded);
                match taken {
                    Taken::Nothing => frame.fill(0),
                    Taken::Voice => decoder.decode(&coded, frame),
                    Taken::Concealed => {
                        decoder.decode(&coded, frame);
                        fade(jitter.missing(), frame);
                    }
                }
                taken
            }
            Self::Opus(packets) => {
                let frame = wide(into);
                let taken = packets.take(frame);
                if taken == Taken::Nothing {
                    frame.fill(0);
                }
                taken
            }
        }
    }

    /// Ticks from the beginning of the slot that is taken next to this RTP time; nothing before a stream began.
    pub(crate) fn ticks_until(&self, timestamp: u32) -> Option<i32> {
        match self {
            Self::Law(_, jitter) => jitter.samples_until(timestamp),
            Self::G722(stream) => stream.1.samples_until(timestamp),
            Self::Opus(packets) => packets.ticks_until(timestamp),
        }
    }

    /// The RTP time after everything that came, or of the next slot if that is later; nothing before a stream began.
    pub(crate) fn newest(&self) -> Option<u32> {
        match self {
            Self::Law(_, jitter) => jitter.newest(),
            Self::G722(stream) => stream.1.newest(),
            Self::Opus(packets) => packets.newest(),
        }
    }

    /// What was taken last was nobody's to hear: nothing that is missing next is made up from it.
    pub(crate) fn forget_last(&mut self) {
        match self {
            Self::Law(_, jitter) => jitter.forget_last(),
            Self::G722(stream) => {
                // Its decoder would ring on.
                stream.0 = g722::Decoder::new();
                stream.1.forget_last();
            }
            Self::Opus(packets) => packets.forget_last(),
        }
    }

    pub(crate) fn forget(&mut self) {
        match self {
            Self::Law(_, jitter) => jitter.forget(),
            Self::G722(stream) => stream.1.forget(),
            Self::Opus(packets) => packets.forget(),
        }
    }

    pub(crate) fn counters(&self) -> Counters {
        match self {
            Self::Law(_, jitter) => jitter.counters(),
            Self::G722(stream) => stream.1.counters(),
            Self::Opus(packets) => packets.counters(),
        }
    }
}

fn narrow(sound: &mut Sound) -> &mut [i16; SLOT_SAMPLES] {
    if sound.is_wide() {
        *sound = Sound::silence(false);
    }
    match sound {
        Sound::Narrow(frame) => frame,
        Sound::Wide(_) => unreachable!("made narrow above"),
    }
}

fn wide(sound: &mut Sound) -> &mut [i16; WIDE_SLOT_SAMPLES] {
    if !sound.is_wide() {
        *sound = Sound::silence(true);
    }
    match sound {
        Sound::Wide(frame) => frame,
        Sound::Narrow(_) => unreachable!("made wide above"),
    }
}

/// Lets repeated sound die away within the three slots of a run, so that a loss is no robot and its end no click.
fn fade(missing: u8, frame: &mut [i16]) {
    let (from, to) = match missing {
        0 => return,
        1 => (256, 192),
        2 => (192, 96),
        3.. => (96, 0),
    };
    let whole = frame.len() as i32;
    for (n, sample) in (0..).zip(frame) {
        let gain = from + (to - from) * n / whole;
        *sample = (i32::from(*sample) * gain / 256) as i16;
    }
}

/// What G.722 says of silence.
const G722_IDLE: u8 = 0xFA;
