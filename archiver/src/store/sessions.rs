//! Table `sessions`: who is signed in at the desk. Of a token only its hash lies here.
//!
//! Not here: the cookie (`desk::session`), and getting in (`entries`).

use super::{Store, StoreError, get, query};
use crate::access::{Person, Role};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub person: Person,
    /// Goes into every form and must come back with it.
    pub form_token: String,
    pub seen_ms: i64,
    pub ends_ms: i64,
}

impl Store {
    /// `token_hash` is `crate::io::token::hash(token)`.
    pub async fn add_session(&self, token_hash: &str, session: &Session) -> Result<(), StoreError> {
        let sql = "INSERT INTO sessions (token_hash, person, role, form_token, created_ms, seen_ms, ends_ms)
                   VALUES ($1, $2, $3, $4, $5, $5, $6)";
        sqlx::query(sql)
            .bind(token_hash)
            .bind(&session.person.id)
            .bind(session.person.role.word())
            .bind(&session.form_token)
            .bind(session.seen_ms)
            .bind(session.ends_ms)
            .execute(&self.pool)
            .await
            .map_err(query("add session"))?;
        Ok(())
    }

    /// The session of a token, seen now; `None` when there is none, it has ended, or it was idle for longer than `idle_ms`.
    pub async fn session(&self, token_hash: &str, now_ms: i64, idle_ms: i64) -> Result<Option<Session>, StoreError> {
        let sql = "UPDATE sessions SET seen_ms = $2 WHERE token_hash = $1 AND ends_ms > $2 AND seen_ms > $2 - $3
                   RETURNING person, role, form_token, seen_ms, ends_ms";
        let row = sqlx::query(sql).bind(token_hash).bind(now_ms).bind(idle_ms).fetch_optional(&self.pool).await;
        row.map_err(query("session"))?
            .map(|row| {
                let word: String = get(&row, T, "role")?;
                let role = Role::from_word(&word).ok_or(StoreError::Row { table: T, column: "role" })?;
                Ok(Session {
                    person: Person { id: get(&row, T, "person")?, role },
                    form_token: get(&row, T, "form_token")?,
                    seen_ms: get(&row, T, "seen_ms")?,
                    ends_ms: get(&row, T, "ends_ms")?,
                })
            })
            .transpose()
    }

    pub async fn end_session(&self, token_hash: &str) -> Result<(), StoreError> {
        let done = sqlx::query("DELETE FROM sessions WHERE token_hash = $1").bind(token_hash).execute(&self.pool).await;
        done.map_err(query("end session"))?;
        Ok(())
    }
}

const T: &str = "sessions";
