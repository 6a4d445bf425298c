//! Changes of words that have a line or an entry of their own.

use std::ops::Range;

use super::rewrite::Change;
use super::script::{self, Word};

/// Words or entries that others take the places of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) range: Range<usize>,
    /// Without white space in them.
    pub(super) words: Vec<String>,
}

impl Group {
    pub(super) fn keeps_times(&self) -> bool {
        self.range.len() == self.words.len()
    }
}

fn pieces(words: &[Word]) -> Vec<String> {
    let text = script::join(words.iter().map(|word| (word.surface.as_str(), word.spaced)));
    text.split_whitespace().map(str::to_owned).collect()
}

/// Changes of words that each have a place of their own. An inserted word shares the place
/// of the word before it, or of the one behind it at the beginning.
pub(super) fn groups(changes: &[Change], surfaces: &[String]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut pending: Vec<String> = Vec::new();
    for change in changes {
        let Range { start, end } = change.tokens;
        let mut words = pieces(&change.words);
        if start < end {
            let first = std::mem::take(&mut pending);
            words.splice(0..0, first);
            groups.push(Group { range: start..end, words });
        } else if let Some(last) = groups.last_mut().filter(|last| last.range.end == start) {
            last.words.append(&mut words);
        } else if let Some(before) = start.checked_sub(1).and_then(|at| surfaces.get(at)) {
            words.insert(0, before.clone());
            groups.push(Group { range: start - 1..start, words });
        } else {
            pending.append(&mut words);
            let replaced =
                changes.iter().any(|change| change.tokens.start == 0 && change.tokens.end > 0);
            if !replaced && let Some(first) = surfaces.first() {
                pending.push(first.clone());
                groups.push(Group { range: 0..1, words: std::mem::take(&mut pending) });
            }
        }
    }
    merged(groups)
}

/// Neighbours that have to share their time become one group.
pub(super) fn merged(groups: Vec<Group>) -> Vec<Group> {
    let mut all: Vec<Group> = Vec::with_capacity(groups.len());
    for mut group in groups {
        match all.last_mut() {
            Some(last)
                if last.range.end >= group.range.start
                    && !(last.keeps_times() && group.keeps_times()) =>
            {
                last.range.end = last.range.end.max(group.range.end);
                last.words.append(&mut group.words);
            }
            _ => all.push(group),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(tokens: Range<usize>, text: &str) -> Change {
        Change { tokens, words: script::words(text) }
    }

    fn grouped(changes: &[Change]) -> Vec<(Range<usize>, String)> {
        let surfaces = ["a", "b", "c"].map(str::to_owned);
        groups(changes, &surfaces).into_iter().map(|one| (one.range, one.words.join(" "))).collect()
    }

    #[test]
    fn inserted_words_share_the_place_of_a_neighbour() {
        assert_eq!(grouped(&[change(0..0, "x")]), [(0..1, "x a".to_owned())]);
        assert_eq!(grouped(&[change(0..0, "x"), change(0..1, "y")]), [(0..1, "x y".to_owned())]);
        assert_eq!(grouped(&[change(2..2, "x")]), [(1..2, "b x".to_owned())]);
        assert_eq!(grouped(&[change(1..2, ""), change(2..2, "x y")]), [(1..2, "x y".to_owned())]);
        assert_eq!(groups(&[change(0..0, "x")], &[]), []);
    }

    #[test]
    fn neighbours_that_share_time_are_one_group() {
        let changes = [change(0..1, "x y"), change(1..2, "z")];
        assert_eq!(grouped(&changes), [(0..2, "x y z".to_owned())]);
        let changes = [change(0..1, "x"), change(1..2, "z")];
        assert_eq!(grouped(&changes).len(), 2);
    }
}
