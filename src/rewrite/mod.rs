//! Rewrite tables: phrases that the recogniser writes, and what the references have there.
//!
//! Much of what counts as an error is text format, not hearing: `nonstop` for `non stop`,
//! `dc` for `d c`, `sevenpm` for `seven p m`. Such differences repeat, so a table of phrase
//! pairs learned from hypotheses with known references corrects them without a language
//! model.
//!
//! 1. Each hypothesis is aligned with its reference; every run of errors, with a few correct
//!    words around it, is a phrase pair (the consistent blocks of phrase-based translation;
//!    Koehn, Och and Marcu 2003, "Statistical phrase-based translation", section 3).
//! 2. For every phrase that could become a rule, [`Evidence`] counts the word errors around
//!    all its occurrences, for each thing it could become. Where a phrase should stay as it
//!    is, that too can become a rule: an exception to a shorter one.
//! 3. From short to long, [`Evidence::table`] keeps a phrase as a rule if it saves enough
//!    errors over what the rules kept so far make of it (a decision list that earns each of
//!    its entries, as in Brill 1995, "Transformation-based error-driven learning").
//! 4. [`cross_validate`] chooses the settings, and says whether to have a table at all.

mod evidence;
mod learn;
mod sample;
mod table;
mod validate;

#[cfg(test)]
mod tests;

pub use evidence::Evidence;
pub use learn::{RewriteSettings, learn};
pub use table::{RewriteTable, Rule, TableError};
pub use validate::{Candidate, Validation, cross_validate, learn_validated};

use crate::corpus::Utterance;

/// A hypothesis and what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair<'a> {
    /// What the recogniser wrote.
    pub hypothesis: &'a str,
    /// What was said.
    pub reference: &'a str,
    /// Pairs of one group are never on both sides of a split.
    pub group: &'a str,
    /// Place of the hypothesis in its list, from 0. All pairs teach; those of rank 0, the
    /// 1-best, also measure.
    pub rank: usize,
}

impl<'a> Pair<'a> {
    /// The pairs of an utterance's first `most` distinct hypotheses with its reference; none
    /// where the reference is not known.
    pub fn of(utterance: &'a Utterance, most: usize) -> impl Iterator<Item = Self> {
        let reference = utterance.reference.as_deref();
        let group = utterance.resampling_key();
        reference.into_iter().flat_map(move |reference| {
            let list = utterance.nbest.iter().take(most).enumerate();
            list.map(move |(rank, one)| Self { hypothesis: &one.text, reference, group, rank })
        })
    }
}
