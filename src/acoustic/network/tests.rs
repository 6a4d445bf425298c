use proptest::prelude::*;

use super::*;

/// Lists over few words, so that they are much alike; weights down to 0.
fn lists() -> impl Strategy<Value = Vec<(String, f64)>> {
    let text = prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "d"]), 0..8);
    let weight = prop_oneof![Just(0.0), Just(1.0), 0.0_f64..1.0, Just(1e-30)];
    prop::collection::vec((text.prop_map(|words| words.join(" ")), weight), 1..7)
}

fn network(list: &[(String, f64)]) -> ConfusionNetwork<'_> {
    ConfusionNetwork::new(list.iter().map(|(text, weight)| (text.as_str(), *weight)))
}

fn plain<'a>(list: &[(&'a str, f64)]) -> ConfusionNetwork<'a> {
    ConfusionNetwork::new(list.iter().copied())
}

/// Each slot as text: words and `-`, the most probable first.
fn shown(network: &ConfusionNetwork<'_>) -> Vec<String> {
    let slot = |slot: &Slot<'_>| {
        slot.arcs.iter().map(|arc| arc.word.unwrap_or("-")).collect::<Vec<_>>().join("|")
    };
    network.slots().iter().map(slot).collect()
}

fn words_of(path: &[Option<&str>]) -> String {
    join(path.iter().copied().flatten())
}

/// The least errors between two hypotheses along the network.
fn errors(network: &ConfusionNetwork<'_>, a: usize, b: usize) -> usize {
    network.path(a).iter().zip(network.path(b)).filter(|(a, b)| a != b).count()
}

proptest! {
    #[test]
    fn every_path_spells_its_hypothesis(list in lists()) {
        let network = network(&list);
        for (index, (text, _)) in list.iter().enumerate() {
            prop_assert_eq!(network.path(index).len(), network.slots().len());
            prop_assert_eq!(&words_of(network.path(index)), text);
        }
        prop_assert!(network.path(list.len()).is_empty());
    }

    #[test]
    fn every_slot_is_a_distribution_with_a_word(list in lists()) {
        let network = network(&list);
        for slot in network.slots() {
            let total: f64 = slot.arcs.iter().map(|arc| arc.probability).sum();
            prop_assert!((total - 1.0).abs() < 1e-12);
            prop_assert!(slot.arcs.iter().all(|arc| arc.probability > 0.0));
            prop_assert!(slot.arcs.iter().any(|arc| arc.word.is_some()));
            prop_assert!(slot.arcs.is_sorted_by(|a, b| a.probability >= b.probability));
        }
    }

    /// Two hypotheses alone are aligned as their edit distance has it.
    #[test]
    fn two_hypotheses_have_the_least_number_of_errors(list in lists()) {
        prop_assume!(list.len() > 1);
        let network = network(&list[..2]);
        let mut symbols = crate::score::Symbols::default();
        let (a, b) = (symbols.words(&list[0].0), symbols.words(&list[1].0));
        let least = crate::score::Distance::default().between(&a, &b);
        prop_assert_eq!(errors(&network, 0, 1) as u64, least);
    }

    /// Where no weights are equal the order of the list changes which hypothesis is the
    /// 1-best and the order of equally probable arcs, and nothing else.
    #[test]
    fn unequal_weights_make_the_order_of_the_list_irrelevant(
        list in lists(),
        keys in prop::collection::vec(0u32..1000, 7),
    ) {
        let list: Vec<(String, f64)> =
            list.into_iter().zip(1..).map(|((text, _), n)| (text, f64::from(n))).collect();
        let mut order: Vec<usize> = (0..list.len()).collect();
        order.sort_by_key(|&index| keys[index]);
        let mixed: Vec<(String, f64)> = order.iter().map(|&index| list[index].clone()).collect();
        let (straight, mixed) = (network(&list), network(&mixed));
        for (place, &index) in order.iter().enumerate() {
            prop_assert_eq!(straight.path(index), mixed.path(place));
        }
        for (a, b) in straight.slots().iter().zip(mixed.slots()) {
            prop_assert_eq!(a.arcs.len(), b.arcs.len());
            prop_assert!(a.arcs.iter().all(|arc| b.arcs.contains(arc)));
        }
        let (a, b) = (straight.disagreement(), mixed.disagreement());
        prop_assert!((a.errors - b.errors).abs() < 1e-9);
        prop_assert!((a.utterance - b.utterance).abs() < 1e-9);
    }

    #[test]
    fn agreed_words_and_alternatives_make_up_the_one_best(list in lists(), join in 0usize..4) {
        let network = network(&list);
        let spans = network.spans(join);
        let mut text: Vec<&str> = Vec::new();
        for (index, span) in spans.iter().enumerate() {
            text.extend(span.before.split(' ').filter(|word| !word.is_empty()));
            prop_assert_eq!(text.len(), span.words.start);
            let own = &span.alternatives[span.first].text;
            text.extend(own.split(' ').filter(|word| !word.is_empty()));
            prop_assert_eq!(text.len(), span.words.end);
            prop_assert!(span.alternatives.len() > 1);
            let total: f64 = span.alternatives.iter().map(|one| one.probability).sum();
            prop_assert!((total - 1.0).abs() < 1e-12);
            if let Some(next) = spans.get(index + 1) {
                prop_assert_eq!(&span.after, &next.before);
                let between = next.before.split(' ').filter(|word| !word.is_empty()).count();
                prop_assert!(between >= join);
            }
        }
        if let Some(last) = spans.last() {
            text.extend(last.after.split(' ').filter(|word| !word.is_empty()));
            prop_assert_eq!(text.join(" "), list[0].0.clone());
        } else {
            prop_assert!(list.iter().all(|(text, _)| *text == list[0].0));
        }
    }

    #[test]
    fn disagreement_is_a_share_and_bounded_by_edit_distance(list in lists()) {
        let network = network(&list);
        let disagreement = network.disagreement();
        prop_assert!((0.0..=1.0).contains(&disagreement.utterance));
        prop_assert!((0.0..=1.0).contains(&disagreement.words));
        // Two draws that differ have an error at least.
        prop_assert!(disagreement.errors >= disagreement.utterance - 1e-9);
        let mut expected = 0.0;
        for (a, p) in network.probabilities.iter().enumerate() {
            for (b, q) in network.probabilities.iter().enumerate() {
                expected += p * q * errors(&network, a, b) as f64;
            }
        }
        prop_assert!((disagreement.errors - expected).abs() < 1e-9);
        let agrees = list.iter().all(|(text, _)| *text == list[0].0);
        prop_assert_eq!(agrees, disagreement.utterance == 0.0);
    }

    #[test]
    fn confidences_spell_the_one_best(list in lists()) {
        let network = network(&list);
        let confidences = network.word_confidences();
        prop_assert_eq!(join(confidences.iter().map(|one| one.0)), list[0].0.clone());
        prop_assert!(confidences.iter().all(|one| one.1 > 0.0 && one.1 <= 1.0));
    }

    /// The vote wins over every hypothesis in what it maximises.
    #[test]
    fn the_plain_vote_has_the_least_expected_errors_along_the_network(list in lists()) {
        let network = network(&list);
        let expected = |pick: &dyn Fn(usize) -> f64| -> f64 {
            (0..network.slots().len()).map(|slot| 1.0 - pick(slot)).sum()
        };
        let voted = expected(&|slot| network.slots()[slot].arcs[0].probability);
        for index in 0..list.len() {
            let own = |slot: usize| network.slots()[slot].probability(network.path(index)[slot]);
            prop_assert!(voted <= expected(&own) + 1e-9);
        }
        let heaviest = network.slots().iter().filter_map(|slot| slot.arcs[0].word);
        prop_assert_eq!(network.best(1.0), join(heaviest));
    }
}

