//! Texts that must not become markup.

use std::io;

use serde::Serialize;

/// The text for an element or a quoted attribute. Characters that cannot be seen are shown
/// as [`visible`] does.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => visible(character, &mut out),
        }
    }
    out
}

/// Adds a character; a control character other than tab and line feed becomes its picture
/// (U+2400 and following), one that turns the direction of writing its number. The marks
/// U+200E and U+200F stay: Hebrew and Arabic texts need them, and they turn nothing around.
fn visible(character: char, out: &mut String) {
    let code = u32::from(character);
    match character {
        '\t' | '\n' => out.push(character),
        '\0'..='\u{1f}' => out.extend(char::from_u32(0x2400 + code)),
        '\u{7f}' => out.push('\u{2421}'),
        '\u{80}'..='\u{9f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            out.push_str(&format!("⟨U+{code:04X}⟩"));
        }
        _ => out.push(character),
    }
}

/// A value as JSON inside a `<script>` of that type: with no character in it that HTML
/// could read, so neither `</script>` nor `<!--` can occur, and none that would turn the
/// page's source around. They stand in strings only, where JSON has another way to write
/// them.
///
/// # Errors
/// Those of `out`.
pub(super) fn json(value: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    let text = serde_json::to_string(value).map_err(io::Error::other)?;
    let mut rest = text.as_str();
    while let Some(place) = rest.find(is_escaped) {
        out.write_all(&rest.as_bytes()[..place])?;
        let mut tail = rest[place..].chars();
        let code = tail.next().map_or(0, u32::from);
        write!(out, "\\u{code:04x}")?;
        rest = tail.as_str();
    }
    out.write_all(rest.as_bytes())
}

fn is_escaped(one: char) -> bool {
    matches!(one, '<' | '>' | '&' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn as_json(text: &str) -> String {
        let mut out = Vec::new();
        json(&text, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn markup_becomes_text() {
        assert_eq!(
            html("<script>alert('1')</script> & \"on\"=x"),
            "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;on&quot;=x"
        );
    }

    #[test]
    fn what_cannot_be_seen_is_shown() {
        assert_eq!(html("a\0b\u{1b}c\r\u{7f}\td\n"), "a␀b␛c␍␡\td\n");
        assert_eq!(html("\u{85}\u{202e}\u{2028}"), "⟨U+0085⟩⟨U+202E⟩⟨U+2028⟩");
        assert_eq!(html("\u{200f}ש"), "\u{200f}ש");
    }

    #[test]
    fn json_holds_nothing_that_html_or_javascript_reads() {
        assert_eq!(
            as_json("</script><!--&\u{2028}\u{2029}\0"),
            "\"\\u003c/script\\u003e\\u003c!--\\u0026\\u2028\\u2029\\u0000\""
        );
    }

    proptest! {
        #[test]
        fn json_is_the_same_text_again(text in "(\\PC|[<>&\u{0}-\u{1f}\u{2028}\u{2029}]){0,40}") {
            let written = as_json(&text);
            prop_assert!(!written.contains(is_escaped));
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }

        #[test]
        fn no_html_character_is_left(text in "(\\PC|[<>&\"'\u{0}-\u{1f}\u{7f}-\u{9f}]){0,40}") {
            let written = html(&text);
            let is_plain = !written.contains(['<', '>', '"', '\'']);
            let is_seen = !written.contains(|c: char| c.is_control() && c != '\n' && c != '\t');
            prop_assert!(is_plain && is_seen);
        }
    }
}
