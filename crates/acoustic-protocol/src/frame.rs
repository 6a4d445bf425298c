//! Messages with their length in front.
//!
//! ```text
//! offset  bytes   what
//!      0      4   length of the message in bytes, unsigned, little endian, at most LIMIT
//!      4  length  the message in the postcard format, to the last byte
//! ```

use std::io::{ErrorKind, Read, Write};

use serde::{Serialize, de::DeserializeOwned};

use crate::ProtocolError;

/// The largest message in bytes: voice detection over four and a half hours of audio.
pub const LIMIT: u32 = 1 << 30;

const HEADER: usize = size_of::<u32>();

/// Writes one message and flushes.
///
/// # Errors
/// Fails where the pipe does, and on a message that is larger than [`LIMIT`] or cannot be
/// encoded; of these two nothing is written.
pub fn write<T: Serialize>(writer: &mut impl Write, message: &T) -> Result<(), ProtocolError> {
    let bytes = vec![0; HEADER];
    let mut bytes = postcard::to_extend(message, bytes).map_err(ProtocolError::Unencodable)?;
    let length = checked_length(bytes.len() - HEADER)?;
    bytes[..HEADER].copy_from_slice(&length.to_le_bytes());
    writer.write_all(&bytes)?;
    Ok(writer.flush()?)
}

/// Reads one message; `None` where the stream ends before one starts.
///
/// # Errors
/// Fails where the pipe does, where the stream ends inside a message, and on a message that
/// is larger than [`LIMIT`], is not a `T` or is longer than one.
pub fn read<T: DeserializeOwned>(reader: &mut impl Read) -> Result<Option<T>, ProtocolError> {
    let Some(length) = read_length(reader)? else { return Ok(None) };
    // Grows with what comes: a wrong length must not reserve a gigabyte.
    let mut bytes = Vec::new();
    reader.take(u64::from(length)).read_to_end(&mut bytes)?;
    let missing = u64::from(length) - bytes.len() as u64;
    if missing > 0 {
        return Err(ProtocolError::Truncated { missing });
    }
    let length = bytes.len();
    let (message, rest) = postcard::take_from_bytes(&bytes)
        .map_err(|source| ProtocolError::Malformed { length, source })?;
    match rest.len() {
        0 => Ok(Some(message)),
        rest => Err(ProtocolError::Trailing { length, rest }),
    }
}

fn read_length(reader: &mut impl Read) -> Result<Option<u32>, ProtocolError> {
    let mut header = [0; HEADER];
    let mut filled = 0;
    while filled < HEADER {
        match reader.read(&mut header[filled..]) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return Err(ProtocolError::Truncated { missing: (HEADER - filled) as u64 }),
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    checked_length(u32::from_le_bytes(header) as usize).map(Some)
}

fn checked_length(length: usize) -> Result<u32, ProtocolError> {
    u32::try_from(length)
        .ok()
        .filter(|&length| length <= LIMIT)
        .ok_or(ProtocolError::TooLarge { length: length as u64, limit: u64::from(LIMIT) })
}
