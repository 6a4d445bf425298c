//! What the cascade skips.

use serde::{Deserialize, Serialize};

use crate::{
    acoustic::{self, Posterior},
    corpus::Utterance,
};

/// What a gate looks at before a model is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GateFeatures {
    /// Distinct hypotheses, at least 1.
    pub distinct: usize,
    /// Entropy of the list's posterior in nats.
    pub entropy: f64,
    /// Lead of the most probable hypothesis over the second, in [0, 1].
    pub margin: f64,
}

impl GateFeatures {
    /// The features of a list.
    #[must_use]
    pub fn of(utterance: &Utterance, posterior: &Posterior) -> Self {
        let weights = acoustic::posterior(&utterance.nbest, posterior);
        Self {
            distinct: utterance.nbest.len(),
            entropy: acoustic::entropy(&weights),
            margin: acoustic::margin(&weights),
        }
    }
}

/// Thresholds below which an utterance is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// Lists with fewer distinct hypotheses are skipped; 2 skips those that agree, 1 none.
    pub min_distinct: usize,
    /// Lists whose posterior has less entropy (nats) are skipped; 0 skips none.
    pub min_entropy: f64,
    /// Lists whose best hypothesis leads by more are skipped; 1 skips none.
    pub max_margin: f64,
    /// Abstain where every hypothesis takes more of the model's tokens a word: a model with a
    /// vocabulary of its own domain spells out what it does not know. `None` takes what the
    /// model says of itself ([`crate::llm::ModelInfo::max_tokens_per_word`]).
    pub max_tokens_per_word: Option<f64>,
    /// Abstain where the model gives the 1-best less than this mean log-probability per
    /// token (nats): it does not know this kind of text. `-inf` never abstains.
    #[serde(with = "super::infinite")]
    pub min_logprob: f64,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            min_distinct: 1,
            min_entropy: 0.0,
            max_margin: 1.0,
            max_tokens_per_word: None,
            min_logprob: -3.0,
        }
    }
}

impl Gate {
    /// Why the utterance is skipped, or `None` where a model is to be asked.
    #[must_use]
    pub fn skips(&self, features: &GateFeatures) -> Option<String> {
        if features.distinct < self.min_distinct {
            return Some(if features.distinct == 1 {
                "all hypotheses agree".into()
            } else {
                format!("only {} distinct hypotheses", features.distinct)
            });
        }
        if features.entropy < self.min_entropy {
            return Some(format!(
                "list entropy {:.3} below {}",
                features.entropy, self.min_entropy
            ));
        }
        if features.margin > self.max_margin {
            return Some(format!("list margin {:.3} above {}", features.margin, self.max_margin));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_skip_what_is_certain_and_the_defaults_skip_nothing() {
        let certain = GateFeatures { distinct: 1, entropy: 0.0, margin: 1.0 };
        let open = GateFeatures { distinct: 3, entropy: 1.0, margin: 0.1 };
        let gate = Gate::default();
        assert_eq!(gate.skips(&certain), None);
        let strict = Gate { min_distinct: 2, min_entropy: 0.2, max_margin: 0.9, ..gate };
        assert_eq!(strict.skips(&certain).as_deref(), Some("all hypotheses agree"));
        assert_eq!(strict.skips(&open), None);
        let unsure = GateFeatures { entropy: 0.1, ..open };
        assert!(strict.skips(&unsure).is_some_and(|reason| reason.contains("entropy")));
        let ahead = GateFeatures { margin: 0.95, ..open };
        assert!(strict.skips(&ahead).is_some_and(|reason| reason.contains("margin")));
    }

    #[test]
    fn a_gate_that_never_abstains_survives_json() {
        let gate = Gate { min_logprob: f64::NEG_INFINITY, ..Gate::default() };
        let json = serde_json::to_string(&gate).unwrap();
        assert_eq!(serde_json::from_str::<Gate>(&json).unwrap(), gate);
    }
}
