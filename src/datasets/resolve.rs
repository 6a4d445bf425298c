//! From what a user typed to files that can be read.

use std::path::{Path, PathBuf};

use super::{DataDirs, DataFile, DatasetError, Expected, Manifest, Subset};
use crate::corpus::{Format, Source};

/// A corpus that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedCorpus {
    /// The dataset's name; `file` for a path.
    pub dataset: String,
    /// The subset's name; the file's stem for a path.
    pub subset: String,
    /// The split; `all` for a path whose name tells none.
    pub split: String,
    /// Where it is.
    pub source: Source,
    /// Its format, where it need not be told from the content.
    pub format: Option<Format>,
    /// Whether it is a manifest of recordings, to be recognised first.
    pub audio: bool,
    /// What it must hold, where that is known.
    pub expected: Option<Expected>,
    /// The `train` split of the same subset (to take examples from), if it is there and
    /// this is another split.
    pub training: Option<Box<ResolvedCorpus>>,
}

const SPLITS: [&str; 5] = ["train", "test", "dev", "valid", "eval"];
const EXTENSIONS: [&str; 6] = ["json", "jsonl", "ndjson", "csv", "list", "lst"];

/// Finds the corpora that `spec` means: a dataset (`sample`; `hp` is every subset that is
/// there, in the manifest's order), subsets of one (`hp:atis,wsj`), a file, or a folder
/// (every corpus file in it, by name). A word with `/` or `.` is a path; any other is one
/// only where no dataset has that name. `split` chooses among a dataset's files, and among
/// paths those whose name holds it as a word (`test_atis.json`).
///
/// # Errors
/// For unknown names, for a named subset that is not there (with the folders searched),
/// for a dataset of which nothing is there, and for a path that holds no corpus.
pub fn resolve(
    spec: &str,
    split: Option<&str>,
    dirs: &DataDirs,
) -> Result<Vec<ResolvedCorpus>, DatasetError> {
    if spec.contains(['/', '.']) || spec.contains(std::path::MAIN_SEPARATOR) {
        return resolve_path(Path::new(spec), split);
    }
    let (name, subsets) = match spec.split_once(':') {
        Some((name, subsets)) => (name, subsets.split(',').map(str::trim).collect()),
        None => (spec, Vec::new()),
    };
    match Manifest::load(name, dirs) {
        Ok(manifest) => resolve_dataset(&manifest, &subsets, split, dirs),
        Err(DatasetError::Unknown { .. }) if Path::new(spec).exists() => {
            resolve_path(Path::new(spec), split)
        }
        Err(error) => Err(error),
    }
}

fn resolve_dataset(
    manifest: &Manifest,
    wanted: &[&str],
    split: Option<&str>,
    dirs: &DataDirs,
) -> Result<Vec<ResolvedCorpus>, DatasetError> {
    let split = split.unwrap_or(&manifest.default_split);
    let chosen = manifest.select(wanted)?;
    let files = || chosen.iter().flat_map(|subset| &subset.files);
    if !files().any(|file| file.split == split) {
        let mut known: Vec<String> = files().map(|file| file.split.clone()).collect();
        known.sort();
        known.dedup();
        let corpus = corpus_name(manifest, wanted);
        return Err(DatasetError::UnknownSplit { corpus, split: split.to_owned(), known });
    }
    let mut found = Vec::new();
    for subset in chosen {
        let Some(file) = subset.files.iter().find(|file| file.split == split) else {
            if wanted.is_empty() {
                continue;
            }
            return Err(DatasetError::UnknownSplit {
                corpus: corpus_name(manifest, &[&subset.name]),
                split: split.to_owned(),
                known: subset.files.iter().map(|file| file.split.clone()).collect(),
            });
        };
        match resolve_file(manifest, subset, file, dirs) {
            Some(corpus) => found.push(corpus),
            None if wanted.is_empty() => {}
            None => {
                return Err(DatasetError::Absent {
                    corpus: corpus_name(manifest, &[&subset.name]),
                    file: file.path.display().to_string(),
                    searched: dirs.searched(),
                    obtain: pull_command(manifest, Some(&subset.name)),
                });
            }
        }
    }
    if found.is_empty() {
        return Err(DatasetError::NonePresent {
            dataset: manifest.name.clone(),
            split: split.to_owned(),
            searched: dirs.searched(),
            obtain: pull_command(manifest, None),
        });
    }
    Ok(found)
}

