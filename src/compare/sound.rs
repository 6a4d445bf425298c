//! A key that words which sound alike in English share.

use unicode_normalization::UnicodeNormalization as _;

/// A simplified Metaphone (Philips 1990, "Hanging on the Metaphone"): consonants by their
/// sound, a vowel only at the beginning, letters that are not heard left out. Accents are
/// dropped; letters of other scripts stand for themselves. Empty where there is no letter.
pub(super) fn sound_key(word: &str) -> String {
    let letters: Vec<char> =
        word.nfd().filter(|one| one.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let mut key = String::with_capacity(letters.len());
    let mut place = silent_start(&letters);
    while let Some(letter) = letters.get(place) {
        let (sound, taken) = sound(&letters, place);
        let doubled = *letter != 'c' && place > 0 && letters.get(place - 1) == Some(letter);
        if !doubled {
            key.push_str(sound.unwrap_or(""));
            if sound.is_none() {
                key.push(*letter);
            }
        }
        place += taken;
    }
    key
}

/// Letters at the beginning that are not heard: `kn`, `gn`, `pn`, `wr`, `ps`.
fn silent_start(letters: &[char]) -> usize {
    usize::from(matches!(letters, ['k' | 'g' | 'p', 'n', ..] | ['w', 'r', ..] | ['p', 's', ..]))
}

/// The sound of the letter at a place, and how many letters make it; `None` where the letter
/// stands for itself.
fn sound(letters: &[char], place: usize) -> (Option<&'static str>, usize) {
    let rest = letters.get(place..).unwrap_or(&[]);
    let start = place == 0;
    let before = place.checked_sub(1).and_then(|place| letters.get(place)).copied();
    let vowel_after = |skip: usize| rest.get(skip).copied().is_some_and(is_vowel);
    match rest {
        [one, ..] if is_vowel(*one) => (Some(if start { "a" } else { "" }), 1),
        ['m', 'b'] => (Some("m"), 2),
        ['t', 'i', 'o' | 'a', ..] | ['s', 'i', 'o' | 'a', ..] | ['c', 'i', 'a', ..] => {
            (Some("x"), 1)
        }
        ['s' | 'c', 'h', ..] => (Some("x"), 2),
        ['t', 'c', 'h', ..] => (Some("x"), 3),
        ['s', 'c', 'e' | 'i' | 'y', ..] => (Some("s"), 2),
        ['p', 'h', ..] => (Some("f"), 2),
        ['t', 'h', ..] => (Some("0"), 2),
        // As in `ghost`, and as in `night`.
        ['g', 'h', ..] => (Some(if start { "k" } else { "" }), 2),
        ['g', 'n'] => (Some("n"), 2),
        ['d', 'g', 'e' | 'i' | 'y', ..] => (Some("j"), 2),
        ['c', 'k', ..] => (Some("k"), 2),
        ['c', 'e' | 'i' | 'y', ..] => (Some("s"), 1),
        ['g', 'e' | 'i' | 'y', ..] if before != Some('g') => (Some("j"), 1),
        ['c' | 'q' | 'g', ..] => (Some("k"), 1),
        ['x', ..] => (Some(if start { "s" } else { "ks" }), 1),
        ['z', ..] => (Some("s"), 1),
        ['v', ..] => (Some("f"), 1),
        ['d', ..] => (Some("t"), 1),
        ['w', 'h', ..] => (Some(if vowel_after(2) { "w" } else { "" }), 2),
        ['w' | 'h', ..] if !vowel_after(1) => (Some(""), 1),
        _ => (None, 1),
    }
}

fn is_vowel(letter: char) -> bool {
    matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_that_sound_alike_share_a_key() {
        for (one, other) in [
            ("fare", "fair"),
            ("knight", "nite"),
            ("write", "right"),
            ("phone", "fone"),
            ("which", "witch"),
            ("their", "there"),
            ("sell", "cel"),
            ("lamb", "lam"),
            ("zürich", "zurich"),
            ("sea", "see"),
        ] {
            assert_eq!(sound_key(one), sound_key(other), "{one} {other}");
        }
    }

    #[test]
    fn words_that_do_not_have_different_keys() {
        for (one, other) in [
            ("flight", "fright"),
            ("boston", "austin"),
            ("ship", "sip"),
            ("thin", "tin"),
            ("北", "京"),
        ] {
            assert_ne!(sound_key(one), sound_key(other), "{one} {other}");
        }
        assert_eq!((sound_key(""), sound_key("--")), (String::new(), String::new()));
    }

    proptest! {
        #[test]
        fn any_word_with_a_consonant_has_a_key_and_case_does_not_matter(word in "[bdfklmnprtvz]\\PC{0,12}") {
            prop_assert!(!sound_key(&word).is_empty());
            prop_assert_eq!(sound_key(&word.to_ascii_uppercase()), sound_key(&word));
        }
    }
}
