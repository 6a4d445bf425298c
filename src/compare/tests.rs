//! Whole comparisons.

use proptest::prelude::*;

use super::*;
use crate::normalize::BASIC;
use crate::score::{Labels, Rule, Scorer};

/// Reference, group and the texts of the systems; the first is the 1-best too.
type Line<'a> = (&'a str, &'a str, &'a [&'a str]);

fn compare(names: &[&str], lines: &[Line<'_>], rule: Rule) -> Compared {
    let mut comparison = Comparison::new(rule, names.iter().copied(), Limits::default());
    for (number, (reference, group, texts)) in lines.iter().enumerate() {
        comparison.add(&Item {
            id: &format!("u{number}"),
            reference: Some(reference),
            one_best: texts.first().copied().unwrap_or(""),
            texts,
            group: Some(group),
            resampling_key: group,
        });
    }
    comparison.finish()
}

const LINES: [Line<'_>; 6] = [
    (
        "Show me flights to Boston",
        "ann",
        &["show me flight to austin", "show me flights to boston"],
    ),
    ("what is the fare", "ann", &["what is the fare", "what is the fair"]),
    ("a non stop flight at two", "bob", &["a nonstop fright at to", "a non stop fright at to"]),
    ("list all", "bob", &["list all", "list all"]),
    ("from denver", "cid", &["from denver to", "uh from tender the"]),
    (
        "one two three four five six seven",
        "cid",
        &["one two three", "one two three four five six seven"],
    ),
];

fn basic() -> Rule {
    Rule { normalizer: BASIC, ..Rule::default() }
}

fn classes(compared: &Compared) -> Vec<(Class, u64, u64)> {
    let changes = compared.against[0].classes.iter();
    changes.map(|one| (one.class, one.fixed, one.made)).filter(|one| one.1 + one.2 > 0).collect()
}

#[test]
fn flips_go_in_four_directions_and_the_unchanged_are_in_none() {
    let compared = compare(&["a", "b"], &LINES, basic());
    let flips = &compared.against[0].flips;
    let ids = |list: &FlipList| list.kept.iter().map(|flip| flip.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&flips.became_right), ["u5", "u0"]);
    assert_eq!(ids(&flips.became_wrong), ["u1"]);
    assert_eq!(ids(&flips.fewer_errors), ["u2"]);
    assert_eq!(ids(&flips.more_errors), ["u4"]);
    let first = &flips.became_right.kept[0];
    assert_eq!((first.first_errors, first.second_errors), (4, 0));
    assert_eq!((first.first.as_str(), first.one_best.as_str()), ("one two three", "one two three"));
}

#[test]
fn errors_fixed_and_made_are_counted_by_class() {
    assert_eq!(
        classes(&compare(&["a", "b"], &LINES, basic())),
        [
            (Class::SplitOrJoin, 2, 0),
            (Class::Number, 4, 0),
            (Class::Name, 1, 0),
            (Class::Inflection, 1, 0),
            (Class::FunctionWord, 0, 1),
            (Class::SoundAlike, 0, 1),
            (Class::Substitution, 0, 1),
        ]
    );
}

#[test]
fn slices_add_up_and_the_largest_differences_come_first() {
    let compared = compare(&["a", "b"], &LINES, basic());
    let sum = |slices: &[Slice]| slices.iter().map(|slice| slice.words).sum::<u64>();
    assert_eq!(sum(&compared.lengths), compared.words);
    let names: Vec<&str> = compared.lengths.iter().map(|slice| slice.name.as_str()).collect();
    assert_eq!(names, ["0-4", "5-9", "10-19", "20+"]);
    assert_eq!(compared.lengths[0].utterances, 3);
    let groups = &compared.against[0].groups;
    let errors: Vec<(&str, &[u64])> =
        groups.iter().map(|slice| (slice.name.as_str(), slice.errors.as_slice())).collect();
    assert_eq!(errors, [("bob", &[4, 2][..]), ("cid", &[5, 3]), ("ann", &[2, 1])]);
}

#[test]
fn several_systems_are_corrected_for_and_two_are_not() {
    let two = compare(&["a", "b"], &LINES, basic());
    assert_eq!(two.against[0].holm_p, None);
    let lines: Vec<(&str, &str, Vec<&str>)> = LINES
        .iter()
        .map(|(reference, group, texts)| (*reference, *group, vec![texts[0], texts[1], texts[0]]))
        .collect();
    let lines: Vec<Line<'_>> =
        lines.iter().map(|(one, two, all)| (*one, *two, all.as_slice())).collect();
    let three = compare(&["a", "b", "c"], &lines, basic());
    assert_eq!(three.against[0].matched, two.against[0].matched);
    let doubled = (2.0 * two.against[0].matched.p_value).min(1.0);
    assert_eq!(three.against[0].holm_p, Some(doubled));
    let same = &three.against[1];
    assert_eq!((same.difference, same.matched.segments > 0, same.real), (Some(0.0), true, false));
    assert!(same.groups.is_empty() && same.classes.iter().all(|one| one.fixed + one.made == 0));
}

#[test]
fn what_cannot_be_compared_is_counted() {
    let mut comparison = Comparison::new(Rule::default(), ["a", "b"], Limits::default());
    let item = Item {
        id: "1",
        reference: None,
        one_best: "x",
        texts: &["x", "y"],
        group: None,
        resampling_key: "",
    };
    comparison.add(&item);
    comparison.add(&Item { reference: Some("x"), texts: &["x"], ..item });
    let compared = comparison.finish();
    assert_eq!((compared.utterances, compared.compared, compared.incomplete), (2, 0, 1));
    let pair = &compared.against[0];
    assert_eq!((pair.difference, pair.low, pair.matched.p_value), (None, None, 1.0));
    assert!(render_table(&compared).contains("2 of 2 utterances are not compared: 1 lack"));
}

#[test]
fn nothing_and_one_system_can_be_shown() {
    for names in [&[][..], &["a"], &["a", "b"]] {
        let compared = compare(names, &[], Rule::default());
        assert_eq!(compared.against.len(), names.len().saturating_sub(1));
        assert!(render_table(&compared).ends_with(".\n"));
        assert!(render_markdown(&compared).contains("0 utterances"));
    }
}

#[test]
fn merged_compounds_are_no_errors_to_fix() {
    let rule = Rule { merge_compounds: true, ..basic() };
    let compared = compare(&["a", "b"], &LINES, rule);
    assert!(classes(&compared).iter().all(|(class, ..)| *class != Class::SplitOrJoin));
    assert_eq!(compared.against[0].flips.fewer_errors.count, 0);
}

#[test]
fn the_table_is_narrow_and_moves_no_cursor() {
    let long = "word ".repeat(60);
    let texts: [&str; 2] = ["\u{1b}[2J\u{202e}oops", &long];
    let compared = compare(&["first|system", "second\u{7}"], &[(&long, "g\r", &texts)], basic());
    let table = render_table(&compared);
    assert!(table.lines().all(|line| line.chars().count() <= 132), "{table}");
    assert!(!table.contains(|one: char| one != '\n' && crate::report::is_unprintable(one)));
    let markdown = render_markdown(&compared);
    assert!(markdown.contains("first\\|system") && !markdown.contains('\u{1b}'), "{markdown}");
}

#[test]
fn the_table_is_as_printed_before() {
    insta::assert_snapshot!(render_table(&compare(&["mbr", "uadf"], &LINES, basic())));
}

#[test]
fn a_comparison_is_written_and_read_as_json() {
    let compared = compare(&["a", "b"], &LINES, basic());
    let text = serde_json::to_string(&compared).unwrap();
    assert_eq!(serde_json::from_str::<Compared>(&text).unwrap(), compared);
    assert!(text.contains("\"class\":\"split_or_join\""));
}

fn text() -> impl Strategy<Value = String> {
    "((non|stop|nonstop|the|two|flight|flights|Boston|'s|uh|é) ){0,8}"
}

proptest! {
    #[test]
    fn figures_agree_with_the_scorer_and_with_each_other(
        lines in prop::collection::vec((text(), "[xyz]", text(), text()), 1..8),
    ) {
        let texts: Vec<[&str; 2]> = lines.iter().map(|line| [line.2.as_str(), line.3.as_str()]).collect();
        let items: Vec<Line<'_>> = lines.iter().zip(&texts)
            .map(|(line, texts)| (line.0.as_str(), line.1.as_str(), texts.as_slice()))
            .collect();
        let compared = compare(&["a", "b"], &items, basic());
        let mut scorer = Scorer::new(basic());
        for (reference, group, texts) in &items {
            scorer.add(&crate::score::Item {
                nbest: &texts[..1],
                reference: Some(reference),
                corrected: texts[1],
                resampling_key: group,
            });
        }
        let row = scorer.finish(Labels::default());
        let pair = &compared.against[0];
        prop_assert_eq!((compared.systems[0].wer, compared.systems[1].wer), (row.wer_1best, row.wer));
        prop_assert_eq!((pair.difference, pair.low, pair.high), (row.diff, row.diff_low, row.diff_high));
        prop_assert_eq!(compared.systems[1].substitutions, row.substitutions);
        let flips = &pair.flips;
        prop_assert_eq!(flips.became_right.count + flips.fewer_errors.count, row.better);
        prop_assert_eq!(flips.became_wrong.count + flips.more_errors.count, row.worse);
        let sum = |of: fn(&ClassChange) -> u64| pair.classes.iter().map(of).sum::<u64>() as i64;
        let more = compared.systems[1].errors as i64 - compared.systems[0].errors as i64;
        prop_assert_eq!(sum(|one| one.made) - sum(|one| one.fixed), more);
    }

    #[test]
    fn any_text_can_be_compared(
        reference in "\\PC{0,20}", first in "\\PC{0,20}", second in "\\PC{0,20}", merge_compounds: bool,
    ) {
        let rule = Rule { merge_compounds, resamples: 10, ..Rule::default() };
        let compared = compare(&["a", "b"], &[(&reference, "", &[&first, &second])], rule);
        prop_assert_eq!(compared.compared, 1);
        prop_assert!(!render_markdown(&compared).is_empty());
    }
}
