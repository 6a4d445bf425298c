//! Variants of hypotheses: what may have been said beside what the recogniser wrote.
//!
//! A rewrite table (see [`crate::rewrite`]) has one answer for a phrase. Variants keep
//! several, and what the sentences of the domain are like decides between them.
//!
//! 1. [`Spelling`] brings hypotheses to signs that references have: `twenty-third` becomes
//!    two words, and an unknown `dltwo` is split into words that are known.
//! 2. [`Options`] says of every phrase with which probability it became what, itself among
//!    that, from aligned hypotheses with references (phrase pairs as in Koehn, Och and Marcu
//!    2003, "Statistical phrase-based translation").
//! 3. A search from left to right through each hypothesis puts options, and what other
//!    hypotheses of the list have in a place, together with an n-gram model of the references
//!    ([`crate::ngram`]) to sentences: monotone phrase-based decoding (Zens and Ney 2004,
//!    "Improvements in phrase-based statistical machine translation").
//! 4. A log-linear model ([`Choice`]) chooses among these [`Candidate`]s (Och and Ney 2002,
//!    "Discriminative training and maximum entropy models for statistical machine
//!    translation"). A language model's log-probability of each can be one feature more.
//! 5. [`learn_validated`] learns all of it, every utterance judged by what was learned from
//!    others, and says whether to use it at all.

mod lattice;
mod learn;
mod options;
mod pool;
mod search;
mod spelling;
mod stored;

#[cfg(test)]
mod tests;

pub use learn::{Item, Learned, Validation, learn_validated, with_model};
pub use options::Options;
pub use pool::{Candidate, FEATURES, Listed};
pub use spelling::Spelling;

use serde::{Deserialize, Serialize};

use crate::{learn::Choice, ngram::NgramModel};

/// What makes candidates: learned from sentences and hypotheses, not yet able to choose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    /// How hypotheses are spelled.
    pub spelling: Spelling,
    /// What phrases can become.
    pub options: Options,
    /// What sentences are like.
    pub language: NgramModel,
}

/// What makes candidates and chooses among them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variants {
    /// What makes them.
    pub generator: Generator,
    /// Chooses by [`FEATURES`] alone.
    pub choice: Choice,
    /// Chooses by [`FEATURES`] and, last, the natural log-probability that the profile's
    /// language model gives a candidate as its answer to the list as it was heard.
    pub choice_with_model: Option<Choice>,
}

impl Variants {
    /// The place of the best candidate; `None` for none. `model` has the log-probability of
    /// each, where the language model was asked.
    #[must_use]
    pub fn best(&self, candidates: &[Candidate], model: Option<&[f64]>) -> Option<usize> {
        match (&self.choice_with_model, model) {
            (Some(choice), Some(model)) => choice.best(&pool::rows(candidates, model)),
            _ => self.choice.best(&pool::rows(candidates, &[])),
        }
    }
}
