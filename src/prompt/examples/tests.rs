use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;

use super::trigrams::Trigram;
use super::*;

fn utterance(one_best: &str, reference: Option<&str>) -> Utterance {
    let mut utterance = Utterance::from_list("u", [(one_best.to_owned(), None, None)]);
    utterance.reference = reference.map(str::to_owned);
    utterance
}

fn flights() -> ExampleIndex {
    ExampleIndex::new(vec![
        utterance("flights to boston", Some("Flights to Boston")),
        utterance("no reference", None),
        utterance("ground transport in denver", Some("ground transport in Denver")),
        utterance("flights to austin", Some("flights to Austin")),
        utterance("flights to boss ton", Some("flights, to boston.")),
        utterance("what meals are served", Some("what meals are served")),
        utterance("empty", Some("  ")),
    ])
}

fn references<'a>(chosen: &[&'a Example]) -> Vec<&'a str> {
    chosen.iter().map(|example| example.reference()).collect()
}

#[test]
fn only_utterances_with_a_reference_are_examples() {
    assert_eq!(flights().len(), 5);
    let empty = ExampleIndex::new(vec![utterance("a", None)]);
    assert!(empty.is_empty());
    for how in [Selection::None, Selection::Random { seed: 1 }, Selection::Nearest] {
        assert!(empty.select(&utterance("a", None), &how, 3).is_empty());
    }
}

#[test]
fn the_nearest_example_comes_last_and_none_has_the_items_reference() {
    let index = flights();
    let item = utterance("flights to boston", Some("flights to BOSTON!"));
    let chosen = index.select(&item, &Selection::Nearest, 2);
    assert_eq!(chosen.last().map(|example| example.reference()), Some("flights to Austin"));
    assert_eq!(chosen.len(), 2);
    let unknown = utterance("flights to boston", None);
    let chosen = index.select(&unknown, &Selection::Nearest, 2);
    assert_eq!(references(&chosen), ["flights to Austin", "Flights to Boston"]);
}

#[test]
fn among_equally_near_examples_the_first_wins() {
    let index = flights();
    let chosen = index.select(&utterance("zzzz", None), &Selection::Nearest, 2);
    assert_eq!(references(&chosen), ["ground transport in Denver", "Flights to Boston"]);
}

#[test]
fn random_examples_are_the_same_for_every_item_and_decided_by_the_seed() {
    let index = flights();
    let how = Selection::Random { seed: 7 };
    let one = references(&index.select(&utterance("a", None), &how, 3));
    let other = references(&index.select(&utterance("b", Some("unknown")), &how, 3));
    assert_eq!(one, other);
    assert_eq!(one, references(&index.select(&utterance("a", None), &how, 4))[..3]);
    let seeds: std::collections::HashSet<Vec<&str>> = (0..20)
        .map(|seed| {
            let how = Selection::Random { seed };
            references(&index.select(&utterance("a", None), &how, 3))
        })
        .collect();
    assert!(seeds.len() > 5);
}

#[test]
fn asking_for_more_than_there_are_gives_all_with_distinct_references() {
    let index = flights();
    for how in [Selection::Random { seed: 3 }, Selection::Nearest] {
        let chosen = index.select(&utterance("flights", None), &how, 100);
        assert_eq!(chosen.len(), 4);
    }
    assert!(index.select(&utterance("flights", None), &Selection::None, 100).is_empty());
}

