use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::corpus::{Hypothesis, Span, Surroundings, Utterance, WordTime};

pub(super) fn key(dataset: &str) -> CorpusKey {
    CorpusKey {
        dataset: dataset.to_owned(),
        subset: "one".to_owned(),
        split: "test".to_owned(),
        checksum: "00".to_owned(),
        reader_version: 1,
    }
}

pub(super) fn new_corpus(dataset: &str) -> NewCorpus {
    NewCorpus { key: key(dataset), source: "some/where.json".to_owned() }
}

/// `count` utterances with one to five hypotheses.
pub(super) fn utterances(count: usize) -> impl Iterator<Item = Result<Utterance, String>> + Send {
    (0..count).map(|number| {
        let list = (0..=number % 5)
            .map(|rank| (format!("hypothesis {rank} of {number}"), Some(-0.1 * rank as f64), None));
        let mut utterance = Utterance::from_list(format!("u{number}"), list);
        utterance.reference = Some(format!("reference {number}"));
        Ok(utterance)
    })
}

pub(super) fn new_run(corpus: CorpusId, fingerprint: &str) -> NewRun {
    NewRun {
        fingerprint: fingerprint.to_owned(),
        corpus,
        method: "1best".to_owned(),
        parameters: serde_json::json!({ "limit": 3 }),
        template: None,
        model: None,
        label: None,
        keep_label: false,
        version: "0.1.0".to_owned(),
        fresh: false,
    }
}

async fn open() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("new/folder/gec.db")).await.unwrap();
    (folder, store)
}

pub(super) async fn all(store: &Store, corpus: CorpusId, limit: usize) -> Vec<StoredUtterance> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let page = store.page(corpus, after, limit).await.unwrap();
        let Some(last) = page.last() else { return all };
        after = last.position;
        all.extend(page);
    }
}

#[tokio::test]
async fn a_corpus_comes_back_in_order_page_by_page() {
    let (_folder, store) = open().await;
    let other = store.import(&new_corpus("other"), utterances(7), || true).await.unwrap();
    let imported = store.import(&new_corpus("mine"), utterances(1000), || true).await.unwrap();
    assert_eq!(imported.corpus.utterances, 1000);
    assert_eq!(store.find_corpus(&key("mine")).await.unwrap(), Some(imported.corpus.clone()));
    assert_eq!(store.corpora().await.unwrap(), [imported.corpus.clone(), other.corpus]);
    for limit in [1000, 333] {
        let stored = all(&store, imported.corpus.id, limit).await;
        assert!(stored.iter().map(|one| one.position).eq(1..=1000));
        let read: Vec<Utterance> = stored.into_iter().map(|one| one.utterance).collect();
        let given: Vec<Utterance> = utterances(1000).map(Result::unwrap).collect();
        assert_eq!(read, given);
    }
}

#[tokio::test]
async fn an_import_counts_bad_records_and_goes_on() {
    let (_folder, store) = open().await;
    let records = utterances(100).enumerate().map(|(at, utterance)| match at % 3 {
        0 => Err(format!("record {at} is bad")),
        _ => utterance,
    });
    let imported = store.import(&new_corpus("mixed"), records, || true).await.unwrap();
    assert_eq!((imported.corpus.utterances, imported.bad), (66, 34));
    assert_eq!(imported.messages.len(), 20);
    assert_eq!(imported.messages[1], "record 3 is bad");
}

