//! Sums over the entries, of a size that does not depend on their number.

use super::{
    Entry, Page,
    confusions::Confusions,
    entry::{Answer, Written},
};
use crate::correct::Verdict;

/// Reference lengths that are looked at together, in words: up to each of these, and beyond.
pub(super) const LENGTHS: [usize; 5] = [2, 5, 10, 20, 40];
/// The largest change of errors that has a bar of its own; the outer bars hold all beyond.
pub(super) const MOST_CHANGE: i64 = 4;
/// Bars of a histogram of changes, from `-MOST_CHANGE` to `MOST_CHANGE`.
pub(super) const CHANGES: usize = 9;
/// Confidences are looked at in so many bins of the same width.
pub(super) const BINS: usize = 10;

/// Errors and words of references.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) utterances: u64,
    pub(super) errors: u64,
    pub(super) words: u64,
}

impl Rate {
    fn add(&mut self, errors: u64, words: usize) {
        self.utterances += 1;
        self.errors += errors;
        self.words += words as u64;
    }

    /// The word error rate in percent. `None` without a word.
    pub(super) fn percent(&self) -> Option<f64> {
        (self.words > 0).then(|| 100.0 * self.errors as f64 / self.words as f64)
    }
}

/// Words of one range of confidence.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bin {
    pub(super) words: u64,
    pub(super) right: u64,
    pub(super) confidence: f64,
}

/// Of one method, over all its runs.
#[derive(Debug, Default)]
pub(super) struct MethodSums {
    pub(super) lengths: [Rate; LENGTHS.len() + 1],
    /// Changed utterances by errors more than the 1-best.
    pub(super) changes: [u64; CHANGES],
    pub(super) bins: [Bin; BINS],
    /// Utterances whose confidences could not be laid beside compared words.
    pub(super) unmatched: u64,
    pub(super) confusions: Confusions,
}

/// Of one run.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RunSums {
    /// In the order of [`VERDICTS`].
    pub(super) verdicts: [u64; VERDICTS.len()],
    pub(super) utterances: u64,
    pub(super) rate: Rate,
    pub(super) one_best: Rate,
    pub(super) tokens: u64,
    pub(super) milliseconds: f64,
    /// Utterances whose time is known.
    pub(super) timed: u64,
}

/// All verdicts in the order they are drawn.
pub(super) const VERDICTS: [Verdict; 6] = [
    Verdict::Corrected,
    Verdict::Kept,
    Verdict::Gated,
    Verdict::Abstained,
    Verdict::Refused,
    Verdict::Failed,
];

/// All sums.
#[derive(Debug)]
pub(super) struct Gathered {
    /// The method of each run.
    method_of: Vec<usize>,
    pub(super) methods: Vec<MethodSums>,
    pub(super) runs: Vec<RunSums>,
    pub(super) one_best_lengths: [Rate; LENGTHS.len() + 1],
}

impl Gathered {
    pub(super) fn new(page: &Page, methods: &[&str]) -> Self {
        let method_of = |method: &String| methods.iter().position(|known| known == method);
        Self {
            method_of: page.runs.iter().filter_map(|run| method_of(&run.method)).collect(),
            methods: methods.iter().map(|_| MethodSums::default()).collect(),
            runs: vec![RunSums::default(); page.runs.len()],
            one_best_lengths: Default::default(),
        }
    }

    pub(super) fn add(&mut self, entry: &Entry) {
        let reference = entry.reference.as_ref();
        if let (Some(reference), Some(errors)) = (reference, entry.one_best.errors()) {
            let words = words(reference);
            self.one_best_lengths[length_bin(words)].add(errors, words);
        }
        for answer in &entry.answers {
            let Some(method) = self.method_of.get(answer.run) else { continue };
            self.runs[answer.run].add(entry, answer);
            self.methods[*method].add(entry, answer);
        }
    }
}

impl RunSums {
    fn add(&mut self, entry: &Entry, answer: &Answer) {
        self.utterances += 1;
        if let Some(place) = VERDICTS.iter().position(|verdict| *verdict == answer.verdict) {
            self.verdicts[place] += 1;
        }
        self.tokens += answer.tokens;
        if let Some(milliseconds) = answer.milliseconds.filter(|time| time.is_finite()) {
            self.timed += 1;
            self.milliseconds += milliseconds;
        }
        let after = entry.written(answer).errors();
        if let (Some(reference), Some(before), Some(after)) =
            (&entry.reference, entry.one_best.errors(), after)
        {
            let words = words(reference);
            self.rate.add(after, words);
            self.one_best.add(before, words);
        }
    }
}

