//! Texts compared by the character trigrams they share.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Three characters of a text.
pub(super) type Trigram = [char; 3];

/// Trigrams and how often each occurs, in order.
pub(super) type Trigrams = BTreeMap<Trigram, f32>;

/// The trigrams of a text in lower case with a space at either end.
pub(super) fn trigrams(text: &str) -> Trigrams {
    let mut characters = vec![' '];
    for word in text.split_whitespace() {
        characters.extend(word.chars().flat_map(char::to_lowercase));
        characters.push(' ');
    }
    let mut counts = BTreeMap::new();
    count(&characters, &mut counts);
    counts
}

/// The trigrams of words, each by itself: what stands next to what is no part of it.
pub(super) fn word_trigrams(words: &BTreeSet<String>) -> Trigrams {
    let mut counts = BTreeMap::new();
    for word in words {
        let characters: Vec<char> = format!(" {word} ").chars().collect();
        count(&characters, &mut counts);
    }
    counts
}

fn count(characters: &[char], counts: &mut Trigrams) {
    for window in characters.windows(3) {
        if let [a, b, c] = *window {
            *counts.entry([a, b, c]).or_insert(0.0) += 1.0;
        }
    }
}

/// For each trigram, the texts that hold it, in order, with its weight there: TF-IDF,
/// `(1 + ln tf) ln(1 + N / df)`, each text's weights of length 1.
#[derive(Debug, Default)]
pub(super) struct TrigramIndex {
    postings: HashMap<Trigram, Vec<(u32, f32)>>,
    texts: usize,
}

impl TrigramIndex {
    pub(super) fn new(texts: impl Iterator<Item = Trigrams>) -> Self {
        let mut index = Self::default();
        for (number, counts) in (0_u32..).zip(texts) {
            for (trigram, count) in counts {
                index.postings.entry(trigram).or_default().push((number, count));
            }
            index.texts += 1;
        }
        index.weigh();
        index
    }

    /// Turns counts into weights.
    fn weigh(&mut self) {
        let total = self.texts as f32;
        let mut squares = vec![0.0_f64; self.texts];
        // In the order of the trigrams, so that rounding is the same in every run.
        let ordered: BTreeMap<_, _> = self.postings.iter_mut().collect();
        for posting in ordered.into_values() {
            let idf = (1.0 + total / posting.len() as f32).ln();
            for (number, weight) in posting {
                *weight = (1.0 + weight.ln()) * idf;
                squares[*number as usize] += f64::from(*weight).powi(2);
            }
        }
        for (number, weight) in self.postings.values_mut().flatten() {
            *weight /= squares[*number as usize].sqrt() as f32;
        }
    }

    /// The cosine between a text and each text of the index, from 0 to 1 but for rounding.
    /// Trigrams that the index does not hold have no weight, and a text of none but such is
    /// like no other.
    pub(super) fn cosines(&self, text: &Trigrams) -> Vec<f32> {
        let total = self.texts as f32;
        let mut cosines = vec![0.0_f32; self.texts];
        let mut square = 0.0_f32;
        for (trigram, count) in text {
            let Some(posting) = self.postings.get(trigram) else { continue };
            let weight = (1.0 + count.ln()) * (1.0 + total / posting.len() as f32).ln();
            square += weight * weight;
            for &(number, other) in posting {
                cosines[number as usize] += weight * other;
            }
        }
        if square > 0.0 {
            let length = square.sqrt();
            cosines.iter_mut().for_each(|cosine| *cosine /= length);
        }
        cosines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_like_itself_and_unlike_one_that_shares_nothing() {
        let texts = ["show me flights", "show me fares", "zzz"];
        let index = TrigramIndex::new(texts.iter().map(|text| trigrams(text)));
        for (number, text) in texts.iter().enumerate() {
            let cosines = index.cosines(&trigrams(text));
            assert!((cosines[number] - 1.0).abs() < 1e-5, "{cosines:?}");
        }
        let cosines = index.cosines(&trigrams("show me flights"));
        assert!(cosines[1] > 0.1 && cosines[1] < 0.9 && cosines[2] == 0.0, "{cosines:?}");
        assert_eq!(index.cosines(&trigrams("qqq")), [0.0; 3]);
        assert_eq!(TrigramIndex::default().cosines(&trigrams("a")), [0.0; 0]);
    }

    #[test]
    fn trigrams_of_words_do_not_cross_from_one_to_the_next() {
        let words = BTreeSet::from(["ab".to_owned(), "c".to_owned()]);
        let found: Vec<Trigram> = word_trigrams(&words).into_keys().collect();
        assert_eq!(found, [[' ', 'a', 'b'], [' ', 'c', ' '], ['a', 'b', ' ']]);
    }
}
