//! Replacing a file's content in one step. Whatever is killed when, the file is either as it
//! was or as it should be, and the copy is there before the file changes.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::ArchiveError;

/// A copy's name is the file's with this behind it, and a number where that is taken.
const BACKUP: &str = "bak";

/// Where the copy of a file is to be: a name that is free, or one that has these bytes.
///
/// # Errors
/// Where a file of such a name cannot be read.
pub fn backup_path(path: &Path, content: &[u8]) -> Result<PathBuf, ArchiveError> {
    let mut number = 1_u32;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(".");
        name.push(BACKUP);
        if number > 1 {
            name.push(number.to_string());
        }
        let name = PathBuf::from(name);
        match fs_err::read(&name) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(name),
            Err(source) => return Err(ArchiveError::Io { path: name, source }),
            Ok(found) if found == content => return Ok(name),
            Ok(_) => number += 1,
        }
    }
}

/// Makes a copy of a file that is on disk when this returns. One that is there already is
/// left alone.
///
/// # Errors
/// Where the copy cannot be written.
pub fn back_up(path: &Path, backup: &Path) -> Result<(), ArchiveError> {
    let failed = |source| ArchiveError::Io { path: backup.to_owned(), source };
    match std::fs::hard_link(path, backup) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        // Some file systems have no links.
        Err(_) => {
            let content = std::fs::read(path).map_err(failed)?;
            return write(backup, &content, path);
        }
    }
    // The content of a file that nobody has written for long may still be in memory alone.
    File::open(backup).and_then(|file| file.sync_all()).map_err(failed)?;
    sync_folder(backup).map_err(failed)
}

/// Gives the file this content, which is on disk when this returns. A link stays a link;
/// permissions stay.
///
/// # Errors
/// [`ArchiveError::Busy`] where another process does the same, or where it cannot be written.
pub fn replace(path: &Path, content: &[u8]) -> Result<(), ArchiveError> {
    let failed = |source| ArchiveError::Io { path: path.to_owned(), source };
    let target = std::fs::canonicalize(path).map_err(failed)?;
    write(&target, content, &target)
}

/// Writes a file under a name of its own and then gives it its name.
fn write(path: &Path, content: &[u8], like: &Path) -> Result<(), ArchiveError> {
    let failed = |source| ArchiveError::Io { path: path.to_owned(), source };
    let partial = partial_path(path).map_err(failed)?;
    let mut file =
        File::options().write(true).create(true).truncate(false).open(&partial).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(ArchiveError::Busy { path: path.to_owned() });
        }
        // Some file systems have no locks.
        Err(TryLockError::Error(_)) => {}
    }
    // Between opening and locking it, another may have given it its name: what we hold then
    // is the file itself, which must not be written in place.
    if !is_still_at(&file, &partial) {
        return Err(ArchiveError::Busy { path: path.to_owned() });
    }
    let done = (|| {
        file.set_len(0)?;
        file.write_all(content)?;
        if let Ok(metadata) = std::fs::metadata(like) {
            file.set_permissions(metadata.permissions())?;
            keep_owner(&file, &metadata);
        }
        file.sync_all()?;
        std::fs::rename(&partial, path)?;
        sync_folder(path)
    })();
    if done.is_err() {
        // The first error is the one to tell.
        let _ = std::fs::remove_file(&partial);
    }
    done.map_err(failed)
}

/// The same for every attempt, so that a killed one leaves nothing behind.
fn partial_path(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(ErrorKind::InvalidInput)?;
    let mut partial = std::ffi::OsString::from(".");
    partial.push(name);
    partial.push(".gec-partial");
    Ok(path.with_file_name(partial))
}

#[cfg(unix)]
fn is_still_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let place = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), std::fs::symlink_metadata(path)) {
        (Ok(held), Ok(named)) => place(held) == place(named),
        _ => false,
    }
}

/// An open file cannot be renamed by another process here.
#[cfg(not(unix))]
fn is_still_at(_: &File, _: &Path) -> bool {
    true
}

/// Only a privileged user can keep another's file theirs; else it becomes ours, as with any
/// editor that writes like this.
#[cfg(unix)]
fn keep_owner(file: &File, metadata: &std::fs::Metadata) {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let _ = fchown(file, Some(metadata.uid()), Some(metadata.gid()));
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &std::fs::Metadata) {}

/// A new name is safe when its folder is on disk.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_is_the_old_file_and_the_file_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.srt");
        std::fs::write(&path, "old").unwrap();
        let backup = backup_path(&path, b"old").unwrap();
        back_up(&path, &backup).unwrap();
        back_up(&path, &backup).unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::read(&backup).unwrap(), b"old");
        // The first copy is the precious one: the next gets another name.
        assert_eq!(backup_path(&path, b"old").unwrap(), backup);
        assert_eq!(backup_path(&path, b"new").unwrap(), folder.path().join("a.srt.bak2"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a.srt"), folder.path().join("link.srt"));
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        symlink("a.srt", &link).unwrap();
        replace(&link, b"new").unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn two_writers_do_not_meet() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.srt");
        std::fs::write(&path, "old").unwrap();
        let partial = partial_path(&std::fs::canonicalize(&path).unwrap()).unwrap();
        let other = File::create(&partial).unwrap();
        other.try_lock().unwrap();
        assert!(matches!(replace(&path, b"new"), Err(ArchiveError::Busy { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        drop(other);
        replace(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert!(!partial.exists());
    }
}
