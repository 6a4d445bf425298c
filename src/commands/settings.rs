//! From typed settings to those of the methods.

use super::Context;
use crate::{
    cli::run::SettingsArgs,
    correct::{self, Chosen, Parameters},
    fusion::Form,
    llm::{Abilities, LanguageModel},
};

/// Fits the cascade to what the model can do, where nothing else was typed.
pub(super) fn fit(
    args: &SettingsArgs,
    parameters: &mut Parameters,
    model: Option<&dyn LanguageModel>,
    context: &Context,
) {
    let chosen = Chosen {
        inner: args.inner.is_some(),
        min_logprob: args.min_logprob.is_some(),
        min_gain: args.min_gain.is_some(),
    };
    let abilities = model.map_or(Abilities::ALL, LanguageModel::abilities);
    if let Some(note) = correct::fit(parameters, abilities, chosen) {
        context.note(&note);
    }
}

/// The settings that were typed over `base`.
pub(super) fn parameters(args: &SettingsArgs, base: Parameters) -> Parameters {
    let mut parameters = base;
    let set = |target: &mut f64, value: Option<f64>| *target = value.unwrap_or(*target);
    set(&mut parameters.decoding.temperature, args.temperature);
    set(&mut parameters.decoding.top_p, args.top_p);
    parameters.decoding.seed = args.seed;
    let fusion = &mut parameters.fusion;
    set(&mut fusion.tau_llm, args.tau_llm);
    set(&mut fusion.beta, args.beta);
    set(&mut fusion.recorded_beta, args.beta);
    set(&mut fusion.static_weight, args.static_weight);
    set(&mut fusion.floor, args.asr_floor);
    fusion.form = args.fusion_form.as_deref().and_then(Form::named).unwrap_or(fusion.form);
    fusion.reentry &= !args.no_reentry;
    set(&mut parameters.posterior.score_temperature, args.score_temperature);
    set(&mut parameters.posterior.sum_temperature, args.sum_temperature);
    set(&mut parameters.posterior.rank_cost, args.rank_cost);
    parameters.posterior.count_repeats |= args.count_repeats;
    set(&mut parameters.calibration.tau_asr, args.tau_asr);
    set(&mut parameters.calibration.unfinished, args.unfinished.map(|share| share.min(1.0)));
    parameters.list_only |= args.list_only;
    set(&mut parameters.list_weight, args.list_weight);
    set(&mut parameters.rover_null_share, args.null_share);
    if let Some(inner) = &args.inner {
        parameters.inner.clone_from(inner);
    }
    let gate = &mut parameters.gate;
    gate.min_distinct = args.min_distinct.unwrap_or(gate.min_distinct);
    set(&mut gate.min_entropy, args.min_entropy);
    set(&mut gate.max_margin, args.max_margin);
    // JSON has no infinity, and without a number the model's own word would count.
    let most = args.max_tokens_per_word.map(|most| most.min(f64::MAX));
    gate.max_tokens_per_word = most.or(gate.max_tokens_per_word);
    set(&mut gate.min_logprob, args.min_logprob);
    let guard = &mut parameters.guard;
    set(&mut guard.max_change, args.max_change);
    set(&mut guard.min_gain, args.min_gain);
    guard.max_repeats = args.max_repeats.unwrap_or(guard.max_repeats);
    parameters
}
