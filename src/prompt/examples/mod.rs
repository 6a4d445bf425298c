//! Solved utterances for few-shot prompts.
//!
//! - [`Selection`] says which examples resemble an utterance, [`ExampleChoice`] also how much
//!   they may resemble each other and in what order they are shown.
//! - [`ExampleIndex`] holds the examples and chooses among them.

mod choice;
mod differences;
mod key;
mod ranking;
mod selection;
mod similar;
mod trigrams;

use std::collections::HashMap;
use std::sync::OnceLock;

pub(super) use choice::GRAMMAR;
pub use choice::{Diversity, ExampleChoice, Order};
pub use selection::Selection;

use self::differences::differing_words;
use self::key::same_words_key;
use self::ranking::{Candidates, Ranking};
use self::similar::Vectors;
use self::trigrams::{TrigramIndex, trigrams, word_trigrams};
use super::PromptError;
use crate::corpus::Utterance;

/// An utterance whose transcript is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    utterance: Utterance,
    reference: String,
}

impl Example {
    /// An utterance with a reference; `None` for one that has none, or an empty one.
    #[must_use]
    pub fn new(utterance: Utterance) -> Option<Self> {
        let reference = utterance.reference.as_deref()?.trim();
        if reference.is_empty() {
            return None;
        }
        let reference = reference.to_owned();
        Some(Self { utterance, reference })
    }

    /// The utterance.
    #[must_use]
    pub fn utterance(&self) -> &Utterance {
        &self.utterance
    }

    /// What was said, trimmed, never empty.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.reference
    }
}

/// Examples, and indices of what an utterance can resemble them in.
///
/// No selection holds an example whose reference is the utterance's own, nor two examples
/// with one reference; texts that differ only in case, punctuation and white space count as
/// the same.
#[derive(Debug, Default)]
pub struct ExampleIndex {
    examples: Vec<Example>,
    /// For each example, the number of its reference in `reference_numbers`.
    references: Vec<u32>,
    reference_numbers: HashMap<String, u32>,
    /// Of the 1-best texts.
    texts: TrigramIndex,
    /// Of the words in which each list differs; made when it is first asked for.
    errors: OnceLock<TrigramIndex>,
    vectors: Option<Vectors>,
}

impl ExampleIndex {
    /// Indexes the utterances that have a reference; the others are skipped.
    #[must_use]
    pub fn new(examples: Vec<Utterance>) -> Self {
        Self::of(examples.into_iter().filter_map(Example::new).collect())
    }

    /// As [`ExampleIndex::new`], with a vector for each utterance, such as an embedding of its
    /// 1-best, for [`Selection::Vectors`]. Vectors are compared by their cosine, so their
    /// lengths do not matter; one of nothing but zeros is like no other.
    ///
    /// # Errors
    /// [`PromptError::ExampleVectors`] where there are more or fewer vectors than utterances,
    /// where they have unequal numbers of dimensions or none, and where a value is no finite
    /// number.
    pub fn with_vectors(
        examples: Vec<Utterance>,
        vectors: Vec<Vec<f32>>,
    ) -> Result<Self, PromptError> {
        if vectors.len() != examples.len() {
            return Err(PromptError::ExampleVectors(format!(
                "{} vectors for {} utterances",
                vectors.len(),
                examples.len()
            )));
        }
        let mut index = Vectors::of_dimensions(vectors.first().map_or(0, Vec::len));
        let mut kept = Vec::with_capacity(examples.len());
        for (number, (utterance, vector)) in examples.into_iter().zip(vectors).enumerate() {
            let id = utterance.id.clone();
            let checked = index.check(&vector).map_err(|fault| {
                PromptError::ExampleVectors(format!("utterance {} (`{id}`): {fault}", number + 1))
            })?;
            if let Some(example) = Example::new(utterance) {
                kept.push(example);
                index.push(checked);
            }
        }
        Ok(Self { vectors: Some(index), ..Self::of(kept) })
    }

    fn of(examples: Vec<Example>) -> Self {
        let mut reference_numbers = HashMap::new();
        let mut references = Vec::with_capacity(examples.len());
        for example in &examples {
            let next = u32::try_from(reference_numbers.len()).unwrap_or(u32::MAX);
            let key = same_words_key(example.reference());
            references.push(*reference_numbers.entry(key).or_insert(next));
        }
        let texts = examples.iter().map(|example| trigrams(example.utterance().one_best()));
        let texts = TrigramIndex::new(texts);
        Self { examples, references, reference_numbers, texts, ..Self::default() }
    }

