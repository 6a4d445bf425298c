//! Adds utterances up into a row.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::row::{Labels, Row};
use super::rule::Rule;
use super::statistics::{GroupSums, bootstrap};
use super::utterance::{Score, Texts, Work};
use super::wer::EditCounts;

/// One utterance to score.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// Distinct hypotheses, the 1-best first. An empty list is one empty hypothesis.
    pub nbest: &'a [&'a str],
    /// What was said; without it only `changed` is counted.
    pub reference: Option<&'a str>,
    /// What the method made of it.
    pub corrected: &'a str,
    /// Utterances with the same key are resampled together (speaker, sentence).
    pub resampling_key: &'a str,
}

/// Collects the scores of one method on one data set, one utterance at a time.
///
/// Keeps sums, and 24 bytes for each group beside its key's hash; never a text.
///
/// ```
/// use gec::score::{Item, Labels, Rule, Scorer};
///
/// let mut scorer = Scorer::new(Rule::default());
/// scorer.add(&Item {
///     nbest: &["show flights to boston", "show me flights to austin"],
///     reference: Some("show me flights to boston"),
///     corrected: "show me flights to boston",
///     resampling_key: "speaker 1",
/// });
/// let row = scorer.finish(Labels::default());
/// assert_eq!((row.wer, row.wer_1best, row.better), (Some(0.0), Some(20.0), 1));
/// ```
#[derive(Debug)]
pub struct Scorer {
    rule: Rule,
    totals: Totals,
    groups: HashMap<u64, Group>,
    work: Work,
}

/// A group, and which of its utterances were seen.
#[derive(Debug, Clone, Copy, Default)]
struct Group {
    sums: GroupSums,
    /// The sum of hashes of references and 1-bests, the same in any order.
    seen: u64,
}

impl Group {
    fn add(&mut self, other: Self) {
        self.sums.add(other.sums);
        self.seen = self.seen.wrapping_add(other.seen);
    }
}

/// Sums over utterances.
#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    utterances: u64,
    scored: u64,
    changed: u64,
    better: u64,
    worse: u64,
    counts: EditCounts,
    baseline_errors: u64,
    utterance_rates: f64,
    character_errors: u64,
    characters: u64,
    nbest_errors: u64,
    compositional_errors: u64,
}

impl Scorer {
    /// A scorer that has seen nothing.
    #[must_use]
    pub fn new(rule: Rule) -> Self {
        Self { rule, totals: Totals::default(), groups: HashMap::new(), work: Work::default() }
    }

    /// Adds one utterance.
    pub fn add(&mut self, item: &Item<'_>) {
        let totals = &mut self.totals;
        totals.utterances += 1;
        let one_best = item.nbest.first().copied().unwrap_or("");
        totals.changed += u64::from(item.corrected != one_best);
        let Some(reference) = item.reference else { return };
        totals.scored += 1;

        let texts = Texts::new(&self.rule, reference, one_best, item);
        let score = Score::of(&texts, self.rule.merge_compounds, &mut self.work);
        totals.counts += score.counts;
        totals.baseline_errors += score.baseline_errors;
        totals.utterance_rates += score.counts.utterance_rate();
        totals.character_errors += score.character_errors;
        totals.characters += score.characters;
        totals.nbest_errors += score.oracles.nbest;
        totals.compositional_errors += score.oracles.compositional;
        let errors = score.counts.errors();
        totals.better += u64::from(errors < score.baseline_errors);
        totals.worse += u64::from(errors > score.baseline_errors);

        let sums = GroupSums {
            words: count(score.counts.reference_units()),
            errors: count(errors),
            baseline_errors: count(score.baseline_errors),
        };
        let group = Group { sums, seen: hash_of(&(reference, one_best)) };
        self.groups.entry(hash_of(&item.resampling_key)).or_default().add(group);
    }

    /// Adds everything another scorer has seen, for a row over several subsets. Both
    /// should have the same rule; this one's is kept.
    pub fn merge(&mut self, other: &Self) {
        let (totals, more) = (&mut self.totals, &other.totals);
        totals.utterances += more.utterances;
        totals.scored += more.scored;
        totals.changed += more.changed;
        totals.better += more.better;
        totals.worse += more.worse;
        totals.counts += more.counts;
        totals.baseline_errors += more.baseline_errors;
        totals.utterance_rates += more.utterance_rates;
        totals.character_errors += more.character_errors;
        totals.characters += more.characters;
        totals.nbest_errors += more.nbest_errors;
        totals.compositional_errors += more.compositional_errors;
        for (key, group) in &other.groups {
            self.groups.entry(*key).or_default().add(*group);
        }
    }

