//! What workers found, as bytes. Nobody but the engine reads them, and only in the version that wrote them.

use crate::bytes::units::to_len;
use crate::bytes::{Error, Reader, Result, Writer};

use super::comparison::Digest;
use super::counters::Counters;
use super::examine::{Examined, Fault};

/// What was found of fragments, as bytes.
pub fn to_bytes(all: &[Examined]) -> Vec<u8> {
    let mut to = Writer::new();
    let count = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
    for one in all {
        to.u32(one.track);
        to.u64(one.encrypted);
        to.u64(one.beside);
        one.clear.0.iter().for_each(|bytes| to.u64(*bytes));
        to.u64(one.clear_samples);
        to.u64(one.streams);
        to.u32(one.untimely.into());
        to.u32(count(one.digests.len()));
        for digest in &one.digests {
            to.u64(digest.hash);
            to.u32(digest.size);
            to.u32(digest.duration);
            to.bytes(&digest.composition.to_be_bytes());
            to.u8(digest.sync.into());
        }
        one.counters.write(&mut to);
        to.u64(one.more);
        for faults in [&one.contradictions, &one.faults] {
            to.u32(count(faults.len()));
            for fault in faults {
                to.u64(fault.sample);
                for text in [&fault.code, &fault.message] {
                    to.u32(count(text.len()));
                    to.bytes(text.as_bytes());
                }
            }
        }
    }
    to.into_bytes()
}

/// What these bytes say was found.
pub fn from_bytes(bytes: &[u8]) -> Result<Vec<Examined>> {
    let from = &mut Reader::new(bytes, 0);
    let mut all = Vec::new();
    while !from.is_empty() {
        let mut one = Examined {
            track: from.u32("a track")?,
            encrypted: from.u64("bytes")?,
            beside: from.u64("bytes")?,
            ..Examined::default()
        };
        for bytes in &mut one.clear.0 {
            *bytes = from.u64("bytes")?;
        }
        one.clear_samples = from.u64("samples")?;
        one.streams = from.u64("samples")?;
        one.untimely = from.u32("a sign")? != 0;
        for _ in 0..from.u32("samples")? {
            one.digests.push(Digest {
                hash: from.u64("a hash")?,
                size: from.u32("a size")?,
                duration: from.u32("a duration")?,
                composition: i32::from_be_bytes(from.array("a composition offset")?),
                sync: from.u8("a sign")? != 0,
            });
        }
        one.counters = Counters::read(from)?;
        one.more = from.u64("faults")?;
        for faults in [&mut one.contradictions, &mut one.faults] {
            for _ in 0..from.u32("faults")? {
                let sample = from.u64("a sample")?;
                let [code, message] = [text(from)?, text(from)?];
                faults.push(Fault { code, message, sample });
            }
        }
        all.push(one);
    }
    Ok(all)
}

fn text(from: &mut Reader<'_>) -> Result<String> {
    let len = from.u32("the length of a text")?;
    let bytes = from.take(to_len(len.into()), "a text")?;
    String::from_utf8(bytes.to_vec()).map_err(|_| Error::caller("bad-task", "", "A text is none."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::clear::ClearBytes;
    use crate::verify::counters::Place;

    #[test]
    fn all_comes_in_as_it_went_out() {
        let mut counters = Counters::default();
        counters.used(3, &[1; 8], 4, Place { track: 2, sample: 1 });
        counters.used(0, &[1; 16], 4, Place { track: 2, sample: 3 });
        let digest = Digest { hash: u64::MAX, size: 7, duration: 9, composition: -3, sync: true };
        let fault = Fault { code: "left-clear".to_owned(), message: "Sätze.".to_owned(), sample: 5 };
        let one = Examined {
            track: 2,
            digests: vec![digest; 3],
            encrypted: 8,
            beside: 9,
            clear: ClearBytes([1, 2, 3, 4, 5, 6]),
            clear_samples: 10,
            streams: 11,
            untimely: true,
            counters,
            contradictions: vec![fault.clone(); 2],
            faults: vec![fault],
            more: 3,
        };
        let all = vec![one.clone(), Examined::default(), one];
        assert_eq!(from_bytes(&to_bytes(&all)).unwrap(), all);
        assert!(from_bytes(&to_bytes(&all)[1..]).is_err());
    }
}
