//! Table `track_keys`: a key pair a voice. The private half lies here, sealed to the archive key, until it is destroyed.
//!
//! The row outlives the key: a chunk that comes late is then known to be of a voice that is gone.
//!
//! Not here: minting and unsealing (`vault::keys`).

use spool::id::{GatewayId, MeetingId, RecordingId, SectionId, TrackId};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError, Tx, get, query, read};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackKey {
    pub track: TrackId,
    pub section: SectionId,
    /// Whose it is; `None`: nobody's yet, or of the days of a single gateway.
    pub gateway: Option<GatewayId>,
    /// JSON of `spool::keys::PublicKey`; empty once destroyed.
    pub public: Vec<u8>,
    /// JSON of `spool::keys::Sealed`; `None` once destroyed.
    pub sealed: Option<Vec<u8>>,
    /// SHA-256 of `sealed`, hexadecimal: what the proof names.
    pub sealed_hash: String,
    pub state: KeyState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Minted; nobody outside the archive has its public half.
    Unused,
    /// Its public half lies at a gateway.
    Issued,
    /// A voice is sealed to it.
    Used,
    Destroyed,
}

impl std::str::FromStr for KeyState {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        match word {
            "unused" => Ok(Self::Unused),
            "issued" => Ok(Self::Issued),
            "used" => Ok(Self::Used),
            "destroyed" => Ok(Self::Destroyed),
            _ => Err(()),
        }
    }
}

impl Store {
    pub async fn track_key(&self, track: TrackId) -> Result<Option<TrackKey>, StoreError> {
        let row = sqlx::query("SELECT * FROM track_keys WHERE track = $1").bind(track.to_string());
        row.fetch_optional(&self.pool).await.map_err(query("track key"))?.as_ref().map(track_key).transpose()
    }

    /// Which meeting a key was minted for: a voice sealed to the key of another meeting is foreign.
    pub async fn meeting_of_key(&self, track: TrackId) -> Result<Option<MeetingId>, StoreError> {
        let sql = "SELECT s.meeting FROM track_keys k JOIN sections s ON s.id = k.section WHERE k.track = $1";
        let row = sqlx::query(sql).bind(track.to_string()).fetch_optional(&self.pool).await;
        row.map_err(query("meeting of key"))?.map(|row| read(&row, "sections", "meeting")).transpose()
    }

    /// The gateways that a meeting's keys were minted for: those that may record it.
    pub async fn gateways_of(&self, meeting: MeetingId) -> Result<Vec<GatewayId>, StoreError> {
        let sql = "SELECT DISTINCT k.gateway FROM track_keys k JOIN sections s ON s.id = k.section
                   WHERE s.meeting = $1 AND k.gateway IS NOT NULL ORDER BY k.gateway";
        let rows = sqlx::query(sql).bind(meeting.to_string()).fetch_all(&self.pool).await;
        rows.map_err(query("gateways of meeting"))?.iter().map(|row| read(row, T, "gateway")).collect()
    }

    /// The public halves that no voice is sealed to yet, of a section and a gateway: what `put meeting` carries.
    pub async fn free_keys(&self, section: SectionId, gateway: GatewayId) -> Result<Vec<TrackKey>, StoreError> {
        let sql = "SELECT * FROM track_keys WHERE section = $1 AND gateway = $2 AND state IN ('unused', 'issued')
                   ORDER BY track";
        let rows = sqlx::query(sql).bind(section.to_string()).bind(gateway.to_string()).fetch_all(&self.pool).await;
        rows.map_err(query("free keys"))?.iter().map(track_key).collect()
    }

    /// The keys of a section that are nobody's are this gateway's from now on. One that lies at a gateway stays there.
    pub async fn claim_keys(&self, section: SectionId, gateway: GatewayId) -> Result<(), StoreError> {
        sqlx::query("UPDATE track_keys SET gateway = $2 WHERE section = $1 AND gateway IS NULL AND state = 'unused'")
            .bind(section.to_string())
            .bind(gateway.to_string())
            .execute(&self.pool)
            .await
            .map_err(query("claim keys"))?;
        Ok(())
    }

    pub async fn add_track_keys(&self, keys: &[TrackKey], now_ms: i64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for key in keys {
            sqlx::query(
                "INSERT INTO track_keys (track, section, public, sealed, sealed_hash, state, changed_ms, gateway)
                 VALUES ($1, $2, $3, $4, $5, 'unused', $6, $7)",
            )
            .bind(key.track.to_string())
            .bind(key.section.to_string())
            .bind(&key.public)
            .bind(&key.sealed)
            .bind(&key.sealed_hash)
            .bind(now_ms)
            .bind(key.gateway.map(|gateway| gateway.to_string()))
            .execute(&mut *tx.inner)
            .await
            .map_err(query("add track key"))?;
        }
        tx.commit().await
    }

    /// Every unused key of a section and a gateway now lies there.
    pub async fn issued_keys(&self, section: SectionId, gateway: GatewayId, now_ms: i64) -> Result<(), StoreError> {
        let sql = "UPDATE track_keys SET state = 'issued', changed_ms = $2
                   WHERE section = $1 AND gateway = $3 AND state = 'unused'";
        let row = sqlx::query(sql).bind(section.to_string()).bind(now_ms).bind(gateway.to_string());
        row.execute(&self.pool).await.map_err(query("issue keys"))?;
        Ok(())
    }
}

impl Tx {
    /// A voice is sealed to this key. A destroyed key stays destroyed: the answer is whether it lives.
    pub async fn use_key(&mut self, track: TrackId, now_ms: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE track_keys SET state = 'used', changed_ms = $2 WHERE track = $1 AND state <> 'destroyed'";
        let done = sqlx::query(sql).bind(track.to_string()).bind(now_ms).execute(&mut *self.inner).await;
        Ok(done.map_err(query("use key"))?.rows_affected() == 1)
    }

    /// Destroys a private half. Repeatable.
    pub async fn destroy_key(&mut self, track: TrackId, now_ms: i64) -> Result<(), StoreError> {
        let sql = "UPDATE track_keys SET sealed = NULL, public = X'', state = 'destroyed', changed_ms = $2
                   WHERE track = $1 AND state <> 'destroyed'";
        let done = sqlx::query(sql).bind(track.to_string()).bind(now_ms).execute(&mut *self.inner).await;
        done.map_err(query("destroy key"))?;
        Ok(())
    }

    /// Hashes of the sealed private halves of a recording's voices that still live.
    pub async fn sealed_hashes(&mut self, recording: RecordingId) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT k.sealed_hash FROM track_keys k JOIN tracks t ON t.track = k.track
                   WHERE t.recording = $1 AND k.state <> 'destroyed' ORDER BY k.sealed_hash";
        let rows = sqlx::query(sql).bind(recording.to_string()).fetch_all(&mut *self.inner).await;
        let rows = rows.map_err(query("sealed hashes"))?;
        rows.iter().map(|row| row.try_get(0).map_err(query("sealed hashes"))).collect()
    }
}

fn track_key(row: &SqliteRow) -> Result<TrackKey, StoreError> {
    let gateway: Option<String> = get(row, T, "gateway")?;
    Ok(TrackKey {
        track: read(row, T, "track")?,
        section: read(row, T, "section")?,
        gateway: gateway
            .map(|id| id.parse())
            .transpose()
            .map_err(|_| StoreError::Row { table: T, column: "gateway" })?,
        public: get(row, T, "public")?,
        sealed: get(row, T, "sealed")?,
        sealed_hash: get(row, T, "sealed_hash")?,
        state: read(row, T, "state")?,
    })
}

const T: &str = "track_keys";
