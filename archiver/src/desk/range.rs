//! Which bytes a request wants: RFC 9110 section 14, one range, never more than 256 KiB an answer.
//!
//! A shorter 206 than asked for is allowed (RFC 9110 15.3.7): players go on by themselves, and what was heard is known.
//!
//! Not here: HTTP, and what the bytes are (`api::sound`).

use std::ops::Range;

/// What to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// No range, or one we do not understand (which is to be ignored): the whole.
    Whole,
    Part(Range<u64>),
    /// Nothing of it is there.
    Nothing,
}

/// The wanted part of `total` bytes by the value of a `Range` header.
pub(super) fn wanted(header: Option<&str>, total: u64) -> Wanted {
    let Some((first, last)) = header.and_then(|header| header.trim().strip_prefix("bytes=")).and_then(parse) else {
        return Wanted::Whole;
    };
    let (from, until) = match (first, last) {
        (Some(first), Some(last)) if first > last => return Wanted::Whole,
        (Some(first), last) => (first, last.map_or(total, |last| last.saturating_add(1))),
        (None, Some(suffix)) => (total.saturating_sub(suffix), total),
        (None, None) => return Wanted::Whole,
    };
    let until = until.min(total).min(from.saturating_add(MOST_BYTES));
    if from < until { Wanted::Part(from..until) } else { Wanted::Nothing }
}

fn parse(spec: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (first, last) = spec.split_once('-')?;
    let number = |text: &str| match text.trim() {
        "" => Some(None),
        // Digits only: `parse` alone would take a plus sign.
        text if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok().map(Some),
        _ => None,
    };
    Some((number(first)?, number(last)?))
}

/// Eight seconds of sound.
pub(super) const MOST_BYTES: u64 = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_as_the_rfc_means_them() {
        let part = |from, until| Wanted::Part(from..until);
        let rows = [
            (None, Wanted::Whole),
            (Some("bytes=0-9"), part(0, 10)),
            (Some("bytes=990-5000"), part(990, 1000)),
            (Some("bytes=990-"), part(990, 1000)),
            (Some("bytes=-10"), part(990, 1000)),
            (Some("bytes=-5000"), part(0, 1000)),
            (Some("bytes=-0"), Wanted::Nothing),
            (Some("bytes=1000-"), Wanted::Nothing),
            (Some("bytes=9-3"), Wanted::Whole),
            (Some("bytes=0-1,5-6"), Wanted::Whole),
            (Some("bytes=a-b"), Wanted::Whole),
            (Some("bytes=+1-2"), Wanted::Whole),
            (Some("bytes=99999999999999999999-"), Wanted::Whole),
            (Some("lines=0-1"), Wanted::Whole),
        ];
        for (header, expected) in rows {
            assert_eq!(wanted(header, 1000), expected, "{header:?}");
        }
    }

    #[test]
    fn nobody_gets_more_than_a_quarter_of_a_mebibyte_at_once() {
        assert_eq!(wanted(Some("bytes=0-"), 10_000_000), Wanted::Part(0..262_144));
        assert_eq!(wanted(Some("bytes=100-9999998"), 10_000_000), Wanted::Part(100..262_244));
        assert_eq!(wanted(Some("bytes=-5000000"), 10_000_000), Wanted::Part(5_000_000..5_262_144));
    }
}
