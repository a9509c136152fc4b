//! Carries out what `retention` decides: destroys what is due, proves it, and lets everything else go on its day.
//!
//! [`Sweep::run`] may be called at any time and killed anywhere: every step may be repeated, and a run catches up with
//! all days since the last. A wall clock it does not believe makes it hold: destroying cannot be undone.
//!
//! Not here: when it runs (`io::work`), erasing single voices (`intake`).

mod destroy;
mod witness;

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use spool::id::GatewayId;

use crate::recording::State;
use crate::retention::{Facts, Rule, RuleError, Verdict, berlin_day, decide};
use crate::store::recordings::Recording;
use crate::store::{Store, StoreError};
use crate::vault::keys::{Keys, KeysError};
use crate::vault::{Vault, VaultError};

pub use witness::Doubt;

/// Destroys. Owns no clock.
#[derive(Clone)]
pub struct Sweep {
    store: Store,
    vault: Vault,
    keys: Keys,
    /// The archive's own directory: `proofs/` and `quarantine/` lie in it.
    data: PathBuf,
}

/// What a run needs to know of the world.
#[derive(Clone, Debug)]
pub struct World {
    pub now_ms: i64,
    /// How far wall time moved against the boot clock since the start.
    pub jump: std::time::Duration,
    /// Spool of each gateway on this machine.
    pub spools: Vec<(GatewayId, PathBuf)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Ids of what was destroyed in this run.
    Swept { destroyed: Vec<String> },
    /// Nothing was destroyed: the clock is not believed.
    Held(Doubt),
}

/// A run that did not come to its end; the next takes it up. Ours to fix.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error("the store still lists {0}")]
    NotEmpty(String),
    #[error("the spool still holds {0}; intake has to let it go first")]
    InSpool(String),
    #[error("{what} cannot be read or written")]
    Io { what: String, source: std::io::Error },
    #[error("the manifest of {0} does not read")]
    Manifest(String),
    #[error(transparent)]
    Rule(#[from] RuleError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// The first error of a run; the others are only said.
struct Troubles(Option<SweepError>);

impl Troubles {
    fn note<T>(&mut self, what: &str, done: Result<T, SweepError>) -> Option<T> {
        match done {
            Ok(done) => Some(done),
            Err(error) => {
                tracing::error!(what, %error, "not ended in this run; the next takes it up");
                self.0.get_or_insert(error);
                None
            }
        }
    }
}

impl Sweep {
    pub fn new(store: Store, vault: Vault, keys: Keys, data: PathBuf) -> Self {
        Self { store, vault, keys, data }
    }

    /// Does everything that is due. What cannot be ended is left for the next run, and the first reason is the answer.
    pub async fn run(&self, world: &World) -> Result<Outcome, SweepError> {
        let witnesses = [self.vault.now_ms().await, Some(self.store.now_ms().await?)];
        if let Some(doubt) = witness::doubt(world.now_ms, world.jump, &witnesses) {
            return Ok(Outcome::Held(doubt));
        }
        let mut troubles = Troubles(None);
        self.go_on(world, &mut troubles).await;
        let destroyed = self.destroy_due(world, &mut troubles).await;
        // The other ends come whatever became of the recordings.
        self.end_quarantines(world.now_ms, &mut troubles).await;
        troubles.note("what the evidence need not say any more", self.prune(world.now_ms).await);
        troubles.0.map_or(Ok(Outcome::Swept { destroyed }), Err)
    }

    /// Destructions that had begun when we were stopped, and proofs that are not yet files.
    async fn go_on(&self, world: &World, troubles: &mut Troubles) {
        let begun = self.store.destructions().await.map_err(SweepError::from);
        for (recording, _) in troubles.note("what had begun", begun).unwrap_or_default() {
            troubles.note(&recording.to_string(), self.finish(recording, world).await);
        }
        let all = self.store.recordings(None).await.map_err(SweepError::from);
        for recording in troubles.note("the recordings", all).unwrap_or_default() {
            if recording.state == State::Destroyed {
                let id = recording.id;
                let proof = self.store.proof(id).await.map_err(SweepError::from);
                let written = proof.and_then(|proof| proof.map_or(Ok(()), |proof| self.write_proof(&proof)));
                troubles.note(&id.to_string(), written);
            }
        }
    }

    /// One that cannot be ended now holds up no other.
    async fn destroy_due(&self, world: &World, troubles: &mut Troubles) -> Vec<String> {
        let mut destroyed = Vec::new();
        let all = self.store.recordings(None).await.map_err(SweepError::from);
        for recording in troubles.note("the recordings", all).unwrap_or_default() {
            let id = recording.id.to_string();
            if let Some(true) = troubles.note(&id, self.destroy_if_due(&recording, world).await) {
                tracing::info!(recording = id, "destroyed; the proof is signed");
                destroyed.push(id);
            }
        }
        destroyed
    }

    async fn destroy_if_due(&self, recording: &Recording, world: &World) -> Result<bool, SweepError> {
        let Some((last, anchor)) = due(recording, berlin_day(world.now_ms))? else { return Ok(false) };
        self.begin(recording, last, anchor, world).await?;
        self.finish(recording.id, world).await?;
        Ok(true)
    }

    async fn end_quarantines(&self, now_ms: i64, troubles: &mut Troubles) {
        let all = self.store.quarantines().await.map_err(SweepError::from);
        for quarantine in troubles.note("the quarantines", all).unwrap_or_default() {
            if quarantine.destroy_by_ms <= now_ms {
                troubles.note(&quarantine.id, self.drop_quarantine(&quarantine.id).await);
            }
        }
    }

    async fn prune(&self, now_ms: i64) -> Result<(), SweepError> {
        let pruned = self.store.prune_payloads(now_ms).await?;
        self.store.prune_entries(now_ms).await?;
        if pruned > 0 {
            self.store.forget_log().await?;
        }
        Ok(())
    }

    async fn drop_quarantine(&self, id: &str) -> Result<(), SweepError> {
        remove_folder(&self.data.join("quarantine").join(id))?;
        Ok(self.store.drop_quarantine(id).await?)
    }
}

/// The last day it was to be kept, when that is over.
fn due(recording: &Recording, today: Date) -> Result<Option<(Date, crate::retention::Anchor)>, SweepError> {
    let approved = match recording.state {
        State::Approved { day } => Some(day),
        State::Receiving | State::Kept => None,
        // On its way already.
        State::Due | State::Destroying | State::Destroyed => return Ok(None),
    };
    let facts = Facts { started: berlin_day(recording.started_ms), approved };
    match decide(&Rule::named(&recording.rule)?, &facts, today) {
        Verdict::Keep { .. } => Ok(None),
        Verdict::Destroy { last, anchor } => Ok(Some((last, anchor))),
    }
}

fn remove_folder(path: &Path) -> Result<(), SweepError> {
    match std::fs::remove_dir_all(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(SweepError::Io { what: path.display().to_string(), source }),
    }
}

#[cfg(test)]
mod tests;
