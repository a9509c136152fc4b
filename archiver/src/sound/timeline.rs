//! One timeline of a recording: slots of all its epochs, mapped through their clocks.
//!
//! Within an epoch slots are counted, and the count is exact. Between epochs (a gateway that started again, a second
//! gateway) only UTC connects, as exact as the clocks said they were: see [`Timeline::error_ms`].
//! The epoch that began first is the timeline's own clock. An epoch beside it runs by another crystal: where the two have
//! come apart by most of a slot, from the next clock reading on it is put a slot earlier or later. So two hours on, what was
//! said at once is heard at once; an epoch that runs alone is never touched.
//! The timeline is counted in slots of 20 ms from the first slot of the recording.
//!
//! Not here: what lies on it (`sound`), and which readings of a clock are to be believed (`spool::read::ClockMap`).

use std::collections::BTreeMap;
use std::ops::Range;

use spool::id::{EpochId, Slot};
use spool::read::ClockMap;

/// What is known of one epoch of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochClock {
    pub epoch: EpochId,
    /// The recording's first slot in this epoch, and the first one after its last.
    pub from: Slot,
    pub until: Slot,
    /// UTC of `from`.
    pub from_utc_ms: i64,
    /// How wrong `from_utc_ms` may be.
    pub error_ms: u32,
    /// Every reading of the epoch's clock that is to be believed; none where it has none.
    pub readings: ClockMap,
}

/// Where each epoch lies. Made once for a recording as it is known then; it does not grow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    start_utc_ms: i64,
    epochs: BTreeMap<EpochId, Lies>,
    slots: u64,
    error_ms: u32,
}

/// Where an epoch's slots lie: from each of these slots on at that place, never two slots at one.
type Lies = Vec<(Slot, u64)>;

impl Timeline {
    /// Epochs in any order, each named once.
    pub fn of(clocks: &[EpochClock]) -> Self {
        let mut clocks: Vec<_> = clocks.iter().collect();
        clocks.sort_by_key(|clock| (clock.from_utc_ms, clock.epoch));

        let start_utc_ms = clocks.first().map_or(0, |clock| clock.from_utc_ms);
        let mut timeline = Self { start_utc_ms, epochs: BTreeMap::new(), slots: 0, error_ms: 0 };
        // The placed epoch that lasts longest: what the next one is measured by.
        let mut longest: Option<&EpochClock> = None;
        for clock in clocks {
            let (lies, error_ms) = match longest {
                None => (vec![(clock.from, 0)], 0),
                Some(by) => timeline.beside(clock, by),
            };
            timeline.error_ms = timeline.error_ms.max(error_ms);
            let end = lies.last().map_or(0, |(from, at)| at.saturating_add(clock.until.0.saturating_sub(from.0)));
            timeline.epochs.insert(clock.epoch, lies);
            if longest.is_none() || end > timeline.slots {
                timeline.slots = timeline.slots.max(end);
                longest = Some(clock);
            }
        }
        timeline
    }

    /// Where `clock` lies beside or after `by`, which is placed, and how far off that may be.
    fn beside(&self, clock: &EpochClock, by: &EpochClock) -> (Lies, u32) {
        let place = |slot: Slot| {
            let passed = by.passed_ms(clock.utc_ms(slot));
            let beside = Slot(by.from.0.saturating_add(u64::try_from(passed).unwrap_or(0) / Slot::MS));
            let rest = passed.saturating_sub(ms_between(by.from, beside));
            self.ms(by.epoch, beside).unwrap_or(0).saturating_add_signed(rest)
        };
        let in_slots = |ms: u64| (ms + Slot::MS / 2) / Slot::MS;
        let mut at = in_slots(place(clock.from));
        let mut error_ms = clock.error_ms.saturating_add(by.error_ms).saturating_add(APART_MS);
        // A clock set wrong by a day must not make a recording of a day: then the order is believed, not the distance.
        if at > self.slots.saturating_add(A_DAY_SLOTS) {
            error_ms = u32::try_from((at - self.slots).saturating_mul(Slot::MS)).unwrap_or(u32::MAX);
            at = self.slots.saturating_add(A_SECOND_SLOTS);
            return (vec![(clock.from, at)], error_ms);
        }
        let mut lies = vec![(clock.from, at)];
        let mut from = clock.from;
        for slot in clock.readings.readings().filter(|slot| (clock.from..clock.until).contains(slot)) {
            let meant = place(slot);
            // Where nobody runs beside it, it has the timeline's clock to itself.
            if meant >= self.slots.saturating_mul(Slot::MS) {
                break;
            }
            let lies_at = at.saturating_add(slot.0 - from.0);
            if meant.abs_diff(lies_at.saturating_mul(Slot::MS)) >= u64::from(APART_MS) {
                (from, at) = (slot, in_slots(meant));
                lies.push((from, at));
            }
        }
        (lies, error_ms)
    }

