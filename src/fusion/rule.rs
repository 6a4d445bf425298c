//! How two distributions become one.

use serde::{Deserialize, Serialize};

/// What the recogniser's distribution weighs beside the language model's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// `sigmoid(U) - beta`, where `U` is the entropy in nats of the model's distribution:
    /// uncertainty-aware dynamic fusion (UADF, arXiv 2402.05457, section 3). With a beta of
    /// 0.5 a sure model is left alone, and the weight stays below 0.5.
    Uncertainty {
        /// Subtracted from `sigmoid(U)`.
        beta: f64,
    },
    /// The same at every step: static fusion, the baseline of the same paper. With 0 the
    /// recogniser is not asked.
    Constant(f64),
}

impl Weight {
    /// The weight at a step in which the model's entropy is `uncertainty` nats.
    #[must_use]
    pub fn at(self, uncertainty: f64) -> f64 {
        match self {
            Self::Uncertainty { beta } => sigmoid(uncertainty) - beta,
            Self::Constant(weight) => weight,
        }
    }
}

/// What is added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Probabilities, as the code released with UADF does: `p_llm + w p_asr`.
    #[default]
    Probability,
    /// Log-probabilities, as its paper writes: `log p_llm + w log p_asr`.
    LogProbability,
}

impl Form {
    /// Both, by the names of the command line.
    pub const NAMES: [&str; 2] = ["probability", "log-probability"];

    /// The form of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "probability" => Some(Self::Probability),
            "log-probability" => Some(Self::LogProbability),
            _ => None,
        }
    }
}

/// A rule of fusion.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fusion {
    /// Temperature of the language model's distribution (above 0). Calibrates it: an
    /// overconfident model needs more than 1.
    pub tau_llm: f64,
    /// What the recogniser's side weighs.
    pub weight: Weight,
    /// What is added up.
    pub form: Form,
    /// With log-probabilities, the least `p_asr` a token can have (above 0): what was not
    /// heard is improbable, not impossible.
    pub floor: f64,
    /// Whether a text that left what was heard re-enters it at the next word; else the
    /// recogniser is silent for the rest of the utterance.
    pub reentry: bool,
}

impl Fusion {
    /// UADF of probabilities, with re-entry.
    #[must_use]
    pub fn uadf(tau_llm: f64, beta: f64) -> Self {
        let weight = Weight::Uncertainty { beta };
        Self { tau_llm, weight, form: Form::Probability, floor: 1e-3, reentry: true }
    }
}

/// The logistic function.
#[must_use]
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Fuses two distributions over the same tokens into `p`, which holds the language model's
/// (of entropy `uncertainty`, nats) and is left with values in proportion to the fused one,
/// none below 0. Returns the recogniser's weight. Tokens beyond the end of `p_asr` were not
/// heard.
pub fn fuse(p: &mut [f64], p_asr: &[f64], uncertainty: f64, fusion: &Fusion) -> f64 {
    let weight = fusion.weight.at(uncertainty);
    match fusion.form {
        Form::Probability => {
            for (p, p_asr) in p.iter_mut().zip(p_asr) {
                *p = (*p + weight * p_asr).max(0.0);
            }
        }
        // Divided by `floor^w`, which is the same for all tokens, so that few need a power.
        Form::LogProbability => {
            for (p, &p_asr) in p.iter_mut().zip(p_asr) {
                if p_asr > fusion.floor {
                    *p *= (p_asr / fusion.floor).powf(weight);
                }
            }
        }
    }
    weight
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::acoustic::entropy;

    fn rule(weight: Weight, form: Form) -> Fusion {
        Fusion { tau_llm: 1.0, weight, form, floor: 1e-4, reentry: true }
    }

    fn best(p: &[f64]) -> usize {
        (0..p.len()).rev().max_by(|&a, &b| p[a].total_cmp(&p[b])).unwrap()
    }

    fn distribution(tokens: usize) -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(1e-6f64..1.0, tokens).prop_map(|values| {
            let total: f64 = values.iter().sum();
            values.into_iter().map(|value| value / total).collect()
        })
    }

    #[test]
    fn the_weights_are_those_of_the_paper() {
        let weight = Weight::Uncertainty { beta: 0.5 };
        for (uncertainty, expected) in [(0.0, 0.0), (1.0, 0.231), (2.0, 0.381), (4.0, 0.482)] {
            assert!((weight.at(uncertainty) - expected).abs() < 5e-4);
        }
    }

    proptest! {
        #[test]
        fn a_sure_model_keeps_its_own_choice(
            sure in 0usize..8,
            p_asr in distribution(8),
            form in prop::sample::select(vec![Form::Probability, Form::LogProbability]),
        ) {
            let mut p = vec![0.0; 8];
            p[sure] = 1.0;
            let uncertainty = entropy(&p);
            let weight = fuse(&mut p, &p_asr, uncertainty, &rule(Weight::Uncertainty { beta: 0.5 }, form));
            prop_assert!(weight.abs() < 1e-12);
            prop_assert_eq!(best(&p), sure);
        }

        #[test]
        fn a_weight_of_zero_changes_nothing(
            p_llm in distribution(6),
            p_asr in distribution(6),
            form in prop::sample::select(vec![Form::Probability, Form::LogProbability]),
        ) {
            let mut p = p_llm.clone();
            fuse(&mut p, &p_asr, 1.0, &rule(Weight::Constant(0.0), form));
            prop_assert_eq!(p, p_llm);
        }

        #[test]
        fn log_probabilities_add_up_as_the_paper_writes(
            p_llm in distribution(6),
            p_asr in distribution(6),
            weight in 0.0f64..1.0,
        ) {
            let rule = rule(Weight::Constant(weight), Form::LogProbability);
            let mut p = p_llm.clone();
            fuse(&mut p, &p_asr, 1.0, &rule);
            for a in 0..6 {
                for b in 0..6 {
                    let score = |t: usize| p_llm[t].ln() + weight * p_asr[t].max(rule.floor).ln();
                    let (fused, written) = ((p[a] / p[b]).ln(), score(a) - score(b));
                    prop_assert!((fused - written).abs() < 1e-9, "{fused} {written}");
                }
            }
        }

        #[test]
        fn fused_probabilities_are_never_negative(
            p_llm in distribution(6),
            p_asr in distribution(6),
            beta in 0.5f64..3.0,
        ) {
            let mut p = p_llm.clone();
            let rule = rule(Weight::Uncertainty { beta }, Form::Probability);
            fuse(&mut p, &p_asr, entropy(&p_llm), &rule);
            prop_assert!(p.iter().all(|&p| p >= 0.0));
        }
    }
}
