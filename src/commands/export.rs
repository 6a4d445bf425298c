//! `gec export`: a corpus or a run for other programs.

use std::{
    collections::HashSet,
    io::{BufWriter, IsTerminal, Write},
    path::{MAIN_SEPARATOR, PathBuf},
};

use anyhow::Context as _;

use super::{
    Context, ExitStatus,
    failure::Hinted,
    output::{ForTerminal, NewFile, NewFolder},
    stored::{self, Found},
};
use crate::{
    cli::export::{ExportArgs, ExportText},
    corpus::{self, Utterance},
    datasets::ResolvedCorpus,
    export::{Counts, Exporter, Format, KaldiFolder, Text, recording_name},
    store::{CorpusId, RunId, Store},
};

/// Utterances fetched from the store at a time.
const PAGE: usize = 512;

/// Runs the verb; without `--output` it writes to `out`.
///
/// # Errors
/// Where the corpus or run is unknown or cannot be read, the format needs what is not known,
/// or the output cannot be written.
pub(super) async fn run(
    args: &ExportArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let text = text(args)?;
    let mut shown;
    let out: &mut dyn Write = match args.output.is_none() && std::io::stdout().is_terminal() {
        true => {
            shown = ForTerminal::new(out);
            &mut shown
        }
        false => out,
    };
    let mut sink = Sink::open(args, text, out)?;
    let mut bad = 0;
    match (&args.run, &args.corpus) {
        (Some(selector), _) => {
            let store = Store::open_existing(&context.db).await?;
            let run = store.run(selector).await?;
            let done: u64 = run.done.values().sum();
            if done < run.utterances {
                context.note(&format!(
                    "run {} is {}: {done} of {} utterances are written",
                    run.id.0, run.status, run.utterances
                ));
            }
            of_run(run.id, &store, &mut sink).await?;
            store.close().await?;
        }
        (None, corpus) => {
            let spec = corpus.as_deref().unwrap_or_default();
            match stored::find(spec, args.split.as_deref(), context).await? {
                Found::Files(files) => {
                    let name = |file: &ResolvedCorpus| (file.subset.clone(), file.split.clone());
                    let file = only(&files, spec, name)?;
                    bad = of_file(file, context, &mut sink)?;
                }
                Found::Stored(corpora) => {
                    let corpus = only(&corpora, spec, |corpus| {
                        (corpus.key.subset.clone(), corpus.key.split.clone())
                    })?;
                    let store = Store::open_existing(&context.db).await?;
                    of_corpus(corpus.id, &store, &mut sink).await?;
                    store.close().await?;
                }
            }
        }
    }
    let counts = sink.finish()?;
    if counts.without_text > 0 {
        let all = counts.written + counts.without_text;
        context.note(&format!("{} of {all} utterances have no reference", counts.without_text));
    }
    Ok((bad == 0).into())
}

fn text(args: &ExportArgs) -> anyhow::Result<Text> {
    let refuse = |message: String, hint: &str| Err(Hinted::new(message, hint).into());
    match args.text {
        Some(_) if args.format.is_list() => refuse(
            format!("`{}` holds whole lists: there is no text to choose", args.format),
            "leave `--text` out, or choose trn, ctm, srt, vtt or txt",
        ),
        Some(ExportText::Corrected) if args.run.is_none() => refuse(
            "a corpus has no corrections".to_owned(),
            "name a run, `--run last`; `gec runs list` shows the runs",
        ),
        Some(ExportText::OneBest) => Ok(Text::OneBest),
        Some(ExportText::Reference) => Ok(Text::Reference),
        Some(ExportText::Corrected) => Ok(Text::Corrected),
        None if args.run.is_some() => Ok(Text::Corrected),
        None => Ok(Text::OneBest),
    }
}

/// The one corpus that is meant.
fn only<'a, T>(
    found: &'a [T],
    spec: &str,
    name: impl Fn(&T) -> (String, String),
) -> anyhow::Result<&'a T> {
    match found {
        [one] => Ok(one),
        several => {
            let names: Vec<String> =
                several.iter().map(name).map(|(a, b)| format!("{a} {b}")).collect();
            let (count, names) = (several.len(), names.join(", "));
            let hint = "name one, as in `hp:atis`; `--split` chooses among its splits";
            Err(Hinted::new(format!("`{spec}` is {count} corpora: {names}"), hint).into())
        }
    }
}

async fn of_run(run: RunId, store: &Store, sink: &mut Sink<'_>) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let page = store.corrected_texts(run, after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = last.position;
        for (stored, corrected) in &page {
            sink.put(&stored.utterance, Some(corrected))?;
        }
    }
}

async fn of_corpus(corpus: CorpusId, store: &Store, sink: &mut Sink<'_>) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let page = store.page(corpus, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.position;
        for stored in &page {
            sink.put(&stored.utterance, None)?;
        }
    }
}