#[tokio::test]
async fn an_empty_corpus_is_complete_too() {
    let (_folder, store) = open().await;
    let imported = store.import(&new_corpus("empty"), utterances(0), || true).await.unwrap();
    assert_eq!(imported.corpus.utterances, 0);
    assert_eq!(store.page(imported.corpus.id, 0, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_complete_corpus_is_not_imported_twice() {
    let (_folder, store) = open().await;
    let first = store.import(&new_corpus("twice"), utterances(3), || true).await.unwrap();
    let again = store.import(&new_corpus("twice"), utterances(5), || true).await.unwrap();
    assert_eq!(first, again);
}

#[tokio::test]
async fn an_incomplete_corpus_is_deleted_and_redone() {
    let (_folder, store) = open().await;
    store.import(&new_corpus("kept"), utterances(4), || true).await.unwrap();
    let half = store.import(&new_corpus("half"), utterances(9), || true).await.unwrap().corpus.id;
    sqlx::query("UPDATE corpora SET complete = 0 WHERE id = ?")
        .bind(half.0)
        .execute(&store.writer)
        .await
        .unwrap();
    assert_eq!(store.find_corpus(&key("half")).await.unwrap(), None);
    let redone = store.import(&new_corpus("half"), utterances(5), || true).await.unwrap().corpus;
    assert_eq!(redone.utterances, 5);
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.corpora, stats.utterances), (2, 9));
}

#[tokio::test]
async fn a_corpus_that_is_not_whole_is_not_found() {
    let (_folder, store) = open().await;
    let error = store.import(&new_corpus("cut"), utterances(9), || false).await.unwrap_err();
    assert!(matches!(error, StoreError::NotWhole { .. }), "{error:?}");
    assert_eq!(store.find_corpus(&key("cut")).await.unwrap(), None);
    let whole = store.import(&new_corpus("cut"), utterances(12), || true).await.unwrap();
    assert_eq!(whole.corpus.utterances, 12);
}

#[tokio::test]
async fn an_import_that_was_taken_over_says_so() {
    let (_folder, store) = open().await;
    let thief = store.clone();
    let handle = tokio::runtime::Handle::current();
    let records = utterances(5000).inspect(move |utterance| {
        if utterance.as_ref().unwrap().id == "u4500" {
            handle.block_on(async { thief.begin_import(&new_corpus("busy")).await }).unwrap();
        }
    });
    let error = store.import(&new_corpus("busy"), records, || true).await.unwrap_err();
    assert!(matches!(&error, StoreError::TakenOver { corpus } if corpus == "busy:one:test"));
    assert!(error.hint().is_some());
}

fn any_utterance() -> impl Strategy<Value = Utterance> {
    let score = prop::option::of(prop::num::f64::NORMAL | prop::num::f64::ZERO);
    let scores = prop::option::of(prop::collection::vec(prop::num::f64::NORMAL, 0..4));
    let hypothesis = (any::<String>(), 1..9_u32, score, scores);
    let text = || prop::option::of(any::<String>());
    let span = prop::option::of((any::<i64>(), any::<i64>()));
    let span = span.prop_map(|span| span.map(|(start_ms, end_ms)| Span { start_ms, end_ms }));
    let word = (any::<String>(), any::<i64>(), any::<i64>());
    let word = word.prop_map(|(text, start_ms, end_ms)| WordTime { text, start_ms, end_ms });
    let times = (span, prop::collection::vec(word, 0..4));
    let list = prop::collection::vec(hypothesis, 1..6);
    (any::<String>(), list, text(), (text(), text()), text(), times).prop_map(
        |(id, list, reference, (label, group), audio, (span, words))| {
            let nbest = (0..)
                .zip(list)
                .map(|(rank, (text, count, score, token_scores))| Hypothesis {
                    text,
                    rank,
                    count,
                    score,
                    token_scores,
                })
                .collect();
            let (posteriors, surroundings) = (None, Surroundings::default());
            Utterance {
                id,
                nbest,
                reference,
                label,
                group,
                audio,
                span,
                words,
                posteriors,
                surroundings,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn any_utterance_comes_back_exactly(list in prop::collection::vec(any_utterance(), 1..60)) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let read = runtime.block_on(async {
            let (_folder, store) = open().await;
            let given = list.clone().into_iter().map(Ok::<_, String>);
            let imported = store.import(&new_corpus("any"), given, || true).await.unwrap();
            all(&store, imported.corpus.id, 7).await
        });
        let read: Vec<Utterance> = read.into_iter().map(|one| one.utterance).collect();
        prop_assert_eq!(read, list);
    }
}

#[tokio::test]
async fn odd_scores_and_texts_are_kept_exactly() {
    let (_folder, store) = open().await;
    let list = [("a", f64::NEG_INFINITY), ("b", f64::INFINITY), ("c", 5e-324), ("d", f64::MAX)];
    let list = list.map(|(text, score)| (text.to_owned(), Some(score), Some(vec![score])));
    let mut utterance = Utterance::from_list("u", list);
    utterance.nbest[3].text = "nul\0, \"quotes\" and a \u{1f600} \u{7}".to_owned();
    let given = [Ok::<_, String>(utterance.clone())].into_iter();
    let imported = store.import(&new_corpus("odd"), given, || true).await.unwrap();
    let read = store.page(imported.corpus.id, 0, 1).await.unwrap();
    assert_eq!(read[0].utterance, utterance);
}

#[tokio::test]
async fn the_view_of_hypotheses_shows_every_one() {
    let (_folder, store) = open().await;
    let text = |text: &str| (text.to_owned(), None, None);
    let scored = |text: &str| (text.to_owned(), Some(-0.5), Some(vec![-0.25, f64::NEG_INFINITY]));
    let lists = [
        Utterance::from_list("plain", [text("a"), text("b"), text("a"), text("c")]),
        Utterance::from_list("scored", [scored("1"), scored("2")]),
    ];
    let given = lists.clone().into_iter().map(Ok::<_, String>);
    store.import(&new_corpus("some"), given, || true).await.unwrap();
    type Row = (i64, String, i64, Option<f64>, Option<String>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT rank, text, count, score, token_scores FROM hypotheses ORDER BY utterance_id, rank",
    )
    .fetch_all(&store.readers)
    .await
    .unwrap();
    let plain = |rank, text: &str, count| (rank, text.to_owned(), count, None, None);
    let tokens = || Some(r#"["-2.5e-1","-9e999"]"#.to_owned());
    let scored = |rank, text: &str| (rank, text.to_owned(), 1, Some(-0.5), tokens());
    let expected =
        [plain(0, "a", 2), plain(1, "b", 1), plain(3, "c", 1), scored(0, "1"), scored(1, "2")];
    assert_eq!(rows, expected);
    assert_eq!(store.stats().await.unwrap().hypotheses, 5);
}

#[tokio::test]
async fn a_run_is_resumed_by_its_fingerprint() {
    let (_folder, store) = open().await;
    let corpus =
        store.import(&new_corpus("some"), utterances(10), || true).await.unwrap().corpus.id;
    store.import(&new_corpus("next"), utterances(10), || true).await.unwrap();
    let run = store.open_run(&new_run(corpus, "abc")).await.unwrap();
    assert!(!run.resumed && run.done.is_empty());

    let todo = store.unfinished(run.id, 0, 100, false).await.unwrap();
    assert_eq!(todo, all(&store, corpus, 100).await);
    let writer = store.writer(run.id);
    for one in todo.iter().filter(|one| one.position % 2 == 0) {
        let verdict = if one.position == 4 { FAILED } else { "kept" };
        writer.put(CorrectionRow::new(one.row, one.utterance.one_best(), verdict)).await.unwrap();
    }
    assert_eq!(writer.finish().await.unwrap(), 5);
    store.finish_run(run.id, RunStatus::Interrupted).await.unwrap();
    assert!(store.run("last").await.unwrap().finished_at.is_some());

    let again = store.open_run(&new_run(corpus, "abc")).await.unwrap();
    assert_eq!(again.id, run.id);
    assert!(again.resumed);
    let done = BTreeMap::from([(FAILED.to_owned(), 1), ("kept".to_owned(), 4)]);
    assert_eq!(again.done, done);
    let info = store.run("last").await.unwrap();
    assert_eq!((info.status.as_str(), info.finished_at, info.done), ("running", None, done));

    let positions = async |after, limit, retry| -> Vec<i64> {
        let found = store.unfinished(run.id, after, limit, retry).await.unwrap();
        found.iter().map(|one| one.position).collect()
    };
    assert_eq!(positions(0, 100, false).await, [1, 3, 5, 7, 9]);
    assert_eq!(positions(0, 100, true).await, [1, 3, 4, 5, 7, 9]);
    assert_eq!(positions(3, 2, true).await, [4, 5]);

    let fresh = store.open_run(&NewRun { fresh: true, ..new_run(corpus, "abc") }).await.unwrap();
    assert!(fresh.resumed && fresh.done.is_empty());
    assert_eq!(positions(0, 100, false).await.len(), 10);
}

#[tokio::test]
async fn a_retried_correction_replaces_the_failed_one_and_counts_attempts() {
    let (_folder, store) = open().await;
    let corpus = store.import(&new_corpus("some"), utterances(3), || true).await.unwrap().corpus.id;
    let run = store.open_run(&new_run(corpus, "abc")).await.unwrap().id;
    let row = store.page(corpus, 1, 1).await.unwrap()[0].row;
    let failed = CorrectionRow {
        error: Some("no answer".to_owned()),
        attempts: 2,
        ..CorrectionRow::new(row, "first", FAILED)
    };
    let good = CorrectionRow {
        reason: Some("trusted".to_owned()),
        raw: Some("Second.".to_owned()),
        logprob: Some(-1.25),
        confidences: vec![0.125],
        prompt_tokens: 30,
        output_tokens: 4,
        elapsed_ms: 17,
        near_ties: 1,
        ..CorrectionRow::new(row, "second", "corrected")
    };
    for correction in [&failed, &good] {
        let writer = store.writer(run);
        writer.put(correction.clone()).await.unwrap();
        writer.finish().await.unwrap();
    }
    let stored = store.corrected(run, 0, 10).await.unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].0, store.page(corpus, 1, 1).await.unwrap()[0]);
    assert_eq!(stored[0].1, CorrectionRow { attempts: 3, ..good });
}

#[tokio::test]
async fn corrections_are_paged_in_the_order_of_the_corpus() {
    let (_folder, store) = open().await;
    let corpus =
        store.import(&new_corpus("some"), utterances(700), || true).await.unwrap().corpus.id;
    let run = store.open_run(&new_run(corpus, "abc")).await.unwrap().id;
    let other = store.open_run(&new_run(corpus, "abd")).await.unwrap().id;
    let stored = all(&store, corpus, 1000).await;
    for run in [run, other] {
        let writer = store.writer(run);
        for one in stored.iter().rev() {
            let text = format!("{} of {}", one.position, run.0);
            writer.put(CorrectionRow::new(one.row, text, "corrected")).await.unwrap();
        }
        writer.finish().await.unwrap();
    }
    let (mut after, mut read) = (0, Vec::new());
    loop {
        let page = store.corrected(run, after, 300).await.unwrap();
        let Some((last, _)) = page.last() else { break };
        after = last.position;
        read.extend(page);
    }
    assert!(read.iter().map(|(utterance, _)| utterance).eq(&stored));
    let texts = store.corrected_texts(run, 300, 400).await.unwrap();
    let same = |((one, row), (other, text)): (&(_, CorrectionRow), &(_, String))| {
        one == other && row.text == *text
    };
    assert_eq!(texts.len(), 400);
    assert!(read[300..].iter().zip(&texts).all(same));
    assert!(read.iter().all(|(one, row)| row.text == format!("{} of {}", one.position, run.0)));
}

#[tokio::test]
async fn a_correction_is_committed_within_a_second_without_finish() {
    let (_folder, store) = open().await;
    let corpus = store.import(&new_corpus("some"), utterances(3), || true).await.unwrap().corpus.id;
    let run = store.open_run(&new_run(corpus, "abc")).await.unwrap().id;
    let writer = store.writer(run);
    let row = store.page(corpus, 0, 1).await.unwrap()[0].row;
    writer.put(CorrectionRow::new(row, "soon", "kept")).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(store.corrected(run, 0, 10).await.unwrap().len(), 1);
    assert_eq!(writer.finish().await.unwrap(), 1);
}

#[tokio::test]
async fn a_failed_writer_tells_everyone() {
    let (_folder, store) = open().await;
    let writer = store.writer(RunId(99));
    let mut outcome = Ok(());
    for _ in 0..100 {
        outcome = writer.put(CorrectionRow::new(1, "no such run", "kept")).await;
        if outcome.is_err() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(matches!(outcome, Err(StoreError::Database { .. })), "{outcome:?}");
    assert!(matches!(writer.finish().await, Err(StoreError::Database { .. })));
}

#[tokio::test]
async fn a_full_disk_is_told_and_loses_nothing_that_was_committed() {
    let (_folder, store) = open().await;
    let corpus =
        store.import(&new_corpus("some"), utterances(2000), || true).await.unwrap().corpus.id;
    let run = store.open_run(&new_run(corpus, "abc")).await.unwrap().id;
    let pages: i64 =
        sqlx::query_scalar("PRAGMA page_count").fetch_one(&store.writer).await.unwrap();
    let limit = format!("PRAGMA max_page_count = {}", pages + 120);
    sqlx::query(sqlx::AssertSqlSafe(limit)).execute(&store.writer).await.unwrap();
    let writer = store.writer(run);
    let mut outcome = Ok(());
    for one in all(&store, corpus, 5000).await {
        outcome = writer.put(CorrectionRow::new(one.row, "x".repeat(500), "kept")).await;
        if outcome.is_err() {
            break;
        }
    }
    let error = writer.finish().await.unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("free some space"));
    drop(outcome);
    let stored = store.corrected(run, 0, 5000).await.unwrap().len();
    assert!(stored > 0 && stored % 256 == 0, "{stored}");
}

#[tokio::test]
async fn runs_are_found_by_id_prefix_and_last() {
    let (_folder, store) = open().await;
    assert!(matches!(store.run("last").await, Err(StoreError::NoRun { .. })));
    let corpus = store.import(&new_corpus("some"), utterances(3), || true).await.unwrap().corpus.id;
    let template = store.save_template("zero-shot", "{{ nbest }}").await.unwrap();
    let model = Model {
        hash: "ff".to_owned(),
        path: "m.gguf".to_owned(),
        name: "tiny".to_owned(),
        size: 5,
        metadata: serde_json::json!({ "architecture": "llama" }),
    };
    store.save_model(&model).await.unwrap();
    store.save_model(&model).await.unwrap();
    assert_eq!(store.model("ff").await.unwrap(), Some(model));
    let stored = store.template(&template).await.unwrap().unwrap();
    assert_eq!((stored.name.as_str(), stored.source.as_str()), ("zero-shot", "{{ nbest }}"));
    let with = NewRun {
        template: Some(template),
        model: Some("ff".to_owned()),
        ..new_run(corpus, "2bcd00")
    };
    let first = store.open_run(&with).await.unwrap().id;
    let second = store.open_run(&new_run(corpus, "2bce00")).await.unwrap().id;
    let third = store.open_run(&new_run(corpus, "7fff00")).await.unwrap().id;
    for (selector, id) in
        [("1", first), ("2", second), ("2bcd", first), ("7f", third), ("last", third)]
    {
        assert_eq!(store.run(selector).await.unwrap().id, id, "{selector}");
    }
    let info = store.run("1").await.unwrap();
    assert_eq!(info.template_name.as_deref(), Some("zero-shot"));
    assert_eq!(info.model_name.as_deref(), Some("tiny"));
    assert_eq!((info.dataset.as_str(), info.utterances), ("some", 3));
    for selector in ["", "7", "9", "%", "zz"] {
        assert!(matches!(store.run(selector).await, Err(StoreError::NoRun { .. })), "{selector}");
    }
    let error = store.run("2bc").await.unwrap_err();
    assert_eq!(error.to_string(), "`2bc` fits 2 runs: 1, 2");
    assert_eq!(store.runs().await.unwrap().len(), 3);
}

#[tokio::test]
async fn deleting_a_run_deletes_its_corrections_alone() {
    let (_folder, store) = open().await;
    let corpus = store.import(&new_corpus("some"), utterances(3), || true).await.unwrap().corpus.id;
    let mut runs = Vec::new();
    for fingerprint in ["aa", "bb"] {
        let run = store.open_run(&new_run(corpus, fingerprint)).await.unwrap().id;
        let writer = store.writer(run);
        for one in all(&store, corpus, 10).await {
            writer.put(CorrectionRow::new(one.row, "text", "kept")).await.unwrap();
        }
        writer.finish().await.unwrap();
        runs.push(run);
    }
    assert!(store.delete_run(runs[0]).await.unwrap());
    assert!(!store.delete_run(runs[0]).await.unwrap());
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.runs, stats.corrections, stats.utterances), (1, 3, 3));
}

