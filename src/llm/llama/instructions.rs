//! What of the processor llama.cpp was built for.

use std::{
    ffi::CStr,
    sync::{Mutex, PoisonError},
};

use llama_cpp_sys_2 as sys;

/// Sets of instructions and parts that llama.cpp was built with, by its names for them
/// (`AVX2`, `NEON`, `OPENMP`).
#[must_use]
pub fn instructions() -> Vec<String> {
    // The text lies in a buffer that each call writes anew.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: it takes nothing, and there is no other call of it at the same time.
    let told = unsafe { sys::llama_print_system_info() };
    // SAFETY: the text ends in a zero and stays as it is until the next call, and there is none
    // before it is copied.
    let told = unsafe { CStr::from_ptr(told) };
    listed(&told.to_string_lossy())
}

/// What only a build for one machine uses. With these the last bits of the logits are others.
const OF_ONE_MACHINE: [&str; 12] = [
    "AMX_INT8",
    "AVX512",
    "AVX512_BF16",
    "AVX512_VBMI",
    "AVX512_VNNI",
    "AVX_VNNI",
    "AVX_VNNI_INT8",
    "DOTPROD",
    "FP16_VA",
    "MATMUL_INT8",
    "SME",
    "SVE",
];

/// Those among [`instructions`] that a build for any machine of this kind does without.
pub(super) fn of_one_machine() -> Vec<String> {
    let mut own = instructions();
    own.retain(|name| OF_ONE_MACHINE.contains(&name.as_str()));
    own
}

/// Those sets of instructions that this processor has and that are not among `used`, where they
/// make a model faster.
#[must_use]
pub fn unused_instructions(used: &[String]) -> Vec<&'static str> {
    let worthwhile = of_this_processor().into_iter().filter_map(|(name, has)| has.then_some(name));
    worthwhile.filter(|name| used.iter().all(|known| known != name)).collect()
}

#[cfg(target_arch = "x86_64")]
fn of_this_processor() -> Vec<(&'static str, bool)> {
    use std::arch::is_x86_feature_detected as has;
    vec![
        ("AVX2", has!("avx2")),
        ("AVX_VNNI", has!("avxvnni")),
        ("AVX512", has!("avx512f") && has!("avx512bw") && has!("avx512dq")),
        ("AVX512_VNNI", has!("avx512vnni")),
        ("AVX512_BF16", has!("avx512bf16")),
    ]
}

#[cfg(target_arch = "aarch64")]
fn of_this_processor() -> Vec<(&'static str, bool)> {
    use std::arch::is_aarch64_feature_detected as has;
    vec![
        ("DOTPROD", has!("dotprod")),
        ("MATMUL_INT8", has!("i8mm")),
        ("SVE", has!("sve")),
        ("FP16_VA", has!("fp16")),
    ]
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn of_this_processor() -> Vec<(&'static str, bool)> {
    Vec::new()
}

/// The names in `CPU : SSE3 = 1 | AVX = 0 | OPENMP = 1 | ` that are 1.
fn listed(told: &str) -> Vec<String> {
    told.split('|')
        .filter_map(|entry| {
            let (name, value) = entry.split_once('=')?;
            let name = name.rsplit(':').next().unwrap_or(name).trim();
            (value.trim() == "1").then(|| name.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_switched_on_is_listed() {
        let told = "CPU : SSE3 = 1 | AVX = 0 | AVX2 = 1 | CUDA : ARCHS = 900 | OPENMP = 1 | ";
        assert_eq!(listed(told), ["SSE3", "AVX2", "OPENMP"]);
        assert!(listed("").is_empty());
    }

    #[test]
    fn the_engine_was_built_for_something_and_what_it_uses_is_not_called_unused() {
        let used = instructions();
        assert!(!used.is_empty());
        assert!(unused_instructions(&used).iter().all(|name| used.iter().all(|own| own != name)));
        let all: Vec<String> =
            of_this_processor().into_iter().map(|(name, _)| name.to_owned()).collect();
        assert!(unused_instructions(&all).is_empty());
    }
}
