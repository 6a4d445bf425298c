//! Reading a record's fields.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Listed, Record, bare};
use crate::corpus::WordTime;

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
                Key::Id => record.id = value::<_, Name>(&mut map, "id")?.0,
                Key::List(name) => record.list = value::<_, List>(&mut map, name)?.0,
                Key::Best => record.best = value(&mut map, "input1")?,
                Key::Others => record.others = value(&mut map, "input2")?,
                Key::Reference(name) => record.reference = value(&mut map, name)?,
                Key::Scores(name) => record.scores = value(&mut map, name)?,
                Key::TokenScores => record.token_scores = value(&mut map, "token_scores")?,
                Key::Label => record.label = value::<_, Label>(&mut map, "label")?.text(),
                Key::Group => record.group = value::<_, Name>(&mut map, "group")?.0,
                Key::Audio => record.audio = value::<_, Name>(&mut map, "audio")?.0,
                Key::Chosen => record.chosen = value(&mut map, "hyp")?,
                Key::Start => record.start_ms = value(&mut map, "start_ms")?,
                Key::End => record.end_ms = value(&mut map, "end_ms")?,
                Key::Words => record.words = value::<_, Words>(&mut map, "words")?.known(),
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
    Label,
    Group,
    Audio,
    Chosen,
    Start,
    End,
    Words,
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
                    "label" => Key::Label,
                    "group" => Key::Group,
                    "audio" => Key::Audio,
                    "hyp" => Key::Chosen,
                    "start_ms" => Key::Start,
                    "end_ms" => Key::End,
                    "words" => Key::Words,
                    _ => Key::Other,
                })
            }
        }
        deserializer.deserialize_identifier(KeyVisitor)
    }
}

/// Words with their times. Whatever else a file calls `words` is no concern of ours.
#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    Timed(Vec<WordTime>),
    Other(IgnoredAny),
}

impl Words {
    fn known(self) -> Vec<WordTime> {
        match self {
            Self::Timed(words) => words,
            Self::Other(_) => Vec::new(),
        }
    }
}

/// The name of a class. Whatever else a file calls `label` is no concern of ours.
#[derive(Deserialize)]
#[serde(untagged)]
enum Label {
    Text(String),
    Number(i64),
    Truth(bool),
    Other(IgnoredAny),
}

impl Label {
    fn text(self) -> Option<String> {
        let text = match self {
            Self::Text(text) => text.trim().to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Truth(truth) => truth.to_string(),
            Self::Other(_) => return None,
        };
        (!text.is_empty()).then_some(text)
    }
}

/// A string, or an integer written as one; `null` is none.
struct Name(Option<String>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl Visitor<'_> for NameVisitor {
            type Value = Name;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string or an integer")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Name, E> {
                Ok(Name(Some(text.trim().to_owned())))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Name, E> {
                Ok(Name(Some(number.to_string())))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Name, E> {
                Ok(Name(Some(number.to_string())))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Name, E> {
                Ok(Name(None))
            }
        }
        deserializer.deserialize_any(NameVisitor)
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
                let (mut text, mut item) = (None::<String>, Listed::default());
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "text" => text = Some(value(&mut map, "text")?),
                        "score" => item.score = value(&mut map, "score")?,
                        "token_scores" => item.token_scores = value(&mut map, "token_scores")?,
                        "rank" => item.rank = value(&mut map, "rank")?,
                        "count" => item.count = value(&mut map, "count")?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                item.text = text.ok_or_else(|| de::Error::missing_field("text"))?;
                Ok(Item(item))
            }
        }
        deserializer.deserialize_any(ItemVisitor)
    }
}
