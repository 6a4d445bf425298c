//! Rankings: figures, order, and how they are written.

use proptest::prelude::*;

use super::*;
use crate::report::Format;
use crate::score::Rule;

fn utterances(many: u32) -> Vec<Measure> {
    (0..many).map(|group| Measure { words: 10, group }).collect()
}

fn arm(label: &str, key: &str) -> Arm {
    Arm { label: label.into(), key: key.into(), ..Arm::one_best() }
}

/// One error in every utterance but in each `fixed`th.
fn measured(fixed: usize, many: usize) -> Measured {
    let errors = (0..many).map(|place| u32::from(place % fixed != 0)).collect();
    Measured {
        errors,
        changed: 30,
        prompt_tokens: 12_345,
        output_tokens: 1_500,
        seconds: 13.0,
        ..Measured::default()
    }
}

struct Case {
    utterances: Vec<Measure>,
    arms: Vec<Arm>,
    measured: Vec<Measured>,
    fates: Vec<Fate>,
}

impl Case {
    fn ranking(&self) -> Ranking {
        let results = Results {
            data: "sample test, 100 utterances, seed 1",
            utterances: &self.utterances,
            arms: &self.arms,
            measured: &self.measured,
            fates: &self.fates,
            baseline: 0,
        };
        Ranking::new(&results, &Rule::default())
    }
}

/// The 1-best, a better arm, an equal one, one that was dropped, one that was never run.
fn case() -> Case {
    let mut better = measured(2, 100);
    better.repeats = vec![measured(3, 100).errors];
    Case {
        utterances: utterances(100),
        arms: vec![
            arm("1best", "a"),
            arm("generate few-shot", "b"),
            arm("generate zero-shot", "c"),
            arm("uadf", "d"),
            arm("cascade", "e"),
        ],
        measured: vec![
            Measured { errors: vec![1; 100], ..Measured::default() },
            better,
            Measured { errors: vec![1; 100], failed: 2, ..measured(1, 100) },
            Measured { errors: vec![2; 50], ..measured(1, 50) },
            Measured::default(),
        ],
        fates: vec![
            Fate::Finished,
            Fate::Finished,
            Fate::Finished,
            Fate::Dropped { after: 50, reason: Reason::Worse },
            Fate::Stopped { after: 0 },
        ],
    }
}

#[test]
fn those_at_the_end_come_first_by_rate_and_each_is_paired_with_the_baseline() {
    let ranking = case().ranking();
    let labels: Vec<&str> = ranking.rows.iter().map(|row| row.arm.label.as_str()).collect();
    // Of the two equal ones the 1-best is cheaper.
    assert_eq!(labels, ["generate few-shot", "1best", "generate zero-shot", "uadf", "cascade"]);
    let best = &ranking.rows[0];
    assert_eq!((best.rank, best.errors, best.better, best.worse), (Some(1), 50, 50, 0));
    assert_eq!((best.wer, best.diff), (Some(5.0), Some(-5.0)));
    assert!(best.real && best.wer_low < best.wer && best.diff_high < Some(0.0));
    assert_eq!(best.changed, Some(30.0));
    assert_eq!((best.prompt_tokens, best.seconds), (Some(123.45), Some(0.13)));
    assert_eq!(best.seeds, 2);
    assert!((best.seeds_mean.unwrap() - (5.0 + 6.6) / 2.0).abs() < 1e-9);
    assert!((best.seeds_deviation.unwrap() - 1.6 / 2.0_f64.sqrt()).abs() < 1e-9);

    let baseline = &ranking.rows[1];
    assert!(baseline.baseline && baseline.diff.is_none() && baseline.p_value.is_none());
    let equal = &ranking.rows[2];
    assert_eq!((equal.diff, equal.p_corrected, equal.real), (Some(0.0), Some(1.0), false));

    // Against the same fifty utterances of the baseline.
    let dropped = &ranking.rows[3];
    assert_eq!((dropped.rank, dropped.utterances, dropped.worse), (None, 50, 50));
    assert_eq!((dropped.wer, dropped.diff, dropped.real), (Some(20.0), Some(10.0), true));
    let never = &ranking.rows[4];
    assert_eq!((never.wer, never.diff, never.p_value, never.seconds), (None, None, None, None));
}

#[test]
fn p_values_are_corrected_for_all_arms_that_were_compared() {
    let ranking = case().ranking();
    assert_eq!(ranking.comparisons, 3);
    // Four arms beside the baseline: 1,600 resamples.
    assert!(ranking.rule.contains("1600 resamples"), "{}", ranking.rule);
    let least = 2.0 / 1601.0;
    assert!((ranking.rows[0].p_value.unwrap() - least).abs() < 1e-12);
    assert!((ranking.rows[0].p_corrected.unwrap() - 3.0 * least).abs() < 1e-12);
    assert_eq!(ranking.flattery.unwrap().arms, 3);
}

