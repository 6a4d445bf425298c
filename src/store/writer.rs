//! The tasks that write results while the models work.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::{Answer, CorrectionRow, CorrectorId, Result, RunId, Store, StoreError, corrections};

/// Results a transaction.
const BATCH: usize = 256;

/// How long a result waits for others to share its transaction.
const DELAY: Duration = Duration::from_millis(200);

/// Takes results one by one and commits them in groups: a result is on disk at the latest
/// 200 ms after it was put, or as soon as the disk has taken those before it.
///
/// Dropped without [`finish`](Self::finish), it still writes what it was given, as long
/// as the runtime lives.
#[derive(Debug)]
pub struct Writer<T> {
    sender: mpsc::Sender<T>,
    task: JoinHandle<Result<u64>>,
    failure: Arc<OnceLock<StoreError>>,
    store: Store,
}

/// Writes the corrections of one run.
pub type CorrectionWriter = Writer<CorrectionRow>;

/// Writes the answers of one corrector.
pub type AnswerWriter = Writer<Answer>;

/// What a [`Writer`] takes, and whose it is.
pub trait Row: Send + Sized + 'static {
    /// What all rows of a writer belong to.
    type Owner: Copy + Send + Sync + 'static;

    /// Commits a group of rows in one transaction.
    fn write(
        store: &Store,
        owner: Self::Owner,
        batch: Vec<Self>,
    ) -> impl Future<Output = Result<()>> + Send;
}

impl Row for CorrectionRow {
    type Owner = RunId;

    async fn write(store: &Store, run: RunId, batch: Vec<Self>) -> Result<()> {
        let mut transaction = store.begin().await?;
        corrections::insert(&mut transaction, run, batch)
            .await
            .map_err(|error| store.failed(error))?;
        transaction.commit().await.map_err(|error| store.failed(error))
    }
}

impl Row for Answer {
    type Owner = CorrectorId;

    async fn write(store: &Store, corrector: CorrectorId, batch: Vec<Self>) -> Result<()> {
        store.put_answers(corrector, batch).await
    }
}

impl Store {
    /// Starts a writer for a run. Must be called within a tokio runtime.
    #[must_use]
    pub fn writer(&self, run: RunId) -> CorrectionWriter {
        Writer::start(self, run)
    }

    /// Starts a writer for a corrector. Must be called within a tokio runtime.
    #[must_use]
    pub fn answer_writer(&self, corrector: CorrectorId) -> AnswerWriter {
        Writer::start(self, corrector)
    }
}

impl<T: Row> Writer<T> {
    fn start(store: &Store, owner: T::Owner) -> Self {
        let (sender, receiver) = mpsc::channel(BATCH);
        let failure = Arc::new(OnceLock::new());
        let (own, told) = (store.clone(), Arc::clone(&failure));
        let task = tokio::spawn(async move { write_all(&own, owner, receiver, &told).await });
        Self { sender, task, failure, store: store.clone() }
    }

    /// Hands over one result; waits when the disk is slower than the models. Several tasks
    /// may share the writer.
    ///
    /// # Errors
    /// Once writing has failed: the cause. The result is not stored then.
    pub async fn put(&self, result: T) -> Result<()> {
        self.sender.send(result).await.map_err(|_| self.failure())
    }

    /// Waits until everything is committed, and gives the number of results written.
    ///
    /// # Errors
    /// When writing failed, now or earlier.
    pub async fn finish(self) -> Result<u64> {
        let stopped = self.failure();
        drop(self.sender);
        self.task.await.unwrap_or(Err(stopped))
    }

    fn failure(&self) -> StoreError {
        let stopped = || StoreError::WriterStopped { path: self.store.path().to_owned() };
        self.failure.get().cloned().unwrap_or_else(stopped)
    }
}

async fn write_all<T: Row>(
    store: &Store,
    owner: T::Owner,
    mut receiver: mpsc::Receiver<T>,
    failure: &OnceLock<StoreError>,
) -> Result<u64> {
    let mut written = 0;
    while let Some(first) = receiver.recv().await {
        let deadline = Instant::now() + DELAY;
        let mut batch = Vec::with_capacity(BATCH);
        batch.push(first);
        while batch.len() < BATCH {
            match timeout_at(deadline, receiver.recv()).await {
                Ok(Some(result)) => batch.push(result),
                // The time is up, or nothing more will come.
                Err(_) | Ok(None) => break,
            }
        }
        let count = batch.len() as u64;
        if let Err(error) = T::write(store, owner, batch).await {
            // Before the channel closes, so that whoever finds it closed finds the cause.
            failure.set(error.clone()).ok();
            return Err(error);
        }
        written += count;
    }
    Ok(written)
}
