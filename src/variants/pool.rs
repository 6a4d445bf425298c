//! Candidates and what is known of them.

use std::collections::BTreeMap;

use super::{Generator, search::Search};
use crate::{
    ngram::Vocabulary,
    score::{Distance, Symbols},
};

/// What is known of a candidate without a language model, in order: the natural logarithm of
/// its probability under the list and the options, at least `LEAST`; the n-gram model's
/// log-probability; its words; those of them that the n-gram model does not know; and the
/// expected word errors if the rewritten hypotheses were right with their probabilities.
pub const FEATURES: [&str; 5] = ["options", "sentences", "words", "unknown", "risk"];

/// What the first feature is for texts that only the list itself has.
const LEAST: f64 = -57.0;

/// A hypothesis of a list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Listed<'a> {
    /// As it was heard.
    pub text: &'a str,
    /// As a rewrite table has it; the same without a table.
    pub rewritten: &'a str,
    /// Its probability in the list, in [0, 1].
    pub probability: f64,
}

/// A text that may have been said.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Words with single spaces.
    pub text: String,
    /// See [`FEATURES`].
    pub features: [f64; FEATURES.len()],
}

/// The features of candidates with one more, where there is one.
pub(super) fn rows(candidates: &[Candidate], model: &[f64]) -> Vec<Vec<f64>> {
    let row = |(place, candidate): (usize, &Candidate)| {
        candidate.features.iter().copied().chain(model.get(place).copied()).collect()
    };
    candidates.iter().enumerate().map(row).collect()
}

impl Generator {
    /// What may have been said: the rewritten hypotheses first, in their order, then what the
    /// search finds, in the order of the texts. Never empty but for an empty list, and no text
    /// twice.
    #[must_use]
    pub fn candidates(&self, list: &[Listed<'_>]) -> Vec<Candidate> {
        self.candidates_of([list]).pop().unwrap_or_default()
    }

    /// [`candidates`](Self::candidates) of several lists, which is quicker.
    pub fn candidates_of<'a>(
        &self,
        lists: impl IntoIterator<Item = &'a [Listed<'a>]>,
    ) -> Vec<Vec<Candidate>> {
        let numbers = Search::numbers(&self.options, &self.language);
        let lists = lists.into_iter();
        lists.map(|list| self.pool(list, &numbers)).collect()
    }

    fn pool(&self, list: &[Listed<'_>], numbers: &[u32]) -> Vec<Candidate> {
        let mut spelled: Vec<(String, f64)> = Vec::with_capacity(2 * list.len());
        for one in list {
            let apart = self.spelling.apart(one.text);
            let split = self.spelling.split(&apart);
            for text in [apart, split] {
                if !spelled.iter().any(|known| known.0 == text) {
                    spelled.push((text, one.probability.max(f64::MIN_POSITIVE).ln()));
                }
            }
        }
        let lattice: Vec<(&str, f64)> =
            spelled.iter().map(|(text, belief)| (text.as_str(), *belief)).collect();
        let search = Search::new(&self.options, &self.language, numbers);
        let mut mass: BTreeMap<String, f64> = BTreeMap::new();
        for (found, (_, belief)) in search.all(&lattice).into_iter().zip(&lattice) {
            for one in found {
                *mass.entry(one.text).or_default() += (one.channel + belief).exp();
            }
        }
        let mut texts: Vec<String> = Vec::new();
        for one in list {
            let text = one.rewritten.split_whitespace().collect::<Vec<_>>().join(" ");
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        let listed = texts.len();
        let more = mass.keys().filter(|text| !texts[..listed].contains(text));
        let more: Vec<String> = more.cloned().collect();
        texts.extend(more);
        self.known(list, texts, &mass)
    }

    fn known(
        &self,
        list: &[Listed<'_>],
        texts: Vec<String>,
        mass: &BTreeMap<String, f64>,
    ) -> Vec<Candidate> {
        let risks = risks(list, &texts);
        let candidates = texts.into_iter().zip(risks).map(|(text, risk)| {
            let options = mass.get(&text).map_or(LEAST, |mass| mass.ln().max(LEAST));
            let words = self.language.vocabulary().numbers(&text);
            let unknown = words.iter().filter(|word| **word == Vocabulary::UNKNOWN).count();
            let sentences = self.language.log_probability(&text);
            let features = [options, sentences, words.len() as f64, unknown as f64, risk];
            Candidate { text, features }
        });
        candidates.collect()
    }
}

/// For each text the expected word errors if the rewritten list is right.
fn risks(list: &[Listed<'_>], texts: &[String]) -> Vec<f64> {
    let mut symbols = Symbols::default();
    let mut distance = Distance::default();
    let rewritten: Vec<(Vec<u32>, f64)> =
        list.iter().map(|one| (symbols.words(one.rewritten), one.probability)).collect();
    let mut risks = Vec::with_capacity(texts.len());
    for text in texts {
        let words = symbols.words(text);
        let errors = rewritten
            .iter()
            .map(|(said, probability)| probability * distance.between(said, &words) as f64);
        risks.push(errors.sum());
    }
    risks
}
