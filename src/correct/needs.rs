//! What methods need of a language model, so that a run which cannot work does not start.

use super::{CorrectError, METHODS, Parameters, Prompter, Tools, needs_model};
use crate::{learn::Acceptance, llm::Abilities, prompt::Output};

/// What a method asks of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// A text.
    Text,
    /// The logits of every step.
    Steps,
    /// The probabilities of labels.
    Labels,
    /// Log-probabilities of given texts, with their end where a template has no stop text.
    Scores { with_end: bool },
}

impl Need {
    fn is_met(self, abilities: Abilities) -> bool {
        match self {
            Self::Text => true,
            Self::Steps => abilities.steps,
            Self::Labels => abilities.labels,
            Self::Scores { with_end } => abilities.scores && (abilities.ends || !with_end),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Steps => "the logits of every step",
            Self::Labels => "the probabilities of labels",
            Self::Scores { with_end: false } => "log-probabilities of given texts",
            Self::Scores { with_end: true } => "log-probabilities of given texts and their end",
        }
    }
}

/// Settings of the cascade that somebody chose, so that they are not changed for them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Chosen {
    /// The inner method.
    pub inner: bool,
    /// [`Gate::min_logprob`](super::Gate::min_logprob).
    pub min_logprob: bool,
    /// [`Guard::min_gain`](super::Guard::min_gain).
    pub min_gain: bool,
}

/// Fits the cascade's defaults to what a model can do, and says what that means; `None` where
/// nothing had to be changed. What was chosen stays, and is refused by [`build`](super::build)
/// where it cannot work.
pub fn fit(parameters: &mut Parameters, abilities: Abilities, chosen: Chosen) -> Option<String> {
    let mut changed = Vec::new();
    if !abilities.steps
        && !chosen.inner
        && matches!(parameters.inner.as_str(), "uadf" | "constrained" | "static-fusion")
    {
        changed.push(format!("generates without fusion (in the place of {})", parameters.inner));
        parameters.inner = "generate".into();
    }
    if !abilities.scores {
        let mut unchecked = false;
        if !chosen.min_logprob && parameters.gate.min_logprob.is_finite() {
            parameters.gate.min_logprob = f64::NEG_INFINITY;
            unchecked = true;
        }
        if !chosen.min_gain && parameters.guard.min_gain.is_finite() {
            parameters.guard.min_gain = f64::NEG_INFINITY;
            unchecked = true;
        }
        if unchecked {
            changed.push(
                "does not check how probable a correction is beside the 1-best; the guard on size \
                 and shape of a change stays"
                    .into(),
            );
        }
    }
    (!changed.is_empty())
        .then(|| format!("with what this server tells, the cascade {}", changed.join(" and ")))
}

/// Refuses a method whose model cannot do what it needs. The inner method of the cascade is
/// checked where it is made.
pub(super) fn check(name: &'static str, tools: &Tools) -> Result<(), CorrectError> {
    let Some((model, prompter)) = &tools.model else { return Ok(()) };
    let abilities = model.abilities();
    let met = |name: &str| match of(name, tools, prompter) {
        Some(need) if needs_model(name) => need.is_met(abilities),
        _ => true,
    };
    let Some(need) = of(name, tools, prompter).filter(|need| !need.is_met(abilities)) else {
        return Ok(());
    };
    let works = METHODS.iter().map(|(name, _)| *name).filter(|name| met(name));
    Err(CorrectError::Unable {
        method: name,
        needs: need.words(),
        engine: model.info().engine.clone(),
        works: works.collect::<Vec<_>>().join(", "),
    })
}

fn of(name: &str, tools: &Tools, prompter: &Prompter) -> Option<Need> {
    let header = prompter.template().header();
    let scores = Need::Scores { with_end: header.stop.is_empty() };
    match name {
        "generate" | "closest" => Some(Need::Text),
        "constrained" | "static-fusion" | "uadf" => Some(Need::Steps),
        "select" => Some(Need::Labels),
        "lm-rank" => Some(scores),
        "variants" if tools.learned.as_ref().is_some_and(|known| known.chooses_with_model()) => {
            Some(scores)
        }
        "cloze" if header.output == Output::Label => Some(Need::Labels),
        "cloze" => Some(scores),
        "cascade" if header.output == Output::Text && asks_about_the_one_best(tools) => {
            Some(scores)
        }
        _ => None,
    }
}

/// Whether gate, guard or a learned rule look at the log-probability of the 1-best.
pub(super) fn asks_about_the_one_best(tools: &Tools) -> bool {
    let Parameters { gate, guard, .. } = &tools.parameters;
    let rule = tools.learned.as_ref().map(|learned| &learned.acceptance);
    gate.min_logprob.is_finite()
        || guard.min_gain.is_finite()
        || matches!(rule, Some(Acceptance::When { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: Abilities = Abilities { steps: false, scores: false, ends: false, labels: true };

    #[test]
    fn defaults_are_fitted_to_a_server_and_what_was_chosen_stays() {
        let mut parameters = Parameters::default();
        assert_eq!(fit(&mut parameters, Abilities::ALL, Chosen::default()), None);
        assert_eq!(parameters, Parameters::default());

        let note = fit(&mut parameters, BARE, Chosen::default()).unwrap();
        assert!(note.contains("without fusion") && note.contains("stays"), "{note}");
        assert_eq!(parameters.inner, "generate");
        assert!(
            parameters.gate.min_logprob.is_infinite() && parameters.guard.min_gain.is_infinite()
        );
        assert_eq!(fit(&mut parameters, BARE, Chosen::default()), None);

        let mut parameters = Parameters::default();
        let chosen = Chosen { inner: true, min_logprob: true, min_gain: true };
        assert_eq!(fit(&mut parameters, BARE, chosen), None);
        assert_eq!(parameters, Parameters::default());
    }
}
