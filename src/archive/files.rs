//! From what was named to the files that are meant.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::ArchiveError;

/// Extensions taken for transcripts in folders. Text and tables may be anything there: they
/// are taken where they are named, or where a pattern names them.
pub const EXTENSIONS: &[&str] = &["srt", "vtt", "json", "jsonl", "ndjson", "ctm", "trn"];

/// A file to be corrected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it is, as it was named.
    pub path: PathBuf,
    /// Its path below the folder that was named, else its name: the same on every machine
    /// that has a copy of the folder.
    pub relative: PathBuf,
}

/// A part of the files (or records) that one of several machines works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 0.
    index: u32,
    /// Of how many, at least 1.
    count: u32,
}

impl Shard {
    /// Whether what has this name belongs to the part. Every name belongs to exactly one of
    /// the parts, always the same.
    #[must_use]
    pub fn holds(&self, name: &[u8]) -> bool {
        let hash = blake3::hash(name);
        let (head, _) = hash.as_bytes().split_at(8);
        let number = head.iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
        number % u64::from(self.count) == u64::from(self.index)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not like 1/8: which part, from 1, and of how many");
        let (index, count) = text.split_once('/').ok_or_else(wrong)?;
        let parse = |number: &str| number.parse::<u32>().map_err(|_| wrong());
        let (index, count) = (parse(index)?, parse(count)?);
        if index == 0 || index > count {
            return Err(wrong());
        }
        Ok(Self { index: index - 1, count })
    }
}

/// Files and errors, in the order of the names, folders by path.
pub type Files = Box<dyn Iterator<Item = Result<Found, ArchiveError>> + Send>;

/// The files that names, folders and patterns mean. Folders are read as the files are asked
/// for; links are followed, hidden files and folders left out. No names give no files.
pub fn find(names: impl IntoIterator<Item = PathBuf>, shard: Option<Shard>) -> Files {
    let names: Vec<PathBuf> = names.into_iter().collect();
    let found = names.into_iter().flat_map(|name| find_one(&name));
    Box::new(found.filter(move |found| match (shard, found) {
        (Some(shard), Ok(found)) => shard.holds(found.relative.as_os_str().as_encoded_bytes()),
        _ => true,
    }))
}

fn find_one(name: &Path) -> Files {
    if name.is_dir() {
        folder(name)
    } else if !name.exists() && is_pattern(name) {
        pattern(name)
    } else {
        let relative = name.file_name().map_or_else(|| name.to_owned(), PathBuf::from);
        Box::new(std::iter::once(match fs_err::metadata(name) {
            Ok(_) => Ok(Found { path: name.to_owned(), relative }),
            Err(error) => Err(ArchiveError::Io {
                path: name.to_owned(),
                source: std::io::Error::from(error.kind()),
            }),
        }))
    }
}

fn folder(folder: &Path) -> Files {
    let base = folder.to_owned();
    let visible = |entry: &walkdir::DirEntry| {
        entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".")
    };
    let found = walkdir::WalkDir::new(folder)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(visible)
        .filter_map(move |entry| match entry {
            Ok(entry) if entry.file_type().is_file() && is_transcript(entry.path()) => {
                let path = entry.into_path();
                let relative = path.strip_prefix(&base).unwrap_or(&path).to_owned();
                Some(Ok(Found { path, relative }))
            }
            Ok(_) => None,
            Err(error) => Some(Err(ArchiveError::Io {
                path: error.path().unwrap_or(&base).to_owned(),
                source: error.into(),
            })),
        });
    or_nothing(folder, found)
}

fn pattern(name: &Path) -> Files {
    let wrong = |message: String| {
        let error = ArchiveError::Pattern { path: name.to_owned(), message };
        Box::new(std::iter::once(Err(error))) as Files
    };
    let Some(text) = name.to_str() else { return wrong("it is not UTF-8".into()) };
    let paths = match glob::glob(text) {
        Ok(paths) => paths,
        Err(error) => return wrong(error.msg.into()),
    };
    // What stands before the first wildcard is the folder that was named.
    let base: PathBuf = name.components().take_while(|part| !is_pattern(part.as_ref())).collect();
    let found = paths.filter_map(move |path| match path {
        Ok(path) if path.is_file() => {
            let relative = path.strip_prefix(&base).unwrap_or(&path).to_owned();
            Some(Ok(Found { path, relative }))
        }
        Ok(_) => None,
        Err(error) => {
            Some(Err(ArchiveError::Io { path: error.path().to_owned(), source: error.into() }))
        }
    });
    or_nothing(name, found)
}

/// Says so where there is nothing.
fn or_nothing(
    name: &Path,
    found: impl Iterator<Item = Result<Found, ArchiveError>> + Send + 'static,
) -> Files {
    let mut found = found.peekable();
    if found.peek().is_none() {
        let error = ArchiveError::Nothing { path: name.to_owned() };
        return Box::new(std::iter::once(Err(error)));
    }
    Box::new(found)
}

fn is_pattern(name: &Path) -> bool {
    name.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte))
}

fn is_transcript(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|found| EXTENSIONS.iter().any(|known| found.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(found: Files) -> Vec<String> {
        found
            .map(|found| match found {
                Ok(found) => found.relative.to_string_lossy().replace('\\', "/"),
                Err(error) => error.to_string(),
            })
            .collect()
    }

    #[test]
    fn folders_give_transcripts_by_path_and_patterns_what_fits() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.srt", "a/z.vtt", "a/.hidden.srt", "notes.txt", "b.srt.bak", "c.SRT"] {
            let path = folder.path().join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, "").unwrap();
        }
        let root = folder.path().to_owned();
        assert_eq!(names(find([root.clone()], None)), ["a/z.vtt", "b.srt", "c.SRT"]);
        assert_eq!(names(find([root.join("*.txt")], None)), ["notes.txt"]);
        assert_eq!(names(find([root.join("*/*")], None)).len(), 2);
        assert!(names(find([root.join("*.ctm")], None))[0].contains("no transcripts"));
        assert!(names(find([root.join("missing.srt")], None))[0].contains("missing.srt"));
        assert!(find([], None).next().is_none());
    }

    #[test]
    fn every_name_is_in_one_shard_and_always_the_same() {
        let shards: Vec<Shard> = (1..=3).map(|i| format!("{i}/3").parse().unwrap()).collect();
        let mut sizes = [0; 3];
        for number in 0..3000 {
            let name = format!("talks/{number}.srt");
            let holding: Vec<usize> =
                (0..3).filter(|&shard| shards[shard].holds(name.as_bytes())).collect();
            assert_eq!(holding.len(), 1);
            sizes[holding[0]] += 1;
        }
        assert!(sizes.iter().all(|&size| size > 850), "{sizes:?}");
        // Written down: a partition that changes would be worked on twice and not at all.
        for (shard, name) in [(2, "a.srt"), (0, "b.srt"), (1, "d.srt")] {
            assert!(shards[shard].holds(name.as_bytes()), "{name}");
        }
        for wrong in ["0/3", "4/3", "1", "a/b", "1/0"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
