//! Tables `links` and `payloads`: the two chains of `crate::evidence`, and what may still be read beside them.
//!
//! Not here: how a link is made and a chain is checked (`crate::evidence`).

use spool::id::RecordingId;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError, Tx, get, query};
use crate::evidence::{Chain, Deed, Link, Payload, SALT_BYTES};

impl Store {
    /// Writes a deed into the audit chain and commits it. Call it **before** the first byte leaves.
    pub async fn audit(&self, deed: &Deed<'_>, recording: Option<RecordingId>, now_ms: i64) -> Result<i64, StoreError> {
        let mut tx = self.begin().await?;
        let seq = tx.audit(deed, recording, now_ms).await?;
        tx.commit().await?;
        Ok(seq)
    }

    /// A whole chain from its first link on, with the payloads that are still there: for `evidence::check`.
    pub async fn chain(&self, chain: Chain) -> Result<Vec<(Link, Option<Payload>)>, StoreError> {
        let sql =
            "SELECT l.*, p.salt, p.payload FROM links l LEFT JOIN payloads p ON p.chain = l.chain AND p.seq = l.seq
                   WHERE l.chain = $1 ORDER BY l.seq";
        let rows = sqlx::query(sql).bind(chain.word()).fetch_all(&self.pool).await.map_err(query("chain"))?;
        rows.iter().map(link_of).collect()
    }

    /// The acts of consent of a recording that may still be read, in the order of their chain.
    pub async fn acts(&self, recording: RecordingId) -> Result<Vec<(Link, Payload)>, StoreError> {
        let sql = "SELECT l.*, p.salt, p.payload FROM links l JOIN payloads p ON p.chain = l.chain AND p.seq = l.seq
                   WHERE l.chain = $1 AND p.recording = $2 ORDER BY l.seq";
        let rows = sqlx::query(sql).bind(Chain::Consent.word()).bind(recording.to_string()).fetch_all(&self.pool).await;
        let rows: Vec<_> = rows.map_err(query("acts"))?.iter().map(link_of).collect::<Result<_, _>>()?;
        Ok(rows.into_iter().filter_map(|(link, payload)| Some((link, payload?))).collect())
    }

    /// How many links of each kind still have a payload about `recording`.
    pub async fn count_links(&self, chain: Chain, recording: RecordingId) -> Result<Vec<(String, u64)>, StoreError> {
        let sql = "SELECT l.kind AS kind, COUNT(*) AS count FROM links l
                   JOIN payloads p ON p.chain = l.chain AND p.seq = l.seq
                   WHERE l.chain = $1 AND p.recording = $2 GROUP BY l.kind ORDER BY l.kind";
        let rows = sqlx::query(sql).bind(chain.word()).bind(recording.to_string()).fetch_all(&self.pool).await;
        let count = |row| {
            let count: i64 = get(row, "links", "count")?;
            Ok((get(row, "links", "kind")?, u64::try_from(count).unwrap_or(0)))
        };
        rows.map_err(query("count links"))?.iter().map(count).collect()
    }

    /// Payloads whose end has come go, with their salt; the links stay. The answer is how many went.
    pub async fn prune_payloads(&self, now_ms: i64) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM payloads WHERE ends_ms <= $1").bind(now_ms).execute(&self.pool).await;
        Ok(done.map_err(query("prune payloads"))?.rows_affected())
    }
}

impl Tx {
    /// The next link of the audit chain; its payload ends a year later.
    pub async fn audit(
        &mut self,
        deed: &Deed<'_>,
        recording: Option<RecordingId>,
        now_ms: i64,
    ) -> Result<i64, StoreError> {
        self.append(Chain::Audit, deed.kind, deed.text(), recording, now_ms, now_ms + AUDIT_KEPT_MS).await
    }

    /// The next link of the consent chain; `payload` is the act as the gateway wrote it.
    pub async fn consent(
        &mut self,
        kind: &str,
        payload: String,
        recording: RecordingId,
        now_ms: i64,
        ends_ms: i64,
    ) -> Result<i64, StoreError> {
        self.append(Chain::Consent, kind, payload, Some(recording), now_ms, ends_ms).await
    }

    async fn append(
        &mut self,
        chain: Chain,
        kind: &str,
        text: String,
        recording: Option<RecordingId>,
        now_ms: i64,
        ends_ms: i64,
    ) -> Result<i64, StoreError> {
        let sql = "SELECT seq, hash FROM links WHERE chain = $1 ORDER BY seq DESC LIMIT 1";
        let last = sqlx::query(sql).bind(chain.word()).fetch_optional(&mut *self.inner).await;
        let last = last.map_err(query("last link"))?;
        let last = last.map(|row| Ok::<_, sqlx::Error>((row.try_get::<i64, _>(0)?, row.try_get::<String, _>(1)?)));
        let last = last.transpose().map_err(query("last link"))?;
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(|_| StoreError::Missing("randomness"))?;
        let payload = Payload { salt, text };
        let link = Link::after(last.as_ref().map(|(seq, hash)| (*seq, hash.as_str())), chain, now_ms, kind, &payload);
        sqlx::query(
            "INSERT INTO links (chain, seq, prev, at_ms, kind, salted, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(chain.word())
        .bind(link.seq)
        .bind(&link.prev)
        .bind(link.at_ms)
        .bind(&link.kind)
        .bind(&link.salted)
        .bind(&link.hash)
        .execute(&mut *self.inner)
        .await
        .map_err(query("append link"))?;
        sqlx::query(
            "INSERT INTO payloads (chain, seq, recording, salt, payload, ends_ms) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(chain.word())
        .bind(link.seq)
        .bind(recording.map(|id| id.to_string()))
        .bind(payload.salt.as_slice())
        .bind(&payload.text)
        .bind(ends_ms)
        .execute(&mut *self.inner)
        .await
        .map_err(query("append payload"))?;
        Ok(link.seq)
    }
}

fn link_of(row: &SqliteRow) -> Result<(Link, Option<Payload>), StoreError> {
    let link = Link {
        seq: get(row, "links", "seq")?,
        prev: get(row, "links", "prev")?,
        at_ms: get(row, "links", "at_ms")?,
        kind: get(row, "links", "kind")?,
        salted: get(row, "links", "salted")?,
        hash: get(row, "links", "hash")?,
    };
    let salt: Option<Vec<u8>> = get(row, "payloads", "salt")?;
    let text: Option<String> = get(row, "payloads", "payload")?;
    let salt = salt.and_then(|salt| <[u8; SALT_BYTES]>::try_from(salt).ok());
    Ok((link, salt.zip(text).map(|(salt, text)| Payload { salt, text })))
}

/// Twelve months (access log).
const AUDIT_KEPT_MS: i64 = 365 * 24 * 3_600_000;
