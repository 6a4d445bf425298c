//! From a stretch of a file to words, white space and markup.

use std::ops::Range;

use super::encoding::{Encoding, Unit, decode};
use super::markup::{self, Rules};
use super::script::{Cutter, is_invisible, run_together};
use super::{Token, script};

/// A stretch of a file that holds the text of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Site {
    pub(super) range: Range<usize>,
    pub(super) encoding: Encoding,
    pub(super) rules: Rules,
}

/// What stands in a site, in order and without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Atom {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A piece of the token with this number.
    Token(usize),
    Space,
    Break,
    /// Markup that nobody sees; a word may go on behind it.
    Tag,
    /// What is seen but not said: a sound, a speaker's name, a music note.
    Sign,
}

#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) atoms: Vec<Atom>,
    pub(super) tokens: Vec<Token>,
    pub(super) speaker: Option<String>,
}

/// Scans a site. Time is linear in its length.
pub(super) fn scan(text: &str, site: &Site) -> Scan {
    let units = decode(text, site.range.clone(), site.encoding);
    let mut scanner = Scanner {
        markup: markup::Finder::new(&units, site.rules),
        units: &units,
        out: Scan::default(),
        cutter: Cutter::default(),
        gap: Gap::None,
    };
    scanner.run();
    scanner.out
}

/// What stands between the last token and here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Sign,
    Break,
    Space,
}

struct Scanner<'a> {
    units: &'a [Unit],
    markup: markup::Finder<'a>,
    out: Scan,
    cutter: Cutter,
    gap: Gap,
}

impl Scanner<'_> {
    fn run(&mut self) {
        let mut at = 0;
        let mut line_start = true;
        while let Some(unit) = self.units.get(at).copied() {
            if let Some(found) = self.markup.find(at, line_start) {
                let kind = if found.is_tag { Kind::Tag } else { Kind::Sign };
                self.push(kind, at..found.end);
                if kind == Kind::Sign {
                    self.cutter.close();
                    self.gap = self.gap.max(Gap::Sign);
                }
                line_start = line_start && found.keeps_line_start;
                if self.out.speaker.is_none() {
                    self.out.speaker = found.speaker;
                }
                at = found.end;
                continue;
            }
            match unit.character {
                None => self.push(Kind::Tag, at..at + 1),
                Some(character) if is_invisible(character) => self.push(Kind::Tag, at..at + 1),
                Some('\n' | '\r') => {
                    self.push(Kind::Break, at..at + 1);
                    self.cutter.close();
                    self.gap = self.gap.max(Gap::Break);
                    line_start = true;
                }
                Some(character) if character.is_whitespace() => {
                    self.push(Kind::Space, at..at + 1);
                    self.cutter.close();
                    self.gap = Gap::Space;
                }
                Some(character) => {
                    self.token(at, character);
                    line_start = false;
                }
            }
            at += 1;
        }
    }

    fn token(&mut self, at: usize, character: char) {
        let begins = self.cutter.begins_word(character);
        if begins || self.out.tokens.is_empty() {
            let before = self.out.tokens.last().and_then(|token| token.surface.chars().next_back());
            let space_before = match (self.gap, before) {
                (_, None) | (Gap::None, _) => false,
                (Gap::Space, _) => true,
                // A line of a script without spaces goes on where the last one ended.
                (Gap::Break, Some(before)) => !both_spaceless(before, character),
                (Gap::Sign, Some(before)) => run_together(before, character),
            };
            self.out.tokens.push(Token {
                surface: String::new(),
                pieces: Vec::with_capacity(1),
                space_before,
            });
        }
        self.gap = Gap::None;
        let number = self.out.tokens.len().saturating_sub(1);
        self.push(Kind::Token(number), at..at + 1);
        let Some(atom) = self.out.atoms.last().map(|atom| atom.range.clone()) else { return };
        if let Some(token) = self.out.tokens.last_mut() {
            token.surface.push(character);
            match token.pieces.last_mut() {
                Some(piece) if piece.start == atom.start => piece.end = atom.end,
                _ => token.pieces.push(atom),
            }
        }
    }

    /// Adds units to the last atom, or as a new one.
    fn push(&mut self, kind: Kind, units: Range<usize>) {
        let (Some(first), Some(last)) =
            (self.units.get(units.start), units.end.checked_sub(1).and_then(|i| self.units.get(i)))
        else {
            return;
        };
        let range = first.start..last.end();
        let breaks_again = kind == Kind::Break
            && !(first.character == Some('\n')
                && units.start > 0
                && self.units[units.start - 1].character == Some('\r'));
        match self.out.atoms.last_mut() {
            Some(atom)
                if atom.kind == kind
                    && !breaks_again
                    && !matches!(kind, Kind::Tag | Kind::Sign) =>
            {
                atom.range.end = range.end;
            }
            _ => self.out.atoms.push(Atom { kind, range }),
        }
    }
}

