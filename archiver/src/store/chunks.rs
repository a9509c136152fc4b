//! Table `chunks`: what was taken in, each once by its hash.
//!
//! Not here: verifying a chunk (crate `spool`), and its voices (`objects`, `tracks`).

use spool::id::{EpochId, RecordingId, SectionId, Slot};
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError, Tx, get, get_slot, query, read, slot};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub name: String,
    /// Hash of its last line: what makes it this chunk and no other.
    pub hash: String,
    pub recording: RecordingId,
    pub section: SectionId,
    pub epoch: EpochId,
    pub number: u32,
    pub first: Slot,
    /// Exclusive.
    pub until: Slot,
    /// Closed by recovery: its end is missing.
    pub interrupted: bool,
    pub taken_ms: i64,
}

impl Store {
    /// The chunks of a recording in their order.
    pub async fn chunks(&self, recording: RecordingId) -> Result<Vec<Chunk>, StoreError> {
        let sql = "SELECT * FROM chunks WHERE recording = $1 ORDER BY number, name";
        let rows = sqlx::query(sql).bind(recording.to_string()).fetch_all(&self.pool).await;
        rows.map_err(query("chunks"))?.iter().map(chunk).collect()
    }

    pub async fn has_chunk(&self, hash: &str) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT 1 FROM chunks WHERE hash = $1").bind(hash).fetch_optional(&self.pool).await;
        Ok(row.map_err(query("has chunk"))?.is_some())
    }

    pub async fn has_chunk_named(&self, name: &str) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT 1 FROM chunks WHERE name = $1").bind(name).fetch_optional(&self.pool).await;
        Ok(row.map_err(query("has chunk"))?.is_some())
    }
}

impl Tx {
    /// Adds a chunk unless one of that hash is there; the answer is whether it is new.
    pub async fn add_chunk(&mut self, chunk: &Chunk) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO chunks (name, hash, recording, section, epoch, number, first_slot, until_slot, interrupted, taken_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (hash) DO NOTHING",
        )
        .bind(&chunk.name)
        .bind(&chunk.hash)
        .bind(chunk.recording.to_string())
        .bind(chunk.section.to_string())
        .bind(chunk.epoch.to_string())
        .bind(chunk.number)
        .bind(slot(chunk.first))
        .bind(slot(chunk.until))
        .bind(chunk.interrupted)
        .bind(chunk.taken_ms)
        .execute(&mut *self.inner)
        .await
        .map_err(query("add chunk"))?;
        Ok(done.rows_affected() == 1)
    }
}

fn chunk(row: &SqliteRow) -> Result<Chunk, StoreError> {
    Ok(Chunk {
        name: get(row, T, "name")?,
        hash: get(row, T, "hash")?,
        recording: read(row, T, "recording")?,
        section: read(row, T, "section")?,
        epoch: read(row, T, "epoch")?,
        number: get(row, T, "number")?,
        first: get_slot(row, T, "first_slot")?,
        until: get_slot(row, T, "until_slot")?,
        interrupted: get(row, T, "interrupted")?,
        taken_ms: get(row, T, "taken_ms")?,
    })
}

const T: &str = "chunks";
