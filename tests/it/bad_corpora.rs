//! Corpora that cannot be read, or not to their end.

use crate::harness::{Home, Ran, sample};
use crate::store;

fn run(home: &Home, dataset: &str) -> Ran {
    home.gec(&["run", "--dataset", dataset, "--method", "1best", "--format", "json"])
}

/// The sample as HyPoradise writes such lists: one JSON array.
fn array() -> String {
    let records: Vec<String> = sample()
        .iter()
        .map(|line| line.replace("\"nbest\"", "\"input\"").replace("\"reference\"", "\"output\""))
        .collect();
    format!("[\n{}\n]\n", records.join(",\n"))
}

#[test]
fn an_array_that_is_cut_off_is_no_corpus_until_it_is_mended() {
    let home = Home::new();
    let whole = array();
    run(&home, "sample").succeeds();
    for share in [10, 50, 90] {
        let mut end = whole.len() * share / 100;
        while !whole.is_char_boundary(end) {
            end += 1;
        }
        home.write("lists.json", &whole[..end]);
        let ran = run(&home, "./lists.json").refuses(&["error: ./lists.json:", "truncated"]);
        let line = whole[..end].lines().count();
        assert!(ran.err.contains(&format!(":{line}:1: ")), "line {line}: {ran}");
        // Not even the second time, when the first attempt has left something behind.
        run(&home, "./lists.json").refuses(&["./lists.json:"]);
        let complete = "SELECT count(*) FROM corpora WHERE complete";
        assert_eq!(store::number(&home.db(), complete), 1);
    }
    home.write("lists.json", &whole);
    let rows = run(&home, "./lists.json").succeeds().rows();
    assert_eq!((&rows[0]["utterances"], &rows[0]["words"]), (&500.into(), &6702.into()));
    run(&home, "sample").succeeds().says(&["all stored already"]);
}

#[test]
fn what_a_failed_import_left_behind_is_deleted() {
    let home = Home::new();
    let whole = array();
    home.write("lists.json", &whole[..whole.len() / 2]);
    run(&home, "./lists.json").refuses(&["truncated"]);
    assert_eq!(store::number(&home.db(), "SELECT count(*) FROM utterances"), 0);
    let stats = home.gec(&["db", "stats", "--format", "json"]).succeeds().json();
    assert_eq!((&stats["corpora"], &stats["hypotheses"]), (&0.into(), &0.into()));
}

#[test]
fn what_is_no_list_is_refused_with_its_place() {
    let home = Home::new();
    let good = "{\"input\": [\"a\"], \"output\": \"a\"}";
    for (content, place, said) in [
        (format!("[{good} {good}]"), "1:34", "expected `,` or `]`"),
        (format!("[{good},]"), "1:", "expected a record after `,`"),
        (format!("[{good}]\n{good}"), "2:1", "expected the end of the file"),
        ("  hello".to_owned(), "1:3", "expected `[`"),
        ("[\n{\"input\": [\"a\", \"b}".to_owned(), "2:1", "never closed"),
    ] {
        home.write("lists.json", &content);
        let ran = run(&home, "./lists.json").ends_with(2);
        assert_eq!(ran.out, "", "{ran}");
        ran.says(&[&format!("error: ./lists.json:{place}"), said]);
    }
}

#[test]
fn a_bad_record_is_named_and_left_out() {
    let home = Home::new();
    let lines = [
        "{\"id\": \"a\", \"nbest\": [\"a b\", \"a c\"], \"reference\": \"a b\"}",
        "{\"id\": \"b\", \"nbest\": \"a b\", \"reference\": \"a b\"}",
        "{\"id\": \"c\", \"reference\": \"a b\"}",
        "not json",
        "{\"id\": \"d\", \"nbest\": [\"a\", \"b\"], \"scores\": [1]}",
        "{\"id\": \"e\", \"nbest\": [\"a b\"], \"reference\": [1]}",
        "{\"id\": \"f\", \"nbest\": [\"d e\"], \"reference\": \"d e\"}",
    ];
    home.write("lists.jsonl", lines.join("\n"));
    let ran = run(&home, "./lists.jsonl").ends_with(1).says(&[
        "warning: ./lists.jsonl:2:",
        "field `nbest`: invalid type: string \"a b\"",
        "./lists.jsonl:3:1: the record has no field `input` or `nbest`",
        "./lists.jsonl:4:",
        "./lists.jsonl:5:1: 1 score for 2 hypotheses",
        "./lists.jsonl:6:",
        "field `reference`",
    ]);
    assert_eq!(ran.rows()[0]["utterances"], 2);
    // In an array too.
    home.write("lists.json", format!("[{}, {}, {}]", lines[0], lines[1], lines[6]));
    let ran = run(&home, "./lists.json").ends_with(1).says(&["./lists.json:1:", "field `nbest`"]);
    assert_eq!(ran.rows()[0]["utterances"], 2);
}

