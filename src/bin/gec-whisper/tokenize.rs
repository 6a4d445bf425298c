//! Cuts text into tokens.
//!
//! The library cuts each word greedily, longest token first; models trained with a byte-pair
//! vocabulary, Whisper's own among them, saw the cut of its merges. Both are offered, and the
//! likelier one is scored. (The library's own function is not used: it recurses on long
//! words and skips over characters it cannot spell.)

use crate::{error::RecogniserError, vocabulary::Vocabulary};

const CONTRACTIONS: [&str; 7] = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

/// The cuts of a text, at least one, without repeats. Empty text has one empty cut.
///
/// # Errors
/// [`RecogniserError::Unspellable`] where a part of the text is in no token.
pub(crate) fn cuts(vocabulary: &Vocabulary, text: &str) -> Result<Vec<Vec<u32>>, RecogniserError> {
    let (mut longest, mut merged) = (Vec::new(), Vec::new());
    for word in words(text) {
        let unspellable = || RecogniserError::Unspellable(word.to_owned());
        let greedy = longest_first(vocabulary, word.as_bytes()).ok_or_else(unspellable)?;
        merged.extend(by_merges(vocabulary, word.as_bytes()).unwrap_or_else(|| greedy.clone()));
        longest.extend(greedy);
    }
    let differ = longest != merged;
    Ok(if differ { vec![longest, merged] } else { vec![longest] })
}

/// The words of a text as GPT-2 parts them: letters, digits or other signs with at most one
/// space before them, English contractions, and the space between.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(word_length(rest));
        words.push(word);
        rest = after;
    }
    words
}

fn word_length(text: &str) -> usize {
    if let Some(contraction) = CONTRACTIONS.iter().find(|&&end| text.starts_with(end)) {
        return contraction.len();
    }
    let body = text.strip_prefix(' ').unwrap_or(text);
    let space = text.len() - body.len();
    if let Some(kind) = body.chars().next().map(kind).filter(|&kind| kind != Kind::Space) {
        return space + run(body, kind);
    }
    let spaces = run(text, Kind::Space);
    let last = text[..spaces].chars().next_back().map_or(0, char::len_utf8);
    // The last of several spaces belongs to the word after them.
    if spaces < text.len() && spaces > last { spaces - last } else { spaces }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Digit,
    Space,
    Other,
}

fn kind(character: char) -> Kind {
    match character {
        _ if character.is_alphabetic() => Kind::Letter,
        _ if character.is_numeric() => Kind::Digit,
        _ if character.is_whitespace() => Kind::Space,
        _ => Kind::Other,
    }
}

fn run(text: &str, wanted: Kind) -> usize {
    text.find(|character| kind(character) != wanted).unwrap_or(text.len())
}

fn longest_first(vocabulary: &Vocabulary, word: &[u8]) -> Option<Vec<u32>> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while start < word.len() {
        let most = (word.len() - start).min(vocabulary.longest());
        let (length, token) = (1..=most)
            .rev()
            .find_map(|length| Some((length, vocabulary.id(&word[start..start + length])?)))?;
        tokens.push(token);
        start += length;
    }
    Some(tokens)
}

/// Joins the neighbours whose token has the lowest id, as ids are the order of the merges.
fn by_merges(vocabulary: &Vocabulary, word: &[u8]) -> Option<Vec<u32>> {
    let mut bounds: Vec<usize> = (0..=word.len()).collect();
    // Beyond this it is no word, and each step looks at all of it.
    if word.len() > 400 {
        return None;
    }
    loop {
        let joint = (1..bounds.len().saturating_sub(1))
            .filter_map(|at| Some((vocabulary.id(&word[bounds[at - 1]..bounds[at + 1]])?, at)))
            .min();
        match joint {
            Some((_, at)) => bounds.remove(at),
            None => break,
        };
    }
    bounds.windows(2).map(|pair| vocabulary.id(&word[pair[0]..pair[1]])).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vocabulary(tokens: &[&str]) -> Vocabulary {
        let end = tokens.len() as u32;
        Vocabulary::new(tokens.iter().map(|token| token.as_bytes().to_vec()).collect(), end)
    }

    #[test]
    fn words_are_parted_as_by_gpt_2() {
        assert_eq!(words(" it's 3pm,  ok"), [" it", "'s", " 3", "pm", ",", " ", " ok"]);
        assert_eq!(words(" a "), [" a", " "]);
        assert_eq!(words("we'll--go"), ["we", "'ll", "--", "go"]);
        assert_eq!(words(" naïve café"), [" naïve", " café"]);
        assert!(words("").is_empty());
    }

    #[test]
    fn both_cuts_are_given_where_they_differ() {
        let vocabulary = vocabulary(&["a", "b", "c", "bc", "ab", "abc"]);
        // The merges make `bc` first, then `abc`; the longest token is the same.
        assert_eq!(cuts(&vocabulary, "abc").unwrap(), [[5]]);
        // Longest first takes `ab`; the merges take `bc`, which has the lower id.
        let vocabulary = super::tests::vocabulary(&["a", "b", "c", "bc", "ab"]);
        assert_eq!(cuts(&vocabulary, "abc").unwrap(), [[4, 2], [0, 3]]);
        assert_eq!(cuts(&vocabulary, "").unwrap(), [[0_u32; 0]]);
    }

    #[test]
    fn what_cannot_be_spelt_is_named() {
        let error = cuts(&vocabulary(&["a", "b"]), "abz").unwrap_err();
        assert!(error.to_string().contains("`abz`"));
    }

    proptest! {
        #[test]
        fn every_cut_spells_the_text(text in "[ab '.\u{e9}0-9]{0,30}") {
            let mut tokens: Vec<Vec<u8>> = (0..=255).map(|byte| vec![byte]).collect();
            tokens.extend([&b"ab"[..], b" a", b"ba", b"aba", b"\xc3\xa9", b" ab"].map(<[u8]>::to_vec));
            let end = tokens.len() as u32;
            let vocabulary = Vocabulary::new(tokens, end);
            for cut in cuts(&vocabulary, &text).unwrap() {
                prop_assert_eq!(vocabulary.text(&cut), text.trim());
            }
            prop_assert_eq!(words(&text).concat(), text);
        }
    }
}
