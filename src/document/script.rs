//! Which characters are words by themselves, and how words are joined.

use unicode_normalization::char::is_combining_mark;

/// How a character takes part in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Of a script that writes no spaces between words: a unit with its marks.
    Spaceless,
    /// Punctuation of such a script, full width: a unit of its own.
    Wide,
    /// Anything else but white space.
    Other,
}

/// The class of a character that is not white space.
pub(crate) fn class(character: char) -> Class {
    match u32::from(character) {
        // Khmer and Myanmar full stops and commas.
        0x17D4..=0x17DA | 0x104A..=0x104F | 0x0E5A..=0x0E5B => Class::Wide,
        // Letters and digits of ASCII in full width, and Hangul in half width.
        0xFF10..=0xFF19 | 0xFF21..=0xFF3A | 0xFF41..=0xFF5A | 0xFFA0..=0xFFEF => Class::Other,
        0x3001..=0x3004
        | 0x3008..=0x3020
        | 0x3030
        | 0x30A0
        | 0x30FB
        | 0xFE10..=0xFE1F
        | 0xFE30..=0xFE6F
        | 0xFF01..=0xFF65 => Class::Wide,
        // Thai, Lao, Myanmar, Khmer.
        0x0E3F => Class::Other,
        0x0E01..=0x0E5B
        | 0x0E81..=0x0EDF
        | 0x1000..=0x109F
        | 0xA9E0..=0xA9FE
        | 0xAA60..=0xAA7F
        | 0x1780..=0x17FF
        | 0x19E0..=0x19FF => Class::Spaceless,
        // Kana and Han.
        0x3005..=0x3007
        | 0x3021..=0x302F
        | 0x3031..=0x30FF
        | 0x31F0..=0x31FF
        | 0xFF66..=0xFF9F
        | 0x3400..=0x4DBF
        | 0x4E00..=0x9FFF
        | 0xF900..=0xFAFF
        | 0x1B000..=0x1B16F
        | 0x20000..=0x3FFFF => Class::Spaceless,
        _ => Class::Other,
    }
}

/// Han and Kana, which have no spaces even between phrases.
pub(crate) fn is_ideographic(character: char) -> bool {
    class(character) == Class::Spaceless && u32::from(character) >= 0x3000
}

/// Whether a character belongs to the unit of the one before it.
pub(crate) fn continues_cluster(before: Option<char>, character: char) -> bool {
    is_combining_mark(character)
        || matches!(character, '\u{200C}' | '\u{200D}' | '\u{E33}' | '\u{EB3}')
        || matches!(character, '\u{FF9E}' | '\u{FF9F}')
        // Subjoined consonants of Khmer and Myanmar.
        || (matches!(before, Some('\u{17D2}' | '\u{1039}')) && class(character) == Class::Spaceless)
}

/// Marks of direction and width that no eye sees. They are never part of a word.
pub(crate) fn is_invisible(character: char) -> bool {
    matches!(
        u32::from(character),
        0x200B | 0x200E | 0x200F | 0x2060 | 0xFEFF | 0x202A..=0x202E | 0x2066..=0x2069 | 0x061C
    )
}

/// Whether two words would run together if nothing stood between them.
pub(crate) fn run_together(before: char, after: char) -> bool {
    class(before) == Class::Other && class(after) == Class::Other
}

/// Whether two words need a space between them so as not to be read as one. Punctuation by
/// itself may touch any word.
pub(crate) fn needs_space(before: &str, after: &str) -> bool {
    let said = |word: &str| word.contains(char::is_alphanumeric);
    match (before.chars().next_back(), after.chars().next()) {
        (Some(last), Some(first)) => run_together(last, first) && said(before) && said(after),
        _ => false,
    }
}

/// A word of a text without markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) surface: String,
    /// Whether white space precedes it.
    pub(crate) spaced: bool,
}

/// Cuts a text at white space, and scripts without spaces into units. The first word is
/// not [`Word::spaced`]. No text, no words.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut cutter = Cutter::default();
    let mut spaced = false;
    for character in text.chars() {
        if character.is_whitespace() {
            cutter.close();
            spaced = !words.is_empty();
        } else if !is_invisible(character) {
            if cutter.begins_word(character) || words.is_empty() {
                words.push(Word { surface: String::new(), spaced });
                spaced = false;
            }
            if let Some(word) = words.last_mut() {
                word.surface.push(character);
            }
        }
    }
    words
}

/// The words in a row, as one text.
pub(crate) fn join<'a>(words: impl IntoIterator<Item = (&'a str, bool)>) -> String {
    let mut text = String::new();
    for (surface, spaced) in words {
        if spaced && !text.is_empty() {
            text.push(' ');
        }
        text.push_str(surface);
    }
    text
}

/// Decides character by character where words begin.
#[derive(Debug, Default)]
pub(crate) struct Cutter {
    last: Option<char>,
    class: Option<Class>,
}

impl Cutter {
    /// Ends the word: white space, or markup that stands between words.
    pub(crate) fn close(&mut self) {
        *self = Self::default();
    }

    /// Whether a character begins a new word; it is no white space.
    pub(crate) fn begins_word(&mut self, character: char) -> bool {
        let before = self.last.replace(character);
        if self.class.is_some() && continues_cluster(before, character) {
            return false;
        }
        let class = class(character);
        let open = self.class.replace(class);
        match class {
            Class::Other => open != Some(Class::Other),
            Class::Wide => open != Some(Class::Wide) || before != Some(character),
            Class::Spaceless => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surfaces(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.surface).collect()
    }

    #[test]
    fn white_space_cuts_and_scripts_without_spaces_are_units() {
        assert_eq!(surfaces(" don't  stop "), ["don't", "stop"]);
        assert_eq!(surfaces("我love你,OK。"), ["我", "love", "你", ",OK", "。"]);
        assert_eq!(surfaces("がギ"), ["が", "ギ"]);
        assert_eq!(surfaces("か\u{3099}"), ["か\u{3099}"]);
        assert_eq!(surfaces("ที่นี่"), ["ที่", "นี่"]);
        assert_eq!(surfaces("น้ำ"), ["น้ำ"]);
        assert_eq!(surfaces("……好"), ["……", "好"]);
        assert_eq!(surfaces("나는 간다"), ["나는", "간다"]);
        assert!(surfaces(" \u{200f}").is_empty());
    }

    #[test]
    fn persian_keeps_its_joiners_and_loses_marks_of_direction() {
        assert_eq!(surfaces("\u{200f}می\u{200c}خواهم"), ["می\u{200c}خواهم"]);
    }

    #[test]
    fn joining_words_gives_the_text_with_single_spaces() {
        let text = "我 love你  so。";
        let words = words(text);
        let joined = join(words.iter().map(|word| (word.surface.as_str(), word.spaced)));
        assert_eq!(joined, "我 love你 so。");
    }
}
