//! What the cascade refuses.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::distance::word_distance;
use crate::{
    corpus::Utterance,
    score::{Distance, Symbols},
};

/// Refuses corrections that are more likely harm than help.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Guard {
    /// Largest share of words that may change (word edit distance over the words of the
    /// 1-best), in [0, 1]. Two words may always change: short utterances have few. More may
    /// change where half this share of the letters is enough for it: `what is phl` and `what
    /// is p h l` are far apart in words and the same in letters.
    pub max_change: f64,
    /// A sequence of up to four words may come this many times in a row, unless a
    /// hypothesis repeats one as often. A phrase of two to four words may not be repeated at
    /// all unless a hypothesis does.
    pub max_repeats: usize,
    /// The model must find the correction this much more probable than the 1-best (nats,
    /// whole texts). Fusion can prefer what the model itself finds improbable. `-inf`
    /// accepts anything.
    #[serde(with = "super::infinite")]
    pub min_gain: f64,
}

impl Default for Guard {
    fn default() -> Self {
        Self { max_change: 0.5, max_repeats: 3, min_gain: 2.0 }
    }
}

/// Most words of a sequence that is looked for in loops.
const LONGEST_UNIT: usize = 4;

/// Words that may always change.
const FREE_WORDS: u64 = 2;

/// What models write around an answer and nobody says into a microphone. Compared in lower
/// case; a hypothesis that contains the same text excuses it.
const LEAKS: &[&str] = &[
    "<|",
    "|>",
    "<think",
    "</think",
    "```",
    "[inst]",
    "<s>",
    "</s>",
    "hypothesis:",
    "hypotheses:",
    "transcript:",
    "corrected:",
    "correction:",
    "here is the",
    "here's the",
    "as an ai",
    "i'm sorry",
    "the correct transcript",
    "the corrected",
];

impl Guard {
    /// Why `text` is refused as a correction of `utterance`, or `None` where it may stand.
    #[must_use]
    pub fn refuses(&self, utterance: &Utterance, text: &str) -> Option<String> {
        let one_best = utterance.one_best();
        if text == one_best {
            return None;
        }
        if text.trim().is_empty() {
            return (!one_best.is_empty()).then(|| "the answer is empty".into());
        }
        let heard = |part: &str| {
            utterance.nbest.iter().any(|hypothesis| hypothesis.text.to_lowercase().contains(part))
        };
        let lower = text.to_lowercase();
        if let Some(leak) = LEAKS.iter().find(|leak| lower.contains(**leak) && !heard(leak)) {
            return Some(format!("the answer contains `{leak}`, which nobody said"));
        }
        if text.lines().count() > 1 {
            return Some("the answer has more than one line".into());
        }
        let heard_loop = |units: RangeInclusive<usize>| {
            let loops =
                utterance.nbest.iter().map(|known| longest_loop(&known.text, units.clone()));
            loops.max().unwrap_or(0)
        };
        let repeats = longest_loop(text, 1..=LONGEST_UNIT);
        if repeats > self.max_repeats.max(heard_loop(1..=LONGEST_UNIT)) {
            return Some(format!("the answer repeats itself {repeats} times in a row"));
        }
        // A single word may well be doubled (`flight two two`), a phrase that nobody doubled
        // is a loop.
        let repeats = longest_loop(text, 2..=LONGEST_UNIT);
        if repeats > heard_loop(2..=LONGEST_UNIT).max(1) {
            return Some(format!("the answer has a phrase {repeats} times in a row"));
        }
        let words = one_best.split_whitespace().count();
        let changed = word_distance(one_best, text);
        let share = changed as f64 / words.max(1) as f64;
        if changed > FREE_WORDS
            && share > self.max_change
            && letter_change(one_best, text) > self.max_change / 2.0
        {
            return Some(format!(
                "{changed} of {words} words would change, more than {:.0} %",
                self.max_change * 100.0
            ));
        }
        None
    }
}

impl Guard {
    /// Why a correction is refused of which the model's log-probability is known beside that
    /// of the 1-best (both in nats, for the whole text), or `None` where it may stand.
    #[must_use]
    pub fn refuses_gain(&self, correction: f64, one_best: f64) -> Option<String> {
        let gain = correction - one_best;
        (gain < self.min_gain).then(|| {
            format!(
                "the model finds it {gain:.2} nats more probable than the 1-best, below {}",
                self.min_gain
            )
        })
    }
}

