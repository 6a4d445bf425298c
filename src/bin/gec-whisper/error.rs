//! Why a request cannot be answered.

use std::{io, path::PathBuf};

use whisper_rs::WhisperError;

/// An error that is sent to `gec` as a message; the process goes on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecogniserError {
    /// A model file cannot be read.
    #[error("cannot read model `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file is not a model of the kind that was asked for.
    #[error("`{}` is {found}, not {wanted}", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
        /// What it seems to be.
        found: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// A model file ends too early.
    #[error("model `{}` is cut short: it ends inside {place}; fetch it again", path.display())]
    CutShort {
        /// The file.
        path: PathBuf,
        /// Where it ends.
        place: &'static str,
    },
    /// The library does not take a file that looks right.
    #[error("whisper.cpp cannot load `{}`; the file may be damaged or memory short", path.display())]
    NotLoaded {
        /// The file.
        path: PathBuf,
    },
    /// A request came before a model.
    #[error("no model is loaded")]
    NoModel,
    /// A request for speech came without a model for it.
    #[error("no voice activity model is loaded")]
    NoVoiceModel,
    /// A window without audio.
    #[error("the audio is empty")]
    NoSamples,
    /// A sample that is no number.
    #[error("sample {index} of the audio is not a finite number")]
    NotFinite {
        /// Which one, from 0.
        index: usize,
    },
    /// A window that the model cannot take at once.
    #[error("{samples} samples of audio are more than the {limit} of the model's window")]
    TooLong {
        /// Samples given.
        samples: usize,
        /// Samples of a window.
        limit: usize,
    },
    /// An option is out of its range.
    #[error("{name} must be {range}, not {value}")]
    Option {
        /// The option.
        name: &'static str,
        /// What is allowed.
        range: &'static str,
        /// What was given.
        value: String,
    },
    /// A language Whisper has no name for.
    #[error("there is no language `{0}`")]
    UnknownLanguage(String),
    /// A language the model does not know.
    #[error("the model knows only English, not `{0}`")]
    OnlyEnglish(String),
    /// The pattern of suppressed tokens does not parse.
    #[error("the pattern of suppressed tokens is not a regular expression")]
    Pattern(#[from] regex::Error),
    /// A text that the vocabulary cannot spell.
    #[error("the model's vocabulary cannot spell `{0}`")]
    Unspellable(String),
    /// A token to score that is no text.
    #[error("{0} is not a text token of the model")]
    NotText(u32),
    /// A text that does not fit.
    #[error("a text of {tokens} tokens does not fit into the {limit} that the model has")]
    TextTooLong {
        /// Tokens of the text and the prompt.
        tokens: usize,
        /// Tokens of the context.
        limit: usize,
    },
    /// The model's numbers are not numbers.
    #[error("the model computes values that are not numbers")]
    BrokenModel,
    /// The library failed.
    #[error("whisper.cpp failed: {0}")]
    Library(WhisperError),
    /// A fault of this program.
    #[error("gec-whisper failed: {0}")]
    Internal(String),
}

// Not `#[from]`: its message is wanted in ours, and not once more as a cause.
impl From<WhisperError> for RecogniserError {
    fn from(error: WhisperError) -> Self {
        Self::Library(error)
    }
}
