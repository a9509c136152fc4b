//! One recording's end: keys, envelopes, objects, emptiness by listing, proof, tombstone; each step repeatable.
//!
//! [`Sweep::begin`] writes down what there is and destroys the private halves in the same transaction; from then on there
//! is no way back. [`Sweep::finish`] goes on from there as often as it takes.
//!
//! Not here: whether it is due (`retention`).

use std::path::Path;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use spool::id::RecordingId;

use super::{Sweep, SweepError, World};
use crate::evidence::{Deed, hex};
use crate::recording::{Event, Mover};
use crate::retention::{Anchor, berlin_day};
use crate::store::proofs::Proof;
use crate::store::recordings::Recording;
use crate::store::tombstones::Tombstone;
use crate::vault::{keys, object_prefix};
use crate::verify::{ExportLine, SpoolLine, Statement, StoreLine, VERSION, sign};

/// What there was when the destruction began: the proof's counts and hashes, after the rows are gone.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Manifest {
    anchor: String,
    approved_day: Option<String>,
    last_day: String,
    began_ms: i64,
    tracks: u64,
    envelopes: u64,
    bytes: u64,
    objects: Vec<String>,
    sealed_keys: Vec<String>,
    exports: Vec<ExportLine>,
    quarantined: u64,
}

impl Sweep {
    /// Its term has passed: the private halves die now.
    pub(super) async fn begin(
        &self,
        of: &Recording,
        last: Date,
        anchor: Anchor,
        world: &World,
    ) -> Result<(), SweepError> {
        let apart = self.store.quarantines().await?.iter().filter(|q| q.recording == Some(of.id)).count();
        let object = of.id.to_string();
        let deed = |kind: &'static str| Deed {
            kind,
            by: "archive",
            role: "archive",
            object: &object,
            purpose: None,
            detail: Some(anchor.word()),
        };
        let mut tx = self.store.begin().await?;
        tx.move_recording(of.id, Event::TermPassed, Mover::Sweeper).await?;
        tx.audit(&deed("term_passed"), Some(of.id), world.now_ms).await?;
        tx.move_recording(of.id, Event::DestructionBegan, Mover::Sweeper).await?;
        let tracks = tx.tracks(of.id).await?;
        let objects = tx.all_objects(of.id).await?;
        let mut hashes: Vec<String> = objects.iter().map(|object| object.sha256.clone()).collect();
        hashes.sort();
        let export = |export: crate::store::exports::Export| ExportLine { at_ms: export.at_ms, id: export.id };
        let mut manifest = Manifest {
            anchor: anchor.word().to_owned(),
            approved_day: tx.approved_day(of.id).await?,
            last_day: last.to_string(),
            began_ms: world.now_ms,
            tracks: tracks.len() as u64,
            envelopes: 0,
            bytes: objects.iter().map(|object| object.bytes).sum(),
            objects: hashes,
            sealed_keys: tx.sealed_hashes(of.id).await?,
            exports: tx.exports(of.id).await?.into_iter().map(export).collect(),
            quarantined: apart as u64,
        };
        for track in &tracks {
            tx.destroy_key(track.track, world.now_ms).await?;
        }
        manifest.envelopes = tx.drop_all_envelopes(of.id).await?;
        let text = serde_json::to_string(&manifest).map_err(|_| SweepError::Manifest(object.clone()))?;
        tx.begin_destruction(of.id, world.now_ms, &text).await?;
        tx.audit(&deed("keys_destroyed"), Some(of.id), world.now_ms).await?;
        tx.commit().await?;
        Ok(self.store.forget_log().await?)
    }

    /// Everything after the keys. Repeatable.
    pub(super) async fn finish(&self, id: RecordingId, world: &World) -> Result<(), SweepError> {
        let begun = self.store.destructions().await?.into_iter().find(|(recording, _)| *recording == id);
        let Some((_, manifest)) = begun else { return Ok(()) };
        let manifest: Manifest = serde_json::from_str(&manifest).map_err(|_| SweepError::Manifest(id.to_string()))?;
        let recording = self.store.recording(id).await?;
        let recording = recording.ok_or(crate::store::StoreError::Missing("recording being destroyed"))?;
        self.empty_store(id).await?;
        for quarantine in self.store.quarantines().await? {
            if quarantine.recording == Some(id) {
                self.drop_quarantine(&quarantine.id).await?;
            }
        }
        let spools = spools_without(id, world)?;
        let proof = self.proof(&recording, &manifest, spools, world.now_ms).await?;
        let mut tx = self.store.begin().await?;
        tx.move_recording(id, Event::EmptinessProven, Mover::Sweeper).await?;
        tx.add_proof(&proof).await?;
        tx.add_tombstone(&tombstone(&recording, &manifest, &proof)).await?;
        tx.drop_orders(id).await?;
        tx.strip_recording(id).await?;
        let object = id.to_string();
        let deed = Deed {
            kind: "destroyed",
            by: "archive",
            role: "archive",
            object: &object,
            purpose: None,
            detail: Some(&proof.sha256),
        };
        tx.audit(&deed, Some(id), world.now_ms).await?;
        tx.commit().await?;
        self.store.forget_log().await?;
        self.write_proof(&proof)
    }

    /// The file beside the row; written again when it is not there.
    pub(super) fn write_proof(&self, proof: &Proof) -> Result<(), SweepError> {
        let path = self.data.join("proofs").join(format!("{}.json", proof.recording));
        if path.exists() {
            return Ok(());
        }
        Ok(keys::write(&path, proof.text.as_bytes())?)
    }

    async fn empty_store(&self, id: RecordingId) -> Result<(), SweepError> {
        let prefix = object_prefix(id);
        for name in self.vault.list(&prefix).await? {
            self.vault.delete_all_versions(&name).await?;
        }
        match self.vault.list(&prefix).await?.into_iter().next() {
            Some(name) => Err(SweepError::NotEmpty(name)),
            None => Ok(()),
        }
    }

    async fn proof(
        &self,
        of: &Recording,
        was: &Manifest,
        spools: Vec<SpoolLine>,
        now_ms: i64,
    ) -> Result<Proof, SweepError> {
        let statement = Statement {
            anchor: was.anchor.clone(),
            approved_day: was.approved_day.clone(),
            backups: "none known".to_owned(),
            began_ms: was.began_ms,
            emptied_ms: now_ms,
            envelopes: was.envelopes,
            exports: was.exports.clone(),
            key: String::new(),
            last_day: was.last_day.clone(),
            mebibytes: was.bytes.div_ceil(1 << 20),
            meeting: of.meeting.to_string(),
            objects: was.objects.clone(),
            previous: self.store.latest_proof().await?.map(|proof| proof.sha256),
            quarantined: was.quarantined,
            recording: of.id.to_string(),
            rule: of.rule.clone(),
            rule_hash: of.rule_hash.clone(),
            sealed_keys: was.sealed_keys.clone(),
            spools,
            started_day: berlin_day(of.started_ms).to_string(),
            store: StoreLine {
                bucket: self.vault.bucket().to_owned(),
                endpoint: self.vault.endpoint().to_owned(),
                listing: "empty".to_owned(),
            },
            tracks: was.tracks,
            version: VERSION,
        };
        let text = sign(statement, self.keys.signing());
        Ok(Proof { recording: of.id, sha256: hex(&Sha256::digest(text.as_bytes())), text, signed_ms: now_ms })
    }
}

