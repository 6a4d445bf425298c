//! What correctors made of texts, known by the text and not by the place where it stands: a
//! file that was moved, or a sentence that comes twice, is corrected once.

use std::collections::HashMap;

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite};

use super::{Result, Store, now_ms};

/// Number of a way of correcting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CorrectorId(pub i64);

/// First 16 bytes of a BLAKE3 hash of everything about a text that its correction depends on.
pub type AnswerKey = [u8; 16];

/// A way of correcting, to be found again or made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCorrector {
    /// Hash of everything that decides what it answers.
    pub fingerprint: String,
    /// Name of the method.
    pub method: String,
    /// Every setting.
    pub parameters: serde_json::Value,
    /// Hash of the prompt template, see [`Store::save_template`].
    pub template: Option<String>,
    /// Hash of the language model, see [`Store::save_model`].
    pub model: Option<String>,
}

/// What a corrector made of one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The text.
    pub input: AnswerKey,
    /// The transcript that counts.
    pub text: String,
    /// What became of it.
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
    /// Decoding steps whose two best tokens were almost equal.
    pub near_ties: u32,
}

/// Answers looked up in one query.
const LOOKED_UP: usize = 256;

impl Store {
    /// The corrector with this fingerprint, made where it is new.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn corrector(&self, new: &NewCorrector) -> Result<CorrectorId> {
        sqlx::query_scalar(
            "INSERT INTO correctors (fingerprint, method, parameters, template, model, version, \
             created_at) VALUES (?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (fingerprint) DO UPDATE SET fingerprint = excluded.fingerprint \
             RETURNING id",
        )
        .bind(&new.fingerprint)
        .bind(&new.method)
        .bind(new.parameters.to_string())
        .bind(&new.template)
        .bind(&new.model)
        .bind(env!("CARGO_PKG_VERSION"))
        .bind(now_ms())
        .fetch_one(&self.writer)
        .await
        .map(CorrectorId)
        .map_err(|error| self.failed(error))
    }

    /// The answers that are known already, by their keys. Keys may repeat.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn answers(
        &self,
        corrector: CorrectorId,
        keys: &[AnswerKey],
    ) -> Result<HashMap<AnswerKey, Answer>> {
        let mut known = HashMap::new();
        for part in keys.chunks(LOOKED_UP) {
            let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(
                "SELECT input, text, verdict, reason, raw, logprob, confidences, prompt_tokens, \
                 output_tokens, near_ties FROM answers WHERE corrector_id = ",
            );
            query.push_bind(corrector.0).push(" AND input IN (");
            let mut list = query.separated(", ");
            for key in part {
                list.push_bind(key.as_slice());
            }
            list.push_unseparated(")");
            let found = query.build().try_map(|row| decode(&row)).fetch_all(&self.readers).await;
            let found = found.map_err(|error| self.failed(error))?;
            known.extend(found.into_iter().map(|answer| (answer.input, answer)));
        }
        Ok(known)
    }

    /// Forgets what a corrector has answered, and returns how much that was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_answers(&self, corrector: CorrectorId) -> Result<u64> {
        sqlx::query("DELETE FROM answers WHERE corrector_id = ?")
            .bind(corrector.0)
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected())
            .map_err(|error| self.failed(error))
    }

    pub(super) async fn put_answers(
        &self,
        corrector: CorrectorId,
        batch: Vec<Answer>,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        let now = now_ms();
        for answer in batch {
            // Two places with the same text may have been worked on at once: the first counts.
            sqlx::query(
                "INSERT INTO answers (corrector_id, input, text, verdict, reason, raw, logprob, \
                 confidences, prompt_tokens, output_tokens, near_ties, created_at) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            )
            .bind(corrector.0)
            .bind(answer.input.as_slice().to_vec())
            .bind(answer.text)
            .bind(answer.verdict)
            .bind(answer.reason)
            .bind(answer.raw)
            .bind(answer.logprob)
            .bind(super::corrections::encode_confidences(&answer.confidences))
            .bind(answer.prompt_tokens)
            .bind(answer.output_tokens)
            .bind(answer.near_ties)
            .bind(now)
            .execute(&mut *transaction)
            .await
            .map_err(|error| self.failed(error))?;
        }
        transaction.commit().await.map_err(|error| self.failed(error))
    }
}

fn decode(row: &SqliteRow) -> sqlx::Result<Answer> {
    let input: &[u8] = row.try_get("input")?;
    Ok(Answer {
        input: input.try_into().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        text: row.try_get("text")?,
        verdict: row.try_get("verdict")?,
        reason: row.try_get("reason")?,
        raw: row.try_get("raw")?,
        logprob: row.try_get("logprob")?,
        confidences: super::corrections::decode_confidences(row.try_get("confidences")?)?,
        prompt_tokens: row.try_get("prompt_tokens")?,
        output_tokens: row.try_get("output_tokens")?,
        near_ties: row.try_get("near_ties")?,
    })
}
