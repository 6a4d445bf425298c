//! tmp
use super::{Normalizer, spaces};
use std::borrow::Cow;
pub(super) struct WhisperEn;
impl Normalizer for WhisperEn {
    fn name(&self) -> &'static str {
        "whisper-en"
    }
    fn normalize<'t>(&self, text: &'t str) -> Cow<'t, str> {
        spaces::collapse(text)
    }
}
