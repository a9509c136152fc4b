//! Table `moments`: what happened to the record as a whole, for the player's line of time.
//!
//! Not here: what happened to one voice (`tracks`, `gaps`).

use spool::id::{EpochId, RecordingId, Slot};

use super::{Store, StoreError, Tx, get, get_slot, query, read, slot};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    pub epoch: EpochId,
    pub slot: Slot,
    /// `started`, `paused`, `resumed`, `stopped`, `marker`, `off_record_on`, `off_record_off` or `interrupted`.
    pub kind: String,
    /// The text id of a marker.
    pub detail: Option<String>,
}

impl Store {
    pub async fn moments(&self, recording: RecordingId) -> Result<Vec<Moment>, StoreError> {
        let sql = "SELECT * FROM moments WHERE recording = $1 ORDER BY epoch, slot";
        let rows =
            sqlx::query(sql).bind(recording.to_string()).fetch_all(&self.pool).await.map_err(query("moments"))?;
        let moment = |row| {
            Ok(Moment {
                epoch: read(row, T, "epoch")?,
                slot: get_slot(row, T, "slot")?,
                kind: get(row, T, "kind")?,
                detail: get(row, T, "detail")?,
            })
        };
        rows.iter().map(moment).collect()
    }
}

impl Tx {
    pub async fn add_moment(&mut self, recording: RecordingId, moment: &Moment) -> Result<(), StoreError> {
        let sql = "INSERT INTO moments (recording, epoch, slot, kind, detail) VALUES ($1, $2, $3, $4, $5)";
        sqlx::query(sql)
            .bind(recording.to_string())
            .bind(moment.epoch.to_string())
            .bind(slot(moment.slot))
            .bind(&moment.kind)
            .bind(&moment.detail)
            .execute(&mut *self.inner)
            .await
            .map_err(query("add moment"))?;
        Ok(())
    }
}

const T: &str = "moments";
