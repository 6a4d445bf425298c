//! Finds the commands that are written down.

use std::collections::BTreeMap;

use crate::harness::Home;

/// A command as it is written down.
#[derive(Debug, Clone)]
pub(super) struct Documented {
    /// File or help text.
    pub(super) source: String,
    /// Its first line there, from 1.
    pub(super) line: usize,
    /// The line where its block begins: commands of one block follow each other.
    pub(super) block: usize,
    /// What a shell would be given.
    pub(super) text: String,
    /// Whether it stands within a sentence, where it may be a part of a command only.
    pub(super) inline: bool,
}

impl std::fmt::Display for Documented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.source, self.line, self.text)
    }
}

/// The simple commands of a shell text, each as its words without their quotes. Comments are
/// left out, `<` and `>` are words, and `$(...)` within double quotes is a command too.
pub(super) fn simple_commands(text: &str) -> Vec<Vec<String>> {
    scan(text).0
}

/// The simple commands, and whether the text ends within quotes or with a backslash.
fn scan(text: &str) -> (Vec<Vec<String>>, bool) {
    let (mut commands, mut words) = (Vec::new(), Vec::new());
    let mut continued = false;
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => match characters.next() {
                None => continued = true,
                Some('\n') => {}
                Some(next) => word.get_or_insert_default().push(next),
            },
            (Some('"'), '$') if characters.peek() == Some(&'(') => {
                let inner: String = characters.by_ref().take_while(|&next| next != ')').collect();
                commands.extend(simple_commands(&inner[1..]));
                word.get_or_insert_default();
            }
            (Some(_), _) => word.get_or_insert_default().push(character),
            (None, '#') if word.is_none() => {
                while characters.next_if(|&next| next != '\n').is_some() {}
            }
            (None, '\n' | ';' | '|' | '&' | '(' | ')') => {
                words.extend(word.take());
                commands.push(std::mem::take(&mut words));
            }
            (None, '<' | '>') => {
                words.extend(word.take());
                words.push(character.to_string());
            }
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            (None, _) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    commands.push(words);
    commands.retain(|words| !words.is_empty());
    (commands, continued || quote.is_some())
}

/// What `gec` is called with in a shell text: its arguments, redirections among them. The
/// name alone is no command.
pub(super) fn calls(text: &str) -> Vec<Vec<String>> {
    let before = |word: &String| {
        ["do", "then", "else", "if", "while", "!", "time"].contains(&word.as_str())
            || word.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
            })
    };
    let mut found = Vec::new();
    for words in simple_commands(text) {
        let at = words.iter().position(|word| !before(word)).unwrap_or(words.len());
        if words.get(at).is_some_and(|word| word == "gec") && words.len() > at + 1 {
            found.push(words[at + 1..].to_vec());
        }
    }
    found
}

/// Whether a shell would run the text as it is, and not wait for another line.
fn is_whole(text: &str) -> bool {
    let (commands, open) = scan(text);
    let first_words = commands.iter().filter_map(|words| words.first());
    let depth: i32 = first_words
        .map(|word| match word.as_str() {
            "for" | "while" | "until" | "if" | "case" => 1,
            "done" | "fi" | "esac" => -1,
            _ => 0,
        })
        .sum();
    !open && depth <= 0
}

/// The commands of a block of shell text, given as its lines with their numbers. Where lines
/// begin with `$ `, those are commands and the others are what they print.
fn of_block(source: &str, lines: &[(usize, &str)]) -> Vec<Documented> {
    let session = lines.iter().any(|(_, line)| line.starts_with("$ "));
    let (mut found, mut open) = (Vec::new(), String::new());
    let mut began = 0;
    for &(number, line) in lines {
        let line = if session && open.is_empty() {
            let Some(line) = line.strip_prefix("$ ") else { continue };
            line
        } else {
            line
        };
        if open.is_empty() {
            began = number;
        } else {
            open.push('\n');
        }
        open.push_str(line);
        if is_whole(&open) {
            found.push((began, std::mem::take(&mut open)));
        }
    }
    if !open.is_empty() {
        found.push((began, open));
    }
    let block = lines.first().map_or(0, |line| line.0);
    found
        .into_iter()
        .filter(|(_, text)| !calls(text).is_empty())
        .map(|(line, text)| Documented {
            source: source.to_owned(),
            line,
            block,
            text,
            inline: false,
        })
        .collect()
}

