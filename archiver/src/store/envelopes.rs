//! Table `envelopes`: the file key of each voice file, wrapped to its track's public half.
//!
//! Not here: unwrapping (`vault::keys`), which needs the private half (`track_keys`).

use spool::id::{RecordingId, TrackId};

use super::{Store, StoreError, Tx, get, query};

impl Store {
    /// JSON of `spool::keys::Envelope` of what one chunk holds of one track.
    pub async fn envelope(&self, chunk: &str, track: TrackId) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT envelope FROM envelopes WHERE chunk = $1 AND track = $2";
        let row = sqlx::query(sql).bind(chunk).bind(track.to_string()).fetch_optional(&self.pool).await;
        row.map_err(query("envelope"))?.map(|row| get(&row, "envelopes", "envelope")).transpose()
    }
}

impl Tx {
    pub async fn add_envelope(&mut self, chunk: &str, track: TrackId, envelope: &[u8]) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO envelopes (chunk, track, envelope) VALUES ($1, $2, $3) ON CONFLICT (chunk, track) DO NOTHING";
        let done = sqlx::query(sql).bind(chunk).bind(track.to_string()).bind(envelope).execute(&mut *self.inner).await;
        done.map_err(query("add envelope"))?;
        Ok(())
    }

    pub async fn drop_envelopes(&mut self, track: TrackId) -> Result<(), StoreError> {
        let done = sqlx::query("DELETE FROM envelopes WHERE track = $1").bind(track.to_string());
        done.execute(&mut *self.inner).await.map_err(query("drop envelopes"))?;
        Ok(())
    }

    /// The answer is how many there were.
    pub async fn drop_all_envelopes(&mut self, recording: RecordingId) -> Result<u64, StoreError> {
        let sql = "DELETE FROM envelopes WHERE chunk IN (SELECT name FROM chunks WHERE recording = $1)";
        let done = sqlx::query(sql).bind(recording.to_string()).execute(&mut *self.inner).await;
        Ok(done.map_err(query("drop envelopes"))?.rows_affected())
    }
}
