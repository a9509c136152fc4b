//! Reading one journal: every line whole, counted, and tied to the one before.
//!
//! Not here: what the lines mean together ([`verify`](super::verify)).

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Rejection;
use crate::id::Slot;
use crate::limits::MOST_LINES;
use crate::line::{Line, hash};
use crate::strict;

/// A journal whose chain holds.
pub(super) struct Chain<'a> {
    name: &'static str,
    lines: Vec<&'a [u8]>,
    /// SHA-256 of the last line, of nothing when there is none.
    pub(super) head: String,
}

#[derive(Deserialize)]
struct Link {
    n: u64,
    prev: String,
}

impl<'a> Chain<'a> {
    pub(super) fn check(name: &'static str, bytes: &'a [u8]) -> Result<Self, Rejection> {
        let mut chain = Self { name, lines: Vec::new(), head: hash(b"") };
        for text in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = text.strip_suffix(b"\n").ok_or(Rejection::Torn { journal: name })?;
            let n = chain.lines.len() as u64;
            if chain.lines.len() >= MOST_LINES {
                return Err(Rejection::TooMany { what: "lines", most: MOST_LINES });
            }
            let link: Link = glance(name, n, text)?;
            if link.n != n || link.prev != chain.head {
                return Err(Rejection::Chain { journal: name, n });
            }
            chain.head = hash(text);
            chain.lines.push(text);
        }
        Ok(chain)
    }

    pub(super) fn first(&self) -> Option<&'a [u8]> {
        self.lines.first().copied()
    }

    pub(super) fn last(&self) -> Option<&'a [u8]> {
        self.lines.last().copied()
    }

    pub(super) fn count(&self) -> u64 {
        self.lines.len() as u64
    }

    /// The lines from the `from`-th on.
    pub(super) fn read<E: Serialize + DeserializeOwned>(&self, from: usize) -> Result<Vec<(Slot, E)>, Rejection> {
        let lines = self.lines.iter().enumerate().skip(from);
        lines.map(|(n, text)| read::<Line<E>>(self.name, n as u64, text).map(|line| (line.slot, line.rest))).collect()
    }
}

/// A line of which everything is known.
pub(super) fn read<T: Serialize + DeserializeOwned>(
    journal: &'static str,
    n: u64,
    text: &[u8],
) -> Result<T, Rejection> {
    strict::read(text).map_err(|why| Rejection::Line { journal, n, why })
}

/// What must be known of a line before it can be read.
pub(super) fn glance<T: DeserializeOwned>(journal: &'static str, n: u64, text: &[u8]) -> Result<T, Rejection> {
    serde_json::from_slice(text).map_err(|error| Rejection::Line { journal, n, why: error.to_string() })
}
