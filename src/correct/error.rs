//! What keeps a method from correcting an utterance.

use super::METHODS;
use crate::{acoustic::RecordError, llm::LlmError, prompt::PromptError};

/// An error of a correction method.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CorrectError {
    /// There is no such method.
    #[error("unknown method `{name}`")]
    UnknownMethod {
        /// What was asked for.
        name: String,
    },
    /// The method asks a language model and there is none.
    #[error("method `{method}` needs a language model")]
    NeedsModel {
        /// The method.
        method: &'static str,
    },
    /// The method needs what a profile has learned and there is none.
    #[error("method `{method}` needs a profile")]
    NeedsProfile {
        /// The method.
        method: &'static str,
    },
    /// The template's answer is not what the method reads.
    #[error("method `{method}` reads a {wanted}, and template `{template}` asks for a {found}")]
    WrongTemplate {
        /// The method.
        method: &'static str,
        /// The template.
        template: String,
        /// As in a header: `text`, `label`, `class`.
        wanted: &'static str,
        /// The same.
        found: &'static str,
    },
    /// `cloze` reads the label of an option, and the template shows no gap with options.
    #[error(
        "method `cloze` reads the label of an option, and template `{template}` shows no `gap`"
    )]
    NoGap {
        /// The template.
        template: String,
    },
    /// The model cannot do what the method needs.
    #[error("method `{method}` needs {needs}, and the model gives none: {engine}")]
    Unable {
        /// The method.
        method: &'static str,
        /// What it needs.
        needs: &'static str,
        /// What the model is run by.
        engine: String,
        /// The methods that work with it.
        works: String,
    },
    /// The prompt cannot be made to fit.
    #[error(
        "the prompt takes {prompt} tokens with a single hypothesis and without examples, and \
         {room} are left beside the answer"
    )]
    PromptTooLong {
        /// Tokens of the shortest prompt.
        prompt: usize,
        /// Tokens there is room for.
        room: usize,
    },
    /// The language model failed.
    #[error(transparent)]
    Llm(#[from] LlmError),
    /// The prompt cannot be rendered.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// What the recogniser recorded cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl CorrectError {
    /// What to do about it, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownMethod { .. } => {
                let names: Vec<&str> = METHODS.iter().map(|(name, _)| *name).collect();
                Some(format!("methods are {}", names.join(", ")))
            }
            Self::NeedsModel { .. } => Some("give one with `--model FILE.gguf`".into()),
            Self::NeedsProfile { .. } => Some(
                "learn one with `gec tune --dataset SPEC --split train --save NAME`, and name it \
                 with `--profile NAME`"
                    .into(),
            ),
            Self::WrongTemplate { wanted: "class", .. } => Some(
                "use a template with `output = \"class\"`, such as `classify`, or \
                 `classify-plain` for a model without a chat template"
                    .into(),
            ),
            Self::WrongTemplate { found: "class", .. } => {
                Some("`gec prompt classify` asks for classes; methods correct transcripts".into())
            }
            Self::WrongTemplate { wanted: "label", .. } => Some(
                "use `--template choose`, or `choose-plain` for a model without a chat template"
                    .into(),
            ),
            Self::WrongTemplate { .. } => {
                Some("use a template whose output is text, such as `zero-shot`".into())
            }
            Self::NoGap { .. } => Some(
                "use `--template cloze`, `cloze-plain` for a model without a chat template, or a \
                 template whose output is text"
                    .into(),
            ),
            Self::Unable { method: "cascade", .. } => Some(
                "`--min-logprob=-inf --min-gain=-inf` leaves out the checks that need them, and \
                 with them some of the safety"
                    .into(),
            ),
            Self::Unable { works, .. } => Some(format!("with it work {works}")),
            Self::PromptTooLong { .. } => Some("raise `--context`".into()),
            Self::Llm(error) => error.hint(),
            Self::Prompt(error) => error.hint(),
            Self::Record(error) => error.hint(),
        }
    }

    /// Whether every utterance would fail in the same way, so that a run should not start.
    #[must_use]
    pub fn is_setup(&self) -> bool {
        matches!(
            self,
            Self::UnknownMethod { .. }
                | Self::NeedsModel { .. }
                | Self::NeedsProfile { .. }
                | Self::WrongTemplate { .. }
                | Self::NoGap { .. }
                | Self::Unable { .. }
                | Self::Prompt(_)
        ) || matches!(self, Self::Llm(error) if error.is_lasting())
    }
}
