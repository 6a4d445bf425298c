//! One file: read, corrected, recorded, and replaced where that was asked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{
    absolute,
    corrector::{Corrector, Halt, MOST_WORDS, Outcome},
};
use crate::{
    archive::{ArchiveError, replace},
    cli::correct::CorrectArgs,
    document::{Document, DocumentError, DocumentFormat, ReadOptions, Segment, Warning},
    edits::{self, Surface, TokenEdit},
    store::{DocumentState, EditRow, NewDocument, Store, StoreError},
};

/// What is to be done with a file.
pub(super) struct Job {
    pub(super) path: PathBuf,
    pub(super) format: Option<DocumentFormat>,
    pub(super) column: Option<String>,
    pub(super) full_surface: bool,
    pub(super) max_change: f64,
    /// Whether files are corrected that were corrected before.
    pub(super) again: bool,
    pub(super) corrector: Arc<Corrector>,
    pub(super) store: Store,
}

/// How far a file came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing is to be changed.
    Unchanged,
    /// There are edits.
    Proposed,
    /// They are in the file.
    Applied,
    /// They were in the file before, so that it is not corrected again.
    Already,
    /// They are too many, or for another reason not to be made.
    Refused(String),
    /// It could not be read, or not be written.
    Failed,
}

/// What became of a file.
pub(super) struct Done {
    pub(super) path: PathBuf,
    pub(super) state: State,
    pub(super) segments: u64,
    pub(super) changed: u64,
    pub(super) words: u64,
    /// In the order of the file.
    pub(super) edits: Vec<EditRow>,
    /// Segments with edits, for showing them.
    pub(super) changes: Vec<Change>,
    pub(super) warnings: Vec<Warning>,
    error: Option<anyhow::Error>,
    interrupted: bool,
    ready: Option<Ready>,
}

/// A segment and the edits in it.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) segment: Segment,
    pub(super) edits: Vec<TokenEdit>,
}

/// What is to be recorded and written.
struct Ready {
    document: NewDocument,
    original: Vec<u8>,
    corrected: Vec<u8>,
}

