//! What a search tells.

use serde::{Deserialize, Serialize};

use super::fitness::{Candidate, Score};

/// How a candidate came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// It is a starting template.
    Start,
    /// Mixed from two parents, and perhaps changed.
    Recombined,
    /// Changed from one parent.
    Mutated,
    /// One sentence of a parent was rewritten by a model.
    Rewritten,
}

/// A candidate that was evaluated on all development utterances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Individual {
    /// The template.
    pub candidate: Candidate,
    /// The name of the starting template whose skeleton it has.
    pub start: String,
    /// How it came about.
    pub origin: Origin,
    /// In which generation, the starting templates being 0.
    pub generation: usize,
    /// On all utterances, in the search's order: comparable in pairs with those of the
    /// other individuals of the search.
    pub score: Score,
    /// Errors and the price of the tokens.
    pub cost: f64,
}

/// One generation, for the log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Generation {
    /// 0 for the starting templates.
    pub number: usize,
    /// Children that were evaluated, at least on the first part.
    pub children: usize,
    /// Of them, wordings of a model.
    pub rewritten: usize,
    /// Draws that were no valid template.
    pub invalid: usize,
    /// Draws that had been there before.
    pub duplicates: usize,
    /// Children that were worse than the worst of the elite on the first part.
    pub dropped: usize,
    /// Children that are in the population now.
    pub kept: usize,
    /// The first failure of the rewriter, where there was one.
    pub rewriter_failure: Option<String>,
    /// Evaluations of an utterance with a template so far, those of the memo included.
    pub evaluations: u64,
    /// The population after it, best first.
    pub population: Vec<Standing>,
}

/// A member of a population.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Hash of the candidate.
    pub hash: String,
    /// How it came about.
    pub origin: Origin,
    /// Word errors on all development utterances.
    pub errors: u64,
    /// Tokens on them.
    pub tokens: u64,
    /// Errors and the price of the tokens.
    pub cost: f64,
}

impl From<&Individual> for Standing {
    fn from(of: &Individual) -> Self {
        Self {
            hash: of.candidate.hash.clone(),
            origin: of.origin,
            errors: of.score.total(),
            tokens: of.score.tokens,
            cost: of.cost,
        }
    }
}

/// Why a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stopped {
    /// It had as many generations as were asked for.
    Generations,
    /// The best had not changed for some generations.
    NoGain,
    /// The evaluations were used up.
    Evaluations,
    /// The time was over.
    Seconds,
    /// No child was found that had not been there before.
    Exhausted,
}

/// The result of a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The candidate of least cost among those with no more errors than the best starting
    /// template, on the development utterances. It was chosen by its score there, so that
    /// score flatters it: report it on other utterances, once.
    pub best: Individual,
    /// The starting templates in the order given, those left out that ask as an earlier one
    /// does.
    pub starts: Vec<Individual>,
    /// One entry a generation.
    pub log: Vec<Generation>,
    /// Why it ended.
    pub stopped: Stopped,
    /// Evaluations of an utterance with a template, those of the memo included.
    pub evaluations: u64,
    /// Those that were not in the memo.
    pub new_evaluations: u64,
}
