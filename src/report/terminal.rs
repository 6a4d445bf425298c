//! Text as a terminal may see it. Transcripts, paths and names may hold anything.

/// The text with nothing in it that could move a cursor or turn the direction of what
/// follows: such characters become U+FFFD.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|one| if is_unprintable(one) { '\u{fffd}' } else { one }).collect()
}

/// Whether a character moves the cursor or turns the direction of writing.
#[must_use]
pub fn is_unprintable(one: char) -> bool {
    one.is_control()
        || matches!(one, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
