//! Table `tombstones`: what is left of a recording that was destroyed: ids, days, counts, its proof.
//!
//! Not here: the proof (`proofs`), and the evidence, which ends on days of its own.

use spool::id::{MeetingId, RecordingId};
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError, Tx, get, query, read};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    pub recording: RecordingId,
    pub meeting: MeetingId,
    /// Civil day in Berlin.
    pub started_day: String,
    pub destroyed_ms: i64,
    pub tracks: i64,
    pub objects: i64,
    pub proof_sha256: String,
}

impl Store {
    pub async fn tombstone(&self, recording: RecordingId) -> Result<Option<Tombstone>, StoreError> {
        let row = sqlx::query("SELECT * FROM tombstones WHERE recording = $1").bind(recording.to_string());
        row.fetch_optional(&self.pool).await.map_err(query("tombstone"))?.as_ref().map(tombstone).transpose()
    }
}

impl Tx {
    pub async fn add_tombstone(&mut self, stone: &Tombstone) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO tombstones (recording, meeting, started_day, destroyed_ms, tracks, objects, proof_sha256)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(stone.recording.to_string())
        .bind(stone.meeting.to_string())
        .bind(&stone.started_day)
        .bind(stone.destroyed_ms)
        .bind(stone.tracks)
        .bind(stone.objects)
        .bind(&stone.proof_sha256)
        .execute(&mut *self.inner)
        .await
        .map_err(query("add tombstone"))?;
        Ok(())
    }
}

fn tombstone(row: &SqliteRow) -> Result<Tombstone, StoreError> {
    Ok(Tombstone {
        recording: read(row, T, "recording")?,
        meeting: read(row, T, "meeting")?,
        started_day: get(row, T, "started_day")?,
        destroyed_ms: get(row, T, "destroyed_ms")?,
        tracks: get(row, T, "tracks")?,
        objects: get(row, T, "objects")?,
        proof_sha256: get(row, T, "proof_sha256")?,
    })
}

const T: &str = "tombstones";
