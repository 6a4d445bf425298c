//! What was said, from a file of its own, joined to the utterances by their ids.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Deserialize;

use super::source::{self, Line, Lines, Source};
use super::{CorpusError, Utterance, trn_id};

/// Reference transcripts by utterance id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References(HashMap<String, String>);

/// One line of JSONL.
#[derive(Deserialize)]
struct Entry {
    id: String,
    #[serde(alias = "reference", alias = "ref", alias = "output")]
    text: String,
}

impl References {
    /// Reads a file: JSONL `{"id", "text"}` where its first character is `{`, `words (id)`
    /// where its name ends in `.trn` or its first line in a parenthesis, else Kaldi's
    /// `id words`. Blank lines are skipped; of several texts for one id the last counts.
    ///
    /// # Errors
    /// When the file cannot be read, or a line is not of its form.
    pub fn read(path: &Path) -> Result<Self, CorpusError> {
        let source = Source::File(path.to_path_buf());
        let mut reader = source.reader()?;
        source::skip_byte_order_mark(&mut reader, &source.name())?;
        let mut lines = Lines::new(reader, source.name());
        let mut texts = HashMap::new();
        let mut parse: Option<Parse> = None;
        while let Some(line) = lines.next_line()? {
            let fault = match &line {
                Line::Invalid(column) => Err((*column, "not valid UTF-8".to_owned())),
                Line::Text(line) if line.trim().is_empty() => continue,
                Line::Text(line) => {
                    let line = line.trim();
                    parse.get_or_insert_with(|| form(path, line))(line).map_err(|text| (1, text))
                }
            };
            match fault {
                Ok((id, text)) => texts.insert(id, text),
                Err((column, message)) => {
                    return Err(lines.error(column, message).into_companion());
                }
            };
        }
        Ok(Self(texts))
    }

    /// How many utterances have a reference here.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The reference of an utterance, by its id as it is or as a trn file writes it.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&str> {
        let found = self.0.get(id).or_else(|| self.0.get(trn_id(id).as_ref()));
        found.map(String::as_str)
    }

    /// Gives each utterance its reference. One whose id is not found keeps what it had and is
    /// counted.
    pub fn join<I>(self, utterances: I) -> (Joined<I>, Unmatched) {
        let unmatched = Unmatched::default();
        (Joined { utterances, references: self, unmatched: unmatched.clone() }, unmatched)
    }
}

/// Takes a line apart into id and text.
type Parse = fn(&str) -> Result<(String, String), String>;

fn form(path: &Path, first: &str) -> Parse {
    let is_trn = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("trn"));
    if first.starts_with('{') {
        json
    } else if is_trn || (first.ends_with(')') && trn(first).is_ok()) {
        trn
    } else {
        kaldi
    }
}

fn json(line: &str) -> Result<(String, String), String> {
    let entry: Entry =
        serde_json::from_str(line).map_err(|error| super::record::message(&error))?;
    Ok((entry.id, entry.text.trim().to_owned()))
}

fn trn(line: &str) -> Result<(String, String), String> {
    let parts = line.strip_suffix(')').and_then(|line| line.rsplit_once('('));
    let (text, id) = parts.ok_or("expected `words (id)`")?;
    Ok((id.trim().to_owned(), text.trim().to_owned()))
}

#[expect(clippy::unnecessary_wraps, reason = "the same shape as the other forms")]
fn kaldi(line: &str) -> Result<(String, String), String> {
    let (id, text) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    Ok((id.to_owned(), text.trim().to_owned()))
}

/// How many utterances of a [`Joined`] had no reference; known when it is read to its end.
#[derive(Debug, Clone, Default)]
pub struct Unmatched(Arc<AtomicU64>);

impl Unmatched {
    /// Utterances so far whose id was not found.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Utterances with references from a file: see [`References::join`].
#[derive(Debug)]
pub struct Joined<I> {
    utterances: I,
    references: References,
    unmatched: Unmatched,
}

impl<I, E> Iterator for Joined<I>
where
    I: Iterator<Item = Result<Utterance, E>>,
{
    type Item = Result<Utterance, E>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut item = self.utterances.next()?;
        if let Ok(utterance) = &mut item {
            match self.references.get(&utterance.id) {
                Some(reference) => utterance.reference = Some(reference.to_owned()),
                None => {
                    self.unmatched.0.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn read(name: &str, text: &str) -> Result<References, CorpusError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs_err::write(&path, text).unwrap();
        References::read(&path)
    }

    #[test]
    fn three_forms_are_told_apart() {
        let expected = [("a", "x y"), ("b", "")];
        let expected = References(expected.map(|(id, text)| (id.into(), text.into())).into());
        for (name, text) in [
            ("text", "a x y\n\nb\n"),
            ("refs.trn", "x y (a)\n(b)\n"),
            ("refs", "x y (a)\n (b)\n"),
            ("refs.jsonl", "{\"id\": \"a\", \"text\": \" x y\"}\n{\"id\": \"b\", \"ref\": \"\"}"),
        ] {
            assert_eq!(read(name, text).unwrap(), expected, "{name}");
        }
        assert!(read("text", "").unwrap().is_empty());
    }

    #[test]
    fn a_line_of_another_form_is_named() {
        let error = read("refs.trn", "x (a)\nno id\n").unwrap_err();
        assert!(error.is_fatal() && error.to_string().ends_with(":2:1: expected `words (id)`"));
        let error = read("refs.jsonl", "{\"id\": \"a\"}").unwrap_err();
        assert!(error.to_string().contains("missing field `text`"));
    }

    #[test]
    fn utterances_without_a_reference_keep_theirs_and_are_counted() {
        let references = read("refs.trn", "new (a)\nspaced (b%20c)\n").unwrap();
        assert_eq!(references.len(), 2);
        let utterances = ["a", "b c", "d"].map(|id| {
            let mut utterance = Utterance::from_list(id, []);
            utterance.reference = Some("old".to_owned());
            Ok::<_, Infallible>(utterance)
        });
        let (joined, unmatched) = references.join(utterances.into_iter());
        let found: Vec<_> = joined.map(|item| item.unwrap().reference.unwrap()).collect();
        assert_eq!(
            (found, unmatched.count()),
            (["new", "spaced", "old"].map(str::to_owned).into(), 1)
        );
    }
}
