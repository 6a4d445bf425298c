//! What the best choice from an N-best list could have reached.

/// Errors that remain when the list is used as well as it can be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Oracles {
    /// N-best oracle `o_nb` (HyPoradise, arXiv 2309.15701): errors of the single best
    /// hypothesis.
    pub nbest: u64,
    /// Compositional oracle `o_cp`: reference words that no hypothesis contains, however
    /// often they occur in the reference, and never more than [`nbest`](Self::nbest).
    pub compositional: u64,
}

/// Both oracles of one utterance, from the word numbers of its texts
/// (see [`Symbols`](super::Symbols)) and the errors of its best hypothesis.
///
/// An empty list leaves every reference word absent.
#[must_use]
pub fn oracles(reference: &[u32], hypotheses: &[Vec<u32>], best_errors: u64) -> Oracles {
    if best_errors == 0 {
        return Oracles::default();
    }
    let absent = reference
        .iter()
        .filter(|word| !hypotheses.iter().any(|hypothesis| hypothesis.contains(word)))
        .count() as u64;
    Oracles { nbest: best_errors, compositional: absent.min(best_errors) }
}

#[cfg(test)]
mod tests {
    use super::super::Symbols;
    use super::*;

    fn of(reference: &str, hypotheses: &[&str], best_errors: u64) -> Oracles {
        let mut symbols = Symbols::default();
        let reference = symbols.words(reference);
        let hypotheses: Vec<Vec<u32>> = hypotheses.iter().map(|text| symbols.words(text)).collect();
        oracles(&reference, &hypotheses, best_errors)
    }

    #[test]
    fn a_word_heard_anywhere_in_the_list_is_not_absent() {
        let both = of(
            "book a flight to boston",
            &["look a flight to austin", "book a light to austin"],
            2,
        );
        assert_eq!(both, Oracles { nbest: 2, compositional: 1 });
    }

    #[test]
    fn each_occurrence_of_an_absent_word_counts() {
        assert_eq!(of("no no no", &["on"], 3).compositional, 3);
    }

    #[test]
    fn a_word_is_present_however_often_it_is_needed() {
        assert_eq!(of("no no no", &["no"], 2).compositional, 0);
    }

    #[test]
    fn the_compositional_oracle_is_never_worse_than_the_best_hypothesis() {
        assert_eq!(of("a b c d", &["x"], 1).compositional, 1);
    }
}
