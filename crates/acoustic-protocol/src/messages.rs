//! The messages themselves.
//!
//! All log-probabilities are natural logarithms of one family of distributions: over the
//! text tokens and end of text. Tokens that are no text (timestamps, languages, tasks) and
//! those the options suppress have no share, and the rest is normalised again; temperature
//! plays no part. Negative infinity stands for what is suppressed.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What `gec` asks. Every request gets exactly one [`Response`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Load a model, in place of the one before. Answered with [`Response::Loaded`].
    Load {
        /// A Whisper model in the ggml format.
        model: PathBuf,
        /// Threads to use; 0 leaves the number to `gec-whisper`.
        threads: u32,
        /// Whether to use a GPU, where the build has one.
        gpu: bool,
        /// A Silero voice activity model in the ggml format, for [`Request::Voice`].
        voice_model: Option<PathBuf>,
    },
    /// Recognise one window of audio. Answered with [`Response::Decoded`].
    Decode {
        /// Comes back in the answer.
        id: u64,
        /// Audio, at most [`ModelInfo::window_samples`] of it; finite, not empty.
        samples: Vec<f32>,
        /// How to search.
        options: DecodeOptions,
    },
    /// Log-probabilities of given transcripts of one window of audio. Answered with
    /// [`Response::Scored`].
    Score {
        /// Comes back in the answer.
        id: u64,
        /// Audio, as for [`Request::Decode`].
        samples: Vec<f32>,
        /// What to score; they may share beginnings, which are then computed once.
        texts: Vec<Transcript>,
        /// Language, prompt and what is suppressed; the rest plays no part.
        options: DecodeOptions,
    },
    /// Find speech. Answered with [`Response::Voiced`].
    Voice {
        /// Comes back in the answer.
        id: u64,
        /// Audio of any length; finite.
        samples: Vec<f32>,
        /// What counts as speech.
        options: VoiceOptions,
    },
}

/// A transcript to score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transcript {
    /// Text. It is trimmed, one space is put before it, as Whisper writes, and it is cut
    /// into tokens as Whisper's training data was.
    Text(String),
    /// Tokens, without end of text.
    Tokens(Vec<u32>),
}

/// How a window is searched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecodeOptions {
    /// Width of the beam, 1 to 8; 1 is greedy search.
    pub beam: u32,
    /// Complete hypotheses to return at most; at least 1.
    pub candidates: u32,
    /// Next-token log-probabilities kept for each prefix. 0 records nothing and returns
    /// only the library's own best path.
    pub top_k: u32,
    /// Language as a code (`en`) or an English name; `None` detects it, or takes the only
    /// one the model has.
    pub language: Option<String>,
    /// Text that stood before, for style and names. Its end is used where it is longer than
    /// half of the model's context.
    pub initial_prompt: Option<String>,
    /// Regular expression: text tokens that match it as a whole, spaces included, are
    /// suppressed.
    pub suppress: Option<String>,
    /// Whether to suppress tokens that are seldom spoken: brackets, notes, symbols.
    pub suppress_non_speech: bool,
    /// Whether the first token may be neither a lone space nor end of text, as in Whisper's
    /// reference decoder. Without it the empty transcript is a hypothesis like any other.
    pub suppress_blank: bool,
    /// 0 searches with the beam. Above 0, `beam` transcripts are drawn at random at this
    /// temperature instead.
    pub temperature: f32,
    /// Text tokens of a transcript at most; 0 is the model's limit.
    pub max_tokens: u32,
    /// Whether to say when the words of the best hypothesis were spoken.
    pub word_times: bool,
}

impl Default for DecodeOptions {
    fn default() -> Self {
        Self {
            beam: 5,
            candidates: 10,
            top_k: 32,
            language: None,
            initial_prompt: None,
            suppress: None,
            suppress_non_speech: false,
            suppress_blank: true,
            temperature: 0.0,
            max_tokens: 0,
            word_times: false,
        }
    }
}

/// What counts as speech.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VoiceOptions {
    /// Probability from which on a moment is speech, above 0 and below 1.
    pub threshold: f32,
    /// Shorter speech is dropped.
    pub min_speech_ms: u32,
    /// Shorter silence does not part speech.
    pub min_silence_ms: u32,
    /// Longer speech is split, at a pause where there is one; 0 is no limit.
    pub max_speech_ms: u32,
    /// Kept before and after speech.
    pub pad_ms: u32,
}

