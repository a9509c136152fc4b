//! Table `meetings`: what the clerk scheduled.
//!
//! Not here: who is in one now: that is the gateway's to say.

use spool::id::MeetingId;
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError, get, query, read};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meeting {
    pub id: MeetingId,
    /// The public meeting number.
    pub number: String,
    pub title: String,
    /// Id of its rule.
    pub rule: String,
    /// PINs and the keys of their digests, sealed to the archive key; `None` once the meeting has ended for good.
    pub secrets: Option<Vec<u8>>,
    pub demo: bool,
    pub created_ms: i64,
}

impl Store {
    /// All meetings, newest first.
    pub async fn meetings(&self) -> Result<Vec<Meeting>, StoreError> {
        let rows = sqlx::query("SELECT * FROM meetings ORDER BY created_ms DESC, id").fetch_all(&self.pool).await;
        rows.map_err(query("meetings"))?.iter().map(meeting).collect()
    }

    pub async fn meeting(&self, id: MeetingId) -> Result<Option<Meeting>, StoreError> {
        let row = sqlx::query("SELECT * FROM meetings WHERE id = $1").bind(id.to_string());
        row.fetch_optional(&self.pool).await.map_err(query("meeting"))?.as_ref().map(meeting).transpose()
    }

    pub async fn add_meeting(&self, meeting: &Meeting) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO meetings (id, number, title, rule, secrets, demo, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(meeting.id.to_string())
        .bind(&meeting.number)
        .bind(&meeting.title)
        .bind(&meeting.rule)
        .bind(&meeting.secrets)
        .bind(meeting.demo)
        .bind(meeting.created_ms)
        .execute(&self.pool)
        .await
        .map_err(query("add meeting"))?;
        Ok(())
    }
}

fn meeting(row: &SqliteRow) -> Result<Meeting, StoreError> {
    Ok(Meeting {
        id: read(row, T, "id")?,
        number: get(row, T, "number")?,
        title: get(row, T, "title")?,
        rule: get(row, T, "rule")?,
        secrets: get(row, T, "secrets")?,
        demo: get(row, T, "demo")?,
        created_ms: get(row, T, "created_ms")?,
    })
}

const T: &str = "meetings";
