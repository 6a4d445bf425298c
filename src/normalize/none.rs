//! Texts as they stand.

use std::borrow::Cow;

use super::{Normalizer, spaces};

/// Splits words at white space and changes nothing else.
pub(super) struct None;

impl Normalizer for None {
    fn name(&self) -> &'static str {
        "none"
    }

    fn normalize<'t>(&self, text: &'t str) -> Cow<'t, str> {
        spaces::collapse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::NONE;

    #[test]
    fn case_and_punctuation_stay() {
        assert_eq!(NONE.normalize(" Hello,  World!\n"), "Hello, World!");
    }
}
