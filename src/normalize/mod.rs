//! Named rules that make texts comparable before they are scored.
//!
//! | name | what it does |
//! |---|---|
//! | `none` | collapses white space, nothing else |
//! | `basic` | any language: compatibility forms (NFKC), lower case, no punctuation or symbols |
//! | `whisper-en` | English: the rules of Whisper's normaliser (numbers, contractions, spelling) |
//! | `hp` | HyPoradise's own scoring: lower case, punctuation and digits deleted |

mod basic;
mod hp;
mod none;
mod spaces;
mod whisper_en;
mod word_map;

use std::borrow::Cow;
use std::fmt;

pub(crate) use word_map::WordMap;

/// A named normaliser of texts.
pub trait Normalizer: Send + Sync {
    /// The name it is asked for by, and printed with every figure.
    fn name(&self) -> &'static str;

    /// The normalised text: words separated by single spaces, no white space at the ends.
    /// An empty text, or one with nothing to keep, gives an empty text.
    fn normalize<'t>(&self, text: &'t str) -> Cow<'t, str>;
}

impl fmt::Debug for dyn Normalizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Collapses white space and leaves everything else.
pub const NONE: &dyn Normalizer = &none::None;
/// Lower case, NFKC, no punctuation or symbols.
pub const BASIC: &dyn Normalizer = &basic::Basic;
/// The rules of Whisper's English normaliser.
pub const WHISPER_EN: &dyn Normalizer = &whisper_en::WhisperEn;
/// HyPoradise's own scoring.
pub const HP: &dyn Normalizer = &hp::Hp;

/// The names [`by_name`] knows.
pub const NAMES: [&str; 4] = ["none", "basic", "whisper-en", "hp"];

/// The normaliser of this name, if there is one.
///
/// ```
/// let basic = gec::normalize::by_name("basic").unwrap();
/// assert_eq!(basic.normalize("Show me, please: FLIGHTS!"), "show me please flights");
/// assert!(gec::normalize::by_name("Basic").is_none());
/// ```
#[must_use]
pub fn by_name(name: &str) -> Option<&'static dyn Normalizer> {
    [NONE, BASIC, WHISPER_EN, HP].into_iter().find(|normalizer| normalizer.name() == name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_name_is_known() {
        for name in NAMES {
            assert_eq!(by_name(name).unwrap().name(), name);
        }
        assert!(by_name("").is_none());
    }

    proptest! {
        #[test]
        fn texts_come_out_as_single_spaced_words(text in "\\PC{0,40}|[a-z0-9 .,'$%\\-\t\n]{0,40}") {
            for name in NAMES {
                let normal = by_name(name).unwrap().normalize(&text).into_owned();
                let words: Vec<&str> = normal.split_whitespace().collect();
                prop_assert_eq!(words.join(" "), normal, "{}", name);
            }
        }

        #[test]
        fn all_but_the_number_rules_are_idempotent(text in "\\PC{0,40}") {
            for normalizer in [NONE, BASIC, HP] {
                let once = normalizer.normalize(&text).into_owned();
                prop_assert_eq!(normalizer.normalize(&once), &*once, "{}", normalizer.name());
            }
        }
    }
}
