//! The absolute slot clock: one epoch, counted in slots of 20 ms and quarters of 5 ms.
//!
//! Started once a run of the program and copied to every thread of the sound; whoever holds it counts alike.
//! Behaviour hangs on [`Clock::slot`] and [`Clock::quarter`] (monotonic); [`Clock::wall`] is for evidence only.
//!
//! Not here: which rooms tick in which quarter (`media`), and the `Instant`s of dialogues (the switchboard's).

use std::time::{SystemTime, UNIX_EPOCH};

use spool::id::Slot;

use super::sys;

/// 5 ms on the slot clock; rooms are spread over the four of a slot so that the work of a tick is no burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quarter(pub u64);

impl Quarter {
    /// Quarters in a slot.
    pub const IN_SLOT: u64 = 4;

    /// The slot this quarter lies in.
    pub fn slot(self) -> Slot {
        Slot(self.0 / Self::IN_SLOT)
    }

    /// Which of the slot's quarters it is, 0 to 3.
    pub fn phase(self) -> usize {
        (self.0 % Self::IN_SLOT) as usize
    }

    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A reading of the wall clock with what is known of its rightness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wall {
    pub utc_ms: i64,
    /// Something (NTP, PTP) keeps the clock right.
    pub ntp: bool,
    pub offset_us: i64,
    /// How wrong it may be at most.
    pub error_us: i64,
}

/// One epoch's count of time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start_ns: u64,
}

impl Clock {
    /// Begins an epoch: now is slot 0.
    pub fn start() -> Self {
        Self { start_ns: sys::monotonic_ns() }
    }

    /// An epoch in which so many slots have passed already.
    #[cfg(test)]
    pub(crate) fn started_ago(slots: u64) -> Self {
        Self { start_ns: sys::monotonic_ns() - slots * Slot::MS * 1_000_000 }
    }

    /// The slot that is running.
    pub fn slot(&self) -> Slot {
        self.quarter().slot()
    }

    /// The quarter that is running.
    pub fn quarter(&self) -> Quarter {
        Quarter(sys::monotonic_ns().saturating_sub(self.start_ns) / QUARTER_NS)
    }

    /// Sleeps until `quarter` begins; returns at once when it already has. For threads, never for tokio.
    pub fn sleep_until(&self, quarter: Quarter) {
        sys::sleep_until(self.start_ns + quarter.0 * QUARTER_NS);
    }

    /// Wall time at which `slot` began, by the wall clock as it stands now.
    pub fn wall_at(&self, slot: Slot) -> Wall {
        let began_ns = self.start_ns.saturating_add(slot.0.saturating_mul(Slot::MS * 1_000_000));
        // Both clocks must be read at one moment; a thread that was put aside in between asks again.
        let mut closest = (u64::MAX, self.wall(), began_ns);
        for _ in 0..READINGS {
            let before = sys::monotonic_ns();
            let wall = self.wall();
            let after = sys::monotonic_ns();
            if after - before < closest.0 {
                closest = (after - before, wall, after);
            }
            if closest.0 < 1_000_000 {
                break;
            }
        }
        let (_, wall, at_ns) = closest;
        let since_ms = i64::try_from(at_ns.saturating_sub(began_ns) / 1_000_000).unwrap_or(i64::MAX);
        Wall { utc_ms: wall.utc_ms.saturating_sub(since_ms), ..wall }
    }

    /// Wall time, for evidence and rules, never for behaviour.
    pub fn wall(&self) -> Wall {
        let discipline = sys::discipline();
        let utc_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        Wall {
            utc_ms: i64::try_from(utc_ms).unwrap_or(i64::MAX),
            ntp: discipline.ntp,
            offset_us: discipline.offset_us,
            error_us: discipline.error_us,
        }
    }
}

/// How often two clocks are read before a reading that took long is taken.
const READINGS: u32 = 4;
const QUARTER_NS: u64 = Slot::MS * 1_000_000 / Quarter::IN_SLOT;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_wakes_before_the_quarter_they_asked_for() {
        let clock = Clock::start();
        let wanted = Quarter(clock.quarter().0 + 3);
        clock.sleep_until(wanted);
        assert!(clock.quarter() >= wanted);
    }

    #[test]
    fn a_quarter_that_has_begun_is_not_waited_for() {
        let clock = Clock::start();
        clock.sleep_until(Quarter(2));
        let before = sys::monotonic_ns();
        clock.sleep_until(Quarter(0));
        assert!(sys::monotonic_ns() - before < 1_000_000_000);
    }

    #[test]
    fn four_quarters_make_a_slot() {
        assert_eq!((Quarter(7).slot(), Quarter(7).phase()), (Slot(1), 3));
        assert_eq!((Quarter(8).slot(), Quarter(8).phase()), (Slot(2), 0));
    }

    #[test]
    fn the_time_of_a_slot_is_when_it_began_whenever_somebody_asks() {
        let clock = Clock::started_ago(1_000);
        let (early, late) = (clock.wall_at(Slot(0)).utc_ms, clock.wall_at(Slot(900)).utc_ms);
        assert!((late - early - 18_000).abs() <= 2, "{early} and {late}");
        assert!(late < clock.wall().utc_ms - 1_000);
    }

    #[test]
    fn the_wall_clock_is_of_this_century_and_states_its_error() {
        let wall = Clock::start().wall();
        assert!(wall.utc_ms > 1_700_000_000_000);
        assert!(wall.error_us >= 0);
    }
}
