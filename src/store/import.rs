//! Importing a corpus: reading on a blocking thread, writing in batches.

use std::fmt::Display;
use std::sync::LazyLock;

use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, SqliteConnection};
use tokio::sync::mpsc;

use super::bulk::BulkInsert;
use super::{Corpus, CorpusId, CorpusKey, Result, Store, StoreError, nbest, now_ms, times};
use crate::corpus::Utterance;

/// Utterances a transaction. Large enough that commits cost nothing beside the rows,
/// small enough that another process waits only for a moment.
const BATCH_UTTERANCES: usize = 4096;

/// Bytes of text a transaction, for corpora of very long utterances.
const BATCH_BYTES: usize = 4 << 20;

/// Messages about bad records that are kept; the others are counted.
const KEPT_MESSAGES: usize = 20;

static INSERT: LazyLock<BulkInsert> = LazyLock::new(|| {
    BulkInsert::new(
        "INSERT INTO utterances (id, name, reference, group_key, audio, nbest, start_ms, end_ms, \
         words, label) VALUES",
        10,
        "",
    )
});

/// A corpus that is to be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCorpus {
    /// What it is.
    pub key: CorpusKey,
    /// Path it is read from.
    pub source: String,
}

/// The outcome of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The corpus, now complete.
    pub corpus: Corpus,
    /// How many records could not be used.
    pub bad: u64,
    /// What was wrong with the first of them, at most 20.
    pub messages: Vec<String>,
}

/// What the reading thread hands over.
#[derive(Debug, Default)]
struct Batch {
    utterances: Vec<Utterance>,
    bad: u64,
    messages: Vec<String>,
}

impl Store {
    /// Imports a corpus in the order of `utterances`, which is read on a thread of its own
    /// while the rows are written. Memory does not grow with the corpus.
    ///
    /// `is_whole` is asked once after the last utterance: where it says no, because the rest
    /// of a file could not be read, what was written is deleted again.
    ///
    /// Bad records are counted and left out. What an import that was killed left behind is
    /// deleted and done again. A corpus that is complete already is returned as it is.
    ///
    /// # Errors
    /// When the database fails, another process takes the same import over, or the corpus is
    /// not whole.
    pub async fn import<I, E>(
        &self,
        new: &NewCorpus,
        utterances: I,
        is_whole: impl FnOnce() -> bool,
    ) -> Result<Imported>
    where
        I: Iterator<Item = Result<Utterance, E>> + Send + 'static,
        E: Display + Send,
    {
        if let Some(corpus) = self.find_corpus(&new.key).await? {
            return Ok(Imported { corpus, bad: 0, messages: Vec::new() });
        }
        let id = match self.begin_import(new).await {
            Ok(id) => id,
            // Another process may have completed it since we looked.
            Err(error) => {
                let corpus = self.find_corpus(&new.key).await?.ok_or(error)?;
                return Ok(Imported { corpus, bad: 0, messages: Vec::new() });
            }
        };
        let (sender, mut receiver) = mpsc::channel(1);
        let reading = tokio::task::spawn_blocking(move || read_batches(utterances, &sender));
        let (mut count, mut bad, mut messages) = (0_i64, 0, Vec::new());
        while let Some(batch) = receiver.recv().await {
            bad += batch.bad;
            messages.extend(batch.messages);
            count = self.import_batch(new, id, count, batch.utterances).await?;
        }
        if let Err(error) = reading.await
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
        messages.truncate(KEPT_MESSAGES);
        if !is_whole() {
            self.abandon_import(id).await?;
            return Err(StoreError::NotWhole { corpus: name(&new.key) });
        }
        let corpus = self.finish_import(new, id, count).await?;
        Ok(Imported { corpus, bad, messages })
    }

    /// Makes the row of the corpus, after deleting what a killed import left.
    pub(super) async fn begin_import(&self, new: &NewCorpus) -> Result<CorpusId> {
        let mut transaction = self.begin().await?;
        let begun = async {
            let stale: Option<i64> = sqlx::query_scalar(
                "SELECT id FROM corpora WHERE NOT complete AND dataset = ? AND subset = ? \
                 AND split = ? AND checksum = ? AND reader_version = ?",
            )
            .bind(&new.key.dataset)
            .bind(&new.key.subset)
            .bind(&new.key.split)
            .bind(&new.key.checksum)
            .bind(new.key.reader_version)
            .fetch_optional(&mut *transaction)
            .await?;
            if let Some(stale) = stale {
                delete_corpus(&mut transaction, CorpusId(stale)).await?;
            }
            insert_corpus(&mut transaction, new).await
        };
        let id = begun.await.map_err(|error| self.failed(error))?;
        transaction.commit().await.map_err(|error| self.failed(error))?;
        Ok(id)
    }

    /// Deletes what an import has written that cannot be completed: the file will have
    /// another checksum when it is mended, so that no later import would do it.
    async fn abandon_import(&self, id: CorpusId) -> Result<()> {
        let mut transaction = self.begin().await?;
        let deleted = async {
            if still_ours(&mut transaction, id).await? {
                delete_corpus(&mut transaction, id).await?;
            }
            Ok(())
        };
        deleted.await.map_err(|error| self.failed(error))?;
        transaction.commit().await.map_err(|error| self.failed(error))
    }

