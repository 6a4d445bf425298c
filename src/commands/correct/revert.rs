//! `gec correct --revert`: the originals in their places again.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::absolute;
use crate::{
    archive::{ArchiveError, replace},
    cli::correct::{CorrectArgs, DiffFormat},
    commands::{Context, ExitStatus, Interrupt, failure},
    report::printable,
    store::{DocumentState, Store, StoredDocument},
};

/// What became of a file.
enum Reverted {
    /// The original is in its place.
    Done,
    /// It was so before.
    Already,
}

/// Runs the verb.
pub(super) async fn run(
    args: &CorrectArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let interrupt = Interrupt::listen();
    let store = Store::open_existing(&context.db).await?;
    let (mut done, mut already, mut failed) = (0_u64, 0_u64, 0_u64);
    let mut stopped = false;
    let mut seen = std::collections::HashSet::new();
    'names: for name in &args.files {
        for path in paths(name, &store).await? {
            if !seen.insert(path.clone()) {
                continue;
            }
            if interrupt.is_set() {
                stopped = true;
                break 'names;
            }
            match revert(Path::new(&path), args.force, &store).await {
                Ok(Reverted::Already) => already += 1,
                Ok(Reverted::Done) => {
                    done += 1;
                    match args.format {
                        DiffFormat::Diff => writeln!(out, "{}: reverted", printable(&path))?,
                        DiffFormat::Json => {
                            writeln!(
                                out,
                                "{}",
                                serde_json::json!({ "path": path, "state": "reverted" })
                            )?;
                        }
                        DiffFormat::Summary => {}
                    }
                }
                Err(error) => {
                    failed += 1;
                    failure::complain(&error);
                }
            }
        }
    }
    match args.format {
        DiffFormat::Json => {
            let summary =
                serde_json::json!({ "reverted": done, "already": already, "failed": failed });
            writeln!(out, "{}", serde_json::json!({ "summary": summary }))?;
        }
        _ => writeln!(
            out,
            "{done} files reverted, {already} were as they had been, {failed} failed"
        )?,
    }
    if done + already + failed == 0 {
        context.note("no file of these names has been changed with this database");
    }
    store.close().await?;
    Ok(if stopped { ExitStatus::Interrupted } else { (failed == 0).into() })
}

/// The paths that a name means: those of the database, for a folder or a pattern may hold
/// other files by now.
async fn paths(name: &Path, store: &Store) -> anyhow::Result<Vec<String>> {
    let found: Vec<PathBuf> = match (name.exists(), name.to_str()) {
        (false, Some(pattern)) => glob::glob(pattern)?.filter_map(Result::ok).collect(),
        _ => vec![name.to_owned()],
    };
    let mut paths = Vec::new();
    for path in found {
        let failed = |source| ArchiveError::Io { path: path.clone(), source };
        let mut prefix = absolute(&path).map_err(failed)?;
        if !path.is_dir() {
            paths.push(prefix);
            continue;
        }
        if !prefix.ends_with(std::path::MAIN_SEPARATOR) {
            prefix.push(std::path::MAIN_SEPARATOR);
        }
        paths.extend(store.documents(&prefix, None).await?.into_iter().map(|one| one.path));
    }
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Follows what was written to a file back to what was there before all of it.
async fn revert(path: &Path, force: bool, store: &Store) -> anyhow::Result<Reverted> {
    let name = path.to_string_lossy();
    let mut open: Vec<StoredDocument> = store.documents(&name, None).await?;
    open.retain(|one| {
        one.path == name && matches!(one.state, DocumentState::Applied | DocumentState::Applying)
    });
    open.reverse();
    if open.is_empty() {
        return Ok(Reverted::Already);
    }
    let failed = |source| ArchiveError::Io { path: path.to_owned(), source };
    let content = match std::fs::read(path) {
        Ok(content) => Some(content),
        // Only with `--force` is a file made that is no longer there.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && force => None,
        Err(error) => return Err(failed(error).into()),
    };
    let now = content.as_ref().map(|content| blake3::hash(content).to_hex().to_string());
    let mut hash = now.clone();
    let mut back: Option<&StoredDocument> = None;
    for one in &open {
        if hash.as_ref() == Some(&one.corrected_hash) {
            hash = Some(one.original_hash.clone());
            back = Some(one);
        }
    }
    if back.is_none() && !open.iter().any(|one| Some(&one.original_hash) == now.as_ref()) {
        if !force {
            return Err(ArchiveError::Edited { path: path.to_owned() }.into());
        }
        // The first of them knows what was there before all.
        back = open.last();
    }
    if let Some(document) = back {
        let original = store.original(document).await?;
        let Some(original) = original else { anyhow::bail!("`{name}`: its original was not kept") };
        if content.is_none() {
            std::fs::write(path, []).map_err(failed)?;
        }
        replace::replace(path, &original)?;
    }
    for one in &open {
        if let Some(backup) = &one.backup
            && std::fs::read(backup).is_ok_and(|kept| {
                blake3::hash(&kept).to_hex().as_str() == one.original_hash.as_str()
            })
        {
            std::fs::remove_file(backup).map_err(failed)?;
        }
        // Last, so that a killed command finishes all of it the next time. Among them are
        // those that were never written, or whose result was written over.
        store.finish_revert(one.id).await?;
    }
    Ok(if back.is_some() { Reverted::Done } else { Reverted::Already })
}
