//! One sequence of the context and the request it serves.

use tokio::sync::oneshot;

use crate::llm::{
    Choice, GenerateOutput, GenerateRequest, LlmError, NEAR_TIE, ScoreOutput, ScoreRequest, Scored,
    Step, StopReason, TokenId, Vocab, hook,
};

/// A request together with where its answer goes.
pub(super) enum Request {
    Score(ScoreRequest, oneshot::Sender<Result<ScoreOutput, LlmError>>),
    Generate(GenerateRequest, oneshot::Sender<Result<GenerateOutput, LlmError>>),
}

impl Request {
    pub(super) fn prompt(&self) -> &[TokenId] {
        match self {
            Self::Score(request, _) => &request.prompt,
            Self::Generate(request, _) => &request.prompt,
        }
    }

    /// Most tokens that are decoded after the prompt.
    pub(super) fn answer_tokens(&self) -> usize {
        match self {
            Self::Score(request, _) => {
                request.continuations.iter().map(Vec::len).max().unwrap_or(0)
            }
            Self::Generate(request, _) => request.max_tokens,
        }
    }

    /// Whether nobody waits for the answer any more.
    pub(super) fn is_abandoned(&self) -> bool {
        match self {
            Self::Score(_, reply) => reply.is_closed(),
            Self::Generate(_, reply) => reply.is_closed(),
        }
    }

    pub(super) fn fail(self, error: LlmError) {
        // A closed channel means that the caller went away: nobody is left to tell.
        match self {
            Self::Score(_, reply) => drop(reply.send(Err(error))),
            Self::Generate(_, reply) => drop(reply.send(Err(error))),
        }
    }
}

/// What to decode next in a slot.
pub(super) enum Next {
    /// Make the sequence the prompt followed by `tokens`.
    Target {
        tokens: Vec<TokenId>,
        /// The logits of the last token that is already there are needed again.
        again: bool,
    },
    /// The request is answered.
    Done,
}

/// The progress of a request in its slot.
pub(super) enum Work {
    Score(ScoreWork),
    Generate(GenerateWork),
}

pub(super) struct ScoreWork {
    request: ScoreRequest,
    reply: oneshot::Sender<Result<ScoreOutput, LlmError>>,
    /// What follows the prompt, per continuation: log-probability of its first token
    /// (or of the end for an empty one). Known after the prompt.
    first: Vec<f64>,
    /// Of the continuation being decoded.
    current: Vec<f64>,
    scores: Vec<Scored>,
}

pub(super) struct GenerateWork {
    request: GenerateRequest,
    reply: oneshot::Sender<Result<GenerateOutput, LlmError>>,
    tokens: Vec<TokenId>,
    bytes: Vec<u8>,
    confidences: Vec<f64>,
    logprob: f64,
    near_ties: u32,
    stop: Option<StopReason>,
}

impl Work {
    pub(super) fn new(request: Request) -> Self {
        match request {
            Request::Score(request, reply) => Self::Score(ScoreWork {
                scores: Vec::with_capacity(request.continuations.len()),
                first: Vec::new(),
                current: Vec::new(),
                request,
                reply,
            }),
            Request::Generate(request, reply) => Self::Generate(GenerateWork {
                tokens: Vec::new(),
                bytes: Vec::new(),
                confidences: Vec::new(),
                logprob: 0.0,
                near_ties: 0,
                stop: None,
                request,
                reply,
            }),
        }
    }

    pub(super) fn prompt(&self) -> &[TokenId] {
        match self {
            Self::Score(work) => &work.request.prompt,
            Self::Generate(work) => &work.request.prompt,
        }
    }

    /// Whether nobody waits for the answer any more.
    pub(super) fn is_abandoned(&self) -> bool {
        match self {
            Self::Score(work) => work.reply.is_closed(),
            Self::Generate(work) => work.reply.is_closed(),
        }
    }

