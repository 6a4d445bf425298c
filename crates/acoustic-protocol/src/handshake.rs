//! The first bytes each side sends.
//!
//! ```text
//! offset  bytes  what
//!      0      8  MAGIC
//!      8      4  version of the protocol, unsigned, little endian
//! ```
//! This layout is the same in every version.

use std::io::{ErrorKind, Read, Write};

use crate::ProtocolError;

/// The version of the messages in this crate. It grows when any message changes.
pub const PROTOCOL_VERSION: u32 = 1;

/// What a stream starts with.
pub const MAGIC: [u8; 8] = *b"gec-asr\n";

/// Sends this side's version and flushes.
///
/// # Errors
/// Fails where the pipe does.
pub fn write(writer: &mut impl Write) -> Result<(), ProtocolError> {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..].copy_from_slice(&PROTOCOL_VERSION.to_le_bytes());
    writer.write_all(&bytes)?;
    Ok(writer.flush()?)
}

/// Reads the other side's version and checks that it is this side's.
///
/// # Errors
/// [`ProtocolError::NotThisProtocol`] where other bytes come, or fewer;
/// [`ProtocolError::Version`] where the other side is of another version.
pub fn read(reader: &mut impl Read) -> Result<(), ProtocolError> {
    let mut magic = [0; 8];
    let mut version = [0; 4];
    fill(reader, &mut magic)?;
    if magic != MAGIC {
        return Err(ProtocolError::NotThisProtocol);
    }
    fill(reader, &mut version)?;
    match u32::from_le_bytes(version) {
        PROTOCOL_VERSION => Ok(()),
        found => Err(ProtocolError::Version { found, known: PROTOCOL_VERSION }),
    }
}

fn fill(reader: &mut impl Read, bytes: &mut [u8]) -> Result<(), ProtocolError> {
    reader.read_exact(bytes).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => ProtocolError::NotThisProtocol,
        _ => ProtocolError::Io(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent() -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_handshake_is_understood_and_leaves_what_follows() {
        let mut bytes = sent();
        assert_eq!(bytes.len(), 12);
        bytes.push(9);
        let mut rest = bytes.as_slice();
        read(&mut rest).unwrap();
        assert_eq!(rest, [9]);
    }

    #[test]
    fn another_version_is_named() {
        let mut bytes = sent();
        bytes[8..].copy_from_slice(&77_u32.to_le_bytes());
        let error = read(&mut bytes.as_slice()).unwrap_err();
        assert!(matches!(error, ProtocolError::Version { found: 77, known: PROTOCOL_VERSION }));
        assert!(error.hint().is_some());
    }

    #[test]
    fn anything_else_is_another_program() {
        for bytes in [&b""[..], b"gec-", b"usage: frobnicate [options]", &sent()[..11]] {
            let error = read(&mut &*bytes).unwrap_err();
            assert!(matches!(error, ProtocolError::NotThisProtocol), "{bytes:?}");
        }
    }
}