/// Why a file could not be finished.
pub(super) enum Failure {
    /// The database failed: nothing can go on.
    Store(StoreError),
    /// The file could not be written: others can.
    File(ArchiveError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ArchiveError> for Failure {
    fn from(error: ArchiveError) -> Self {
        Self::File(error)
    }
}

impl Job {
    pub(super) async fn run(self) -> Done {
        match self.correct().await {
            Ok(done) => done,
            Err(error) => {
                let interrupted = matches!(error.downcast_ref(), Some(Halt::Interrupted));
                let mut done = Done::new(self.path, State::Failed);
                done.interrupted = interrupted;
                done.error = Some(error);
                done
            }
        }
    }

    async fn correct(&self) -> anyhow::Result<Done> {
        let failed = |source| ArchiveError::Io { path: self.path.clone(), source };
        let original = std::fs::read(&self.path).map_err(failed)?;
        let path = absolute(&self.path).map_err(failed)?;
        let original_hash = blake3::hash(&original).to_hex().to_string();
        if let Some(known) = self.store.applied_document(&path).await?
            && known.corrected_hash == original_hash
        {
            if known.state == DocumentState::Applying {
                self.store.finish_apply(known.id).await?;
            }
            if !self.again {
                return Ok(Done::new(self.path.clone(), State::Already));
            }
        }
        let format = match self.format {
            Some(format) => format,
            None => DocumentFormat::guess(&self.path, &original).ok_or_else(|| {
                crate::commands::failure::Hinted::new(
                    format!("`{}`: the format cannot be told", self.path.display()),
                    "name it with --input-format",
                )
            })?,
        };
        let options = ReadOptions { column: self.column.clone() };
        let name = |error| anyhow::Error::new(error).context(format!("`{}`", self.path.display()));
        let document = Document::parse(original, format, &options).map_err(name)?;
        let outcomes = self.corrector.correct(document.segments()).await?;
        let surface = if self.full_surface { Surface::Full } else { Surface::Words };
        let mut done = Done::new(self.path.clone(), State::Unchanged);
        done.warnings = document.warnings().to_vec();
        let mut all = Vec::new();
        for (place, (segment, outcome)) in document.segments().iter().zip(&outcomes).enumerate() {
            done.segments += 1;
            done.words += segment.tokens.len() as u64;
            if segment.tokens.len() > MOST_WORDS {
                done.warnings.push(Warning {
                    line: segment.line,
                    message: format!(
                        "{} words at a stretch are too many to be corrected at once; they stay",
                        segment.tokens.len()
                    ),
                });
                continue;
            }
            let found = edits::between(segment, &outcome.text, surface);
            if !found.is_empty() {
                all.push((place, found));
            }
        }
        let corrected = loop {
            let edits = all.iter().flat_map(|(place, found)| {
                found.iter().map(|edit: &TokenEdit| edit.of_segment(*place))
            });
            match document.render(&edits.collect::<Vec<_>>()) {
                // A segment whose edits would be no words of a segment any more.
                Err(DocumentError::Damage { segment } | DocumentError::Edit { segment, .. })
                    if all.iter().any(|(place, _)| *place == segment) =>
                {
                    done.warnings.push(Warning {
                        line: document.segments().get(segment).map_or(0, |found| found.line),
                        message: "its correction cannot be written in this format and is left out"
                            .into(),
                    });
                    all.retain(|(place, _)| *place != segment);
                }
                rendered => break rendered.map_err(name)?,
            }
        };
        if all.is_empty() {
            return Ok(done);
        }
        for (place, found) in all {
            let (segment, outcome) = (&document.segments()[place], &outcomes[place]);
            done.changed += 1;
            done.edits.extend(found.iter().map(|edit| row(place, segment, edit, outcome)));
            done.changes.push(Change { segment: segment.clone(), edits: found });
        }
        let replaced: u64 = done.edits.iter().map(|edit| edit.tokens.max(1)).sum();
        let share = replaced as f64 / done.words.max(1) as f64;
        // One line alone says too little.
        done.state = match share > self.max_change && done.segments > 1 {
            true => State::Refused(format!(
                "{replaced} of {} words would change, more than {:.0} %",
                done.words,
                self.max_change * 100.0
            )),
            false => State::Proposed,
        };
        let new = NewDocument {
            path,
            format: format.to_string(),
            corrector: self.corrector.id(),
            original_hash,
            corrected_hash: blake3::hash(&corrected).to_hex().to_string(),
            segments: done.segments,
            changed: done.changed,
            words: done.words,
            edits: done.edits.clone(),
        };
        done.ready = Some(Ready { document: new, original: document.bytes().to_vec(), corrected });
        Ok(done)
    }
}

fn row(place: usize, segment: &Segment, edit: &TokenEdit, outcome: &Outcome) -> EditRow {
    let support = edits::support(segment, edit);
    let reason = match &outcome.reason {
        Some(reason) => format!("{}: {reason}", outcome.verdict),
        None => outcome.verdict.clone(),
    };
    EditRow {
        segment: place as u64,
        name: segment.id.clone(),
        line: segment.line as u64,
        start_ms: segment.start_ms,
        first_token: edit.tokens.start as u64,
        tokens: edit.tokens.len() as u64,
        original: edit.original.clone(),
        replacement: edit.replacement.clone(),
        context: segment.text(),
        supported_by: support.replacement,
        original_in: support.original,
        score: edits::score(edit, &outcome.text, &outcome.confidences),
        reason,
    }
}

impl Done {
    fn new(path: PathBuf, state: State) -> Self {
        Self {
            path,
            state,
            segments: 0,
            changed: 0,
            words: 0,
            edits: Vec::new(),
            changes: Vec::new(),
            warnings: Vec::new(),
            error: None,
            interrupted: false,
            ready: None,
        }
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted
    }

    pub(super) fn take_error(&mut self) -> Option<anyhow::Error> {
        self.error.take()
    }

    /// Leaves the file alone, for a reason.
    pub(super) fn refuse(mut self, reason: &str) -> Self {
        if self.state == State::Proposed {
            self.state = State::Refused(reason.to_owned());
        }
        self
    }

    /// Keeps the edits in the database and, where asked, makes them in the file: the original
    /// is in the database and beside the file before the file changes.
    pub(super) async fn record(
        &mut self,
        store: &Store,
        args: &CorrectArgs,
    ) -> Result<(), Failure> {
        let Some(ready) = self.ready.take() else { return Ok(()) };
        let id = store.put_document(&ready.document).await?;
        if !args.apply || self.state != State::Proposed {
            return Ok(());
        }
        let path = Path::new(&ready.document.path);
        let backup = match args.no_backup {
            true => None,
            false => Some(replace::backup_path(path, &ready.original)?),
        };
        let name = backup.as_ref().map(|backup| backup.to_string_lossy().into_owned());
        store.begin_apply(id, &ready.original, name.as_deref()).await?;
        if let Some(backup) = &backup {
            replace::back_up(path, backup)?;
        }
        // Somebody may have saved the file while it was being corrected.
        let now = std::fs::read(path)
            .map_err(|source| ArchiveError::Io { path: path.to_owned(), source })?;
        if now != ready.original {
            return Err(ArchiveError::Changed { path: path.to_owned() }.into());
        }
        replace::replace(path, &ready.corrected)?;
        store.finish_apply(id).await?;
        self.state = State::Applied;
        Ok(())
    }
}
