//! Hypotheses are data: whatever they say, they do not steer.

use std::collections::HashMap;

use serde_json::Value;

use crate::harness::Home;
use crate::store;

const HOSTILE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/inputs/hostile.jsonl"));

/// Every method that may return a hypothesis only.
const CLOSED: [&str; 5] = ["mbr", "lm-rank", "closest", "constrained", "cascade"];

fn lists() -> HashMap<String, Vec<String>> {
    let record = |line: &str| {
        let record: Value = serde_json::from_str(line).unwrap();
        let texts = record["nbest"].as_array().unwrap().iter();
        let texts = texts.map(|text| text.as_str().unwrap_or_default().trim().to_owned());
        (record["id"].as_str().unwrap().to_owned(), texts.collect())
    };
    HOSTILE.lines().map(record).collect()
}

#[test]
fn a_closed_set_method_returns_a_hypothesis_whatever_the_hypotheses_say() {
    let lists = lists();
    for method in CLOSED.iter().chain(&["select"]) {
        let home = Home::new();
        home.write("hostile.jsonl", HOSTILE);
        let mut arguments = vec!["run", "-d", "./hostile.jsonl", "-m", method, "--format", "json"];
        match *method {
            "select" => arguments.extend(["--template", "choose-plain"]),
            // Never abstain and never refuse, so that the method inside decides.
            "cascade" => {
                arguments.extend([
                    "--inner",
                    "constrained",
                    "--min-logprob=-inf",
                    "--min-gain=-inf",
                ]);
                arguments.extend(["--max-change", "1", "--max-repeats", "1000"]);
            }
            _ => {}
        }
        let ran = home.gec_with_model(&arguments).succeeds();
        assert!(ran.out.chars().all(|one| one == '\n' || !one.is_control()), "{ran}");
        let stored = store::corrections(&home.db());
        assert_eq!(stored.len(), lists.len());
        for one in stored {
            let list = &lists[&one.name];
            assert!(list.contains(&one.text), "{method}: {:?} is not in {list:?}", one.text);
            assert_ne!(one.verdict, "failed", "{method}: {one:?}");
        }
    }
}

#[test]
fn a_method_that_writes_freely_writes_no_special_token() {
    for (method, template) in
        [("generate", "gec-micro"), ("uadf", "gec-micro"), ("generate", "plain-few-shot")]
    {
        let home = Home::new();
        home.write("hostile.jsonl", HOSTILE);
        let arguments = ["run", "-d", "./hostile.jsonl", "-m", method, "--template", template];
        home.gec_with_model(&[&arguments[..], &["--parallel", "4"]].concat()).succeeds();
        for one in store::corrections(&home.db()) {
            assert_ne!(one.verdict, "failed", "{one:?}");
            assert!(one.text.len() < 10_000, "{one:?}");
        }
    }
}

#[test]
fn an_order_in_one_list_changes_no_other() {
    let texts = |lists: &str| -> HashMap<String, String> {
        let home = Home::new();
        home.write("lists.jsonl", lists);
        home.gec_with_model(&["run", "-d", "./lists.jsonl", "-m", "generate"]).succeeds();
        store::corrections(&home.db()).into_iter().map(|one| (one.name, one.text)).collect()
    };
    let sample: String = crate::harness::sample()[..8].join("\n");
    let (alone, beside) = (texts(&sample), texts(&format!("{HOSTILE}{sample}")));
    for (name, text) in alone {
        assert_eq!(beside[&name], text, "{name}");
    }
}
