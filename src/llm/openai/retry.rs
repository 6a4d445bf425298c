//! When a failed request is sent again, and after how long.

use std::time::Duration;

use jiff::Timestamp;

/// Longest wait that a server may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(120);

/// Whether another attempt can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// It would fail in the same way.
    No,
    /// After a while.
    Later,
    /// After as long as the server asked for.
    After(Duration),
}

/// How often and how patiently to try.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retry {
    /// Most attempts of one request, at least 1.
    pub attempts: u32,
    /// The wait after the first attempt; it doubles with every further one.
    pub first_wait: Duration,
    /// The longest wait that this program chooses by itself.
    pub longest_wait: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        let (first_wait, longest_wait) = (Duration::from_millis(500), Duration::from_secs(20));
        Self { attempts: 5, first_wait, longest_wait }
    }
}

impl Retry {
    /// How long to wait after the `attempt`-th failure (from 1); `None` to give up.
    ///
    /// Waits differ by up to a quarter either way with `request`, so that requests that failed
    /// together do not all come back together; the same request always waits alike.
    pub(super) fn wait(&self, attempt: u32, again: Again, request: &[u8]) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        match again {
            Again::No => None,
            Again::After(asked) if asked > LONGEST_ASKED => None,
            Again::After(asked) => Some(asked.max(self.chosen(attempt, request))),
            Again::Later => Some(self.chosen(attempt, request)),
        }
    }

    fn chosen(&self, attempt: u32, request: &[u8]) -> Duration {
        let mut hasher = blake3::Hasher::new();
        hasher.update(request).update(&attempt.to_le_bytes());
        let spread = f64::from(hasher.finalize().as_bytes()[0]) / f64::from(u8::MAX);
        let doubled = self.first_wait.saturating_mul(1 << attempt.saturating_sub(1).min(16));
        doubled.min(self.longest_wait).mul_f64(0.75 + 0.5 * spread)
    }
}

/// Whether a status is worth another attempt: the server is busy, starting or restarting.
pub(super) fn of_status(status: u16, retry_after: Option<&str>) -> Again {
    match status {
        408 | 429 | 500 | 502 | 503 | 504 => {
            retry_after.and_then(|text| asked(text, Timestamp::now())).unwrap_or(Again::Later)
        }
        _ => Again::No,
    }
}

/// Reads `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3).
fn asked(text: &str, now: Timestamp) -> Option<Again> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Again::After(Duration::from_secs(seconds)));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    let wait = date.duration_since(now);
    Some(Again::After(Duration::try_from(wait).unwrap_or(Duration::ZERO)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for status in [408, 429, 500, 502, 503, 504] {
            assert_eq!(of_status(status, None), Again::Later, "{status}");
        }
        for status in [200, 301, 400, 401, 403, 404, 413, 422, 501] {
            assert_eq!(of_status(status, Some("1")), Again::No, "{status}");
        }
    }

    #[test]
    fn a_server_may_ask_for_seconds_or_a_date() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let after = |seconds| Some(Again::After(Duration::from_secs(seconds)));
        assert_eq!(asked(" 7 ", now), after(7));
        assert_eq!(asked("Thu, 01 Jan 2026 00:00:30 GMT", now), after(30));
        assert_eq!(asked("Wed, 31 Dec 2025 00:00:00 GMT", now), after(0));
        assert_eq!(asked("soon", now), None);
    }

    #[test]
    fn a_wait_that_is_too_long_is_not_waited_for() {
        let retry = Retry::default();
        assert_eq!(retry.wait(1, Again::After(Duration::from_secs(3600)), b""), None);
        let asked = Duration::from_secs(60);
        assert_eq!(retry.wait(1, Again::After(asked), b""), Some(asked));
    }

    proptest! {
        #[test]
        fn waits_grow_are_bounded_and_end(
            attempt in 1_u32..1000, request: Vec<u8>, attempts in 0_u32..20,
        ) {
            let retry = Retry { attempts, ..Retry::default() };
            let wait = retry.wait(attempt, Again::Later, &request);
            prop_assert_eq!(wait.is_none(), attempt >= attempts);
            prop_assert_eq!(wait, retry.wait(attempt, Again::Later, &request));
            if let Some(wait) = wait {
                prop_assert!(wait >= retry.first_wait.mul_f64(0.75));
                prop_assert!(wait <= retry.longest_wait.mul_f64(1.25));
            }
        }
    }
}