    /// The slot on the timeline; `None` for an epoch that is not known.
    pub fn place(&self, epoch: EpochId, slot: Slot) -> Option<u64> {
        let lies = self.epochs.get(&epoch)?;
        let (from, at) = lies.iter().rev().find(|(from, _)| *from <= slot).or(lies.first())?;
        Some(at.saturating_add(slot.0.saturating_sub(from.0)))
    }

    /// The pieces in which `slots` of an epoch lie, each from one place on without a break. Where a piece begins earlier than
    /// the one before would end, that one is cut: no two slots have one place. `None` for an epoch that is not known.
    pub fn pieces(&self, epoch: EpochId, slots: Range<Slot>) -> Option<Vec<(Range<Slot>, u64)>> {
        let lies = self.epochs.get(&epoch)?;
        let mut pieces = Vec::new();
        for (n, (from, at)) in lies.iter().enumerate() {
            let next = lies.get(n + 1);
            let room = next.map_or(u64::MAX, |(_, next)| next.saturating_sub(*at));
            let end = next.map_or(Slot(u64::MAX), |(next, _)| *next).min(Slot(from.0.saturating_add(room)));
            let first = if n == 0 { slots.start } else { slots.start.max(*from) };
            let until = slots.end.min(end);
            if first < until {
                pieces.push((first..until, at.saturating_add(first.0.saturating_sub(from.0))));
            }
        }
        Some(pieces)
    }

    /// The same in milliseconds from the start.
    pub fn ms(&self, epoch: EpochId, slot: Slot) -> Option<u64> {
        self.place(epoch, slot).map(|slot| slot.saturating_mul(Slot::MS))
    }

    /// Length in slots.
    pub fn slots(&self) -> u64 {
        self.slots
    }

    /// UTC of the start.
    pub fn start_utc_ms(&self) -> i64 {
        self.start_utc_ms
    }

    /// How far two epochs may lie off against each other; 0 when there is one epoch only.
    pub fn error_ms(&self) -> u32 {
        self.error_ms
    }
}

impl EpochClock {
    fn utc_ms(&self, slot: Slot) -> i64 {
        let counted = || self.from_utc_ms.saturating_add(ms_between(self.from, slot));
        self.readings.at(slot).map_or_else(counted, |utc| utc.utc_ms)
    }

    /// How much of the epoch had passed, by its own count, at this time. It may be before its beginning and after its end.
    fn passed_ms(&self, utc_ms: i64) -> i64 {
        let mut passed = utc_ms.saturating_sub(self.from_utc_ms);
        // A crystal that is off by 100 ppm is off by 100 ppm of that the second time.
        for _ in 0..2 {
            let slots = u64::try_from(passed.max(0)).unwrap_or(0) / Slot::MS;
            let slot = Slot(self.from.0.saturating_add(slots));
            let rest = passed.saturating_sub(ms_between(self.from, slot));
            passed = passed.saturating_sub(self.utc_ms(slot).saturating_add(rest).saturating_sub(utc_ms));
        }
        passed
    }
}

fn ms_between(from: Slot, to: Slot) -> i64 {
    let ms = (i128::from(to.0) - i128::from(from.0)) * i128::from(Slot::MS);
    i64::try_from(ms).unwrap_or(if ms < 0 { i64::MIN } else { i64::MAX })
}

/// Epochs are set on one grid of slots, and put elsewhere on it when they are off by this.
const APART_MS: u32 = 15;
const A_SECOND_SLOTS: u64 = 50;
const A_DAY_SLOTS: u64 = 24 * 3600 * 50;

#[cfg(test)]
mod tests {
    use super::*;
    use spool::read::Utc;

    fn clock(epoch: u8, from: u64, until: u64, from_utc_ms: i64) -> EpochClock {
        let (from, until) = (Slot(from), Slot(until));
        EpochClock { epoch: EpochId([epoch; 8]), from, until, from_utc_ms, error_ms: 5, readings: ClockMap::default() }
    }

    /// An epoch of two hours by a crystal that is off by `ppm`, read every ten seconds by a clock that is kept right; it began
    /// `late_ms` after the others.
    fn drifting(epoch: u8, from: u64, late_ms: i64, ppm: i64) -> EpochClock {
        let truth = |slot: u64| 1_000 + late_ms + true_ms(slot - from, ppm);
        let until = from + 360_000;
        let utc = |slot| Utc { utc_ms: truth(slot), error_ms: 5, ntp: true };
        let readings = ClockMap::of_readings((from..until).step_by(500).map(|slot| (Slot(slot), utc(slot)))).settled();
        EpochClock { readings, ..clock(epoch, from, until, truth(from)) }
    }

    fn true_ms(slots: u64, ppm: i64) -> i64 {
        let ms = slots as i64 * 20;
        ms + ms * ppm / 1_000_000
    }

    #[test]
    fn within_an_epoch_slots_are_counted() {
        let line = Timeline::of(&[clock(1, 100, 300, 1_000)]);
        assert_eq!(line.place(EpochId([1; 8]), Slot(250)), Some(150));
        assert_eq!((line.slots(), line.error_ms()), (200, 0));
    }

