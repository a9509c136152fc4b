//! Table `gateways`: whose signatures are trusted, pinned at the first pairing.
//!
//! Not here: talking to a gateway (`crate::gateways`), and pairing (`io::link`).

use spool::id::GatewayId;
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError, get, query, read};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    pub id: GatewayId,
    /// Public half of its signing key, hexadecimal.
    pub signing_key: String,
    pub socket: String,
    /// Its spool on this machine.
    pub spool: String,
    pub paired_ms: i64,
}

impl Store {
    pub async fn gateways(&self) -> Result<Vec<Gateway>, StoreError> {
        let rows = sqlx::query("SELECT * FROM gateways ORDER BY id").fetch_all(&self.pool).await;
        rows.map_err(query("gateways"))?.iter().map(gateway).collect()
    }

    /// Pins a gateway's key, or notes where a known one is now. A key once pinned is never replaced here.
    pub async fn pair(&self, gateway: &Gateway) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO gateways (id, signing_key, socket, spool, paired_ms) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO UPDATE SET socket = excluded.socket, spool = excluded.spool",
        )
        .bind(gateway.id.to_string())
        .bind(&gateway.signing_key)
        .bind(&gateway.socket)
        .bind(&gateway.spool)
        .bind(gateway.paired_ms)
        .execute(&self.pool)
        .await
        .map_err(query("pair"))?;
        Ok(())
    }
}

fn gateway(row: &SqliteRow) -> Result<Gateway, StoreError> {
    Ok(Gateway {
        id: read(row, T, "id")?,
        signing_key: get(row, T, "signing_key")?,
        socket: get(row, T, "socket")?,
        spool: get(row, T, "spool")?,
        paired_ms: get(row, T, "paired_ms")?,
    })
}

const T: &str = "gateways";
