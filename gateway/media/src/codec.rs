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

/// How somebody wants the Opus to be that we send them (RFC 7587 6.1), as far as it makes a difference to 16 kHz mono.
///
/// There are few different ones, so that those who wish for nearly the same can have the same packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OpusStyle {
    bits_per_second: u32,
    band: OpusBand,
    fec: bool,
    dtx: bool,
    constant_rate: bool,
}

/// The band of an Opus stream (RFC 6716 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpusBand {
    /// 4 kHz.
    Narrow,
    /// 6 kHz.
    Medium,
    /// 8 kHz: all that a room has.
    Wide,
}

/// One stream to send.
#[derive(Debug)]
pub struct Encoder {
    kind: Kind,
    rested: bool,
    style: OpusStyle,
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

impl OpusStyle {
    /// For somebody who takes at most `max_bitrate`, where they said so, and plays at most `max_playback_hz`.
    #[must_use]
    pub fn new(max_bitrate: Option<u32>, max_playback_hz: u32) -> Self {
        let most = max_bitrate.unwrap_or(u32::MAX);
        let bits_per_second = OPUS_RATES.into_iter().find(|rate| *rate <= most).unwrap_or(LEAST_OPUS_RATE);
        let band = match max_playback_hz {
            ..12_000 => OpusBand::Narrow,
            12_000..16_000 => OpusBand::Medium,
            16_000.. => OpusBand::Wide,
        };
        Self { bits_per_second, band, fec: false, dtx: false, constant_rate: false }
    }

    /// With what helps over a lost packet, for who can use it. Where it would cost the band, below the best rate, it is not.
    #[must_use]
    pub const fn with_fec(self, wished: bool) -> Self {
        Self { fec: wished && self.bits_per_second == BEST_OPUS_RATE, ..self }
    }

    /// With nothing sent while nobody says anything.
    #[must_use]
    pub const fn with_dtx(self, wished: bool) -> Self {
        Self { dtx: wished, ..self }
    }

    /// With every packet as long as the next.
    #[must_use]
    pub const fn with_constant_rate(self, wished: bool) -> Self {
        Self { constant_rate: wished, ..self }
    }

    #[must_use]
    pub const fn bits_per_second(self) -> u32 {
        self.bits_per_second
    }

    #[must_use]
    pub const fn band(self) -> OpusBand {
        self.band
    }

    #[must_use]
    pub const fn has_fec(self) -> bool {
        self.fec
    }

    #[must_use]
    pub const fn has_dtx(self) -> bool {
        self.dtx
    }

    #[must_use]
    pub const fn has_constant_rate(self) -> bool {
        self.constant_rate
    }
}

impl Default for OpusStyle {
    fn default() -> Self {
        Self::new(None, 48_000)
    }
}

impl Encoder {
    #[must_use]
    pub fn new(codec: Codec) -> Self {
        Self::styled(codec, OpusStyle::default())
    }

    /// `style` changes nothing where the codec is another.
    #[must_use]
    pub fn styled(codec: Codec, style: OpusStyle) -> Self {
        let kind = match codec {
            Codec::Law(law) => Kind::Law(law),
            Codec::G722 => Kind::G722(Box::new(g722::Encoder::new())),
            Codec::Opus => Kind::Opus(Box::new(opus_sound::Encoder::new(style))),
        };
        Self { kind, rested: false, style }
    }

    #[must_use]
    pub const fn codec(&self) -> Codec {
        match &self.kind {
            Kind::Law(law) => Codec::Law(*law),
            Kind::G722(_) => Codec::G722,
            Kind::Opus(_) => Codec::Opus,
        }
    }

    #[must_use]
    pub const fn style(&self) -> OpusStyle {
        self.style
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

/// Best first. The best carries wideband speech with what is needed over a lost packet.
const OPUS_RATES: [u32; 5] = [BEST_OPUS_RATE, 16_000, 12_000, 8_000, LEAST_OPUS_RATE];
const BEST_OPUS_RATE: u32 = 24_000;
/// RFC 7587 6.1: nobody can ask for less.
const LEAST_OPUS_RATE: u32 = 6_000;
