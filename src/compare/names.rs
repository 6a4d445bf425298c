//! Which words of a reference are names, as far as its case tells.

use super::words::{is_function_word, plain};
use crate::score::Rule;

/// Names in one reference.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// Whether the reference has words in both cases: without, nothing is known of names.
    pub(super) cased: bool,
    words: Vec<String>,
}

impl Names {
    /// Words that begin with a capital where no sentence begins, in a reference as it was
    /// written. English function words (`I`) are none.
    pub(super) fn of(reference: &str, rule: &Rule) -> Self {
        let begins = |word: &str, test: fn(char) -> bool| {
            word.chars().find(|one| one.is_alphabetic()).is_some_and(test)
        };
        let cased = [char::is_uppercase as fn(char) -> bool, char::is_lowercase]
            .into_iter()
            .all(|test| reference.split_whitespace().any(|word| begins(word, test)));
        let mut names = Self { cased, words: Vec::new() };
        let mut inside = false;
        for word in reference.split_whitespace().filter(|_| cased) {
            if inside && begins(word, char::is_uppercase) && !is_function_word(&plain(word)) {
                let normal = rule.normalizer.normalize(word);
                names.words.extend(normal.split_whitespace().map(plain));
            }
            inside = !word.ends_with(['.', '!', '?', '…', ':', '。', '！', '？']);
        }
        names
    }

    /// Whether a plain word is one of them.
    pub(super) fn contains(&self, word: &str) -> bool {
        self.words.iter().any(|name| name == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_capitalised_within_a_sentence() {
        let rule = Rule { normalizer: crate::normalize::BASIC, ..Rule::default() };
        let names = Names::of("Show me Boston, I said. Then Jean-Luc's flights", &rule);
        assert!(names.cased && names.contains("boston"));
        assert!(!names.contains("show") && !names.contains("then") && !names.contains("i"));
        let normal = rule.normalizer.normalize("Jean-Luc's").into_owned();
        assert!(normal.split(' ').all(|word| names.contains(word)), "{normal}");
    }

    #[test]
    fn without_both_cases_nothing_is_known() {
        for reference in ["show me boston", "SHOW ME BOSTON", "", "北京"] {
            assert_eq!(Names::of(reference, &Rule::default()), Names::default(), "{reference}");
        }
    }
}