fn both_spaceless(before: char, after: char) -> bool {
    script::class(before) != script::Class::Other && script::class(after) != script::Class::Other
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::script::words;
    use super::*;

    fn scan_all(text: &str, encoding: Encoding, rules: Rules) -> Scan {
        scan(text, &Site { range: 0..text.len(), encoding, rules })
    }

    fn surfaces(text: &str, rules: Rules) -> Vec<String> {
        let scanned = scan_all(text, Encoding::Entities, rules);
        scanned.tokens.into_iter().map(|token| token.surface).collect()
    }

    #[test]
    fn markup_is_never_part_of_a_token() {
        assert_eq!(surfaces("{\\an8}<i>he</i>llo <b>you</b>", Rules::Srt), ["hello", "you"]);
        assert_eq!(surfaces("a < b > c <3", Rules::Srt), ["a", "<", "b", ">", "c", "<3"]);
        assert_eq!(surfaces("- JOHN: Hi\n- [door\nslams] No (sighs)", Rules::Srt), ["Hi", "No"]);
        assert_eq!(surfaces("<v Bob>we<00:00:01.000><c> are</c>", Rules::Vtt), ["we", "are"]);
        assert_eq!(surfaces("♪ la la ♪", Rules::Srt), ["la", "la"]);
        assert_eq!(surfaces("你（笑）好", Rules::Speech), ["你", "好"]);
        assert_eq!(surfaces("colo(u)r [open", Rules::Speech), ["colo(u)r", "[open"]);
        assert_eq!(surfaces(">> MR. SMITH: Yes.", Rules::Srt), ["Yes."]);
        assert_eq!(surfaces("-5 degrees", Rules::Srt), ["-5", "degrees"]);
        assert_eq!(surfaces("00:01:02 Speaker 1: so", Rules::Speech), ["so"]);
    }

    #[test]
    fn the_speaker_is_told_by_a_tag_or_a_label() {
        let speaker = |text: &str, rules| scan_all(text, Encoding::Plain, rules).speaker;
        assert_eq!(speaker("<v.loud Ann Lee>Hi", Rules::Vtt).as_deref(), Some("Ann Lee"));
        assert_eq!(speaker("- JOHN: Hi", Rules::Srt).as_deref(), Some("JOHN"));
        assert_eq!(speaker("Remember: go", Rules::Srt), None);
    }

    #[test]
    fn a_word_interrupted_by_a_tag_has_two_pieces() {
        let scanned = scan_all("he<i>llo</i>", Encoding::Plain, Rules::Srt);
        assert_eq!(scanned.tokens[0].pieces, [0..2, 5..8]);
    }

    proptest! {
        #[test]
        fn atoms_cover_the_site_and_words_survive_joining(
            text in "([a-c,.'-]{1,3}|[我你，。ที่か\u{3099}]|[<>\\[\\](){}♪&;/:]|[ \n\r]){0,25}"
        ) {
            for rules in [Rules::Srt, Rules::Vtt, Rules::Speech, Rules::Trn] {
                let scanned = scan_all(&text, Encoding::Entities, rules);
                let mut at = 0;
                for atom in &scanned.atoms {
                    prop_assert_eq!(atom.range.start, at);
                    at = atom.range.end;
                }
                prop_assert_eq!(at, text.len());
                let joined = script::join(
                    scanned.tokens.iter().map(|token| (token.surface.as_str(), token.space_before))
                );
                let again: Vec<String> =
                    words(&joined).into_iter().map(|word| word.surface).collect();
                let tokens: Vec<String> =
                    scanned.tokens.into_iter().map(|token| token.surface).collect();
                prop_assert_eq!(again.concat(), tokens.concat());
            }
        }
    }
}
