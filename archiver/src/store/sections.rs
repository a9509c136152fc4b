//! Table `sections`: stretches of a meeting with one legal character and their own keys.
//!
//! Not here: the keys themselves (`track_keys`).

use spool::id::{MeetingId, SectionId};

use super::{Store, StoreError, query, read};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub id: SectionId,
    pub meeting: MeetingId,
    pub public: bool,
    pub created_ms: i64,
}

impl Store {
    pub async fn add_section(&self, section: &Section) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO sections (id, meeting, public, created_ms) VALUES ($1, $2, $3, $4)")
            .bind(section.id.to_string())
            .bind(section.meeting.to_string())
            .bind(section.public)
            .bind(section.created_ms)
            .execute(&self.pool)
            .await
            .map_err(query("add section"))?;
        Ok(())
    }

    /// The section that a meeting is in: its newest.
    pub async fn current_section(&self, meeting: MeetingId) -> Result<Option<SectionId>, StoreError> {
        let row = sqlx::query("SELECT id FROM sections WHERE meeting = $1 ORDER BY created_ms DESC LIMIT 1")
            .bind(meeting.to_string())
            .fetch_optional(&self.pool)
            .await
            .map_err(query("current section"))?;
        row.map(|row| read(&row, "sections", "id")).transpose()
    }
}
