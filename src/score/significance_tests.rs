//! Agreement with NIST's sc_stats and with scipy, and intervals that hold what they should.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

use super::normal::two_sided;
use super::{
    GroupSums, MatchedPairs, Op, Symbols, align, benjamini_hochberg, bootstrap, holm, word_counts,
};

#[derive(Deserialize)]
struct Stored {
    cases: Vec<Case>,
    normal: Vec<(f64, f64)>,
    holm: Vec<(Vec<f64>, Vec<f64>)>,
    benjamini_hochberg: Vec<(Vec<f64>, Vec<f64>)>,
}

/// See `make_significance.py` beside the file.
#[derive(Deserialize)]
struct Case {
    name: String,
    swapped: bool,
    utterances: Vec<(String, String, String, String)>,
    sclite: Vec<(String, String)>,
    by_sclite: Nist,
    by_jiwer: Nist,
    difference: [f64; 2],
}

/// As printed: three decimals, and 0 for a p-value below 0.001.
#[derive(Deserialize)]
struct Nist {
    segments: u64,
    mean: f64,
    deviation: f64,
    z: f64,
    p: f64,
}

fn stored() -> Stored {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/significance.json"));
    serde_json::from_str(text).unwrap()
}

fn ops(letters: &str) -> Vec<Op> {
    letters
        .chars()
        .map(|letter| match letter {
            'C' => Op::Match,
            'S' => Op::Substitute,
            'D' => Op::Delete,
            'I' => Op::Insert,
            other => panic!("{other:?} is no step"),
        })
        .collect()
}

fn own(reference: &str, hypothesis: &str) -> Vec<Op> {
    let mut symbols = Symbols::default();
    let (reference, hypothesis) = (symbols.words(reference), symbols.words(hypothesis));
    align(&reference, &hypothesis)
}

impl Case {
    fn by_sclite(&self) -> MatchedPairs {
        let mut pairs = MatchedPairs::default();
        self.sclite.iter().for_each(|(first, second)| pairs.add(&ops(first), &ops(second)));
        pairs
    }

    fn by_own(&self) -> MatchedPairs {
        let mut pairs = MatchedPairs::default();
        for (_, reference, first, second) in &self.utterances {
            pairs.add(&own(reference, first), &own(reference, second));
        }
        pairs
    }

    fn check(&self, pairs: &MatchedPairs, nist: &Nist) {
        let ours = pairs.finish();
        // Theirs are the first system's errors less the second's.
        let sign = if self.swapped { 1.0 } else { -1.0 };
        assert_eq!(ours.segments, nist.segments, "{}", self.name);
        for (ours, theirs) in [
            (sign * ours.mean, nist.mean),
            (ours.deviation, nist.deviation),
            (sign * ours.z, nist.z),
            // Theirs is looked up for two decimals of Z, cut off.
            (two_sided((100.0 * ours.z).trunc() / 100.0), nist.p),
        ] {
            assert!((ours - theirs).abs() < 0.001, "{}: {ours} {theirs}", self.name);
        }
    }
}

#[test]
fn segments_and_their_test_are_those_of_sc_stats_on_alignments_of_sclite() {
    let stored = stored();
    assert!(stored.cases.len() >= 12);
    stored.cases.iter().for_each(|case| case.check(&case.by_sclite(), &case.by_sclite));
}

#[test]
fn segments_and_their_test_are_those_of_sc_stats_on_our_alignments() {
    stored().cases.iter().for_each(|case| case.check(&case.by_own(), &case.by_jiwer));
}

/// sclite's substitution costs 4 and its insertion and deletion 3 each, so it places errors
/// otherwise. That moves segments and p-values, but hardly.
#[test]
fn sclites_weights_move_the_answer_little() {
    for case in stored().cases {
        let (own, sclite) = (case.by_own().finish(), case.by_sclite().finish());
        let moved = (own.segments as f64 / sclite.segments as f64 - 1.0).abs();
        assert!(moved < SEGMENTS_MOVE, "{}: {own:?} {sclite:?}", case.name);
        assert!((own.z - sclite.z).abs() < Z_MOVES, "{}: {own:?} {sclite:?}", case.name);
    }
}

/// Share of segments that come or go with sclite's weights in the stored cases, at most.
const SEGMENTS_MOVE: f64 = 0.07;
/// How far its weights move Z in the stored cases, at most.
const Z_MOVES: f64 = 0.1;

#[test]
fn the_paired_interval_is_that_of_scipy() {
    for case in stored().cases {
        let mut groups: BTreeMap<&str, GroupSums> = BTreeMap::new();
        for (group, reference, first, second) in &case.utterances {
            let sums = groups.entry(group).or_default();
            let count = |text| u32::try_from(word_counts(reference, text).errors()).unwrap();
            sums.words += reference.split_whitespace().count() as u32;
            sums.errors += count(second);
            sums.baseline_errors += count(first);
        }
        let groups: Vec<GroupSums> = groups.into_values().collect();
        let ours = bootstrap(&groups, 20_000, 1).unwrap().difference;
        let [low, high] = case.difference;
        // Both are drawn: an end of 20,000 resamples is 0.5 % of the width off, by the theory
        // of order statistics, and one of 40,000 0.4 %.
        let most = 0.03 * (high - low);
        assert!((ours.low - low).abs() < most, "{}: {ours:?} {low} {high}", case.name);
        assert!((ours.high - high).abs() < most, "{}: {ours:?} {low} {high}", case.name);
    }
}

#[test]
fn probabilities_and_corrections_are_those_of_scipy() {
    let stored = stored();
    for (z, p) in stored.normal {
        assert!((two_sided(z) / p - 1.0).abs() < 1e-11, "{z}: {} {p}", two_sided(z));
    }
    type Correct = fn(&[f64]) -> Vec<f64>;
    let both: [(Correct, _); 2] =
        [(holm, stored.holm), (benjamini_hochberg, stored.benjamini_hochberg)];
    for (correct, cases) in both {
        for (p, expected) in cases {
            for (ours, theirs) in correct(&p).iter().zip(&expected) {
                assert!((ours - theirs).abs() < 1e-12, "{p:?}: {ours} {theirs}");
            }
        }
    }
}

/// Errors of two systems that are equally good: an utterance is as hard for both.
fn equally_good(rng: &mut ChaCha8Rng) -> Vec<GroupSums> {
    (0..400)
        .map(|_| {
            let words = rng.random_range(4..25);
            let hard = 0.25 * rng.random::<f64>();
            let mut errors = || (0..words).filter(|_| rng.random::<f64>() < hard).count() as u32;
            GroupSums { words, errors: errors(), baseline_errors: errors() }
        })
        .collect()
}

#[test]
fn the_paired_interval_of_equally_good_systems_holds_zero() {
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    let holds = (0..100)
        .filter(|seed| !bootstrap(&equally_good(&mut rng), 1000, *seed).unwrap().real)
        .count();
    assert!(holds >= 93, "{holds} of 100");
}
