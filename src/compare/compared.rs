//! The answer: what is shown and stored of a comparison.

use serde::{Deserialize, Serialize};

use super::class::Class;
use crate::score::Matched;

/// A comparison of two or more systems. Rates are in percent, never NaN, and `None` where
/// the references have no word. All but `utterances` is over those that were compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// The rule behind the figures, in one line.
    pub rule: String,
    /// All utterances that were added.
    pub utterances: u64,
    /// Utterances with a reference and a text of every system.
    pub compared: u64,
    /// Of the others, those with a reference: a system has no text for them.
    pub incomplete: u64,
    /// Utterances whose reference has both cases, so that names can be told.
    pub cased: u64,
    /// Words of the normalised references.
    pub words: u64,
    /// What the recogniser wrote.
    pub one_best: System,
    /// The systems in the order given.
    pub systems: Vec<System>,
    /// By length of the normalised reference: 0 to 4, 5 to 9, 10 to 19, 20 words and more.
    pub lengths: Vec<Slice>,
    /// Every system but the first, compared with the first.
    pub against: Vec<Against>,
}

/// Errors of one system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct System {
    /// As the caller calls it.
    pub name: String,
    /// Words wrong, missing and too many.
    pub errors: u64,
    /// Corpus word error rate: all errors per reference word.
    pub wer: Option<f64>,
    /// Words with another word in their place.
    pub substitutions: u64,
    /// Words that are missing.
    pub deletions: u64,
    /// Words too many.
    pub insertions: u64,
}

/// Some of the utterances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// What they share: a range of lengths, a group.
    pub name: String,
    /// How many.
    pub utterances: u64,
    /// Words of their references.
    pub words: u64,
    /// Errors of each system.
    pub errors: Vec<u64>,
    /// Corpus word error rate of each system.
    pub wer: Vec<Option<f64>>,
}

/// A system beside the first. Differences are the system's less the first's: below zero, it
/// is better.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Against {
    /// The first system.
    pub first: String,
    /// The one compared with it.
    pub second: String,
    /// Of the corpus word error rates.
    pub difference: Option<f64>,
    /// Lower end of its 95 % interval (paired bootstrap by resampling key).
    pub low: Option<f64>,
    /// Upper end of its 95 % interval.
    pub high: Option<f64>,
    /// Two-sided p-value of the bootstrap, from 0 to 1.
    pub bootstrap_p: Option<f64>,
    /// Whether the interval excludes zero.
    pub real: bool,
    /// The matched-pairs sentence-segment test.
    pub matched: Matched,
    /// Its p-value by Holm's correction for all systems compared with the first; `None`
    /// where there is only one.
    pub holm_p: Option<f64>,
    /// Utterances with another number of errors.
    pub flips: Flips,
    /// Errors of either that the other has not, one for each [`Class`], in their order.
    pub classes: Vec<ClassChange>,
    /// The groups with the largest differences in the number of errors, largest first, ties
    /// by name. Errors are of all systems.
    pub groups: Vec<Slice>,
}

/// Utterances with another number of errors than the first system's. Each is in one list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Flips {
    /// Wrong, now without an error.
    pub became_right: FlipList,
    /// Without an error, now wrong.
    pub became_wrong: FlipList,
    /// Fewer errors, but some.
    pub fewer_errors: FlipList,
    /// More errors than the some there were.
    pub more_errors: FlipList,
}

/// Utterances that changed in one direction.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FlipList {
    /// How many there are.
    pub count: u64,
    /// Those with the largest differences, largest first, ties in the order of arrival; at
    /// most as many as the caller allows.
    pub kept: Vec<Flip>,
}

/// One such utterance. Texts are as stored, before any normalisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flip {
    /// The utterance's id.
    pub id: String,
    /// What was said.
    pub reference: String,
    /// What the recogniser wrote.
    pub one_best: String,
    /// The first system's text.
    pub first: String,
    /// The second system's text.
    pub second: String,
    /// Errors of the first.
    pub first_errors: u64,
    /// Errors of the second.
    pub second_errors: u64,
}

/// Errors of one class that only one of two systems has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassChange {
    /// The class.
    pub class: Class,
    /// Errors of the first system that the second has not.
    pub fixed: u64,
    /// Errors of the second system that the first has not.
    pub made: u64,
}
