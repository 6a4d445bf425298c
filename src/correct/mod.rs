//! Correction methods: an utterance in, a proposal out.
//!
//! Every method is one file behind the [`Method`] trait; [`build`] makes one by name. A
//! method sees an utterance and a language model, never the store or a file.

mod cascade;
mod classify;
mod closest;
mod cloze;
mod confidence;
mod constrained;
mod distance;
mod error;
mod features;
mod fused;
mod gate;
mod generate;
mod guard;
mod heard;
mod infinite;
mod learned;
mod lm_rank;
mod mbr;
mod needs;
mod one_best;
mod parameters;
mod prompter;
mod rewrite;
mod rover;
mod select;
mod variants;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub(crate) use self::{
    cascade::{Cascade, Considered},
    learned::{led_by, listed, rewrite as rewrite_list},
    variants::Opinion,
};
pub use self::{
    classify::{Classified, Classifier, Decision},
    error::CorrectError,
    features::{FEATURES, ProposalFeatures},
    gate::{Gate, GateFeatures},
    guard::Guard,
    heard::Tries,
    learned::Learned,
    needs::{Chosen, fit},
    parameters::{Decoding, FusionSettings, Parameters},
    prompter::{Prompt, Prompter, answer_budget},
};
use crate::{
    acoustic::Pieces,
    corpus::Utterance,
    llm::{BoxFuture, LanguageModel},
};

/// What became of an utterance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The method ran and its result is the 1-best.
    Kept,
    /// The method ran and its result differs from the 1-best.
    Corrected,
    /// The gate decided that there was nothing to do; the 1-best stands.
    Gated,
    /// The model does not know this kind of text; the 1-best stands.
    Abstained,
    /// The guard refused what the method proposed; the 1-best stands.
    Refused,
    /// Something went wrong; the 1-best stands.
    Failed,
}

impl Verdict {
    /// All of them.
    const ALL: [Self; 6] =
        [Self::Kept, Self::Corrected, Self::Gated, Self::Abstained, Self::Refused, Self::Failed];

    /// The verdict of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == name)
    }

    /// The name under which it is stored and printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Corrected => "corrected",
            Self::Gated => "gated",
            Self::Abstained => "abstained",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// What a method makes of an utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The transcript to use.
    pub text: String,
    /// What became of the utterance.
    pub verdict: Verdict,
    /// Why, where the verdict is not the method's own choice.
    pub reason: Option<String>,
    /// What the model wrote, exactly, where it wrote something.
    pub raw: Option<String>,
    /// Natural log-probability of what the model chose, where there is one.
    pub logprob: Option<f64>,
    /// Confidence of each word (separated by white space) of `text`, in [0, 1]: the
    /// probability under what its tokens were chosen from. Empty where nothing was decoded.
    pub confidences: Vec<f64>,
    /// Tokens of the prompts.
    pub prompt_tokens: u32,
    /// Tokens decoded or scored after the prompts.
    pub output_tokens: u32,
    /// Decoding steps in which the two best choices were nearly tied.
    pub near_ties: u32,
    /// Calls of the model in which this text was decoded.
    pub decode_calls: u32,
    /// Tokens of it that were guessed from what was heard and decoded.
    pub drafted: u32,
    /// Those of them that were chosen.
    pub accepted: u32,
}

impl Proposal {
    /// A transcript that needed no model.
    #[must_use]
    pub fn new(utterance: &Utterance, text: impl Into<String>) -> Self {
        let text = text.into();
        let verdict = if text == utterance.one_best() { Verdict::Kept } else { Verdict::Corrected };
        Self {
            text,
            verdict,
            reason: None,
            raw: None,
            logprob: None,
            confidences: Vec::new(),
            prompt_tokens: 0,
            output_tokens: 0,
            near_ties: 0,
            decode_calls: 0,
            drafted: 0,
            accepted: 0,
        }
    }

    /// The 1-best, for a reason.
    #[must_use]
    pub fn one_best(utterance: &Utterance, verdict: Verdict, reason: impl Into<String>) -> Self {
        let mut proposal = Self::new(utterance, utterance.one_best());
        proposal.verdict = verdict;
        proposal.reason = Some(reason.into());
        proposal
    }

    /// Replaces the text by the 1-best and keeps what it cost to find that out.
    #[must_use]
    pub fn fall_back(mut self, utterance: &Utterance, verdict: Verdict, reason: String) -> Self {
        self.text = utterance.one_best().to_owned();
        self.confidences.clear();
        self.verdict = verdict;
        self.reason = Some(reason);
        self
    }
}

/// A correction method.
pub trait Method: Send + Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// Proposes a transcript for one utterance.
    ///
    /// # Errors
    /// What kept the method from working on this utterance; the caller keeps the 1-best.
    fn propose<'a>(
        &'a self,
        utterance: &'a Utterance,
    ) -> BoxFuture<'a, Result<Proposal, CorrectError>>;
}