    #[test]
    fn a_second_epoch_lies_where_its_clock_says_and_the_error_is_stated() {
        let line = Timeline::of(&[clock(2, 0, 50, 11_009), clock(1, 100, 200, 1_000)]);
        assert_eq!(line.place(EpochId([2; 8]), Slot(10)), Some(500 + 10));
        assert_eq!((line.slots(), line.error_ms(), line.start_utc_ms()), (550, 25, 1_000));
    }

    #[test]
    fn after_two_hours_of_drift_what_was_said_at_once_is_heard_at_once() {
        for (one_ppm, two_ppm) in [(50, -50), (-50, 50), (0, 50), (50, 50)] {
            let (one, two) = (drifting(1, 100, 0, one_ppm), drifting(2, 7_000, 3_333, two_ppm));
            let line = Timeline::of(&[two.clone(), one.clone()]);
            for slot in (0..359_000).step_by(123) {
                let at = 3_333 + true_ms(slot, two_ppm);
                // The slot in which the first gateway heard what this one heard then.
                let beside = (at * 1_000_000 / (1_000_000 + one_ppm) / 20) as u64;
                let first = line.ms(one.epoch, Slot(100 + beside)).unwrap();
                let second = line.ms(two.epoch, Slot(7_000 + slot)).unwrap();
                let apart = first.abs_diff(second);
                // Slots begin up to 20 ms apart in the two gateways.
                assert!(apart <= 20, "{apart} ms apart after {slot} slots at {one_ppm} and {two_ppm} ppm");
            }
        }
    }

    #[test]
    fn no_two_slots_have_one_place_and_a_break_is_one_slot_long() {
        for ppm in [-50, 50] {
            let two = drifting(2, 0, 500, ppm);
            let line = Timeline::of(&[drifting(1, 0, 0, 0), two.clone()]);
            let pieces = line.pieces(two.epoch, two.from..two.until).unwrap();
            assert!((10..30).contains(&pieces.len()), "360 ms are {} breaks", pieces.len());
            for pair in pieces.windows(2) {
                let [(before, at), (after, next)] = pair else { unreachable!() };
                let end = at + (before.end.0 - before.start.0);
                assert!(end <= *next, "two slots at one place");
                assert!(after.start.0 - before.end.0 + (next - end) == 1, "{before:?} at {at}, {after:?} at {next}");
            }
        }
    }

    #[test]
    fn an_epoch_that_runs_alone_is_whole_whatever_its_crystal() {
        let line = Timeline::of(&[drifting(1, 0, 0, 50)]);
        assert_eq!(line.pieces(EpochId([1; 8]), Slot(5)..Slot(360_000)), Some(vec![(Slot(5)..Slot(360_000), 5)]));
        // After a restart the second one runs alone as well.
        let after = drifting(2, 0, 7_300_000, 50);
        let line = Timeline::of(&[drifting(1, 0, 0, -50), after.clone()]);
        let pieces = line.pieces(after.epoch, after.from..after.until).unwrap();
        assert_eq!(pieces.len(), 1);
        // The first is slow by 0.36 s in its two hours: by its own count 7,300.365 s had passed.
        assert_eq!(pieces[0].1, 7_300_360 / 20);
    }

    #[test]
    fn an_epoch_whose_clock_was_set_lies_where_the_right_clock_says() {
        let utc = |slot: u64, utc_ms| (Slot(slot), Utc { utc_ms, error_ms: 5, ntp: true });
        for wrong in [-2_000, 2_000] {
            let readings = [utc(0, 1_000 + wrong), utc(500, 11_000 + wrong), utc(1_000, 21_000), utc(1_500, 31_000)];
            let readings = ClockMap::of_readings(readings).settled();
            let from_utc_ms = readings.at(Slot(0)).unwrap().utc_ms;
            let set = EpochClock { readings, ..clock(2, 0, 1_600, from_utc_ms) };
            let line = Timeline::of(&[clock(1, 0, 2_000, 0), set]);
            assert_eq!(line.place(EpochId([2; 8]), Slot(0)), Some(50));
            assert_eq!(line.place(EpochId([2; 8]), Slot(1_599)), Some(1_649));
        }
    }

    #[test]
    fn an_unknown_epoch_has_no_place() {
        assert_eq!(Timeline::of(&[clock(1, 0, 9, 0)]).place(EpochId([9; 8]), Slot(0)), None);
    }

    #[test]
    fn a_clock_that_jumped_a_year_does_not_make_a_recording_of_a_year() {
        let line = Timeline::of(&[clock(1, 0, 500, 0), clock(2, 0, 500, 365 * 86_400_000)]);
        assert_eq!(line.slots(), 500 + 50 + 500);
        assert!(line.error_ms() > 86_400_000);
    }

    #[test]
    fn clocks_at_the_ends_of_time_break_nothing() {
        let far = u64::MAX;
        let line = Timeline::of(&[clock(1, 0, far, i64::MIN), clock(2, 0, far, i64::MAX), clock(3, 0, far, i64::MAX)]);
        assert_eq!(line.slots(), u64::MAX);
        assert!(line.ms(EpochId([3; 8]), Slot(far)).is_some());
    }
}
