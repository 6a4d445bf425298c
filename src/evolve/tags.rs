//! Where the Jinja tags of a template are, and how they nest. Only so much of the syntax is
//! read as is needed to know what can be taken out of a template without breaking it.

use std::ops::Range;

/// What a stretch of a template is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stretch<'s> {
    /// Text, printed as it stands.
    Text,
    /// `{{ ... }}`.
    Print,
    /// `{# ... #}`.
    Comment,
    /// `{% ... %}`, and what stands in it, trimmed.
    Statement(&'s str),
}

/// A stretch and its byte range.
pub(super) type Placed<'s> = (Stretch<'s>, Range<usize>);

/// Statements that a later `end...` closes.
const OPENERS: [&str; 9] =
    ["for", "if", "block", "macro", "filter", "with", "call", "autoescape", "raw"];

/// Cuts a template into stretches, in order and without a gap. `None` where a tag is not
/// closed.
pub(super) fn stretches(text: &str) -> Option<Vec<Placed<'_>>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = next_tag(text, at) {
        if start > at {
            found.push((Stretch::Text, at..start));
        }
        let end = tag_end(text, start)?;
        let stretch = match &text[start..start + 2] {
            "{{" => Stretch::Print,
            "{#" => Stretch::Comment,
            _ => Stretch::Statement(inside(&text[start..end])),
        };
        found.push((stretch, start..end));
        at = end;
        // Between `raw` and `endraw` nothing is a tag.
        if stretch == Stretch::Statement("raw") {
            let end = end_of_raw(text, at)?;
            if end > at {
                found.push((Stretch::Text, at..end));
            }
            at = end;
        }
    }
    if at < text.len() {
        found.push((Stretch::Text, at..text.len()));
    }
    Some(found)
}

fn next_tag(text: &str, from: usize) -> Option<usize> {
    let tag = |pair: &[u8]| pair[0] == b'{' && matches!(pair[1], b'{' | b'%' | b'#');
    Some(from + text.as_bytes()[from..].windows(2).position(tag)?)
}

/// Behind the tag that begins at `start`. A closing sign in a quoted text does not count,
/// except in a comment, which knows no quotes.
fn tag_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let close: &[u8] = match bytes[start + 1] {
        b'{' => b"}}",
        b'#' => b"#}",
        _ => b"%}",
    };
    let (mut at, mut quote) = (start + 2, None);
    while at + 1 < bytes.len() {
        match quote {
            Some(_) if bytes[at] == b'\\' => at += 1,
            Some(sign) if bytes[at] == sign => quote = None,
            Some(_) => {}
            None if bytes[at..].starts_with(close) => return Some(at + 2),
            None if close != b"#}" && matches!(bytes[at], b'"' | b'\'') => quote = Some(bytes[at]),
            None => {}
        }
        at += 1;
    }
    None
}

fn end_of_raw(text: &str, mut from: usize) -> Option<usize> {
    loop {
        let start = from + text[from..].find("{%")?;
        let rest = text[start + 2..].trim_start_matches(['-', '+']).trim_start();
        if rest.starts_with("endraw") {
            return Some(start);
        }
        from = start + 2;
    }
}

/// What stands between the signs of a tag, without the signs that strip white space.
pub(super) fn inside(tag: &str) -> &str {
    let inner = tag.get(2..tag.len() - 2).unwrap_or_default();
    inner.trim_start_matches(['-', '+']).trim_end_matches(['-', '+']).trim()
}

/// How a statement changes the depth: 1 where it opens, -1 where it closes; and whether it
/// may stand only inside of another.
pub(super) fn nesting(statement: &str) -> (isize, bool) {
    let word = statement.split(|c: char| !c.is_alphanumeric() && c != '_').next();
    let word = word.unwrap_or_default();
    if word.starts_with("end") {
        (-1, false)
    } else if OPENERS.contains(&word) || word == "set" && !statement.contains('=') {
        (1, false)
    } else {
        (0, matches!(word, "else" | "elif"))
    }
}

/// Whether all that is opened in a text is closed in it, and nothing else is: then it can be
/// taken out of a template, or put into another place.
pub(super) fn is_balanced(text: &str) -> bool {
    let Some(found) = stretches(text) else { return false };
    let mut depth = 0;
    for (stretch, _) in found {
        if let Stretch::Statement(statement) = stretch {
            let (change, needs_outer) = nesting(statement);
            depth += change;
            if depth < 0 || needs_outer && depth == 0 {
                return false;
            }
        }
    }
    depth == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds(text: &str) -> Vec<Stretch<'_>> {
        stretches(text).unwrap().into_iter().map(|(stretch, _)| stretch).collect()
    }

    #[test]
    fn tags_are_found_and_quoted_signs_do_not_close_them() {
        use Stretch::{Comment, Print, Statement, Text};
        assert_eq!(kinds("a{{ b }}{%- if c -%}"), [Text, Print, Statement("if c")]);
        assert_eq!(kinds(r#"{{ "}}" }}{# it's #}x"#), [Print, Comment, Text]);
        assert_eq!(kinds(r#"{{ "\"}}" }}"#), [Print]);
        assert_eq!(
            kinds("{% raw %}{{ a }}{% endraw %}"),
            [Statement("raw"), Text, Statement("endraw")]
        );
        for open in ["{{ a", "{% if", "{# a }}", "{% raw %} {%", "{{ \"}}"] {
            assert_eq!(stretches(open), None, "{open}");
        }
    }

    #[test]
    fn what_can_be_moved_is_balanced() {
        for good in [
            "",
            "{% if a %}b{% else %}c{% endif %}",
            "{% set a = 1 %}",
            "{% set a %}b{% endset %}",
            "{% for a in b %}{{ a }}{% endfor %}",
        ] {
            assert!(is_balanced(good), "{good}");
        }
        for bad in ["{% endblock %}", "{% if a %}", "{% else %}", "{% endif %}{% if a %}", "{{"] {
            assert!(!is_balanced(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn stretches_cover_any_text(text in "([{}%#\"'\\\\ \na]|raw|endraw|é){0,30}") {
            if let Some(found) = stretches(&text) {
                let whole: String = found.iter().map(|(_, range)| &text[range.clone()]).collect();
                prop_assert_eq!(whole, text);
            }
        }
    }
}
