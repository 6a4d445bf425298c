//! Solved utterances for few-shot prompts.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::PromptError;
use crate::corpus::Utterance;

/// An utterance whose transcript is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    utterance: Utterance,
    reference: String,
}

impl Example {
    /// An utterance with a reference; `None` for one that has none, or an empty one.
    #[must_use]
    pub fn new(utterance: Utterance) -> Option<Self> {
        let reference = utterance.reference.as_deref()?.trim();
        if reference.is_empty() {
            return None;
        }
        let reference = reference.to_owned();
        Some(Self { utterance, reference })
    }

    /// The utterance.
    #[must_use]
    pub fn utterance(&self) -> &Utterance {
        &self.utterance
    }

    /// What was said, trimmed, never empty.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.reference
    }
}

/// How examples are chosen for an utterance. As text: `none`, `random` (seed 0),
/// `random:SEED`, `nearest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// No examples.
    None,
    /// The same ones for every utterance, so that all prompts begin alike, drawn with this
    /// seed.
    Random {
        /// Decides which.
        seed: u64,
    },
    /// Those whose 1-best is most like the utterance's, the most similar last, next to the
    /// question.
    Nearest,
}

impl FromStr for Selection {
    type Err = PromptError;

    fn from_str(text: &str) -> Result<Self, PromptError> {
        let unknown = || PromptError::UnknownSelection(text.to_owned());
        match text {
            "none" => Ok(Self::None),
            "random" => Ok(Self::Random { seed: 0 }),
            "nearest" => Ok(Self::Nearest),
            _ => {
                let seed = text.strip_prefix("random:").ok_or_else(unknown)?;
                Ok(Self::Random { seed: seed.parse().map_err(|_| unknown())? })
            }
        }
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Random { seed: 0 } => f.write_str("random"),
            Self::Random { seed } => write!(f, "random:{seed}"),
            Self::Nearest => f.write_str("nearest"),
        }
    }
}

/// Three characters of a 1-best.
type Trigram = [char; 3];

/// Examples, and an index of the trigrams of their 1-best texts.
///
/// No selection holds an example whose reference is the utterance's own, nor two examples
/// with one reference; texts that differ only in case, punctuation and white space count as
/// the same.
#[derive(Debug, Default)]
pub struct ExampleIndex {
    examples: Vec<Example>,
    /// For each example, the number of its reference in `reference_numbers`.
    references: Vec<u32>,
    reference_numbers: HashMap<String, u32>,
    /// For each trigram, the examples that hold it, in order, with its weight there: TF-IDF,
    /// each example's weights of length 1.
    postings: HashMap<Trigram, Vec<(u32, f32)>>,
}

impl ExampleIndex {
    /// Indexes the utterances that have a reference; the others are skipped.
    #[must_use]
    pub fn new(examples: Vec<Utterance>) -> Self {
        let mut index = Self::default();
        for (number, example) in (0_u32..).zip(examples.into_iter().filter_map(Example::new)) {
            let next = u32::try_from(index.reference_numbers.len()).unwrap_or(u32::MAX);
            let key = same_words_key(example.reference());
            index.references.push(*index.reference_numbers.entry(key).or_insert(next));
            for (trigram, count) in trigrams(example.utterance().one_best()) {
                index.postings.entry(trigram).or_default().push((number, count));
            }
            index.examples.push(example);
        }
        index.weigh();
        index
    }

    /// Turns counts into TF-IDF weights: `(1 + ln tf) ln(1 + N / df)`, then divided by the
    /// length of the example's vector.
    fn weigh(&mut self) {
        let total = self.examples.len() as f32;
        let mut squares = vec![0.0_f64; self.examples.len()];
        // In the order of the trigrams, so that rounding is the same in every run.
        let ordered: BTreeMap<_, _> = self.postings.iter_mut().collect();
        for posting in ordered.into_values() {
            let idf = (1.0 + total / posting.len() as f32).ln();
            for (number, weight) in posting {
                *weight = (1.0 + weight.ln()) * idf;
                squares[*number as usize] += f64::from(*weight).powi(2);
            }
        }
        for (number, weight) in self.postings.values_mut().flatten() {
            *weight /= squares[*number as usize].sqrt() as f32;
        }
    }

