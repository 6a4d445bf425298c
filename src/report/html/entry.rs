//! One utterance as the page shows it.

use serde::{Deserialize, Serialize, Serializer};

use crate::{
    corpus::{Span, Utterance},
    correct::Verdict,
    normalize::Normalizer,
    score::{Op, Symbols, align},
};

/// One utterance, what was recognised, and what each run made of it.
///
/// Fields that are empty are left out of the JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its id, unique within its corpus.
    pub id: String,
    /// Its corpus, named as the rows do: `hp:atis`.
    pub data: String,
    /// The speaker, sentence or recording it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Path of the recording, relative to the page. Addresses with a scheme are not played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<String>,
    /// Where it lies in the recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// What was said, without operations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Written>,
    /// The recogniser's first choice.
    #[serde(default)]
    pub one_best: Written,
    /// All hypotheses, the first being the 1-best.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hypotheses: Vec<Heard>,
    /// At most one for each run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
}

/// A text, its words as they were compared, and how they align with the reference.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Exactly as written.
    pub text: String,
    /// The normalised words with single spaces between, where they are not those of `text`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// One letter a step from the reference to these words, see [`operations`]. `None`
    /// without a reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ops: Option<String>,
}

/// One hypothesis of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// As recognised.
    pub text: String,
    /// Its place in the list as read, from 0.
    pub rank: u32,
    /// How often it was listed. Once where the JSON does not say.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub count: u32,
    /// The recogniser's score, a natural log-probability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

/// What one run made of an utterance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The run, counted from 0 in [`Page::runs`](super::Page::runs).
    pub run: usize,
    /// What became of the utterance.
    pub verdict: Verdict,
    /// The text. `None`: the 1-best, unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Written>,
    /// Which words of the 1-best it changed: [`operations`] from the words of the 1-best as
    /// they stand to those of the text as they stand. `None` where it is unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<String>,
    /// Why, where the verdict is not the method's own choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the model wrote, exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// Confidence of each word (separated by white space) of the text, in [0, 1]. Empty where
    /// there is none. Written with two decimals.
    #[serde(default, skip_serializing_if = "Vec::is_empty", serialize_with = "hundredths")]
    pub confidences: Vec<f64>,
    /// Tokens of prompts and answers together.
    #[serde(default)]
    pub tokens: u64,
    /// How long it took, milliseconds, where it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<f64>,
}

impl Entry {
    /// An utterance without answers, its texts compared after this normaliser. Words written
    /// together or apart are not forgiven here, whatever the rule of the rows does.
    #[must_use]
    pub fn new(data: &str, utterance: &Utterance, normalizer: &dyn Normalizer) -> Self {
        let reference =
            utterance.reference.as_deref().map(|text| Written::new(text, None, normalizer));
        Self {
            id: utterance.id.clone(),
            data: data.to_owned(),
            group: utterance.group.clone(),
            audio: utterance.audio.clone(),
            span: utterance.span,
            one_best: Written::new(utterance.one_best(), reference.as_ref(), normalizer),
            reference,
            hypotheses: utterance.nbest.iter().map(Heard::from).collect(),
            answers: Vec::new(),
        }
    }

    /// Adds what a run made of it, and gives the answer so that the rest can be filled in.
    pub fn answer(
        &mut self,
        run: usize,
        verdict: Verdict,
        text: &str,
        normalizer: &dyn Normalizer,
    ) -> &mut Answer {
        let is_changed = text != self.one_best.text;
        self.answers.push(Answer {
            run,
            verdict,
            written: is_changed.then(|| Written::new(text, self.reference.as_ref(), normalizer)),
            changes: is_changed.then(|| operations(&self.one_best.text, text)),
            reason: None,
            raw: None,
            confidences: Vec::new(),
            tokens: 0,
            milliseconds: None,
        });
        let last = self.answers.len() - 1;
        &mut self.answers[last]
    }

    /// What an answer says: its own text, or the 1-best.
    #[must_use]
    pub fn written<'a>(&'a self, answer: &'a Answer) -> &'a Written {
        answer.written.as_ref().unwrap_or(&self.one_best)
    }
}

impl Written {
    /// A text, aligned with the reference where there is one.
    #[must_use]
    pub fn new(text: &str, reference: Option<&Self>, normalizer: &dyn Normalizer) -> Self {
        let normal = normalizer.normalize(text);
        let is_same = normal.split_whitespace().eq(text.split_whitespace());
        let ops = reference.map(|reference| operations(reference.compared(), &normal));
        Self { text: text.to_owned(), words: (!is_same).then(|| normal.into_owned()), ops }
    }

    /// The text that was compared.
    #[must_use]
    pub fn compared(&self) -> &str {
        self.words.as_deref().unwrap_or(&self.text)
    }

    /// Its errors. `None` without a reference.
    #[must_use]
    pub fn errors(&self) -> Option<u64> {
        let ops = self.ops.as_deref()?;
        Some(ops.bytes().filter(|op| *op != b'=').count() as u64)
    }
}

impl From<&crate::corpus::Hypothesis> for Heard {
    fn from(hypothesis: &crate::corpus::Hypothesis) -> Self {
        let crate::corpus::Hypothesis { text, rank, count, score, .. } = hypothesis;
        Self { text: text.clone(), rank: *rank, count: *count, score: *score }
    }
}

/// How the words of one text become those of another, one letter a step: `=` for a word
/// that both have, `S` for another word, `D` for a word that only `from` has, `I` for one
/// that only `to` has. Two texts without words give an empty string.
///
/// ```
/// use gec::report::html::operations;
/// let ops = operations("show me flights to boston", "show flights two boston please");
/// assert_eq!(ops, "=D=S=I");
/// ```
#[must_use]
pub fn operations(from: &str, to: &str) -> String {
    let mut symbols = Symbols::default();
    let (from, to) = (symbols.words(from), symbols.words(to));
    let letters = align(&from, &to).into_iter().map(|op| match op {
        Op::Match => '=',
        Op::Substitute => 'S',
        Op::Delete => 'D',
        Op::Insert => 'I',
    });
    letters.collect()
}

/// The words of two texts side by side, as the letters of [`operations`] say. A word that
/// is missing is empty.
pub(super) fn pairs<'a>(
    from: &'a str,
    to: &'a str,
    ops: &'a str,
) -> impl Iterator<Item = (u8, &'a str, &'a str)> {
    let mut from = from.split_whitespace();
    let mut to = to.split_whitespace();
    ops.bytes().map(move |op| {
        let before = if op == b'I' { None } else { from.next() };
        let after = if op == b'D' { None } else { to.next() };
        (op, before.unwrap_or_default(), after.unwrap_or_default())
    })
}

fn hundredths<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(|value| (value * 100.0).round() / 100.0))
}

fn once() -> u32 {
    1
}

fn is_once(count: &u32) -> bool {
    *count == 1
}
