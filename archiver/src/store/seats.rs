//! Table `seats`: who was there, as a number and a kind; never who telephoned.
//!
//! Not here: what a seat said (`tracks`), and its acts of consent (`evidence`).

use spool::id::{GatewayId, RecordingId, SeatNo};

use super::{Store, StoreError, Tx, get, query, read};

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

    /// At which gateway a seat is, as far as it was written down.
    pub async fn gateway_of_seat(&self, recording: RecordingId, seat: SeatNo) -> Result<Option<GatewayId>, StoreError> {
        let sql = "SELECT gateway FROM seats WHERE recording = $1 AND seat = $2 AND gateway IS NOT NULL";
        let row = sqlx::query(sql).bind(recording.to_string()).bind(seat.0).fetch_optional(&self.pool).await;
        row.map_err(query("gateway of seat"))?.map(|row| read(&row, "seats", "gateway")).transpose()
    }
}

impl Tx {
    pub async fn add_seat(
        &mut self,
        recording: RecordingId,
        seat: SeatNo,
        kind: &str,
        gateway: GatewayId,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO seats (recording, seat, kind, gateway) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (recording, seat) DO UPDATE SET kind = excluded.kind";
        let done = sqlx::query(sql)
            .bind(recording.to_string())
            .bind(seat.0)
            .bind(kind)
            .bind(gateway.to_string())
            .execute(&mut *self.inner)
            .await;
        done.map_err(query("add seat"))?;
        Ok(())
    }
}
