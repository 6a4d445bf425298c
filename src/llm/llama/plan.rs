//! What one call decodes: how much of what is pending, how many guesses, and what keeps the
//! sequences in step.

use std::borrow::Borrow;

use super::cost::{Cost, Load, alone};

/// Most tokens of a draft.
pub(super) const LONGEST: usize = 47;

/// Lengths of drafts that are considered.
const LENGTHS: [usize; 13] = [1, 2, 3, 4, 5, 7, 9, 11, 15, 19, 23, 31, LONGEST];

/// Numbers of tokens that are considered for all sequences alike.
const LEVELS: [usize; 20] =
    [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64, 96];

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

/// A sequence that has something to decode.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ready {
    pub(super) slot: usize,
    /// Tokens that have to be decoded, at least one.
    pub(super) pending: usize,
    /// How many of them come before the first whose logits are asked for.
    pub(super) silent: usize,
    /// Tokens that could be drafted after all that is pending.
    pub(super) available: usize,
    /// Probability that a drafted token is right, given that those before it were.
    pub(super) likely: f64,
    /// Tokens that the sequence has room for.
    pub(super) space: usize,
}

impl Ready {
    /// Of a draft of `length` tokens those worth it.
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

    /// Logits asked for of the first `count` pending tokens.
    fn rows(&self, count: usize) -> usize {
        count.saturating_sub(self.silent)
    }
}

/// What one call decodes of one sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) slot: usize,
    /// Of its pending tokens.
    pub(super) pending: usize,
    /// Of its draft, after all that is pending.
    pub(super) draft: usize,
    /// Tokens after these that mean nothing. They keep sequences in step, which saves passes over
    /// the weights. And no token is alone in a pass where guesses are decoded: llama.cpp
    /// multiplies the weights with a lone token by another kernel than with several, which can
    /// round otherwise, and the last bits must not depend on how many guesses were worth their
    /// time.
    pub(super) fillers: usize,
}

impl Part {
    /// Tokens that are not known to be part of the text.
    pub(super) fn unsure(&self) -> usize {
        self.draft + self.fillers
    }

    pub(super) fn len(&self) -> usize {
        self.pending + self.unsure()
    }
}

/// What a call can hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Tokens, at least one.
    pub(super) tokens: usize,
    /// Tokens whose logits are asked for, at least one.
    pub(super) rows: usize,
    /// Tokens llama.cpp decodes in one pass.
    pub(super) pass: usize,
    /// Whether tokens can be decoded that may have to be forgotten again.
    pub(super) drafts: bool,
}

/// What the next call decodes, so that most tokens are gained in a second. `ready` and the parts
/// are by rising slot, as llama.cpp wants them ([`Load::of`]); empty only if `ready` is.
///
/// Either all that is pending with drafts of some length, or the same number of tokens of every
/// sequence: the beginning of what is pending, or what is left of it, a draft, and fillers.
/// Sequences of the same length share every pass over the weights.
pub(super) fn parts(cost: &Cost, ready: &[Ready], limits: &Limits) -> Vec<Part> {
    let whole = whole(ready, limits);
    if !limits.drafts || whole.is_empty() {
        return whole;
    }
    let mut parts = best(cost, ready, limits, &whole);
    accompany(&mut parts, ready, limits);
    parts
}

/// Seconds that the drafts in `parts` save: so much longer the same gain would take without any.
pub(super) fn saved(cost: &Cost, ready: &[Ready], limits: &Limits, parts: &[Part]) -> f64 {
    if parts.iter().all(|part| part.draft == 0) {
        return 0.0;
    }
    let without = ready.iter().map(|one| Ready { available: 0, ..*one }).collect::<Vec<_>>();
    let plain = self::parts(cost, &without, limits);
    let seconds = |ready: &[Ready], plan| gain(ready, parts) / rate(cost, ready, plan, limits);
    seconds(&without, &plain) - seconds(ready, parts)
}

