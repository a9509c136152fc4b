//! Table `orders`: what callers ordered, and whether nothing was left of it.
//!
//! Not here: carrying one out (`intake`).

use spool::id::{RecordingId, TrackId};
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError, Tx, get, query, read};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub name: String,
    pub recording: RecordingId,
    /// Erase; else the caller said: keep.
    pub erase: bool,
    pub tracks: Vec<TrackId>,
    pub ordered_ms: i64,
    pub applied_ms: i64,
    /// When a listing of the store showed that nothing of the tracks is left.
    pub emptied_ms: Option<i64>,
    pub destroy_by_ms: i64,
}

impl Store {
    pub async fn order(&self, name: &str) -> Result<Option<Order>, StoreError> {
        let row = sqlx::query("SELECT * FROM orders WHERE name = $1").bind(name).fetch_optional(&self.pool).await;
        row.map_err(query("order"))?.as_ref().map(order).transpose()
    }

    /// Erase orders whose tracks were not yet shown to be gone from the store.
    pub async fn open_orders(&self) -> Result<Vec<Order>, StoreError> {
        let sql = "SELECT * FROM orders WHERE decision = 'erase' AND emptied_ms IS NULL ORDER BY applied_ms";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await;
        rows.map_err(query("open orders"))?.iter().map(order).collect()
    }

    pub async fn order_emptied(&self, name: &str, now_ms: i64) -> Result<(), StoreError> {
        let sql = "UPDATE orders SET emptied_ms = $2 WHERE name = $1 AND emptied_ms IS NULL";
        sqlx::query(sql).bind(name).bind(now_ms).execute(&self.pool).await.map_err(query("order emptied"))?;
        Ok(())
    }
}

impl Tx {
    /// Every track of a recording that was ordered erased.
    pub async fn erased_by_order(&mut self, recording: RecordingId) -> Result<Vec<TrackId>, StoreError> {
        let sql = "SELECT * FROM orders WHERE recording = $1 AND decision = 'erase'";
        let rows = sqlx::query(sql).bind(recording.to_string()).fetch_all(&mut *self.inner).await;
        let orders: Result<Vec<Order>, StoreError> = rows.map_err(query("orders"))?.iter().map(order).collect();
        Ok(orders?.into_iter().flat_map(|order| order.tracks).collect())
    }

    /// Adds an order unless it is there; the answer is whether it is new.
    pub async fn add_order(&mut self, order: &Order) -> Result<bool, StoreError> {
        let tracks: Vec<String> = order.tracks.iter().map(ToString::to_string).collect();
        let done = sqlx::query(
            "INSERT INTO orders (name, recording, decision, tracks, ordered_ms, applied_ms, emptied_ms, destroy_by_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) DO NOTHING",
        )
        .bind(&order.name)
        .bind(order.recording.to_string())
        .bind(if order.erase { "erase" } else { "keep" })
        .bind(tracks.join(" "))
        .bind(order.ordered_ms)
        .bind(order.applied_ms)
        .bind(order.emptied_ms)
        .bind(order.destroy_by_ms)
        .execute(&mut *self.inner)
        .await
        .map_err(query("add order"))?;
        Ok(done.rows_affected() == 1)
    }

    /// Orders of a recording that is gone have nothing left to erase.
    pub async fn drop_orders(&mut self, recording: RecordingId) -> Result<(), StoreError> {
        let done = sqlx::query("DELETE FROM orders WHERE recording = $1").bind(recording.to_string());
        done.execute(&mut *self.inner).await.map_err(query("drop orders"))?;
        Ok(())
    }
}

fn order(row: &SqliteRow) -> Result<Order, StoreError> {
    let tracks: String = get(row, T, "tracks")?;
    let decision: String = get(row, T, "decision")?;
    let wrong = |_| StoreError::Row { table: T, column: "tracks" };
    Ok(Order {
        name: get(row, T, "name")?,
        recording: read(row, T, "recording")?,
        erase: decision == "erase",
        tracks: tracks.split_whitespace().map(str::parse).collect::<Result<_, _>>().map_err(wrong)?,
        ordered_ms: get(row, T, "ordered_ms")?,
        applied_ms: get(row, T, "applied_ms")?,
        emptied_ms: get(row, T, "emptied_ms")?,
        destroy_by_ms: get(row, T, "destroy_by_ms")?,
    })
}

const T: &str = "orders";
