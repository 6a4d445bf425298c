//! From the windows of a recording to N-best lists.

use std::collections::HashSet;

use acoustic_protocol::Window;

use crate::{
    corpus::{Hypothesis, WordTime},
    normalize::Normalizer,
};

/// A complete hypothesis of one window or of several in a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    pub(super) text: String,
    /// Summed natural log-probability.
    score: f64,
    /// Of each token and of the end of each window.
    token_scores: Vec<f64>,
}

impl Candidate {
    fn silence() -> Self {
        Self { text: String::new(), score: 0.0, token_scores: Vec::new() }
    }

    fn then(&self, next: &Self) -> Self {
        let space = if self.text.is_empty() || next.text.is_empty() { "" } else { " " };
        Self {
            text: format!("{}{space}{}", self.text, next.text),
            score: self.score + next.score,
            token_scores: [self.token_scores.as_slice(), &next.token_scores].concat(),
        }
    }
}

/// The best `count` hypotheses of a window that differ after normalisation, best first.
/// Those that end in a loop only count where there is no other.
pub(super) fn candidates(
    window: &Window,
    count: usize,
    normalizer: &dyn Normalizer,
) -> Vec<Candidate> {
    let sound = window.hypotheses.iter().any(|hypothesis| !hypothesis.repeats);
    let mut seen = HashSet::new();
    window
        .hypotheses
        .iter()
        .filter(|hypothesis| !(sound && hypothesis.repeats))
        .filter(|hypothesis| seen.insert(normalizer.normalize(&hypothesis.text)))
        .take(count)
        .map(|hypothesis| {
            let token_scores: Vec<f64> =
                hypothesis.logprobs.iter().map(|&logprob| f64::from(logprob)).collect();
            Candidate {
                text: hypothesis.text.clone(),
                score: token_scores.iter().sum(),
                token_scores,
            }
        })
        .collect()
}

/// The best `count` transcripts of a whole recording from the lists of its windows, which
/// are taken to be independent. One empty transcript where there is no window.
pub(super) fn join(windows: &[Vec<Candidate>], count: usize) -> Vec<Candidate> {
    let mut joined = vec![Candidate::silence()];
    for window in windows {
        let mut longer: Vec<Candidate> =
            joined.iter().flat_map(|left| window.iter().map(|right| left.then(right))).collect();
        if longer.is_empty() {
            continue;
        }
        // Stable: equal scores stay in the order of the lists.
        longer.sort_by(|a, b| b.score.total_cmp(&a.score));
        longer.truncate(count);
        joined = longer;
    }
    joined
}

/// The list as it is stored.
pub(super) fn hypotheses(candidates: Vec<Candidate>) -> Vec<Hypothesis> {
    (0..)
        .zip(candidates)
        .map(|(rank, candidate)| Hypothesis {
            text: candidate.text,
            rank,
            count: 1,
            score: Some(candidate.score).filter(|_| !candidate.token_scores.is_empty()),
            token_scores: Some(candidate.token_scores).filter(|scores| !scores.is_empty()),
        })
        .collect()
}

/// A window's words in the time of the recording; none where its best hypothesis is a loop
/// that the list leaves out.
pub(super) fn words(window: &Window, start_ms: i64) -> impl Iterator<Item = WordTime> {
    let sound = window.hypotheses.iter().any(|hypothesis| !hypothesis.repeats);
    let left_out = sound && window.hypotheses.first().is_some_and(|first| first.repeats);
    window.words.iter().filter(move |_| !left_out).map(move |word| WordTime {
        text: word.text.clone(),
        start_ms: start_ms + word.start_ms,
        end_ms: start_ms + word.end_ms,
    })
}

#[cfg(test)]
mod tests {
    use acoustic_protocol::Decoded;

    use super::*;
    use crate::normalize;

    fn window(texts: &[(&str, f32, bool)]) -> Window {
        Window {
            hypotheses: texts
                .iter()
                .map(|&(text, logprob, repeats)| Decoded {
                    tokens: vec![1],
                    text: text.to_owned(),
                    logprobs: vec![logprob / 2.0; 2],
                    repeats,
                })
                .collect(),
            nodes: Vec::new(),
            no_speech: 0.0,
            language: None,
            words: Vec::new(),
            encode_ms: 0.0,
            decode_ms: 0.0,
        }
    }

    fn texts(candidates: &[Candidate]) -> Vec<&str> {
        candidates.iter().map(|candidate| candidate.text.as_str()).collect()
    }

    #[test]
    fn lists_hold_what_differs_after_normalisation_and_no_loops() {
        let normalizer = normalize::by_name("basic").unwrap();
        let heard = window(&[
            ("to to to to", -0.5, true),
            ("To Boston.", -1.0, false),
            ("to boston", -2.0, false),
            ("to austin", -3.0, false),
            ("two boston", -4.0, false),
        ]);
        assert_eq!(texts(&candidates(&heard, 2, normalizer)), ["To Boston.", "to austin"]);
        let loops = window(&[("la la la", -0.5, true)]);
        assert_eq!(texts(&candidates(&loops, 2, normalizer)), ["la la la"]);
        assert!(candidates(&window(&[]), 2, normalizer).is_empty());
    }

    #[test]
    fn joined_lists_are_the_best_combinations_in_order() {
        let normalizer = normalize::by_name("none").unwrap();
        let list = |texts: &[(&str, f32, bool)]| candidates(&window(texts), 5, normalizer);
        let first = list(&[("a", -1.0, false), ("b", -1.5, false)]);
        let second = list(&[("c", -1.0, false), ("d", -3.0, false)]);
        let joined = join(&[first, Vec::new(), second], 3);
        assert_eq!(texts(&joined), ["a c", "b c", "a d"]);
        assert_eq!(joined[1].score, -2.5);
        assert_eq!(joined[1].token_scores.iter().sum::<f64>(), -2.5);
        assert_eq!(texts(&join(&[], 3)), [""]);
        assert!(hypotheses(join(&[], 3))[0].score.is_none());
    }
}
