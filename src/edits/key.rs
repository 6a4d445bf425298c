//! Words taken apart: what is compared, and what surrounds it.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A word in three parts. A word of punctuation only is all `lead`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    pub(super) lead: &'a str,
    pub(super) core: &'a str,
    pub(super) trail: &'a str,
}

/// Signs that are said, unlike punctuation.
fn is_said(character: char) -> bool {
    character.is_alphanumeric()
        || is_combining_mark(character)
        || matches!(character, '%' | '$' | '€' | '£' | '¥' | '°' | '+' | '#' | '&' | '@' | '=')
}

/// Parts punctuation from a word; apostrophes and hyphens within it stay.
pub(super) fn parts(word: &str) -> Parts<'_> {
    let Some(start) = word.find(is_said) else {
        return Parts { lead: word, core: "", trail: "" };
    };
    let (lead, rest) = word.split_at(start);
    let core = rest.trim_end_matches(|one| !is_said(one));
    let trail = rest.get(core.len()..).unwrap_or("");
    Parts { lead, core, trail }
}

/// What two words must share to be the same: lower case, without surrounding punctuation,
/// composed (NFC), with straight apostrophes. Of punctuation only it is empty.
pub(super) fn key(word: &str) -> String {
    let lower = parts(word).core.to_lowercase();
    lower.nfc().map(|one| if matches!(one, '’' | 'ʼ' | '＇') { '\'' } else { one }).collect()
}

/// Whether punctuation ends a sentence.
pub(super) fn ends_sentence(trail: &str) -> bool {
    trail.contains(['.', '!', '?', '…', '。', '！', '？', '؟', '۔', '।'])
}

/// Quotes and brackets that open.
pub(super) fn is_opener(character: char) -> bool {
    matches!(
        character,
        '"' | '“' | '„' | '«' | '‘' | '(' | '[' | '「' | '『' | '（' | '《' | '【' | '¿' | '¡'
    )
}

/// Quotes and brackets that close.
pub(super) fn is_closer(character: char) -> bool {
    matches!(character, '"' | '”' | '“' | '»' | '’' | ')' | ']' | '」' | '』' | '）' | '》' | '】')
}

/// How a word is capitalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// In lower case, mixed, or in a script without case.
    Plain,
    /// Its first letter only.
    Initial,
    /// All of its letters, two at least.
    Capitals,
}

/// The case of a word's core. The English `I` is no sign of anything.
pub(super) fn case(core: &str) -> Case {
    if core == "I" || core.starts_with("I'") || core.starts_with("I’") {
        return Case::Plain;
    }
    let capitals = core.chars().filter(|one| one.is_uppercase()).count();
    if capitals > 1 && !core.chars().any(char::is_lowercase) {
        return Case::Capitals;
    }
    let mut letters = core.chars().skip_while(|one| !one.is_alphabetic());
    match letters.next() {
        Some(first) if first.is_uppercase() && !letters.any(char::is_uppercase) => Case::Initial,
        _ => Case::Plain,
    }
}

/// A word in lower case, with the capitals of another one.
pub(super) fn with_case(core: &str, case: Case) -> String {
    match case {
        Case::Plain => core.to_owned(),
        Case::Capitals => core.to_uppercase(),
        Case::Initial => {
            let mut letters = core.chars();
            match letters.next() {
                Some(first) => first.to_uppercase().chain(letters).collect(),
                None => String::new(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_ignore_case_and_outer_punctuation() {
        assert_eq!(key("\"Don’t,"), "don't");
        assert_eq!(key("(Über-mut)..."), "über-mut");
        assert_eq!(key("u\u{308}ber"), key("über"));
        assert_eq!(key("5%."), "5%");
        assert_eq!(key("שלום,"), "שלום");
        assert_eq!(key("ที่"), "ที่");
        assert_eq!(key("—"), "");
        let parted = Parts { lead: "„", core: "Straße", trail: ".“" };
        assert_eq!(parts("„Straße.“"), parted);
    }

    #[test]
    fn case_is_told_and_given() {
        assert_eq!(case("Hello"), Case::Initial);
        assert_eq!(case("USA"), Case::Capitals);
        assert_eq!(case("I'm"), Case::Plain);
        assert_eq!(case("iPhone"), Case::Plain);
        assert_eq!(with_case("straße", Case::Capitals), "STRASSE");
        assert_eq!(with_case("über", Case::Initial), "Über");
    }
}
