//! What can go wrong with the database.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::migrate::MigrateError;

/// An error of the store. Cheap to clone: a failed writer gives it to everyone who waits.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file was written by a later version of the program.
    #[error(
        "database `{}` has schema version {found}, this gec {} knows versions up to {known}",
        path.display(), env!("CARGO_PKG_VERSION")
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Schema version of the file.
        found: i64,
        /// Newest schema version of this program.
        known: i64,
    },
    /// A migration applied to the file is not the one this program has.
    #[error("database `{}` was made with another version of migration {version}", path.display())]
    Altered {
        /// The database.
        path: PathBuf,
        /// Number of the migration.
        version: i64,
    },
    /// The file is something else.
    #[error("`{}` is not an SQLite database", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file is an SQLite database, but not one of ours.
    #[error("`{}` is a database of another program", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("database `{}` is damaged: {detail}", path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        detail: String,
    },
    /// There is no such file.
    #[error("there is no database at `{}`", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A folder for the file could not be made.
    #[error("cannot create the folder of database `{}`", path.display())]
    Folder {
        /// The database.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Arc<io::Error>,
    },
    /// The file cannot be opened or created.
    #[error("cannot open or create database `{}`", path.display())]
    CannotOpen {
        /// The database.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Arc<sqlx::Error>,
    },
    /// The file or its folder cannot be written.
    #[error("database `{}` cannot be written: it is read-only", path.display())]
    ReadOnly {
        /// The database.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Arc<sqlx::Error>,
    },
    /// The disk is full.
    #[error("no space left for database `{}`", path.display())]
    Full {
        /// The database.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Arc<sqlx::Error>,
    },
    /// Another process kept the file locked for longer than we wait.
    #[error("database `{}` is locked by another process", path.display())]
    Locked {
        /// The database.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Arc<sqlx::Error>,
    },
    /// Another process imported the same corpus at the same time and took over.
    #[error("the import of `{corpus}` was taken over by another process")]
    TakenOver {
        /// The corpus.
        corpus: String,
    },
    /// The rest of a corpus could not be read.
    #[error("corpus `{corpus}` could not be read to its end")]
    NotWhole {
        /// The corpus.
        corpus: String,
    },
    /// No run answers to this name.
    #[error("no run `{selector}`")]
    NoRun {
        /// An id, the beginning of a fingerprint, or `last`.
        selector: String,
    },
    /// Several runs answer to this name.
    #[error("`{selector}` fits {} runs: {}", matches.len(), matches.join(", "))]
    AmbiguousRun {
        /// The beginning of a fingerprint.
        selector: String,
        /// The ids of the runs.
        matches: Vec<String>,
    },
    /// A backup would overwrite a file.
    #[error("`{}` exists", path.display())]
    BackupExists {
        /// The file.
        path: PathBuf,
    },
    /// A backup could not be put in place.
    #[error("cannot write backup `{}`", path.display())]
    Backup {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Arc<io::Error>,
    },
    /// The writer of corrections ended before this correction reached it.
    #[error("the writer of database `{}` has stopped", path.display())]
    WriterStopped {
        /// The database.
        path: PathBuf,
    },
    /// No folder for data is known.
    #[error("the home folder is not known")]
    NoHome,
    /// Anything else the database says.
    #[error("database `{}` failed", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Arc<sqlx::Error>,
    },
}

impl StoreError {
    /// What to do about it, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Newer { .. } => "update gec, or choose another database with `--db`",
            Self::Altered { .. } => "use the gec it was made with, or another database with `--db`",
            Self::NotADatabase { .. } | Self::Foreign { .. } => {
                "choose another file with `--db` or `GEC_DB`"
            }
            Self::Damaged { .. } => "restore a backup (`gec db backup` makes them)",
            Self::Missing { .. } => {
                "`gec run` creates it; `--db` or `GEC_DB` chooses another (see `gec db path`)"
            }
            Self::Folder { .. } | Self::CannotOpen { .. } | Self::ReadOnly { .. } => {
                "make the file and its folder writable, or choose another with `--db` or `GEC_DB`"
            }
            Self::Database { source, .. } if is_disk_error(source) => {
                "check the disk and the limits on files (`ulimit -f`, quotas), then run the \
                 same command again: it goes on where it stopped"
            }
            Self::Full { .. } => {
                "free some space and run the same command again: it goes on where it stopped"
            }
            Self::Locked { .. } => {
                "wait for the other process, or use another database with `--db`"
            }
            Self::TakenOver { .. } => "run the same command again when the other process is done",
            Self::NoRun { .. } | Self::AmbiguousRun { .. } => "`gec runs list` shows the runs",
            Self::BackupExists { .. } => "choose another name: a backup never overwrites a file",
            Self::NoHome => "name the database with `--db` or `GEC_DB`",
            Self::Backup { .. }
            | Self::NotWhole { .. }
            | Self::WriterStopped { .. }
            | Self::Database { .. } => {
                return None;
            }
        };
        Some(hint.to_owned())
    }

    /// Tells the cause from SQLite's result code.
    pub(super) fn from_sqlx(path: &Path, error: sqlx::Error) -> Self {
        let path = path.to_owned();
        // The low byte is the primary result code, <https://sqlite.org/rescode.html>.
        match error.as_database_error().and_then(result_code).map(|code| code & 0xff) {
            Some(5 | 6) => Self::Locked { path, source: Arc::new(error) },
            Some(3 | 8 | 23) => Self::ReadOnly { path, source: Arc::new(error) },
            Some(11) => Self::Damaged { path, detail: error.to_string() },
            Some(13) => Self::Full { path, source: Arc::new(error) },
            Some(14) => Self::CannotOpen { path, source: Arc::new(error) },
            Some(26) => Self::NotADatabase { path },
            _ => Self::Database { path, source: Arc::new(error) },
        }
    }

    pub(super) fn from_migrate(path: &Path, error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                Self::from_sqlx(path, error)
            }
            MigrateError::VersionMismatch(version) | MigrateError::VersionMissing(version) => {
                Self::Altered { path: path.to_owned(), version }
            }
            other => Self::from_sqlx(path, sqlx::Error::Migrate(Box::new(other))),
        }
    }
}

/// Whether the system could not read or write: anything but a full disk.
fn is_disk_error(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(result_code).is_some_and(|code| code & 0xff == 10)
}

fn result_code(error: &dyn sqlx::error::DatabaseError) -> Option<i32> {
    error.code()?.parse().ok()
}