    /// The row, compared also with `baseline`: another method, named so, on the same
    /// utterances. Groups of which the two have not seen the same utterances are left out of
    /// the comparison.
    #[must_use]
    pub fn finish_against(self, labels: Labels, name: &str, baseline: &Self) -> Row {
        let shared: Vec<GroupSums> = self
            .groups
            .iter()
            .filter_map(|(key, group)| {
                let other = baseline.groups.get(key).filter(|other| other.seen == group.seen)?;
                Some(GroupSums { baseline_errors: other.sums.errors, ..group.sums })
            })
            .collect();
        let words = shared.iter().map(|group| u64::from(group.words)).sum();
        let more: i64 = shared
            .iter()
            .map(|group| i64::from(group.errors) - i64::from(group.baseline_errors))
            .sum();
        let bounds = bootstrap(&shared, self.rule.resamples, self.rule.seed);
        Row {
            baseline: Some(name.to_owned()),
            baseline_diff: percent(more as f64, words),
            baseline_low: bounds.map(|bounds| 100.0 * bounds.difference.low),
            baseline_high: bounds.map(|bounds| 100.0 * bounds.difference.high),
            baseline_p_value: bounds.map(|bounds| bounds.p_value),
            baseline_real: bounds.is_some_and(|bounds| bounds.real),
            ..self.finish(labels)
        }
    }

    /// The row, with its intervals.
    #[must_use]
    pub fn finish(self, labels: Labels) -> Row {
        let Totals { counts, .. } = self.totals;
        let totals = self.totals;
        let words = counts.reference_units();
        let per_word = |errors: u64| percent(errors as f64, words);
        let groups: Vec<GroupSums> = self.groups.into_values().map(|group| group.sums).collect();
        let bounds = bootstrap(&groups, self.rule.resamples, self.rule.seed);
        let errors = counts.errors();
        Row {
            dataset: labels.dataset,
            subset: labels.subset,
            method: labels.method,
            utterances: totals.utterances,
            scored: totals.scored,
            words,
            wer: per_word(errors),
            wer_low: bounds.map(|bounds| 100.0 * bounds.wer.low),
            wer_high: bounds.map(|bounds| 100.0 * bounds.wer.high),
            wer_paper: percent(totals.utterance_rates, totals.scored),
            cer: percent(totals.character_errors as f64, totals.characters),
            substitutions: counts.substitutions,
            deletions: counts.deletions,
            insertions: counts.insertions,
            o_nb: per_word(totals.nbest_errors),
            o_cp: per_word(totals.compositional_errors),
            wer_1best: per_word(totals.baseline_errors),
            diff: percent(errors as f64 - totals.baseline_errors as f64, words),
            diff_low: bounds.map(|bounds| 100.0 * bounds.difference.low),
            diff_high: bounds.map(|bounds| 100.0 * bounds.difference.high),
            p_value: bounds.map(|bounds| bounds.p_value),
            real: bounds.is_some_and(|bounds| bounds.real),
            better: totals.better,
            worse: totals.worse,
            same: totals.scored - totals.better - totals.worse,
            changed: totals.changed,
            rule: self.rule.to_string(),
            note: None,
            baseline: None,
            baseline_diff: None,
            baseline_low: None,
            baseline_high: None,
            baseline_p_value: None,
            baseline_real: false,
        }
    }
}

impl GroupSums {
    fn add(&mut self, other: Self) {
        self.words = self.words.saturating_add(other.words);
        self.errors = self.errors.saturating_add(other.errors);
        self.baseline_errors = self.baseline_errors.saturating_add(other.baseline_errors);
    }
}

fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn count(errors: u64) -> u32 {
    u32::try_from(errors).unwrap_or(u32::MAX)
}

