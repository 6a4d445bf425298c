//! Corrections: what is left to do in a run, and what is done.

use std::sync::LazyLock;

use serde::Serialize;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments as _, Row as _, SqliteConnection};

use super::bulk::BulkInsert;
use super::utterances::{UTTERANCE_COLUMNS, decode, decode_recorded, row_limit, utterance_columns};
use super::{FAILED, Result, RunId, Store, StoredUtterance, now_ms};

/// The outcome of one utterance in one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CorrectionRow {
    /// The utterance: [`StoredUtterance::row`].
    pub utterance: i64,
    /// The transcript that counts: the correction, or the 1-best where it was refused.
    pub text: String,
    /// What became of it. [`FAILED`] is tried again on request.
    pub verdict: String,
    /// Why the verdict is what it is.
    pub reason: Option<String>,
    /// What the model wrote, before it was judged.
    pub raw: Option<String>,
    /// Natural log-probability of what the model wrote.
    pub logprob: Option<f64>,
    /// Confidence of each word of `text` in [0, 1]; empty where nothing was decoded. Kept
    /// with three decimals.
    pub confidences: Vec<f64>,
    /// Tokens read.
    pub prompt_tokens: u32,
    /// Tokens written.
    pub output_tokens: u32,
    /// Milliseconds of work.
    pub elapsed_ms: i64,
    /// Decoding steps whose two best tokens were almost equal.
    pub near_ties: u32,
    /// What went wrong, for [`FAILED`].
    pub error: Option<String>,
    /// How often it was tried. The attempts of an earlier correction of the same utterance
    /// are added when this one replaces it.
    pub attempts: u32,
    /// When it was made, milliseconds since 1970.
    pub created_at: i64,
}

impl CorrectionRow {
    /// A correction made now, in one attempt, without a model.
    #[must_use]
    pub fn new(utterance: i64, text: impl Into<String>, verdict: impl Into<String>) -> Self {
        Self {
            utterance,
            text: text.into(),
            verdict: verdict.into(),
            reason: None,
            raw: None,
            logprob: None,
            confidences: Vec::new(),
            prompt_tokens: 0,
            output_tokens: 0,
            elapsed_ms: 0,
            near_ties: 0,
            error: None,
            attempts: 1,
            created_at: now_ms(),
        }
    }
}

static INSERT: LazyLock<BulkInsert> = LazyLock::new(|| {
    BulkInsert::new(
        "INSERT INTO corrections (run_id, utterance_id, text, verdict, reason, raw, logprob, \
         prompt_tokens, output_tokens, elapsed_ms, near_ties, error, attempts, created_at, \
         confidences) VALUES",
        15,
        "ON CONFLICT (run_id, utterance_id) DO UPDATE SET text = excluded.text, \
         verdict = excluded.verdict, reason = excluded.reason, raw = excluded.raw, \
         logprob = excluded.logprob, prompt_tokens = excluded.prompt_tokens, \
         output_tokens = excluded.output_tokens, elapsed_ms = excluded.elapsed_ms, \
         near_ties = excluded.near_ties, error = excluded.error, \
         attempts = corrections.attempts + excluded.attempts, created_at = excluded.created_at, \
         confidences = excluded.confidences",
    )
});

/// Corrections of a run with their utterances, and these columns of theirs. `CROSS JOIN`
/// keeps SQLite from beginning with the utterances, which are not all corrected.
macro_rules! select_corrected {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            utterance_columns!(),
            ", ",
            $columns,
            " FROM corrections c CROSS JOIN utterances u ON u.id = c.utterance_id \
             WHERE c.run_id = ?1 \
             AND c.utterance_id > ((SELECT corpus_id FROM runs WHERE id = ?1) << 32) + ?2 \
             ORDER BY c.utterance_id LIMIT ?3"
        )
    };
}

