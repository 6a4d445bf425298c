//! Kills `gec run` at random moments, with the real engine, and compares what is stored in
//! the end with a run that was left alone.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests outside of them")]

#[expect(dead_code, reason = "shared with the other test binary")]
#[path = "it/harness.rs"]
mod harness;
#[expect(dead_code, reason = "shared with the other test binary")]
#[path = "it/store.rs"]
mod store;

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use self::harness::{Home, Ran, long_corpus};
use self::store::{Correction, corrections};

const KILLS: usize = 20;

/// The corpus is much larger than what is corrected of it, so that some kills meet the
/// import.
const IMPORTED: usize = 20_000;
const CORRECTED: usize = 150;

const ARGUMENTS: [&str; 13] = [
    "run",
    "--dataset",
    "./long.jsonl",
    "--method",
    "generate",
    "--limit",
    "150",
    "--parallel",
    "8",
    "--threads",
    "1",
    "--format",
    "json",
];

#[test]
fn a_run_that_is_killed_twenty_times_ends_like_one_that_was_left_alone() {
    let corpus = long_corpus(IMPORTED);
    let (whole, killed) = (Home::new(), Home::new());
    whole.write("long.jsonl", &corpus);
    killed.write("long.jsonl", &corpus);

    // How long each stage takes on this machine.
    let timed = |arguments: &[&str]| {
        let begun = Instant::now();
        whole.gec(arguments).succeeds();
        begun.elapsed()
    };
    let import =
        timed(&["run", "-d", "./long.jsonl", "-m", "1best", "--limit", "1", "--db", "i.db"]);
    let all = timed(&ARGUMENTS);
    let known = timed(&ARGUMENTS);
    let correcting = all.saturating_sub(import).saturating_sub(known);
    println!("import {import:?}, nothing to do {known:?}, correcting {correcting:?}");

    let mut random = ChaCha8Rng::seed_from_u64(2);
    let mut seen: HashMap<String, Correction> = HashMap::new();
    let mut stages = [0; 3];
    for kill in 0..KILLS {
        // Some during the import, some while the model is loaded, most among corrections: a
        // share of what is left, so that all kills find something to disturb.
        let mut share = |of: Duration| of.mul_f64(random.random_range(0.0..1.0));
        let left = 1.0 - seen.len() as f64 / CORRECTED as f64;
        let (stage, after) = match kill {
            0..6 => (0, share(import)),
            6..9 => (1, share(import + known)),
            9..12 => (1, share(known)),
            _ => (2, known + share(correcting.mul_f64(left * 0.3))),
        };
        let mut child = killed.command(&ARGUMENTS).spawn().unwrap();
        std::thread::sleep(after);
        assert!(child.try_wait().unwrap().is_none(), "kill {kill} came too late, after {after:?}");
        // SIGKILL: nothing in the process can react to it.
        child.kill().unwrap();
        Ran::of(&killed, child);
        stages[stage] += 1;
        // In a copy, so that the next process finds the files as the killed one left them.
        let stored = stored_in_copy(&killed);
        for (name, before) in &seen {
            assert_eq!(stored.get(name), Some(before), "kill {kill} has cost `{name}`");
        }
        println!("kill {kill} after {after:?}: {} stored", stored.len());
        seen = stored;
    }
    println!("kills before the import's end, the model, and among corrections: {stages:?}");
    assert!(seen.len() < CORRECTED, "nothing was left to do");

    let ran = killed.gec(&ARGUMENTS).succeeds();
    let expected = whole.gec(&ARGUMENTS).succeeds();
    assert_eq!(ran.out, expected.out);
    let (killed_rows, whole_rows) = (corrections(&killed.db()), corrections(&whole.db()));
    assert_eq!(whole_rows.len(), CORRECTED);
    let ties: i64 = whole_rows.iter().map(|one| one.near_ties).sum();
    println!("near ties of the run that was left alone: {ties}");
    // The times aside, and how often it was tried: each once, by either.
    let timeless = |rows: &[Correction]| -> Vec<Correction> {
        rows.iter().map(|one| Correction { created_at: 0, ..one.clone() }).collect()
    };
    assert_eq!(timeless(&killed_rows), timeless(&whole_rows));
    assert!(killed_rows.iter().all(|one| one.attempts == 1));
    // What was stored before a kill was never done again.
    for one in &killed_rows {
        assert!(seen.get(&one.name).is_none_or(|before| before == one), "{one:?}");
    }
    for (table, count) in [
        ("SELECT count(*) FROM runs", 1),
        ("SELECT count(*) FROM corpora", 1),
        ("SELECT count(*) FROM utterances", IMPORTED as i64),
        ("SELECT count(*) FROM corrections", CORRECTED as i64),
    ] {
        assert_eq!(store::number(&killed.db(), table), count, "{table}");
    }
    assert_eq!(store::number(&killed.db(), "SELECT count(*) FROM pragma_integrity_check()"), 1);
    assert_eq!(store::number(&killed.db(), "SELECT count(*) FROM pragma_foreign_key_check()"), 0);
}

fn stored_in_copy(home: &Home) -> HashMap<String, Correction> {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("gec.db");
    for suffix in ["", "-wal"] {
        let name = |path: &Path| format!("{}{suffix}", path.display());
        match std::fs::copy(name(&home.db()), name(&copy)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            other => {
                other.unwrap();
            }
        }
    }
    if !copy.exists() {
        return HashMap::new();
    }
    corrections(&copy).into_iter().map(|one| (one.name.clone(), one)).collect()
}
