//! Putting databases together: those of shards that were worked on apart, above all.

use std::path::Path;

use serde::Serialize;
use sqlx::{Connection as _, SqliteConnection};

use super::{Corpus, CorpusId, Result, Store, StoreError};

/// What came over from another database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Merged {
    /// Corpora that were not there.
    pub corpora: u64,
    /// Runs that were not there.
    pub runs: u64,
    /// Corrections of runs, new or in the place of failed ones.
    pub corrections: u64,
    /// Answers that were not known.
    pub answers: u64,
    /// Documents that were not there.
    pub documents: u64,
    /// Their edits.
    pub edits: u64,
}

/// What is known by its content is copied as it is.
const BY_CONTENT: [&str; 4] = ["templates", "models", "recognisers", "profiles"];

/// Columns of `corpora` that tell one from another.
const SAME_CORPUS: &str = "m.dataset = o.dataset AND m.subset = o.subset AND m.split = o.split \
                           AND m.checksum = o.checksum AND m.reader_version = o.reader_version";

impl Store {
    /// Takes over everything that another database holds and this one lacks. The other is
    /// only read (but brought to the same schema); a run that both have gets the corrections
    /// of both. What was changed by neither side stays; all of it happens, or nothing.
    ///
    /// # Errors
    /// When the other file is missing or not ours, or when a database fails.
    pub async fn merge(&self, other: &Path) -> Result<Merged> {
        self.take_over(other, None).await
    }

    /// Takes over one corpus of another database with what its recogniser recorded, and no
    /// runs. Gives the corpus as it is here.
    ///
    /// # Errors
    /// As [`Store::merge`]; where it is not there.
    pub async fn copy_corpus(&self, other: &Path, corpus: &Corpus) -> Result<Corpus> {
        self.take_over(other, Some(corpus.id)).await?;
        let found = self.find_corpus(&corpus.key).await?;
        found.ok_or_else(|| StoreError::Missing { path: other.to_owned() })
    }

    async fn take_over(&self, other: &Path, only: Option<CorpusId>) -> Result<Merged> {
        let theirs = Self::open_existing(other).await?;
        theirs.close().await?;
        let name = other.to_str().ok_or_else(|| StoreError::Missing { path: other.to_owned() })?;
        let failed = |error| self.failed(error);
        let mut connection = self.writer.acquire().await.map_err(failed)?;
        sqlx::query("ATTACH ? AS other")
            .bind(name)
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
        let merged = merge_attached(&mut connection, only).await;
        // A connection of the pool must not keep it.
        let detached = sqlx::query("DETACH other").execute(&mut *connection).await;
        let merged = merged.map_err(failed)?;
        detached.map_err(failed)?;
        Ok(merged)
    }
}

async fn merge_attached(
    connection: &mut SqliteConnection,
    only: Option<CorpusId>,
) -> sqlx::Result<Merged> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let merged = merge_all(&mut transaction, only).await?;
    transaction.commit().await?;
    Ok(merged)
}