fn tombstone(of: &Recording, was: &Manifest, proof: &Proof) -> Tombstone {
    Tombstone {
        recording: of.id,
        meeting: of.meeting,
        started_day: berlin_day(of.started_ms).to_string(),
        destroyed_ms: proof.signed_ms,
        tracks: i64::try_from(was.tracks).unwrap_or(i64::MAX),
        objects: i64::try_from(was.objects.len()).unwrap_or(i64::MAX),
        proof_sha256: proof.sha256.clone(),
    }
}

/// Nothing of it may wait in a spool we can see: it would be taken for a recording of its own or lie there until its day.
fn spools_without(id: RecordingId, world: &World) -> Result<Vec<SpoolLine>, SweepError> {
    let mut lines = Vec::new();
    for (gateway, spool) in &world.spools {
        let mut seen = false;
        for part in ["open", "ready", "orders"] {
            if let Some(name) = first_of(&spool.join(part), id, &mut seen)? {
                return Err(SweepError::InSpool(name));
            }
        }
        let state = if seen { "empty" } else { "not_seen" };
        lines.push(SpoolLine { gateway: gateway.to_string(), state: state.to_owned() });
    }
    Ok(lines)
}

fn first_of(folder: &Path, id: RecordingId, seen: &mut bool) -> Result<Option<String>, SweepError> {
    let wrong = |source| SweepError::Io { what: folder.display().to_string(), source };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(wrong(source)),
    };
    *seen = true;
    let start = format!("{id}.");
    for entry in entries {
        let name = entry.map_err(wrong)?.file_name().to_string_lossy().into_owned();
        if name.starts_with(&start) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}
