//! The header of a template file.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::PromptError;
use crate::classify::Classes;

/// What a template says about itself: TOML between two lines `---` at the top of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The template's name.
    pub name: String,
    /// One sentence: what it asks for, and what it expects.
    pub description: String,
    /// What the model is asked to answer with.
    pub output: Output,
    /// How the body becomes a prompt.
    pub form: Form,
    /// What every answer starts with; it is part of the answer, not of the prompt, and is
    /// removed from it. For models that write a space before the first word.
    #[serde(default)]
    pub answer_prefix: String,
    /// Texts that end the answer and are not part of it. End-of-text always ends it.
    #[serde(default)]
    pub stop: Vec<String>,
    /// How many hypotheses to offer where nothing else is asked for, at least 1.
    #[serde(default = "default_max_hypotheses")]
    pub max_hypotheses: usize,
    /// How many few-shot examples to offer where nothing else is asked for.
    #[serde(default)]
    pub examples: usize,
    /// With [`Output::Class`], and only then: the classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<Classes>,
}

fn default_max_hypotheses() -> usize {
    5
}

/// What the model is asked to answer with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Output {
    /// The transcript.
    Text,
    /// The label of one hypothesis (see [`super::labels`]).
    Label,
    /// What is wrong in the 1-best and what is right there, as pairs
    /// ([`crate::edits::pairs`]).
    Pairs,
    /// One of the template's classes: what the utterance is, not what was said
    /// ([`crate::classify`]).
    Class,
}

impl Output {
    /// Its name in a header.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Label => "label",
            Self::Pairs => "pairs",
            Self::Class => "class",
        }
    }
}

/// How the body becomes a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// The blocks `system`, `user` and `assistant` become messages, laid out by the model's
    /// own chat template.
    Chat,
    /// The body is the prompt.
    Plain,
}

const FENCE: &str = "---";

impl Header {
    /// Splits a template file into its header and its body. Returns the header, the body,
    /// and the number of lines above the body.
    ///
    /// # Errors
    /// [`PromptError::Header`] where a fence is missing, the TOML is malformed, or a field
    /// is missing, unknown or out of range.
    pub(super) fn split<'s>(
        template: &str,
        source: &'s str,
    ) -> Result<(Self, &'s str, usize), PromptError> {
        let fail = |line: usize, message: &str| PromptError::Header {
            template: template.to_owned(),
            line,
            message: message.to_owned(),
        };
        let mut header = None::<Range<usize>>;
        let mut at = 0;
        for (index, line) in source.split_inclusive('\n').enumerate() {
            let end = at + line.len();
            let is_fence = line.trim_end() == FENCE;
            match &header {
                None if is_fence => header = Some(end..end),
                None => return Err(fail(1, "expected a line `---` that opens the header")),
                Some(range) if is_fence => {
                    let parsed = Self::parse(&source[range.start..at])
                        .map_err(|(offset, message)| fail(offset + 2, &message))?;
                    return Ok((parsed, &source[end..], index + 1));
                }
                Some(_) => {}
            }
            at = end;
        }
        Err(fail(1, "expected a header between two lines `---`"))
    }

    /// Reads the TOML; the error is a line of the header, from 0, and what is wrong there.
    fn parse(text: &str) -> Result<Self, (usize, String)> {
        let header: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start.min(text.len()));
            let lines = text.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count();
            (lines, error.message().trim().replace('\n', ", "))
        })?;
        if header.max_hypotheses == 0 {
            return Err((0, "`max_hypotheses` must be at least 1".to_owned()));
        }
        match (header.output == Output::Class, header.classes.is_some()) {
            (true, false) => {
                let example = "`classes = [\"yes\", \"no\"]` or `classes = \"from-data\"`";
                return Err((0, format!("the output `class` needs classes: {example}")));
            }
            (false, true) => {
                return Err((0, "`classes` goes with `output = \"class\"`".to_owned()));
            }
            _ => {}
        }
        if header.stop.iter().any(String::is_empty) {
            return Err((0, "`stop` must not hold an empty text".to_owned()));
        }
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "---\nname = \"x\"\ndescription = \"d\"\noutput = \"text\"\n\
                        form = \"plain\"\n---\nbody\n";

    #[test]
    fn a_header_has_defaults_and_the_body_follows_it() {
        let (header, body, lines) = Header::split("x", GOOD).unwrap();
        assert_eq!((header.max_hypotheses, header.examples), (5, 0));
        assert_eq!((header.answer_prefix.as_str(), header.stop.len()), ("", 0));
        assert_eq!((body, lines), ("body\n", 6));
        let windows = GOOD.replace('\n', "\r\n");
        assert_eq!(Header::split("x", &windows).unwrap().1, "body\r\n");
    }

    #[test]
    fn a_bad_header_names_template_and_line() {
        for (source, line, part) in [
            ("body", 1, "opens the header"),
            ("", 1, "header"),
            ("---\nname = \"x\"\n", 1, "two lines"),
            (&GOOD.replace("\"plain\"", "\"poem\"") as &str, 5, "poem"),
            (&GOOD.replace("form", "from"), 5, "from"),
            (&GOOD.replace("---\nbody", "max_hypotheses = 0\n---\nbody"), 2, "at least 1"),
            (&GOOD.replace("---\nbody", "stop = [\"\"]\n---\nbody"), 2, "empty"),
            (&GOOD.replace("\"text\"", "\"class\""), 2, "needs classes"),
            (&GOOD.replace("---\nbody", "classes = \"from-data\"\n---\nbody"), 2, "goes with"),
            (&GOOD.replace("---\nbody", "classes = [\"a\"]\n---\nbody"), 6, "at least two"),
        ] {
            let error = Header::split("mine", source).unwrap_err();
            let text = error.to_string();
            assert!(text.starts_with(&format!("prompt template `mine`, line {line}: ")), "{text}");
            assert!(text.contains(part), "{text}");
            assert!(error.hint().is_some());
        }
    }
}
