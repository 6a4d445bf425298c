//! The options that arms may differ in, and which methods they matter to.
//!
//! An option is named as `gec run` names it, with `_` for `-`. Two arms that differ only in
//! what their method does not read are one arm, so a method that reads more than is written
//! here would lose arms: where it is in doubt, it is written that it reads.

use std::collections::BTreeMap;

use crate::correct::{METHODS, needs_model};

/// What an option's value has to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// The name of a method.
    Method,
    /// A name or a path.
    Text,
    /// A name or a path, or `none` for going without.
    TextOrNone,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A whole number, this or more.
    Whole(u32),
    /// Any number.
    Number,
    /// A finite number, 0 or more.
    NotNegative,
    /// A finite number above 0.
    Positive,
    /// `true` or `false`.
    Switch,
}

/// What reads an option.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Reader {
    /// All methods but `1best`.
    All,
    /// Methods that may ask a language model.
    Model,
    /// The cascade itself.
    Cascade,
    /// These, and a cascade around one of them.
    These(&'static [&'static str]),
}

/// One option.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ArmOption {
    /// As in the file.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    reader: Reader,
}

const FUSING: Reader = Reader::These(&["uadf", "static-fusion", "cloze"]);
const HEARING: Reader = Reader::These(&["uadf", "static-fusion", "cloze", "constrained"]);
const WRITING: Reader = Reader::These(&["generate", "closest"]);
const FORMS: &[&str] = &["probability", "log-probability"];

const fn option(name: &'static str, kind: Kind, reader: Reader) -> ArmOption {
    ArmOption { name, kind, reader }
}

/// All options, in the order in which combinations are made (the last varies fastest) and
/// labels name them.
pub(super) const OPTIONS: &[ArmOption] = &[
    option("method", Kind::Method, Reader::All),
    option("model", Kind::Text, Reader::Model),
    option("lora", Kind::TextOrNone, Reader::Model),
    option("profile", Kind::TextOrNone, Reader::All),
    option("template", Kind::Text, Reader::Model),
    option("examples", Kind::Whole(0), Reader::Model),
    option("example_selection", Kind::Text, Reader::Model),
    option("examples_from", Kind::TextOrNone, Reader::Model),
    option("embeddings", Kind::TextOrNone, Reader::Model),
    option("max_hypotheses", Kind::Whole(1), Reader::Model),
    option("temperature", Kind::NotNegative, WRITING),
    option("top_p", Kind::Positive, WRITING),
    option("inner", Kind::Method, Reader::Cascade),
    option("tau_llm", Kind::Positive, FUSING),
    option("beta", Kind::Number, Reader::These(&["uadf", "cloze"])),
    option("static_weight", Kind::NotNegative, Reader::These(&["static-fusion"])),
    option("fusion_form", Kind::Word(FORMS), FUSING),
    option("asr_floor", Kind::Positive, FUSING),
    option("no_reentry", Kind::Switch, FUSING),
    option("tau_asr", Kind::Positive, HEARING),
    option("unfinished", Kind::Positive, HEARING),
    option("list_only", Kind::Switch, HEARING),
    option("score_temperature", Kind::Positive, Reader::All),
    option("sum_temperature", Kind::Positive, Reader::All),
    option("rank_cost", Kind::NotNegative, Reader::All),
    option("count_repeats", Kind::Switch, Reader::All),
    option("list_weight", Kind::Number, Reader::These(&["lm-rank"])),
    option("null_share", Kind::NotNegative, Reader::These(&["rover"])),
    option("min_distinct", Kind::Whole(0), Reader::Cascade),
    option("min_entropy", Kind::Number, Reader::Cascade),
    option("max_margin", Kind::Number, Reader::Cascade),
    option("max_tokens_per_word", Kind::Number, Reader::Cascade),
    option("min_logprob", Kind::Number, Reader::Cascade),
    option("max_change", Kind::Number, Reader::Cascade),
    option("min_gain", Kind::Number, Reader::Cascade),
    option("max_repeats", Kind::Whole(0), Reader::Cascade),
];

