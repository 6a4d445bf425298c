//! Tasks whose answer is a class, not a transcript: an intent, a keyword, whether the device
//! was spoken to.
//!
//! In the order the data flows:
//! 1. [`Classes`] is what a template says of its classes, [`ClassSet`] the classes.
//! 2. [`ClassSet::read`] finds the class in what a model wrote; [`most_probable`] chooses by
//!    the probabilities of the classes as its answer.
//! 3. [`Confusion`] counts answers against the truth, [`ClassScores`] makes rates of it.
//! 4. [`Comparison`] says whether one prompt is better than another, [`ClassReport`] shows it.
//!
//! Rates are in percent, as those of [`Row`](crate::score::Row).

mod answer;
mod choose;
mod compare;
mod confusion;
mod report;
mod scores;
mod set;
mod source;

pub use answer::Reading;
pub use choose::{Length, MostProbable, most_probable};
pub use compare::Comparison;
pub use confusion::Confusion;
pub use report::{ClassReport, ClassRow};
pub use scores::{ClassFigures, ClassScores};
pub use set::{ClassError, ClassSet};
pub use source::Classes;
