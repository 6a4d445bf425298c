//! The classes of a task.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use crate::normalize::BASIC;

/// Classes to choose from: at least two, each with a letter or digit, no two alike but for
/// case, punctuation and white space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ClassSet {
    names: Vec<String>,
    /// The names as they are compared, each with its place.
    #[serde(skip)]
    places: HashMap<String, usize>,
}

/// Why classes are no set to choose from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClassError {
    /// There is nothing to choose.
    #[error("a choice needs at least two classes, and there is {0}")]
    TooFew(usize),
    /// Nothing of the class could be recognised in an answer.
    #[error("the class `{0}` has no letter or digit")]
    Blank(String),
    /// An answer could not tell them apart.
    #[error("the classes `{0}` and `{1}` differ only in case, punctuation or white space")]
    Alike(String, String),
}

impl ClassError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::TooFew(_) => "name them in the template, as in `classes = [\"yes\", \"no\"]`",
            Self::Blank(_) | Self::Alike(..) => "give the classes other names, such as words",
        }
    }
}

/// A text as classes and answers are compared: in lower case, without punctuation.
pub(super) fn key(text: &str) -> String {
    BASIC.normalize(text).into_owned()
}

impl ClassSet {
    /// The classes in the order given, trimmed.
    ///
    /// # Errors
    /// [`ClassError`] where they are too few or cannot be told apart.
    pub fn new(names: impl IntoIterator<Item = String>) -> Result<Self, ClassError> {
        let names: Vec<String> = names.into_iter().map(|name| name.trim().to_owned()).collect();
        let mut places = HashMap::new();
        for (place, name) in names.iter().enumerate() {
            let key = key(name);
            if key.is_empty() {
                return Err(ClassError::Blank(name.clone()));
            }
            if let Some(known) = places.insert(key, place) {
                return Err(ClassError::Alike(names[known].clone(), name.clone()));
            }
        }
        if names.len() < 2 {
            return Err(ClassError::TooFew(names.len()));
        }
        Ok(Self { names, places })
    }

    /// The distinct classes of a corpus, in alphabetical order.
    ///
    /// # Errors
    /// As [`ClassSet::new`].
    pub fn from_data<'a>(classes: impl IntoIterator<Item = &'a str>) -> Result<Self, ClassError> {
        let distinct: BTreeSet<&str> = classes.into_iter().map(str::trim).collect();
        Self::new(distinct.into_iter().map(str::to_owned))
    }

    /// The classes in their order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many there are, at least 2.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// The place of a class, as of the truth in a corpus, compared without case, punctuation
    /// and white space; `None` for what is none of them.
    #[must_use]
    pub fn find(&self, class: &str) -> Option<usize> {
        self.find_key(&key(class))
    }

    pub(super) fn find_key(&self, key: &str) -> Option<usize> {
        self.places.get(key).copied()
    }

    /// The keys and the places of their classes, in no particular order.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&str, usize)> {
        self.places.iter().map(|(key, place)| (key.as_str(), *place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_a_corpus_are_sorted_and_distinct() {
        let set = ClassSet::from_data(["flight", "airfare ", "flight"]).unwrap();
        assert_eq!(set.names(), ["airfare", "flight"]);
        assert_eq!((set.find("Flight."), set.find("fli"), set.len()), (Some(1), None, 2));
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["airfare","flight"]"#);
    }

    #[test]
    fn classes_that_cannot_be_told_apart_are_an_error() {
        let of = |list: &[&str]| ClassSet::new(list.iter().map(|&name| name.to_owned()));
        assert_eq!(of(&[]), Err(ClassError::TooFew(0)));
        assert_eq!(of(&["one"]), Err(ClassError::TooFew(1)));
        assert_eq!(of(&["a", " +"]), Err(ClassError::Blank("+".into())));
        assert!(matches!(of(&["air_fare", "b", "Air fare"]), Err(ClassError::Alike(..))));
        assert!(of(&["flight", "flight_time"]).is_ok());
    }
}
