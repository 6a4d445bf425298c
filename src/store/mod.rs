//! Everything that outlives a command, in one SQLite file: corpora, templates, models,
//! runs and corrections. All SQL of the program is in this module.
//!
//! The database is in WAL mode with `synchronous = NORMAL`: what is committed survives the
//! death of the process at any moment, though the last commits may be lost when the machine
//! itself loses power. Writing goes through one connection and `BEGIN IMMEDIATE`, reading
//! through a pool of others, so a reader never waits for a writer.
//!
//! | part | what it holds |
//! |---|---|
//! | [`Store::import`], [`Store::page`] | corpora, their utterances and hypotheses |
//! | [`Store::open_first_pass`], [`Store::put_recordings`] | corpora that a recogniser is making |
//! | [`Store::save_template`], [`Store::save_model`] | what a run was made with |
//! | [`Store::save_profile`], [`Store::profile`] | what was learned from pairs |
//! | [`Store::open_run`], [`Store::unfinished`] | runs, and what is left to do in them |
//! | [`Store::writer`], [`Store::corrected`] | corrections |
//! | [`Store::answer_writer`], [`Store::answers`] | what a corrector made of a text |
//! | [`Store::put_document`], [`Store::edits`] | files, the edits in them, and the way back |
//! | [`Store::stats`], [`Store::backup`], [`Store::merge`] | the file itself |
//!
//! Times are milliseconds since 1970 in UTC. The tables are described in `docs/schema.md`,
//! which is made from the comments in `migrations/`.

mod answers;
mod artifacts;
mod bulk;
mod corpora;
mod corrections;
mod documents;
mod edits;
mod error;
mod first_pass;
mod import;
mod maintenance;
mod merge;
mod nbest;
mod open;
mod profiles;
mod runs;
mod times;
mod utterances;
mod writer;

#[cfg(test)]
mod kill_tests;
#[cfg(test)]
mod schema_doc;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use sqlx::sqlite::{Sqlite, SqlitePool};

pub use answers::{Answer, AnswerKey, CorrectorId, NewCorrector};
pub use artifacts::{Model, Template};
pub use corpora::{Corpus, CorpusId, CorpusKey};
pub use corrections::CorrectionRow;
pub use documents::{DocumentId, DocumentState, NewDocument, StoredDocument};
pub use edits::{EditFilter, EditRow, StoredEdit};
pub use error::StoreError;
pub use first_pass::{
    FirstPass, FirstPassTotals, RECORDING_UTTERANCES, RECORDINGS, RecordingEnd, RecordingPart,
    StoredRecogniser,
};
pub use import::{Imported, NewCorpus};
pub use maintenance::Stats;
pub use merge::Merged;
pub use open::default_path;
pub use profiles::StoredProfile;
pub use runs::{NewRun, Run, RunId, RunInfo, RunStatus};
pub use utterances::StoredUtterance;
pub use writer::{AnswerWriter, CorrectionWriter, Writer};

/// The result of every call on a [`Store`].
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// The verdict of a correction that [`Store::unfinished`] hands out again on request.
pub const FAILED: &str = "failed";

/// An open database. Clones are cheap and share the connections.
#[derive(Debug, Clone)]
pub struct Store {
    path: Arc<Path>,
    /// One connection, so that writers queue here and not at the file's lock.
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Store {
    /// The file the store was opened from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Turns a database error into one that names the file and the cause.
    fn failed(&self, error: sqlx::Error) -> StoreError {
        StoreError::from_sqlx(&self.path, error)
    }

    /// Begins a transaction that has the right to write from its first statement on:
    /// a transaction that starts by reading could not wait for another process's lock.
    async fn begin(&self) -> Result<sqlx::Transaction<'static, Sqlite>> {
        let mut begun = self.writer.begin_with(BEGIN).await;
        // Where the disk is full SQLite ends a transaction itself, and the connection goes on
        // counting it as open: only a new one can begin another.
        if let Err(sqlx::Error::InvalidSavePointStatement) = begun {
            let stale = self.writer.acquire().await.map_err(|error| self.failed(error))?;
            stale.close().await.map_err(|error| self.failed(error))?;
            begun = self.writer.begin_with(BEGIN).await;
        }
        begun.map_err(|error| self.failed(error))
    }
}

const BEGIN: &str = "BEGIN IMMEDIATE";

/// Now, in milliseconds since 1970.
#[must_use]
pub fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
