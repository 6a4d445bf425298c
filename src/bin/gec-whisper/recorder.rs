//! Writes down what the model believes while the library searches.
//!
//! The library calls back for every live prefix before it chooses the next token, from
//! several threads at once. There the tokens that may not be used are masked, so that the
//! library draws from the very distribution that is recorded.

use std::{
    collections::HashMap,
    ffi::{c_int, c_void},
    panic::{AssertUnwindSafe, catch_unwind},
    slice,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use acoustic_protocol::Node;
use whisper_rs::{FullParams, WhisperSysContext, WhisperSysState, WhisperTokenData};

use crate::{distribution::Distribution, hypotheses::loop_length, suppress::Suppression};

/// A prefix whose last tokens are a loop of this length has nothing more to say.
const LOOP_END: usize = 48;

/// What to record, and of which tokens.
pub(crate) struct Plan {
    /// Tokens that may not be used.
    pub(crate) suppression: Suppression,
    /// Number of all tokens.
    pub(crate) vocabulary_size: usize,
    /// Id of end of text.
    pub(crate) end_of_text: usize,
    /// Tokens kept for each prefix; 0 records nothing.
    pub(crate) top_k: usize,
    /// The logits come divided by this.
    pub(crate) scale: f32,
    /// Longest prefix, in tokens; it is made to end there.
    pub(crate) limit: usize,
}

/// Takes the library's calls.
pub(crate) struct Recorder {
    plan: Plan,
    record: Mutex<Record>,
    broken: AtomicBool,
    panicked: AtomicBool,
}

/// The prefixes so far.
#[derive(Default)]
struct Record {
    nodes: Vec<Node>,
    /// For each node `ln` of the sum of the exponentials of the logits as they came, and of
    /// the logits that are recorded: the same but for temperature.
    sums: Vec<(f32, f32)>,
    children: HashMap<(u32, u32), u32>,
    first_call: Option<Instant>,
}

/// What a search left.
pub(crate) struct Recorded {
    /// The prefixes, as in [`acoustic_protocol::Window::nodes`].
    pub(crate) nodes: Vec<Node>,
    /// When the search began: the encoder and the prompt were done.
    pub(crate) search_start: Option<Instant>,
    /// Whether the model computed something else than numbers.
    pub(crate) broken: bool,
    /// Whether this module failed.
    pub(crate) panicked: bool,
}

impl Recorder {
    pub(crate) fn new(plan: Plan) -> Self {
        Self {
            plan,
            record: Mutex::default(),
            broken: AtomicBool::new(false),
            panicked: AtomicBool::new(false),
        }
    }

    /// Has the library call this recorder during a search with `params`, which must not
    /// outlive it.
    #[expect(unsafe_code, reason = "the binding leaves this callback unwrapped")]
    pub(crate) fn attach(&self, params: &mut FullParams<'_, '_>) {
        let recorder: *const Self = self;
        // SAFETY: the callback only reads through the pointer, and the caller keeps the
        // recorder alive and in place during the search.
        unsafe { params.set_filter_logits_callback_user_data(recorder.cast_mut().cast()) };
        // SAFETY: the function takes what the library gives, and the user data is a recorder.
        unsafe { params.set_filter_logits_callback(Some(filter_logits)) };
    }

    /// What was recorded.
    pub(crate) fn finish(self) -> Recorded {
        let record = self.record.into_inner().unwrap_or_else(PoisonError::into_inner);
        Recorded {
            nodes: record.nodes,
            search_start: record.first_call,
            broken: self.broken.into_inner(),
            panicked: self.panicked.into_inner(),
        }
    }

    /// Masks and records the `logits` after the prefix of `tokens`, whose last token had
    /// the log-probability `last`, in the library's eyes.
    pub(crate) fn visit(&self, tokens: &[u32], last: f32, logits: &mut [f32]) {
        let end = self.plan.end_of_text;
        self.plan.suppression.apply(tokens.is_empty(), logits, end);
        if self.plan.top_k > 0 || tokens.is_empty() {
            self.note(tokens, last, &logits[..=end]);
        }
        let loops = || loop_length(tokens) >= LOOP_END;
        if tokens.len() >= self.plan.limit || loops() || self.broken.load(Ordering::Relaxed) {
            logits[..end].fill(f32::NEG_INFINITY);
            logits[end] = 0.0;
        }
    }

    fn note(&self, tokens: &[u32], last: f32, logits: &[f32]) {
        // `None` where it is known: two decoders may stand at the same prefix.
        let place = {
            let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
            record.first_call.get_or_insert_with(Instant::now);
            record.unknown(tokens)
        };
        let Some(parent) = place else { return };
        // Not under the lock: this is what takes time.
        let Some(distribution) = Distribution::new(logits, self.plan.scale) else {
            self.broken.store(true, Ordering::Relaxed);
            return;
        };
        if self.plan.top_k == 0 {
            return;
        }
        let end = self.plan.end_of_text;
        let next = distribution.top(self.plan.top_k, end);
        let total = distribution.log_total();
        let raw_total = if self.plan.scale == 1.0 {
            total
        } else {
            Distribution::new(logits, 1.0).map_or(total, |raw| raw.log_total())
        };
        let end = distribution.logprob(end);
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        let sums = (raw_total, total);
        record.insert(parent, tokens.last().copied(), last, self.plan.scale, (end, next, sums));
    }
}

impl Record {
    /// The parent's index where the prefix of `tokens` is new.
    fn unknown(&self, tokens: &[u32]) -> Option<u32> {
        let Some((&last, before)) = tokens.split_last() else {
            return self.nodes.is_empty().then_some(0);
        };
        let parent =
            before.iter().try_fold(0, |node, &token| self.children.get(&(node, token)).copied())?;
        (!self.children.contains_key(&(parent, last))).then_some(parent)
    }

    fn insert(
        &mut self,
        parent: u32,
        token: Option<u32>,
        last: f32,
        scale: f32,
        (end, next, sums): (f32, Vec<(u32, f32)>, (f32, f32)),
    ) {
        let index = self.nodes.len() as u32;
        let (token, logprob) = match token {
            // Another thread may have been faster.
            None if index > 0 => return,
            Some(token) if self.children.contains_key(&(parent, token)) => return,
            None => (0, 0.0),
            Some(token) => {
                self.children.insert((parent, token), index);
                (token, self.logprob(parent as usize, token, last, scale))
            }
        };
        self.nodes.push(Node { parent, token, logprob, end, next });
        self.sums.push(sums);
    }

    fn logprob(&self, parent: usize, token: u32, last: f32, scale: f32) -> f32 {
        let known = self.nodes[parent].next.iter().find(|&&(other, _)| other == token);
        let (raw, scaled) = self.sums[parent];
        // The library's number is normalised over the logits as they came.
        known.map_or(scale * (last + raw) - scaled, |&(_, logprob)| logprob)
    }
}

/// What the library calls. Nothing may unwind into it.
#[expect(unsafe_code, reason = "called by the library with raw pointers")]
unsafe extern "C" fn filter_logits(
    _: *mut WhisperSysContext,
    _: *mut WhisperSysState,
    tokens: *const WhisperTokenData,
    count: c_int,
    logits: *mut f32,
    recorder: *mut c_void,
) {
    // SAFETY: `Recorder::attach` gave this pointer, and the recorder outlives the search.
    let recorder = unsafe { &*recorder.cast::<Recorder>().cast_const() };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let count = usize::try_from(count).unwrap_or(0);
        // An empty vector of the library may have a null pointer.
        let tokens = if count == 0 || tokens.is_null() {
            &[]
        } else {
            // SAFETY: the library gives `count` tokens that it does not change meanwhile.
            unsafe { slice::from_raw_parts(tokens, count) }
        };
        // SAFETY: the library gives one logit for each token of the vocabulary, of the
        // decoder that only this call works on.
        let logits = unsafe { slice::from_raw_parts_mut(logits, recorder.plan.vocabulary_size) };
        let ids: Vec<u32> = tokens.iter().map(|token| token.id.cast_unsigned()).collect();
        recorder.visit(&ids, tokens.last().map_or(0.0, |token| token.plog), logits);
    }));
    if outcome.is_err() {
        recorder.panicked.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: usize = 6;

    fn recorder(top_k: usize, limit: usize, scale: f32) -> Recorder {
        Recorder::new(Plan {
            suppression: Suppression { always: vec![4], first: vec![0, END as u32] },
            vocabulary_size: 9,
            end_of_text: END,
            top_k,
            scale,
            limit,
        })
    }

    fn logits() -> Vec<f32> {
        vec![5.0, 1.0, 2.0, 3.0, 9.0, 0.5, 1.5, 7.0, 8.0]
    }

    #[test]
    fn what_may_not_be_used_is_masked_for_the_library_and_has_no_share() {
        let recorder = recorder(9, 10, 1.0);
        let mut seen = logits();
        recorder.visit(&[], 0.0, &mut seen);
        let infinite: Vec<usize> =
            (0..9).filter(|&token| seen[token] == f32::NEG_INFINITY).collect();
        assert_eq!(infinite, [0, 4, 6, 7, 8]);
        let nodes = recorder.finish().nodes;
        assert_eq!(nodes[0].end, f32::NEG_INFINITY);
        let total: f32 = nodes[0].next.iter().map(|(_, logprob)| logprob.exp()).sum();
        assert!((total - 1.0).abs() < 1e-5);
        assert_eq!(nodes[0].next.iter().map(|next| next.0).collect::<Vec<_>>(), [3, 2, 1, 5]);
    }

    #[test]
    fn prefixes_form_a_tree_and_are_recorded_once() {
        let recorder = recorder(2, 10, 1.0);
        recorder.visit(&[], 0.0, &mut logits());
        for _ in 0..2 {
            recorder.visit(&[3], -0.5, &mut logits());
            recorder.visit(&[5], -4.25, &mut logits());
            recorder.visit(&[3, 2], -1.0, &mut logits());
        }
        let nodes = recorder.finish().nodes;
        let shape: Vec<(u32, u32)> = nodes.iter().map(|node| (node.parent, node.token)).collect();
        assert_eq!(shape, [(0, 0), (0, 3), (0, 5), (1, 2)]);
        // Of the two best: the recorded number; else the library's.
        assert_eq!(nodes[1].logprob, nodes[0].next[0].1);
        assert_eq!(nodes[2].logprob, -4.25);
        assert!(nodes[1].next.len() == 2 && nodes[1].end < 0.0);
    }

    #[test]
    fn at_the_limit_and_in_a_loop_only_the_end_is_left() {
        let ends = |tokens: &[u32], limit| {
            let recorder = recorder(2, limit, 1.0);
            let mut seen = logits();
            recorder.visit(tokens, -1.0, &mut seen);
            (0..9).all(|token| (seen[token] > f32::NEG_INFINITY) == (token == END))
        };
        assert!(!ends(&[1, 2], 3) && ends(&[1, 2, 3], 3));
        let looping: Vec<u32> = [1, 2, 3].repeat(20);
        assert!(ends(&looping, 100) && !ends(&looping[..12], 100));
    }

    #[test]
    fn temperature_is_undone() {
        let (hot, cold) = (recorder(1, 10, 2.0), recorder(6, 10, 1.0));
        let halved = || logits().iter().map(|logit| logit / 2.0).collect::<Vec<_>>();
        hot.visit(&[], 0.0, &mut halved());
        cold.visit(&[], 0.0, &mut logits());
        // Token 1 is not the best, so its number comes from that of the library.
        let masked: f32 = [1, 2, 3, 5].iter().map(|&token| halved()[token].exp()).sum();
        hot.visit(&[1], halved()[1] - masked.ln(), &mut halved());
        let (hot, cold) = (hot.finish().nodes, cold.finish().nodes);
        assert!((hot[0].next[0].1 - cold[0].next[0].1).abs() < 1e-5);
        let exact = cold[0].next.iter().find(|next| next.0 == 1).unwrap().1;
        assert!((hot[1].logprob - exact).abs() < 1e-5);
    }

    #[test]
    fn numbers_that_are_none_end_the_search() {
        let recorder = recorder(2, 10, 1.0);
        let mut seen = vec![f32::NAN; 9];
        recorder.visit(&[], 0.0, &mut seen);
        assert!(seen[END] == 0.0 && seen[0] == f32::NEG_INFINITY);
        assert!(recorder.finish().broken);
    }

    #[test]
    fn calls_from_several_threads_give_one_tree() {
        let recorder = recorder(3, 50, 1.0);
        recorder.visit(&[], 0.0, &mut logits());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for length in 1..6 {
                        for token in 1..4 {
                            recorder.visit(&vec![token; length], -1.0, &mut logits());
                        }
                    }
                });
            }
        });
        let nodes = recorder.finish().nodes;
        assert_eq!(nodes.len(), 16);
        assert!(
            nodes.iter().enumerate().skip(1).all(|(index, node)| (node.parent as usize) < index)
        );
    }
}
