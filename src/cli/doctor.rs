//! `gec doctor`.

use clap::Args;

use super::{run::ModelArgs, runs::ListFormat};

/// Looks at everything that `gec` needs and says what is not as it should be.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gec doctor
  gec doctor --model qwen.gguf
  gec doctor --format json

Loads the language model and starts the recogniser. Exits with 1 where something is faulty; what
is only absent, such as corpora that nobody fetched, is no fault.")]
pub struct DoctorArgs {
    /// Format of the result
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
    /// The language model.
    #[command(flatten)]
    pub model: ModelArgs,
}
