//! `gec man`: manual pages.

use std::path::Path;

use clap::CommandFactory as _;

use super::ExitStatus;
use crate::cli::Cli;

/// Writes a page for `gec` and one for each of its verbs into a folder.
///
/// # Errors
/// Where the folder cannot be made or written.
pub(super) fn run(folder: &Path) -> anyhow::Result<ExitStatus> {
    fs_err::create_dir_all(folder)?;
    // Names what failed: this writes without saying where.
    clap_mangen::generate_to(Cli::command(), folder)
        .map_err(|error| anyhow::anyhow!("cannot write into `{}`: {error}", folder.display()))?;
    Ok(ExitStatus::Done)
}
