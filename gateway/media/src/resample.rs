//! Sound at another rate: the door to `rubato`.
//!
//! [`convert`] is for whole stretches (prompts, exports); a [`Resampler`] takes and gives 20 ms at a time and allocates
//! nothing after it was made.
//!
//! Not here: channels; everything is mono.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler as _, WindowFunction};

/// Rates that do not go together.
#[derive(Debug, thiserror::Error)]
pub enum ResampleError {
    #[error("a rate of {hz} Hz has no whole number of samples in 20 ms")]
    Rate { hz: u32 },
    #[error("from {from_hz} Hz to {to_hz} Hz")]
    Rubato { from_hz: u32, to_hz: u32, source: Box<dyn std::error::Error + Send + Sync> },
}

/// One stream from one rate to another, 20 ms at a time.
#[derive(Debug)]
pub struct Resampler {
    fft: Fft<f32>,
    from: Vec<f32>,
    to: Vec<f32>,
}

impl Resampler {
    /// # Errors
    /// When 20 ms at one of the rates are no whole number of samples.
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Self, ResampleError> {
        let from = slot_samples(from_hz)?;
        let to = slot_samples(to_hz)?;
        let fft = fft(from_hz, to_hz)?;
        Ok(Self { fft, from: vec![0.0; from], to: vec![0.0; to] })
    }

    /// 20 ms in, 20 ms out, later by [`Self::delay_samples`].
    /// Short input is filled with silence, and what does not fit into `into` is left out.
    pub fn slot(&mut self, from: &[i16], into: &mut [i16]) {
        self.from.fill(0.0);
        for (float, sample) in self.from.iter_mut().zip(from) {
            *float = f32::from(*sample);
        }
        if self.run() {
            for (sample, float) in into.iter_mut().zip(&self.to) {
                *sample = rounded(*float);
            }
        }
    }

    /// The same of sums that nobody has limited yet; below 2^24 they go through whole.
    pub fn sums(&mut self, from: &[i32], into: &mut [i32]) {
        self.from.fill(0.0);
        for (float, sum) in self.from.iter_mut().zip(from) {
            *float = *sum as f32;
        }
        if self.run() {
            for (sum, float) in into.iter_mut().zip(&self.to) {
                *sum = float.round() as i32;
            }
        }
    }

    fn run(&mut self) -> bool {
        let (ins, outs) = (self.from.len(), self.to.len());
        let done = SequentialSlice::new(self.from.as_slice(), 1, ins)
            .ok()
            .zip(SequentialSlice::new_mut(self.to.as_mut_slice(), 1, outs).ok());
        done.is_some_and(|(source, mut sink)| self.fft.process_into_buffer(&source, &mut sink, None).is_ok())
    }

    /// How much later sound comes out than it went in, in samples of the rate that comes out.
    #[must_use]
    pub fn delay_samples(&self) -> usize {
        self.fft.output_delay()
    }
}

/// A whole stretch at another rate, its length in time unchanged.
///
/// # Errors
/// When 20 ms at one of the rates are no whole number of samples.
pub fn convert(from_hz: u32, to_hz: u32, sound: &[i16]) -> Result<Vec<i16>, ResampleError> {
    slot_samples(from_hz)?;
    slot_samples(to_hz)?;
    if from_hz == to_hz || sound.is_empty() {
        return Ok(sound.to_vec());
    }
    let floats: Vec<f32> = sound.iter().map(|&sample| f32::from(sample)).collect();
    let failed = |source| ResampleError::Rubato { from_hz, to_hz, source };
    let source =
        SequentialSlice::new(floats.as_slice(), 1, floats.len()).map_err(|e| failed(Box::from(e.to_string())))?;
    let all = fft(from_hz, to_hz)?.process_all(&source, floats.len(), None).map_err(|e| failed(Box::new(e)))?;
    Ok(all.take_data().into_iter().map(rounded).collect())
}

fn fft(from_hz: u32, to_hz: u32) -> Result<Fft<f32>, ResampleError> {
    let chunk = slot_samples(from_hz)?;
    Fft::new_custom(from_hz as usize, to_hz as usize, chunk, 1, 1, WindowFunction::BlackmanHarris2, FixedSync::Both)
        .map_err(|source| ResampleError::Rubato { from_hz, to_hz, source: Box::new(source) })
}

fn slot_samples(hz: u32) -> Result<usize, ResampleError> {
    if hz == 0 || !hz.is_multiple_of(50) {
        return Err(ResampleError::Rate { hz });
    }
    Ok((hz / 50) as usize)
}

fn rounded(sample: f32) -> i16 {
    // A float to integer cast saturates.
    sample.round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::dbov_at;

    fn tone(hz: f64, rate_hz: u32, samples: usize) -> Vec<i16> {
        (0..samples)
            .map(|n| (8_000.0 * (std::f64::consts::TAU * hz * n as f64 / f64::from(rate_hz)).sin()).round() as i16)
            .collect()
    }

    #[test]
    fn a_tone_stays_as_loud_at_every_pair_of_rates() {
        for (from, to) in [(8_000, 16_000), (16_000, 8_000), (48_000, 16_000), (16_000, 48_000), (48_000, 8_000)] {
            let before = tone(1_000.0, from, from as usize);
            let after = convert(from, to, &before).unwrap();
            assert_eq!(after.len(), to as usize);
            let middle = &after[to as usize / 4..to as usize / 2];
            let change = dbov_at(1_000.0, to, middle) - dbov_at(1_000.0, from, &before);
            assert!(change.abs() < 0.2, "{from} to {to}: {change} dB");
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_carry_is_gone() {
        let after = convert(16_000, 8_000, &tone(6_000.0, 16_000, 16_000)).unwrap();
        assert!(crate::level::dbov(&after[2_000..6_000]) < -70.0);
        assert!(dbov_at(2_000.0, 8_000, &after[2_000..6_000]) < -70.0, "no mirror");
    }

    #[test]
    fn slot_by_slot_is_the_whole_only_later() {
        let before = tone(700.0, 8_000, 8_000);
        let whole = convert(8_000, 16_000, &before).unwrap();
        let mut resampler = Resampler::new(8_000, 16_000).unwrap();
        let mut slots = Vec::new();
        for slot in before.chunks(160) {
            let mut out = [0; 320];
            resampler.slot(slot, &mut out);
            slots.extend(out);
        }
        let late = resampler.delay_samples();
        assert!(late <= 320, "at most a slot late, not {late}");
        for (a, b) in slots[late..].iter().zip(&whole) {
            assert!((a - b).abs() <= 1, "{a} and {b}");
        }
    }

    #[test]
    fn a_rate_without_whole_slots_is_refused() {
        assert!(matches!(convert(8_000, 11_025, &[1]), Err(ResampleError::Rate { hz: 11_025 })));
        assert!(matches!(Resampler::new(0, 8_000), Err(ResampleError::Rate { hz: 0 })));
    }

    #[test]
    fn nothing_stays_nothing() {
        assert!(convert(8_000, 16_000, &[]).unwrap().is_empty());
        let short = convert(8_000, 16_000, &[5; 10]).unwrap();
        assert_eq!(short.len(), 20);
    }
}
