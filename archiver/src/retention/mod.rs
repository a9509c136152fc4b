//! Rules, their anchors, and what is to be done today: `decide(rule, facts, today) -> Verdict`.
//!
//! Pure. Days are civil days in Europe/Berlin; a term ends with the end of its last day (BGB 188), so destruction is due
//! on the day after.
//!
//! Not here: other rules than *until approval*, holds and offers (not there yet), and carrying a verdict out (`sweep`).

mod rule;
mod term;

pub use rule::{Rule, RuleError};
pub use term::{berlin_day, day_start_ms};

use jiff::civil::Date;

/// What is known about a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The day on which the meeting began.
    pub started: Date,
    /// The day on which the minutes were approved.
    pub approved: Option<Date>,
}

/// Which event ends the recording's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    MinutesApproved,
    /// The meeting's start with the rule's hard cap: nothing outlives it.
    HardCap,
}

impl Anchor {
    /// The word of proof and audit.
    pub fn word(self) -> &'static str {
        match self {
            Self::MinutesApproved => "minutes_approved",
            Self::HardCap => "hard_cap",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// `last` is the last day on which it is kept.
    Keep { last: Date, anchor: Anchor },
    /// `last` was the last day on which it was kept.
    Destroy { last: Date, anchor: Anchor },
}

/// The hard cap outranks the approval: minutes approved late do not lengthen anything.
pub fn decide(rule: &Rule, facts: &Facts, today: Date) -> Verdict {
    let cap = term::months_after(facts.started, rule.cap_months);
    let (last, anchor) = match facts.approved.map(|day| term::days_after(day, rule.days_after_approval)) {
        Some(after) if after < cap => (after, Anchor::MinutesApproved),
        Some(_) | None => (cap, Anchor::HardCap),
    };
    if today > last { Verdict::Destroy { last, anchor } } else { Verdict::Keep { last, anchor } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn the_table_of_terms() {
        let rule = Rule::until_approval();
        let keep = |last, anchor| Verdict::Keep { last, anchor };
        let destroy = |last, anchor| Verdict::Destroy { last, anchor };
        use Anchor::{HardCap, MinutesApproved};
        let rows = [
            // started, approved, today, verdict
            (date(2026, 11, 24), None, date(2026, 11, 24), keep(date(2027, 5, 24), HardCap)),
            (date(2026, 11, 24), None, date(2027, 5, 24), keep(date(2027, 5, 24), HardCap)),
            (date(2026, 11, 24), None, date(2027, 5, 25), destroy(date(2027, 5, 24), HardCap)),
            // The day of the approval does not count (BGB 187 I); the third day after counts whole (BGB 188 I).
            (date(2026, 11, 24), Some(date(2026, 12, 1)), date(2026, 12, 4), keep(date(2026, 12, 4), MinutesApproved)),
            (
                date(2026, 11, 24),
                Some(date(2026, 12, 1)),
                date(2026, 12, 5),
                destroy(date(2026, 12, 4), MinutesApproved),
            ),
            // Over the end of a month, of a year, and over a leap day.
            (date(2026, 11, 24), Some(date(2026, 12, 30)), date(2027, 1, 2), keep(date(2027, 1, 2), MinutesApproved)),
            (date(2028, 2, 1), Some(date(2028, 2, 27)), date(2028, 3, 1), keep(date(2028, 3, 1), MinutesApproved)),
            (date(2028, 2, 1), Some(date(2028, 2, 27)), date(2028, 3, 2), destroy(date(2028, 3, 1), MinutesApproved)),
            // A month without that day ends with its last day (BGB 188 III).
            (date(2026, 8, 31), None, date(2027, 2, 28), keep(date(2027, 2, 28), HardCap)),
            (date(2026, 8, 31), None, date(2027, 3, 1), destroy(date(2027, 2, 28), HardCap)),
            (date(2027, 8, 30), None, date(2028, 2, 29), keep(date(2028, 2, 29), HardCap)),
            // Over the changes of the clock in March and October: days, not hours.
            (date(2027, 3, 1), Some(date(2027, 3, 27)), date(2027, 3, 30), keep(date(2027, 3, 30), MinutesApproved)),
            (
                date(2027, 10, 1),
                Some(date(2027, 10, 30)),
                date(2027, 11, 3),
                destroy(date(2027, 11, 2), MinutesApproved),
            ),
            // Approved on the cap's eve: the cap holds.
            (date(2026, 11, 24), Some(date(2027, 5, 23)), date(2027, 5, 25), destroy(date(2027, 5, 24), HardCap)),
        ];
        for (started, approved, today, expected) in rows {
            let verdict = decide(&rule, &Facts { started, approved }, today);
            assert_eq!(verdict, expected, "started {started}, approved {approved:?}, today {today}");
        }
    }

    proptest! {
        #[test]
        fn nothing_outlives_the_cap_whenever_the_minutes_are_approved(start in 0_i64..40_000, after in 0_i64..4_000) {
            let started = date(1990, 1, 1).saturating_add(jiff::Span::new().days(start));
            let approved = Some(started.saturating_add(jiff::Span::new().days(after)));
            let cap = started.saturating_add(jiff::Span::new().months(6));
            let rule = Rule::until_approval();
            let day_after = cap.saturating_add(jiff::Span::new().days(1));
            let destroyed = matches!(decide(&rule, &Facts { started, approved }, day_after), Verdict::Destroy { .. });
            prop_assert!(destroyed);
        }

        #[test]
        fn a_verdict_once_destroy_stays_destroy(start in 0_i64..40_000, today in 0_i64..400) {
            let started = date(1990, 1, 1).saturating_add(jiff::Span::new().days(start));
            let facts = Facts { started, approved: Some(started) };
            let rule = Rule::until_approval();
            let day = started.saturating_add(jiff::Span::new().days(today));
            if matches!(decide(&rule, &facts, day), Verdict::Destroy { .. }) {
                let next = day.saturating_add(jiff::Span::new().days(1));
                let destroyed = matches!(decide(&rule, &facts, next), Verdict::Destroy { .. });
                prop_assert!(destroyed);
            }
        }
    }
}
