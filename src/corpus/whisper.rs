//! What Whisper's programs write as JSON: one file for a recording, each segment one utterance.
//!
//! | program | shape |
//! |---|---|
//! | whisper.cpp `-oj`, `-ojf` | `{"transcription": [{"offsets": {"from", "to"}, "text", "tokens"}]}` |
//! | openai-whisper, WhisperX | `{"text", "segments": [{"start", "end", "text", "avg_logprob", "words"}]}` |
//! | faster-whisper | such segments as a list, or one a line |
//!
//! A list has one hypothesis, scored by `avg_logprob` or by the mean of its tokens'
//! log-probabilities. The id is the file's stem and the segment's number: `call-0001`.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::ids::Ids;
use super::records::Records;
use super::source::{Input, Source};
use super::{CorpusError, Format, Span, Utterance, WordTime, folder, milliseconds, record};

/// A token's probability is printed with six digits; zero is then less than this.
const LEAST_PROBABILITY: f64 = 1e-10;

/// A segment, or a whole file, which has segments instead of times.
#[derive(Debug, Default, Deserialize)]
struct Segment {
    text: Option<String>,
    start: Option<f64>,
    end: Option<f64>,
    offsets: Option<Offsets>,
    avg_logprob: Option<f64>,
    words: Option<Vec<Word>>,
    tokens: Option<Tokens>,
    #[serde(alias = "transcription")]
    segments: Option<Vec<Segment>>,
}

/// Milliseconds.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Offsets {
    from: i64,
    to: i64,
}

/// Seconds; WhisperX gives none for words it could not align.
#[derive(Debug, Deserialize)]
struct Word {
    word: String,
    start: Option<f64>,
    end: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Tokens {
    Known(Vec<Token>),
    /// Numbers of the vocabulary.
    Ids(IgnoredAny),
}

#[derive(Debug, Deserialize)]
struct Token {
    text: String,
    offsets: Option<Offsets>,
    p: Option<f64>,
}

impl Token {
    /// Marks and times, which are no part of the text.
    fn is_special(&self) -> bool {
        self.text.starts_with("[_") || self.text.starts_with("<|")
    }
}

impl Segment {
    fn tokens(&self) -> impl Iterator<Item = &Token> {
        let known = match &self.tokens {
            Some(Tokens::Known(tokens)) => tokens.as_slice(),
            Some(Tokens::Ids(_)) | None => &[],
        };
        known.iter().filter(|token| !token.is_special())
    }

    fn span(&self) -> Option<Span> {
        let times = self.offsets.map(|offsets| (offsets.from, offsets.to));
        let times = times.or_else(|| Some((milliseconds(self.start?), milliseconds(self.end?))));
        times.map(|(start_ms, end_ms)| Span { start_ms, end_ms })
    }

    /// The words with their times; empty unless all of them have some.
    fn words(&self, text: &str) -> Vec<WordTime> {
        let words = match &self.words {
            Some(words) => words
                .iter()
                .map(|word| {
                    let text = word.word.trim().to_owned();
                    let (start, end) = (milliseconds(word.start?), milliseconds(word.end?));
                    Some(WordTime { text, start_ms: start, end_ms: end })
                })
                .collect::<Option<Vec<_>>>(),
            None => self.words_of_tokens(text),
        };
        words.unwrap_or_default()
    }

    /// A token that begins with a space begins a word. A character may be spread over
    /// tokens, none of which can be read then; the segment's own text is whole.
    fn words_of_tokens(&self, text: &str) -> Option<Vec<WordTime>> {
        let mut words: Vec<WordTime> = Vec::new();
        for token in self.tokens() {
            let Offsets { from, to } = token.offsets?;
            match words.last_mut() {
                Some(word) if !token.text.starts_with(' ') => {
                    word.text.push_str(token.text.trim());
                    word.end_ms = to;
                }
                _ => words.push(WordTime {
                    text: token.text.trim().to_owned(),
                    start_ms: from,
                    end_ms: to,
                }),
            }
        }
        let whole: Vec<&str> = text.split_whitespace().collect();
        if whole.len() != words.len() {
            return None;
        }
        for (word, text) in words.iter_mut().zip(whole) {
            text.clone_into(&mut word.text);
        }
        Some(words)
    }

