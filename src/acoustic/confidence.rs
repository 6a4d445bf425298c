//! How sure the recogniser is of each word of a text.

use super::{State, Trie};

impl Trie {
    /// For each word of `text` (separated by white space), its probability given the words
    /// before it: that the transcript goes on with this word and then with a space or, after
    /// the last one, ends. In [0, 1]; 0 from the first word on that was not heard there.
    #[must_use]
    pub fn word_confidences(&self, text: &str) -> Vec<f64> {
        let mut words = text.split_whitespace().peekable();
        let mut confidences = Vec::new();
        let mut before = self.advance(&self.start(true), b" ");
        while let Some(word) = words.next() {
            let said = self.advance(&before, word.as_bytes());
            let (mass, after) = if words.peek().is_some() {
                let after = self.advance(&said, b" ");
                (log_mass(&after, after.mass), after)
            } else {
                (log_mass(&said, said.end), said)
            };
            let confidence = (mass - log_mass(&before, before.mass)).exp();
            confidences.push(if confidence.is_nan() { 0.0 } else { confidence.min(1.0) });
            before = after;
        }
        confidences
    }
}

/// In logarithms, since the probability of a long text is no number an f64 can hold.
fn log_mass(state: &State, mass: f64) -> f64 {
    mass.ln() + state.scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_as_sure_as_the_share_of_hypotheses_that_go_on_with_it() {
        let trie = Trie::new([("a b", 0.5), ("a bc", 0.3), ("d b", 0.2)]);
        let near = |found: &[f64], wanted: &[f64]| {
            found.len() == wanted.len()
                && found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-12)
        };
        assert!(near(&trie.word_confidences("a b"), &[0.8, 0.625]));
        assert!(near(&trie.word_confidences("a"), &[0.0]), "no hypothesis ends there");
        assert!(near(&trie.word_confidences("d x b"), &[0.2, 0.0, 0.0]));
        assert!(trie.word_confidences(" ").is_empty());
        let all: f64 = trie.word_confidences("d b").iter().product();
        assert!((all - 0.2).abs() < 1e-12, "the product is the text's own probability");
    }
}
