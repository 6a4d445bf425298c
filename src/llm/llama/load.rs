//! From a file to a loaded model: checks first, so that messages are clear.

use std::{
    io::{Read, Seek, SeekFrom},
    path::Path,
    sync::OnceLock,
};

use llama_cpp_2::{
    gguf::GgufContext,
    llama_backend::LlamaBackend,
    model::{LlamaModel, params::LlamaModelParams},
    token_type::LlamaTokenAttr,
};

use super::logs;
use crate::llm::{LlmError, TokenId, Vocab};

/// The process-wide llama.cpp back end.
pub(super) fn backend(path: &Path) -> Result<&'static LlamaBackend, LlmError> {
    static BACKEND: OnceLock<Result<LlamaBackend, String>> = OnceLock::new();
    logs::install();
    BACKEND
        .get_or_init(|| LlamaBackend::init().map_err(|error| error.to_string()))
        .as_ref()
        .map_err(|reason| LlmError::Load { path: path.to_owned(), reason: reason.clone() })
}

/// Loads the model after checking what llama.cpp would report less clearly.
pub(super) fn model(path: &Path, gpu_layers: u32) -> Result<LlamaModel, LlmError> {
    let backend = backend(path)?;
    check_file(path, gpu_layers)?;
    logs::clear();
    let refused = |fallback: &str| LlmError::Load {
        path: path.to_owned(),
        reason: logs::last_errors(fallback),
    };
    let truncated = |reason: String| {
        let words = ["not within the file bounds", "failed to read", "unexpected end"];
        if words.iter().any(|word| reason.contains(word)) {
            LlmError::Truncated { path: path.to_owned(), reason }
        } else {
            LlmError::Load { path: path.to_owned(), reason }
        }
    };
    let Some(metadata) = GgufContext::from_file(path) else {
        let reason = logs::last_errors("its metadata cannot be parsed");
        return Err(LlmError::Truncated { path: path.to_owned(), reason });
    };
    if metadata.find_key("tokenizer.ggml.model") < 0 {
        return Err(LlmError::NoTokenizer { path: path.to_owned() });
    }
    drop(metadata);
    let parameters = LlamaModelParams::default().with_n_gpu_layers(gpu_layers);
    let model = LlamaModel::load_from_file(backend, path, &parameters)
        .map_err(|error| truncated(logs::last_errors(&error.to_string())))?;
    if model.vocab().n_tokens() == 0 {
        return Err(refused("the vocabulary is empty"));
    }
    Ok(model)
}

fn check_file(path: &Path, gpu_layers: u32) -> Result<(), LlmError> {
    let unreadable = |error: std::io::Error| LlmError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(LlmError::Unreadable {
            path: path.to_owned(),
            reason: "it is a folder".into(),
        });
    }
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    file.take(8).read_to_end(&mut head).map_err(unreadable)?;
    if head.starts_with(b"GGUF") && head.len() < 8 {
        let reason = format!("it has {} bytes", metadata.len());
        return Err(LlmError::Truncated { path: path.to_owned(), reason });
    }
    if !head.starts_with(b"GGUF") {
        let reason = format!(
            "it has {} bytes and starts with `{}` instead of `GGUF`",
            metadata.len(),
            head.iter().take(4).map(|&byte| byte as char).collect::<String>().escape_default()
        );
        return Err(LlmError::NotGguf { path: path.to_owned(), reason });
    }
    if gpu_layers == 0
        && let Some(memory) = total_memory()
        && metadata.len() > memory
    {
        let bytes = metadata.len();
        return Err(LlmError::LargerThanMemory { path: path.to_owned(), bytes, memory });
    }
    Ok(())
}

/// The machine's memory in bytes, where the system tells it in `/proc/meminfo`.
fn total_memory() -> Option<u64> {
    let text = fs_err::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Reads the whole vocabulary as bytes.
pub(super) fn vocabulary(model: &LlamaModel) -> Vocab {
    let vocab = model.vocab();
    let mut pieces = Vec::new();
    let mut end = Vec::new();
    let mut specials = Vec::new();
    for token in vocab.tokens() {
        let is_end = vocab.is_eog(token);
        let attributes = vocab.attr(token);
        let special = attributes.contains(LlamaTokenAttr::Control)
            || attributes.contains(LlamaTokenAttr::UserDefined)
            || attributes.contains(LlamaTokenAttr::Unknown);
        if special && let Some(text) = vocab.text(token) {
            let text = text.to_string_lossy();
            if !text.is_empty() {
                specials.push(text.into_owned());
            }
        }
        let control = vocab.is_control(token);
        pieces.push(if control { Vec::new() } else { vocab.token_to_piece(token, false, None) });
        end.push(is_end);
    }
    Vocab::new(pieces, end, specials)
}

/// Whether the last tokens of a sequence can be taken back: not from a state that has them
/// all mixed in, and not where what came before a window is dropped.
pub(super) fn can_forget(model: &LlamaModel) -> bool {
    let window = model
        .meta_val_str("general.architecture")
        .and_then(|name| model.meta_val_str(&format!("{name}.attention.sliding_window")));
    let window = window.is_ok_and(|window| window != "0");
    !(model.is_recurrent() || model.is_hybrid() || window)
}

/// The text of a special token, empty for ids below 0.
pub(super) fn special_text(model: &LlamaModel, token: TokenId) -> String {
    if token < 0 {
        return String::new();
    }
    let token = llama_cpp_2::token::LlamaToken(token);
    model.vocab().text(token).map_or_else(String::new, |text| text.to_string_lossy().into_owned())
}
