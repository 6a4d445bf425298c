//! One arm: a method with everything that decides what it writes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::options::{OPTIONS, is_read, may_ask_model};
use super::value::Value;

/// A method and its options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// What tells it from the other arms of its sweep, in a few words; unique there.
    pub label: String,
    /// BLAKE3, in hexadecimal, of method and options as JSON. Equal arms of different sweeps
    /// have equal keys; a file that a path leads to may have changed all the same.
    pub key: String,
    /// Name of the correction method.
    pub method: String,
    /// Options that were set and that the method reads, named as `gec run` names them but with
    /// `_`, as it would have them typed; a switch that is on is `true`.
    pub options: BTreeMap<String, String>,
    /// Whether a grid made it. A combination of a grid that cannot work (a template that asks
    /// for something else than the method reads) may be left out with a word; an arm that was
    /// written down may not.
    pub from_grid: bool,
}

impl Arm {
    /// The recogniser's first choice, unchanged.
    #[must_use]
    pub fn one_best() -> Self {
        Self::new("1best".into(), BTreeMap::new(), false)
    }

    /// An arm without a label, with those of the options that its method reads.
    pub(super) fn new(
        method: String,
        mut options: BTreeMap<String, String>,
        from_grid: bool,
    ) -> Self {
        let all = options.clone();
        options.retain(|name, _| {
            OPTIONS.iter().any(|option| option.name == name && is_read(option, &method, &all))
        });
        let canonical = serde_json::json!({ "method": method, "options": options });
        let key = blake3::hash(canonical.to_string().as_bytes()).to_hex().to_string();
        Self { label: String::new(), key, method, options, from_grid }
    }

    /// An arm of one combination of values, by places in [`OPTIONS`].
    pub(super) fn combined(values: &BTreeMap<usize, Value>, from_grid: bool) -> Self {
        let mut options: BTreeMap<String, String> = values
            .iter()
            .filter_map(|(&place, value)| {
                Some((OPTIONS.get(place)?.name.to_owned(), value.clone()?))
            })
            .collect();
        let method = options.remove("method").unwrap_or_else(|| "cascade".into());
        Self::new(method, options, from_grid)
    }

    /// The value of an option, `None` where it is left to its default.
    #[must_use]
    pub fn get(&self, option: &str) -> Option<&str> {
        self.options.get(option).map(String::as_str)
    }

    /// Method and options as arguments of `gec run`, each of the form `--name=value`.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![format!("--method={}", self.method)];
        for option in OPTIONS {
            let name = option.name.replace('_', "-");
            match (option.kind, self.get(option.name)) {
                (_, None) => {}
                (super::options::Kind::Switch, Some(_)) => arguments.push(format!("--{name}")),
                (_, Some(value)) => arguments.push(format!("--{name}={value}")),
            }
        }
        arguments
    }

    /// Whether another seed can give another text, so that repeating it means anything: it
    /// samples, or shows examples that are drawn. `shows_examples` says whether its template
    /// shows some by itself, where `examples` is not set.
    #[must_use]
    pub fn depends_on_seed(&self, shows_examples: bool) -> bool {
        let samples = self.get("temperature").is_some_and(|temperature| temperature != "0")
            || self.get("profile").is_some();
        let shows = self.get("examples").map_or(shows_examples, |number| number != "0");
        // Drawn is what is chosen at random, as it is by default, with no seed of its own.
        let random = |how: &str| how == "random" || how.starts_with("random,");
        let draws = shows && self.get("example_selection").is_none_or(random);
        self.method != "1best" && (samples || (draws && may_ask_model(&self.method)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm(method: &str, options: &[(&str, &str)]) -> Arm {
        let options = options.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Arm::new(method.into(), options.collect(), true)
    }

    #[test]
    fn what_a_method_does_not_read_makes_no_other_arm() {
        let plain = arm("mbr", &[]);
        assert_eq!(arm("mbr", &[("template", "zero-shot"), ("temperature", "0.7")]), plain);
        assert_ne!(arm("mbr", &[("rank_cost", "2")]).key, plain.key);
        assert_ne!(arm("rover", &[]).key, plain.key);
        let none = arm("generate", &[("examples", "0"), ("example_selection", "nearest")]);
        assert_eq!(none, arm("generate", &[("examples", "0")]));
        assert_eq!(arm("1best", &[("rank_cost", "2")]).key, Arm::one_best().key);
    }

    #[test]
    fn keys_never_change() {
        // Stored results are found by them.
        let expected = blake3::hash(
            br#"{"method":"generate","options":{"temperature":"0.7","template":"zero-shot"}}"#,
        );
        let arm = arm("generate", &[("temperature", "0.7"), ("template", "zero-shot")]);
        assert_eq!(arm.key, expected.to_hex().to_string());
    }

    #[test]
    fn arguments_are_those_of_a_run() {
        let arm = arm("uadf", &[("beta", "-1"), ("no_reentry", "true"), ("template", "a b")]);
        assert_eq!(
            arm.arguments(),
            ["--method=uadf", "--template=a b", "--beta=-1", "--no-reentry"]
        );
    }

    #[test]
    fn only_what_samples_or_draws_examples_depends_on_the_seed() {
        assert!(!Arm::one_best().depends_on_seed(true));
        assert!(!arm("mbr", &[]).depends_on_seed(true));
        assert!(!arm("generate", &[]).depends_on_seed(false));
        assert!(arm("generate", &[]).depends_on_seed(true));
        assert!(arm("generate", &[("temperature", "0.7")]).depends_on_seed(false));
        assert!(!arm("generate", &[("temperature", "0")]).depends_on_seed(false));
        let nearest = [("examples", "4"), ("example_selection", "nearest")];
        assert!(!arm("generate", &nearest).depends_on_seed(true));
    }
}
