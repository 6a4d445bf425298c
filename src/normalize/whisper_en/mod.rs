//! English, by the rules of the normaliser that Whisper's figures are computed with
//! (arXiv 2212.04356, appendix C).
//!
//! In order: lower case; what stands in brackets goes; fillers (`hmm`, `mm`, `mhm`, `mmm`,
//! `uh`, `um`) go; contractions and titles are written out; separators inside numbers, then
//! punctuation, symbols and diacritics go; number words become digits with their currency,
//! percent sign or ordinal ending; British spellings become American; what is left of
//! currency and percent signs without a number goes.
//!
//! Differences from Whisper's own code, which matter only where it has a slip: `ninth` is
//! a number word; repeated full stops (`wait...`) and lone signs leave nothing behind;
//! British spellings are the documented core list of [`spelling`] rather than a dictionary.

mod contractions;
mod number_words;
mod numbers;
mod spelling;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{Normalizer, spaces};

/// See the module.
pub(super) struct WhisperEn;

impl Normalizer for WhisperEn {
    fn name(&self) -> &'static str {
        "whisper-en"
    }

    fn normalize<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text =
            if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() };
        // Most texts need few of the steps.
        if text.contains(['<', '[', '(']) {
            text = without_brackets(&text);
        }
        text = contractions::expand(&contractions::without_fillers(&text));
        if !text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b' ') {
            text = plain(&number_separators(&text));
        }
        text = numbers::to_digits(&text);
        if text.contains(is_number_sign) {
            text = without_lone_signs(&text);
        }
        let words = text.split_whitespace().map(spelling::american);
        let mut out = String::with_capacity(text.len());
        for word in words {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
        }
        debug_assert!(matches!(spaces::collapse(&out), Cow::Borrowed(_)));
        Cow::Owned(out)
    }
}

/// Deletes `<...>`, `[...]` (either may close the other) and `(...)` with something inside.
fn without_brackets(text: &str) -> String {
    let text = without(text, &['<', '['], &['>', ']'], true);
    without(&text, &['('], &[')'], false)
}

fn without(text: &str, open: &[char], close: &[char], empty_too: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(open) {
        let inside = &rest[start + 1..];
        match inside.find(close) {
            Some(end) if end > 0 || empty_too => {
                out.push_str(&rest[..start]);
                rest = &inside[end + 1..];
            }
            Some(_) => {
                out.push_str(&rest[..=start]);
                rest = inside;
            }
            None => break,
        }
    }
    out.push_str(rest);
    out
}

/// Deletes commas between digits, and full stops that no digit follows.
fn number_separators(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Of `1,2,3` only the first comma goes: its second digit cannot begin another pair.
    let mut begins_pair = false;
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let digit_next = rest.peek().is_some_and(char::is_ascii_digit);
        match character {
            ',' if begins_pair && digit_next => {
                out.extend(rest.next());
                begins_pair = false;
            }
            '.' if !digit_next => {
                out.push(' ');
                begins_pair = false;
            }
            _ => {
                out.push(character);
                begins_pair = character.is_ascii_digit();
            }
        }
    }
    out
}

/// Signs that mean something beside a number.
fn is_number_sign(character: char) -> bool {
    matches!(character, '.' | '%' | '$' | '¢' | '€' | '£')
}

/// Letters without diacritics, digits and number signs; spaces for all else.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut add = |character: char| match character {
        _ if is_number_sign(character) => out.push(character),
        'œ' => out.push_str("oe"),
        'æ' => out.push_str("ae"),
        'ß' => out.push_str("ss"),
        'þ' => out.push_str("th"),
        'ø' => out.push('o'),
        'ł' => out.push('l'),
        'đ' | 'ð' => out.push('d'),
        _ if is_combining_mark(character) => {}
        _ if character.is_alphanumeric() => out.push(character),
        _ => out.push(' '),
    };
    if text.is_ascii() {
        text.chars().for_each(&mut add);
    } else {
        text.nfkd().for_each(&mut add);
    }
    out
}

/// Deletes signs that stand before no digit (`%`: behind none).
fn without_lone_signs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let keep = match character {
            '%' => before.is_ascii_digit(),
            _ if is_number_sign(character) => rest.peek().is_some_and(char::is_ascii_digit),
            _ => true,
        };
        out.push(if keep { character } else { ' ' });
        before = character;
    }
    out
}
