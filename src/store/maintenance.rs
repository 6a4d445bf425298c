//! The database as a file: its size, its contents in numbers, and copies of it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::{Result, Store, StoreError};

/// What a database holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// The file.
    pub path: PathBuf,
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes of the write-ahead log beside it.
    pub log_bytes: u64,
    /// Bytes within the file that deleted rows have left free; they are used again.
    pub free_bytes: u64,
    /// Number of the last migration applied.
    pub schema_version: i64,
    /// Version of SQLite.
    pub sqlite_version: String,
    /// Complete corpora.
    pub corpora: u64,
    /// Utterances.
    pub utterances: u64,
    /// Distinct hypotheses.
    pub hypotheses: u64,
    /// Prompt templates.
    pub templates: u64,
    /// Language models.
    pub models: u64,
    /// Runs.
    pub runs: u64,
    /// Corrections.
    pub corrections: u64,
}

impl Store {
    /// Has SQLite look at the file's structure. About a second for a gigabyte.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] with the first fault, or when the
    /// database fails.
    pub async fn check(&self) -> Result<()> {
        let found: String = sqlx::query_scalar("PRAGMA quick_check(1)")
            .fetch_one(&self.readers)
            .await
            .map_err(|error| self.failed(error))?;
        match found.as_str() {
            "ok" => Ok(()),
            _ => Err(super::StoreError::Damaged { path: self.path().to_owned(), detail: found }),
        }
    }

    /// Counts what is there. Reads all tables: a second or so for a million utterances.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stats(&self) -> Result<Stats> {
        let number = async |sql: &'static str| -> Result<i64> {
            sqlx::query_scalar(sql)
                .fetch_one(&self.readers)
                .await
                .map_err(|error| self.failed(error))
        };
        let count = async |sql: &'static str| number(sql).await.map(i64::unsigned_abs);
        let mut log = self.path().as_os_str().to_owned();
        log.push("-wal");
        Ok(Stats {
            path: self.path().to_owned(),
            bytes: file_size(self.path()),
            log_bytes: file_size(Path::new(&log)),
            free_bytes: count("PRAGMA freelist_count").await? * count("PRAGMA page_size").await?,
            schema_version: number("SELECT max(version) FROM _sqlx_migrations").await?,
            sqlite_version: sqlx::query_scalar("SELECT sqlite_version()")
                .fetch_one(&self.readers)
                .await
                .map_err(|error| self.failed(error))?,
            corpora: count("SELECT count(*) FROM corpora WHERE complete").await?,
            utterances: count("SELECT count(*) FROM utterances").await?,
            hypotheses: count("SELECT coalesce(sum(json_array_length(nbest)), 0) FROM utterances")
                .await?,
            templates: count("SELECT count(*) FROM templates").await?,
            models: count("SELECT count(*) FROM models").await?,
            runs: count("SELECT count(*) FROM runs").await?,
            corrections: count("SELECT count(*) FROM corrections").await?,
        })
    }

    /// Writes a compact copy of the database as it is now, and gives its bytes. Runs may go
    /// on meanwhile. The copy gets its name when it is complete, and never replaces a file.
    ///
    /// # Errors
    /// [`StoreError::BackupExists`], or when the copy cannot be written.
    pub async fn backup(&self, to: &Path) -> Result<u64> {
        let exists = || StoreError::BackupExists { path: to.to_owned() };
        let failed = |error| StoreError::Backup { path: to.to_owned(), source: Arc::new(error) };
        if to.symlink_metadata().is_ok() {
            return Err(exists());
        }
        let mut partial = to.as_os_str().to_owned();
        partial.push(format!(".{}.partial", std::process::id()));
        let name = partial.to_str().ok_or_else(|| {
            failed(std::io::Error::new(ErrorKind::InvalidFilename, "the name is not UTF-8"))
        })?;
        let copied = sqlx::query("VACUUM INTO ?").bind(name).execute(&self.writer).await;
        let placed = copied.map_err(|error| StoreError::from_sqlx(to, error)).and_then(|_| {
            match fs_err::hard_link(&partial, to) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(exists()),
                // Some file systems, those of memory sticks above all, have no links.
                Err(_) => fs_err::rename(&partial, to).map_err(failed),
                Ok(()) => Ok(()),
            }
        });
        // Either it has its final name as well by now, or it is of no use.
        fs_err::remove_file(&partial).ok();
        placed.map(|()| file_size(to))
    }
}

/// 0 for a file that cannot be looked at, such as a log that is not there.
fn file_size(path: &Path) -> u64 {
    fs_err::metadata(path).map_or(0, |metadata| metadata.len())
}
