//! Search over prompt templates by a genetic algorithm, as `gec prompt evolve` needs it.
//!
//! After EvoPrompt (Guo et al. 2024, "Connecting Large Language Models with Evolutionary
//! Algorithms Yields Powerful Prompt Optimizers"), whose population keeps the best of
//! parents and children, and GrIPS (Prasad et al. 2023, "GrIPS: Gradient-free, Edit-based
//! Instruction Search"), whose edits are those of an instruction's parts. In the order the
//! data flows:
//!
//! - [`Start`] is a starting template, divided into a skeleton and blocks that can be
//!   exchanged: marked by the author, or found where that is safe.
//! - [`Variants`] are other texts for such blocks.
//! - A [`Genome`] says what stands in the blocks, in which order, and with which
//!   [`Settings`]; [`Genome::candidate`] makes a template of it again.
//! - [`Evolution`] breeds, races and selects genomes by a [`Fitness`] on development
//!   utterances. A [`Rewriter`] may propose other wordings. What was evaluated is kept in a
//!   [`Memo`], so that a search can be resumed.
//!
//! Nothing here reads files, asks a model or knows the time: all of it is given.

mod automatic;
mod blocks;
mod breed;
mod error;
mod fitness;
mod found;
mod genome;
mod judge;
mod marks;
mod memo;
mod operators;
mod parallel;
mod plan;
mod rewriter;
mod search;
mod sentences;
mod settings;
mod tags;
mod variants;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod operator_tests;
#[cfg(test)]
mod tests;

pub use self::{
    blocks::{BlockKind, Start},
    breed::Check,
    error::{EvolveError, Failure},
    fitness::{Candidate, Fitness, Score},
    found::{Found, Generation, Individual, Origin, Standing, Stopped},
    genome::{Genome, Part},
    judge::Clock,
    memo::Memo,
    plan::SearchSettings,
    rewriter::Rewriter,
    search::Evolution,
    sentences::Sentence,
    settings::{Settings, SettingsSpace},
    variants::Variants,
};
