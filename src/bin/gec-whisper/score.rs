//! Log-probabilities of given texts.

use std::collections::BTreeMap;

use acoustic_protocol::{DecodeOptions, TextScore, Transcript};
use whisper_rs::WhisperState;

use crate::{
    distribution::Distribution, engine::Engine, error::RecogniserError, suppress::Suppression,
    tokenize,
};

/// The log-probabilities of `texts` in a window of audio, in their order. A text that can
/// be cut into tokens in two ways gets the likelier one.
///
/// # Errors
/// Where the audio or an option cannot be used, a text does not fit, or the library fails.
pub(crate) fn score(
    engine: &mut Engine,
    samples: &[f32],
    texts: &[Transcript],
    options: &DecodeOptions,
) -> Result<Vec<TextScore>, RecogniserError> {
    let audio = engine.window(samples)?;
    let suppression = engine.suppression(options)?;
    let before = engine.before(options.initial_prompt.as_deref())?;
    let cuts: Vec<Vec<Vec<u32>>> =
        texts.iter().map(|text| cuts(engine, text)).collect::<Result<_, _>>()?;
    if cuts.is_empty() {
        return Ok(Vec::new());
    }
    let mut state = engine.context.create_state()?;
    let language = engine.language(options.language.as_deref(), &audio, &mut state)?;
    let prompt = engine.prompt(language, &before);
    let longest = cuts.iter().flatten().map(Vec::len).max().unwrap_or(0) + prompt.tokens.len();
    let limit = engine.info.text_context as usize;
    if longest > limit {
        return Err(RecogniserError::TextTooLong { tokens: longest, limit });
    }
    state.pcm_to_mel(&audio, engine.threads)?;
    state.encode(0, engine.threads)?;

    let mut walk = Walk {
        state: &mut state,
        suppression,
        end_of_text: engine.info.end_of_text as usize,
        threads: engine.threads,
        prompt: prompt.tokens,
        logits: Vec::new(),
    };
    // Sorted, texts with the same beginning are neighbours.
    let mut scores: BTreeMap<&[u32], Vec<f32>> =
        cuts.iter().flatten().map(|cut| (cut.as_slice(), Vec::new())).collect();
    walk.fill(&mut scores)?;
    let total = |cut: &[u32]| scores[cut].iter().map(|&value| f64::from(value)).sum::<f64>();
    let best = |cuts: &[Vec<u32>]| {
        let cut = cuts.iter().max_by(|a, b| total(a).total_cmp(&total(b)))?;
        Some(TextScore { tokens: cut.clone(), logprobs: scores[cut.as_slice()].clone() })
    };
    Ok(cuts.iter().filter_map(|cuts| best(cuts)).collect())
}

fn cuts(engine: &Engine, text: &Transcript) -> Result<Vec<Vec<u32>>, RecogniserError> {
    match text {
        Transcript::Text(text) => match text.trim() {
            "" => Ok(vec![Vec::new()]),
            text => tokenize::cuts(&engine.vocabulary, &format!(" {text}")),
        },
        Transcript::Tokens(tokens) => {
            match tokens.iter().find(|&&token| !engine.vocabulary.is_text(token)) {
                Some(&token) => Err(RecogniserError::NotText(token)),
                None => Ok(vec![tokens.clone()]),
            }
        }
    }
}

/// Goes through the tree of all texts and computes each shared beginning once.
struct Walk<'a> {
    state: &'a mut WhisperState,
    suppression: Suppression,
    end_of_text: usize,
    threads: usize,
    prompt: Vec<i32>,
    logits: Vec<f32>,
}

impl Walk<'_> {
    fn fill(&mut self, scores: &mut BTreeMap<&[u32], Vec<f32>>) -> Result<(), RecogniserError> {
        let mut texts: Vec<(&[u32], &mut Vec<f32>)> =
            scores.iter_mut().map(|(text, logprobs)| (*text, logprobs)).collect();
        // The library gives the logits of the last token only where it comes alone.
        if let Some((last, before)) = self.prompt.split_last() {
            if !before.is_empty() {
                self.state.decode(before, 0, self.threads)?;
            }
            self.state.decode(&[*last], before.len(), self.threads)?;
        }
        // Ranges of texts that share their first `depth` tokens, deepest last. The memory
        // of the decoder holds the beginning that the range to do next shares.
        let mut open = vec![(0..texts.len(), 0_usize)];
        while let Some((range, depth)) = open.pop() {
            if let Some(&token) =
                depth.checked_sub(1).and_then(|last| texts[range.start].0.get(last))
            {
                let place = self.prompt.len() + depth - 1;
                self.state.decode(&[token.cast_signed()], place, self.threads)?;
            }
            self.logits.clear();
            self.logits.extend_from_slice(self.state.get_logits()?);
            self.suppression.apply(depth == 0, &mut self.logits, self.end_of_text);
            let distribution = Distribution::new(&self.logits[..=self.end_of_text], 1.0)
                .ok_or(RecogniserError::BrokenModel)?;
            for (text, logprobs) in &mut texts[range.clone()] {
                let next = text.get(depth).map_or(self.end_of_text, |&token| token as usize);
                logprobs.push(distribution.logprob(next));
            }
            let mut start = range.start;
            while start < range.end {
                let token = texts[start].0.get(depth);
                let same =
                    texts[start..range.end].iter().take_while(|text| text.0.get(depth) == token);
                let end = start + same.count();
                if token.is_some() {
                    open.push((start..end, depth + 1));
                }
                start = end;
            }
        }
        Ok(())
    }
}
