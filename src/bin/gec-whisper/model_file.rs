//! A look at a model file before the library gets it.
//!
//! The library trusts the file: it takes one that is cut short for an empty model, and wrong
//! sizes for memory to reserve. Reading the headers alone takes a few milliseconds.

use std::{
    fs::File,
    io::{self, BufReader, ErrorKind, Read},
    path::Path,
};

use crate::error::RecogniserError;

const WHISPER: &str = "a Whisper model in the ggml format";
const VOICE: &str = "a Silero voice activity model in the ggml format";

/// What the ggml format starts with.
const MAGIC: [u8; 4] = *b"lmgg";

/// Token ids whisper.cpp relies on end below this.
const LEAST_VOCABULARY: i32 = 51_864;

/// Checks that a file is a whole Whisper model.
///
/// # Errors
/// Where it cannot be read, is of another kind or cut short.
pub(crate) fn check_whisper(path: &Path) -> Result<(), RecogniserError> {
    let mut file = Headers::open(path, WHISPER)?;
    let size = file.integer("its header")?;
    if file.name_follows(size)? {
        return Err(file.kind(VOICE));
    }
    let mut header = [0; 10];
    for value in &mut header {
        *value = file.integer("its header")?;
    }
    let plausible = header[..9].iter().all(|value| (1..=100_000).contains(value));
    if !plausible || !(LEAST_VOCABULARY..=200_000).contains(&size) {
        return Err(file.kind("a ggml file of another kind"));
    }
    let filters = [file.integer("its filters")?, file.integer("its filters")?];
    if !filters.iter().all(|value| (1..=4096).contains(value)) {
        return Err(file.kind("a ggml file of another kind"));
    }
    file.skip(4 * i64::from(filters[0]) * i64::from(filters[1]), "its filters")?;
    for _ in 0..file.integer("its vocabulary")?.clamp(0, size) {
        let length = file.integer("its vocabulary")?;
        if !(0..=4096).contains(&length) {
            return Err(file.kind("a damaged file"));
        }
        file.skip(length.into(), "its vocabulary")?;
    }
    file.tensors()
}

/// Checks that a file is a whole Silero model.
///
/// # Errors
/// As of [`check_whisper`].
pub(crate) fn check_voice(path: &Path) -> Result<(), RecogniserError> {
    let mut file = Headers::open(path, VOICE)?;
    let length = file.integer("its header")?;
    if !file.name_follows(length)? {
        return Err(file.kind("another model"));
    }
    // Version, window and context.
    file.skip(i64::from(length) + 5 * 4, "its header")?;
    let layers = file.integer("its header")?;
    if !(1..=64).contains(&layers) {
        return Err(file.kind("a damaged file"));
    }
    file.skip((3 * i64::from(layers) + 4) * 4, "its header")?;
    file.tensors()
}

/// Walks through a file from header to header.
struct Headers<'a> {
    path: &'a Path,
    wanted: &'static str,
    reader: BufReader<File>,
    length: u64,
    position: u64,
}

impl<'a> Headers<'a> {
    fn open(path: &'a Path, wanted: &'static str) -> Result<Self, RecogniserError> {
        let unreadable = |source| RecogniserError::Unreadable { path: path.to_owned(), source };
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        let mut headers = Self {
            path,
            wanted,
            reader: BufReader::new(file),
            length: metadata.len(),
            position: 0,
        };
        if metadata.is_dir() {
            return Err(headers.kind("a folder"));
        }
        if metadata.len() == 0 {
            return Err(headers.kind("empty"));
        }
        match headers.bytes("its header")? {
            MAGIC => Ok(headers),
            magic if magic == *b"GGUF" => Err(headers.kind("a GGUF file")),
            _ => Err(headers.kind("no ggml file")),
        }
    }

    /// Whether the next bytes are a name of the given length of a voice activity model.
    fn name_follows(&mut self, length: i32) -> Result<bool, RecogniserError> {
        if !(6..=64).contains(&length) || self.length < self.position + 6 {
            return Ok(false);
        }
        let mut name = [0; 6];
        let result = self
            .reader
            .read_exact(&mut name)
            .and_then(|()| self.reader.seek_relative(-6))
            .map_err(|source| self.unreadable(source));
        result.map(|()| name == *b"silero")
    }

    fn tensors(&mut self) -> Result<(), RecogniserError> {
        const PLACE: &str = "its weights";
        while self.position < self.length {
            let dimensions = self.integer(PLACE)?;
            let name = self.integer(PLACE)?;
            let kind = self.integer(PLACE)?;
            if !(0..=4).contains(&dimensions) || !(1..=256).contains(&name) {
                return Err(self.kind("a damaged file"));
            }
            let mut elements = 1_i64;
            for _ in 0..dimensions {
                let size = i64::from(self.integer(PLACE)?);
                elements = elements.saturating_mul(size);
            }
            // Of other types the library knows the size.
            let Some((block, bytes)) = block_size(kind) else { return Ok(()) };
            if !(1..=1 << 36).contains(&elements) {
                return Err(self.kind("a damaged file"));
            }
            self.skip(i64::from(name) + elements / block * bytes, PLACE)?;
        }
        Ok(())
    }

