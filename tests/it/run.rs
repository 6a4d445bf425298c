//! `gec run` and `gec score` with the methods that ask no model: their figures are known.

use insta::assert_snapshot;

use crate::harness::{Home, Ran};

/// The fields of a row of the JSON and CSV forms; the format is stable.
const FIELDS: [&str; 34] = [
    "dataset",
    "subset",
    "method",
    "utterances",
    "scored",
    "words",
    "wer",
    "wer_low",
    "wer_high",
    "wer_paper",
    "cer",
    "substitutions",
    "deletions",
    "insertions",
    "o_nb",
    "o_cp",
    "wer_1best",
    "diff",
    "diff_low",
    "diff_high",
    "p_value",
    "real",
    "better",
    "worse",
    "same",
    "changed",
    "rule",
    "note",
    "baseline",
    "baseline_diff",
    "baseline_low",
    "baseline_high",
    "baseline_p_value",
    "baseline_real",
];

fn run(home: &Home, more: &[&str]) -> Ran {
    home.gec(&[&["run", "--dataset", "sample", "--method", "1best,mbr"], more].concat())
}

#[test]
fn the_same_figures_come_in_four_formats() {
    let home = Home::new();
    for format in ["table", "json", "csv", "md"] {
        let ran = run(&home, &["--format", format]).succeeds();
        assert_snapshot!(format!("run_{format}"), ran.out);
    }
}

#[test]
fn rows_have_every_documented_field() {
    let home = Home::new();
    let report = run(&home, &["--format", "json"]).succeeds().json();
    assert_eq!(report["format_version"], 1);
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    for row in rows {
        let names: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        for field in FIELDS {
            assert!(names.contains(&field), "{field} is not in {names:?}");
        }
        assert_eq!(names.len(), FIELDS.len(), "{names:?}");
        assert_eq!(row["rule"], report["rule"]);
        let rates = ["wer", "wer_low", "wer_high", "wer_paper", "cer", "o_nb", "o_cp"];
        assert!(rates.iter().all(|rate| (0.0..=100.0).contains(&row[rate].as_f64().unwrap())));
        let count = |name: &str| row[name].as_u64().unwrap();
        assert_eq!(count("better") + count("worse") + count("same"), count("scored"));
        let errors = count("substitutions") + count("deletions") + count("insertions");
        let wer = 100.0 * errors as f64 / count("words") as f64;
        assert!((row["wer"].as_f64().unwrap() - wer).abs() < 1e-9);
    }
    let header = run(&home, &["--format", "csv"]).succeeds().out;
    assert_eq!(header.lines().next().unwrap(), FIELDS.join(","));
}

#[test]
fn what_is_stored_is_not_done_again() {
    let home = Home::new();
    let first = run(&home, &[]).succeeds().says(&["1best on sample:flights: 500 utterances in"]);
    let second = run(&home, &[]).succeeds().says(&[
        "1best on sample:flights: all stored already, nothing to do",
        "mbr on sample:flights: all stored already, nothing to do",
    ]);
    assert_eq!(first.out, second.out);
    let fresh =
        run(&home, &["--fresh"]).succeeds().says(&["mbr on sample:flights: 500 utterances"]);
    assert_eq!(first.out, fresh.out);
    let quiet = run(&home, &["--quiet"]).succeeds();
    assert_eq!((quiet.out, quiet.err.as_str()), (first.out, ""));
}

#[test]
fn a_limit_and_a_filter_choose_utterances() {
    let home = Home::new();
    let rows = |more: &[&str]| {
        let ran = run(&home, &[&["--format", "json", "--resamples", "0"], more].concat());
        ran.succeeds().rows()
    };
    let utterances = |more: &[&str]| rows(more)[0]["utterances"].as_u64().unwrap();
    assert_eq!(utterances(&["--limit", "50"]), 50);
    // More is done later, and what was done is not done again.
    run(&home, &["--limit", "60"]).succeeds().says(&["1best on sample:flights: 10 utterances in"]);
    assert_eq!(utterances(&["--limit", "1000"]), 500);
    assert_eq!(utterances(&["--filter", "id=sample-000?"]), 9);
    assert_eq!(utterances(&["--filter", "id=sample-000?", "--limit", "4"]), 4);
    assert_eq!(utterances(&["--filter", "id=sample-00*,id=*7"]), 10);
    let boston = utterances(&["--filter", "reference~\\bboston\\b"]);
    let either = utterances(&["--filter", "reference~boston|denver"]);
    assert!(boston > 0 && either > boston, "{boston}, {either}");
    // No interval was asked for.
    assert!(rows(&[])[0]["wer_low"].is_null());
    // None fit: no figure, and none is made up.
    assert!(rows(&["--filter", "id=nobody"])[0]["wer"].is_null());
}

