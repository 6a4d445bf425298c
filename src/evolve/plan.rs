//! The numbers of a search.

use super::error::EvolveError;

/// How to search. [`Default`] has no utterances, which a caller must fill in.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchSettings {
    /// What the scores depend on besides template and utterance: data, model, method. A memo
    /// of anything else is refused.
    pub of: String,
    /// Development utterances, at least 1; the fitness is asked for the indices below it.
    pub utterances: usize,
    /// Members of the population, and children of a generation; at least 1.
    pub population: usize,
    /// Generations at most, besides that of the starting templates.
    pub generations: usize,
    /// How many of the best are the elite. A child is given up on the first part of the
    /// utterances where it is worse than the worst of them. At least 1.
    pub elite: usize,
    /// Members that compete to become a parent, at least 1. More prefer the best more.
    pub tournament: usize,
    /// Probability that a child has two parents, in [0, 1].
    pub crossover: f64,
    /// Probability of a mutation after crossover, and of one more after each; in [0, 0.9].
    pub mutation: f64,
    /// Wordings asked of the rewriter in each generation, where there is one.
    pub rewrites: usize,
    /// Share of the utterances that a child is first evaluated on, in (0, 1]; 1 for no race.
    pub first_part: f64,
    /// How clear it must be that a child is worse, in standard deviations; at least 0.
    pub evidence: f64,
    /// Errors that one token is worth; at least 0. So small that it decides only between
    /// candidates of about equal errors.
    pub token_price: f64,
    /// Generations without gain after which the search ends, at least 1.
    pub patience: usize,
    /// Evaluations of an utterance with a template at most. Those of the memo count, so that
    /// a search that is resumed ends where it would have ended.
    pub max_evaluations: u64,
    /// Seconds at most, by the clock that is given. What has begun is finished.
    pub max_seconds: f64,
    /// Candidates evaluated at a time, at least 1. Does not change the result.
    pub concurrency: usize,
    /// Decides all draws.
    pub seed: u64,
}

impl Default for SearchSettings {
    fn default() -> Self {
        Self {
            of: String::new(),
            utterances: 0,
            population: 10,
            generations: 20,
            elite: 5,
            tournament: 3,
            crossover: 0.6,
            mutation: 0.4,
            rewrites: 2,
            first_part: 0.25,
            evidence: 1.0,
            token_price: 1e-6,
            patience: 5,
            max_evaluations: u64::MAX,
            max_seconds: f64::INFINITY,
            concurrency: 4,
            seed: 0,
        }
    }
}

impl SearchSettings {
    /// # Errors
    /// [`EvolveError::Setting`] for the first that is out of range.
    pub(super) fn check(&self) -> Result<(), EvolveError> {
        for (setting, count) in [
            ("utterances", self.utterances),
            ("population", self.population),
            ("elite", self.elite),
            ("tournament", self.tournament),
            ("patience", self.patience),
            ("concurrency", self.concurrency),
        ] {
            if count == 0 {
                return Err(EvolveError::Setting { setting, reason: "must be at least 1" });
            }
        }
        for (setting, is_good, reason) in [
            ("crossover", (0.0..=1.0).contains(&self.crossover), "must be in [0, 1]"),
            ("mutation", (0.0..=0.9).contains(&self.mutation), "must be in [0, 0.9]"),
            (
                "first_part",
                self.first_part > 0.0 && self.first_part <= 1.0,
                "must be above 0 and at most 1",
            ),
            ("evidence", self.evidence >= 0.0, "must be at least 0"),
            (
                "token_price",
                self.token_price >= 0.0 && self.token_price.is_finite(),
                "must be at least 0 and finite",
            ),
            ("max_seconds", self.max_seconds >= 0.0, "must be at least 0"),
        ] {
            if !is_good {
                return Err(EvolveError::Setting { setting, reason });
            }
        }
        Ok(())
    }

    /// Utterances of the first part, at least 1 where there are any.
    pub(super) fn first(&self) -> usize {
        let share = (self.utterances as f64 * self.first_part).ceil() as usize;
        share.clamp(1.min(self.utterances), self.utterances)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_lack_only_utterances_and_nonsense_is_refused() {
        let good = SearchSettings { utterances: 10, ..Default::default() };
        assert!(good.check().is_ok());
        assert_eq!(good.first(), 3);
        for (bad, name) in [
            (SearchSettings::default(), "utterances"),
            (SearchSettings { mutation: 1.0, ..good.clone() }, "mutation"),
            (SearchSettings { crossover: f64::NAN, ..good.clone() }, "crossover"),
            (SearchSettings { first_part: 0.0, ..good.clone() }, "first_part"),
            (SearchSettings { elite: 0, ..good.clone() }, "elite"),
        ] {
            let error = bad.check().unwrap_err().to_string();
            assert!(error.contains(&format!("`{name}` must be")), "{error}");
        }
    }
}