    /// Writes one batch after the `count` utterances before it; gives the new count.
    async fn import_batch(
        &self,
        new: &NewCorpus,
        id: CorpusId,
        count: i64,
        utterances: Vec<Utterance>,
    ) -> Result<i64> {
        let mut transaction = self.begin().await?;
        let written = async {
            if !still_ours(&mut transaction, id).await? {
                return Ok(None);
            }
            insert(&mut transaction, id, count, utterances).await.map(Some)
        };
        let count = written
            .await
            .map_err(|error| self.failed(error))?
            .ok_or_else(|| taken_over(&new.key))?;
        transaction.commit().await.map_err(|error| self.failed(error))?;
        Ok(count)
    }

    async fn finish_import(&self, new: &NewCorpus, id: CorpusId, count: i64) -> Result<Corpus> {
        let changed = sqlx::query(
            "UPDATE corpora SET complete = 1, utterance_count = ? WHERE id = ? AND NOT complete",
        )
        .bind(count)
        .bind(id.0)
        .execute(&self.writer)
        .await
        .map_err(|error| self.failed(error))?
        .rows_affected();
        if changed == 0 {
            return Err(taken_over(&new.key));
        }
        self.find_corpus(&new.key).await?.ok_or_else(|| taken_over(&new.key))
    }
}

/// Makes the row of a corpus that is not complete yet.
pub(super) async fn insert_corpus(
    connection: &mut SqliteConnection,
    new: &NewCorpus,
) -> sqlx::Result<CorpusId> {
    sqlx::query_scalar(
        "INSERT INTO corpora (dataset, subset, split, checksum, reader_version, source, \
         utterance_count, imported_at, complete) VALUES (?, ?, ?, ?, ?, ?, 0, ?, 0) RETURNING id",
    )
    .bind(&new.key.dataset)
    .bind(&new.key.subset)
    .bind(&new.key.split)
    .bind(&new.key.checksum)
    .bind(new.key.reader_version)
    .bind(&new.source)
    .bind(now_ms())
    .fetch_one(connection)
    .await
    .map(CorpusId)
}

pub(super) fn taken_over(key: &CorpusKey) -> StoreError {
    StoreError::TakenOver { corpus: name(key) }
}

fn name(key: &CorpusKey) -> String {
    let names = [&key.dataset, &key.subset, &key.split].map(String::as_str);
    let named: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
    named.join(":")
}

async fn still_ours(connection: &mut SqliteConnection, id: CorpusId) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM corpora WHERE id = ? AND NOT complete)")
        .bind(id.0)
        .fetch_one(connection)
        .await
}

/// Deletes by the range of the keys first: the cascade from `corpora` has no index to go by.
async fn delete_corpus(connection: &mut SqliteConnection, id: CorpusId) -> sqlx::Result<()> {
    for delete in [
        "DELETE FROM posteriors WHERE utterance_id > ? AND utterance_id < ?",
        "DELETE FROM utterances WHERE id > ? AND id < ?",
    ] {
        sqlx::query(delete).bind(id.utterance(0)).bind(id.end()).execute(&mut *connection).await?;
    }
    sqlx::query("DELETE FROM corpora WHERE id = ?").bind(id.0).execute(connection).await?;
    Ok(())
}

/// Inserts after position `count`; gives the last position.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    id: CorpusId,
    count: i64,
    utterances: Vec<Utterance>,
) -> sqlx::Result<i64> {
    let mut position = count;
    INSERT
        .run(connection, utterances, |arguments: &mut SqliteArguments, utterance| {
            position += 1;
            if position > i64::from(u32::MAX) {
                return Err("a corpus holds at most 2^32 - 1 utterances".into());
            }
            let nbest = nbest::encode(&utterance.nbest)?;
            let words = times::encode(&utterance.words)?;
            arguments.add(id.utterance(position))?;
            arguments.add(utterance.id)?;
            arguments.add(utterance.reference)?;
            arguments.add(utterance.group)?;
            arguments.add(utterance.audio)?;
            arguments.add(nbest)?;
            arguments.add(utterance.span.map(|span| span.start_ms))?;
            arguments.add(utterance.span.map(|span| span.end_ms))?;
            arguments.add(words)?;
            arguments.add(utterance.label)
        })
        .await?;
    Ok(position)
}

/// Reads to the end, or until nobody wants more.
fn read_batches<E: Display>(
    utterances: impl Iterator<Item = Result<Utterance, E>>,
    sender: &mpsc::Sender<Batch>,
) {
    let (mut batch, mut bytes) = (Batch::default(), 0);
    for record in utterances {
        match record {
            Ok(utterance) => {
                bytes += size(&utterance);
                batch.utterances.push(utterance);
            }
            Err(error) => {
                batch.bad += 1;
                if batch.messages.len() < KEPT_MESSAGES {
                    batch.messages.push(error.to_string());
                }
            }
        }
        if batch.utterances.len() >= BATCH_UTTERANCES || bytes >= BATCH_BYTES {
            bytes = 0;
            if sender.blocking_send(std::mem::take(&mut batch)).is_err() {
                return;
            }
        }
    }
    // A failure to send means that the import itself has failed, and says so.
    sender.blocking_send(batch).ok();
}

fn size(utterance: &Utterance) -> usize {
    let scores = |count: usize| count * size_of::<f64>();
    let nbest: usize = utterance
        .nbest
        .iter()
        .map(|one| one.text.len() + one.token_scores.as_ref().map_or(0, |all| scores(all.len())))
        .sum();
    let words = utterance.words.iter().map(|word| word.text.len() + 16).sum::<usize>();
    utterance.id.len() + utterance.reference.as_ref().map_or(0, String::len) + nbest + words
}
