//! A glossary: names and terms that a recogniser does not know, and how it mishears them.
//!
//! A glossary is used in four places: its misheard forms become hypotheses of their own, its
//! terms are shown to the model where they may have been said, an utterance with such a form
//! passes the gate, and a correction that loses a term is refused.
//!
//! # Format
//! One term a line; behind a tab or ` = ` how it is misheard, forms separated by commas. Blank
//! lines and lines that begin with `#` are left out.
//!
//! ```text
//! # what the recogniser writes for it
//! Kubernetes = cooper netties, kuber net is
//! Boulder
//! ```

mod error;
mod sound;
mod term;

use std::path::Path;

pub use error::GlossaryError;
pub use term::Term;

use crate::corpus::{Hypothesis, Utterance};
use sound::Sound;

/// Terms and their misheard forms.
#[derive(Debug, Clone, Default)]
pub struct Glossary {
    terms: Vec<Entry>,
    /// Most words of a term or form.
    longest: usize,
    hash: String,
}

#[derive(Debug, Clone)]
struct Entry {
    term: Term,
    key: Vec<String>,
    sound: Sound,
    forms: Vec<Vec<String>>,
}

/// Terms that are shown with one utterance at most: a prompt is no dictionary.
const MOST_SHOWN: usize = 12;

/// How often terms were found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// Terms in the texts as they were.
    pub before: u64,
    /// Terms in the texts as they became.
    pub after: u64,
}

impl Glossary {
    /// Reads a glossary.
    ///
    /// # Errors
    /// Where the file cannot be read, or a line is none of the format's.
    pub fn load(path: &Path) -> Result<Self, GlossaryError> {
        let bytes = fs_err::read(path)
            .map_err(|source| GlossaryError::Io { path: path.to_owned(), source })?;
        let text = String::from_utf8(bytes).map_err(|error| GlossaryError::NotUtf8 {
            path: path.to_owned(),
            line: 1 + error.as_bytes()[..error.utf8_error().valid_up_to()]
                .iter()
                .filter(|&&byte| byte == b'\n')
                .count(),
        })?;
        Self::parse(&text).map_err(|(line, message)| GlossaryError::Line {
            path: path.to_owned(),
            line,
            message,
        })
    }

    /// The glossary that a text holds; else the line and what is wrong with it.
    fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut glossary =
            Self { hash: blake3::hash(text.as_bytes()).to_hex().to_string(), ..Self::default() };
        for (line, content) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            let content = content.trim();
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let term = Term::parse(content).map_err(|message| (line, message))?;
            let key = words(&term.text);
            if key.is_empty() {
                return Err((line, "the term has no letter and no digit".into()));
            }
            let forms: Vec<Vec<String>> = term
                .sounds_like
                .iter()
                .map(|form| words(form))
                .filter(|form| *form != key)
                .collect();
            if forms.iter().any(Vec::is_empty) {
                return Err((line, "a misheard form has no letter and no digit".into()));
            }
            let most = forms.iter().chain([&key]).map(Vec::len).max().unwrap_or(0);
            glossary.longest = glossary.longest.max(most);
            let sound = Sound::of(&key.concat());
            glossary.terms.push(Entry { term, key, sound, forms });
        }
        Ok(glossary)
    }

    /// Identifies the content, for fingerprints.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Whether it has no term.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The utterance with what the glossary knows of it: terms that may have been said, and a
    /// hypothesis for each hypothesis in which a misheard form stands, behind the others, with
    /// the terms in the place of the forms. With misheard forms the gate sees a list that
    /// disagrees.
    pub fn apply(&self, utterance: &mut Utterance) {
        if self.is_empty() {
            return;
        }
        let texts: Vec<Vec<String>> =
            utterance.nbest.iter().map(|known| words(&known.text)).collect();
        utterance.surroundings.terms = self.suggest(&texts);
        let mended: Vec<Hypothesis> = utterance
            .nbest
            .iter()
            .filter_map(|known| {
                let text = self.mend(&known.text)?;
                Some(Hypothesis { text, token_scores: None, ..known.clone() })
            })
            .collect();
        let last = utterance.nbest.iter().map(|known| known.rank).max().unwrap_or(0);
        for (rank, mended) in (last + 1..).zip(mended) {
            if utterance.nbest.iter().all(|known| known.text != mended.text) {
                utterance.nbest.push(Hypothesis { rank, ..mended });
            }
        }
    }

    /// The text with each misheard form replaced by its term, the longest first; `None` where
    /// there is none.
    #[must_use]
    pub fn mend(&self, text: &str) -> Option<String> {
        let tokens: Vec<&str> = text.split_whitespace().collect();
        let keys: Vec<String> = tokens.iter().map(|token| key(token)).collect();
        let mut mended: Vec<&str> = Vec::with_capacity(tokens.len());
        let (mut at, mut changed) = (0, false);
        while at < tokens.len() {
            match self.form_at(&keys[at..]) {
                Some((entry, length)) => {
                    mended.push(&entry.term.text);
                    (at, changed) = (at + length, true);
                }
                None => {
                    mended.push(tokens[at]);
                    at += 1;
                }
            }
        }
        changed.then(|| mended.join(" "))
    }

    fn form_at(&self, keys: &[String]) -> Option<(&Entry, usize)> {
        let forms = self.terms.iter().flat_map(|entry| {
            entry
                .forms
                .iter()
                .filter(|form| keys.starts_with(form))
                .map(move |form| (entry, form.len()))
        });
        forms.max_by_key(|&(_, length)| length)
    }

    /// Terms that stand in a text, in one of their forms, or in something that sounds alike;
    /// the nearest first.
    fn suggest(&self, texts: &[Vec<String>]) -> Vec<String> {
        let mut near: Vec<(f64, &str)> = Vec::new();
        for entry in &self.terms {
            let best = texts.iter().map(|text| entry.distance(text)).fold(f64::INFINITY, f64::min);
            if best.is_finite() {
                near.push((best, &entry.term.text));
            }
        }
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        near.into_iter().take(MOST_SHOWN).map(|(_, text)| text.to_owned()).collect()
    }

    /// A term that stands in `before` and no longer in `after`, if there is one.
    #[must_use]
    pub fn lost(&self, before: &str, after: &str) -> Option<&str> {
        let (before, after) = (words(before), words(after));
        let lost = |entry: &&Entry| count(&before, &entry.key) > count(&after, &entry.key);
        self.terms.iter().find(lost).map(|entry| entry.term.text.as_str())
    }

    /// How often terms stand in a text.
    #[must_use]
    pub fn count(&self, text: &str) -> u64 {
        let text = words(text);
        self.terms.iter().map(|entry| count(&text, &entry.key) as u64).sum()
    }

    /// Of the terms that stand in the reference, how many stand in the text too.
    #[must_use]
    pub fn recalled(&self, reference: &str, text: &str) -> (u64, u64) {
        let (reference, text) = (words(reference), words(text));
        let counts = self.terms.iter().map(|entry| {
            let wanted = count(&reference, &entry.key);
            (count(&text, &entry.key).min(wanted) as u64, wanted as u64)
        });
        counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }
}

