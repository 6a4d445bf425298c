//! What can go wrong in a search over templates.

/// Why something that was given to the search failed.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// An error of dividing templates, or of the search over them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvolveError {
    /// The header of a starting template cannot be read.
    #[error("prompt template `{template}`: {reason}")]
    Header {
        /// The template's name or path.
        template: String,
        /// What is wrong.
        reason: String,
    },
    /// A mark of a block is wrong.
    #[error("prompt template `{template}`, line {line}: {reason}")]
    Mark {
        /// The template's name or path.
        template: String,
        /// Line in the file, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A starting template is not a valid template.
    #[error("the starting template `{template}` cannot be used: {reason}")]
    InvalidStart {
        /// The template's name or path.
        template: String,
        /// What the check says.
        reason: String,
    },
    /// A file of variants is malformed.
    #[error("the variants cannot be read: {reason}")]
    Variants {
        /// What is wrong.
        reason: String,
    },
    /// A setting of the search is out of range.
    #[error("`{setting}` {reason}")]
    Setting {
        /// Its name, as a field of the settings.
        setting: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
    /// The budget does not even suffice for the starting templates.
    #[error(
        "the starting templates alone take {needed} evaluations of an utterance, and {given} are allowed"
    )]
    Budget {
        /// Utterances times starting templates.
        needed: u64,
        /// The budget.
        given: u64,
    },
    /// The seconds were over before the starting templates were evaluated.
    #[error("the time was over before the starting templates were evaluated")]
    Time,
    /// The memo belongs to a search over other utterances, or with another seed.
    #[error("the memo is of `{found}`, and this search is of `{expected}`")]
    OtherMemo {
        /// What the memo is of.
        found: String,
        /// What the search is of.
        expected: String,
    },
    /// A candidate could not be evaluated.
    #[error("the template {candidate} could not be evaluated")]
    Fitness {
        /// The first letters of its hash.
        candidate: String,
        /// Why.
        source: Failure,
    },
    /// An evaluation did not return one error count for each utterance.
    #[error("the template {candidate} was evaluated on {asked} utterances and has errors of {got}")]
    Score {
        /// The first letters of its hash.
        candidate: String,
        /// Utterances asked for.
        asked: usize,
        /// Error counts returned.
        got: usize,
    },
}

impl EvolveError {
    /// What to do about it, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Header { .. } => Some("docs/prompts.md tells what a header holds"),
            Self::Mark { .. } => Some(
                "a block stands between the lines `{# gec:block KIND #}` and `{# gec:end #}`; \
                 KIND is instruction, examples, list or output",
            ),
            Self::InvalidStart { .. } => Some("correct the template, or start without it"),
            Self::Variants { .. } => Some("correct the file, or use the built-in variants"),
            Self::Setting { .. } => None,
            Self::Budget { .. } => {
                Some("allow more evaluations, or use fewer utterances or fewer starts")
            }
            Self::Time => Some("allow more seconds, or resume with the memo"),
            Self::OtherMemo { .. } => {
                Some("search with the utterances and the seed of the memo, or without the memo")
            }
            Self::Fitness { .. } => Some("what was evaluated until then is kept"),
            Self::Score { .. } => Some("this is an error in the program, not in the template"),
        }
    }
}
