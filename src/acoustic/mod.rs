//! What the recogniser believed about an utterance, as probabilities over bytes.
//!
//! [`posterior`] turns a list into weights; [`Trie`] answers "how likely is it that the
//! transcript goes on with these bytes", whatever tokenizer asks; [`Follower`] walks it
//! along a decoded text and finds the way back after words that nobody heard.

mod follower;
mod posterior;
mod trie;

pub use self::{
    follower::{Follower, Heard},
    posterior::{Posterior, entropy, margin, posterior},
    trie::{State, Trie},
};
