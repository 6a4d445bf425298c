use proptest::prelude::*;

use super::*;

const SENTENCES: [&str; 4] =
    ["show me flights to boston", "show me fares to denver", "list flights to denver", "fares"];

fn total(model: &NgramModel, history: &[u32]) -> f64 {
    model.vocabulary().next().map(|word| model.probability(history, word)).sum()
}

#[test]
fn without_sentences_all_outcomes_are_equally_likely() {
    let model = NgramModel::train([], 3);
    assert_eq!(model.probability(&[], Vocabulary::END), 0.5);
    assert_eq!(model.probability(&[1, 1], Vocabulary::UNKNOWN), 0.5);
    assert_eq!(model.log_probability(""), 0.5_f64.ln());
}

#[test]
fn what_was_read_is_likelier_than_its_words_in_another_order() {
    let model = NgramModel::train(SENTENCES, 3);
    let read = model.log_probability("show me flights to denver");
    assert!(read > model.log_probability("me show denver to flights") + 3.0);
    assert!(read > model.log_probability("show me flights to dallas") + 1.0);
}

#[test]
fn one_order_counts_words_and_takes_a_share_for_the_unseen() {
    // Both words and the end are seen once: modified Kneser-Ney has no second count to learn
    // from and takes one half of each, which the uniform distribution over four shares out.
    let model = NgramModel::train(["a b"], 1);
    let a = model.vocabulary().number("a");
    assert!((model.probability(&[], a) - (0.5 / 3.0 + 0.5 / 4.0)).abs() < 1e-12);
    assert!((model.probability(&[], Vocabulary::UNKNOWN) - 0.125).abs() < 1e-12);
}

#[test]
fn a_stored_model_gives_the_same_probabilities() {
    let model = NgramModel::train(SENTENCES, 4);
    let json = serde_json::to_string(&model).unwrap();
    assert_eq!(serde_json::from_str::<NgramModel>(&json).unwrap(), model);
}

#[test]
fn another_version_and_damage_are_told_apart() {
    let json = serde_json::to_string(&NgramModel::train(SENTENCES, 2)).unwrap();
    let read = |json: &str| serde_json::from_str::<NgramModel>(json).unwrap_err().to_string();
    assert!(read(&json.replacen("\"version\":1", "\"version\":9", 1)).contains("version 9"));
    assert!(read(&json.replacen("\"order\":2", "\"order\":3", 1)).contains("damaged"));
    assert!(read(&json.replacen("\"order\":2", "\"order\":0", 1)).contains("damaged"));
}

proptest! {
    #[test]
    fn the_next_words_share_out_one(
        sentences in prop::collection::vec("[abc]( [abcd]){0,5}", 0..8),
        order in 0_usize..7,
        history in prop::collection::vec(0_u32..9, 0..6),
    ) {
        let model = NgramModel::train(sentences.iter().map(String::as_str), order);
        prop_assert!((total(&model, &history) - 1.0).abs() < 1e-9);
        let start = vec![Vocabulary::START; model.order() - 1];
        prop_assert!((total(&model, &start) - 1.0).abs() < 1e-9);
        for word in model.vocabulary().next() {
            prop_assert!(model.probability(&history, word) > 0.0);
        }
    }

    #[test]
    fn the_order_of_sentences_does_not_matter(
        mut sentences in prop::collection::vec("[abc]( [abc]){0,4}", 1..8),
    ) {
        let model = NgramModel::train(sentences.iter().map(String::as_str), 3);
        sentences.reverse();
        prop_assert_eq!(NgramModel::train(sentences.iter().map(String::as_str), 3), model);
    }

    #[test]
    fn any_model_survives_json(
        sentences in prop::collection::vec("[abcé]( [abc]){0,4}", 0..6), order in 1_usize..6,
    ) {
        let model = NgramModel::train(sentences.iter().map(String::as_str), order);
        let json = serde_json::to_string(&model).unwrap();
        prop_assert_eq!(serde_json::from_str::<NgramModel>(&json).unwrap(), model);
    }

    #[test]
    fn damaged_rows_are_refused_or_read_but_never_trip(
        row in prop::collection::vec(0_u32..6, 0..30), order in 0_usize..8, words in 0_usize..4,
    ) {
        if let Some(counts) = stored::unpack(&row, order, words) {
            prop_assert!(counts.grams.iter().all(|(_, count)| *count > 0));
        }
    }
}
