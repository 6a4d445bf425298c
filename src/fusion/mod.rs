//! Fusing what the recogniser heard into each decoding step.
//!
//! [`Fusion`] is a rule that makes one distribution of two; [`FusionHook`] decodes with it.
//! [`Reliability`] says whether confidences mean what they say, and [`TeacherForced`] finds
//! the temperature at which a model's do.

mod calibration;
mod hook;
mod rule;
mod teacher;

pub use self::{
    calibration::{Bin, Reliability, Temperature, bisect_temperature},
    hook::FusionHook,
    rule::{Form, Fusion, Weight, fuse, sigmoid},
    teacher::TeacherForced,
};
