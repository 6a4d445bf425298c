//! Which arms go on, and what is to be run next: a function of the errors so far alone, so a
//! sweep that was interrupted goes on as if it had not been.

use serde::{Deserialize, Serialize};

use super::Schedule;
use super::errors::{Measure, paired, total};
use crate::score::bootstrap;

/// Resamples behind a decision. It need not be as fine as what is printed.
const RESAMPLES: u32 = 1000;

/// An arm is worse than the best where the bootstrap gives such a difference less than this
/// two-sided probability if there were none.
const DOUBT: f64 = 0.1;

/// What has become of an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Fate {
    /// It is still being run.
    Running,
    /// It was run on all utterances.
    Finished,
    /// It was dropped.
    Dropped {
        /// Utterances that it was judged by.
        after: usize,
        /// Why.
        reason: Reason,
    },
    /// The time was over before it got further.
    Stopped {
        /// Utterances that it was run on, as far as they count; 0 where it was never run.
        after: usize,
    },
}

/// Why an arm was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Behind the quota, and worse than the best by paired evidence.
    Worse,
    /// Behind the quota and behind those that were let through in doubt.
    Rank,
}

/// Utterances that an arm is to be run on next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Task {
    /// The arm's place.
    pub arm: usize,
    /// The first utterance, by its place in the sample.
    pub from: usize,
    /// Behind the last one.
    pub to: usize,
    /// From 1, its rank at the last rung; 1 for all before the first one. Equal arms have equal
    /// places. 0 is the baseline's.
    pub place: usize,
}

/// Where a sweep stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What to run before anything can be decided; empty when the sweep is over. The
    /// baseline comes first, then the arms by their place.
    pub tasks: Vec<Task>,
    /// What has become of each arm.
    pub fates: Vec<Fate>,
}

/// Everything that decides how a sweep goes on.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The rungs.
    pub schedule: &'a Schedule,
    /// The sample, in its order.
    pub utterances: &'a [Measure],
    /// For each arm the errors of the utterances that it was run on, in the sample's order.
    pub errors: &'a [Vec<u32>],
    /// Which arm the others are compared with. It is never dropped and takes no quota.
    pub baseline: usize,
    /// Arms that there is no time for ([`affordable`](super::affordable)).
    pub stopped: &'a [usize],
    /// Of the bootstrap.
    pub seed: u64,
}

/// Replays the rungs as far as there are errors.
///
/// At each rung but the last, arms are ranked by their errors so far. The first ones, as many
/// as the quota, go on. An arm behind them is dropped where it is worse than the best arm of
/// the rung by the paired bootstrap (two-sided p below 0.1), or where the rung is full: half
/// as many as the quota go on in doubt, in the order of their rank.
///
/// Both halves of this rule are needed. Rank alone drops arms that cannot be told from the
/// best yet, which after 50 utterances are most of the good ones. Evidence alone lets
/// everything go on where many arms are about equal, and then nothing is spared. And no arm
/// within the quota is dropped by evidence: the best of many is overrated, so evidence against
/// the second is, too.
///
/// Errors beyond a rung do not count for it, so that what was run ahead changes nothing.
/// Ties in rank go to the arm that comes first: time measured plays no part, and another
/// machine decides alike.
#[must_use]
pub fn progress(standing: &Standing<'_>) -> Progress {
    let mut fates = vec![Fate::Running; standing.errors.len()];
    let mut alive: Vec<(usize, usize)> =
        (0..fates.len()).map(|arm| (arm, usize::from(arm != standing.baseline))).collect();
    alive.sort_by_key(|(_, place)| *place);
    let mut before = 0;
    let rungs = standing.schedule.rungs();
    for (number, rung) in (1..).zip(rungs) {
        let has = |arm: usize| standing.errors[arm].len() >= rung.utterances;
        alive.retain(|(arm, _)| {
            let stopped = *arm != standing.baseline && standing.stopped.contains(arm) && !has(*arm);
            if stopped {
                fates[*arm] = Fate::Stopped { after: before };
            }
            !stopped
        });
        let missing = alive.iter().filter(|(arm, _)| !has(*arm));
        let tasks: Vec<Task> = missing
            .map(|&(arm, place)| {
                let from = standing.errors[arm].len();
                Task { arm, from, to: rung.utterances, place }
            })
            .collect();
        if !tasks.is_empty() {
            return Progress { tasks, fates };
        }
        if number < rungs.len() {
            alive = decide(standing, rung, &alive, &mut fates);
        }
        before = rung.utterances;
    }
    for (arm, _) in alive {
        fates[arm] = Fate::Finished;
    }
    Progress { tasks: Vec::new(), fates }
}

/// Those of the arms that go on from a rung, with their places, the baseline first.
fn decide(
    standing: &Standing<'_>,
    rung: &super::Rung,
    alive: &[(usize, usize)],
    fates: &mut [Fate],
) -> Vec<(usize, usize)> {
    let errors = |arm: usize| &standing.errors[arm][..rung.utterances];
    let mut ranked: Vec<(u64, usize)> =
        alive.iter().map(|&(arm, _)| (total(errors(arm)), arm)).collect();
    ranked.sort_unstable();
    let Some(&(_, best)) = ranked.first() else { return Vec::new() };
    let is_worse = |arm: usize| {
        let sums = paired(standing.utterances, errors(arm), errors(best));
        bootstrap(&sums, RESAMPLES, standing.seed)
            .is_some_and(|found| found.difference.high > 0.0 && found.p_value < DOUBT)
    };
    let mut on = Vec::new();
    let mut others = 0;
    for &(sum, arm) in &ranked {
        let place = 1 + ranked.partition_point(|&(better, _)| better < sum);
        if arm == standing.baseline {
            on.insert(0, (arm, 0));
            continue;
        }
        let reason = if others < rung.quota {
            None
        } else if is_worse(arm) {
            Some(Reason::Worse)
        } else if others >= rung.most {
            Some(Reason::Rank)
        } else {
            None
        };
        match reason {
            None => {
                others += 1;
                on.push((arm, place));
            }
            Some(reason) => fates[arm] = Fate::Dropped { after: rung.utterances, reason },
        }
    }
    on
}
