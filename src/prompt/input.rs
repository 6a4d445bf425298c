//! What a template may speak of.

use minijinja::value::{Serde, Value};
use serde::Serialize;

use super::examples::Example;
use super::untrusted::clean;
use crate::acoustic::{ConfusionNetwork, DifferingSpan, Disagreement, Posterior};
use crate::corpus::{Hypothesis, Utterance};

/// The variables of a template, for messages.
pub(super) const VARIABLES: &str = "`hypotheses` (each with `text`, `label`, `rank`, `count`, \
     `score`), `one_best`, `examples` (each with `hypotheses`, `one_best`, `reference`, `label`), \
     `labels`, `classes`, `distinct`, `disagreement` (with `utterance`, `words`, `errors`, `entropy`), \
     `spans` (each with `before`, `after`, `alternatives`, each with `text`, `probability`), \
     `words` (each with `text`, `confidence`), `before`, `after` and `terms` (texts) and, with the method `cloze`, `gap` (with \
     `before`, `after`, `options`, each with `label`, `text`)";

/// A place in the transcript that is left open, and what may fill it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gap {
    /// The transcript before it; empty at the beginning.
    pub before: String,
    /// The transcript after it; empty at the end.
    pub after: String,
    /// What may fill it, in the order it is shown; an empty text for nothing at all. They are
    /// labelled as [`labels`] says.
    pub options: Vec<String>,
}

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
    /// How the shown hypotheses weigh in `disagreement`, `spans` and `words`.
    pub posterior: Posterior,
    /// What the prompt is about, where it is not about the whole transcript.
    pub gap: Option<&'a Gap>,
    /// The classes to choose from, where the answer is a class.
    pub classes: &'a [String],
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
    classes: Vec<String>,
    distinct: usize,
    before: Vec<String>,
    after: Vec<String>,
    terms: Vec<String>,
    gap: Option<GapView>,
    #[serde(flatten)]
    noise: Noise,
}

/// How sure the list is of its words. What a template does not name is left out: a network
/// costs more than the rest of a prompt.
#[derive(Default, Serialize)]
struct Noise {
    #[serde(skip_serializing_if = "Option::is_none")]
    disagreement: Option<Disagreement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spans: Option<Vec<SpanView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<Vec<WordView>>,
}

#[derive(Serialize)]
struct SpanView {
    before: String,
    after: String,
    alternatives: Vec<AlternativeView>,
}

#[derive(Serialize)]
struct AlternativeView {
    text: String,
    probability: f64,
}

#[derive(Serialize)]
struct WordView {
    text: String,
    confidence: f64,
}

#[derive(Serialize)]
struct GapView {
    before: String,
    after: String,
    options: Vec<OptionView>,
}

#[derive(Serialize)]
struct OptionView {
    label: String,
    text: String,
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
    /// Empty where it is not known.
    label: String,
}

impl PromptInput<'_> {
    /// The variables of a template with this body, cleaned of what could pass for anything
    /// but one line of text.
    pub(super) fn variables(&self, body: &str) -> Value {
        let hypotheses = self.views(self.utterance);
        let around = &self.utterance.surroundings;
        Value::from(Serde(Variables {
            labels: hypotheses.iter().map(|view| view.label.clone()).collect(),
            classes: cleaned(self.classes),
            hypotheses,
            one_best: clean(self.utterance.one_best()),
            examples: self.examples.iter().map(|example| self.example_view(example)).collect(),
            distinct: self.utterance.nbest.len(),
            before: cleaned(&around.before),
            after: cleaned(&around.after),
            terms: cleaned(&around.terms),
            gap: self.gap.map(GapView::from),
            noise: self.noise(body),
        }))
    }

    /// What the body can name: a text search, since it may name a variable in more ways than
    /// an analysis would follow, and at worst something is computed in vain.
    fn noise(&self, body: &str) -> Noise {
        let names = |name: &str| body.contains(name);
        if !["disagreement", "spans", "words"].into_iter().any(names) {
            return Noise::default();
        }
        let network = ConfusionNetwork::of(self.shown(self.utterance), &self.posterior);
        let words = || network.word_confidences().into_iter().map(WordView::from).collect();
        Noise {
            disagreement: names("disagreement").then(|| network.disagreement()),
            spans: names("spans")
                .then(|| network.spans(0).into_iter().map(SpanView::from).collect()),
            words: names("words").then(words),
        }
    }

    fn shown<'u>(&self, utterance: &'u Utterance) -> &'u [Hypothesis] {
        let shown = utterance.nbest.len().min(self.max_hypotheses.max(1));
        &utterance.nbest[..shown]
    }

    fn example_view(&self, example: &Example) -> ExampleView {
        ExampleView {
            hypotheses: self.views(example.utterance()),
            one_best: clean(example.utterance().one_best()),
            reference: clean(example.reference()),
            label: example.utterance().label.as_deref().map(clean).unwrap_or_default(),
        }
    }

    fn views(&self, utterance: &Utterance) -> Vec<HypothesisView> {
        let shown = self.shown(utterance);
        shown
            .iter()
            .zip(labels(shown.len()))
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

fn cleaned(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| clean(text)).collect()
}

impl From<DifferingSpan> for SpanView {
    fn from(span: DifferingSpan) -> Self {
        let alternatives = span
            .alternatives
            .into_iter()
            .map(|one| AlternativeView { text: clean(&one.text), probability: one.probability });
        Self {
            before: clean(&span.before),
            after: clean(&span.after),
            alternatives: alternatives.collect(),
        }
    }
}

impl From<(&str, f64)> for WordView {
    fn from((word, confidence): (&str, f64)) -> Self {
        Self { text: clean(word), confidence }
    }
}

impl From<&Gap> for GapView {
    fn from(gap: &Gap) -> Self {
        let options = labels(gap.options.len()).into_iter().zip(&gap.options);
        Self {
            before: clean(&gap.before),
            after: clean(&gap.after),
            options: options.map(|(label, text)| OptionView { label, text: clean(text) }).collect(),
        }
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