    fn into_utterance(self, id: String, audio: &str) -> Option<Utterance> {
        let text = self.text.clone()?;
        let tokens: Option<Vec<f64>> =
            self.tokens().map(|token| Some(token.p?.max(LEAST_PROBABILITY).ln())).collect();
        let tokens = tokens.filter(|tokens| !tokens.is_empty());
        let mean = tokens.as_ref().map(|all| all.iter().sum::<f64>() / all.len() as f64);
        let score = self.avg_logprob.or(mean);
        let (span, words) = (self.span(), self.words(&text));
        let mut utterance = Utterance::from_list(id, [(text, score, tokens)]);
        utterance.audio = Some(audio.to_owned());
        utterance.span = span;
        utterance.words = words;
        Some(utterance)
    }
}

/// The segments of a file's text.
fn parse(text: &str) -> serde_json::Result<Vec<Segment>> {
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text);
    }
    let mut segments = Vec::new();
    for document in serde_json::Deserializer::from_str(text).into_iter::<Segment>() {
        let mut document = document?;
        match document.segments.take() {
            Some(inner) => segments.extend(inner),
            None => segments.push(document),
        }
    }
    Ok(segments)
}

/// The files of a folder that are read; with `any`, all JSON files, else none unless each of
/// them is Whisper's by its content.
pub(super) fn files(path: &Path, any: bool) -> Result<Vec<PathBuf>, CorpusError> {
    let mut files = folder::entries(path)?;
    files.retain(|file| {
        let extension = file.extension().and_then(|extension| extension.to_str());
        matches!(extension, Some("json" | "jsonl")) && file.is_file()
    });
    for file in &files {
        if !any && Source::File(file.clone()).detect()? != Some(Format::WhisperJson) {
            return Ok(Vec::new());
        }
    }
    Ok(files)
}

/// A file that is being read.
struct Recording {
    name: String,
    stem: String,
    segments: std::vec::IntoIter<Segment>,
    number: u32,
}

pub(super) struct Reader {
    sources: std::vec::IntoIter<Source>,
    /// One file of many that cannot be read is one bad record.
    many: bool,
    recording: Option<Recording>,
    ids: Ids,
}

impl Reader {
    pub(super) fn file(source: Source) -> Self {
        Self::new(vec![source], false)
    }

    pub(super) fn folder(files: Vec<PathBuf>) -> Self {
        Self::new(files.into_iter().map(Source::File).collect(), true)
    }

    fn new(sources: Vec<Source>, many: bool) -> Self {
        Self { sources: sources.into_iter(), many, recording: None, ids: Ids::default() }
    }

    fn open(&self, source: &Source) -> Result<Recording, CorpusError> {
        let name = source.name();
        let mut reader = source.reader()?;
        super::source::skip_byte_order_mark(&mut reader, &name)?;
        let bytes = read_all(&mut reader, &name)?;
        // whisper.cpp splits characters between tokens, so its files need not be UTF-8.
        let text = String::from_utf8_lossy(&bytes);
        let segments = parse(&text).map_err(|error| {
            let (path, message) = (name.clone(), record::message(&error));
            let (line, column) = (error.line() as u64, error.column() as u64);
            if self.many {
                return CorpusError::Record { path, line, column, message };
            }
            let before: usize =
                text.split_inclusive('\n').take(error.line() - 1).map(str::len).sum();
            let byte = before as u64 + column;
            CorpusError::Syntax { path, line, column, byte, message }
        })?;
        let stem = source.path().file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Recording { name, stem, segments: segments.into_iter(), number: 0 })
    }
}

fn read_all(reader: &mut Input, name: &str) -> Result<Vec<u8>, CorpusError> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(reader, &mut bytes)
        .map_err(|source| CorpusError::Io { path: name.to_owned(), source })?;
    Ok(bytes)
}

impl Records for Reader {
    fn read(&mut self) -> Result<Option<Utterance>, CorpusError> {
        loop {
            let Some(recording) = &mut self.recording else {
                let Some(source) = self.sources.next() else { return Ok(None) };
                self.recording = Some(self.open(&source)?);
                continue;
            };
            let Some(segment) = recording.segments.next() else {
                self.recording = None;
                continue;
            };
            recording.number += 1;
            self.ids.next_record();
            let id = format!("{}-{:04}", recording.stem, recording.number);
            let utterance = segment.into_utterance(self.ids.assign(Some(id)), &recording.stem);
            return utterance.map(Some).ok_or_else(|| CorpusError::Record {
                path: recording.name.clone(),
                line: 1,
                column: 1,
                message: format!("segment {} has no `text`", recording.number),
            });
        }
    }
}
