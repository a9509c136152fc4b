//! Table `exports`: what left the archive, so that it can be called back and the proof can list it.
//!
//! Not here: the files (`crate::export`), which nobody here can take back.

use spool::id::RecordingId;
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError, Tx, get, query, read};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// `exp-` and 16 hexadecimal digits.
    pub id: String,
    pub recording: RecordingId,
    /// Id of the person.
    pub person: String,
    pub purpose: String,
    pub at_ms: i64,
    /// How many files were written.
    pub files: u32,
}

impl Store {
    pub async fn exports(&self, recording: RecordingId) -> Result<Vec<Export>, StoreError> {
        let sql = "SELECT * FROM exports WHERE recording = $1 ORDER BY at_ms";
        let rows = sqlx::query(sql).bind(recording.to_string()).fetch_all(&self.pool).await;
        rows.map_err(query("exports"))?.iter().map(export).collect()
    }
}

impl Tx {
    pub async fn exports(&mut self, recording: RecordingId) -> Result<Vec<Export>, StoreError> {
        let sql = "SELECT * FROM exports WHERE recording = $1 ORDER BY at_ms";
        let rows = sqlx::query(sql).bind(recording.to_string()).fetch_all(&mut *self.inner).await;
        rows.map_err(query("exports"))?.iter().map(export).collect()
    }

    /// Written in the transaction of its audit event, before the first byte leaves.
    pub async fn add_export(&mut self, export: &Export) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO exports (id, recording, person, purpose, at_ms, files) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&export.id)
        .bind(export.recording.to_string())
        .bind(&export.person)
        .bind(&export.purpose)
        .bind(export.at_ms)
        .bind(export.files)
        .execute(&mut *self.inner)
        .await
        .map_err(query("add export"))?;
        Ok(())
    }
}

fn export(row: &SqliteRow) -> Result<Export, StoreError> {
    Ok(Export {
        id: get(row, T, "id")?,
        recording: read(row, T, "recording")?,
        person: get(row, T, "person")?,
        purpose: get(row, T, "purpose")?,
        at_ms: get(row, T, "at_ms")?,
        files: get(row, T, "files")?,
    })
}

const T: &str = "exports";
