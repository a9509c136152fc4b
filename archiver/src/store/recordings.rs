//! Table `recordings`: one gathering each. Its state moves only as `recording::State::handle` allows.
//!
//! Not here: which moves there are, and whose (`crate::recording`); when a term ends (`retention`).

use jiff::civil::Date;
use spool::id::{GatewayId, MeetingId, RecordingId};
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError, Tx, get, query, read};
use crate::recording::{Event, Mover, State};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    pub id: RecordingId,
    pub meeting: MeetingId,
    pub gateway: GatewayId,
    pub rule: String,
    pub rule_hash: String,
    /// Typed by people; `None` once destroyed.
    pub title: Option<String>,
    pub state: State,
    pub started_ms: i64,
    /// When the last slot taken in so far was heard.
    pub ended_ms: Option<i64>,
    pub destroy_by_ms: i64,
}

impl Store {
    /// All recordings (of one meeting), newest first; destroyed ones too.
    pub async fn recordings(&self, of: Option<MeetingId>) -> Result<Vec<Recording>, StoreError> {
        let sql = "SELECT * FROM recordings WHERE $1 IS NULL OR meeting = $1 ORDER BY started_ms DESC, id DESC";
        let rows = sqlx::query(sql).bind(of.map(|id| id.to_string())).fetch_all(&self.pool).await;
        rows.map_err(query("recordings"))?.iter().map(recording).collect()
    }

    pub async fn recording(&self, id: RecordingId) -> Result<Option<Recording>, StoreError> {
        let row = sqlx::query("SELECT * FROM recordings WHERE id = $1").bind(id.to_string());
        row.fetch_optional(&self.pool).await.map_err(query("recording"))?.as_ref().map(recording).transpose()
    }

    /// The recording that began last and still lives.
    pub async fn latest_recording(&self) -> Result<Option<Recording>, StoreError> {
        let sql = "SELECT * FROM recordings WHERE state IN ('receiving', 'kept', 'approved')
                   ORDER BY started_ms DESC, id DESC LIMIT 1";
        let row = sqlx::query(sql).fetch_optional(&self.pool).await;
        row.map_err(query("latest recording"))?.as_ref().map(recording).transpose()
    }
}

impl Tx {
    pub async fn recording(&mut self, id: RecordingId) -> Result<Option<Recording>, StoreError> {
        let row = sqlx::query("SELECT * FROM recordings WHERE id = $1").bind(id.to_string());
        row.fetch_optional(&mut *self.inner).await.map_err(query("recording"))?.as_ref().map(recording).transpose()
    }

    /// Adds a recording unless it is there.
    pub async fn expect_recording(&mut self, recording: &Recording) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO recordings (id, meeting, gateway, rule, rule_hash, title, state, started_ms, destroy_by_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
        )
        .bind(recording.id.to_string())
        .bind(recording.meeting.to_string())
        .bind(recording.gateway.to_string())
        .bind(&recording.rule)
        .bind(&recording.rule_hash)
        .bind(&recording.title)
        .bind(recording.state.word())
        .bind(recording.started_ms)
        .bind(recording.destroy_by_ms)
        .execute(&mut *self.inner)
        .await
        .map_err(query("expect recording"))?;
        Ok(())
    }

    /// Moves a recording, or says why it stays. The answer is the new state.
    pub async fn move_recording(&mut self, id: RecordingId, event: Event, by: Mover) -> Result<State, StoreError> {
        let before = self.recording(id).await?.ok_or(StoreError::Missing("recording of that id"))?.state;
        let after = before.handle(event, by)?;
        // The day stays with a recording that is due: the proof names its anchor.
        let day = match after {
            State::Approved { day } => Some(day.to_string()),
            State::Receiving | State::Kept => None,
            State::Due | State::Destroying | State::Destroyed => self.approved_day(id).await?,
        };
        sqlx::query("UPDATE recordings SET state = $2, approved_day = $3 WHERE id = $1")
            .bind(id.to_string())
            .bind(after.word())
            .bind(day)
            .execute(&mut *self.inner)
            .await
            .map_err(query("move recording"))?;
        Ok(after)
    }

    /// The day of the approval, kept beside the state until the end.
    pub async fn approved_day(&mut self, id: RecordingId) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT approved_day FROM recordings WHERE id = $1").bind(id.to_string());
        let row = row.fetch_optional(&mut *self.inner).await.map_err(query("approved day"))?;
        row.map(|row| get(&row, T, "approved_day")).transpose().map(Option::flatten)
    }

    /// The recording was heard at least until then.
    pub async fn heard_until(&mut self, id: RecordingId, ended_ms: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE recordings SET ended_ms = MAX(COALESCE(ended_ms, 0), $2) WHERE id = $1")
            .bind(id.to_string())
            .bind(ended_ms)
            .execute(&mut *self.inner)
            .await
            .map_err(query("heard until"))?;
        Ok(())
    }

    /// Takes everything that hangs on a recording, but its own row without its title, its evidence and its proof.
    pub async fn strip_recording(&mut self, id: RecordingId) -> Result<(), StoreError> {
        for sql in STRIP {
            let done = sqlx::query(sql).bind(id.to_string()).execute(&mut *self.inner).await;
            done.map_err(query("strip recording"))?;
        }
        Ok(())
    }
}

fn recording(row: &SqliteRow) -> Result<Recording, StoreError> {
    let wrong = |column| StoreError::Row { table: T, column };
    let day: Option<String> = get(row, T, "approved_day")?;
    let day = day.map(|day| day.parse::<Date>()).transpose().map_err(|_| wrong("approved_day"))?;
    let word: String = get(row, T, "state")?;
    Ok(Recording {
        id: read(row, T, "id")?,
        meeting: read(row, T, "meeting")?,
        gateway: read(row, T, "gateway")?,
        rule: get(row, T, "rule")?,
        rule_hash: get(row, T, "rule_hash")?,
        title: get(row, T, "title")?,
        state: State::from_word(&word, day).ok_or_else(|| wrong("state"))?,
        started_ms: get(row, T, "started_ms")?,
        ended_ms: get(row, T, "ended_ms")?,
        destroy_by_ms: get(row, T, "destroy_by_ms")?,
    })
}

const T: &str = "recordings";

// In the order of what hangs on what.
const STRIP: [&str; 11] = [
    "DELETE FROM envelopes WHERE chunk IN (SELECT name FROM chunks WHERE recording = $1)",
    "DELETE FROM objects WHERE recording = $1",
    "DELETE FROM tracks WHERE recording = $1",
    "DELETE FROM chunks WHERE recording = $1",
    "DELETE FROM gaps WHERE recording = $1",
    "DELETE FROM clocks WHERE recording = $1",
    "DELETE FROM moments WHERE recording = $1",
    "DELETE FROM seats WHERE recording = $1",
    "DELETE FROM exports WHERE recording = $1",
    "DELETE FROM destructions WHERE recording = $1",
    "UPDATE recordings SET title = NULL WHERE id = $1",
];
