//! What the recogniser believed, as a trie of bytes.

use super::{
    Beliefs, Calibration, Pieces, RecordError,
    arena::{Builder, Node},
    recorded,
    reenter::{self, Path},
};

/// A text whose conditional probabilities would become too small for a f64 is rescaled.
const TINY: f64 = 1e-150;

/// The recogniser's belief about a transcript, queried byte by byte.
///
/// A node is a byte string `x`, in which one space comes before every word, the first
/// included. `M(x)` is the probability that the transcript starts with `x`, `E(x)` that it
/// is exactly `x`; `P(y | x) = M(xy) / M(x)`, whatever tokenizer cut `y`.
///
/// - From a list, `M(x)` is the weight of the hypotheses that start with `x`.
/// - From recorded posteriors, `M(x)` is the sum of `P(s) p(t | s)` over every visited prefix
///   `s` and recorded next token `t` that cross the end of `x`: the bytes of `s` are a proper
///   beginning of `x`, and those of `s` and `t` together reach its end or pass it, and agree.
///   Every way of cutting a transcript into tokens crosses the end of `x` once.
/// - From the records of several windows, the end of one is followed by the beginning of
///   the next.
///
/// A record ends somewhere: beyond a token that the search did not follow, and for the
/// tokens that were not among those recorded. That probability stays at the last node that
/// is known, as its *unknown mass* `U(x)`: the transcript starts with `x` and nothing is
/// said about how it goes on. So `M(x) = sum of M(xb) over bytes b + E(x) + U(x)`, and
/// `P(y | x)` counts only what was recorded: it is a lower bound, exact where `U` is 0.
#[derive(Debug, Clone, Default)]
pub struct Trie {
    nodes: Vec<Node>,
    /// First node of each segment.
    roots: Vec<u32>,
    /// Stands for a transcript without words where its space was skipped.
    silence: u32,
    paths: Vec<Path>,
}

/// Where a text stands in a [`Trie`]: at one node, or at several where it is open whether
/// a window has ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// Each node, and the probability of what came before its segment.
    pub(super) cursors: Vec<(u32, f64)>,
    pub(super) mass: f64,
    pub(super) end: f64,
    pub(super) unknown: f64,
    /// Natural logarithm of what the numbers above are to be multiplied by.
    pub(super) scale: f64,
}

impl State {
    /// Whether the text is one that was not heard.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cursors.is_empty()
    }

    /// `M(x)`: the probability that the transcript starts with the text; 0 where it was not
    /// heard.
    #[must_use]
    pub fn mass(&self) -> f64 {
        self.mass * self.scale.exp()
    }

    /// `U(x)`: the part of [`State::mass`] of which the record does not say how it goes on.
    /// Always 0 for lists.
    #[must_use]
    pub fn unknown_mass(&self) -> f64 {
        self.unknown * self.scale.exp()
    }
}

