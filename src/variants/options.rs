//! What phrases became.

use std::{collections::BTreeMap, ops::Range};

use serde::{Deserialize, Serialize};

use super::stored::StoredOptions;
use crate::{
    ngram::Vocabulary,
    normalize::WordMap,
    score::{Op, align},
};

/// Most words of a phrase as the recogniser writes it.
const MAX_WORDS: usize = 7;

/// Most correct words on each side of the errors.
const CONTEXT: usize = 1;

/// Taken from each count: what was seen once is not sure.
const DISCOUNT: f64 = 0.5;

/// The least probability of an option.
const LEAST: f64 = 0.002;

/// A stretch of a hypothesis and what the reference has there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) hypothesis: Range<usize>,
    pub(super) reference: Range<usize>,
    pub(super) is_equal: bool,
}

/// Every correct word by itself, and every run of errors.
pub(super) fn blocks<T: Eq>(hypothesis: &[T], reference: &[T]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut i, mut j) = (0, 0);
    for op in align(reference, hypothesis) {
        let (from_i, from_j) = (i, j);
        i += usize::from(op != Op::Insert);
        j += usize::from(op != Op::Delete);
        let is_equal = op == Op::Match;
        match blocks.last_mut() {
            Some(last) if !is_equal && !last.is_equal => {
                last.hypothesis.end = j;
                last.reference.end = i;
            }
            _ => blocks.push(Block { hypothesis: from_j..j, reference: from_i..i, is_equal }),
        }
    }
    blocks
}

/// What a phrase can become.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Way {
    pub(super) to: Vec<u32>,
    /// Natural log-probability.
    pub(super) cost: f64,
}

/// For phrases of the recogniser what they can become, themselves among that.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StoredOptions", into = "StoredOptions")]
pub struct Options {
    pub(super) vocabulary: Vocabulary,
    pub(super) ways: WordMap<Vec<u32>, Vec<Way>>,
    /// Words in the longest phrase.
    pub(super) longest: usize,
}

/// Steps of a log-probability for one nat: what is learned is what is stored.
pub(super) const STEPS: f64 = 1000.0;

fn rounded(cost: f64) -> f64 {
    (cost * STEPS).round() / STEPS
}

/// How often a phrase occurs, and how often it is right as it stands.
#[derive(Default)]
struct Seen {
    all: f64,
    right: f64,
}

impl Options {
    /// Learns from hypotheses with their references.
    #[must_use]
    pub fn learn(pairs: &[(&str, &str)]) -> Self {
        let vocabulary = Vocabulary::of(pairs.iter().flat_map(|pair| [pair.0, pair.1]));
        let pairs: Vec<(Vec<u32>, Vec<u32>)> = pairs
            .iter()
            .map(|pair| (vocabulary.numbers(pair.0), vocabulary.numbers(pair.1)))
            .collect();
        let aligned: Vec<Vec<Block>> = pairs.iter().map(|pair| blocks(&pair.0, &pair.1)).collect();
        let mut became: BTreeMap<&[u32], BTreeMap<&[u32], f64>> = BTreeMap::new();
        for ((hypothesis, reference), blocks) in pairs.iter().zip(&aligned) {
            for (from, to) in phrases(blocks) {
                let choices = became.entry(&hypothesis[from]).or_default();
                *choices.entry(&reference[to]).or_default() += 1.0;
            }
        }
        let seen = seen(&pairs, &aligned, &became);

        let mut ways = WordMap::default();
        for (phrase, seen) in seen {
            let total = seen.all + 2.0 * DISCOUNT;
            let way = |to: &[u32], count: f64| {
                let share = count / total;
                (share >= LEAST).then(|| Way { to: to.to_vec(), cost: rounded(share.ln()) })
            };
            let others = became.get(phrase).into_iter().flatten();
            let mut all: Vec<Way> =
                others.filter_map(|(to, count)| way(to, count - DISCOUNT)).collect();
            if !all.is_empty() || phrase.len() == 1 {
                let kept = (seen.right + DISCOUNT) / total;
                all.push(Way { to: phrase.to_vec(), cost: rounded(kept.ln()) });
                ways.insert(phrase.to_vec(), all);
            }
        }
        Self::new(vocabulary, ways)
    }

    pub(super) fn new(vocabulary: Vocabulary, ways: WordMap<Vec<u32>, Vec<Way>>) -> Self {
        let longest = ways.keys().map(Vec::len).max().unwrap_or(0);
        Self { vocabulary, ways, longest }
    }

    /// How many phrases.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ways.len()
    }

    /// Whether there is no phrase.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ways.is_empty()
    }
}

/// Every phrase that takes in one or more runs of errors whole, with a few correct words
/// around them: the words of the hypothesis, and those of the reference in their place.
fn phrases(blocks: &[Block]) -> Vec<(Range<usize>, Range<usize>)> {
    let mut phrases = Vec::new();
    for (first, start) in blocks.iter().enumerate() {
        for (last, end) in blocks.iter().enumerate().skip(first) {
            let from = start.hypothesis.start..end.hypothesis.end;
            if from.len() > MAX_WORDS {
                break;
            }
            let inside = &blocks[first..=last];
            let left = inside.iter().take_while(|block| block.is_equal).count();
            let right = inside.iter().rev().take_while(|block| block.is_equal).count();
            if !from.is_empty() && left < inside.len() && left <= CONTEXT && right <= CONTEXT {
                phrases.push((from, start.reference.start..end.reference.end));
            }
        }
    }
    phrases
}

/// How often the phrases, and all single words, occur.
fn seen<'a>(
    pairs: &'a [(Vec<u32>, Vec<u32>)],
    aligned: &[Vec<Block>],
    became: &BTreeMap<&[u32], BTreeMap<&[u32], f64>>,
) -> BTreeMap<&'a [u32], Seen> {
    let mut all: BTreeMap<&[u32], Seen> = BTreeMap::new();
    for ((hypothesis, _), blocks) in pairs.iter().zip(aligned) {
        let mut right = vec![false; hypothesis.len()];
        // Whether words are missing before each word.
        let mut missing = vec![false; hypothesis.len() + 1];
        for block in blocks {
            if block.is_equal {
                right[block.hypothesis.start] = true;
            } else if block.hypothesis.is_empty() {
                missing[block.hypothesis.start] = true;
            }
        }
        for start in 0..hypothesis.len() {
            for end in start + 1..=hypothesis.len().min(start + MAX_WORDS) {
                let phrase = &hypothesis[start..end];
                if end == start + 1 || became.contains_key(phrase) {
                    let is_right = right[start..end].iter().all(|right| *right)
                        && !missing[start + 1..end].iter().any(|missing| *missing);
                    let seen = all.entry(phrase).or_default();
                    seen.all += 1.0;
                    seen.right += f64::from(u8::from(is_right));
                }
            }
        }
    }
    all
}
