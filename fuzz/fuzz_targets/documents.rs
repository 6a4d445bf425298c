//! Any bytes in any transcript format: what is read is written back byte for byte, and edits
//! change words alone. `GEC_FUZZ_FORMAT` names the format; without it the first byte chooses.
//!
//! ```text
//! GEC_FUZZ_FORMAT=srt RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none documents -- -max_total_time=600
//! ```
#![no_main]

use std::sync::LazyLock;

use gec::document::{DocumentFormat, fuzzing};

static FORMAT: LazyLock<Option<DocumentFormat>> = LazyLock::new(|| {
    let name = std::env::var("GEC_FUZZ_FORMAT").ok()?;
    Some(name.parse().expect("a format's name"))
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (format, content) = match (*FORMAT, data.split_first()) {
        (Some(format), _) => (format, data),
        (None, Some((first, rest))) => {
            (DocumentFormat::ALL[usize::from(*first) % DocumentFormat::ALL.len()], rest)
        }
        (None, None) => return,
    };
    let checked = fuzzing::check(content, format);
    assert!(checked.is_ok(), "{checked:?}");
});
