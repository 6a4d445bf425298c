//! Continuous batching: many requests in one `llama_decode`.
//!
//! The context has `slots` sequences. A request takes a slot, is decoded a few tokens at
//! a time together with all the others, and gives the slot back when it is answered. A
//! slot keeps its tokens, so that the next request with the same beginning goes on from
//! there; a long common beginning (instructions, examples) is decoded once and copied
//! from slot to slot. Where a request can guess how its text goes on, guesses are decoded
//! along with what was chosen ([`super::plan`]), and what was guessed wrong is removed again.

use std::{
    cmp::Reverse,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use llama_cpp_2::{
    context::LlamaContext, llama_batch::LlamaBatch, model::LlamaModel, token::LlamaToken,
};
use tokio::sync::mpsc;

use super::{
    Drafts, Totals,
    cost::{Cost, Load},
    generate::Verified,
    plan::{self, Acceptance, LONGEST, Limits, Part, Ready},
    slot::{Next, Request, Work, common_prefix},
    tokens_of,
    worth::{Guesses, Worth},
};
use crate::llm::{LlmError, TokenId, Vocab};

/// A shared beginning shorter than this is cheaper to decode again than to copy.
const WORTH_COPYING: usize = 32;

/// Logits of one `llama_decode` take at most this many floats (128 MiB).
const LOGITS_BUDGET: usize = 32 << 20;

/// Longer requests go before one that waits, at most this many times as many as there are slots.
const PATIENCE: u64 = 4;

/// Any token: what it is plays no part.
const FILLER: TokenId = 0;

/// So many logits take about as long to look at as ten threads to start.
const WORTH_A_THREAD: usize = if cfg!(test) { 1 << 12 } else { 1 << 16 };

/// Shape of the context.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Sequences decoded together.
    pub(super) slots: usize,
    /// Tokens a sequence can hold.
    pub(super) context: usize,
    /// Tokens decoded in one call.
    pub(super) batch: usize,
    /// Tokens llama.cpp decodes in one pass.
    pub(super) pass: usize,
    /// Threads that decode.
    pub(super) threads: usize,
    /// Whether slots reuse what they and others have decoded.
    pub(super) share_prefix: bool,
    /// When guesses are decoded.
    pub(super) drafts: Drafts,
}

#[derive(Default)]
struct Slot {
    /// Tokens in the key-value cache.
    decoded: Vec<TokenId>,
    /// Tokens still to be decoded.
    pending: Vec<TokenId>,
    work: Option<Work>,
    /// Ticks at which the slot was last given away.
    last_used: u64,
}

impl Slot {
    fn is_free(&self) -> bool {
        self.work.is_none()
    }

    /// Tokens this slot will hold that are equal to the beginning of `prompt`.
    fn will_share(&self, prompt: &[TokenId]) -> usize {
        let now = common_prefix(&self.decoded, prompt);
        if now == self.decoded.len() {
            now + common_prefix(&self.pending, &prompt[now..])
        } else {
            now
        }
    }
}

/// A request without a slot.
struct Queued {
    request: Request,
    /// Tokens it may come to, prompt and answer.
    tokens: usize,
    /// Requests that waited before it came, in all.
    arrival: u64,
}

/// A request and its logits of one call, each with its offset.
type Look<'a> = (&'a mut Work, Vec<(usize, &'a [f32])>);

pub(super) struct Scheduler<'model> {
    model: &'model LlamaModel,
    context: LlamaContext<'model>,
    batch: LlamaBatch<'static>,
    vocab: Arc<Vocab>,
    shape: Shape,
    slots: Vec<Slot>,
    queue: Vec<Queued>,
    /// Requests that were put into the queue.
    arrived: u64,
    tick: u64,
    cost: Cost,
    acceptance: Acceptance,
    worth: Worth,
    guesses: Arc<Guesses>,
    totals: Arc<Mutex<Totals>>,
}

impl<'model> Scheduler<'model> {
    pub(super) fn new(
        model: &'model LlamaModel,
        context: LlamaContext<'model>,
        vocab: Arc<Vocab>,
        shape: Shape,
        totals: Arc<Mutex<Totals>>,
        guesses: Arc<Guesses>,
    ) -> Self {
        Self {
            model,
            context,
            batch: LlamaBatch::new(shape.batch, 1),
            vocab,
            shape,
            slots: (0..shape.slots).map(|_| Slot::default()).collect(),
            queue: Vec::new(),
            arrived: 0,
            tick: 0,
            cost: Cost::default(),
            acceptance: Acceptance::of_engine(),
            worth: Worth::new(),
            guesses,
            totals,
        }
    }

