//! The task that writes corrections while the models work.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::{CorrectionRow, Result, RunId, Store, StoreError, corrections};

/// Corrections a transaction.
const BATCH: usize = 256;

/// How long a correction waits for others to share its transaction.
const DELAY: Duration = Duration::from_millis(200);

/// Takes the corrections of one run and commits them in groups: a correction is on disk
/// at the latest 200 ms after it was put, or as soon as the disk has taken those before it.
///
/// Dropped without [`finish`](Self::finish), it still writes what it was given, as long
/// as the runtime lives.
#[derive(Debug)]
pub struct CorrectionWriter {
    sender: mpsc::Sender<CorrectionRow>,
    task: JoinHandle<Result<u64>>,
    failure: Arc<OnceLock<StoreError>>,
    store: Store,
}

impl Store {
    /// Starts a writer for a run. Must be called within a tokio runtime.
    #[must_use]
    pub fn writer(&self, run: RunId) -> CorrectionWriter {
        let (sender, receiver) = mpsc::channel(BATCH);
        let failure = Arc::new(OnceLock::new());
        let (store, told) = (self.clone(), Arc::clone(&failure));
        let task = tokio::spawn(async move { write_all(&store, run, receiver, &told).await });
        CorrectionWriter { sender, task, failure, store: self.clone() }
    }
}

impl CorrectionWriter {
    /// Hands over one correction; waits when the disk is slower than the models. Several
    /// tasks may share the writer.
    ///
    /// # Errors
    /// Once writing has failed: the cause. The correction is not stored then.
    pub async fn put(&self, correction: CorrectionRow) -> Result<()> {
        self.sender.send(correction).await.map_err(|_| self.failure())
    }

    /// Waits until everything is committed, and gives the number of corrections written.
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

async fn write_all(
    store: &Store,
    run: RunId,
    mut receiver: mpsc::Receiver<CorrectionRow>,
    failure: &OnceLock<StoreError>,
) -> Result<u64> {
    let mut written = 0;
    while let Some(first) = receiver.recv().await {
        let deadline = Instant::now() + DELAY;
        let mut batch = Vec::with_capacity(BATCH);
        batch.push(first);
        while batch.len() < BATCH {
            match timeout_at(deadline, receiver.recv()).await {
                Ok(Some(correction)) => batch.push(correction),
                // The time is up, or nothing more will come.
                Err(_) | Ok(None) => break,
            }
        }
        let count = batch.len() as u64;
        if let Err(error) = store.write_corrections(run, batch).await {
            // Before the channel closes, so that whoever finds it closed finds the cause.
            failure.set(error.clone()).ok();
            return Err(error);
        }
        written += count;
    }
    Ok(written)
}

impl Store {
    async fn write_corrections(&self, run: RunId, batch: Vec<CorrectionRow>) -> Result<()> {
        let mut transaction = self.begin().await?;
        corrections::insert(&mut transaction, run, batch)
            .await
            .map_err(|error| self.failed(error))?;
        transaction.commit().await.map_err(|error| self.failed(error))
    }
}
