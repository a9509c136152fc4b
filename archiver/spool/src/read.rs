//! The archive's side: a chunk is verified whole, then returned. Nothing in it is believed before.
//!
//! [`chunk`] checks names, sizes, both line chains, the gateway's signature, every file's hash, erasures, permits, envelopes,
//! headers and the slots of every record; it needs no track key. What it returns says where each voice lies; whoever holds the
//! track's private half goes on with [`keys::unwrap`](crate::keys::unwrap) and [`voice::Opener`].
//! Directories may be hostile: no panic, bounded memory, no way out of the directory.
//!
//! Not here: anything of the writing side; what an archive does with a refused chunk or a quarantined track.

use std::path::{Path, PathBuf};

use crate::id::{GatewayId, SeatNo, Slot, TrackId};
use crate::keys::Envelope;
use crate::line::{Act, FileFact, Head, MediaEvent, TrackFact};
use crate::name::{ChunkName, OrderName};
use crate::sign::VerifyingKey;
use crate::voice::{self, Record, VoiceError};

mod clock;
mod files;
mod inspect;
mod journal;
mod verify;

pub use clock::{ClockMap, Utc, clock};
pub(crate) use files::whole_file;
pub use inspect::{Content, Look, Prefixes, Said, There, look};

/// The key of a gateway that may hand over, if it is known.
pub type Trust<'a> = &'a dyn Fn(GatewayId) -> Option<VerifyingKey>;

/// A chunk that was verified whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// `<recording>.<gateway>.<n>`
    pub name: String,
    pub head: Head,
    /// The slot of the head: the first in this chunk.
    pub begun: Slot,
    /// All lines after the head, the close included.
    pub media: Vec<(Slot, MediaEvent)>,
    pub acts: Vec<(Slot, Act)>,
    /// In the order of their tracks' ids.
    pub voices: Vec<Voice>,
    pub erased: Vec<TrackId>,
    pub interrupted: bool,
    /// SHA-256 of its last line.
    pub hash: String,
    /// The first slot that is not in it.
    pub until: Slot,
    /// As they were when it was closed, `media.jsonl` left out. Those of [`erased`](Self::erased) tracks may be gone since.
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
    /// Without the end record; their slots rise.
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
    #[error("{name:?} is not a name in a spool")]
    Name { name: String },
    #[error("{name:?} is not a file of a chunk")]
    Strange { name: String },
    #[error("{name} is not a plain file or directory")]
    NotPlain { name: String },
    #[error("{name} is larger than the {most} bytes this reader takes")]
    TooLarge { name: String, most: u64 },
    #[error("there are more than {most} {what}")]
    TooMany { what: &'static str, most: usize },
    #[error("{journal} ends within a line")]
    Torn { journal: &'static str },
    #[error("line {n} of {journal} does not read: {why}")]
    Line { journal: &'static str, n: u64, why: String },
    #[error("line {n} of {journal} does not follow from the one before")]
    Chain { journal: &'static str, n: u64 },
    #[error("the version {found} is not known here")]
    Version { found: u32 },
    #[error("the head says that it is of {found}")]
    OtherChunk { found: String },
    #[error("the chunk was not closed")]
    NotClosed,
    #[error("line {n} of media.jsonl {why}")]
    Place { n: u64, why: &'static str },
    #[error("the gateway {gateway} is not known here")]
    UnknownGateway { gateway: GatewayId },
    #[error("the {what} is not signed by its gateway")]
    Signature { what: &'static str },
    #[error("consent.jsonl is not the one that was signed")]
    ConsentHead,
    #[error("{name} was signed and is missing")]
    Missing { name: String },
    #[error("{name} is not what was signed")]
    Changed { name: String },
    #[error("{name} was not signed")]
    Unlisted { name: String },
    #[error("the list of files {why}")]
    Files { why: &'static str },
    #[error("{track}.erased {why}")]
    Erased { track: TrackId, why: &'static str },
    #[error("{track} has two permits, or two ends of one")]
    TwoPermits { track: TrackId },
    #[error("two permits of {seat} overlap")]
    Overlap { seat: SeatNo },
    #[error("{track} is spoken of without a permit")]
    NoPermit { track: TrackId },
    #[error("of the sound of {track} and its envelope one is missing")]
    Half { track: TrackId },
    #[error("the envelope of {track} {why}")]
    Envelope { track: TrackId, why: String },
    #[error("the voice of {track} does not read: {why}")]
    Voice { track: TrackId, why: VoiceError },
    #[error("the voice of {track} {why}")]
    Header { track: TrackId, why: &'static str },
    #[error("the order {name} {why}")]
    Order { name: OrderName, why: &'static str },
}

/// Verifies everything, then returns it. `dir` is a directory in `ready/`, or a copy under the same name.
pub fn chunk(dir: &Path, trust: Trust<'_>) -> Result<Chunk, Rejection> {
    // An erasure may take files away while we read; the second look then finds `.erased` in their place.
    for _ in 0..ERASURES_MEANWHILE {
        match verify::chunk(dir, trust) {
            Err(Rejection::Missing { .. } | Rejection::Half { .. }) => {}
            Err(Rejection::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
            done => return done,
        }
    }
    verify::chunk(dir, trust)
}

/// Names of the chunks that wait in a spool's `ready/`, in order. Other entries are passed over.
pub fn ready(spool: &Path) -> Result<Vec<String>, Rejection> {
    chunk_names(&spool.join("ready"))
}

/// Names of the chunks that are being written in a spool's `open/`, or were left there, in order. To look at, not to take.
pub fn open(spool: &Path) -> Result<Vec<String>, Rejection> {
    chunk_names(&spool.join("open"))
}

/// Names of the orders that wait in a spool's `orders/`, in order. Other entries are passed over.
pub fn orders(spool: &Path) -> Result<Vec<String>, Rejection> {
    let mut names: Vec<OrderName> =
        files::names(&spool.join("orders"), MOST_CHUNKS)?.iter().filter_map(|name| name.parse().ok()).collect();
    names.sort();
    Ok(names.iter().map(ToString::to_string).collect())
}

fn chunk_names(dir: &Path) -> Result<Vec<String>, Rejection> {
    let mut names: Vec<ChunkName> =
        files::names(dir, MOST_CHUNKS)?.iter().filter_map(|name| name.parse().ok()).collect();
    names.sort();
    Ok(names.iter().map(ToString::to_string).collect())
}

const ERASURES_MEANWHILE: usize = 3;
const MOST_CHUNKS: usize = 100_000;
