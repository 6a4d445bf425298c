//! What one system does otherwise than another on the same utterances.
//!
//! 1. [`Comparison`] takes the texts of two or more systems, one utterance at a time.
//! 2. [`Comparison::finish`] gives a [`Compared`]: rates, whether the differences are real,
//!    which utterances changed sides, and which kinds of errors were fixed and made.
//! 3. [`render_table`] and [`render_markdown`] show it.
//!
//! The first system is what the others are compared with.

mod class;
mod compared;
mod comparison;
mod errors;
mod kept;
mod names;
mod pair;
mod render;
mod sound;
mod sums;
#[cfg(test)]
mod tests;
mod text;
mod words;

pub use class::Class;
pub use compared::{Against, ClassChange, Compared, Flip, FlipList, Flips, Slice, System};
pub use comparison::{Comparison, Item, Limits};
pub use render::{render_markdown, render_table};
