//! Giving new words the case and punctuation of those they replace.

use super::between::begins_sentence;
use super::key::{Case, case, ends_sentence, is_closer, is_opener, key, parts, with_case};
use super::{Surface, TokenEdit};
use crate::document::{Segment, script};

pub(super) use script::Word;

/// What becomes of a segment's tokens, before it is written as edits.
pub(super) struct Draft<'a> {
    segment: &'a Segment,
    surface: Surface,
    /// The correction has no capitals, so they are taken from the segment.
    uncased: bool,
    /// All of the segment is in capitals.
    capitals: bool,
    /// The segment has a capital.
    cased: bool,
    /// Han and Kana are written with spaces between, as recognisers do.
    spaced_units: bool,
    /// For each token the words in its place; none: it stays.
    slots: Vec<Option<Vec<Word>>>,
    /// Words before each token, and at the end.
    inserted: Vec<Vec<Word>>,
    /// The correction's last word for the last token has punctuation of its own.
    closed: bool,
}

impl<'a> Draft<'a> {
    pub(super) fn new(segment: &'a Segment, corrected: &str, surface: Surface) -> Self {
        let letters = || segment.tokens.iter().flat_map(|token| token.surface.chars());
        let capitals = letters().filter(|one| one.is_uppercase()).count();
        let pairs = segment.tokens.windows(2).filter(|two| {
            two.iter().all(|token| token.surface.starts_with(script::is_ideographic))
        });
        let (units, apart) = pairs.fold((0, 0), |(all, apart), two| {
            (all + 1, apart + usize::from(two.last().is_some_and(|token| token.space_before)))
        });
        Self {
            segment,
            surface,
            uncased: !corrected.contains(char::is_uppercase),
            capitals: capitals > 2 && !letters().any(char::is_lowercase),
            cased: capitals > 0,
            spaced_units: 2 * apart > units,
            slots: vec![None; segment.tokens.len()],
            inserted: vec![Vec::new(); segment.tokens.len() + 1],
            closed: false,
        }
    }

