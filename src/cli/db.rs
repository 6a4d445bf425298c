//! `gec db`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::runs::ListFormat;

/// The database.
#[derive(Debug, Args)]
pub struct DbArgs {
    /// What to do
    #[command(subcommand)]
    pub command: DbCommand,
}

/// The verbs of `gec db`.
#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// Print where the database is, whether it exists or not
    #[command(after_help = "Example:
  sqlite3 \"$(gec db path)\" 'SELECT id, method, status FROM runs'")]
    Path,
    /// Count what is stored
    #[command(after_help = "Examples:
  gec db stats
  gec db stats --format json")]
    Stats {
        /// Format of the result
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Take over what other databases hold: corpora, runs, corrections, documents, edits
    #[command(after_help = "Example:
  gec db merge shard1.db shard2.db shard3.db --db all.db")]
    Merge {
        /// The other databases; they stay as they are
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Format of the result
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Copy the database into a new file, also while runs go on
    #[command(after_help = "Example:
  gec db backup gec-backup.db")]
    Backup {
        /// The copy; it must not exist yet
        file: PathBuf,
    },
}
