//! Table `gaps`: what could not be kept, with its reason.
//!
//! Not here: which of them a clerk is told (`desk::stretches`).

use spool::id::{EpochId, RecordingId, Slot, TrackId};

use super::{Store, StoreError, Tx, get, get_slot, query, read, slot};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// `None`, an empty text in the table, where a yes found no key and so made no track.
    pub track: Option<TrackId>,
    pub epoch: EpochId,
    pub from: Slot,
    /// Exclusive.
    pub until: Slot,
    /// The word of `spool::line::GapReason`, for example `bleed`.
    pub reason: String,
}

impl Store {
    pub async fn gaps(&self, recording: RecordingId) -> Result<Vec<Gap>, StoreError> {
        let sql = "SELECT * FROM gaps WHERE recording = $1 ORDER BY track, epoch, from_slot";
        let rows = sqlx::query(sql).bind(recording.to_string()).fetch_all(&self.pool).await.map_err(query("gaps"))?;
        let gap = |row| {
            Ok(Gap {
                track: if get::<String>(row, T, "track")?.is_empty() { None } else { Some(read(row, T, "track")?) },
                epoch: read(row, T, "epoch")?,
                from: get_slot(row, T, "from_slot")?,
                until: get_slot(row, T, "until_slot")?,
                reason: get(row, T, "reason")?,
            })
        };
        rows.iter().map(gap).collect()
    }
}

impl Tx {
    pub async fn add_gap(&mut self, recording: RecordingId, gap: &Gap) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO gaps (recording, track, epoch, from_slot, until_slot, reason) VALUES ($1, $2, $3, $4, $5, $6)";
        sqlx::query(sql)
            .bind(recording.to_string())
            .bind(gap.track.map(|track| track.to_string()).unwrap_or_default())
            .bind(gap.epoch.to_string())
            .bind(slot(gap.from))
            .bind(slot(gap.until))
            .bind(&gap.reason)
            .execute(&mut *self.inner)
            .await
            .map_err(query("add gap"))?;
        Ok(())
    }

    /// An erased voice leaves one neutral gap, not the shape of its pauses.
    pub async fn drop_gaps(&mut self, track: TrackId) -> Result<(), StoreError> {
        let done = sqlx::query("DELETE FROM gaps WHERE track = $1").bind(track.to_string());
        done.execute(&mut *self.inner).await.map_err(query("drop gaps"))?;
        Ok(())
    }
}

const T: &str = "gaps";
