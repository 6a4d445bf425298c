//! What the recogniser believed about an utterance, as probabilities over bytes.
//!
//! [`posterior`] turns a list into weights; [`Beliefs`] are what a recogniser recorded while
//! it searched, next to the list. From either, [`Trie`] answers "how likely is it that the
//! transcript goes on with these bytes", whatever tokenizer asks; [`Follower`] walks it
//! along a decoded text, finds the way back after words that nobody heard, and tells as
//! [`Heard`] what can come next. [`ConfusionNetwork`] lines the words of a list up and tells
//! where, and how much, its hypotheses differ.

mod arena;
mod bytes;
mod confidence;
#[cfg(test)]
mod cost;
mod draft;
mod error;
mod follower;
mod heard;
mod network;
mod pack;
mod pieces;
mod posterior;
mod record;
mod recorded;
#[cfg(test)]
mod recorded_tests;
mod reenter;
#[cfg(test)]
mod sample;
mod trie;
mod windows;

pub use self::{
    draft::TrieDraft,
    error::RecordError,
    follower::Follower,
    heard::Heard,
    network::{Alternative, ConfusionNetwork, DifferingSpan, Disagreement, Slot, WordArc},
    pieces::Pieces,
    posterior::{ListKind, Posterior, entropy, margin, posterior},
    record::{Beliefs, Prefix},
    recorded::Calibration,
    trie::{State, Trie},
    windows::{pack_all, unpack_all},
};
