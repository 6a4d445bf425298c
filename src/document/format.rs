//! Which formats there are, and how a file's is told.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::de::IgnoredAny;

use super::cues::is_timing;
use super::error::DocumentError;

/// A format of transcript files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentFormat {
    /// SubRip subtitles; a cue is a segment.
    Srt,
    /// WebVTT subtitles; a cue is a segment.
    Vtt,
    /// What Whisper's programs write; a segment is a segment.
    WhisperJson,
    /// NIST's time-marked words; a segment is a stretch without a long pause.
    Ctm,
    /// NIST's transcripts, `words (id)`; a line is a segment.
    Trn,
    /// One JSON object a line, with a text or a list of hypotheses.
    Jsonl,
    /// A table with a header, parted by commas or semicolons; a row is a segment.
    Csv,
    /// A table with a header, parted by tabs.
    Tsv,
    /// HyPoradise's JSON array of N-best lists; a list is a segment.
    HyporadiseJson,
    /// Plain text; a line is a segment.
    Text,
}

impl DocumentFormat {
    /// All of them, as in the documentation.
    pub const ALL: [Self; 10] = [
        Self::Srt,
        Self::Vtt,
        Self::WhisperJson,
        Self::Ctm,
        Self::Trn,
        Self::Jsonl,
        Self::Csv,
        Self::Tsv,
        Self::HyporadiseJson,
        Self::Text,
    ];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Srt => "srt",
            Self::Vtt => "vtt",
            Self::WhisperJson => "whisper-json",
            Self::Ctm => "ctm",
            Self::Trn => "trn",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::HyporadiseJson => "hyporadise-json",
            Self::Text => "text",
        }
    }

    /// The names of [`Self::ALL`].
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        Self::ALL.into_iter().map(Self::name).collect()
    }

    /// Tells the format from the extension, and from the first bytes where several formats
    /// share it (`.json`, `.txt`) or where there is none. None: it cannot be told.
    #[must_use]
    pub fn guess(path: &Path, head: &[u8]) -> Option<Self> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let head = String::from_utf8_lossy(head);
        let head = head.trim_start_matches('\u{FEFF}').trim_start();
        Some(match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("srt") => Self::Srt,
            Some("vtt") => Self::Vtt,
            Some("ctm") => Self::Ctm,
            Some("trn") => Self::Trn,
            Some("jsonl" | "ndjson") if !is_whisper(head) => Self::Jsonl,
            Some("csv") => Self::Csv,
            Some("tsv") => Self::Tsv,
            Some("json" | "jsonl" | "ndjson") => json(head)?,
            Some("txt" | "text" | "md") => subtitles(head).unwrap_or(Self::Text),
            _ => subtitles(head).or_else(|| json(head))?,
        })
    }
}

fn subtitles(head: &str) -> Option<DocumentFormat> {
    if head.starts_with("WEBVTT") {
        return Some(DocumentFormat::Vtt);
    }
    head.lines().take(2).any(is_timing).then_some(DocumentFormat::Srt)
}

fn json(head: &str) -> Option<DocumentFormat> {
    if is_whisper(head) {
        return Some(DocumentFormat::WhisperJson);
    }
    match head.chars().next()? {
        '[' => Some(DocumentFormat::HyporadiseJson),
        '{' => Some(DocumentFormat::Jsonl),
        _ => None,
    }
}

/// Whether the first object of a file has the fields of a transcript or of a segment.
fn is_whisper(head: &str) -> bool {
    if !head.starts_with(['{', '[']) {
        return false;
    }
    let has = |name: &str| head.contains(&format!("\"{name}\""));
    if has("nbest") || has("input") || has("input1") {
        return false;
    }
    if has("segments") || has("transcription") || has("word_segments") {
        return true;
    }
    let first = head.lines().next().unwrap_or("");
    let whole = serde_json::from_str::<IgnoredAny>(first).is_ok();
    if head.starts_with('[') {
        return has("start") && has("end") && has("text");
    }
    // The text of a long recording can fill the first bytes.
    let segment = has("avg_logprob") || has("no_speech_prob") || has("offsets");
    segment
        || (!whole && head.get(1..).is_some_and(|rest| rest.trim_start().starts_with("\"text\"")))
}

impl fmt::Display for DocumentFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for DocumentFormat {
    type Err = DocumentError;

    fn from_str(name: &str) -> Result<Self, DocumentError> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| DocumentError::UnknownFormat { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for format in DocumentFormat::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        let error = "docx".parse::<DocumentFormat>().unwrap_err();
        assert!(error.hint().unwrap().contains("srt, vtt"), "{error}");
    }

    #[test]
    fn content_decides_where_the_extension_does_not() {
        use DocumentFormat::*;
        let guess =
            |name: &str, head: &str| DocumentFormat::guess(Path::new(name), head.as_bytes());
        assert_eq!(guess("a.SRT", ""), Some(Srt));
        assert_eq!(guess("a.txt", "hello\n"), Some(Text));
        assert_eq!(guess("a.txt", "\u{feff}1\r\n00:00:01,000 --> 00:00:02,000\r\nHi"), Some(Srt));
        assert_eq!(guess("a", "WEBVTT\n\n"), Some(Vtt));
        assert_eq!(guess("a.json", r#"{"text": " a long one"#), Some(WhisperJson));
        assert_eq!(guess("a.json", r#"{"systeminfo": "x", "transcription": ["#), Some(WhisperJson));
        assert_eq!(
            guess("a.json", r#"[{"id": 0, "start": 0.0, "end": 1, "text": "a"}]"#),
            Some(WhisperJson)
        );
        assert_eq!(guess("a.json", r#"[{"input": ["a"], "output": "a"}]"#), Some(HyporadiseJson));
        assert_eq!(guess("a.json", "{\"text\": \"a\"}\n{\"text\": \"b\"}"), Some(Jsonl));
        assert_eq!(
            guess("a.jsonl", r#"{"start":0,"end":1,"text":"a","avg_logprob":-1}"#),
            Some(WhisperJson)
        );
        assert_eq!(guess("a.jsonl", r#"{"nbest": ["a"]}"#), Some(Jsonl));
        assert_eq!(guess("a.json", "hello"), None);
        assert_eq!(guess("a.docx", "PK"), None);
    }
}