#[test]
fn words_line_up_where_others_have_them() {
    let network = plain(&[
        ("show me the fair to boston", 0.5),
        ("show me fares to boss ton", 0.3),
        ("show the fares to boss ton", 0.2),
    ]);
    assert_eq!(
        shown(&network),
        ["show", "me|-", "the|-", "fair|fares", "to", "-|boss", "boston|ton"]
    );
    assert_eq!(network.best(1.0), "show me the fair to boston");
    // Half of them have nothing before the last word; less for nothing lets theirs in.
    assert_eq!(network.best(0.9), "show me the fair to boss boston");
    assert_eq!(network.best(0.0), "show me the fair to boss boston");
}

#[test]
fn a_late_hypothesis_is_drawn_to_the_slot_that_has_its_word() {
    // "c" could replace either of the first two words; the second slot knows it.
    let network = plain(&[("a b x", 0.5), ("a c x", 0.3), ("c x", 0.2)]);
    assert_eq!(shown(&network), ["a|-", "b|c", "x"]);
    assert_eq!(network.path(2), [None, Some("c"), Some("x")]);
}

#[test]
fn votes_add_up_over_hypotheses() {
    let network = plain(&[("a x", 0.4), ("a y", 0.3), ("b y", 0.3)]);
    assert_eq!(network.best(1.0), "a y");
    let confidences: Vec<f64> = network.word_confidences().iter().map(|one| one.1).collect();
    assert!((confidences[0] - 0.7).abs() < 1e-9 && (confidences[1] - 0.4).abs() < 1e-9);
}

