//! Reading utterances with their hypotheses.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{CorpusId, Result, Store, nbest, times};
use crate::corpus::{Span, Surroundings, Utterance};

/// An utterance and where it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredUtterance {
    /// Its key in this database: what a correction refers to.
    pub row: i64,
    /// Its place in the corpus, from 1.
    pub position: i64,
    /// The utterance as it was imported.
    pub utterance: Utterance,
}

/// The columns [`decode`] reads, the first of a result, from `utterances AS u`.
macro_rules! utterance_columns {
    () => {
        "u.id, u.name, u.reference, u.group_key, u.audio, u.nbest, u.start_ms, u.end_ms, u.words, \
         u.label"
    };
}
pub(super) use utterance_columns;

/// The number of columns in [`utterance_columns`].
pub(super) const UTTERANCE_COLUMNS: usize = 10;

impl Store {
    /// As [`Store::page`], each utterance with what the recogniser believed, where it was
    /// recorded.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recorded_page(
        &self,
        corpus: CorpusId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<StoredUtterance>> {
        sqlx::query(concat!(
            "SELECT ",
            utterance_columns!(),
            ", (SELECT record FROM posteriors WHERE utterance_id = u.id) \
             FROM utterances u WHERE u.id > ? AND u.id < ? ORDER BY u.id LIMIT ?"
        ))
        .bind(corpus.utterance(after))
        .bind(corpus.end())
        .bind(row_limit(limit))
        .try_map(|row| decode_recorded(&row))
        .fetch_all(&self.readers)
        .await
        .map_err(|error| self.failed(error))
    }

    /// Up to `limit` utterances of a corpus behind position `after`, in order; 0 begins at
    /// the first. Less than `limit` of them are the last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn page(
        &self,
        corpus: CorpusId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<StoredUtterance>> {
        sqlx::query(concat!(
            "SELECT ",
            utterance_columns!(),
            " FROM utterances u WHERE u.id > ? AND u.id < ? ORDER BY u.id LIMIT ?"
        ))
        .bind(corpus.utterance(after))
        .bind(corpus.end())
        .bind(row_limit(limit))
        .try_map(|row| decode(&row))
        .fetch_all(&self.readers)
        .await
        .map_err(|error| self.failed(error))
    }
}

impl Store {
    /// The distinct labels of a corpus, in the order of their bytes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn labels(&self, corpus: CorpusId) -> Result<Vec<String>> {
        sqlx::query_scalar(
            "SELECT DISTINCT label FROM utterances \
             WHERE id > ? AND id < ? AND label IS NOT NULL ORDER BY label",
        )
        .bind(corpus.utterance(0))
        .bind(corpus.end())
        .fetch_all(&self.readers)
        .await
        .map_err(|error| self.failed(error))
    }
}

/// Reads the columns of [`utterance_columns`] and, after them, the recogniser's record.
pub(super) fn decode_recorded(row: &SqliteRow) -> sqlx::Result<StoredUtterance> {
    let mut item = decode(row)?;
    item.utterance.posteriors = row.try_get_unchecked(UTTERANCE_COLUMNS)?;
    Ok(item)
}

/// A page's size as SQLite takes it.
pub(super) fn row_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Reads the columns of [`utterance_columns`]. Types are not checked: the schema fixes them.
pub(super) fn decode(row: &SqliteRow) -> sqlx::Result<StoredUtterance> {
    let key: i64 = row.try_get_unchecked(0)?;
    let (start, end) = (row.try_get_unchecked(6)?, row.try_get_unchecked(7)?);
    let utterance = Utterance {
        id: row.try_get_unchecked(1)?,
        reference: row.try_get_unchecked(2)?,
        label: row.try_get_unchecked(9)?,
        group: row.try_get_unchecked(3)?,
        audio: row.try_get_unchecked(4)?,
        nbest: nbest::decode(row.try_get_unchecked(5)?).map_err(sqlx::Error::Decode)?,
        span: Option::zip(start, end).map(|(start_ms, end_ms)| Span { start_ms, end_ms }),
        words: times::decode(row.try_get_unchecked(8)?)
            .map_err(|error| sqlx::Error::Decode(error.into()))?,
        posteriors: None,
        surroundings: Surroundings::default(),
    };
    Ok(StoredUtterance { row: key, position: key & i64::from(u32::MAX), utterance })
}
