//! Calendar terms: so many months after a moment, as people in Germany count them (the door to `jiff`).
//!
//! Not here: what is due when (`archiver`, `retention`); the gateway only marks what it hands over with its end.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// `months` after `utc_ms` by the calendar of Europe/Berlin: the same day and hour, or the month's last day where it has
/// no such day (BGB § 188 (3)).
pub fn months_after(utc_ms: i64, months: u32) -> i64 {
    let moment = Timestamp::from_millisecond(utc_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let berlin = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
    let later = moment.to_zoned_datetime(berlin).checked_add(i64::from(months).months());
    // Beyond the end of the calendar there is no end to mark: the moment itself is the cautious answer.
    later.map_or(utc_ms, |later| later.timestamp().as_millisecond())
}

/// Can it be now? A clock that shows a time before this program was made is not set yet: what is recorded under it would
/// carry a wrong end.
pub fn is_set(utc_ms: i64) -> bool {
    utc_ms >= FLOOR_MS
}

/// 2026-01-01T00:00:00Z.
const FLOOR_MS: i64 = 1_767_225_600_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn a_month_that_has_no_such_day_ends_on_its_last() {
        assert_eq!(months_after(ms("2026-08-31T10:00:00Z"), 6), ms("2027-02-28T11:00:00Z"));
    }

    #[test]
    fn the_hour_stays_through_the_change_of_the_clocks() {
        assert_eq!(months_after(ms("2026-01-15T18:00:00Z"), 6), ms("2026-07-15T17:00:00Z"));
    }

    #[test]
    fn a_clock_before_2026_is_not_set() {
        assert!(!is_set(0) && !is_set(ms("2025-12-31T23:59:59Z")));
        assert!(is_set(ms("2026-01-01T00:00:00Z")));
    }
}
