//! Writing changed words into a stretch of a file, and all else as it stands.

use std::ops::Range;

use super::encoding::encode;
use super::render::Patch;
use super::scan::{Atom, Kind, Scan, Site, scan};
use super::script::{self, Word};

/// Words of a segment replaced by others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// Numbers of tokens; empty where words are inserted before a token.
    pub(super) tokens: Range<usize>,
    pub(super) words: Vec<Word>,
}

/// What becomes of a token.
#[derive(Debug, Clone, Default)]
struct Fate {
    before: Vec<Word>,
    /// None: it stays. No words: it goes.
    words: Option<Vec<Word>>,
    after: Vec<Word>,
    /// Whether white space shall precede it, where that is not left as it is.
    spaced: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Keep(Kind, Range<usize>),
    New(String),
    /// Where a token was.
    Hole,
}

impl Piece {
    fn is_space(&self) -> bool {
        matches!(self, Self::Keep(Kind::Space, _))
    }

    fn is_break(&self) -> bool {
        matches!(self, Self::Keep(Kind::Break, _))
    }

    /// Nothing that takes room on a line.
    fn is_nothing(&self) -> bool {
        matches!(self, Self::Hole | Self::Keep(Kind::Tag, _))
    }
}

/// What is to be written into a site for the changes to be made; they are in order and do
/// not overlap. Nothing that stays is part of a patch.
///
/// Words take the places of the words they replace one by one, so that markup and line
/// breaks between them stay; what is left over stands at the last place. White space
/// around a deleted word is taken away once, and so is a line that has become empty,
/// unless it is the only one.
pub(super) fn rewrite(text: &str, site: &Site, changes: &[Change]) -> Vec<Patch> {
    let scan = scan(text, site);
    let (fates, lone) = fates(&scan, changes);
    let mut pieces = pieces(&scan, &fates);
    if !lone.is_empty() {
        insert_alone(&mut pieces, &lone);
    }
    close_holes(&mut pieces);
    let mut patches = Vec::new();
    let mut at = site.range.start;
    let mut new = String::new();
    for piece in drop_emptied_lines(pieces) {
        match piece {
            Piece::Keep(_, range) => {
                if range.start > at || !new.is_empty() {
                    patches.push((at..range.start, std::mem::take(&mut new)));
                }
                at = range.end;
            }
            Piece::New(words) => new.push_str(&encode(&words, site.encoding)),
            Piece::Hole => {}
        }
    }
    if at < site.range.end || !new.is_empty() {
        patches.push((at..site.range.end, new));
    }
    patches
}

/// The site's whole text with the changes made.
pub(super) fn rewritten(text: &str, site: &Site, changes: &[Change]) -> String {
    let mut out = String::with_capacity(site.range.len());
    let mut at = site.range.start;
    for (range, new) in rewrite(text, site, changes) {
        out.push_str(text.get(at..range.start).unwrap_or(""));
        out.push_str(&new);
        at = range.end;
    }
    out.push_str(text.get(at..site.range.end).unwrap_or(""));
    out
}

/// The fate of each token, and the words for a segment that has none.
fn fates(scan: &Scan, changes: &[Change]) -> (Vec<Fate>, Vec<Word>) {
    let mut fates = vec![Fate::default(); scan.tokens.len()];
    let mut lone = Vec::new();
    for change in changes {
        let words = &change.words;
        let count = change.tokens.len();
        if count == 0 {
            if let Some(fate) = fates.get_mut(change.tokens.start) {
                fate.before.extend_from_slice(words);
            } else if let Some(fate) = fates.last_mut() {
                fate.after.extend_from_slice(words);
            } else {
                lone.extend_from_slice(words);
            }
            continue;
        }
        for (place, token) in change.tokens.clone().enumerate() {
            let Some(fate) = fates.get_mut(token) else { continue };
            let end = if place + 1 == count { words.len() } else { words.len().min(place + 1) };
            let own = words.get(place..end).unwrap_or(&[]);
            if place > 0 {
                fate.spaced = own.first().map(|word| word.spaced);
            }
            fate.words = Some(own.to_vec());
        }
    }
    (fates, lone)
}

/// What was written so far, with the last word for what has to stand between.
#[derive(Default)]
struct Writer<'a> {
    pieces: Vec<Piece>,
    last: Option<&'a str>,
    gap: bool,
}

impl<'a> Writer<'a> {
    fn room_for(&mut self, word: &str, wanted: bool) {
        let Some(last) = self.last.filter(|_| !self.gap) else { return };
        if wanted || script::needs_space(last, word) {
            self.pieces.push(Piece::New(" ".to_owned()));
        }
    }

    fn wrote(&mut self, word: &'a str) {
        self.last = Some(word);
        self.gap = false;
    }

    /// Words one behind the other; the first one apart from what is before, if wanted.
    fn words(&mut self, words: &'a [Word], wanted: bool) {
        for (place, word) in words.iter().enumerate() {
            self.room_for(&word.surface, if place == 0 { wanted } else { word.spaced });
            self.pieces.push(Piece::New(word.surface.clone()));
            self.wrote(&word.surface);
        }
    }
}

