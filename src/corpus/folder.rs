//! Listing folders that hold a corpus in several files.

use std::path::{Path, PathBuf};

use super::CorpusError;

/// The entries of a folder, by name with numbers in the order of their values; hidden ones
/// are left out.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, CorpusError> {
    let failed = |source| CorpusError::Io { path: folder.display().to_string(), source };
    let mut entries = Vec::new();
    for entry in fs_err::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            entries.push(entry.path());
        }
    }
    entries.sort_by_cached_key(|path| natural(&name(path)));
    Ok(entries)
}

/// A file's or folder's own name.
pub(super) fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A key that puts `job.2` before `job.10`: text and number by turns.
fn natural(name: &str) -> Vec<(String, u64)> {
    let mut key: Vec<(String, u64)> = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let digits = rest.find(|one: char| one.is_ascii_digit()).unwrap_or(rest.len());
        let (text, after) = rest.split_at(digits);
        let end = after.find(|one: char| !one.is_ascii_digit()).unwrap_or(after.len());
        let (number, after) = after.split_at(end);
        key.push((text.to_owned(), number.parse().unwrap_or(u64::MAX)));
        rest = after;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::natural;

    #[test]
    fn numbers_in_names_are_compared_by_value() {
        let mut names = ["output.10", "output.9", "a", "output.9b", "output", "2best", "10best"];
        names.sort_by_cached_key(|name| natural(name));
        assert_eq!(names, ["2best", "10best", "a", "output", "output.9", "output.9b", "output.10"]);
    }
}
