//! The first pass: from recordings to N-best lists with what the recogniser believed.
//!
//! The recogniser is whisper.cpp, in a process of its own (`gec-whisper`): its native
//! library and that of the language model carry the same symbols. [`Worker`] speaks with one
//! such process and starts another where it dies; [`listen`] takes a recording through it.
//!
//! A recording longer than the model's window is cut at pauses. Its windows become
//! utterances each, or are joined to one where a reference belongs to the whole.

mod error;
mod listen;
mod locate;
mod nbest;
mod process;
pub mod shipped;
mod worker;

pub use acoustic_protocol::{DecodeOptions, ModelInfo, TextScore, Transcript};

pub use self::{
    error::RecogniserError,
    listen::{Heard, ListenError, ListenOptions, Listening, Unit, listen},
    locate::locate,
    worker::{Worker, WorkerOptions},
};
