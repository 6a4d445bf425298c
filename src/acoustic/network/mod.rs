//! Where the hypotheses of a list agree, and where and how much they do not.

mod align;
mod disagreement;
mod spans;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use self::align::Columns;
pub use self::{
    disagreement::Disagreement,
    spans::{Alternative, DifferingSpan},
};
use super::{Posterior, entropy, posterior};
use crate::corpus::Hypothesis;

/// A word confusion network (Mangu, Brill and Stolcke, "Finding consensus in speech
/// recognition", 2000): slots in the order of the words, each with the words that hypotheses
/// have there, and their probabilities.
///
/// It is built as ROVER does (Fiscus, "A post-processing system to yield reduced word error
/// rates", 1997): the hypotheses are aligned to the growing network one by one, the heaviest
/// first and the earlier of equals first. To align costs, for each slot, the probability that
/// the hypotheses so far have something else there, and 1 for a word that opens a slot of its
/// own; so a word is drawn to where others have it already. Among alignments of the same cost
/// the one with the fewest substitutions is taken (it has the most words in common), and
/// among those, looking from their ends, a word that joins a slot is preferred, then a slot
/// passed over, then a new slot.
///
/// The order of the hypotheses decides nothing but which comes first: among equal weights,
/// among equally probable arcs, and as the 1-best. Weights are rounded to 2^-40 of their sum,
/// and none is less than 2^-24. Time grows with the product of words and slots for each hypothesis,
/// without what they begin and end with where all agree.
#[derive(Debug, Clone)]
pub struct ConfusionNetwork<'a> {
    slots: Vec<Slot<'a>>,
    /// For each hypothesis its word in each slot.
    paths: Vec<Vec<Option<&'a str>>>,
    probabilities: Vec<f64>,
}

/// A place in the transcript. Never empty, and some arc has a word.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot<'a> {
    /// The most probable first; among equals that of the earliest hypothesis.
    pub arcs: Vec<WordArc<'a>>,
}

/// What can stand in a slot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WordArc<'a> {
    /// A word, or nothing.
    pub word: Option<&'a str>,
    /// Summed probability of the hypotheses that have it here, in (0, 1]. The arcs of a slot
    /// sum to 1.
    pub probability: f64,
}

