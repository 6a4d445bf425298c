//! Writing a file with edits made.

use std::ops::Range;

use super::encoding::{Encoding, decode_text, encode, quote_field};
use super::parts::{Correction, Place};
use super::rewrite::{Change, rewrite, rewritten};
use super::scan::{Site, scan};
use super::script::words;
use super::{Document, DocumentError, DocumentFormat, Edit, Segment, time_marked, whisper};

/// A range of the file and what is written there instead.
pub(super) type Patch = (Range<usize>, String);

/// The changes of one segment.
pub(super) type Changed = (usize, Vec<Change>);

impl Document {
    /// The file with these edits made, in any order, all else byte for byte. Without edits
    /// these are the bytes that were read.
    ///
    /// Read again, the file has the same segments with the same times and ids; a CTM file,
    /// whose segments are no part of it, may be cut otherwise.
    ///
    /// # Errors
    /// When an edit is not possible ([`Self::check`]), when two edits of a segment overlap,
    /// and when the result would have other segments or times.
    pub fn render(&self, edits: &[Edit]) -> Result<Vec<u8>, DocumentError> {
        if edits.is_empty() {
            return Ok(self.bytes().to_vec());
        }
        let changed = self.changes(edits)?;
        let mut patches = Vec::new();
        for (number, changes) in &changed {
            let Some(place) = self.parts.places.get(*number) else { continue };
            let Some(segment) = self.parts.segments.get(*number) else { continue };
            self.patch(segment, place, changes, &mut patches);
        }
        if let Some(links) = &self.parts.whisper {
            whisper::patch(&self.text, &self.parts, links, &changed, &mut patches);
        }
        let bytes = splice(self.bytes(), patches);
        self.verify(&bytes)?;
        Ok(bytes)
    }

    /// Whether an edit is possible, by itself.
    ///
    /// # Errors
    /// When there is no such segment or no such tokens, when the replacement holds a line
    /// break, and when SubRip would take it for markup or times.
    pub fn check(&self, edit: &Edit) -> Result<(), DocumentError> {
        let fault = |message: &str| {
            Err(DocumentError::Edit { segment: edit.segment, message: message.to_owned() })
        };
        let Some(segment) = self.parts.segments.get(edit.segment) else {
            return fault("there is no such segment");
        };
        if edit.tokens.start > edit.tokens.end || edit.tokens.end > segment.tokens.len() {
            return fault("there are no such words");
        }
        if edit.replacement.contains(['\n', '\r']) {
            return fault("a replacement cannot hold a line break");
        }
        if self.format == DocumentFormat::Srt {
            let tags = |text: &str| {
                let encoding = Encoding::Entities;
                let rules = super::markup::Rules::Srt;
                let scanned = scan(text, &Site { range: 0..text.len(), encoding, rules });
                scanned.atoms.iter().any(|atom| {
                    atom.kind == super::scan::Kind::Tag
                        && text
                            .get(atom.range.clone())
                            .is_some_and(|tag| tag.starts_with(['<', '{']))
                })
            };
            if edit.replacement.contains("-->") || tags(&edit.replacement) {
                return fault("SubRip would read the replacement as markup");
            }
        }
        Ok(())
    }

    /// The edits by segment, checked and in order.
    fn changes(&self, edits: &[Edit]) -> Result<Vec<Changed>, DocumentError> {
        for edit in edits {
            self.check(edit)?;
        }
        let mut sorted: Vec<&Edit> = edits.iter().collect();
        sorted.sort_by_key(|edit| (edit.segment, edit.tokens.start, edit.tokens.end));
        let mut changed: Vec<Changed> = Vec::new();
        for edit in sorted {
            let change = Change { tokens: edit.tokens.clone(), words: words(&edit.replacement) };
            match changed.last_mut() {
                Some((segment, changes)) if *segment == edit.segment => {
                    if changes.last().is_some_and(|last| last.tokens.end > edit.tokens.start) {
                        let message = "two edits overlap".to_owned();
                        return Err(DocumentError::Edit { segment: edit.segment, message });
                    }
                    changes.push(change);
                }
                _ => changed.push((edit.segment, vec![change])),
            }
        }
        Ok(changed)
    }

    fn patch(
        &self,
        segment: &Segment,
        place: &Place,
        changes: &[Change],
        patches: &mut Vec<Patch>,
    ) {
        let text = &self.text;
        match place {
            Place::Site(site) => patches.extend(rewrite(text, site, changes)),
            Place::NoLine { site, line_end } => {
                let new = rewritten(text, site, changes);
                if new.is_empty() {
                    return;
                }
                // A last line without an end: the new one comes behind a line end instead.
                let at_end = line_end.is_empty() && self.format != DocumentFormat::Trn;
                let new = if at_end { format!("\n{new}") } else { format!("{new}{line_end}") };
                patches.push((site.range.clone(), new));
            }
            Place::Field { site, delimiter } => {
                let new = rewritten(text, site, changes);
                let quoted = matches!(site.encoding, Encoding::Field { quoted: true });
                let new = if quoted { new } else { quote_field(&new, *delimiter) };
                patches.push((site.range.clone(), new));
            }
            Place::Beside { site, correction } => {
                let plain = decode_text(text, site.range.clone(), site.encoding);
                let whole =
                    Site { range: 0..plain.len(), encoding: Encoding::Plain, rules: site.rules };
                let new = rewritten(&plain, &whole, changes);
                patches.push(match correction {
                    Correction::Over { range, ascii } => (range.clone(), quoted(&new, *ascii)),
                    Correction::Behind { at, before, ascii } => {
                        (*at..*at, format!("{before}{}", quoted(&new, *ascii)))
                    }
                });
            }
            Place::Lines(lines) => time_marked::patch(text, lines, segment, changes, patches),
        }
    }

    fn verify(&self, bytes: &[u8]) -> Result<(), DocumentError> {
        if self.format == DocumentFormat::Ctm {
            return Ok(());
        }
        let again = Self::parse(bytes.to_vec(), self.format, &self.options)?;
        let (before, after) = (self.segments(), again.segments());
        let same = |(one, other): &(&Segment, &Segment)| {
            one.id == other.id && (one.start_ms, one.end_ms) == (other.start_ms, other.end_ms)
        };
        let alike = before.iter().zip(after).take_while(same).count();
        if alike < before.len() || alike < after.len() {
            return Err(DocumentError::Damage {
                segment: alike.min(before.len().saturating_sub(1)),
            });
        }
        Ok(())
    }
}

fn quoted(text: &str, ascii: bool) -> String {
    format!("\"{}\"", encode(text, Encoding::Json { ascii }))
}

/// The bytes with the patches made; of overlapping ones the first.
fn splice(bytes: &[u8], mut patches: Vec<Patch>) -> Vec<u8> {
    patches.sort_by_key(|(range, _)| (range.start, range.end));
    let mut out = Vec::with_capacity(bytes.len() + 64);
    let mut at = 0;
    for (range, new) in patches {
        if range.start < at {
            continue;
        }
        out.extend_from_slice(bytes.get(at..range.start).unwrap_or(&[]));
        out.extend_from_slice(new.as_bytes());
        at = range.end;
    }
    out.extend_from_slice(bytes.get(at..).unwrap_or(&[]));
    out
}
