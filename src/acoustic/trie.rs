//! The acoustic trie of a plain N-best list.

/// Distinct hypotheses with their probabilities, queried byte by byte.
///
/// A node of the trie is a byte string `x`. `M(x)` is the probability that the transcript
/// starts with `x`, `E(x)` that it is exactly `x`; `P(y | x) = M(xy) / M(x)`. With a list
/// as the only evidence `M(x)` is the weight of the hypotheses that start with `x`. Lists
/// are short, so the nodes are not stored: a [`State`] holds the hypotheses that agree and
/// how far each has been followed.
#[derive(Debug, Clone, Default)]
pub struct Trie {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    /// A space before every word, the first included.
    text: Vec<u8>,
    weight: f64,
    /// Offset in `text` after each number of words, from 0 words.
    word_ends: Vec<usize>,
}

/// The hypotheses that agree with what was followed, each with its offset and weight.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    live: Vec<(usize, usize, f64)>,
}

impl State {
    /// Whether no hypothesis agrees.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// `M`: the summed weight of the hypotheses that agree; 0 where none does.
    #[must_use]
    pub fn mass(&self) -> f64 {
        self.live.iter().map(|&(_, _, weight)| weight).sum()
    }
}

impl Trie {
    /// Builds the trie from hypotheses and their weights. Whitespace runs count as one
    /// space. Texts without any word are the empty transcript.
    #[must_use]
    pub fn new<'a>(hypotheses: impl IntoIterator<Item = (&'a str, f64)>) -> Self {
        let entries = hypotheses
            .into_iter()
            .map(|(hypothesis, weight)| {
                let mut text = Vec::with_capacity(hypothesis.len() + 1);
                let mut word_ends = vec![0];
                for word in hypothesis.split_whitespace() {
                    text.push(b' ');
                    text.extend_from_slice(word.as_bytes());
                    word_ends.push(text.len());
                }
                Entry { text, weight, word_ends }
            })
            .collect();
        Self { entries }
    }

    /// The state before the first byte. Every hypothesis starts with a space where
    /// `leading_space`, else with its first letter.
    #[must_use]
    pub fn start(&self, leading_space: bool) -> State {
        let skip = usize::from(!leading_space);
        let live = (0..).zip(&self.entries);
        State { live: live.map(|(i, e)| (i, skip.min(e.text.len()), e.weight)).collect() }
    }

    /// The hypotheses of `state` that go on with `bytes`.
    #[must_use]
    pub fn advance(&self, state: &State, bytes: &[u8]) -> State {
        let goes_on = |&(index, offset, weight): &(usize, usize, f64)| {
            let rest = self.entries[index].text.get(offset..)?;
            rest.starts_with(bytes).then_some((index, offset + bytes.len(), weight))
        };
        State { live: state.live.iter().filter_map(goes_on).collect() }
    }

    /// `E`: the weight of the hypotheses of `state` that end here.
    #[must_use]
    pub fn end_mass(&self, state: &State) -> f64 {
        let ends =
            |&&(index, offset, _): &&(usize, usize, f64)| offset == self.entries[index].text.len();
        state.live.iter().filter(ends).map(|&(_, _, weight)| weight).sum()
    }

    /// What each hypothesis of `state` goes on with, and its weight.
    pub fn continuations<'a>(&'a self, state: &'a State) -> impl Iterator<Item = (&'a [u8], f64)> {
        state
            .live
            .iter()
            .map(|&(index, offset, weight)| (&self.entries[index].text[offset..], weight))
    }

    /// The state after a text that left the trie: each hypothesis is entered where its
    /// beginning aligns most cheaply (word edit distance) with `words`, and weighs
    /// `exp(-cost)` less the dearer that is than the cheapest.
    #[must_use]
    pub fn reenter(&self, words: &[&[u8]]) -> State {
        let aligned: Vec<(usize, usize)> =
            self.entries.iter().map(|entry| align_prefix(entry, words)).collect();
        let cheapest = aligned.iter().map(|&(cost, _)| cost).min().unwrap_or(0);
        let live =
            (0..).zip(self.entries.iter().zip(aligned)).map(|(i, (entry, (cost, count)))| {
                let penalty = (cost - cheapest) as f64;
                (i, entry.word_ends[count], entry.weight * (-penalty).exp())
            });
        State { live: live.collect() }
    }
}

