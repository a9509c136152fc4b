//! From slots to UTC.
//!
//! The head and clock lines tie slots to UTC at open, close and every ten seconds. Between two of them time is drawn straight, beyond them
//! a slot lasts 20 ms; what the two disagree by is part of the error that is told. Slots do not jump: where a later line shows
//! that the wall clock was set, every line before it was off by as much: its error says so, and [`ClockMap::settled`] does
//! without it.
//!
//! Not here: how clocks of several gateways are brought together.

use super::Chunk;
use crate::id::Slot;
use crate::line::{Clock, MediaEvent};

/// Maps slots of one chunk, or of one epoch, to UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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

/// What the head and the clock lines of a chunk say.
pub fn clock(chunk: &Chunk) -> ClockMap {
    let said = chunk.media.iter().filter_map(|(slot, event)| match event {
        MediaEvent::Clock(clock) => Some(Point::of(*slot, clock)),
        MediaEvent::Seat(_) | MediaEvent::Left { .. } | MediaEvent::Track(_) | MediaEvent::TrackEnded { .. } => None,
        MediaEvent::Started | MediaEvent::Paused | MediaEvent::Resumed | MediaEvent::Stopped => None,
        MediaEvent::Gap { .. }
        | MediaEvent::Marker { .. }
        | MediaEvent::OffRecord { .. }
        | MediaEvent::State { .. } => None,
        MediaEvent::Erased { .. } | MediaEvent::Interrupted | MediaEvent::Close { .. } => None,
    });
    let points: Vec<Point> = std::iter::once(Point::of(chunk.begun, &chunk.head.clock)).chain(said).collect();
    ClockMap::of(points)
}

impl Point {
    fn of(slot: Slot, clock: &Clock) -> Self {
        let error_ms = clock.error_us.saturating_abs().saturating_add(999) / 1000;
        Self { slot, utc: Utc { utc_ms: clock.utc_ms, error_ms, ntp: clock.ntp } }
    }
}

impl ClockMap {
    /// Of readings of one epoch, in any order.
    pub fn of_readings(readings: impl IntoIterator<Item = (Slot, Utc)>) -> Self {
        Self::of(readings.into_iter().map(|(slot, utc)| Point { slot, utc }).collect())
    }

    /// Without the readings that the last one shows to be wrong, because the clock was set after them.
    #[must_use]
    pub fn settled(mut self) -> Self {
        if let Some(last) = self.points.last().copied() {
            self.points.retain(|point| {
                let slots = ms_between(point.slot, last.slot);
                let clock = last.utc.utc_ms.saturating_sub(point.utc.utc_ms);
                clock.saturating_sub(slots).saturating_abs() <= crystal(slots).saturating_add(READING_MS)
            });
        }
        self
    }

    /// The slots of which a reading is known, rising.
    pub fn readings(&self) -> impl Iterator<Item = Slot> {
        self.points.iter().map(|point| point.slot)
    }

    fn of(mut points: Vec<Point>) -> Self {
        points.sort_by_key(|point| point.slot);
        if let Some(last) = points.last().copied() {
            for point in &mut points {
                let slots = ms_between(point.slot, last.slot);
                let clock = last.utc.utc_ms.saturating_sub(point.utc.utc_ms);
                let apart = clock.saturating_sub(slots).saturating_abs();
                if apart > crystal(slots) {
                    point.utc.error_ms = point.utc.error_ms.max(apart.saturating_add(crystal(slots)));
                }
            }
        }
        Self { points }
    }