fn percent(sum: f64, per: u64) -> Option<f64> {
    // In this order, so that a rate and its interval round alike.
    (per > 0).then(|| 100.0 * (sum / per as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item<'a>(nbest: &'a [&'a str], reference: &'a str, corrected: &'a str) -> Item<'a> {
        Item { nbest, reference: Some(reference), corrected, resampling_key: reference }
    }

    fn row(items: &[Item<'_>]) -> Row {
        let mut scorer = Scorer::new(Rule::default());
        items.iter().for_each(|item| scorer.add(item));
        scorer.finish(Labels::default())
    }

    #[test]
    fn corpus_rates_weigh_words_and_the_paper_mean_weighs_utterances() {
        let row = row(&[
            item(&["a"], "b", "a"),
            item(&["c d e f g h i j k"], "c d e f g h i j k", "c d e f g h i j k"),
        ]);
        assert_eq!((row.wer, row.wer_paper), (Some(10.0), Some(50.0)));
        assert_eq!((row.words, row.substitutions, row.same), (10, 1, 2));
    }

    #[test]
    fn without_references_only_changes_are_counted() {
        let row = row(&[Item { reference: None, ..item(&["a", "b"], "", "b") }]);
        assert_eq!((row.utterances, row.scored, row.changed), (1, 0, 1));
        assert_eq!((row.wer, row.cer, row.wer_paper, row.wer_low), (None, None, None, None));
        assert_eq!((row.o_nb, row.diff, row.p_value, row.real), (None, None, None, false));
    }

    #[test]
    fn nothing_gives_a_row_of_nothing() {
        let row = row(&[]);
        assert_eq!((row.utterances, row.wer, row.same), (0, None, 0));
    }

    #[test]
    fn an_empty_reference_counts_its_insertions_and_gives_no_rate_alone() {
        let alone = row(&[item(&["uh"], "", "uh")]);
        assert_eq!((alone.insertions, alone.wer, alone.wer_paper), (1, None, Some(100.0)));
        let with_words = row(&[item(&["uh"], "", "uh"), item(&["a b"], "a b", "a b")]);
        assert_eq!((with_words.wer, with_words.wer_paper), (Some(50.0), Some(50.0)));
    }

    #[test]
    fn an_empty_list_is_one_empty_hypothesis() {
        let row = row(&[item(&[], "a b", "")]);
        assert_eq!(
            (row.wer, row.o_nb, row.o_cp, row.changed),
            (Some(100.0), Some(100.0), Some(100.0), 0)
        );
    }

    #[test]
    fn corrections_are_compared_with_the_one_best() {
        let row = row(&[
            item(&["a x"], "a b", "a b"),
            item(&["a b"], "a b", "a x"),
            item(&["a x"], "a b", "a y"),
            item(&["a x"], "a b", "a x"),
        ]);
        assert_eq!((row.better, row.worse, row.same, row.changed), (1, 1, 2, 3));
        assert_eq!((row.wer, row.wer_1best, row.diff), (Some(37.5), Some(37.5), Some(0.0)));
    }

    #[test]
    fn two_methods_are_compared_utterance_by_utterance() {
        let mut one = Scorer::new(Rule::default());
        let mut other = Scorer::new(Rule::default());
        for reference in ["a b", "c d", "e f", "g h", "i j", "k l", "m n"] {
            one.add(&item(&["x"], reference, reference));
            other.add(&item(&["x"], reference, &reference[..1]));
        }
        let row = one.finish_against(Labels::default(), "mbr", &other);
        assert_eq!((row.baseline.as_deref(), row.baseline_diff), (Some("mbr"), Some(-50.0)));
        assert_eq!((row.baseline_low, row.baseline_high), (Some(-50.0), Some(-50.0)));
        assert!(row.baseline_real && row.diff == Some(-100.0));
    }

    #[test]
    fn only_groups_of_which_both_saw_the_same_utterances_are_compared() {
        let mut one = Scorer::new(Rule::default());
        let mut other = Scorer::new(Rule::default());
        for (key, reference) in [("x", "a b"), ("x", "c d"), ("y", "e f")] {
            let item = Item { resampling_key: key, ..item(&["z"], reference, "z z") };
            if reference != "c d" {
                one.add(&Item { corrected: reference, ..item });
            }
            other.add(&item);
        }
        let row = one.finish_against(Labels::default(), "mbr", &other);
        assert_eq!(row.baseline_diff, Some(-100.0), "of the second group alone");
        assert_eq!(row.wer, Some(0.0));
    }

    #[test]
    fn the_oracles_look_at_the_list_and_not_at_the_correction() {
        let row = row(&[item(&["a x y z", "a b y d"], "a b c d", "a b c d")]);
        assert_eq!((row.wer, row.o_nb, row.o_cp), (Some(0.0), Some(25.0), Some(25.0)));
    }

    #[test]
    fn a_change_of_spelling_only_is_a_change() {
        let rule = Rule { normalizer: crate::normalize::BASIC, ..Rule::default() };
        let mut scorer = Scorer::new(rule);
        scorer.add(&item(&["Show me, flights."], "show me flights", "show me flights"));
        let row = scorer.finish(Labels::default());
        assert_eq!((row.changed, row.same, row.wer, row.cer), (1, 1, Some(0.0), Some(0.0)));
    }

    #[test]
    fn merged_compounds_are_hits() {
        let mut scorer = Scorer::new(Rule { merge_compounds: true, ..Rule::default() });
        scorer.add(&item(&["a nonstop flight"], "a non stop flight", "a nonstop flight"));
        let row = scorer.finish(Labels::default());
        assert_eq!((row.words, row.wer, row.o_nb), (4, Some(0.0), Some(0.0)));
    }

    #[test]
    fn merging_scorers_equals_feeding_one() {
        let items = [
            item(&["a x", "a b"], "a b", "a b"),
            item(&["c"], "d", "c"),
            item(&["x b"], "a b", "x b"),
        ];
        let together = row(&items);
        let mut first = Scorer::new(Rule::default());
        let mut second = Scorer::new(Rule::default());
        first.add(&items[0]);
        items[1..].iter().for_each(|item| second.add(item));
        first.merge(&second);
        assert_eq!(first.finish(Labels::default()), together);
    }

    #[test]
    fn utterances_with_one_key_are_resampled_together() {
        let mut one = Scorer::new(Rule::default());
        for (text, reference) in [("a", "a"), ("b", "c"), ("d", "e")] {
            one.add(&Item { resampling_key: "speaker", ..item(&[text], reference, text) });
        }
        let row = one.finish(Labels::default());
        assert_eq!((row.wer_low, row.wer_high), (row.wer, row.wer));
    }
}
