//! One aligned pair, and where it may be cut.

use std::ops::Range;

use crate::score::{Op, align};

/// Words of the hypothesis and of the reference that stand for each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) hypothesis: Range<usize>,
    pub(super) reference: Range<usize>,
}

/// A hypothesis and its reference as word numbers, aligned.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) hypothesis: Vec<u32>,
    pub(super) reference: Vec<u32>,
    /// Maximal runs of errors, in order.
    pub(super) runs: Vec<Block>,
    /// For each place between words of the hypothesis, the nearest place at or before it
    /// where both sides can be cut, as (hypothesis, reference).
    before: Vec<(usize, usize)>,
    /// The same at or after it.
    after: Vec<(usize, usize)>,
}

impl Sample {
    pub(super) fn new(hypothesis: Vec<u32>, reference: Vec<u32>) -> Self {
        let mut runs: Vec<Block> = Vec::new();
        let mut before = vec![None; hypothesis.len() + 1];
        let mut after = before.clone();
        before[0] = Some((0, 0));
        let (mut i, mut j, mut in_run) = (0, 0, false);
        for op in align(&reference, &hypothesis) {
            let (from_j, from_i) = (j, i);
            i += usize::from(op != Op::Insert);
            j += usize::from(op != Op::Delete);
            let is_error = op != Op::Match;
            match runs.last_mut() {
                Some(run) if in_run && is_error => {
                    run.hypothesis.end = j;
                    run.reference.end = i;
                }
                _ => {
                    before[from_j].get_or_insert((from_j, from_i));
                    after[from_j] = Some((from_j, from_i));
                    if is_error {
                        runs.push(Block { hypothesis: from_j..j, reference: from_i..i });
                    }
                }
            }
            in_run = is_error;
        }
        after[j] = Some((j, i));
        before[j].get_or_insert((j, i));

        let mut nearest = (0, 0);
        let before = before.into_iter().map(|at| {
            nearest = at.unwrap_or(nearest);
            nearest
        });
        let before = before.collect();
        let mut nearest = (j, i);
        let mut after: Vec<(usize, usize)> = after
            .into_iter()
            .rev()
            .map(|at| {
                nearest = at.unwrap_or(nearest);
                nearest
            })
            .collect();
        after.reverse();
        Self { hypothesis, reference, runs, before, after }
    }

    /// The least block, cut on both sides, that has these words of the hypothesis.
    pub(super) fn around(&self, words: Range<usize>) -> Block {
        let (start, end) = (self.before[words.start], self.after[words.end]);
        Block { hypothesis: start.0..end.0, reference: start.1..end.1 }
    }

    /// Whether the reference has these words too, with nothing missing beside them.
    pub(super) fn is_correct(&self, words: Range<usize>) -> bool {
        let block = self.around(words.clone());
        block.hypothesis == words
            && self.hypothesis[block.hypothesis] == self.reference[block.reference]
    }

    /// Every phrase of one to `max_words` words that takes in one or more runs of errors
    /// whole, with up to `context_words` correct words around them: the words of the
    /// hypothesis, and those of the reference in their place.
    pub(super) fn phrases(&self, max_words: usize, context_words: usize) -> Vec<Block> {
        let mut phrases = Vec::new();
        for (first, run) in self.runs.iter().enumerate() {
            let before = first.checked_sub(1).map_or(0, |index| self.runs[index].hypothesis.end);
            for (last, other) in self.runs.iter().enumerate().skip(first) {
                let core = run.hypothesis.start..other.hypothesis.end;
                if core.len() > max_words {
                    break;
                }
                let next = self.runs.get(last + 1);
                let after = next.map_or(self.hypothesis.len(), |run| run.hypothesis.start);
                // Where words are only missing, the word on one side gives the place, and both
                // keep the word before and the word after from each bringing them in.
                let (side, sides) = if core.is_empty() { (1, 2) } else { (0, 0) };
                let (side, sides) = (context_words.max(side), context_words.max(sides));
                let room = sides.min(max_words - core.len());
                for left in 0..=room.min(side).min(core.start - before) {
                    for right in 0..=(room - left).min(side).min(after - core.end) {
                        if core.len() + left + right > 0 {
                            phrases.push(Block {
                                hypothesis: core.start - left..core.end + right,
                                reference: run.reference.start - left..other.reference.end + right,
                            });
                        }
                    }
                }
            }
        }
        phrases
    }
}
