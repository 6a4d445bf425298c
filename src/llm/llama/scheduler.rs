//! Continuous batching: many requests in one `llama_decode`.
//!
//! The context has `slots` sequences. A request takes a slot, is decoded a few tokens at
//! a time together with all the others, and gives the slot back when it is answered. A
//! slot keeps its tokens, so that the next request with the same beginning goes on from
//! there; a long common beginning (instructions, examples) is decoded once and copied
//! from slot to slot.

use std::{collections::VecDeque, sync::Arc};

use llama_cpp_2::{context::LlamaContext, llama_batch::LlamaBatch, token::LlamaToken};
use tokio::sync::mpsc;

use super::slot::{Next, Request, Work, common_prefix};
use crate::llm::{LlmError, TokenId, Vocab};

/// A shared beginning shorter than this is cheaper to decode again than to copy.
const WORTH_COPYING: usize = 32;

/// Logits of one `llama_decode` take at most this many floats (128 MiB).
const LOGITS_BUDGET: usize = 32 << 20;

/// Shape of the context.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Sequences decoded together.
    pub(super) slots: usize,
    /// Tokens a sequence can hold.
    pub(super) context: usize,
    /// Tokens decoded in one call.
    pub(super) batch: usize,
    /// Whether slots reuse what they and others have decoded.
    pub(super) share_prefix: bool,
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

pub(super) struct Scheduler<'model> {
    context: LlamaContext<'model>,
    batch: LlamaBatch<'static>,
    vocab: Arc<Vocab>,
    shape: Shape,
    slots: Vec<Slot>,
    queue: VecDeque<Request>,
    tick: u64,
}

impl<'model> Scheduler<'model> {
    pub(super) fn new(context: LlamaContext<'model>, vocab: Arc<Vocab>, shape: Shape) -> Self {
        Self {
            context,
            batch: LlamaBatch::new(shape.batch, 1),
            vocab,
            shape,
            slots: (0..shape.slots).map(|_| Slot::default()).collect(),
            queue: VecDeque::new(),
            tick: 0,
        }
    }

    /// Serves requests until all senders are gone.
    pub(super) fn run(mut self, mut requests: mpsc::UnboundedReceiver<Request>) {
        loop {
            let idle = self.queue.is_empty() && self.slots.iter().all(|slot| slot.work.is_none());
            if idle {
                match requests.blocking_recv() {
                    Some(request) => self.queue.push_back(request),
                    None => return,
                }
            }
            while let Ok(request) = requests.try_recv() {
                self.queue.push_back(request);
            }
            self.admit();
            self.decode();
        }
    }

    /// Gives waiting requests to free slots.
    fn admit(&mut self) {
        for index in 0..self.slots.len() {
            if self.slots[index].work.as_ref().is_some_and(Work::is_abandoned) {
                self.slots[index].work = None;
                self.slots[index].pending.clear();
            }
        }
        let mut waiting = std::mem::take(&mut self.queue);
        while let Some(request) = waiting.pop_front() {
            if request.is_abandoned() {
                continue;
            }
            let (prompt, answer) = (request.prompt().len(), request.answer_tokens());
            if prompt == 0 {
                request.fail(LlmError::EmptyPrompt);
                continue;
            }
            if prompt + answer > self.shape.context {
                let context = self.shape.context;
                request.fail(LlmError::ContextOverflow { prompt, answer, context });
                continue;
            }
            match self.choose_slot(request.prompt()) {
                Some(index) => self.start(index, request),
                None => self.queue.push_back(request),
            }
            if self.slots.iter().all(|slot| slot.work.is_some()) {
                break;
            }
        }
        self.queue.append(&mut waiting);
    }

