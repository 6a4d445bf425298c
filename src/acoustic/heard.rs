//! What can have been heard next, in the tokens of a language model.

use super::{State, Trie};
use crate::llm::{Span, TokenId, Vocab};

/// What can have been heard next, token by token.
///
/// The continuations that the recogniser's trie and the vocabulary have in common form a
/// tree; a token stands where its bytes end. Made by [`crate::acoustic::Follower::heard`].
#[derive(Debug, Clone, Default)]
pub struct Heard {
    /// Parents before children; the first is the text itself. Probabilities are given the
    /// text so far.
    branches: Vec<Branch>,
    tokens: Vec<TokenId>,
    end: f64,
}

/// One byte string after the text.
#[derive(Debug, Clone)]
struct Branch {
    parent: usize,
    /// Where its own tokens end in `Heard::tokens`; they begin where the one before ends.
    tokens: usize,
    /// `P(y | x)`.
    mass: f64,
    /// The part of it that no longer token can continue: the transcript ends here, or goes
    /// on as no token does.
    stays: f64,
    /// The part of it of which the record does not say how it goes on.
    unknown: f64,
    /// Tokens that go on from here, whatever was heard.
    spans: [Option<Span>; 2],
}

impl Heard {
    /// What follows `state`. `begins` says which first bytes count; `bare` that the first
    /// word counts without its leading space too.
    pub(super) fn new(
        trie: &Trie,
        state: &State,
        vocab: &Vocab,
        bare: bool,
        begins: impl Fn(u8) -> bool,
    ) -> Self {
        if state.mass <= 0.0 {
            return Self::default();
        }
        let given = |value: f64, at: &State| value / state.mass * (at.scale - state.scale).exp();
        let mut heard = Self { end: given(state.end, state), ..Self::default() };
        let root = Branch {
            parent: 0,
            tokens: 0,
            mass: 1.0,
            stays: 0.0,
            unknown: given(state.unknown, state),
            spans: [Some(vocab.all()), None],
        };
        heard.branches.push(root);
        let mut open = vec![(0, state.clone())];
        while let Some((parent, here)) = open.pop() {
            for byte in trie.next_bytes(&here) {
                if parent == 0 && !begins(byte) {
                    continue;
                }
                let next = trie.step(&here, byte);
                let mass = given(next.mass, &next);
                let mut spans = heard.branches[parent]
                    .spans
                    .map(|span| span.and_then(|span| vocab.narrow(span, byte)));
                if bare && parent == 0 && byte == b' ' {
                    spans[1] = Some(vocab.all());
                }
                if spans == [None, None] {
                    heard.branches[parent].stays += mass;
                    continue;
                }
                let at = heard.branches.len();
                for span in spans.into_iter().flatten() {
                    heard.tokens.extend_from_slice(vocab.exact(span));
                }
                let goes_on = spans.iter().flatten().any(|&span| !vocab.longer(span).is_empty());
                let (stays, unknown) =
                    if goes_on { (next.end, next.unknown) } else { (next.mass, 0.0) };
                let (stays, unknown) = (given(stays, &next), given(unknown, &next));
                heard.branches.push(Branch {
                    parent,
                    tokens: heard.tokens.len(),
                    mass,
                    stays,
                    unknown,
                    spans,
                });
                if goes_on {
                    open.push((at, next));
                }
            }
        }
        heard
    }

    /// Every token whose bytes were heard, with `P(token | text) = M(xy) / M(x)`. Tokens
    /// that begin one another overlap, so the sum can be more than 1.
    pub fn tokens(&self) -> impl Iterator<Item = (TokenId, f64)> {
        (0..self.branches.len()).flat_map(move |at| {
            self.tokens_at(at).iter().map(move |&t| (t, self.branches[at].mass))
        })
    }

    /// `E(x) / M(x)`: the probability that the text ends here; 0 where the text was not
    /// heard.
    #[must_use]
    pub fn end(&self) -> f64 {
        self.end
    }

    /// `U(x) / M(x)`: the probability of which the record does not say how the text goes
    /// on; 0 where the text was not heard, and for lists.
    #[must_use]
    pub fn unknown(&self) -> f64 {
        self.branches.first().map_or(0.0, |root| root.unknown)
    }

    /// The recogniser's distribution over the next token, given the model's own (one
    /// probability a token of `vocab`, with which this was made). It is written to `p_asr`,
    /// one probability a token, which sum to at most 1; all 0 where the text was not heard.
    ///
    /// The trie gives a probability to byte strings, and one continuation can be begun by
    /// several tokens ("f", "fl", "flights"). Its probability is shared out among them as
    /// the model would choose between them, so that the model's own way of cutting words
    /// prevails and only words compete. Where the record stops after some bytes, the tokens
    /// that go on from there share too: it speaks for none of them against another. The end
    /// of the text goes to the end token that the model prefers.
    pub fn distribution(&self, p_model: &[f64], vocab: &Vocab, p_asr: &mut Vec<f64>) {
        let p = |token: TokenId| {
            usize::try_from(token).ok().and_then(|at| p_model.get(at)).copied().unwrap_or(0.0)
        };
        let sum = |tokens: &[TokenId]| tokens.iter().map(|&token| p(token)).sum::<f64>();
        p_asr.clear();
        p_asr.extend(p_model.iter().map(|p| p * self.unknown()));
        let mut give = |token: TokenId, share: f64| {
            if let Some(own) = usize::try_from(token).ok().and_then(|at| p_asr.get_mut(at)) {
                *own += share;
            }
        };
        // What the tokens up to each branch have together.
        let mut upto = vec![0.0; self.branches.len()];
        // What a token gets for each unit of its own probability.
        let mut rate = vec![0.0; self.branches.len()];
        for (at, branch) in self.branches.iter().enumerate().skip(1) {
            upto[at] = upto[branch.parent] + sum(self.tokens_at(at));
            if branch.stays > 0.0 && upto[at] > 0.0 {
                rate[at] += branch.stays / upto[at];
            }
            if branch.unknown > 0.0 {
                let longer = || branch.spans.iter().flatten().map(|&span| vocab.longer(span));
                let all = upto[at] + longer().map(sum).sum::<f64>();
                if all > 0.0 {
                    let unknown = branch.unknown / all;
                    rate[at] += unknown;
                    longer().flatten().for_each(|&token| give(token, unknown * p(token)));
                }
            }
        }
        for (at, branch) in self.branches.iter().enumerate().skip(1).rev() {
            rate[branch.parent] += rate[at];
            self.tokens_at(at).iter().for_each(|&token| give(token, rate[at] * p(token)));
        }
        let best_end = vocab.end_tokens().iter().copied().max_by(|&a, &b| p(a).total_cmp(&p(b)));
        if let Some(token) = best_end {
            give(token, self.end);
        }
    }

    fn tokens_at(&self, at: usize) -> &[TokenId] {
        let start = if at == 0 { 0 } else { self.branches[at - 1].tokens };
        &self.tokens[start..self.branches[at].tokens]
    }
}
