//! The words about which a list is in doubt.

use std::collections::{BTreeMap, BTreeSet};

use super::key::same_words_key;
use crate::corpus::Utterance;

/// The words in which the hypotheses of a list differ: those that do not occur equally often
/// in all of them, in lower case and without punctuation, each once, in alphabetical order.
/// None where the hypotheses differ in nothing but that or the order of the words, and for a
/// list of one.
///
/// Examples with these words show a model how the same doubt was resolved, whatever the rest
/// of the sentence says.
pub(super) fn differing_words(utterance: &Utterance) -> BTreeSet<String> {
    // For each word, how many hypotheses have it, and how often the last of them.
    let mut known: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut differing = BTreeSet::new();
    for hypothesis in &utterance.nbest {
        let text = same_words_key(&hypothesis.text);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for word in text.split_whitespace() {
            *counts.entry(word).or_default() += 1;
        }
        for (word, count) in counts {
            let (holders, last) = known.entry(word.to_owned()).or_insert((0, count));
            if *last != count {
                differing.insert(word.to_owned());
            }
            *holders += 1;
            *last = count;
        }
    }
    let everyone = utterance.nbest.len();
    differing.extend(
        known.into_iter().filter(|(_, (holders, _))| *holders < everyone).map(|(word, _)| word),
    );
    differing
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(list: &[&str]) -> Vec<String> {
        let list = list.iter().map(|text| ((*text).to_owned(), None, None));
        differing_words(&Utterance::from_list("u", list)).into_iter().collect()
    }

    #[test]
    fn words_that_not_all_hypotheses_have_equally_often_differ() {
        assert_eq!(
            words(&["flights to boston", "flight to Boston.", "flights to austin"]),
            ["austin", "boston", "flight", "flights"]
        );
        assert_eq!(words(&["a b a", "a b"]), ["a"]);
        assert_eq!(words(&["to boss ton", "to boston"]), ["boss", "boston", "ton"]);
    }

    #[test]
    fn case_punctuation_and_order_are_no_difference() {
        assert_eq!(words(&["Show me, please", "please show me"]), [""; 0]);
        assert_eq!(words(&["alone"]), [""; 0]);
        assert_eq!(words(&[]), [""; 0]);
        assert_eq!(words(&["", "word"]), ["word"]);
    }

    proptest! {
        #[test]
        fn the_order_of_the_list_decides_nothing(
            list in prop::collection::vec("([abc] ){0,5}", 1..5),
        ) {
            let forward: Vec<&str> = list.iter().map(String::as_str).collect();
            let backward: Vec<&str> = forward.iter().rev().copied().collect();
            prop_assert_eq!(words(&forward), words(&backward));
        }
    }
}