    /// A free slot for `prompt`, prepared to hold as much of it as is known; `None`
    /// where all are taken or the beginning is just being decoded by another.
    fn choose_slot(&mut self, prompt: &[TokenId]) -> Option<usize> {
        let free = |slot: &Slot| slot.work.is_none();
        // Logits of the prompt's last token are needed, so it is always decoded.
        let usable = prompt.len() - 1;
        let (own, index) = self
            .slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| free(slot))
            .map(|(index, slot)| {
                let shared = if self.shape.share_prefix {
                    common_prefix(&slot.decoded, prompt).min(usable)
                } else {
                    0
                };
                (shared, slot.last_used, index)
            })
            .max_by_key(|&(shared, used, index)| {
                (shared, std::cmp::Reverse(used), std::cmp::Reverse(index))
            })
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
            .max_by_key(|&(shared, other)| (shared, std::cmp::Reverse(other)));
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
                .filter(|(other, slot)| free(slot) && *other != source)
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

    /// One `llama_decode` over what is pending, answers first, then prompts.
    fn decode(&mut self) {
        self.batch.clear();
        let mut left = self.shape.batch;
        let mut rows_left = (LOGITS_BUDGET / self.vocab.len().max(1)).max(self.shape.slots).max(8);
        let mut taken: Vec<(usize, usize)> = Vec::new();
        let mut rows: Vec<(usize, usize, i32)> = Vec::new();
        // Slots with few tokens first: their answers are nearly there.
        let mut order: Vec<usize> =
            (0..self.slots.len()).filter(|&i| !self.slots[i].pending.is_empty()).collect();
        order.sort_by_key(|&index| (self.slots[index].pending.len() > 1, index));
        for index in order {
            let slot = &self.slots[index];
            let Some(work) = &slot.work else { continue };
            let prompt = work.prompt().len();
            let mut count = 0;
            for &token in slot.pending.iter().take(left) {
                let position = slot.decoded.len() + count;
                let wanted = position + 1 >= prompt;
                if wanted && rows_left == 0 {
                    break;
                }
                let row = self.batch.n_tokens();
                let added =
                    self.batch.add(LlamaToken(token), position as i32, &[index as i32], wanted);
                if added.is_err() {
                    break;
                }
                if wanted {
                    rows_left -= 1;
                    rows.push((index, position + 1 - prompt, row));
                }
                count += 1;
            }
            if count > 0 {
                left -= count;
                taken.push((index, count));
            }
            if left == 0 {
                break;
            }
        }
        if taken.is_empty() {
            return;
        }
        if let Err(error) = self.context.decode(&mut self.batch) {
            self.fail_all(&taken, &LlmError::Decode(error.to_string()));
            return;
        }
        for (index, count) in taken {
            let slot = &mut self.slots[index];
            slot.decoded.extend(slot.pending.drain(..count));
        }
        for (index, offset, row) in rows {
            if let Some(work) = &mut self.slots[index].work {
                work.take_logits(offset, self.context.get_logits_ith(row), &self.vocab);
            }
        }
        for index in 0..self.slots.len() {
            if self.slots[index].pending.is_empty() {
                self.advance(index);
            }
        }
    }

    /// Asks a slot's request what comes next and prepares the sequence for it.
    fn advance(&mut self, index: usize) {
        let Some(work) = &mut self.slots[index].work else { return };
        match work.next() {
            Next::Done => {
                if let Some(work) = self.slots[index].work.take() {
                    work.finish();
                }
            }
            Next::Target { tokens, again } => {
                let mut target = work.prompt().to_vec();
                let prompt = target.len();
                target.extend(tokens);
                let shared = common_prefix(&self.slots[index].decoded, &target);
                self.truncate(index, shared - usize::from(again && shared > prompt));
                let kept = self.slots[index].decoded.len();
                self.slots[index].pending = target[kept..].to_vec();
                if self.slots[index].pending.is_empty()
                    && let Some(work) = self.slots[index].work.take()
                {
                    work.fail(LlmError::Decode("a request asked for nothing new".into()));
                }
            }
        }
    }

    /// Gives up on every request of a batch that could not be decoded.
    fn fail_all(&mut self, taken: &[(usize, usize)], error: &LlmError) {
        for &(index, _) in taken {
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
