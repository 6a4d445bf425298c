//! Ctrl-C and SIGTERM: finish what is in flight.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Set once the user asks to stop. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on. The first signal sets the flag, the second ends the process at
    /// once: what is stored stays stored.
    #[must_use]
    pub fn listen() -> Self {
        let flag = Self::default();
        let set = flag.clone();
        tokio::spawn(async move {
            if wait_for_signal().await.is_ok() {
                set.0.store(true, Ordering::Relaxed);
                if wait_for_signal().await.is_ok() {
                    abandon();
                }
            }
        });
        flag
    }

    /// Returns once the user asks to stop.
    pub async fn wait(&self) {
        while !self.is_set() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    /// Whether the user asked to stop.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[expect(clippy::exit, reason = "the user asked twice")]
fn abandon() {
    std::process::exit(130);
}

#[cfg(unix)]
async fn wait_for_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn wait_for_signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
