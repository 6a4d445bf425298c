//! What the cascade has learned from a corpus with references.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{
    acoustic::{self, Posterior},
    corpus::{Hypothesis, Utterance},
    learn::Acceptance,
    rewrite::RewriteTable,
    variants::{Candidate, Listed, Variants},
};

/// The part of a profile that is not settings: how to rewrite what the recogniser writes, and
/// when to believe what a method makes of it. [`crate::tune`] learns it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    /// Applied to every hypothesis before anything else.
    pub rewrite: RewriteTable,
    /// What else may have been said; `None` where that was no gain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variants: Option<Variants>,
    /// Whether a proposal is taken, by its [`ProposalFeatures`](super::ProposalFeatures).
    pub acceptance: Acceptance,
}

impl Learned {
    /// The utterance with every hypothesis rewritten; those that become equal are merged. The
    /// record of what was heard is of other words then, so it is left out where a word
    /// changes. Where variants were learned, the best of them stands first.
    #[must_use]
    pub fn rewritten<'a>(
        &self,
        utterance: &'a Utterance,
        posterior: &Posterior,
    ) -> Cow<'a, Utterance> {
        let rewritten = rewrite(utterance, &self.rewrite);
        let Some(variants) = &self.variants else { return rewritten };
        let candidates = self.candidates(utterance, posterior);
        match variants.best(&candidates, None).and_then(|best| candidates.get(best)) {
            Some(best) => led_by(rewritten, &best.text),
            None => rewritten,
        }
    }

    /// What may have been said, the rewritten 1-best first; nothing where no variants were
    /// learned.
    pub(crate) fn candidates(&self, raw: &Utterance, posterior: &Posterior) -> Vec<Candidate> {
        let Some(variants) = &self.variants else { return Vec::new() };
        let rewritten: Vec<String> =
            raw.nbest.iter().map(|one| self.rewrite.rewrite(&one.text)).collect();
        variants.generator.candidates(&listed(raw, &rewritten, posterior))
    }

    /// Whether a language model's opinion on each candidate is part of the choice.
    #[must_use]
    pub fn chooses_with_model(&self) -> bool {
        self.variants.as_ref().is_some_and(|variants| variants.choice_with_model.is_some())
    }
}

/// A list beside what became of its texts.
pub(crate) fn listed<'a>(
    raw: &'a Utterance,
    rewritten: &'a [String],
    posterior: &Posterior,
) -> Vec<Listed<'a>> {
    let weights = acoustic::posterior(&raw.nbest, posterior);
    let list = raw.nbest.iter().zip(rewritten).zip(weights);
    list.map(|((one, rewritten), probability)| Listed { text: &one.text, rewritten, probability })
        .collect()
}

/// The utterance with this text as its 1-best.
pub(crate) fn led_by<'a>(utterance: Cow<'a, Utterance>, text: &str) -> Cow<'a, Utterance> {
    if utterance.one_best() == text {
        return utterance;
    }
    let mut utterance = utterance.into_owned();
    let place = utterance.nbest.iter().position(|known| known.text == text);
    let first = match place {
        Some(place) => utterance.nbest.remove(place),
        None => Hypothesis {
            text: text.to_owned(),
            rank: 0,
            count: 1,
            score: utterance.nbest.first().and_then(|first| first.score),
            token_scores: None,
        },
    };
    utterance.nbest.insert(0, first);
    (utterance.posteriors, utterance.words) = (None, Vec::new());
    Cow::Owned(utterance)
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
    fn a_text_comes_first_whether_it_was_listed_or_not() {
        let list = ["a b", "a c"].map(|text| (text.to_owned(), Some(-1.0), None));
        let utterance = Utterance::from_list("u", list);
        let texts = |text: &str| -> Vec<String> {
            let led = led_by(Cow::Borrowed(&utterance), text);
            led.nbest.iter().map(|known| known.text.clone()).collect()
        };
        assert_eq!(texts("a b"), ["a b", "a c"]);
        assert_eq!(texts("a c"), ["a c", "a b"]);
        assert_eq!(texts("a d"), ["a d", "a b", "a c"]);
    }

    #[test]
    fn what_needs_no_rule_is_left_as_it_is() {
        let mut utterance =
            Utterance::from_list("u", [("a  nonstop flight".to_owned(), None, None)]);
        utterance.posteriors = Some(vec![1]);
        assert!(matches!(rewrite(&utterance, &table()), Cow::Borrowed(_)));
    }
}
