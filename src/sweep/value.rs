//! Values of options: checked where they are read, so that an error knows its line.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

use super::near;
use super::options::{ArmOption, Kind, methods};

/// A value as `gec run` would have it typed; `None` for going without the option.
pub(super) type Value = Option<String>;

/// A value as it stands in the file.
enum Raw<'a> {
    Text(&'a str),
    Whole(i64),
    Number(f64),
    Switch(bool),
}

/// The value as text, one text for each value: 1 and 1.0 are the same.
fn checked(option: &ArmOption, raw: &Raw<'_>) -> Result<Value, String> {
    let wrong = |wanted: &str| Err(format!("`{}` has to be {wanted}", option.name));
    let number = match raw {
        Raw::Whole(whole) => Some(*whole as f64),
        Raw::Number(number) => Some(*number),
        Raw::Text(_) | Raw::Switch(_) => None,
    };
    // Adding zero takes the sign from a negative zero.
    let shown = |number: f64| Ok(Some((number + 0.0).to_string()));
    match (option.kind, raw) {
        (Kind::Method, Raw::Text(name)) if methods().contains(name) => Ok(Some((*name).into())),
        (Kind::Method, Raw::Text(name)) => {
            Err(format!("there is no method `{name}`{}", near::hint(name, &methods())))
        }
        (Kind::Text | Kind::TextOrNone, Raw::Text(text))
            if text.trim().is_empty() || text.contains(char::is_control) =>
        {
            wrong("a name or a path on one line")
        }
        (Kind::TextOrNone, Raw::Text("none")) => Ok(None),
        (Kind::Text | Kind::TextOrNone, Raw::Text(text)) => Ok(Some((*text).into())),
        (Kind::Text | Kind::TextOrNone | Kind::Method, _) => wrong("a text in quotes"),
        (Kind::Word(words), Raw::Text(word)) if words.contains(word) => Ok(Some((*word).into())),
        (Kind::Word(words), _) => wrong(&format!("one of \"{}\"", words.join("\", \""))),
        (Kind::Switch, Raw::Switch(on)) => Ok(on.then(|| "true".to_owned())),
        (Kind::Switch, _) => wrong("true or false"),
        (Kind::Whole(least), Raw::Whole(whole)) if *whole >= i64::from(least) => {
            match u32::try_from(*whole) {
                Ok(whole) => Ok(Some(whole.to_string())),
                Err(_) => wrong(&format!("at most {}", u32::MAX)),
            }
        }
        (Kind::Whole(least), _) => wrong(&format!("a whole number, {least} or more")),
        (Kind::Number, _) => match number {
            Some(number) if !number.is_nan() => shown(number),
            _ => wrong("a number without quotes"),
        },
        (Kind::NotNegative, _) => match number {
            Some(number) if number.is_finite() && number >= 0.0 => shown(number),
            _ => wrong("a number, 0 or more, without quotes"),
        },
        (Kind::Positive, _) => match number {
            Some(number) if number.is_finite() && number > 0.0 => shown(number),
            _ => wrong("a number above 0, without quotes"),
        },
    }
}

/// Reads the values of an option: one, or a list of them where `many` is set.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) option: &'a ArmOption,
    pub(super) many: bool,
}

impl Values<'_> {
    fn one<E: Error>(self, raw: &Raw<'_>) -> Result<Vec<Value>, E> {
        checked(self.option, raw).map(|value| vec![value]).map_err(E::custom)
    }
}

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = Vec<Value>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = Vec<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = if self.many { " or a list of values" } else { ", not a list" };
        write!(f, "a value{list} for `{}`", self.option.name)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        self.one(&Raw::Text(text))
    }

    fn visit_i64<E: Error>(self, whole: i64) -> Result<Self::Value, E> {
        self.one(&Raw::Whole(whole))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        self.one(&Raw::Number(number))
    }

    fn visit_bool<E: Error>(self, on: bool) -> Result<Self::Value, E> {
        self.one(&Raw::Switch(on))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        if !self.many {
            return Err(A::Error::custom(format!(
                "`{}` takes one value here; lists belong into [grid]",
                self.option.name
            )));
        }
        let mut values = Vec::new();
        while let Some(more) = list.next_element_seed(Self { many: false, ..self })? {
            values.extend(more);
        }
        if values.is_empty() {
            return Err(A::Error::custom(format!(
                "an empty list for `{}` leaves no combination; give a value or leave it out",
                self.option.name
            )));
        }
        Ok(values)
    }
}
