//! First passes: what recognisers heard in recordings, stored as it comes.
//!
//! A first pass is a corpus that grows: every recording is committed by itself, with its
//! utterances and what the recogniser believed, so that a killed first pass goes on with
//! the recordings it lacks. Only when all are there, or have failed, is the corpus complete.

use std::collections::HashMap;

use serde::Serialize;
use sqlx::{Row as _, SqliteConnection};

use super::{Corpus, CorpusId, CorpusKey, NewCorpus, Result, Store, import, now_ms};
use crate::corpus::Utterance;

/// Utterances a recording can have: their positions are fixed before they are known.
pub const RECORDING_UTTERANCES: usize = 4096;

/// Recordings a first pass can have.
pub const RECORDINGS: usize = (u32::MAX as usize) / RECORDING_UTTERANCES;

/// A speech recogniser.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRecogniser {
    /// BLAKE3 of the file's content, hexadecimal.
    pub hash: String,
    /// Where it was last seen.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// What each of its tokens writes, packed by
    /// [`Pieces::pack`](crate::acoustic::Pieces::pack).
    pub vocabulary: Vec<u8>,
    /// Kind, sizes and the like: a JSON object.
    pub metadata: serde_json::Value,
}

/// Utterances of one recording, as many as are new; the last part also ends it.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordingPart {
    /// The recording's place in the list that was given, from 0.
    pub item: usize,
    /// Its utterances before these.
    pub first: usize,
    /// Utterances in order, each with its packed posteriors where they were recorded.
    pub utterances: Vec<Utterance>,
    /// What is known once the recording was heard to its end, or failed.
    pub end: Option<RecordingEnd>,
}

/// What is known of a recording once it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingEnd {
    /// Its identifier.
    pub name: String,
    /// Its length in milliseconds.
    pub audio_ms: i64,
    /// Milliseconds of work.
    pub elapsed_ms: i64,
    /// What was odd about it.
    pub note: Option<String>,
    /// What went wrong, where it failed.
    pub error: Option<String>,
}

/// A first pass as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstPass {
    /// Where its utterances go.
    pub corpus: CorpusId,
    /// Places of the recordings that are done, ascending.
    pub done: Vec<usize>,
    /// Places of those that failed, ascending.
    pub failed: Vec<usize>,
    /// Of those that are not done, but begun: how many utterances are stored, and up to
    /// which millisecond they reach.
    pub begun: HashMap<usize, (usize, i64)>,
}

/// What a first pass holds, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FirstPassTotals {
    /// Recordings that are done.
    pub recordings: u64,
    /// Recordings that failed.
    pub failed: u64,
    /// Milliseconds of audio in those that are done.
    pub audio_ms: u64,
    /// Milliseconds of work, summed over the workers.
    pub elapsed_ms: u64,
    /// Bytes of the packed posteriors.
    pub posterior_bytes: u64,
}

