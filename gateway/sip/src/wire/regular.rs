//! The pre-parser: makes a datagram regular before any other parser sees it.
//!
//! It ends lines, unfolds headers, takes white space from around the colon, spells compact names out, reads bytes
//! that are no UTF-8 as Latin-1, applies the Content-Length rules of a datagram (RFC 3261 18.3), and keeps limits.
//! It goes on after a fault as far as it can, so that a broken request can still be answered.
//!
//! Not here: what headers mean.

use super::message::Method;

/// A message whose text any parser can read, and the first thing that was wrong with it.
pub(crate) struct Regular {
    pub(crate) start: Start,
    /// Names spelled out, values on one line without control characters.
    pub(crate) fields: Vec<(String, String)>,
    /// As Content-Length says; bytes, never text.
    pub(crate) body: Vec<u8>,
    pub(crate) fault: Option<Fault>,
}

pub(crate) enum Start {
    Request { method: Method, uri: String },
    Response { status: u16 },
}

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("Keep-alive")]
    Empty,
    #[error("Unreadable Start Line")]
    StartLine,
    #[error("Version Not Supported")]
    Version,
    #[error("Message Too Large")]
    TooLong,
    #[error("Too Many Headers")]
    TooManyHeaders,
    #[error("Head Without End")]
    NoEnd,
    #[error("Unreadable Header")]
    Header,
    #[error("Bad Content-Length")]
    ContentLength,
    #[error("Missing Or Repeated Header")]
    Mandatory,
    #[error("Bad Via")]
    Via,
    #[error("Bad From Or To")]
    Party,
    #[error("Bad CSeq")]
    CSeq,
    #[error("Bad Request-URI")]
    Target,
    #[error("Unreadable Message")]
    Foreign,
}

/// What a head says about the length of what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyLength {
    Said(usize),
    Unsaid,
    /// No number, too large a one, or two that differ.
    Wrong,
}

/// For streams: reads as much of a head as its length needs, with the eyes that read whole messages.
pub(crate) fn body_length(head: &[u8]) -> BodyLength {
    let (lines, _) = head_and_rest(head, &mut None);
    length_in(&fields(lines.into_iter().skip(1), &mut None))
}

/// Errors only when nothing can be said about the message at all. On a stream the length must have been said.
pub(crate) fn regular(bytes: &[u8], on_stream: bool) -> Result<Regular, Fault> {
    let begin = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).ok_or(Fault::Empty)?;
    let bytes = bytes.get(begin..).unwrap_or_default();
    let mut fault = (bytes.len() > MOST_BYTES).then_some(Fault::TooLong);
    let (lines, rest) = head_and_rest(bytes, &mut fault);
    let mut lines = lines.into_iter();
    let first = lines.next().ok_or(Fault::StartLine)?;
    let start = start_line(&text(first), &mut fault)?;
    let fields = fields(lines, &mut fault);
    let body = body(&fields, rest, on_stream, &mut fault);
    Ok(Regular { start, fields, body, fault })
}

/// The lines before the first empty one, and what comes after it. A bare LF ends a line too.
fn head_and_rest<'a>(bytes: &'a [u8], fault: &mut Option<Fault>) -> (Vec<&'a [u8]>, &'a [u8]) {
    let mut lines = Vec::new();
    let mut rest = bytes;
    let mut used = 0;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line = rest.get(..end).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        rest = rest.get(end + 1..).unwrap_or_default();
        used += end + 1;
        if line.is_empty() {
            return (lines, rest);
        }
        if used > MOST_HEAD_BYTES || lines.len() > MOST_LINES {
            note(fault, Fault::TooLong);
            return (lines, &[]);
        }
        lines.push(line);
    }
    note(fault, Fault::NoEnd);
    if used + rest.len() <= MOST_HEAD_BYTES {
        lines.push(rest.strip_suffix(b"\r").unwrap_or(rest));
    }
    (lines.into_iter().filter(|line| !line.is_empty()).collect(), &[])
}

