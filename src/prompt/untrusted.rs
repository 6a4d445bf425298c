//! Keeping track of data while a prompt is rendered.
//!
//! Every value that a template prints is put between two noncharacters, [`OPEN`] and
//! [`CLOSE`], which Unicode reserves for a program's own use and which are removed from the
//! data first. So the rendered text tells which of its parts came from data, whatever the
//! template did with it. This is the job HTML escaping does elsewhere, and it uses the same
//! hook: what a macro or a `{% set %}` block captured is "safe", because its data is marked
//! already, and everything else is marked as it is printed.

use minijinja::value::{Kwargs, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State};

/// Stands before a stretch of data.
pub(super) const OPEN: char = '\u{FDD0}';
/// Stands after a stretch of data.
pub(super) const CLOSE: char = '\u{FDD1}';

fn is_mark(c: char) -> bool {
    c == OPEN || c == CLOSE
}

/// Data as templates see it: on one line, without control characters (each becomes a
/// space) and without the two marks.
pub(super) fn clean(data: &str) -> String {
    data.chars()
        .filter(|&c| !is_mark(c))
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect()
}

/// Makes every value that a template of this environment prints come out marked.
pub(super) fn mark_printed_values(env: &mut Environment<'_>) {
    env.set_auto_escape_callback(|_| AutoEscape::Custom("marked data".into()));
    env.set_formatter(print_marked);
    // These turn any text into a safe one, so what they return could pass as the
    // template's own.
    for filter in ["safe", "escape", "e"] {
        env.remove_filter(filter);
    }
    env.add_filter("tojson", |value: &Value, indent: Option<Value>, options: Kwargs| {
        let json = minijinja::filters::tojson(value, indent, options)?;
        Ok::<Value, Error>(Value::from(json.to_string()))
    });
}

fn print_marked(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let text = match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.to_string(),
    };
    let written = if value.is_safe() && is_marked(&text) {
        out.write_str(&text)
    } else if text.is_empty() {
        Ok(())
    } else {
        let bare: String = text.chars().filter(|&c| !is_mark(c)).collect();
        write!(out, "{OPEN}{bare}{CLOSE}")
    };
    written.map_err(|error| {
        Error::new(ErrorKind::WriteFailure, "cannot write a value").with_source(error)
    })
}

/// Whether the marks in a text alternate, from [`OPEN`] to [`CLOSE`], at least once. No
/// part that was cut out of a marked text passes with data outside its marks.
fn is_marked(text: &str) -> bool {
    let mut inside = false;
    let mut any = false;
    for c in text.chars().filter(|&c| is_mark(c)) {
        if (c == OPEN) == inside {
            return false;
        }
        inside = !inside;
        any = true;
    }
    any && !inside
}

/// A stretch of a marked text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// The template's own words.
    Trusted(&'a str),
    /// From data.
    Data(&'a str),
}

/// Splits a marked text. What follows an [`OPEN`] without a [`CLOSE`] is data.
pub(super) fn parts(marked: &str) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    let mut rest = marked;
    while let Some((before, after)) = rest.split_once(OPEN) {
        found.push(Part::Trusted(before));
        let (data, tail) = after.split_once(CLOSE).unwrap_or((after, ""));
        found.push(Part::Data(data));
        rest = tail;
    }
    found.push(Part::Trusted(rest));
    found.retain(|part| !matches!(part, Part::Trusted("") | Part::Data("")));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use minijinja::context;

    fn render(source: &str, data: &str) -> String {
        let mut env = Environment::new();
        mark_printed_values(&mut env);
        env.render_str(source, context! { d => clean(data) }).unwrap()
    }

    /// No way of printing data in a template makes it trusted.
    #[test]
    fn data_is_never_trusted_whatever_the_template_does() {
        for source in [
            "a {{ d }} b",
            "{{ d|upper|lower }}",
            "{{ [d, d]|join('-') }}",
            "{{ d|tojson }}{{ [d] }}{{ {'k': d} }}",
            "{% set x %}t {{ d }} u{% endset %}{{ x }}{{ x ~ d }}{{ d ~ x }}",
            "{% set x %}t {{ d }} u{% endset %}{{ x|split(' ')|join('.') }}",
            "{% set x %}t {{ d }} u{% endset %}{% for y in x|split('Q') %}{{ y }}{% endfor %}",
            "{% set x %}t {{ d }} u{% endset %}{% for y in x|split(' ') %}{{ y }}{% endfor %}",
            "{% set x %}t {{ d }} u{% endset %}{{ x[2:] }}{{ x[:6] ~ d }}{{ x|replace('t', d) }}",
            "{% set x %}t {{ d }} u{% endset %}{{ (x[:40] ~ d)|tojson }}{{ x|trim ~ d }}",
            "{% macro m(v) %}[{{ v }}]{% endmacro %}{{ m(d) }}{{ m(m(d)) }}{{ m(d)|indent }}",
            "{% autoescape false %}{% set x %}{{ d }}{% endset %}{{ x ~ d }}{% endautoescape %}",
            "{% filter upper|lower %}t {{ d }} u{% endfilter %}",
            "{{ '%s and %s'|format(d, d) }}{% set x %}%s{{ d }}{% endset %}{{ x|format(d) }}",
        ] {
            let marked = render(source, "zz Qzz \u{FDD1}zz\u{FDD0}");
            for part in parts(&marked) {
                if let Part::Trusted(text) = part {
                    assert!(!text.contains('z'), "{source}: {marked:?}");
                    assert!(!text.contains(is_mark), "{source}: {marked:?}");
                }
            }
        }
    }

    #[test]
    fn macros_keep_the_templates_own_words_trusted() {
        let marked = render("{% macro m(v) %}<|a|>{{ v }}<|b|>{% endmacro %}{{ m(d) }}", "x");
        let expected = [Part::Trusted("<|a|>"), Part::Data("x"), Part::Trusted("<|b|>")];
        assert_eq!(parts(&marked), expected);
    }

    #[test]
    fn a_filter_that_would_vouch_for_data_does_not_exist() {
        let mut env = Environment::new();
        mark_printed_values(&mut env);
        for filter in ["safe", "e", "escape"] {
            assert!(env.render_str(&format!("{{{{ 'x'|{filter} }}}}"), ()).is_err());
        }
    }

    #[test]
    fn cleaned_data_is_one_line_without_marks() {
        assert_eq!(clean("a\nb\u{0}c\u{FDD0}d\u{2028}e\u{85}f"), "a b cd e f");
    }
}
