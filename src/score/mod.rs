//! Word and character error rates, oracles, and whether a difference is real.
//!
//! In the order the data flows:
//!
//! 1. [`Symbols`] turns the words or characters of one utterance into small numbers.
//! 2. [`Distance`] counts the errors between two such sequences; [`align`] also says
//!    which errors they are, [`compound_counts`] forgives split and joined words.
//! 3. [`oracles`](fn@oracles) asks how good a choice from the N-best list could have been.
//! 4. [`Scorer`] adds utterances up under one [`Rule`] into a [`Row`].
//! 5. [`bootstrap`] puts intervals on the row's rates. [`MatchedPairs`] tests two systems
//!    segment by segment, [`holm`] and [`benjamini_hochberg`] correct for several tests.
//!
//! Rates of single pairs are fractions; everything in a [`Row`] is in percent.

mod alignment;
mod compounds;
mod distance;
mod mapsswe;
mod multinomial;
mod multiple;
mod normal;
mod oracles;
mod row;
mod rule;
mod scorer;
mod statistics;
mod symbols;
mod utterance;
mod wer;

pub use alignment::{Op, align};
pub use compounds::{compound_counts, resolve_compounds};
pub use distance::Distance;
pub use mapsswe::{Matched, MatchedPairs};
pub use multiple::{benjamini_hochberg, holm};
pub use oracles::{Oracles, oracles};
pub use row::{Labels, Row};
pub use rule::Rule;
pub use scorer::{Item, Scorer};
pub use statistics::{Bootstrap, GroupSums, Interval, bootstrap};
pub use symbols::Symbols;
pub use wer::{EditCounts, character_counts, word_counts};

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod significance_tests;
