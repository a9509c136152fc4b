//! One timeline of a recording: slots of all its epochs, mapped through their clocks.
//!
//! Within an epoch slots are counted, and the count is exact. Between epochs (a gateway that started again, a second
//! gateway) only UTC connects, as exact as the clocks said they were: see [`Timeline::error_ms`].
//! The timeline is counted in slots of 20 ms from the first slot of the recording.
//!
//! Not here: what lies on it (`sound`).

use std::collections::BTreeMap;

use spool::id::{EpochId, Slot};

/// What is known of one epoch of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochClock {
    pub epoch: EpochId,
    /// The recording's first slot in this epoch, and the first one after its last.
    pub from: Slot,
    pub until: Slot,
    /// UTC of `from`, by the epoch's first clock reading.
    pub from_utc_ms: i64,
    /// How wrong `from_utc_ms` may be, as the clock itself says.
    pub error_ms: u32,
}

impl EpochClock {
    /// What two chunks know of one epoch: the widest span, and the reading of the earlier one.
    pub fn with(self, other: Self) -> Self {
        let (first, second) = if self.from <= other.from { (self, other) } else { (other, self) };
        Self { until: first.until.max(second.until), ..first }
    }
}

/// Where each epoch lies. Made once for a recording as it is known then; it does not grow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    start_utc_ms: i64,
    epochs: BTreeMap<EpochId, (Slot, u64)>,
    slots: u64,
    error_ms: u32,
}

impl Timeline {
    /// Epochs in any order; of an epoch named twice the widest span and the earliest reading hold.
    pub fn of(clocks: &[EpochClock]) -> Self {
        let mut merged: BTreeMap<EpochId, EpochClock> = BTreeMap::new();
        for clock in clocks {
            merged.entry(clock.epoch).and_modify(|known| *known = known.with(*clock)).or_insert(*clock);
        }
        let mut clocks: Vec<_> = merged.into_values().collect();
        clocks.sort_by_key(|clock| (clock.from_utc_ms, clock.epoch));

        let start_utc_ms = clocks.first().map_or(0, |clock| clock.from_utc_ms);
        let mut timeline = Self { start_utc_ms, epochs: BTreeMap::new(), slots: 0, error_ms: 0 };
        let several = clocks.len() > 1;
        for clock in clocks {
            let by_clock = u64::try_from(clock.from_utc_ms.saturating_sub(start_utc_ms)).unwrap_or(0);
            let mut at = (by_clock + Slot::MS / 2) / Slot::MS;
            let mut error_ms = clock.error_ms.saturating_add(ROUNDING_MS);
            // A clock set wrong by a day must not make a recording of a day: then the order is believed, not the distance.
            if at > timeline.slots.saturating_add(A_DAY_SLOTS) {
                error_ms = u32::try_from((at - timeline.slots).saturating_mul(Slot::MS)).unwrap_or(u32::MAX);
                at = timeline.slots.saturating_add(A_SECOND_SLOTS);
            }
            if several {
                timeline.error_ms = timeline.error_ms.max(error_ms);
            }
            timeline.slots = timeline.slots.max(at.saturating_add(clock.until.0.saturating_sub(clock.from.0)));
            timeline.epochs.insert(clock.epoch, (clock.from, at));
        }
        timeline
    }

    /// The slot on the timeline; `None` for an epoch that is not known.
    pub fn place(&self, epoch: EpochId, slot: Slot) -> Option<u64> {
        let (from, at) = self.epochs.get(&epoch)?;
        Some(at.saturating_add(slot.0.saturating_sub(from.0)))
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

/// Epochs are set on the slot grid of the first.
const ROUNDING_MS: u32 = 10;
const A_SECOND_SLOTS: u64 = 50;
const A_DAY_SLOTS: u64 = 24 * 3600 * 50;

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(epoch: u8, from: u64, until: u64, from_utc_ms: i64) -> EpochClock {
        EpochClock { epoch: EpochId([epoch; 8]), from: Slot(from), until: Slot(until), from_utc_ms, error_ms: 5 }
    }

    #[test]
    fn within_an_epoch_slots_are_counted() {
        let line = Timeline::of(&[clock(1, 100, 200, 1_000), clock(1, 200, 300, 3_456)]);
        assert_eq!(line.place(EpochId([1; 8]), Slot(250)), Some(150));
        assert_eq!((line.slots(), line.error_ms()), (200, 0));
    }

    #[test]
    fn a_second_epoch_lies_where_its_clock_says_and_the_error_is_stated() {
        let line = Timeline::of(&[clock(2, 0, 50, 11_009), clock(1, 100, 200, 1_000)]);
        assert_eq!(line.place(EpochId([2; 8]), Slot(10)), Some(500 + 10));
        assert_eq!((line.slots(), line.error_ms(), line.start_utc_ms()), (550, 15, 1_000));
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
