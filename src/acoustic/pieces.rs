//! The vocabulary of a recogniser.

use super::{
    RecordError,
    bytes::{Form, Reader, put_varint},
};

const FORM: Form =
    Form { magic: *b"gecv", version: 1, what: "a recogniser's tokens", longest: 16 << 20 };

/// The bytes of every token of a recogniser, by token id.
///
/// Stored once per recogniser: recorded beliefs name tokens by id and carry the
/// vocabulary's fingerprint.
///
/// ```text
/// offset  size
/// 0       4     `gecv`
/// 4       1     version, 1
/// 5       ...   length of the rest, a varint
/// ...     ...   zlib stream of: number of tokens, length of each token (varints),
///               all tokens' bytes one after another
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pieces {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    fingerprint: u64,
}

impl Pieces {
    /// From the bytes that each token adds to a text; empty for tokens without text.
    #[must_use]
    pub fn new(pieces: &[Vec<u8>]) -> Self {
        let mut bytes = Vec::with_capacity(pieces.iter().map(Vec::len).sum());
        let mut ends = Vec::with_capacity(pieces.len());
        for piece in pieces {
            bytes.extend_from_slice(piece);
            ends.push(bytes.len() as u32);
        }
        Self::from_parts(bytes, ends)
    }

    fn from_parts(bytes: Vec<u8>, ends: Vec<u32>) -> Self {
        let mut hasher = blake3::Hasher::new();
        for end in &ends {
            hasher.update(&end.to_le_bytes());
        }
        hasher.update(&bytes);
        let head = hasher.finalize().as_bytes().first_chunk::<8>().copied().unwrap_or_default();
        Self { bytes, ends, fingerprint: u64::from_le_bytes(head) }
    }

    /// Number of tokens.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no tokens.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of a token; `None` for an id that the vocabulary does not have.
    #[must_use]
    pub fn get(&self, token: u32) -> Option<&[u8]> {
        let index = token as usize;
        let end = *self.ends.get(index)? as usize;
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        self.bytes.get(start..end)
    }

    /// Beginning of the blake3 hash of the tokens.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The packed form, as drawn above.
    #[must_use]
    pub fn pack(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.bytes.len() + self.ends.len() + 4);
        put_varint(&mut body, self.ends.len() as u32);
        let mut start = 0;
        for &end in &self.ends {
            put_varint(&mut body, end - start);
            start = end;
        }
        body.extend_from_slice(&self.bytes);
        FORM.seal(&body)
    }

    /// Reads the packed form.
    ///
    /// # Errors
    /// The bytes are something else, of a later version, cut short or altered.
    pub fn unpack(packed: &[u8]) -> Result<Self, RecordError> {
        let body = FORM.open(packed)?;
        let mut reader = Reader::new(&body, FORM.what);
        let count = reader.count(1)?;
        let mut ends = Vec::with_capacity(count);
        let mut end = 0_u32;
        for _ in 0..count {
            let length = reader.varint()?;
            end = end.checked_add(length).ok_or_else(|| reader.damaged("a token is too long"))?;
            ends.push(end);
        }
        let bytes = reader.rest();
        if bytes.len() != end as usize {
            return Err(reader.damaged("the tokens' lengths and bytes differ"));
        }
        Ok(Self::from_parts(bytes.to_vec(), ends))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_vocabulary_comes_back_as_it_was_packed(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5), 0..50),
            cut in any::<prop::sample::Index>(),
        ) {
            let vocabulary = Pieces::new(&pieces);
            let packed = vocabulary.pack();
            prop_assert_eq!(&Pieces::unpack(&packed).unwrap(), &vocabulary);
            prop_assert!(Pieces::unpack(&packed[..cut.index(packed.len())]).is_err());
            for (token, piece) in (0..).zip(&pieces) {
                prop_assert_eq!(vocabulary.get(token), Some(piece.as_slice()));
            }
            prop_assert_eq!(vocabulary.get(pieces.len() as u32), None);
        }

        #[test]
        fn foreign_bytes_are_no_vocabulary(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(Pieces::unpack(&bytes).is_err());
        }
    }

    #[test]
    fn the_same_bytes_cut_otherwise_are_another_vocabulary() {
        let cut = |pieces: &[&str]| {
            Pieces::new(&pieces.iter().map(|p| p.as_bytes().to_vec()).collect::<Vec<_>>())
        };
        assert_ne!(cut(&["ab", "c"]).fingerprint(), cut(&["a", "bc"]).fingerprint());
    }
}
