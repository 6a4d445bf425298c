//! `gec tune`, profiles, and runs that use them.

use serde_json::Value;

use crate::harness::{Home, Ran, sample};

/// Learns the rewrite table of the sample's training split.
fn tuned(home: &Home) {
    let args = ["tune", "--dataset", "sample", "--no-model", "--save", "mine"];
    let ran = home.gec(&args).succeeds().says(&["--profile mine"]);
    assert!(ran.out.contains("sample") && ran.out.contains("800 utterances"), "{ran}");
}

fn run(home: &Home, more: &[&str]) -> Ran {
    home.gec(&[&["run", "--dataset", "sample", "--format", "json"], more].concat())
}

fn wer(row: &Value) -> f64 {
    row["wer"].as_f64().unwrap()
}

#[test]
fn a_table_learned_from_training_pairs_mends_other_sentences() {
    let home = Home::new();
    tuned(&home);
    let ran = run(&home, &["--method", "1best,rewrite", "--profile", "mine"]).succeeds();
    let rows = ran.rows();
    assert_eq!(rows[0]["method"], "1best");
    assert_eq!(rows[1]["method"], "rewrite (mine)");
    assert_eq!(rows[1]["note"], Value::Null, "the splits share no sentence");
    assert!(rows[1]["real"] == true && wer(&rows[1]) < wer(&rows[0]) - 1.0, "{ran}");
}

#[test]
fn variants_mend_more_than_a_table_and_need_a_profile() {
    let home = Home::new();
    run(&home, &["--method", "variants"]).refuses(&["variants"]);
    tuned(&home);
    let methods = "1best,rewrite,variants";
    let ran = run(&home, &["--method", methods, "--profile", "mine"]).succeeds();
    let rows = ran.rows();
    assert_eq!(rows[2]["method"], "variants (mine)");
    assert!(wer(&rows[2]) < wer(&rows[1]) - 1.0, "{ran}");
    let shown = home.gec(&["profiles", "show", "mine"]).succeeds();
    assert!(shown.out.contains("variants"), "{shown}");
    // Without them the table alone is left.
    let plain = ["tune", "--dataset", "sample", "--no-model", "--no-variants", "--save", "plain"];
    home.gec(&plain).succeeds();
    let ran = run(&home, &["--method", methods, "--profile", "plain"]).succeeds();
    assert_eq!(wer(&ran.rows()[1]), wer(&ran.rows()[2]), "{ran}");
}

#[test]
fn what_the_model_has_read_does_not_say_what_its_opinion_is_worth() {
    let home = Home::new();
    let unseen: Vec<String> = sample().into_iter().take(3).collect();
    home.write("unseen.jsonl", unseen.join("\n"));
    // None of the training split's references is among these: nobody can be asked.
    let args = ["tune", "--dataset", "sample", "--limit", "200", "--unseen", "unseen.jsonl"];
    let ran = home.gec_with_model(&[&args[..], &["--save", "careful"]].concat()).succeeds();
    assert!(!ran.out.contains("with the model"), "{ran}");
    home.gec(&[&args[..5], &["--unseen", "none.jsonl", "--save", "x"]].concat())
        .ends_with(2)
        .says(&["none.jsonl"]);
}

#[test]
fn figures_on_the_tuning_data_are_refused_unless_asked_for_and_then_marked() {
    let home = Home::new();
    tuned(&home);
    let on_train = ["--split", "train", "--method", "rewrite", "--profile", "mine"];
    run(&home, &on_train).refuses(&["`mine`", "sample", "800 of 800", "--on-tuning-data"]);
    let ran = run(&home, &[&on_train[..], &["--on-tuning-data"]].concat()).succeeds();
    let row = &ran.rows()[0];
    assert_eq!(row["method"], "rewrite (mine!)");
    assert!(row["note"].as_str().unwrap().contains("TUNED ON THESE DATA"));
    // Whatever table it comes into later.
    for format in ["table", "md", "csv"] {
        let again = home.gec(&["score", "last", "--format", format]).succeeds();
        assert!(again.out.contains("TUNED ON THESE DATA"), "{again}");
    }
}

#[test]
fn a_copy_of_the_tuning_data_under_another_name_is_known_again() {
    let home = Home::new();
    home.write("pairs.jsonl", sample().join("\n"));
    home.gec(&["tune", "--dataset", "pairs.jsonl", "--no-model", "--save", "copy"]).succeeds();
    let other: Vec<String> = sample()
        .iter()
        .rev()
        .map(|line| {
            let mut record: Value = serde_json::from_str(line).unwrap();
            record["id"] = format!("x{}", record["id"].as_str().unwrap()).into();
            record.to_string()
        })
        .collect();
    home.write("other.jsonl", other.join("\n"));
    let args = ["run", "--dataset", "other.jsonl", "--method", "rewrite", "--profile", "copy"];
    home.gec(&args).refuses(&["500 of 500", "--on-tuning-data"]);
    // A few shared sentences are told and no more.
    home.write("mixed.jsonl", [&sample()[..20], &sample()[..20]].concat().join("\n"));
    home.gec(&["run", "--dataset", "sample", "--split", "train", "--method", "rewrite"])
        .refuses(&["needs a profile"]);
}

#[test]
fn cross_tuning_corrects_each_half_by_the_other() {
    let home = Home::new();
    let args = ["--method", "1best,rewrite", "--cross-tune", "2"];
    let ran = run(&home, &args).succeeds();
    let rows = ran.rows();
    assert_eq!(rows[1]["method"], "rewrite (2-fold)");
    assert!(rows[1]["note"].as_str().unwrap().contains("learned from the others"));
    assert!(wer(&rows[1]) < wer(&rows[0]), "{ran}");
    // The same folds, tables and figures again.
    let again = run(&home, &[&args[..], &["--fresh"]].concat()).succeeds();
    assert_eq!(again.rows(), rows);
}

