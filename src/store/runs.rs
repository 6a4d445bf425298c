//! Runs: one way of correcting one corpus each.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{CorpusId, Result, Store, StoreError, now_ms};

/// Identifies a run within one database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RunId(pub i64);

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// Begun. After a kill it stays so until the run is opened again.
    Running,
    /// Every utterance that was asked for has a correction.
    Finished,
    /// Stopped by the user.
    Interrupted,
    /// Stopped by an error.
    Failed,
}

impl RunStatus {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        }
    }
}

/// What a run is opened with.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRun {
    /// Hash of everything that decides the result, the corpus included; hexadecimal.
    pub fingerprint: String,
    /// The corpus to correct.
    pub corpus: CorpusId,
    /// Name of the correction method.
    pub method: String,
    /// Every setting: a JSON object.
    pub parameters: serde_json::Value,
    /// A template that [`Store::save_template`] has stored.
    pub template: Option<String>,
    /// A model that [`Store::save_model`] has stored.
    pub model: Option<String>,
    /// A name given by the user.
    pub label: Option<String>,
    /// Whether an earlier run keeps the name it has.
    pub keep_label: bool,
    /// Version of the program.
    pub version: String,
    /// Forget the corrections of an earlier run with the same fingerprint.
    pub fresh: bool,
}

/// An opened run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its key in this database.
    pub id: RunId,
    /// Whether it was there already.
    pub resumed: bool,
    /// Corrections it has, by verdict.
    pub done: BTreeMap<String, u64>,
}

/// A stored run as people look at it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunInfo {
    /// Its key in this database.
    pub id: RunId,
    /// Hash of everything that decides the result, hexadecimal.
    pub fingerprint: String,
    /// Key of the corpus.
    pub corpus: CorpusId,
    /// Name of the data set.
    pub dataset: String,
    /// Name of the subset; empty where there is only one.
    pub subset: String,
    /// Name of the split; empty where there is only one.
    pub split: String,
    /// Utterances of the corpus.
    pub utterances: u64,
    /// Name of the correction method.
    pub method: String,
    /// Every setting: a JSON object.
    pub parameters: serde_json::Value,
    /// Hash of the prompt template.
    pub template: Option<String>,
    /// Name of the prompt template.
    pub template_name: Option<String>,
    /// Hash of the language model.
    pub model: Option<String>,
    /// Name of the language model.
    pub model_name: Option<String>,
    /// The name given by the user.
    pub label: Option<String>,
    /// Version of the program that began the run.
    pub version: String,
    /// How it stands (see [`RunStatus`]).
    pub status: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Milliseconds since 1970; `None` while it goes on.
    pub finished_at: Option<i64>,
    /// Corrections it has, by verdict.
    pub done: BTreeMap<String, u64>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT r.id, fingerprint, corpus_id, dataset, subset, split, utterance_count, ",
            "method, parameters, template_hash, t.name AS template_name, model_hash, ",
            "m.name AS model_name, label, version, status, r.created_at, finished_at ",
            "FROM runs r JOIN corpora c ON c.id = r.corpus_id ",
            "LEFT JOIN templates t ON t.hash = template_hash ",
            "LEFT JOIN models m ON m.hash = model_hash ",
            $rest
        )
    };
}

/// Characters from which on also a number can be the beginning of a fingerprint.
const LONG: usize = 8;

impl Store {
    /// Opens the run with this fingerprint: a new one, or the earlier one to go on with.
    ///
    /// # Errors
    /// When the database fails; a corpus, template or model that is not stored counts as that.
    pub async fn open_run(&self, new: &NewRun) -> Result<Run> {
        let mut transaction = self.begin().await?;
        let opened = async {
            let earlier: Option<i64> = sqlx::query_scalar(
                "UPDATE runs SET status = ?, finished_at = NULL, \
                 label = coalesce(iif(?, label, NULL), ?, label) WHERE fingerprint = ? RETURNING id",
            )
            .bind(RunStatus::Running.as_str())
            .bind(new.keep_label)
            .bind(&new.label)
            .bind(&new.fingerprint)
            .fetch_optional(&mut *transaction)
            .await?;
            let Some(id) = earlier else {
                let id = insert(&mut transaction, new).await?;
                asked(&mut transaction, id).await?;
                return Ok(Run { id, resumed: false, done: BTreeMap::new() });
            };
            asked(&mut transaction, RunId(id)).await?;
            if new.fresh {
                sqlx::query("DELETE FROM corrections WHERE run_id = ?")
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
            }
            let done = count_verdicts(&mut *transaction, RunId(id)).await?;
            Ok(Run { id: RunId(id), resumed: true, done })
        };
        let run = opened.await.map_err(|error| self.failed(error))?;
        transaction.commit().await.map_err(|error| self.failed(error))?;
        Ok(run)
    }

