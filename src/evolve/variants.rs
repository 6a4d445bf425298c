//! Texts that can stand in place of others.

use serde::Deserialize;

use super::blocks::BlockKind;
use super::error::EvolveError;
use super::sentences::Sentence;
use super::tags::is_balanced;
use crate::prompt::Output;

/// Sentences by topic, and blocks by kind.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variants {
    #[serde(default)]
    pub(super) topic: Vec<Topic>,
    #[serde(default)]
    block: Vec<Block>,
}

/// Wordings of one sentence of an instruction.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Topic {
    pub name: String,
    /// What must be asked for where it fits; everything, where this is empty.
    #[serde(default)]
    outputs: Vec<Output>,
    pub wordings: Vec<String>,
}

/// A block as a whole.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    kind: BlockKind,
    #[serde(default)]
    outputs: Vec<Output>,
    text: String,
}

impl Variants {
    /// The variants that come with `gec`.
    ///
    /// # Errors
    /// None that a test would not find.
    pub fn built_in() -> Result<Self, EvolveError> {
        Self::parse(include_str!("variants.toml"))
    }

    /// Reads variants: TOML with tables `[[topic]]` (`name`, `outputs`, `wordings`) and
    /// `[[block]]` (`kind`, `outputs`, `text`). `outputs` lists the values of a template's
    /// `output` for which they fit; left out, they always do. An empty text has no variants.
    ///
    /// # Errors
    /// [`EvolveError::Variants`] for malformed TOML, an instruction block as a whole, two
    /// topics of one name, a wording that is empty or has white space around it, a text that
    /// does not end with a line break, and what opens a Jinja tag without closing it.
    pub fn parse(text: &str) -> Result<Self, EvolveError> {
        let fail = |reason: String| EvolveError::Variants { reason };
        let read: Self = toml::from_str(text).map_err(|error| fail(error.to_string()))?;
        for (at, topic) in read.topic.iter().enumerate() {
            let name = &topic.name;
            if read.topic[..at].iter().any(|other| other.name == *name) {
                return Err(fail(format!("the topic `{name}` is there twice")));
            }
            let bad = |one: &&String| one.is_empty() || one.trim() != *one || !is_balanced(one);
            if let Some(bad) = topic.wordings.iter().find(bad) {
                return Err(fail(format!("topic `{name}`: `{bad}` is not one trimmed sentence")));
            }
        }
        for block in &read.block {
            let text = &block.text;
            if block.kind == BlockKind::Instruction {
                return Err(fail("instructions are made of topics, not of blocks".to_owned()));
            }
            if !text.ends_with('\n') || !is_balanced(text) {
                return Err(fail(format!("block `{text}` is not whole lines of closed tags")));
            }
        }
        Ok(read)
    }

    /// The topic that a sentence is a wording of.
    pub(super) fn topic_of(&self, sentence: &str) -> Option<&str> {
        let topic = self.topic.iter().find(|topic| topic.wordings.iter().any(|w| w == sentence));
        topic.map(|topic| topic.name.as_str())
    }

    /// Wordings of a topic other than the sentence's own.
    pub(super) fn rewordings(&self, sentence: &Sentence) -> Vec<&str> {
        let name = sentence.topic.as_deref();
        let topics = self.topic.iter().filter(|topic| Some(topic.name.as_str()) == name);
        let wordings = topics.flat_map(|topic| &topic.wordings);
        wordings.map(String::as_str).filter(|wording| *wording != sentence.text).collect()
    }

    /// Topics that fit what a template asks for.
    pub(super) fn topics(&self, output: Output) -> impl Iterator<Item = &Topic> {
        self.topic.iter().filter(move |topic| fits(&topic.outputs, output))
    }

    /// Texts for a block.
    pub(super) fn blocks(&self, kind: BlockKind, output: Output) -> impl Iterator<Item = &str> {
        let blocks = self.block.iter().filter(move |block| block.kind == kind);
        blocks.filter(move |block| fits(&block.outputs, output)).map(|block| block.text.as_str())
    }
}

fn fits(outputs: &[Output], output: Output) -> bool {
    outputs.is_empty() || outputs.contains(&output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_variants_are_as_many_as_the_search_needs() {
        let variants = Variants::built_in().unwrap();
        let blocks = |kind| variants.blocks(kind, Output::Text).count();
        assert!(variants.topics(Output::Text).count() >= 8);
        assert!(variants.topics(Output::Text).all(|topic| topic.wordings.len() >= 3));
        assert!(blocks(BlockKind::List) >= 6 && blocks(BlockKind::Output) >= 4);
        assert!(blocks(BlockKind::Examples) >= 3);
        assert!(variants.blocks(BlockKind::List, Output::Label).count() >= 3);
    }

    #[test]
    fn every_wording_is_one_sentence_of_one_topic() {
        let variants = Variants::built_in().unwrap();
        for topic in &variants.topic {
            for wording in &topic.wordings {
                assert_eq!(super::super::sentences::divide(wording).1.len(), 1, "{wording}");
                assert_eq!(variants.topic_of(wording), Some(topic.name.as_str()), "{wording}");
            }
        }
    }

    #[test]
    fn malformed_variants_say_what_is_wrong() {
        for (text, part) in [
            ("[[topic]]\nname = 1", "string"),
            ("[[topic]]\nname = \"a\"\nwordings = [\" x\"]", "` x`"),
            (
                "[[topic]]\nname = \"a\"\nwordings = []\n[[topic]]\nname = \"a\"\nwordings = []",
                "twice",
            ),
            ("[[block]]\nkind = \"list\"\ntext = \"{% if a %}\\n\"", "closed tags"),
            ("[[block]]\nkind = \"list\"\ntext = \"a\"", "whole lines"),
            ("[[block]]\nkind = \"instruction\"\ntext = \"a\\n\"", "topics"),
        ] {
            let error = Variants::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
