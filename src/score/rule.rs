//! How texts are compared: what a figure must not be printed without.

use std::fmt;

use super::{EditCounts, compound_counts, word_counts};
use crate::normalize::{NONE, Normalizer};

/// Everything that decides a word error rate besides the texts.
///
/// [`Display`](fmt::Display) tells it in one line.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Applied to references and hypotheses alike.
    pub normalizer: &'static dyn Normalizer,
    /// Whether words written together or apart are forgiven.
    pub merge_compounds: bool,
    /// Bootstrap resamples; 0 gives no intervals.
    pub resamples: u32,
    /// Seed of the bootstrap.
    pub seed: u64,
}

impl Default for Rule {
    /// Texts as they stand, 1,000 resamples.
    fn default() -> Self {
        Self { normalizer: NONE, merge_compounds: false, resamples: 1000, seed: 1 }
    }
}

impl Rule {
    /// The errors of a text beside what was said, both as they are written.
    #[must_use]
    pub fn counts(&self, reference: &str, text: &str) -> EditCounts {
        let [reference, text] = [reference, text].map(|text| self.normalizer.normalize(text));
        if !self.merge_compounds {
            return word_counts(&reference, &text);
        }
        let reference: Vec<&str> = reference.split_whitespace().collect();
        let text: Vec<&str> = text.split_whitespace().collect();
        compound_counts(&reference, &text)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("normalizer", &self.normalizer.name())
            .field("merge_compounds", &self.merge_compounds)
            .field("resamples", &self.resamples)
            .field("seed", &self.seed)
            .finish()
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.normalizer.name() == other.normalizer.name()
            && self.merge_compounds == other.merge_compounds
            && self.resamples == other.resamples
            && self.seed == other.seed
    }
}

impl Eq for Rule {}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compounds = if self.merge_compounds { "merged" } else { "as written" };
        write!(
            f,
            "normaliser {}; Levenshtein alignment of words (ties as jiwer), compounds {compounds}; \
             WER = all errors / all reference words",
            self.normalizer.name(),
        )?;
        match self.resamples {
            0 => write!(f, "; no intervals"),
            resamples => write!(
                f,
                "; 95 % percentile bootstrap by group, {resamples} resamples, seed {}",
                self.seed
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_names_normaliser_alignment_aggregation_and_interval() {
        assert_eq!(
            Rule::default().to_string(),
            "normaliser none; Levenshtein alignment of words (ties as jiwer), compounds as written; \
             WER = all errors / all reference words; 95 % percentile bootstrap by group, \
             1000 resamples, seed 1"
        );
        let rule = Rule { merge_compounds: true, resamples: 0, ..Rule::default() };
        assert!(rule.to_string().contains("compounds merged"));
        assert!(rule.to_string().ends_with("no intervals"));
    }
}