#[tokio::test]
async fn a_backup_is_a_whole_database_and_never_overwrites() {
    let (folder, store) = open().await;
    store.import(&new_corpus("some"), utterances(50), || true).await.unwrap();
    let to = folder.path().join("copy.db");
    let bytes = store.backup(&to).await.unwrap();
    assert_eq!(bytes, to.metadata().unwrap().len());
    let error = store.backup(&to).await.unwrap_err();
    assert!(matches!(error, StoreError::BackupExists { .. }));
    let copy = Store::open_existing(&to).await.unwrap();
    assert_eq!(copy.corpora().await.unwrap(), store.corpora().await.unwrap());
    let nowhere = store.backup(&folder.path().join("no/such/folder.db")).await.unwrap_err();
    assert!(matches!(nowhere, StoreError::CannotOpen { .. }), "{nowhere:?}");
    let names: Vec<_> = fs_err::read_dir(folder.path()).unwrap().collect();
    assert!(names.iter().all(|name| !name.as_ref().unwrap().path().ends_with("partial")));
}

#[tokio::test]
async fn closing_leaves_one_file() {
    let (_folder, store) = open().await;
    store.import(&new_corpus("some"), utterances(50), || true).await.unwrap();
    let path = store.path().to_owned();
    store.close().await.unwrap();
    let left: Vec<_> = fs_err::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1);
    assert_eq!(Store::open(&path).await.unwrap().corpora().await.unwrap().len(), 1);
}

