//! What the program says about itself.

use insta::assert_snapshot;

use crate::harness::Home;

#[test]
fn every_verb_has_a_help_text() {
    let home = Home::new();
    for (name, arguments) in [
        ("gec", &["--help"][..]),
        ("run", &["run", "--help"]),
        ("score", &["score", "--help"]),
        ("import", &["import", "--help"]),
        ("export", &["export", "--help"]),
        ("dataset", &["dataset", "--help"]),
        ("dataset_list", &["dataset", "list", "--help"]),
        ("dataset_show", &["dataset", "show", "--help"]),
        ("dataset_verify", &["dataset", "verify", "--help"]),
        ("dataset_pull", &["dataset", "pull", "--help"]),
        ("correct", &["correct", "--help"]),
        ("edits", &["edits", "--help"]),
        ("transcribe", &["transcribe", "--help"]),
        ("tune", &["tune", "--help"]),
        ("profiles", &["profiles", "--help"]),
        ("prompt", &["prompt", "--help"]),
        ("prompt_list", &["prompt", "list", "--help"]),
        ("prompt_show", &["prompt", "show", "--help"]),
        ("prompt_render", &["prompt", "render", "--help"]),
        ("prompt_check", &["prompt", "check", "--help"]),
        ("prompt_try", &["prompt", "try", "--help"]),
        ("runs", &["runs", "--help"]),
        ("runs_list", &["runs", "list", "--help"]),
        ("runs_show", &["runs", "show", "--help"]),
        ("runs_delete", &["runs", "delete", "--help"]),
        ("db", &["db", "--help"]),
        ("db_path", &["db", "path", "--help"]),
        ("db_stats", &["db", "stats", "--help"]),
        ("db_merge", &["db", "merge", "--help"]),
        ("db_backup", &["db", "backup", "--help"]),
        ("completions", &["completions", "--help"]),
    ] {
        let ran = home.gec(arguments).succeeds();
        assert_eq!(ran.err, "", "{ran}");
        assert_snapshot!(format!("help_{name}"), ran.out);
    }
}

#[test]
fn without_arguments_the_help_goes_to_stderr() {
    let ran = Home::new().gec(&[]).ends_with(2).says(&["Usage: gec", "gec run --dataset sample"]);
    assert_eq!(ran.out, "", "{ran}");
}

#[test]
fn the_version_is_the_packages() {
    let ran = Home::new().gec(&["--version"]).succeeds();
    assert_eq!(ran.out, format!("gec {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn what_cannot_be_parsed_exits_with_2() {
    let home = Home::new();
    for (arguments, said) in [
        (&["run", "--dataset", "sample", "--bogus"][..], "'--bogus'"),
        (&["frobnicate"], "'frobnicate'"),
        (&["run"], "--dataset <SPEC>"),
        (&["run", "--dataset", "sample", "--format", "xml"], "table, json, csv, md"),
        (&["run", "--dataset", "sample", "--limit", "many"], "'many'"),
        (&["run", "--dataset", "sample", "--parallel", "0"], "1..=256"),
        (&["score"], "<RUN>"),
        (&["completions", "tcl"], "bash"),
        (&["--quiet", "--verbose", "db", "path"], "cannot be used with"),
    ] {
        let ran = home.gec(arguments).ends_with(2).says(&[said]);
        assert_eq!(ran.out, "", "{ran}");
    }
    assert!(!home.db().exists());
}

#[test]
fn bash_takes_the_completions() {
    let home = Home::new();
    let ran = home.shell(
        "source <(gec completions bash) && complete -p gec && \
         COMP_WORDS=(gec run --data) COMP_CWORD=2 && _gec gec --data run && echo \"${COMPREPLY[@]}\"",
    );
    let ran = ran.succeeds();
    assert!(ran.out.contains("--dataset") && ran.out.contains("--data-dir"), "{ran}");
    for shell in ["zsh", "fish", "powershell", "elvish"] {
        assert!(home.gec(&["completions", shell]).succeeds().out.contains("retry-errors"));
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure() {
    let home = Home::new();
    home.gec(&["run", "--dataset", "sample", "--method", "1best,mbr"]).succeeds();
    for verb in [
        "run --dataset sample --method 1best,mbr --format json --quiet",
        "score last --format csv",
        "dataset list",
        "dataset list --format json",
        "dataset show sample --format json",
        "runs list",
        "runs list --format json",
        "runs show last --format json",
        "db stats --format json",
        "completions bash",
    ] {
        // `true` reads nothing at all, and the pause makes sure that it has gone.
        let ran = home.shell(&format!("(sleep 0.1; gec {verb}; echo $? >&2) | true"));
        assert_eq!(ran.err, "0\n", "{ran}");
    }
}
