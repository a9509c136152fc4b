//! Table `clocks`: which slot of which epoch was when, and how sure that is.
//!
//! Not here: drawing time between two readings (`sound::timeline`).

use spool::id::{EpochId, RecordingId, Slot};

use super::{Store, StoreError, Tx, get, get_slot, query, read, slot};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    pub epoch: EpochId,
    pub slot: Slot,
    pub utc_ms: i64,
    pub ntp: bool,
    pub offset_us: i64,
    pub error_us: i64,
}

impl Store {
    /// By epoch and slot.
    pub async fn clocks(&self, recording: RecordingId) -> Result<Vec<Clock>, StoreError> {
        let sql = "SELECT * FROM clocks WHERE recording = $1 ORDER BY utc_ms, epoch, slot";
        let rows = sqlx::query(sql).bind(recording.to_string()).fetch_all(&self.pool).await.map_err(query("clocks"))?;
        let clock = |row| {
            Ok(Clock {
                epoch: read(row, T, "epoch")?,
                slot: get_slot(row, T, "slot")?,
                utc_ms: get(row, T, "utc_ms")?,
                ntp: get(row, T, "ntp")?,
                offset_us: get(row, T, "offset_us")?,
                error_us: get(row, T, "error_us")?,
            })
        };
        rows.iter().map(clock).collect()
    }
}

impl Tx {
    pub async fn add_clock(&mut self, recording: RecordingId, clock: &Clock) -> Result<(), StoreError> {
        let sql = "INSERT INTO clocks (recording, epoch, slot, utc_ms, ntp, offset_us, error_us)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        sqlx::query(sql)
            .bind(recording.to_string())
            .bind(clock.epoch.to_string())
            .bind(slot(clock.slot))
            .bind(clock.utc_ms)
            .bind(clock.ntp)
            .bind(clock.offset_us)
            .bind(clock.error_us)
            .execute(&mut *self.inner)
            .await
            .map_err(query("add clock"))?;
        Ok(())
    }
}

const T: &str = "clocks";