/// Straight from a file; gives the number of bad records.
fn of_file(file: &ResolvedCorpus, context: &Context, sink: &mut Sink<'_>) -> anyhow::Result<u64> {
    let mut bad = 0;
    for item in corpus::open(&file.source, file.format)? {
        match item {
            Ok(utterance) => sink.put(&utterance, None)?,
            Err(error) if error.is_fatal() => return Err(error.into()),
            Err(error) => {
                bad += 1;
                context.note(&format!("warning: {error}"));
            }
        }
    }
    Ok(bad)
}

/// Where utterances go.
enum Sink<'a> {
    Out(Exporter<BufWriter<&'a mut dyn Write>>),
    File(Exporter<NewFile>),
    Kaldi(KaldiFolder, NewFolder),
    Recordings(Recordings),
}

impl<'a> Sink<'a> {
    fn open(args: &ExportArgs, text: Text, out: &'a mut dyn Write) -> anyhow::Result<Self> {
        let Some(path) = &args.output else {
            if args.format == Format::Kaldi {
                return Err(Hinted::new(
                    "`kaldi` is a folder and cannot go to stdout",
                    "name the folder with `--output`",
                )
                .into());
            }
            return Ok(Self::Out(Exporter::new(args.format, text, BufWriter::new(out))));
        };
        let cannot = || format!("cannot write `{}`", path.display());
        if args.format == Format::Kaldi {
            let folder = NewFolder::create(path).with_context(cannot)?;
            return Ok(Self::Kaldi(KaldiFolder::create(folder.path())?, folder));
        }
        if path.is_dir() || path.to_string_lossy().ends_with(['/', MAIN_SEPARATOR]) {
            fs_err::create_dir_all(path).with_context(cannot)?;
            return Ok(Self::Recordings(Recordings::new(path.clone(), args.format, text)));
        }
        let file = NewFile::create(path).with_context(cannot)?;
        Ok(Self::File(Exporter::new(args.format, text, file)))
    }

    fn put(&mut self, utterance: &Utterance, corrected: Option<&str>) -> anyhow::Result<()> {
        match self {
            Self::Out(exporter) => exporter.put(utterance, corrected)?,
            Self::File(exporter) => exporter.put(utterance, corrected)?,
            Self::Kaldi(folder, _) => folder.put(utterance)?,
            Self::Recordings(recordings) => recordings.put(utterance, corrected)?,
        }
        Ok(())
    }

    /// Ends the output and gives it its name.
    fn finish(self) -> anyhow::Result<Counts> {
        Ok(match self {
            Self::Out(exporter) => exporter.finish()?.1,
            Self::File(exporter) => {
                let (file, counts) = exporter.finish()?;
                file.commit()?;
                counts
            }
            Self::Kaldi(files, folder) => {
                let counts = files.finish()?;
                folder.commit()?;
                counts
            }
            Self::Recordings(recordings) => recordings.finish()?,
        })
    }
}

/// One file for each recording, called as it is.
struct Recordings {
    folder: PathBuf,
    format: Format,
    text: Text,
    open: Option<(String, Exporter<NewFile>)>,
    written: HashSet<String>,
    counts: Counts,
}

impl Recordings {
    fn new(folder: PathBuf, format: Format, text: Text) -> Self {
        let written = HashSet::new();
        Self { folder, format, text, open: None, written, counts: Counts::default() }
    }

    fn put(&mut self, utterance: &Utterance, corrected: Option<&str>) -> anyhow::Result<()> {
        let Some(audio) = &utterance.audio else {
            return Err(Hinted::new(
                format!("it is not known what recording utterance `{}` is of", utterance.id),
                "name a file with `--output` instead of a folder",
            )
            .into());
        };
        if self.open.as_ref().is_none_or(|(open, _)| open != audio) {
            self.close()?;
            let exporter = self.begin(audio)?;
            self.open = Some((audio.clone(), exporter));
        }
        if let Some((_, exporter)) = &mut self.open {
            exporter.put(utterance, corrected)?;
        }
        Ok(())
    }

    fn begin(&mut self, audio: &str) -> anyhow::Result<Exporter<NewFile>> {
        let name = format!("{}.{}", recording_name(audio), self.format.extension());
        if !self.written.insert(name.clone()) {
            return Err(Hinted::new(
                format!("`{name}` would be written twice, the second time for `{audio}`"),
                "sort the utterances by recording, and give recordings names of their own",
            )
            .into());
        }
        let path = self.folder.join(name);
        let file =
            NewFile::create(&path).with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(Exporter::new(self.format, self.text, file))
    }

    fn close(&mut self) -> anyhow::Result<()> {
        if let Some((_, exporter)) = self.open.take() {
            let (file, counts) = exporter.finish()?;
            file.commit()?;
            self.counts += counts;
        }
        Ok(())
    }

    fn finish(mut self) -> anyhow::Result<Counts> {
        self.close()?;
        Ok(self.counts)
    }
}
