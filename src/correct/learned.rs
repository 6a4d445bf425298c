//! What the cascade has learned from a corpus with references.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{
    corpus::{Hypothesis, Utterance},
    learn::Acceptance,
    rewrite::RewriteTable,
};

/// The part of a profile that is not settings: how to rewrite what the recogniser writes, and
/// when to believe what a method makes of it. [`crate::tune`] learns it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    /// Applied to every hypothesis before anything else.
    pub rewrite: RewriteTable,
    /// Whether a proposal is taken, by its [`ProposalFeatures`](super::ProposalFeatures).
    pub acceptance: Acceptance,
}

impl Learned {
    /// The utterance with every hypothesis rewritten; those that become equal are merged. The
    /// record of what was heard is of other words then, so it is left out where a word
    /// changes.
    #[must_use]
    pub fn rewritten<'a>(&self, utterance: &'a Utterance) -> Cow<'a, Utterance> {
        rewrite(utterance, &self.rewrite)
    }
}

/// See [`Learned::rewritten`].
pub(crate) fn rewrite<'a>(utterance: &'a Utterance, table: &RewriteTable) -> Cow<'a, Utterance> {
    let texts: Vec<String> =
        utterance.nbest.iter().map(|known| table.rewrite(&known.text)).collect();
    if texts.iter().zip(&utterance.nbest).all(|(text, known)| *text == known.text) {
        return Cow::Borrowed(utterance);
    }
    let mut nbest: Vec<Hypothesis> = Vec::with_capacity(texts.len());
    for (text, known) in texts.into_iter().zip(&utterance.nbest) {
        match nbest.iter_mut().find(|first| first.text == text) {
            Some(first) => first.count += known.count,
            None => nbest.push(Hypothesis { text, ..known.clone() }),
        }
    }
    Cow::Owned(Utterance { nbest, posteriors: None, words: Vec::new(), ..utterance.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rewrite::Rule;

    fn table() -> RewriteTable {
        let rule =
            |from: &str, to: &str| Rule { from: from.into(), to: to.into(), hits: 3, seen: 3 };
        RewriteTable::new(vec![rule("dc", "d c"), rule("non stop", "nonstop")])
    }

    #[test]
    fn hypotheses_that_become_equal_are_one() {
        let list = ["a non stop to dc", "a nonstop to d c", "a stop to dc"];
        let mut utterance = Utterance::from_list("u", list.map(|t| (t.to_owned(), None, None)));
        utterance.posteriors = Some(vec![1]);
        let rewritten = rewrite(&utterance, &table());
        let texts: Vec<&str> = rewritten.nbest.iter().map(|h| h.text.as_str()).collect();
        assert_eq!(texts, ["a nonstop to d c", "a stop to d c"]);
        assert_eq!((rewritten.nbest[0].count, rewritten.nbest[1].rank), (2, 2));
        assert_eq!(rewritten.posteriors, None);
    }

    #[test]
    fn what_needs_no_rule_is_left_as_it_is() {
        let mut utterance =
            Utterance::from_list("u", [("a  nonstop flight".to_owned(), None, None)]);
        utterance.posteriors = Some(vec![1]);
        assert!(matches!(rewrite(&utterance, &table()), Cow::Borrowed(_)));
    }
}
