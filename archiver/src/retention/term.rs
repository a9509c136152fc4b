//! Counting terms in days and months as the civil code does, in Berlin's days.
//!
//! BGB 187 I: the day of the event does not count. 188 I: a term of days ends with the end of its last day.
//! 188 II, III: a term of months ends with the day of the same number, or with the month's last when it has none.
//! 193 (weekends) is for declarations of will; destroying is none.
//!
//! Not here: which event begins a term, and which term counts (`retention`).

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// The civil day in Berlin of a moment (milliseconds since 1970, UTC).
pub fn berlin_day(utc_ms: i64) -> Date {
    Timestamp::from_millisecond(utc_ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned_datetime(berlin()).date()
}

/// When a civil day begins in Berlin (milliseconds since 1970, UTC).
pub fn day_start_ms(day: Date) -> i64 {
    day.to_zoned_datetime(berlin()).map_or(i64::MAX, |zoned| zoned.timestamp().as_millisecond())
}

/// The last day of a term of `days` that begins with an event on `day`.
pub(super) fn days_after(day: Date, days: u32) -> Date {
    day.saturating_add(Span::new().days(i64::from(days)))
}

/// The last day of a term of `months` that begins with an event on `day`.
pub(super) fn months_after(day: Date, months: u32) -> Date {
    day.saturating_add(Span::new().months(i64::from(months)))
}

// The zone data are compiled in; UTC would only ever stand in if they were not.
fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_day_begins_at_midnight_in_berlin_in_winter_and_in_summer() {
        assert_eq!(
            day_start_ms(date(2026, 12, 1)),
            "2026-11-30T23:00:00Z".parse::<Timestamp>().unwrap().as_millisecond()
        );
        assert_eq!(
            day_start_ms(date(2026, 7, 1)),
            "2026-06-30T22:00:00Z".parse::<Timestamp>().unwrap().as_millisecond()
        );
    }

    #[test]
    fn half_past_eleven_at_night_in_utc_is_the_next_day_in_berlin() {
        let late = "2026-11-24T23:30:00Z".parse::<Timestamp>().unwrap().as_millisecond();
        assert_eq!(berlin_day(late), date(2026, 11, 25));
    }

    #[test]
    fn the_day_of_the_clock_change_has_twenty_three_hours() {
        let hours = (day_start_ms(date(2027, 3, 29)) - day_start_ms(date(2027, 3, 28))) / 3_600_000;
        assert_eq!(hours, 23);
    }
}
