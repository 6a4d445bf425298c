//! What a search may set besides the text: how many examples and hypotheses, and which.

use serde::{Deserialize, Serialize};

use crate::prompt::{Header, Selection};

/// Settings of a candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Few-shot examples in a prompt; written into the header.
    pub examples: usize,
    /// Which examples. Not part of a template: a caller passes it on.
    #[serde(with = "as_text")]
    pub selection: Selection,
    /// Hypotheses in a prompt, at least 1; written into the header.
    pub hypotheses: usize,
}

/// Values that the search may choose among. What has fewer than two values stays as the
/// starting template has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsSpace {
    /// How many examples. Used only for templates that show examples.
    pub examples: Vec<usize>,
    /// Which examples. The first is that of the starting templates.
    pub selections: Vec<Selection>,
    /// How many hypotheses; 0 is taken for 1.
    pub hypotheses: Vec<usize>,
}

impl SettingsSpace {
    /// The settings of a starting template.
    pub(super) fn of_start(&self, header: &Header) -> Settings {
        Settings {
            examples: header.examples,
            selection: self.selections.first().copied().unwrap_or(Selection::None),
            hypotheses: header.max_hypotheses,
        }
    }
}

/// Writes settings into the text of a header, which ends with its second fence. What the
/// header says already is left alone, byte for byte.
pub(super) fn with_settings(text: &str, header: &Header, settings: &Settings) -> String {
    let mut text = text.to_owned();
    for (key, old, new) in [
        ("max_hypotheses", header.max_hypotheses, settings.hypotheses.max(1)),
        ("examples", header.examples, settings.examples),
    ] {
        if old != new {
            text = with_line(&text, key, new);
        }
    }
    text
}

fn with_line(text: &str, key: &str, value: usize) -> String {
    let is_key =
        |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let written = format!("{key} = {value}\n");
    match lines.iter().position(|line| is_key(line)) {
        Some(at) => lines[at] = written,
        None => lines.insert(lines.len().saturating_sub(1), written),
    }
    lines.concat()
}

/// A selection as the command line writes it.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::prompt::Selection;

    pub(super) fn serialize<S: Serializer>(it: &Selection, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(it)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Selection, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "---\nname = \"x\"\ndescription = \"d\"\noutput = \"text\"\nform = \"plain\"\nexamples=2\n---\n";

    fn written(examples: usize, hypotheses: usize) -> String {
        let header: Header = toml::from_str(&TEXT[4..TEXT.len() - 4]).unwrap();
        let selection = Selection::Nearest;
        with_settings(TEXT, &header, &Settings { examples, selection, hypotheses })
    }

    #[test]
    fn only_what_differs_is_written() {
        assert_eq!(written(2, 5), TEXT);
        assert_eq!(written(3, 5), TEXT.replace("examples=2", "examples = 3"));
        let both = "examples = 0\nmax_hypotheses = 9";
        assert_eq!(written(0, 9), TEXT.replace("examples=2", both));
    }

    #[test]
    fn settings_survive_serialisation() {
        let settings =
            Settings { examples: 1, selection: Selection::Random { seed: 3 }, hypotheses: 4 };
        let text = serde_json::to_string(&settings).unwrap();
        assert!(text.contains("\"random:3\""), "{text}");
        assert_eq!(serde_json::from_str::<Settings>(&text).unwrap(), settings);
    }
}