/// What methods work with.
#[derive(Clone)]
pub struct Tools {
    /// The language model and how it is asked, where the method needs one.
    pub model: Option<(Arc<dyn LanguageModel>, Arc<Prompter>)>,
    /// Settings of all methods.
    pub parameters: Parameters,
    /// The vocabulary of the recogniser whose beliefs the utterances carry.
    pub pieces: Option<Arc<Pieces>>,
    /// What a profile has learned, where one is used.
    pub learned: Option<Arc<Learned>>,
    /// What was heard of utterances that another method has worked on already.
    pub tries: Tries,
}

impl Tools {
    fn model(
        &self,
        method: &'static str,
    ) -> Result<(Arc<dyn LanguageModel>, Arc<Prompter>), CorrectError> {
        self.model.clone().ok_or(CorrectError::NeedsModel { method })
    }
}

/// `text`, or where a hypothesis has the same words, the first such hypothesis as it is
/// written: a method that puts words together is not to change white space alone.
fn as_listed(utterance: &Utterance, text: String) -> String {
    let same = |listed: &&str| listed.split_whitespace().eq(text.split_whitespace());
    let listed = utterance.nbest.iter().map(|hypothesis| hypothesis.text.as_str()).find(same);
    listed.map_or_else(|| text.clone(), str::to_owned)
}

/// Names of all methods, in the order tables show them, with one line each.
pub const METHODS: &[(&str, &str)] = &[
    ("1best", "the recogniser's first choice, unchanged"),
    ("mbr", "the hypothesis with the least expected word errors under the list's posterior"),
    ("rewrite", "the 1-best with the phrases replaced that a profile has learned"),
    ("variants", "the best of what a profile's phrases and sentences make of the list"),
    ("rover", "the most probable word of each place, voted by the list's posterior"),
    ("lm-rank", "the hypothesis with the best log-probability of language model plus recogniser"),
    ("select", "the hypothesis whose label the model finds most probable, in one forward pass"),
    ("generate", "what the model writes, unconstrained"),
    ("closest", "the hypothesis nearest to what the model writes"),
    ("constrained", "decoding restricted to the list"),
    (
        "cloze",
        "the places where hypotheses differ, each filled with what some hypothesis has there",
    ),
    ("static-fusion", "decoding fused with the recogniser at a constant weight"),
    ("uadf", "decoding fused with the recogniser where the model is unsure"),
    ("cascade", "gate, then another method, then guard; the default"),
];

/// Whether a method always asks a language model. `variants` does where a profile has learned
/// to ([`Learned::chooses_with_model`]).
#[must_use]
pub fn needs_model(name: &str) -> bool {
    !matches!(name, "1best" | "mbr" | "rover" | "rewrite" | "variants")
}

/// Whether a method chooses between alternatives, so that it can do nothing for a transcript
/// without any.
#[must_use]
pub fn needs_alternatives(name: &str) -> bool {
    !matches!(name, "1best" | "rewrite" | "variants" | "generate" | "cascade")
}

/// Makes a method by its name.
///
/// # Errors
/// [`CorrectError::UnknownMethod`], [`CorrectError::NeedsModel`],
/// [`CorrectError::WrongTemplate`] where the template asks for something else than the
/// method reads, or [`CorrectError::Unable`] where the model cannot do what it needs.
pub fn build(name: &str, tools: &Tools) -> Result<Box<dyn Method>, CorrectError> {
    if let Some((known, _)) = METHODS.iter().find(|(known, _)| *known == name) {
        needs::check(known, tools)?;
    }
    Ok(match name {
        "1best" => Box::new(one_best::OneBest),
        "mbr" => Box::new(mbr::Mbr::new(tools)),
        "rewrite" => Box::new(rewrite::Rewrite::new(tools)?),
        "variants" => Box::new(variants::Variants::new(tools)?),
        "rover" => Box::new(rover::Rover::new(tools)),
        "lm-rank" => Box::new(lm_rank::LmRank::new(tools)?),
        "select" => Box::new(select::Select::new(tools)?),
        "generate" => Box::new(generate::Generate::new(tools)?),
        "closest" => Box::new(closest::Closest::new(tools)?),
        "constrained" => Box::new(constrained::Constrained::new(tools)?),
        "cloze" => Box::new(cloze::Cloze::new(tools)?),
        "static-fusion" => Box::new(fused::Fused::with_static_weight(tools)?),
        "uadf" => Box::new(fused::Fused::uadf(tools)?),
        "cascade" => Box::new(cascade::Cascade::new(tools)?),
        _ => return Err(CorrectError::UnknownMethod { name: name.to_owned() }),
    })
}
