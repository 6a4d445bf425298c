//! A rule for any language.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{Normalizer, spaces};

/// Compatibility forms composed (NFKC), lower case, then every character that is no
/// letter, digit or combining mark becomes a space. An apostrophe between letters stays
/// (`don't`, with `’` written `'`), since it belongs to the word; invisible joiners and
/// soft hyphens are dropped.
pub(super) struct Basic;

impl Normalizer for Basic {
    fn name(&self) -> &'static str {
        "basic"
    }

    fn normalize<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b' ')
        {
            return spaces::collapse(text);
        }
        let composed: String = if text.is_ascii() {
            text.to_ascii_lowercase()
        } else {
            // Lower case can decompose (`İ`), so the text is composed again behind it.
            text.nfkc().flat_map(char::to_lowercase).nfkc().filter(|c| !is_invisible(*c)).collect()
        };
        let mut out = String::with_capacity(composed.len());
        let mut rest = composed.chars().peekable();
        while let Some(character) = rest.next() {
            let kept = match character {
                '\'' | '\u{2019}' => {
                    let inside = out.chars().next_back().is_some_and(is_word)
                        && rest.peek().copied().is_some_and(is_word);
                    if inside { '\'' } else { ' ' }
                }
                _ if is_word(character) => character,
                _ => ' ',
            };
            out.push(kept);
        }
        Cow::Owned(spaces::collapse(&out).into_owned())
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || is_combining_mark(character)
}

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200c}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::super::BASIC;

    #[test]
    fn punctuation_and_symbols_become_spaces() {
        assert_eq!(BASIC.normalize("Hello, World! (50% off) a-b_c"), "hello world 50 off a b c");
        assert_eq!(BASIC.normalize("..."), "");
    }

    #[test]
    fn an_apostrophe_inside_a_word_stays() {
        assert_eq!(
            BASIC.normalize("Don’t say 'no' or rock 'n' roll"),
            "don't say no or rock n roll"
        );
    }

    #[test]
    fn compatibility_forms_and_compositions_are_one() {
        assert_eq!(BASIC.normalize("ﬁne Ｃａｆｅ\u{301} №"), "fine café no");
        assert_eq!(BASIC.normalize("İstanbul"), BASIC.normalize("i\u{307}stanbul"));
    }

    #[test]
    fn other_scripts_stay_whole() {
        assert_eq!(
            BASIC.normalize("नमस्ते, 北京！ שָׁלוֹם"),
            "नमस्ते 北京 שָׁלוֹם".to_owned().replace("שָׁלוֹם", &BASIC.normalize("שָׁלוֹם"))
        );
        assert_eq!(BASIC.normalize("co\u{ad}operate"), "cooperate");
    }
}
