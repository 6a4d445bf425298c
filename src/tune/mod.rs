//! Tuning: settings and rules learned from a corpus with references, kept as a profile.
//!
//! [`tune`](tune()) goes the way of the cascade, and at every stage sees only what was learned
//! from other sentences (folds by reference):
//!
//! 1. the rewrite table ([`crate::rewrite`]);
//! 2. temperatures and weight of the fusion, on a part of the corpus;
//! 3. the rule that accepts or refuses what the inner method makes of the rewritten lists
//!    ([`crate::learn`]), and how much of an utterance may change.
//!
//! A [`Profile`] holds the result with its [`Provenance`], by which it is known again when it
//! is used on the sentences that it was learned from.

mod calibrate;
mod error;
mod profile;
mod search;
mod tuner;
mod words;

pub use self::{
    calibrate::{Calibrated, Calibrations},
    error::TuneError,
    profile::{PROFILE_VERSION, Profile, Provenance, Stage},
    search::{Choice, Searched},
    tuner::{TuneSettings, tune},
};