/// Cost and length, in words, of the beginning of `entry` that aligns most cheaply with
/// `words`; among equals the one nearest in length.
fn align_prefix(entry: &Entry, words: &[&[u8]]) -> (usize, usize) {
    let count = entry.word_ends.len() - 1;
    let word = |j: usize| &entry.text[entry.word_ends[j] + 1..entry.word_ends[j + 1]];
    let mut row: Vec<usize> = (0..=count).collect();
    for (i, &spoken) in words.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for j in 0..count {
            let substituted = diagonal + usize::from(word(j) != spoken);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    (0..=count)
        .map(|j| (row[j], j))
        .min_by_key(|&(cost, j)| (cost, j.abs_diff(words.len())))
        .unwrap_or((words.len(), 0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn mass_is_the_weight_of_the_hypotheses_that_agree() {
        let trie = Trie::new([("list flights", 0.6), ("list fights", 0.3), ("lists", 0.1)]);
        let start = trie.start(true);
        assert!((start.mass() - 1.0).abs() < 1e-12);
        let list = trie.advance(&start, b" list");
        assert!((list.mass() - 1.0).abs() < 1e-12);
        let space = trie.advance(&list, b" f");
        assert!((space.mass() - 0.9).abs() < 1e-12);
        assert!(trie.advance(&space, b"x").is_empty());
        let end = trie.advance(&start, b" lists");
        assert!((trie.end_mass(&end) - 0.1).abs() < 1e-12);
        assert_eq!(trie.advance(&trie.start(false), b"lists"), end);
    }

    #[test]
    fn text_that_nobody_heard_re_enters_at_the_cheapest_prefix() {
        let trie = Trie::new([("list all flights", 0.5), ("least of flights", 0.5)]);
        let state = trie.reenter(&[b"please", b"list", b"all"]);
        let rest: Vec<&[u8]> = trie.continuations(&state).map(|(rest, _)| rest).collect();
        assert_eq!(rest[0], b" flights");
        let weights: Vec<f64> = trie.continuations(&state).map(|(_, weight)| weight).collect();
        assert!(weights[0] > weights[1]);
    }

    proptest! {
        #[test]
        fn mass_equals_the_sum_over_children_plus_the_end(
            texts in prop::collection::vec("[ab]{0,3}( [ab]{1,2}){0,2}", 1..6),
            path in "[ ab]{0,5}",
        ) {
            let weight = 1.0 / texts.len() as f64;
            let trie = Trie::new(texts.iter().map(|text| (text.as_str(), weight)));
            let mut state = trie.start(true);
            for byte in path.bytes() {
                let children: f64 =
                    [b' ', b'a', b'b'].iter().map(|&b| trie.advance(&state, &[b]).mass()).sum();
                prop_assert!((state.mass() - children - trie.end_mass(&state)).abs() < 1e-9);
                state = trie.advance(&state, &[byte]);
            }
        }

        #[test]
        fn any_two_tokenisations_give_the_same_probability(
            texts in prop::collection::vec("[ab]{1,4}( [ab]{1,3}){0,3}", 1..6),
            cut in 0usize..12,
        ) {
            let trie = Trie::new(texts.iter().map(|text| (text.as_str(), 1.0)));
            let whole = format!(" {}", texts[0]);
            let cut = cut.min(whole.len());
            let start = trie.start(true);
            let in_two = trie.advance(&trie.advance(&start, &whole.as_bytes()[..cut]), &whole.as_bytes()[cut..]);
            prop_assert_eq!(in_two, trie.advance(&start, whole.as_bytes()));
        }
    }
}