/// The best of all that is pending, of drafts of some length, and of some number of tokens alike.
fn best(cost: &Cost, ready: &[Ready], limits: &Limits, whole: &[Part]) -> Vec<Part> {
    let guessed = ready.iter().any(|one| one.available > 0);
    let lengths = if guessed { &LENGTHS[..] } else { &[] };
    let drafts = lengths.iter().map(|&length| with_drafts(whole, ready, length, limits));
    let alike = LEVELS.iter().map_while(|&level| in_step(ready, level, limits));
    let (mut best, mut most) = (whole.to_vec(), rate(cost, ready, whole, limits));
    for parts in drafts.chain(alike) {
        let own = rate(cost, ready, &parts, limits);
        if own > most {
            (best, most) = (parts, own);
        }
    }
    best
}

/// All that is pending, as far as there is room.
fn whole(ready: &[Ready], limits: &Limits) -> Vec<Part> {
    let (mut tokens, mut rows) = (limits.tokens, limits.rows);
    let mut parts: Vec<Part> = Vec::with_capacity(ready.len());
    // Sequences with few tokens first: their answers are nearly there.
    let (few, many) = (|one: &&Ready| one.pending == 1, |one: &&Ready| one.pending > 1);
    for one in ready.iter().filter(few).chain(ready.iter().filter(many)) {
        let pending = one.pending.min(tokens).min(one.silent + rows);
        if pending > 0 {
            tokens -= pending;
            rows -= one.rows(pending);
            parts.push(Part { slot: one.slot, pending, draft: 0, fillers: 0 });
        }
    }
    parts.sort_by_key(|part| part.slot);
    parts
}

/// The same with drafts of at most `length` tokens, as far as there is room.
fn with_drafts(whole: &[Part], ready: &[Ready], length: usize, limits: &Limits) -> Vec<Part> {
    let mut parts = whole.to_vec();
    let tokens: usize = parts.iter().map(|part| part.pending).sum();
    let rows: usize = of(whole, ready).map(|(part, one)| one.rows(part.pending)).sum();
    // Each may need a filler.
    let mut spare = limits.tokens.saturating_sub(tokens + parts.len());
    spare = spare.min(limits.rows.saturating_sub(rows));
    for (part, one) in of(&mut parts, ready) {
        if part.pending == one.pending {
            part.draft = one.drafted(length).min(spare);
            spare -= part.draft;
        }
    }
    parts
}

/// `level` tokens of every sequence. `None` where there is no room for so many.
fn in_step(ready: &[Ready], level: usize, limits: &Limits) -> Option<Vec<Part>> {
    let mut rows = limits.rows;
    if ready.len() * level > limits.tokens {
        return None;
    }
    let share = |one: &Ready| {
        let pending = one.pending.min(level);
        let draft = if pending == one.pending { one.drafted(level - pending) } else { 0 };
        rows = rows.checked_sub(one.rows(pending) + draft)?;
        let part = Part { slot: one.slot, pending, draft, fillers: level - pending - draft };
        (part.len() <= one.space).then_some(part)
    };
    ready.iter().map(share).collect()
}

/// Gives tokens that are alone in a pass a companion, where there is room.
fn accompany(parts: &mut [Part], ready: &[Ready], limits: &Limits) {
    loop {
        let left = limits.tokens.saturating_sub(parts.iter().map(Part::len).sum());
        let Some(place) = alone(&counts(parts), limits.pass) else { return };
        let Some((part, one)) = of(&mut parts[place..], ready).next() else { return };
        if part.fillers > 0 || left == 0 || part.len() >= one.space {
            return;
        }
        part.fillers = 1;
    }
}

/// Parts with the sequences that they are of.
fn of<P: Borrow<Part>>(
    parts: impl IntoIterator<Item = P>,
    ready: &[Ready],
) -> impl Iterator<Item = (P, &Ready)> {
    let mut ready = ready.iter();
    parts.into_iter().filter_map(move |part| {
        let one = ready.find(|one| one.slot == part.borrow().slot)?;
        Some((part, one))
    })
}

