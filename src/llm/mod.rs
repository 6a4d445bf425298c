//! Language models: one trait, two requests.
//!
//! A [`LanguageModel`] answers [`ScoreRequest`]s (log-probabilities of given
//! continuations) and [`GenerateRequest`]s (decoding with a per-step hook, through
//! which constraint and fusion act). Both are asynchronous: callers send many at once
//! and the engine batches them. Only [`llama`] knows llama.cpp.
//! [`openai`] asks a server instead.

mod draft;
mod error;
pub mod hook;
pub mod llama;
pub mod logits;
pub mod openai;
pub mod shipped;
pub mod trace;
mod vocab;

use std::{future::Future, pin::Pin, sync::Arc};

use serde::Serialize;

pub use self::{
    draft::{DraftSource, DraftStep, FixedDraft},
    error::LlmError,
    hook::{Choice, Greedy, Sampled, Sampling, Step, StepHook},
    vocab::{Span, Vocab},
};

/// A token id of the model's vocabulary.
pub type TokenId = i32;

/// A boxed future, as the object-safe traits of this crate return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Two tokens are nearly tied when their log-probabilities differ by less than this
/// (nats). Batch composition changes low-order bits, so only such steps can come out
/// differently between two decodings.
pub const NEAR_TIE: f64 = 1e-3;

/// What is known of a loaded model.
#[derive(Debug, Clone, Serialize)]
pub struct ModelInfo {
    /// `general.name` of the file, else the file's stem.
    pub name: String,
    /// Where it was loaded from.
    pub path: String,
    /// blake3 of the file's bytes, in hex.
    pub hash: String,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Number of parameters.
    pub parameters: u64,
    /// Tokens the model was trained to attend over.
    pub context_trained: u32,
    /// The model's own chat template (Jinja), where the file carries one.
    pub chat_template: Option<String>,
    /// The prompt template the model was trained on (`gec.template`), where it says.
    pub template: Option<String>,
    /// Texts that take more tokens a word are of a kind the model was not made for
    /// (`gec.max_tokens_per_word`), where it says. Only a model with a small vocabulary of
    /// its own domain can tell so.
    pub max_tokens_per_word: Option<f64>,
    /// Text of the begin-of-sequence token, empty where there is none.
    pub bos: String,
    /// Text of the end-of-sequence token, empty where there is none.
    pub eos: String,
    /// Whether prompts start with the begin-of-sequence token.
    pub add_bos: bool,
    /// Decoding settings that can change low-order bits: device, batch shape, threads,
    /// build. Part of a run's fingerprint.
    pub engine: String,
    /// blake3 of the adapter's bytes, where one is applied.
    pub adapter: Option<String>,
}

/// Asks for the log-probability of each continuation after the prompt.
#[derive(Debug, Clone)]
pub struct ScoreRequest {
    /// The prompt's tokens; not empty.
    pub prompt: Vec<TokenId>,
    /// The continuations. An empty one scores 0, or the end of the text alone.
    pub continuations: Vec<Vec<TokenId>>,
    /// Whether the end of the text after a continuation is scored too.
    pub with_end: bool,
}

/// Log-probabilities of one continuation.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// Natural log-probability of each token; the end of the text last where asked for.
    pub token_logprobs: Vec<f64>,
}

impl Scored {
    /// The sum over the tokens, in nats; 0 for none.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.token_logprobs.iter().sum()
    }

    /// The mean over the tokens, in nats; 0 for none.
    #[must_use]
    pub fn mean(&self) -> f64 {
        if self.token_logprobs.is_empty() {
            0.0
        } else {
            self.sum() / self.token_logprobs.len() as f64
        }
    }
}

/// The answer to a [`ScoreRequest`], continuations in the order asked.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreOutput {
    /// One per continuation.
    pub scores: Vec<Scored>,
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// Tokens of all continuations.
    pub scored_tokens: u32,
}

