//! Rows of numbers as text: many on a line, also in JSON for people to read.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

pub(crate) fn serialize<S: Serializer>(row: &[u32], to: S) -> Result<S::Ok, S::Error> {
    let numbers: Vec<String> = row.iter().map(u32::to_string).collect();
    to.serialize_str(&numbers.join(" "))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u32>, D::Error> {
    let text = String::deserialize(from)?;
    text.split_whitespace().map(|number| number.parse().map_err(D::Error::custom)).collect()
}
