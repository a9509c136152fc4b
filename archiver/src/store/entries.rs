//! Table `entries`: one-time links into the desk. Of a token only its hash lies here.
//!
//! Not here: what a link becomes (`sessions`).

use super::{Store, StoreError, get, query};
use crate::access::{Person, Role};

impl Store {
    /// A link for `person` that works once until `ends_ms`. `token_hash` is `crate::io::token::hash(token)`.
    pub async fn add_entry(&self, token_hash: &str, person: &Person, ends_ms: i64) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO entries (token_hash, person, role, ends_ms) VALUES ($1, $2, $3, $4)")
            .bind(token_hash)
            .bind(&person.id)
            .bind(person.role.word())
            .bind(ends_ms)
            .execute(&self.pool)
            .await
            .map_err(query("add entry"))?;
        Ok(())
    }

    /// Uses a link up: the answer is whom it lets in; `None` when it is unknown, used or too old.
    pub async fn take_entry(&self, token_hash: &str, now_ms: i64) -> Result<Option<Person>, StoreError> {
        let sql = "UPDATE entries SET used_ms = $2 WHERE token_hash = $1 AND used_ms IS NULL AND ends_ms > $2
                   RETURNING person, role";
        let row = sqlx::query(sql).bind(token_hash).bind(now_ms).fetch_optional(&self.pool).await;
        row.map_err(query("take entry"))?
            .map(|row| {
                let word: String = get(&row, "entries", "role")?;
                let role = Role::from_word(&word).ok_or(StoreError::Row { table: "entries", column: "role" })?;
                Ok(Person { id: get(&row, "entries", "person")?, role })
            })
            .transpose()
    }

    /// Links and sessions whose end has come.
    pub async fn prune_entries(&self, now_ms: i64) -> Result<(), StoreError> {
        for sql in ["DELETE FROM entries WHERE ends_ms <= $1", "DELETE FROM sessions WHERE ends_ms <= $1"] {
            sqlx::query(sql).bind(now_ms).execute(&self.pool).await.map_err(query("prune entries"))?;
        }
        Ok(())
    }
}
