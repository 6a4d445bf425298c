//! Recorded beliefs against the sum over all sequences of tokens.

use proptest::prelude::*;

use super::{
    Beliefs, Calibration, Heard, Pieces, Prefix, State, Trie,
    sample::{Outcome, beliefs, chained, outcomes, pieces},
};
use crate::llm::Vocab;

const ALL: Calibration = Calibration { tau_asr: 1.0, floor: 0.0, unfinished: 1.0 };

fn trie(records: &[Beliefs]) -> Trie {
    Trie::from_records(records, &pieces(), &ALL).unwrap()
}

/// `M`, `E` and `U` of a text.
fn sums(outcomes: &[Outcome], text: &[u8]) -> [f64; 3] {
    let sum = |counts: &dyn Fn(&Outcome) -> bool| {
        outcomes.iter().filter(|outcome| counts(outcome)).map(|outcome| outcome.mass).sum()
    };
    [
        sum(&|outcome| outcome.text.starts_with(text)),
        sum(&|outcome| outcome.text == text && outcome.ends),
        sum(&|outcome| outcome.text == text && !outcome.ends),
    ]
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

fn check(trie: &Trie, outcomes: &[Outcome]) -> Result<(), TestCaseError> {
    for outcome in outcomes {
        let mut state = trie.start(true);
        for length in 0..=outcome.text.len() {
            let text = &outcome.text[..length];
            if length > 0 {
                state = trie.advance(&state, &text[length - 1..]);
            }
            let [mass, end, unknown] = sums(outcomes, text);
            prop_assert!(near(state.mass(), mass), "M {text:?}: {} {mass}", state.mass());
            prop_assert!(near(trie.end_mass(&state), end), "E {text:?}");
            prop_assert!(near(state.unknown_mass(), unknown), "U {text:?}");
            prop_assert!(state.mass() <= 1.0 + 1e-9);
            let next = [b' ', b'a', b'b'].map(|byte| trie.advance(&state, &[byte]).mass());
            prop_assert!(near(state.mass(), next.iter().sum::<f64>() + end + unknown));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_record_says_the_sum_over_all_ways_to_cut_a_text(beliefs in beliefs()) {
        check(&trie(std::slice::from_ref(&beliefs)), &outcomes(&beliefs))?;
    }

    #[test]
    fn windows_in_a_row_say_the_product_of_their_records(
        records in prop::collection::vec(beliefs(), 2..3),
    ) {
        let outcomes = chained(&records);
        prop_assume!(outcomes.len() < 120);
        check(&trie(&records), &outcomes)?;
    }

    #[test]
    fn any_two_cuts_of_a_text_give_the_same_probability(
        records in prop::collection::vec(beliefs(), 1..3),
        text in "( |a|b|ab){0,5}",
        cut in any::<prop::sample::Index>(),
    ) {
        let trie = trie(&records);
        let (one, two) = text.as_bytes().split_at(cut.index(text.len() + 1));
        let in_two = trie.advance(&trie.advance(&trie.start(true), one), two);
        prop_assert_eq!(in_two, trie.advance(&trie.start(true), text.as_bytes()));
    }

    #[test]
    fn continuations_are_the_outcomes(beliefs in beliefs()) {
        let outcomes = outcomes(&beliefs);
        let trie = trie(std::slice::from_ref(&beliefs));
        let mut total = 0.0;
        for (text, mass) in trie.continuations(&trie.start(true)) {
            let [_, end, unknown] = sums(&outcomes, &text);
            prop_assert!(near(mass, end + unknown));
            total += mass;
        }
        prop_assert!(near(total, 1.0));
    }

    #[test]
    fn without_its_leading_space_a_transcript_is_as_probable(
        records in prop::collection::vec(beliefs(), 1..3),
    ) {
        let trie = trie(&records);
        let (spaced, bare) = (trie.start(true), trie.start(false));
        prop_assert!(near(spaced.mass(), bare.mass()));
        prop_assert!(near(trie.end_mass(&spaced), trie.end_mass(&bare)));
        prop_assert!(near(spaced.unknown_mass(), bare.unknown_mass()));
        prop_assert_eq!(trie.advance(&spaced, b" a"), trie.advance(&bare, b"a"));
    }

    #[test]
    fn heard_tokens_are_those_of_the_trie_and_share_what_was_heard(
        records in prop::collection::vec(beliefs(), 1..3),
        before in "( a| b| ab)?",
        p_model in prop::collection::vec(0.01f64..1.0, 12),
        bare in any::<bool>(),
    ) {
        let outcomes = chained(&records);
        prop_assume!(outcomes.len() < 120);
        let pieces = [" ", "a", "b", " a", " b", " ab", "ab", "ba", " a b", "a ", "c", ""];
        let vocab = Vocab::new(
            pieces.iter().map(|piece| piece.as_bytes().to_vec()).collect(),
            pieces.iter().map(|piece| piece.is_empty()).collect(),
            vec![],
        );
        let trie = trie(&records);
        let bare = bare && before.is_empty();
        let state = trie.advance(&trie.start(true), before.as_bytes());
        prop_assume!(state.mass() > 1e-6);
        let heard = Heard::new(&trie, &state, &vocab, bare, |_| true);

        // Every token's probability, by walking.
        let mut expected: Vec<(i32, f64)> = Vec::new();
        for (token, piece) in (0..).zip(&pieces[..11]) {
            let spaced = trie.advance(&state, piece.as_bytes());
            let started = trie.advance(&trie.start(false), piece.as_bytes());
            let reached = if bare && !piece.starts_with(' ') { started } else { spaced };
            if !reached.is_empty() {
                expected.push((token, reached.mass() / state.mass()));
            }
        }
        let mut tokens: Vec<(i32, f64)> = heard.tokens().collect();
        tokens.sort_by_key(|&(token, _)| token);
        prop_assert_eq!(tokens.len(), expected.len());
        for (own, other) in tokens.iter().zip(&expected) {
            prop_assert!(own.0 == other.0 && near(own.1, other.1), "{own:?} {other:?}");
        }

        // What each token gets, outcome by outcome.
        let total: f64 = p_model.iter().sum();
        let p: Vec<f64> = p_model.iter().map(|p| p / total).collect();
        let mut wanted = [0.0; 12];
        let mut own = 0.0;
        for outcome in outcomes.iter().filter(|o| o.text.starts_with(before.as_bytes())) {
            let rest = &outcome.text[before.len()..];
            let mass = outcome.mass / state.mass();
            if rest.is_empty() {
                *(if outcome.ends { &mut wanted[11] } else { &mut own }) += mass;
                continue;
            }
            let fits = |token: usize, rest: &[u8]| {
                let piece = pieces[token].as_bytes();
                rest.starts_with(piece) || !outcome.ends && piece.starts_with(rest)
            };
            let sharing: Vec<usize> = (0..11)
                .filter(|&token| fits(token, rest) || bare && fits(token, &rest[1..]))
                .collect();
            let sum: f64 = sharing.iter().map(|&token| p[token]).sum();
            for token in sharing {
                wanted[token] += mass * p[token] / sum;
            }
        }
        let mut p_asr = vec![0.5; 3];
        heard.distribution(&p, &vocab, &mut p_asr);
        prop_assert_eq!(p_asr.len(), p.len());
        for (token, &wanted) in wanted.iter().enumerate() {
            let wanted = wanted + own * p[token];
            prop_assert!(near(p_asr[token], wanted), "{:?}: {p_asr:?} {wanted}", pieces[token]);
        }
        prop_assert!(near(p_asr.iter().sum::<f64>(), 1.0));
    }

    #[test]
    fn temperature_and_floor_lose_no_probability(
        beliefs in beliefs(),
        tau_asr in 0.2f64..5.0,
        floor in 0.0f64..0.5,
    ) {
        let how = Calibration { tau_asr, floor, unfinished: 1.0 };
        let trie = Trie::from_records(&[beliefs], &pieces(), &how).unwrap();
        let total: f64 = trie.continuations(&trie.start(true)).map(|(_, mass)| mass).sum();
        prop_assert!(near(total, 1.0), "{total}");
    }
}

/// `list` is followed by `flights`, whole or in two tokens, or by `fights`, which the
/// search did not follow.
fn flights() -> (Pieces, Beliefs) {
    let tokens = [" list", " fl", "ights", " flights", " fights", "\u{a0}"];
    let pieces = Pieces::new(&tokens.map(|token| token.as_bytes().to_vec()));
    let prefix = |parent, token, p: f32, end: f32, next: &[(u32, f32)]| Prefix {
        parent,
        token,
        logprob: p.ln(),
        end: end.ln(),
        next: next.iter().map(|&(token, p)| (token, p.ln())).collect(),
    };
    let prefixes = vec![
        prefix(0, 0, 1.0, 0.0, &[(0, 1.0)]),
        prefix(0, 0, 1.0, 0.0, &[(3, 0.5), (4, 0.25), (1, 0.125)]),
        prefix(1, 3, 0.5, 1.0, &[]),
        prefix(1, 1, 0.125, 0.0, &[(2, 1.0)]),
        prefix(3, 2, 1.0, 1.0, &[]),
    ];
    let beliefs = Beliefs::new(&pieces, prefixes).unwrap();
    (pieces, beliefs)
}

fn conditional(trie: &Trie, from: &State, bytes: &str) -> f64 {
    trie.advance(from, bytes.as_bytes()).mass() / from.mass()
}

#[test]
fn both_ways_to_cut_a_word_count() {
    let (pieces, beliefs) = flights();
    let trie = Trie::from_records(&[beliefs], &pieces, &ALL).unwrap();
    let list = trie.advance(&trie.start(false), b"list");
    assert!((conditional(&trie, &list, " flights") - 0.625).abs() < 1e-3);
    assert!((conditional(&trie, &list, " f") - 0.875).abs() < 1e-3);
    // One token in eight was not named.
    assert!((list.unknown_mass() - 0.125).abs() < 1e-3);
    let fights = trie.advance(&list, b" fights");
    assert!((fights.unknown_mass() / list.mass() - 0.25).abs() < 1e-3);
    assert_eq!(trie.end_mass(&fights), 0.0);
}

#[test]
fn a_higher_temperature_makes_the_recogniser_less_sure() {
    let (pieces, beliefs) = flights();
    let p = |tau_asr| {
        let how = Calibration { tau_asr, floor: 0.0, unfinished: 1.0 };
        let trie = Trie::from_records(std::slice::from_ref(&beliefs), &pieces, &how).unwrap();
        let list = trie.advance(&trie.start(true), b" list");
        conditional(&trie, &list, " flights")
    };
    assert!(p(0.5) > p(1.0) && p(1.0) > p(2.0), "{} {} {}", p(0.5), p(1.0), p(2.0));
    // Square roots of 1/2, 1/4, 1/8 and of the 1/8 that nobody named.
    let roots = [0.5_f64, 0.25, 0.125, 0.125].map(f64::sqrt);
    let wanted = (roots[0] + roots[2]) / roots.iter().sum::<f64>();
    assert!((p(2.0) - wanted).abs() < 1e-3);
}

#[test]
fn below_the_floor_only_followed_tokens_remain() {
    let (pieces, beliefs) = flights();
    let how = Calibration { tau_asr: 1.0, floor: 0.3, unfinished: 1.0 };
    let trie = Trie::from_records(&[beliefs], &pieces, &how).unwrap();
    let list = trie.advance(&trie.start(true), b" list");
    assert!(trie.advance(&list, b" fi").is_empty());
    assert!(!trie.advance(&list, b" fl").is_empty());
    assert!((list.unknown_mass() - 0.375).abs() < 1e-3);
}

#[test]
fn after_an_unheard_word_the_record_is_entered_where_it_aligns() {
    let (pieces, beliefs) = flights();
    let two = [beliefs.clone(), beliefs];
    let trie = Trie::from_records(&two, &pieces, &ALL).unwrap();
    let state = trie.reenter(&[b"please", b"list"]);
    assert!((conditional(&trie, &state, " flights list") - 0.625).abs() < 1e-3);
    // The next window begins after the first one's end.
    let state = trie.reenter(&[b"list", b"nights"]);
    assert!((conditional(&trie, &state, " list") - 1.0).abs() < 1e-3);
    assert!((conditional(&trie, &state, " list flights") - 0.625).abs() < 1e-3);
}

#[test]
fn many_improbable_windows_are_still_told_apart() {
    let (pieces, beliefs) = flights();
    let records = vec![beliefs; 3000];
    let trie = Trie::from_records(&records, &pieces, &ALL).unwrap();
    let mut state = trie.start(true);
    for _ in 0..2999 {
        state = trie.advance(&state, b" list flights");
    }
    let state = trie.advance(&state, b" list");
    let logarithm = state.mass.ln() + state.scale;
    assert!((logarithm / 2999.0 - 0.625_f64.ln()).abs() < 1e-3);
    let next = trie.advance(&state, b" fights");
    assert!((next.mass / state.mass - 0.25).abs() < 1e-3);
}

#[test]
fn the_record_of_another_vocabulary_is_refused() {
    let (_, beliefs) = flights();
    let error = Trie::from_records(&[beliefs], &pieces(), &ALL).unwrap_err();
    assert!(error.to_string().starts_with("recorded with vocabulary"), "{error}");
    assert!(error.hint().is_some());
    assert!(Trie::from_records(&[], &pieces(), &ALL).unwrap().start(true).is_empty());
}
