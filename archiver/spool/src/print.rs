//! A look at a chunk as text for people, and as JSON for programs.
//!
//! What a directory says may be hostile: no character of it reaches a terminal that is not printable.
//!
//! Not here: reading it ([`spool::read::look`]).

use std::fmt::Write as _;
use std::io::Write as _;

use serde::Serialize;
use spool::read::{Content, Look, Prefixes, Said};

/// Prints one text to standard output, whatever it holds. Whoever closed it does not want the rest.
pub(crate) fn line(text: &str) {
    let _closed = writeln!(std::io::stdout(), "{}", printable(text));
}

/// The same of one line, with its line feeds as escapes: what a fault quotes begins no line of its own.
pub(crate) fn one_line(text: &str) -> String {
    text.replace('\n', "\\n")
}

pub(crate) fn json(look: &Look) -> String {
    escaped(&serde_json::to_string(look).unwrap_or_else(|why| format!("{{\"faults\":[{:?}]}}", why.to_string())))
}

pub(crate) fn chunk(look: &Look) -> String {
    let mut text = format!("chunk {}\n", look.name);
    if let Some(head) = &look.head {
        for (name, value) in fields(head) {
            let _ = writeln!(text, "  {name}: {value}");
        }
        let _ = writeln!(text, "  begins: {}", utc(head.started_ms));
        let _ = writeln!(text, "  destroy by: {}", utc(head.destroy_by_ms));
    }
    lines(&mut text, "media", &look.media);
    lines(&mut text, "consent", &look.consent);
    for file in &look.files {
        let _ = writeln!(text, "  file {} ({} bytes): {}", file.name, file.bytes, content(&file.content));
    }
    for fault in &look.faults {
        let _ = writeln!(text, "  FAULT: {}", one_line(&fault.to_string()));
    }
    text.truncate(text.trim_end().len());
    text
}

fn lines<T: Serialize>(text: &mut String, journal: &str, said: &[Said<T>]) {
    for line in said {
        let words: Vec<String> = fields(&line.what)
            .into_iter()
            .filter(|(name, _)| !["files", "signature"].contains(&name.as_str()))
            .map(
                |(name, value)| {
                    if ["event", "kind"].contains(&name.as_str()) { value } else { format!("{name} {value}") }
                },
            )
            .collect();
        let _ = writeln!(text, "  {journal} slot {}: {}", line.slot.0, words.join(", "));
    }
}

fn content(content: &Content) -> String {
    match content {
        Content::Journal => "journal".to_owned(),
        Content::Keys { suite, chunk } => format!("file key of chunk {chunk}, wrapped, suite {suite:#06x}"),
        Content::Voice(voice) => sealed(voice),
        Content::Erased { replaces } => format!("erased, stands for {} files", replaces.len()),
        Content::Unreadable => "does not read".to_owned(),
    }
}

fn sealed(voice: &Prefixes) -> String {
    let Prefixes { version, suite, sample_rate_hz, chunk, epoch, records, slots, first, until, ending } = voice;
    let span = match (first, until) {
        (Some(first), Some(until)) => format!("slots {} to {}", first.0, until.0.saturating_sub(1)),
        _ => "no slots".to_owned(),
    };
    format!(
        "sealed sound of chunk {chunk}, epoch {epoch}, version {version}, suite {suite}, {sample_rate_hz} Hz, \
         {records} records, {span}, {slots} with sound, {ending}"
    )
}

/// The fields of a line in their order, as words.
fn fields(of: &impl Serialize) -> Vec<(String, String)> {
    match serde_json::to_value(of) {
        Ok(serde_json::Value::Object(fields)) => fields.into_iter().map(|(name, value)| (name, word(&value))).collect(),
        Ok(_) | Err(_) => Vec::new(),
    }
}

fn word(value: &serde_json::Value) -> String {
    match value {
        // A line feed in a word would begin a line that the chunk never had.
        serde_json::Value::String(text) => one_line(text),
        other => other.to_string(),
    }
}

fn controls(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// JSON with the rest of what controls a terminal as escapes too; below U+0020 it has done so itself.
fn escaped(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if controls(c) {
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Control characters and whatever turns the direction of writing, as escapes.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if controls(c) && c != '\n' {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// ISO 8601 (civil from days: Howard Hinnant's algorithm).
fn utc(ms: i64) -> String {
    let days = ms.div_euclid(86_400_000);
    let second = ms.rem_euclid(86_400_000) / 1000;
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_as_a_date() {
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(1_800_000_000_000), "2027-01-15T08:00:00Z");
        assert_eq!(utc(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(utc(-1), "1969-12-31T23:59:59Z");
        assert!(utc(i64::MAX).ends_with('Z') && utc(i64::MIN).ends_with('Z'));
    }

    #[test]
    fn nothing_a_chunk_says_moves_a_terminals_cursor_or_turns_its_writing() {
        assert_eq!(printable("a\u{1b}[2Jb\n\u{202e}c\u{7}"), "a\\u{1b}[2Jb\n\\u{202e}c\\u{7}");
    }

    #[test]
    fn json_stays_json_and_moves_no_cursor_either() {
        let json = escaped(&serde_json::to_string("a\u{9b}2J\u{7f}\n\u{202e}").unwrap());
        assert_eq!(json, "\"a\\u009b2J\\u007f\\n\\u202e\"");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), "a\u{9b}2J\u{7f}\n\u{202e}");
    }

    #[test]
    fn what_a_fault_quotes_begins_no_line_of_its_own() {
        assert_eq!(one_line("bad\nchunk: verified"), "bad\\nchunk: verified");
    }
}