impl Default for VoiceOptions {
    fn default() -> Self {
        Self {
            threshold: 0.5,
            min_speech_ms: 250,
            min_silence_ms: 100,
            max_speech_ms: 0,
            pad_ms: 30,
        }
    }
}

/// What `gec-whisper` answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Response {
    /// The model is ready.
    Loaded {
        /// What it is.
        model: ModelInfo,
        /// Bytes of every token, by id. Tokens from end of text on are names in brackets
        /// and never part of a text.
        vocabulary: Vec<Vec<u8>>,
        /// The library, its version and what of the processor it uses.
        library: String,
    },
    /// What was heard in a window.
    Decoded {
        /// Of the request.
        id: u64,
        /// What was heard.
        window: Window,
    },
    /// Log-probabilities of transcripts.
    Scored {
        /// Of the request.
        id: u64,
        /// One for each transcript, in the order given.
        scores: Vec<TextScore>,
    },
    /// Where there is speech.
    Voiced {
        /// Of the request.
        id: u64,
        /// Regions by time, without overlap.
        regions: Vec<Region>,
    },
    /// The request could not be answered; the next one can be.
    Failed {
        /// Of the request, where it had one.
        id: Option<u64>,
        /// What is wrong, in lower case without a final period.
        message: String,
    },
}

/// What a model is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// Its size by Whisper's names (`tiny`, `base`, ...), or what the library calls it.
    pub kind: String,
    /// File name, without folders.
    pub file_name: String,
    /// Number of tokens.
    pub vocabulary_size: u32,
    /// Audio context in frames of 20 ms: 1500 for Whisper's own models.
    pub audio_context: u32,
    /// Text context in tokens; a prompt gets at most half of it.
    pub text_context: u32,
    /// Whether it knows several languages.
    pub multilingual: bool,
    /// Id of end of text. All text tokens are below it.
    pub end_of_text: u32,
}

impl ModelInfo {
    /// Samples of the longest window.
    #[must_use]
    pub fn window_samples(&self) -> usize {
        // 20 ms a frame.
        self.audio_context as usize * (crate::SAMPLE_RATE as usize / 50)
    }
}

/// What was heard in a window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Complete hypotheses, distinct by trimmed text, by falling summed log-probability.
    /// Empty where the model completed none, as one without weights.
    pub hypotheses: Vec<Decoded>,
    /// Every prefix the beam visited, parents before children; the first is the empty
    /// prefix, its own parent. Empty where nothing was recorded.
    pub nodes: Vec<Node>,
    /// Probability that nobody speaks, in [0, 1].
    pub no_speech: f32,
    /// Code of the language given or detected; `None` for a model with one language.
    pub language: Option<String>,
    /// Words of `hypotheses[0]` by time, where asked for.
    pub words: Vec<Word>,
    /// Time the encoder took, with the spectrogram, in milliseconds.
    pub encode_ms: f32,
    /// Time the rest took, in milliseconds.
    pub decode_ms: f32,
}

/// A complete hypothesis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decoded {
    /// Text tokens, without end of text.
    pub tokens: Vec<u32>,
    /// Their text, trimmed; bytes that are not UTF-8 are replaced.
    pub text: String,
    /// `ln p` of each token after those before it, then of end of text: one more than
    /// `tokens`. Empty where nothing was recorded.
    pub logprobs: Vec<f32>,
    /// Whether it ends in a loop: the same few tokens again and again.
    pub repeats: bool,
}

/// A prefix that the beam visited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Index of the prefix without its last token; 0 for the empty prefix.
    pub parent: u32,
    /// Last token; 0 for the empty prefix.
    pub token: u32,
    /// `ln p(token | parent)`, exact also outside the parent's `next`; 0 for the empty
    /// prefix.
    pub logprob: f32,
    /// `ln p(end of text | this prefix)`.
    pub end: f32,
    /// The likeliest text tokens by falling `ln p(token | this prefix)`, end of text not
    /// among them.
    pub next: Vec<(u32, f32)>,
}

/// Log-probabilities of a transcript.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextScore {
    /// Its tokens, without end of text.
    pub tokens: Vec<u32>,
    /// `ln p` of each token after those before it, then of end of text.
    pub logprobs: Vec<f32>,
}

/// A word and when it was spoken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// The word, without spaces around it.
    pub text: String,
    /// Start from the beginning of the window, in milliseconds.
    pub start_ms: i64,
    /// End, not before the start and within the window.
    pub end_ms: i64,
}

/// A stretch of audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Start from the beginning of the audio, in milliseconds.
    pub start_ms: i64,
    /// End, not before the start.
    pub end_ms: i64,
}
