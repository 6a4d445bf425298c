//! The packed form of recorded beliefs; its layout is drawn at [`Beliefs::unpack`].

use std::collections::HashMap;

use super::{
    Beliefs, Prefix, RecordError,
    bytes::{Form, Reader, put_varint},
    record::{dequantise, quantise},
};

const FORM: Form = Form { magic: *b"gecb", version: 1, what: "recorded beliefs", longest: 8 << 20 };

pub(super) fn pack(beliefs: &Beliefs) -> Vec<u8> {
    let prefixes = beliefs.prefixes();
    let mut body = beliefs.vocabulary().to_le_bytes().to_vec();
    put_varint(&mut body, prefixes.len() as u32);
    for (index, prefix) in (0..).zip(prefixes).skip(1) {
        put_varint(&mut body, index - prefix.parent);
    }
    let mut unlisted = Vec::new();
    for prefix in prefixes.iter().skip(1) {
        let siblings = &prefixes[prefix.parent as usize].next;
        let own = (prefix.token, prefix.logprob);
        match siblings.iter().position(|&listed| listed == own) {
            Some(place) => put_varint(&mut body, place as u32 + 1),
            None => {
                put_varint(&mut body, 0);
                put_varint(&mut unlisted, prefix.token);
                unlisted.extend_from_slice(&quantise(prefix.logprob).to_le_bytes());
            }
        }
    }
    body.append(&mut unlisted);
    for prefix in prefixes {
        body.extend_from_slice(&quantise(prefix.end).to_le_bytes());
    }
    for prefix in prefixes {
        put_varint(&mut body, prefix.next.len() as u32);
    }
    put_tokens(&mut body, prefixes.iter().flat_map(|prefix| &prefix.next).map(|&(token, _)| token));
    let mut steps = Vec::new();
    for prefix in prefixes {
        let mut before = 0;
        for &(_, logprob) in &prefix.next {
            let own = quantise(logprob);
            steps.push(own.wrapping_sub(before));
            before = own;
        }
    }
    body.extend(steps.iter().map(|&step| step as u8));
    body.extend(steps.iter().map(|&step| (step >> 8) as u8));
    FORM.seal(&body)
}

fn put_tokens(body: &mut Vec<u8>, tokens: impl Iterator<Item = u32>) {
    let mut last = HashMap::new();
    let mut new: Vec<u32> = Vec::new();
    for (index, token) in (0_u32..).zip(tokens) {
        match last.insert(token, index) {
            Some(before) => put_varint(body, index - before),
            None => {
                put_varint(body, 0);
                new.push(token);
            }
        }
    }
    for shift in [0, 8, 16] {
        body.extend(new.iter().map(|&token| (token >> shift) as u8));
    }
}

pub(super) fn unpack(packed: &[u8]) -> Result<Beliefs, RecordError> {
    let body = FORM.open(packed)?;
    let mut reader = Reader::new(&body, FORM.what);
    let vocabulary = reader.take(8)?.first_chunk::<8>().copied().unwrap_or_default();
    let count = reader.count(3)?;
    if count == 0 {
        return Err(RecordError::NoPrefix);
    }
    let mut prefixes = vec![Prefix::default(); count];
    for (index, prefix) in (0_u32..).zip(&mut prefixes).skip(1) {
        let parent = index.checked_sub(reader.varint()?).filter(|&parent| parent < index);
        prefix.parent = parent.ok_or_else(|| reader.damaged("a parent is not before its child"))?;
    }
    let places = (1..count).map(|_| reader.varint()).collect::<Result<Vec<_>, _>>()?;
    for (prefix, _) in prefixes[1..].iter_mut().zip(&places).filter(|&(_, &place)| place == 0) {
        prefix.token = reader.varint()?;
        prefix.logprob = dequantise(take_u16(&mut reader)?);
    }
    for prefix in &mut prefixes {
        prefix.end = dequantise(take_u16(&mut reader)?);
    }
    let lengths = (0..count).map(|_| reader.count(1)).collect::<Result<Vec<_>, _>>()?;
    take_next(&mut reader, &mut prefixes, &lengths)?;
    if !reader.is_empty() {
        return Err(reader.damaged("something follows their end"));
    }
    for (index, &place) in (1..).zip(&places).filter(|&(_, &place)| place > 0) {
        let siblings = &prefixes[prefixes[index].parent as usize].next;
        let own = siblings.get(place as usize - 1).copied();
        (prefixes[index].token, prefixes[index].logprob) =
            own.ok_or_else(|| reader.damaged("a token is not where its parent should have it"))?;
    }
    Beliefs::from_parts(u64::from_le_bytes(vocabulary), prefixes)
}

