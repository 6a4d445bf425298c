//! How a failure is told: what, why, and what to do.

use std::{io::Write, process::ExitCode};

use crate::{
    archive::ArchiveError,
    audio::{AudioError, inputs::InputError},
    corpus::CorpusError,
    correct::CorrectError,
    datasets::DatasetError,
    document::DocumentError,
    evolve::EvolveError,
    export::ExportError,
    glossary::GlossaryError,
    llm::LlmError,
    prompt::PromptError,
    recogniser::RecogniserError,
    store::StoreError,
    tune::TuneError,
};

/// Tells of an error; the exit code of a command that could not run.
pub(super) fn report(error: &anyhow::Error) -> ExitCode {
    complain(error);
    ExitCode::from(2)
}

/// Writes `error:`, its causes and a `hint:` to stderr.
pub(super) fn complain(error: &anyhow::Error) {
    let mut text = format!("error: {error}\n");
    let mut last = error.to_string();
    for cause in error.chain().skip(1) {
        let line = cause.to_string();
        // Transparent errors repeat the words of what they wrap.
        if !last.ends_with(&line) {
            text.push_str(&format!("  caused by: {line}\n"));
        }
        last = line;
    }
    if let Some(hint) = hint_of(error) {
        text.push_str(&format!("hint: {hint}\n"));
    }
    // Nothing can be done where stderr is closed.
    let _ = std::io::stderr().write_all(super::for_terminal(&text).as_bytes());
}

/// What can be done about an error, where somebody knows.
pub(super) fn hint_of(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(hint)
}

fn hint(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    macro_rules! first {
        ($($kind:ty),*) => { None$(.or_else(|| error.downcast_ref::<$kind>()?.hint()))* };
    }
    if let Some(error) = error.downcast_ref::<EvolveError>() {
        return error.hint().map(str::to_owned);
    }
    first!(
        ArchiveError,
        DocumentError,
        GlossaryError,
        CorrectError,
        TuneError,
        LlmError,
        PromptError,
        StoreError,
        DatasetError,
        CorpusError,
        ExportError,
        RecogniserError,
        AudioError,
        InputError,
        Hinted
    )
}

/// A message of a command itself, with what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct Hinted {
    message: String,
    hint: String,
}

impl Hinted {
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }

    #[expect(clippy::unnecessary_wraps, reason = "the same shape as the other errors' hints")]
    fn hint(&self) -> Option<String> {
        Some(self.hint.clone())
    }
}

/// Whether the error comes from writing to a pipe that nobody reads any more.
pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| match cause.downcast_ref::<serde_json::Error>() {
            // It hides the cause from the chain.
            Some(json) => json.io_error_kind(),
            None => cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind),
        })
        .any(|kind| kind == std::io::ErrorKind::BrokenPipe)
}
