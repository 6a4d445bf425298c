//! Sweeps: many arms (template, model, method, settings) on one sample, ranked.
//!
//! In the order the data flows:
//!
//! 1. [`Spec`] reads what is to be compared and makes [`Arm`]s of it.
//! 2. [`sample`](fn@sample) chooses utterances, in an order of which every beginning is a
//!    sample by itself.
//! 3. [`Schedule`] has the rungs of successive halving; [`progress`] says after each piece of
//!    work what is to be run next and what was dropped, [`affordable`] what there is time for.
//! 4. [`Ranking`] puts the arms in order, with intervals, corrected p-values and
//!    [`Flattery`]; [`render`](fn@render) writes it.
//!
//! Nothing here runs a model or reads a file. Everything is decided by the errors so far and
//! the seed, so an interrupted sweep goes on as if it had not been.

mod arm;
mod budget;
mod error;
mod errors;
mod flattery;
mod grid;
mod halving;
mod label;
mod location;
mod near;
mod options;
mod ranking;
mod render;
mod sample;
mod schedule;
mod spec;
mod table;
mod value;

pub use self::{
    arm::Arm,
    budget::affordable,
    error::SweepError,
    errors::Measure,
    flattery::{Flattery, flattery},
    halving::{Fate, Progress, Reason, Standing, Task, progress},
    ranking::{Measured, RANKING_VERSION, Ranked, Ranking, Results},
    render::render,
    sample::{Candidate, sample},
    schedule::{Halving, Rung, Schedule},
    spec::Spec,
};

#[cfg(test)]
mod halving_tests;
#[cfg(test)]
mod ranking_tests;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod spec_tests;
