//! A loaded model.

use std::{
    borrow::Cow,
    collections::HashMap,
    path::{Path, PathBuf},
};

use acoustic_protocol::{DecodeOptions, ModelInfo};
use whisper_rs::{
    FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperState,
};

use crate::{
    error::RecogniserError, model_file, suppress::Suppression, tokenize, vocabulary::Vocabulary,
};

/// The library takes shorter audio for none: 0.2 s.
const LEAST_SAMPLES: usize = 3200;

/// Prompts at most, in tokens of the text context, as a divisor: the library's rule.
const PROMPT_SHARE: usize = 2;

/// A model in memory and what is known of it.
pub(crate) struct Engine {
    pub(crate) context: WhisperContext,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) info: ModelInfo,
    pub(crate) threads: usize,
    /// The binding never frees the language it is given, so these are made once each.
    params: HashMap<(String, u32, bool), FullParams<'static, 'static>>,
    /// The last suppression, with what it was made from.
    suppression: Option<(SuppressionKey, Suppression)>,
}

type SuppressionKey = (Option<String>, bool, bool);

/// What the decoder reads before the first word.
pub(crate) struct Prompt {
    /// All of it.
    pub(crate) tokens: Vec<i32>,
    /// Where in `tokens` start of transcript stands.
    pub(crate) start: usize,
}

impl Engine {
    /// Loads a model.
    ///
    /// # Errors
    /// Where the file is not a whole Whisper model or the library does not take it.
    pub(crate) fn load(path: &Path, threads: u32, gpu: bool) -> Result<Self, RecogniserError> {
        model_file::check_whisper(path)?;
        let mut parameters = WhisperContextParameters::new();
        parameters.use_gpu(gpu);
        let context = WhisperContext::new_with_params(path, parameters)
            .map_err(|_| RecogniserError::NotLoaded { path: path.to_owned() })?;
        let size = u32::try_from(context.n_vocab()).unwrap_or(0);
        let tokens = (0..size.cast_signed())
            .map(|id| context.token_to_bytes(id).map(<[u8]>::to_vec))
            .collect::<Result<_, _>>()?;
        let end_of_text = context.token_eot().cast_unsigned();
        let info = ModelInfo {
            kind: context
                .model_type_readable_str_lossy()
                .map_or_else(|_| String::new(), Cow::into_owned),
            file_name: PathBuf::from(path.file_name().unwrap_or_default()).display().to_string(),
            vocabulary_size: size,
            audio_context: context.n_audio_ctx().cast_unsigned(),
            text_context: context.n_text_ctx().cast_unsigned(),
            multilingual: context.is_multilingual(),
            end_of_text,
        };
        Ok(Self {
            context,
            vocabulary: Vocabulary::new(tokens, end_of_text),
            info,
            threads: threads.max(1) as usize,
            params: HashMap::new(),
            suppression: None,
        })
    }

    /// The library and its version, for the record.
    pub(crate) fn library() -> String {
        format!(
            "whisper.cpp {}, {}",
            whisper_rs::get_whisper_version(),
            whisper_rs::print_system_info().trim()
        )
    }

