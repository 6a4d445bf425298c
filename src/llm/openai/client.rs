//! One HTTP request, and one that is tried again.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::sync::Semaphore;

use super::{
    failure::{Reason, ServerFailure, excerpt, is_about_length},
    retry::{Again, Retry, of_status},
};

/// After so many requests in a row that no attempt could save, the server is taken to be
/// gone: a run of thousands should stop and not wait for each.
const GONE_AFTER: u32 = 8;

/// Most bytes of an answer.
const MOST_BYTES: u64 = 64 << 20;

/// A secret that is never printed.
#[derive(Clone)]
pub(super) struct Key(pub(super) String);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Why one attempt failed.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) reason: Reason,
    pub(super) detail: String,
    pub(super) again: Again,
}

impl Fault {
    /// An answer that would be the same again.
    pub(super) fn of(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), again: Again::No }
    }

    fn passing(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), again: Again::Later }
    }
}

/// Sends requests to one server, so many at a time.
#[derive(Debug)]
pub(super) struct Client {
    agent: ureq::Agent,
    /// Without a slash at its end.
    root: String,
    key: Option<Key>,
    gate: Arc<Semaphore>,
    retry: Retry,
    /// Requests in a row that have failed for good because the server could not be used.
    failed: AtomicU32,
}

impl Client {
    pub(super) fn new(
        root: String,
        key: Option<Key>,
        parallel: usize,
        timeout: Duration,
        retry: Retry,
    ) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(timeout))
            .timeout_connect(Some(timeout.min(Duration::from_secs(10))))
            // A key must not follow a redirect to somewhere else.
            .max_redirects(0)
            .max_idle_connections(parallel)
            .max_idle_connections_per_host(parallel)
            .user_agent(concat!("gec/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        let gate = Arc::new(Semaphore::new(parallel));
        Self { agent, root, key, gate, retry, failed: AtomicU32::new(0) }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.root)
    }

    /// Posts `body`, or gets where there is none, until `read` finds an answer or trying
    /// again is no use.
    pub(super) async fn call<T>(
        &self,
        path: &str,
        body: Option<&Value>,
        read: impl Fn(&Value) -> Result<T, Fault>,
    ) -> Result<T, ServerFailure> {
        let url = self.url(path);
        let body: Option<Arc<str>> = body.map(|body| body.to_string().into());
        let mut attempts = 0;
        loop {
            attempts += 1;
            let answer = self.attempt(&url, body.clone()).await;
            let fault = match answer.and_then(|answer| read(&answer)) {
                Ok(found) => {
                    self.failed.store(0, Ordering::Relaxed);
                    return Ok(found);
                }
                Err(fault) => fault,
            };
            let gone = self.failed.load(Ordering::Relaxed) >= GONE_AFTER;
            let request = body.as_deref().unwrap_or_default().as_bytes();
            match self.retry.wait(attempts, fault.again, request).filter(|_| !gone) {
                Some(wait) => {
                    tracing::debug!(
                        "{url}: {:?} {}, again in {wait:?}",
                        fault.reason,
                        fault.detail
                    );
                    tokio::time::sleep(wait).await;
                }
                None => return Err(self.give_up(url, fault, attempts)),
            }
        }
    }

    fn give_up(&self, url: String, fault: Fault, attempts: u32) -> ServerFailure {
        let Fault { mut reason, mut detail, again } = fault;
        if again == Again::No {
            // Whatever it said, it is there.
            self.failed.store(0, Ordering::Relaxed);
        } else if self.failed.fetch_add(1, Ordering::Relaxed) + 1 >= GONE_AFTER {
            detail = format!("{reason:?}, {detail}");
            reason = Reason::Gone;
        }
        if let Again::After(wait) = again {
            detail = format!("it asks to wait {} s; {detail}", wait.as_secs());
        }
        ServerFailure { url, reason, detail, attempts }
    }

    /// Sends one request and reads its answer as JSON.
    async fn attempt(&self, url: &str, body: Option<Arc<str>>) -> Result<Value, Fault> {
        let gate = Arc::clone(&self.gate);
        let permit = gate.acquire_owned().await;
        let (agent, url, key) = (self.agent.clone(), url.to_owned(), self.key.clone());
        let work = tokio::task::spawn_blocking(move || {
            // Here and not in the caller: a request that nobody waits for any more still is
            // one that the server works on.
            let _permit = permit;
            exchange(&agent, &url, key.as_ref(), body.as_deref())
        });
        work.await.unwrap_or_else(|error| Err(Fault::of(Reason::Connection, error.to_string())))
    }
}

fn exchange(
    agent: &ureq::Agent,
    url: &str,
    key: Option<&Key>,
    body: Option<&str>,
) -> Result<Value, Fault> {
    let secret = key.map(|key| key.0.as_str());
    let bearer = secret.map(|secret| format!("Bearer {secret}"));
    let sent = match body {
        None => {
            let mut request = agent.get(url).header("accept", "application/json");
            if let Some(bearer) = &bearer {
                request = request.header("authorization", bearer);
            }
            request.call()
        }
        Some(body) => {
            let mut request = agent.post(url).header("content-type", "application/json");
            if let Some(bearer) = &bearer {
                request = request.header("authorization", bearer);
            }
            request.send(body)
        }
    };
    let mut response = sent.map_err(|error| transport(&error))?;
    let status = response.status().as_u16();
    let header = |name: &str| {
        let value = response.headers().get(name).and_then(|value| value.to_str().ok());
        value.map(str::to_owned)
    };
    let (kind, retry_after) = (header("content-type"), header("retry-after"));
    let leads_to = header("location").map(|place| format!("it leads to {place}"));
    let read = response.body_mut().with_config().limit(MOST_BYTES).read_to_vec();
    if !(200..300).contains(&status) {
        let detail = leads_to.unwrap_or_else(|| excerpt(&read.unwrap_or_default(), secret));
        if is_about_length(&detail) {
            return Err(Fault::of(Reason::TooLong, detail));
        }
        let again = of_status(status, retry_after.as_deref());
        return Err(Fault { reason: Reason::Status(status), detail, again });
    }
    let bytes = read.map_err(|error| transport(&error))?;
    if let Some(kind) = kind.filter(|kind| !kind.to_ascii_lowercase().contains("json")) {
        let detail = format!("content of type `{kind}`: {}", excerpt(&bytes, secret));
        return Err(Fault::of(Reason::Malformed, detail));
    }
    serde_json::from_slice(&bytes).map_err(|error| {
        // What ends too early may have been cut off on its way.
        let detail = format!("{error}: {}", excerpt(&bytes, secret));
        let again = if error.is_eof() { Again::Later } else { Again::No };
        Fault { reason: Reason::Malformed, detail, again }
    })
}

fn transport(error: &ureq::Error) -> Fault {
    match error {
        ureq::Error::Timeout(_) => Fault::passing(Reason::Timeout, error.to_string()),
        ureq::Error::Io(_) | ureq::Error::ConnectionFailed | ureq::Error::Protocol(_) => {
            Fault::passing(Reason::Connection, error.to_string())
        }
        ureq::Error::HostNotFound => Fault::of(Reason::Connection, error.to_string()),
        ureq::Error::BodyExceedsLimit(_) => Fault::of(Reason::Malformed, error.to_string()),
        _ => Fault::of(Reason::Options, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_printed() {
        assert_eq!(format!("{:?}", Some(Key("sk-1234".into()))), "Some(Key(..))");
    }
}
