//! The codecs that sound travels in, and the sender's side of each.
//!
//! An [`Encoder`] makes the octets of one stream. G.711 has no memory, so all who hear the same may share its octets from
//! slot to slot; G.722 and Opus remember, so an encoder whose listener is given another stream for a while is told with
//! [`Encoder::rest`], and begins anew afterwards.
//!
//! Not here: the receiver's side (`stream`), and what a codec is called in a description (`sip::sdp`).

use crate::g711::{self, Law};
use crate::{Coded, SLOT_SAMPLES, g722, opus_sound};

/// What a leg speaks, both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711: 8 kHz.
    Law(Law),
    /// 16 kHz, but its RTP clock is 8000 Hz.
    G722,
    /// 16 kHz on our side; its RTP clock is 48000 Hz.
    Opus,
}

/// One stream to send.
#[derive(Debug)]
pub struct Encoder {
    kind: Kind,
    rested: bool,
}

#[derive(Debug)]
enum Kind {
    Law(Law),
    G722(Box<g722::Encoder>),
    Opus(Box<opus_sound::Encoder>),
}

impl Codec {
    /// Has its sound 16 kHz rather than 8?
    #[must_use]
    pub const fn is_wide(self) -> bool {
        match self {
            Self::Law(_) => false,
            Self::G722 | Self::Opus => true,
        }
    }

    /// What its RTP timestamps count in 20 ms.
    #[must_use]
    pub const fn slot_ticks(self) -> u32 {
        match self {
            Self::Law(_) | Self::G722 => SLOT_SAMPLES as u32,
            Self::Opus => OPUS_SLOT_TICKS,
        }
    }

    /// Its RTP clock.
    #[must_use]
    pub const fn clock_hz(self) -> u32 {
        self.slot_ticks() * 50
    }
}

impl Encoder {
    #[must_use]
    pub fn new(codec: Codec) -> Self {
        let kind = match codec {
            Codec::Law(law) => Kind::Law(law),
            Codec::G722 => Kind::G722(Box::new(g722::Encoder::new())),
            Codec::Opus => Kind::Opus(Box::new(opus_sound::Encoder::new())),
        };
        Self { kind, rested: false }
    }

    #[must_use]
    pub const fn codec(&self) -> Codec {
        match &self.kind {
            Kind::Law(law) => Codec::Law(*law),
            Kind::G722(_) => Codec::G722,
            Kind::Opus(_) => Codec::Opus,
        }
    }

    /// In this slot its listener has another stream: what follows is to be understood without anything before it.
    pub const fn rest(&mut self) {
        self.rested = true;
    }

    /// One slot at the codec's rate; says how many octets, 0 when there is nothing to send.
    pub fn encode(&mut self, samples: &[i16], into: &mut Coded) -> usize {
        let rested = std::mem::take(&mut self.rested);
        match &mut self.kind {
            Kind::Law(law) => {
                g711::encode(*law, samples, into);
                samples.len().min(into.len())
            }
            Kind::G722(encoder) => {
                if rested {
                    encoder.restart();
                }
                encoder.encode(samples, into)
            }
            Kind::Opus(encoder) => {
                if rested {
                    encoder.restart();
                }
                encoder.encode(samples, into)
            }
        }
    }
}

const OPUS_SLOT_TICKS: u32 = 960;
