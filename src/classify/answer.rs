//! The class in what a model wrote.

use super::ClassSet;
use super::set::key;

/// What an answer says. Classes are places in the [`ClassSet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The answer is a class.
    Exact(usize),
    /// The answer begins with a class, or exactly one class begins with it.
    Prefix(usize),
    /// The answer is no class.
    NoClass,
}

impl Reading {
    /// The class, where there is one.
    #[must_use]
    pub fn class(self) -> Option<usize> {
        match self {
            Self::Exact(class) | Self::Prefix(class) => Some(class),
            Self::NoClass => None,
        }
    }
}

impl ClassSet {
    /// Reads a model's answer. Case, punctuation and white space do not count. In this order:
    /// the class that the answer is; the longest class whose words the answer begins with
    /// (`Yes, because ...`); the one class that begins with the answer, which was cut short or
    /// abbreviated. Nothing else is taken for a class, however similar, and an empty answer is
    /// none.
    #[must_use]
    pub fn read(&self, answer: &str) -> Reading {
        let answer = key(answer);
        if answer.is_empty() {
            return Reading::NoClass;
        }
        if let Some(class) = self.find_key(&answer) {
            return Reading::Exact(class);
        }
        // All classes that an answer begins with begin one another, so the longest is one.
        let beginning = self
            .keys()
            .filter(|(key, _)| answer.strip_prefix(key).is_some_and(|rest| rest.starts_with(' ')))
            .max_by_key(|(key, _)| key.len());
        if let Some((_, class)) = beginning {
            return Reading::Prefix(class);
        }
        let mut begun = self.keys().filter(|(key, _)| key.starts_with(&answer));
        match (begun.next(), begun.next()) {
            (Some((_, class)), None) => Reading::Prefix(class),
            _ => Reading::NoClass,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(names: &[&str]) -> ClassSet {
        ClassSet::new(names.iter().map(|&name| name.to_owned())).unwrap()
    }

    #[test]
    fn an_answer_is_a_class_or_begins_with_one_or_begins_one() {
        let classes = set(&["flight", "flight_time", "airfare", "airline", "no"]);
        for (answer, reading) in [
            ("flight", Reading::Exact(0)),
            ("  Flight-Time.\n", Reading::Exact(1)),
            ("flight time, since they ask when", Reading::Prefix(1)),
            ("Flight\nbecause", Reading::Prefix(0)),
            ("airf", Reading::Prefix(2)),
            ("air", Reading::NoClass),
            ("not sure", Reading::NoClass),
            ("the flight", Reading::NoClass),
            ("airfair", Reading::NoClass),
            ("", Reading::NoClass),
            ("?!", Reading::NoClass),
        ] {
            assert_eq!(classes.read(answer), reading, "{answer}");
        }
        assert_eq!((Reading::Prefix(3).class(), Reading::NoClass.class()), (Some(3), None));
    }

    proptest! {
        #[test]
        fn every_class_is_read_as_itself_and_any_text_without_a_panic(
            names in prop::collection::btree_set("[a-c]{1,3}( [a-c]{1,2})?", 2..6),
            answer in "\\PC{0,20}|[a-c ]{0,8}",
        ) {
            let classes = ClassSet::new(names.iter().cloned()).unwrap();
            for (place, name) in names.iter().enumerate() {
                prop_assert_eq!(classes.read(&name.to_uppercase()), Reading::Exact(place));
            }
            // What is read of a text shares its beginning with the class.
            if let Some(class) = classes.read(&answer).class() {
                let (answer, class) = (key(&answer), key(&classes.names()[class]));
                prop_assert!(answer.starts_with(&class) || class.starts_with(&answer));
            }
        }
    }
}
