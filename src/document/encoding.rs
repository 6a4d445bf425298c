//! How a format writes characters: reading them with their bytes, and writing new ones.

use std::ops::Range;

/// How characters are written in a stretch of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As they are.
    Plain,
    /// Subtitles that hold entities now and then: read, but never written.
    Entities,
    /// WebVTT: `&`, `<` and `>` are written as entities.
    Vtt,
    /// The inside of a JSON string; `ascii` writes others as `\u` escapes.
    Json { ascii: bool },
    /// A whole field of a table, quotes included.
    Field { quoted: bool },
}

/// A character and the bytes that stand for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit {
    /// None for bytes that stand for nothing, such as the quotes of a field.
    pub(super) character: Option<char>,
    pub(super) start: usize,
    pub(super) length: u8,
}

impl Unit {
    pub(super) fn end(self) -> usize {
        self.start + usize::from(self.length)
    }

    /// Whether the character stands there itself, not an entity or escape for it.
    pub(super) fn is(self, character: char) -> bool {
        self.character == Some(character) && usize::from(self.length) == character.len_utf8()
    }
}

/// The characters of a range of a file.
pub(super) fn decode(text: &str, range: Range<usize>, encoding: Encoding) -> Vec<Unit> {
    let Some(part) = text.get(range.clone()) else { return Vec::new() };
    let mut units = Vec::with_capacity(part.len());
    let mut at = 0;
    let mut inside_quotes = false;
    while let Some(character) = part.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = &part[at..];
        let plain = (Some(character), character.len_utf8());
        let (read, length) = match (encoding, character) {
            (Encoding::Entities | Encoding::Vtt, '&') => entity(rest).unwrap_or(plain),
            (Encoding::Json { .. }, '\\') => escape(rest).unwrap_or(plain),
            (Encoding::Field { quoted: true }, '"') if at == 0 => {
                inside_quotes = true;
                (None, 1)
            }
            (Encoding::Field { quoted: true }, '"') if inside_quotes => {
                if rest.starts_with("\"\"") {
                    (Some('"'), 2)
                } else {
                    inside_quotes = false;
                    (None, 1)
                }
            }
            _ => plain,
        };
        // No entity or escape is longer than twelve bytes.
        let short = u8::try_from(length).unwrap_or(u8::MAX);
        units.push(Unit { character: read, start: range.start + at, length: short });
        at += usize::from(short).max(1);
    }
    units
}

/// The text of a range of a file.
pub(super) fn decode_text(text: &str, range: Range<usize>, encoding: Encoding) -> String {
    decode(text, range, encoding).into_iter().filter_map(|unit| unit.character).collect()
}

const ENTITIES: [(&str, char); 8] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("nbsp", '\u{A0}'),
    ("lrm", '\u{200E}'),
    ("rlm", '\u{200F}'),
    ("quot", '"'),
    ("apos", '\''),
];

fn entity(rest: &str) -> Option<(Option<char>, usize)> {
    let end = rest.bytes().take(11).position(|byte| byte == b';')?;
    let name = rest.get(1..end)?;
    let known = ENTITIES.iter().find(|(known, _)| *known == name).map(|(_, character)| *character);
    let number = || {
        let digits = name.strip_prefix('#')?;
        let code = match digits.strip_prefix(['x', 'X']) {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
            None => digits.parse().ok()?,
        };
        // A line break by number is no line break of the file.
        char::from_u32(code).filter(|character| !character.is_control())
    };
    Some((Some(known.or_else(number)?), end + 1))
}

fn escape(rest: &str) -> Option<(Option<char>, usize)> {
    let letter = *rest.as_bytes().get(1)?;
    let simple = match letter {
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'"' | b'\\' | b'/' => char::from(letter),
        b'u' => {
            let first = hexadecimal(rest, 2)?;
            let pair = || {
                let low = rest.get(6..8).filter(|mark| *mark == "\\u");
                let low = low.and_then(|_| hexadecimal(rest, 8))?;
                char::decode_utf16([first, low]).next()?.ok()
            };
            if let Some(character) = char::from_u32(u32::from(first)) {
                return Some((Some(character), 6));
            }
            return Some(match pair() {
                Some(character) => (Some(character), 12),
                None => (Some(char::REPLACEMENT_CHARACTER), 6),
            });
        }
        _ => return None,
    };
    Some((Some(simple), 2))
}

fn hexadecimal(text: &str, at: usize) -> Option<u16> {
    u16::from_str_radix(text.get(at..at + 4)?, 16).ok()
}

/// New text, written as the format wants it. A field still has to be quoted as a whole
/// where it is not ([`quote_field`]).
pub(super) fn encode(text: &str, encoding: Encoding) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match (encoding, character) {
            (Encoding::Vtt, '&') => out.push_str("&amp;"),
            (Encoding::Vtt, '<') => out.push_str("&lt;"),
            (Encoding::Vtt, '>') => out.push_str("&gt;"),
            (Encoding::Json { .. }, '"' | '\\') => out.extend(['\\', character]),
            (Encoding::Json { ascii }, _)
                if u32::from(character) < 0x20 || (ascii && !character.is_ascii()) =>
            {
                let mut codes = [0; 2];
                for code in character.encode_utf16(&mut codes) {
                    out.push_str(&format!("\\u{code:04x}"));
                }
            }
            (Encoding::Field { quoted: true }, '"') => out.push_str("\"\""),
            _ => out.push(character),
        }
    }
    out
}

/// A field that needs quotes now, quoted.
pub(super) fn quote_field(field: &str, delimiter: char) -> String {
    if field.contains(['"', '\n', '\r', delimiter]) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn entities_and_escapes_are_read_with_their_bytes() {
        let all = |text: &str, encoding| decode_text(text, 0..text.len(), encoding);
        assert_eq!(all("a&amp;b &lt;&#233;&#xE9; &x; & ;", Encoding::Vtt), "a&b <éé &x; & ;");
        let json = Encoding::Json { ascii: false };
        assert_eq!(all(r#"\"\u00e9\ud83d\ude00\ud83d x\n"#, json), "\"é😀\u{fffd} x\n");
        assert_eq!(all(r#""a ""b"" c"d"#, Encoding::Field { quoted: true }), "a \"b\" cd");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(text in "\\PC{0,20}[\"\\\\&<>é\u{1F600}]{0,5}") {
            let encodings = [
                Encoding::Plain,
                Encoding::Vtt,
                Encoding::Json { ascii: true },
                Encoding::Json { ascii: false },
            ];
            for encoding in encodings {
                let written = encode(&text, encoding);
                prop_assert_eq!(&decode_text(&written, 0..written.len(), encoding), &text);
            }
            let json: String = serde_json::from_str(&format!(
                "\"{}\"",
                encode(&text, Encoding::Json { ascii: true })
            )).unwrap();
            prop_assert_eq!(json, text);
        }

        #[test]
        fn decoding_covers_every_byte_once(text in "\\PC{0,30}[&;#x\\\\u\"d8]{0,12}") {
            let field = Encoding::Field { quoted: true };
            for encoding in [Encoding::Entities, Encoding::Json { ascii: false }, field] {
                let mut at = 0;
                for unit in decode(&text, 0..text.len(), encoding) {
                    prop_assert_eq!(unit.start, at);
                    at = unit.end();
                }
                prop_assert_eq!(at, text.len());
            }
        }
    }
}