    /// How many examples there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.examples.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.examples.is_empty()
    }

    /// As [`ExampleIndex::choose`], neither diverse nor in another than the usual order, and
    /// without a vector of the utterance: [`Selection::Vectors`] then finds all alike, and
    /// chooses as [`Selection::Nearest`] does.
    #[must_use]
    pub fn select(&self, item: &Utterance, how: &Selection, k: usize) -> Vec<&Example> {
        self.pick(item, None, &ExampleChoice::new(*how), k)
    }

    /// Chooses up to `k` examples for an utterance, in the order to show them. Fewer where
    /// there are fewer that may be shown. Where the utterance has no reference there is
    /// nothing to compare with, and every example may be. Only [`Selection::Vectors`] reads
    /// `query`, the utterance's own vector.
    ///
    /// # Errors
    /// [`PromptError::ExampleVectors`] with [`Selection::Vectors`] where the index was made
    /// without vectors, and where `query` is missing, has another number of dimensions or
    /// holds what is no finite number.
    pub fn choose(
        &self,
        item: &Utterance,
        query: Option<&[f32]>,
        how: &ExampleChoice,
        k: usize,
    ) -> Result<Vec<&Example>, PromptError> {
        if how.selection() != Selection::Vectors {
            return Ok(self.pick(item, None, how, k));
        }
        let fail = |fault: &str| PromptError::ExampleVectors(fault.to_owned());
        let vectors = self.vectors.as_ref().ok_or_else(|| fail("the examples have none"))?;
        let query = query.ok_or_else(|| fail(&format!("the utterance `{}` has none", item.id)))?;
        let unit = vectors
            .check(query)
            .map_err(|fault| fail(&format!("utterance `{}`: {fault}", item.id)))?;
        Ok(self.pick(item, Some(&unit), how, k))
    }

    /// `unit` is the utterance's vector at length 1.
    fn pick(
        &self,
        item: &Utterance,
        unit: Option<&[f32]>,
        how: &ExampleChoice,
        k: usize,
    ) -> Vec<&Example> {
        let own = item
            .reference
            .as_deref()
            .and_then(|reference| self.reference_numbers.get(&same_words_key(reference)))
            .copied();
        let candidates = Candidates { references: &self.references, own };
        let mut chosen = match how.selection() {
            Selection::None => Vec::new(),
            Selection::Random { seed } => candidates.random(seed, k),
            like => candidates.ranked(&self.ranking(item, unit, like), how.diversity(), k),
        };
        how.order().arrange(&mut chosen, how.selection().compares(), |&number| {
            self.examples[number].reference().chars().count()
        });
        chosen.into_iter().map(|number| &self.examples[number]).collect()
    }

    /// How like the utterance each example is, and how like each other.
    fn ranking(&self, item: &Utterance, unit: Option<&[f32]>, like: Selection) -> Ranking<'_> {
        let by_text = self.texts.cosines(&trigrams(item.one_best()));
        match (like, unit, &self.vectors) {
            (Selection::Errors, ..) => {
                let errors = self.errors.get_or_init(|| {
                    let lists = self.examples.iter().map(Example::utterance);
                    TrigramIndex::new(lists.map(|list| word_trigrams(&differing_words(list))))
                });
                let cosines = errors.cosines(&word_trigrams(&differing_words(item)));
                let among = |number: usize| {
                    errors.cosines(&word_trigrams(&differing_words(
                        self.examples[number].utterance(),
                    )))
                };
                Ranking { cosines, among_equals: Some(by_text), among: Box::new(among) }
            }
            (Selection::Vectors, Some(unit), Some(vectors)) => Ranking {
                cosines: vectors.cosines(unit),
                among_equals: Some(by_text),
                among: Box::new(|number| vectors.cosines(vectors.unit(number))),
            },
            _ => Ranking {
                cosines: by_text,
                among_equals: None,
                among: Box::new(|number| {
                    self.texts.cosines(&trigrams(self.examples[number].utterance().one_best()))
                }),
            },
        }
    }
}

#[cfg(test)]
mod choice_tests;
#[cfg(test)]
mod tests;
