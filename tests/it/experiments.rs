//! Sweeps, searches, comparisons and reports, with the shipped model.

use serde_json::Value;

use crate::harness::{Home, Ran};

/// 2 templates of the shipped model's kind x 3 methods x 2 numbers of hypotheses.
const SWEEP: &str = "dataset = \"sample\"\nlimit = 60\n[grid]\n\
     template = [\"gec-micro\", \"plain-few-shot\"]\nmethod = [\"generate\", \"uadf\", \"constrained\"]\n\
     examples = [0, 2]\n";

fn sweep(home: &Home, more: &[&str]) -> Ran {
    home.gec_with_model(&[&["prompt", "sweep", "sweep.toml", "--format", "json"], more].concat())
}

fn labels(ranking: &Value) -> Vec<String> {
    let rows = ranking["rows"].as_array().unwrap();
    rows.iter().map(|row| row["arm"]["label"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_sweep_ranks_every_arm_and_does_nothing_twice() {
    let home = Home::new();
    home.write("sweep.toml", SWEEP);
    let ranking = sweep(&home, &[]).succeeds().json();
    let rows = ranking["rows"].as_array().unwrap();
    // The 1-best and twelve combinations.
    assert_eq!(rows.len(), 13, "{:?}", labels(&ranking));
    let wers: Vec<f64> = rows.iter().map(|row| row["wer"].as_f64().unwrap()).collect();
    assert!(wers.is_sorted(), "{wers:?}");
    for row in rows {
        assert_eq!(row["utterances"], 60, "{row}");
        assert_eq!(row["fate"]["state"], "finished", "{row}");
    }
    let others = rows.iter().filter(|row| row["baseline"] == false);
    for row in others {
        let corrected = row["p_corrected"].as_f64().unwrap();
        assert!(corrected >= row["p_value"].as_f64().unwrap(), "{row}");
    }
    assert!(ranking["flattery"]["points"].as_f64().unwrap() >= 0.0, "{ranking}");
    // The arms are stored runs, and asking again works on nothing.
    let again = sweep(&home, &["--verbose"]).succeeds();
    assert_eq!(labels(&again.json()), labels(&ranking));
    let runs = home.gec(&["runs", "list", "--format", "json"]).succeeds().json();
    assert_eq!(runs["rows"].as_array().unwrap().len(), 13);
    let table = home.gec_with_model(&["prompt", "sweep", "sweep.toml"]).succeeds();
    assert!(
        table.out.contains("Holm") && table.err.contains("gec run --dataset=sample"),
        "{table}"
    );
}

#[test]
fn a_killed_sweep_goes_on_and_ends_as_one_that_was_left_alone() {
    let alone = Home::new();
    alone.write("sweep.toml", SWEEP);
    let whole = sweep(&alone, &[]).succeeds().json();
    let home = Home::new();
    home.write("sweep.toml", SWEEP);
    let mut killed = 0;
    for milliseconds in [300, 700, 1500] {
        let args = ["prompt", "sweep", "sweep.toml", "--threads", "1", "--quiet"];
        let mut child = home.command(&args).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            killed += 1;
        }
        child.wait().unwrap();
    }
    assert!(killed > 0, "it was too fast to be killed");
    let resumed = sweep(&home, &[]).succeeds().json();
    let figures = |ranking: &Value| -> Vec<(String, Value, Value)> {
        let rows = ranking["rows"].as_array().unwrap();
        let of = |row: &Value| {
            let label = row["arm"]["label"].as_str().unwrap().to_owned();
            (label, row["errors"].clone(), row["prompt_tokens"].clone())
        };
        rows.iter().map(of).collect()
    };
    assert_eq!(figures(&resumed), figures(&whole));
}

#[test]
fn successive_halving_finds_an_arm_as_good_with_less_than_half_the_work() {
    let home = Home::new();
    let grid = "dataset = \"sample\"\nlimit = 240\n[grid]\nmethod = [\"generate\", \"uadf\", \
         \"constrained\"]\nmax_hypotheses = [1, 2, 5]\n";
    home.write("full.toml", grid);
    home.write("halved.toml", format!("{grid}[budget]\nfirst = 24\n"));
    let run = |file: &str, db: &str| {
        let args = ["prompt", "sweep", file, "--db", db, "--format", "json"];
        home.gec_with_model(&args).succeeds().json()
    };
    let (full, halved) = (run("full.toml", "full.db"), run("halved.toml", "halved.db"));
    let rows = |ranking: &Value| ranking["rows"].as_array().unwrap().clone();
    let work = |ranking: &Value| -> u64 {
        rows(ranking).iter().map(|row| row["utterances"].as_u64().unwrap()).sum()
    };
    println!("{} of {} evaluations", work(&halved), work(&full));
    assert!(2 * work(&halved) < work(&full), "{} of {}", work(&halved), work(&full));
    // What it chose is, on all utterances, as good as the best: the full sweep knows.
    let chosen = labels(&halved)[0].clone();
    let of = |label: &str| {
        let rows = rows(&full);
        let row = rows.iter().find(|row| row["arm"]["label"] == label).unwrap().clone();
        row["wer"].as_f64().unwrap()
    };
    let best = of(&labels(&full)[0]);
    assert!(of(&chosen) <= best + 0.2, "{chosen}: {} beside {best}", of(&chosen));
    let dropped = rows(&halved).into_iter().filter(|row| row["fate"]["state"] == "dropped");
    assert!(dropped.count() >= 5, "{halved}");
}

#[test]
fn what_is_wrong_with_a_sweep_is_told_with_its_line() {
    let home = Home::new();
    home.gec(&["prompt", "sweep", "none.toml"]).ends_with(2).says(&["none.toml"]);
    home.write("sweep.toml", "dataset = \"sample\"\n[grid]\nmethod = [\"genrate\"]\n");
    sweep(&home, &[]).ends_with(2).says(&["line 3", "`genrate`", "did you mean `generate`?"]);
    home.write(
        "sweep.toml",
        "dataset = \"sample\"\n[[arm]]\nname = \"x\"\ntemplate = \"none.jinja\"\n",
    );
    sweep(&home, &[]).ends_with(2).says(&["none.jinja"]);
    // What a grid makes and cannot work is left out with a word.
    home.write(
        "sweep.toml",
        "dataset = \"sample\"\nlimit = 20\n[grid]\nmethod = [\"generate\", \"select\"]\n\
         template = [\"gec-micro\"]\n",
    );
    let ran = sweep(&home, &[]).succeeds().says(&["left out: "]);
    assert_eq!(ran.json()["rows"].as_array().unwrap().len(), 2, "{ran}");
}

#[test]
fn a_search_never_ends_worse_than_it_began_and_reports_the_test_split_once() {
    let home = Home::new();
    let args = [
        "prompt",
        "evolve",
        "plain-few-shot",
        "--dataset",
        "sample",
        "--limit",
        "40",
        "--test-limit",
        "60",
        "--generations",
        "2",
        "--population",
        "4",
        "--examples",
        "0,2",
        "--hypotheses",
        "1,2,5",
        "--output",
        "best.jinja",
        "--format",
        "json",
    ];
    let ran = home.gec_with_model(&args).succeeds().says(&["generation 0: ", "generation 2: "]);
    let outcome = ran.json();
    let development = &outcome["development"];
    // The model has not read such a template, so there is something to find.
    assert!(development["best_errors"].as_u64() < development["start_errors"].as_u64(), "{ran}");
    assert_eq!(development["utterances"], 40);
    assert_eq!(outcome["test"]["utterances"], 60);
    assert!(outcome["found"]["evaluations"].as_u64().unwrap() >= 40, "{ran}");
    // The result is a template like any other, under the name of its file.
    let shown = home.gec(&["prompt", "show", "best.jinja"]).succeeds();
    assert!(shown.out.contains("name = \"best\""), "{shown}");
    // The test split was looked at by two runs: the best, and the best of those begun with.
    let runs = home.gec(&["runs", "list", "--format", "json"]).succeeds().json();
    assert!(runs["rows"].as_array().unwrap().len() <= 2, "{runs}");
    let again = home.gec_with_model(&args).succeeds().json();
    assert_eq!(again["found"]["best"]["candidate"], outcome["found"]["best"]["candidate"]);
}

fn two_runs(home: &Home) {
    let args = ["run", "--dataset", "sample", "--limit", "120", "--method", "1best,mbr,uadf"];
    home.gec_with_model(&args).succeeds();
}

#[test]
fn runs_are_compared_by_tests_flips_and_kinds_of_errors() {
    let home = Home::new();
    two_runs(&home);
    let compared = home.gec(&["compare", "1best", "3", "--format", "json"]).succeeds().json();
    let against = &compared["against"][0];
    let row = home.gec(&["score", "3", "--format", "json"]).succeeds().json()["rows"][0].clone();
    assert_eq!(compared["compared"], 120);
    let difference = against["difference"].as_f64().unwrap();
    assert!((difference - row["diff"].as_f64().unwrap()).abs() < 1e-9, "{against}");
    let count = |name: &str| against["flips"][name]["count"].as_u64().unwrap();
    assert_eq!(count("became_right") + count("fewer_errors"), row["better"].as_u64().unwrap());
    assert_eq!(count("became_wrong") + count("more_errors"), row["worse"].as_u64().unwrap());
    let sum = |name: &str| -> i64 {
        let classes = against["classes"].as_array().unwrap();
        classes.iter().map(|class| class[name].as_i64().unwrap()).sum()
    };
    let errors = |at: usize| compared["systems"][at]["errors"].as_i64().unwrap();
    assert_eq!(sum("made") - sum("fixed"), errors(1) - errors(0));
    let table = home.gec(&["compare", "1best", "2", "3", "--show", "2"]).succeeds();
    for part in ["MAPSSWE", "Holm", "became right", "sound"] {
        assert!(table.out.to_lowercase().contains(&part.to_lowercase()), "{part}: {table}");
    }
    home.gec(&["compare", "1best", "1best"]).refuses(&["itself"]);
    home.gec(&["compare", "1", "99"]).ends_with(2).says(&["99"]);
}

#[test]
fn runs_over_other_utterances_are_not_compared() {
    let home = Home::new();
    home.gec(&["run", "--dataset", "sample", "--limit", "5", "--method", "1best"]).succeeds();
    home.write("own.jsonl", "{\"nbest\": [\"a\"], \"reference\": \"a\"}\n");
    home.gec(&["run", "--dataset", "own.jsonl", "--method", "1best"]).succeeds();
    home.gec(&["compare", "1", "2"]).refuses(&["sample:flights test", "file:own"]);
}

#[test]
fn a_report_is_one_page_in_which_nothing_of_a_transcript_can_run() {
    let home = Home::new();
    let hostile = "<script>window.pwned=1</script><img src=x onerror=alert(1)> </script><!--";
    let line =
        serde_json::json!({ "id": "<b>u</b>", "nbest": [hostile, "=cmd()"], "reference": hostile });
    home.write("hostile.jsonl", format!("{line}\n"));
    home.gec(&["run", "--dataset", "hostile.jsonl", "--method", "1best,mbr"]).succeeds();
    home.gec(&["report", "1", "2", "--format", "html"]).refuses(&["--output"]);
    home.gec(&["report", "1", "2", "--format", "html", "--output", "report.html"]).succeeds();
    let page = std::fs::read_to_string(home.path("report.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") || page.starts_with("<!DOCTYPE html>"));
    assert!(
        !page.contains("<script>window")
            && !page.contains("<img")
            && !page.contains("onerror=alert(1)>")
    );
    assert!(!page.contains("http://") && !page.contains("https://"), "it asks for something else");
    assert!(page.contains("Content-Security-Policy") && page.contains("mbr"));
}

#[test]
fn conditions_decide_the_exit_code() {
    let home = Home::new();
    two_runs(&home);
    home.gec(&["report", "3", "--fail-if", "wer>90", "--fail-if", "worse>90%"]).succeeds();
    let failed = home.gec(&["report", "3", "--fail-if", "wer>0"]).ends_with(1);
    assert!(failed.err.contains("failed: ") && failed.out.contains("uadf"), "{failed}");
    // Of no row at all: a check that checks nothing does not pass.
    home.gec(&["report", "3", "--fail-if", "cascade@hp: wer>90"]).ends_with(1);
    home.gec(&["report", "3", "--fail-if", "were>5"]).ends_with(2).says(&["were"]);
    let args = ["report", "2", "3", "--format", "junit", "--fail-if", "wer>0", "--output", "r.xml"];
    home.gec(&args).ends_with(1);
    let xml = std::fs::read_to_string(home.path("r.xml")).unwrap();
    assert!(xml.starts_with("<?xml") && xml.contains("<failure"), "{xml}");
    for format in ["md", "csv", "json"] {
        assert!(!home.gec(&["report", "--format", format]).succeeds().out.is_empty());
    }
    let trn = home.gec(&["report", "3", "--format", "trn"]).succeeds();
    assert_eq!(trn.out.lines().count(), 120, "{trn}");
}

#[test]
fn terms_that_were_said_are_counted_before_and_after() {
    let home = Home::new();
    let line = serde_json::json!({
        "nbest": ["we moved to cooper netties", "we moved to kubernetes"],
        "reference": "we moved to kubernetes"
    });
    home.write("own.jsonl", format!("{line}\n"));
    home.write("terms.txt", "Kubernetes = cooper netties\nBoulder\n");
    home.gec(&["run", "--dataset", "own.jsonl", "--method", "1best"]).succeeds();
    let said = "1 terms of the glossary were said, 0 of them are in the 1-best and 0 in the";
    home.gec(&["score", "last", "--glossary", "terms.txt"]).succeeds().says(&[said]);
}

#[test]
fn every_verb_has_a_manual_page() {
    let home = Home::new();
    home.gec(&["man", "pages"]).succeeds();
    for page in ["gec.1", "gec-run.1", "gec-prompt-sweep.1", "gec-compare.1"] {
        let text = std::fs::read_to_string(home.path("pages").join(page)).unwrap();
        assert!(text.contains(".TH"), "{page}");
    }
}

#[test]
fn the_doctor_finds_everything_here_and_names_what_is_wrong() {
    let home = Home::new();
    let found = home.gec_with_model(&["doctor", "--format", "json"]).succeeds().json();
    let state = |found: &Value, what: &str| {
        let all = found["findings"].as_array().unwrap();
        all.iter().find(|one| one["what"] == what).unwrap()["state"].as_str().unwrap().to_owned()
    };
    for (what, wanted) in [("program", "good"), ("language model", "good"), ("database", "absent")]
    {
        assert_eq!(state(&found, what), wanted, "{found}");
    }
    home.write("prompts/bad.jinja", "no header");
    home.write("data/gec/gec.db", "no database at all, but long enough to be looked at");
    let ran = home.gec_with_model(&["doctor"]).ends_with(1);
    assert!(ran.out.contains("FAULTY  database") && ran.out.contains("FAULTY  templates"), "{ran}");
}

#[test]
fn rows_of_two_splits_are_told_apart_and_last_is_the_run_asked_for_last() {
    let home = Home::new();
    let run = |split: &str, method: &str| {
        let args = ["run", "--dataset", "sample", "--split", split, "--method", method];
        home.gec(&[&args[..], &["--limit", "20"]].concat()).succeeds();
    };
    run("test", "mbr");
    run("train", "mbr");
    run("test", "rover");
    let report = home.gec(&["report", "1", "2", "--format", "json"]).succeeds().json();
    let rows = report["rows"].as_array().unwrap();
    let subsets: Vec<&str> = rows.iter().map(|row| row["subset"].as_str().unwrap()).collect();
    assert_eq!(subsets, ["flights test", "flights train"], "{report}");
    // What is gone on with is the last, though it is not the newest.
    run("test", "mbr");
    let last = home.gec(&["runs", "show", "last", "--format", "json"]).succeeds().json();
    assert_eq!((&last["id"], &last["method"]), (&1.into(), &"mbr".into()));
}

#[test]
fn what_cannot_be_searched_is_told_before_anything_is_done() {
    let home = Home::new();
    let evolve = |more: &[&str]| {
        let args = ["prompt", "evolve", "gec-micro", "--dataset", "sample"];
        home.gec(&[&args[..], more].concat())
    };
    evolve(&["--split", "dve", "--output", "b.jinja"]).refuses(&["dve", "test"]);
    evolve(&["--split", "test", "--output", "b.jinja"]).refuses(&["developed and tested"]);
    evolve(&["--method", "mbr", "--output", "b.jinja"]).refuses(&["asks no model"]);
    evolve(&["--output", "b.evolve"]).refuses(&["b.evolve"]);
    assert!(!home.path("b.jinja").exists() && !home.path("b.evolve").exists());
}
