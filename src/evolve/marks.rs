//! Blocks that an author has marked.
//!
//! A mark is a Jinja comment alone on its line, which the rules of `trim_blocks` and
//! `lstrip_blocks` remove with its line break: a template renders the same with and without.

use std::ops::Range;

use super::blocks::{BlockKind, Region};
use super::error::EvolveError;
use super::tags::{Stretch, inside, is_balanced, stretches};

/// What every mark begins with, in its comment.
const SIGN: &str = "gec:";

/// The body of a template, and where in its file it is.
pub(super) struct Body<'s> {
    /// The template's name or path, for messages.
    pub template: &'s str,
    /// The body.
    pub text: &'s str,
    /// Lines of the file above it.
    pub lines_above: usize,
}

/// The marked blocks in order; none where nothing is marked. A block without an end reaches
/// to the end of the file, where an end mark would add a line break to what is rendered.
///
/// # Errors
/// [`EvolveError::Mark`] where a tag is not closed, a mark is unknown, not alone on its line,
/// beside a tag that strips white space, in another block or at the end of the file, where an
/// end has no beginning, and where a block cuts through a Jinja statement.
pub(super) fn regions(body: &Body<'_>) -> Result<Vec<Region>, EvolveError> {
    let found = stretches(body.text).ok_or_else(|| body.fail(0, "a Jinja tag is not closed"))?;
    let mut regions = Vec::new();
    let mut open: Option<(BlockKind, usize)> = None;
    for (stretch, range) in found {
        let mark = inside(&body.text[range.clone()]).strip_prefix(SIGN);
        let (Stretch::Comment, Some(mark)) = (stretch, mark) else { continue };
        let line = body.line_of_mark(range.clone())?;
        match (BlockKind::of_mark(mark), open.take()) {
            (Some(kind), None) => open = Some((kind, line.end)),
            (Some(_), Some(_)) => {
                return Err(body.fail(range.start, "a block begins inside of another"));
            }
            (None, Some((kind, start))) if mark == "end" => {
                regions.push(body.region(kind, start..line.start)?);
            }
            (None, None) if mark == "end" => {
                return Err(body.fail(range.start, "a block ends that has not begun"));
            }
            (None, _) => {
                return Err(body.fail(range.start, &format!("`{SIGN}{mark}` is no mark")));
            }
        }
    }
    if let Some((kind, start)) = open {
        regions.push(body.region(kind, start..body.text.len())?);
    }
    Ok(regions)
}

impl Body<'_> {
    fn region(&self, kind: BlockKind, range: Range<usize>) -> Result<Region, EvolveError> {
        if is_balanced(&self.text[range.clone()]) {
            return Ok(Region { kind, range });
        }
        let before_it = range.start.saturating_sub(1);
        Err(self.fail(before_it, "the block that begins here does not end in the same statement"))
    }

    /// The line of the mark at `range`, with its line break.
    fn line_of_mark(&self, range: Range<usize>) -> Result<Range<usize>, EvolveError> {
        let text = self.text;
        let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
        let rest = &text[range.end..];
        let broken = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n'));
        let mark = &text[range.clone()];
        let strips = mark.starts_with("{#-") || mark.ends_with("-#}");
        if strips
            || broken.is_none() && !rest.is_empty()
            || !text[start..range.start].trim().is_empty()
        {
            return Err(self.fail(range.start, "a mark stands alone on its line, without `-`"));
        }
        let after = broken.unwrap_or_default();
        if after.is_empty() {
            return Err(self.fail(
                range.start,
                "a mark at the end of the file would change what is rendered: leave it out",
            ));
        }
        let above = text[..start].trim_end();
        let below = after.trim_start();
        if ["-%}", "-}}", "-#}"].iter().any(|sign| above.ends_with(sign))
            || ["{%-", "{{-", "{#-"].iter().any(|sign| below.starts_with(sign))
        {
            return Err(self.fail(range.start, "a tag beside this mark strips white space (`-`)"));
        }
        Ok(start..text.len() - after.len())
    }

    fn fail(&self, at: usize, reason: &str) -> EvolveError {
        EvolveError::Mark {
            template: self.template.to_owned(),
            line: self.lines_above + 1 + self.text[..at].matches('\n').count(),
            reason: reason.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str) -> Result<Vec<(BlockKind, &str)>, String> {
        let body = Body { template: "mine", text, lines_above: 6 };
        let found = regions(&body).map_err(|error| error.to_string())?;
        Ok(found.into_iter().map(|one| (one.kind, &text[one.range])).collect())
    }

    #[test]
    fn blocks_stand_between_marks_or_reach_to_the_end() {
        let text = "a\n  {# gec:block list #}\n{% if b %}\n{% endif %}\n{# gec:end #}\nc\n\
                    {# gec:block output #}\nd\n";
        assert_eq!(
            marked(text).unwrap(),
            [(BlockKind::List, "{% if b %}\n{% endif %}\n"), (BlockKind::Output, "d\n")]
        );
        assert_eq!(marked("{# gec is a program #}\n").unwrap(), []);
    }

    #[test]
    fn a_wrong_mark_names_its_line() {
        for (text, line, part) in [
            ("a\n{# gec:end #}\nb", 8, "has not begun"),
            ("{# gec:block poem #}\nb", 7, "`gec:block poem` is no mark"),
            ("{# gec:block list #}\na\n{# gec:stop #}\n", 9, "end of the file"),
            ("{# gec:block list #}\n{# gec:block list #}\nb", 8, "inside"),
            ("{# gec:block list #}\na\n{# gec:end #}\n", 9, "leave it out"),
            ("{# gec:block list #}\na{# gec:end #}\nb", 8, "alone"),
            ("{#- gec:block list #}\na", 7, "alone"),
            ("a\n{% if b -%}\n{# gec:block list #}\na", 9, "strips"),
            ("{# gec:block list #}\n{{- a }}", 7, "strips"),
            ("{% if a %}\n{# gec:block list #}\n{% endif %}", 8, "same statement"),
            ("a\n{{ b", 7, "not closed"),
        ] {
            let error = marked(text).unwrap_err();
            assert!(error.contains(&format!("`mine`, line {line}: ")), "{text}: {error}");
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
