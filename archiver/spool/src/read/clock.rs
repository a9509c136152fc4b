//! From slots to UTC.
//!
//! Clock lines tie slots to UTC at open, close and every ten seconds. Between two of them time is drawn straight, beyond them
//! a slot lasts 20 ms; what the two disagree by is part of the error that is told.
//!
//! Not here: how clocks of several gateways are brought together.

use super::Chunk;
use crate::id::Slot;
use crate::line::MediaEvent;

/// Maps slots of one chunk to UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockMap {
    /// By slot, rising.
    points: Vec<Point>,
}

/// UTC of a slot, as well as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Utc {
    pub utc_ms: i64,
    /// How far off it may be at most.
    pub error_ms: i64,
    /// Was the clock disciplined?
    pub ntp: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Point {
    slot: Slot,
    utc: Utc,
}

/// The clock lines of a chunk.
pub fn clock(chunk: &Chunk) -> ClockMap {
    let mut points: Vec<Point> = chunk
        .media
        .iter()
        .filter_map(|(slot, event)| match event {
            MediaEvent::Clock { utc_ms, ntp, error_us, .. } => {
                let error_ms = error_us.saturating_abs().saturating_add(999) / 1000;
                Some(Point { slot: *slot, utc: Utc { utc_ms: *utc_ms, error_ms, ntp: *ntp } })
            }
            _ => None,
        })
        .collect();
    points.sort_by_key(|point| point.slot);
    ClockMap { points }
}

impl ClockMap {
    /// Nothing when the chunk has no clock line.
    pub fn at(&self, slot: Slot) -> Option<Utc> {
        let after = self.points.partition_point(|point| point.slot <= slot);
        let before = after.checked_sub(1).and_then(|at| self.points.get(at));
        match (before, self.points.get(after)) {
            (None, None) => None,
            (Some(near), None) | (None, Some(near)) => {
                let away = ms_between(near.slot, slot);
                let utc_ms = near.utc.utc_ms.saturating_add(away);
                // A free crystal is good to 100 ppm.
                Some(Utc {
                    utc_ms,
                    error_ms: near.utc.error_ms.saturating_add(away.saturating_abs() / 10_000),
                    ..near.utc
                })
            }
            (Some(a), Some(b)) => {
                let slots = ms_between(a.slot, b.slot);
                let clock = i128::from(b.utc.utc_ms) - i128::from(a.utc.utc_ms);
                let part = i128::from(ms_between(a.slot, slot)) * clock / i128::from(slots.max(1));
                let utc_ms = i64::try_from(i128::from(a.utc.utc_ms) + part).unwrap_or(a.utc.utc_ms);
                let disagree = i64::try_from((clock - i128::from(slots)).abs()).unwrap_or(i64::MAX);
                let error_ms = a.utc.error_ms.max(b.utc.error_ms).saturating_add(disagree);
                Some(Utc { utc_ms, error_ms, ntp: a.utc.ntp && b.utc.ntp })
            }
        }
    }
}

fn ms_between(from: Slot, to: Slot) -> i64 {
    let ms = (i128::from(to.0) - i128::from(from.0)) * i128::from(Slot::MS);
    i64::try_from(ms).unwrap_or(if ms < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(points: &[(u64, i64)]) -> ClockMap {
        let utc = |utc_ms| Utc { utc_ms, error_ms: 2, ntp: true };
        ClockMap { points: points.iter().map(|(slot, ms)| Point { slot: Slot(*slot), utc: utc(*ms) }).collect() }
    }

    #[test]
    fn a_slot_between_two_clock_lines_lies_between_their_times() {
        let map = map(&[(100, 50_000), (600, 60_005)]);
        assert_eq!(map.at(Slot(100)).unwrap().utc_ms, 50_000);
        assert_eq!(map.at(Slot(350)).unwrap(), Utc { utc_ms: 55_002, error_ms: 7, ntp: true });
        assert_eq!(map.at(Slot(700)).unwrap().utc_ms, 62_005);
        assert_eq!(map.at(Slot(0)).unwrap().utc_ms, 48_000);
    }

    #[test]
    fn a_clock_that_stepped_is_told_as_an_error() {
        assert!(map(&[(100, 50_000), (600, 62_000)]).at(Slot(350)).unwrap().error_ms >= 2_000);
    }

    #[test]
    fn without_a_clock_line_nothing_is_known_and_no_number_overflows() {
        assert_eq!(map(&[]).at(Slot(1)), None);
        let wild = map(&[(0, i64::MIN), (u64::MAX, i64::MAX)]);
        for slot in [0, 1, u64::MAX / 2, u64::MAX - 1, u64::MAX] {
            wild.at(Slot(slot)).unwrap();
        }
        map(&[(u64::MAX, i64::MIN)]).at(Slot(0)).unwrap();
        map(&[(0, i64::MAX)]).at(Slot(u64::MAX)).unwrap();
    }
}
