//! Which words of a change stand for which.

use crate::score::{Op, align};

/// More pairs of words than this are paired as the alignment has them.
const MOST_PAIRS: usize = 10_000;
/// The cost of an error. More than how much words can be unlike in all of a stretch, so that
/// the errors are the least and likeness decides among equals.
const ERROR: usize = 1_000_000_000;
/// How much two words can be unlike; as much is a word on one side only.
const UNLIKE: usize = 1000;

/// An alignment of least errors which, among those of a changed stretch, pairs the words
/// that are spelled most alike: `a fright` with `flight` is a deletion and a substitution,
/// in this order.
pub(crate) fn pair(own: &[String], words: &[String]) -> Vec<Op> {
    let mut out = Vec::new();
    let (mut i, mut j) = (0, 0);
    let ops = align(own, words);
    for run in ops.chunk_by(|one, other| (*one == Op::Match) == (*other == Op::Match)) {
        let left = run.iter().filter(|op| **op != Op::Insert).count();
        let right = run.iter().filter(|op| **op != Op::Delete).count();
        let alone = left == right || left == 0 || right == 0 || left * right > MOST_PAIRS;
        if alone || run.first() == Some(&Op::Match) {
            out.extend_from_slice(run);
        } else {
            let sides = own.get(i..i + left).zip(words.get(j..j + right));
            out.extend(sides.map(|(own, words)| alike(own, words)).unwrap_or_default());
        }
        i += left;
        j += right;
    }
    out
}

/// The cheapest steps; of equal ones a pair before a deletion before an insertion, from
/// the end.
fn alike(own: &[String], words: &[String]) -> Vec<Op> {
    let width = words.len() + 1;
    let mut costs = vec![0; (own.len() + 1) * width];
    let mut steps = vec![Op::Match; costs.len()];
    for i in 0..=own.len() {
        for j in 0..width {
            let at = i * width + j;
            let pair = (i > 0 && j > 0).then(|| {
                let (one, other) = (&own[i - 1], &words[j - 1]);
                let before = costs[at - width - 1];
                match one == other {
                    true => (before, Op::Match),
                    false => (before + ERROR + unlike(one, other), Op::Substitute),
                }
            });
            let gone = (i > 0).then(|| (costs[at - width] + ERROR + UNLIKE, Op::Delete));
            let new = (j > 0).then(|| (costs[at - 1] + ERROR + UNLIKE, Op::Insert));
            let best = [pair, gone, new].into_iter().flatten().min_by_key(|(cost, _)| *cost);
            if let Some((cost, step)) = best {
                costs[at] = cost;
                steps[at] = step;
            }
        }
    }
    let mut out = Vec::new();
    let (mut i, mut j) = (own.len(), words.len());
    while i + j > 0 {
        let step = steps[i * width + j];
        i -= usize::from(step != Op::Insert);
        j -= usize::from(step != Op::Delete);
        out.push(step);
    }
    out.reverse();
    out
}

/// The share of characters that differ, in thousandths.
fn unlike(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let most = one.len().max(other.len()).max(1);
    let errors = align(&one, &other).iter().filter(|op| **op != Op::Match).count();
    errors * UNLIKE / most
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn words_that_are_spelled_alike_are_paired() {
        let ops = |own: &str, new: &str| pair(&words(own), &words(new));
        assert_eq!(ops("a fright", "flight"), [Op::Delete, Op::Substitute]);
        assert_eq!(ops("stoar", "store so"), [Op::Substitute, Op::Insert]);
        assert_eq!(ops("x stoar", "x so store"), [Op::Match, Op::Insert, Op::Substitute]);
    }

    proptest! {
        #[test]
        fn pairing_keeps_the_least_errors(own in "([ab]{1,3} ){0,9}", new in "([ab]{1,3} ){0,9}") {
            let (own, new) = (words(&own), words(&new));
            let ops = pair(&own, &new);
            let errors = |ops: &[Op]| ops.iter().filter(|op| **op != Op::Match).count();
            prop_assert_eq!(errors(&ops), errors(&align(&own, &new)));
            let on = |not: Op| ops.iter().filter(|op| **op != not).count();
            prop_assert_eq!((on(Op::Insert), on(Op::Delete)), (own.len(), new.len()));
        }
    }
}