/// Asks for a decoded continuation of the prompt.
pub struct GenerateRequest {
    /// The prompt's tokens; not empty.
    pub prompt: Vec<TokenId>,
    /// Most tokens to decode.
    pub max_tokens: usize,
    /// Texts that end the answer (they are not part of it).
    pub stop: Vec<String>,
    /// Chooses each token.
    pub hook: Box<dyn StepHook>,
    /// Guesses what will be chosen. It changes the time that decoding takes and nothing else.
    pub draft: Option<Box<dyn DraftSource>>,
}

/// Why decoding ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum StopReason {
    /// The model (or the hook) chose an end-of-text token.
    EndOfText,
    /// A stop text appeared.
    StopText,
    /// [`GenerateRequest::max_tokens`] was reached.
    Length,
    /// The hook had nothing left to choose from.
    Hook,
}

/// The answer to a [`GenerateRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct GenerateOutput {
    /// The decoded text, without the stop text. Bytes that are not UTF-8 are replaced.
    pub text: String,
    /// The decoded tokens, without an end-of-text token.
    pub tokens: Vec<TokenId>,
    /// Probability of each of them, in [0, 1], under what it was chosen from
    /// ([`Choice::Token`]). Empty where the model does not tell. Where the tokens are bytes
    /// ([`openai`]), the product over a word is what is meant.
    pub confidences: Vec<f64>,
    /// Sum of the model's natural log-probabilities of the chosen tokens, the end
    /// included where it was chosen (before temperature and fusion). `None` where the model
    /// does not tell.
    pub logprob: Option<f64>,
    /// Why decoding ended.
    pub stop: StopReason,
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// Tokens of the answer, as the model counts them.
    pub answer_tokens: u32,
    /// Steps in which the two best choices were nearly tied ([`NEAR_TIE`]).
    pub near_ties: u32,
    /// Calls of the model in which tokens of this request were decoded.
    pub decode_calls: u32,
    /// Guessed tokens that were decoded ([`GenerateRequest::draft`]).
    pub drafted: u32,
    /// Those of them that were then chosen.
    pub accepted: u32,
}

/// What can be asked of a model beside a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Abilities {
    /// A [`StepHook`] of any kind chooses each token by its logits.
    pub steps: bool,
    /// Log-probabilities of any continuation.
    pub scores: bool,
    /// And of the end of the text after it.
    pub ends: bool,
    /// Log-probabilities of continuations that are labels of one capital letter.
    pub labels: bool,
}

impl Abilities {
    /// Everything.
    pub const ALL: Self = Self { steps: true, scores: true, ends: true, labels: true };
}

/// Makes vectors of texts, which are alike where the texts mean something alike.
pub trait TextEmbedder: Send + Sync {
    /// The vector of a text. All have one dimension, and any length.
    ///
    /// # Errors
    /// Engine failures.
    fn embed_one(&self, text: &str) -> Result<Arc<[f32]>, LlmError>;
}

/// A language model that scores and generates. Implementations batch concurrent requests.
pub trait LanguageModel: Send + Sync {
    /// What is known of the model.
    fn info(&self) -> &ModelInfo;

    /// Its vocabulary as bytes.
    fn vocab(&self) -> &Vocab;

    /// What it can do. What it cannot is answered by [`LlmError::Unsupported`].
    fn abilities(&self) -> Abilities {
        Abilities::ALL
    }

    /// Tokenises `text`. Texts of special tokens become those tokens only where
    /// `parse_special`; nothing is added in front.
    fn tokenize(&self, text: &str, parse_special: bool) -> Vec<TokenId>;

    /// Log-probabilities of given continuations.
    ///
    /// # Errors
    /// [`LlmError::ContextOverflow`] where prompt and a continuation do not fit, and
    /// engine failures.
    fn score(&self, request: ScoreRequest) -> BoxFuture<'_, Result<ScoreOutput, LlmError>>;

    /// Decodes a continuation.
    ///
    /// # Errors
    /// [`LlmError::ContextOverflow`] where prompt and answer do not fit, and engine failures.
    fn generate(&self, request: GenerateRequest)
    -> BoxFuture<'_, Result<GenerateOutput, LlmError>>;

    /// Tokens that prompt and answer may take together.
    fn context_size(&self) -> usize;
}
