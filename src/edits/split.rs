//! Giving a correction of several segments back to each of them.

use super::key::{ends_sentence, key, parts};
use super::pairing::pair;
use crate::document::{Segment, script};
use crate::score::Op;

/// Distributes the correction of neighbouring segments, corrected as one text, over them:
/// one text for each segment, empty where nothing is left of it.
///
/// Each word goes where the word stands that it is aligned with. An inserted word goes with
/// the word before it, or with the next segment where the word before ends a sentence and
/// its segment. Without segments there is nothing to give.
#[must_use]
pub fn split_back(segments: &[&Segment], joined_correction: &str) -> Vec<String> {
    let mut own: Vec<(String, usize)> = Vec::new();
    for (place, segment) in segments.iter().enumerate() {
        own.extend(segment.tokens.iter().map(|token| (key(&token.surface), place)));
    }
    own.retain(|(key, _)| !key.is_empty());
    let words = script::words(joined_correction);
    let said: Vec<usize> =
        (0..words.len()).filter(|at| !key(&words[*at].surface).is_empty()).collect();
    let own_keys: Vec<String> = own.iter().map(|(key, _)| key.clone()).collect();
    let keys: Vec<String> = said.iter().map(|at| key(&words[*at].surface)).collect();
    let segment_of = |at: usize| own.get(at).map(|(_, place)| *place);
    let mut homes: Vec<Option<usize>> = vec![None; words.len()];
    let (mut i, mut j) = (0_usize, 0_usize);
    for op in pair(&own_keys, &keys) {
        let home = match op {
            Op::Insert => {
                let before = i.checked_sub(1).and_then(segment_of);
                let crosses = before.is_some() && segment_of(i) > before;
                if crosses && closes(segments, before) {
                    segment_of(i)
                } else {
                    before.or_else(|| segment_of(i))
                }
            }
            _ => segment_of(i),
        };
        if op != Op::Delete {
            if let Some(home) =
                said.get(j).and_then(|at| homes.get_mut(*at).map(|slot| (slot, home)))
            {
                *home.0 = home.1;
            }
            j += 1;
        }
        i += usize::from(op != Op::Insert);
    }
    // Punctuation by itself stays with the word before; homes never go back.
    let mut texts: Vec<Vec<(&str, bool)>> = vec![Vec::new(); segments.len()];
    let mut home = homes.iter().copied().flatten().next().unwrap_or(0);
    for (word, own) in words.iter().zip(homes) {
        home = own.unwrap_or(home).max(home);
        if let Some(text) = texts.get_mut(home) {
            text.push((word.surface.as_str(), word.spaced));
        }
    }
    texts.into_iter().map(script::join).collect()
}

/// Distributes a correction of neighbouring segments over them so that each keeps its share of
/// the letters: one text for each segment. Unlike with [`split_back`], words may come into
/// another segment than the one in which their like stood; a text that was not changed comes
/// back as it was. Without segments there is nothing to give.
#[must_use]
pub fn reflow(segments: &[&Segment], joined_correction: &str) -> Vec<String> {
    let letters = |text: &str| text.chars().filter(|one| one.is_alphanumeric()).count() as f64;
    let own: Vec<f64> = segments.iter().map(|segment| letters(&segment.text())).collect();
    let words = script::words(joined_correction);
    let scale = words.iter().map(|word| letters(&word.surface)).sum::<f64>()
        / own.iter().sum::<f64>().max(1.0);
    let mut texts: Vec<Vec<(&str, bool)>> = vec![Vec::new(); segments.len()];
    let (mut home, mut before) = (0, 0.0);
    let mut end = own.first().copied().unwrap_or(0.0) * scale;
    for word in &words {
        let length = letters(&word.surface);
        // A word belongs where its middle is; punctuation stays with the word before it.
        while length > 0.0 && home + 1 < segments.len() && before + length / 2.0 > end {
            home += 1;
            end += own[home] * scale;
        }
        before += length;
        if let Some(text) = texts.get_mut(home) {
            text.push((word.surface.as_str(), word.spaced));
        }
    }
    texts.into_iter().map(script::join).collect()
}

/// Whether a segment ends with the end of a sentence.
fn closes(segments: &[&Segment], place: Option<usize>) -> bool {
    place.and_then(|place| segments.get(place)).is_some_and(|segment| ends_a_sentence(segment))
}

/// Whether a segment's last word has the sign of a sentence's end.
#[must_use]
pub fn ends_a_sentence(segment: &Segment) -> bool {
    segment.tokens.last().is_some_and(|token| {
        let known = parts(&token.surface);
        ends_sentence(if known.core.is_empty() { known.lead } else { known.trail })
    })
}
