//! What a template may speak of.

use minijinja::value::{Serde, Value};
use serde::Serialize;

use super::examples::Example;
use super::untrusted::clean;
use crate::corpus::Utterance;

/// The variables of a template, for messages.
pub(super) const VARIABLES: &str = "`hypotheses` (each with `text`, `label`, `rank`, `count`, \
     `score`), `one_best`, `examples` (each with `hypotheses`, `one_best`, `reference`), \
     `labels` and `distinct`";

/// One utterance to be corrected, and the examples to show with it.
#[derive(Debug, Clone, Copy)]
pub struct PromptInput<'a> {
    /// The utterance. Its reference is never shown.
    pub utterance: &'a Utterance,
    /// How many of the first hypotheses are shown, of the utterance and of each example; 0
    /// counts as 1. Usually [`super::Header::max_hypotheses`], less where a prompt must be
    /// shortened.
    pub max_hypotheses: usize,
    /// Solved utterances, in the order they are shown. Empty for a zero-shot prompt.
    pub examples: &'a [&'a Example],
}

/// The labels of `n` hypotheses: `A`, `B`, and so on to `Z`, or `1` to `n` where there are
/// more than 26. None for 0.
#[must_use]
pub fn labels(n: usize) -> Vec<String> {
    if n <= 26 {
        ('A'..='Z').take(n).map(String::from).collect()
    } else {
        (1..=n).map(|number| number.to_string()).collect()
    }
}

/// Everything that [`VARIABLES`] lists.
#[derive(Serialize)]
struct Variables {
    hypotheses: Vec<HypothesisView>,
    one_best: String,
    examples: Vec<ExampleView>,
    labels: Vec<String>,
    distinct: usize,
}

#[derive(Serialize)]
struct HypothesisView {
    text: String,
    label: String,
    rank: u32,
    count: u32,
    score: Option<f64>,
}

#[derive(Serialize)]
struct ExampleView {
    hypotheses: Vec<HypothesisView>,
    one_best: String,
    reference: String,
}

impl PromptInput<'_> {
    /// The variables of a template, cleaned of what could pass for anything but one line of
    /// text.
    pub(super) fn variables(&self) -> Value {
        let hypotheses = self.views(self.utterance);
        Value::from(Serde(Variables {
            labels: hypotheses.iter().map(|view| view.label.clone()).collect(),
            hypotheses,
            one_best: clean(self.utterance.one_best()),
            examples: self.examples.iter().map(|example| self.example_view(example)).collect(),
            distinct: self.utterance.nbest.len(),
        }))
    }

    fn example_view(&self, example: &Example) -> ExampleView {
        ExampleView {
            hypotheses: self.views(example.utterance()),
            one_best: clean(example.utterance().one_best()),
            reference: clean(example.reference()),
        }
    }

    fn views(&self, utterance: &Utterance) -> Vec<HypothesisView> {
        let shown = utterance.nbest.len().min(self.max_hypotheses.max(1));
        utterance
            .nbest
            .iter()
            .zip(labels(shown))
            .map(|(hypothesis, label)| HypothesisView {
                text: clean(&hypothesis.text),
                label,
                rank: hypothesis.rank,
                count: hypothesis.count,
                score: hypothesis.score,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_letters_and_beyond_them_numbers() {
        assert!(labels(0).is_empty());
        assert_eq!(labels(3), ["A", "B", "C"]);
        assert_eq!(labels(26).last().map(String::as_str), Some("Z"));
        let many = labels(27);
        assert_eq!((many[0].as_str(), many[26].as_str(), many.len()), ("1", "27", 27));
    }
}
