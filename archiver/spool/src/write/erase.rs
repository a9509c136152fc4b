//! Erasing one track of one chunk, open or ready: `.erased` first, then the files it replaces.
//!
//! Nothing else in the chunk is touched. May be repeated, and goes on where it was interrupted.
//!
//! Not here: who wants it ([`Spool::order`](super::Spool::order), [`ChunkWriter::erase_track`](super::ChunkWriter::erase_track)).

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::disk::Disk;
use crate::erased::{ERASED_LABEL, Erased};
use crate::id::TrackId;
use crate::line::{FileFact, VERSION, hash};
use crate::name::{ChunkName, FileName};
use crate::sign::{SigningKey, UNSIGNED, signed};

/// A chunk's directory, and what is needed to change it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    /// Where its small files are written before they are put in their place.
    pub(super) drafts: PathBuf,
    pub(super) name: ChunkName,
    pub(super) disk: Disk,
    pub(super) key: Arc<SigningKey>,
}

impl Place {
    /// `.keys` and `.voice`: the key goes first.
    pub(super) fn files(&self, track: TrackId) -> [PathBuf; 2] {
        [FileName::Keys(track), FileName::Voice(track)].map(|name| self.path.join(name.to_string()))
    }

    pub(super) fn is_erased(&self, track: TrackId) -> io::Result<bool> {
        self.disk.exists(&self.path.join(FileName::Erased(track).to_string()))
    }

    pub(super) fn erase(&self, track: TrackId, replaces: Vec<FileFact>) -> io::Result<()> {
        if !self.is_erased(track)? {
            let ChunkName { recording, gateway, number } = self.name;
            let erased =
                Erased { version: VERSION, gateway, recording, chunk: number, track, replaces, signature: UNSIGNED };
            let line = signed(&self.key, ERASED_LABEL, &serde_json::to_string(&erased)?);
            let at = self.path.join(FileName::Erased(track).to_string());
            self.disk.place(&self.drafts, &at, format!("{line}\n").as_bytes())?;
        }
        // Also when it was there already: whoever placed it may not have come this far.
        self.disk.sync_dir(&self.path)?;
        for file in self.files(track) {
            self.disk.unlink(&file)?;
        }
        self.disk.sync_dir(&self.path)
    }
}

/// The facts of a track's files: as `closed` says they were, else as they are.
pub(super) fn facts_of(
    place: &Place,
    track: TrackId,
    closed: impl Fn(&str) -> Option<FileFact>,
) -> io::Result<Vec<FileFact>> {
    let mut facts = Vec::new();
    for name in [FileName::Keys(track), FileName::Voice(track)].map(|name| name.to_string()) {
        if let Some(fact) = closed(&name) {
            facts.push(fact);
        } else if let Some(bytes) = place.disk.read(&place.path.join(&name))? {
            facts.push(FileFact { name, bytes: bytes.len() as u64, sha256: hash(&bytes) });
        }
    }
    Ok(facts)
}