#[test]
fn a_selection_is_read_as_it_is_written() {
    for text in ["none", "random", "random:12", "nearest"] {
        assert_eq!(text.parse::<Selection>().unwrap().to_string(), text);
    }
    for text in ["", "Nearest", "random:", "random:-1", "best"] {
        let error = text.parse::<Selection>().unwrap_err();
        assert!(error.hint().is_some_and(|hint| hint.contains("random:SEED")));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_example_has_the_items_reference(
        texts in prop::collection::vec("[abAB ,.]{0,5}", 0..12),
        item in "[abAB ,.]{0,5}",
        k in 0..6_usize,
        seed in any::<u64>(),
    ) {
        let index =
            ExampleIndex::new(texts.iter().map(|text| utterance(text, Some(text))).collect());
        let item = utterance(&item, Some(&item));
        let key = same_words_key(item.reference.as_deref().unwrap_or(""));
        let allowed: std::collections::HashSet<String> = index
            .examples
            .iter()
            .map(|example| same_words_key(example.reference()))
            .filter(|other| *other != key)
            .collect();
        for how in [Selection::Random { seed }, Selection::Nearest] {
            let chosen = index.select(&item, &how, k);
            prop_assert_eq!(chosen.len(), k.min(allowed.len()));
            let keys: std::collections::HashSet<String> =
                chosen.iter().map(|example| same_words_key(example.reference())).collect();
            prop_assert_eq!(keys.len(), chosen.len());
            prop_assert!(!keys.contains(&key));
        }
    }

    #[test]
    fn the_index_finds_the_highest_cosine(
        texts in prop::collection::vec("[a-c ]{0,9}", 1..12),
        item in "[a-c ]{3,9}",
    ) {
        let examples = texts.iter().enumerate();
        let index = ExampleIndex::new(
            examples.map(|(n, text)| utterance(text, Some(&format!("r{n}")))).collect(),
        );
        let item = utterance(&item, None);
        // The definition, without an index.
        let df = |trigram: &Trigram| {
            texts.iter().filter(|text| trigrams(text).contains_key(trigram)).count() as f64
        };
        let vector = |text: &str| -> BTreeMap<Trigram, f64> {
            let weight = |tri: &Trigram, tf: f32| {
                (1.0 + f64::from(tf).ln()) * (1.0 + texts.len() as f64 / df(tri)).ln()
            };
            trigrams(text)
                .into_iter()
                .filter(|(tri, _)| df(tri) > 0.0)
                .map(|(tri, tf)| (tri, weight(&tri, tf)))
                .collect()
        };
        let query = vector(item.one_best());
        let cosine = |text: &str| {
            let other = vector(text.trim());
            let dot: f64 = other.iter().filter_map(|(t, w)| Some(w * query.get(t)?)).sum();
            let length = other.values().map(|w| w * w).sum::<f64>().sqrt();
            if length > 0.0 { dot / length } else { 0.0 }
        };
        let best = texts.iter().map(|text| cosine(text)).fold(0.0, f64::max);
        let chosen = index.select(&item, &Selection::Nearest, 1);
        prop_assert!((cosine(chosen[0].utterance().one_best()) - best).abs() < 1e-4);
    }
}

/// Real utterances: the leak check over all of them, and the time of a query.
#[test]
fn nearest_examples_of_atis_leak_nothing() {
    let folder = std::env::var_os("GEC_DATA_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/hyporadise")),
        PathBuf::from,
    );
    let read = |name: &str| -> Option<Vec<Utterance>> {
        let text = fs_err::read_to_string(folder.join(name)).ok()?;
        let items: Vec<serde_json::Value> = serde_json::from_str(&text).ok()?;
        let utterance = |item: &serde_json::Value| {
            Some(utterance(item["input"][0].as_str()?, item["output"].as_str()))
        };
        items.iter().map(utterance).collect()
    };
    let (Some(train), Some(test)) = (read("train_atis.json"), read("test_atis.json")) else {
        println!("skipped: no train_atis.json and test_atis.json in {}", folder.display());
        return;
    };
    let index = ExampleIndex::new(train);
    let begin = std::time::Instant::now();
    let mut guarded = 0;
    for item in &test {
        let own = same_words_key(item.reference.as_deref().unwrap());
        guarded += usize::from(index.reference_numbers.contains_key(&own));
        for example in index.select(item, &Selection::Nearest, 5) {
            assert_ne!(same_words_key(example.reference()), own);
        }
    }
    let each = begin.elapsed().as_secs_f64() * 1e3 / test.len() as f64;
    println!("{} examples, {each:.3} ms a query, {guarded} of {} leaks", index.len(), test.len());
    assert!(guarded >= 39);
}
