//! `gec doctor`: what is there, and what is wrong with it.

use std::{fmt::Write as _, io::Write, path::Path, time::Duration};

use serde::Serialize;

use super::{Context, ExitStatus, failure, model, runs};
use crate::{
    cli::{doctor::DoctorArgs, runs::ListFormat},
    datasets::{self, Manifest},
    llm::{LanguageModel, llama},
    prompt::{self, Template},
    recogniser::{self, Worker, WorkerOptions},
    report::printable,
    store::{self, Store},
};

/// How long the recogniser may take to greet.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was found of one thing.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    state: State,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Good,
    /// Not there, and not needed for everything.
    Absent,
    Faulty,
}

impl Finding {
    fn good(what: &'static str, detail: impl Into<String>) -> Self {
        Self { what, state: State::Good, detail: detail.into(), hint: None }
    }

    fn absent(what: &'static str, detail: impl Into<String>, hint: &str) -> Self {
        let hint = Some(hint.to_owned());
        Self { what, state: State::Absent, detail: detail.into(), hint }
    }

    fn faulty(what: &'static str, error: &anyhow::Error) -> Self {
        let hint = failure::hint_of(error);
        Self { what, state: State::Faulty, detail: format!("{error:#}"), hint }
    }
}

/// Runs the verb and writes its findings to `out`.
///
/// # Errors
/// Where `out` cannot be written.
pub(super) async fn run(
    args: &DoctorArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let mut findings = vec![program(), machine(), instructions()];
    findings.push(match model::load(&args.model, context).await {
        Ok(model) => Finding::good("language model", describe(model.as_ref())),
        Err(error) => Finding::faulty("language model", &error),
    });
    findings.push(tokio::task::spawn_blocking(recogniser).await?);
    findings.push(database(&context.db).await);
    findings.push(templates());
    findings.extend(corpora(context));
    if args.format == ListFormat::Json {
        runs::write_json(&serde_json::json!({ "findings": findings }), out)?;
    } else {
        table(&findings, out)?;
    }
    Ok(findings.iter().all(|finding| finding.state != State::Faulty).into())
}

fn table(findings: &[Finding], out: &mut dyn Write) -> anyhow::Result<()> {
    let width = findings.iter().map(|finding| finding.what.len()).max().unwrap_or(0);
    for finding in findings {
        let mark = match finding.state {
            State::Good => "good  ",
            State::Absent => "absent",
            State::Faulty => "FAULTY",
        };
        writeln!(out, "{mark}  {:width$}  {}", finding.what, printable(&finding.detail))?;
        if let Some(hint) = &finding.hint {
            writeln!(out, "{:8}{:width$}  hint: {}", "", "", printable(hint))?;
        }
    }
    Ok(())
}

fn program() -> Finding {
    let mut detail = format!("gec {}", env!("CARGO_PKG_VERSION"));
    let features = [
        ("asr", cfg!(feature = "asr")),
        ("hub", cfg!(feature = "hub")),
        ("opus", cfg!(feature = "opus")),
        ("cuda", cfg!(feature = "cuda")),
        ("metal", cfg!(feature = "metal")),
        ("vulkan", cfg!(feature = "vulkan")),
    ];
    let built: Vec<&str> = features.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
    // Writing into a string never fails.
    let _ = write!(detail, ", built with {}", built.join(", "));
    if let Ok(path) = std::env::current_exe() {
        let _ = write!(detail, ", {}", path.display());
    }
    Finding::good("program", detail)
}

fn machine() -> Finding {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut detail = format!("{} {}, {cores} cores", std::env::consts::OS, std::env::consts::ARCH);
    if let Some(kibibytes) = memory() {
        let _ = write!(detail, ", {:.1} GiB of memory", kibibytes as f64 / f64::from(1 << 20));
    }
    Finding::good("machine", detail)
}

