//! What a dataset consists of, as its manifest says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{DataDirs, DatasetError};
use crate::corpus::Source;

macro_rules! embedded {
    ($path:literal, $include:ident) => {
        ($path, $include!(concat!(env!("CARGO_MANIFEST_DIR"), "/datasets/", $path)))
    };
}

const MANIFESTS: [(&str, &str); 3] = [
    embedded!("sample.toml", include_str),
    embedded!("sample-audio.toml", include_str),
    embedded!("hp.toml", include_str),
];

const FILES: [(&str, &[u8]); 2] =
    [embedded!("sample/test.jsonl", include_bytes), embedded!("sample/train.jsonl", include_bytes)];

// Every file in `datasets/sample-audio/`, listed by `build.rs`.
include!(concat!(env!("OUT_DIR"), "/sample_audio.rs"));

/// Files that are part of the program, with their paths below `datasets/`.
pub(super) fn embedded_files() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    FILES.iter().chain(SAMPLE_AUDIO).copied()
}

/// A dataset's manifest, a TOML file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The name to ask for it by; the manifest is called `NAME.toml`.
    pub name: String,
    /// One line that says what it is.
    pub title: String,
    /// What to know before using it.
    pub about: String,
    /// The terms it comes under.
    pub licence: String,
    /// How to get the files.
    pub obtain: String,
    /// What makes two utterances dependent.
    pub group: Grouping,
    /// The split that is meant when none is named.
    pub default_split: String,
    /// Whether its files are manifests of recordings, to be recognised first, instead of
    /// N-best lists.
    #[serde(default)]
    pub audio: bool,
    /// Folders below a data folder in which the files may be; `.` is the data folder.
    pub folders: Vec<PathBuf>,
    /// The hub repository that has the files.
    #[serde(default)]
    pub hub: Option<HubRepository>,
    /// The subsets, in the order they are run.
    #[serde(rename = "subset")]
    pub subsets: Vec<Subset>,
}

/// What makes two utterances dependent, for resampling and splitting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grouping {
    /// The same reference transcript.
    Reference,
    /// The same `group` field in the records (a speaker, a recording).
    Group,
}

/// A repository on a hub with the Hugging Face layout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubRepository {
    /// Owner and name of the dataset repository.
    pub repository: String,
    /// Branch, tag or commit.
    pub revision: String,
}

/// A part of a dataset that is scored by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subset {
    /// The name to ask for it by.
    pub name: String,
    /// One line that says what it is.
    pub title: String,
    /// Its files, one for each split.
    #[serde(rename = "file")]
    pub files: Vec<DataFile>,
}

/// One corpus file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataFile {
    /// The split it holds, `test` or `train`.
    pub split: String,
    /// Its path in the hub repository. In a data folder its name alone will do.
    pub path: PathBuf,
    /// What it holds, where that is known.
    #[serde(default)]
    pub expected: Option<Expected>,
}

/// What a file must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Number of utterances.
    pub utterances: u64,
    /// Number of words (separated by white space) in the references.
    pub words: u64,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
}

