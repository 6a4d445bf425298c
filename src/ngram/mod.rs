//! Word n-gram language models, learned from a few thousand sentences in a moment.
//!
//! A tuned profile knows the sentences of a domain. What it knows of them as a language model
//! chooses between hypotheses that a rewrite table leaves open.
//!
//! [`NgramModel`] is smoothed by interpolated modified Kneser-Ney (Chen and Goodman 1999, "An
//! empirical study of smoothing techniques for language modeling", section 3): with `a` the
//! count of an n-gram (in the lower orders: the number of different words seen before it)
//!
//! ```text
//! p(w | h) = max(a(h w) - D(a(h w)), 0) / a(h) + g(h) * p(w | h without its first word)
//! ```
//!
//! where `D` is one of three discounts for counts of 1, 2 and more, `a(h)` the sum over all
//! words and `g(h)` the mass that the discounts leave over. Below the words alone stands the
//! uniform distribution over all words, the end of the sentence and the unknown word.

mod counts;
pub(crate) mod row;
mod smoothed;
mod stored;
mod vocabulary;

#[cfg(test)]
mod tests;

pub use stored::StoredError;
pub use vocabulary::Vocabulary;

use serde::{Deserialize, Serialize};

use counts::Counts;
use smoothed::Smoothed;
use stored::Stored;

/// The highest order of a model.
pub const MAX_ORDER: usize = 5;

/// A word n-gram model. Without sentences every outcome is equally likely.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct NgramModel {
    vocabulary: Vocabulary,
    counts: Counts,
    smoothed: Smoothed,
}

impl NgramModel {
    /// Learns from sentences (words separated by white space), each counted as often as it
    /// is given. `order` is the length of the longest n-grams, brought into 1 to
    /// [`MAX_ORDER`].
    #[must_use]
    pub fn train<'a>(sentences: impl IntoIterator<Item = &'a str>, order: usize) -> Self {
        let sentences: Vec<&str> = sentences.into_iter().collect();
        let vocabulary = Vocabulary::of(sentences.iter().copied());
        let numbered = sentences.iter().map(|sentence| vocabulary.numbers(sentence));
        let counts = Counts::of(numbered, order);
        Self::new(vocabulary, counts)
    }

    fn new(vocabulary: Vocabulary, counts: Counts) -> Self {
        let smoothed = Smoothed::new(&counts, vocabulary.outcomes());
        Self { vocabulary, counts, smoothed }
    }

    /// The length of the longest n-grams.
    #[must_use]
    pub fn order(&self) -> usize {
        self.counts.order
    }

    /// The words that the model knows, and their numbers.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The probability of a word (or of [`Vocabulary::END`]) after others, the last of them
    /// last. Before the first word of a sentence stands [`Vocabulary::START`], order - 1
    /// times; what is further back than that is not looked at. Above 0, and over all outcomes
    /// (the words, the end, the unknown word) the sum is 1.
    #[must_use]
    pub fn probability(&self, history: &[u32], word: u32) -> f64 {
        self.smoothed.probability(history, word)
    }

    /// Natural log-probability of a sentence with its end.
    #[must_use]
    pub fn log_probability(&self, sentence: &str) -> f64 {
        self.smoothed.sentence(&self.vocabulary.numbers(sentence))
    }
}
