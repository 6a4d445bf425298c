//! Blocks of a template that nobody has marked, where it is safe to find them: sentences
//! outside of Jinja, and in chat templates the loop over the hypotheses or the examples.

use std::ops::Range;

use super::blocks::{BlockKind, Region};
use super::sentences::{divide, ends_sentence};
use super::tags::{Stretch, nesting, stretches};
use crate::prompt::Form;

/// Loops that present data, as they are written in the templates that come with `gec`.
const LOOPS: [(&str, BlockKind); 2] = [
    ("for hypothesis in hypotheses", BlockKind::List),
    ("for example in examples", BlockKind::Examples),
];

/// A line with fewer words is a heading or a label.
const FEWEST_WORDS: usize = 3;

/// The blocks that were found, in order; none where a tag is not closed.
pub(super) fn regions(body: &str, form: Form) -> Vec<Region> {
    let mut found = Vec::new();
    let mut outer: Vec<&str> = Vec::new();
    let mut open_loop: Option<(BlockKind, usize)> = None;
    for (stretch, range) in stretches(body).unwrap_or_default() {
        // What stands deeper is shown in some prompts only.
        let is_shown = match form {
            Form::Plain => outer.is_empty(),
            Form::Chat => matches!(outer[..], [block] if block.starts_with("block ")),
        };
        match stretch {
            Stretch::Text if is_shown => found.extend(instructions(body, range)),
            Stretch::Statement(statement) => match nesting(statement).0 {
                1 => {
                    let kind = LOOPS.iter().find(|(wanted, _)| *wanted == statement);
                    if let (true, Form::Chat, Some((_, kind))) = (is_shown, form, kind) {
                        open_loop = line_start(body, &range).map(|start| (*kind, start));
                    }
                    outer.push(statement);
                }
                -1 => {
                    let closed = outer.pop().unwrap_or_default();
                    if LOOPS.iter().any(|(wanted, _)| *wanted == closed)
                        && outer.len() == 1
                        && let Some((kind, start)) = open_loop.take()
                        && line_start(body, &range).is_some()
                        && body[range.end..].starts_with('\n')
                    {
                        found.push(Region { kind, range: start..range.end + 1 });
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }
    found
}

/// Where the line begins in which a tag is the first thing.
fn line_start(body: &str, tag: &Range<usize>) -> Option<usize> {
    let start = body[..tag.start].rfind('\n').map_or(0, |at| at + 1);
    body[start..tag.start].trim().is_empty().then_some(start)
}

/// Paragraphs of whole sentences in a stretch of text, without lines shared with a tag.
fn instructions(body: &str, text: Range<usize>) -> Vec<Region> {
    let mut found = Vec::new();
    let mut run: Option<Range<usize>> = None;
    let mut at = text.start;
    for line in body[text.clone()].split_inclusive('\n') {
        let start = at;
        at += line.len();
        let begins = start == 0 || body[..start].ends_with('\n');
        let is_whole = begins && (line.ends_with('\n') || at == body.len());
        let is_prose = is_whole
            && ends_sentence(line.trim_end())
            && line.split_whitespace().count() >= FEWEST_WORDS
            && !line.contains("<|");
        if is_prose {
            run = Some(run.map_or(start, |run| run.start)..at);
        } else if !line.trim().is_empty() {
            found.extend(run.take());
        }
    }
    found.extend(run);
    found.retain(|run| is_instruction(&body[run.clone()]));
    let region = |range| Region { kind: BlockKind::Instruction, range };
    found.into_iter().map(region).collect()
}

/// A lone question is what the model is to answer, not how.
fn is_instruction(text: &str) -> bool {
    match &divide(text).1[..] {
        [] => false,
        [only] => !only.text.ends_with('?'),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(body: &str, form: Form) -> Vec<(BlockKind, &str)> {
        regions(body, form).into_iter().map(|one| (one.kind, &body[one.range])).collect()
    }

    #[test]
    fn instructions_and_loops_of_a_chat_template_are_found() {
        let body = "{% block user %}\nYou repair it. Do it well.\n\nAnswer with text alone.\n\
                    {% if a %}\nThis is hidden sometimes.\n{% endif %}\nGuesses:\n\
                    {% for hypothesis in hypotheses %}\n- {{ hypothesis.text }}\n{% endfor %}\n\
                    What was really said?\n{% endblock %}\n";
        assert_eq!(
            texts(body, Form::Chat),
            [
                (BlockKind::Instruction, "You repair it. Do it well.\n\nAnswer with text alone.\n"),
                (
                    BlockKind::List,
                    "{% for hypothesis in hypotheses %}\n- {{ hypothesis.text }}\n{% endfor %}\n"
                ),
            ]
        );
    }

    #[test]
    fn lines_with_tags_headings_and_special_tokens_stay() {
        let body = "Repair this line please.\nIt is {{ a }} of it.\nShort one.\n\
                    <|x|> is a token.\n{{ b }} and the rest.\nAnswer: ";
        assert_eq!(
            texts(body, Form::Plain),
            [(BlockKind::Instruction, "Repair this line please.\n")]
        );
        let inline = "{% block user %}\nx {% for hypothesis in hypotheses %}\na{% endfor %}\n\
                      {% endblock %}";
        assert_eq!(texts(inline, Form::Chat), []);
    }
}
