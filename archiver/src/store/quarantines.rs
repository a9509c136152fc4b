//! Table `quarantines`: what did not verify, kept apart with its reason and its end.
//!
//! Not here: what was kept, which lies in a folder (`intake`).

use spool::id::{RecordingId, TrackId};
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError, get, query};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantine {
    /// Name of its folder in `quarantine/`.
    pub id: String,
    /// Name of the chunk or order.
    pub name: String,
    /// As far as it could be read.
    pub recording: Option<RecordingId>,
    /// When only one voice of a chunk is kept apart.
    pub track: Option<TrackId>,
    pub reason: String,
    pub at_ms: i64,
    pub destroy_by_ms: i64,
}

impl Store {
    pub async fn quarantines(&self) -> Result<Vec<Quarantine>, StoreError> {
        let rows = sqlx::query("SELECT * FROM quarantines ORDER BY at_ms").fetch_all(&self.pool).await;
        rows.map_err(query("quarantines"))?.iter().map(quarantine).collect()
    }

    pub async fn add_quarantine(&self, quarantine: &Quarantine) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO quarantines (id, name, recording, track, reason, at_ms, destroy_by_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
        )
        .bind(&quarantine.id)
        .bind(&quarantine.name)
        .bind(quarantine.recording.map(|id| id.to_string()))
        .bind(quarantine.track.map(|id| id.to_string()))
        .bind(&quarantine.reason)
        .bind(quarantine.at_ms)
        .bind(quarantine.destroy_by_ms)
        .execute(&self.pool)
        .await
        .map_err(query("add quarantine"))?;
        Ok(())
    }

    pub async fn drop_quarantine(&self, id: &str) -> Result<(), StoreError> {
        let done = sqlx::query("DELETE FROM quarantines WHERE id = $1").bind(id).execute(&self.pool).await;
        done.map_err(query("drop quarantine"))?;
        Ok(())
    }
}

fn quarantine(row: &SqliteRow) -> Result<Quarantine, StoreError> {
    let recording: Option<String> = get(row, T, "recording")?;
    let track: Option<String> = get(row, T, "track")?;
    Ok(Quarantine {
        id: get(row, T, "id")?,
        name: get(row, T, "name")?,
        recording: recording.and_then(|id| id.parse().ok()),
        track: track.and_then(|id| id.parse().ok()),
        reason: get(row, T, "reason")?,
        at_ms: get(row, T, "at_ms")?,
        destroy_by_ms: get(row, T, "destroy_by_ms")?,
    })
}

const T: &str = "quarantines";
