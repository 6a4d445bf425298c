use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

fn listed(list: &[&str], reference: &str) -> Utterance {
    let list = list.iter().map(|text| ((*text).to_owned(), None, None));
    let mut utterance = Utterance::from_list("u", list);
    utterance.reference = Some(reference.to_owned());
    utterance
}

fn references<'a>(chosen: &[&'a Example]) -> Vec<&'a str> {
    chosen.iter().map(|example| example.reference()).collect()
}

fn chosen<'a>(index: &'a ExampleIndex, item: &Utterance, how: &str, k: usize) -> Vec<&'a str> {
    let how: ExampleChoice = how.parse().unwrap();
    references(&index.choose(item, None, &how, k).unwrap())
}

fn flights() -> ExampleIndex {
    ExampleIndex::new(vec![
        listed(&["flights to boston", "flights to austin"], "flights to boston"),
        listed(&["flights to boston now", "flights to austin now"], "flights to boston now"),
        listed(&["flights two denver", "flights to denver"], "flights to denver"),
        listed(&["meals", "males"], "meals"),
    ])
}

#[test]
fn diversity_prefers_what_is_unlike_the_examples_before() {
    let index = flights();
    let item = listed(&["flights to boston"], "unknown");
    assert_eq!(
        chosen(&index, &item, "nearest,first", 2),
        ["flights to boston", "flights to boston now"]
    );
    assert_eq!(chosen(&index, &item, "diverse:0.7,first", 2), ["flights to boston", "meals"]);
    // The first is the nearest even where only diversity counts.
    assert_eq!(chosen(&index, &item, "diverse:1,first", 1), ["flights to boston"]);
}

#[test]
fn errors_finds_lists_in_the_same_doubt_whatever_surrounds_it() {
    let index = flights();
    let item = listed(&["meals to boston please", "meals two boston please"], "unknown");
    assert_eq!(chosen(&index, &item, "nearest", 1), ["meals"]);
    assert_eq!(chosen(&index, &item, "errors", 1), ["flights to denver"]);
    // Without a doubt the nearest 1-best decides.
    let sure = listed(&["meals"], "unknown");
    assert_eq!(chosen(&index, &sure, "errors", 1), ["meals"]);
}

#[test]
fn the_order_is_that_of_choice_or_of_length() {
    let index = flights();
    let item = listed(&["flights to boston now"], "unknown");
    let last = chosen(&index, &item, "nearest", 4);
    assert_eq!(last[3], "flights to boston now");
    let mut first = chosen(&index, &item, "nearest,first", 4);
    first.reverse();
    assert_eq!(first, last);
    let shortest = chosen(&index, &item, "nearest,shortest", 4);
    assert_eq!((shortest[0], shortest[3]), ("meals", "flights to boston now"));
    // Of equal length the nearer is behind.
    assert_eq!(shortest[1..3], ["flights to denver", "flights to boston"]);
    let longest = chosen(&index, &item, "random:3,longest", 4);
    assert_eq!((longest[0], longest[3]), ("flights to boston now", "meals"));
}

#[test]
fn vectors_decide_and_belong_to_those_with_a_reference() {
    let mut unsolved = listed(&["nobody knows"], "");
    unsolved.reference = None;
    let examples = vec![unsolved, listed(&["north"], "north"), listed(&["east"], "east")];
    let vectors = vec![vec![1.0, 1.0], vec![0.0, 2.0], vec![3.0, 0.0]];
    let index = ExampleIndex::with_vectors(examples, vectors).unwrap();
    assert_eq!(index.len(), 2);
    let item = listed(&["north"], "unknown");
    let how = ExampleChoice::new(Selection::Vectors);
    let near = |query: &[f32]| references(&index.choose(&item, Some(query), &how, 1).unwrap());
    assert_eq!(near(&[9.0, 1.0]), ["east"]);
    assert_eq!(near(&[0.1, 0.2]), ["north"]);
    // Equally like both: the text decides.
    assert_eq!(near(&[1.0, 1.0]), ["north"]);
    assert_eq!(references(&index.select(&item, &Selection::Vectors, 1)), ["north"]);
    let diverse = how.with_diversity(Diversity::default());
    let both = index.choose(&item, Some(&[1.0, 0.1]), &diverse, 5).unwrap();
    assert_eq!(references(&both), ["north", "east"]);
}

