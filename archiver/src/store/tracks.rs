//! Table `tracks`: one voice under one permit, over all chunks it runs through.
//!
//! Not here: its sound (`objects`), and its key (`track_keys`).

use spool::id::{EpochId, RecordingId, SeatNo, Slot, TrackId};
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError, Tx, get, get_slot, query, read, slot};
use crate::recording::TrackState;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    pub track: TrackId,
    pub recording: RecordingId,
    pub seat: SeatNo,
    /// A permit never outlives the process that granted it: one epoch a track.
    pub epoch: EpochId,
    pub from: Slot,
    /// First slot no longer permitted; `None` while the permit lasts.
    pub until: Option<Slot>,
    pub state: TrackState,
    pub erased_ms: Option<i64>,
}

impl Store {
    /// The voices of a recording by seat and time, erased ones too: playback shows those as a neutral gap.
    pub async fn tracks(&self, recording: RecordingId) -> Result<Vec<Track>, StoreError> {
        let sql = "SELECT * FROM tracks WHERE recording = $1 ORDER BY seat, from_slot, track";
        let rows = sqlx::query(sql).bind(recording.to_string()).fetch_all(&self.pool).await;
        rows.map_err(query("tracks"))?.iter().map(track).collect()
    }

    pub async fn track(&self, id: TrackId) -> Result<Option<Track>, StoreError> {
        let row = sqlx::query("SELECT * FROM tracks WHERE track = $1").bind(id.to_string());
        row.fetch_optional(&self.pool).await.map_err(query("track"))?.as_ref().map(track).transpose()
    }
}

impl Tx {
    pub async fn tracks(&mut self, recording: RecordingId) -> Result<Vec<Track>, StoreError> {
        let sql = "SELECT * FROM tracks WHERE recording = $1 ORDER BY seat, from_slot, track";
        let rows = sqlx::query(sql).bind(recording.to_string()).fetch_all(&mut *self.inner).await;
        rows.map_err(query("tracks"))?.iter().map(track).collect()
    }

    /// Adds a voice, or what a later chunk says of it. What is erased or quarantined stays so.
    pub async fn note_track(&mut self, track: &Track) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO tracks (track, recording, seat, epoch, from_slot, until_slot, state, erased_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (track) DO UPDATE SET until_slot = COALESCE(excluded.until_slot, until_slot),
                 state = CASE WHEN state = 'living' THEN excluded.state ELSE state END,
                 erased_ms = COALESCE(erased_ms, excluded.erased_ms)",
        )
        .bind(track.track.to_string())
        .bind(track.recording.to_string())
        .bind(track.seat.0)
        .bind(track.epoch.to_string())
        .bind(slot(track.from))
        .bind(track.until.map(slot))
        .bind(track.state.word())
        .bind(track.erased_ms)
        .execute(&mut *self.inner)
        .await
        .map_err(query("note track"))?;
        Ok(())
    }

    /// The permit of a voice that is known ended there.
    pub async fn end_track(&mut self, id: TrackId, until: Slot) -> Result<(), StoreError> {
        let sql = "UPDATE tracks SET until_slot = $2 WHERE track = $1";
        let done = sqlx::query(sql).bind(id.to_string()).bind(slot(until)).execute(&mut *self.inner).await;
        done.map_err(query("end track"))?;
        Ok(())
    }

    /// A voice that is known is erased; how long it was permitted stays, what was said does not. Repeatable.
    pub async fn erase_track(&mut self, id: TrackId, now_ms: i64) -> Result<(), StoreError> {
        let sql = "UPDATE tracks SET state = 'erased', erased_ms = COALESCE(erased_ms, $2) WHERE track = $1";
        let done = sqlx::query(sql).bind(id.to_string()).bind(now_ms).execute(&mut *self.inner).await;
        done.map_err(query("erase track"))?;
        Ok(())
    }
}

fn track(row: &SqliteRow) -> Result<Track, StoreError> {
    let until: Option<i64> = get(row, T, "until_slot")?;
    let word: String = get(row, T, "state")?;
    Ok(Track {
        track: read(row, T, "track")?,
        recording: read(row, T, "recording")?,
        seat: SeatNo(get(row, T, "seat")?),
        epoch: read(row, T, "epoch")?,
        from: get_slot(row, T, "from_slot")?,
        until: until.and_then(|slot| u64::try_from(slot).ok()).map(Slot),
        state: TrackState::from_word(&word).ok_or(StoreError::Row { table: T, column: "state" })?,
        erased_ms: get(row, T, "erased_ms")?,
    })
}

const T: &str = "tracks";
