//! The wall clock, and how far it moved against the boot clock since we started.
//!
//! Wall time is for evidence and rules only. A clock that jumped by more than an hour is not believed: `sweep` holds.
//!
//! Not here: what follows from a jump (`sweep`).

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::civil::Date;

/// Reads clocks. Copying shares the start.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began_wall_ms: i64,
    began_boot: Boot,
}

impl Clock {
    /// Remembers how the two clocks stand to each other now.
    pub fn start() -> Self {
        Self { began_wall_ms: wall_ms(), began_boot: Boot::now() }
    }

    /// Milliseconds since 1970, UTC.
    pub fn now_ms(&self) -> i64 {
        wall_ms()
    }

    /// The civil day in Berlin.
    pub fn today(&self) -> Date {
        crate::retention::berlin_day(self.now_ms())
    }

    /// How far wall time moved away from the time that really passed since the start.
    pub fn jump(&self) -> Duration {
        let passed = i64::try_from(self.began_boot.elapsed().as_millis()).unwrap_or(i64::MAX);
        Duration::from_millis((self.now_ms() - self.began_wall_ms - passed).unsigned_abs())
    }
}

/// Time since the machine was started, sleep included, where the kernel says it.
#[derive(Clone, Copy, Debug)]
struct Boot {
    uptime: Option<Duration>,
    instant: Instant,
}

impl Boot {
    fn now() -> Self {
        Self { uptime: uptime(), instant: Instant::now() }
    }

    // The monotonic clock stands still while the machine sleeps: after a night it would look like a jump of the wall clock.
    fn elapsed(self) -> Duration {
        match (self.uptime, uptime()) {
            (Some(then), Some(now)) => now.saturating_sub(then),
            (None, _) | (_, None) => self.instant.elapsed(),
        }
    }
}

fn uptime() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/uptime").ok()?;
    let seconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_runs_with_the_world_does_not_jump() {
        assert!(Clock::start().jump() < Duration::from_secs(5));
    }

    #[test]
    fn a_wall_clock_two_hours_off_its_start_has_jumped_by_two_hours() {
        let clock = Clock { began_wall_ms: wall_ms() - 7_200_000, began_boot: Boot::now() };
        assert!(clock.jump() > Duration::from_secs(7_190) && clock.jump() < Duration::from_secs(7_210));
    }
}