/// What of this processor llama.cpp was built for.
fn instructions() -> Finding {
    const WHAT: &str = "instructions";
    let used = llama::instructions();
    let detail = used.join(", ");
    match llama::unused_instructions(&used).as_slice() {
        [] => Finding::good(WHAT, detail),
        unused => Finding::absent(
            WHAT,
            format!("{detail}; this processor has {} too", unused.join(", ")),
            "models may run faster when gec is built for this processor: make install, or \
             RUSTFLAGS=\"-C target-cpu=native\" cargo install --path .",
        ),
    }
}

/// Kibibytes of memory, where the system says it in `/proc`.
fn memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn describe(model: &dyn LanguageModel) -> String {
    let info = model.info();
    let chat = if info.chat_template.is_some() { "with" } else { "without" };
    format!(
        "{}, {:.1} million parameters, {} tokens of context used of {}, {chat} a chat template, {}",
        info.name,
        info.parameters as f64 / 1e6,
        model.context_size(),
        info.context_trained,
        info.path,
    )
}

/// Starts a recogniser with the built-in model.
fn recogniser() -> Finding {
    const WHAT: &str = "recogniser";
    let start = || -> anyhow::Result<String> {
        let program = recogniser::locate()?;
        let options = WorkerOptions {
            program: program.clone(),
            model: recogniser::shipped::unpack(&model::cache_folder()?)?,
            voice_model: None,
            threads: 1,
            gpu: false,
            limit: PATIENCE,
        };
        let worker = Worker::start(&options)?;
        Ok(format!("{}, {}", program.display(), worker.library().trim()))
    };
    match start() {
        Ok(detail) => Finding::good(WHAT, detail),
        Err(error) => Finding::faulty(WHAT, &error),
    }
}

async fn database(path: &Path) -> Finding {
    const WHAT: &str = "database";
    if !path.exists() {
        let hint = "it is made by the first command that needs it";
        return Finding::absent(WHAT, path.display().to_string(), hint);
    }
    let look = async || -> store::Result<String> {
        let store = Store::open_existing(path).await?;
        store.check().await?;
        let stats = store.stats().await?;
        store.close().await?;
        Ok(format!(
            "{}, {:.1} MB, {} corpora, {} runs, {} corrections",
            path.display(),
            stats.bytes as f64 / 1e6,
            stats.corpora,
            stats.runs,
            stats.corrections
        ))
    };
    match look().await {
        Ok(detail) => Finding::good(WHAT, detail),
        Err(error) => Finding::faulty(WHAT, &error.into()),
    }
}

fn templates() -> Finding {
    const WHAT: &str = "templates";
    let names = prompt::names();
    for name in &names {
        if let Err(error) = Template::load(name) {
            return Finding::faulty(WHAT, &error.into());
        }
    }
    Finding::good(WHAT, names.join(", "))
}

/// The folders that are searched, and what known corpora are in them.
fn corpora(context: &Context) -> Vec<Finding> {
    const WHAT: &str = "corpora";
    let mut findings = Vec::new();
    let folders: Vec<String> =
        context.data.folders().iter().map(|folder| folder.display().to_string()).collect();
    for name in datasets::names(&context.data) {
        match Manifest::load(&name, &context.data) {
            Err(error) => findings.push(Finding::faulty(WHAT, &error.into())),
            Ok(manifest) => {
                let files = manifest.subsets.iter().flat_map(|subset| &subset.files);
                let (there, all) = files.fold((0, 0), |(there, all), file| {
                    let found = manifest.locate(file, &context.data).is_some();
                    (there + usize::from(found), all + 1)
                });
                let detail = format!("{name}: {there} of {all} files");
                findings.push(match there {
                    0 => Finding::absent(
                        WHAT,
                        format!("{detail}, searched in {}", folders.join(", ")),
                        "`gec dataset show` tells how to get it",
                    ),
                    _ => Finding::good(WHAT, detail),
                });
            }
        }
    }
    findings
}
