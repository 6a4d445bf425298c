//! The frame around packed data, and the numbers in it.

use miniz_oxide::{deflate::compress_to_vec_zlib, inflate::decompress_to_vec_zlib_with_limit};

use super::RecordError;

/// Smallest output of zlib's usual effort levels on recorded beliefs.
const EFFORT: u8 = 9;

/// A kind of packed data.
pub(super) struct Form {
    pub(super) magic: [u8; 4],
    pub(super) version: u8,
    /// How messages call it, in the plural.
    pub(super) what: &'static str,
    /// Most bytes of a body: a damaged or hostile stream cannot ask for more memory.
    pub(super) longest: usize,
}

impl Form {
    /// Magic, version, length of what follows, and `body` as a zlib stream. The stream
    /// carries a checksum.
    pub(super) fn seal(&self, body: &[u8]) -> Vec<u8> {
        let stream = compress_to_vec_zlib(body, EFFORT);
        let mut out = Vec::with_capacity(stream.len() + 10);
        out.extend_from_slice(&self.magic);
        out.push(self.version);
        put_varint(&mut out, stream.len() as u32);
        out.extend_from_slice(&stream);
        out
    }

    /// The body that [`Form::seal`] was given.
    pub(super) fn open(&self, packed: &[u8]) -> Result<Vec<u8>, RecordError> {
        let Some((&found, rest)) = packed.strip_prefix(&self.magic).and_then(<[u8]>::split_first)
        else {
            return Err(RecordError::Foreign { what: self.what });
        };
        if found != self.version {
            let (what, known) = (self.what, self.version);
            return Err(RecordError::Newer { what, found, known });
        }
        let mut reader = Reader::new(rest, self.what);
        let length = reader.varint()? as usize;
        let stream = reader.rest();
        if stream.len() != length {
            return Err(reader.damaged("cut short or continued by something else"));
        }
        decompress_to_vec_zlib_with_limit(stream, self.longest)
            .map_err(|_| reader.damaged("the compressed part is altered"))
    }
}

/// Appends `value`, seven bits a byte, the lowest first; the high bit says that more follow.
pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads what was packed, and never past its end.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    what: &'static str,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { bytes, what }
    }

    pub(super) fn damaged(&self, detail: &'static str) -> RecordError {
        RecordError::Damaged { what: self.what, detail }
    }

    pub(super) fn byte(&mut self) -> Result<u8, RecordError> {
        let Some((&byte, rest)) = self.bytes.split_first() else {
            return Err(self.damaged("they end too early"));
        };
        self.bytes = rest;
        Ok(byte)
    }

    pub(super) fn varint(&mut self) -> Result<u32, RecordError> {
        let mut value = 0_u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return u32::try_from(value).map_err(|_| self.damaged("a number is too large"));
            }
        }
        Err(self.damaged("a number is too large"))
    }

    /// A number of things that take at least `size` bytes each.
    pub(super) fn count(&mut self, size: usize) -> Result<usize, RecordError> {
        let count = self.varint()? as usize;
        if count > self.bytes.len() / size {
            return Err(self.damaged("a count is larger than what is left"));
        }
        Ok(count)
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], RecordError> {
        let Some((taken, rest)) = self.bytes.split_at_checked(length) else {
            return Err(self.damaged("they end too early"));
        };
        self.bytes = rest;
        Ok(taken)
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}