/// Edit distance of the letters and digits over those of the first text (at least 1).
fn letter_change(before: &str, after: &str) -> f64 {
    // Letters as words: the distance wants small numbers.
    let spaced = |text: &str| -> String {
        let letters = text.chars().filter(|one| one.is_alphanumeric());
        letters.flat_map(char::to_lowercase).flat_map(|one| [one, ' ']).collect()
    };
    let (before, after) = (spaced(before), spaced(after));
    let mut symbols = Symbols::default();
    let (before, after) = (symbols.words(&before), symbols.words(&after));
    Distance::default().between(&before, &after) as f64 / before.len().max(1) as f64
}

/// How often a sequence of so many words comes directly after itself, at most; 1 for a text
/// that repeats nothing, 0 for one without words.
fn longest_loop(text: &str, units: RangeInclusive<usize>) -> usize {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut longest = usize::from(!words.is_empty());
    for size in *units.start()..=(*units.end()).min(words.len() / 2) {
        for start in 0..=words.len() - size {
            let unit = &words[start..start + size];
            let times = words[start..].chunks(size).take_while(|chunk| *chunk == unit).count();
            longest = longest.max(times);
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utterance(texts: &[&str]) -> Utterance {
        Utterance::from_list("u", texts.iter().map(|text| ((*text).to_owned(), None, None)))
    }

    fn reason(texts: &[&str], answer: &str) -> Option<String> {
        Guard::default().refuses(&utterance(texts), answer)
    }

    #[test]
    fn small_changes_pass_and_large_ones_do_not() {
        assert_eq!(reason(&["show me fights to boston"], "show me flights to boston"), None);
        assert_eq!(reason(&["us"], "u s"), None);
        let long = reason(&["show me fights to boston today"], "what a lovely evening it was");
        assert!(long.is_some_and(|reason| reason.contains("words would change")));
    }

    #[test]
    fn words_written_together_or_apart_count_by_their_letters() {
        assert_eq!(reason(&["what is phl"], "what is p h l"), None);
        assert_eq!(reason(&["is aptwenty-seven mean"], "is a p twenty seven mean"), None);
        assert!(
            reason(&["to see abbreviation ua me"], "what does abbreviation u a mean").is_some()
        );
    }

    #[test]
    fn empty_answers_are_refused_unless_nothing_was_heard() {
        assert_eq!(reason(&["hello"], " ").as_deref(), Some("the answer is empty"));
        assert_eq!(reason(&[""], ""), None);
    }

    #[test]
    fn loops_are_refused_unless_they_were_heard() {
        let answer = "go on and on and on and on and on";
        assert!(reason(&["go on and on"], answer).is_some_and(|r| r.contains("repeats")));
        assert_eq!(
            reason(&["no no no no no", "so no no no no no"], "no no no no no no").as_deref(),
            Some("the answer repeats itself 6 times in a row")
        );
        assert_eq!(reason(&["no no no no no x"], "no no no no no"), None);
        assert_eq!(longest_loop("", 1..=4), 0);
        assert_eq!(longest_loop("a b a b a b", 1..=4), 3);
        assert_eq!(longest_loop("a a a b c b c", 2..=4), 2);
    }

    #[test]
    fn a_phrase_that_nobody_doubled_is_a_loop_and_a_doubled_word_is_none() {
        let doubled = reason(&["thank you thank you"], "thank you thank you thank you");
        assert!(doubled.is_some_and(|reason| reason.contains("a phrase 3 times")));
        assert!(
            reason(&["that they have for you"], "that they have for you have for you").is_some()
        );
        assert_eq!(reason(&["flight twenty two"], "flight two two"), None);
        assert_eq!(reason(&["bye bye bye bye now"], "bye bye bye bye"), None);
    }

    #[test]
    fn a_correction_must_gain_what_is_asked() {
        let guard = Guard { min_gain: 1.0, ..Guard::default() };
        assert_eq!(guard.refuses_gain(-2.0, -4.0), None);
        assert!(guard.refuses_gain(-3.5, -4.0).is_some_and(|reason| reason.contains("0.50 nats")));
        let anything = Guard { min_gain: f64::NEG_INFINITY, ..guard };
        assert_eq!(anything.refuses_gain(-90.0, -1.0), None);
    }

    #[test]
    fn leaked_reasoning_and_markers_are_refused_unless_they_were_heard() {
        assert!(reason(&["hi there"], "Here is the transcript hi there").is_some());
        assert!(reason(&["hi there"], "<think> hi there").is_some());
        assert_eq!(reason(&["here is the new plan"], "here is the new plane"), None);
        assert!(reason(&["hi there you two"], "hi there you\ntoo").is_some());
    }
}
