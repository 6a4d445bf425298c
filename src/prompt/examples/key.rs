//! When two texts say the same.

/// A text in lower case, without punctuation, its words separated by single spaces.
pub(super) fn same_words_key(text: &str) -> String {
    let bare: String = text
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric() || c.is_whitespace())
        .collect();
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}
