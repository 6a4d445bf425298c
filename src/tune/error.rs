//! What keeps a corpus from being tuned on.

use crate::correct::CorrectError;

/// An error of tuning.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TuneError {
    /// There is too little to learn from.
    #[error(
        "{found} utterances have a reference, in {groups} groups; tuning needs at least {needed} groups"
    )]
    TooFew {
        /// Utterances with a reference.
        found: usize,
        /// Groups of them.
        groups: usize,
        /// Groups that are needed.
        needed: usize,
    },
    /// A method failed.
    #[error(transparent)]
    Correct(#[from] CorrectError),
    /// The user interrupted it.
    #[error("interrupted")]
    Interrupted,
    /// A profile that cannot be read.
    #[error("the profile is not one that this version can read: {reason}")]
    Profile {
        /// Why.
        reason: String,
    },
}

impl TuneError {
    /// What to do about it, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::TooFew { .. } => {
                Some("take a larger split, or one whose utterances have references".into())
            }
            Self::Correct(error) => error.hint(),
            Self::Profile { .. } => Some("learn it again with `gec tune`".into()),
            Self::Interrupted => None,
        }
    }
}
