//! The records of an utterance that spans several windows, as one.

use super::{Beliefs, RecordError};

/// Packs the records of the windows of one utterance, in order.
///
/// ```text
/// for each window:  4 bytes  length of its packed record, little endian
///                   length   the record, see Beliefs::unpack
/// ```
#[must_use]
pub fn pack_all(windows: &[Beliefs]) -> Vec<u8> {
    let mut packed = Vec::new();
    for window in windows {
        let record = window.pack();
        packed.extend_from_slice(&(record.len() as u32).to_le_bytes());
        packed.extend_from_slice(&record);
    }
    packed
}

/// Reads what [`pack_all`] wrote. No bytes are no windows.
///
/// # Errors
/// As [`Beliefs::unpack`], and where the bytes end inside a record.
pub fn unpack_all(mut packed: &[u8]) -> Result<Vec<Beliefs>, RecordError> {
    let short = || RecordError::Damaged { what: "recorded beliefs", detail: "they end too early" };
    let mut windows = Vec::new();
    while !packed.is_empty() {
        let (length, rest) = packed.split_first_chunk::<4>().ok_or_else(short)?;
        let length = u32::from_le_bytes(*length) as usize;
        let (record, rest) = rest.split_at_checked(length).ok_or_else(short)?;
        windows.push(Beliefs::unpack(record)?);
        packed = rest;
    }
    Ok(windows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acoustic::{Pieces, Prefix};

    #[test]
    fn windows_come_back_in_order_and_half_of_one_is_an_error() {
        let pieces = Pieces::new(&[b" a".to_vec(), b" b".to_vec()]);
        let one = |token: u32| {
            let next = vec![(token, -0.5)];
            Beliefs::new(&pieces, vec![Prefix { end: -1.0, next, ..Prefix::default() }]).unwrap()
        };
        let windows = [one(0), one(1)];
        let packed = pack_all(&windows);
        assert_eq!(unpack_all(&packed).unwrap(), windows);
        assert!(unpack_all(&[]).unwrap().is_empty());
        for end in [2, packed.len() - 1, packed.len() / 2 + 2] {
            assert!(unpack_all(&packed[..end]).is_err(), "{end}");
        }
    }
}
