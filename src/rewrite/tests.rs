use proptest::prelude::*;

use super::*;
use crate::score::{Distance, Symbols};

fn pair<'a>(hypothesis: &'a str, reference: &'a str) -> Pair<'a> {
    Pair { hypothesis, reference, group: reference, rank: 0 }
}

fn trusting() -> RewriteSettings {
    RewriteSettings { discount: 0.0, ..RewriteSettings::default() }
}

fn rule(from: &str, to: &str) -> Rule {
    Rule { from: from.to_owned(), to: to.to_owned(), hits: 1, seen: 1 }
}

fn errors(reference: &str, hypothesis: &str) -> u64 {
    let mut symbols = Symbols::default();
    let (reference, hypothesis) = (symbols.words(reference), symbols.words(hypothesis));
    Distance::default().between(&reference, &hypothesis)
}

#[test]
fn words_written_apart_or_together_are_learned_and_used_in_new_sentences() {
    let pairs = [
        pair("show nonstop flights from d c", "show non stop flights from dc"),
        pair("leaving d c at sevenpm", "leaving dc at seven p m"),
    ];
    let table = learn(&pairs, &trusting());
    assert_eq!(table.rewrite("a nonstop to d c by sevenpm"), "a non stop to dc by seven p m");
}

#[test]
fn a_rule_says_how_often_it_was_right() {
    let pairs = [
        pair("fly to la now", "fly to l a now"),
        pair("fly from la please", "fly from l a please"),
        pair("sing la one", "sing la one"),
    ];
    let table = learn(&pairs, &RewriteSettings { context_words: 0, ..trusting() });
    assert_eq!(table.rules(), [Rule { hits: 2, seen: 3, ..rule("la", "l a") }]);
}

#[test]
fn what_stays_right_in_a_context_becomes_an_exception() {
    let mut pairs = vec![pair("tell us now", "tell us now"), pair("tell us more", "tell us more")];
    for reference in ["fly u s air", "on u s air", "with u s air", "u s steel", "take u s air"] {
        pairs.push(match reference {
            "fly u s air" => pair("fly us air", reference),
            "on u s air" => pair("on us air", reference),
            "with u s air" => pair("with us air", reference),
            "take u s air" => pair("take us air", reference),
            _ => pair("us steel", reference),
        });
    }
    let table = learn(&pairs, &trusting());
    assert_eq!(table.rewrite("tell us of us air"), "tell us of u s air");
    assert!(table.rules().contains(&Rule { hits: 2, seen: 2, ..rule("tell us", "tell us") }));
}

#[test]
fn missing_words_are_put_in_beside_a_word_even_without_context() {
    let pairs = [pair("from boston denver", "from boston to denver")];
    let table = learn(&pairs, &RewriteSettings { context_words: 0, ..trusting() });
    assert_eq!(table.rewrite("boston denver"), "boston to denver");
}

#[test]
fn words_that_the_references_lack_are_taken_out() {
    let table = learn(&[pair("well uh yes", "well yes"), pair("uh no", "no")], &trusting());
    assert_eq!(table.rewrite("uh maybe"), "maybe");
    assert_eq!(table.rewrite("uh"), "");
}

#[test]
fn a_discount_refuses_what_was_seen_once() {
    let once = [pair("the fair", "the fare")];
    assert!(!learn(&once, &trusting()).is_empty());
    assert!(learn(&once, &RewriteSettings { discount: 2.0, ..trusting() }).is_empty());
    let twice = [once[0], pair("a fair", "a fare"), pair("no fair", "no fare")];
    let table = learn(&twice, &RewriteSettings { discount: 2.0, ..trusting() });
    assert_eq!(table.rewrite("cheap fair"), "cheap fare");
}

#[test]
fn only_the_hypotheses_asked_for_teach() {
    let pairs = [pair("a b", "a b"), Pair { rank: 1, ..pair("a x", "a b") }];
    assert!(learn(&pairs, &RewriteSettings { hypotheses: 1, ..trusting() }).is_empty());
    assert!(!learn(&pairs, &RewriteSettings { hypotheses: 2, ..trusting() }).is_empty());
}

#[test]
fn the_longest_phrase_wins_and_nothing_is_rewritten_twice() {
    let table =
        RewriteTable::new(vec![rule("a", "b"), rule("a  b", "c"), rule("b", "a"), rule(" ", "x")]);
    assert_eq!(table.len(), 3);
    assert_eq!(table.rewrite("a b a a b"), "c b c");
    assert_eq!(table.rewrite("b"), "a");
}

#[test]
fn a_text_that_no_rule_changes_keeps_its_spaces() {
    let table = RewriteTable::new(vec![rule("a", "b"), rule("z", "z")]);
    assert_eq!(table.rewrite("c  z\td "), "c  z\td ");
    assert_eq!(table.rewrite("a  z\td "), "b z d");
}

#[test]
fn a_table_of_another_version_is_refused() {
    let stored = serde_json::to_string(&RewriteTable::new(vec![rule("a", "b")])).unwrap();
    let other = stored.replace("\"version\":1", "\"version\":99");
    let error = serde_json::from_str::<RewriteTable>(&other).unwrap_err();
    assert!(error.to_string().contains("version 99"), "{error}");
}

#[test]
fn pairs_come_from_the_first_distinct_hypotheses() {
    let list = ["a", "a", "b", "c"].map(|text| (text.to_owned(), None, None));
    let mut utterance = Utterance::from_list("1", list);
    assert_eq!(Pair::of(&utterance, 5).count(), 0);
    utterance.reference = Some("r".to_owned());
    let pairs: Vec<Pair<'_>> = Pair::of(&utterance, 2).collect();
    assert_eq!(pairs, [pair("a", "r"), Pair { rank: 1, ..pair("b", "r") }]);
}

