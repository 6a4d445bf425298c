//! Prompts: what a language model is asked, and which part of it nobody may trust.
//!
//! In the order the data flows:
//! - [`ExampleIndex`] picks solved utterances for few-shot prompts ([`Selection`]).
//! - [`PromptInput`] is what a template may speak of: one utterance and its examples,
//!   with how sure the list is of its words, and the [`Gap`] that the prompt is about.
//! - [`Template`] is a Jinja file with a [`Header`]; `docs/prompts.md` tells how to write one.
//! - [`ChatTemplate`] lays messages out the way a chat model was trained to read them.
//! - [`PromptText`] is the finished prompt, with the byte ranges that came from data.
//!   [`PromptText::pieces`] cuts it so that no data can become a special token.

mod chat;
mod error;
mod examples;
mod header;
mod input;
mod template;
mod text;
mod untrusted;

#[cfg(test)]
mod tests;

pub use chat::{CHATML, ChatTemplate, Message, Role};
pub use error::PromptError;
pub use examples::{Diversity, Example, ExampleChoice, ExampleIndex, Order, Selection};
pub use header::{Form, Header, Output};
pub use input::{Gap, PromptInput, labels};
pub use template::{Origin, Template, built_in_names, names};
pub use text::{Piece, PromptText};
