//! The gateway's side (surface; bodies follow).

use std::path::Path;

use crate::id::{RecordingId, Slot, TrackId};
use crate::keys::{Chance, PublicKey};
use crate::line::{Act, CloseWhy, Head, MediaEvent, TrackFact};
use crate::order::Will;
use crate::sign::SigningKey;

/// A directory that a gateway writes and an archive empties.
#[derive(Clone, Debug)]
pub struct Spool {}

/// One `open/<recording>.<gateway>.<n>/`.
#[derive(Debug)]
pub struct ChunkWriter {}

/// A chunk that now lies in `ready/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    pub name: String,
    /// SHA-256 of its last line, for [`Head::previous`] of the next.
    pub hash: String,
}

/// What [`Spool::recover`] made of one unfinished chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    pub chunk: String,
    pub recording: RecordingId,
    pub tracks: Vec<TrackId>,
    /// Names of the orders written because a withdrawal was left undecided.
    pub orders: Vec<String>,
}

/// What we could not write. Ours to fix.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    #[error("cannot {what}")]
    Io { what: String, source: std::io::Error },
    #[error("the disk is full")]
    Full,
    #[error("{what}")]
    Wrong { what: String },
}

impl Spool {
    pub fn at(_root: &Path, _gateway: SigningKey) -> Result<Self, SpoolError> {
        todo!()
    }
    pub fn recover(&self, _now_utc_ms: i64) -> Result<Vec<Recovered>, SpoolError> {
        todo!()
    }
    /// `head.gateway` must be this spool's.
    pub fn begin(&self, _head: Head, _slot: Slot) -> Result<ChunkWriter, SpoolError> {
        todo!()
    }
    /// Numbers, signs, writes, syncs; an erase is carried out in every ready chunk. Returns the order's name.
    pub fn order(&self, _will: &Will) -> Result<String, SpoolError> {
        todo!()
    }
    pub fn ready(&self) -> Result<Vec<String>, SpoolError> {
        todo!()
    }
    pub fn orders(&self) -> Result<Vec<String>, SpoolError> {
        todo!()
    }
    pub fn acknowledge(&self, _chunk: &str) -> Result<bool, SpoolError> {
        todo!()
    }
    pub fn acknowledge_order(&self, _name: &str) -> Result<bool, SpoolError> {
        todo!()
    }
    pub fn expire(&self, _now_utc_ms: i64) -> Result<Vec<String>, SpoolError> {
        todo!()
    }
    pub fn free_bytes(&self) -> Result<u64, SpoolError> {
        todo!()
    }
}

impl ChunkWriter {
    pub fn name(&self) -> &str {
        todo!()
    }
    pub fn note(&mut self, _slot: Slot, _event: &MediaEvent) -> Result<(), SpoolError> {
        todo!()
    }
    pub fn act(&mut self, _slot: Slot, _act: &Act) -> Result<(), SpoolError> {
        todo!()
    }
    pub fn begin_track(&mut self, _fact: TrackFact, _to: &PublicKey, _chance: Chance<'_>) -> Result<(), SpoolError> {
        todo!()
    }
    pub fn packet(&mut self, _track: TrackId, _slot: Slot, _opus: &[u8]) -> Result<(), SpoolError> {
        todo!()
    }
    pub fn end_track(&mut self, _track: TrackId, _until: Slot, _why: &str) -> Result<(), SpoolError> {
        todo!()
    }
    pub fn erase_track(&mut self, _track: TrackId) -> Result<(), SpoolError> {
        todo!()
    }
    pub fn sync(&mut self) -> Result<(), SpoolError> {
        todo!()
    }
    pub fn close(self, _slot: Slot, _why: CloseWhy) -> Result<Closed, SpoolError> {
        todo!()
    }
}
