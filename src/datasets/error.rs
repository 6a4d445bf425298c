//! What can be wrong with a dataset.

use thiserror::Error;

use crate::corpus::CorpusError;

/// An error about a dataset: its name, its manifest or its files.
#[derive(Debug, Error)]
pub enum DatasetError {
    /// Neither a known dataset nor a path.
    #[error("unknown dataset `{name}`; known are {}", known.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// The datasets there are.
        known: Vec<String>,
    },
    /// The dataset has no such subset.
    #[error("dataset `{dataset}` has no subset `{subset}`; it has {}", known.join(", "))]
    UnknownSubset {
        /// The dataset.
        dataset: String,
        /// What was asked for.
        subset: String,
        /// The subsets it has.
        known: Vec<String>,
    },
    /// No file of the dataset or subset belongs to that split.
    #[error("`{corpus}` has no split `{split}`; it has {}", known.join(", "))]
    UnknownSplit {
        /// The dataset, subset or path.
        corpus: String,
        /// What was asked for.
        split: String,
        /// The splits it has.
        known: Vec<String>,
    },
    /// A named subset's file is nowhere.
    #[error("`{file}` of `{corpus}` is not there; searched {}", searched.join(", "))]
    Absent {
        /// Dataset and subset.
        corpus: String,
        /// The file's name.
        file: String,
        /// The folders searched.
        searched: Vec<String>,
        /// What fetches it, where it can be fetched.
        obtain: Option<String>,
    },
    /// No file of the dataset is anywhere.
    #[error("no `{split}` file of dataset `{dataset}` is there; searched {}", searched.join(", "))]
    NonePresent {
        /// The dataset.
        dataset: String,
        /// The split.
        split: String,
        /// The folders searched.
        searched: Vec<String>,
        /// What fetches them, where they can be fetched.
        obtain: Option<String>,
    },
    /// The path does not exist.
    #[error("there is no file or folder `{path}`")]
    NoPath {
        /// The path.
        path: String,
    },
    /// The folder holds no corpus file.
    #[error("folder `{path}` holds no corpus file (.json, .jsonl, .ndjson, .csv, .list)")]
    NoFiles {
        /// The folder.
        path: String,
    },
    /// The manifest cannot be used.
    #[error("manifest {path}: {message}")]
    Manifest {
        /// The manifest.
        path: String,
        /// What is wrong with it.
        message: String,
    },
    /// The dataset cannot be fetched from a hub.
    #[error("dataset `{dataset}` is not on a hub: {obtain}")]
    NotOnHub {
        /// The dataset.
        dataset: String,
        /// How to get it.
        obtain: String,
    },
    /// Offline mode forbids fetching.
    #[error("offline mode (HF_HUB_OFFLINE) forbids fetching `{file}`")]
    Offline {
        /// The file.
        file: String,
    },
    /// The hub did not deliver the file.
    #[error("cannot fetch {url}: {message}")]
    Fetch {
        /// Where it was asked for.
        url: String,
        /// What went wrong.
        message: String,
    },
    /// The fetched file is not what the manifest describes; it was removed again.
    #[error("{url} is not the file that the manifest describes: {message}; it was removed again")]
    Mismatch {
        /// Where it came from.
        url: String,
        /// What differs.
        message: String,
    },
    /// A corpus file cannot be read.
    #[error(transparent)]
    Corpus(#[from] CorpusError),
    /// A folder cannot be listed or a file not be removed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl DatasetError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { name, .. } => {
                Some(format!("a file or folder is named by a path, like `./{name}`"))
            }
            Self::Absent { searched, obtain, .. } | Self::NonePresent { searched, obtain, .. } => {
                let first = searched.first().map_or("a folder given by --data-dir", String::as_str);
                let fetch = obtain.as_ref().map(|fetch| format!("`{fetch}`, or "));
                Some(format!(
                    "{}put the files into {first}; `--dataset sample` needs nothing",
                    fetch.unwrap_or_default()
                ))
            }
            Self::Offline { .. } => {
                Some("unset HF_HUB_OFFLINE, or put the file into a data folder".to_owned())
            }
            Self::Fetch { message, .. } if message.contains("404") => Some(
                "the hub has no such file; HF_ENDPOINT names another hub, and a file put into a \
                 data folder is found too"
                    .to_owned(),
            ),
            Self::Fetch { message, .. } if message.contains("401") || message.contains("403") => {
                Some("the hub asks for a token: set HF_TOKEN".to_owned())
            }
            Self::Fetch { .. } => Some(
                "try again (a download goes on where it stopped), or set HF_ENDPOINT".to_owned(),
            ),
            Self::Mismatch { .. } => Some(
                "try again; if the hub's file has changed, fetch it yourself and name its path \
                 with --dataset"
                    .to_owned(),
            ),
            Self::NoFiles { .. } => Some(
                "the folders of Kaldi, ESPnet and Whisper are read as a whole; docs/formats.md \
                 shows what they look like"
                    .to_owned(),
            ),
            Self::UnknownSubset { dataset, .. } => {
                Some(format!("`gec dataset list` shows them; `{dataset}` alone is all of them"))
            }
            Self::UnknownSplit { .. } => {
                Some("`gec dataset list` shows what every corpus has".to_owned())
            }
            Self::Corpus(error) => error.hint(),
            _ => None,
        }
    }
}