    fn token(&self, at: usize) -> &'a str {
        self.segment.tokens.get(at).map_or("", |token| token.surface.as_str())
    }

    /// The core of a new word with a case.
    fn cased(&self, word: &str, like: Case) -> String {
        let core = parts(word).core;
        if self.capitals {
            return core.to_uppercase();
        }
        let alone = core == "i" || core.starts_with("i'") || core.starts_with("i’");
        let case = if alone && self.cased { Case::Initial } else { like };
        if self.uncased || alone { with_case(core, case) } else { core.to_owned() }
    }

    pub(super) fn matched(&mut self, at: usize, new: &[Word]) {
        let Some(word) = new.first() else { return };
        self.closed = !parts(&word.surface).trail.is_empty();
        if self.surface == Surface::Full && word.surface != self.token(at) {
            self.slots[at] = Some(vec![word.clone()]);
        }
    }

    /// One for one; what is left over goes to the last place.
    pub(super) fn replace(&mut self, tokens: &[usize], new: &[Word]) {
        let (count, last) = (tokens.len(), new.len() - 1);
        let names =
            count > 1 && tokens.iter().all(|at| case(parts(self.token(*at)).core) == Case::Initial);
        let all_capitals =
            tokens.iter().all(|at| case(parts(self.token(*at)).core) == Case::Capitals);
        for at in tokens {
            self.slots[*at] = Some(Vec::new());
        }
        for (place, word) in new.iter().enumerate() {
            let own = tokens[place.min(count - 1)];
            let known = parts(self.token(own));
            let surface = if self.surface == Surface::Full {
                word.surface.clone()
            } else {
                let like = match case(known.core) {
                    Case::Capitals if !all_capitals => Case::Plain,
                    // `I` begins a sentence as any word does.
                    Case::Plain
                        if known.core.starts_with('I') && begins_sentence(self.segment, own) =>
                    {
                        Case::Initial
                    }
                    like if place < count || all_capitals => like,
                    _ if names => Case::Initial,
                    _ => Case::Plain,
                };
                let lead = if place < count { known.lead } else { "" };
                let trail = match place {
                    _ if place == last => parts(self.token(tokens[count - 1])).trail,
                    _ if place + 1 < count => known.trail,
                    _ => "",
                };
                format!("{lead}{}{trail}", self.cased(&word.surface, like))
            };
            if let Some(slot) = self.slots[own].as_mut() {
                slot.push(Word { surface, spaced: word.spaced });
            }
        }
        self.closed = false;
    }

    pub(super) fn insert(&mut self, at: usize, new: &[Word]) {
        let mut words: Vec<Word> = new.to_vec();
        if self.surface == Surface::Words {
            for word in &mut words {
                word.surface = self.cased(&word.surface, Case::Plain);
            }
            self.move_end(at, &mut words);
        }
        self.inserted[at].extend(words);
    }

    /// At the end of a segment its full stop comes behind an inserted word.
    fn move_end(&mut self, at: usize, words: &mut [Word]) {
        let Some(before) = at.checked_sub(1).filter(|_| at == self.slots.len() && !self.closed)
        else {
            return;
        };
        let known = parts(self.token(before));
        let moves = !known.trail.is_empty()
            && !known.core.is_empty()
            && known
                .trail
                .chars()
                .all(|one| matches!(one, '.' | '!' | '?' | '…' | ',' | ';' | '؟' | '۔'));
        if let (true, Some(last), None) = (moves, words.last_mut(), &self.slots[before]) {
            last.surface.push_str(known.trail);
            let surface = format!("{}{}", known.lead, known.core);
            self.slots[before] = Some(vec![Word { surface, spaced: false }]);
        }
    }

    /// Deletes tokens that follow each other.
    pub(super) fn delete(&mut self, tokens: &[usize]) {
        let (Some(first), Some(last)) = (tokens.first().copied(), tokens.last().copied()) else {
            return;
        };
        for at in first..=last {
            self.slots[at] = Some(Vec::new());
        }
        if self.surface == Surface::Full {
            return;
        }
        let before = first.checked_sub(1);
        let behind = Some(last + 1).filter(|at| *at < self.slots.len());
        let bare = |at: Option<usize>| at.filter(|at| parts(self.token(*at)).core.is_empty());
        let mark = |at: Option<usize>, is: fn(char) -> bool| {
            bare(at).is_some_and(|at| self.token(at).contains(is))
        };
        // Punctuation that is a token of its own must not meet other punctuation.
        let spare = match (bare(before), bare(behind)) {
            (Some(one), Some(other)) if mark(before, is_opener) && mark(behind, is_closer) => {
                vec![one, other]
            }
            (Some(one), Some(_)) if !mark(before, is_closer) && !mark(behind, is_opener) => {
                vec![one]
            }
            (None, Some(other)) if before.is_none() && !mark(behind, is_opener) => vec![other],
            _ => Vec::new(),
        };
        for at in spare {
            self.slots[at] = Some(Vec::new());
        }
        self.close_sentence(first, last);
    }

    /// Gives the end of a deleted sentence, and the beginning of the one whose beginning
    /// was deleted, to the words on both sides.
    fn close_sentence(&mut self, first: usize, last: usize) {
        let (lead, trail) = (parts(self.token(first)).lead, parts(self.token(last)).trail);
        let quoted = lead.contains(is_opener) && trail.contains(is_closer);
        let end = (first..=last).rfind(|at| ends_sentence(parts(self.token(*at)).trail));
        if let Some(before) = first.checked_sub(1) {
            let trail = end.map_or(trail, |end| parts(self.token(end)).trail);
            self.end_with(before, trail, end.is_some(), quoted);
        }
        let behind = last + 1;
        if behind >= self.slots.len() {
            return;
        }
        let starts = |at: usize| parts(self.token(at)).core.starts_with(char::is_uppercase);
        let capital = match end {
            Some(end) => end < last && starts(end + 1),
            None => begins_sentence(self.segment, first) && starts(first),
        };
        let opener: String = lead.chars().filter(|one| !quoted && is_opener(*one)).collect();
        self.begin_with(behind, &opener, capital);
    }

    /// How a token that stays reads now.
    fn now(&self, at: usize) -> Option<String> {
        match &self.slots[at] {
            None => Some(self.token(at).to_owned()),
            Some(words) => {
                words.first().filter(|_| words.len() == 1).map(|word| word.surface.clone())
            }
        }
    }

    fn rewrite(&mut self, at: usize, surface: String) {
        if self.now(at).is_some_and(|now| now != surface) {
            let spaced = self.segment.tokens.get(at).is_some_and(|token| token.space_before);
            self.slots[at] = Some(vec![Word { surface, spaced }]);
        }
    }

    /// Gives a word the end of the sentence that was deleted behind it.
    fn end_with(&mut self, at: usize, trail: &str, ends: bool, quoted: bool) {
        let Some(now) = self.now(at) else { return };
        let known = parts(&now);
        if known.core.is_empty() {
            return;
        }
        let closers: String = if quoted {
            String::new()
        } else {
            trail.chars().filter(|one| is_closer(*one)).collect()
        };
        let surface = if ends && !ends_sentence(known.trail) {
            let kept = known.trail.trim_matches([',', ';', ':', '-', '–', '—']);
            let stop: String = if quoted {
                trail.chars().filter(|one| !is_closer(*one)).collect()
            } else {
                trail.to_owned()
            };
            format!("{}{}{kept}{stop}", known.lead, known.core)
        } else {
            format!("{now}{closers}")
        };
        self.rewrite(at, surface);
    }

    /// Gives a word the beginning of the sentence that was deleted before it.
    fn begin_with(&mut self, at: usize, opener: &str, capital: bool) {
        let Some(now) = self.now(at) else { return };
        let known = parts(&now);
        if known.core.is_empty() {
            return;
        }
        let first = known.core.starts_with(char::is_lowercase);
        let like = if capital && first { Case::Initial } else { Case::Plain };
        let core = with_case(known.core, like);
        self.rewrite(at, format!("{opener}{}{core}{}", known.lead, known.trail));
    }

    /// Whether a word of the correction stands apart from the one before it.
    fn apart(&self, before: &str, word: &Word) -> bool {
        let (Some(last), Some(first)) = (before.chars().next_back(), word.surface.chars().next())
        else {
            return false;
        };
        if script::is_ideographic(last) && script::is_ideographic(first) {
            return self.spaced_units;
        }
        word.spaced || script::run_together(last, first)
    }
}

