//! What the search changes: which text stands in which block, in which order, and settings.

use super::blocks::{BlockKind, Start};
use super::fitness::Candidate;
use super::sentences::{Sentence, join};
use super::settings::{Settings, SettingsSpace, with_settings};

/// What stands in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// An instruction.
    Sentences(Vec<Sentence>),
    /// Any other block.
    Text(String),
}

/// One point of the search space: a starting template with other contents.
#[derive(Debug, Clone)]
pub struct Genome<'s> {
    pub(super) start: &'s Start,
    /// One for each slot of the start: sentences for an instruction, else text.
    pub(super) parts: Vec<Part>,
    pub(super) settings: Settings,
}

impl<'s> Genome<'s> {
    /// The starting template itself.
    #[must_use]
    pub fn of(start: &'s Start, space: &SettingsSpace) -> Self {
        let settings = space.of_start(&start.header);
        Self { start, parts: start.parts.clone(), settings }
    }

    /// What stands in the blocks, in the order of the template.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The text of a template file. That of a starting template is the file it was divided
    /// from, byte for byte.
    #[must_use]
    pub fn source(&self) -> String {
        let start = self.start;
        let mut source = with_settings(&start.header_text, &start.header, &self.settings);
        let mut fixed = start.fixed.iter();
        source.extend(fixed.next().map(String::as_str));
        for ((part, slot), fixed) in self.parts.iter().zip(&start.slots).zip(fixed) {
            match part {
                Part::Sentences(sentences) => {
                    source.push_str(&slot.lead);
                    source.push_str(&join(sentences));
                    source.push_str(&slot.tail);
                }
                Part::Text(text) => source.push_str(text),
            }
            source.push_str(fixed);
        }
        source
    }

    /// What is evaluated. Genomes that ask alike are one candidate: the hash is of the source
    /// and, where examples are shown, of how they are selected.
    #[must_use]
    pub fn candidate(&self) -> Candidate {
        Candidate::new(self.source(), self.settings.clone())
    }

    /// Whether its prompts change with the examples it is given.
    pub(super) fn shows_examples(&self) -> bool {
        self.start.shows_examples
    }

    /// The kinds of its blocks and what stands in them.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (BlockKind, &Part)> {
        self.start.kinds().zip(&self.parts)
    }

    /// All sentences of its instructions.
    pub(super) fn sentences(&self) -> impl Iterator<Item = &Sentence> {
        self.parts.iter().flat_map(|part| match part {
            Part::Sentences(sentences) => sentences.as_slice(),
            Part::Text(_) => &[],
        })
    }
}
