//! A progress bar on a terminal, nothing elsewhere.

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

/// A bar over `total` utterances, of which `done` were done before.
pub(super) fn bar(enabled: bool, title: &str, total: u64, done: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), target(enabled));
    let style =
        ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {per_sec} {eta} left {msg}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.set_prefix(title.to_owned());
    bar.set_position(done);
    bar.reset_eta();
    bar
}

/// A spinner for work of unknown length.
pub(super) fn spinner(enabled: bool, title: String) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, target(enabled));
    bar.set_message(title);
    if enabled {
        bar.enable_steady_tick(Duration::from_millis(120));
    }
    bar
}

fn target(enabled: bool) -> ProgressDrawTarget {
    if enabled { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() }
}

/// How long between two lines of [`Telling`].
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Progress as JSON lines on stderr, about one a second, for programs that watch.
pub(super) struct Telling {
    enabled: bool,
    total: u64,
    started: Instant,
    last: Instant,
}

impl Telling {
    pub(super) fn new(enabled: bool, total: u64) -> Self {
        let now = Instant::now();
        Self { enabled, total, started: now, last: now }
    }

    /// Tells where a second has passed. `done` counts what `total` counts.
    pub(super) fn tell(&mut self, done: u64, more: impl FnOnce() -> Value) {
        if self.enabled && self.last.elapsed() >= TELL_EVERY {
            self.last = Instant::now();
            self.write(done, more());
        }
    }

    /// Tells for the last time.
    pub(super) fn finish(&self, done: u64, more: impl FnOnce() -> Value) {
        if self.enabled {
            self.write(done, more());
        }
    }

    fn write(&self, done: u64, more: Value) {
        let seconds = self.started.elapsed().as_secs_f64();
        let rate = done as f64 / seconds.max(1e-3);
        let left = self.total.saturating_sub(done) as f64;
        let mut line = json!({
            "done": done,
            "total": self.total,
            "seconds": (seconds * 1e3).round() / 1e3,
            "per_second": (rate * 1e3).round() / 1e3,
            "seconds_left": if rate > 0.0 { Value::from((left / rate).round()) } else { Value::Null },
        });
        if let (Some(line), Value::Object(more)) = (line.as_object_mut(), more) {
            line.extend(more);
        }
        // Nothing can be done where stderr is closed.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}
