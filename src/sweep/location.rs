//! Where in a TOML text a byte is: its line, and the field that it belongs to.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// Line of a byte, from 1.
pub(super) fn line(text: &str, offset: usize) -> usize {
    let before = &text.as_bytes()[..offset.min(text.len())];
    before.iter().filter(|&&byte| byte == b'\n').count() + 1
}

/// The names from the top of the file to the value or name at this byte, joined by dots;
/// `None` where the text is no TOML or the byte is in no field.
pub(super) fn field(text: &str, offset: usize) -> Option<String> {
    let table = DeTable::parse(text).ok()?;
    let mut best = Vec::new();
    in_table(table.get_ref(), offset, &mut Vec::new(), &mut best);
    (!best.is_empty()).then(|| best.join("."))
}

fn in_table(table: &DeTable<'_>, offset: usize, path: &mut Vec<String>, best: &mut Vec<String>) {
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        note(key.span(), offset, path, best);
        in_value(value.get_ref(), value.span(), offset, path, best);
        path.pop();
    }
}

fn in_value(
    value: &DeValue<'_>,
    span: Range<usize>,
    offset: usize,
    path: &mut Vec<String>,
    best: &mut Vec<String>,
) {
    note(span, offset, path, best);
    match value {
        DeValue::Table(table) => in_table(table, offset, path, best),
        DeValue::Array(array) => {
            for value in array.iter() {
                in_value(value.get_ref(), value.span(), offset, path, best);
            }
        }
        _ => {}
    }
}

/// The longest path that reaches the byte is the answer.
fn note(span: Range<usize>, offset: usize, path: &[String], best: &mut Vec<String>) {
    if span.contains(&offset) && path.len() > best.len() {
        path.clone_into(best);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "seed = 1\n[grid]\nmethod = [\n \"a=b\",\n \"c\"]\nset = { beta = 2 }\n\
                        [[arm]]\nname = \"x\"\n";

    #[test]
    fn a_byte_has_a_line_and_the_field_that_it_belongs_to() {
        for (part, number, path) in [
            ("1\n[", 1, "seed"),
            ("\"c\"", 5, "grid.method"),
            ("2 }", 6, "grid.set.beta"),
            ("beta", 6, "grid.set.beta"),
            ("\"x\"", 8, "arm.name"),
        ] {
            let offset = TEXT.find(part).unwrap();
            assert_eq!(line(TEXT, offset), number, "{part}");
            assert_eq!(field(TEXT, offset).as_deref(), Some(path), "{part}");
        }
        assert_eq!(field("no toml", 3), None);
        assert_eq!(line("a\nb", 99), 2);
    }
}
