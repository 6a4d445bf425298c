//! What a model predicted along right answers, at any temperature.

use super::{Reliability, Temperature, bisect_temperature};

/// Bits of an `f32` below its sign, exponent and five bits of its mantissa: distances that
/// agree above them are summed up together, 32 classes for each doubling.
const DROPPED_BITS: u32 = 18;

/// Distances below this (nats) are one class: at the least temperature, 0.1, they are 0.08.
const NEAREST: f32 = 1.0 / 128.0;

/// Distances from here on (nats) are left out: a million such tokens at temperature 10 have
/// together a millionth of the most probable token's weight.
const FARTHEST: f32 = 288.0;

/// The steps of a model that is fed the right tokens, kept so that the confidence
/// `max softmax(z / tau)` can be computed at any `tau` in [0.1, 10].
///
/// Of each step it keeps the distances of all logits from the greatest, in classes of
/// nearly equal distance with count, mean and variance: some 100 classes of 12 bytes in
/// place of a vocabulary of 150,000 logits. The weight of a class is developed to the second
/// order, `n * exp(-mean / tau) * (1 + variance / (2 tau^2))`, which leaves the
/// confidence less than 0.001 off for up to 300,000 tokens: classes are 1/32 of
/// their distance wide, and at the distance where a vocabulary of `V` can match the greatest
/// logit, `tau * ln V`, that is at most 0.4 `tau`.
#[derive(Debug, Clone, Default)]
pub struct TeacherForced {
    steps: Vec<Step>,
    classes: Vec<Class>,
    /// Work space of [`TeacherForced::push`].
    sums: Vec<Sums>,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    /// The end of its classes; they begin where those of the step before end.
    end: usize,
    correct: bool,
}

#[derive(Debug, Clone, Copy)]
struct Class {
    count: u32,
    mean: f32,
    variance: f32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: u32,
    /// Of the distances, and of their squares, from the lower edge of the class.
    first: f64,
    second: f64,
}

impl TeacherForced {
    /// Adds a step: the logits of the whole vocabulary, and the token that was right. The
    /// step is correct if that token has the greatest logit and the lowest id of those that
    /// have it. Logits that are not finite are impossible tokens; a step without any other
    /// is left out.
    pub fn push(&mut self, logits: &[f32], right: usize) {
        let mut best: Option<(usize, f32)> = None;
        for (token, &logit) in logits.iter().enumerate() {
            if logit.is_finite() && best.is_none_or(|(_, most)| logit > most) {
                best = Some((token, logit));
            }
        }
        let Some((best, most)) = best else { return };

        self.sums.clear();
        self.sums.resize(class_of(FARTHEST) + 1, Sums::default());
        for (token, &logit) in logits.iter().enumerate() {
            let distance = most - logit;
            // The greatest itself is counted exactly, and not here.
            if token == best || !logit.is_finite() || distance >= FARTHEST {
                continue;
            }
            let class = class_of(distance);
            if let Some(sums) = self.sums.get_mut(class) {
                let offset = f64::from(distance - edge_of(class));
                sums.count += 1;
                sums.first += offset;
                sums.second += offset * offset;
            }
        }
        for (class, sums) in self.sums.iter().enumerate().filter(|(_, sums)| sums.count > 0) {
            let mean = sums.first / f64::from(sums.count);
            let variance = (sums.second / f64::from(sums.count) - mean * mean).max(0.0);
            self.classes.push(Class {
                count: sums.count,
                mean: edge_of(class) + mean as f32,
                variance: variance as f32,
            });
        }
        self.steps.push(Step { end: self.classes.len(), correct: best == right });
    }

    /// The number of steps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there are no steps.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Share of correct steps, in [0, 1]; `None` without steps.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        let correct = self.steps.iter().filter(|step| step.correct).count();
        (!self.is_empty()).then(|| correct as f64 / self.len() as f64)
    }

    /// Mean over the steps of the greatest probability, in [0, 1]; `None` without steps. `tau`
    /// is in [0.1, 10]; outside it the error grows.
    #[must_use]
    pub fn mean_confidence(&self, tau: f64) -> Option<f64> {
        let sum: f64 = self.outcomes(tau).map(|(confidence, _)| confidence).sum();
        (!self.is_empty()).then(|| sum / self.len() as f64)
    }

    /// Confidence and correctness of each step at a temperature in [0.1, 10].
    pub fn outcomes(&self, tau: f64) -> impl Iterator<Item = (f64, bool)> + '_ {
        let mut start = 0;
        self.steps.iter().map(move |step| {
            let classes = self.classes.get(start..step.end).unwrap_or_default();
            start = step.end;
            (confidence(classes, tau), step.correct)
        })
    }

    /// The reliability diagram at a temperature in [0.1, 10].
    #[must_use]
    pub fn reliability(&self, tau: f64, bins: usize) -> Reliability {
        Reliability::of(bins, self.outcomes(tau))
    }

    /// The temperature at which mean confidence equals accuracy, as UADF calibrates (see
    /// [`bisect_temperature`]); 1, marked as at the limit, without steps.
    #[must_use]
    pub fn temperature(&self) -> Temperature {
        bisect_temperature(self.accuracy().unwrap_or(f64::NAN), |tau| {
            self.mean_confidence(tau).unwrap_or(f64::NAN)
        })
    }
}

fn confidence(classes: &[Class], tau: f64) -> f64 {
    let others: f64 = classes
        .iter()
        .map(|class| {
            let spread = 1.0 + f64::from(class.variance) / (2.0 * tau * tau);
            f64::from(class.count) * (-f64::from(class.mean) / tau).exp() * spread
        })
        .sum();
    1.0 / (1.0 + others)
}

/// The class of a distance of at least 0. Positive floats are ordered as their bits are.
fn class_of(distance: f32) -> usize {
    if distance < NEAREST {
        return 0;
    }
    let bits = (distance.to_bits() >> DROPPED_BITS) - (NEAREST.to_bits() >> DROPPED_BITS);
    usize::try_from(bits).map_or(0, |bits| bits + 1)
}

/// The least distance of a class.
fn edge_of(class: usize) -> f32 {
    match class.checked_sub(1).map(u32::try_from) {
        Some(Ok(bits)) => {
            f32::from_bits((bits + (NEAREST.to_bits() >> DROPPED_BITS)) << DROPPED_BITS)
        }
        _ => 0.0,
    }
}

#[cfg(test)]
#[path = "teacher_tests.rs"]
mod tests;