    /// The audio as the library wants it.
    ///
    /// # Errors
    /// Where it is empty, longer than the window, or no audio.
    pub(crate) fn window<'a>(&self, samples: &'a [f32]) -> Result<Cow<'a, [f32]>, RecogniserError> {
        let limit = self.info.window_samples();
        if samples.is_empty() {
            return Err(RecogniserError::NoSamples);
        }
        if samples.len() > limit {
            return Err(RecogniserError::TooLong { samples: samples.len(), limit });
        }
        check_finite(samples)?;
        if samples.len() >= LEAST_SAMPLES {
            return Ok(samples.into());
        }
        let mut padded = samples.to_vec();
        padded.resize(LEAST_SAMPLES, 0.0);
        Ok(padded.into())
    }

    /// The code of the language of a window, given or detected; `None` for a model that
    /// knows only English.
    ///
    /// # Errors
    /// Where the model does not know it, or the library fails.
    pub(crate) fn language(
        &self,
        wanted: Option<&str>,
        samples: &[f32],
        state: &mut WhisperState,
    ) -> Result<Option<&'static str>, RecogniserError> {
        let id = match wanted {
            Some(name) => {
                let known = (!name.contains('\0')).then(|| whisper_rs::get_lang_id(name)).flatten();
                Some(known.ok_or_else(|| RecogniserError::UnknownLanguage(name.to_owned()))?)
            }
            None => None,
        };
        if !self.info.multilingual {
            let english = id.is_none_or(|id| whisper_rs::get_lang_str(id) == Some("en"));
            let name = || wanted.unwrap_or_default().to_owned();
            return if english { Ok(None) } else { Err(RecogniserError::OnlyEnglish(name())) };
        }
        let id = match id {
            Some(id) => id,
            None => {
                state.pcm_to_mel(samples, self.threads)?;
                state.lang_detect(0, self.threads)?.0
            }
        };
        Ok(whisper_rs::get_lang_str(id))
    }

    /// What the decoder reads before the first word: the same the library makes.
    pub(crate) fn prompt(&self, language: Option<&str>, before: &[i32]) -> Prompt {
        let mut tokens = Vec::new();
        if !before.is_empty() {
            let most = self.info.text_context as usize / PROMPT_SHARE - 1;
            tokens.push(self.context.token_prev());
            tokens.extend(&before[before.len().saturating_sub(most)..]);
        }
        let start = tokens.len();
        tokens.push(self.context.token_sot());
        if let Some(id) = language.and_then(whisper_rs::get_lang_id) {
            tokens.extend([self.context.token_lang(id), self.context.token_transcribe()]);
        }
        tokens.push(self.context.token_not());
        Prompt { tokens, start }
    }

    /// Tokens of the text before the window.
    ///
    /// # Errors
    /// Where the vocabulary cannot spell it.
    pub(crate) fn before(&self, text: Option<&str>) -> Result<Vec<i32>, RecogniserError> {
        let text = text.unwrap_or_default().trim();
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let cuts = tokenize::cuts(&self.vocabulary, &format!(" {text}"))?;
        Ok(cuts
            .into_iter()
            .next_back()
            .unwrap_or_default()
            .into_iter()
            .map(u32::cast_signed)
            .collect())
    }

    /// What the options suppress.
    ///
    /// # Errors
    /// Where the pattern does not parse.
    pub(crate) fn suppression(
        &mut self,
        options: &DecodeOptions,
    ) -> Result<Suppression, RecogniserError> {
        let key = (options.suppress.clone(), options.suppress_non_speech, options.suppress_blank);
        if let Some((known, suppression)) = &self.suppression
            && *known == key
        {
            return Ok(suppression.clone());
        }
        let suppression = Suppression::new(&self.vocabulary, key.0.as_deref(), key.1, key.2)?;
        self.suppression = Some((key, suppression.clone()));
        Ok(suppression)
    }

    /// The library's parameters for a search with `width` decoders.
    pub(crate) fn params(
        &mut self,
        language: Option<&'static str>,
        width: u32,
        sampled: bool,
    ) -> FullParams<'static, 'static> {
        let language = language.unwrap_or("en");
        let threads = self.threads as i32;
        let make = || {
            // With a single decoder the library's beam would draw at random.
            let strategy = if sampled || width == 1 {
                SamplingStrategy::Greedy { best_of: width as i32 }
            } else {
                SamplingStrategy::BeamSearch { beam_size: width as i32, patience: -1.0 }
            };
            let mut params = FullParams::new(strategy);
            params.set_language(Some(language));
            params.set_n_threads(threads);
            params.set_translate(false);
            params.set_no_context(true);
            params.set_no_timestamps(true);
            params.set_single_segment(true);
            params.set_temperature_inc(0.0);
            // Ours are the masks, and ours is the judgement of silence and loops.
            params.set_suppress_blank(false);
            params.set_suppress_nst(false);
            params.set_no_speech_thold(2.0);
            params.set_entropy_thold(-1.0);
            params.set_print_special(false);
            params.set_print_progress(false);
            params.set_print_realtime(false);
            params.set_print_timestamps(false);
            params
        };
        self.params.entry((language.to_owned(), width, sampled)).or_insert_with(make).clone()
    }
}

/// # Errors
/// Names the first sample that is not a finite number.
pub(crate) fn check_finite(samples: &[f32]) -> Result<(), RecogniserError> {
    match samples.iter().position(|sample| !sample.is_finite()) {
        Some(index) => Err(RecogniserError::NotFinite { index }),
        None => Ok(()),
    }
}
