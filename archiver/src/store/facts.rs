//! Table `facts`: single things to remember over a restart, by name.
//!
//! Not here: what any of them means (whoever remembers it).

use super::{Store, StoreError, get, query};

impl Store {
    pub async fn fact(&self, name: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT value FROM facts WHERE name = $1").bind(name).fetch_optional(&self.pool).await;
        row.map_err(query("fact"))?.map(|row| get(&row, "facts", "value")).transpose()
    }

    pub async fn remember(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        let done = sqlx::query(sql).bind(name).bind(value).execute(&self.pool).await;
        done.map_err(query("remember"))?;
        Ok(())
    }
}