    pub(super) fn fail(self, error: LlmError) {
        match self {
            Self::Score(work) => drop(work.reply.send(Err(error))),
            Self::Generate(work) => drop(work.reply.send(Err(error))),
        }
    }

    pub(super) fn finish(self) {
        match self {
            Self::Score(work) => {
                let scored = work.request.continuations.iter().map(Vec::len).sum::<usize>();
                drop(work.reply.send(Ok(ScoreOutput {
                    scores: work.scores,
                    prompt_tokens: work.request.prompt.len() as u32,
                    scored_tokens: scored as u32,
                })));
            }
            Self::Generate(work) => {
                let answer_tokens = work.tokens.len() as u32;
                drop(work.reply.send(Ok(GenerateOutput {
                    text: String::from_utf8_lossy(&work.bytes).into_owned(),
                    tokens: work.tokens,
                    confidences: work.confidences,
                    logprob: Some(work.logprob),
                    stop: work.stop.unwrap_or(StopReason::Length),
                    prompt_tokens: work.request.prompt.len() as u32,
                    answer_tokens,
                    near_ties: work.near_ties,
                })));
            }
        }
    }

    /// Takes the logits of one position; `offset` is 0 for the prompt's last token and
    /// counts the tokens after the prompt.
    pub(super) fn take_logits(&mut self, offset: usize, logits: &[f32], vocab: &Vocab) {
        match self {
            Self::Score(work) => work.take_logits(offset, logits, vocab),
            Self::Generate(work) => work.take_logits(logits, vocab),
        }
    }

    /// Called when all that was to be decoded has been: what comes next.
    pub(super) fn next(&mut self) -> Next {
        match self {
            Self::Score(work) => work.next(),
            Self::Generate(work) => {
                if work.stop.is_some() {
                    Next::Done
                } else {
                    Next::Target { tokens: work.tokens.clone(), again: false }
                }
            }
        }
    }
}

impl ScoreWork {
    fn take_logits(&mut self, offset: usize, logits: &[f32], vocab: &Vocab) {
        if offset == 0 {
            if self.first.is_empty() {
                self.first = self
                    .request
                    .continuations
                    .iter()
                    .map(|continuation| {
                        continuation.first().map_or_else(
                            || if self.request.with_end { end_logprob(logits, vocab) } else { 0.0 },
                            |&token| hook::logprob(logits, token),
                        )
                    })
                    .collect();
            }
            return;
        }
        let Some(continuation) = self.request.continuations.get(self.scores.len()) else { return };
        let value = match continuation.get(offset) {
            Some(&token) => hook::logprob(logits, token),
            None if self.request.with_end => end_logprob(logits, vocab),
            None => return,
        };
        // After a sequence was decoded anew from its start, positions come again.
        self.current.truncate(offset);
        if self.current.len() == offset {
            self.current.push(value);
        }
    }

    /// Files the continuation that is complete and finds the next that needs decoding.
    fn next(&mut self) -> Next {
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

impl GenerateWork {
    fn take_logits(&mut self, logits: &[f32], vocab: &Vocab) {
        if self.stop.is_some() {
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
        if margin < NEAR_TIE {
            self.near_ties += 1;
        }
        let logprob = hook::logprob(logits, token);
        self.logprob += logprob;
        if vocab.is_end(token) {
            self.stop = Some(StopReason::EndOfText);
            return;
        }
        self.tokens.push(token);
        self.confidences.push(confidence.unwrap_or_else(|| logprob.exp()));
        let before = self.bytes.len();
        self.bytes.extend_from_slice(vocab.piece(token));
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

/// Log-probability that the text ends: any end-of-text token.
fn end_logprob(logits: &[f32], vocab: &Vocab) -> f64 {
    vocab.end_tokens().iter().map(|&token| hook::logprob(logits, token).exp()).sum::<f64>().ln()
}

/// Length of the longest common prefix.
pub(super) fn common_prefix(a: &[TokenId], b: &[TokenId]) -> usize {
    a.iter().zip(b).take_while(|(x, y)| x == y).count()
}