#[test]
fn many_bad_records_are_counted() {
    let home = Home::new();
    let mut text = "{\"nbest\": 1}\n".repeat(300);
    text.push_str("{\"nbest\": [\"a\"]}\n");
    home.write("lists.jsonl", text);
    let ran = run(&home, "./lists.jsonl").ends_with(1).says(&["and 280 more records"]);
    assert!(ran.err.lines().count() < 30, "{ran}");
}

#[test]
fn bytes_that_are_no_text_are_a_bad_record() {
    let home = Home::new();
    let mut bytes = b"{\"nbest\": [\"caf\xff\"]}\n".to_vec();
    bytes.extend_from_slice("{\"nbest\": [\"caf\u{e9}\"]}\r\n".as_bytes());
    home.write("lists.jsonl", bytes);
    let ran = run(&home, "./lists.jsonl").ends_with(1).says(&["./lists.jsonl:1:", "UTF-8"]);
    assert_eq!(ran.rows()[0]["utterances"], 1);
}

#[test]
fn an_empty_corpus_is_refused() {
    let home = Home::new();
    for (name, content) in [
        ("empty.jsonl", ""),
        ("empty.json", ""),
        ("brackets.json", "[]"),
        ("blank.list", "\n\n\n"),
        ("header.csv", "source,target,best_hypo\n"),
    ] {
        home.write(name, content);
        let path = format!("./{name}");
        // The second time the empty corpus is known already.
        for _ in 0..2 {
            run(&home, &path).refuses(&[&format!("`{path}` holds no utterances")]);
        }
    }
}

#[test]
fn a_file_of_another_kind_is_refused() {
    let home = Home::new();
    let program = std::fs::read(env!("CARGO_BIN_EXE_gec")).unwrap();
    home.write("program", &program[..100_000]);
    run(&home, "./program").refuses(&["`./program` is not in a format", "jsonl"]);
    home.write("program.jsonl", &program[..100_000]);
    run(&home, "./program.jsonl").refuses(&["./program.jsonl:1:", "holds no utterances"]);
    home.write("program.json", &program[..90_000]);
    let ran =
        run(&home, "./program.json").ends_with(2).says(&["./program.json:1:1", "expected `[`"]);
    assert!(ran.err.len() < 1000, "{ran}");
    home.write("folder/readme.txt", "nothing");
    run(&home, "./folder").ends_with(2).says(&["folder `./folder` holds no corpus file"]);
    run(&home, "./absent.json").ends_with(2).says(&["there is no file or folder `./absent.json`"]);
}

#[test]
fn an_unknown_name_is_refused_with_those_that_exist() {
    let home = Home::new();
    let given = |more: &[&str]| {
        let ran = home.gec(&[&["run", "--dataset", "sample", "--method", "1best"], more].concat());
        ran.ends_with(2)
    };
    run(&home, "nobody").refuses(&[
        "unknown dataset `nobody`",
        "sample, sample-audio, hp",
        "`./nobody`",
    ]);
    run(&home, "hp:nobody").ends_with(2).says(&["no subset `nobody`", "atis, wsj"]);
    run(&home, "hp:atis").refuses(&["test/test_atis.json", "gec dataset pull hp:atis", "searched"]);
    run(&home, "hp").refuses(&["`hp`", "gec dataset pull hp", "--dataset sample"]);
    given(&["--split", "dev"]).says(&["no split `dev`", "test, train"]);
    given(&["--normalizer", "german"]).refuses(&["`german`", "none, basic, whisper-en, hp"]);
    given(&["--method", "1best,magic"]).refuses(&["unknown method `magic`", "mbr", "cascade"]);
    given(&["--method", "cascade", "--inner", "magic"])
        .refuses(&["unknown method `magic`", "uadf"]);
    given(&["--filter", "name=x"]).says(&["filter field `name`", "id, group, text, reference"]);
    given(&["--filter", "text~("]).says(&["filter pattern `(`"]);
    for verb in ["show", "verify", "pull"] {
        home.gec(&["dataset", verb, "nobody"]).refuses(&["unknown dataset `nobody`", "sample"]);
    }
    // Nothing of this was begun.
    assert!(!home.db().exists() || store::number(&home.db(), "SELECT count(*) FROM runs") == 0);
}

