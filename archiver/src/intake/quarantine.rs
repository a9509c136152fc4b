//! What did not verify, apart in `quarantine/` with its reason and its end; never opened, never played.
//!
//! Copied whole and renamed in one step, so that a folder there is complete; then the gateway may delete its own.
//!
//! Not here: deleting it at its end (`sweep`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use spool::id::TrackId;
use spool::name::FileName;

use super::{Intake, IntakeError, Taken, blocking};
use crate::store::quarantines::Quarantine;

/// `reason.json` in the folder: readable without the database.
#[derive(Serialize)]
struct Reason<'a> {
    name: &'a str,
    reason: &'a str,
    at_ms: i64,
    destroy_by_ms: i64,
}

impl Intake {
    /// Keeps a chunk, an order, or one voice of a chunk apart. Repeatable.
    pub(super) async fn keep_apart(
        &self,
        from: &Path,
        name: &str,
        track: Option<TrackId>,
        why: &str,
        now_ms: i64,
    ) -> Result<Taken, IntakeError> {
        let id = track.map_or_else(|| name.to_owned(), |track| format!("{name}.{track}"));
        let destroy_by_ms = end_of(from, now_ms);
        let reason = Reason { name, reason: why, at_ms: now_ms, destroy_by_ms };
        let reason = serde_json::to_vec(&reason).unwrap_or_default();
        let (source, target) = (from.to_owned(), self.data.join("quarantine").join(&id));
        let copied = blocking(move || copy(&source, track, &target, &reason)).await?;
        copied.map_err(|source| IntakeError::Io { what: format!("the quarantine of {name}"), source })?;
        // The first part of every name in a spool is its recording.
        let recording = name.split('.').next().and_then(|id| id.parse().ok());
        let row = Quarantine {
            id,
            name: name.to_owned(),
            recording,
            track,
            reason: why.to_owned(),
            at_ms: now_ms,
            destroy_by_ms,
        };
        self.store.add_quarantine(&row).await?;
        tracing::error!(name, why, "ALARM: kept apart in quarantine");
        Ok(Taken::Quarantined { why: why.to_owned() })
    }
}

/// What the head says, if it can be read, but never longer than any rule allows; a month when nothing can be read.
fn end_of(from: &Path, now_ms: i64) -> i64 {
    #[derive(Deserialize)]
    struct End {
        destroy_by_ms: i64,
    }
    let head = if from.is_dir() { from.join(FileName::Media.to_string()) } else { from.to_owned() };
    let text = fs::read_to_string(head).unwrap_or_default();
    let end = text.lines().next().and_then(|line| serde_json::from_str::<End>(line).ok());
    end.map_or(now_ms + MONTH_MS, |end| end.destroy_by_ms.clamp(now_ms, now_ms + 6 * MONTH_MS))
}

fn copy(from: &Path, track: Option<TrackId>, target: &Path, reason: &[u8]) -> io::Result<()> {
    if target.exists() {
        return Ok(());
    }
    let aside = aside(target);
    if aside.exists() {
        fs::remove_dir_all(&aside)?;
    }
    fs::create_dir_all(&aside)?;
    let files = match track {
        Some(track) => {
            vec![from.join(FileName::Voice(track).to_string()), from.join(FileName::Keys(track).to_string())]
        }
        None if from.is_dir() => fs::read_dir(from)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?,
        None => vec![from.to_owned()],
    };
    for file in files {
        // A link would lead out of the spool.
        if file.symlink_metadata()?.is_file() {
            let copy = aside.join(file.file_name().unwrap_or_default());
            fs::copy(&file, &copy)?;
            fs::File::open(&copy)?.sync_all()?;
        }
    }
    let note = aside.join("reason.json");
    fs::write(&note, reason)?;
    fs::File::open(&note)?.sync_all()?;
    fs::File::open(&aside)?.sync_all()?;
    fs::rename(&aside, target)?;
    target.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}

fn aside(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".new-{name}"))
}

const MONTH_MS: i64 = 30 * 24 * 3_600_000;
