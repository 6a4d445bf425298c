//! White space.

use std::borrow::Cow;

/// Words separated by single spaces, none at the ends; borrowed where they are already.
pub(super) fn collapse(text: &str) -> Cow<'_, str> {
    if is_collapsed(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    Cow::Owned(out)
}

fn is_collapsed(text: &str) -> bool {
    if text.is_ascii() {
        let bytes = text.as_bytes();
        let irregular = |byte: &u8| matches!(byte, b'\t'..=b'\r');
        return !text.starts_with(' ')
            && !text.ends_with(' ')
            && !bytes.iter().any(irregular)
            && !bytes.windows(2).any(|pair| pair == b"  ");
    }
    let mut after_space = true;
    for character in text.chars() {
        let space = character == ' ';
        if (space && after_space) || (!space && character.is_whitespace()) {
            return false;
        }
        after_space = space;
    }
    !after_space || text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_irregular_white_space_costs_a_copy() {
        for text in ["", "a", "a b", "größe 北京", "\u{1c}"] {
            assert!(matches!(collapse(text), Cow::Borrowed(same) if same == text));
        }
        for text in [" a b", "a b ", "a  b", "a\tb", "a\u{b}b", "a\u{a0}b", "\na b\r\n"] {
            assert_eq!(collapse(text), "a b");
        }
        assert_eq!(collapse("  "), "");
    }
}
