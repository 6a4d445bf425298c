//! HyPoradise's own scoring rule.

use std::borrow::Cow;

use super::{Normalizer, spaces};

/// Lower case; punctuation, symbols and digits deleted (`don't` becomes `dont`, `at 9pm`
/// becomes `at pm`); white space collapsed. Beside ASCII it deletes the typographic
/// quotes, dashes and dots, so that texts do not differ by a quotation mark.
pub(super) struct Hp;

impl Normalizer for Hp {
    fn name(&self) -> &'static str {
        "hp"
    }

    fn normalize<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b' ') {
            return spaces::collapse(text);
        }
        let kept: String =
            text.chars().filter(|c| !is_deleted(*c)).flat_map(char::to_lowercase).collect();
        Cow::Owned(spaces::collapse(&kept).into_owned())
    }
}

fn is_deleted(character: char) -> bool {
    character.is_ascii_punctuation()
        || character.is_ascii_digit()
        || matches!(character, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}')
}

#[cfg(test)]
mod tests {
    use super::super::HP;

    #[test]
    fn punctuation_and_digits_are_deleted_not_replaced() {
        assert_eq!(
            HP.normalize("Don't leave at 9:30pm, twenty-two!"),
            "dont leave at pm twentytwo"
        );
        assert_eq!(HP.normalize("it’s “fine” – 100%"), "its fine");
        assert_eq!(HP.normalize("show me flights"), "show me flights");
        assert_eq!(HP.normalize("747"), "");
    }
}
