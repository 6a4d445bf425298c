use proptest::prelude::*;

use super::*;

fn listed<'a>(texts: &[&'a str]) -> Vec<Listed<'a>> {
    let probability = 1.0 / texts.len().max(1) as f64;
    texts.iter().map(|&text| Listed { text, rewritten: text, probability }).collect()
}

fn item<'a>(texts: &[&'a str], reference: &'a str, fold: usize) -> Item<'a> {
    Item { list: listed(texts), reference, group: reference, fold }
}

/// Trips on given days. The recogniser always writes `fight` for `flight` and mostly `two` for
/// `to`, and one trip in three has another fault.
fn trips() -> Vec<(String, String)> {
    let mut trips = Vec::new();
    for (number, city) in ["boston", "denver", "dallas", "oakland", "miami"].iter().enumerate() {
        for (day, when) in ["monday", "tuesday", "friday"].iter().enumerate() {
            for what in ["the first", "a", "the last", "any"] {
                let said = format!("{what} flight to {city} on {when}");
                let heard = if (number + day) % 3 == 0 {
                    format!("{what} fight to {city} and {when}")
                } else {
                    format!("{what} fight two {city} on {when}")
                };
                trips.push((heard, said));
            }
        }
    }
    trips
}

fn items(trips: &[(String, String)]) -> Vec<Item<'_>> {
    trips.iter().enumerate().map(|(at, (heard, said))| item(&[heard], said, at % 5)).collect()
}

fn texts(candidates: &[Candidate]) -> Vec<&str> {
    candidates.iter().map(|candidate| candidate.text.as_str()).collect()
}

#[test]
fn signs_that_references_lack_part_words_and_unknown_words_are_split() {
    let heard = ["twenty-third of may at $one o'clock,", "dl two", "dl two"];
    let spelling = Spelling::learn(["it is one o'clock"], heard);
    assert_eq!(spelling.apart(heard[0]), "twenty third of may at $ one o'clock");
    assert_eq!(spelling.split("dltwo leaves"), "dl two leaves");
    // `third` was seen once, and letters alone are no words to split at.
    assert_eq!(spelling.split("dlthird twos"), "dlthird twos");
    assert_eq!((spelling.apart(" \t"), spelling.split("")), (String::new(), String::new()));
}

#[test]
fn options_are_what_references_had_and_the_phrase_itself() {
    let pairs = [("a fight to rome", "a flight to rome"); 8];
    let options = Options::learn(&pairs);
    let fight = options.vocabulary.numbers("fight");
    let ways: Vec<(&str, f64)> = options.ways[&fight]
        .iter()
        .map(|way| (options.vocabulary.word(way.to[0]), way.cost.exp()))
        .collect();
    assert_eq!((ways[0].0, ways[1].0), ("flight", "fight"));
    assert!((ways[0].1 - 7.5 / 9.0).abs() < 1e-3 && (ways[1].1 - 0.5 / 9.0).abs() < 1e-3);
    let json = serde_json::to_string(&options).unwrap();
    assert_eq!(serde_json::from_str::<Options>(&json).unwrap(), options);
    assert!(Options::learn(&[]).is_empty());
}

#[test]
fn what_another_hypothesis_has_can_be_put_together() {
    let trips = trips();
    let generator = Generator::learn(&items(&trips));
    let list = listed(&["any flight to denver in monday", "a flight to oakland on monday"]);
    let candidates = generator.candidates(&list);
    assert!(texts(&candidates).contains(&"any flight to oakland on monday"));
}

#[test]
fn an_unknown_word_may_be_spelled_in_letters_that_references_write_apart() {
    let taught = ["fly to d c", "what is b c", "what is d b"];
    let taught: Vec<Item<'_>> = taught.iter().map(|text| item(&[text], text, 0)).collect();
    let generator = Generator::learn(&taught);
    let made = |text| generator.candidates(&listed(&[text]));
    assert!(texts(&made("what is cbd")).contains(&"what is c b d"));
    // `x` is no letter that references have.
    assert!(!texts(&made("what is cbx")).contains(&"what is c b x"));
}

#[test]
fn the_rewritten_hypotheses_come_first_and_no_text_twice() {
    let trips = trips();
    let generator = Generator::learn(&items(&trips));
    let mut list = listed(&["a fight two boston", "a fight to boston"]);
    list[0].rewritten = "a flight to  boston";
    let candidates = generator.candidates(&list);
    assert_eq!(texts(&candidates)[..2], ["a flight to boston", "a fight to boston"]);
    let mut all = texts(&candidates);
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), candidates.len());
}

