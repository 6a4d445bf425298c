//! Small numbers for words and characters, so that comparing them costs nothing.

use std::hash::BuildHasherDefault;

use crate::normalize::WordMap;

/// Numbers the words and the characters of one utterance's texts, from 0 in order of
/// first occurrence. Equal words get equal numbers, others get others.
#[derive(Debug, Default)]
pub struct Symbols<'t> {
    words: WordMap<&'t str, u32>,
}

impl<'t> Symbols<'t> {
    /// With room for so many different words before it must grow.
    #[must_use]
    pub fn with_capacity(words: usize) -> Self {
        Self { words: WordMap::with_capacity_and_hasher(words, BuildHasherDefault::default()) }
    }

    /// The numbers of the words of a text, split at white space.
    pub fn words(&mut self, text: &'t str) -> Vec<u32> {
        self.numbers(text.split_whitespace())
    }

    /// [`words`](Self::words) of a text that a normaliser has made: single spaces only.
    pub(super) fn spaced_words(&mut self, text: &'t str) -> Vec<u32> {
        self.numbers(text.split(' ').filter(|word| !word.is_empty()))
    }

    fn numbers(&mut self, words: impl Iterator<Item = &'t str>) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(16);
        for word in words {
            let next = self.words.len() as u32;
            numbers.push(*self.words.entry(word).or_insert(next));
        }
        numbers
    }
}

/// How many numbers are kept for ASCII.
const ASCII: u32 = 128;

/// Numbers the characters of a text pair: ASCII by itself, others in order of occurrence.
#[derive(Debug, Default)]
pub(super) struct Characters {
    others: WordMap<char, u32>,
}

impl Characters {
    /// Numbers both texts into the two buffers, which are cleared first.
    pub(super) fn pair(&mut self, first: &str, second: &str, into: &mut [Vec<u32>; 2]) {
        self.others.clear();
        for (text, numbers) in [first, second].into_iter().zip(into) {
            numbers.clear();
            if text.is_ascii() {
                numbers.extend(text.bytes().map(u32::from));
            } else {
                numbers.extend(text.chars().map(|character| self.number(character)));
            }
        }
    }

    fn number(&mut self, character: char) -> u32 {
        if character.is_ascii() {
            return u32::from(character);
        }
        let next = ASCII + self.others.len() as u32;
        *self.others.entry(character).or_insert(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_words_get_equal_numbers() {
        let mut symbols = Symbols::default();
        assert_eq!(symbols.words("the  cat the\u{a0}dog "), [0, 1, 0, 2]);
        assert_eq!(symbols.words("dog Dog"), [2, 3]);
        assert!(symbols.spaced_words("").is_empty());
    }

    #[test]
    fn characters_beyond_ascii_are_numbered_densely() {
        let mut buffers = [Vec::new(), Vec::new()];
        let mut characters = Characters::default();
        characters.pair("aé北", "北é!", &mut buffers);
        assert_eq!(buffers, [vec![97, 128, 129], vec![129, 128, 33]]);
        characters.pair("北", "", &mut buffers);
        assert_eq!(buffers, [vec![128], vec![]]);
    }
}
