//! One sequence of the context and the request it serves.

use tokio::sync::oneshot;

use super::{generate::GenerateWork, score::ScoreWork};
use crate::llm::{
    GenerateOutput, GenerateRequest, LlmError, ScoreOutput, ScoreRequest, TokenId, Vocab,
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
    /// Decode what was chosen.
    Chosen,
    /// The request is answered.
    Done,
}

/// The progress of a request in its slot.
pub(super) enum Work {
    Score(ScoreWork),
    Generate(Box<GenerateWork>),
}

impl Work {
    pub(super) fn new(request: Request) -> Self {
        match request {
            Request::Score(request, reply) => Self::Score(ScoreWork::new(request, reply)),
            Request::Generate(request, reply) => {
                Self::Generate(Box::new(GenerateWork::new(request, reply)))
            }
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
            Self::Score(work) => work.finish(),
            Self::Generate(work) => work.finish(),
        }
    }

    /// The least length of the sequence, prompt included, behind which logits are needed. They
    /// are behind every token from there on.
    pub(super) fn first_wanted(&self) -> usize {
        match self {
            Self::Score(work) => work.request.prompt.len(),
            Self::Generate(work) => work.request.prompt.len() + work.len(),
        }
    }

    /// Takes the logits of one position; `offset` is 0 for the prompt's last token and
    /// counts the tokens after the prompt.
    pub(super) fn take_logits(&mut self, offset: usize, logits: &[f32], vocab: &Vocab) {
        match self {
            Self::Score(work) => work.take_logits(offset, logits, vocab),
            Self::Generate(work) => work.take_logits(offset, logits, vocab),
        }
    }

    /// Called when all that was to be decoded has been: what comes next.
    pub(super) fn next(&mut self) -> Next {
        match self {
            Self::Score(work) => work.next(),
            Self::Generate(work) if work.is_done() => Next::Done,
            Self::Generate(_) => Next::Chosen,
        }
    }
}

/// Length of the longest common prefix.
pub(super) fn common_prefix(a: &[TokenId], b: &[TokenId]) -> usize {
    a.iter().zip(b).take_while(|(x, y)| x == y).count()
}
