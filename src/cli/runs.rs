//! `gec runs`.

use clap::{Args, Subcommand, ValueEnum};

/// Stored runs.
#[derive(Debug, Args)]
pub struct RunsArgs {
    /// What to do
    #[command(subcommand)]
    pub command: RunsCommand,
}

/// The verbs of `gec runs`.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// List all runs, the oldest first
    #[command(after_help = "Examples:
  gec runs list
  gec runs list --format json")]
    List {
        /// Format of the result
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Show one run with every setting it was made with
    #[command(after_help = "Examples:
  gec runs show last
  gec runs show 3f9a --format json")]
    Show {
        /// A run: its id, the beginning of its fingerprint, or `last`
        run: String,
        /// Format of the result
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Delete a run and its corrections; the corpus stays
    #[command(after_help = "Example:
  gec runs delete 3 --yes")]
    Delete {
        /// A run: its id, the beginning of its fingerprint, or `last`
        run: String,
        /// Needed, because this cannot be undone
        #[arg(long)]
        yes: bool,
    },
}

/// Formats of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
}
