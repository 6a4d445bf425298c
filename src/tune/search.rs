//! Choosing settings one after the other, judged on held-out folds.

use serde::{Deserialize, Serialize};

/// One value that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The value.
    pub value: f64,
    /// Word errors with it, on the utterances of the search.
    pub errors: u64,
}

/// A setting and the values that were tried for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Searched {
    /// Its name, as on the command line.
    pub setting: String,
    /// What was chosen.
    pub chosen: f64,
    /// All that was tried.
    pub tried: Vec<Choice>,
    /// Word errors where each fold is judged by the value that the others would choose.
    pub held_out_errors: u64,
}

/// Chooses among values by the errors of each utterance under each of them.
///
/// `errors[v][u]` are the word errors of utterance `u` with `values[v]`; the first value is
/// what stands without evidence. Another is chosen where its errors are fewer on all, and
/// where choosing so on the other folds also has fewer errors than the first value in
/// total. Without values the choice is NaN, which no caller asks for.
pub(super) fn choose(
    setting: &str,
    values: &[f64],
    errors: &[Vec<u32>],
    fold_of: &[usize],
) -> Searched {
    let sum = |value: usize, keep: &dyn Fn(usize) -> bool| -> u64 {
        errors[value]
            .iter()
            .zip(fold_of)
            .filter(|(_, f)| keep(**f))
            .map(|(e, _)| u64::from(*e))
            .sum()
    };
    let best = |keep: &dyn Fn(usize) -> bool| {
        (0..values.len()).min_by_key(|&value| (sum(value, keep), value)).unwrap_or(0)
    };
    let folds = fold_of.iter().max().map_or(0, |last| last + 1);
    let held_out_errors =
        (0..folds).map(|fold| sum(best(&|other| other != fold), &|other| other == fold)).sum();
    let totals: Vec<u64> = (0..values.len()).map(|value| sum(value, &|_| true)).collect();
    let first = totals.first().copied().unwrap_or(0);
    let chosen = if held_out_errors < first { best(&|_| true) } else { 0 };
    Searched {
        setting: setting.to_owned(),
        chosen: values.get(chosen).copied().unwrap_or(f64::NAN),
        tried: values.iter().zip(totals).map(|(&value, errors)| Choice { value, errors }).collect(),
        held_out_errors,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_better_everywhere_is_chosen() {
        let found = choose("tau", &[1.0, 2.0], &[vec![3; 6], vec![1; 6]], &[0, 0, 1, 1, 2, 2]);
        assert_eq!((found.chosen, found.held_out_errors), (2.0, 6));
        assert_eq!(found.tried[0], Choice { value: 1.0, errors: 18 });
    }

    #[test]
    fn a_value_that_is_better_by_chance_is_not() {
        // Each value wins by far in one fold, so the others' choice is wrong there.
        let errors = [vec![2, 2, 2], vec![0, 3, 3], vec![3, 3, 0]];
        let found = choose("tau", &[1.0, 2.0, 3.0], &errors, &[0, 1, 2]);
        assert_eq!((found.chosen, found.held_out_errors), (1.0, 9));
    }

    #[test]
    fn the_first_of_equals_stands() {
        let found = choose("tau", &[1.0, 2.0], &[vec![1; 4], vec![1; 4]], &[0, 1, 0, 1]);
        assert_eq!(found.chosen, 1.0);
        assert_eq!(choose("tau", &[1.0], &[vec![]], &[]).chosen, 1.0);
    }
}
