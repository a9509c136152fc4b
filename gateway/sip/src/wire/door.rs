//! The one door to `rsip`.
//!
//! [`read`] hands it a head that `regular` made, with a stand-in for what it is known to refuse: methods it has no
//! name for, and Request-URIs that are not plain. [`print`] has it write a head. Bodies never pass through: it
//! would send them through lossy UTF-8.
//!
//! Not here: its typed headers. They fail on IPv6, lists and quotes; ours are in `headers`.

use super::{
    message::{Headers, Method},
    regular::{Fault, Regular, Start},
};
use rsip::headers::{Header, Headers as ForeignHeaders};

/// The header lines as `rsip` reads them.
pub(super) fn read(regular: &Regular) -> Result<Headers, Fault> {
    let mut head = match &regular.start {
        Start::Request { method, uri } => format!("{} {} SIP/2.0\r\n", known(method), plain(uri)),
        Start::Response { status } => format!("SIP/2.0 {status} Status\r\n"),
    };
    for (name, value) in &regular.fields {
        head.push_str(name);
        head.push_str(": ");
        head.push_str(value);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    let headers = match rsip::SipMessage::try_from(head.as_bytes()).map_err(|_| Fault::Foreign)? {
        rsip::SipMessage::Request(request) => request.headers,
        rsip::SipMessage::Response(response) => response.headers,
    };
    let mut read = Headers::default();
    for header in headers {
        let line = header.to_string();
        let (name, value) = line.split_once(':').ok_or(Fault::Foreign)?;
        read.push(name, value.trim());
    }
    Ok(read)
}

/// A whole message: start line and headers by `rsip`, then the body as it is.
pub(super) fn print(start: &str, headers: &Headers, body: &[u8]) -> Vec<u8> {
    let mut foreign = ForeignHeaders::default();
    for (name, value) in headers.lines() {
        foreign.push(Header::Other(name.to_owned(), value.to_owned()));
    }
    let mut bytes = format!("{start}\r\n{foreign}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn known(method: &Method) -> &str {
    match method {
        Method::Invite
        | Method::Ack
        | Method::Cancel
        | Method::Bye
        | Method::Options
        | Method::Info
        | Method::Update => method.text(),
        Method::Other(_) => "OPTIONS",
    }
}

fn plain(uri: &str) -> &str {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '@');
    let sip = uri.strip_prefix("sip:").filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
    match sip {
        Some(rest) if rest.chars().all(legal) && rest.matches(':').count() < 2 && rest.matches('@').count() < 2 => {
            match rest.rsplit_once('@').map_or(rest, |(_, host)| host) {
                "" => STAND_IN,
                _ => uri,
            }
        }
        Some(_) | None => STAND_IN,
    }
}

const STAND_IN: &str = "sip:stand-in.invalid";