impl Entry {
    /// How far the nearest stretch of the text is from the term, from 0; infinite where
    /// nothing is near.
    fn distance(&self, text: &[String]) -> f64 {
        if count(text, &self.key) > 0 || self.forms.iter().any(|form| count(text, form) > 0) {
            return 0.0;
        }
        let mut best = f64::INFINITY;
        // A term is misheard as a word more or fewer.
        for length in self.key.len().saturating_sub(1).max(1)..=self.key.len() + 2 {
            for stretch in text.windows(length) {
                if let Some(distance) = self.sound.distance(&Sound::of(&stretch.concat())) {
                    best = best.min(distance);
                }
            }
        }
        best
    }
}

fn count(text: &[String], key: &[String]) -> usize {
    if key.is_empty() { 0 } else { text.windows(key.len()).filter(|part| *part == key).count() }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(key).filter(|key| !key.is_empty()).collect()
}

/// What two spellings of a word have in common: lower case, no punctuation around it.
fn key(word: &str) -> String {
    word.trim_matches(|one: char| !one.is_alphanumeric()).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glossary() -> Glossary {
        let text =
            "# tools\nKubernetes = cooper netties, kuber net is\n\nSan Jose\tsunny hose\nBoulder\n";
        Glossary::parse(text).unwrap()
    }

    fn utterance(texts: &[&str]) -> Utterance {
        Utterance::from_list("u", texts.iter().map(|text| ((*text).to_owned(), None, None)))
    }

    #[test]
    fn a_misheard_form_becomes_a_hypothesis_behind_the_others() {
        let mut utterance = utterance(&["we use Cooper netties, daily", "we use cooper daily"]);
        glossary().apply(&mut utterance);
        let texts: Vec<(&str, u32)> =
            utterance.nbest.iter().map(|known| (known.text.as_str(), known.rank)).collect();
        assert_eq!(
            texts,
            [
                ("we use Cooper netties, daily", 0),
                ("we use cooper daily", 1),
                ("we use Kubernetes daily", 2)
            ]
        );
        assert_eq!(utterance.surroundings.terms, ["Kubernetes"]);
    }

    #[test]
    fn terms_that_sound_alike_are_suggested_and_others_are_not() {
        let glossary = glossary();
        let suggested = |text: &str| glossary.suggest(&[words(text)]);
        assert_eq!(suggested("flights to bolder please"), ["Boulder"]);
        assert_eq!(suggested("flights to san hose"), ["San Jose"]);
        assert!(suggested("good morning everyone").is_empty());
        assert!(suggested("").is_empty());
    }

    #[test]
    fn a_term_that_gets_lost_is_named_and_recall_is_counted() {
        let glossary = glossary();
        assert_eq!(glossary.lost("to San Jose and Boulder", "to san jose and boulder."), None);
        assert_eq!(glossary.lost("to San Jose", "to sunny hose"), Some("San Jose"));
        assert_eq!(glossary.lost("boulder boulder", "boulder"), Some("Boulder"));
        assert_eq!(glossary.count("Boulder, san jose and Boulder"), 3);
        assert_eq!(glossary.recalled("boulder or san jose", "bolder or San Jose"), (1, 2));
    }

    #[test]
    fn bad_lines_are_named() {
        assert_eq!(Glossary::parse("a\n = b").unwrap_err().0, 2);
        assert_eq!(Glossary::parse("a\n\n--- = b").unwrap_err().0, 3);
        assert_eq!(Glossary::parse("a = ??").unwrap_err().0, 1);
        assert!(Glossary::parse("").unwrap().is_empty());
        let mut nothing = utterance(&["a b"]);
        let before = nothing.clone();
        Glossary::default().apply(&mut nothing);
        assert_eq!(nothing, before);
    }
}