    /// Serves requests until all senders are gone.
    pub(super) fn run(mut self, mut requests: mpsc::UnboundedReceiver<Request>) {
        loop {
            let idle = self.queue.is_empty() && self.slots.iter().all(Slot::is_free);
            if idle {
                match requests.blocking_recv() {
                    Some(request) => self.enqueue(request),
                    None => return,
                }
            }
            while let Ok(request) = requests.try_recv() {
                self.enqueue(request);
            }
            self.admit();
            self.decode();
        }
    }

    /// Has a request wait for a slot, unless it can never be given one.
    fn enqueue(&mut self, request: Request) {
        let (prompt, answer) = (request.prompt().len(), request.answer_tokens());
        let (tokens, context) = (prompt + answer, self.shape.context);
        if prompt == 0 {
            request.fail(LlmError::EmptyPrompt);
        } else if tokens > context {
            request.fail(LlmError::ContextOverflow { prompt, answer, context });
        } else {
            self.queue.push(Queued { request, tokens, arrival: self.arrived });
            self.arrived += 1;
        }
    }

    /// Gives free slots to waiting requests, the longest first: the short ones fill up the end of
    /// a run, when there is not enough for all slots. None is kept waiting for ever.
    fn admit(&mut self) {
        for slot in &mut self.slots {
            if slot.work.as_ref().is_some_and(Work::is_abandoned) {
                slot.work = None;
                slot.pending.clear();
            }
        }
        self.queue.retain(|one| !one.request.is_abandoned());
        // Served as they come, a request would be given a slot when so many had left the queue.
        let left = self.arrived - self.queue.len() as u64;
        let patience = PATIENCE * self.shape.slots as u64;
        self.queue.sort_by_key(|one| match one.arrival + patience <= left {
            true => (0, Reverse(0), one.arrival),
            false => (1, Reverse(one.tokens), one.arrival),
        });
        let mut waiting = std::mem::take(&mut self.queue).into_iter();
        while self.slots.iter().any(Slot::is_free)
            && let Some(queued) = waiting.next()
        {
            match self.choose_slot(queued.request.prompt()) {
                Some(index) => self.start(index, queued.request),
                None => self.queue.push(queued),
            }
        }
        self.queue.extend(waiting);
    }

