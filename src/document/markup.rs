//! What is written in a transcript and not said: tags, sounds, speakers, music notes.

use super::encoding::Unit;
use super::script::{Class, class};

/// Which markup a format has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// SubRip: `<i>`, `{\an8}`, sounds in brackets, speakers, dashes.
    Srt,
    /// WebVTT: everything in angle brackets, and the rest as in SubRip.
    Vtt,
    /// Plain text: sounds in brackets, speakers, times at the beginning of a line.
    Speech,
    /// NIST's trn: sounds in brackets, alternatives in braces.
    Trn,
}

/// The longest remark in brackets, in characters. Without a bound one bracket that is
/// never closed could hide a whole transcript.
const LONGEST_REMARK: usize = 400;
/// The longest name of a speaker, in characters.
const LONGEST_NAME: usize = 40;

/// Markup that begins at some unit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The first unit behind it.
    pub(super) end: usize,
    pub(super) is_tag: bool,
    pub(super) keeps_line_start: bool,
    pub(super) speaker: Option<String>,
}

impl Found {
    fn tag(end: usize) -> Self {
        Self { end, is_tag: true, keeps_line_start: true, speaker: None }
    }

    fn sign(end: usize) -> Self {
        Self { end, is_tag: false, keeps_line_start: true, speaker: None }
    }
}

/// Opening marks and what closes them.
const BRACKETS: [(char, char); 6] =
    [('[', ']'), ('(', ')'), ('（', '）'), ('【', '】'), ('［', '］'), ('{', '}')];

/// Finds markup from left to right. Where the next closing mark is, is remembered, so that
/// many open marks and no closing one do not make time quadratic.
pub(super) struct Finder<'a> {
    units: &'a [Unit],
    rules: Rules,
    next_angle: usize,
    next_close: [usize; BRACKETS.len()],
}

impl<'a> Finder<'a> {
    pub(super) fn new(units: &'a [Unit], rules: Rules) -> Self {
        Self { units, rules, next_angle: 0, next_close: [0; BRACKETS.len()] }
    }

    fn character(&self, at: usize) -> Option<char> {
        self.units.get(at).and_then(|unit| unit.character)
    }

    fn slice(&self, from: usize, to: usize) -> String {
        let units = self.units.get(from..to).unwrap_or(&[]);
        units.iter().filter_map(|unit| unit.character).collect()
    }

    /// The markup that begins at a unit, if some does. Places must not decrease.
    pub(super) fn find(&mut self, at: usize, line_start: bool) -> Option<Found> {
        let unit = self.units.get(at).copied()?;
        let character = unit.character?;
        let subtitle = matches!(self.rules, Rules::Srt | Rules::Vtt);
        if subtitle && let Some(found) = self.tag(at, unit) {
            return Some(found);
        }
        if matches!(character, '♪' | '♫' | '♬' | '♩') {
            return Some(Found::sign(at + 1));
        }
        if let Some(found) = self.remark(at, character) {
            return Some(found);
        }
        if !line_start || self.rules == Rules::Trn {
            return None;
        }
        self.line_mark(at, character).or_else(|| self.label(at))
    }

    fn tag(&mut self, at: usize, unit: Unit) -> Option<Found> {
        if unit.is('{') && self.units.get(at + 1).is_some_and(|next| next.is('\\')) {
            let close = self.closing(5, at)?;
            return Some(Found::tag(close + 1));
        }
        if !unit.is('<') {
            return None;
        }
        let next = self.character(at + 1)?;
        let named = next.is_ascii_alphabetic()
            || (next == '/' && self.character(at + 2).is_some_and(|one| one.is_ascii_alphabetic()));
        if !named && self.rules == Rules::Srt {
            return None;
        }
        if self.next_angle <= at {
            let rest = self.units.iter().enumerate().skip(at + 1);
            self.next_angle = rest
                .clone()
                .find(|(_, unit)| unit.is('>') || matches!(unit.character, Some('\n' | '\r')))
                .map_or(self.units.len(), |(place, _)| place);
        }
        let close = self.next_angle;
        if !self.units.get(close).is_some_and(|unit| unit.is('>')) {
            return None;
        }
        let mut found = Found::tag(close + 1);
        if self.rules == Rules::Vtt && next == 'v' && found.end - at < 4 * LONGEST_NAME {
            let inner = self.slice(at + 2, close);
            found.speaker = inner
                .split_once(char::is_whitespace)
                .filter(|(classes, _)| classes.is_empty() || classes.starts_with('.'))
                .map(|(_, name)| name.trim().to_owned())
                .filter(|name| !name.is_empty());
        }
        Some(found)
    }

