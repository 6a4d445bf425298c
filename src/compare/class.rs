//! Kinds of errors.

use serde::{Deserialize, Serialize};

use super::names::Names;
use super::sound::sound_key;
use super::words::{is_function_word, is_number, plain, stem};

/// What kind of error a wrong, missing or superfluous word is: the first of these that
/// holds. Words are compared in lower case without surrounding punctuation.
///
/// `Number`, `Inflection`, `FunctionWord` and `SoundAlike` know English beside digits; of
/// other languages their errors are mostly `Substitution`, `Deletion` and `Insertion`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// In a changed stretch, words that are the same without spaces, hyphens and
    /// apostrophes: `non stop`, `non-stop`, `nonstop`.
    SplitOrJoin,
    /// Either word holds a digit or is a number in words.
    Number,
    /// The reference's word is capitalised within a sentence, in a reference that has both
    /// cases. Of languages that capitalise nouns, these are nouns too.
    Name,
    /// Two words with one stem: `flight`, `flights`.
    Inflection,
    /// The reference's word, or the inserted one, is an article, preposition, pronoun,
    /// conjunction, auxiliary or filler.
    FunctionWord,
    /// Two words with one phonetic key (after Metaphone, Philips 1990): `fare`, `fair`.
    SoundAlike,
    /// Any other missing word.
    Deletion,
    /// Any other superfluous word.
    Insertion,
    /// Any other wrong word.
    Substitution,
}

impl Class {
    /// All of them, in order of precedence.
    pub const ALL: [Self; 9] = [
        Self::SplitOrJoin,
        Self::Number,
        Self::Name,
        Self::Inflection,
        Self::FunctionWord,
        Self::SoundAlike,
        Self::Deletion,
        Self::Insertion,
        Self::Substitution,
    ];

    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SplitOrJoin => "split or joined",
            Self::Number => "number",
            Self::Name => "name",
            Self::Inflection => "inflection",
            Self::FunctionWord => "function word",
            Self::SoundAlike => "sounds alike",
            Self::Deletion => "other deletion",
            Self::Insertion => "other insertion",
            Self::Substitution => "other substitution",
        }
    }

    /// The class of an error that is no [`SplitOrJoin`](Self::SplitOrJoin): the reference's
    /// word, and the word that stands there instead.
    pub(super) fn of(reference: Option<&str>, heard: Option<&str>, names: &Names) -> Self {
        let (said, heard) = (reference.map(plain), heard.map(plain));
        let either = [said.as_deref(), heard.as_deref()];
        if either.into_iter().flatten().any(is_number) {
            return Self::Number;
        }
        if said.as_deref().is_some_and(|said| names.contains(said)) {
            return Self::Name;
        }
        let both = said.as_deref().zip(heard.as_deref());
        if both.is_some_and(|(said, heard)| said != heard && stem(said) == stem(heard)) {
            return Self::Inflection;
        }
        if said.as_deref().or(heard.as_deref()).is_some_and(is_function_word) {
            return Self::FunctionWord;
        }
        let sound = |(said, heard)| {
            let key = sound_key(said);
            !key.is_empty() && key == sound_key(heard)
        };
        match both {
            Some(both) if sound(both) => Self::SoundAlike,
            Some(_) => Self::Substitution,
            None if said.is_some() => Self::Deletion,
            None => Self::Insertion,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(reference: &str, heard: &str) -> Class {
        let some = |text| Some(text).filter(|text: &&str| !text.is_empty());
        Class::of(some(reference), some(heard), &Names::default())
    }

    #[test]
    fn each_class_has_its_words() {
        for (reference, heard, expected) in [
            ("two", "to", Class::Number),
            ("flights", "747s", Class::Number),
            ("flights", "flight", Class::Inflection),
            ("stopped", "stopping", Class::Inflection),
            ("the", "a", Class::FunctionWord),
            ("the", "", Class::FunctionWord),
            ("", "uh", Class::FunctionWord),
            ("fare", "fair", Class::SoundAlike),
            ("flight", "", Class::Deletion),
            ("", "flight", Class::Insertion),
            ("flight", "denver", Class::Substitution),
            ("北京", "背景", Class::Substitution),
        ] {
            assert_eq!(class(reference, heard), expected, "{reference} {heard}");
        }
    }

    #[test]
    fn numbers_and_stems_come_before_sounds_and_function_words() {
        assert_eq!(class("to", "two"), Class::Number);
        assert_eq!(class("an", "and"), Class::FunctionWord);
        assert_eq!(class("Boston.", "boston"), Class::SoundAlike);
    }

    #[test]
    fn all_classes_are_in_order_of_precedence_and_have_names_of_their_own() {
        assert!(Class::ALL.is_sorted());
        for (number, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(class as usize, number);
            assert_eq!(Class::ALL.iter().filter(|other| other.name() == class.name()).count(), 1);
        }
    }
}
