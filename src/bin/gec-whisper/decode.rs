//! Recognises one window.

use std::time::Instant;

use acoustic_protocol::{DecodeOptions, Window};
use whisper_rs::WhisperState;

use crate::{
    distribution::Distribution,
    engine::{Engine, Prompt},
    error::RecogniserError,
    hypotheses,
    recorder::{Plan, Recorder},
    times,
};

/// Decoders the library has.
const MOST_DECODERS: u32 = 8;

/// What was heard in a window of audio.
///
/// # Errors
/// Where the audio or an option cannot be used, or the library fails.
pub(crate) fn decode(
    engine: &mut Engine,
    samples: &[f32],
    options: &DecodeOptions,
) -> Result<Window, RecogniserError> {
    check(options)?;
    let audio = engine.window(samples)?;
    let suppression = engine.suppression(options)?;
    let before = engine.before(options.initial_prompt.as_deref())?;
    let start = Instant::now();
    // A new one for each window: the library's random numbers go on within a state, so the
    // result would depend on what was recognised before.
    let mut state = engine.context.create_state()?;
    let language = engine.language(options.language.as_deref(), &audio, &mut state)?;

    let sampled = options.temperature > 0.0;
    let recorder = Recorder::new(Plan {
        suppression,
        vocabulary_size: engine.info.vocabulary_size as usize,
        end_of_text: engine.info.end_of_text as usize,
        top_k: options.top_k as usize,
        scale: if sampled { options.temperature } else { 1.0 },
        limit: limit(engine.info.text_context, options.max_tokens),
    });
    let mut params = engine.params(language, options.beam, sampled);
    params.set_temperature(options.temperature);
    if !before.is_empty() {
        params.set_tokens(&before);
    }
    // Where nothing is to be recorded nor masked that the library does not mask itself, its
    // search runs as it is.
    let as_it_is = options.top_k == 0
        && options.suppress.is_none()
        && !options.suppress_non_speech
        && options.max_tokens == 0;
    if as_it_is {
        params.set_suppress_blank(options.suppress_blank);
    } else {
        recorder.attach(&mut params);
    }
    let result = state.full(params, &audio);
    let recorded = recorder.finish();
    if recorded.panicked {
        return Err(RecogniserError::Internal("the recorder panicked".to_owned()));
    }
    if recorded.broken {
        return Err(RecogniserError::BrokenModel);
    }
    result?;

    let own = own_path(&state, engine.info.end_of_text);
    let hypotheses = if recorded.nodes.is_empty() {
        vec![hypotheses::unscored(own, &engine.vocabulary)]
    } else {
        let count = options.candidates as usize;
        hypotheses::complete(&recorded.nodes, &own, count, &engine.vocabulary)
    };
    let prompt = engine.prompt(language, &before);
    let no_speech = no_speech(engine, &mut state, &prompt)?;
    let words = match hypotheses.first() {
        Some(best) if options.word_times => times::words(&best.text, samples),
        _ => Vec::new(),
    };
    let search_start = recorded.search_start.unwrap_or(start);
    Ok(Window {
        hypotheses,
        nodes: recorded.nodes,
        no_speech,
        language: language.map(str::to_owned),
        words,
        encode_ms: search_start.duration_since(start).as_secs_f32() * 1000.0,
        decode_ms: search_start.elapsed().as_secs_f32() * 1000.0,
    })
}

fn check(options: &DecodeOptions) -> Result<(), RecogniserError> {
    let wrong = |name, range, value| Err(RecogniserError::Option { name, range, value });
    if !(1..=MOST_DECODERS).contains(&options.beam) {
        return wrong("the beam", "from 1 to 8", options.beam.to_string());
    }
    if options.candidates == 0 {
        return wrong("the number of candidates", "at least 1", options.candidates.to_string());
    }
    if !(0.0..=10.0).contains(&options.temperature) {
        return wrong("the temperature", "from 0 to 10", options.temperature.to_string());
    }
    Ok(())
}

/// Text tokens at most: one before the step where the library would call it a failure.
fn limit(text_context: u32, max_tokens: u32) -> usize {
    let most = (text_context as usize / 2).saturating_sub(5);
    if max_tokens == 0 { most } else { most.min(max_tokens as usize) }
}

/// The text tokens of the library's best path.
fn own_path(state: &WhisperState, end_of_text: u32) -> Vec<u32> {
    let segments = state.as_iter();
    let tokens = segments.flat_map(|segment| {
        (0..segment.n_tokens())
            .filter_map(|index| segment.get_token(index).map(|token| token.token_id()))
            .collect::<Vec<_>>()
    });
    tokens.map(i32::cast_unsigned).filter(|&token| token < end_of_text).collect()
}

/// Probability that nobody speaks: the higher of what the model says at start of transcript,
/// where Whisper's reference reads it, and before the first word, where some models learn it.
/// The library's own number is of no use: with more than one token of prompt it reads a row
/// of logits that was never filled.
fn no_speech(
    engine: &Engine,
    state: &mut WhisperState,
    prompt: &Prompt,
) -> Result<f32, RecogniserError> {
    let token = engine.context.token_nosp().cast_unsigned() as usize;
    let last = prompt.tokens.len() - 1;
    let mut highest = 0.0_f32;
    let mut done = 0;
    for place in [prompt.start, last] {
        // The logits of a token are given only where it comes alone.
        if done < place {
            state.decode(&prompt.tokens[done..place], done, engine.threads)?;
        }
        state.decode(&prompt.tokens[place..=place], place, engine.threads)?;
        done = place + 1;
        let all = Distribution::new(state.get_logits()?, 1.0);
        highest = highest.max(all.map_or(0.0, |all| all.logprob(token).exp()));
    }
    Ok(highest.min(1.0))
}
