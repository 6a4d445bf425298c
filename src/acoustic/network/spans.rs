//! The stretches of a transcript in which hypotheses differ.

use std::ops::Range;

use super::{ConfusionNetwork, join};

/// A stretch of the transcript in which hypotheses differ, and the agreed words around it.
#[derive(Debug, Clone, PartialEq)]
pub struct DifferingSpan {
    /// Its slots in the network; not empty.
    pub slots: Range<usize>,
    /// The words of the 1-best it covers, counted from 0; empty where the 1-best has none.
    pub words: Range<usize>,
    /// The distinct texts that hypotheses have here, two at least, the most probable first
    /// and among equals that of the earliest hypothesis first.
    pub alternatives: Vec<Alternative>,
    /// Which of them is the 1-best's.
    pub first: usize,
    /// What all hypotheses say between the previous span, or the beginning, and this one.
    pub before: String,
    /// What all hypotheses say between this span and the next, or the end.
    pub after: String,
}

/// What some hypotheses have in a span.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// Its words, joined by a space; empty where they have none.
    pub text: String,
    /// Summed probability of those hypotheses, in (0, 1]. The alternatives of a span sum to 1.
    pub probability: f64,
}

impl ConfusionNetwork<'_> {
    /// The spans in which hypotheses differ, in order. They are as long as can be, and two
    /// with fewer than `join` agreed words between them are one; 0 joins none. A hypothesis
    /// is its alternatives and the agreed words around them.
    #[must_use]
    pub fn spans(&self, join: usize) -> Vec<DifferingSpan> {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let mut differs = false;
        for (index, slot) in self.slots.iter().enumerate() {
            match ranges.last_mut() {
                Some(range) if differs && !slot.agrees() => range.end = index + 1,
                _ if !slot.agrees() => ranges.push(index..index + 1),
                _ => {}
            }
            differs = !slot.agrees();
        }
        // The same words in other slots are no difference.
        ranges.retain(|range| self.alternatives(range).0.len() > 1);
        let mut merged: Vec<Range<usize>> = Vec::new();
        for range in ranges {
            match merged.last_mut() {
                Some(last) if self.words_of(0, &(last.end..range.start)).count() < join => {
                    last.end = range.end;
                }
                _ => merged.push(range),
            }
        }
        (0..merged.len()).map(|index| self.span(&merged, index)).collect()
    }

    fn span(&self, ranges: &[Range<usize>], index: usize) -> DifferingSpan {
        let slots = ranges[index].clone();
        let previous = index.checked_sub(1).map_or(0, |index| ranges[index].end);
        let next = ranges.get(index + 1).map_or(self.slots.len(), |range| range.start);
        let start = self.words_of(0, &(0..slots.start)).count();
        let length = self.words_of(0, &slots).count();
        let (alternatives, first) = self.alternatives(&slots);
        DifferingSpan {
            words: start..start + length,
            alternatives,
            first,
            before: join(self.words_of(0, &(previous..slots.start))),
            after: join(self.words_of(0, &(slots.end..next))),
            slots,
        }
    }

    /// The distinct texts in some slots, and which of them is the 1-best's.
    fn alternatives(&self, slots: &Range<usize>) -> (Vec<Alternative>, usize) {
        let mut alternatives: Vec<Alternative> = Vec::new();
        for (index, &probability) in self.probabilities.iter().enumerate() {
            let text = join(self.words_of(index, slots));
            match alternatives.iter_mut().find(|known| known.text == text) {
                Some(known) => known.probability += probability,
                None => alternatives.push(Alternative { text, probability }),
            }
        }
        let one_best = alternatives.first().map(|first| first.text.clone());
        alternatives.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        let first = alternatives.iter().position(|known| Some(&known.text) == one_best.as_ref());
        (alternatives, first.unwrap_or(0))
    }

    fn words_of(&self, hypothesis: usize, slots: &Range<usize>) -> impl Iterator<Item = &str> {
        let path = self.path(hypothesis);
        path.get(slots.clone()).unwrap_or(&[]).iter().copied().flatten()
    }
}