/// Commands in the shell blocks, indented blocks and code spans of a Markdown text.
pub(super) fn in_markdown(source: &str, text: &str) -> Vec<Documented> {
    let mut found = Vec::new();
    // The language and the lines of the block that is open.
    let mut fence: Option<(&str, Vec<(usize, &str)>)> = None;
    let mut indented: Vec<(usize, &str)> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            fence = match fence.take() {
                None => Some((language.trim(), Vec::new())),
                Some((language, lines)) => {
                    if ["", "sh", "bash", "shell", "console"].contains(&language) {
                        found.extend(of_block(source, &lines));
                    }
                    None
                }
            };
        } else if let Some((_, lines)) = &mut fence {
            lines.push((number, line));
        } else if let Some(command) = line.strip_prefix("    ") {
            indented.push((number, command));
        } else {
            found.extend(of_block(source, &std::mem::take(&mut indented)));
            for span in line.split('`').skip(1).step_by(2) {
                if !calls(span).is_empty() {
                    let (source, text) = (source.to_owned(), span.to_owned());
                    found.push(Documented {
                        source,
                        line: number,
                        block: number,
                        text,
                        inline: true,
                    });
                }
            }
        }
    }
    found.extend(of_block(source, &indented));
    found
}

/// Commands among the examples of a help text: lines indented by two; what is indented
/// further explains them.
pub(super) fn in_help(source: &str, text: &str) -> Vec<Documented> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut examples = false;
    for (number, line) in (1..).zip(text.lines()) {
        if !line.is_empty() && !line.starts_with(' ') {
            examples = line == "Example:" || line == "Examples:";
        }
        let command = line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '));
        if let Some(command) = command.filter(|_| examples) {
            match lines.last_mut() {
                // Help texts are wrapped, and keep the indentation of what they wrap.
                Some((_, last)) if calls(command).is_empty() => {
                    last.push(' ');
                    last.push_str(command);
                }
                _ => lines.push((number, command.to_owned())),
            }
        }
    }
    let lines: Vec<(usize, &str)> = lines.iter().map(|(at, line)| (*at, line.as_str())).collect();
    of_block(source, &lines)
}

/// Help texts of all verbs, by verb (`dataset list`); that of the program by "".
pub(super) fn help_texts(home: &Home) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    let mut waiting = vec![String::new()];
    while let Some(verb) = waiting.pop() {
        let arguments: Vec<&str> = verb.split_whitespace().chain(["--help"]).collect();
        let text = home.gec(&arguments).succeeds().out;
        let listed = text.lines().skip_while(|line| *line != "Commands:").skip(1);
        for line in listed.take_while(|line| !line.is_empty()) {
            let indented = line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '));
            if let Some(name) = indented.and_then(|rest| rest.split_whitespace().next())
                && name != "help"
            {
                waiting.push(format!("{verb} {name}").trim().to_owned());
            }
        }
        texts.insert(verb, text);
    }
    texts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(found: &[Documented]) -> Vec<(usize, &str, bool)> {
        found.iter().map(|one| (one.line, one.text.as_str(), one.inline)).collect()
    }

    #[test]
    fn commands_are_found_in_blocks_and_spans() {
        let text = "`gec` says `gec runs list` or `GEC_DB=x gec db path`, not `gec-micro`.\n\n\
            ```sh\nmake demo\ngec run \\\n  --dataset sample   # it's one\n\
            for f in a b; do\n  gec import $f\ndone\ncat x | gec correct - > y\n\
            sqlite3 \"$(gec db path)\" \"SELECT 1\n  FROM runs\"\n```\n\
            ```text\ngec in a text\n```\n\n    gec edits\n\n```console\n$ gec db stats\ngec prints\n```\n";
        let found = in_markdown("a.md", text);
        assert_eq!(
            texts(&found),
            [
                (1, "gec runs list", true),
                (1, "GEC_DB=x gec db path", true),
                (5, "gec run \\\n  --dataset sample   # it's one", false),
                (7, "for f in a b; do\n  gec import $f\ndone", false),
                (10, "cat x | gec correct - > y", false),
                (11, "sqlite3 \"$(gec db path)\" \"SELECT 1\n  FROM runs\"", false),
                (18, "gec edits", false),
                (21, "gec db stats", false),
            ]
        );
        assert_eq!(calls(&found[2].text), [["run", "--dataset", "sample"]]);
        assert_eq!(calls(&found[5].text), [["db", "path"]]);
    }

    #[test]
    fn examples_are_found_in_help_texts_wrapped_ones_too() {
        let text = "Usage: gec x\n\n  gec no example\n\nExamples:\n  gec a --long\n  value\n\
                    \x20     Explains gec\n  gec b 'c d'\n\nMore:\n  gec c\n";
        let found = in_help("gec x --help", text);
        assert_eq!(texts(&found), [(6, "gec a --long value", false), (9, "gec b 'c d'", false)]);
    }

    proptest! {
        #[test]
        fn a_quoted_text_is_one_word(text in "[^']*") {
            let expected = vec![vec!["run".to_owned(), text.clone(), "-".to_owned()]];
            prop_assert_eq!(calls(&format!("gec run '{}' -", text)), expected);
        }

        #[test]
        fn no_text_is_too_strange_to_look_at(text in "[gec `'\"\\\\$()#|;\n>a-]*") {
            in_markdown("a.md", &text);
            in_help("gec", &format!("Examples:\n  {text}"));
        }
    }
}
