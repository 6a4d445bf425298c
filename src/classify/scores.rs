//! Rates of a confusion matrix.

use serde::{Deserialize, Serialize};

use super::Confusion;

/// The 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Scores of one prompt on one data set. Rates are in percent, never NaN, and `None` where
/// there is nothing to divide by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassScores {
    /// All utterances.
    pub utterances: u64,
    /// Utterances whose true class is known; all other figures are over these.
    pub scored: u64,
    /// Utterances answered with their class.
    pub correct: u64,
    /// Utterances whose answer is no class. They count as wrong.
    pub no_class: u64,
    /// Share of correct answers.
    pub accuracy: Option<f64>,
    /// Lower end of its 95 % interval (Wilson 1927).
    pub accuracy_low: Option<f64>,
    /// Upper end of its 95 % interval.
    pub accuracy_high: Option<f64>,
    /// Mean F1 of the classes that occur as truth or as answer.
    pub macro_f1: Option<f64>,
    /// F1 of all answers together. It is the accuracy where each answer is a class.
    pub micro_f1: Option<f64>,
    /// Figures of each class, in their order.
    pub classes: Vec<ClassFigures>,
}

/// Figures of one class. Rates are in percent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassFigures {
    /// The class.
    pub class: String,
    /// Utterances with this true class.
    pub support: u64,
    /// Utterances answered with it.
    pub answered: u64,
    /// Share of its answers that are correct; `None` where it is never answered.
    pub precision: Option<f64>,
    /// Share of its utterances that are answered with it; `None` without any.
    pub recall: Option<f64>,
    /// Twice the correct answers, per utterance that has it as truth or answer, counted for
    /// each: the harmonic mean of precision and recall. `None` where it is neither.
    pub f1: Option<f64>,
}

impl ClassScores {
    /// The rates of what was counted.
    #[must_use]
    pub fn new(confusion: &Confusion) -> Self {
        let many = confusion.classes().len();
        let figures = |(place, class): (usize, &String)| {
            let (support, answered) = (confusion.support(place), confusion.answered(place));
            let correct = confusion.correct(place);
            ClassFigures {
                class: class.clone(),
                support,
                answered,
                precision: percent(correct, answered),
                recall: percent(correct, support),
                f1: percent(2 * correct, answered + support),
            }
        };
        let classes: Vec<ClassFigures> =
            confusion.classes().iter().enumerate().map(figures).collect();
        let scored: u64 = classes.iter().map(|one| one.support).sum();
        let correct: u64 = (0..many).map(|place| confusion.correct(place)).sum();
        let no_class = confusion.answered(many);
        let occurring: Vec<f64> = classes.iter().filter_map(|one| one.f1).collect();
        let interval = wilson(correct, scored);
        Self {
            utterances: scored + confusion.unscored(),
            scored,
            correct,
            no_class,
            accuracy: percent(correct, scored),
            accuracy_low: interval.map(|(low, _)| low),
            accuracy_high: interval.map(|(_, high)| high),
            macro_f1: (!occurring.is_empty())
                .then(|| occurring.iter().sum::<f64>() / occurring.len() as f64),
            micro_f1: percent(2 * correct, 2 * scored - no_class),
            classes,
        }
    }
}

fn percent(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| 100.0 * part as f64 / whole as f64)
}

