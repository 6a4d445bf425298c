//! What can go wrong between a template's name and a finished prompt.

use std::io;
use std::path::PathBuf;

use super::input::VARIABLES;

/// An error of loading or rendering a prompt.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// No template has this name.
    #[error("no prompt template is named `{name}`")]
    NotFound {
        /// The name as given.
        name: String,
        /// Names of the built-in templates, separated by commas.
        built_in: String,
    },
    /// A template file could not be read.
    #[error("cannot read the prompt template `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The header is missing or is not what [`super::Header`] describes.
    #[error("prompt template `{template}`, line {line}: {message}")]
    Header {
        /// The template's name or path.
        template: String,
        /// Line in the file, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// The body uses a variable that does not exist.
    #[error("prompt template `{template}`, line {line}: {variable}; there are {VARIABLES}")]
    UnknownVariable {
        /// The template's name or path.
        template: String,
        /// Line in the file, from 1.
        line: usize,
        /// The expression and that it is undefined, in words.
        variable: String,
    },
    /// The body is not valid Jinja, or failed while it was rendered.
    #[error("prompt template `{template}`, line {line}: {message}")]
    Body {
        /// The template's name or path.
        template: String,
        /// Line in the file, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A chat template has no `user` block.
    #[error("prompt template `{template}` has form `chat` but no block `user`")]
    NoUserBlock {
        /// The template's name or path.
        template: String,
    },
    /// A chat template has text that belongs to no message.
    #[error("prompt template `{template}` has text outside its blocks")]
    TextOutsideBlocks {
        /// The template's name or path.
        template: String,
    },
    /// A chat prompt was asked of a model that has no chat template.
    #[error("prompt template `{template}` needs a chat model, and the model has no chat template")]
    NeedsChatTemplate {
        /// The template's name or path.
        template: String,
    },
    /// The model's chat template is not valid, or failed while it was rendered.
    #[error("the model's chat template{}: {message}", line.map(|n| format!(", line {n}")).unwrap_or_default())]
    Chat {
        /// Line in the chat template, from 1, where it is known.
        line: Option<usize>,
        /// What is wrong.
        message: String,
    },
    /// The model's chat template left out or rewrote part of a message.
    #[error("the model's chat template does not keep the text of every message")]
    ChatLostText,
    /// Not a way to select examples.
    #[error("`{0}` is not a way to select examples")]
    UnknownSelection(String),
    /// Examples cannot be compared by vectors.
    #[error("examples cannot be chosen by vectors: {0}")]
    ExampleVectors(String),
}

impl PromptError {
    /// What the user can do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { name, built_in } => Some(format!(
                "built in are {built_in}; a file of your own is found as `prompts/{name}.jinja` \
                 or by its path"
            )),
            Self::Header { .. } => Some(
                "a template opens with a line `---`, TOML (`name`, `description`, `output`, \
                 `form`), and another line `---`"
                    .to_owned(),
            ),
            Self::NoUserBlock { .. } | Self::TextOutsideBlocks { .. } => Some(
                "put each message into its block: `{% block system %}`, `{% block user %}`, \
                 `{% block assistant %}`"
                    .to_owned(),
            ),
            Self::NeedsChatTemplate { .. } | Self::Chat { .. } | Self::ChatLostText => {
                Some("the template `plain-few-shot` needs no chat template".to_owned())
            }
            Self::UnknownSelection(_) => Some(format!("use {}", super::examples::GRAMMAR)),
            Self::ExampleVectors(_) => Some(
                "give every example and every utterance a vector of the same model, or choose \
                 `nearest`"
                    .to_owned(),
            ),
            Self::Read { .. } | Self::UnknownVariable { .. } | Self::Body { .. } => None,
        }
    }
}
