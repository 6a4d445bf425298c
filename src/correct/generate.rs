//! `generate`: what the model writes.

use std::sync::Arc;

use super::{
    CorrectError, Decoding, Method, Prompter, Proposal, Tools, confidence, prompter::answer_budget,
};
use crate::{
    acoustic::{self, Posterior, Trie, TrieDraft},
    corpus::Utterance,
    edits::pairs,
    llm::{BoxFuture, DraftSource, GenerateRequest, Greedy, LanguageModel, Sampled, StepHook},
    prompt::Output,
};

/// Decodes the template's answer, unconstrained. Also how the other methods generate.
pub(super) struct Generate {
    model: Arc<dyn LanguageModel>,
    prompter: Arc<Prompter>,
    decoding: Decoding,
    posterior: Posterior,
}

impl Generate {
    pub(super) fn new(tools: &Tools) -> Result<Self, CorrectError> {
        Self::named("generate", tools)
    }

    /// The same for a method of another name.
    pub(super) fn named(method: &'static str, tools: &Tools) -> Result<Self, CorrectError> {
        let (model, prompter) = tools.model(method)?;
        // Fused and constrained decoding follow the transcript as it is written.
        if method != "generate" || prompter.template().header().output != Output::Pairs {
            prompter.expect(method, Output::Text)?;
        }
        let (decoding, posterior) = (tools.parameters.decoding, tools.parameters.posterior);
        Ok(Self { model, prompter, decoding, posterior })
    }

    /// Decodes with the settings' own choice of tokens.
    pub(super) async fn decode(&self, utterance: &Utterance) -> Result<Proposal, CorrectError> {
        let Decoding { temperature, top_p, seed } = self.decoding;
        let hook: Box<dyn StepHook> = if temperature > 0.0 {
            let hash = blake3::hash(utterance.id.as_bytes());
            let own =
                hash.as_bytes().first_chunk::<8>().map_or(0, |head| u64::from_le_bytes(*head));
            Box::new(Sampled::new(temperature, top_p, seed ^ own))
        } else {
            Box::new(Greedy)
        };
        let weights = acoustic::posterior(&utterance.nbest, &self.posterior);
        let texts = utterance.nbest.iter().map(|hypothesis| hypothesis.text.as_str());
        let trie = Arc::new(Trie::new(texts.zip(weights)));
        self.decode_with(utterance, hook, trie).await
    }

    /// Decodes with a hook. What was heard makes it faster and changes nothing.
    pub(super) async fn decode_with(
        &self,
        utterance: &Utterance,
        hook: Box<dyn StepHook>,
        heard: Arc<Trie>,
    ) -> Result<Proposal, CorrectError> {
        let max_tokens = answer_budget(self.model.as_ref(), &self.prompter, utterance);
        let prompt = self.prompter.prompt(self.model.as_ref(), utterance, max_tokens)?.tokens;
        let header = self.prompter.template().header();
        let stop = header.stop.clone();
        // Pairs do not begin as the transcript does.
        let draft: Option<Box<dyn DraftSource>> = match header.output {
            Output::Text => Some(Box::new(TrieDraft::new(heard, &header.answer_prefix))),
            Output::Label | Output::Pairs | Output::Class => None,
        };
        let request = GenerateRequest { prompt, max_tokens, stop, hook, draft };
        let output = self.model.generate(request).await?;
        let answer = self.prompter.answer_text(&output.text);
        let words = confidence::of_words(&output.tokens, &output.confidences, self.model.vocab());
        let mut proposal = match self.prompter.template().header().output {
            Output::Pairs => applied(utterance, answer),
            Output::Text | Output::Label | Output::Class => Proposal::new(utterance, answer),
        };
        // A stop text can take words with it, and pairs are no transcript.
        if words.len() == proposal.text.split_whitespace().count() {
            proposal.confidences = words;
        }
        proposal.raw = Some(output.text);
        proposal.logprob = output.logprob;
        proposal.prompt_tokens = output.prompt_tokens;
        proposal.output_tokens = output.answer_tokens;
        proposal.near_ties = output.near_ties;
        proposal.drafted = output.drafted;
        proposal.accepted = output.accepted;
        proposal.decode_calls = output.decode_calls;
        Ok(proposal)
    }
}

/// The 1-best with the pairs of an answer applied; a pair that does not fit is left out and
/// named.
fn applied(utterance: &Utterance, answer: &str) -> Proposal {
    let (text, refused) = pairs::apply(utterance.one_best(), &pairs::parse(answer));
    let mut proposal = Proposal::new(utterance, text);
    let refused: Vec<String> = refused
        .iter()
        .map(|one| format!("`{}` -> `{}`: {}", one.pair.error, one.pair.correction, one.reason))
        .collect();
    proposal.reason = (!refused.is_empty()).then(|| refused.join("; "));
    proposal
}

impl Method for Generate {
    fn name(&self) -> &'static str {
        "generate"
    }

    fn propose<'a>(
        &'a self,
        utterance: &'a Utterance,
    ) -> BoxFuture<'a, Result<Proposal, CorrectError>> {
        Box::pin(self.decode(utterance))
    }
}
