//! Which format a corpus file has.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::{CorpusError, espnet, kaldi, whisper};

/// A corpus format; see the [module](super) for what each holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// A JSON array of records, as HyPoradise is published.
    HyporadiseJson,
    /// HyPoradise's tables, `source,target,best_hypo[,score]`.
    HyporadiseCsv,
    /// One JSON record a line.
    Jsonl,
    /// Plain text, one hypothesis a line, a blank line between utterances.
    List,
    /// What Whisper's programs write: a JSON file for a recording, or a folder of them.
    WhisperJson,
    /// A folder of Kaldi's N-best lists as text.
    KaldiNbest,
    /// A decoding folder of ESPnet.
    EspnetNbest,
    /// NeMo's table of beams, with its manifest beside it.
    NemoBeams,
}

impl Format {
    /// The names that [`Format::from_str`] takes and [`Display`](fmt::Display) writes.
    pub const NAMES: [&'static str; 8] = [
        "hp-json",
        "hp-csv",
        "jsonl",
        "list",
        "whisper-json",
        "kaldi-nbest",
        "espnet-nbest",
        "nemo-beams",
    ];

    /// Tells the format from a file's extension and, where that leaves it open, from its
    /// first bytes; `None` where both do.
    ///
    /// `.csv`, `.tsv`, `.list`, `.lst` and `.txt` decide alone. JSON is Whisper's where its
    /// first object has the fields of a transcript and no list of hypotheses. Else `.jsonl`
    /// and `.ndjson` decide; anything else (`.json` too) is decided by the first byte that is
    /// not white space: `[` is a JSON array, `{` is JSONL.
    ///
    /// ```
    /// use gec::corpus::Format;
    /// use std::path::Path;
    ///
    /// assert_eq!(Format::detect(Path::new("a.json"), b"  [{"), Some(Format::HyporadiseJson));
    /// assert_eq!(Format::detect(Path::new("a.json"), b"{\"id\""), Some(Format::Jsonl));
    /// assert_eq!(Format::detect(Path::new("a.bin"), b"\x7fELF"), None);
    /// ```
    #[must_use]
    pub fn detect(path: &Path, first_bytes: &[u8]) -> Option<Self> {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
        let extension = extension.to_ascii_lowercase();
        match extension.as_str() {
            "csv" => return Some(Self::HyporadiseCsv),
            "tsv" => return Some(Self::NemoBeams),
            "list" | "lst" | "txt" => return Some(Self::List),
            _ => {}
        }
        let text = first_bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first_bytes);
        if is_transcript(text) {
            return Some(Self::WhisperJson);
        }
        if matches!(extension.as_str(), "jsonl" | "ndjson") {
            return Some(Self::Jsonl);
        }
        match text.trim_ascii_start().first() {
            Some(b'[') => Some(Self::HyporadiseJson),
            Some(b'{') => Some(Self::Jsonl),
            _ if text.starts_with(b"source,") => Some(Self::HyporadiseCsv),
            _ if extension == "json" => Some(Self::HyporadiseJson),
            _ => None,
        }
    }

    /// Whether a whole folder can be a corpus in this format.
    #[must_use]
    pub fn is_folder(self) -> bool {
        matches!(self, Self::WhisperJson | Self::KaldiNbest | Self::EspnetNbest)
    }

    /// Tells from a folder's files which recogniser filled it; `None` where none did. A folder
    /// of Whisper's has no other JSON file in it.
    ///
    /// # Errors
    /// When the folder, or a file that must be looked into, cannot be read.
    pub fn detect_folder(folder: &Path) -> Result<Option<Self>, CorpusError> {
        Ok(if !espnet::files(folder)?.is_empty() {
            Some(Self::EspnetNbest)
        } else if !kaldi::files(folder)?.is_empty() {
            Some(Self::KaldiNbest)
        } else if !whisper::files(folder, false)?.is_empty() {
            Some(Self::WhisperJson)
        } else {
            None
        })
    }
}

/// Whether JSON is a transcript with segments, or one of its segments.
fn is_transcript(text: &[u8]) -> bool {
    let (keys, whole) = first_keys(text);
    let has =
        |names: &[&str]| keys.iter().any(|key| names.iter().any(|name| *key == name.as_bytes()));
    if has(&["nbest", "input", "input1", "hyp"]) {
        return false;
    }
    // A long text may fill all the bytes there are.
    let segment = has(&["start", "avg_logprob"]) || (!whole && keys.len() == 1);
    has(&["segments", "transcription", "systeminfo"]) || (has(&["text"]) && segment)
}

/// The keys of the first object of a JSON text, or of the list it is, and whether the object
/// ends within it.
fn first_keys(text: &[u8]) -> (Vec<&[u8]>, bool) {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix(b"[").unwrap_or(text).trim_ascii_start();
    let (mut keys, mut depth, mut at) = (Vec::new(), 0_u32, 0);
    while let Some(byte) = text.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return (keys, true),
            b'}' | b']' => depth -= 1,
            b'"' => {
                let Some(length) = string_length(text.get(at..).unwrap_or_default()) else { break };
                let string = text.get(at..at + length).unwrap_or_default();
                at += length + 1;
                let after = text.get(at..).unwrap_or_default().trim_ascii_start();
                if depth == 1 && after.starts_with(b":") {
                    keys.push(string);
                }
            }
            // Not the beginning of an object.
            _ if depth == 0 => break,
            _ => {}
        }
    }
    (keys, false)
}

/// Bytes before the quote that closes a string.
fn string_length(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.iter().position(|byte| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    })
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::HyporadiseJson => "hp-json",
            Self::HyporadiseCsv => "hp-csv",
            Self::Jsonl => "jsonl",
            Self::List => "list",
            Self::WhisperJson => "whisper-json",
            Self::KaldiNbest => "kaldi-nbest",
            Self::EspnetNbest => "espnet-nbest",
            Self::NemoBeams => "nemo-beams",
        })
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "hp-json" => Ok(Self::HyporadiseJson),
            "hp-csv" => Ok(Self::HyporadiseCsv),
            "jsonl" => Ok(Self::Jsonl),
            "list" => Ok(Self::List),
            "whisper-json" => Ok(Self::WhisperJson),
            "kaldi-nbest" => Ok(Self::KaldiNbest),
            "espnet-nbest" => Ok(Self::EspnetNbest),
            "nemo-beams" => Ok(Self::NemoBeams),
            _ => Err(format!(
                "unknown corpus format `{name}`; the formats are {}",
                Self::NAMES.join(", ")
            )),
        }
    }
}