    /// A free slot for `prompt`, prepared to hold as much of it as is known; `None`
    /// where all are taken or the beginning is just being decoded by another.
    fn choose_slot(&mut self, prompt: &[TokenId]) -> Option<usize> {
        // Logits of the prompt's last token are needed, so it is always decoded.
        let usable = prompt.len() - 1;
        let (own, index) = self
            .slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| slot.is_free())
            .map(|(index, slot)| {
                let shared = if self.shape.share_prefix {
                    common_prefix(&slot.decoded, prompt).min(usable)
                } else {
                    0
                };
                (shared, slot.last_used, index)
            })
            .max_by_key(|&(shared, used, index)| (shared, Reverse(used), Reverse(index)))
            .map(|(shared, _, index)| (shared, index))?;
        if !self.shape.share_prefix {
            self.truncate(index, 0);
            return Some(index);
        }
        let best_now = self
            .slots
            .iter()
            .enumerate()
            .map(|(other, slot)| (common_prefix(&slot.decoded, prompt).min(usable), other))
            .max_by_key(|&(shared, other)| (shared, Reverse(other)));
        let soon = self.slots.iter().map(|slot| slot.will_share(prompt).min(usable)).max();
        let (now, source) = best_now.unwrap_or((0, index));
        if soon.unwrap_or(0) >= now.max(own) + WORTH_COPYING {
            return None;
        }
        if now >= own + WORTH_COPYING {
            // The least recently used free slot takes the copy, not the one that already
            // holds something else of use.
            let target = self
                .slots
                .iter()
                .enumerate()
                .filter(|(other, slot)| slot.is_free() && *other != source)
                .min_by_key(|(other, slot)| (slot.last_used, *other))
                .map(|(other, _)| other);
            if let Some(target) = target
                && self.copy(source, target)
            {
                self.truncate(target, now);
                return Some(target);
            }
        }
        self.truncate(index, own);
        Some(index)
    }

    /// Copies the whole sequence `source` over `target`. Whole, because without a unified
    /// cache llama.cpp aborts on ranges.
    fn copy(&mut self, source: usize, target: usize) -> bool {
        self.truncate(target, 0);
        if self.context.copy_kv_cache_seq(source as i32, target as i32, None, None).is_err() {
            return false;
        }
        self.slots[target].decoded = self.slots[source].decoded.clone();
        true
    }

    /// Forgets all tokens of a slot from `keep` on. Recurrent models cannot forget a part:
    /// then all is forgotten and decoded again.
    fn truncate(&mut self, index: usize, keep: usize) {
        let slot = &mut self.slots[index];
        if slot.decoded.len() <= keep {
            return;
        }
        let removed = keep > 0
            && matches!(
                self.context.clear_kv_cache_seq(Some(index as u32), Some(keep as u32), None),
                Ok(true)
            );
        if removed {
            slot.decoded.truncate(keep);
        } else {
            if keep > 0 {
                // A draft that is not accepted as a whole would cost the whole text.
                self.shape.drafts = Drafts::Never;
            }
            // Removing a whole sequence never fails, and both numbers fit an i32.
            let _ = self.context.clear_kv_cache_seq(Some(index as u32), None, None);
            slot.decoded.clear();
        }
    }

    fn start(&mut self, index: usize, request: Request) {
        self.tick += 1;
        let tick = self.tick;
        let slot = &mut self.slots[index];
        slot.pending = request.prompt()[slot.decoded.len()..].to_vec();
        slot.last_used = tick;
        slot.work = Some(Work::new(request));
    }

    /// One `llama_decode` over what is pending.
    fn decode(&mut self) {
        let ready = self.ready();
        let limits = Limits {
            tokens: self.shape.batch,
            rows: (LOGITS_BUDGET / self.vocab.len().max(1)).max(self.shape.slots).max(8),
            pass: self.shape.pass,
            drafts: self.shape.drafts != Drafts::Never,
        };
        let parts = plan::parts(&self.cost, &ready, &limits);
        if parts.is_empty() {
            return;
        }
        let rows = self.fill(&parts);
        let load = Load::of(&plan::counts(&parts), rows.len(), self.shape.pass);
        let started = Instant::now();
        if let Err(error) = self.context.decode(&mut self.batch) {
            self.fail_all(&parts, &LlmError::Decode(error.to_string()));
            return;
        }
        self.context.synchronize();
        let seconds = started.elapsed().as_secs_f64();
        self.cost.observe(&load, seconds);
        if self.shape.drafts == Drafts::Auto {
            let saved = plan::saved(&self.cost, &ready, &limits, &parts);
            self.worth.observe(self.guesses.spent(), saved, seconds);
        }
        for part in &parts {
            let Slot { decoded, pending, work, .. } = &mut self.slots[part.slot];
            decoded.extend(pending.drain(..part.pending));
            if let Some(Work::Generate(work)) = work {
                decoded.extend_from_slice(work.draft(part.draft));
                work.count_call();
            }
            decoded.extend(std::iter::repeat_n(FILLER, part.fillers));
        }
        self.choose(&rows);
        let accepted = self.verify(&parts);
        self.count(&load, seconds, &parts, accepted);
        for index in 0..self.slots.len() {
            if self.slots[index].pending.is_empty() {
                self.advance(index);
            }
        }
    }

    /// The slots with something to decode, with their guesses.
    fn ready(&mut self) -> Vec<Ready> {
        let model = self.model;
        let tokenize = |text: &str| tokens_of(model, text);
        let guesses = self.worth.guesses(self.shape.drafts);
        self.guesses.want(guesses);
        let started = Instant::now();
        let mut ready = Vec::new();
        for (index, slot) in self.slots.iter_mut().enumerate() {
            let (held, pending) = (slot.decoded.len(), slot.pending.len());
            let Some(work) = slot.work.as_mut().filter(|_| pending > 0) else { continue };
            let silent = work.first_wanted().saturating_sub(held + 1);
            let (available, likely) = match work {
                Work::Generate(work) if guesses => {
                    work.propose(&self.vocab, &tokenize, LONGEST, &self.acceptance)
                }
                _ => (0, 0.0),
            };
            let space = self.shape.context.saturating_sub(held);
            ready.push(Ready { slot: index, pending, silent, available, likely, space });
        }
        if guesses {
            self.guesses.spend(started.elapsed());
        }
        ready
    }

    /// Puts the parts into the batch; gives slot, offset and row of each wanted position.
    fn fill(&mut self, parts: &[Part]) -> Vec<(usize, usize, i32)> {
        self.batch.clear();
        let mut rows = Vec::new();
        for part in parts {
            let Slot { decoded, pending, work, .. } = &mut self.slots[part.slot];
            let Some(work) = work else { continue };
            let (prompt, first) = (work.prompt().len(), work.first_wanted());
            let mut wanted: Vec<bool> =
                (0..part.pending).map(|count| decoded.len() + count + 1 >= first).collect();
            let mut tokens = pending[..part.pending].to_vec();
            if let Work::Generate(work) = work {
                tokens.extend_from_slice(work.draft(part.draft));
            }
            wanted.resize(tokens.len(), true);
            tokens.extend(std::iter::repeat_n(FILLER, part.fillers));
            wanted.resize(tokens.len(), false);
            for ((position, &token), wanted) in (decoded.len()..).zip(&tokens).zip(wanted) {
                let row = self.batch.n_tokens();
                let sequence = [part.slot as i32];
                // There is room: the parts were chosen so.
                let _ = self.batch.add(LlamaToken(token), position as i32, &sequence, wanted);
                if wanted {
                    rows.push((part.slot, position + 1 - prompt, row));
                }
            }
        }
        rows
    }

    /// Has each request look at its logits: one after another where that takes no time, else
    /// on as many threads as decoding uses.
    fn choose(&mut self, rows: &[(usize, usize, i32)]) {
        let context = &self.context;
        let mut jobs: Vec<Look<'_>> = Vec::new();
        for (index, slot) in self.slots.iter_mut().enumerate() {
            let own: Vec<(usize, &[f32])> = rows
                .iter()
                .filter(|&&(slot, ..)| slot == index)
                .map(|&(_, offset, row)| (offset, context.get_logits_ith(row)))
                .collect();
            if let Some(work) = &mut slot.work
                && !own.is_empty()
            {
                jobs.push((work, own));
            }
        }
        let vocab: &Vocab = &self.vocab;
        let look = |jobs: &mut [Look<'_>]| {
            for (work, own) in jobs {
                own.iter().for_each(|&(offset, logits)| work.take_logits(offset, logits, vocab));
            }
        };
        let worth = rows.len() * vocab.len() / WORTH_A_THREAD;
        let threads = self.shape.threads.min(jobs.len()).min(worth);
        if threads < 2 {
            look(&mut jobs);
            return;
        }
        let each = jobs.len().div_ceil(threads);
        let mut shares = jobs.chunks_mut(each);
        let first = shares.next();
        std::thread::scope(|scope| {
            for share in shares {
                scope.spawn(|| look(share));
            }
            first.into_iter().for_each(look);
        });
    }

    /// Removes what was guessed wrong, and gives the number of guesses that were right.
    fn verify(&mut self, parts: &[Part]) -> usize {
        let mut accepted = 0;
        for part in parts {
            let slot = &mut self.slots[part.slot];
            let verified = match &mut slot.work {
                Some(Work::Generate(work)) => work.verified(),
                _ => Verified::default(),
            };
            accepted += verified.accepted;
            self.acceptance.add(verified.right, verified.compared);
            let keep = slot.decoded.len() - part.unsure() + verified.accepted;
            self.truncate(part.slot, keep);
        }
        accepted
    }

    fn count(&self, load: &Load, seconds: f64, parts: &[Part], accepted: usize) {
        let mut totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        totals.calls += 1;
        totals.passes += load.passes as u64;
        totals.tokens += load.tokens as u64;
        totals.drafted += parts.iter().map(|part| part.draft as u64).sum::<u64>();
        totals.accepted += accepted as u64;
        totals.seconds += seconds;
    }

    /// Asks a slot's request what comes next and prepares the sequence for it.
    fn advance(&mut self, index: usize) {
        let Slot { decoded, pending, work, .. } = &mut self.slots[index];
        let Some(work) = work else { return };
        match work.next() {
            Next::Done => {
                if let Some(work) = self.slots[index].work.take() {
                    work.finish();
                }
            }
            Next::Chosen => {
                if let Work::Generate(work) = work {
                    *pending = work.from(decoded.len());
                }
                self.refuse_nothing(index);
            }
            Next::Target { tokens, again } => {
                let mut target = work.prompt().to_vec();
                let prompt = target.len();
                target.extend(tokens);
                let shared = common_prefix(&self.slots[index].decoded, &target);
                self.truncate(index, shared - usize::from(again && shared > prompt));
                let kept = self.slots[index].decoded.len();
                self.slots[index].pending = target[kept..].to_vec();
                self.refuse_nothing(index);
            }
        }
    }

    /// A request with nothing to decode would wait for ever.
    fn refuse_nothing(&mut self, index: usize) {
        if self.slots[index].pending.is_empty()
            && let Some(work) = self.slots[index].work.take()
        {
            work.fail(LlmError::Decode("a request asked for nothing new".into()));
        }
    }

    /// Gives up on every request of a batch that could not be decoded.
    fn fail_all(&mut self, parts: &[Part], error: &LlmError) {
        for &Part { slot: index, .. } in parts {
            if let Some(work) = self.slots[index].work.take() {
                work.fail(error.clone());
            }
            self.slots[index].pending.clear();
            // What the failed call left in the cache is unknown.
            let _ = self.context.clear_kv_cache_seq(Some(index as u32), None, None);
            self.slots[index].decoded.clear();
        }
    }
}