/// The place of an option in [`OPTIONS`]; `-` counts as `_`.
pub(super) fn place(name: &str) -> Option<usize> {
    let name = name.replace('-', "_");
    OPTIONS.iter().position(|option| option.name == name)
}

/// Names of all methods.
pub(super) fn methods() -> Vec<&'static str> {
    METHODS.iter().map(|(name, _)| *name).collect()
}

/// Whether a method may ask a language model: `variants` does where a profile says so.
pub(super) fn may_ask_model(method: &str) -> bool {
    method == "variants" || needs_model(method)
}

/// Whether an option matters to a method that has these options beside it.
pub(super) fn is_read(
    option: &ArmOption,
    method: &str,
    options: &BTreeMap<String, String>,
) -> bool {
    if method == "1best" {
        return false;
    }
    let cascade = method == "cascade";
    match option.reader {
        Reader::All => true,
        Reader::Cascade => cascade,
        Reader::Model
            if ["example_selection", "examples_from", "embeddings"].contains(&option.name) =>
        {
            let by_vectors =
                || options.get("example_selection").is_some_and(|how| how.starts_with("vectors"));
            may_ask_model(method)
                && options.get("examples").is_none_or(|number| number != "0")
                && (option.name != "embeddings" || by_vectors())
        }
        Reader::Model => may_ask_model(method),
        Reader::These(methods) if cascade => match options.get("inner") {
            Some(inner) => methods.contains(&inner.as_str()),
            // A profile may name any inner method.
            None if options.contains_key("profile") => true,
            // The default, and what takes its place with a server that gives no logits.
            None => methods.contains(&"uadf") || methods.contains(&"generate"),
        },
        Reader::These(methods) => methods.contains(&method),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::Args;

    use super::*;
    use crate::cli::run::{PromptArgs, SettingsArgs};

    #[test]
    fn every_setting_and_prompt_option_of_a_run_is_an_option_here_but_the_seed() {
        let command = SettingsArgs::augment_args(clap::Command::new("run"));
        let command = PromptArgs::augment_args(command);
        let typed: BTreeSet<String> = command
            .get_arguments()
            .filter_map(|argument| argument.get_long())
            .map(|name| name.replace('-', "_"))
            .filter(|name| name != "seed")
            .collect();
        let elsewhere = ["method", "model", "lora", "profile"];
        let here: BTreeSet<String> = OPTIONS
            .iter()
            .map(|option| option.name.to_owned())
            .filter(|name| !elsewhere.contains(&name.as_str()))
            .collect();
        assert_eq!(here, typed);
    }

    #[test]
    fn readers_are_methods() {
        for option in OPTIONS {
            if let Reader::These(methods_read) = option.reader {
                assert!(methods_read.iter().all(|name| methods().contains(name)), "{option:?}");
            }
        }
    }

    #[test]
    fn an_option_matters_to_what_reads_it_and_to_a_cascade_around_it() {
        let beta = &OPTIONS[place("beta").unwrap()];
        let weight = &OPTIONS[place("static-weight").unwrap()];
        let none = BTreeMap::new();
        let inner = |name: &str| BTreeMap::from([("inner".to_owned(), name.to_owned())]);
        assert!(is_read(beta, "uadf", &none) && is_read(beta, "cascade", &none));
        assert!(!is_read(beta, "generate", &none) && !is_read(beta, "1best", &none));
        assert!(!is_read(beta, "cascade", &inner("generate")));
        assert!(!is_read(weight, "cascade", &none));
        assert!(is_read(weight, "cascade", &inner("static-fusion")));
        let profile = BTreeMap::from([("profile".to_owned(), "x".to_owned())]);
        assert!(is_read(weight, "cascade", &profile));
    }
}