impl Store {
    /// Keeps a recogniser. One with a known hash gets the new path and metadata.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_recogniser(&self, recogniser: &StoredRecogniser) -> Result<()> {
        sqlx::query(
            "INSERT INTO recognisers (hash, path, size, vocabulary, metadata, created_at) \
             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (hash) DO UPDATE SET path = excluded.path, \
             metadata = excluded.metadata",
        )
        .bind(&recogniser.hash)
        .bind(&recogniser.path)
        .bind(i64::try_from(recogniser.size).unwrap_or(i64::MAX))
        .bind(&recogniser.vocabulary)
        .bind(recogniser.metadata.to_string())
        .bind(now_ms())
        .execute(&self.writer)
        .await
        .map_err(|error| self.failed(error))?;
        Ok(())
    }

    /// The packed vocabulary of the recogniser that heard a corpus; `None` where it was
    /// read from lists.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn vocabulary(&self, corpus: CorpusId) -> Result<Option<Vec<u8>>> {
        sqlx::query_scalar(
            "SELECT vocabulary FROM first_passes p JOIN recognisers r ON r.hash = p.recogniser_hash \
             WHERE p.corpus_id = ?",
        )
        .bind(corpus.0)
        .fetch_optional(&self.readers)
        .await
        .map_err(|error| self.failed(error))
    }

    /// Opens a first pass that is not complete: a new one, or what an earlier command left.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_first_pass(
        &self,
        new: &NewCorpus,
        recogniser: &str,
        settings: &serde_json::Value,
    ) -> Result<FirstPass> {
        let mut transaction = self.begin().await?;
        let id = async {
            let known: Option<i64> = sqlx::query_scalar(
                "SELECT c.id FROM corpora c JOIN first_passes p ON p.corpus_id = c.id \
                 WHERE c.dataset = ? AND c.subset = ? AND c.split = ? AND c.checksum = ? \
                 AND c.reader_version = ?",
            )
            .bind(&new.key.dataset)
            .bind(&new.key.subset)
            .bind(&new.key.split)
            .bind(&new.key.checksum)
            .bind(new.key.reader_version)
            .fetch_optional(&mut *transaction)
            .await?;
            if let Some(known) = known {
                return Ok(CorpusId(known));
            }
            let id = import::insert_corpus(&mut transaction, new).await?;
            sqlx::query(
                "INSERT INTO first_passes (corpus_id, recogniser_hash, settings, version) \
                 VALUES (?, ?, ?, ?)",
            )
            .bind(id.0)
            .bind(recogniser)
            .bind(settings.to_string())
            .bind(env!("CARGO_PKG_VERSION"))
            .execute(&mut *transaction)
            .await?;
            Ok(id)
        };
        let corpus = id.await.map_err(|error: sqlx::Error| self.failed(error))?;
        let recordings = recordings(&mut transaction, corpus).await;
        let (done, failed) = recordings.map_err(|error| self.failed(error))?;
        let begun = begun(&mut transaction, corpus).await.map_err(|error| self.failed(error))?;
        transaction.commit().await.map_err(|error| self.failed(error))?;
        Ok(FirstPass { corpus, done, failed, begun })
    }

    /// Stores parts of recordings with all that belongs to them, or none of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_recordings(&self, corpus: CorpusId, parts: Vec<RecordingPart>) -> Result<()> {
        let mut transaction = self.begin().await?;
        let written = async {
            for part in parts {
                put_part(&mut transaction, corpus, part).await?;
            }
            Ok(())
        };
        written.await.map_err(|error| self.failed(error))?;
        transaction.commit().await.map_err(|error| self.failed(error))
    }

    /// Marks a first pass complete and gives its corpus.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish_first_pass(&self, corpus: CorpusId, key: &CorpusKey) -> Result<Corpus> {
        sqlx::query(
            "UPDATE corpora SET complete = 1, utterance_count = \
             (SELECT coalesce(sum(utterances), 0) FROM recordings WHERE corpus_id = ?1) WHERE id = ?1",
        )
        .bind(corpus.0)
        .execute(&self.writer)
        .await
        .map_err(|error| self.failed(error))?;
        let found = self.find_corpus(key).await?;
        found.ok_or_else(|| import::taken_over(key))
    }

    /// What a first pass holds; zeros for a corpus that was read from lists.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn first_pass_totals(&self, corpus: CorpusId) -> Result<FirstPassTotals> {
        let row = sqlx::query(
            "SELECT count(*) FILTER (WHERE error IS NULL), count(error), \
             coalesce(sum(audio_ms) FILTER (WHERE error IS NULL), 0), \
             coalesce(sum(elapsed_ms), 0), \
             (SELECT coalesce(sum(length(record)), 0) FROM posteriors \
              WHERE utterance_id > ?2 AND utterance_id < ?3) FROM recordings WHERE corpus_id = ?1",
        )
        .bind(corpus.0)
        .bind(corpus.utterance(0))
        .bind(corpus.end())
        .fetch_one(&self.readers)
        .await
        .map_err(|error| self.failed(error))?;
        let number = |column: usize| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
        let totals = || {
            Ok(FirstPassTotals {
                recordings: number(0)?,
                failed: number(1)?,
                audio_ms: number(2)?,
                elapsed_ms: number(3)?,
                posterior_bytes: number(4)?,
            })
        };
        totals().map_err(|error: sqlx::Error| self.failed(error))
    }

    /// The recordings of a corpus that failed, by place: name and error.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn failed_recordings(&self, corpus: CorpusId) -> Result<Vec<(String, String)>> {
        sqlx::query_as(
            "SELECT name, error FROM recordings WHERE corpus_id = ? AND error IS NOT NULL \
             ORDER BY item",
        )
        .bind(corpus.0)
        .fetch_all(&self.readers)
        .await
        .map_err(|error| self.failed(error))
    }
}