async fn open_error(path: &Path) -> StoreError {
    let error = Store::open(path).await.unwrap_err();
    assert!(error.hint().is_some(), "{error:?}");
    error
}

#[tokio::test]
async fn what_is_not_our_database_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);

    fs_err::write(path("text"), "this is no database\n".repeat(100)).unwrap();
    assert!(matches!(open_error(&path("text")).await, StoreError::NotADatabase { .. }));
    let below = open_error(&path("text").join("gec.db")).await;
    assert!(matches!(below, StoreError::Folder { .. }));
    assert!(matches!(open_error(folder.path()).await, StoreError::CannotOpen { .. }));
    let missing = Store::open_existing(&path("none")).await.unwrap_err();
    assert!(matches!(missing, StoreError::Missing { .. }) && missing.hint().is_some());
    assert!(!path("none").exists());

    let options = sqlx::sqlite::SqliteConnectOptions::new().create_if_missing(true);
    let other = SqlitePool::connect_with(options.filename(path("other"))).await.unwrap();
    sqlx::query("CREATE TABLE theirs (x)").execute(&other).await.unwrap();
    assert!(matches!(open_error(&path("other")).await, StoreError::Foreign { .. }));
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&other).await.unwrap();
    assert_eq!(left, 1);
}

#[tokio::test]
async fn the_newest_profile_of_a_name_counts_and_the_others_stay() {
    let (_folder, store) = open().await;
    assert_eq!(store.profile("atis").await.unwrap(), None);
    let first = store.save_profile("atis", "{}").await.unwrap();
    store.save_profile("wsj", "{}").await.unwrap();
    // Time is kept in milliseconds.
    tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    let second = store.save_profile("atis", "[]").await.unwrap();
    assert_ne!(first, second);
    assert_eq!(store.profile("atis").await.unwrap().unwrap().content, "[]");
    let names: Vec<(String, String)> =
        store.profiles().await.unwrap().into_iter().map(|p| (p.name, p.content)).collect();
    assert_eq!(names, [("atis".into(), "[]".into()), ("wsj".into(), "{}".into())]);
    tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    assert_eq!(store.save_profile("atis", "{}").await.unwrap(), first);
    assert_eq!(store.profile("atis").await.unwrap().unwrap().content, "{}");
    assert_eq!(store.delete_profile("atis").await.unwrap(), 2);
    assert_eq!(store.profile("atis").await.unwrap(), None);
}

#[tokio::test]
async fn a_newer_database_names_both_versions() {
    let (_folder, store) = open().await;
    let path = store.path().to_owned();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'later', 1, x'00', 0)",
    )
    .execute(&store.writer)
    .await
    .unwrap();
    store.close().await.unwrap();
    let error = open_error(&path).await;
    assert!(matches!(error, StoreError::Newer { found: 9999, known: 8, .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("version 9999") && text.contains("up to 8"), "{text}");
}

#[tokio::test]
async fn a_read_only_database_is_told() {
    let (_folder, store) = open().await;
    let error = sqlx::query("DELETE FROM runs").execute(&store.readers).await.unwrap_err();
    let error = store.failed(error);
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_openers_of_a_new_file_both_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gec.db");
    let open = || {
        let path = path.clone();
        tokio::spawn(async move { Store::open(&path).await })
    };
    let opened = [open(), open(), open(), open()];
    for one in opened {
        one.await.unwrap().unwrap();
    }
}
