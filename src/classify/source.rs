//! What a template says of its classes.

use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ClassSet;

/// Where the classes come from: `classes = ["yes", "no"]` or `classes = "from-data"` in a
/// template's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Classes {
    /// The template lists them.
    Listed(ClassSet),
    /// All classes that the corpus has.
    FromData,
}

const FROM_DATA: &str = "from-data";

impl Serialize for Classes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Listed(classes) => classes.serialize(serializer),
            Self::FromData => serializer.serialize_str(FROM_DATA),
        }
    }
}

impl<'de> Deserialize<'de> for Classes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SourceVisitor;
        impl<'de> Visitor<'de> for SourceVisitor {
            type Value = Classes;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of classes or \"from-data\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Classes, E> {
                if text == FROM_DATA {
                    return Ok(Classes::FromData);
                }
                Err(E::invalid_value(de::Unexpected::Str(text), &self))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Classes, A::Error> {
                let mut names: Vec<String> = Vec::new();
                while let Some(name) = items.next_element()? {
                    names.push(name);
                }
                ClassSet::new(names).map(Classes::Listed).map_err(de::Error::custom)
            }
        }
        deserializer.deserialize_any(SourceVisitor)
    }
}
