//! The ranked table of a sweep.

use serde::{Deserialize, Serialize};

use super::errors::{Measure, paired, rate, total};
use super::flattery::{Flattery, flattery};
use super::{Arm, Fate};
use crate::score::{Rule, bootstrap, holm};

/// The version of the JSON and CSV forms. It changes when a field is renamed, removed or given
/// another unit, not when one is added.
pub const RANKING_VERSION: u32 = 1;

/// Divisions behind [`Flattery`].
const DIVISIONS: u32 = 200;

/// A corrected p-value cannot be less than two over this, and so can be small enough to count
/// however many arms there are.
const RESAMPLES_PER_COMPARISON: u32 = 400;

/// More would take longer than anybody waits.
const MOST_RESAMPLES: u32 = 40_000;

/// What was measured of an arm.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measured {
    /// Errors of the utterances that it was run on, in the sample's order, with the first seed.
    pub errors: Vec<u32>,
    /// Utterances whose text differs from their 1-best.
    pub changed: u64,
    /// Utterances that it could not be run on and whose 1-best counts.
    pub failed: u64,
    /// Tokens of all prompts.
    pub prompt_tokens: u64,
    /// Tokens of all answers.
    pub output_tokens: u64,
    /// Seconds that it took.
    pub seconds: f64,
    /// Errors with the other seeds, each for all of its utterances; empty without repeats.
    pub repeats: Vec<Vec<u32>>,
}

/// What a ranking is made of. The lists of arms are of one length and order.
#[derive(Debug, Clone, Copy)]
pub struct Results<'a> {
    /// What was run on, in words, such as `hp:atis test, 300 of 809 utterances, seed 1`.
    pub data: &'a str,
    /// The sample, in its order.
    pub utterances: &'a [Measure],
    /// The arms.
    pub arms: &'a [Arm],
    /// What was measured of each.
    pub measured: &'a [Measured],
    /// What became of each.
    pub fates: &'a [Fate],
    /// The place of the baseline.
    pub baseline: usize,
}

/// One arm of a ranking. Rates are in percent of reference words, never NaN, and `None` where
/// they do not exist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    /// From 1, among the arms that got to the end; `None` for others.
    pub rank: Option<u32>,
    /// The arm.
    pub arm: Arm,
    /// Whether the others are compared with it.
    pub baseline: bool,
    /// What became of it.
    pub fate: Fate,
    /// Utterances that it was run on. All figures are about these.
    pub utterances: usize,
    /// Word errors.
    pub errors: u64,
    /// Corpus word error rate.
    pub wer: Option<f64>,
    /// Lower end of its 95 % interval.
    pub wer_low: Option<f64>,
    /// Upper end of its 95 % interval.
    pub wer_high: Option<f64>,
    /// Word error rate minus the baseline's on the same utterances: below zero is better.
    pub diff: Option<f64>,
    /// Lower end of its 95 % interval (paired), not corrected for the number of arms.
    pub diff_low: Option<f64>,
    /// Upper end of the same.
    pub diff_high: Option<f64>,
    /// Two-sided probability of so clear a difference if there were none, from 0 to 1.
    pub p_value: Option<f64>,
    /// The same after Holm's correction for all arms of the table.
    pub p_corrected: Option<f64>,
    /// Whether the corrected one is below 0.05.
    pub real: bool,
    /// Utterances with fewer errors than with the baseline.
    pub better: u64,
    /// Utterances with more errors than with the baseline.
    pub worse: u64,
    /// Share of utterances whose text differs from their 1-best, in percent.
    pub changed: Option<f64>,
    /// Utterances that it could not be run on and whose 1-best counts.
    pub failed: u64,
    /// Tokens of the prompts, an utterance.
    pub prompt_tokens: Option<f64>,
    /// Tokens of the answers, an utterance.
    pub output_tokens: Option<f64>,
    /// Seconds, an utterance.
    pub seconds: Option<f64>,
    /// Seeds that it was run with.
    pub seeds: usize,
    /// Mean of the seeds' word error rates, where there are several.
    pub seeds_mean: Option<f64>,
    /// Standard deviation of the same (with one less than the seeds in the denominator).
    pub seeds_deviation: Option<f64>,
}

/// All arms, those first that got to the end, by their word error rate, then those that were
/// dropped or stopped, the later the earlier in the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    /// See [`RANKING_VERSION`].
    pub format_version: u32,
    /// What was run on.
    pub data: String,
    /// The rule in one line.
    pub rule: String,
    /// The label of the arm that the others are compared with.
    pub baseline: String,
    /// How many comparisons the p-values are corrected for.
    pub comparisons: usize,
    /// How much choosing the best arm flatters it; `None` with fewer than two that got to the
    /// end.
    pub flattery: Option<Flattery>,
    /// The arms.
    pub rows: Vec<Ranked>,
}

