//! Whether confidences mean what they say, and the temperature that makes them.

use serde::{Deserialize, Serialize};

/// The outcomes whose confidence fell into one bin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// How many.
    pub count: u64,
    /// How many were correct.
    pub correct: u64,
    /// Sum of their confidences.
    pub confidence_sum: f64,
}

impl Bin {
    /// Mean confidence, in [0, 1]; `None` for an empty bin.
    #[must_use]
    pub fn confidence(&self) -> Option<f64> {
        (self.count > 0).then(|| self.confidence_sum / self.count as f64)
    }

    /// Share of correct outcomes, in [0, 1]; `None` for an empty bin.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        (self.count > 0).then(|| self.correct as f64 / self.count as f64)
    }

    /// Distance between confidence and accuracy, in [0, 1]; 0 for an empty bin.
    #[must_use]
    pub fn gap(&self) -> f64 {
        let gap = self.confidence().zip(self.accuracy());
        gap.map_or(0.0, |(confidence, accuracy)| (confidence - accuracy).abs())
    }
}

/// A reliability diagram: confidences in bins of equal width, bin `m` of `M` holding
/// `((m - 1) / M, m / M]` and the first 0 too (Guo et al. 2017, arXiv 1706.04599).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    bins: Vec<Bin>,
}

impl Reliability {
    /// An empty diagram; 10 or 15 bins are usual, and 0 become 1.
    #[must_use]
    pub fn new(bins: usize) -> Self {
        Self { bins: vec![Bin::default(); bins.max(1)] }
    }

    /// The diagram of pairs of confidence and whether it was correct.
    #[must_use]
    pub fn of(bins: usize, outcomes: impl IntoIterator<Item = (f64, bool)>) -> Self {
        let mut diagram = Self::new(bins);
        for (confidence, correct) in outcomes {
            diagram.add(confidence, correct);
        }
        diagram
    }

    /// Counts one outcome. A confidence outside [0, 1] counts as the nearer end, and one
    /// that is no number is left out.
    pub fn add(&mut self, confidence: f64, correct: bool) {
        if confidence.is_nan() {
            return;
        }
        let confidence = confidence.clamp(0.0, 1.0);
        let place = (confidence * self.bins.len() as f64).ceil() as usize;
        if let Some(bin) = self.bins.get_mut(place.saturating_sub(1)) {
            bin.count += 1;
            bin.correct += u64::from(correct);
            bin.confidence_sum += confidence;
        }
    }

    /// The bins, of rising confidence.
    #[must_use]
    pub fn bins(&self) -> &[Bin] {
        &self.bins
    }

    /// All bins as one: mean confidence and accuracy of everything counted.
    #[must_use]
    pub fn total(&self) -> Bin {
        self.bins.iter().fold(Bin::default(), |sum, bin| Bin {
            count: sum.count + bin.count,
            correct: sum.correct + bin.correct,
            confidence_sum: sum.confidence_sum + bin.confidence_sum,
        })
    }

    /// Expected calibration error, the mean of the bins' gaps weighted by their counts, in
    /// [0, 1]; 0 where nothing was counted.
    #[must_use]
    pub fn expected_error(&self) -> f64 {
        let sum: f64 = self.bins.iter().map(|bin| bin.gap() * bin.count as f64).sum();
        sum / self.total().count.max(1) as f64
    }

    /// Maximum calibration error, the widest gap of a bin, in [0, 1]; 0 where nothing was
    /// counted. A bin of few outcomes can decide it.
    #[must_use]
    pub fn maximum_error(&self) -> f64 {
        self.bins.iter().map(Bin::gap).fold(0.0, f64::max)
    }
}

/// The temperatures that are looked at.
const BRACKET: (f64, f64) = (0.1, 10.0);

/// A temperature found by calibration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Temperature {
    /// Logits are divided by it; in [0.1, 10].
    pub tau: f64,
    /// No temperature between the limits makes confidence equal accuracy: `tau` is the
    /// nearer limit, or 1 where there was nothing to go by.
    pub at_limit: bool,
}

