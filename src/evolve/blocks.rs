//! A starting template, divided into a skeleton and the blocks in it.

use serde::{Deserialize, Serialize};

use super::automatic;
use super::error::EvolveError;
use super::genome::Part;
use super::marks::{self, Body};
use super::sentences::divide;
use super::tags::{Stretch, stretches};
use super::variants::Variants;
use crate::prompt::Header;

/// What a block of a template is for. Only blocks of one kind are exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlockKind {
    /// Sentences that tell the model what to do.
    Instruction,
    /// Solved examples.
    Examples,
    /// How the hypotheses are presented.
    List,
    /// What the answer is asked for with.
    Output,
}

impl BlockKind {
    /// The kind that a mark begins a block of.
    pub(super) fn of_mark(mark: &str) -> Option<Self> {
        match mark.strip_prefix("block ")?.trim() {
            "instruction" => Some(Self::Instruction),
            "examples" => Some(Self::Examples),
            "list" => Some(Self::List),
            "output" => Some(Self::Output),
            _ => None,
        }
    }
}

/// A block, by its place in the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Region {
    pub kind: BlockKind,
    /// Bytes of the body.
    pub range: std::ops::Range<usize>,
}

/// Where a block stood, and the white space around it, which stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    pub kind: BlockKind,
    pub lead: String,
    pub tail: String,
}

/// A starting template: what stays in every candidate made from it, and its own blocks.
#[derive(Debug, Clone)]
pub struct Start {
    name: String,
    pub(super) header: Header,
    /// The header with both fences.
    pub(super) header_text: String,
    /// Text before, between and behind the blocks: one more than there are slots.
    pub(super) fixed: Vec<String>,
    pub(super) slots: Vec<Slot>,
    /// What stands in the slots.
    pub(super) parts: Vec<Part>,
    /// Whether its own text names the examples.
    pub(super) shows_examples: bool,
}

impl Start {
    /// Divides a template, given as the text of its whole file. Marked blocks are taken
    /// where there are any: lines `{# gec:block KIND #}` and `{# gec:end #}`, KIND being
    /// `instruction`, `examples`, `list` or `output`. The last block of a template may be
    /// without an end. Without marks the sentences outside of Jinja are found, and in chat
    /// templates the loops over hypotheses and examples. A template without any block can
    /// take part with its settings. `variants` tell what its sentences are about.
    ///
    /// # Errors
    /// [`EvolveError::Header`] where there is no header or it is malformed, and
    /// [`EvolveError::Mark`] where a mark is wrong.
    pub fn divide(name: &str, source: &str, variants: &Variants) -> Result<Self, EvolveError> {
        let (header_text, inner, text) = split_header(source)
            .ok_or_else(|| header_error(name, "expected a header between two lines `---`"))?;
        let header: Header =
            toml::from_str(inner).map_err(|error| header_error(name, error.message()))?;
        let lines_above = header_text.matches('\n').count();
        let mut regions = marks::regions(&Body { template: name, text, lines_above })?;
        if regions.is_empty() {
            regions = automatic::regions(text, header.form);
        }
        let mut start = Self {
            name: name.to_owned(),
            header,
            header_text: header_text.to_owned(),
            fixed: Vec::new(),
            slots: Vec::new(),
            parts: Vec::new(),
            shows_examples: names_examples(text),
        };
        let mut at = 0;
        for region in regions {
            start.fixed.push(text[at..region.range.start].to_owned());
            at = region.range.end;
            start.push(region.kind, &text[region.range], variants);
        }
        start.fixed.push(text[at..].to_owned());
        Ok(start)
    }

    /// The name or path it was given by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the template says about itself.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The kinds of its blocks, in order.
    pub fn kinds(&self) -> impl Iterator<Item = BlockKind> {
        self.slots.iter().map(|slot| slot.kind)
    }

    fn push(&mut self, kind: BlockKind, text: &str, variants: &Variants) {
        if kind != BlockKind::Instruction {
            self.slots.push(Slot { kind, lead: String::new(), tail: String::new() });
            self.parts.push(Part::Text(text.to_owned()));
            return;
        }
        let (lead, mut sentences, tail) = divide(text);
        for sentence in &mut sentences {
            sentence.topic = variants.topic_of(&sentence.text).map(str::to_owned);
        }
        self.slots.push(Slot { kind, lead, tail });
        self.parts.push(Part::Sentences(sentences));
    }
}

