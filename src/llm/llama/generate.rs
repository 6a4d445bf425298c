//! The progress of a request for a text.

use tokio::sync::oneshot;

use super::plan::Acceptance;
use crate::llm::{
    Choice, DraftStep, GenerateOutput, GenerateRequest, LlmError, NEAR_TIE, Step, StopReason,
    TokenId, Vocab, logits,
};

pub(super) struct GenerateWork {
    pub(super) request: GenerateRequest,
    pub(super) reply: oneshot::Sender<Result<GenerateOutput, LlmError>>,
    tokens: Vec<TokenId>,
    bytes: Vec<u8>,
    confidences: Vec<f64>,
    logprob: f64,
    near_ties: u32,
    stop: Option<StopReason>,
    decode_calls: u32,
    /// What is guessed to come after `tokens`, as they were when it was made.
    draft: Vec<TokenId>,
    /// How much of it is being decoded.
    decoding: usize,
    /// How much of it was chosen.
    matched: usize,
    /// Something else was chosen: what was decoded after that means nothing.
    diverged: bool,
    drafted: u32,
    accepted: u32,
    /// Guesses that were compared with what was chosen, and those that were right.
    compared: u32,
    right: u32,
}

/// What became of the drafts of a call.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Verified {
    /// Drafted tokens that were chosen and are decoded.
    pub(super) accepted: usize,
    /// Guesses that were compared, decoded or not.
    pub(super) compared: u32,
    /// Those that were right.
    pub(super) right: u32,
}

impl GenerateWork {
    pub(super) fn new(
        request: GenerateRequest,
        reply: oneshot::Sender<Result<GenerateOutput, LlmError>>,
    ) -> Self {
        Self {
            tokens: Vec::new(),
            bytes: Vec::new(),
            confidences: Vec::new(),
            logprob: 0.0,
            near_ties: 0,
            stop: None,
            decode_calls: 0,
            draft: Vec::new(),
            decoding: 0,
            matched: 0,
            diverged: false,
            drafted: 0,
            accepted: 0,
            compared: 0,
            right: 0,
            request,
            reply,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.stop.is_some()
    }

    /// Tokens decoded so far, without the prompt.
    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Prompt and text from a position on.
    pub(super) fn from(&self, position: usize) -> Vec<TokenId> {
        self.request.prompt.iter().chain(&self.tokens).skip(position).copied().collect()
    }

    pub(super) fn finish(self) {
        let answer_tokens = self.tokens.len() as u32;
        drop(self.reply.send(Ok(GenerateOutput {
            text: String::from_utf8_lossy(&self.bytes).into_owned(),
            tokens: self.tokens,
            confidences: self.confidences,
            logprob: Some(self.logprob),
            stop: self.stop.unwrap_or(StopReason::Length),
            prompt_tokens: self.request.prompt.len() as u32,
            answer_tokens,
            near_ties: self.near_ties,
            decode_calls: self.decode_calls,
            drafted: self.drafted,
            accepted: self.accepted,
        })));
    }

    /// Counts a call that decodes tokens of this request.
    pub(super) fn count_call(&mut self) {
        self.decode_calls += 1;
    }

    /// Guesses at most `most` tokens; returns how many there are, and how likely each is right.
    pub(super) fn propose(
        &mut self,
        vocab: &Vocab,
        tokenize: &dyn Fn(&str) -> Vec<TokenId>,
        most: usize,
        before: &Acceptance,
    ) -> (usize, f64) {
        self.draft.clear();
        let Some(source) = &mut self.request.draft else { return (0, 0.0) };
        // The last token that may be chosen needs no draft: its successor is not asked for.
        let room = self.request.max_tokens.saturating_sub(self.tokens.len() + 1);
        let step = DraftStep { generated: &self.tokens, vocab, tokenize };
        source.propose(&step, most.min(room), &mut self.draft);
        let speaks = |&token: &TokenId| {
            usize::try_from(token).is_ok_and(|at| at < vocab.len()) && !vocab.is_end(token)
        };
        let good = self.draft.iter().take_while(|token| speaks(token)).count();
        self.draft.truncate(good.min(most).min(room));
        (self.draft.len(), before.of_request(self.right, self.compared))
    }

    /// Decides that the first `count` guesses are decoded, and gives them.
    pub(super) fn draft(&mut self, count: usize) -> &[TokenId] {
        self.decoding = count.min(self.draft.len());
        &self.draft[..self.decoding]
    }

    /// Forgets the guesses after a call.
    pub(super) fn verified(&mut self) -> Verified {
        let accepted = self.matched.min(self.decoding);
        let compared = self.matched + usize::from(self.diverged);
        let verified = Verified { accepted, compared: compared as u32, right: self.matched as u32 };
        self.drafted += self.decoding as u32;
        self.accepted += accepted as u32;
        self.compared += verified.compared;
        self.right += verified.right;
        self.draft.clear();
        (self.decoding, self.matched, self.diverged) = (0, 0, false);
        verified
    }

    /// Takes the logits after `offset` tokens of the text.
    pub(super) fn take_logits(&mut self, offset: usize, logits: &[f32], vocab: &Vocab) {
        // Positions come again after a sequence was decoded anew from its start.
        if self.stop.is_some() || self.diverged || offset != self.tokens.len() {
            return;
        }
        if self.tokens.len() >= self.request.max_tokens {
            self.stop = Some(StopReason::Length);
            return;
        }
        let choice = self.request.hook.choose(Step { generated: &self.tokens, logits, vocab });
        let Choice::Token { token, margin, confidence } = choice else {
            self.stop = Some(StopReason::Hook);
            return;
        };
        if let Some(&guess) = self.draft.get(self.matched) {
            if guess == token {
                self.matched += 1;
            } else {
                self.diverged = true;
            }
        }
        if margin < NEAR_TIE {
            self.near_ties += 1;
        }
        let logprob = logits::logprob(logits, token);
        self.logprob += logprob;
        if vocab.is_end(token) {
            self.stop = Some(StopReason::EndOfText);
            return;
        }
        self.tokens.push(token);
        self.confidences.push(confidence.unwrap_or_else(|| logprob.exp()));
        self.append(vocab.piece(token));
        if self.stop.is_none() && self.tokens.len() >= self.request.max_tokens {
            self.stop = Some(StopReason::Length);
        }
    }

    /// Appends to the text, up to a stop text.
    fn append(&mut self, piece: &[u8]) {
        let before = self.bytes.len();
        self.bytes.extend_from_slice(piece);
        for stop in &self.request.stop {
            let from = before.saturating_sub(stop.len());
            if let Some(at) = find(&self.bytes[from..], stop.as_bytes()) {
                self.bytes.truncate(from + at);
                self.stop = Some(StopReason::StopText);
                return;
            }
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    if needle.is_empty() {
        return None;
    }
    haystack.windows(needle.len()).position(|window| window == needle)
}
