//! The folders in which data is looked for.

use std::collections::HashSet;
use std::env;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

/// Folders searched for data, first match wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataDirs {
    folders: Vec<PathBuf>,
    hub_cache: Option<PathBuf>,
}

impl DataDirs {
    /// The folders of this process: `flag` (the option `--data-dir`), those of the
    /// environment variable `GEC_DATA_DIR` (several are separated as in `PATH`), `gec` in
    /// the XDG data folder, and `./datasets`; besides them the hub cache (`HF_HUB_CACHE`,
    /// else `hub` in `HF_HOME`, else `~/.cache/huggingface/hub`).
    #[must_use]
    pub fn resolve(flag: Option<&Path>) -> Self {
        let mut folders: Vec<PathBuf> = flag.map(Path::to_path_buf).into_iter().collect();
        if let Some(paths) = env::var_os("GEC_DATA_DIR") {
            folders.extend(env::split_paths(&paths).filter(|path| !path.as_os_str().is_empty()));
        }
        if let Ok(base) = etcetera::choose_base_strategy() {
            folders.push(base.data_dir().join("gec"));
        }
        folders.push(PathBuf::from("datasets"));
        let mut seen = HashSet::new();
        folders.retain(|folder| seen.insert(folder.clone()));
        let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let hub_cache = set("HF_HUB_CACHE")
            .or_else(|| set("HF_HOME").map(|home| home.join("hub")))
            .or_else(|| Some(etcetera::home_dir().ok()?.join(".cache/huggingface/hub")));
        Self { folders, hub_cache }
    }

    /// Exactly these folders, and no hub cache.
    #[must_use]
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Self { folders, hub_cache: None }
    }

    /// The same folders with this hub cache.
    #[must_use]
    pub fn with_hub_cache(self, cache: PathBuf) -> Self {
        Self { hub_cache: Some(cache), ..self }
    }

    /// The folders, in the order they are searched.
    #[must_use]
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// The hub cache, searched after the folders.
    #[must_use]
    pub fn hub_cache(&self) -> Option<&Path> {
        self.hub_cache.as_deref()
    }

    /// All places searched, for messages.
    pub(super) fn searched(&self) -> Vec<String> {
        let places = self.folders.iter().chain(&self.hub_cache);
        places.map(|place| place.display().to_string()).collect()
    }
}
