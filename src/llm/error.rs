//! What can go wrong with a language model.

use std::path::PathBuf;

use super::openai::ServerFailure;

/// An error of a language-model engine.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LlmError {
    /// The file cannot be read.
    #[error("cannot read model `{path}`: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The file is not a model in GGUF format.
    #[error("`{path}` is not a GGUF file: {reason}")]
    NotGguf {
        /// The file.
        path: PathBuf,
        /// What was found instead.
        reason: String,
    },
    /// The file ends before its tensors do.
    #[error("model `{path}` is truncated: {reason}")]
    Truncated {
        /// The file.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// The file carries no tokenizer.
    #[error("model `{path}` has no tokenizer (`tokenizer.ggml.model` is missing)")]
    NoTokenizer {
        /// The file.
        path: PathBuf,
    },
    /// The file is larger than the machine's memory.
    #[error(
        "model `{path}` takes {} MiB and this machine has {} MiB of memory",
        .bytes / 1_048_576, .memory / 1_048_576
    )]
    LargerThanMemory {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        bytes: u64,
        /// The machine's memory in bytes.
        memory: u64,
    },
    /// llama.cpp refused the model, the adapter or the context.
    #[error("cannot load `{path}`: {reason}")]
    Load {
        /// The file.
        path: PathBuf,
        /// llama.cpp's last words.
        reason: String,
    },
    /// Prompt and answer do not fit into the context.
    #[error(
        "prompt of {prompt} tokens and answer of up to {answer} do not fit into a context of {context}"
    )]
    ContextOverflow {
        /// Tokens of the prompt.
        prompt: usize,
        /// Tokens asked for after it.
        answer: usize,
        /// Tokens that fit.
        context: usize,
    },
    /// The prompt has no tokens.
    #[error("the prompt is empty")]
    EmptyPrompt,
    /// Decoding failed.
    #[error("decoding failed: {0}")]
    Decode(String),
    /// The engine's thread is gone.
    #[error("the language-model engine has stopped")]
    Stopped,
    /// A server could not be asked.
    #[error(transparent)]
    Server(#[from] ServerFailure),
    /// The model cannot do this.
    #[error("{engine} gives no {what}")]
    Unsupported {
        /// What was asked for.
        what: &'static str,
        /// [`super::ModelInfo::engine`].
        engine: String,
    },
}

impl LlmError {
    /// Whether every request would fail in the same way.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Stopped | Self::Unsupported { .. } => true,
            Self::Server(failure) => failure.is_lasting(),
            _ => false,
        }
    }

    /// What to do about it, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unreadable { .. } => {
                "give the path of a GGUF file with `--model`, or leave it out for the shipped model".into()
            }
            Self::NotGguf { .. } => {
                "gec runs models in llama.cpp's GGUF format; convert other formats with llama.cpp's `convert_hf_to_gguf.py`".into()
            }
            Self::Truncated { .. } => "fetch the file again and compare its checksum".into(),
            Self::NoTokenizer { .. } => "convert the model again together with its tokenizer files".into(),
            Self::LargerThanMemory { .. } => {
                "take a smaller quantisation, or put layers on a GPU with `--gpu-layers`".into()
            }
            Self::ContextOverflow { .. } => {
                "raise `--context`, or lower `--max-hypotheses` or `--examples`".into()
            }
            Self::Server(failure) => failure.hint()?.into(),
            Self::Unsupported { .. } => {
                "run the model from a GGUF file, without `--url`, for what needs this".into()
            }
            _ => return None,
        })
    }
}
