//! What a caller of our own heard, in numbers: the level of every slot, and listed frequencies second by second.
//!
//! Feed every slot's sound with [`Hearing::slot`]; each full second comes back as a [`Second`]. [`Hearing::sums`] is what
//! the final report says.
//!
//! Not here: where the sound comes from (`dial::line`), and who is meant by a tone (the tests give each person one).

use media::level::{self, SILENT_DBOV};
use media::{Frame, RATE_HZ, SLOT_SAMPLES, tone};
use serde::Serialize;

/// One second of what was heard.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Second {
    /// Counted from the answer, the first is 0.
    pub(super) second: u32,
    /// Mean power in dBov; -127 for digital silence.
    pub(super) level_dbov: f32,
    /// Power of each listed frequency in dBov, in the order of the list.
    pub(super) tones: Vec<Tone>,
}

/// One listed frequency in one second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Tone {
    pub(super) hz: u32,
    pub(super) dbov: f32,
}

/// The whole call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Sums {
    /// Time in which something was louder than -50 dBov.
    pub(super) heard_s: f32,
    /// Mean power of what was louder than that; -127 when nothing was.
    pub(super) level_dbov: f32,
}

#[derive(Debug)]
pub(super) struct Hearing {
    listed: Vec<u32>,
    second: Vec<i16>,
    seconds: u32,
    loud_slots: u32,
    loud_power: f64,
}

impl Hearing {
    /// `listed`: the frequencies to look for, in Hz.
    pub(super) fn new(listed: Vec<u32>) -> Self {
        Self {
            listed,
            second: Vec::with_capacity(SLOTS_A_SECOND * SLOT_SAMPLES),
            seconds: 0,
            loud_slots: 0,
            loud_power: 0.0,
        }
    }

    /// One more slot was heard; `Some` when it filled a second.
    pub(super) fn slot(&mut self, frame: &Frame) -> Option<Second> {
        let dbov = level::dbov(frame);
        if dbov >= SOUND_DBOV {
            self.loud_slots += 1;
            self.loud_power += 10_f64.powf(f64::from(dbov) / 10.0);
        }
        self.second.extend_from_slice(frame);
        if self.second.len() < SLOTS_A_SECOND * SLOT_SAMPLES {
            return None;
        }
        let tones =
            self.listed.iter().map(|&hz| Tone { hz, dbov: tone::dbov_at(hz as f32, RATE_HZ, &self.second) }).collect();
        let full = Second { second: self.seconds, level_dbov: level::dbov(&self.second), tones };
        self.second.clear();
        self.seconds += 1;
        Some(full)
    }

    pub(super) fn sums(&self) -> Sums {
        let level_dbov = match self.loud_slots {
            0 => SILENT_DBOV,
            n => (10.0 * (self.loud_power / f64::from(n)).log10()) as f32,
        };
        Sums { heard_s: self.loud_slots as f32 / SLOTS_A_SECOND as f32, level_dbov }
    }
}

/// What the numbering of the packets says: RFC 3550 A.1 and A.3, thinly.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Arrivals {
    first: Option<u16>,
    /// Of the highest number seen, counted on from the first over every wrap.
    span: u64,
    received: u64,
}

impl Arrivals {
    pub(super) fn came(&mut self, seq: u16) {
        self.received += 1;
        let Some(first) = self.first else {
            self.first = Some(seq);
            return;
        };
        let highest = first.wrapping_add((self.span & 0xffff) as u16);
        let ahead = seq.wrapping_sub(highest);
        // Half the circle ahead is behind: late, or twice.
        if ahead < 1 << 15 {
            self.span += u64::from(ahead);
        }
    }

    pub(super) fn received(&self) -> u64 {
        self.received
    }

    pub(super) fn lost(&self) -> u64 {
        match self.first {
            Some(_) => (self.span + 1).saturating_sub(self.received),
            None => 0,
        }
    }
}

const SLOTS_A_SECOND: usize = 50;
const SOUND_DBOV: f32 = -50.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn second_of(hz: u32, listed: &[u32]) -> Second {
        let mut hearing = Hearing::new(listed.to_vec());
        let mut full = None;
        for slot in 0..SLOTS_A_SECOND {
            let mut frame = [0; SLOT_SAMPLES];
            tone::sine(hz as f32, -20.0, (slot * SLOT_SAMPLES) as u64, &mut frame);
            full = hearing.slot(&frame);
        }
        full.expect("a full second")
    }

    #[test]
    fn a_tone_is_found_in_its_second_and_its_neighbour_is_not() {
        let second = second_of(700, &[700, 900]);
        assert_eq!(second.second, 0);
        assert!((second.level_dbov + 20.0).abs() < 0.5, "{second:?}");
        assert!((second.tones[0].dbov + 20.0).abs() < 0.5, "{second:?}");
        assert!(second.tones[1].dbov < -55.0, "{second:?}");
    }

    #[test]
    fn silence_is_no_heard_time() {
        let mut hearing = Hearing::new(Vec::new());
        for _ in 0..100 {
            hearing.slot(&[0; SLOT_SAMPLES]);
        }
        assert_eq!(hearing.sums(), Sums { heard_s: 0.0, level_dbov: SILENT_DBOV });
    }

    #[test]
    fn lost_packets_are_counted_over_a_wrap_and_late_ones_are_not_lost() {
        let mut arrivals = Arrivals::default();
        for seq in [65_534, 65_535, 1, 0, 3] {
            arrivals.came(seq);
        }
        assert_eq!((arrivals.received(), arrivals.lost()), (5, 1));
    }
}