fn pieces(scan: &Scan, fates: &[Fate]) -> Vec<Piece> {
    let mut out = Writer::default();
    let mut next_token = next_tokens(&scan.atoms).into_iter();
    let mut done = None;
    for Atom { kind, range } in &scan.atoms {
        let next = next_token.next().flatten();
        let Kind::Token(token) = *kind else {
            let unwanted = next.and_then(|next| fates.get(next)?.spaced) == Some(false);
            if *kind != Kind::Space || !unwanted {
                out.gap |= *kind != Kind::Tag;
                out.pieces.push(Piece::Keep(*kind, range.clone()));
            }
            continue;
        };
        let Some((fate, known)) = fates.get(token).zip(scan.tokens.get(token)) else { continue };
        let first_piece = done != Some(token);
        let last_piece = known.pieces.last().is_some_and(|piece| *piece == *range);
        done = Some(token);
        if first_piece && !fate.before.is_empty() {
            out.words(&fate.before, false);
            // A new word stands off from the next one as the word before it did.
            let apart = fate.before.iter().any(|word| word.spaced) || known.space_before;
            out.room_for(&known.surface, apart);
            out.gap = true;
        }
        match &fate.words {
            None => {
                if first_piece {
                    out.room_for(&known.surface, false);
                }
                out.pieces.push(Piece::Keep(*kind, range.clone()));
                out.wrote(&known.surface);
            }
            Some(words) if words.is_empty() => out.pieces.push(Piece::Hole),
            Some(words) if first_piece => out.words(words, fate.spaced == Some(true)),
            Some(_) => {}
        }
        if last_piece {
            out.words(&fate.after, known.space_before);
        }
    }
    out.pieces
}

/// For each atom the token that comes next, itself included.
fn next_tokens(atoms: &[Atom]) -> Vec<Option<usize>> {
    let mut next = None;
    let mut all: Vec<Option<usize>> = atoms
        .iter()
        .rev()
        .map(|atom| {
            if let Kind::Token(token) = atom.kind {
                next = Some(token);
            }
            next
        })
        .collect();
    all.reverse();
    all
}

/// Words for a site without any: behind the last sign, else behind the first tag.
fn insert_alone(pieces: &mut Vec<Piece>, words: &[Word]) {
    let text = script::join(words.iter().map(|word| (word.surface.as_str(), word.spaced)));
    let sign = pieces.iter().rposition(|piece| matches!(piece, Piece::Keep(Kind::Sign, _)));
    let tag = pieces.iter().position(|piece| matches!(piece, Piece::Keep(Kind::Tag, _)));
    match (sign, tag) {
        (Some(sign), _) => pieces.insert(sign + 1, Piece::New(format!(" {text}"))),
        (None, Some(tag)) => pieces.insert(tag + 1, Piece::New(text)),
        (None, None) => pieces.insert(0, Piece::New(text)),
    }
}

/// Takes away the white space that a deleted word leaves twice.
fn close_holes(pieces: &mut [Piece]) {
    let mut behind = vec![pieces.len(); pieces.len() + 1];
    for at in (1..pieces.len()).rev() {
        behind[at - 1] = if pieces[at].is_nothing() { behind[at] } else { at };
    }
    // What stands before the place that is looked at, the last on top.
    let mut before: Vec<usize> = Vec::new();
    for at in 0..pieces.len() {
        if pieces[at] != Piece::Hole {
            if !pieces[at].is_nothing() {
                before.push(at);
            }
            continue;
        }
        let mut right = behind[at];
        while pieces.get(right) == Some(&Piece::Hole) {
            right = behind[right];
        }
        let (left, right) = (before.last().copied(), Some(right).filter(|at| *at < pieces.len()));
        let at_start = left.is_none_or(|place| pieces[place].is_break());
        let at_end = right.is_none_or(|place| pieces[place].is_break());
        let left = left.filter(|place| pieces[*place].is_space());
        let right = right.filter(|place| pieces[*place].is_space());
        let spare = match (left, right) {
            (Some(space), right) if right.is_some() || at_end => {
                before.pop();
                Some(space)
            }
            (None, Some(space)) if at_start => Some(space),
            _ => None,
        };
        if let Some(space) = spare {
            pieces[space] = Piece::Hole;
        }
    }
}

fn drop_emptied_lines(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut kept: Vec<Piece> = Vec::with_capacity(pieces.len());
    let mut lines: Vec<Vec<Piece>> = vec![Vec::new()];
    for piece in pieces {
        let ends = piece.is_break();
        if let Some(line) = lines.last_mut() {
            line.push(piece);
        }
        if ends {
            lines.push(Vec::new());
        }
    }
    for line in lines {
        let emptied = line.contains(&Piece::Hole)
            && line
                .iter()
                .all(|piece| matches!(piece, Piece::Hole) || piece.is_space() || piece.is_break());
        if !emptied {
            kept.extend(line);
        } else if !line.last().is_some_and(Piece::is_break)
            && kept.last().is_some_and(Piece::is_break)
        {
            // The last line goes with the end of the line before it.
            kept.pop();
        }
    }
    kept
}
