//! The table of corpora.

use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{Result, Store};

/// Identifies a corpus within one database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct CorpusId(pub i64);

impl CorpusId {
    /// The key of the utterance at `position`, counted from 1; below 1 it is the key
    /// before all utterances of the corpus.
    pub(super) fn utterance(self, position: i64) -> i64 {
        (self.0 << 32) + position.clamp(0, i64::from(u32::MAX))
    }

    /// The first key after all utterances of the corpus.
    pub(super) fn end(self) -> i64 {
        (self.0 + 1) << 32
    }
}

/// Two corpora with the same key hold the same utterances.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct CorpusKey {
    /// Name of the data set, or the path of a file that belongs to none.
    pub dataset: String,
    /// Name of the subset; empty where there is only one.
    pub subset: String,
    /// Name of the split; empty where there is only one.
    pub split: String,
    /// Hash of the source, hexadecimal: SHA-256 of a file, BLAKE3 of all that a first pass
    /// was given.
    pub checksum: String,
    /// Version of the reader. A file read in another way is another corpus, so that
    /// earlier runs keep the utterances they were made from.
    pub reader_version: u32,
}

/// A completely imported corpus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Corpus {
    /// Its key in this database.
    pub id: CorpusId,
    /// What it is.
    #[serde(flatten)]
    pub key: CorpusKey,
    /// Path it was read from.
    pub source: String,
    /// Number of utterances.
    pub utterances: u64,
    /// When the import began, milliseconds since 1970.
    pub imported_at: i64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, dataset, subset, split, checksum, reader_version, source, ",
            "utterance_count, imported_at FROM corpora ",
            $rest
        )
    };
}

impl Store {
    /// The corpus with this key, unless its import is not complete.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_corpus(&self, key: &CorpusKey) -> Result<Option<Corpus>> {
        sqlx::query(select!(
            "WHERE complete AND dataset = ? AND subset = ? AND split = ? AND checksum = ? \
             AND reader_version = ?"
        ))
        .bind(&key.dataset)
        .bind(&key.subset)
        .bind(&key.split)
        .bind(&key.checksum)
        .bind(key.reader_version)
        .try_map(|row| decode(&row))
        .fetch_optional(&self.readers)
        .await
        .map_err(|error| self.failed(error))
    }

    /// All complete corpora, in the order of their names.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn corpora(&self) -> Result<Vec<Corpus>> {
        sqlx::query(select!("WHERE complete ORDER BY dataset, subset, split, imported_at"))
            .try_map(|row| decode(&row))
            .fetch_all(&self.readers)
            .await
            .map_err(|error| self.failed(error))
    }
}

fn decode(row: &SqliteRow) -> Result<Corpus, sqlx::Error> {
    Ok(Corpus {
        id: CorpusId(row.try_get("id")?),
        key: CorpusKey {
            dataset: row.try_get("dataset")?,
            subset: row.try_get("subset")?,
            split: row.try_get("split")?,
            checksum: row.try_get("checksum")?,
            reader_version: row.try_get("reader_version")?,
        },
        source: row.try_get("source")?,
        utterances: row.try_get::<i64, _>("utterance_count")?.unsigned_abs(),
        imported_at: row.try_get("imported_at")?,
    })
}
