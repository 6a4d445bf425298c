//! Fetching a dataset's files from a hub with the Hugging Face layout.

use std::env;
use std::path::{Path, PathBuf};

use hf_hub::api::sync::ApiBuilder;
use hf_hub::{Cache, Repo, RepoType};

use super::verify::{count, differences};
use super::{DataDirs, DataFile, DatasetError, Manifest};
use crate::corpus::{self, Source};

/// How to reach the hub and where its files go.
#[derive(Debug, Clone)]
pub struct Hub {
    /// Address of the hub, without a closing `/`.
    pub endpoint: String,
    /// The hub cache, in which [`resolve`](super::resolve()) finds the files.
    pub cache: PathBuf,
    /// Whether fetching is forbidden.
    pub offline: bool,
    /// Access token; without one, the token file beside the cache is used.
    pub token: Option<String>,
    /// Whether to draw progress bars on standard error.
    pub progress: bool,
}

impl Hub {
    /// The hub of the environment: `HF_ENDPOINT`, `HF_HUB_OFFLINE`, `HF_TOKEN`, and the
    /// cache of `dirs`. `None` where no home folder, and so no cache, is known.
    #[must_use]
    pub fn from_environment(dirs: &DataDirs, progress: bool) -> Option<Self> {
        let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let offline = set("HF_HUB_OFFLINE").map(|value| value.to_ascii_lowercase());
        let endpoint = set("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".to_owned());
        Some(Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            cache: dirs.hub_cache()?.to_path_buf(),
            offline: offline
                .is_some_and(|value| ["1", "true", "yes", "on"].contains(&value.as_str())),
            token: set("HF_TOKEN"),
            progress,
        })
    }
}

/// Fetches one file into the hub cache, unless it is there already, and checks it: against
/// the manifest's checksum and counts, else by reading it through. A file that fails is
/// removed, and an unfinished download never appears under the file's name, so what is
/// found later is whole.
///
/// # Errors
/// When the dataset is not on a hub, in offline mode (for a file that is not there), when
/// the hub does not deliver, and when what it delivers is not what the manifest describes.
pub fn pull(manifest: &Manifest, file: &DataFile, hub: &Hub) -> Result<PathBuf, DatasetError> {
    let repository = manifest.hub.as_ref().ok_or_else(|| DatasetError::NotOnHub {
        dataset: manifest.name.clone(),
        obtain: manifest.obtain.trim().to_owned(),
    })?;
    if let Some(path) = manifest.locate_in_hub_cache(file, Some(&hub.cache)) {
        if fault(&path, file).is_none() {
            return Ok(path);
        }
        if !hub.offline {
            remove(&path)?;
        }
    }
    // Paths in a repository have forward slashes on every platform.
    let name = file.path.to_string_lossy().replace('\\', "/");
    if hub.offline {
        return Err(DatasetError::Offline { file: name });
    }
    let mut builder = ApiBuilder::from_cache(Cache::new(hub.cache.clone()))
        .with_endpoint(hub.endpoint.clone())
        .with_user_agent("gec", env!("CARGO_PKG_VERSION"))
        .with_progress(hub.progress);
    if hub.token.is_some() {
        builder = builder.with_token(hub.token.clone());
    }
    let (id, revision) = (repository.repository.clone(), repository.revision.clone());
    let fetch = |error: hf_hub::api::sync::ApiError, url: &str| DatasetError::Fetch {
        url: url.to_owned(),
        message: error.to_string(),
    };
    let api = builder.build().map_err(|error| fetch(error, &hub.endpoint))?;
    let api = api.repo(Repo::with_revision(id, RepoType::Dataset, revision));
    let url = api.url(&name);
    let path = api.download(&name).map_err(|error| fetch(error, &url))?;
    if let Some(message) = fault(&path, file) {
        remove(&path)?;
        return Err(DatasetError::Mismatch { url, message });
    }
    Ok(path)
}

/// What is wrong with a fetched file.
fn fault(path: &Path, file: &DataFile) -> Option<String> {
    let source = Source::File(path.to_path_buf());
    let counts = match count(&source) {
        Ok(counts) => counts,
        Err(error) => return Some(error.to_string()),
    };
    let expected = file.expected.as_ref()?;
    match corpus::checksum(&source, None) {
        Ok(sha256) => {
            let differences = differences(counts, &sha256, expected);
            (!differences.is_empty()).then(|| differences.join("; "))
        }
        Err(error) => Some(error.to_string()),
    }
}

/// Removes a snapshot's entry and the content that it points to.
fn remove(path: &Path) -> Result<(), DatasetError> {
    let content = fs_err::canonicalize(path)?;
    fs_err::remove_file(path)?;
    if content != path && content.exists() {
        fs_err::remove_file(content)?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "pull_tests.rs"]
mod tests;
