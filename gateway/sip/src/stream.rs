//! A byte stream cut into SIP messages (RFC 3261 18.3, RFC 5626 3.5.1).
//!
//! [`Stream::push`] takes whatever a read brought and appends every whole [`Framed`] to a list. It holds one unfinished
//! message at most, bounded by the limits of a head and a body. However the bytes are cut into reads, the messages are
//! the same.
//!
//! What cannot be cut breaks the stream for good: nobody knows where the next message begins. What there is of it comes
//! out as [`Framed::Broken`], for [`Endpoint::receive`](crate::Endpoint::receive) to answer; then the connection is to
//! be closed.
//!
//! Not here: sockets, how long an unfinished message may take, and what a message says.

use crate::wire::{BodyLength, MOST_HEAD_BYTES, body_length};

/// The receiving half of one connection.
#[derive(Debug, Default)]
pub struct Stream {
    bytes: Vec<u8>,
    /// Up to here there is no end of a head.
    scanned: usize,
    /// Where the line begins that `scanned` is in.
    line: usize,
    /// Length of the whole message, when its head is there.
    whole: Option<usize>,
    broken: bool,
}

/// What came whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framed {
    /// Head and body, no byte more.
    Message(Vec<u8>),
    /// CR LF CR LF between messages: to be answered with CR LF.
    Ping,
    /// The stream goes on as nobody knows what; this is how its last message began.
    Broken(Vec<u8>),
}

impl Stream {
    /// Takes what was read.
    pub fn push(&mut self, read: &[u8], out: &mut Vec<Framed>) {
        // What stands behind a message moves when the message goes, so there must never be much of it.
        for piece in read.chunks(PIECE_BYTES) {
            if self.broken {
                return;
            }
            self.bytes.extend_from_slice(piece);
            while let Some(framed) = self.next() {
                if matches!(framed, Framed::Broken(_)) {
                    *self = Self { broken: true, ..Self::default() };
                }
                out.push(framed);
            }
        }
    }

    /// Is a message under way? Whoever begins one must end it.
    pub fn is_amid(&self) -> bool {
        self.bytes.iter().any(|byte| !matches!(byte, b'\r' | b'\n'))
    }

    fn next(&mut self) -> Option<Framed> {
        let whole = match self.whole {
            Some(whole) => whole,
            None => {
                if let Some(ping) = self.between()? {
                    return Some(ping);
                }
                match self.head()? {
                    Ok(whole) => *self.whole.insert(whole),
                    Err(()) => return Some(Framed::Broken(std::mem::take(&mut self.bytes))),
                }
            }
        };
        if self.bytes.len() < whole {
            return None;
        }
        let rest = self.bytes.split_off(whole);
        let message = std::mem::replace(&mut self.bytes, rest);
        (self.scanned, self.line, self.whole) = (0, 0, None);
        Some(Framed::Message(message))
    }

    /// Line ends before a message: a ping, or nothing. `None`: more must come first.
    fn between(&mut self) -> Option<Option<Framed>> {
        if self.scanned > 0 {
            return Some(None);
        }
        loop {
            if self.bytes.starts_with(PING) {
                self.bytes.drain(..PING.len());
                return Some(Some(Framed::Ping));
            }
            match self.bytes.first() {
                None => return None,
                Some(b'\r' | b'\n') if PING.starts_with(&self.bytes) => return None,
                Some(b'\r' | b'\n') => drop(self.bytes.drain(..1)),
                Some(_) => return Some(None),
            }
        }
    }

    /// The length of the message whose head is there; `None`: more must come first.
    fn head(&mut self) -> Option<Result<usize, ()>> {
        while let Some(step) = self.bytes.get(self.scanned..)?.iter().position(|byte| *byte == b'\n') {
            let (begin, end) = (self.line, self.scanned + step + 1);
            (self.scanned, self.line) = (end, end);
            if end > MOST_HEAD_BYTES {
                return Some(Err(()));
            }
            let line = self.bytes.get(begin..end)?;
            // Something that speaks HTTP or nothing at all need not be listened to for 16 KiB.
            if begin == 0 && !line.windows(4).any(|four| four.eq_ignore_ascii_case(b"SIP/")) {
                return Some(Err(()));
            }
            if matches!(line, b"\n" | b"\r\n") {
                return Some(match body_length(self.bytes.get(..end)?) {
                    BodyLength::Said(length) if length <= MOST_BODY_BYTES => Ok(end + length),
                    // RFC 3261 18.3: on a stream nothing else says where a message ends.
                    BodyLength::Said(_) | BodyLength::Unsaid | BodyLength::Wrong => Err(()),
                });
            }
        }
        self.scanned = self.bytes.len();
        (self.scanned > MOST_HEAD_BYTES).then_some(Err(()))
    }
}

