//! What examples have in common with an utterance.

use std::fmt;
use std::str::FromStr;

use super::super::PromptError;

/// Which examples are chosen for an utterance. As text: `none`, `random` (seed 0),
/// `random:SEED`, `nearest`, `errors`, `vectors`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// No examples.
    None,
    /// The same ones for every utterance, so that all prompts begin alike, drawn with this
    /// seed.
    Random {
        /// Decides which.
        seed: u64,
    },
    /// Those whose 1-best is most like the utterance's, by the cosine of TF-IDF weighted
    /// character trigrams.
    Nearest,
    /// Those whose lists differ in the same words as the utterance's list: as `Nearest`, of
    /// the words that do not occur equally often in all hypotheses. Among equals, and so
    /// where a list differs in nothing, those with the nearest 1-best.
    Errors,
    /// Those whose vector is most like the utterance's. Among equals those with the nearest
    /// 1-best.
    Vectors,
}

impl Selection {
    /// Whether examples are compared with the utterance, so that one is the nearest.
    #[must_use]
    pub fn compares(self) -> bool {
        matches!(self, Self::Nearest | Self::Errors | Self::Vectors)
    }
}

impl FromStr for Selection {
    type Err = PromptError;

    fn from_str(text: &str) -> Result<Self, PromptError> {
        let unknown = || PromptError::UnknownSelection(text.to_owned());
        match text {
            "none" => Ok(Self::None),
            "random" => Ok(Self::Random { seed: 0 }),
            "nearest" => Ok(Self::Nearest),
            "errors" => Ok(Self::Errors),
            "vectors" => Ok(Self::Vectors),
            _ => {
                let seed = text.strip_prefix("random:").ok_or_else(unknown)?;
                Ok(Self::Random { seed: seed.parse().map_err(|_| unknown())? })
            }
        }
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Random { seed: 0 } => f.write_str("random"),
            Self::Random { seed } => write!(f, "random:{seed}"),
            Self::Nearest => f.write_str("nearest"),
            Self::Errors => f.write_str("errors"),
            Self::Vectors => f.write_str("vectors"),
        }
    }
}