fn take_u16(reader: &mut Reader<'_>) -> Result<u16, RecordError> {
    Ok(u16::from_le_bytes([reader.byte()?, reader.byte()?]))
}

fn take_next(
    reader: &mut Reader<'_>,
    prefixes: &mut [Prefix],
    lengths: &[usize],
) -> Result<(), RecordError> {
    let mut origins: Vec<usize> = Vec::new();
    let total = lengths.iter().try_fold(0_usize, |sum, &length| sum.checked_add(length));
    for index in 0..total.unwrap_or(usize::MAX) {
        let ago = reader.varint()? as usize;
        let Some(origin) = index.checked_sub(ago) else {
            return Err(reader.damaged("a token refers to before the first"));
        };
        // A token that came before stands for the first one of its kind.
        origins.push(if ago == 0 { index } else { origins[origin] });
    }
    let new: Vec<usize> =
        origins.iter().enumerate().filter_map(|(i, &o)| (i == o).then_some(i)).collect();
    let planes = [reader.take(new.len())?, reader.take(new.len())?, reader.take(new.len())?];
    let mut tokens = vec![0; origins.len()];
    for (at, &index) in new.iter().enumerate() {
        tokens[index] = u32::from_le_bytes([planes[0][at], planes[1][at], planes[2][at], 0]);
    }
    let (low, high) = (reader.take(tokens.len())?, reader.take(tokens.len())?);
    let mut at = 0;
    for (prefix, &length) in prefixes.iter_mut().zip(lengths) {
        let mut steps = 0_u16;
        prefix.next.reserve_exact(length);
        for _ in 0..length {
            steps = steps.wrapping_add(u16::from_le_bytes([low[at], high[at]]));
            prefix.next.push((tokens[origins[at]], dequantise(steps)));
            at += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::acoustic::sample::{beliefs, pieces};

    proptest! {
        #[test]
        fn beliefs_come_back_as_they_were_packed(
            beliefs in beliefs(),
            cut in any::<prop::sample::Index>(),
            more in 1usize..9,
        ) {
            let packed = beliefs.pack();
            prop_assert_eq!(&unpack(&packed).unwrap(), &beliefs);
            prop_assert!(unpack(&packed[..cut.index(packed.len())]).is_err());
            let longer = [packed.as_slice(), &vec![0; more]].concat();
            prop_assert!(unpack(&longer).is_err());
        }

        #[test]
        fn altered_bytes_never_panic(
            beliefs in beliefs(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let mut packed = beliefs.pack();
            let mut body = FORM.open(&packed).unwrap();
            for (place, byte) in &changes {
                let (in_packed, in_body) = (place.index(packed.len()), place.index(body.len()));
                packed[in_packed] = *byte;
                body[in_body] = *byte;
            }
            // The checksum or the frame shows it, but for bits of the frame that mean nothing.
            let whole = unpack(&beliefs.pack()).unwrap();
            prop_assert!(unpack(&packed).is_ok_and(|read| read == whole) || unpack(&packed).is_err());
            // Without a checksum: whatever is read is usable or refused.
            if let Ok(altered) = unpack(&FORM.seal(&body)) {
                prop_assert!(!altered.prefixes().is_empty());
                let _ = altered.check(&pieces());
            }
        }

        #[test]
        fn foreign_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(unpack(&bytes).is_err());
            prop_assert!(unpack(&FORM.seal(&bytes)).is_err());
        }
    }

    #[test]
    fn a_stream_that_unpacks_to_too_much_is_refused() {
        let zeros = vec![0; FORM.longest + 1];
        let packed = FORM.seal(&zeros);
        assert!(packed.len() < FORM.longest / 500);
        assert!(matches!(unpack(&packed), Err(RecordError::Damaged { .. })));
    }

    #[test]
    fn the_largest_record_that_is_taken_can_be_read() {
        let next: Vec<(u32, f32)> = (0..9).map(|token| (token, -63.0)).collect();
        let prefix = Prefix { next, ..Prefix::default() };
        let beliefs = Beliefs::new(&pieces(), vec![prefix.clone(); (1 << 19) / 13]).unwrap();
        assert_eq!(unpack(&beliefs.pack()).unwrap(), beliefs);
        let error = Beliefs::new(&pieces(), vec![prefix; (1 << 19) / 13 + 1]).unwrap_err();
        assert!(matches!(error, RecordError::TooLarge { .. }));
    }

    #[test]
    fn a_later_version_is_told_apart_from_damage() {
        let mut packed = FORM.seal(b"");
        packed[4] = 2;
        assert!(matches!(unpack(&packed), Err(RecordError::Newer { found: 2, known: 1, .. })));
    }
}
