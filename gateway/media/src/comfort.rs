//! Comfort noise (RFC 3389), received: how loud it is at the other end while nobody speaks.
//!
//! A sender that saves packets says so in one of payload type 13 and falls silent. Without it the line would seem dead.
//! Only the level is used: the shape of a hum is nobody's to need.
//! What it makes is no voice: whoever plays it says [`crate::jitter::Taken::Nothing`].
//!
//! Not here: sending it; we send every slot.

/// RFC 3551: static, whatever else was agreed on.
pub const PAYLOAD_TYPE: u8 = 13;

/// The noise of one stream.
#[derive(Clone, Debug)]
pub struct Comfort {
    /// Peak of the samples; nothing until some was announced.
    peak: Option<i32>,
    random: u32,
}

impl Comfort {
    #[must_use]
    pub const fn new() -> Self {
        Self { peak: None, random: 0x2545_F491 }
    }

    /// Takes a packet's payload; false when it says nothing. Its first octet is the level under 0 dBov.
    pub fn receive(&mut self, payload: &[u8]) -> bool {
        let Some(level) = payload.first().filter(|level| **level <= 127) else { return false };
        // An even spread up to the peak has a third of its power.
        let dbov = -f64::from((*level).max(LOUDEST));
        self.peak = Some((32_768.0 * 3_f64.sqrt() * 10_f64.powf(dbov / 20.0)) as i32);
        true
    }

    /// A voice has begun.
    pub const fn forget(&mut self) {
        self.peak = None;
    }

    /// Fills a slot, if there is anything to fill it with.
    pub fn fill(&mut self, into: &mut [i16]) {
        let Some(peak) = self.peak else { return };
        for sample in into {
            self.random ^= self.random << 13;
            self.random ^= self.random >> 17;
            self.random ^= self.random << 5;
            let spread = 2 * peak + 1;
            *sample = ((self.random >> 16) as i32 * spread / 65_536 - peak) as i16;
        }
    }
}

impl Default for Comfort {
    fn default() -> Self {
        Self::new()
    }
}

/// −40 dBov: what claims to be louder is no background.
const LOUDEST: u8 = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level;

    #[test]
    fn noise_is_as_loud_as_announced_and_never_louder_than_a_background() {
        for (said, heard) in [(50, -50.0), (60, -60.0), (0, -40.0)] {
            let mut comfort = Comfort::new();
            assert!(comfort.receive(&[said, 1, 2, 3]));
            let mut sound = [0; 8_000];
            comfort.fill(&mut sound);
            let level = level::dbov(&sound);
            assert!((level - heard).abs() < 1.0, "{said}: {level}");
        }
    }

    #[test]
    fn what_says_no_level_makes_no_noise() {
        let mut comfort = Comfort::new();
        assert!(!comfort.receive(&[]));
        assert!(!comfort.receive(&[200]));
        let mut sound = [7; 10];
        comfort.fill(&mut sound);
        assert_eq!(sound, [7; 10]);
    }
}
