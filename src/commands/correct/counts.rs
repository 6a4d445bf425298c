//! What is counted while files are corrected.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use super::one_file::{Done, State};
use crate::correct::Verdict;

/// What became of files and their lines.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Counts {
    /// Files looked at.
    pub(super) files: u64,
    /// Files that would change, or did.
    pub(super) proposed: u64,
    /// Files that were changed now.
    pub(super) applied: u64,
    /// Files that were left alone because too much of them would change.
    pub(super) refused: u64,
    /// Files in which edits stood already.
    pub(super) already: u64,
    /// Files that could not be read or written.
    pub(super) failed: u64,
    /// Lines.
    pub(super) segments: u64,
    /// Lines with an edit.
    pub(super) changed: u64,
    /// Words.
    pub(super) words: u64,
    /// Edits.
    pub(super) edits: u64,
    /// Warnings about lines that could not be understood.
    pub(super) warnings: u64,
}

impl Counts {
    pub(super) fn add(&mut self, done: &Done) {
        self.files += 1;
        self.warnings += done.warnings.len() as u64;
        match done.state {
            State::Failed => self.failed += 1,
            State::Already => self.already += 1,
            State::Refused(_) => self.refused += 1,
            State::Applied => {
                self.applied += 1;
                self.proposed += 1;
            }
            State::Proposed => self.proposed += 1,
            State::Unchanged => {}
        }
        self.segments += done.segments;
        self.changed += done.changed;
        self.words += done.words;
        self.edits += done.edits.len() as u64;
    }
}

/// What became of texts, counted where they are answered.
#[derive(Debug, Default)]
pub(super) struct Counters {
    verdicts: [AtomicU64; 6],
    remembered: AtomicU64,
    prompt_tokens: AtomicU64,
    output_tokens: AtomicU64,
    terms_before: AtomicU64,
    terms_after: AtomicU64,
}

const VERDICTS: [Verdict; 6] = [
    Verdict::Gated,
    Verdict::Kept,
    Verdict::Corrected,
    Verdict::Abstained,
    Verdict::Refused,
    Verdict::Failed,
];

impl Counters {
    pub(super) fn verdict(&self, verdict: &str) {
        if let Some(place) = VERDICTS.iter().position(|known| known.as_str() == verdict) {
            self.verdicts[place].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn remembered(&self) {
        self.remembered.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn tokens(&self, prompt: u32, output: u32) {
        self.prompt_tokens.fetch_add(u64::from(prompt), Ordering::Relaxed);
        self.output_tokens.fetch_add(u64::from(output), Ordering::Relaxed);
    }

    pub(super) fn terms(&self, before: u64, after: u64) {
        self.terms_before.fetch_add(before, Ordering::Relaxed);
        self.terms_after.fetch_add(after, Ordering::Relaxed);
    }

    pub(super) fn failed(&self) -> u64 {
        self.count(Verdict::Failed)
    }

    pub(super) fn count(&self, verdict: Verdict) -> u64 {
        let place = VERDICTS.iter().position(|known| *known == verdict);
        place.map_or(0, |place| self.verdicts[place].load(Ordering::Relaxed))
    }

    /// Terms of the glossary in the texts before and after.
    pub(super) fn found_terms(&self) -> (u64, u64) {
        (self.terms_before.load(Ordering::Relaxed), self.terms_after.load(Ordering::Relaxed))
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Snapshot {
            gated: self.count(Verdict::Gated),
            kept: self.count(Verdict::Kept),
            corrected: self.count(Verdict::Corrected),
            abstained: self.count(Verdict::Abstained),
            refused: self.count(Verdict::Refused),
            failed: self.count(Verdict::Failed),
            remembered: load(&self.remembered),
            prompt_tokens: load(&self.prompt_tokens),
            output_tokens: load(&self.output_tokens),
        }
    }
}

/// [`Counters`] at one moment.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Snapshot {
    pub(super) gated: u64,
    pub(super) kept: u64,
    pub(super) corrected: u64,
    pub(super) abstained: u64,
    pub(super) refused: u64,
    pub(super) failed: u64,
    /// Texts that had been answered before.
    pub(super) remembered: u64,
    pub(super) prompt_tokens: u64,
    pub(super) output_tokens: u64,
}
