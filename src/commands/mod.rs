//! What the verbs mean: one file each.

mod answers;
mod arms;
mod compare;
mod corpora;
mod correct;
pub mod dataset;
pub mod db;
mod doctor;
mod edits;
mod equip;
mod examples;
mod export;
mod failure;
mod first_pass;
mod import;
mod interrupt;
mod man;
mod model;
mod output;
mod profiles;
mod progress;
mod prompt;
mod report;
pub mod run;
mod run_one;
pub mod runs;
mod score;
mod settings;
mod show_report;
mod side_by_side;
mod stored;
pub mod transcribe;
mod tune;

use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::CommandFactory;
use tracing_subscriber::{
    EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

pub use self::interrupt::Interrupt;
use crate::{
    cli::{Cli, Command, Global},
    datasets::DataDirs,
    store,
};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// All is done.
    Done,
    /// Done, but something failed or a check did not hold.
    Incomplete,
    /// Interrupted; what was finished is stored.
    Interrupted,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(match status {
            ExitStatus::Done => 0,
            ExitStatus::Incomplete => 1,
            ExitStatus::Interrupted => 130,
        })
    }
}

impl From<bool> for ExitStatus {
    fn from(good: bool) -> Self {
        if good { Self::Done } else { Self::Incomplete }
    }
}

/// Options of every verb, resolved once.
#[derive(Debug, Clone)]
pub struct Context {
    /// The database.
    pub db: PathBuf,
    /// Where corpora are looked for.
    pub data: DataDirs,
    /// Whether a progress bar may be drawn on stderr.
    pub progress: bool,
    /// Whether notes go to stderr.
    pub quiet: bool,
}

impl Context {
    /// Resolves the options.
    ///
    /// # Errors
    /// Where no database is named and the home folder is unknown.
    pub fn new(global: &Global) -> anyhow::Result<Self> {
        Ok(Self {
            db: match &global.db {
                Some(path) => path.clone(),
                None => store::default_path()?,
            },
            data: DataDirs::resolve(global.data_dir.as_deref()),
            progress: !global.quiet && std::io::stderr().is_terminal(),
            quiet: global.quiet,
        })
    }

    /// Writes a line to stderr unless asked to be quiet, and to the log file.
    pub fn note(&self, line: &str) {
        tracing::info!(target: TOLD, "{line}");
        if !self.quiet {
            // Nothing can be done where stderr is closed.
            let _ = writeln!(std::io::stderr(), "{}", for_terminal(line));
        }
    }
}

/// Where what is told anyway goes: into the log file alone.
const TOLD: &str = "gec_told";

/// Lines in which nothing moves a terminal's cursor: paths and names may hold anything.
fn for_terminal(text: &str) -> String {
    text.split('\n').map(runs::printable).collect::<Vec<_>>().join("\n")
}

/// Runs the command line and returns the exit code: 0 done, 1 done but something failed,
/// 2 could not run, 130 interrupted.
#[must_use]
pub fn main(cli: Cli) -> ExitCode {
    if let Err(error) = start_logging(&cli.global) {
        return failure::report(&error);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failure::report(&error.into()),
    };
    let typed: Vec<String> = std::env::args().skip(1).collect();
    tracing::info!(target: TOLD, "gec {} {}", env!("CARGO_PKG_VERSION"), typed.join(" "));
    let ended = runtime.block_on(dispatch(cli));
    match &ended {
        Ok(status) => tracing::info!(target: TOLD, "ended: {status:?}"),
        Err(error) => tracing::info!(target: TOLD, "ended: {error:#}"),
    }
    // All is stored by now: a request to a server that still runs is not waited for.
    runtime.shutdown_background();
    match ended {
        Ok(status) => status.into(),
        // Whoever reads our output has seen enough: not a failure.
        Err(error) if failure::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => failure::report(&error),
    }
}

async fn dispatch(cli: Cli) -> anyhow::Result<ExitStatus> {
    let context = Context::new(&cli.global)?;
    let mut out = std::io::stdout();
    match &cli.command {
        Command::Run(args) => run::run(args, &context, &mut out).await,
        Command::Transcribe(args) => transcribe::run(args, &context, &mut out).await,
        Command::Correct(args) => correct::run(args, &context, &mut out).await,
        Command::Edits(args) => edits::run(args, &context, &mut out).await,
        Command::Prompt(args) => prompt::run(args, &context, &mut out).await,
        Command::Compare(args) => compare::run(args, &context, &mut out).await,
        Command::Report(args) => show_report::run(args, &context, &mut out).await,
        Command::Man { folder } => man::run(folder),
        Command::Doctor(args) => doctor::run(args, &context, &mut out).await,
        Command::Tune(args) => tune::run(args, &context, &mut out).await,
        Command::Profiles(args) => profiles::run(args, &context, &mut out).await,
        Command::Score(args) => score::run(args, &context, &mut out).await,
        Command::Import(args) => import::run(args, &context, &mut out).await,
        Command::Export(args) => export::run(args, &context, &mut out).await,
        Command::Dataset(args) => dataset(args, &context, &mut out),
        Command::Runs(args) => Ok(runs::run(args, &context.db, &mut out).await?.into()),
        Command::Db(args) => Ok(db::run(args, &context.db, &mut out).await?.into()),
        Command::Completions { shell } => {
            // Into memory first: clap_complete panics where it cannot write.
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "gec", &mut script);
            out.write_all(&script)?;
            Ok(ExitStatus::Done)
        }
    }
}

fn dataset(
    args: &crate::cli::dataset::DatasetArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    // The hub client blocks; it must not do so on the runtime's threads.
    tokio::task::block_in_place(|| Ok(dataset::run(args, &context.data, out)?.into()))
}

/// Logs to stderr and, where asked, with times to a file.
fn start_logging(global: &Global) -> anyhow::Result<()> {
    let level = match global.verbose {
        // sqlx warns of every statement slower than a second, which tells a user nothing.
        0 => "warn,sqlx=error",
        1 => "gec=info,warn,sqlx=error",
        2 => "gec=debug,llama.cpp=debug,info",
        _ => "trace",
    };
    let filter =
        |level| EnvFilter::try_from_env("GEC_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let without_told = |filter: EnvFilter| match format!("{TOLD}=off").parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    };
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let stderr = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .with_target(false)
        .with_filter(without_told(filter(level)));
    let file = match &global.log_file {
        Some(path) => {
            let file = fs_err::OpenOptions::new().create(true).append(true).open(path)?;
            let (file, _) = file.into_parts();
            let layer = tracing_subscriber::fmt::layer().with_writer(std::sync::Mutex::new(file));
            Some(
                layer
                    .with_ansi(false)
                    .with_filter(filter("gec=info,gec_told=info,warn,sqlx=error")),
            )
        }
        None => None,
    };
    tracing_subscriber::registry().with(stderr).with(file).init();
    Ok(())
}