#[test]
fn one_hypothesis_is_certain() {
    let network = plain(&[("so be it", 0.0)]);
    assert_eq!(shown(&network), ["so", "be", "it"]);
    assert!(network.slots().iter().all(|slot| slot.agrees() && slot.entropy() == 0.0));
    assert_eq!(network.disagreement(), Disagreement::default());
    assert!(network.spans(3).is_empty());
    let Disagreement { words, errors, entropy, .. } = network.disagreement();
    assert!([words, errors, entropy].iter().all(|zero| zero.is_sign_positive()));
}

#[test]
fn empty_hypotheses_and_lists_work() {
    for list in [&[][..], &[("", 1.0)], &[("", 0.5), (" ", 0.5)]] {
        let network = plain(list);
        assert!(network.slots().is_empty() && network.spans(0).is_empty());
        assert_eq!(network.best(1.0), "");
        assert_eq!(network.disagreement(), Disagreement::default());
        assert!(network.word_confidences().is_empty());
    }
    let network = plain(&[("", 0.6), ("oh no", 0.4)]);
    assert_eq!(shown(&network), ["-|oh", "-|no"]);
    assert_eq!((network.best(1.0), network.best(0.5)), (String::new(), "oh no".to_owned()));
    let spans = network.spans(0);
    assert_eq!((spans.len(), spans[0].words.clone(), spans[0].first), (1, 0..0, 0));
    assert_eq!(spans[0].alternatives[1].text, "oh no");
}

#[test]
fn weights_that_are_no_weights_count_as_nothing() {
    for bad in [f64::NAN, f64::INFINITY, -3.0] {
        assert_eq!(plain(&[("b", bad), ("a", 0.1)]).best(1.0), "a");
        assert_eq!(plain(&[("b", bad), ("a", bad)]).best(1.0), "b");
    }
    let huge = plain(&[("a", f64::MAX), ("b", f64::MAX), ("b", f64::MAX)]);
    assert!((huge.slots()[0].probability(Some("b")) - 2.0 / 3.0).abs() < 1e-9);
}

#[test]
fn a_span_has_the_joint_alternatives_of_its_hypotheses() {
    let network = plain(&[
        ("i want a cat now please", 0.4),
        ("i want the dog now please", 0.35),
        ("i want a dog now thanks", 0.25),
    ]);
    let spans = network.spans(0);
    assert_eq!(spans.len(), 2);
    let texts: Vec<&str> = spans[0].alternatives.iter().map(|one| one.text.as_str()).collect();
    // "the cat" is what no hypothesis has.
    assert_eq!(texts, ["a cat", "the dog", "a dog"]);
    assert!((spans[0].alternatives[1].probability - 0.35).abs() < 1e-9);
    assert_eq!((spans[0].before.as_str(), spans[0].after.as_str()), ("i want", "now"));
    assert_eq!((spans[1].before.as_str(), spans[1].after.as_str()), ("now", ""));
    assert_eq!((spans[0].words.clone(), spans[1].words.clone()), (2..4, 5..6));
    assert_eq!(spans[1].first, 0);

    assert_eq!(network.spans(1).len(), 2);
    let joined = network.spans(2);
    assert_eq!(joined.len(), 1);
    assert_eq!(joined[0].alternatives[0].text, "a cat now please");
    assert_eq!(joined[0].slots, 2..6);
}

#[test]
fn disagreement_counts_the_places_where_draws_differ() {
    let disagreement = plain(&[("a b c d", 0.5), ("a b c", 0.5)]).disagreement();
    assert!((disagreement.utterance - 0.5).abs() < 1e-9);
    assert!((disagreement.errors - 0.5).abs() < 1e-9);
    // Three places always have a word, the fourth in three of four draws.
    assert!((disagreement.words - 0.5 / 3.75).abs() < 1e-9);
    assert!((disagreement.entropy - 2_f64.ln() / 4.0).abs() < 1e-9);
}

/// What each hypothesis has to itself opens few slots.
#[test]
fn a_long_list_of_long_hypotheses_stays_narrow() {
    let base: Vec<String> = (0..200).map(|word| format!("w{}", word % 90)).collect();
    let texts: Vec<String> = (0..100)
        .map(|n| {
            let mut words = base.clone();
            for k in 0..8 {
                words[(n * 37 + k * 53) % 200] = format!("x{}", (n + k) % 7);
            }
            words.remove((n * 13) % 200);
            words.join(" ")
        })
        .collect();
    let network = ConfusionNetwork::new(texts.iter().map(|text| (text.as_str(), 1.0)));
    for (index, text) in texts.iter().enumerate() {
        assert_eq!(&words_of(network.path(index)), text);
    }
    assert!(network.slots().len() < 260, "{}", network.slots().len());
    assert!(!network.spans(0).is_empty());
}
