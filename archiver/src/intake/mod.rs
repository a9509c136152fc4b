//! Orders and chunks → vault → store, in steps that may be taken again.
//!
//! [`Intake::order`] before [`Intake::chunk`], always: a withdrawal overtakes the sound. A chunk is verified whole, its
//! voices are uploaded under names made from ids, then everything else is one transaction. Killed anywhere, the same call
//! lands in the same place; the hash of a chunk says whether it was taken before.
//!
//! Not here: watching a spool and acknowledging (`io::link`), destroying whole recordings (`sweep`).

mod commit;
mod erase;
mod foreign;
mod plain;
mod quarantine;
mod upload;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use spool::id::GatewayId;
use spool::read::Rejection;
use spool::sign::VerifyingKey;

use crate::causes::sentence;
use crate::recording::State;
use crate::store::recordings::Recording;
use crate::store::{Store, StoreError};
use crate::vault::{Vault, VaultError};

/// Takes in. Owns no socket and no clock.
#[derive(Clone, Debug)]
pub struct Intake {
    store: Store,
    vault: Vault,
    /// The archive's own directory: `quarantine/` lies in it.
    data: PathBuf,
}

/// The keys of the gateways that may hand over.
pub type Trusted = HashMap<GatewayId, VerifyingKey>;

/// What became of a chunk or an order. All of them may be acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    New,
    /// It was taken in before; the acknowledgement got lost.
    Before,
    /// It came after its recording was due: its keys are gone or about to be, nothing of it is kept.
    TooLate,
    /// It lies apart with its reason and its end.
    Quarantined {
        why: String,
    },
}

/// We could not take it in now; the next try starts over. Ours to fix.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    #[error("what lies in the spool cannot be taken in now")]
    Spool(#[source] Rejection),
    #[error("{what} cannot be read or written")]
    Io { what: String, source: std::io::Error },
    #[error("{0} changed while it was being read")]
    Changed(String),
    #[error("after an erasure the store still lists {0}")]
    NotEmpty(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Intake {
    pub fn new(store: Store, vault: Vault, data: PathBuf) -> Self {
        Self { store, vault, data }
    }

    /// Takes a ready chunk in.
    pub async fn chunk(&self, dir: &Path, trusted: &Trusted, now_ms: i64) -> Result<Taken, IntakeError> {
        let name = file_name(dir);
        let chunk = match read_chunk(dir, trusted).await? {
            Ok(chunk) => chunk,
            Err(why) => return self.keep_apart(dir, &name, None, &why, now_ms).await,
        };
        if self.store.has_chunk(&chunk.hash).await? {
            return Ok(Taken::Before);
        }
        if let Some(why) = self.foreign(&chunk, now_ms).await? {
            return self.keep_apart(dir, &name, None, &why, now_ms).await;
        }
        if !self.expect(&chunk).await?.is_living() {
            return Ok(Taken::TooLate);
        }
        for voice in chunk.voices.iter().filter(|voice| voice.uncovered.is_some()) {
            let why = voice.uncovered.clone().unwrap_or_default();
            let why = format!("the voice {} lies outside its permit: {why}", voice.fact.track);
            self.keep_apart(dir, &name, Some(voice.fact.track), &why, now_ms).await?;
        }
        let uploaded = self.upload(&chunk).await?;
        #[cfg(debug_assertions)]
        upload::stop_here_once(&self.data);
        let taken = self.commit(&chunk, &uploaded, now_ms).await?;
        self.store.forget_log().await?;
        self.finish_erasures(now_ms).await?;
        Ok(taken)
    }

    /// Before the first byte lies in the store its recording is a row: what the store holds is always known.
    async fn expect(&self, chunk: &spool::read::Chunk) -> Result<State, IntakeError> {
        let head = &chunk.head;
        let title = self.store.meeting(head.meeting).await?.map(|meeting| meeting.title);
        let mut tx = self.store.begin().await?;
        tx.expect_recording(&Recording {
            id: head.recording,
            meeting: head.meeting,
            gateway: head.gateway,
            rule: head.rule.clone(),
            rule_hash: head.rule_hash.clone(),
            title,
            state: State::Receiving,
            started_ms: head.started_ms,
            ended_ms: None,
            destroy_by_ms: head.destroy_by_ms,
        })
        .await?;
        let found = tx.recording(head.recording).await?.ok_or(StoreError::Missing("recording just added"))?;
        tx.commit().await?;
        Ok(found.state)
    }
}

// A chunk is read twice before it is called bad: the gateway may have been erasing a voice of it just then.
async fn read_chunk(dir: &Path, trusted: &Trusted) -> Result<Result<spool::read::Chunk, String>, IntakeError> {
    let (dir, trusted) = (dir.to_owned(), trusted.clone());
    let read = move || {
        let trust = |gateway: GatewayId| trusted.get(&gateway).copied();
        let read = spool::read::chunk(&dir, &trust).or_else(|_| spool::read::chunk(&dir, &trust));
        (read, dir.is_dir())
    };
    match blocking(read).await? {
        (Ok(chunk), _) => Ok(Ok(chunk)),
        (Err(Rejection::Io { what, source }), true) if source.kind() == std::io::ErrorKind::NotFound => {
            Ok(Err(format!("{what} is missing")))
        }
        (Err(rejection @ Rejection::Io { .. }), _) => Err(IntakeError::Spool(rejection)),
        (Err(rejection), _) => Ok(Err(sentence(&rejection))),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, IntakeError> {
    let ended = |error: tokio::task::JoinError| IntakeError::Io { what: "a worker".into(), source: error.into() };
    tokio::task::spawn_blocking(work).await.map_err(ended)
}

#[cfg(test)]
mod tests;