/// Sentences around a number, said one way and written another.
fn sentences(count: usize, write: impl Fn(usize) -> &'static str) -> Vec<(String, String)> {
    let all = (0..count).map(|index| {
        (format!("w{index} {} x{index}", write(index)), format!("w{index} p m x{index}"))
    });
    all.collect()
}

#[test]
fn cross_validation_finds_what_carries_over() {
    let texts = sentences(40, |_| "pm");
    let pairs: Vec<Pair<'_>> = texts.iter().map(|(h, r)| pair(h, r)).collect();
    let (table, validation) = learn_validated(&pairs, 1);
    assert_eq!(table.rewrite("nine pm"), "nine p m");
    assert_eq!(validation.untouched_wer, 50.0);
    assert!(validation.candidates.iter().any(|one| one.wer == 0.0 && one.saved == 80.0));
}

#[test]
fn errors_that_never_repeat_give_no_table() {
    let texts: Vec<(String, String)> =
        (0..40).map(|i| (format!("a h{i} b"), format!("a r{i} b"))).collect();
    let pairs: Vec<Pair<'_>> = texts.iter().map(|(h, r)| pair(h, r)).collect();
    let (table, validation) = learn_validated(&pairs, 1);
    assert_eq!((table, validation.best), (RewriteTable::default(), None));
}

#[test]
fn what_holds_in_one_group_only_gives_no_table() {
    let texts = sentences(40, |index| if index < 20 { "pm" } else { "p m" });
    let mut pairs: Vec<Pair<'_>> = texts.iter().map(|(h, r)| pair(h, r)).collect();
    for pair in &mut pairs[..20] {
        pair.group = "one speaker";
    }
    assert_eq!(learn_validated(&pairs, 1).1.best, None);
}

#[test]
fn nothing_to_learn_from_is_no_error() {
    let (table, validation) = learn_validated(&[], 1);
    assert!(table.is_empty());
    assert_eq!((validation.untouched_wer, validation.best), (0.0, None));
    assert_eq!(cross_validate(&[], &[], 0, 0).candidates, []);
    assert!(learn(&[pair("", ""), pair("a", ""), pair("", "a")], &trusting()).len() <= 1);
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "dé", "e"]), 0..9)
        .prop_map(|words| words.join(" "))
}

fn settings() -> impl Strategy<Value = RewriteSettings> {
    (0..3_usize, 0..8_usize, 0..3_usize, 0..3_u32, 0.0..2.0, 0.0..3.0).prop_map(
        |(hypotheses, max_words, context_words, min_hits, min_gain, discount)| RewriteSettings {
            hypotheses,
            max_words,
            context_words,
            min_hits,
            min_gain,
            discount,
        },
    )
}

proptest! {
    #[test]
    fn rules_keep_to_the_settings(
        texts in prop::collection::vec((text(), text()), 0..12),
        settings in settings(),
    ) {
        let pairs: Vec<Pair<'_>> = texts.iter().map(|(h, r)| pair(h, r)).collect();
        for rule in learn(&pairs, &settings).rules() {
            let length = rule.from.split(' ').count();
            prop_assert!(length >= 1 && length <= settings.max_words);
            prop_assert!(rule.hits >= settings.min_hits && rule.hits <= rule.seen);
            let held = texts.iter().map(|(h, _)| {
                let words: Vec<&str> = h.split(' ').collect();
                let phrase: Vec<&str> = rule.from.split(' ').collect();
                words.windows(length).filter(|window| *window == phrase).count()
            });
            prop_assert_eq!(held.sum::<usize>(), rule.seen as usize);
        }
    }

    #[test]
    fn one_pair_learned_whole_is_put_right(hypothesis in text(), reference in text()) {
        // With room for the whole sentence, its own rules must not make it worse.
        let settings = RewriteSettings { max_words: 9, context_words: 9, min_gain: 0.0, ..trusting() };
        let rewritten = learn(&[pair(&hypothesis, &reference)], &settings).rewrite(&hypothesis);
        prop_assert!(errors(&reference, &rewritten) <= errors(&reference, &hypothesis));
    }

    #[test]
    fn the_order_of_the_pairs_does_not_matter(
        texts in prop::collection::vec((text(), text()), 0..10),
        settings in settings(),
    ) {
        let mut pairs: Vec<Pair<'_>> = texts.iter().map(|(h, r)| pair(h, r)).collect();
        let there = learn(&pairs, &settings);
        pairs.reverse();
        prop_assert_eq!(learn(&pairs, &settings), there);
    }

    #[test]
    fn a_stored_table_comes_back_the_same(texts in prop::collection::vec((text(), text()), 0..9)) {
        let pairs: Vec<Pair<'_>> = texts.iter().map(|(h, r)| pair(h, r)).collect();
        let table = learn(&pairs, &trusting());
        let stored = serde_json::to_string(&table).unwrap();
        prop_assert_eq!(serde_json::from_str::<RewriteTable>(&stored).unwrap(), table);
    }

    #[test]
    fn any_table_on_any_text_ends(
        rules in prop::collection::vec(("\\PC{0,6}", "\\PC{0,6}"), 0..6),
        text in "\\PC{0,30}",
    ) {
        let rules = rules.iter().map(|(from, to)| rule(from, to)).collect();
        let table = RewriteTable::new(rules);
        let once = table.rewrite(&text);
        prop_assert_eq!(table.rewrite(&text), once);
    }
}
