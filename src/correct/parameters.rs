//! Settings of all methods in one value, which is part of a run's fingerprint.

use serde::{Deserialize, Serialize};

use super::{Gate, Guard};
use crate::{
    acoustic::{Calibration, Posterior},
    fusion::Uadf,
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
    /// Fusion.
    pub uadf: Uadf,
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
            uadf: Uadf::default(),
            gate: Gate::default(),
            guard: Guard::default(),
            inner: "uadf".into(),
        }
    }
}
