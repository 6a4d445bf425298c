//! Settings of all methods in one value, which is part of a run's fingerprint.

use serde::{Deserialize, Serialize};

use super::{Gate, Guard};
use crate::{
    acoustic::{Calibration, Posterior},
    fusion::{Form, Fusion, Weight},
};

/// How text is decoded where nothing is fused.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Decoding {
    /// 0 decodes greedily; above it is the sampling temperature.
    pub temperature: f64,
    /// Nucleus of the sampled distribution, in (0, 1].
    pub top_p: f64,
    /// Seed of sampling; every utterance has its own stream.
    pub seed: u64,
}

impl Default for Decoding {
    fn default() -> Self {
        Self { temperature: 0.0, top_p: 1.0, seed: 1 }
    }
}

/// How the methods that fuse do it: `uadf` takes `beta`, `static-fusion` the weight, both the
/// rest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FusionSettings {
    /// Temperature of the language model's distribution (above 0).
    pub tau_llm: f64,
    /// Subtracted from `sigmoid(U)` to give the recogniser's weight in `uadf`.
    pub beta: f64,
    /// The same where the recogniser recorded what it believed, which is worth more than a
    /// list's scores.
    pub recorded_beta: f64,
    /// The recogniser's weight in `static-fusion`, at least 0.
    pub static_weight: f64,
    /// Whether probabilities are added, or their logarithms.
    pub form: Form,
    /// With logarithms, the least probability of what was not heard (above 0).
    pub floor: f64,
    /// Whether a text that left what was heard re-enters it at the next word.
    pub reentry: bool,
    /// Confidences of words are taken to the power of one over this (above 0). Fusion decodes
    /// best at temperatures at which it is less sure than it should be; this is set so that
    /// confidences are right as often as they say. It changes no text.
    pub confidence_tau: f64,
}

impl Default for FusionSettings {
    fn default() -> Self {
        Self {
            tau_llm: 1.5,
            beta: 0.5,
            recorded_beta: -1.0,
            static_weight: 0.25,
            form: Form::Probability,
            floor: 1e-3,
            reentry: true,
            confidence_tau: 1.0,
        }
    }
}

impl FusionSettings {
    /// The rule of `uadf`, for lists or for what a recogniser recorded.
    #[must_use]
    pub fn dynamic(&self, recorded: bool) -> Fusion {
        let beta = if recorded { self.recorded_beta } else { self.beta };
        self.rule(Weight::Uncertainty { beta })
    }

    /// The rule of `static-fusion`.
    #[must_use]
    pub fn fixed(&self) -> Fusion {
        self.rule(Weight::Constant(self.static_weight))
    }

    fn rule(&self, weight: Weight) -> Fusion {
        let Self { tau_llm, form, floor, reentry, .. } = *self;
        Fusion { tau_llm, weight, form, floor, reentry }
    }
}

/// Settings of all methods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    /// How a list becomes a distribution.
    pub posterior: Posterior,
    /// How recorded beliefs become a distribution.
    pub calibration: Calibration,
    /// Whether only the list counts, also where beliefs were recorded.
    pub list_only: bool,
    /// How text is decoded.
    pub decoding: Decoding,
    /// Weight of the list posterior's logarithm beside the model's in `lm-rank`.
    pub list_weight: f64,
    /// What the probability of no word is multiplied by in `rover`'s vote, at least 0.
    pub rover_null_share: f64,
    /// Fusion of model and recogniser.
    pub fusion: FusionSettings,
    /// What the cascade skips.
    pub gate: Gate,
    /// What the cascade refuses.
    pub guard: Guard,
    /// The method inside the cascade.
    pub inner: String,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            posterior: Posterior::default(),
            calibration: Calibration::default(),
            list_only: false,
            decoding: Decoding::default(),
            list_weight: 1.0,
            rover_null_share: 1.0,
            fusion: FusionSettings::default(),
            gate: Gate::default(),
            guard: Guard::default(),
            inner: "uadf".into(),
        }
    }
}