#[test]
fn a_manifest_with_a_fault_is_named() {
    let home = Home::new();
    home.write("data/gec/own.toml", "name = \"own\"\n[[subset]]\nname = 7\n");
    run(&home, "own").ends_with(2).says(&["manifest [HOME]/data/gec/own.toml", "line 3"]);
    // The others are listed all the same.
    let ran = home.gec(&["dataset", "list"]).ends_with(1);
    assert!(ran.out.contains("own.toml") && ran.out.contains("sample:flights"), "{ran}");
}

#[test]
fn utterances_without_a_reference_are_corrected_and_not_scored() {
    let home = Home::new();
    let list = "{\"nbest\": [\"a b\", \"a c\"]}\n";
    home.write("none.jsonl", list.repeat(3));
    home.write("some.jsonl", format!("{list}{{\"nbest\": [\"d\"], \"reference\": \"d\"}}\n{list}"));
    let gec = |dataset: &str, format: &str| {
        home.gec(&["run", "-d", dataset, "-m", "mbr", "--format", format]).succeeds()
    };
    let row = &gec("./none.jsonl", "json").rows()[0];
    assert_eq!(
        (&row["utterances"], &row["scored"], &row["words"]),
        (&3.into(), &0.into(), &0.into())
    );
    for rate in ["wer", "wer_low", "wer_high", "wer_paper", "cer", "o_nb", "o_cp", "diff"] {
        assert!(row[rate].is_null(), "{row}");
    }
    let row = &gec("./some.jsonl", "json").rows()[0];
    assert_eq!(
        (&row["utterances"], &row["scored"], &row["words"]),
        (&3.into(), &1.into(), &1.into())
    );
    let ran = gec("./none.jsonl", "table");
    assert!(ran.out.contains("3 of 3 utterances have no reference and are not scored"), "{ran}");
    let ran = gec("./some.jsonl", "md");
    assert!(ran.out.contains("2 of 3 utterances have no reference and are not scored"), "{ran}");
    assert_eq!(store::corrections(&home.db()).len(), 6);
}

#[test]
fn control_characters_of_a_corpus_do_not_reach_the_terminal() {
    let home = Home::new();
    let evil = "\\u001b[2J\\u001b]0;x\\u0007\\u009b31m\\r";
    let name = "red\u{1b}[31m\u{7}.jsonl";
    home.write(
        name,
        format!(
            "{{\"id\": \"{evil}\", \"nbest\": [\"a {evil}\"], \"reference\": \"b\", \
              \"group\": \"{evil}\"}}\n{{\"id\": \"{evil}\", \"nbest\": \"{evil}\"}}\n"
        ),
    );
    let dataset = format!("./{name}");
    let check = |ran: Ran| {
        for text in [&ran.out, &ran.err] {
            let raw = text.chars().find(|one| one.is_control() && *one != '\n');
            assert_eq!(raw, None, "{:?} {:?} {:?}", ran.command, ran.out, ran.err);
        }
    };
    for format in ["table", "md", "json", "csv"] {
        check(home.gec(&["run", "-d", &dataset, "-m", "1best,mbr", "--format", format]));
    }
    for format in ["table", "json"] {
        check(home.gec(&["runs", "list", "--format", format]).succeeds());
        check(home.gec(&["runs", "show", "last", "--format", format]).succeeds());
    }
    check(home.gec(&["score", "last"]).succeeds());
    check(home.gec(&["run", "-d", "./\u{1b}[31m.json", "-m", "1best"]).ends_with(2));
    check(home.gec(&["run", "-d", "\u{1b}[31m", "-m", "1best"]).ends_with(2));
    check(home.gec(&["runs", "show", "\u{1b}[31m"]).ends_with(2));
}
