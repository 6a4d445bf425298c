//! Probabilities from counts.

use super::{
    MAX_ORDER, Vocabulary,
    counts::{Counts, Gram},
};
use crate::normalize::WordMap;

/// The discounts where the counts of counts say nothing, for counts of 1, 2 and more.
const DISCOUNTS: [f64; 3] = [0.5, 0.75, 0.9];

/// What is known of the words after a context.
#[derive(Debug, Clone, PartialEq)]
struct Context {
    /// Where its words stand among all entries of its length.
    first: usize,
    end: usize,
    /// The share that the shorter context distributes.
    rest: f64,
}

/// Contexts of one length.
#[derive(Debug, Clone, Default, PartialEq)]
struct Level {
    contexts: WordMap<Gram, Context>,
    /// Word and discounted probability, sorted by word within a context.
    entries: Vec<(u32, f64)>,
}

/// An interpolated modified Kneser-Ney model over numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Smoothed {
    /// By the length of the context.
    levels: Vec<Level>,
    uniform: f64,
}

impl Smoothed {
    /// `outcomes` is the number of different words (and the end, and the unknown word) that
    /// can follow.
    pub(super) fn new(counts: &Counts, outcomes: usize) -> Self {
        let mut levels = Vec::with_capacity(counts.order);
        let mut grams = counts.grams.clone();
        for order in (1..=counts.order).rev() {
            levels.push(Level::new(&grams, order));
            grams = Counts::shortened(&grams, order);
        }
        levels.reverse();
        Self { levels, uniform: 1.0 / outcomes.max(1) as f64 }
    }

    pub(super) fn probability(&self, history: &[u32], word: u32) -> f64 {
        let mut probability = self.uniform;
        for (length, level) in self.levels.iter().enumerate() {
            let Some(start) = history.len().checked_sub(length) else { break };
            let mut key: Gram = [0; MAX_ORDER];
            key[..length].copy_from_slice(&history[start..]);
            // A context that was never seen was never seen longer.
            let Some(context) = level.contexts.get(&key) else { break };
            let entries = &level.entries[context.first..context.end];
            let place = entries.binary_search_by_key(&word, |entry| entry.0);
            let own = place.map_or(0.0, |place| entries[place].1);
            probability = own + context.rest * probability;
        }
        probability
    }

    /// Natural log-probability of a sentence with its end.
    pub(super) fn sentence(&self, words: &[u32]) -> f64 {
        let starts = self.levels.len().saturating_sub(1);
        let mut all = vec![Vocabulary::START; starts];
        all.extend_from_slice(words);
        all.push(Vocabulary::END);
        let places = starts..all.len();
        places.map(|at| self.probability(&all[at - starts..at], all[at]).ln()).sum()
    }
}

impl Level {
    fn new(grams: &[(Gram, u32)], order: usize) -> Self {
        let discounts = discounts(grams);
        let discount = |count: u32| discounts[(count as usize).clamp(1, 3) - 1];
        let mut level = Self::default();
        let mut first = 0;
        for same in grams.chunk_by(|a, b| a.0[..order - 1] == b.0[..order - 1]) {
            let mut key: Gram = [0; MAX_ORDER];
            key[..order - 1].copy_from_slice(&same[0].0[..order - 1]);
            let total: f64 = same.iter().map(|gram| f64::from(gram.1)).sum();
            let taken: f64 = same.iter().map(|gram| discount(gram.1)).sum();
            level.entries.extend(same.iter().map(|(gram, count)| {
                (gram[order - 1], (f64::from(*count) - discount(*count)) / total)
            }));
            let end = level.entries.len();
            level.contexts.insert(key, Context { first, end, rest: taken / total });
            first = end;
        }
        level
    }
}

/// Chen and Goodman's estimates, `D(k) = k - (k + 1) Y n(k + 1) / n(k)` with
/// `Y = n(1) / (n(1) + 2 n(2))` and `n(k)` the number of n-grams seen k times; each kept
/// within what can be taken from a count of k.
fn discounts(grams: &[(Gram, u32)]) -> [f64; 3] {
    let mut seen = [0.0; 4];
    for (_, count) in grams {
        if let Some(seen) = seen.get_mut((*count as usize).wrapping_sub(1)) {
            *seen += 1.0;
        }
    }
    let share = seen[0] / (seen[0] + 2.0 * seen[1]);
    std::array::from_fn(|place| {
        let count = (place + 1) as f64;
        let estimate = count - (count + 1.0) * share * seen[place + 1] / seen[place];
        let usable = estimate.is_finite() && estimate > 0.0 && estimate < count;
        if usable { estimate } else { DISCOUNTS[place] }
    })
}
