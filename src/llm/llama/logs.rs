//! llama.cpp's log: into `tracing`, with the last errors kept for messages.

use std::{
    collections::VecDeque,
    ffi::{CStr, c_char, c_void},
    sync::{Mutex, Once, PoisonError},
};

use llama_cpp_sys_2 as sys;

/// The last lines that llama.cpp logged as errors.
static ERRORS: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());
const KEPT: usize = 4;

/// Sends llama.cpp's log to `tracing` instead of stderr. Does nothing the second time.
pub(super) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: `record` is a plain function that lives as long as the program, and it
        // does not use the user data.
        unsafe { sys::llama_log_set(Some(record), std::ptr::null_mut()) }
    });
}

/// Forgets the kept errors.
pub(super) fn clear() {
    ERRORS.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

/// The kept errors as one line, or `fallback` where there are none.
pub(super) fn last_errors(fallback: &str) -> String {
    let errors = ERRORS.lock().unwrap_or_else(PoisonError::into_inner);
    if errors.is_empty() {
        return fallback.to_owned();
    }
    errors.iter().map(String::as_str).collect::<Vec<_>>().join("; ")
}

unsafe extern "C" fn record(level: sys::ggml_log_level, text: *const c_char, _: *mut c_void) {
    if text.is_null() {
        return;
    }
    // SAFETY: llama.cpp passes a nul-terminated string that lives during the call.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    let line = text.trim_end();
    if line.is_empty() || line.chars().all(|c| c == '.') {
        return;
    }
    if level == sys::GGML_LOG_LEVEL_ERROR {
        tracing::debug!(target: "llama.cpp", "{line}");
        let mut errors = ERRORS.lock().unwrap_or_else(PoisonError::into_inner);
        if errors.len() == KEPT {
            errors.pop_front();
        }
        errors.push_back(line.to_owned());
    } else if level == sys::GGML_LOG_LEVEL_WARN {
        tracing::debug!(target: "llama.cpp", "{line}");
    } else {
        tracing::trace!(target: "llama.cpp", "{line}");
    }
}