/// The names of all datasets: those built in, then those that have a manifest in a data
/// folder (a file `NAME.toml` with a `[[subset]]`).
#[must_use]
pub fn names(dirs: &DataDirs) -> Vec<String> {
    let built_in = MANIFESTS.iter().filter_map(|(path, _)| stem(Path::new(path)));
    let mut names: Vec<String> = built_in.collect();
    let on_disk: BTreeSet<String> = dirs
        .folders()
        .iter()
        .filter_map(|folder| fs_err::read_dir(folder).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .filter(|path| fs_err::read_to_string(path).is_ok_and(|text| text.contains("[[subset]]")))
        .filter_map(|path| stem(&path))
        .filter(|name| !names.contains(name))
        .collect();
    names.extend(on_disk);
    names
}

fn stem(path: &Path) -> Option<String> {
    Some(path.file_stem()?.to_str()?.to_owned())
}

impl Manifest {
    /// The manifest of a dataset: a file `NAME.toml` in a data folder, else the one built in.
    ///
    /// # Errors
    /// For an unknown name, and for a manifest that cannot be read.
    pub fn load(name: &str, dirs: &DataDirs) -> Result<Self, DatasetError> {
        let file = format!("{name}.toml");
        if let Some(path) =
            dirs.folders().iter().map(|folder| folder.join(&file)).find(|path| path.is_file())
        {
            return Self::parse(&fs_err::read_to_string(&path)?, name, &path.display().to_string());
        }
        match MANIFESTS.iter().find(|(path, _)| *path == file) {
            Some((path, text)) => Self::parse(text, name, &format!("embedded:{path}")),
            None => Err(DatasetError::Unknown { name: name.to_owned(), known: names(dirs) }),
        }
    }

    fn parse(text: &str, name: &str, path: &str) -> Result<Self, DatasetError> {
        let fault = |message: String| DatasetError::Manifest { path: path.to_owned(), message };
        let manifest: Self =
            toml::from_str(text).map_err(|error| fault(error.to_string().trim_end().to_owned()))?;
        if manifest.name != name {
            return Err(fault(format!("its name is `{}`, not `{name}`", manifest.name)));
        }
        Ok(manifest)
    }

    /// Names of the subsets.
    #[must_use]
    pub fn subset_names(&self) -> Vec<String> {
        self.subsets.iter().map(|subset| subset.name.clone()).collect()
    }

    /// The subsets that have been named, each once, in that order; all where none has been.
    ///
    /// # Errors
    /// For a name that is not a subset's.
    pub fn select(&self, wanted: &[&str]) -> Result<Vec<&Subset>, DatasetError> {
        let mut chosen: Vec<&Subset> = Vec::new();
        for name in wanted {
            let subset =
                self.subsets.iter().find(|subset| subset.name == *name).ok_or_else(|| {
                    DatasetError::UnknownSubset {
                        dataset: self.name.clone(),
                        subset: (*name).to_owned(),
                        known: self.subset_names(),
                    }
                })?;
            if !chosen.iter().any(|known| known.name == subset.name) {
                chosen.push(subset);
            }
        }
        Ok(if wanted.is_empty() { self.subsets.iter().collect() } else { chosen })
    }

    /// Where a file is: in a data folder, else in the hub cache, else built in.
    #[must_use]
    pub fn locate(&self, file: &DataFile, dirs: &DataDirs) -> Option<Source> {
        let names = [Some(file.path.as_path()), file.path.file_name().map(Path::new)];
        for folder in dirs.folders() {
            for below in &self.folders {
                // Collecting the components drops the `.` of "directly in it".
                let folder: PathBuf = folder.join(below).components().collect();
                let mut paths = names.iter().flatten().map(|name| folder.join(name));
                if let Some(path) = paths.find(|path| path.is_file()) {
                    return Some(Source::File(path));
                }
            }
        }
        if let Some(path) = self.locate_in_hub_cache(file, dirs.hub_cache()) {
            return Some(Source::File(path));
        }
        self.folders
            .iter()
            .map(|below| below.join(&file.path))
            .find_map(|name| embedded_files().find(|(path, _)| Path::new(path) == name))
            .map(|(name, bytes)| Source::Embedded { name, bytes })
    }

    /// A file in the hub cache: `datasets--OWNER--NAME/snapshots/COMMIT/PATH`, the commit
    /// being that of `refs/REVISION`. A download in progress is not there yet.
    #[must_use]
    pub fn locate_in_hub_cache(&self, file: &DataFile, cache: Option<&Path>) -> Option<PathBuf> {
        let hub = self.hub.as_ref()?;
        let folder = cache?.join(format!("datasets--{}", hub.repository.replace('/', "--")));
        let commit = fs_err::read_to_string(folder.join("refs").join(&hub.revision)).ok()?;
        let path = folder.join("snapshots").join(commit.trim()).join(&file.path);
        path.is_file().then_some(path)
    }
}