#[test]
fn profiles_are_listed_shown_copied_and_deleted() {
    let home = Home::new();
    let empty = home.gec(&["profiles", "list", "--format", "json"]).succeeds();
    assert!(empty.rows().is_empty());
    home.gec(&["profiles", "show", "mine"]).refuses(&["no profile `mine`", "gec tune"]);
    tuned(&home);
    let row = &home.gec(&["profiles", "list", "--format", "json"]).succeeds().rows()[0];
    assert_eq!((&row["name"], &row["utterances"]), (&"mine".into(), &800.into()));
    assert!(row["wer_after"].as_f64() < row["wer_before"].as_f64());
    let list = home.gec(&["profiles", "list"]).succeeds();
    assert!(list.out.contains("sample") && list.out.contains("mine"), "{list}");

    let json = home.gec(&["profiles", "show", "mine", "--format", "json"]).succeeds();
    assert_eq!(json.json()["profile_version"], 1);
    let elsewhere = Home::new();
    elsewhere.write("copy.json", &json.out);
    let ran = run(&elsewhere, &["--method", "rewrite", "--profile", "copy.json"]).succeeds();
    let here = run(&home, &["--method", "rewrite", "--profile", "mine"]).succeeds();
    assert_eq!(wer(&ran.rows()[0]), wer(&here.rows()[0]));
    assert_eq!(ran.rows()[0]["method"], "rewrite (copy)");

    home.gec(&["profiles", "delete", "mine"]).succeeds();
    home.gec(&["profiles", "delete", "mine"]).refuses(&["no profile `mine`"]);
}

#[test]
fn what_is_no_profile_is_told() {
    let home = Home::new();
    for (name, content) in
        [("text.json", "a poem"), ("other.json", "{}"), ("new.json", "{\"profile_version\": 77}")]
    {
        home.write(name, content);
        run(&home, &["--method", "rewrite", "--profile", name]).refuses(&["profile", "version"]);
    }
    run(&home, &["--method", "rewrite", "--profile", "none.json"])
        .ends_with(2)
        .says(&["none.json"]);
    home.gec(&["tune", "--dataset", "sample", "--save", "a/b"]).refuses(&["a/b"]);
}

#[test]
fn too_little_to_learn_from_is_told() {
    let home = Home::new();
    let few = ["tune", "--dataset", "sample", "--no-model", "--save", "x", "--limit", "12"];
    home.gec(&few).refuses(&["12 utterances", "20 groups"]);
    home.write("bare.jsonl", "{\"id\": \"a\", \"nbest\": [\"a b\"]}\n");
    home.gec(&["tune", "--dataset", "bare.jsonl", "--no-model", "--save", "x"])
        .refuses(&["0 utterances"]);
}

#[test]
fn tuning_with_the_model_calibrates_and_decides_when_to_believe_it() {
    let home = Home::new();
    let args = ["tune", "--dataset", "sample", "--limit", "200", "--search", "60", "--save", "s"];
    let more = ["--format", "json", "--no-rewrite", "--no-variants"];
    let profile = home.gec_with_model(&[&args[..], &more].concat()).succeeds().json();
    let stages: Vec<&str> =
        profile["stages"].as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert_eq!(stages[..3], ["1best", "uadf", "lm-rank"]);
    assert!(stages[3].starts_with("cascade, "), "{stages:?}");
    let errors = |at: usize| profile["stages"][at]["errors"].as_u64().unwrap();
    assert!(errors(3) <= errors(0), "the cascade may not harm what it was tuned on");
    let names: Vec<&str> = profile["searched"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["setting"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"score-temperature"), "{names:?}");
    for side in ["language_model", "recogniser"] {
        let side = &profile["calibrations"][side];
        let bins = side["before"]["bins"].as_array().unwrap();
        assert!(bins.iter().map(|bin| bin["count"].as_u64().unwrap()).sum::<u64>() > 100);
        assert!(side["tau"].as_f64().unwrap() > 0.0);
    }
    let shown = home.gec(&["profiles", "show", "s", "--calibration"]).succeeds();
    for part in ["the model's next token", "the recogniser's words", "0.9 to 1.0", "ECE"] {
        assert!(shown.out.contains(part), "{shown}");
    }
    let ran = home
        .gec_with_model(&[
            "run",
            "--dataset",
            "sample",
            "--limit",
            "60",
            "--method",
            "1best,uadf,cascade",
            "--profile",
            "s",
            "--baseline",
            "uadf",
            "--format",
            "json",
        ])
        .succeeds();
    let rows = ran.rows();
    assert_eq!(rows[2]["baseline"], "uadf");
    assert!(rows[2]["baseline_diff"].is_number() && rows[1]["baseline"].is_null(), "{ran}");
}

#[test]
fn a_baseline_that_is_not_in_the_table_is_told() {
    let home = Home::new();
    run(&home, &["--method", "1best,mbr", "--baseline", "uadf"]).refuses(&["`uadf`", "1best, mbr"]);
}

#[test]
fn without_acoustic_weight_fused_decoding_writes_what_plain_decoding_does() {
    let home = Home::new();
    let text = |method: &str, more: &[&str]| {
        let args = ["run", "--dataset", "sample", "--limit", "150", "--method", method];
        home.gec_with_model(&[&args[..], more].concat()).succeeds();
        home.gec(&["export", "--run", "last", "--format", "txt"]).succeeds().out
    };
    let plain = text("generate", &[]);
    assert_eq!(text("static-fusion", &["--static-weight", "0"]), plain);
    assert_ne!(text("static-fusion", &["--static-weight", "0.5"]), plain);
}