impl Ranking {
    /// Ranks the arms. Among equal word error rates the one with fewer tokens comes first,
    /// then the one that is named first. Nothing in, no rows out.
    ///
    /// The rule's resamples are raised to 400 a comparison, or a corrected p-value could not
    /// be small, and `rule` of the answer says so.
    #[must_use]
    pub fn new(results: &Results<'_>, rule: &Rule) -> Self {
        let others = results.arms.len().saturating_sub(1);
        let wanted = u32::try_from(others)
            .unwrap_or(u32::MAX)
            .saturating_mul(RESAMPLES_PER_COMPARISON)
            .min(MOST_RESAMPLES);
        let resamples = if rule.resamples == 0 { 0 } else { rule.resamples.max(wanted) };
        let rule = Rule { resamples, ..*rule };
        let mut rows: Vec<Ranked> =
            (0..results.arms.len()).filter_map(|place| row(results, place, &rule)).collect();
        let compared: Vec<usize> =
            (0..rows.len()).filter(|&place| rows[place].p_value.is_some()).collect();
        let p_values: Vec<f64> = compared.iter().filter_map(|&at| rows[at].p_value).collect();
        for (&place, corrected) in compared.iter().zip(holm(&p_values)) {
            rows[place].p_corrected = Some(corrected);
            rows[place].real = corrected < 0.05;
        }
        let label = rows.iter().find(|row| row.baseline).map(|row| row.arm.label.clone());
        let finished: Vec<&[u32]> = results
            .measured
            .iter()
            .zip(results.fates)
            .filter(|(_, fate)| **fate == Fate::Finished)
            .map(|(measured, _)| measured.errors.as_slice())
            .collect();
        sort(&mut rows);
        Self {
            format_version: RANKING_VERSION,
            data: results.data.to_owned(),
            rule: rule.to_string(),
            baseline: label.unwrap_or_default(),
            comparisons: compared.len(),
            flattery: flattery(results.utterances, &finished, DIVISIONS, rule.seed),
            rows,
        }
    }

    /// As one JSON object that ends with a line feed.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Texts, whole numbers and numbers that are not NaN cannot fail.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// The row of one arm, without rank and corrected p-value.
fn row(results: &Results<'_>, place: usize, rule: &Rule) -> Option<Ranked> {
    let measured = results.measured.get(place)?;
    let baseline_errors = &results.measured.get(results.baseline)?.errors;
    let errors = cut(&measured.errors, results.utterances.len());
    let is_baseline = place == results.baseline;
    let shared = errors.len().min(baseline_errors.len());
    let baseline = cut(baseline_errors, shared);
    let sums = paired(results.utterances, errors, baseline);
    let found = bootstrap(&sums, rule.resamples, rule.seed);
    let against = found.filter(|_| !is_baseline);
    let wer = rate(results.utterances, errors);
    let same = cut(errors, shared);
    let diff = rate(results.utterances, same)
        .zip(rate(results.utterances, baseline))
        .map(|(own, other)| own - other)
        .filter(|_| !is_baseline);
    let pairs = || same.iter().zip(baseline);
    let each =
        |sum: f64| (!errors.is_empty() && sum.is_finite()).then(|| sum / errors.len() as f64);
    let mut seeds: Vec<f64> = wer.into_iter().collect();
    seeds.extend(measured.repeats.iter().filter_map(|errors| rate(results.utterances, errors)));
    let (mean, deviation) = spread(&seeds);
    Some(Ranked {
        rank: None,
        arm: results.arms.get(place)?.clone(),
        baseline: is_baseline,
        fate: *results.fates.get(place)?,
        utterances: errors.len(),
        errors: total(errors),
        wer,
        wer_low: found.map(|found| 100.0 * found.wer.low),
        wer_high: found.map(|found| 100.0 * found.wer.high),
        diff,
        diff_low: against.map(|found| 100.0 * found.difference.low),
        diff_high: against.map(|found| 100.0 * found.difference.high),
        p_value: against.map(|found| found.p_value),
        p_corrected: None,
        real: false,
        better: pairs().filter(|(own, other)| own < other).count() as u64,
        worse: pairs().filter(|(own, other)| own > other).count() as u64,
        changed: each(100.0 * measured.changed as f64),
        failed: measured.failed,
        prompt_tokens: each(measured.prompt_tokens as f64),
        output_tokens: each(measured.output_tokens as f64),
        seconds: each(measured.seconds),
        seeds: seeds.len(),
        seeds_mean: mean,
        seeds_deviation: deviation,
    })
}

fn cut(errors: &[u32], most: usize) -> &[u32] {
    &errors[..errors.len().min(most)]
}

/// Mean and standard deviation; none of fewer than two values.
fn spread(values: &[f64]) -> (Option<f64>, Option<f64>) {
    if values.len() < 2 {
        return (None, None);
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (Some(mean), Some((squares / (values.len() - 1) as f64).sqrt()))
}

/// Puts rows in order and gives ranks to those that got to the end.
fn sort(rows: &mut [Ranked]) {
    let finished = |row: &Ranked| row.fate == Fate::Finished;
    let wer = |row: &Ranked| row.wer.unwrap_or(f64::INFINITY);
    let tokens = |row: &Ranked| row.prompt_tokens.unwrap_or(0.0) + row.output_tokens.unwrap_or(0.0);
    // Stable: the arms' own order decides last.
    rows.sort_by(|one, other| {
        finished(other)
            .cmp(&finished(one))
            .then(other.utterances.cmp(&one.utterances))
            .then(wer(one).total_cmp(&wer(other)))
            .then(tokens(one).total_cmp(&tokens(other)))
    });
    for (rank, row) in (1..).zip(rows.iter_mut().filter(|row| finished(row))) {
        row.rank = Some(rank);
    }
}
