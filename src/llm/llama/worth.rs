//! Whether guessing how texts go on is worth its own time.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use super::Drafts;

/// Calls after which it is looked at again: while guesses are made, and while they are not.
const STRETCH: u32 = 16;
const PAUSE: u32 = 128;

/// A smaller share of the time that decoding takes is not worth saving.
const NEGLIGIBLE: f64 = 0.005;

/// Weighs the time spent on guessing against the time that it saves.
///
/// To guess means to look into the trie and to tokenise what is found there, a few microseconds
/// for a text. A large model gives them back a thousandfold. A tiny one in a full batch does not:
/// there a pass that is saved takes no longer.
#[derive(Debug)]
pub(super) struct Worth {
    pays: bool,
    /// Calls until it is looked at again.
    left: u32,
    /// Seconds since it was last looked at: on guesses, saved by them, in decode calls.
    spent: f64,
    saved: f64,
    decoding: f64,
}

impl Worth {
    pub(super) fn new() -> Self {
        Self { pays: true, left: STRETCH, spent: 0.0, saved: 0.0, decoding: 0.0 }
    }

    /// Whether guesses are made for the next call.
    pub(super) fn guesses(&self, when: Drafts) -> bool {
        match when {
            Drafts::Auto => self.pays,
            Drafts::Always => true,
            Drafts::Never => false,
        }
    }

    /// Takes in the seconds of a call.
    pub(super) fn observe(&mut self, spent: f64, saved: f64, decoding: f64) {
        self.spent += spent;
        self.saved += saved;
        self.decoding += decoding;
        self.left -= 1;
        if self.left > 0 {
            return;
        }
        let negligible = self.spent <= NEGLIGIBLE * self.decoding;
        // After a pause they are tried again.
        self.pays = !self.pays || negligible || self.saved >= self.spent;
        self.left = if self.pays { STRETCH } else { PAUSE };
        (self.spent, self.saved, self.decoding) = (0.0, 0.0, 0.0);
    }
}

/// What an engine and those who ask it know of each other's guesses.
#[derive(Debug, Default)]
pub(super) struct Guesses {
    wanted: AtomicBool,
    nanoseconds: AtomicU64,
}

impl Guesses {
    /// Whether the engine will look at a guess.
    pub(super) fn are_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    pub(super) fn want(&self, wanted: bool) {
        self.wanted.store(wanted, Ordering::Relaxed);
    }

    /// Notes the time that a guess took.
    pub(super) fn spend(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// Seconds that were noted since this was last asked.
    pub(super) fn spent(&self) -> f64 {
        self.nanoseconds.swap(0, Ordering::Relaxed) as f64 * 1e-9
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For how many of `calls` calls guesses are made.
    fn asked(when: Drafts, calls: u32, spent: f64, saved: f64) -> u32 {
        let mut worth = Worth::new();
        (0..calls)
            .map(|_| {
                let pays = worth.guesses(when);
                let share = if pays { 1.0 } else { 0.0 };
                worth.observe(share * spent, share * saved, 1.0);
                u32::from(pays)
            })
            .sum()
    }

    #[test]
    fn guesses_are_made_where_they_save_more_time_than_they_take() {
        assert_eq!(asked(Drafts::Auto, 1000, 0.02, 0.03), 1000);
        assert_eq!(asked(Drafts::Auto, 1000, 0.004, 0.0), 1000, "what takes no time may go on");
        let tried = asked(Drafts::Auto, 1000, 0.03, 0.02);
        assert!((16..160).contains(&tried), "{tried}");
    }

    #[test]
    fn guesses_are_made_again_when_they_pay_again() {
        let mut worth = Worth::new();
        let mut observe = |calls, saved| {
            (0..calls).for_each(|_| worth.observe(0.02, saved, 1.0));
            worth.guesses(Drafts::Auto)
        };
        assert!(!observe(STRETCH, 0.01));
        assert!(observe(PAUSE, 0.0));
        assert!(observe(1000, 0.1));
    }

    #[test]
    fn always_and_never_are_what_they_say() {
        assert_eq!(asked(Drafts::Always, 1000, 0.5, 0.0), 1000);
        assert_eq!(asked(Drafts::Never, 1000, 0.0, 9.0), 0);
    }

    #[test]
    fn time_is_handed_over_once() {
        let guesses = Guesses::default();
        assert!(!guesses.are_wanted());
        guesses.want(true);
        guesses.spend(Duration::from_millis(3));
        guesses.spend(Duration::from_millis(4));
        assert!(guesses.are_wanted());
        assert!((guesses.spent() - 0.007).abs() < 1e-12);
        assert_eq!(guesses.spent(), 0.0);
    }
}
