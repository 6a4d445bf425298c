//! Agreement with jiwer and kaldialign, and with figures measured on HyPoradise.

use std::path::PathBuf;

use serde::Deserialize;

use super::{
    EditCounts, Item, Labels, Rule, Scorer, character_counts, compound_counts, word_counts,
};

#[derive(Deserialize)]
struct Pair {
    kind: String,
    reference: String,
    hypothesis: String,
    /// Hits, substitutions, deletions, insertions.
    words: [u64; 4],
    wer: f64,
    characters: [u64; 4],
    cer: f64,
    compounds: u64,
}

fn pairs() -> Vec<Pair> {
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/jiwer.jsonl"))
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn check(ours: EditCounts, theirs: [u64; 4], rate: f64, pair: &Pair) {
    let counts = [ours.hits, ours.substitutions, ours.deletions, ours.insertions];
    assert_eq!(counts, theirs, "{}: {:?} / {:?}", pair.kind, pair.reference, pair.hypothesis);
    // jiwer gives the number of insertions where there is nothing to divide by.
    let ours = ours.rate().unwrap_or(ours.insertions as f64);
    assert!((ours - rate).abs() < 1e-12, "{ours} {rate}");
}

#[test]
fn word_and_character_counts_and_rates_are_those_of_jiwer() {
    let pairs = pairs();
    assert!(pairs.len() >= 1000);
    for pair in &pairs {
        let (reference, hypothesis) = (&pair.reference, &pair.hypothesis);
        check(word_counts(reference, hypothesis), pair.words, pair.wer, pair);
        check(character_counts(reference, hypothesis), pair.characters, pair.cer, pair);
    }
}

#[test]
fn errors_with_merged_compounds_are_those_of_kaldialign() {
    for pair in pairs().iter().filter(|pair| pair.reference.len() < 3000) {
        let reference: Vec<&str> = pair.reference.split_whitespace().collect();
        let hypothesis: Vec<&str> = pair.hypothesis.split_whitespace().collect();
        let errors = compound_counts(&reference, &hypothesis).errors();
        assert_eq!(errors, pair.compounds, "{:?} / {:?}", pair.reference, pair.hypothesis);
    }
}

#[test]
fn the_scorer_adds_up_what_jiwer_counts() {
    let mut scorer = Scorer::new(Rule { resamples: 0, ..Rule::default() });
    let (mut words, mut errors, mut characters, mut character_errors) = (0, 0, 0, 0);
    // The scorer collapses repeated spaces before it counts characters; jiwer does not.
    for pair in pairs().iter().filter(|pair| pair.kind != "spaces") {
        let [hits, substitutions, deletions, insertions] = pair.words;
        words += hits + substitutions + deletions;
        errors += substitutions + deletions + insertions;
        if !pair.reference.contains("  ") && !pair.hypothesis.contains("  ") {
            let [hits, substitutions, deletions, insertions] = pair.characters;
            characters += hits + substitutions + deletions;
            character_errors += substitutions + deletions + insertions;
        } else {
            let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            let counts = character_counts(&squeeze(&pair.reference), &squeeze(&pair.hypothesis));
            characters += counts.reference_units();
            character_errors += counts.errors();
        }
        scorer.add(&Item {
            nbest: &[&pair.hypothesis],
            reference: Some(&pair.reference),
            corrected: &pair.hypothesis,
            resampling_key: "",
        });
    }
    let row = scorer.finish(Labels::default());
    assert_eq!(row.words, words);
    assert_eq!(row.substitutions + row.deletions + row.insertions, errors);
    assert_eq!(row.cer, Some(100.0 * (character_errors as f64 / characters as f64)));
}

/// Utterances, words, and the 1-best, `o_nb` and `o_cp` rates of a HyPoradise file, raw.
const HYPORADISE: [(&str, u64, u64, [&str; 3]); 7] = [
    ("train_atis", 3964, 48944, ["7.66", "5.06", "3.68"]),
    ("test_atis", 809, 9111, ["8.40", "5.31", "4.43"]),
    ("test_wsj_score", 836, 14157, ["6.03", "4.56", "3.56"]),
    ("test_chime4", 1320, 21710, ["12.69", "9.94", "7.17"]),
    ("test_cv", 2000, 21186, ["15.44", "11.32", "8.99"]),
    ("test_td3", 1155, 28414, ["4.44", "3.16", "1.34"]),
    ("test_ls_clean", 2620, 52576, ["1.79", "0.89", "0.74"]),
];

#[test]
fn hyporadise_scores_as_measured() {
    #[derive(Deserialize)]
    struct Line {
        input: Vec<String>,
        output: String,
    }

    let folder = std::env::var_os("GEC_DATA_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/hyporadise"),
        PathBuf::from,
    );
    for (name, utterances, words, rates) in HYPORADISE {
        let path = folder.join(format!("{name}.json"));
        let Ok(text) = fs_err::read_to_string(&path) else {
            println!("skipped: {} is not there", path.display());
            continue;
        };
        let lines: Vec<Line> = serde_json::from_str(&text).unwrap();
        let mut scorer = Scorer::new(Rule::default());
        for line in &lines {
            let nbest: Vec<&str> = line
                .input
                .iter()
                .map(|text| if text.trim() == "<UNK>" { "" } else { text.trim() })
                .collect();
            scorer.add(&Item {
                nbest: &nbest,
                reference: Some(&line.output),
                corrected: nbest[0],
                resampling_key: &line.output,
            });
        }
        let row = scorer.finish(Labels::default());
        assert_eq!((row.utterances, row.words), (utterances, words), "{name}");
        let measured = [row.wer, row.o_nb, row.o_cp].map(|rate| format!("{:.2}", rate.unwrap()));
        assert_eq!(measured, rates, "{name}");
        assert!(row.wer_low < row.wer && row.wer < row.wer_high, "{name}: {row:?}");
    }
}