#[test]
fn the_table_says_what_was_dropped_what_failed_and_that_the_best_is_flattered() {
    let text = render(&case().ranking(), Format::Table);
    assert!(text.lines().all(|line| line.chars().count() <= 132), "{text}");
    for said in [
        "5.00 [4.",
        "-5.00 [-6.",
        "50/0",
        "123+15",
        "0.13",
        "5.80±1.13",
        "Dropped after 50 utterances: uadf.",
        "Not run, for want of time: cascade.",
        "generate zero-shot: 2 utterances failed",
        "corrected for 3 comparisons by Holm",
        "looks better than it is",
        "Rule: normaliser none",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    println!("{text}\n{}", render(&case().ranking(), Format::Markdown));
}

#[test]
fn json_reads_back_and_has_a_version() {
    let ranking = case().ranking();
    let text = render(&ranking, Format::Json);
    assert_eq!(serde_json::from_str::<Ranking>(&text).unwrap(), ranking);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["format_version"], 1);
    assert_eq!(value["rows"][3]["fate"]["state"], "dropped");
}

#[test]
fn csv_has_the_figures_of_all_arms_and_a_header_without_any() {
    let text = render(&case().ranking(), Format::Csv);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let place = |name: &str| header.iter().position(|field| field == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 5);
    assert_eq!(&rows[0][place("arm")], "generate few-shot");
    assert_eq!(&rows[0][place("wer")], "5.0");
    assert_eq!(&rows[0][place("diff")], "-5.0");
    assert_eq!((&rows[3][place("state")], &rows[3][place("reason")]), ("dropped", "worse"));
    assert_eq!(&rows[4][place("wer")], "");
    assert!(rows[0][place("rule")].starts_with("normaliser none"));

    let empty = Case { utterances: vec![], arms: vec![], measured: vec![], fates: vec![] };
    let empty = render(&empty.ranking(), Format::Csv);
    assert_eq!(empty.trim_end(), text.lines().next().unwrap());
}

#[test]
fn nothing_gives_a_ranking_without_rows_in_every_format() {
    let empty = Case { utterances: vec![], arms: vec![], measured: vec![], fates: vec![] };
    let ranking = empty.ranking();
    assert!(ranking.rows.is_empty() && ranking.flattery.is_none());
    for format in [Format::Table, Format::Json, Format::Markdown] {
        assert!(render(&ranking, format).ends_with('\n'));
    }
}

#[test]
fn no_label_becomes_a_formula_or_markup_or_moves_a_cursor() {
    for label in ["=1+1", "+x", "-x", "@x", "\u{1b}[2Jx", "\tx", "a|b_[c](d)\u{202e}"] {
        let mut case = case();
        case.arms[1].label = label.into();
        let ranking = case.ranking();
        let csv = render(&ranking, Format::Csv);
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let cell = reader.records().next().unwrap().unwrap()[1].to_owned();
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\u{1b}']), "{cell}");
        let markdown = render(&ranking, Format::Markdown);
        let first = markdown.lines().nth(2).unwrap().replace("\\|", "");
        assert_eq!(first.matches('|').count(), 12, "{first}");
        for text in [csv, markdown, render(&ranking, Format::Table)] {
            let odd = |one: char| crate::report::is_unprintable(one) && one != '\n';
            assert!(!text.contains(odd), "{label:?}: {text:?}");
        }
    }
}

proptest! {
    #[test]
    fn a_table_is_never_too_wide_and_nothing_panics(
        labels in prop::collection::vec("\\PC{0,80}", 1..6),
        errors in prop::collection::vec(0_u32..100, 0..40),
        cuts in prop::collection::vec(0_usize..60, 6),
        words in 0_u32..50,
        fate in 0_usize..4,
    ) {
        let fates = [
            Fate::Running,
            Fate::Finished,
            Fate::Dropped { after: 7, reason: Reason::Rank },
            Fate::Stopped { after: 3 },
        ];
        let case = Case {
            utterances: (0..40).map(|group| Measure { words, group: group / 3 }).collect(),
            arms: labels.iter().map(|label| arm(label, label)).collect(),
            measured: (0..labels.len())
                .map(|place| Measured {
                    errors: errors.iter().copied().take(cuts[place]).collect(),
                    seconds: [0.1, f64::NAN, f64::INFINITY][place % 3],
                    repeats: vec![errors.clone(); place % 2],
                    ..Measured::default()
                })
                .collect(),
            fates: (0..labels.len()).map(|place| fates[(place + fate) % 4]).collect(),
        };
        let ranking = case.ranking();
        let text = render(&ranking, Format::Table);
        let ascii = labels.iter().all(|label| label.is_ascii());
        prop_assert!(!ascii || text.lines().all(|line| line.chars().count() <= 132), "{}", text);
        let back: Ranking = serde_json::from_str(&render(&ranking, Format::Json)).unwrap();
        prop_assert_eq!(back, ranking);
    }
}
