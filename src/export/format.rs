//! What can be written, and of what.

use std::fmt;
use std::str::FromStr;

use crate::corpus::Utterance;

/// A format that is written; see the [module](super) for what each holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// A JSON array of records, as HyPoradise is published.
    HyporadiseJson,
    /// One JSON record a line.
    Jsonl,
    /// A folder of N-best lists as Kaldi has them in text.
    Kaldi,
    /// sclite's transcripts, `words (id)`.
    Trn,
    /// sclite's time-marked words, `file channel start duration word`.
    Ctm,
    /// SubRip subtitles.
    Srt,
    /// WebVTT subtitles.
    Vtt,
    /// A line for each utterance, the text alone.
    Txt,
}

impl Format {
    /// All formats with their names.
    const ALL: [(Self, &'static str); 8] = [
        (Self::HyporadiseJson, "hp-json"),
        (Self::Jsonl, "jsonl"),
        (Self::Kaldi, "kaldi"),
        (Self::Trn, "trn"),
        (Self::Ctm, "ctm"),
        (Self::Srt, "srt"),
        (Self::Vtt, "vtt"),
        (Self::Txt, "txt"),
    ];

    /// Whether the format holds whole lists, so that no text need be chosen.
    #[must_use]
    pub fn is_list(self) -> bool {
        matches!(self, Self::HyporadiseJson | Self::Jsonl | Self::Kaldi)
    }

    /// The extension of its files, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::HyporadiseJson => "json",
            Self::Jsonl => "jsonl",
            Self::Kaldi => "",
            Self::Trn => "trn",
            Self::Ctm => "ctm",
            Self::Srt => "srt",
            Self::Vtt => "vtt",
            Self::Txt => "txt",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(format, _)| format == self).map_or("", |(_, name)| name);
        formatter.write_str(name)
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|(_, known)| *known == name);
        found.map(|(format, _)| *format).ok_or_else(|| {
            let names = Self::ALL.map(|(_, name)| name).join(", ");
            format!("unknown format `{name}`; the formats are {names}")
        })
    }
}

/// Which text of an utterance is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// What the recogniser put first.
    OneBest,
    /// The correction; where there is none, the 1-best.
    Corrected,
    /// What was said; nothing where that is not known.
    Reference,
}

impl Text {
    /// The chosen text of an utterance.
    #[must_use]
    pub fn of<'a>(self, utterance: &'a Utterance, corrected: Option<&'a str>) -> Option<&'a str> {
        match self {
            Self::OneBest => Some(utterance.one_best()),
            Self::Corrected => Some(corrected.unwrap_or_else(|| utterance.one_best())),
            Self::Reference => utterance.reference.as_deref(),
        }
    }
}
