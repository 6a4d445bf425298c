//! The command line.

use std::ffi::OsString;

/// What was typed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Args {
    /// Say how to use the program.
    Help,
    /// Say which version it is.
    Version,
    /// Answer requests.
    Serve {
        /// Threads where a request names no number.
        threads: u32,
    },
}

pub(crate) const VERSION: &str = concat!("gec-whisper ", env!("CARGO_PKG_VERSION"));

pub(crate) const HELP: &str = "\
Runs whisper.cpp for gec, which starts this program itself.
Requests come on standard input and answers go to standard output, in a binary protocol.

Usage: gec-whisper [--threads <N>]

Options:
  --threads <N>  Threads where gec names no number [default: the processors, at most 8]
  --version      Print the version
  --help         Print this help";

/// What the arguments, without the program's name, ask for.
///
/// # Errors
/// A message about the first argument that is not understood.
pub(crate) fn parse(args: impl Iterator<Item = OsString>) -> Result<Args, String> {
    let mut args = args.map(|argument| argument.to_string_lossy().into_owned());
    let mut threads = default_threads();
    while let Some(argument) = args.next() {
        match argument.as_str() {
            "--help" | "-h" => return Ok(Args::Help),
            "--version" | "-V" => return Ok(Args::Version),
            "--threads" => threads = number(args.next().as_deref().unwrap_or_default())?,
            other => match other.strip_prefix("--threads=") {
                Some(value) => threads = number(value)?,
                None => return Err(format!("`{other}` is not known; see `gec-whisper --help`")),
            },
        }
    }
    Ok(Args::Serve { threads })
}

fn number(value: &str) -> Result<u32, String> {
    value
        .parse()
        .ok()
        .filter(|threads| (1..=512).contains(threads))
        .ok_or_else(|| format!("`--threads` takes a number from 1 to 512, not `{value}`"))
}

fn default_threads() -> u32 {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    processors.min(8) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Args, String> {
        parse(args.iter().map(OsString::from))
    }

    #[test]
    fn options_are_understood_in_both_spellings() {
        assert_eq!(parsed(&["--threads", "3"]), Ok(Args::Serve { threads: 3 }));
        assert_eq!(parsed(&["--threads=4"]), Ok(Args::Serve { threads: 4 }));
        assert_eq!(parsed(&["--version"]), Ok(Args::Version));
        assert_eq!(parsed(&["--threads", "2", "--help"]), Ok(Args::Help));
        assert!(matches!(parsed(&[]), Ok(Args::Serve { threads: 1..=8 })));
    }

    #[test]
    fn anything_else_is_named_in_the_message() {
        for args in [&["--thread", "3"][..], &["model.bin"], &["--threads", "0"], &["--threads"]] {
            assert!(parsed(args).is_err(), "{args:?}");
        }
        assert!(parsed(&["--threads", "many"]).unwrap_err().contains("`many`"));
    }
}
