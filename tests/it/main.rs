//! The program as its users meet it: the real binary, its output and its exit codes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests outside of them"
)]

mod bad_corpora;
mod bad_databases;
mod classify;
mod correct;
mod data;
mod disk;
#[cfg(all(feature = "asr", feature = "opus"))]
mod documented;
mod drafts;
mod engine;
mod experiments;
#[cfg(all(feature = "asr", feature = "opus"))]
mod first_pass;
mod formats;
mod harness;
mod help;
mod prompt;
mod run;
mod store;
mod stored;
mod tune;
