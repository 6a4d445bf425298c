//! Ctrl-C.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::harness::{Home, Ran, long_corpus};
use crate::store;

/// Starts a run that has much to do, and sends it the signal once some corrections are
/// stored.
fn interrupted(home: &Home, signal: &str) -> Ran {
    let before = done(home);
    let arguments = ["run", "-d", "./long.jsonl", "-m", "generate", "--threads", "1"];
    let child = home.command(&arguments).spawn().unwrap();
    let begun = Instant::now();
    while done(home) == before {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing more is stored");
        std::thread::sleep(Duration::from_millis(50));
    }
    let sent = Instant::now();
    let kill = Command::new("sh").arg("-c").arg(format!("kill -{signal} {}", child.id())).status();
    assert!(kill.unwrap().success());
    let ran = Ran::of(home, child);
    assert!(sent.elapsed() < Duration::from_secs(20), "{ran}");
    ran
}

fn done(home: &Home) -> u64 {
    let list = home.gec(&["runs", "list", "--format", "json"]);
    if list.code != Some(0) {
        return 0;
    }
    let count = |row: &serde_json::Value| -> u64 {
        row["done"].as_object().unwrap().values().filter_map(serde_json::Value::as_u64).sum()
    };
    list.rows().iter().map(count).sum()
}

#[test]
fn an_interrupted_run_exits_with_130_and_goes_on() {
    let home = Home::new();
    home.write("long.jsonl", long_corpus(3000));
    let mut before = 0;
    for signal in ["INT", "TERM"] {
        // The second time the run is gone on with and interrupted again.
        let ran = interrupted(&home, signal).ends_with(130);
        assert_eq!(ran.out, "", "{ran}");
        let ran = ran.says(&["interrupted", "the same command goes on"]);
        let after = done(&home);
        assert!(after > before && after < 3000, "{after}: {ran}");
        before = after;
        if signal == "INT" {
            let show = home.gec(&["runs", "show", "last"]).succeeds();
            assert!(show.out.contains("interrupted"), "{show}");
        }
    }
    // The rest would take too long: go on by a little.
    let limit = (before + 40).to_string();
    let arguments = ["run", "-d", "./long.jsonl", "-m", "generate", "--limit", &limit];
    home.gec_with_model(&arguments).succeeds().says(&["generate on file:long: 40 utterances in"]);
    let stored = store::corrections(&home.db());
    assert_eq!(stored.len() as u64, before + 40);
    assert!(stored.iter().all(|one| one.attempts == 1));
    for (number, one) in stored.iter().enumerate() {
        assert_eq!(one.name, format!("u{number:06}"));
    }
    assert_eq!(store::number(&home.db(), "SELECT count(*) FROM runs"), 1);
}
