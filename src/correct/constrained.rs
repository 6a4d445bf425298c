//! `constrained`: decoding inside the list.

use std::sync::Arc;

use super::{CorrectError, Method, Proposal, Tools, Verdict, generate::Generate};
use crate::{
    acoustic::{Follower, Trie},
    corpus::Utterance,
    llm::{BoxFuture, Choice, Step, StepHook, hook, logits},
};

/// At each step only tokens that continue some hypothesis are allowed (constrained
/// decoding of arXiv 2307.04172, on bytes). The result is always a hypothesis.
pub(super) struct Constrained {
    generate: Generate,
}

impl Constrained {
    pub(super) fn new(tools: &Tools) -> Result<Self, CorrectError> {
        Ok(Self { generate: Generate::named("constrained", tools)? })
    }

    async fn decode(&self, utterance: &Utterance) -> Result<Proposal, CorrectError> {
        if utterance.nbest.len() < 2 {
            return Ok(Proposal::new(utterance, utterance.one_best()));
        }
        let even = 1.0 / utterance.nbest.len() as f64;
        let texts = utterance.nbest.iter().map(|hypothesis| (hypothesis.text.as_str(), even));
        let trie = Arc::new(Trie::new(texts));
        let hook = Box::new(InTrie { follower: Follower::new(Arc::clone(&trie)) });
        let mut proposal = self.generate.decode_with(utterance, hook, trie).await?;
        // Whitespace runs count as one space in the trie, and a vocabulary that cannot write
        // some character ends early: what counts is the hypothesis that was meant.
        let words: Vec<&str> = proposal.text.split_whitespace().collect();
        let meant =
            utterance.nbest.iter().find(|h| h.text.split_whitespace().eq(words.iter().copied()));
        match meant {
            Some(hypothesis) => {
                let same = hypothesis.text == utterance.one_best();
                proposal.verdict = if same { Verdict::Kept } else { Verdict::Corrected };
                proposal.text.clone_from(&hypothesis.text);
                Ok(proposal)
            }
            None => {
                let reason = "the model's vocabulary cannot write any hypothesis to its end".into();
                Ok(proposal.fall_back(utterance, Verdict::Refused, reason))
            }
        }
    }
}

struct InTrie {
    follower: Follower,
}

impl StepHook for InTrie {
    fn choose(&mut self, step: Step<'_>) -> Choice {
        let heard = self.follower.heard(step.vocab);
        let mut allowed: Vec<i32> = heard.tokens().map(|(token, _)| token).collect();
        if heard.end() > 0.0 {
            allowed.extend_from_slice(step.vocab.end_tokens());
        }
        allowed.sort_unstable();
        allowed.dedup();
        let scored = allowed.into_iter().map(|token| (token, logits::of(step.logits, token)));
        let choice = hook::best_of(scored);
        if let Choice::Token { token, .. } = choice {
            self.follower.push(step.vocab.piece(token));
        }
        choice
    }
}

impl Method for Constrained {
    fn name(&self) -> &'static str {
        "constrained"
    }

    fn propose<'a>(
        &'a self,
        utterance: &'a Utterance,
    ) -> BoxFuture<'a, Result<Proposal, CorrectError>> {
        Box::pin(self.decode(utterance))
    }
}