fn corpus_name(manifest: &Manifest, subsets: &[&str]) -> String {
    let colon = if subsets.is_empty() { "" } else { ":" };
    format!("{}{colon}{}", manifest.name, subsets.join(","))
}

fn pull_command(manifest: &Manifest, subset: Option<&str>) -> Option<String> {
    manifest.hub.as_ref()?;
    let subsets: Vec<&str> = subset.into_iter().collect();
    Some(format!("gec dataset pull {}", corpus_name(manifest, &subsets)))
}

fn resolve_file(
    manifest: &Manifest,
    subset: &Subset,
    file: &DataFile,
    dirs: &DataDirs,
) -> Option<ResolvedCorpus> {
    let source = manifest.locate(file, dirs)?;
    let train = subset.files.iter().find(|other| other.split == "train" && file.split != "train");
    Some(ResolvedCorpus {
        dataset: manifest.name.clone(),
        subset: subset.name.clone(),
        split: file.split.clone(),
        source,
        format: None,
        audio: manifest.audio,
        expected: file.expected.clone(),
        training: train.and_then(|train| resolve_file(manifest, subset, train, dirs)).map(Box::new),
    })
}

fn resolve_path(path: &Path, split: Option<&str>) -> Result<Vec<ResolvedCorpus>, DatasetError> {
    let shown = || path.display().to_string();
    let all = at_path(path, None)?;
    let Some(split) = split else { return Ok(all) };
    let mut known: Vec<String> = all.iter().map(|corpus| corpus.split.clone()).collect();
    let chosen: Vec<_> = all.into_iter().filter(|corpus| corpus.split == split).collect();
    if chosen.is_empty() {
        known.sort();
        known.dedup();
        return Err(DatasetError::UnknownSplit { corpus: shown(), split: split.to_owned(), known });
    }
    Ok(chosen)
}

/// Finds the corpora at a path: a file, a folder as a recogniser fills it (told from its
/// files, or by `format`), or else every corpus file of a folder, by name.
///
/// # Errors
/// Where there is nothing, or no corpus file in the folder.
pub fn at_path(path: &Path, format: Option<Format>) -> Result<Vec<ResolvedCorpus>, DatasetError> {
    let shown = || path.display().to_string();
    if !path.exists() {
        return Err(DatasetError::NoPath { path: shown() });
    }
    let one = |path: PathBuf| ResolvedCorpus { format, ..from_file(path) };
    if !path.is_dir() || format.is_some_and(Format::is_folder) {
        return Ok(vec![one(path.to_path_buf())]);
    }
    if format.is_none() && Format::detect_folder(path)?.is_some() {
        return Ok(vec![one(path.to_path_buf())]);
    }
    let files = corpus_files(path)?;
    if files.is_empty() {
        return Err(DatasetError::NoFiles { path: shown() });
    }
    Ok(files.into_iter().map(one).collect())
}

/// The corpus files of a folder, by name.
fn corpus_files(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let mut files = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
        if EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str()) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn from_file(path: PathBuf) -> ResolvedCorpus {
    // The name of `.` and `..` is not in the path; that of a folder may hold a dot.
    let named = if path.file_name().is_some() { None } else { fs_err::canonicalize(&path).ok() };
    let named = named.as_deref().unwrap_or(&path);
    let stem = if path.is_dir() { named.file_name() } else { named.file_stem() };
    let stem = stem.unwrap_or_default().to_string_lossy().into_owned();
    let mut words = stem.split(|character: char| !character.is_alphanumeric());
    let split = words.find(|word| SPLITS.contains(word)).unwrap_or("all").to_owned();
    ResolvedCorpus {
        dataset: "file".to_owned(),
        subset: stem,
        split,
        source: Source::at(path),
        format: None,
        audio: false,
        expected: None,
        training: None,
    }
}
