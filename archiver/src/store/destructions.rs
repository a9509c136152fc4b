//! Table `destructions`: what is being destroyed and what was there when it began, until the proof is signed.
//!
//! Not here: what is in the manifest, and carrying it out (`sweep::destroy`).

use spool::id::RecordingId;

use super::{Store, StoreError, Tx, get, query, read};

impl Store {
    /// Destructions that have begun and are not proven, with the manifest each began with.
    pub async fn destructions(&self) -> Result<Vec<(RecordingId, String)>, StoreError> {
        let rows =
            sqlx::query("SELECT recording, manifest FROM destructions ORDER BY began_ms").fetch_all(&self.pool).await;
        let rows = rows.map_err(query("destructions"))?;
        rows.iter().map(|row| Ok((read(row, T, "recording")?, get(row, T, "manifest")?))).collect()
    }
}

impl Tx {
    pub async fn begin_destruction(&mut self, id: RecordingId, now_ms: i64, manifest: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO destructions (recording, began_ms, manifest) VALUES ($1, $2, $3)
                   ON CONFLICT (recording) DO NOTHING";
        let done = sqlx::query(sql).bind(id.to_string()).bind(now_ms).bind(manifest).execute(&mut *self.inner).await;
        done.map_err(query("begin destruction"))?;
        Ok(())
    }
}

const T: &str = "destructions";
