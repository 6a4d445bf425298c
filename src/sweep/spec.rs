//! The file of a sweep.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;

use super::grid::{MOST_COMBINATIONS, combinations};
use super::table::{Grids, Table};
use super::{Arm, Halving, SweepError, label, near};

/// What a sweep is to do, as its file says.
///
/// ```toml
/// dataset = "hp:atis"      # as for `gec run --dataset`
/// split = "test"           # optional
/// limit = 300              # optional: a stratified sample of so many utterances
/// baseline = "1best"       # what others are compared with: a name, a label or a method
/// repeat = 3               # so many sampling seeds for arms that depend on one
/// seed = 1                 # of the sample, of sampling, and of what resamples
/// [budget]                 # optional: bad arms are dropped early
/// max_seconds = 600        # optional
/// halving = true           # default where there is a [budget]
/// eta = 3
/// first = 50
/// [defaults]               # options of every arm that does not say otherwise
/// model = "a.gguf"
/// [grid]                   # every combination; several grids are [[grid]]
/// template = ["zero-shot", "few-shot", "mine.jinja"]
/// method = ["generate", "cascade"]
/// set = { beta = [0.3, 0.5] }
/// [[arm]]                  # single ones
/// name = "short prompt"
/// template = "short.jinja"
/// ```
///
/// Options are those of `gec run`, with `_` or `-`; they may stand within `set`, which is for
/// the eye alone. `lora` and `profile` can be `"none"`. An arm without `method` is a cascade,
/// as in `gec run`. The 1-best is always an arm, and the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// The corpus, as for `gec run --dataset`.
    pub dataset: String,
    /// Its split, where one is named.
    pub split: Option<String>,
    /// Utterances to sample, at least 1; all where there is none.
    pub limit: Option<usize>,
    /// How many seeds arms are run with that depend on one, from 1 to 20: `seed`, `seed + 1`
    /// and so on.
    pub repeat: u32,
    /// Seed of the sample, the first one of sampling and of resampling.
    pub seed: u64,
    /// Whether and how bad arms are dropped early.
    pub halving: Option<Halving>,
    /// Seconds that the sweep may take, above 0; no limit where there is none.
    pub max_seconds: Option<f64>,
    arms: Vec<Arm>,
    baseline: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    dataset: Spanned<String>,
    split: Option<String>,
    limit: Option<Spanned<u32>>,
    baseline: Option<Spanned<String>>,
    repeat: Option<Spanned<u32>>,
    seed: Option<u64>,
    budget: Option<Budget>,
    #[serde(default)]
    defaults: Table<false>,
    #[serde(default)]
    grid: Option<Spanned<Grids>>,
    #[serde(default)]
    arm: Vec<Spanned<Table<false>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    max_seconds: Option<Spanned<f64>>,
    halving: Option<bool>,
    eta: Option<Spanned<u32>>,
    first: Option<Spanned<u32>>,
}

impl Spec {
    /// Reads the text of a file; `file` is its name for errors.
    ///
    /// # Errors
    /// Where and what is wrong: no TOML, a field that does not exist, a value that its option
    /// does not take, nothing to compare, two arms of one name, a baseline that is no arm.
    pub fn parse(file: &str, text: &str) -> Result<Self, SweepError> {
        let read: File =
            toml::from_str(text).map_err(|error| SweepError::parsed(file, text, &error))?;
        let source = Source { file, text };
        if read.dataset.get_ref().trim().is_empty() {
            return Err(source.fault(&read.dataset, "`dataset` is empty; try `sample`"));
        }
        let limit = source.within("limit", read.limit.as_ref(), 1, u32::MAX)?;
        let repeat = source.within("repeat", read.repeat.as_ref(), 1, 20)?.unwrap_or(1);
        let (halving, max_seconds) = source.budget(read.budget.as_ref())?;
        let arms = source.arms(&read)?;
        let baseline = source.baseline(&arms, read.baseline.as_ref())?;
        Ok(Self {
            dataset: read.dataset.into_inner(),
            split: read.split,
            limit: limit.map(|limit| limit as usize),
            repeat,
            seed: read.seed.unwrap_or(1),
            halving,
            max_seconds,
            arms,
            baseline,
        })
    }

    /// The arms, without duplicates: the 1-best, then the grids' combinations, then single
    /// ones, in the order of the file. At least two.
    #[must_use]
    pub fn arms(&self) -> &[Arm] {
        &self.arms
    }

    /// The place among the arms of the one that others are compared with.
    #[must_use]
    pub fn baseline(&self) -> usize {
        self.baseline
    }
}