/// Slots with how many tokens of them are decoded.
pub(super) fn counts(parts: &[Part]) -> Vec<(usize, usize)> {
    parts.iter().map(|part| (part.slot, part.len())).collect()
}

/// Tokens of the texts that come out of a call, as far as is known before it.
fn gain(ready: &[Ready], parts: &[Part]) -> f64 {
    of(parts, ready).map(|(part, one)| part.pending as f64 + one.gained(part.draft)).sum()
}

/// Tokens that are gained in a second.
fn rate(cost: &Cost, ready: &[Ready], parts: &[Part], limits: &Limits) -> f64 {
    let rows = of(parts, ready).map(|(part, one)| one.rows(part.pending) + part.draft).sum();
    gain(ready, parts) / cost.seconds(&Load::of(&counts(parts), rows, limits.pass))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ready(count: usize, likely: f64) -> Vec<Ready> {
        let one = |slot| Ready { slot, pending: 1, silent: 0, available: 19, likely, space: 100 };
        (0..count).map(one).collect()
    }

    const LIMITS: Limits = Limits { tokens: 512, rows: 512, pass: 512, drafts: true };

    /// A machine on which a pass costs as much as `tokens` tokens.
    fn machine(tokens: f64) -> Cost {
        let mut cost = Cost::default();
        for length in (1..40).cycle().take(400) {
            let load = Load::of(&[(0, length)], 1, 512);
            cost.observe(&load, tokens + length as f64);
        }
        cost
    }

    fn drafts(cost: &Cost, ready: &[Ready], limits: &Limits) -> Vec<usize> {
        parts(cost, ready, limits).iter().map(|part| part.draft).collect()
    }

    #[test]
    fn likely_drafts_are_longer_and_hopeless_ones_are_not_decoded() {
        let longest = |likely| drafts(&machine(10.0), &ready(1, likely), &LIMITS)[0];
        assert_eq!(longest(0.0), 0);
        assert_eq!(longest(0.05), 0);
        assert!(longest(0.5) > 0 && longest(0.5) < longest(0.9) && longest(0.9) < longest(1.0));
        assert_eq!(longest(1.0), 19, "no longer than what can be drafted");
    }

    #[test]
    fn the_more_a_pass_costs_the_longer_the_drafts() {
        let longest = |tokens| drafts(&machine(tokens), &ready(1, 0.8), &LIMITS)[0];
        assert!(longest(0.1) < longest(5.0) && longest(5.0) < longest(50.0));
    }

    #[test]
    fn a_full_batch_needs_drafts_less_and_has_room_for_no_more_than_it_has() {
        let cost = machine(10.0);
        let of = |count: usize, tokens: usize| {
            drafts(&cost, &ready(count, 0.8), &Limits { tokens, ..LIMITS })
        };
        assert!(of(16, 512)[0] < of(1, 512)[0]);
        assert!(of(4, 11).iter().sum::<usize>() <= 7);
        assert_eq!(of(3, 3), [0, 0, 0]);
        assert!(of(0, 9).is_empty());
    }

    #[test]
    fn drafts_save_what_the_calls_without_them_would_take_longer() {
        let (cost, ready) = (machine(10.0), ready(1, 1.0));
        let drafted = parts(&cost, &ready, &LIMITS);
        assert_eq!(drafted[0].draft, 19);
        // Twenty calls of a token and a filler beside one of twenty tokens.
        let seconds = |tokens: usize| cost.seconds(&Load::of(&[(0, tokens)], tokens, 512));
        let of_one = |tokens: usize| cost.seconds(&Load::of(&[(0, tokens)], 1, 512));
        let expected = 20.0 * of_one(2) - seconds(20);
        let found = saved(&cost, &ready, &LIMITS, &drafted);
        assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
        assert!(found > 100.0);
        let plain = [Part { draft: 0, ..drafted[0] }];
        assert_eq!(saved(&cost, &ready, &LIMITS, &plain), 0.0);
    }

    #[test]
    fn prompts_of_different_lengths_are_read_in_step_where_passes_are_dear() {
        let prompts: Vec<Ready> = (0..8)
            .map(|slot| {
                let pending = 30 + slot;
                Ready { slot, pending, silent: pending - 1, available: 9, likely: 0.9, space: 99 }
            })
            .collect();
        let lengths = |cost: &Cost, drafts: bool| -> Vec<usize> {
            parts(cost, &prompts, &Limits { drafts, ..LIMITS }).iter().map(Part::len).collect()
        };
        let dear = lengths(&machine(50.0), true);
        assert!(dear.iter().all(|&length| length == dear[0]), "{dear:?}");
        assert_eq!(lengths(&machine(50.0), false), [30, 31, 32, 33, 34, 35, 36, 37]);
        let cheap = lengths(&machine(0.01), true);
        assert!(
            cheap.iter().zip(30..).all(|(&length, pending)| length <= pending + 9),
            "{cheap:?}"
        );
    }

    proptest! {
        #[test]
        fn a_call_holds_what_it_can_and_goes_on(
            sequences in prop::collection::vec(
                (1usize..3, 1usize..60, 0usize..60, 0usize..30, 0.0f64..=1.0, 0usize..30), 1..12,
            ),
            tokens in 1usize..300, rows in 1usize..40, pass in 1usize..64, drafts: bool,
            dear in 0.1f64..60.0,
        ) {
            let mut slot = 0;
            let ready: Vec<Ready> = sequences
                .into_iter()
                .map(|(gap, pending, silent, available, likely, more)| {
                    slot += gap;
                    let space = pending + available + more;
                    Ready { slot, pending, silent, available, likely, space }
                })
                .collect();
            let limits = Limits { tokens, rows, pass, drafts };
            let parts = parts(&machine(dear), &ready, &limits);
            prop_assert!(!parts.is_empty());
            prop_assert!(parts.is_sorted_by(|a, b| a.slot < b.slot));
            prop_assert!(parts.iter().map(Part::len).sum::<usize>() <= tokens);
            let mut asked = 0;
            for part in &parts {
                let one = ready.iter().find(|one| one.slot == part.slot).unwrap();
                prop_assert!(part.pending > 0 && part.pending <= one.pending);
                prop_assert!(part.draft <= one.available && part.len() <= one.space);
                prop_assert!(part.pending == one.pending || part.unsure() <= 1);
                prop_assert!(drafts || part.unsure() == 0);
                asked += one.rows(part.pending) + part.draft;
            }
            prop_assert!(asked <= rows);
            let room = parts.iter().map(Part::len).sum::<usize>() < tokens;
            if drafts && room && let Some(place) = alone(&counts(&parts), pass) {
                let part = &parts[place];
                let one = ready.iter().find(|one| one.slot == part.slot).unwrap();
                prop_assert!(part.fillers > 0 || part.len() == one.space, "{parts:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_plan_that_is_considered_gains_more(
            sequences in prop::collection::vec((1usize..60, 0usize..40), 1..17),
            likely in 0.0f64..=1.0, answering in 0.0f64..=1.0, dear in 0.1f64..60.0,
        ) {
            let count = sequences.len() as f64;
            let ready: Vec<Ready> = (0..)
                .zip(sequences)
                .map(|(slot, (prompt, available))| {
                    let pending = if (slot as f64) < answering * count { 1 } else { prompt };
                    Ready { slot, pending, silent: pending - 1, available, likely, space: 400 }
                })
                .collect();
            let cost = machine(dear);
            let rate = |parts: &[Part]| rate(&cost, &ready, parts, &LIMITS);
            let all = whole(&ready, &LIMITS);
            let highest = LENGTHS
                .iter()
                .map(|&length| with_drafts(&all, &ready, length, &LIMITS))
                .chain(LEVELS.iter().map_while(|&level| in_step(&ready, level, &LIMITS)))
                .map(|parts| rate(&parts))
                .fold(rate(&all), f64::max);
            let chosen = rate(&best(&cost, &ready, &LIMITS, &all));
            prop_assert!(chosen >= highest, "{chosen} of {highest}");
        }
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
