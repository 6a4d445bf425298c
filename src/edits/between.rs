//! The difference between a segment and its correction.

use super::key::{ends_sentence, key, parts};
use super::pairing::pair;
use super::project::{Draft, settle};
use super::{Surface, TokenEdit};
use crate::document::{Segment, script};
use crate::score::Op;

/// The edits that turn a segment into its correction, in order, none next to another.
///
/// Words that differ in nothing but case and surrounding punctuation are left exactly as
/// they stand ([`Surface::Words`]). There a replacement in lower case takes the case of what
/// it replaces, and the punctuation around it; the full stop of deleted words moves to the
/// word before, their capital to the word behind; an inserted word takes none, but at the
/// end of a segment it comes before the full stop. An empty correction deletes every word.
#[must_use]
pub fn between(segment: &Segment, corrected: &str, surface: Surface) -> Vec<TokenEdit> {
    let counts = |word: &str| surface == Surface::Full || !parts(word).core.is_empty();
    let own: Vec<usize> =
        (0..segment.tokens.len()).filter(|at| counts(&segment.tokens[*at].surface)).collect();
    let mut words = script::words(corrected);
    words.retain(|word| counts(&word.surface));
    let compared = |word: &str| {
        let key = key(word);
        // Punctuation by itself is compared as it is.
        if key.is_empty() { word.to_owned() } else { key }
    };
    let own_keys: Vec<String> =
        own.iter().map(|at| compared(&segment.tokens[*at].surface)).collect();
    let keys: Vec<String> = words.iter().map(|word| compared(&word.surface)).collect();
    let ops = pair(&own_keys, &keys);
    let mut draft = Draft::new(segment, corrected, surface);
    for group in groups(&ops, &own) {
        let new = words.get(group.words.clone()).unwrap_or(&[]);
        let tokens = own.get(group.own.clone()).unwrap_or(&[]);
        match (group.matches, tokens) {
            (true, [token]) => draft.matched(*token, new),
            (_, []) => {
                // After the word before; before the first word, not its opening quote.
                let before = group.own.start.checked_sub(1).and_then(|last| own.get(last));
                let at = before.map_or_else(|| own.first().copied().unwrap_or(0), |at| at + 1);
                draft.insert(at, new);
            }
            (_, tokens) if new.is_empty() => draft.delete(tokens),
            (_, tokens) => draft.replace(tokens, new),
        }
    }
    settle(draft)
}

/// Words of a segment and what stands for them in the correction.
struct Group {
    matches: bool,
    own: std::ops::Range<usize>,
    words: std::ops::Range<usize>,
}

/// Neighbouring changes as one, unless punctuation stands between as a token of its own.
fn groups(ops: &[Op], own: &[usize]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let (mut i, mut j) = (0, 0);
    for op in ops {
        let (left, right) = (usize::from(*op != Op::Insert), usize::from(*op != Op::Delete));
        let matches = *op == Op::Match;
        let apart = left > 0
            && i > 0
            && own.get(i - 1).zip(own.get(i)).is_some_and(|(before, at)| at - before > 1);
        match groups.last_mut() {
            Some(last) if !matches && !last.matches && !apart => {
                last.own.end += left;
                last.words.end += right;
            }
            _ => groups.push(Group { matches, own: i..i + left, words: j..j + right }),
        }
        i += left;
        j += right;
    }
    groups
}

/// Whether a token begins a sentence: the first one, or behind the end of another one.
pub(super) fn begins_sentence(segment: &Segment, token: usize) -> bool {
    let before = segment.tokens.get(..token).unwrap_or(&[]);
    before.last().is_none_or(|last| {
        let known = parts(&last.surface);
        ends_sentence(if known.core.is_empty() { known.lead } else { known.trail })
    })
}