impl Trie {
    /// Builds the trie from hypotheses and their weights. Whitespace runs count as one
    /// space. Texts without any word are the empty transcript.
    #[must_use]
    pub fn new<'a>(hypotheses: impl IntoIterator<Item = (&'a str, f64)>) -> Self {
        let mut builder = Builder::new();
        let mut any = false;
        for (text, weight) in hypotheses {
            any = true;
            builder.add_root(weight);
            let mut place = builder.start();
            for word in text.split_whitespace() {
                place = builder.walk(place, b" ", weight);
                place = builder.walk(place, word.as_bytes(), weight);
            }
            builder.end(place, weight);
        }
        Self::from_builders(any.then_some(builder))
    }

    /// Builds the trie from what was recorded in one window, or in several that follow one
    /// another. Without any it is empty, as for an empty list.
    ///
    /// # Errors
    /// A record was made with another vocabulary than `pieces`, or names a token that the
    /// vocabulary does not have.
    pub fn from_records(
        records: &[Beliefs],
        pieces: &Pieces,
        how: &Calibration,
    ) -> Result<Self, RecordError> {
        let builders: Result<Vec<Builder>, RecordError> =
            records.iter().map(|record| recorded::build(record, pieces, how)).collect();
        Ok(Self::from_builders(builders?))
    }

    fn from_builders(builders: impl IntoIterator<Item = Builder>) -> Self {
        let mut trie = Self::default();
        for (segment, builder) in (0..).zip(builders) {
            let root = builder.finish(&mut trie.nodes, segment);
            trie.roots.push(root);
        }
        if trie.roots.is_empty() {
            return trie;
        }
        let start = trie.start(true);
        trie.paths = reenter::paths(&trie.nodes, &trie.roots);
        // Last: it belongs to no path.
        trie.silence = trie.nodes.len() as u32;
        trie.nodes.push(Node {
            mass: start.end + start.unknown,
            end: start.end,
            unknown: start.unknown,
            parent: trie.silence,
            first: trie.silence,
            segment: trie.roots.len() as u32 - 1,
            children: 0,
            byte: 0,
        });
        trie
    }

    /// The state before the first byte. The transcript starts with a space where
    /// `leading_space`, else with its first letter.
    #[must_use]
    pub fn start(&self, leading_space: bool) -> State {
        let mut state = State::default();
        if let Some(&root) = self.roots.first() {
            self.enter(&mut state, root, 1.0);
            if !leading_space {
                state = self.step(&state, b' ');
                let silence = &self.nodes[self.silence as usize];
                if silence.end > 0.0 || silence.unknown > 0.0 {
                    self.enter(&mut state, self.silence, 1.0);
                }
            }
        }
        state
    }

    /// The state after `bytes`; empty where they were not heard.
    #[must_use]
    pub fn advance(&self, state: &State, bytes: &[u8]) -> State {
        let Some((&first, rest)) = bytes.split_first() else {
            return state.clone();
        };
        let mut state = self.step(state, first);
        for &byte in rest {
            if state.is_empty() {
                break;
            }
            state = self.step(&state, byte);
        }
        state
    }

    /// `E(x)`: the probability that the transcript is exactly the text.
    #[must_use]
    pub fn end_mass(&self, state: &State) -> f64 {
        state.end * state.scale.exp()
    }

    /// Every way to go on to where a transcript ends or the record does, with its
    /// probability, in the order of its bytes. There can be many: take what is needed.
    pub fn continuations<'a>(
        &'a self,
        state: &State,
    ) -> impl Iterator<Item = (Vec<u8>, f64)> + use<'a> {
        let mut open = vec![(state.clone(), Vec::new())];
        std::iter::from_fn(move || {
            while let Some((state, text)) = open.pop() {
                for byte in self.next_bytes(&state).into_iter().rev() {
                    let mut longer = text.clone();
                    longer.push(byte);
                    open.push((self.step(&state, byte), longer));
                }
                if state.end > 0.0 || state.unknown > 0.0 {
                    return Some((text, (state.end + state.unknown) * state.scale.exp()));
                }
            }
            None
        })
    }

    /// The most probable way to go on, byte by byte: up to where the end of the transcript
    /// or of the record is more probable than any byte.
    #[must_use]
    pub fn best_continuation(&self, state: &State) -> Vec<u8> {
        let mut text = Vec::new();
        let mut state = state.clone();
        loop {
            let children = self.next_bytes(&state).into_iter();
            let best = children
                .map(|byte| (byte, self.step(&state, byte)))
                .max_by(|(_, a), (_, b)| a.mass().total_cmp(&b.mass()));
            match best {
                Some((byte, next))
                    if next.mass() > (state.end + state.unknown) * state.scale.exp() =>
                {
                    text.push(byte);
                    state = next;
                }
                _ => return text,
            }
        }
    }

    /// The state after a text that left the trie. The most probable complete transcripts
    /// are entered where their beginning aligns most cheaply (word edit distance) with
    /// `words`, with all that goes on from there, times `exp(-cost)` less the dearer that
    /// is than the cheapest.
    #[must_use]
    pub fn reenter(&self, words: &[&[u8]]) -> State {
        let mut state = State::default();
        for (node, weight) in reenter::entrances(&self.paths, words) {
            self.enter(&mut state, node, weight);
        }
        state
    }

    /// The bytes that can come next, rising.
    pub(super) fn next_bytes(&self, state: &State) -> Vec<u8> {
        let mut bytes: Vec<u8> = state
            .cursors
            .iter()
            .flat_map(|&(node, _)| self.children(node))
            .map(|n| n.byte)
            .collect();
        if state.cursors.len() > 1 {
            bytes.sort_unstable();
            bytes.dedup();
        }
        bytes
    }

    /// The state after one byte.
    pub(super) fn step(&self, state: &State, byte: u8) -> State {
        let mut next = State { scale: state.scale, ..State::default() };
        for &(node, weight) in &state.cursors {
            if let Ok(place) = self.children(node).binary_search_by_key(&byte, |child| child.byte) {
                self.enter(&mut next, self.nodes[node as usize].first + place as u32, weight);
            }
        }
        if next.mass > 0.0 && next.mass < TINY {
            let factor = next.mass.recip();
            next.scale += next.mass.ln();
            next.cursors.iter_mut().for_each(|(_, weight)| *weight *= factor);
            for value in [&mut next.mass, &mut next.end, &mut next.unknown] {
                *value *= factor;
            }
        }
        next
    }

    fn children(&self, node: u32) -> &[Node] {
        let Node { first, children, .. } = self.nodes[node as usize];
        &self.nodes[first as usize..first as usize + usize::from(children)]
    }

    /// Adds a node to `state`, and the beginnings of the segments that can have followed.
    fn enter(&self, state: &mut State, mut node: u32, mut weight: f64) {
        loop {
            let Node { mass, end, unknown, segment, children, .. } = self.nodes[node as usize];
            let following = self.roots.get(segment as usize + 1);
            // What ends here and is followed by another segment is counted there.
            let own = if following.is_some() { (mass - end).max(0.0) } else { mass };
            if following.is_none() || children > 0 || unknown > 0.0 {
                match state.cursors.iter_mut().find(|(known, _)| *known == node) {
                    Some((_, known)) => *known += weight,
                    None => state.cursors.push((node, weight)),
                }
                state.mass += weight * own;
                state.unknown += weight * unknown;
            }
            match following {
                Some(&root) if end > 0.0 => {
                    weight *= end;
                    node = root;
                }
                Some(_) => return,
                None => {
                    state.end += weight * end;
                    return;
                }
            }
        }
    }
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
        assert_eq!(end.unknown_mass(), 0.0);
    }

    #[test]
    fn text_that_nobody_heard_re_enters_at_the_cheapest_prefix() {
        let trie = Trie::new([("list all flights", 0.5), ("least of flights", 0.5)]);
        let state = trie.reenter(&[b"please", b"list", b"all"]);
        let mut rests: Vec<(Vec<u8>, f64)> = trie.continuations(&state).collect();
        rests.sort_by(|a, b| b.1.total_cmp(&a.1));
        assert_eq!(rests[0].0, b" flights");
        assert!(rests[0].1 > rests[1].1);
    }

    #[test]
    fn an_empty_list_is_not_a_list_with_an_empty_transcript() {
        let none = Trie::new([]);
        assert!(none.start(true).is_empty() && none.start(false).is_empty());
        assert!(none.reenter(&[b"a"]).is_empty());
        let silent = Trie::new([("", 1.0)]);
        assert_eq!(silent.end_mass(&silent.start(true)), 1.0);
        assert_eq!(silent.end_mass(&silent.start(false)), 1.0);
    }

    #[test]
    fn the_best_continuation_is_a_draft_to_the_end() {
        let trie = Trie::new([("list flights", 0.6), ("list fights now", 0.4)]);
        let list = trie.advance(&trie.start(false), b"list");
        assert_eq!(trie.best_continuation(&list), b" flights");
        assert_eq!(trie.best_continuation(&State::default()), b"");
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
            let (one, two) = whole.as_bytes().split_at(cut.min(whole.len()));
            let start = trie.start(true);
            let in_two = trie.advance(&trie.advance(&start, one), two);
            prop_assert_eq!(in_two, trie.advance(&start, whole.as_bytes()));
        }

        #[test]
        fn continuations_are_the_list_itself(
            texts in prop::collection::hash_set("[ab]{1,4}( [ab]{1,3}){0,3}", 1..6),
        ) {
            let trie = Trie::new(texts.iter().map(|text| (text.as_str(), 1.0)));
            let mut rests: Vec<String> = trie
                .continuations(&trie.start(false))
                .map(|(rest, _)| String::from_utf8(rest).unwrap())
                .collect();
            let mut texts: Vec<String> = texts.into_iter().collect();
            texts.sort_unstable();
            rests.sort_unstable();
            prop_assert_eq!(rests, texts);
        }
    }
}
