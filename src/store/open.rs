//! Opening and closing the database.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use etcetera::BaseStrategy as _;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::{Result, Store, StoreError};

pub(super) static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// Marks our files in the header, so that another program's database is never migrated.
const APPLICATION_ID: i64 = 0x6765_6331;

/// How long a statement waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a caller waits for a connection: a backup may hold the writer for minutes.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(600);

/// Where the database is without `--db` and `GEC_DB`: `gec/gec.db` in the folder for
/// users' data (`XDG_DATA_HOME`, else `~/.local/share`).
///
/// # Errors
/// [`StoreError::NoHome`] where there is no home folder.
pub fn default_path() -> Result<PathBuf> {
    let folders = etcetera::choose_base_strategy().map_err(|_| StoreError::NoHome)?;
    Ok(folders.data_dir().join("gec").join("gec.db"))
}

impl Store {
    /// Opens the database, creating it and its folder where they are missing, and brings
    /// its schema up to date.
    ///
    /// # Errors
    /// When the file is not ours, newer than this program, locked, or cannot be written.
    pub async fn open(path: &Path) -> Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs_err::create_dir_all(folder).map_err(|error| StoreError::Folder {
                path: path.to_owned(),
                source: Arc::new(error),
            })?;
        }
        Self::connect(path).await
    }

    /// Opens a database that is there already.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when it is not; else as [`Store::open`].
    pub async fn open_existing(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        Self::connect(path).await
    }

    /// Two processes that create the same file at once meet in the change to WAL mode,
    /// which SQLite does not wait for. So wait here.
    async fn connect(path: &Path) -> Result<Self> {
        let started = Instant::now();
        loop {
            match Self::try_connect(path).await {
                Err(StoreError::Locked { .. }) if started.elapsed() < BUSY_TIMEOUT => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                other => return other,
            }
        }
    }

    async fn try_connect(path: &Path) -> Result<Self> {
        let failed = |error| StoreError::from_sqlx(path, error);
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            .synchronous(SqliteSynchronous::Normal)
            .pragma("cache_size", "-16384") // 16 MiB a connection
            .pragma("temp_store", "memory");
        let pool = || {
            SqlitePoolOptions::new()
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
                .acquire_timeout(ACQUIRE_TIMEOUT)
        };
        let writing = options
            .clone()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .pragma("wal_autocheckpoint", "4096") // pages: 16 MiB between copies to the main file
            .pragma("journal_size_limit", "67108864");
        let writer = pool().max_connections(1).connect_with(writing).await.map_err(failed)?;
        let reading = options.pragma("query_only", "on").row_buffer_size(4096);
        let readers = pool().max_connections(4).connect_lazy_with(reading);
        let store = Self { path: Arc::from(path), writer, readers };
        store.migrate().await?;
        Ok(store)
    }

    async fn migrate(&self) -> Result<()> {
        let known = MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0);
        // One transaction around everything: of two processes one migrates and the other
        // waits, and a kill leaves the file as it was.
        let mut transaction = self.begin().await?;
        match self.schema_version(&mut transaction).await? {
            Some(found) if found > known => {
                return Err(StoreError::Newer { path: self.path.to_path_buf(), found, known });
            }
            _ => {}
        }
        // `run` asks for more than a `Send` future can promise, hence the call behind it.
        MIGRATOR
            .run_direct(None, &mut *transaction, false)
            .await
            .map_err(|error| StoreError::from_migrate(&self.path, error))?;
        transaction.commit().await.map_err(|error| self.failed(error))
    }

    /// The number of the last migration applied; `None` for an empty file.
    async fn schema_version(&self, connection: &mut sqlx::SqliteConnection) -> Result<Option<i64>> {
        let application: i64 = sqlx::query_scalar("PRAGMA application_id")
            .fetch_one(&mut *connection)
            .await
            .map_err(|error| self.failed(error))?;
        let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
            .fetch_one(&mut *connection)
            .await
            .map_err(|error| self.failed(error))?;
        match (application, tables) {
            (0, 0) => Ok(None),
            (APPLICATION_ID, _) => sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
                .fetch_one(connection)
                .await
                .map_err(|error| self.failed(error)),
            _ => Err(StoreError::Foreign { path: self.path.to_path_buf() }),
        }
    }

    /// Copies what is still in the write-ahead log into the database and closes it. Without
    /// this nothing is lost either: the next open finds the log.
    ///
    /// # Errors
    /// When the log cannot be copied.
    pub async fn close(self) -> Result<()> {
        self.readers.close().await;
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&self.writer)
            .await
            .map_err(|error| self.failed(error))?;
        self.writer.close().await;
        Ok(())
    }
}