/// The 95 % score interval of a share (Wilson 1927), in percent. It stays within 0 and 100
/// and is right for few trials and for shares near the ends.
fn wilson(part: u64, whole: u64) -> Option<(f64, f64)> {
    if whole == 0 {
        return None;
    }
    let (count, share) = (whole as f64, part as f64 / whole as f64);
    let scale = 1.0 + Z * Z / count;
    let middle = (share + Z * Z / (2.0 * count)) / scale;
    let half = Z / scale * (share * (1.0 - share) / count + Z * Z / (4.0 * count * count)).sqrt();
    // At the ends they are exactly 0 and 1, but for rounding.
    let low = if part == 0 { 0.0 } else { (middle - half).max(0.0) };
    let high = if part == whole { 1.0 } else { (middle + half).min(1.0) };
    Some((100.0 * low, 100.0 * high))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::ClassSet;
    use super::*;

    fn set(many: usize) -> ClassSet {
        ClassSet::new((0..many).map(|number| format!("class {number}"))).unwrap()
    }

    fn near(found: Option<f64>, wanted: f64) -> bool {
        found.is_some_and(|found| (found - wanted).abs() < 1e-2)
    }

    #[test]
    fn figures_are_those_of_the_definitions() {
        let mut confusion = Confusion::new(&set(4));
        // Three of class 0, one answered wrongly; two of class 1, one without an answer.
        for (truth, answer) in [(0, Some(0)), (0, Some(0)), (0, Some(1)), (1, Some(1)), (1, None)] {
            confusion.add(Some(truth), answer);
        }
        confusion.add(None, Some(0));
        let scores = ClassScores::new(&confusion);
        assert_eq!(
            (scores.utterances, scores.scored, scores.correct, scores.no_class),
            (6, 5, 3, 1)
        );
        assert!(near(scores.accuracy, 60.0));
        // Class 0: P 1, R 2/3, F1 0.8. Class 1: P 1/2, R 1/2, F1 1/2. The others do not occur.
        assert!(near(scores.classes[0].precision, 100.0) && near(scores.classes[0].f1, 80.0));
        assert!(near(scores.classes[0].recall, 66.67) && near(scores.classes[1].f1, 50.0));
        assert_eq!((scores.classes[2].precision, scores.classes[2].f1), (None, None));
        assert!(near(scores.macro_f1, 65.0));
        // P 3/4, R 3/5.
        assert!(near(scores.micro_f1, 66.67));
    }

    #[test]
    fn the_interval_is_the_published_one() {
        // Newcombe (1998), table I: 81 of 263 and 15 of 148, 0 of 20, 1 of 29.
        for (part, whole, low, high) in [
            (81, 263, 25.53, 36.62),
            (15, 148, 6.24, 16.05),
            (0, 20, 0.0, 16.11),
            (1, 29, 0.61, 17.18),
        ] {
            let interval = wilson(part, whole).unwrap();
            assert!(near(Some(interval.0), low) && near(Some(interval.1), high), "{interval:?}");
        }
        assert_eq!(wilson(0, 0), None);
        assert_eq!(wilson(7, 7).map(|(_, high)| high), Some(100.0));
    }

    #[test]
    fn nothing_counted_has_no_rate() {
        let scores = ClassScores::new(&Confusion::new(&set(2)));
        assert_eq!((scores.scored, scores.accuracy, scores.accuracy_low), (0, None, None));
        assert_eq!((scores.macro_f1, scores.micro_f1), (None, None));
    }

    proptest! {
        #[test]
        fn rates_lie_where_they_must(
            answers in prop::collection::vec((0..5_usize, prop::option::of(0..5_usize)), 1..60),
        ) {
            let mut confusion = Confusion::new(&set(4));
            answers.iter().for_each(|&(truth, answer)| confusion.add(Some(truth), answer));
            let scores = ClassScores::new(&confusion);
            prop_assert_eq!(scores.utterances, answers.len() as u64);
            if let (Some(accuracy), Some(low), Some(high)) =
                (scores.accuracy, scores.accuracy_low, scores.accuracy_high)
            {
                prop_assert!(0.0 <= low && low <= accuracy + 1e-9 && accuracy <= high + 1e-9);
                prop_assert!(high <= 100.0);
                if scores.no_class == 0 {
                    prop_assert!((scores.micro_f1.unwrap() - accuracy).abs() < 1e-9);
                }
            }
            for one in &scores.classes {
                if let (Some(p), Some(r), Some(f1)) = (one.precision, one.recall, one.f1) {
                    let harmonic = if p + r > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 };
                    prop_assert!((f1 - harmonic).abs() < 1e-9);
                }
            }
            let json = serde_json::to_string(&scores).unwrap();
            prop_assert_eq!(serde_json::from_str::<ClassScores>(&json).unwrap(), scores);
        }
    }
}
