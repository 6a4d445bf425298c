//! Hypotheses in the signs of references.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Least occurrences of a word for an unknown one to be split at it.
const LEAST_SEEN: u32 = 2;

/// The signs that references have, and the words that hypotheses have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spelling {
    /// Signs in references that are neither letters nor digits, sorted.
    signs: String,
    /// How often each word stands in the hypotheses.
    known: BTreeMap<String, u32>,
}

impl Spelling {
    /// Learns from references and hypotheses.
    #[must_use]
    pub fn learn<'a>(
        references: impl IntoIterator<Item = &'a str>,
        hypotheses: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut signs: Vec<char> = references.into_iter().flat_map(str::chars).collect();
        signs.retain(|sign| !sign.is_alphanumeric() && !sign.is_whitespace());
        signs.sort_unstable();
        signs.dedup();
        let mut spelling = Self { signs: signs.into_iter().collect(), known: BTreeMap::new() };
        for text in hypotheses {
            for word in spelling.apart(text).split(' ').filter(|word| !word.is_empty()) {
                *spelling.known.entry(word.to_owned()).or_default() += 1;
            }
        }
        spelling
    }

    /// Words with single spaces, without signs that references never have: such a sign ends a
    /// word (`twenty-third`), and at its beginning is a word by itself (`$one`).
    #[must_use]
    pub fn apart(&self, text: &str) -> String {
        let mut written = String::with_capacity(text.len() + 4);
        for word in text.split_whitespace() {
            let mut begun = false;
            written.push(' ');
            for sign in word.chars() {
                if sign.is_alphanumeric() || self.signs.contains(sign) {
                    begun = true;
                    written.push(sign);
                } else if begun {
                    written.push(' ');
                } else {
                    written.push(sign);
                    written.push(' ');
                }
            }
        }
        written.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The text with every word that hypotheses never had split into two that they had, where
    /// that is possible; of several ways the one with the most frequent words, the first among
    /// equals.
    #[must_use]
    pub fn split(&self, text: &str) -> String {
        let words = text.split_whitespace().map(|word| {
            if self.known.contains_key(word) {
                return word.to_owned();
            }
            let seen = |part: &str| {
                let count = self.known.get(part).filter(|count| **count >= LEAST_SEEN)?;
                // Letters stand alone too often to say where a word ends.
                (part.chars().nth(1).is_some()).then_some(f64::from(*count))
            };
            let ways = word.char_indices().skip(1).filter_map(|(at, _)| {
                let (left, right) = word.split_at(at);
                Some((seen(left)? * seen(right)?, left, right))
            });
            let best = ways.reduce(|best, next| if next.0 > best.0 { next } else { best });
            best.map_or_else(|| word.to_owned(), |(_, left, right)| format!("{left} {right}"))
        });
        words.collect::<Vec<_>>().join(" ")
    }
}
