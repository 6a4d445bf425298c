//! Where the recogniser's program is.

use std::path::{Path, PathBuf};

use super::RecogniserError;

const NAME: &str = "gec-whisper";

/// Finds `gec-whisper`: the file that `GEC_WHISPER` names, else the one beside this
/// program, else the first on the path.
///
/// # Errors
/// [`RecogniserError::Missing`] with the places searched.
pub fn locate() -> Result<PathBuf, RecogniserError> {
    if let Some(named) = std::env::var_os("GEC_WHISPER").filter(|named| !named.is_empty()) {
        let path = PathBuf::from(named);
        return match path.is_file() {
            true => Ok(path),
            false => Err(RecogniserError::Missing {
                searched: vec![format!("at `{}`, which GEC_WHISPER names", path.display())],
            }),
        };
    }
    let file = format!("{NAME}{}", std::env::consts::EXE_SUFFIX);
    let own = std::env::current_exe().ok();
    let beside: Vec<PathBuf> =
        own.iter().flat_map(|own| neighbours(own)).map(|folder| folder.join(&file)).collect();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join(&file));
    beside.iter().cloned().chain(on_path).find(|path| path.is_file()).ok_or_else(|| {
        let beside = beside.first().map(|path| format!("at `{}`", path.display()));
        RecogniserError::Missing {
            searched: beside.into_iter().chain(["on the PATH".to_owned()]).collect(),
        }
    })
}

/// The program's folder. Test programs and examples are one folder further down.
fn neighbours(own: &Path) -> Vec<&Path> {
    let folder = own.parent();
    let above = folder.filter(|folder| folder.ends_with("deps") || folder.ends_with("examples"));
    folder.into_iter().chain(above.and_then(Path::parent)).collect()
}
