//! One line of results: the stable format every report is made of.

use serde::{Deserialize, Serialize};

/// What a row is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    /// The corpus or family of corpora, such as `hp`.
    pub dataset: String,
    /// Its part, such as `atis`; empty where it has none.
    pub subset: String,
    /// How the 1-best was corrected, such as `uadf`.
    pub method: String,
}

/// Scores of one method on one data set.
///
/// A stable format: fields may be added, none is renamed, removed or given another unit
/// without a new `format_version` of the report. Rates are in percent, never NaN, and
/// `None` (JSON `null`, an empty CSV field) where they do not exist: no utterance has a
/// reference, or the references have no word. Counts and rates other than `utterances`
/// and `changed` are over the utterances that have a reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The corpus.
    pub dataset: String,
    /// Its part; may be empty.
    pub subset: String,
    /// The correction method.
    pub method: String,
    /// All utterances.
    pub utterances: u64,
    /// Utterances with a reference.
    pub scored: u64,
    /// Words of the normalised references.
    pub words: u64,
    /// Corpus word error rate: all errors per reference word.
    pub wer: Option<f64>,
    /// Lower end of its 95 % interval.
    pub wer_low: Option<f64>,
    /// Upper end of its 95 % interval.
    pub wer_high: Option<f64>,
    /// Mean of the utterances' word error rates, as HyPoradise reports it (there with the
    /// normaliser `hp`). An empty reference counts 0 with an empty hypothesis, else 100.
    pub wer_paper: Option<f64>,
    /// Corpus character error rate, spaces between words included.
    pub cer: Option<f64>,
    /// Words with another word in their place.
    pub substitutions: u64,
    /// Words that are missing.
    pub deletions: u64,
    /// Words too many.
    pub insertions: u64,
    /// Corpus word error rate of the best single hypothesis of each list.
    pub o_nb: Option<f64>,
    /// Reference words that no hypothesis of the list contains, at most the errors of
    /// `o_nb` in each utterance, per reference word.
    pub o_cp: Option<f64>,
    /// Corpus word error rate of the 1-best.
    pub wer_1best: Option<f64>,
    /// `wer - wer_1best`: below zero is better.
    pub diff: Option<f64>,
    /// Lower end of its 95 % interval (paired).
    pub diff_low: Option<f64>,
    /// Upper end of its 95 % interval (paired).
    pub diff_high: Option<f64>,
    /// Two-sided probability of so clear a difference if there were none, from 0 to 1
    /// (not in percent).
    pub p_value: Option<f64>,
    /// Whether the interval of the difference excludes zero.
    pub real: bool,
    /// Utterances with fewer errors than their 1-best.
    pub better: u64,
    /// Utterances with more errors than their 1-best.
    pub worse: u64,
    /// Utterances with as many errors as their 1-best.
    pub same: u64,
    /// Utterances whose text differs from their 1-best as recognised, before any
    /// normalisation, with or without a reference.
    pub changed: u64,
    /// The rule behind the figures, in one line.
    pub rule: String,
    /// What must be said about the row, such as that its settings were tuned on these data.
    #[serde(default)]
    pub note: Option<String>,
    /// The method that this one was also compared with, where one was named.
    #[serde(default)]
    pub baseline: Option<String>,
    /// Corpus word error rate minus that of `baseline`: below zero is better.
    #[serde(default)]
    pub baseline_diff: Option<f64>,
    /// Lower end of its 95 % interval (paired).
    #[serde(default)]
    pub baseline_low: Option<f64>,
    /// Upper end of its 95 % interval (paired).
    #[serde(default)]
    pub baseline_high: Option<f64>,
    /// Two-sided probability of so clear a difference from `baseline` if there were none.
    #[serde(default)]
    pub baseline_p_value: Option<f64>,
    /// Whether the interval of the difference from `baseline` excludes zero.
    #[serde(default)]
    pub baseline_real: bool,
}
