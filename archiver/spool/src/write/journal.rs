//! One journal being written: a chain of lines that grows at its end.
//!
//! Not here: checking a journal for an archive ([`read`](mod@crate::read)). [`Journal::reopen`] only finds out how much of it is whole.

use std::io;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::disk::{Appending, Disk};
use crate::id::Slot;
use crate::line::{Line, hash};
use crate::sign::{SigningKey, signed};

#[derive(Debug)]
pub(super) struct Journal {
    file: Appending,
    lines: u64,
    head: String,
}

impl Journal {
    pub(super) fn create(disk: &Disk, path: &Path) -> io::Result<Self> {
        Ok(Self { file: disk.create(path)?, lines: 0, head: hash(b"") })
    }

    /// Opens what an interrupted writer left, cuts it after its last whole line, and returns those lines.
    /// A journal that was never made is made.
    pub(super) fn reopen<E: DeserializeOwned>(disk: &Disk, path: &Path) -> io::Result<(Self, Vec<(Slot, E)>)> {
        let Some(bytes) = disk.read(path)? else { return Ok((Self::create(disk, path)?, Vec::new())) };
        let Whole { lines, bytes, head } = whole(&bytes);
        let mut file = disk.reopen(path)?;
        if bytes != file.len() {
            file.cut(bytes)?;
        }
        Ok((Self { file, lines: lines.len() as u64, head }, lines))
    }

    pub(super) fn append(&mut self, slot: Slot, rest: impl Serialize) -> io::Result<()> {
        let line = self.line(slot, rest)?;
        self.put(&line)
    }

    /// `rest` ends with a signature that is not made yet.
    pub(super) fn append_signed(
        &mut self,
        slot: Slot,
        rest: impl Serialize,
        key: &SigningKey,
        label: &str,
    ) -> io::Result<()> {
        let line = signed(key, label, &self.line(slot, rest)?);
        self.put(&line)
    }

    fn line(&self, slot: Slot, rest: impl Serialize) -> io::Result<String> {
        Ok(serde_json::to_string(&Line { n: self.lines, prev: self.head.clone(), slot, rest })?)
    }

    fn put(&mut self, line: &str) -> io::Result<()> {
        self.file.append(format!("{line}\n").as_bytes())?;
        self.lines += 1;
        self.head = hash(line.as_bytes());
        Ok(())
    }

    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }

    /// For a sync together with others.
    pub(super) fn file(&mut self) -> &mut Appending {
        &mut self.file
    }

    /// How many lines there are.
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    pub(super) fn bytes(&self) -> u64 {
        self.file.len()
    }

    /// SHA-256 of the last line, of nothing when there is none.
    pub(super) fn head(&self) -> &str {
        &self.head
    }
}

/// The part of a journal that is whole.
pub(super) struct Whole<E> {
    pub(super) lines: Vec<(Slot, E)>,
    pub(super) bytes: u64,
    pub(super) head: String,
}

/// Lines up to the first that is torn, does not read, or does not follow from the one before.
pub(super) fn whole<E: DeserializeOwned>(journal: &[u8]) -> Whole<E> {
    let mut found = Whole { lines: Vec::new(), bytes: 0, head: hash(b"") };
    for text in journal.split_inclusive(|byte| *byte == b'\n') {
        let Some(text) = text.strip_suffix(b"\n") else { break };
        let Ok(line) = serde_json::from_slice::<Line<E>>(text) else { break };
        if line.n != found.lines.len() as u64 || line.prev != found.head {
            break;
        }
        found.bytes += text.len() as u64 + 1;
        found.head = hash(text);
        found.lines.push((line.slot, line.rest));
    }
    found
}
