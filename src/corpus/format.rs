//! Which format a corpus file has.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

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
}

impl Format {
    /// The names that [`Format::from_str`] takes and [`Display`](fmt::Display) writes.
    pub const NAMES: [&'static str; 4] = ["hp-json", "hp-csv", "jsonl", "list"];

    /// Tells the format from a file's extension and, where that leaves it open, from its
    /// first bytes; `None` where both do.
    ///
    /// `.jsonl`, `.ndjson`, `.csv`, `.list`, `.lst` and `.txt` decide alone. Anything else
    /// (`.json` too) is decided by the first byte that is not white space: `[` is a JSON
    /// array, `{` is JSONL.
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
        match extension.to_ascii_lowercase().as_str() {
            "jsonl" | "ndjson" => return Some(Self::Jsonl),
            "csv" => return Some(Self::HyporadiseCsv),
            "list" | "lst" | "txt" => return Some(Self::List),
            _ => {}
        }
        let text = first_bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first_bytes);
        match text.trim_ascii_start().first() {
            Some(b'[') => Some(Self::HyporadiseJson),
            Some(b'{') => Some(Self::Jsonl),
            _ if text.starts_with(b"source,") => Some(Self::HyporadiseCsv),
            _ if extension.eq_ignore_ascii_case("json") => Some(Self::HyporadiseJson),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::HyporadiseJson => "hp-json",
            Self::HyporadiseCsv => "hp-csv",
            Self::Jsonl => "jsonl",
            Self::List => "list",
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
            _ => Err(format!(
                "unknown corpus format `{name}`; the formats are {}",
                Self::NAMES.join(", ")
            )),
        }
    }
}
