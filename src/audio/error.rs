//! What can be wrong with an audio file.

use std::io;
use std::path::PathBuf;

/// An error while reading or cutting one audio file. The next file can be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// The file cannot be opened or read.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file has no bytes.
    #[error("`{}` is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// No known container or codec is in the file.
    #[error("`{}` is not audio in a known format ({detail})", path.display())]
    NotAudio {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        detail: String,
    },
    /// The container is known and holds no sound.
    #[error("`{}` has no audio track", path.display())]
    NoTrack {
        /// The file.
        path: PathBuf,
    },
    /// The container is known, the coding of its sound cannot be decoded.
    #[error("`{}` has audio that cannot be decoded ({detail})", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The codec and what the decoder said about it.
        detail: String,
    },
    /// The file is of a known format and not one packet of it can be decoded.
    #[error("`{}` is damaged: {detail}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        detail: String,
    },
    /// The file has fewer channels.
    #[error("`{}` has no channel {index}: it has {channels}, counted from 0", path.display())]
    Channel {
        /// The file.
        path: PathBuf,
        /// The channel asked for, from 0.
        index: usize,
        /// How many there are.
        channels: usize,
    },
    /// The sample rate makes no sense for speech.
    #[error("`{}` has a sample rate of {rate} Hz", path.display())]
    Rate {
        /// The file.
        path: PathBuf,
        /// Samples a second.
        rate: u32,
    },
    /// A library failed in a way that it should not.
    #[error("the decoder failed on `{}`: {detail}", path.display())]
    Decoder {
        /// The file.
        path: PathBuf,
        /// What it said.
        detail: String,
    },
    /// The options of the segmenter exclude each other.
    #[error("cannot cut audio into segments: {detail}")]
    Options {
        /// Which, and why.
        detail: String,
    },
}

impl AudioError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "check the path; paths in a manifest are relative to the manifest's folder"
            }
            Self::NotAudio { .. } | Self::Unsupported { .. } | Self::Rate { .. } => {
                "convert it first, for example `ffmpeg -i FILE -ac 1 -ar 16000 OUT.wav`; read as \
                 they are: wav, aiff, caf, flac, mp3, ogg, opus, m4a (aac, alac), mkv and webm"
            }
            Self::Empty { .. } | Self::Damaged { .. } => "fetch or record the file again",
            Self::Channel { .. } => "choose another channel, or `mix` for the mean of all",
            Self::Io { .. }
            | Self::NoTrack { .. }
            | Self::Decoder { .. }
            | Self::Options { .. } => {
                return None;
            }
        };
        Some(hint.to_owned())
    }
}