    /// How many examples there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.examples.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.examples.is_empty()
    }

    /// Chooses up to `k` examples for an utterance, in the order to show them. Fewer where
    /// there are fewer that may be shown. Where the utterance has no reference there is
    /// nothing to compare with, and every example may be.
    #[must_use]
    pub fn select(&self, item: &Utterance, how: &Selection, k: usize) -> Vec<&Example> {
        let own = item
            .reference
            .as_deref()
            .and_then(|reference| self.reference_numbers.get(&same_words_key(reference)))
            .copied();
        let chosen = match how {
            Selection::None => Vec::new(),
            Selection::Random { seed } => self.random(own, *seed, k),
            Selection::Nearest => self.nearest(item, own, k),
        };
        chosen.into_iter().map(|number| &self.examples[number]).collect()
    }

    /// The first `k` of a seeded order that may be shown. The order is shuffled only as far
    /// as it is read: `moved` holds the places whose content is not their own number.
    fn random(&self, own: Option<u32>, seed: u64, k: usize) -> Vec<usize> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut moved: HashMap<usize, usize> = HashMap::new();
        let mut chosen = Vec::with_capacity(k.min(self.len()));
        let mut taken: Vec<u32> = own.into_iter().collect();
        for place in 0..self.len() {
            if chosen.len() == k {
                break;
            }
            // u64, so that 32-bit machines draw the same numbers.
            let drawn = random.random_range(place as u64..self.len() as u64) as usize;
            let number = moved.get(&drawn).copied().unwrap_or(drawn);
            let displaced = moved.get(&place).copied().unwrap_or(place);
            moved.insert(drawn, displaced);
            if !taken.contains(&self.references[number]) {
                taken.push(self.references[number]);
                chosen.push(number);
            }
        }
        chosen
    }

    /// The `k` with the highest cosine between the trigram vectors, the highest last; among
    /// equals the first in the corpus wins.
    fn nearest(&self, item: &Utterance, own: Option<u32>, k: usize) -> Vec<usize> {
        let total = self.len() as f32;
        let mut cosines = vec![0.0_f32; self.len()];
        // The length of the utterance's own vector is the same for all and left out.
        for (trigram, count) in trigrams(item.one_best()) {
            let Some(posting) = self.postings.get(&trigram) else { continue };
            let weight = (1.0 + count.ln()) * (1.0 + total / posting.len() as f32).ln();
            for &(number, other) in posting {
                cosines[number as usize] += weight * other;
            }
        }
        let mut chosen: Vec<usize> = Vec::with_capacity(k.min(self.len()));
        let mut taken: Vec<u32> = own.into_iter().collect();
        // k passes are cheaper than sorting thousands of cosines for a handful of them.
        while chosen.len() < k {
            let allowed = |number: &usize| !taken.contains(&self.references[*number]);
            let mut best = None::<usize>;
            for number in 0..self.len() {
                if best.is_none_or(|best| cosines[number] > cosines[best]) && allowed(&number) {
                    best = Some(number);
                }
            }
            let Some(best) = best else { break };
            taken.push(self.references[best]);
            chosen.push(best);
        }
        chosen.reverse();
        chosen
    }
}

/// A text in lower case, without punctuation, its words separated by single spaces.
fn same_words_key(text: &str) -> String {
    let bare: String = text
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric() || c.is_whitespace())
        .collect();
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The trigrams of a text in lower case with a space at either end, and how often each
/// occurs, in order.
fn trigrams(text: &str) -> BTreeMap<Trigram, f32> {
    let mut characters = vec![' '];
    for word in text.split_whitespace() {
        characters.extend(word.chars().flat_map(char::to_lowercase));
        characters.push(' ');
    }
    let mut counts = BTreeMap::new();
    for window in characters.windows(3) {
        if let [a, b, c] = *window {
            *counts.entry([a, b, c]).or_insert(0.0) += 1.0;
        }
    }
    counts
}

#[cfg(test)]
#[path = "examples_tests.rs"]
mod tests;
