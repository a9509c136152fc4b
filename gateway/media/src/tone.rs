//! Tones: made for telephones of ours, measured to prove who heard whom.
//!
//! Not here: telephone events (`dtmf`), and keys heard in the sound.

use crate::RATE_HZ;
use crate::level::SILENT_DBOV;

/// Writes a sine of 8 kHz over `into`, beginning with sample number `start`, so that slots join without a click.
///
/// `dbov`: −3 is the loudest a sine can be.
pub fn sine(hz: f32, dbov: f32, start: u64, into: &mut [i16]) {
    sine_at(hz, dbov, RATE_HZ, start, into);
}

/// The same at any rate.
pub fn sine_at(hz: f32, dbov: f32, rate_hz: u32, start: u64, into: &mut [i16]) {
    let peak = 32_768.0 * std::f64::consts::SQRT_2 * 10_f64.powf(f64::from(dbov) / 20.0);
    let turn = std::f64::consts::TAU * f64::from(hz) / f64::from(rate_hz);
    for (n, sample) in (start..).zip(into) {
        *sample = (peak * (turn * n as f64).sin()).round().clamp(-32_768.0, 32_767.0) as i16;
    }
}

/// How much of one frequency is in a stretch of sound.
#[derive(Clone, Debug)]
pub struct Goertzel {
    coefficient: f64,
    s1: f64,
    s2: f64,
    count: u64,
}

impl Goertzel {
    /// `rate_hz`: of the sound it will be given.
    #[must_use]
    pub fn new(hz: f32, rate_hz: u32) -> Self {
        let turn = std::f64::consts::TAU * f64::from(hz) / f64::from(rate_hz);
        Self { coefficient: 2.0 * turn.cos(), s1: 0.0, s2: 0.0, count: 0 }
    }

    pub fn add(&mut self, samples: &[i16]) {
        for sample in samples {
            let s0 = f64::from(*sample) + self.coefficient * self.s1 - self.s2;
            self.s2 = self.s1;
            self.s1 = s0;
        }
        self.count += samples.len() as u64;
    }

    /// The level of a sine of this frequency that would measure the same; then begins anew.
    pub fn dbov(&mut self) -> f32 {
        let power = self.s1 * self.s1 + self.s2 * self.s2 - self.coefficient * self.s1 * self.s2;
        let count = self.count as f64;
        (self.s1, self.s2, self.count) = (0.0, 0.0, 0);
        let mean_square = 2.0 * power / (count * count);
        if count == 0.0 || mean_square < f64::MIN_POSITIVE {
            return SILENT_DBOV;
        }
        ((10.0 * (mean_square / (32_768.0 * 32_768.0)).log10()) as f32).max(SILENT_DBOV)
    }
}

/// The level of one frequency in a stretch of sound.
#[must_use]
pub fn dbov_at(hz: f32, rate_hz: u32, samples: &[i16]) -> f32 {
    let mut goertzel = Goertzel::new(hz, rate_hz);
    goertzel.add(samples);
    goertzel.dbov()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_as_loud_as_asked_and_nowhere_else() {
        let mut sound = [0; 1_600];
        sine(440.0, -20.0, 0, &mut sound);
        assert!((crate::level::dbov(&sound) + 20.0).abs() < 0.1);
        assert!((dbov_at(440.0, 8_000, &sound) + 20.0).abs() < 0.1);
        assert!(dbov_at(1_000.0, 8_000, &sound) < -60.0);
    }

    #[test]
    fn slots_of_a_tone_join() {
        let (mut whole, mut parts) = ([0; 320], [0; 320]);
        sine(733.0, -10.0, 0, &mut whole);
        sine(733.0, -10.0, 0, &mut parts[..160]);
        sine(733.0, -10.0, 160, &mut parts[160..]);
        assert_eq!(whole, parts);
    }

    #[test]
    fn nothing_measured_is_silence() {
        assert_eq!(Goertzel::new(440.0, 8_000).dbov(), -127.0);
        assert_eq!(dbov_at(440.0, 8_000, &[0; 160]), -127.0);
    }
}
