//! Reading utterances with their hypotheses.

use serde::Deserialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{CorpusId, Result, Store};
use crate::corpus::{Hypothesis, Utterance};

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
///
/// The N-best list comes as one JSON text: a row for each hypothesis would cost several
/// times as much to carry over from the connection's thread. Numbers that are no integers
/// go as text of 17 digits or as bytes, because those come back exactly.
macro_rules! utterance_columns {
    () => {
        "u.id, u.name, u.reference, u.group_key, u.audio, \
         (SELECT json_group_array(json_array(h.rank, h.count, h.text, \
         CASE WHEN h.score IS NULL THEN NULL ELSE printf('%!.17g', h.score) END, \
         CASE WHEN h.token_scores IS NULL THEN NULL ELSE hex(h.token_scores) END)) \
         FROM hypotheses h WHERE h.utterance_id = u.id)"
    };
}
pub(super) use utterance_columns;

/// The number of columns in [`utterance_columns`].
pub(super) const UTTERANCE_COLUMNS: usize = 6;

impl Store {
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

/// A page's size as SQLite takes it.
pub(super) fn row_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Reads the columns of [`utterance_columns`]. Types are not checked: the schema fixes them.
pub(super) fn decode(row: &SqliteRow) -> sqlx::Result<StoredUtterance> {
    let key: i64 = row.try_get_unchecked(0)?;
    let utterance = Utterance {
        id: row.try_get_unchecked(1)?,
        reference: row.try_get_unchecked(2)?,
        group: row.try_get_unchecked(3)?,
        audio: row.try_get_unchecked(4)?,
        nbest: decode_nbest(row.try_get_unchecked(5)?)?,
    };
    Ok(StoredUtterance { row: key, position: key & i64::from(u32::MAX), utterance })
}

#[derive(Deserialize)]
struct Packed(u32, u32, String, Option<String>, Option<String>);

fn decode_nbest(json: &str) -> sqlx::Result<Vec<Hypothesis>> {
    let packed: Vec<Packed> =
        serde_json::from_str(json).map_err(|error| sqlx::Error::Decode(error.into()))?;
    let mut nbest = packed
        .into_iter()
        .map(|Packed(rank, count, text, score, token_scores)| {
            let score = score.map(|digits| digits.parse::<f64>()).transpose();
            Ok(Hypothesis {
                text,
                rank,
                count,
                score: score.map_err(|error| sqlx::Error::Decode(error.into()))?,
                token_scores: token_scores.as_deref().map(decode_token_scores).transpose()?,
            })
        })
        .collect::<sqlx::Result<Vec<_>>>()?;
    // The table's key has them in this order already, but SQL does not promise it.
    nbest.sort_by_key(|hypothesis| hypothesis.rank);
    Ok(nbest)
}

/// As 8-byte little-endian floats.
pub(super) fn encode_token_scores(scores: &[f64]) -> Vec<u8> {
    scores.iter().flat_map(|score| score.to_le_bytes()).collect()
}

/// From hexadecimal digits of [`encode_token_scores`].
fn decode_token_scores(hex: &str) -> sqlx::Result<Vec<f64>> {
    let (scores, rest) = hex.as_bytes().as_chunks::<16>();
    let wrong = || sqlx::Error::Decode("token scores are not 8-byte floats".into());
    if !rest.is_empty() {
        return Err(wrong());
    }
    scores
        .iter()
        .map(|digits| {
            let digits = str::from_utf8(digits).ok()?;
            let bits = u64::from_str_radix(digits, 16).ok()?;
            // The digits are in the order of the bytes in the file.
            Some(f64::from_bits(bits.swap_bytes()))
        })
        .collect::<Option<Vec<_>>>()
        .ok_or_else(wrong)
}
