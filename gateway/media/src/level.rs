//! How loud a stretch of sound is.
//!
//! [`energy`] is the cheap form for every slot of every seat: compare it with a bound from [`energy_at`].
//! [`dbov`] is for people and tests.
//! 0 dBov is a square wave at full scale (RFC 6465); a sine at full scale is −3, speech on a line about −26.
//!
//! Not here: whether it is speech.

/// The mean square of the samples; 0 for no samples.
#[must_use]
pub fn energy(samples: &[i16]) -> u32 {
    let Ok(count @ 1..) = u64::try_from(samples.len()) else { return 0 };
    let sum: u64 = samples.iter().map(|&s| u64::from(s.unsigned_abs()).pow(2)).sum();
    u32::try_from(sum / count).unwrap_or(u32::MAX)
}

/// The energy of sound at this level, for comparing; levels above 0 count as 0.
#[must_use]
pub fn energy_at(dbov: f32) -> u32 {
    (FULL_SCALE * FULL_SCALE * 10_f64.powf(f64::from(dbov.min(0.0)) / 10.0)).round() as u32
}

/// The level of these samples, from 0 down to −127, which is digital silence.
#[must_use]
pub fn dbov(samples: &[i16]) -> f32 {
    dbov_of(energy(samples))
}

/// The level that belongs to an energy.
#[must_use]
pub fn dbov_of(energy: u32) -> f32 {
    if energy == 0 {
        return SILENT_DBOV;
    }
    let level = 10.0 * (f64::from(energy) / (FULL_SCALE * FULL_SCALE)).log10();
    (level as f32).clamp(SILENT_DBOV, 0.0)
}

/// What [`dbov`] says of digital silence (RFC 6464).
pub const SILENT_DBOV: f32 = -127.0;

const FULL_SCALE: f64 = 32_768.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_square_wave_is_zero_and_silence_is_the_bottom() {
        let square: Vec<i16> = (0..160).map(|n| if n % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
        assert!(dbov(&square).abs() < 0.01);
        assert_eq!(dbov(&[0; 160]), -127.0);
        assert_eq!(dbov(&[]), -127.0);
    }

    #[test]
    fn a_bound_and_a_measurement_agree() {
        for level in [-65.0_f32, -50.0, -26.0, -6.0] {
            assert!((dbov_of(energy_at(level)) - level).abs() < 0.05, "{level}");
        }
    }

    #[test]
    fn the_idle_octet_of_a_law_is_under_the_bound_of_a_voice() {
        let mut idle = [0; 160];
        crate::g711::decode(crate::g711::Law::A, &[0xD5; 160], &mut idle);
        assert!(energy(&idle) < energy_at(-65.0));
    }
}
