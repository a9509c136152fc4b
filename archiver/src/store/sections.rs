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

    /// `next` comes after `closed`, if that is still its meeting's newest: a close that is heard twice makes one section.
    pub async fn follow_section(&self, closed: SectionId, next: &Section) -> Result<bool, StoreError> {
        // Later than the one before whatever the clock says, for the newest is the one that counts.
        let sql = "INSERT INTO sections (id, meeting, public, created_ms)
                   SELECT $1, s.meeting, $2, CASE WHEN s.created_ms < $3 THEN $3 ELSE s.created_ms + 1 END
                   FROM sections s WHERE s.id = $4 AND s.meeting = $5
                   AND NOT EXISTS (SELECT 1 FROM sections n WHERE n.meeting = s.meeting AND n.created_ms > s.created_ms)";
        let done = sqlx::query(sql)
            .bind(next.id.to_string())
            .bind(next.public)
            .bind(next.created_ms)
            .bind(closed.to_string())
            .bind(next.meeting.to_string())
            .execute(&self.pool)
            .await;
        Ok(done.map_err(query("follow section"))?.rows_affected() == 1)
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
