//! The progress of a request for log-probabilities.

use tokio::sync::oneshot;

use super::slot::{Next, common_prefix};
use crate::llm::{LlmError, ScoreOutput, ScoreRequest, Scored, Vocab, logits};

pub(super) struct ScoreWork {
    pub(super) request: ScoreRequest,
    pub(super) reply: oneshot::Sender<Result<ScoreOutput, LlmError>>,
    /// What follows the prompt, per continuation: log-probability of its first token
    /// (or of the end for an empty one). Known after the prompt.
    first: Vec<f64>,
    /// Of the continuation being decoded.
    current: Vec<f64>,
    scores: Vec<Scored>,
}

impl ScoreWork {
    pub(super) fn new(
        request: ScoreRequest,
        reply: oneshot::Sender<Result<ScoreOutput, LlmError>>,
    ) -> Self {
        Self {
            scores: Vec::with_capacity(request.continuations.len()),
            first: Vec::new(),
            current: Vec::new(),
            request,
            reply,
        }
    }

    pub(super) fn finish(self) {
        let scored = self.request.continuations.iter().map(Vec::len).sum::<usize>();
        drop(self.reply.send(Ok(ScoreOutput {
            scores: self.scores,
            prompt_tokens: self.request.prompt.len() as u32,
            scored_tokens: scored as u32,
        })));
    }

    pub(super) fn take_logits(&mut self, offset: usize, logits: &[f32], vocab: &Vocab) {
        if offset == 0 {
            if self.first.is_empty() {
                let total = logits::log_sum_exp(logits);
                self.first = self
                    .request
                    .continuations
                    .iter()
                    .map(|continuation| {
                        continuation.first().map_or_else(
                            || match self.request.with_end {
                                true => end_logit(logits, vocab) - total,
                                false => 0.0,
                            },
                            |&token| logits::of(logits, token) - total,
                        )
                    })
                    .collect();
            }
            return;
        }
        let Some(continuation) = self.request.continuations.get(self.scores.len()) else { return };
        let wanted = match continuation.get(offset) {
            Some(&token) => logits::of(logits, token),
            None if self.request.with_end => end_logit(logits, vocab),
            None => return,
        };
        let value = wanted - logits::log_sum_exp(logits);
        // After a sequence was decoded anew from its start, positions come again.
        self.current.truncate(offset);
        if self.current.len() == offset {
            self.current.push(value);
        }
    }

    /// Files the continuation that is complete and finds the next that needs decoding.
    pub(super) fn next(&mut self) -> Next {
        let end = usize::from(self.request.with_end);
        loop {
            let index = self.scores.len();
            let Some(continuation) = self.request.continuations.get(index) else {
                return Next::Done;
            };
            let wanted = continuation.len() + end;
            let shared = index.checked_sub(1).map_or(0, |previous| {
                common_prefix(&self.request.continuations[previous], continuation)
            });
            if self.current.is_empty()
                && let Some(&first) = self.first.get(index)
            {
                self.current.push(first);
                if let Some(previous) = index.checked_sub(1).and_then(|p| self.scores.get(p)) {
                    let known = shared.min(previous.token_logprobs.len());
                    if known > 1 {
                        self.current.extend_from_slice(&previous.token_logprobs[1..known]);
                    }
                }
            }
            if self.current.len() >= wanted {
                self.current.truncate(wanted);
                let token_logprobs = std::mem::take(&mut self.current);
                self.scores.push(Scored { token_logprobs });
                continue;
            }
            // The last token's own successor is only of interest as the end of the text.
            return Next::Target { tokens: continuation[..wanted - 1].to_vec(), again: true };
        }
    }
}

/// Logit of the end of the text: of all end-of-text tokens together.
fn end_logit(logits: &[f32], vocab: &Vocab) -> f64 {
    let end: Vec<f32> =
        vocab.end_tokens().iter().map(|&token| logits::of(logits, token) as f32).collect();
    logits::log_sum_exp(&end)
}
