//! The archive's side (surface; bodies follow).

use std::path::{Path, PathBuf};

use crate::id::{GatewayId, Slot, TrackId};
use crate::keys::Envelope;
use crate::line::{Act, FileFact, Head, MediaEvent, TrackFact};
use crate::name::OrderName;
use crate::sign::VerifyingKey;
use crate::voice::{self, Record, VoiceError};

/// The key of a gateway that may hand over, if it is known.
pub type Trust<'a> = &'a dyn Fn(GatewayId) -> Option<VerifyingKey>;

/// A chunk that was verified whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub name: String,
    pub head: Head,
    /// All lines after the head, the close included.
    pub media: Vec<(Slot, MediaEvent)>,
    pub acts: Vec<(Slot, Act)>,
    pub voices: Vec<Voice>,
    pub erased: Vec<TrackId>,
    pub interrupted: bool,
    /// SHA-256 of its last line.
    pub hash: String,
    /// The slot at which it was closed: the first that is not in it.
    pub until: Slot,
    pub files: Vec<FileFact>,
}

/// The sound of one track in one chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    pub fact: TrackFact,
    /// The first slot that is no longer permitted; nothing when the permit goes on in the next chunk.
    pub until: Option<Slot>,
    pub envelope: Envelope,
    pub header: voice::Header,
    /// Without the end record.
    pub records: Vec<Record>,
    pub voice_path: PathBuf,
    pub keys_path: PathBuf,
    /// A slot lies outside its permit, and how: quarantine this track, not the chunk.
    pub uncovered: Option<String>,
}

/// Why a chunk or an order is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    #[error("cannot read {what}")]
    Io { what: String, source: std::io::Error },
    #[error("{name} is not a name in a spool")]
    Name { name: String },
    #[error("the version {found} is not known here")]
    Version { found: u32 },
    #[error("the gateway {gateway} is not known here")]
    UnknownGateway { gateway: GatewayId },
    #[error("the {what} is not signed by its gateway")]
    Signature { what: &'static str },
    #[error("the order {name} {why}")]
    Order { name: OrderName, why: &'static str },
    #[error("the voice of {track} does not read: {why}")]
    Voice { track: TrackId, why: VoiceError },
}

/// Maps slots to UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockMap {}

/// UTC of a slot, as well as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Utc {
    pub utc_ms: i64,
    /// How far off it may be at most.
    pub error_ms: i64,
    pub ntp: bool,
}

impl ClockMap {
    /// Nothing when the chunk has no clock line.
    pub fn at(&self, _slot: Slot) -> Option<Utc> {
        todo!()
    }
}

/// Verifies everything, then returns it.
pub fn chunk(_dir: &Path, _trust: Trust<'_>) -> Result<Chunk, Rejection> {
    todo!()
}

pub fn clock(_chunk: &Chunk) -> ClockMap {
    todo!()
}

pub(crate) fn whole_file(_path: &Path, _most: u64) -> Result<Vec<u8>, Rejection> {
    todo!()
}
