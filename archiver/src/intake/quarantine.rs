//! What did not verify, apart in `quarantine/` with its reason and its end; never opened, never played.
//!
//! Copied whole and renamed in one step, so that a folder there is complete; then the gateway may delete its own.
//!
//! Not here: deleting it at its end (`sweep`).

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use spool::id::TrackId;
use spool::name::FileName;

use super::{Intake, IntakeError, Taken, blocking, plain};
use crate::store::quarantines::Quarantine;

/// `reason.json` in the folder: readable without the database.
#[derive(Serialize)]
struct Reason<'a> {
    name: &'a str,
    reason: &'a str,
    at_ms: i64,
    destroy_by_ms: i64,
    /// Else it was too large, and nothing of it is kept but this.
    whole: bool,
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
        let (source, target) = (from.to_owned(), self.data.join("quarantine").join(&id));
        let (of, said) = (name.to_owned(), why.to_owned());
        // What lies there may be anything: off the threads that answer everybody else.
        let copied = blocking(move || {
            let destroy_by_ms = end_of(&source, now_ms);
            let reason = Reason { name: &of, reason: &said, at_ms: now_ms, destroy_by_ms, whole: true };
            copy(&source, track, &target, reason).map(|()| destroy_by_ms)
        });
        let wrong = |source| IntakeError::Io { what: format!("the quarantine of {name}"), source };
        let destroy_by_ms = copied.await?.map_err(wrong)?;
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
    let head = if is_folder(from) { from.join(FileName::Media.to_string()) } else { from.to_owned() };
    let bytes = plain::start_of(&head, MOST_HEAD_BYTES).ok().flatten().unwrap_or_default();
    let end = bytes.split(|byte| *byte == b'\n').next().and_then(|line| serde_json::from_slice::<End>(line).ok());
    end.map_or(now_ms + MONTH_MS, |end| end.destroy_by_ms.clamp(now_ms, now_ms + 6 * MONTH_MS))
}

fn copy(from: &Path, track: Option<TrackId>, target: &Path, mut reason: Reason<'_>) -> io::Result<()> {
    if target.exists() {
        return Ok(());
    }
    let aside = aside(target);
    empty_folder(&aside)?;
    if !copy_files(&files_of(from, track)?, &aside)? {
        reason.whole = false;
        empty_folder(&aside)?;
    }
    let note = aside.join("reason.json");
    fs::write(&note, serde_json::to_vec(&reason)?)?;
    fs::File::open(&note)?.sync_all()?;
    fs::File::open(&aside)?.sync_all()?;
    fs::rename(&aside, target)?;
    target.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}

fn files_of(from: &Path, track: Option<TrackId>) -> io::Result<Vec<PathBuf>> {
    Ok(match track {
        Some(track) => {
            vec![from.join(FileName::Voice(track).to_string()), from.join(FileName::Keys(track).to_string())]
        }
        None if is_folder(from) => {
            fs::read_dir(from)?.take(MOST_FILES + 1).map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?
        }
        None => vec![from.to_owned()],
    })
}

/// Plain files only: a link would lead out of the spool. The answer is whether all of it may be kept.
fn copy_files(files: &[PathBuf], into: &Path) -> io::Result<bool> {
    if files.len() > MOST_FILES {
        return Ok(false);
    }
    let mut left = MOST_BYTES;
    for path in files {
        let Some((file, length)) = plain::open(path)? else { continue };
        if length > left {
            return Ok(false);
        }
        let mut copy = fs::File::create_new(into.join(path.file_name().unwrap_or_default()))?;
        // It may grow while it is copied.
        let copied = io::copy(&mut file.take(left + 1), &mut copy)?;
        match left.checked_sub(copied) {
            Some(rest) => left = rest,
            None => return Ok(false),
        }
        copy.sync_all()?;
    }
    Ok(true)
}

fn empty_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    fs::create_dir_all(path)
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

fn aside(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".new-{name}"))
}

const MONTH_MS: i64 = 30 * 24 * 3_600_000;
/// A head is one line of a journal.
const MOST_HEAD_BYTES: u64 = 64 << 10;
/// More than a whole chunk of a full house; whatever is larger was not made by a gateway.
const MOST_BYTES: u64 = 512 << 20;
const MOST_FILES: usize = 8192;