    /// The next closing mark of a kind behind a place.
    fn closing(&mut self, kind: usize, at: usize) -> Option<usize> {
        let next = self.next_close.get_mut(kind)?;
        let (_, mark) = BRACKETS.get(kind)?;
        if *next <= at {
            let mut rest = self.units.iter().enumerate().skip(at + 1);
            *next = rest
                .find(|(_, unit)| unit.character == Some(*mark))
                .map_or(self.units.len(), |(place, _)| place);
        }
        (*next < self.units.len()).then_some(*next)
    }

    /// A remark in brackets, unless they stand within a word.
    fn remark(&mut self, at: usize, character: char) -> Option<Found> {
        let kind = BRACKETS.iter().position(|(open, _)| *open == character)?;
        if character == '{' && self.rules != Rules::Trn {
            return None;
        }
        let before = at.checked_sub(1).and_then(|before| self.character(before));
        if before.is_some_and(|one| one.is_alphanumeric() && class(one) == Class::Other) {
            return None;
        }
        let close = self.closing(kind, at)?;
        (close - at <= LONGEST_REMARK).then(|| Found::sign(close + 1))
    }

    /// A dash, arrows or a time at the beginning of a line.
    fn line_mark(&self, at: usize, character: char) -> Option<Found> {
        let next = self.character(at + 1);
        match character {
            '-' | '–' | '—' | '‐' | '−' => {
                let digit = next.is_some_and(|one| one.is_ascii_digit());
                let space = next.is_none_or(char::is_whitespace);
                let dash = if self.rules == Rules::Speech { space } else { !digit };
                dash.then(|| Found::sign(at + 1))
            }
            '>' if next == Some('>') => {
                let mut end = at + 2;
                while self.character(end) == Some('>') {
                    end += 1;
                }
                Some(Found::sign(end))
            }
            '0'..='9' if self.rules == Rules::Speech => self.time(at),
            _ => None,
        }
    }

    /// `1:02`, `00:01:02`, `00:01:02.5`, followed by white space.
    fn time(&self, at: usize) -> Option<Found> {
        let mut end = at;
        while let Some('0'..='9' | ':' | '.' | ',') = self.character(end)
            && end - at < 16
        {
            end += 1;
        }
        let text = self.slice(at, end);
        let mut parts = text.split(':');
        let first = parts.next()?;
        let rest: Vec<&str> = parts.collect();
        let good = !first.is_empty()
            && first.len() <= 3
            && matches!(rest.len(), 1 | 2)
            && rest
                .iter()
                .all(|part| part.len() >= 2 && part.as_bytes()[..2].iter().all(u8::is_ascii_digit));
        let spaced = self.character(end).is_some_and(char::is_whitespace);
        (good && spaced).then(|| Found::sign(end))
    }

    /// `JOHN:`, `MR. SMITH:`, `Speaker 2:`.
    fn label(&self, at: usize) -> Option<Found> {
        if !self.character(at)?.is_uppercase() && !self.character(at)?.eq_ignore_ascii_case(&'s') {
            return None;
        }
        let end = (at..at + LONGEST_NAME).find(|place| {
            !self.character(*place).is_some_and(|one| {
                one.is_alphanumeric() || matches!(one, ' ' | '.' | '\'' | '-' | '_' | '#' | '&')
            })
        })?;
        let closed = self.character(end) == Some(':')
            && self.character(end + 1).is_none_or(char::is_whitespace);
        if !closed {
            return None;
        }
        let name = self.slice(at, end);
        let capitals = name.chars().all(|one| !one.is_lowercase());
        let numbered = name
            .get(..7)
            .filter(|word| word.eq_ignore_ascii_case("speaker"))
            .and_then(|_| name.get(7..))
            .map(|rest| rest.trim_start_matches([' ', '_', '#']))
            .is_some_and(|rest| {
                !rest.is_empty()
                    && rest.len() < 4
                    && rest.bytes().all(|one| one.is_ascii_alphanumeric())
            });
        (capitals || numbered).then(|| Found {
            end: end + 1,
            is_tag: false,
            keeps_line_start: false,
            speaker: Some(name.trim().to_owned()),
        })
    }
}
