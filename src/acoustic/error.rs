//! What can be wrong with recorded beliefs.

/// An error of recorded beliefs or of a recogniser's vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The bytes are something else.
    #[error("these bytes are not {what}")]
    Foreign {
        /// What was looked for.
        what: &'static str,
    },
    /// The bytes were written by a later version of the program.
    #[error("{what} have format version {found}, this gec knows versions up to {known}")]
    Newer {
        /// What was looked for.
        what: &'static str,
        /// Version of the bytes.
        found: u8,
        /// Newest version of this program.
        known: u8,
    },
    /// The bytes are cut short or altered.
    #[error("{what} are damaged: {detail}")]
    Damaged {
        /// What was looked for.
        what: &'static str,
        /// What does not fit.
        detail: &'static str,
    },
    /// Not even the beginning of the text was recorded.
    #[error("the recogniser recorded no prefix")]
    NoPrefix,
    /// More was recorded than one window can need.
    #[error("the recogniser recorded {numbers} numbers for one window, more than {largest}")]
    TooLarge {
        /// Next tokens and four a prefix.
        numbers: usize,
        /// Most that is taken.
        largest: usize,
    },
    /// A prefix cannot be.
    #[error("recorded prefix {index}: {detail}")]
    Prefix {
        /// Position of the prefix, from 0.
        index: usize,
        /// What does not fit.
        detail: &'static str,
    },
    /// A token is not one of the recogniser's.
    #[error("recorded prefix {index}: token {token} is not among the recogniser's {tokens} tokens")]
    UnknownToken {
        /// Position of the prefix, from 0.
        index: usize,
        /// The token.
        token: u32,
        /// Size of the vocabulary.
        tokens: usize,
    },
    /// The beliefs were recorded with another vocabulary.
    #[error("recorded with vocabulary {recorded:016x}, not with {given:016x}")]
    OtherVocabulary {
        /// Fingerprint of the vocabulary that was recorded with.
        recorded: u64,
        /// Fingerprint of the vocabulary that was given.
        given: u64,
    },
}

impl RecordError {
    /// What to do about it, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Newer { .. } => "update gec, or choose another database with `--db`",
            Self::Damaged { .. } => "transcribe the audio again, or restore a backup",
            Self::OtherVocabulary { .. } => {
                "transcribe the audio again with the recogniser that is used now"
            }
            Self::NoPrefix | Self::Prefix { .. } | Self::UnknownToken { .. } => {
                "the recogniser is broken or of another version: install both programs together"
            }
            Self::TooLarge { .. } => "record fewer next tokens a prefix, or use a narrower beam",
            Self::Foreign { .. } => return None,
        };
        Some(hint.to_owned())
    }
}