/// The file, for errors.
struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn fault<T>(&self, at: &Spanned<T>, message: impl Into<String>) -> SweepError {
        SweepError::at(self.file, self.text, at.span().start, message)
    }

    fn within(
        &self,
        name: &str,
        value: Option<&Spanned<u32>>,
        least: u32,
        most: u32,
    ) -> Result<Option<u32>, SweepError> {
        match value {
            Some(value) if !(least..=most).contains(value.get_ref()) => {
                Err(self.fault(value, format!("`{name}` has to be from {least} to {most}")))
            }
            value => Ok(value.map(|value| *value.get_ref())),
        }
    }

    fn budget(
        &self,
        budget: Option<&Budget>,
    ) -> Result<(Option<Halving>, Option<f64>), SweepError> {
        let Some(budget) = budget else { return Ok((None, None)) };
        let usual = Halving::default();
        let eta = self.within("eta", budget.eta.as_ref(), 2, 10)?.unwrap_or(usual.eta);
        let first =
            self.within("first", budget.first.as_ref(), 1, u32::MAX)?.unwrap_or(usual.first);
        let halving = budget.halving.unwrap_or(true).then_some(Halving { eta, first });
        if let Some(seconds) = &budget.max_seconds
            && !(seconds.get_ref().is_finite() && *seconds.get_ref() > 0.0)
        {
            return Err(self.fault(seconds, "`max_seconds` has to be a number above 0"));
        }
        Ok((halving, budget.max_seconds.as_ref().map(|seconds| *seconds.get_ref())))
    }

    fn arms(&self, read: &File) -> Result<Vec<Arm>, SweepError> {
        let mut arms = vec![Arm::one_best()];
        let mut names = BTreeMap::new();
        let grids = read
            .grid
            .iter()
            .flat_map(|grids| grids.get_ref().0.iter().map(move |grid| (grids, grid)));
        for (place, grid) in grids {
            let all = combinations(grid, &read.defaults).ok_or_else(|| {
                self.fault(
                    place,
                    format!(
                        "the grid has more than {MOST_COMBINATIONS} combinations; shorten its lists"
                    ),
                )
            })?;
            arms.extend(all.iter().map(|values| Arm::combined(values, true)));
        }
        let mut taken = BTreeSet::new();
        for single in &read.arm {
            let table = single.get_ref();
            for values in combinations(table, &read.defaults).unwrap_or_default() {
                let arm = Arm::combined(&values, false);
                if let Some(name) = &table.name {
                    let shown = name.trim();
                    let reserved = shown == "1best" && arm.method != "1best";
                    if shown.is_empty() || reserved || shown.contains(char::is_control) {
                        let message = format!("an arm cannot be named {name:?}; name it otherwise");
                        return Err(self.fault(single, message));
                    }
                    if !taken.insert(shown.to_owned()) {
                        let message = format!("two arms are named `{shown}`; rename one");
                        return Err(self.fault(single, message));
                    }
                    if let Some(known) = names.get(&arm.key) {
                        let message = format!(
                            "`{shown}` does what `{known}` does: {} reads none of the options in \
                             which they differ",
                            arm.method
                        );
                        return Err(self.fault(single, message));
                    }
                    names.insert(arm.key.clone(), shown.to_owned());
                }
                arms.push(arm);
            }
        }
        let arms = distinct(arms);
        if arms.len() < 2 {
            let message = "there is nothing to compare with the 1-best; add a [grid] or an [[arm]]";
            return Err(SweepError::of(self.file, message));
        }
        let mut arms = arms;
        label::label(&mut arms, &names);
        Ok(arms)
    }

    fn baseline(&self, arms: &[Arm], name: Option<&Spanned<String>>) -> Result<usize, SweepError> {
        let Some(spanned) = name else { return Ok(0) };
        let name = spanned.get_ref().trim();
        if let Some(place) = arms.iter().position(|arm| arm.label == name) {
            return Ok(place);
        }
        let of_method: Vec<usize> =
            (0..arms.len()).filter(|&place| arms[place].method == name).collect();
        match of_method.as_slice() {
            [place] => Ok(*place),
            [] => {
                let labels: Vec<&str> = arms.iter().map(|arm| arm.label.as_str()).collect();
                let hint = near::hint(name, &labels);
                Err(self.fault(spanned, format!("no arm is called `{name}`{hint}")))
            }
            several => {
                let labels: Vec<String> =
                    several.iter().map(|&place| format!("`{}`", arms[place].label)).collect();
                Err(self.fault(
                    spanned,
                    format!("several arms are `{name}`; name one of {}", labels.join(", ")),
                ))
            }
        }
    }
}

/// The arms without those that equal one before them. What was also written down singly is
/// not of a grid any more.
fn distinct(arms: Vec<Arm>) -> Vec<Arm> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept: Vec<Arm> = Vec::new();
    for arm in arms {
        match places.get(&arm.key) {
            Some(&place) => kept[place].from_grid &= arm.from_grid,
            None => {
                places.insert(arm.key.clone(), kept.len());
                kept.push(arm);
            }
        }
    }
    kept
}