impl Store {
    /// Up to `limit` utterances of the run's corpus behind position `after` (0 begins at the
    /// first) that have no correction yet, in order; with `retry_errors` also those whose
    /// correction has the verdict [`FAILED`]. They carry the recogniser's posteriors, where
    /// it recorded them. Less than `limit` of them are the last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unfinished(
        &self,
        run: RunId,
        after: i64,
        limit: usize,
        retry_errors: bool,
    ) -> Result<Vec<StoredUtterance>> {
        sqlx::query(concat!(
            "SELECT ",
            utterance_columns!(),
            ", (SELECT record FROM posteriors WHERE utterance_id = u.id) FROM utterances u \
             LEFT JOIN corrections c ON c.run_id = ?1 AND c.utterance_id = u.id \
             WHERE u.id > ((SELECT corpus_id FROM runs WHERE id = ?1) << 32) + ?2 \
             AND u.id < ((SELECT corpus_id FROM runs WHERE id = ?1) + 1) << 32 \
             AND (c.utterance_id IS NULL OR (?3 AND c.verdict = ?4)) ORDER BY u.id LIMIT ?5"
        ))
        .bind(run.0)
        .bind(position(after))
        .bind(retry_errors)
        .bind(FAILED)
        .bind(row_limit(limit))
        .try_map(|row| decode_recorded(&row))
        .fetch_all(&self.readers)
        .await
        .map_err(|error| self.failed(error))
    }

    /// Up to `limit` corrections of a run behind position `after` (0 begins at the first),
    /// in the order of the corpus, each with its utterance. Less than `limit` of them are
    /// the last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn corrected(
        &self,
        run: RunId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(StoredUtterance, CorrectionRow)>> {
        let sql = select_corrected!(
            "c.text, c.verdict, c.reason, c.raw, c.logprob, c.prompt_tokens, c.output_tokens, \
             c.elapsed_ms, c.near_ties, c.error, c.attempts, c.created_at, c.confidences"
        );
        self.read_corrected(sql, run, after, limit, decode_correction).await
    }

    /// As [`Store::corrected`], with only the text of each correction: all that scoring
    /// needs, in about two thirds of the time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn corrected_texts(
        &self,
        run: RunId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(StoredUtterance, String)>> {
        self.read_corrected(select_corrected!("c.text"), run, after, limit, |row, _| {
            row.try_get_unchecked(UTTERANCE_COLUMNS)
        })
        .await
    }

    async fn read_corrected<T: Send + Unpin>(
        &self,
        sql: &'static str,
        run: RunId,
        after: i64,
        limit: usize,
        correction: fn(&SqliteRow, i64) -> sqlx::Result<T>,
    ) -> Result<Vec<(StoredUtterance, T)>> {
        sqlx::query(sql)
            .bind(run.0)
            .bind(position(after))
            .bind(row_limit(limit))
            .try_map(|row| {
                let utterance = decode(&row)?;
                let correction = correction(&row, utterance.row)?;
                Ok((utterance, correction))
            })
            .fetch_all(&self.readers)
            .await
            .map_err(|error| self.failed(error))
    }
}

/// A position that cannot reach into the next corpus.
fn position(after: i64) -> i64 {
    after.clamp(0, i64::from(u32::MAX))
}

fn decode_correction(row: &SqliteRow, utterance: i64) -> sqlx::Result<CorrectionRow> {
    let at = |offset: usize| UTTERANCE_COLUMNS + offset;
    Ok(CorrectionRow {
        utterance,
        text: row.try_get_unchecked(at(0))?,
        verdict: row.try_get_unchecked(at(1))?,
        reason: row.try_get_unchecked(at(2))?,
        raw: row.try_get_unchecked(at(3))?,
        logprob: row.try_get_unchecked(at(4))?,
        prompt_tokens: row.try_get_unchecked(at(5))?,
        output_tokens: row.try_get_unchecked(at(6))?,
        elapsed_ms: row.try_get_unchecked(at(7))?,
        near_ties: row.try_get_unchecked(at(8))?,
        error: row.try_get_unchecked(at(9))?,
        attempts: row.try_get_unchecked(at(10))?,
        created_at: row.try_get_unchecked(at(11))?,
        confidences: decode_confidences(row.try_get_unchecked(at(12))?)?,
    })
}

/// The opposite of [`encode_confidences`].
pub(super) fn decode_confidences(json: Option<String>) -> sqlx::Result<Vec<f64>> {
    let decoded = json.map(|json| serde_json::from_str(&json)).transpose();
    Ok(decoded.map_err(|error| sqlx::Error::Decode(error.into()))?.unwrap_or_default())
}

/// Confidences as JSON with three decimals; `None` where there are none.
pub(super) fn encode_confidences(values: &[f64]) -> Option<String> {
    if values.is_empty() {
        return None;
    }
    let rounded: Vec<f64> = values.iter().map(|value| (value * 1e3).round() / 1e3).collect();
    serde_json::to_string(&rounded).ok()
}

/// Writes corrections of one run; an earlier one of the same utterance is replaced.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    run: RunId,
    corrections: Vec<CorrectionRow>,
) -> sqlx::Result<()> {
    INSERT
        .run(connection, corrections, |arguments: &mut SqliteArguments, row| {
            arguments.add(run.0)?;
            arguments.add(row.utterance)?;
            arguments.add(row.text)?;
            arguments.add(row.verdict)?;
            arguments.add(row.reason)?;
            arguments.add(row.raw)?;
            arguments.add(row.logprob)?;
            arguments.add(row.prompt_tokens)?;
            arguments.add(row.output_tokens)?;
            arguments.add(row.elapsed_ms)?;
            arguments.add(row.near_ties)?;
            arguments.add(row.error)?;
            arguments.add(row.attempts)?;
            arguments.add(row.created_at)?;
            arguments.add(encode_confidences(&row.confidences))
        })
        .await
}
