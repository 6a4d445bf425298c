//! How many drafted tokens are worth decoding.

use super::cost::{Cost, Load};

/// Most tokens of a draft.
pub(super) const LONGEST: usize = 47;

/// Lengths that are considered.
const LENGTHS: [usize; 14] = [0, 1, 2, 3, 4, 5, 7, 9, 11, 15, 19, 23, 31, LONGEST];

/// A token is not drafted where it is less likely than this to be reached.
const LEAST: f64 = 0.1;

/// How often drafted tokens are right.
///
/// Counted wherever a guess can be compared with what was chosen, whether it was decoded or
/// not: where no drafts are decoded because they are wrong, it is seen when they become right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Acceptance {
    right: f64,
    compared: f64,
}

impl Acceptance {
    /// Of all requests: what is assumed before the first one counts as eight guesses.
    pub(super) fn of_engine() -> Self {
        Self { right: 6.4, compared: 8.0 }
    }

    /// Of one request: those before it count as four guesses.
    pub(super) fn of_request(&self, right: u32, compared: u32) -> f64 {
        (4.0 * self.rate() + f64::from(right)) / (4.0 + f64::from(compared))
    }

    /// Takes in what was compared. Older guesses count less: a thousand in all.
    pub(super) fn add(&mut self, right: u32, compared: u32) {
        let kept = 0.999_f64.powi(i32::try_from(compared).unwrap_or(i32::MAX));
        self.right = self.right * kept + f64::from(right);
        self.compared = self.compared * kept + f64::from(compared);
    }

    fn rate(&self) -> f64 {
        self.right / self.compared
    }
}

/// A sequence that is about to be decoded and whose next token will be chosen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ready {
    pub(super) slot: usize,
    /// Tokens that could be drafted.
    pub(super) available: usize,
    /// Probability that a drafted token is right, given that those before it were.
    pub(super) likely: f64,
}

impl Ready {
    fn drafted(&self, length: usize) -> usize {
        let reached = match self.likely {
            likely if likely < LEAST => 0.0,
            likely if likely < 1.0 => LEAST.ln() / likely.ln(),
            _ => f64::INFINITY,
        };
        // The cast is exact below `LONGEST` and saturates above.
        length.min(self.available).min(reached as usize)
    }

    /// Tokens that are gained by drafting.
    fn gained(&self, drafted: usize) -> f64 {
        (1..=drafted)
            .scan(1.0, |reached, _| {
                *reached *= self.likely;
                Some(*reached)
            })
            .sum()
    }
}

/// How many tokens to draft for each, so that most tokens are gained in a second. At most
/// `room` in all. `ready` is by rising slot.
pub(super) fn lengths(cost: &Cost, ready: &[Ready], room: usize, pass: usize) -> Vec<usize> {
    let drafted =
        |length: usize| -> Vec<usize> { ready.iter().map(|ready| ready.drafted(length)).collect() };
    let mut best = (drafted(0), 0.0);
    for length in LENGTHS {
        let drafted = drafted(length);
        let more: usize = drafted.iter().sum();
        if more > room {
            break;
        }
        let slots: Vec<(usize, usize)> =
            ready.iter().zip(&drafted).map(|(ready, &drafted)| (ready.slot, 1 + drafted)).collect();
        let gained: f64 =
            ready.iter().zip(&drafted).map(|(ready, &drafted)| 1.0 + ready.gained(drafted)).sum();
        let load = Load::of(&slots, ready.len() + more, pass);
        let rate = gained / cost.seconds(&load);
        if rate > best.1 {
            best = (drafted, rate);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(count: usize, likely: f64) -> Vec<Ready> {
        (0..count).map(|slot| Ready { slot, available: 19, likely }).collect()
    }

    /// A machine on which a pass costs as much as `tokens` tokens.
    fn machine(tokens: f64) -> Cost {
        let mut cost = Cost::default();
        for length in (1..40).cycle().take(400) {
            let load = Load::of(&[(0, length)], 1, 512);
            cost.observe(&load, tokens + length as f64);
        }
        cost
    }

    #[test]
    fn likely_drafts_are_longer_and_hopeless_ones_are_not_decoded() {
        let longest = |likely| lengths(&machine(10.0), &ready(1, likely), 100, 512)[0];
        assert_eq!(longest(0.0), 0);
        assert_eq!(longest(0.05), 0);
        assert!(longest(0.5) > 0 && longest(0.5) < longest(0.9) && longest(0.9) < longest(1.0));
        assert_eq!(longest(1.0), 19, "no longer than what can be drafted");
    }

    #[test]
    fn the_more_a_pass_costs_the_longer_the_drafts() {
        let longest = |tokens| lengths(&machine(tokens), &ready(1, 0.8), 100, 512)[0];
        assert!(longest(0.1) < longest(5.0) && longest(5.0) < longest(50.0));
    }

    #[test]
    fn a_full_batch_needs_drafts_less_and_has_room_for_no_more_than_it_has() {
        let cost = machine(10.0);
        let of = |count: usize, room: usize| lengths(&cost, &ready(count, 0.8), room, 512);
        assert!(of(16, 1000)[0] < of(1, 1000)[0]);
        assert!(of(4, 7).iter().sum::<usize>() <= 7);
        assert_eq!(of(3, 0), [0, 0, 0]);
        assert!(of(0, 9).is_empty());
    }

    #[test]
    fn a_request_starts_from_those_before_it_and_then_speaks_for_itself() {
        let mut engine = Acceptance::of_engine();
        assert!((engine.of_request(0, 0) - 0.8).abs() < 1e-12);
        for _ in 0..5000 {
            engine.add(1, 2);
        }
        assert!((engine.of_request(0, 0) - 0.5).abs() < 1e-3);
        assert!(engine.of_request(20, 20) > 0.9 && engine.of_request(0, 20) < 0.1);
    }
}
