//! One slot of sound at the rate of its line.
//!
//! A narrow line (G.711) has 8 kHz, a wide one (G.722, Opus) 16 kHz.
//! Nothing is resampled on the way: a room brings the two together in its sums.
//!
//! Not here: codecs (`codec`), and other rates (`resample`).

use crate::{Frame, RATE_HZ, SLOT_SAMPLES, WIDE_RATE_HZ, WIDE_SLOT_SAMPLES, WideFrame};

/// 20 ms, mono, linear.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "it lies in place: a box would allocate fifty times a second")]
pub enum Sound {
    /// 8 kHz.
    Narrow(Frame),
    /// 16 kHz.
    Wide(WideFrame),
}

impl Sound {
    #[must_use]
    pub const fn silence(wide: bool) -> Self {
        if wide { Self::Wide([0; WIDE_SLOT_SAMPLES]) } else { Self::Narrow([0; SLOT_SAMPLES]) }
    }

    #[must_use]
    pub const fn is_wide(&self) -> bool {
        match self {
            Self::Narrow(_) => false,
            Self::Wide(_) => true,
        }
    }

    #[must_use]
    pub const fn rate_hz(&self) -> u32 {
        match self {
            Self::Narrow(_) => RATE_HZ,
            Self::Wide(_) => WIDE_RATE_HZ,
        }
    }

    /// 160 or 320 of them.
    #[must_use]
    pub const fn samples(&self) -> &[i16] {
        match self {
            Self::Narrow(frame) => frame,
            Self::Wide(frame) => frame,
        }
    }

    pub const fn samples_mut(&mut self) -> &mut [i16] {
        match self {
            Self::Narrow(frame) => frame,
            Self::Wide(frame) => frame,
        }
    }
}