fn start_line(line: &str, fault: &mut Option<Fault>) -> Result<Start, Fault> {
    let parts: Vec<&str> = line.split(' ').collect();
    match parts.as_slice() {
        [version, status, ..] if version.eq_ignore_ascii_case("SIP/2.0") => {
            let digits = status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
            let status: u16 = status.parse().map_err(|_| Fault::StartLine)?;
            let known = digits && (100..700).contains(&status);
            if known { Ok(Start::Response { status }) } else { Err(Fault::StartLine) }
        }
        [first, ..] if first.to_ascii_uppercase().starts_with("SIP/") => Err(Fault::Version),
        [method, middle @ .., version] if !middle.is_empty() => {
            let method = Method::read(method).ok_or(Fault::StartLine)?;
            // White space inside of the URI or around it: RFC 4475 3.1.2.11 to 3.1.2.13 want a 400.
            match middle {
                [uri] if version.eq_ignore_ascii_case("SIP/2.0") && !uri.is_empty() => {
                    Ok(Start::Request { method, uri: (*uri).to_owned() })
                }
                [uri] if version.to_ascii_uppercase().starts_with("SIP/") => {
                    note(fault, Fault::Version);
                    Ok(Start::Request { method, uri: (*uri).to_owned() })
                }
                _ if line.to_ascii_uppercase().contains(" SIP/2.0") => {
                    note(fault, Fault::StartLine);
                    Ok(Start::Request { method, uri: String::new() })
                }
                _ => Err(Fault::StartLine),
            }
        }
        _ => Err(Fault::StartLine),
    }
}

fn fields<'a>(lines: impl Iterator<Item = &'a [u8]>, fault: &mut Option<Fault>) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in lines {
        let line = text(line);
        if line.starts_with([' ', '\t']) {
            match fields.last_mut() {
                Some((_, value)) => {
                    let more = line.trim();
                    if !value.is_empty() && !more.is_empty() {
                        value.push(' ');
                    }
                    value.push_str(more);
                }
                None => note(fault, Fault::Header),
            }
            continue;
        }
        match line.split_once(':') {
            Some((name, value)) if is_token(name.trim_end()) => {
                if fields.len() == MOST_HEADERS {
                    note(fault, Fault::TooManyHeaders);
                    break;
                }
                fields.push((spelled_out(name.trim_end()).to_owned(), value.trim().to_owned()));
            }
            Some(_) | None => note(fault, Fault::Header),
        }
    }
    fields
}

/// RFC 3261 18.3: without a length the body ends with the datagram, with a smaller one the rest is thrown away, with a
/// larger one the message is broken. A length that is no number says nothing about the body.
fn body(fields: &[(String, String)], rest: &[u8], on_stream: bool, fault: &mut Option<Fault>) -> Vec<u8> {
    let body = match length_in(fields) {
        BodyLength::Said(length) => rest.get(..length),
        BodyLength::Unsaid if !on_stream => Some(rest),
        BodyLength::Unsaid | BodyLength::Wrong => None,
    };
    if body.is_none() {
        note(fault, Fault::ContentLength);
    }
    body.unwrap_or_default().to_vec()
}

fn length_in(fields: &[(String, String)]) -> BodyLength {
    let mut lengths = fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Content-Length"));
    let Some((_, length)) = lengths.next() else { return BodyLength::Unsaid };
    let digits = !length.is_empty() && length.len() <= 9 && length.bytes().all(|byte| byte.is_ascii_digit());
    match length.parse() {
        Ok(length_bytes) if digits && lengths.all(|(_, other)| other == length) => BodyLength::Said(length_bytes),
        Ok(_) | Err(_) => BodyLength::Wrong,
    }
}

/// Control characters become spaces: they are legal behind a backslash in quotes, and nobody needs them anywhere.
fn text(line: &[u8]) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    match std::str::from_utf8(line) {
        Ok(line) => line.chars().map(plain).collect(),
        Err(_) => line.iter().map(|byte| plain(char::from(*byte))).collect(),
    }
}

/// The first fault is the one that is told.
fn note(fault: &mut Option<Fault>, new: Fault) {
    fault.get_or_insert(new);
}

/// RFC 3261 25.1
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte))
}

fn spelled_out(name: &str) -> &str {
    COMPACT.iter().find(|(compact, _)| name.eq_ignore_ascii_case(compact)).map_or(name, |(_, full)| full)
}

/// The IANA registry's compact forms.
const COMPACT: [(&str, &str); 19] = [
    ("a", "Accept-Contact"),
    ("b", "Referred-By"),
    ("c", "Content-Type"),
    ("d", "Request-Disposition"),
    ("e", "Content-Encoding"),
    ("f", "From"),
    ("i", "Call-ID"),
    ("j", "Reject-Contact"),
    ("k", "Supported"),
    ("l", "Content-Length"),
    ("m", "Contact"),
    ("n", "Identity-Info"),
    ("o", "Event"),
    ("r", "Refer-To"),
    ("s", "Subject"),
    ("t", "To"),
    ("u", "Allow-Events"),
    ("v", "Via"),
    ("x", "Session-Expires"),
];
const MOST_BYTES: usize = 64 * 1024;
pub(crate) const MOST_HEAD_BYTES: usize = 16 * 1024;
const MOST_HEADERS: usize = 128;
/// Folded lines count towards the bytes of the head; this only bounds the list of them.
const MOST_LINES: usize = 1024;