#[test]
fn faults_that_repeat_are_mended_in_sentences_never_read() {
    let trips = trips();
    let learned = learn_validated(&items(&trips));
    let validation = &learned.validation;
    assert!(validation.is_gain(), "{validation:?}");
    assert!(validation.errors * 5 < validation.errors_before, "{validation:?}");
    let variants = learned.variants.unwrap();
    let candidates =
        variants.generator.candidates(&listed(&["the last fight two miami and monday"]));
    let best = variants.best(&candidates, None).unwrap();
    assert_eq!(candidates[best].text, "the last flight to miami on monday");
    let json = serde_json::to_string(&variants).unwrap();
    assert_eq!(serde_json::from_str::<Variants>(&json).unwrap(), variants);
}

#[test]
fn where_nothing_repeats_there_are_no_variants() {
    let word = |seed: usize| format!("w{}", seed * 7919 % 10_007);
    let pairs: Vec<(String, String)> = (0..40)
        .map(|at| {
            let said: Vec<String> = (0..6).map(|place| word(at * 10 + place)).collect();
            let mut heard = said.clone();
            heard[at % 6] = word(5000 + at);
            (heard.join(" "), said.join(" "))
        })
        .collect();
    let learned = learn_validated(&items(&pairs));
    assert_eq!(learned.variants, None, "{:?}", learned.validation);
    assert_eq!(learned.validation.errors_before, 40);
}

#[test]
fn nothing_to_learn_from_gives_nothing() {
    let learned = learn_validated(&[]);
    assert_eq!((learned.variants, learned.candidates.len()), (None, 0));
    let generator = Generator::learn(&[]);
    assert!(generator.candidates(&[]).is_empty());
    assert_eq!(texts(&generator.candidates(&listed(&[""]))), [""]);
    assert_eq!(texts(&generator.candidates(&listed(&["a b"]))), ["a b"]);
}

#[test]
fn a_model_that_knows_decides_where_it_was_asked() {
    let trips = trips();
    let all = items(&trips);
    let learned = learn_validated(&all);
    let asked: Vec<usize> = (0..all.len()).step_by(2).collect();
    let logprobs: Vec<Vec<f64>> = asked
        .iter()
        .map(|&at| {
            let right = |one: &Candidate| if one.text == all[at].reference { 0.0 } else { -9.0 };
            learned.candidates[at].iter().map(right).collect()
        })
        .collect();
    let (choice, validation) = with_model(&all, &learned.candidates, &asked, &logprobs);
    let weight = |place: usize| choice.weights.get(place).copied().unwrap_or(0.0);
    assert!((0..FEATURES.len()).all(|place| weight(place).abs() < weight(FEATURES.len())));
    let reach = asked.iter().zip(&validation.chosen);
    assert!(reach.clone().count() == asked.len() && validation.is_gain());
    assert!(reach.into_iter().all(|(&at, &chosen)| {
        let texts = texts(&learned.candidates[at]);
        texts[chosen] == all[at].reference || !texts.contains(&all[at].reference)
    }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_lists_give_candidates_with_finite_features(
        texts in prop::collection::vec("[a-c$-]{0,3}( [a-c]{1,2}){0,6}", 0..5),
        taught in prop::collection::vec(("[a-c]( [a-c]{1,2}){0,4}", "[a-c]( [a-c]){0,4}"), 0..6),
    ) {
        let taught: Vec<Item<'_>> = taught.iter().map(|pair| item(&[&pair.0], &pair.1, 0)).collect();
        let generator = Generator::learn(&taught);
        let list = listed(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let candidates = generator.candidates(&list);
        prop_assert_eq!(candidates.is_empty(), list.is_empty());
        prop_assert!(candidates.iter().flat_map(|one| one.features).all(f64::is_finite));
        prop_assert_eq!(generator.candidates(&list), candidates);
    }

    #[test]
    fn damaged_options_are_refused_or_read_but_never_trip(
        row in prop::collection::vec(0_u32..8, 0..24),
    ) {
        let row: Vec<String> = row.iter().map(u32::to_string).collect();
        let json = format!(r#"{{"version":1,"words":"a b","ways":"{}"}}"#, row.join(" "));
        if let Ok(options) = serde_json::from_str::<Options>(&json) {
            let stored = serde_json::to_string(&options).unwrap();
            prop_assert_eq!(serde_json::from_str::<Options>(&stored).unwrap(), options);
        }
    }
}
