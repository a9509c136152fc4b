//! Table `proofs`: signed records that every store this system knows was emptied.
//!
//! Not here: signing and checking (`verify`).

use spool::id::RecordingId;
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError, Tx, get, query, read};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    pub recording: RecordingId,
    /// Of `text`, hexadecimal.
    pub sha256: String,
    /// The file's text, as `archiver verify` reads it.
    pub text: String,
    pub signed_ms: i64,
}

impl Store {
    pub async fn proof(&self, recording: RecordingId) -> Result<Option<Proof>, StoreError> {
        let row = sqlx::query("SELECT * FROM proofs WHERE recording = $1").bind(recording.to_string());
        row.fetch_optional(&self.pool).await.map_err(query("proof"))?.as_ref().map(proof).transpose()
    }

    /// The proof signed last: the next one names its hash.
    pub async fn latest_proof(&self) -> Result<Option<Proof>, StoreError> {
        let sql = "SELECT * FROM proofs ORDER BY signed_ms DESC, recording DESC LIMIT 1";
        let row = sqlx::query(sql).fetch_optional(&self.pool).await;
        row.map_err(query("latest proof"))?.as_ref().map(proof).transpose()
    }
}

impl Tx {
    pub async fn add_proof(&mut self, proof: &Proof) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO proofs (recording, sha256, text, signed_ms) VALUES ($1, $2, $3, $4)")
            .bind(proof.recording.to_string())
            .bind(&proof.sha256)
            .bind(&proof.text)
            .bind(proof.signed_ms)
            .execute(&mut *self.inner)
            .await
            .map_err(query("add proof"))?;
        Ok(())
    }
}

fn proof(row: &SqliteRow) -> Result<Proof, StoreError> {
    Ok(Proof {
        recording: read(row, T, "recording")?,
        sha256: get(row, T, "sha256")?,
        text: get(row, T, "text")?,
        signed_ms: get(row, T, "signed_ms")?,
    })
}

const T: &str = "proofs";
