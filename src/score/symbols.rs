//! Small numbers for words and characters, so that comparing them costs nothing.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Numbers the words and the characters of one utterance's texts, from 0 in order of
/// first occurrence. Equal words get equal numbers, others get others.
#[derive(Debug, Default)]
pub struct Symbols<'t> {
    words: HashMap<&'t str, u32, BuildHasherDefault<WordHasher>>,
}

impl<'t> Symbols<'t> {
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
    others: HashMap<char, u32, BuildHasherDefault<WordHasher>>,
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

/// A multiplicative hash for short keys. Not for keys that an attacker may choose in
/// bulk: one utterance's words are few.
#[derive(Debug, Default)]
struct WordHasher(u64);

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut padded = [0; 8];
            padded[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(padded));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.mix(u64::from(byte));
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(u64::from(number));
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

impl WordHasher {
    fn mix(&mut self, chunk: u64) {
        self.0 = (self.0.rotate_left(5) ^ chunk).wrapping_mul(0x9e37_79b9_7f4a_7c15);
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