impl<'a> ConfusionNetwork<'a> {
    /// Builds the network of hypotheses and their weights, which need not sum to 1. A weight
    /// that is no number, infinite or below 0 counts as 0; where all are 0 they count as
    /// equal. Words are split at white space. No hypothesis, or none with a word, gives no
    /// slot.
    #[must_use]
    pub fn new(hypotheses: impl IntoIterator<Item = (&'a str, f64)>) -> Self {
        let (texts, weights): (Vec<&str>, Vec<f64>) = hypotheses.into_iter().unzip();
        let masses = masses(&weights);
        let mut words = vec![None];
        let mut symbols = HashMap::new();
        let sequences: Vec<Vec<u32>> = texts
            .iter()
            .map(|text| {
                text.split_whitespace()
                    .map(|word| {
                        *symbols.entry(word).or_insert_with(|| {
                            words.push(Some(word));
                            (words.len() - 1) as u32
                        })
                    })
                    .collect()
            })
            .collect();

        let columns = Columns::new(&sequences, &masses, words.len());
        let total: u64 = masses.iter().sum();
        let word = |symbol: u32| words[symbol as usize];
        let slots = columns
            .iter()
            .map(|column| {
                let mut arcs: Vec<(u32, u64)> = Vec::new();
                for (&symbol, &mass) in column.iter().zip(&masses) {
                    match arcs.iter_mut().find(|arc| arc.0 == symbol) {
                        Some(arc) => arc.1 += mass,
                        None => arcs.push((symbol, mass)),
                    }
                }
                arcs.sort_by_key(|arc| std::cmp::Reverse(arc.1));
                let arc = |(symbol, mass)| WordArc {
                    word: word(symbol),
                    probability: mass as f64 / total as f64,
                };
                Slot { arcs: arcs.into_iter().map(arc).collect() }
            })
            .collect();
        let path = |index: usize| columns.iter().map(|column| word(column[index])).collect();
        Self {
            slots,
            paths: (0..texts.len()).map(path).collect(),
            probabilities: masses.iter().map(|&mass| mass as f64 / total as f64).collect(),
        }
    }

    /// The network of a list, or of its beginning, under its posterior.
    #[must_use]
    pub fn of(nbest: &'a [Hypothesis], how: &Posterior) -> Self {
        let texts = nbest.iter().map(|hypothesis| hypothesis.text.as_str());
        Self::new(texts.zip(posterior(nbest, how)))
    }

    /// The slots in order.
    #[must_use]
    pub fn slots(&self) -> &[Slot<'a>] {
        &self.slots
    }

    /// What the hypothesis at `index` has in each slot; without the places where it has
    /// nothing these are its words. Empty for an index that there is not.
    #[must_use]
    pub fn path(&self, index: usize) -> &[Option<&'a str>] {
        self.paths.get(index).map_or(&[], Vec::as_slice)
    }

    /// ROVER's vote: the most probable word of each slot, or nothing where that wins. The
    /// probability of nothing is multiplied by `null_share` first: 1 is the plain vote, less
    /// keeps more words, and 0 keeps a word in every slot. The words are joined by a space.
    #[must_use]
    pub fn best(&self, null_share: f64) -> String {
        let vote = |slot: &Slot<'a>| {
            let score = |arc: &WordArc<'_>| match arc.word {
                Some(_) => arc.probability,
                None => arc.probability * null_share,
            };
            let best = slot
                .arcs
                .iter()
                .copied()
                .reduce(|best, next| if score(&next) > score(&best) { next } else { best });
            best.and_then(|arc| arc.word)
        };
        join(self.slots.iter().filter_map(vote))
    }

    /// How sure the list is of each word of the 1-best: the probability of that word in its
    /// slot, in (0, 1]. One per word.
    #[must_use]
    pub fn word_confidences(&self) -> Vec<(&'a str, f64)> {
        let words = self.path(0).iter().zip(&self.slots);
        words.filter_map(|(&word, slot)| Some((word?, slot.probability(word)))).collect()
    }
}

impl Slot<'_> {
    /// The probability of a word, or of nothing, in this slot; 0 where no hypothesis has it.
    #[must_use]
    pub fn probability(&self, word: Option<&str>) -> f64 {
        self.arcs.iter().find(|arc| arc.word == word).map_or(0.0, |arc| arc.probability)
    }

    /// Whether all hypotheses have the same here.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.arcs.len() < 2
    }

    /// Entropy of the arcs in nats; 0 where all hypotheses agree.
    #[must_use]
    pub fn entropy(&self) -> f64 {
        if self.agrees() {
            return 0.0;
        }
        let probabilities: Vec<f64> = self.arcs.iter().map(|arc| arc.probability).collect();
        entropy(&probabilities)
    }
}

/// Weights as whole numbers, so that no order of summing makes or breaks a tie.
fn masses(weights: &[f64]) -> Vec<u64> {
    let sound = |weight: f64| if weight.is_finite() { weight.max(0.0) } else { 0.0 };
    let high = weights.iter().copied().map(sound).fold(0.0, f64::max);
    if high == 0.0 {
        return vec![1 << 24; weights.len()];
    }
    // First by the greatest: the sum of finite weights can be infinite.
    let relative = |weight: f64| sound(weight) / high;
    let total: f64 = weights.iter().copied().map(relative).sum();
    let unit = (1_u64 << 40) as f64;
    // So that no word of an unlikely hypothesis counts as absent, nor less than ties.
    let mass = |weight| ((relative(weight) / total * unit).round() as u64).max(1 << 16);
    weights.iter().copied().map(mass).collect()
}

fn join<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(" ")
}
