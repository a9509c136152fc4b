//! What comes from one caller, from packets to slots: jitter buffer, decoder and concealment behind one small interface.
//!
//! [`Stream::put`] every packet, [`Stream::take`] once a slot; times are RTP ticks of the codec's clock.
//! Nobody above knows how deep the buffer is; who tells an RTP time as a slot asks with [`Stream::promise`].
//! Codecs of an octet a tick (G.711, G.722) share [`Jitter`]; Opus packets lie in [`Packets`].
//! G.711 and G.722 repeat the last slot for a lost one and let it die away; Opus makes up its own.
//! A slot that a buffer leaves out fades into the one before it, so that no word is cut.
//!
//! Not here: keys, sources and payload types (`leg`).

use crate::codec::Codec;
use crate::depth::Depth;
use crate::g711::{self, Law};
use crate::jitter::{Counters, Jitter, Put, Taken};
use crate::packets::Packets;
use crate::{SLOT_SAMPLES, Sound, WIDE_SLOT_SAMPLES, g722, level};

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
            Codec::Law(law) => Self::Law(law, Jitter::new(g711::silence(law))),
            Codec::G722 => Self::G722(Box::new((g722::Decoder::new(), Jitter::new(G722_IDLE)))),
            Codec::Opus => Self::Opus(Box::new(Packets::new())),
        }
    }

    /// The caller goes over to another codec: no slot that was told before then holds what is said in it.
    pub(crate) fn change_to(&mut self, codec: Codec) {
        let mut before = std::mem::replace(self, Self::new(codec));
        self.depth().follow(before.depth());
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
                if jitter.spare(|| is_quiet(frame), &mut coded) {
                    let mut next = [0; SLOT_SAMPLES];
                    g711::decode(*law, &coded, &mut next);
                    fade_over(frame, &next);
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
                if jitter.spare(|| is_quiet(frame), &mut coded) {
                    let mut next = [0; WIDE_SLOT_SAMPLES];
                    decoder.decode(&coded, &mut next);
                    fade_over(frame, &next);
                }
                taken
            }
            Self::Opus(packets) => {
                let frame = wide(into);
                let taken = packets.take(frame);
                if taken == Taken::Nothing {
                    frame.fill(0);
                }
                let mut next = [0; WIDE_SLOT_SAMPLES];
                if packets.spare(|| is_quiet(frame), &mut next) {
                    fade_over(frame, &next);
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

    /// The same, for an RTP time that is told as a slot: until that slot was taken, it stays the one.
    pub(crate) fn promise(&mut self, timestamp: u32) -> Option<i32> {
        let ahead = self.ticks_until(timestamp)?;
        self.depth().promise(ahead);
        Some(ahead)
    }

    /// A key became known that went down at this RTP time.
    pub(crate) fn key_began(&mut self, timestamp: u32) {
        if let Some(ahead) = self.ticks_until(timestamp) {
            self.depth().key_began(ahead);
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

    fn depth(&mut self) -> &mut Depth {
        match self {
            Self::Law(_, jitter) => jitter.depth(),
            Self::G722(stream) => stream.1.depth(),
            Self::Opus(packets) => packets.depth(),
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

/// One slot's time for two slots' sound: what is said in the first turns into what is said in the second.
fn fade_over(first: &mut [i16], second: &[i16]) {
    let whole = first.len() as i32;
    for ((n, sample), second) in (0..).zip(first).zip(second) {
        *sample = ((i32::from(*sample) * (whole - n) + i32::from(*second) * n) / whole) as i16;
    }
}

fn is_quiet(frame: &[i16]) -> bool {
    level::energy(frame) < QUIET
}

/// The energy of −45 dBov: a pause between two words, on a line that is not all still.
const QUIET: u32 = 33_955;
/// What G.722 says of silence.
const G722_IDLE: u8 = 0xFA;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 20 ms of nothing in particular.
    fn packet(codec: Codec) -> &'static [u8] {
        match codec {
            Codec::Law(_) | Codec::G722 => &[0x55; 160],
            Codec::Opus => &[0x08],
        }
    }

    #[test]
    fn who_goes_over_to_another_codec_is_not_heard_in_a_slot_told_before() {
        let mut stream = Stream::new(Codec::Law(Law::A));
        for n in 0..5 {
            stream.put(n * 160, packet(Codec::G722));
        }
        assert_eq!(stream.promise(3 * 160), Some(4 * 160));
        stream.take(&mut Sound::silence(false));
        stream.change_to(Codec::Opus);
        stream.put(0, packet(Codec::Opus));
        let taken: Vec<_> = (0..4).map(|_| stream.take(&mut Sound::silence(true))).collect();
        assert_eq!(taken, [Taken::Nothing, Taken::Nothing, Taken::Nothing, Taken::Voice]);
    }

    proptest! {
        /// Whatever the network does: a way that grows longer and shorter, single packets that are later still, losses.
        #[test]
        fn a_time_that_was_told_as_a_slot_keeps_it_and_once_past_is_never_played_up_to_again(
            stretches in proptest::collection::vec((1_u32..160, 0_u32..4), 1..8),
            single in proptest::collection::vec(prop_oneof![9 => Just(0_u32), 1 => 1_u32..5, 1 => Just(1_000)], 97),
            asked in proptest::collection::vec((0_u32..700, -500_i32..500), 40),
            keys in proptest::collection::vec((0_u32..700, 0_u32..500), 4),
            codec in prop_oneof![Just(Codec::Law(Law::A)), Just(Codec::Opus)],
        ) {
            let (mut stream, mut sound) = (Stream::new(codec), Sound::silence(false));
            let slot = codec.slot_ticks();
            let ways: Vec<_> = stretches.iter().flat_map(|(slots, way)| (0..*slots).map(move |_| *way)).collect();
            let came = |n: usize| n as u32 + ways[n] + single[n % single.len()];
            // The time, and where it was when it was told last.
            let mut told: Vec<(u32, i32)> = Vec::new();
            for now in 0..ways.len() {
                for n in (now.saturating_sub(8)..=now).filter(|n| came(*n) == now as u32) {
                    stream.put(n as u32 * slot, packet(codec));
                    for (time, ahead) in &told {
                        let is = stream.ticks_until(*time).unwrap();
                        prop_assert!(is == *ahead || is <= 0 && *ahead <= 0, "{time}: {ahead}, now {is}");
                    }
                }
                for (_, back) in keys.iter().filter(|(at, _)| *at == now as u32) {
                    stream.key_began((now as u32 * slot).wrapping_sub(back * slot / 160));
                }
                for (_, off) in asked.iter().filter(|(at, _)| *at == now as u32) {
                    let Some(newest) = stream.newest() else { continue };
                    let time = newest.wrapping_add_signed(off * slot.cast_signed() / 160);
                    told.push((time, stream.promise(time).unwrap()));
                }
                stream.take(&mut sound);
                for (time, ahead) in &mut told {
                    let is = stream.ticks_until(*time).unwrap();
                    let expected = *ahead - slot.cast_signed();
                    prop_assert!(is == expected || is <= 0 && expected <= 0, "{time}: {expected}, now {is}");
                    *ahead = is;
                }
            }
        }
    }

    #[test]
    fn a_slot_that_goes_over_into_the_next_begins_as_the_one_and_ends_as_the_other() {
        let mut frame = [-8_000; 160];
        fade_over(&mut frame, &[4_000; 160]);
        assert_eq!((frame[0], frame[80]), (-8_000, -2_000));
        assert!(frame[159] > 3_900 && frame.windows(2).all(|pair| (0..=80).contains(&(pair[1] - pair[0]))));
    }

    #[test]
    fn a_pause_between_two_words_is_quiet_and_a_word_is_not() {
        assert_eq!(QUIET, level::energy_at(-45.0));
    }
}
