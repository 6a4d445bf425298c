//! `gec runs`, `gec db` and `gec dataset`: what is there.

use insta::assert_snapshot;

use crate::harness::Home;

fn filled() -> Home {
    let home = Home::new();
    let arguments = ["run", "--dataset", "sample", "--method", "1best,mbr", "--label", "first"];
    home.gec(&arguments).succeeds();
    home
}

/// Hides what differs from one time to the next.
fn settled(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, with) in [
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "[TIME]"),
        (r"\b1[67]\d{11}\b", "[TIME]"),
        (r"\b[0-9a-f]{64}\b", "[HASH]"),
        (r"(?m)^( +\d+  )[0-9a-f]{12}\b", "$1[HASH]"),
        (r"(bytes\w*|bytes of the log|bytes free within)\b( +|\W+)\d+", "$1$2[BYTES]"),
        // The defaults of methods are tuned now and then.
        (r"parameters = \{.*\}", "parameters = [PARAMETERS]"),
        (r#"(?s)"decoding": \{.*?"uadf": \{[^}]*\}"#, "[PARAMETERS]"),
        (r"\(\d+ bytes\)", "([BYTES] bytes)"),
        (r"(SQLite version +|sqlite_version\W+)[\d.]+", "$1[VERSION]"),
    ] {
        text = regex::Regex::new(pattern).unwrap().replace_all(&text, with).into_owned();
    }
    text
}

#[test]
fn runs_are_listed_and_shown() {
    let home = filled();
    for (name, arguments) in [
        ("runs_list", &["runs", "list"][..]),
        ("runs_list_json", &["runs", "list", "--format", "json"]),
        ("runs_show", &["runs", "show", "last"]),
        ("runs_show_json", &["runs", "show", "1", "--format", "json"]),
    ] {
        assert_snapshot!(name, settled(&home.gec(arguments).succeeds().out));
    }
}

#[test]
fn a_run_answers_to_its_id_the_beginning_of_its_fingerprint_and_last() {
    let home = filled();
    let show = |run: &str| home.gec(&["runs", "show", run, "--format", "json"]).succeeds().json();
    let (first, last) = (show("1"), show("last"));
    assert_eq!((&first["method"], &last["method"]), (&"1best".into(), &"mbr".into()));
    let fingerprint = first["fingerprint"].as_str().unwrap();
    assert_eq!(show(&fingerprint[..10]), first);
    for name in ["99", "zzzz", ""] {
        home.gec(&["runs", "show", name]).refuses(&[&format!("no run `{name}`"), "gec runs list"]);
        home.gec(&["score", name]).refuses(&["no run"]);
    }
}

#[test]
fn a_run_is_deleted_only_when_that_is_confirmed() {
    let home = filled();
    home.gec(&["runs", "delete", "last"]).ends_with(2).says(&["mbr", "--yes"]);
    let rows = || home.gec(&["runs", "list", "--format", "json"]).succeeds().rows().len();
    assert_eq!(rows(), 2);
    let ran = home.gec(&["runs", "delete", "last", "--yes"]).succeeds();
    assert_eq!(ran.out, "deleted run 2 (mbr on sample:flights test, 500 corrections)\n");
    assert_eq!(rows(), 1);
    let stats = home.gec(&["db", "stats", "--format", "json"]).succeeds().json();
    assert_eq!((&stats["corrections"], &stats["utterances"]), (&500.into(), &500.into()));
}

#[test]
fn the_database_is_found_counted_and_copied() {
    let home = filled();
    assert_eq!(home.gec(&["db", "path"]).succeeds().out, "[HOME]/data/gec/gec.db\n");
    for (name, arguments) in [
        ("db_stats", &["db", "stats"][..]),
        ("db_stats_json", &["db", "stats", "--format", "json"]),
    ] {
        assert_snapshot!(name, settled(&home.gec(arguments).succeeds().out));
    }
    home.gec(&["db", "backup", "copy.db"]).succeeds();
    home.gec(&["db", "backup", "copy.db"]).refuses(&["`copy.db` exists"]);
    home.gec(&["db", "backup", "no/such/copy.db"]).ends_with(2).says(&["no/such/copy.db"]);
    let list = |more: &[&str]| home.gec(&[&["runs", "list"], more].concat()).succeeds().out;
    assert_eq!(list(&[]), list(&["--db", "copy.db"]));
    // The copy can be gone on with.
    let arguments = ["run", "-d", "sample", "-m", "1best", "--db", "copy.db"];
    home.gec(&arguments).succeeds().says(&["all stored already"]);
    let named = home.command(&["db", "path"]).env("GEC_DB", "named.db").output().unwrap();
    assert_eq!(named.stdout, b"named.db\n");
}

#[test]
fn a_missing_database_is_created_by_a_run_only() {
    let home = Home::new();
    for arguments in
        [&["runs", "list"][..], &["runs", "show", "last"], &["score", "last"], &["db", "stats"]]
    {
        home.gec(arguments)
            .refuses(&["there is no database at `[HOME]/data/gec/gec.db`", "gec run"]);
    }
    assert!(!home.db().exists());
}

#[test]
fn datasets_are_listed_shown_and_verified() {
    let home = Home::new();
    for (name, arguments) in [
        ("dataset_list", &["dataset", "list"][..]),
        ("dataset_list_json", &["dataset", "list", "--format", "json"]),
        ("dataset_show_sample", &["dataset", "show", "sample"]),
        ("dataset_show_hp", &["dataset", "show", "hp"]),
        ("dataset_show_json", &["dataset", "show", "sample", "--format", "json"]),
        ("dataset_verify", &["dataset", "verify", "sample"]),
        ("dataset_verify_json", &["dataset", "verify", "sample", "--format", "json"]),
    ] {
        assert_snapshot!(name, settled(&home.gec(arguments).succeeds().out));
    }
    assert!(!home.db().exists());
}

#[test]
fn a_file_that_differs_from_its_manifest_is_found_and_can_be_run() {
    let home = Home::new();
    home.write("mine/test_atis.json", "[{\"input\": [\"a b\"], \"output\": \"a c\"}]");
    let ran = home.gec(&["dataset", "verify", "hp", "--data-dir", "mine"]).ends_with(1);
    assert!(ran.out.contains("WRONG mine/test_atis.json: 1 utterances, expected 809"), "{ran}");
    let arguments =
        ["run", "-d", "hp:atis", "-m", "1best", "--data-dir", "mine", "--format", "json"];
    assert_eq!(home.gec(&arguments).succeeds().rows()[0]["utterances"], 1);
    // `hp` is every subset that is there.
    let arguments = ["run", "-d", "hp", "-m", "1best", "--data-dir", "mine", "--format", "json"];
    assert_eq!(home.gec(&arguments).succeeds().rows().len(), 1);
}

#[test]
fn nothing_is_fetched_in_offline_mode() {
    let home = Home::new();
    home.gec(&["dataset", "pull", "hp:atis"]).refuses(&["HF_HUB_OFFLINE", "test/test_atis.json"]);
    home.gec(&["dataset", "pull", "sample"]).ends_with(2).says(&["not on a hub"]);
}
