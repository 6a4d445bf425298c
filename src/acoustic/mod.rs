//! What the recogniser believed about an utterance, as probabilities over bytes.
//!
//! [`posterior`] turns a list into weights; [`Beliefs`] are what a recogniser recorded while
//! it searched, next to the list. From either, [`Trie`] answers "how likely is it that the
//! transcript goes on with these bytes", whatever tokenizer asks; [`Follower`] walks it
//! along a decoded text, finds the way back after words that nobody heard, and tells as
//! [`Heard`] what can come next.

mod arena;
mod bytes;
#[cfg(test)]
mod cost;
mod error;
mod follower;
mod heard;
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
    error::RecordError,
    follower::Follower,
    heard::{Heard, Shares},
    pieces::Pieces,
    posterior::{Posterior, entropy, margin, posterior},
    record::{Beliefs, Prefix},
    recorded::Calibration,
    trie::{State, Trie},
    windows::{pack_all, unpack_all},
};
