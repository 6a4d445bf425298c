//! The list of hypotheses, from what was recorded.
//!
//! The library draws its beam at random from the distribution, so what its decoders end
//! with is not the list of the likeliest transcripts. But every prefix it visited has its
//! probability and that of ending there, so every prefix is a complete hypothesis.

use std::collections::HashSet;

use acoustic_protocol::{Decoded, Node};

use crate::vocabulary::Vocabulary;

/// A prefix is a hypothesis where it ends with at least this log-probability (1 in 20): else
/// the list would fill up with beginnings of sentences, which an unsure model prefers.
const LEAST_END: f32 = -2.995_732;

/// Shortest unit of a loop comes at least this often, and
const LOOP_TIMES: usize = 4;
/// its longest unit has this many tokens.
const LOOP_UNIT: usize = 24;
/// Tokens of the shortest loop that is called one.
const LOOP_LEAST: usize = 16;

/// The best complete hypotheses of recorded prefixes, distinct by trimmed text, by falling
/// log-probability, `count` at most. The library's `own` path is among them.
pub(crate) fn complete(
    nodes: &[Node],
    own: &[u32],
    count: usize,
    vocabulary: &Vocabulary,
) -> Vec<Decoded> {
    let mut totals: Vec<f64> = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        let before = if index == 0 { 0.0 } else { totals[node.parent as usize] };
        totals.push(before + f64::from(node.logprob));
    }
    let total = |index: usize| totals[index] + f64::from(nodes[index].end);
    let mut order: Vec<usize> =
        (0..nodes.len()).filter(|&index| total(index) > f64::NEG_INFINITY).collect();
    // Of equal ones the earlier visited first.
    order.sort_by(|&a, &b| total(b).total_cmp(&total(a)));

    let own = find(nodes, own).filter(|&own| total(own) > f64::NEG_INFINITY);
    // Where nothing ends with some likelihood, the best of what there is must do.
    let fallback = match order.iter().any(|&index| nodes[index].end >= LEAST_END) {
        true => None,
        false => order.first().copied(),
    };
    let mut texts = HashSet::new();
    let mut list: Vec<usize> = Vec::new();
    for &index in &order {
        let likely = nodes[index].end >= LEAST_END || [own, fallback].contains(&Some(index));
        let last_place = list.len() + 1 == count;
        let keeps_place = last_place && own.is_some_and(|own| total(own) < total(index));
        let wanted = Some(index) == own || !keeps_place;
        if likely && wanted && texts.insert(vocabulary.text(&tokens(nodes, index))) {
            list.push(index);
        }
        if list.len() == count {
            break;
        }
    }
    list.into_iter().map(|index| decoded(nodes, index, vocabulary)).collect()
}

/// A hypothesis of which nothing but the tokens is known.
pub(crate) fn unscored(tokens: Vec<u32>, vocabulary: &Vocabulary) -> Decoded {
    let repeats = loop_length(&tokens) >= LOOP_LEAST;
    Decoded { text: vocabulary.text(&tokens), tokens, logprobs: Vec::new(), repeats }
}

/// How many of the last tokens are a loop: a unit of at most 24 tokens, at least four times
/// in a row. 0 where there is none.
pub(crate) fn loop_length(tokens: &[u32]) -> usize {
    (1..=LOOP_UNIT.min(tokens.len() / LOOP_TIMES))
        .map(|unit| {
            let pairs = tokens.iter().rev().zip(tokens.iter().rev().skip(unit));
            unit + pairs.take_while(|(last, before)| last == before).count()
        })
        .zip(1..)
        .filter(|&(length, unit)| length >= unit * LOOP_TIMES)
        .map(|(length, _)| length)
        .max()
        .unwrap_or(0)
}

fn decoded(nodes: &[Node], index: usize, vocabulary: &Vocabulary) -> Decoded {
    let path = path(nodes, index);
    let logprobs = path.iter().map(|&node| nodes[node].logprob).chain([nodes[index].end]).collect();
    let tokens = path.iter().map(|&node| nodes[node].token).collect();
    Decoded { logprobs, ..unscored(tokens, vocabulary) }
}

