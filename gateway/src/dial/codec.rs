//! What our own caller speaks: the codec it offers, and its sound on the way from and to 8 kHz.
//!
//! The caller says and measures at 8 kHz whatever the line has: a wide one is resampled here, at its two ends.
//!
//! Not here: the line itself (`dial::line`).

use media::codec::{Codec, Encoder};
use media::g711::Law;
use media::resample::Resampler;
use media::{Coded, Frame, RATE_HZ, SILENCE, SLOT_SAMPLES, Sound, WIDE_RATE_HZ, WIDE_SLOT_SAMPLES};
use sip::sdp;

/// A codec on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Offered {
    Pcma,
    Pcmu,
    G722,
    Opus,
}

/// One line's voice, both ways.
#[derive(Debug)]
pub(super) struct Voice {
    encoder: Encoder,
    coded: Coded,
    sound: Sound,
    /// There when the line is wide: mouth and ear.
    wide: Option<(Resampler, Resampler)>,
}

impl Voice {
    pub(super) fn new(chosen: sdp::Codec) -> Self {
        let codec = match chosen {
            sdp::Codec::Pcma => Codec::Law(Law::A),
            sdp::Codec::Pcmu => Codec::Law(Law::Mu),
            sdp::Codec::G722 => Codec::G722,
            sdp::Codec::Opus => Codec::Opus,
        };
        let resampler = |from, to| Resampler::new(from, to).ok();
        let wide = codec.is_wide().then(|| resampler(RATE_HZ, WIDE_RATE_HZ).zip(resampler(WIDE_RATE_HZ, RATE_HZ)));
        Self {
            encoder: Encoder::new(codec),
            coded: [0; SLOT_SAMPLES],
            sound: Sound::silence(codec.is_wide()),
            wide: wide.flatten(),
        }
    }

    pub(super) fn codec(&self) -> Codec {
        self.encoder.codec()
    }

    /// One slot of what `take` fills in.
    pub(super) fn hear(&mut self, take: impl FnOnce(&mut Sound)) -> Frame {
        take(&mut self.sound);
        let mut heard = SILENCE;
        match (&self.sound, &mut self.wide) {
            (Sound::Narrow(frame), _) => heard = *frame,
            (Sound::Wide(frame), Some((_, ear))) => ear.slot(frame, &mut heard),
            (Sound::Wide(_), None) => {}
        }
        heard
    }

    /// One slot, as it travels.
    pub(super) fn say(&mut self, frame: &Frame) -> &[u8] {
        let length = match &mut self.wide {
            None => self.encoder.encode(frame, &mut self.coded),
            Some((mouth, _)) => {
                let mut wide = [0; WIDE_SLOT_SAMPLES];
                mouth.slot(frame, &mut wide);
                self.encoder.encode(&wide, &mut self.coded)
            }
        };
        self.coded.get(..length).unwrap_or_default()
    }
}

impl From<Offered> for sdp::Codec {
    fn from(offered: Offered) -> Self {
        match offered {
            Offered::Pcma => Self::Pcma,
            Offered::Pcmu => Self::Pcmu,
            Offered::G722 => Self::G722,
            Offered::Opus => Self::Opus,
        }
    }
}

impl std::fmt::Display for Offered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pcma => "pcma",
            Self::Pcmu => "pcmu",
            Self::G722 => "g722",
            Self::Opus => "opus",
        })
    }
}
