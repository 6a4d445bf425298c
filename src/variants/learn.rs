//! Learning, with a judgement on what was not learned from.

use std::collections::BTreeMap;

use super::{Candidate, Generator, Listed, Options, Spelling, Variants, pool::rows};
use crate::{
    learn::{Alternative, Choice},
    ngram::NgramModel,
    score::{Distance, Symbols},
};

/// Words of the longest n-grams.
const ORDER: usize = 4;

/// Hypotheses of each list that teach options: further down they are hardly what was heard.
const HYPOTHESES: usize = 2;

/// The ridge penalty of the choice, for each utterance that teaches.
const PENALTY: f64 = 1e-5;

/// How far the errors saved must lie above none, in standard errors over groups.
const LEAST_STANDARD_ERRORS: f64 = 1.0;

/// An utterance with its reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Item<'a> {
    /// What was heard, the 1-best first, rewritten by a table learned from other groups.
    pub list: Vec<Listed<'a>>,
    /// What was said.
    pub reference: &'a str,
    /// Utterances of one group are never on both sides of a split.
    pub group: &'a str,
    /// Its fold, the same for all of its group.
    pub fold: usize,
}

/// How a choice did on utterances that it was not learned from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Validation {
    /// Word errors of the rewritten 1-best.
    pub errors_before: u64,
    /// Word errors of what was chosen.
    pub errors: u64,
    /// Standard error of the difference, from its spread over groups.
    pub standard_error: f64,
    /// For each utterance the place of the candidate chosen.
    pub chosen: Vec<usize>,
}

impl Validation {
    /// Whether the errors saved are more than their standard error.
    #[must_use]
    pub fn is_gain(&self) -> bool {
        let saved = self.errors_before as f64 - self.errors as f64;
        saved > LEAST_STANDARD_ERRORS * self.standard_error
    }
}

/// What was learned, and from what.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// Learned from all utterances; `None` where it was no gain on held-out ones.
    pub variants: Option<Variants>,
    /// How the choice did.
    pub validation: Validation,
    /// For each utterance the candidates of a generator learned from the other folds.
    pub candidates: Vec<Vec<Candidate>>,
}

/// Learns variants from utterances with references.
///
/// For each fold a generator is learned from the others, so the candidates and features that
/// the choice is learned from are what a new utterance will have. The choice is judged the
/// same way, on folds that its weights were not learned from.
#[must_use]
pub fn learn_validated(items: &[Item<'_>]) -> Learned {
    let mut folds: Vec<usize> = items.iter().map(|item| item.fold).collect();
    folds.sort_unstable();
    folds.dedup();
    let mut candidates: Vec<Vec<Candidate>> = vec![Vec::new(); items.len()];
    for fold in folds {
        let generator = Generator::learn(items.iter().filter(|item| item.fold != fold));
        let held_out: Vec<usize> =
            (0..items.len()).filter(|place| items[*place].fold == fold).collect();
        let lists = held_out.iter().map(|place| items[*place].list.as_slice());
        for (place, made) in held_out.iter().zip(generator.candidates_of(lists)) {
            candidates[*place] = made;
        }
    }
    let everyone: Vec<usize> = (0..items.len()).collect();
    let (choice, validation) = choose(items, &candidates, &everyone, None);
    let variants = validation.is_gain().then(|| Variants {
        generator: Generator::learn(items),
        choice,
        choice_with_model: None,
    });
    Learned { variants, validation, candidates }
}

/// Learns the choice with a language model's log-probabilities as one feature more.
///
/// `asked` has the places of the utterances that the model was asked about: those whose
/// references it has not read in its training. `logprobs` has, for each of them, that of each
/// candidate. Judged against the rewritten 1-best; the validation's `chosen` goes with `asked`.
#[must_use]
pub fn with_model(
    items: &[Item<'_>],
    candidates: &[Vec<Candidate>],
    asked: &[usize],
    logprobs: &[Vec<f64>],
) -> (Choice, Validation) {
    choose(items, candidates, asked, Some(logprobs))
}

impl Generator {
    /// Learns from utterances with references; what is learned is of the lists as they were
    /// heard, and the rewritten ones do not matter.
    #[must_use]
    pub fn learn<'a>(items: impl IntoIterator<Item = &'a Item<'a>>) -> Self {
        let items: Vec<&Item<'_>> = items.into_iter().collect();
        let references = || items.iter().map(|item| item.reference);
        let all = items.iter().flat_map(|item| &item.list);
        let spelling = Spelling::learn(references(), all.map(|listed| listed.text));
        let mut taught: Vec<(String, &str)> = Vec::new();
        for item in &items {
            let first = taught.len();
            for listed in &item.list {
                let text = spelling.apart(listed.text);
                let is_new = taught[first..].iter().all(|known| known.0 != text);
                if is_new && taught.len() - first < HYPOTHESES {
                    taught.push((text, item.reference));
                }
            }
        }
        let pairs: Vec<(&str, &str)> =
            taught.iter().map(|(text, reference)| (text.as_str(), *reference)).collect();
        Self {
            spelling,
            options: Options::learn(&pairs),
            language: NgramModel::train(references(), ORDER),
        }
    }
}

/// The choice learned from all of `places`, and how choices of other folds do.
fn choose(
    items: &[Item<'_>],
    candidates: &[Vec<Candidate>],
    places: &[usize],
    logprobs: Option<&[Vec<f64>]>,
) -> (Choice, Validation) {
    let sets: Vec<Vec<Alternative>> = places
        .iter()
        .enumerate()
        .map(|(at, &place)| {
            let extra = logprobs.and_then(|all| all.get(at)).map_or(&[][..], Vec::as_slice);
            set(&items[place], &candidates[place], extra)
        })
        .collect();
    let fit = |wanted: &dyn Fn(usize) -> bool| {
        let taught = sets.iter().zip(places).filter(|(_, place)| wanted(items[**place].fold));
        Choice::fit(&taught.map(|(set, _)| set.as_slice()).collect::<Vec<_>>(), PENALTY)
    };
    let mut by_fold: BTreeMap<usize, Choice> = BTreeMap::new();
    let mut saved: BTreeMap<&str, f64> = BTreeMap::new();
    let mut validation = Validation::default();
    for (set, &place) in sets.iter().zip(places) {
        let item = &items[place];
        let choice =
            by_fold.entry(item.fold).or_insert_with(|| fit(&|fold: usize| fold != item.fold));
        let rows: Vec<Vec<f64>> = set.iter().map(|one| one.features.clone()).collect();
        let chosen = choice.best(&rows).unwrap_or(0);
        let errors = |at: usize| set.get(at).map_or(0, |one: &Alternative| one.errors);
        // The rewritten 1-best is the first candidate.
        validation.errors_before += u64::from(errors(0));
        validation.errors += u64::from(errors(chosen));
        *saved.entry(item.group).or_default() += f64::from(errors(0)) - f64::from(errors(chosen));
        validation.chosen.push(chosen);
    }
    validation.standard_error = saved.values().map(|one| one * one).sum::<f64>().sqrt();
    (fit(&|_| true), validation)
}

fn set(item: &Item<'_>, candidates: &[Candidate], model: &[f64]) -> Vec<Alternative> {
    let mut symbols = Symbols::default();
    let mut distance = Distance::default();
    let reference = symbols.words(item.reference);
    let alternatives = candidates.iter().zip(rows(candidates, model)).map(|(one, features)| {
        let errors = distance.between(&reference, &symbols.words(&one.text));
        Alternative { features, errors: u32::try_from(errors).unwrap_or(u32::MAX) }
    });
    alternatives.collect()
}
