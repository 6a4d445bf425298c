//! Several stored runs over one corpus, read in step.

use super::{failure::Hinted, runs};
use crate::store::{CorrectionRow, RunId, RunInfo, Store, StoredUtterance};

/// Corrections fetched from the store at a time.
const PAGE: usize = 512;

/// Runs over one corpus.
pub(super) struct SideBySide {
    store: Store,
    readers: Vec<Reader>,
}

/// One run, page by page.
struct Reader {
    run: RunId,
    page: std::vec::IntoIter<(StoredUtterance, CorrectionRow)>,
    next: Option<(StoredUtterance, CorrectionRow)>,
}

/// An utterance and what each run made of it; `None` where a run has not come to it.
pub(super) type Row = (StoredUtterance, Vec<Option<CorrectionRow>>);

impl SideBySide {
    pub(super) async fn open(runs: &[RunId], store: &Store) -> anyhow::Result<Self> {
        let mut readers = Vec::with_capacity(runs.len());
        for &run in runs {
            let mut reader = Reader { run, page: Vec::new().into_iter(), next: None };
            reader.after(0, store).await?;
            readers.push(reader);
        }
        Ok(Self { store: store.clone(), readers })
    }

    /// The next utterance that any of the runs has, in the order of the corpus.
    pub(super) async fn next(&mut self) -> anyhow::Result<Option<Row>> {
        let positions = self.readers.iter().filter_map(|reader| reader.next.as_ref());
        let Some(at) = positions.map(|(stored, _)| stored.position).min() else {
            return Ok(None);
        };
        let mut found = None;
        let mut corrections = Vec::with_capacity(self.readers.len());
        for reader in &mut self.readers {
            let is_here = reader.next.as_ref().is_some_and(|(stored, _)| stored.position == at);
            let Some((stored, correction)) = reader.next.take_if(|_| is_here) else {
                corrections.push(None);
                continue;
            };
            found = Some(stored);
            corrections.push(Some(correction));
            reader.after(at, &self.store).await?;
        }
        Ok(found.map(|stored| (stored, corrections)))
    }
}

impl Reader {
    /// Goes to the next utterance behind this position.
    async fn after(&mut self, position: i64, store: &Store) -> anyhow::Result<()> {
        self.next = self.page.next();
        if self.next.is_none() {
            self.page = store.corrected(self.run, position, PAGE).await?.into_iter();
            self.next = self.page.next();
        }
        Ok(())
    }
}

/// Checks that runs are over one corpus.
pub(super) fn one_corpus<'a>(mut known: impl Iterator<Item = &'a RunInfo>) -> anyhow::Result<()> {
    let Some(first) = known.next() else { return Ok(()) };
    let corpus = |run: &RunInfo| runs::corpus_name(&run.dataset, &run.subset, &run.split);
    match known.find(|run| run.corpus != first.corpus) {
        None => Ok(()),
        Some(other) => Err(Hinted::new(
            format!(
                "run {} is over {} and run {} over {}",
                first.id.0,
                corpus(first),
                other.id.0,
                corpus(other)
            ),
            "only runs over the same utterances can be compared; `gec runs list` has all",
        )
        .into()),
    }
}

/// What runs are called side by side: by label or method, with their number where that is
/// not enough.
pub(super) fn names(runs: &[&RunInfo]) -> Vec<String> {
    let name = |run: &&RunInfo| run.label.clone().unwrap_or_else(|| run.method.clone());
    let plain: Vec<String> = runs.iter().map(name).collect();
    let numbered =
        |(run, own): (&&RunInfo, &String)| match plain.iter().filter(|name| *name == own).count() {
            0 | 1 => own.clone(),
            _ => format!("{own} #{}", run.id.0),
        };
    runs.iter().zip(&plain).map(numbered).collect()
}
