//! What `gec` and its recogniser process `gec-whisper` say to each other.
//!
//! The recogniser runs in a process of its own: its native library cannot share one with
//! that of the language model. Both sides speak over a pipe in each direction:
//!
//! 1. Each side sends a [`handshake`]: twelve bytes whose layout never changes, so that two
//!    versions can tell that they differ. `gec` speaks first, and `gec-whisper` answers with
//!    its own version even where it does not know the other.
//! 2. Then [`frame`]s follow, each with one message of [`messages`]: `gec` sends a
//!    [`Request`], `gec-whisper` answers it with one [`Response`], in the order asked.
//! 3. `gec` closes its end when it is done, and `gec-whisper` exits.
//!
//! ```
//! use acoustic_protocol::{Request, VoiceOptions, frame};
//!
//! let question = Request::Voice { id: 7, samples: vec![0.0; 16], options: VoiceOptions::default() };
//! let mut pipe = Vec::new();
//! frame::write(&mut pipe, &question)?;
//! let read: Option<Request> = frame::read(&mut pipe.as_slice())?;
//! assert_eq!(read, Some(question));
//! # Ok::<(), acoustic_protocol::ProtocolError>(())
//! ```

pub mod error;
pub mod frame;
pub mod handshake;
pub mod messages;

pub use error::ProtocolError;
pub use handshake::PROTOCOL_VERSION;
pub use messages::{
    DecodeOptions, Decoded, ModelInfo, Node, Region, Request, Response, TextScore, Transcript,
    VoiceOptions, Window, Word,
};

/// Samples of audio a second: all audio is mono f32 in [-1, 1] at this rate.
pub const SAMPLE_RATE: u32 = 16_000;
