//! A progress bar on a terminal, nothing elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

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