fn tokens(nodes: &[Node], index: usize) -> Vec<u32> {
    path(nodes, index).into_iter().map(|node| nodes[node].token).collect()
}

/// The nodes from the first token to `index`.
fn path(nodes: &[Node], mut index: usize) -> Vec<usize> {
    let mut path = Vec::new();
    while index > 0 {
        path.push(index);
        index = nodes[index].parent as usize;
    }
    path.reverse();
    path
}

fn find(nodes: &[Node], tokens: &[u32]) -> Option<usize> {
    let mut place = (!nodes.is_empty()).then_some(0_usize)?;
    for &token in tokens {
        let after = nodes.iter().enumerate().skip(place + 1);
        let child =
            |(_, node): &(usize, &Node)| node.parent as usize == place && node.token == token;
        place = after.filter(child).map(|(index, _)| index).next()?;
    }
    Some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        let tokens = [" a", " b", " ", "c", "<end>"];
        Vocabulary::new(tokens.iter().map(|token| token.as_bytes().to_vec()).collect(), 4)
    }

    fn node(parent: u32, token: u32, p: f32, end: f32) -> Node {
        Node { parent, token, logprob: p.ln(), end: end.ln(), next: Vec::new() }
    }

    fn nodes() -> Vec<Node> {
        vec![
            node(0, 0, 1.0, 0.0),
            node(0, 0, 0.6, 0.5),  // a: 0.3
            node(0, 1, 0.3, 1e-5), // b: hardly ends
            node(1, 1, 0.5, 0.4),  // a b: 0.12
            node(2, 0, 0.9, 0.9),  // b a: 0.243
            node(1, 2, 0.1, 0.9),  // a and a blank: the same text as a
            node(4, 3, 0.02, 0.1), // b ac
        ]
    }

    fn texts(own: &[u32], count: usize) -> Vec<String> {
        let list = complete(&nodes(), own, count, &vocabulary());
        list.into_iter().map(|hypothesis| hypothesis.text).collect()
    }

    #[test]
    fn complete_prefixes_come_by_probability_and_distinct_by_text() {
        assert_eq!(texts(&[0], 9), ["a", "b a", "a b", "b ac"]);
        assert_eq!(texts(&[0], 2), ["a", "b a"]);
        assert!(complete(&[], &[0], 3, &vocabulary()).is_empty());
    }

    #[test]
    fn the_library_s_own_path_has_a_place() {
        assert_eq!(texts(&[1, 0, 3], 2), ["a", "b ac"]);
        assert_eq!(texts(&[1], 9).last().unwrap(), "b");
        // A path that was never completed has none.
        assert_eq!(texts(&[3, 3], 1), ["a"]);
    }

    #[test]
    fn where_nothing_ends_well_the_best_is_given() {
        let nodes = [node(0, 0, 1.0, 1e-3), node(0, 0, 0.9, 1e-2), node(0, 1, 0.1, 1e-2)];
        let list = complete(&nodes, &[3], 5, &vocabulary());
        assert_eq!(list.iter().map(|found| found.text.as_str()).collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn logprobs_are_one_a_token_and_the_end() {
        let list = complete(&nodes(), &[0], 9, &vocabulary());
        let expected = [0.3_f32.ln(), 0.9_f32.ln(), 0.9_f32.ln()];
        assert_eq!(
            (list[1].tokens.as_slice(), list[1].logprobs.as_slice()),
            (&[1, 0][..], &expected[..])
        );
    }

    #[test]
    fn loops_are_found_at_the_end() {
        assert_eq!(loop_length(&[1, 2, 3, 1, 2, 3]), 0);
        assert_eq!(loop_length(&[7, 7, 7, 7]), 4);
        assert_eq!(loop_length(&[&[9, 9][..], &[1, 2, 3].repeat(5)].concat()), 15);
        assert_eq!(loop_length(&[[1, 2].repeat(8), vec![3]].concat()), 0);
        assert_eq!(loop_length(&[]), 0);
        let said_often = unscored(vec![0; 5], &vocabulary());
        assert!(!said_often.repeats && unscored(vec![0; 30], &vocabulary()).repeats);
    }
}
