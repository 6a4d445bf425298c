//! Learning from corpora with references, in general: what is learned for correction, and
//! how it is put together, is in [`crate::tune`].
//!
//! 1. [`folds`] splits a corpus so that equal sentences never stand on both sides.
//! 2. [`Logistic`] gives a probability for a row of features, its penalty chosen by
//!    [`fit_validated`].
//! 3. [`learn_acceptance`] decides with both when a proposal may replace the 1-best.
//! 4. [`Choice`] chooses one of several by their features.

mod accept;
mod choice;
mod folds;
mod logistic;
mod solve;
mod threshold;
mod validated;

pub use self::{
    accept::{Acceptance, AcceptanceSettings, Evidence, LearnedRule, Outcome, learn_acceptance},
    choice::{Alternative, Choice},
    folds::folds,
    logistic::Logistic,
    threshold::Trial,
    validated::{Validated, fit_validated},
};
