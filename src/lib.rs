//! Generative error correction of speech recognition N-best lists.
//!
//! The modules in the order the data flows:
//!
//! 1. [`corpus`] reads N-best lists: an [`corpus::Utterance`] is what a recogniser proposed,
//!    and what was said where that is known. [`datasets`] knows where corpora lie.
//! 2. [`store`] keeps every hypothesis and every decision in SQLite. Only it knows SQL.
//!    [`audio`] and [`recogniser`] make such lists from recordings, with a `gec-whisper`
//!    process that knows whisper.cpp.
//! 3. [`acoustic`] turns a list into what the recogniser believed, as probabilities over bytes.
//! 4. [`prompt`] turns an utterance into a question, [`llm`] has a language model answer it.
//!    Only [`llm::llama`] knows llama.cpp.
//! 5. [`correct`] holds the methods, [`fusion`] what some of them do at each decoding step.
//!    [`rewrite`] holds phrase tables, [`variants`] what else may have been said, with
//!    [`ngram`] models of what is; [`learn`] what is learned by regression, [`tune`] makes
//!    a profile of both and of the methods' settings from a corpus with references.
//! 6. [`normalize`] and [`score`] measure the result, [`report`] prints it, [`export`] writes
//!    it for other programs.
//! 7. [`document`] reads the transcript files that people have and writes them back with
//!    nothing changed but words, [`edits`] says which words, [`archive`] finds and replaces
//!    the files, [`glossary`] knows names and how they are misheard.
//!
//! 8. [`classify`] is for prompts that ask what an utterance is, and not what was said.
//!
//! [`cli`] is what was typed, [`commands`] what it means; `main.rs` is glue.

pub mod acoustic;
pub mod archive;
pub mod audio;
pub mod classify;
pub mod cli;
pub mod commands;
pub mod compare;
pub mod corpus;
pub mod correct;
pub mod datasets;
pub mod document;
pub mod edits;
pub mod evolve;
pub mod export;
pub mod fusion;
pub mod glossary;
pub mod learn;
pub mod llm;
pub mod ngram;
pub mod normalize;
pub mod prompt;
pub mod recogniser;
pub mod report;
pub mod rewrite;
pub mod score;
mod shipped;
pub mod store;
pub mod sweep;
pub mod tune;
pub mod variants;