impl MethodSums {
    fn add(&mut self, entry: &Entry, answer: &Answer) {
        let written = entry.written(answer);
        let (Some(reference), Some(before), Some(after)) =
            (&entry.reference, entry.one_best.errors(), written.errors())
        else {
            return;
        };
        let words = words(reference);
        self.lengths[length_bin(words)].add(after, words);
        if answer.written.is_some() {
            let change = (after as i64 - before as i64).clamp(-MOST_CHANGE, MOST_CHANGE);
            self.changes[(change + MOST_CHANGE) as usize] += 1;
        }
        self.add_confidences(answer, written);
        self.confusions.add(reference.compared(), &entry.one_best, written);
    }

    fn add_confidences(&mut self, answer: &Answer, written: &Written) {
        if answer.confidences.is_empty() {
            return;
        }
        let ops = written.ops.as_deref().unwrap_or_default();
        let right: Vec<bool> = ops.bytes().filter(|op| *op != b'D').map(|op| op == b'=').collect();
        // A normaliser can make two words of one, or none.
        if right.len() != answer.confidences.len() {
            self.unmatched += 1;
            return;
        }
        for (right, confidence) in right.into_iter().zip(&answer.confidences) {
            let confidence = if confidence.is_finite() { confidence.clamp(0.0, 1.0) } else { 0.0 };
            let bin = &mut self.bins[((confidence * BINS as f64) as usize).min(BINS - 1)];
            bin.words += 1;
            bin.right += u64::from(right);
            bin.confidence += confidence;
        }
    }
}

fn words(reference: &Written) -> usize {
    reference.compared().split_whitespace().count()
}

fn length_bin(words: usize) -> usize {
    LENGTHS.iter().position(|most| words <= *most).unwrap_or(LENGTHS.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        corpus::Utterance,
        normalize::BASIC,
        report::{Report, html::Run},
        score::Rule,
    };

    /// Sums over answers to one utterance: texts with their confidences.
    fn sums(reference: &str, one_best: &str, answers: &[(&str, &[f64])]) -> Gathered {
        let run = Run { method: "m".into(), ..Run::default() };
        let page = Page {
            title: String::new(),
            date: String::new(),
            version: String::new(),
            report: Report::new(&Rule::default(), Vec::new()),
            runs: vec![run; answers.len()],
            notes: Vec::new(),
        };
        let list = [(one_best.to_owned(), None, None)];
        let utterance =
            Utterance { reference: Some(reference.into()), ..Utterance::from_list("1", list) };
        let mut entry = Entry::new("d", &utterance, BASIC);
        for (run, (text, confidences)) in answers.iter().enumerate() {
            entry.answer(run, Verdict::Corrected, text, BASIC).confidences = confidences.to_vec();
        }
        let mut gathered = Gathered::new(&page, &["m"]);
        gathered.add(&entry);
        gathered
    }

    #[test]
    fn runs_of_one_method_are_pooled_and_have_their_own_rates() {
        let gathered = sums("a b c d", "a x", &[("a b c d", &[]), ("x y z q r", &[])]);
        assert_eq!(gathered.methods.len(), 1);
        let rates: Vec<Option<f64>> =
            gathered.runs.iter().map(|sums| sums.rate.percent()).collect();
        assert_eq!(rates, [Some(0.0), Some(125.0)]);
        assert_eq!(gathered.one_best_lengths[1], Rate { utterances: 1, errors: 3, words: 4 });
        assert_eq!(gathered.methods[0].lengths[1], Rate { utterances: 2, errors: 5, words: 8 });
    }

    #[test]
    fn changes_beyond_the_last_bar_are_in_it() {
        let gathered = sums("a", "a", &[("b c d e f g h", &[]), ("a b", &[]), ("a", &[])]);
        assert_eq!(gathered.methods[0].changes, [0, 0, 0, 0, 0, 1, 0, 0, 1]);
    }

    #[test]
    fn confidences_are_laid_beside_the_words_that_were_written() {
        let gathered = sums("a b", "a b", &[("a x c", &[0.95, 0.05, 1.0])]);
        let bins = &gathered.methods[0].bins;
        assert_eq!((bins[9].words, bins[9].right, bins[0].words), (2, 1, 1));
        assert_eq!(gathered.methods[0].unmatched, 0);
    }

    #[test]
    fn confidences_of_words_that_normalising_joins_or_drops_are_left_out() {
        let gathered = sums("a b", "a b", &[("a - b", &[0.9, 0.9, 0.9])]);
        assert_eq!(gathered.methods[0].unmatched, 1);
        assert!(gathered.methods[0].bins.iter().all(|bin| bin.words == 0));
    }
}