#[test]
fn another_split_is_another_corpus() {
    let home = Home::new();
    let ran = run(&home, &["--split", "train", "--format", "json"]).succeeds();
    assert_eq!(ran.rows()[0]["utterances"], 800);
    run(&home, &["--split", "test"]).succeeds().says(&["1best on sample:flights: 500 utterances"]);
    let list = home.gec(&["runs", "list"]).succeeds().out;
    assert!(
        list.contains("sample:flights train") && list.contains("sample:flights test"),
        "{list}"
    );
}

#[test]
fn several_corpora_have_a_row_for_all() {
    let home = Home::new();
    home.write("lists/a.jsonl", "{\"nbest\": [\"a b\", \"a c\"], \"reference\": \"a c\"}\n");
    home.write("lists/b.list", "ref: d e\nd e\n\nref: f g h\nf g\n");
    home.write("lists/c.json", "[{\"input\": [\"x y\"], \"output\": \"x y\"}]");
    home.write("lists/readme.md", "no corpus");
    let ran = home.gec(&["run", "-d", "lists/", "-m", "1best,mbr", "--format", "json"]);
    let rows = ran.succeeds().rows();
    let shown = |row: &serde_json::Value| {
        ["subset", "method", "utterances", "words", "substitutions", "deletions"]
            .map(|name| row[name].to_string().replace('"', ""))
            .join(" ")
    };
    assert_eq!(
        rows.iter().map(shown).collect::<Vec<_>>(),
        [
            "a 1best 1 2 1 0",
            "b 1best 2 5 0 1",
            "c 1best 1 2 0 0",
            "a mbr 1 2 1 0",
            "b mbr 2 5 0 1",
            "c mbr 1 2 0 0",
            "all 1best 4 9 1 1",
            "all mbr 4 9 1 1",
        ]
    );
}

#[test]
fn a_stored_run_is_scored_under_another_rule() {
    let home = Home::new();
    run(&home, &[]).succeeds();
    let ran = home.gec(&["score", "last", "--normalizer", "whisper-en"]).succeeds();
    assert_snapshot!("score_whisper_en", ran.out);
    let rules = ["none", "basic", "whisper-en", "hp"].map(|normalizer| {
        let ran = home.gec(&["score", "1", "2", "--normalizer", normalizer, "--format", "json"]);
        let rows = ran.succeeds().rows();
        assert_eq!([&rows[0]["method"], &rows[1]["method"]], ["1best", "mbr"]);
        assert!(rows[0]["rule"].as_str().unwrap().contains(normalizer));
        rows[0]["wer"].as_f64().unwrap()
    });
    // Written forms are forgiven under the English rule only.
    assert!(rules[2] < rules[0], "{rules:?}");
    let merged = home.gec(&["score", "1", "--merge-compounds", "--format", "json"]).succeeds();
    assert!(merged.rows()[0]["wer"].as_f64().unwrap() < rules[0]);
    assert!(merged.rows()[0]["rule"].as_str().unwrap().contains("compounds merged"));
}

#[test]
fn a_run_that_is_not_whole_is_scored_as_far_as_it_goes() {
    let home = Home::new();
    home.gec(&["run", "-d", "sample", "-m", "1best", "--limit", "20"]).succeeds();
    let ran = home.gec(&["score", "last", "--format", "json"]).succeeds();
    assert_eq!(ran.rows()[0]["utterances"], 20);
    ran.says(&["20 of 500 utterances are scored"]);
}
