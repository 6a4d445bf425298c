//! Choosing utterances by what they say or are called.

use std::str::FromStr;

use regex::Regex;
use thiserror::Error;

use crate::corpus::Utterance;

/// Conditions that an utterance must all meet, separated by commas:
/// `FIELD=GLOB` (the whole field; `*` any text, `?` any character) or `FIELD~REGEX` (some
/// part of it). A comma within a pattern is written `\,`.
///
/// Fields are `id`, `group`, `text` (the 1-best) and `reference`; an absent group or
/// reference matches nothing.
///
/// ```
/// use gec::{corpus::Utterance, datasets::Filter};
///
/// let filter: Filter = "id=i0*,text~\\bboston$".parse()?;
/// let utterance = Utterance::from_list("i07", [("fly to boston".to_owned(), None, None)]);
/// assert!(filter.matches(&utterance));
/// # Ok::<(), gec::datasets::FilterError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Filter(Vec<(Field, Regex)>);

#[derive(Debug, Clone, Copy)]
enum Field {
    Id,
    Group,
    Text,
    Reference,
}

/// What is wrong with a filter expression.
#[derive(Debug, Clone, Error)]
pub enum FilterError {
    /// A condition is not of the form `FIELD=GLOB` or `FIELD~REGEX`.
    #[error("filter `{0}` is not FIELD=GLOB or FIELD~REGEX")]
    Form(String),
    /// The field is unknown.
    #[error("filter field `{0}` is unknown; known are id, group, text, reference")]
    Field(String),
    /// The pattern is no regular expression.
    #[error("filter pattern `{pattern}`: {message}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        message: String,
    },
}

impl Filter {
    /// Whether the utterance meets every condition.
    #[must_use]
    pub fn matches(&self, utterance: &Utterance) -> bool {
        self.0.iter().all(|(field, pattern)| {
            let text = match field {
                Field::Id => Some(utterance.id.as_str()),
                Field::Group => utterance.group.as_deref(),
                Field::Text => Some(utterance.one_best()),
                Field::Reference => utterance.reference.as_deref(),
            };
            text.is_some_and(|text| pattern.is_match(text))
        })
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(expression: &str) -> Result<Self, FilterError> {
        split_at_commas(expression)
            .iter()
            .map(|part| condition(part))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// Splits at commas that no backslash precedes, and takes that backslash away.
fn split_at_commas(expression: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for (index, piece) in expression.split(',').enumerate() {
        match parts.last_mut() {
            Some(last) if index > 0 && last.ends_with('\\') => {
                last.pop();
                last.push(',');
                last.push_str(piece);
            }
            Some(last) if index == 0 => last.push_str(piece),
            _ => parts.push(piece.to_owned()),
        }
    }
    parts
}

fn condition(text: &str) -> Result<(Field, Regex), FilterError> {
    let form = || FilterError::Form(text.to_owned());
    let at = text.find(['=', '~']).ok_or_else(form)?;
    let (name, rest) = text.split_at(at);
    let field = match name.trim() {
        "id" => Field::Id,
        "group" => Field::Group,
        "text" => Field::Text,
        "reference" => Field::Reference,
        "" => return Err(form()),
        other => return Err(FilterError::Field(other.to_owned())),
    };
    let (glob, pattern) = match rest.strip_prefix('=') {
        Some(glob) => (true, glob),
        None => (false, rest.strip_prefix('~').unwrap_or(rest)),
    };
    let regex = if glob { Regex::new(&glob_to_regex(pattern)) } else { Regex::new(pattern) };
    let regex = regex.map_err(|error| FilterError::Pattern {
        pattern: pattern.to_owned(),
        message: error.to_string(),
    })?;
    Ok((field, regex))
}

fn glob_to_regex(glob: &str) -> String {
    let mut regex = String::from("(?s)^");
    for character in glob.chars() {
        match character {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            other => regex.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    regex.push('$');
    regex
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utterance() -> Utterance {
        let mut utterance =
            Utterance::from_list("i07", [("fly to new york, ny".to_owned(), None, None)]);
        utterance.reference = Some("fly to new york n y".to_owned());
        utterance
    }

    #[test]
    fn every_condition_must_hold() {
        for (expression, expected) in [
            ("id=i0*", true),
            ("id=i0", false),
            ("id=i?7,text=fly*", true),
            ("id=i?7,text=walk*", false),
            ("text~york", true),
            ("text~^york", false),
            ("text=*\\, ny", true),
            ("text~york\\, n[xy]$", true),
            ("reference=*n y", true),
            ("group=*", false),
            ("id=i.7", false),
        ] {
            let filter: Filter = expression.parse().unwrap();
            assert_eq!(filter.matches(&utterance()), expected, "{expression}");
        }
    }

    #[test]
    fn a_wrong_expression_says_what_is_wrong() {
        for (expression, expected) in [
            ("boston", "filter `boston` is not FIELD=GLOB or FIELD~REGEX"),
            ("id=a,", "filter `` is not FIELD=GLOB or FIELD~REGEX"),
            ("name=a", "filter field `name` is unknown; known are id, group, text, reference"),
        ] {
            assert_eq!(expression.parse::<Filter>().unwrap_err().to_string(), expected);
        }
        assert!(matches!("text~(".parse::<Filter>(), Err(FilterError::Pattern { .. })));
    }
}
