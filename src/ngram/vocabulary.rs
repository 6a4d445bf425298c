//! Numbers for words.

use serde::{Deserialize, Serialize};

/// The words that a model knows. What it does not know is one word to it,
/// [`Vocabulary::UNKNOWN`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Vocabulary {
    /// Sorted; the first has the number [`FIRST`].
    words: Vec<String>,
}

/// The number of the first word.
pub(super) const FIRST: u32 = 3;

impl Vocabulary {
    /// Number of every word that is not known.
    pub const UNKNOWN: u32 = 0;
    /// Number of what stands before a sentence.
    pub const START: u32 = 1;
    /// Number of the end of a sentence.
    pub const END: u32 = 2;

    /// The words of texts.
    #[must_use]
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut words: Vec<&str> = texts.into_iter().flat_map(str::split_whitespace).collect();
        words.sort_unstable();
        words.dedup();
        Self { words: words.into_iter().map(str::to_owned).collect() }
    }

    /// The number behind that of the last word.
    #[must_use]
    pub fn end(&self) -> u32 {
        u32::try_from(self.words.len()).map_or(u32::MAX, |words| words.saturating_add(FIRST))
    }

    /// How many words.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is no word.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// What can come next in a sentence: a word, the end, the unknown word.
    pub(super) fn outcomes(&self) -> usize {
        self.words.len() + 2
    }

    /// The number of a word.
    #[must_use]
    pub fn number(&self, word: &str) -> u32 {
        let place = self.words.binary_search_by(|known| known.as_str().cmp(word));
        let number = place.ok().and_then(|place| u32::try_from(place).ok());
        number.map_or(Self::UNKNOWN, |number| number.saturating_add(FIRST))
    }

    /// The word of a number; nothing for one that is no word's.
    #[must_use]
    pub fn word(&self, number: u32) -> &str {
        let place = number.checked_sub(FIRST).and_then(|place| usize::try_from(place).ok());
        place.and_then(|place| self.words.get(place)).map_or("", String::as_str)
    }

    /// The numbers of the words of a text.
    #[must_use]
    pub fn numbers(&self, text: &str) -> Vec<u32> {
        text.split_whitespace().map(|word| self.number(word)).collect()
    }

    /// All numbers that can come next in a sentence, in order.
    pub fn next(&self) -> impl Iterator<Item = u32> {
        [Self::UNKNOWN, Self::END].into_iter().chain(FIRST..self.end())
    }
}

impl From<String> for Vocabulary {
    fn from(text: String) -> Self {
        Self::of([text.as_str()])
    }
}

impl From<Vocabulary> for String {
    fn from(vocabulary: Vocabulary) -> Self {
        vocabulary.words.join(" ")
    }
}