/// Whether a tag of a text speaks of the examples.
fn names_examples(text: &str) -> bool {
    stretches(text).unwrap_or_default().into_iter().any(|(stretch, range)| {
        matches!(stretch, Stretch::Print | Stretch::Statement(_))
            && text[range].contains("examples")
    })
}

/// The header with its fences, the header without, and the body.
fn split_header(source: &str) -> Option<(&str, &str, &str)> {
    let mut lines = source.split_inclusive('\n');
    let first = lines.next().filter(|line| line.trim_end() == "---")?;
    let mut at = first.len();
    for line in lines {
        let end = at + line.len();
        if line.trim_end() == "---" {
            return Some((&source[..end], &source[first.len()..at], &source[end..]));
        }
        at = end;
    }
    None
}

fn header_error(template: &str, reason: &str) -> EvolveError {
    let reason = reason.trim().replace('\n', ", ");
    EvolveError::Header { template: template.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixtures::{MARKED, header, space, without_marks};
    use super::super::genome::Genome;
    use super::*;
    use crate::prompt::{Template, built_in_names};

    fn again(source: &str) -> String {
        let variants = Variants::built_in().unwrap();
        let start = Start::divide("mine", source, &variants).unwrap();
        Genome::of(&start, &space()).source()
    }

    #[test]
    fn shipped_templates_are_divided_and_put_together_again() {
        let variants = Variants::built_in().unwrap();
        for name in built_in_names() {
            let template = Template::load(name).unwrap();
            assert_eq!(again(template.source()), template.source(), "{name}");
        }
        for (name, expected) in [
            ("zero-shot", vec![BlockKind::Instruction, BlockKind::List]),
            ("few-shot", vec![BlockKind::Instruction, BlockKind::Examples, BlockKind::List]),
            ("plain-few-shot", vec![BlockKind::Instruction]),
            ("gec-micro", vec![]),
        ] {
            let template = Template::load(name).unwrap();
            let start = Start::divide(name, template.source(), &variants).unwrap();
            assert_eq!(start.kinds().collect::<Vec<_>>(), expected, "{name}");
            assert_eq!(start.shows_examples, name.contains("few"), "{name}");
        }
    }

    #[test]
    fn marks_leave_the_rendered_text_unchanged() {
        let mut env = minijinja::Environment::new();
        let mut syntax = minijinja::syntax::SyntaxConfig::builder();
        env.set_syntax(syntax.trim_blocks(true).lstrip_blocks(true).build().unwrap());
        let data = minijinja::context! { hypotheses => [minijinja::context! { text => "one" }], examples => [1] };
        let render = |text: &str| env.render_str(text, &data).unwrap();
        assert_ne!(MARKED, without_marks(MARKED));
        assert_eq!(render(MARKED), render(&without_marks(MARKED)));
    }

    #[test]
    fn a_start_without_a_proper_header_says_so() {
        let variants = Variants::built_in().unwrap();
        for (source, part) in [("body", "two lines `---`"), ("---\nname = 1\n---\n", "string")] {
            let error = Start::divide("mine", source, &variants).unwrap_err();
            assert!(error.to_string().starts_with("prompt template `mine`: "), "{error}");
            assert!(error.to_string().contains(part), "{error}");
            assert!(error.hint().is_some());
        }
    }

    proptest! {
        #[test]
        fn dividing_and_assembling_is_the_identity(
            body in "([ABa.?\n ]|One more thing\\.\n|\\{\\{ a \\}\\}|\\{% if a %\\}|\\{% endif %\\}\
                     |\n\\{# gec:block (list|instruction|output) #\\}\n|\n\\{# gec:end #\\}\n){0,30}"
        ) {
            let source = format!("{}{body}", header());
            let variants = Variants::built_in().unwrap();
            if let Ok(start) = Start::divide("mine", &source, &variants) {
                prop_assert_eq!(Genome::of(&start, &space()).source(), source);
            }
        }
    }
}