async fn merge_all(
    connection: &mut SqliteConnection,
    only: Option<CorpusId>,
) -> sqlx::Result<Merged> {
    let meant = only.map_or_else(|| "o.complete".to_owned(), |it| format!("o.id = {}", it.0));
    let mut run = async |sql: String| -> sqlx::Result<u64> {
        let done = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *connection).await?;
        Ok(done.rows_affected())
    };
    for table in BY_CONTENT {
        run(format!("INSERT OR IGNORE INTO main.{table} SELECT * FROM other.{table}")).await?;
    }
    let mut merged = Merged::default();

    // An import that was begun here and is whole there.
    run(format!(
        "DELETE FROM main.corpora AS m WHERE NOT complete AND EXISTS \
         (SELECT 1 FROM other.corpora o WHERE {meant} AND {SAME_CORPUS})"
    ))
    .await?;
    merged.corpora = run(format!(
        "INSERT INTO main.corpora (dataset, subset, split, checksum, reader_version, source, \
         utterance_count, imported_at, complete) \
         SELECT dataset, subset, split, checksum, reader_version, source, utterance_count, \
         imported_at, complete FROM other.corpora o WHERE {meant} \
         AND NOT EXISTS (SELECT 1 FROM main.corpora m WHERE {SAME_CORPUS})"
    ))
    .await?;
    run("DROP TABLE IF EXISTS temp.same_corpus".into()).await?;
    run(format!(
        "CREATE TEMP TABLE same_corpus AS SELECT o.id AS theirs, m.id AS ours \
         FROM other.corpora o JOIN main.corpora m ON {SAME_CORPUS} WHERE {meant}"
    ))
    .await?;
    // Keys hold the corpus: see the table.
    let key = |column: &str| format!("(c.ours << 32) | ({column} & 0xffffffff)");
    run(format!(
        "INSERT OR IGNORE INTO main.utterances (id, name, reference, group_key, audio, nbest, \
         start_ms, end_ms, words, label) SELECT {}, name, reference, group_key, audio, nbest, \
         start_ms, end_ms, words, label FROM temp.same_corpus c \
         JOIN other.utterances o ON o.id > c.theirs << 32 AND o.id < (c.theirs + 1) << 32",
        key("o.id")
    ))
    .await?;
    run(format!(
        "INSERT OR IGNORE INTO main.posteriors (utterance_id, record) SELECT {}, record \
         FROM temp.same_corpus c JOIN other.posteriors o \
         ON o.utterance_id > c.theirs << 32 AND o.utterance_id < (c.theirs + 1) << 32",
        key("o.utterance_id")
    ))
    .await?;
    run("INSERT OR IGNORE INTO main.first_passes (corpus_id, recogniser_hash, settings, version) \
         SELECT c.ours, o.recogniser_hash, o.settings, o.version FROM other.first_passes o \
         JOIN temp.same_corpus c ON c.theirs = o.corpus_id"
        .into())
    .await?;
    run("INSERT OR IGNORE INTO main.recordings (corpus_id, item, name, utterances, audio_ms, \
         elapsed_ms, note, error, attempts) SELECT c.ours, o.item, o.name, o.utterances, \
         o.audio_ms, o.elapsed_ms, o.note, o.error, o.attempts FROM other.recordings o \
         JOIN temp.same_corpus c ON c.theirs = o.corpus_id"
        .into())
    .await?;
    if only.is_some() {
        run("DROP TABLE temp.same_corpus".into()).await?;
        return Ok(merged);
    }

    merged.runs =
        run("INSERT OR IGNORE INTO main.runs (fingerprint, corpus_id, method, parameters, \
         template_hash, model_hash, label, version, status, created_at, finished_at) \
         SELECT o.fingerprint, c.ours, o.method, o.parameters, o.template_hash, o.model_hash, \
         o.label, o.version, o.status, o.created_at, o.finished_at FROM other.runs o \
         JOIN temp.same_corpus c ON c.theirs = o.corpus_id ORDER BY o.id"
            .into())
        .await?;
    merged.corrections = run(format!(
        "INSERT INTO main.corrections (run_id, utterance_id, text, verdict, reason, raw, logprob, \
         prompt_tokens, output_tokens, elapsed_ms, near_ties, error, attempts, created_at, \
         confidences) SELECT m.id, {}, o.text, o.verdict, o.reason, o.raw, o.logprob, \
         o.prompt_tokens, o.output_tokens, o.elapsed_ms, o.near_ties, o.error, o.attempts, \
         o.created_at, o.confidences FROM other.corrections o \
         JOIN other.runs r ON r.id = o.run_id \
         JOIN main.runs m ON m.fingerprint = r.fingerprint \
         JOIN temp.same_corpus c ON c.theirs = r.corpus_id AND c.ours = m.corpus_id WHERE true \
         ON CONFLICT (run_id, utterance_id) DO UPDATE SET text = excluded.text, \
         verdict = excluded.verdict, reason = excluded.reason, raw = excluded.raw, \
         logprob = excluded.logprob, prompt_tokens = excluded.prompt_tokens, \
         output_tokens = excluded.output_tokens, elapsed_ms = excluded.elapsed_ms, \
         near_ties = excluded.near_ties, error = excluded.error, \
         attempts = corrections.attempts + excluded.attempts, created_at = excluded.created_at, \
         confidences = excluded.confidences \
         WHERE corrections.verdict = '{FAILED}' AND excluded.verdict <> '{FAILED}'",
        key("o.utterance_id"),
        FAILED = super::FAILED,
    ))
    .await?;
    run("UPDATE main.runs SET status = 'finished' WHERE status <> 'finished' \
         AND (SELECT count(*) FROM main.corrections WHERE run_id = runs.id) \
         = (SELECT utterance_count FROM main.corpora WHERE id = runs.corpus_id) \
         AND fingerprint IN (SELECT fingerprint FROM other.runs)"
        .into())
    .await?;

    run(
        "INSERT OR IGNORE INTO main.correctors (fingerprint, method, parameters, template, model, \
         version, created_at) SELECT fingerprint, method, parameters, template, model, version, \
         created_at FROM other.correctors ORDER BY id"
            .into(),
    )
    .await?;
    merged.answers = run(
        "INSERT OR IGNORE INTO main.answers (corrector_id, input, text, verdict, reason, raw, \
         logprob, confidences, prompt_tokens, output_tokens, near_ties, created_at) \
         SELECT m.id, o.input, o.text, o.verdict, o.reason, o.raw, o.logprob, o.confidences, \
         o.prompt_tokens, o.output_tokens, o.near_ties, o.created_at FROM other.answers o \
         JOIN other.correctors r ON r.id = o.corrector_id \
         JOIN main.correctors m ON m.fingerprint = r.fingerprint"
            .into(),
    )
    .await?;

    // New numbers behind those that are taken; `other` keeps its own.
    run("DROP TABLE IF EXISTS temp.new_document".into()).await?;
    run("CREATE TEMP TABLE new_document AS SELECT o.id AS theirs, \
         o.id + (SELECT coalesce(max(seq), 0) FROM main.sqlite_sequence WHERE name = 'documents') \
         AS ours, k.id AS corrector FROM other.documents o \
         JOIN other.correctors r ON r.id = o.corrector_id \
         JOIN main.correctors k ON k.fingerprint = r.fingerprint \
         WHERE NOT EXISTS (SELECT 1 FROM main.documents m WHERE m.path = o.path \
         AND m.original_hash = o.original_hash AND m.corrected_at = o.corrected_at \
         AND m.corrector_id = k.id)"
        .into())
    .await?;
    merged.documents =
        run("INSERT INTO main.documents (id, path, format, corrector_id, original_hash, \
         corrected_hash, segments, changed, words, state, original, backup, corrected_at, \
         applied_at, reverted_at) SELECT n.ours, o.path, o.format, n.corrector, o.original_hash, \
         o.corrected_hash, o.segments, o.changed, o.words, o.state, o.original, o.backup, \
         o.corrected_at, o.applied_at, o.reverted_at FROM other.documents o \
         JOIN temp.new_document n ON n.theirs = o.id ORDER BY o.id"
            .into())
        .await?;
    merged.edits = run(
        "INSERT INTO main.edits (document_id, segment, name, line, start_ms, first_token, tokens, \
         original, replacement, context, supported_by, original_in, score, reason) \
         SELECT n.ours, o.segment, o.name, o.line, o.start_ms, o.first_token, o.tokens, \
         o.original, o.replacement, o.context, o.supported_by, o.original_in, o.score, o.reason \
         FROM other.edits o JOIN temp.new_document n ON n.theirs = o.document_id ORDER BY o.id"
            .into(),
    )
    .await?;
    run("DROP TABLE temp.same_corpus".into()).await?;
    run("DROP TABLE temp.new_document".into()).await?;
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{key, new_corpus, new_run, utterances};
    use crate::store::{Answer, CorrectionRow, EditFilter, NewCorrector, NewDocument, RunStatus};

    fn corrector(name: &str) -> NewCorrector {
        NewCorrector {
            fingerprint: name.into(),
            method: "1best".into(),
            parameters: serde_json::json!({}),
            template: None,
            model: None,
        }
    }

    fn answer(number: u8) -> Answer {
        Answer {
            input: [number; 16],
            text: format!("text {number}"),
            verdict: "kept".into(),
            reason: None,
            raw: None,
            logprob: Some(-1.5),
            confidences: vec![0.25],
            prompt_tokens: 1,
            output_tokens: 2,
            near_ties: 0,
        }
    }

    /// A database with a part of the corrections, one answer and one document.
    async fn shard(path: &Path, part: std::ops::Range<usize>, fail: bool) {
        let store = Store::open(path).await.unwrap();
        // Other numbers than in the other shard.
        if fail {
            store.import(&new_corpus("own"), utterances(3), || true).await.unwrap();
            store.corrector(&corrector("own")).await.unwrap();
        }
        let corpus = store.import(&new_corpus("both"), utterances(10), || true).await.unwrap();
        let run = store.open_run(&new_run(corpus.corpus.id, "abc")).await.unwrap().id;
        let writer = store.writer(run);
        for (place, one) in
            store.unfinished(run, 0, 10, false).await.unwrap().into_iter().enumerate()
        {
            if part.contains(&place) {
                let verdict = if fail { "failed" } else { "kept" };
                writer.put(CorrectionRow::new(one.row, "done", verdict)).await.unwrap();
            }
        }
        writer.finish().await.unwrap();
        store.finish_run(run, RunStatus::Interrupted).await.unwrap();
        let id = store.corrector(&corrector("shared")).await.unwrap();
        let writer = store.answer_writer(id);
        for number in [7, if fail { 1 } else { 2 }] {
            writer.put(answer(number)).await.unwrap();
        }
        writer.finish().await.unwrap();
        let document = NewDocument {
            path: format!("/a/{fail}.srt"),
            format: "srt".into(),
            corrector: id,
            original_hash: "1".into(),
            corrected_hash: "2".into(),
            segments: 1,
            changed: 1,
            words: 2,
            edits: vec![crate::store::EditRow {
                segment: 0,
                name: "1".into(),
                line: 3,
                start_ms: Some(1),
                first_token: 0,
                tokens: 1,
                original: "fights".into(),
                replacement: "flights".into(),
                context: "fights to boston".into(),
                supported_by: vec![1],
                original_in: vec![0],
                score: Some(0.5),
                reason: "test".into(),
            }],
        };
        store.put_document(&document).await.unwrap();
        store.close().await.unwrap();
    }

    #[tokio::test]
    async fn two_shards_become_what_one_run_would_have_made() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one.db"), folder.path().join("two.db"));
        shard(&one, 0..6, true).await;
        shard(&two, 5..10, false).await;
        let store = Store::open(&one).await.unwrap();
        let merged = store.merge(&two).await.unwrap();
        assert_eq!(
            merged,
            // Utterance 5 failed in one shard and was done in the other.
            Merged { corpora: 0, runs: 0, corrections: 5, answers: 1, documents: 1, edits: 1 }
        );
        let corpus = store.find_corpus(&key("both")).await.unwrap().unwrap();
        let run = store.run("last").await.unwrap();
        assert_eq!((run.status.as_str(), run.done["kept"], run.done["failed"]), ("finished", 5, 5));
        assert_eq!(corpus.utterances, 10);
        let known = store.corrector(&corrector("shared")).await.unwrap();
        let answers = store.answers(known, &[[1; 16], [2; 16], [3; 16], [7; 16]]).await.unwrap();
        assert_eq!(answers.len(), 3);
        assert_eq!(answers[&[2; 16]], answer(2));
        let filter = EditFilter { text: Some("flights".into()), ..EditFilter::default() };
        let edits = store.edits(&filter, 0, 10).await.unwrap();
        let paths: Vec<&str> = edits.iter().map(|edit| edit.path.as_str()).collect();
        assert_eq!(paths, ["/a/true.srt", "/a/false.srt"]);

        // A second time there is nothing left to take.
        assert_eq!(store.merge(&two).await.unwrap(), Merged::default());
        // The other way round the shard that has no such corpus gets it.
        let store = Store::open(&two).await.unwrap();
        assert_eq!(store.merge(&one).await.unwrap().corpora, 1);
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_refused_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("gec.db")).await.unwrap();
        let other = folder.path().join("other.db");
        assert!(matches!(store.merge(&other).await, Err(StoreError::Missing { .. })));
        fs_err::write(&other, "no database at all, but longer than a header").unwrap();
        assert!(store.merge(&other).await.is_err());
        assert_eq!(store.stats().await.unwrap().corpora, 0);
    }
}
