//! Which bytes of a clear sample have to be encrypted, byte by byte, by the book of each profile.
//!
//! Where a slice header of H.264 ends is asked of the core's own parser of slice headers. That one is held against Shaka
//! Packager's own files and against a writer of the syntax (`tests/codec`); what is made of its answer is not. Those of
//! H.265, and the headers of AV1 and VP9, are read by the witness itself.

use boxlock::track::codec::h264::{ParameterSets, SliceHeader};

use super::Res;
use super::av1::Av1;
use super::hevc::{Reading, Sets};
use super::movie::{Entry, Media};
use super::vp9::Vp9;

/// From where to where, in order, neighbours put together.
pub type Ranges = Vec<(usize, usize)>;

/// Adds a range at the end.
pub fn add(ranges: &mut Ranges, start: usize, end: usize) {
    match ranges.last_mut() {
        Some(last) if last.1 == start => last.1 = end,
        _ if start < end => ranges.push((start, end)),
        _ => {}
    }
}

/// How many subsamples it takes to say so: 16 bits of clear bytes each, 32 of protected ones (23001-7 clause 7.1).
pub fn subsamples(ranges: &Ranges, len: usize) -> usize {
    let (mut count, mut at) = (0, 0);
    for (start, end) in ranges {
        count += (start - at).div_ceil(0xffff).max(1);
        at = *end;
    }
    (count + (len - at).div_ceil(0xffff)).max(1)
}

/// Says what has to be encrypted of the samples of one track, which come one by one in file order.
pub struct Finder {
    piff: bool,
    block: usize,
    sets: ParameterSets,
    hevc: Sets,
    av1: Av1,
    vp9: Vp9,
    reading: Reading,
    entry: Option<usize>,
}

impl Finder {
    pub fn new(profile: &str) -> Self {
        assert!(["piff", "hybrid"].contains(&profile));
        let piff = profile == "piff";
        let (sets, hevc, block) = (ParameterSets::new(), Sets::default(), if piff { 1 } else { 16 });
        let (av1, vp9) = Default::default();
        Self { piff, block, sets, hevc, av1, vp9, reading: Reading::Standard, entry: None }
    }

    /// The same by those who read slice segment headers of H.265 so.
    pub fn reading(self, reading: Reading) -> Self {
        Self { reading, ..self }
    }

    /// The same in another scheme than `cenc`: but for `cbcs`, ranges are whole blocks (23001-7 clause 9.5.2).
    pub fn in_scheme(self, scheme: &str) -> Self {
        let block = match scheme {
            "cenc" => self.block,
            "cbcs" => 1,
            _ => 16,
        };
        Self { block, ..self }
    }

    pub fn ranges(&mut self, index: usize, entry: &Entry, handler: [u8; 4], sample: &[u8]) -> Res<Ranges> {
        match (&entry.media, &handler) {
            (Media::Avc { length_size, record }, _) => {
                if self.entry != Some(index) && !self.piff {
                    self.entry = Some(index);
                    for set in sets_of(record)? {
                        self.sets.update(set).map_err(|e| e.to_string())?;
                    }
                }
                self.nals(*length_size, sample, Self::avc_clear)
            }
            (Media::Hevc { length_size, record }, _) => {
                if self.entry != Some(index) && !self.piff {
                    self.entry = Some(index);
                    self.hevc.configure(record)?;
                }
                self.nals(*length_size, sample, Self::hevc_clear)
            }
            (Media::Av1 { record }, _) => {
                if self.entry != Some(index) {
                    self.entry = Some(index);
                    self.av1.configure(record)?;
                }
                Ok(ending(self.av1.ranges(sample)?, self.block))
            }
            // Whole blocks in every scheme (VP Codec ISO Media File Format Binding, "Sample Encryption").
            (Media::Vp9, _) => Ok(ending(self.vp9.ranges(sample)?, 16)),
            (Media::Other, b"soun") => {
                Ok(if sample.is_empty() { Vec::new() } else { vec![(0, sample.len())] })
            }
            _ => Err(format!("no rule is known for {:?}", String::from_utf8_lossy(&entry.original))),
        }
    }

    /// `clear` says how many bytes at the start of a NAL unit stay clear.
    fn nals(
        &mut self,
        length_size: usize,
        sample: &[u8],
        clear: fn(&mut Self, &[u8]) -> Res<usize>,
    ) -> Res<Ranges> {
        let mut ranges = Vec::new();
        let mut at = 0;
        // What is too short for another length is no NAL unit.
        while sample.len() - at >= length_size {
            let len = sample[at..at + length_size].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            at += length_size;
            if len > sample.len() - at {
                return Err(format!(
                    "a NAL unit of {len} bytes in the last {} of a sample",
                    sample.len() - at
                ));
            }
            let nal = &sample[at..at + len];
            let clear = clear(self, nal)?.min(len);
            add(&mut ranges, at + clear, at + clear + (len - clear) / self.block * self.block);
            at += len;
        }
        Ok(ranges)
    }

    fn avc_clear(&mut self, nal: &[u8]) -> Res<usize> {
        let Some(first) = nal.first() else { return Ok(0) };
        if self.piff {
            return Ok(1);
        }
        match first & 0x1f {
            1 | 2 | 5 => Ok(SliceHeader::parse(nal, &self.sets).map_err(|e| e.to_string())?.len),
            kind => {
                if kind == 7 || kind == 8 {
                    self.sets.update(nal).map_err(|e| e.to_string())?;
                }
                Ok(nal.len())
            }
        }
    }

    fn hevc_clear(&mut self, nal: &[u8]) -> Res<usize> {
        if self.piff {
            return Ok(2);
        }
        match nal.first().map(|first| first >> 1 & 63) {
            Some(0..=9 | 16..=21) => self.hevc.header(nal, self.reading),
            _ => {
                self.hevc.update(nal)?;
                Ok(nal.len())
            }
        }
    }
}

/// Whole blocks at the ends of ranges (AV1-ISOBMFF clause 4.1).
fn ending(mut ranges: Ranges, block: usize) -> Ranges {
    for (start, end) in &mut ranges {
        *start += (*end - *start) % block;
    }
    ranges.retain(|(start, end)| start < end);
    ranges
}

/// The parameter sets of a codec configuration (14496-15 clause 5.3.3.1).
fn sets_of(record: &[u8]) -> Res<Vec<&[u8]>> {
    let mut c = super::boxes::Cursor::new(record, 0, record.len())?;
    c.take(5)?;
    let mut sets = Vec::new();
    for mask in [0x1f, 0xff] {
        for _ in 0..c.u8()? & mask {
            let len = usize::from(c.u16()?);
            sets.push(c.take(len)?);
        }
    }
    Ok(sets)
}