#[test]
fn vectors_that_cannot_be_compared_are_an_error_that_says_why() {
    let examples = || vec![listed(&["a"], "a"), listed(&["b"], "b")];
    for (vectors, part) in [
        (vec![vec![1.0]], "1 vectors for 2 utterances"),
        (vec![vec![1.0], vec![1.0, 2.0]], "utterance 2 (`u`): the vector has 2 dimensions"),
        (vec![vec![1.0], vec![f32::NAN]], "value 1"),
        (vec![vec![], vec![]], "no dimension"),
    ] {
        let error = ExampleIndex::with_vectors(examples(), vectors).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert!(error.hint().is_some());
    }
    let item = listed(&["a"], "x");
    let how = ExampleChoice::new(Selection::Vectors);
    let bare = ExampleIndex::new(examples());
    let index = ExampleIndex::with_vectors(examples(), vec![vec![1.0], vec![2.0]]).unwrap();
    for (index, query, part) in [
        (&bare, Some(&[1.0_f32][..]), "examples have none"),
        (&index, None, "`u` has none"),
        (&index, Some(&[1.0, 2.0][..]), "2 dimensions; the others have 1"),
        (&index, Some(&[f32::INFINITY][..]), "no finite number"),
    ] {
        let error = index.choose(&item, query, &how, 1).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn a_choice_is_read_with_defaults_and_refused_with_the_grammar() {
    for (text, canonical) in [
        ("nearest,diverse:0.5,last", "diverse"),
        ("diverse:0.25,first", "diverse:0.25,first"),
        ("errors,diverse,shortest", "errors,diverse,shortest"),
        ("random:0", "random"),
        ("diverse:-0", "diverse:0"),
    ] {
        assert_eq!(text.parse::<ExampleChoice>().unwrap().to_string(), canonical);
    }
    for text in [
        "",
        ",",
        "first",
        "nearest,",
        "nearest,first,last",
        "nearest,first,diverse",
        "diverse:",
        "diverse:1.1",
        "diverse:NaN",
        "diverse:x",
        "random,diverse",
        "random,first",
        "none,longest",
        "nearest,nearest",
        "errors ,first",
        "Nearest",
    ] {
        let error = text.parse::<ExampleChoice>().unwrap_err();
        assert!(error.to_string().contains(&format!("`{text}`")), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("errors,diverse:SHARE")));
    }
}

fn any_choice() -> impl Strategy<Value = ExampleChoice> {
    let selection = prop_oneof![
        Just(Selection::None),
        any::<u64>().prop_map(|seed| Selection::Random { seed }),
        Just(Selection::Nearest),
        Just(Selection::Errors),
        Just(Selection::Vectors),
    ];
    let order = prop::sample::select(vec![
        Order::NearestLast,
        Order::NearestFirst,
        Order::ShortestFirst,
        Order::LongestFirst,
    ]);
    let share = prop::option::of(prop_oneof![Just(0.5), Just(-0.0), Just(1.0), 0.0..=1.0_f64]);
    (selection, share, order).prop_map(|(selection, share, order)| {
        let choice = ExampleChoice::new(selection).with_order(order);
        match share.and_then(Diversity::new) {
            Some(diversity) => choice.with_diversity(diversity),
            None => choice,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_choice_is_read_as_it_is_written(choice in any_choice()) {
        let text = choice.to_string();
        prop_assert_eq!(text.parse::<ExampleChoice>().unwrap(), choice, "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "\\PC{0,20}|(nearest|diverse|,|:|0\\.|first){0,5}") {
        if let Ok(choice) = text.parse::<ExampleChoice>() {
            prop_assert_eq!(choice.to_string().parse::<ExampleChoice>().unwrap(), choice);
        }
    }

    #[test]
    fn no_choice_leaks_or_repeats_a_reference(
        lists in prop::collection::vec(prop::collection::vec("[abAB ,.]{0,5}", 1..4), 0..10),
        item in prop::collection::vec("[abAB ,.]{0,5}", 1..4),
        choice in any_choice(),
        k in 0..6_usize,
    ) {
        let utterance = |list: &Vec<String>| {
            let list: Vec<&str> = list.iter().map(String::as_str).collect();
            listed(&list, list[list.len() - 1])
        };
        let examples: Vec<Utterance> = lists.iter().map(utterance).collect();
        let numbers: Vec<Vec<f32>> =
            lists.iter().map(|list| vec![list.len() as f32, list[0].len() as f32]).collect();
        let index = ExampleIndex::with_vectors(examples, numbers).unwrap();
        let item = utterance(&item);
        let own = same_words_key(item.reference.as_deref().unwrap_or(""));
        let allowed: BTreeSet<String> = index
            .examples
            .iter()
            .map(|example| same_words_key(example.reference()))
            .filter(|key| *key != own)
            .collect();
        let found = index.choose(&item, Some(&[1.0, 0.5]), &choice, k).unwrap();
        let keys: HashSet<String> =
            found.iter().map(|example| same_words_key(example.reference())).collect();
        prop_assert!(!keys.contains(&own));
        prop_assert_eq!(keys.len(), found.len());
        let wanted = if choice.selection() == Selection::None { 0 } else { k.min(allowed.len()) };
        prop_assert_eq!(found.len(), wanted);
        // The same set in whatever order.
        let plain = match choice.diversity() {
            Some(diversity) => ExampleChoice::new(choice.selection()).with_diversity(diversity),
            None => ExampleChoice::new(choice.selection()),
        };
        let plain = index.choose(&item, Some(&[1.0, 0.5]), &plain, k).unwrap();
        let set = |list: &[&Example]| -> BTreeSet<String> {
            references(list).into_iter().map(str::to_owned).collect()
        };
        prop_assert_eq!(set(&plain), set(&found));
    }

    #[test]
    fn each_example_has_the_highest_marginal_relevance(
        texts in prop::collection::vec("[a-c ]{3,9}", 2..9),
        share in 0.0..=1.0_f64,
    ) {
        let numbered = texts.iter().enumerate();
        let index = ExampleIndex::new(
            numbered.map(|(n, text)| listed(&[text], &format!("r{n}"))).collect(),
        );
        let item = listed(&["abc cab"], "unknown");
        let how = ExampleChoice::new(Selection::Nearest)
            .with_order(Order::NearestFirst)
            .with_diversity(Diversity::new(share).unwrap());
        let found = index.choose(&item, None, &how, 3).unwrap();
        // The definition, with every similarity asked for by itself.
        let number = |example: &Example| example.reference()[1..].parse::<usize>().unwrap();
        let like = |text: &str| index.texts.cosines(&trigrams(text));
        let near = like(item.one_best());
        for (at, example) in found.iter().enumerate() {
            let before: Vec<Vec<f32>> =
                found[..at].iter().map(|e| like(e.utterance().one_best())).collect();
            let value = |number: usize| {
                let close = before.iter().map(|like| like[number]).fold(0.0, f32::max);
                (1.0 - share) * f64::from(near[number]) - share * f64::from(close)
            };
            let taken: Vec<usize> = found[..at].iter().map(|e| number(e)).collect();
            for other in (0..texts.len()).filter(|other| !taken.contains(other)) {
                prop_assert!(value(number(example)) >= value(other) - 1e-5);
            }
        }
    }
}

/// Real lists: what a selection costs, and that none leaks.
#[test]
fn choices_of_atis_leak_nothing_and_take_less_than_a_few_milliseconds() {
    let folder = std::env::var_os("GEC_DATA_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/hyporadise")),
        PathBuf::from,
    );
    let read = |name: &str| -> Option<Vec<Utterance>> {
        let text = fs_err::read_to_string(folder.join(name)).ok()?;
        let items: Vec<serde_json::Value> = serde_json::from_str(&text).ok()?;
        let utterance = |item: &serde_json::Value| {
            let list: Option<Vec<&str>> =
                item["input"].as_array()?.iter().map(|text| text.as_str()).collect();
            Some(listed(&list?, item["output"].as_str()?))
        };
        items.iter().map(utterance).collect()
    };
    let (Some(train), Some(test)) = (read("train_atis.json"), read("test_atis.json")) else {
        println!("skipped: no train_atis.json and test_atis.json in {}", folder.display());
        return;
    };
    let vector = |utterance: &Utterance| -> Vec<f32> {
        let bytes = utterance.one_best().bytes().cycle();
        (0..384_u16).zip(bytes).map(|(at, byte)| f32::from(at * 7 % 31 + u16::from(byte))).collect()
    };
    let vectors = train.iter().map(vector).collect();
    let index = ExampleIndex::with_vectors(train, vectors).unwrap();
    for how in
        ["random", "nearest", "diverse", "errors", "errors,diverse", "vectors", "vectors,diverse"]
    {
        let choice: ExampleChoice = how.parse().unwrap();
        let mut milliseconds = Vec::new();
        for item in &test {
            let own = same_words_key(item.reference.as_deref().unwrap());
            let query = vector(item);
            let begin = std::time::Instant::now();
            let found = index.choose(item, Some(&query), &choice, 5).unwrap();
            milliseconds.push(begin.elapsed().as_secs_f64() * 1e3);
            assert_eq!(found.len(), 5);
            assert!(found.iter().all(|example| same_words_key(example.reference()) != own));
        }
        milliseconds.sort_by(f64::total_cmp);
        let (middle, mean) = (
            milliseconds[milliseconds.len() / 2],
            milliseconds.iter().sum::<f64>() / milliseconds.len() as f64,
        );
        println!("{how}: {} examples, median {middle:.3} ms, mean {mean:.3} ms", index.len());
    }
}