    /// Notes how a run ended, and when.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish_run(&self, run: RunId, status: RunStatus) -> Result<()> {
        sqlx::query("UPDATE runs SET status = ?, finished_at = ? WHERE id = ?")
            .bind(status.as_str())
            .bind((status != RunStatus::Running).then(now_ms))
            .bind(run.0)
            .execute(&self.writer)
            .await
            .map_err(|error| self.failed(error))?;
        Ok(())
    }

    /// All runs, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn runs(&self) -> Result<Vec<RunInfo>> {
        let mut runs: Vec<RunInfo> = sqlx::query(select!("ORDER BY r.id"))
            .try_map(|row| decode(&row))
            .fetch_all(&self.readers)
            .await
            .map_err(|error| self.failed(error))?;
        for run in &mut runs {
            run.done = self.count_verdicts(run.id).await?;
        }
        Ok(runs)
    }

    /// The run called `selector`: its id, the beginning of its fingerprint, or `last` for
    /// the one that a command opened last. A number is an id, unless it has eight digits and more
    /// and there is no such run: that of a run which was deleted must not mean another one.
    ///
    /// # Errors
    /// [`StoreError::NoRun`] and [`StoreError::AmbiguousRun`], or when the database fails.
    pub async fn run(&self, selector: &str) -> Result<RunInfo> {
        let mut found = if selector == "last" {
            sqlx::query(select!(
                "ORDER BY coalesce(asked_at, r.created_at) DESC, r.id DESC LIMIT 1"
            ))
        } else {
            sqlx::query(select!(
                "WHERE r.id = ?1 OR (NOT EXISTS (SELECT 1 FROM runs WHERE id = ?1) AND ?2 <> '' \
                 AND substr(fingerprint, 1, length(?2)) = ?2) ORDER BY r.id"
            ))
            .bind(selector.parse::<i64>().ok())
            .bind(Some(selector).filter(|name| name.len() >= LONG || name.parse::<i64>().is_err()))
        }
        .try_map(|row| decode(&row))
        .fetch_all(&self.readers)
        .await
        .map_err(|error| self.failed(error))?;
        if found.len() > 1 {
            let matches = found.iter().map(|run| run.id.0.to_string()).collect();
            return Err(StoreError::AmbiguousRun { selector: selector.to_owned(), matches });
        }
        let Some(mut run) = found.pop() else {
            return Err(StoreError::NoRun { selector: selector.to_owned() });
        };
        run.done = self.count_verdicts(run.id).await?;
        Ok(run)
    }

    /// Deletes a run and its corrections; says whether it was there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_run(&self, run: RunId) -> Result<bool> {
        let deleted = sqlx::query("DELETE FROM runs WHERE id = ?")
            .bind(run.0)
            .execute(&self.writer)
            .await
            .map_err(|error| self.failed(error))?;
        Ok(deleted.rows_affected() > 0)
    }

    async fn count_verdicts(&self, run: RunId) -> Result<BTreeMap<String, u64>> {
        count_verdicts(&self.readers, run).await.map_err(|error| self.failed(error))
    }
}

/// Makes a run the last one.
async fn asked(connection: &mut sqlx::SqliteConnection, run: RunId) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE runs SET asked_at = max(?, (SELECT coalesce(max(asked_at), 0) + 1 FROM runs)) \
         WHERE id = ?",
    )
    .bind(now_ms())
    .bind(run.0)
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert(connection: &mut sqlx::SqliteConnection, new: &NewRun) -> sqlx::Result<RunId> {
    sqlx::query_scalar(
        "INSERT INTO runs (fingerprint, corpus_id, method, parameters, template_hash, \
         model_hash, label, version, status, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         RETURNING id",
    )
    .bind(&new.fingerprint)
    .bind(new.corpus.0)
    .bind(&new.method)
    .bind(new.parameters.to_string())
    .bind(&new.template)
    .bind(&new.model)
    .bind(&new.label)
    .bind(&new.version)
    .bind(RunStatus::Running.as_str())
    .bind(now_ms())
    .fetch_one(connection)
    .await
    .map(RunId)
}

async fn count_verdicts(
    executor: impl sqlx::SqliteExecutor<'_>,
    run: RunId,
) -> sqlx::Result<BTreeMap<String, u64>> {
    let counts: Vec<(String, i64)> = sqlx::query_as(
        "SELECT verdict, count(*) FROM corrections WHERE run_id = ? GROUP BY verdict",
    )
    .bind(run.0)
    .fetch_all(executor)
    .await?;
    Ok(counts.into_iter().map(|(verdict, count)| (verdict, count.unsigned_abs())).collect())
}

fn decode(row: &SqliteRow) -> sqlx::Result<RunInfo> {
    Ok(RunInfo {
        id: RunId(row.try_get("id")?),
        fingerprint: row.try_get("fingerprint")?,
        corpus: CorpusId(row.try_get("corpus_id")?),
        dataset: row.try_get("dataset")?,
        subset: row.try_get("subset")?,
        split: row.try_get("split")?,
        utterances: row.try_get::<i64, _>("utterance_count")?.unsigned_abs(),
        method: row.try_get("method")?,
        parameters: serde_json::from_str(row.try_get("parameters")?)
            .map_err(|error| sqlx::Error::Decode(error.into()))?,
        template: row.try_get("template_hash")?,
        template_name: row.try_get("template_name")?,
        model: row.try_get("model_hash")?,
        model_name: row.try_get("model_name")?,
        label: row.try_get("label")?,
        version: row.try_get("version")?,
        status: row.try_get("status")?,
        created_at: row.try_get("created_at")?,
        finished_at: row.try_get("finished_at")?,
        done: BTreeMap::new(),
    })
}