    fn integer(&mut self, place: &'static str) -> Result<i32, RecogniserError> {
        self.bytes(place).map(i32::from_le_bytes)
    }

    fn bytes(&mut self, place: &'static str) -> Result<[u8; 4], RecogniserError> {
        let mut bytes = [0; 4];
        match self.reader.read_exact(&mut bytes) {
            Ok(()) => {
                self.position += 4;
                Ok(bytes)
            }
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(self.cut_short(place)),
            Err(source) => Err(self.unreadable(source)),
        }
    }

    fn skip(&mut self, bytes: i64, place: &'static str) -> Result<(), RecogniserError> {
        self.position = self.position.saturating_add_signed(bytes);
        if self.position > self.length {
            return Err(self.cut_short(place));
        }
        self.reader.seek_relative(bytes).map_err(|source| self.unreadable(source))
    }

    fn kind(&self, found: impl Into<String>) -> RecogniserError {
        RecogniserError::Kind {
            path: self.path.to_owned(),
            found: found.into(),
            wanted: self.wanted,
        }
    }

    fn cut_short(&self, place: &'static str) -> RecogniserError {
        RecogniserError::CutShort { path: self.path.to_owned(), place }
    }

    fn unreadable(&self, source: io::Error) -> RecogniserError {
        RecogniserError::Unreadable { path: self.path.to_owned(), source }
    }
}

/// Elements and bytes of a block of a tensor type, by ggml's number.
fn block_size(kind: i32) -> Option<(i64, i64)> {
    Some(match kind {
        0 => (1, 4),
        1 => (1, 2),
        2 => (32, 18),
        3 => (32, 20),
        6 => (32, 22),
        7 => (32, 24),
        8 => (32, 34),
        10 => (256, 84),
        11 => (256, 110),
        12 => (256, 144),
        13 => (256, 176),
        14 => (256, 210),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A model without weights, or with one tensor.
    fn model(with_tensor: bool) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let header = [51_864, 400, 8, 2, 1, 448, 8, 2, 1, 80, 1];
        let filters = [[1, 2, 0, 0].as_slice(), &[2, 1]].concat();
        for value in [header.as_slice(), &filters].concat() {
            bytes.extend(i32::to_le_bytes(value));
        }
        bytes.extend(b"a");
        bytes.extend(0_i32.to_le_bytes());
        if with_tensor {
            for value in [1, 2, 0, 3] {
                bytes.extend(i32::to_le_bytes(value));
            }
            bytes.extend(b"ab");
            bytes.extend([0; 12]);
        }
        bytes
    }

    fn checked(bytes: &[u8]) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.bin");
        fs::write(&path, bytes).unwrap();
        check_whisper(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn a_whole_model_is_taken_and_every_cut_within_is_told() {
        let (empty, whole) = (model(false).len(), model(true));
        for length in 5..=whole.len() {
            let result = checked(&whole[..length]);
            if length == empty || length == whole.len() {
                assert_eq!(result, Ok(()));
            } else {
                assert!(result.unwrap_err().contains("cut short"), "{length}");
            }
        }
    }

    #[test]
    fn other_files_are_told_apart() {
        for (bytes, message) in [
            (&b"GGUF\x03\0\0\0"[..], "is a GGUF file"),
            (b"", "is empty"),
            (b"RIFF....WAVE", "is no ggml file"),
            (b"lmgg\x0a\0\0\0silero-16k\0\0", "is a Silero voice activity model"),
        ] {
            let found = checked(bytes).unwrap_err();
            assert!(found.contains(message) && found.contains("not a Whisper model"), "{found}");
        }
        let mut other = model(false);
        other[4] = 0;
        assert!(checked(&other).unwrap_err().contains("of another kind"));
    }

    #[test]
    fn a_voice_model_may_hold_a_single_number() {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(10_i32.to_le_bytes());
        bytes.extend(b"silero-16k");
        // Version, window and context, one layer, four sizes, then a tensor of no dimension.
        for value in [6, 2, 0, 512, 64, 1, 129, 128, 3, 128, 128, 128, 1, 0, 2, 0] {
            bytes.extend(i32::to_le_bytes(value));
        }
        bytes.extend(b"ab");
        bytes.extend(0.5_f32.to_le_bytes());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("voice.bin");
        fs::write(&path, &bytes).unwrap();
        check_voice(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        assert!(matches!(check_voice(&path), Err(RecogniserError::CutShort { .. })));
        assert!(matches!(check_whisper(&path), Err(RecogniserError::Kind { .. })));
    }

    #[test]
    fn folders_and_missing_files_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        assert!(check_whisper(folder.path()).is_err());
        let missing = check_voice(&folder.path().join("none.bin")).unwrap_err();
        assert!(matches!(missing, RecogniserError::Unreadable { .. }));
    }
}
