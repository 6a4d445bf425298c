//! Fusing what the recogniser heard into each decoding step.

mod uadf;

pub use self::uadf::{Uadf, UadfHook, fuse, sigmoid};
