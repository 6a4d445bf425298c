//! One record of the two JSON formats.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Utterance;
use super::ids::Ids;

/// A hypothesis as listed: text, score, token scores.
type Listed = (String, Option<f64>, Option<Vec<f64>>);

/// A record as written; the fields are those of the [module's table](super#records).
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) id: Option<String>,
    pub(super) list: Option<Vec<Listed>>,
    pub(super) best: Option<String>,
    pub(super) others: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) scores: Option<Vec<Option<f64>>>,
    pub(super) token_scores: Option<Vec<Option<Vec<f64>>>>,
    pub(super) group: Option<String>,
    pub(super) audio: Option<String>,
}

impl Record {
    /// Checks the lengths and builds the utterance; the message says what is wrong.
    pub(super) fn into_utterance(self, ids: &mut Ids) -> Result<Utterance, String> {
        let mut list = match (self.list, self.best) {
            (Some(list), _) => list,
            (None, Some(best)) => {
                let best = best.trim_end();
                let mut list = vec![bare(best.strip_suffix('.').unwrap_or(best))];
                list.extend(split_joined(self.others.as_deref().unwrap_or("")).map(bare));
                list
            }
            (None, None) => return Err("the record has no field `input` or `nbest`".to_owned()),
        };
        if let Some(scores) = self.scores {
            check_length("score", scores.len(), list.len())?;
            for (hypothesis, score) in list.iter_mut().zip(scores) {
                hypothesis.1 = hypothesis.1.or(score);
            }
        }
        if let Some(token_scores) = self.token_scores {
            check_length("token score list", token_scores.len(), list.len())?;
            for (hypothesis, scores) in list.iter_mut().zip(token_scores) {
                if hypothesis.2.is_none() {
                    hypothesis.2 = scores;
                }
            }
        }
        let mut utterance = Utterance::from_list(ids.assign(self.id), list);
        utterance.reference = self.reference.map(trimmed);
        utterance.group = self.group;
        utterance.audio = self.audio;
        Ok(utterance)
    }
}

/// Takes the outer white space off, without a copy where there is none.
fn trimmed(text: String) -> String {
    if text.trim().len() == text.len() { text } else { text.trim().to_owned() }
}

fn bare(text: &str) -> Listed {
    (text.to_owned(), None, None)
}

fn check_length(what: &str, found: usize, hypotheses: usize) -> Result<(), String> {
    if found == hypotheses {
        return Ok(());
    }
    let plural = if found == 1 { "" } else { "s" };
    Err(format!("{found} {what}{plural} for {hypotheses} hypotheses; expected one for each"))
}

/// Splits hypotheses that were joined by closing each with `. `.
pub(super) fn split_joined(joined: &str) -> impl Iterator<Item = &str> {
    let joined = joined.trim_end();
    let joined = joined.strip_suffix('.').unwrap_or(joined);
    let parts = if joined.trim().is_empty() { None } else { Some(joined.split(". ")) };
    parts.into_iter().flatten()
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RecordVisitor)
    }
}

/// Reads a field's value; an error names the field.
fn value<'de, A: MapAccess<'de>, T: Deserialize<'de>>(
    map: &mut A,
    field: &str,
) -> Result<T, A::Error> {
    map.next_value().map_err(|error| {
        // serde_json finds the position at the end of the message again.
        de::Error::custom(format_args!("field `{field}`: {error}"))
    })
}

struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = Record;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with a list of hypotheses")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
        let mut record = Record::default();
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Id => record.id = value::<_, Label>(&mut map, "id")?.0,
                Key::List(name) => record.list = value::<_, List>(&mut map, name)?.0,
                Key::Best => record.best = value(&mut map, "input1")?,
                Key::Others => record.others = value(&mut map, "input2")?,
                Key::Reference(name) => record.reference = value(&mut map, name)?,
                Key::Scores(name) => record.scores = value(&mut map, name)?,
                Key::TokenScores => record.token_scores = value(&mut map, "token_scores")?,
                Key::Group => record.group = value::<_, Label>(&mut map, "group")?.0,
                Key::Audio => record.audio = value::<_, Label>(&mut map, "audio")?.0,
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(record)
    }
}

enum Key {
    Id,
    List(&'static str),
    Best,
    Others,
    Reference(&'static str),
    Scores(&'static str),
    TokenScores,
    Group,
    Audio,
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a field name")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Key, E> {
                Ok(match name {
                    "id" => Key::Id,
                    "nbest" => Key::List("nbest"),
                    "input" => Key::List("input"),
                    "input1" => Key::Best,
                    "input2" => Key::Others,
                    "reference" => Key::Reference("reference"),
                    "output" => Key::Reference("output"),
                    "ref" => Key::Reference("ref"),
                    "scores" => Key::Scores("scores"),
                    "score" => Key::Scores("score"),
                    "am_score" => Key::Scores("am_score"),
                    "token_scores" => Key::TokenScores,
                    "group" => Key::Group,
                    "audio" => Key::Audio,
                    _ => Key::Other,
                })
            }
        }
        deserializer.deserialize_identifier(KeyVisitor)
    }
}

/// A string, or an integer written as one; `null` is none.
struct Label(Option<String>);

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LabelVisitor;
        impl Visitor<'_> for LabelVisitor {
            type Value = Label;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string or an integer")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Label, E> {
                Ok(Label(Some(text.trim().to_owned())))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Label, E> {
                Ok(Label(Some(number.to_string())))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Label, E> {
                Ok(Label(Some(number.to_string())))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Label, E> {
                Ok(Label(None))
            }
        }
        deserializer.deserialize_any(LabelVisitor)
    }
}

/// The list of hypotheses; `null` is none.
struct List(Option<Vec<Listed>>);

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor;
        impl<'de> Visitor<'de> for ListVisitor {
            type Value = List;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of hypotheses")
            }

            fn visit_unit<E: de::Error>(self) -> Result<List, E> {
                Ok(List(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List, A::Error> {
                let mut list = Vec::with_capacity(8);
                while let Some(Item(item)) = items.next_element()? {
                    list.push(item);
                }
                Ok(List(Some(list)))
            }
        }
        deserializer.deserialize_any(ListVisitor)
    }
}

struct Item(Listed);

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ItemVisitor;
        impl<'de> Visitor<'de> for ItemVisitor {
            type Value = Item;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a hypothesis: a string, null or an object with `text`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Item, E> {
                Ok(Item(bare(text)))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Item, E> {
                Ok(Item(bare("")))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
                let (mut text, mut score, mut token_scores) = (None::<String>, None, None);
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "text" => text = Some(value(&mut map, "text")?),
                        "score" => score = value(&mut map, "score")?,
                        "token_scores" => token_scores = value(&mut map, "token_scores")?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                let text = text.ok_or_else(|| de::Error::missing_field("text"))?;
                Ok(Item((text, score, token_scores)))
            }
        }
        deserializer.deserialize_any(ItemVisitor)
    }
}

/// What a JSON error says, without the position it ends with.
pub(super) fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&position).unwrap_or(&text).to_owned()
}