    /// Nothing when the chunk has no clock line.
    pub fn at(&self, slot: Slot) -> Option<Utc> {
        let after = self.points.partition_point(|point| point.slot <= slot);
        let before = after.checked_sub(1).and_then(|at| self.points.get(at));
        match (before, self.points.get(after)) {
            (None, None) => None,
            (Some(near), None) | (None, Some(near)) => {
                let away = ms_between(near.slot, slot);
                let utc_ms = near.utc.utc_ms.saturating_add(away);
                Some(Utc { utc_ms, error_ms: near.utc.error_ms.saturating_add(crystal(away)), ..near.utc })
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

/// So far off may a reading be that was taken on a busy machine, without anybody having set the clock.
const READING_MS: i64 = 25;

/// How far off a free crystal may be after so long: 100 ppm.
fn crystal(ms: i64) -> i64 {
    i64::try_from(ms.unsigned_abs().div_ceil(10_000)).unwrap_or(i64::MAX)
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
        ClockMap::of(points.iter().map(|(slot, ms)| Point { slot: Slot(*slot), utc: utc(*ms) }).collect())
    }

    /// A gateway whose slots drift, and whose wall clock is off by something that changes.
    struct MadeUp {
        /// True time of slot 0.
        began_ms: i64,
        drift_ppm: i64,
        off_ms: fn(i64) -> i64,
    }

    impl MadeUp {
        /// In milliseconds of true time.
        fn truth(&self, slot: u64) -> i64 {
            let ms = slot as i64 * 20;
            self.began_ms + ms + ms * self.drift_ppm / 1_000_000
        }

        /// The clock lines of one chunk: at its opening, every ten seconds, at its close unless it was interrupted.
        fn chunk(&self, from: u64, until: u64, interrupted: bool) -> ClockMap {
            let lines = (from..until).step_by(500).chain((!interrupted).then_some(until));
            let said: Vec<(u64, i64)> =
                lines.map(|slot| (slot, self.truth(slot) + (self.off_ms)(self.truth(slot)))).collect();
            map(&said)
        }

        fn holds(&self, map: &ClockMap, from: u64, until: u64) -> i64 {
            let mut most = 0;
            for slot in (from..until).step_by(37) {
                let told = map.at(Slot(slot)).unwrap();
                let wrong = (told.utc_ms - self.truth(slot)).abs();
                assert!(wrong <= told.error_ms, "slot {slot} is off by {wrong} ms, told are {} ms", told.error_ms);
                most = most.max(told.error_ms);
            }
            most
        }
    }

    #[test]
    fn in_two_hours_of_drift_what_was_at_once_stays_at_once_and_the_error_told_is_honest() {
        for drift_ppm in [-50, 50] {
            let gateway = MadeUp { began_ms: 1_800_000_000_000, drift_ppm, off_ms: |_| 1 };
            let chunks: Vec<(u64, ClockMap)> =
                (0..24).map(|n| (n * 15_000, gateway.chunk(n * 15_000, (n + 1) * 15_000, false))).collect();
            for (from, map) in &chunks {
                assert!(gateway.holds(map, *from, from + 15_000) <= 6, "a clock that is kept right has a small error");
            }
            for ((_, before), (from, after)) in chunks.iter().zip(&chunks[1..]) {
                let at_once = before.at(Slot(*from)).unwrap().utc_ms - after.at(Slot(*from)).unwrap().utc_ms;
                assert!(at_once.abs() <= 20, "one voice in each of two chunks: {at_once} ms apart");
            }
        }
    }

    #[test]
    fn a_clock_that_was_set_by_two_seconds_was_wrong_before_and_that_is_told() {
        let slow = |true_ms: i64| if true_ms < 1_800_000_123_000 { -2_000 } else { 0 };
        let fast = |true_ms: i64| if true_ms < 1_800_000_123_000 { 2_000 } else { 0 };
        let clocks: [fn(i64) -> i64; 2] = [slow, fast];
        for off_ms in clocks {
            let gateway = MadeUp { began_ms: 1_800_000_000_000, drift_ppm: 50, off_ms };
            let map = gateway.chunk(0, 15_000, false);
            assert!(gateway.holds(&map, 0, 15_000) >= 1_900);
            assert!(map.at(Slot(100)).unwrap().error_ms >= 1_900, "also of the first line, minutes before");
            assert!(map.at(Slot(14_000)).unwrap().error_ms <= 6, "what came after is right");
        }
    }

    #[test]
    fn a_restart_in_the_middle_keeps_the_time_between_two_words() {
        let first = MadeUp { began_ms: 1_800_000_000_000, drift_ppm: 50, off_ms: |_| 1 };
        let second = MadeUp { began_ms: 1_800_003_600_777, drift_ppm: -50, off_ms: |_| -1 };
        // Killed seven seconds after its last clock line.
        let (from, killed) = (165_000, 165_000 + 850);
        let (before, after) = (first.chunk(from, killed, true), second.chunk(0, 15_000, false));
        first.holds(&before, from, killed);
        second.holds(&after, 0, 15_000);
        let told = after.at(Slot(40)).unwrap().utc_ms - before.at(Slot(killed - 1)).unwrap().utc_ms;
        let truth = second.truth(40) - first.truth(killed - 1);
        assert!((told - truth).abs() <= 20, "{truth} ms passed, {told} ms are told");
    }

    #[test]
    fn what_was_read_before_the_clock_was_set_is_done_without() {
        let set = map(&[(0, 98_000), (500, 108_001), (1_000, 120_000), (1_500, 130_001)]).settled();
        assert_eq!(set.readings().collect::<Vec<_>>(), [Slot(1_000), Slot(1_500)]);
        assert_eq!(set.at(Slot(0)).unwrap().utc_ms, 100_000, "as the clock says that is right now");
        let drifts = map(&[(0, 100_000), (180_000, 3_700_360), (360_000, 7_300_720)]);
        assert_eq!(drifts.clone().settled(), drifts, "a crystal's drift is no setting");
    }

    #[test]
    fn a_slot_between_two_clock_lines_lies_between_their_times() {
        let map = map(&[(100, 50_000), (600, 60_005)]);
        assert_eq!(map.at(Slot(100)).unwrap().utc_ms, 50_000);
        assert_eq!(map.at(Slot(350)).unwrap(), Utc { utc_ms: 55_002, error_ms: 11, ntp: true });
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
