//! What can go wrong between the two processes.

use std::io;

/// An error while reading or writing messages. After any of them the stream is of no more
/// use: where the next message starts is not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The pipe failed, or the other side closed it.
    #[error("cannot talk to the other process")]
    Io(#[from] io::Error),
    /// The other side does not speak this protocol.
    #[error("the other process does not speak the protocol of gec and gec-whisper")]
    NotThisProtocol,
    /// The other side speaks another version of the protocol.
    #[error("the other process speaks version {found} of the protocol, this one version {known}")]
    Version {
        /// Version of the other side.
        found: u32,
        /// Version of this side.
        known: u32,
    },
    /// The other side closed the pipe in the middle of a message.
    #[error("the other process ended inside a message, {missing} bytes before its end")]
    Truncated {
        /// Bytes that did not come.
        missing: u64,
    },
    /// A message is larger than any that is sent.
    #[error("a message of {length} bytes is larger than the limit of {limit} bytes")]
    TooLarge {
        /// Length of the message in bytes.
        length: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The bytes of a message are not those of the expected type.
    #[error("a message of {length} bytes cannot be understood")]
    Malformed {
        /// Length of the message in bytes.
        length: usize,
        /// What is wrong with it.
        #[source]
        source: postcard::Error,
    },
    /// Bytes are left over after the message.
    #[error("a message of {length} bytes has {rest} bytes too many")]
    Trailing {
        /// Length of the message in bytes.
        length: usize,
        /// Bytes left over.
        rest: usize,
    },
    /// The message cannot be written as bytes, for example a path that is not Unicode.
    #[error("a message cannot be encoded")]
    Unencodable(#[source] postcard::Error),
}

impl ProtocolError {
    /// What to do about it, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Version { .. } | Self::NotThisProtocol => {
                "install `gec` and `gec-whisper` of the same version, side by side"
            }
            Self::TooLarge { .. } => "split the audio into shorter pieces",
            Self::Unencodable(_) => "use a path whose name is Unicode",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