const PIECE_BYTES: usize = 2048;
const PING: &[u8] = b"\r\n\r\n";
/// With the longest head this is what a datagram can hold.
const MOST_BODY_BYTES: usize = 48 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(body: &str) -> String {
        format!("OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP c;branch=z9hG4bKx\r\nl: {}\r\n\r\n{body}", body.len())
    }

    fn framed(reads: &[&[u8]]) -> Vec<Framed> {
        let (mut stream, mut out) = (Stream::default(), Vec::new());
        for read in reads {
            stream.push(read, &mut out);
        }
        out
    }

    #[test]
    fn two_messages_in_one_read_are_two_and_half_a_message_is_none() {
        let (one, two) = (message("v=0\r\n\r\n"), message(""));
        let both = format!("{one}{two}");
        let wants = [Framed::Message(one.clone().into_bytes()), Framed::Message(two.into_bytes())];
        assert_eq!(framed(&[both.as_bytes()]), wants);
        assert_eq!(framed(&[&both.as_bytes()[..one.len() - 1]]), []);
    }

    #[test]
    fn a_ping_between_messages_is_answered_and_a_single_line_end_is_not() {
        let text = format!("\r\n\r\n\r\n{}\r\n{}\r\n\r\n", message("x"), message("y"));
        let wants = [
            Framed::Ping,
            Framed::Message(message("x").into_bytes()),
            Framed::Message(message("y").into_bytes()),
            Framed::Ping,
        ];
        assert_eq!(framed(&[text.as_bytes()]), wants);
    }

    #[test]
    fn folded_compact_and_repeated_lengths_count_as_they_do_in_a_datagram() {
        for length in ["Content-Length:\r\n  3", "L\t: 3", "l:3\r\nContent-Length: 3", "CONTENT-LENGTH : 003"] {
            let text = format!("OPTIONS sip:a@b SIP/2.0\r\n{length}\r\n\r\nabc");
            assert_eq!(framed(&[text.as_bytes()]), [Framed::Message(text.clone().into_bytes())], "{length}");
        }
    }

    #[test]
    fn what_has_no_end_that_can_be_known_breaks_the_stream_at_once_and_for_good() {
        let head = "OPTIONS sip:a@b SIP/2.0\r\n";
        let length = |length: &str| format!("{head}{length}\r\n");
        let broken = [
            length(""),
            length("Content-Length: -1\r\n"),
            length("Content-Length: 49153\r\n"),
            length("Content-Length: 18446744073709551615\r\n"),
            length("l: 1\r\nl: 2\r\n"),
            "GET / HTTP/1.1\r\n".to_owned(),
            "\x16\x03\x01\x02\0\n".to_owned(),
            format!("{head}X: {}", "y".repeat(MOST_HEAD_BYTES)),
            format!("{head}{}", "X: y\r\n".repeat(3000)),
        ];
        for text in broken {
            let (mut stream, mut out) = (Stream::default(), Vec::new());
            stream.push(text.as_bytes(), &mut out);
            assert!(matches!(out.as_slice(), [Framed::Broken(_)]), "{text:.60}: {out:?}");
            stream.push(message("").as_bytes(), &mut out);
            assert_eq!(out.len(), 1, "{text:.60}");
        }
    }

    #[test]
    fn a_message_under_way_is_seen_and_a_quiet_line_is_none() {
        let mut stream = Stream::default();
        let mut is_amid_after = |read: &[u8]| {
            stream.push(read, &mut Vec::new());
            stream.is_amid()
        };
        assert!(!is_amid_after(b""));
        assert!(!is_amid_after(b"\r\n\r"));
        assert!(is_amid_after(b"\nINV"));
        assert!(!is_amid_after(b"ITE sip:a SIP/2.0\r\nl: 0\r\n\r\n"));
    }

    proptest! {
        #[test]
        fn however_a_stream_is_cut_into_reads_the_messages_are_the_same(
            bodies in proptest::collection::vec("[a-z\r\n]{0,40}", 0..6),
            between in proptest::collection::vec("[\r\n]{0,6}", 6),
            tail in "[ -~\r\n]{0,60}",
            cuts in proptest::collection::vec(0_usize..400, 0..40),
        ) {
            let mut text: String = bodies.iter().zip(&between).map(|(body, gap)| gap.clone() + &message(body)).collect();
            text.push_str(&tail);
            let whole = framed(&[text.as_bytes()]);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.sort_unstable();
            let ends = cuts.iter().copied().chain([text.len()]);
            let mut begin = 0;
            let reads: Vec<&[u8]> = ends.map(|end| text.as_bytes().get(std::mem::replace(&mut begin, end)..end).unwrap()).collect();
            let bytewise: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            // How much of a broken end has come depends on the reads; that it broke does not.
            let kinds = |framed: Vec<Framed>| framed.into_iter().map(|it| match it {
                Framed::Broken(_) => Framed::Broken(Vec::new()),
                other => other,
            }).collect::<Vec<_>>();
            let whole = kinds(whole);
            prop_assert!(whole.iter().filter(|it| matches!(it, Framed::Message(_))).count() >= bodies.len());
            prop_assert_eq!(kinds(framed(&reads)), whole.clone());
            prop_assert_eq!(kinds(framed(&bytewise)), whole);
        }
    }
}