async fn recordings(
    connection: &mut SqliteConnection,
    corpus: CorpusId,
) -> sqlx::Result<(Vec<usize>, Vec<usize>)> {
    let rows: Vec<(i64, bool)> = sqlx::query_as(
        "SELECT item, error IS NOT NULL FROM recordings WHERE corpus_id = ? ORDER BY item",
    )
    .bind(corpus.0)
    .fetch_all(connection)
    .await?;
    let places = |failed: bool| {
        rows.iter().filter(|row| row.1 == failed).map(|row| row.0.unsigned_abs() as usize).collect()
    };
    Ok((places(false), places(true)))
}

/// Recordings with utterances that did not come to their end.
async fn begun(
    connection: &mut SqliteConnection,
    corpus: CorpusId,
) -> sqlx::Result<HashMap<usize, (usize, i64)>> {
    let rows: Vec<(i64, i64, i64)> = sqlx::query_as(
        "SELECT (u.position - 1) / ?3 AS item, count(*), max(u.end_ms) FROM utterances u \
         WHERE u.id > ?1 AND u.id < ?2 AND NOT EXISTS (SELECT 1 FROM recordings r \
         WHERE r.corpus_id = u.corpus_id AND r.item = (u.position - 1) / ?3 AND r.error IS NULL) \
         GROUP BY item",
    )
    .bind(corpus.utterance(0))
    .bind(corpus.end())
    .bind(RECORDING_UTTERANCES as i64)
    .fetch_all(connection)
    .await?;
    let row = |(item, count, end): (i64, i64, i64)| {
        (item.unsigned_abs() as usize, (count.unsigned_abs() as usize, end))
    };
    Ok(rows.into_iter().map(row).collect())
}

async fn put_part(
    connection: &mut SqliteConnection,
    corpus: CorpusId,
    part: RecordingPart,
) -> sqlx::Result<()> {
    let count = part.first + part.utterances.len();
    if part.item >= RECORDINGS || count > RECORDING_UTTERANCES {
        let limits = format!(
            "a first pass holds at most {RECORDINGS} recordings of {RECORDING_UTTERANCES} utterances"
        );
        return Err(sqlx::Error::Encode(limits.into()));
    }
    let first = (part.item * RECORDING_UTTERANCES + part.first) as i64;
    let mut key = corpus.utterance(first);
    for utterance in &part.utterances {
        key += 1;
        if let Some(record) = &utterance.posteriors {
            sqlx::query("INSERT INTO posteriors (utterance_id, record) VALUES (?, ?)")
                .bind(key)
                .bind(record)
                .execute(&mut *connection)
                .await?;
        }
    }
    import::insert(connection, corpus, first, part.utterances).await?;
    let Some(end) = part.end else { return Ok(()) };
    sqlx::query(
        "INSERT INTO recordings (corpus_id, item, name, utterances, audio_ms, elapsed_ms, note, \
         error, attempts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (corpus_id, item) \
         DO UPDATE SET utterances = excluded.utterances, audio_ms = excluded.audio_ms, \
         elapsed_ms = excluded.elapsed_ms, note = excluded.note, error = excluded.error, \
         attempts = recordings.attempts + 1",
    )
    .bind(corpus.0)
    .bind(part.item as i64)
    .bind(end.name)
    .bind(count as i64)
    .bind(end.audio_ms)
    .bind(end.elapsed_ms)
    .bind(end.note)
    .bind(end.error)
    .execute(connection)
    .await?;
    Ok(())
}
