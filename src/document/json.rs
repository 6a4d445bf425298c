//! Where the values of a JSON text stand.

use std::ops::Range;

use serde::de::IgnoredAny;

use super::DocumentError;
use super::encoding::{Encoding, decode_text};

/// Objects and lists within each other, at most: as many as `serde_json` allows.
const DEEPEST: usize = 128;

/// A value and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) range: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Object(Vec<Member>),
    Array(Vec<Node>),
    String,
    /// A number, `true`, `false` or `null`.
    Scalar,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// With its quotes.
    pub(super) key: Range<usize>,
    pub(super) value: Node,
}

impl Node {
    pub(super) fn members(&self) -> &[Member] {
        match &self.kind {
            Kind::Object(members) => members,
            _ => &[],
        }
    }

    pub(super) fn elements(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The field of an object; of several with one name the last, as most readers have it.
    pub(super) fn get(&self, text: &str, name: &str) -> Option<&Self> {
        let member = self.members().iter().rfind(|member| string(text, &member.key) == name);
        member.map(|member| &member.value)
    }

    /// A string's inside.
    pub(super) fn content(&self) -> Option<Range<usize>> {
        (self.kind == Kind::String).then(|| inside(&self.range))
    }

    pub(super) fn string(&self, text: &str) -> Option<String> {
        (self.kind == Kind::String).then(|| string(text, &self.range))
    }

    pub(super) fn source<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.range.clone()).unwrap_or("")
    }

    pub(super) fn number(&self, text: &str) -> Option<f64> {
        if self.kind == Kind::Scalar { self.source(text).parse().ok() } else { None }
    }

    /// A string, or a number as it is written.
    pub(super) fn label(&self, text: &str) -> Option<String> {
        let number = || self.number(text).map(|_| self.source(text).to_owned());
        self.string(text).map(|label| label.trim().to_owned()).or_else(number)
    }
}

fn inside(range: &Range<usize>) -> Range<usize> {
    let start = range.start + 1;
    start..range.end.saturating_sub(1).max(start)
}

fn string(text: &str, range: &Range<usize>) -> String {
    decode_text(text, inside(range), Encoding::Json { ascii: false })
}

/// The values of a text, one behind the other.
pub(super) fn values(text: &str) -> Result<Vec<Node>, DocumentError> {
    let offset = if text.starts_with('\u{FEFF}') { 3 } else { 0 };
    let body = text.get(offset..).unwrap_or("");
    let mut stream = serde_json::Deserializer::from_str(body).into_iter::<IgnoredAny>();
    let mut nodes = Vec::new();
    let mut at = 0;
    while let Some(value) = stream.next() {
        if let Err(error) = value {
            return Err(DocumentError::Syntax {
                line: error.line(),
                column: error.column(),
                message: message(&error),
            });
        }
        let mut parser = Parser { bytes: text.as_bytes(), at: offset + at };
        match parser.value(DEEPEST) {
            Some(node) => nodes.push(node),
            None => {
                return Err(DocumentError::Syntax {
                    line: 1 + body[..at].matches('\n').count(),
                    column: 1,
                    message: format!("more than {DEEPEST} objects within each other"),
                });
            }
        }
        at = stream.byte_offset();
    }
    Ok(nodes)
}

/// The one value of a line; the message says what is wrong.
pub(super) fn value(text: &str, range: Range<usize>) -> Result<Node, String> {
    let part = text.get(range.clone()).unwrap_or("");
    serde_json::from_str::<IgnoredAny>(part).map_err(|error| message(&error))?;
    let mut parser = Parser { bytes: text.as_bytes(), at: range.start };
    parser.value(DEEPEST).ok_or_else(|| format!("more than {DEEPEST} objects within each other"))
}

/// What an error says, without the position it ends with.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&position).unwrap_or(&text).to_owned()
}

/// Walks JSON that is known to be well formed.
struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn peek(&mut self) -> Option<u8> {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    fn value(&mut self, depth: usize) -> Option<Node> {
        let depth = depth.checked_sub(1)?;
        let first = self.peek()?;
        let start = self.at;
        let kind = match first {
            b'{' => Kind::Object(self.list(b'}', |parser| {
                parser.peek()?;
                let key = parser.string()?;
                (parser.peek()? == b':').then_some(())?;
                parser.at += 1;
                Some(Member { key, value: parser.value(depth)? })
            })?),
            b'[' => Kind::Array(self.list(b']', |parser| parser.value(depth))?),
            b'"' => {
                self.string()?;
                Kind::String
            }
            _ => {
                let rest = self.bytes.get(start..)?;
                let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                let length = rest.iter().take_while(|byte| part(byte)).count();
                self.at += length.max(1);
                Kind::Scalar
            }
        };
        Some(Node { range: start..self.at, kind })
    }

    fn list<T>(&mut self, end: u8, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = Vec::new();
        self.at += 1;
        while self.peek()? != end {
            items.push(item(self)?);
            if self.peek()? == b',' {
                self.at += 1;
            }
        }
        self.at += 1;
        Some(items)
    }

    fn string(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        self.at += 1;
        loop {
            match *self.bytes.get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(start..self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_with_their_bytes() {
        let text = "\u{feff} {\"a\": [1, -2.5e3, \"x\\\"y\"], \"b\" :{}, \"a\":null}\n[] ";
        let nodes = values(text).unwrap();
        assert_eq!(nodes.len(), 2);
        assert_eq!(nodes[0].get(text, "a").unwrap().source(text), "null");
        let list = nodes[0].members()[0].value.elements().unwrap();
        assert_eq!(list[1].number(text), Some(-2500.0));
        assert_eq!(list[2].string(text).unwrap(), "x\"y");
        assert_eq!(&text[list[2].content().unwrap()], "x\\\"y");
    }

    #[test]
    fn faults_are_told_with_their_place_and_depth_is_bounded() {
        let error = values("{\"a\": 1}\n{\"a\" 2}").unwrap_err();
        assert!(matches!(error, DocumentError::Syntax { line: 2, column: 6, .. }), "{error:?}");
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(values(&deep).is_err());
        assert!(value(&deep, 0..deep.len()).is_err());
    }
}
