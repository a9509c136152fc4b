//! A chunk's voices into the store, byte for byte as they were verified.
//!
//! Repeatable: the same voice has the same name and the same bytes.
//!
//! Not here: what becomes of voices that may not be kept (`erase`, `quarantine`).

use sha2::{Digest, Sha256};
use spool::id::TrackId;
use spool::name::FileName;
use spool::read::{Chunk, Voice};

use super::{Intake, IntakeError, blocking, plain};
use crate::evidence::hex;
use crate::store::track_keys::KeyState;
use crate::vault::object_name;

/// A voice that lies in the store now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Uploaded {
    pub(super) track: TrackId,
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

impl Intake {
    pub(super) async fn upload(&self, chunk: &Chunk) -> Result<Vec<Uploaded>, IntakeError> {
        let mut uploaded = Vec::new();
        for voice in chunk.voices.iter().filter(|voice| voice.uncovered.is_none()) {
            let track = voice.fact.track;
            // What was ordered erased is not even carried over.
            let key = self.store.track_key(track).await?;
            if key.is_none_or(|key| key.state == KeyState::Destroyed) || chunk.erased.contains(&track) {
                continue;
            }
            let (bytes, sha256) = read_verified(chunk, voice).await?;
            let length = bytes.len() as u64;
            let name = object_name(chunk.head.recording, &chunk.name, track);
            self.vault.put(&name, bytes).await?;
            uploaded.push(Uploaded { track, name, bytes: length, sha256 });
        }
        Ok(uploaded)
    }
}

/// The bytes of a voice file, if they still are the ones that were verified.
async fn read_verified(chunk: &Chunk, voice: &Voice) -> Result<(Vec<u8>, String), IntakeError> {
    let path = voice.voice_path.clone();
    let name = FileName::Voice(voice.fact.track).to_string();
    let fact = chunk.files.iter().find(|fact| fact.name == name);
    let fact = fact.ok_or_else(|| IntakeError::Changed(name.clone()))?;
    let most = fact.bytes;
    let read = blocking(move || plain::start_of(&path, most)).await?;
    let read = read.map_err(|source| IntakeError::Io { what: name.clone(), source })?;
    let bytes = read.ok_or_else(|| IntakeError::Changed(name.clone()))?;
    let sha256 = hex(&Sha256::digest(&bytes));
    if sha256 == fact.sha256 { Ok((bytes, sha256)) } else { Err(IntakeError::Changed(name)) }
}

/// For the story of a crash between upload and commit: ends the process here, the first time only.
#[cfg(debug_assertions)]
pub(super) fn stop_here_once(data: &std::path::Path) {
    let asked = std::env::var(STOP_AFTER).is_ok_and(|after| after == "uploaded");
    // The mark lies on disk, because whoever starts us again gives us the same environment.
    let mark = data.join(".stopped-after-uploaded");
    if asked && std::fs::OpenOptions::new().write(true).create_new(true).open(mark).is_ok() {
        std::process::abort();
    }
}

#[cfg(debug_assertions)]
const STOP_AFTER: &str = "AMTSLEITUNG_STOP_AFTER";