/// The draft as edits: neighbouring changes are one, and what changes nothing is none.
pub(super) fn settle(draft: Draft<'_>) -> Vec<TokenEdit> {
    let mut edits: Vec<(std::ops::Range<usize>, Vec<Word>)> = Vec::new();
    let mut open = false;
    let add = |edits: &mut Vec<(std::ops::Range<usize>, Vec<Word>)>,
               open: bool,
               at,
               end,
               words: &[Word]| {
        if !open {
            edits.push((at..at, Vec::new()));
        }
        if let Some((range, all)) = edits.last_mut() {
            range.end = end;
            all.extend_from_slice(words);
        }
    };
    for at in 0..=draft.slots.len() {
        if let Some(words) = draft.inserted.get(at).filter(|words| !words.is_empty()) {
            add(&mut edits, open, at, at, words);
            open = true;
        }
        match draft.slots.get(at) {
            Some(Some(words)) => {
                add(&mut edits, open, at, at + 1, words);
                open = true;
            }
            _ => open = false,
        }
    }
    let write = |(range, words): (std::ops::Range<usize>, Vec<Word>)| {
        let mut replacement = String::new();
        for word in &words {
            if draft.apart(&replacement, word) {
                replacement.push(' ');
            }
            replacement.push_str(&word.surface);
        }
        let tokens = draft.segment.tokens.get(range.clone()).unwrap_or(&[]);
        let original = tokens.iter().map(|token| (token.surface.as_str(), token.space_before));
        TokenEdit { tokens: range, original: script::join(original), replacement }
    };
    let mut edits: Vec<TokenEdit> = edits.into_iter().map(write).collect();
    edits.retain(|edit| {
        edit.original != edit.replacement
            && (draft.surface == Surface::Full || !only_punctuation(edit))
    });
    edits
}

/// Whether an edit does no more than part a word at punctuation within it: `so—well`,
/// `1,000`. Hyphens and apostrophes are spelling.
fn only_punctuation(edit: &TokenEdit) -> bool {
    let joints = ['—', '–', '…', '.', ',', '/', ':'];
    let letters = |text: &str| -> String {
        text.to_lowercase()
            .chars()
            .filter(|one| !joints.contains(one) && !one.is_whitespace())
            .collect()
    };
    let bare = |text: &str| -> String { text.split_whitespace().map(key).collect() };
    edit.original.split_whitespace().any(|word| parts(word).core.contains(joints))
        && letters(&bare(&edit.original)) == letters(&bare(&edit.replacement))
}
