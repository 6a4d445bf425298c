//! Which hypotheses back an edit.

use super::TokenEdit;
use super::key::key;
use super::pairing::pair;
use crate::document::{Segment, script};
use crate::score::Op;

/// Ranks of the hypotheses ([`Hypothesis::rank`](crate::corpus::Hypothesis::rank)), in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Support {
    /// Those that have the replacement at that place.
    pub replacement: Vec<u32>,
    /// Those that have what was there.
    pub original: Vec<u32>,
}

/// Aligns each hypothesis with the segment's words and looks what it has in the edit's
/// place. Case and punctuation do not count. A hypothesis may have neither; a deletion has
/// those that have nothing there.
#[must_use]
pub fn support(segment: &Segment, edit: &TokenEdit) -> Support {
    let mut support = Support::default();
    let range = edit.tokens.clone();
    let own: Vec<(usize, String)> = segment
        .tokens
        .iter()
        .enumerate()
        .map(|(at, token)| (at, key(&token.surface)))
        .filter(|(_, key)| !key.is_empty())
        .collect();
    let start = own.iter().take_while(|(at, _)| *at < range.start).count();
    let end = own.iter().take_while(|(at, _)| *at < range.end).count().max(start);
    let own: Vec<String> = own.into_iter().map(|(_, key)| key).collect();
    let original: Vec<String> = own.get(start..end).unwrap_or(&[]).to_vec();
    let replacement = keys(&edit.replacement);
    for hypothesis in &segment.hypotheses {
        let words = keys(&hypothesis.text);
        let (wide, tight) = places(&pair(&own, &words), start, end);
        let has = |wanted: &[String]| {
            // Nothing is there only if nothing is inserted either.
            let tight = Some(tight.clone()).filter(|_| !wanted.is_empty());
            let mut places = std::iter::once(wide.clone()).chain(tight);
            places.any(|place| words.get(place) == Some(wanted))
        };
        if has(&replacement) {
            support.replacement.push(hypothesis.rank);
        } else if has(&original) {
            support.original.push(hypothesis.rank);
        }
    }
    support
}

fn keys(text: &str) -> Vec<String> {
    let words = script::words(text).into_iter();
    words.map(|word| key(&word.surface)).filter(|key| !key.is_empty()).collect()
}

/// The words of a hypothesis in the place of the segment's words `start..end`: with what it
/// inserts on both sides of them, and without.
fn places(
    ops: &[Op],
    start: usize,
    end: usize,
) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
    let (mut i, mut j) = (0, 0);
    let mut wide = 0..0;
    let mut tight = None;
    for op in ops {
        let (left, right) = (usize::from(*op != Op::Insert), usize::from(*op != Op::Delete));
        let within = i >= start && i < end && left > 0;
        i += left;
        if within && right > 0 {
            tight.get_or_insert(j..j).end = j + 1;
        }
        j += right;
        if i < start || (i == start && left > 0 && !within) {
            wide = j..j;
        }
        if i <= end {
            wide.end = j;
        }
    }
    let tight = tight.unwrap_or(wide.start..wide.start);
    (wide, tight)
}
