//! Kills a process that imports and corrects, at random moments, until it is done, and
//! compares what is stored with a process that was left alone.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::tests::{all, key, new_corpus, new_run, utterances};
use super::{CorrectionRow, RunStatus, Store, StoredUtterance};

const DATABASE: &str = "GEC_KILL_TEST_DATABASE";
const UTTERANCES: usize = 20_000;

/// Does in a process of its own what `gec run` does: import, open the run, correct, finish.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let Some(path) = std::env::var_os(DATABASE) else { return };
    let store = Store::open(Path::new(&path)).await.unwrap();
    let corpus =
        store.import(&new_corpus("killed"), utterances(UTTERANCES), || true).await.unwrap();
    let run = store.open_run(&new_run(corpus.corpus.id, "abc")).await.unwrap().id;
    let writer = store.writer(run);
    let mut after = 0;
    loop {
        let page = store.unfinished(run, after, 100, false).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.position;
        for one in page {
            let text = format!("{} corrected", one.utterance.one_best());
            writer.put(CorrectionRow::new(one.row, text, "corrected")).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    writer.finish().await.unwrap();
    store.finish_run(run, RunStatus::Finished).await.unwrap();
    store.close().await.unwrap();
}

fn spawn(path: &Path) -> std::process::Child {
    let (_, module) = module_path!().split_once("::").unwrap();
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("{module}::child"), "--test-threads", "1"])
        .env(DATABASE, path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn contents(path: &Path) -> Vec<(StoredUtterance, String, u32)> {
    let store = Store::open(path).await.unwrap();
    let corpus = store.find_corpus(&key("killed")).await.unwrap().unwrap();
    assert_eq!(all(&store, corpus.id, 5000).await.len(), UTTERANCES);
    assert_eq!(store.stats().await.unwrap().utterances, UTTERANCES as u64);
    let run = store.run("last").await.unwrap();
    assert_eq!(run.status, "finished");
    let corrected = store.corrected(run.id, 0, usize::MAX).await.unwrap();
    corrected
        .into_iter()
        // The key of the corpus may differ: a killed import is redone under a new one.
        .map(|(one, row)| (StoredUtterance { row: 0, ..one }, row.text, row.attempts))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let (killed, whole) = (folder.path().join("killed.db"), folder.path().join("whole.db"));
    assert!(spawn(&whole).wait().unwrap().success());

    let (mut kills, mut lifetime) = (0, Duration::from_millis(20));
    loop {
        let mut process = spawn(&killed);
        let end = std::time::Instant::now() + lifetime;
        let mut status = None;
        while status.is_none() && std::time::Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
            status = process.try_wait().unwrap();
        }
        if let Some(status) = status {
            assert!(status.success(), "after {kills} kills");
            break;
        }
        // SIGKILL: nothing in the process can react to it.
        process.kill().unwrap();
        process.wait().unwrap();
        kills += 1;
        // Longer and longer, so that every stage is met and the end is reached.
        lifetime = lifetime * 13 / 10;
    }
    assert!(kills > 3, "killed only {kills} times");
    let (killed, whole) = (contents(&killed).await, contents(&whole).await);
    assert_eq!(killed.len(), UTTERANCES);
    assert!(killed == whole);
    // Nothing was done twice.
    assert!(killed.iter().all(|(_, _, attempts)| *attempts == 1));
}
