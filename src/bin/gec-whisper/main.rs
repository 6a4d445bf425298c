//! The recogniser process: runs whisper.cpp for `gec` over standard input and output.
//!
//! The modules in the order a request goes through them:
//!
//! 1. [`args`] is what was typed, [`serve`] reads requests and writes answers.
//! 2. [`model_file`] looks at a file before the library gets it, [`engine`] loads it,
//!    [`vocabulary`] knows its tokens, [`tokenize`] cuts text into them and [`suppress`]
//!    says which of them may not be used.
//! 3. [`decode`] searches a window; meanwhile [`recorder`] writes down what the model
//!    believed, with [`distribution`] for the numbers. [`hypotheses`] makes the list of it,
//!    [`times`] says when the words were spoken.
//! 4. [`score`] gives the log-probabilities of given texts, [`voice`] finds speech.

mod args;
mod decode;
mod distribution;
mod engine;
mod error;
mod hypotheses;
mod model_file;
mod recorder;
mod score;
mod serve;
mod suppress;
#[cfg(test)]
mod tests;
mod times;
mod tokenize;
mod vocabulary;
mod voice;

use std::{
    io::{BufReader, Write, stderr, stdin, stdout},
    process::ExitCode,
};

use args::{Args, HELP, VERSION};

fn main() -> ExitCode {
    // Without a log back end the hooks drop what the libraries would write.
    whisper_rs::install_logging_hooks();
    let result = match args::parse(std::env::args_os().skip(1)) {
        Ok(Args::Help) => return print(HELP),
        Ok(Args::Version) => return print(VERSION),
        Ok(Args::Serve { threads }) => {
            serve::serve(&mut BufReader::new(stdin().lock()), &mut stdout().lock(), threads)
                .map_err(|error| with_causes(&error))
        }
        Err(message) => Err(message),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Nothing can be done where stderr is closed.
            let _ = writeln!(stderr(), "error: {message}");
            ExitCode::from(2)
        }
    }
}

fn print(text: &str) -> ExitCode {
    match writeln!(stdout(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(2),
    }
}

/// An error and its causes in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