/// The temperature at which the mean confidence equals the accuracy, by bisection on
/// [0.1, 10] (UADF, arXiv 2402.05457), to a millionth of itself. The bisection is by
/// ratios, as temperatures act. `mean_confidence` gives the mean of `max softmax(z / tau)`,
/// which falls as `tau` rises. An accuracy or confidence that is no number, as of no steps
/// at all, gives 1, marked as at the limit.
pub fn bisect_temperature(
    accuracy: f64,
    mut mean_confidence: impl FnMut(f64) -> f64,
) -> Temperature {
    let (mut low, mut high) = BRACKET;
    let (most, least) = (mean_confidence(low), mean_confidence(high));
    if accuracy.is_nan() || most.is_nan() || least.is_nan() {
        return Temperature { tau: 1.0, at_limit: true };
    }
    if most <= accuracy {
        return Temperature { tau: low, at_limit: true };
    }
    if least >= accuracy {
        return Temperature { tau: high, at_limit: true };
    }
    while high / low > 1.0 + 1e-6 {
        let middle = (low * high).sqrt();
        if mean_confidence(middle) > accuracy {
            low = middle;
        } else {
            high = middle;
        }
    }
    Temperature { tau: (low * high).sqrt(), at_limit: false }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn bins_are_open_below_and_closed_above() {
        let diagram = Reliability::of(
            10,
            [
                (0.0, true),
                (0.1, false),
                (0.1001, true),
                (1.0, true),
                (7.0, false),
                (f64::NAN, true),
            ],
        );
        let counts: Vec<u64> = diagram.bins().iter().map(|bin| bin.count).collect();
        assert_eq!(counts, [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
        assert_eq!(diagram.bins()[9].accuracy(), Some(0.5));
        assert_eq!(diagram.bins()[9].confidence(), Some(1.0));
        assert_eq!(diagram.bins()[5].confidence(), None);
    }

    #[test]
    fn the_errors_are_those_of_the_definition() {
        // Two bins: 3 at 0.9 of which 2 correct (gap 0.2333), 1 at 0.2, correct (gap 0.8).
        let diagram = Reliability::of(2, [(0.9, true), (0.9, true), (0.9, false), (0.2, true)]);
        let gap = 0.9 - 2.0 / 3.0;
        assert!((diagram.expected_error() - (3.0 * gap + 0.8) / 4.0).abs() < 1e-12);
        assert!((diagram.maximum_error() - 0.8).abs() < 1e-12);
        let total = diagram.total();
        assert_eq!((total.count, total.correct), (4, 3));
        let empty = Reliability::new(0);
        assert_eq!(
            (empty.bins().len(), empty.expected_error(), empty.maximum_error()),
            (1, 0.0, 0.0)
        );
    }

    #[test]
    fn the_error_of_calibrated_confidences_goes_to_zero() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut diagram = |count: usize, shift: f64| {
            let outcomes = (0..count).map(|_| {
                let confidence: f64 = rng.random();
                (confidence, rng.random::<f64>() < (confidence - shift).max(0.0))
            });
            Reliability::of(15, outcomes.collect::<Vec<_>>())
        };
        let (few, many) = (diagram(300, 0.0), diagram(300_000, 0.0));
        assert!(many.expected_error() < 0.005 && many.expected_error() < few.expected_error());
        assert!(many.maximum_error() < 0.02);
        assert!((diagram(300_000, 0.1).expected_error() - 0.1).abs() < 0.01);
    }

    #[test]
    fn the_limits_are_marked_and_nothing_gives_one() {
        let curve = |tau: f64| 1.0 / (1.0 + tau);
        assert_eq!(bisect_temperature(0.99, curve), Temperature { tau: 0.1, at_limit: true });
        assert_eq!(bisect_temperature(0.01, curve), Temperature { tau: 10.0, at_limit: true });
        let nothing = Temperature { tau: 1.0, at_limit: true };
        assert_eq!(bisect_temperature(f64::NAN, curve), nothing);
        assert_eq!(bisect_temperature(0.5, |_| f64::NAN), nothing);
    }

    #[test]
    fn a_diagram_survives_json() {
        let diagram = Reliability::of(10, [(0.33, true), (0.9, false)]);
        let json = serde_json::to_string(&diagram).unwrap();
        assert_eq!(serde_json::from_str::<Reliability>(&json).unwrap(), diagram);
    }

    proptest! {
        #[test]
        fn bisection_finds_the_crossing(tau in 0.11_f64..9.9, slope in 0.2_f64..5.0) {
            let curve = |at: f64| 1.0 / (1.0 + at.powf(slope));
            let found = bisect_temperature(curve(tau), curve);
            prop_assert!(!found.at_limit && (found.tau / tau - 1.0).abs() < 2e-6, "{found:?}");
        }

        #[test]
        fn the_expected_error_is_between_the_total_gap_and_the_maximum(
            outcomes in prop::collection::vec((0.0_f64..=1.0, any::<bool>()), 1..60),
        ) {
            let diagram = Reliability::of(10, outcomes);
            prop_assert!(diagram.total().gap() <= diagram.expected_error() + 1e-12);
            prop_assert!(diagram.expected_error() <= diagram.maximum_error() + 1e-12);
        }
    }
}
