//! The `gec` command line: parse, run one verb, exit code.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    gec::commands::main(gec::cli::Cli::parse())
}
