//! Table `seats`: who was there, as a number and a kind; never who telephoned.
//!
//! Not here: what a seat said (`tracks`), and its acts of consent (`evidence`).

use spool::id::{RecordingId, SeatNo};

use super::{Store, StoreError, Tx, get, query};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    pub seat: SeatNo,
    /// `telephone`, `web` or `shared`.
    pub kind: String,
}

impl Store {
    pub async fn seats(&self, recording: RecordingId) -> Result<Vec<Seat>, StoreError> {
        let rows = sqlx::query("SELECT seat, kind FROM seats WHERE recording = $1 ORDER BY seat")
            .bind(recording.to_string())
            .fetch_all(&self.pool)
            .await
            .map_err(query("seats"))?;
        let seat = |row| Ok(Seat { seat: SeatNo(get(row, "seats", "seat")?), kind: get(row, "seats", "kind")? });
        rows.iter().map(seat).collect()
    }
}

impl Tx {
    pub async fn add_seat(&mut self, recording: RecordingId, seat: SeatNo, kind: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO seats (recording, seat, kind) VALUES ($1, $2, $3)
                   ON CONFLICT (recording, seat) DO UPDATE SET kind = excluded.kind";
        let done = sqlx::query(sql).bind(recording.to_string()).bind(seat.0).bind(kind).execute(&mut *self.inner).await;
        done.map_err(query("add seat"))?;
        Ok(())
    }
}
