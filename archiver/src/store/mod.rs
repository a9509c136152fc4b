//! Every SQL statement of the archive; the only door to `sqlx`. A file per table, methods on [`Store`].
//!
//! SQLite in WAL mode with foreign keys, and `secure_delete`: what is deleted is overwritten in its page.
//! [`Store::forget_log`] then truncates the log, so that no old page image outlives a destruction.
//! Times are milliseconds since 1970 (UTC), ids are text, writes that belong together are one [`Tx`].
//!
//! Not here: any judgement (`recording`, `retention`, `access`), and what an object's bytes mean (`vault`, `spool`).

pub mod chunks;
pub mod clocks;
pub mod destructions;
pub mod entries;
pub mod envelopes;
pub mod evidence;
pub mod exports;
pub mod facts;
pub mod gaps;
pub mod gateways;
pub mod meetings;
pub mod moments;
pub mod objects;
pub mod orders;
pub mod proofs;
pub mod quarantines;
pub mod recordings;
pub mod seats;
pub mod sections;
pub mod sessions;
pub mod tombstones;
pub mod track_keys;
pub mod tracks;

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use spool::id::Slot;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Row, Sqlite, Transaction};

/// The archive's rows. Cloning shares the pool.
#[derive(Clone, Debug)]
pub struct Store {
    pool: SqlitePool,
}

/// Rows written together or not at all. Dropped without [`commit`](Tx::commit) it changes nothing.
pub struct Tx {
    inner: Transaction<'static, Sqlite>,
}

/// A row we could not write or read. Ours to fix.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database cannot be opened: {path}")]
    Open { path: String, source: sqlx::Error },
    #[error("the database's tables cannot be brought up to date")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("the database did not do it: {what}")]
    Query { what: &'static str, source: sqlx::Error },
    #[error("a row of {table} does not read: {column}")]
    Row { table: &'static str, column: &'static str },
    #[error("the recording stays as it is")]
    Refused(#[from] crate::recording::Refused),
    #[error("there is no {0}")]
    Missing(&'static str),
}

impl Store {
    /// Opens or makes the database in `path` and brings its tables up to date.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .pragma("secure_delete", "ON")
            .pragma("temp_store", "MEMORY");
        let open = |source| StoreError::Open { path: path.display().to_string(), source };
        let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await.map_err(open)?;
        MIGRATIONS.run(&pool).await?;
        Ok(Self { pool })
    }

    /// Begins writing. Taken at once: a reader that turns writer half-way would be refused as busy.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let inner = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(query("begin"))?;
        Ok(Tx { inner })
    }

    /// Moves the log into the database and truncates it. Call after every destruction.
    pub async fn forget_log(&self) -> Result<(), StoreError> {
        // A reader in this moment makes it answer "busy"; the destruction is not done before the log is empty.
        for _ in 0..CHECKPOINT_TRIES {
            let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&self.pool).await;
            if row.and_then(|row| row.try_get::<i64, _>(0)).map_err(query("checkpoint"))? == 0 {
                return Ok(());
            }
            tokio::time::sleep(CHECKPOINT_PAUSE).await;
        }
        Err(StoreError::Missing("moment without a reader to truncate the log"))
    }

    /// The database's own wall clock: a witness for the sweeper.
    pub async fn now_ms(&self) -> Result<i64, StoreError> {
        let row = sqlx::query("SELECT CAST(strftime('%s', 'now') AS INTEGER) * 1000").fetch_one(&self.pool).await;
        row.and_then(|row| row.try_get(0)).map_err(query("now"))
    }

    /// Ends all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl Tx {
    pub async fn commit(self) -> Result<(), StoreError> {
        self.inner.commit().await.map_err(query("commit"))
    }
}

fn query(what: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |source| StoreError::Query { what, source }
}

/// An id or word of a column, read back into its type.
fn read<T: FromStr>(row: &SqliteRow, table: &'static str, column: &'static str) -> Result<T, StoreError> {
    let text: String = get(row, table, column)?;
    text.parse().map_err(|_| StoreError::Row { table, column })
}

fn get<'r, T>(row: &'r SqliteRow, table: &'static str, column: &'static str) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite>,
{
    row.try_get(column).map_err(|_| StoreError::Row { table, column })
}

fn get_slot(row: &SqliteRow, table: &'static str, column: &'static str) -> Result<Slot, StoreError> {
    let value: i64 = get(row, table, column)?;
    u64::try_from(value).map(Slot).map_err(|_| StoreError::Row { table, column })
}

// Slots are counted from the start of a process: 2^63 of them last five billion years.
fn slot(slot: Slot) -> i64 {
    i64::try_from(slot.0).unwrap_or(i64::MAX)
}

const BUSY: Duration = Duration::from_secs(10);
const CONNECTIONS: u32 = 4;
const CHECKPOINT_TRIES: u32 = 50;
const CHECKPOINT_PAUSE: Duration = Duration::from_millis(100);

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations/sqlite");
