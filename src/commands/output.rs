//! Output that appears when it is whole.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use crate::report::printable;

/// A file under another name until it is complete; dropped before that, it is deleted.
pub(super) struct NewFile {
    file: BufWriter<File>,
    partial: Partial,
}

impl NewFile {
    /// Begins a file, which will replace one of that name. What is no plain file (a pipe, a
    /// device) is written as it is.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let special = fs_err::metadata(path).is_ok_and(|found| !found.is_file());
        let partial = if special { Partial::none(path) } else { Partial::of(path) };
        let file = BufWriter::new(fs_err::File::create(&partial.path)?.into_file());
        Ok(Self { file, partial })
    }

    /// Gives the file its name.
    pub(super) fn commit(mut self) -> io::Result<()> {
        self.file.flush()?;
        if self.partial.differs() {
            self.file.get_ref().sync_all()?;
        }
        self.partial.commit()
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Text for a terminal: nothing in it moves the cursor or turns the direction of writing.
pub(super) struct ForTerminal<'a> {
    out: &'a mut dyn Write,
    /// The line that is not whole yet.
    line: Vec<u8>,
}

impl<'a> ForTerminal<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, line: Vec::new() }
    }

    fn put_line(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&line);
        let mut parts = text.split('\t');
        let mut shown = printable(parts.next().unwrap_or_default());
        parts.for_each(|part| shown.extend(["\t", &printable(part)]));
        self.out.write_all(shown.as_bytes())
    }
}

impl Write for ForTerminal<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            match part.strip_suffix(b"\n") {
                Some(end) => {
                    self.line.extend_from_slice(end);
                    self.put_line()?;
                    self.out.write_all(b"\n")?;
                }
                None => self.line.extend_from_slice(part),
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.line.is_empty() {
            self.put_line()?;
        }
        self.out.flush()
    }
}

/// A folder under another name until it is complete; dropped before that, it is deleted.
pub(super) struct NewFolder(Partial);

impl NewFolder {
    /// Begins a folder. It must not exist yet, or be empty.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let partial = Partial::of(path);
        fs_err::create_dir_all(&partial.path)?;
        Ok(Self(partial))
    }

    /// Where it is for now.
    pub(super) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Gives the folder its name.
    pub(super) fn commit(self) -> io::Result<()> {
        self.0.commit()
    }
}

/// A name for the time being, beside the final one so that renaming is one step.
struct Partial {
    path: PathBuf,
    target: PathBuf,
    done: bool,
}

impl Partial {
    fn of(target: &Path) -> Self {
        // A closing `/` is no part of the name.
        let target: PathBuf = target.components().collect();
        let mut path = target.clone().into_os_string();
        path.push(format!(".{}.partial", std::process::id()));
        Self { path: path.into(), target, done: false }
    }

    fn none(target: &Path) -> Self {
        Self { path: target.to_owned(), target: target.to_owned(), done: true }
    }

    fn differs(&self) -> bool {
        self.path != self.target
    }

    fn commit(mut self) -> io::Result<()> {
        if self.differs() {
            fs_err::rename(&self.path, &self.target)?;
        }
        self.done = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        // What cannot be deleted is left; its name says what it is.
        let _ = match self.path.is_dir() {
            true => std::fs::remove_dir_all(&self.path),
            false => std::fs::remove_file(&self.path),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_when_it_is_whole_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.txt");
        fs_err::write(&path, "old").unwrap();
        let mut given_up = NewFile::create(&path).unwrap();
        given_up.write_all(b"new").unwrap();
        drop(given_up);
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "old");
        let mut whole = NewFile::create(&path).unwrap();
        whole.write_all(b"new").unwrap();
        whole.commit().unwrap();
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_replaces_none_that_holds_something() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out/");
        NewFolder::create(&path).unwrap().commit().unwrap();
        NewFolder::create(&path).unwrap().commit().unwrap();
        fs_err::write(path.join("kept"), "").unwrap();
        assert!(NewFolder::create(&path).unwrap().commit().is_err());
        assert!(path.join("kept").is_file());
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_terminal_gets_no_control_characters() {
        let mut shown = Vec::new();
        let mut out = ForTerminal::new(&mut shown);
        out.write_all("a\u{1b}[31m\tb\n\u{202e}c".as_bytes()).unwrap();
        out.flush().unwrap();
        assert_eq!(String::from_utf8(shown).unwrap(), "a\u{fffd}[31m\tb\n\u{fffd}c");
    }
}
