use super::*;
use crate::score::{Item, Labels, Scorer};

fn row(dataset: &str, subset: &str, method: &str) -> Row {
    let mut scorer = Scorer::new(Rule { resamples: 100, ..Rule::default() });
    for group in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        scorer.add(&Item {
            nbest: &["show me flights to austin", "show flights to boston"],
            reference: Some("show me flights to boston"),
            corrected: "show me flights to boston",
            resampling_key: group,
        });
        scorer.add(&Item {
            nbest: &["thank you"],
            reference: Some("thank you"),
            corrected: "thank you all",
            resampling_key: group,
        });
    }
    let labels = Labels {
        dataset: dataset.to_owned(),
        subset: subset.to_owned(),
        method: method.to_owned(),
    };
    scorer.finish(labels)
}

fn report(rows: Vec<Row>) -> Report {
    Report::new(&Rule { resamples: 100, ..Rule::default() }, rows)
}

fn unscored() -> Row {
    let mut scorer = Scorer::new(Rule { resamples: 100, ..Rule::default() });
    scorer.add(&Item { nbest: &["a"], reference: None, corrected: "b", resampling_key: "" });
    scorer.finish(Labels { dataset: "talks".into(), subset: String::new(), method: "mbr".into() })
}

#[test]
fn the_table_shows_figures_and_names_the_rule() {
    let text = render(&report(vec![row("hp", "atis", "uadf"), unscored()]), Format::Table);
    println!("{text}");
    assert!(text.contains("hp:atis"));
    assert!(text.contains("14.29 [14.29,14.29]"));
    assert!(text.contains("8/8"));
    assert!(text.contains("0/0/8"));
    let text = text.replace('\n', " ");
    assert!(text.contains("Rule: normaliser none; Levenshtein alignment"));
    assert!(text.contains("100 resamples, seed 1"));
    assert!(text.contains("talks, mbr: 1 of 1 utterances have no reference"));
    assert!(!text.contains("NaN") && !text.contains('\u{1b}'));
}

#[test]
fn the_table_stays_within_its_width_and_holds_its_figures_together() {
    let mut wide = row("librispeech", "test-other-clean", "cascade-uadf-calibrated");
    (wide.utterances, wide.words) = (303_456, 3_456_789);
    (wide.substitutions, wide.deletions, wide.insertions) = (123_456, 23_456, 23_456);
    let text = render(&report(vec![wide, row("hp", "cv", "1best")]), Format::Table);
    println!("{text}");
    assert!(text.contains(" 3456789 ") && text.contains(" 123456/23456/23456 "));
    assert!(text.lines().all(|line| line.chars().count() <= 132), "{text}");
}

#[test]
fn a_real_difference_is_marked() {
    let mut row = row("a", "", "b");
    (row.diff, row.diff_low, row.diff_high, row.real) = (Some(-4.43), Some(-5.0), Some(-3.9), true);
    let text = render(&report(vec![row.clone()]), Format::Table);
    assert!(text.contains("-4.43 [-5.00,-3.90]*"), "{text}");
    (row.diff_high, row.real) = (Some(0.001), false);
    let text = render(&report(vec![row]), Format::Table);
    assert!(text.contains("-4.43 [-5.00,0.00]"), "{text}");
    assert!(!text.contains("0.00]*"), "{text}");
}

#[test]
fn comparisons_with_a_baseline_stand_beneath() {
    let mut row = row("hp", "atis", "uadf");
    (row.baseline, row.baseline_diff, row.baseline_p_value) =
        (Some("generate".into()), Some(-1.5), Some(0.002));
    (row.baseline_low, row.baseline_high, row.baseline_real) = (Some(-2.0), Some(-1.0), true);
    let line = "hp:atis: uadf vs generate -1.50 [-2.00,-1.00]*, p = 0.002";
    let text = render(&report(vec![row.clone(), unscored()]), Format::Table);
    assert_eq!(text.lines().filter(|text| *text == line).count(), 1, "{text}");
    let text = render(&report(vec![row]), Format::Markdown);
    assert!(text.contains(r"uadf vs generate -1.50 [-2.00,-1.00]\*"), "{text}");
}

#[test]
fn rows_with_other_rules_are_told_apart() {
    let mut other = row("hp", "atis", "uadf");
    other.rule = "normaliser hp".to_owned();
    let text = render(&report(vec![row("hp", "atis", "uadf"), other]), Format::Table);
    assert!(text.contains("Rule of row 1: normaliser none"));
    assert!(text.contains("Rule of row 2: normaliser hp."));
}

#[test]
fn json_holds_the_version_the_rule_and_the_rows() {
    let report = report(vec![row("hp", "atis", "uadf"), unscored()]);
    let text = render(&report, Format::Json);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["format_version"], 1);
    assert_eq!(value["rows"][0]["subset"], "atis");
    assert_eq!(value["rows"][1]["wer"], serde_json::Value::Null);
    assert_eq!(value["rows"][1]["scored"], 0);
    let mut again: Report = serde_json::from_str(&text).unwrap();
    // JSON numbers are read to within the last bit.
    assert!((again.rows[0].wer.unwrap() - report.rows[0].wer.unwrap()).abs() < 1e-12);
    again.rows.clone_from(&report.rows);
    assert_eq!(again, report);
}

#[test]
fn csv_has_every_field_and_runs_no_formula() {
    let mut row = row("=cmd()", "@x", "a,b");
    row.diff = Some(-1.5);
    let text = render(&report(vec![row, unscored()]), Format::Csv);
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let records: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let at = |record: usize, field: &str| {
        let place = header.iter().position(|name| name == field).unwrap();
        records[record][place].to_owned()
    };
    assert_eq!(at(0, "dataset"), "'=cmd()");
    assert_eq!(at(0, "subset"), "'@x");
    assert_eq!(at(0, "method"), "a,b");
    assert_eq!(at(0, "diff"), "-1.5");
    assert_eq!(at(1, "wer"), "");
    for field in [
        "utterances",
        "words",
        "wer_low",
        "wer_high",
        "wer_paper",
        "cer",
        "o_nb",
        "o_cp",
        "better",
        "changed",
    ] {
        at(0, field);
    }
}

#[test]
fn an_empty_report_has_a_header() {
    let empty = report(vec![]);
    assert!(render(&empty, Format::Csv).starts_with("dataset,subset,method,utterances"));
    assert_eq!(render(&empty, Format::Csv).lines().count(), 1);
    assert!(render(&empty, Format::Table).contains("dataset"));
    assert!(render(&empty, Format::Markdown).starts_with("| dataset |"));
    assert!(render(&empty, Format::Json).contains("\"rows\": []"));
}

#[test]
fn markdown_labels_cannot_leave_their_cell() {
    let text = render(&report(vec![row("a|b", "", "x\ny`z")]), Format::Markdown);
    println!("{text}");
    assert!(text.contains("| a\\|b | x y\\`z |"), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1].matches("---").count(), 12);
    assert!(lines[4].starts_with("WER, CER"));
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let text = render(&report(vec![row("a\u{1b}[2J", "", "b")]), Format::Table);
    assert!(!text.contains('\u{1b}'));
}
