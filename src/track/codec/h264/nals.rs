//! The NAL units of a sample, each after its length (ISO/IEC 14496-15 clause 4.3.3).

use crate::bytes::units::len_u64;
use crate::bytes::{Error, Result};

use super::NalType;

/// Bytes of the length before each NAL unit: `lengthSizeMinusOne` + 1, of which 3 is forbidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthSize {
    /// One byte.
    One,
    /// Two bytes.
    Two,
    /// Four bytes.
    Four,
}

impl LengthSize {
    /// From the number of bytes; `None` when the standard does not allow it.
    pub fn from_bytes(bytes: u8) -> Option<Self> {
        match bytes {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            4 => Some(Self::Four),
            _ => None,
        }
    }

    /// The number of bytes.
    pub fn bytes(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
        }
    }
}

/// One NAL unit of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nal<'a> {
    /// Offset of its length field from the start of the sample.
    pub offset: usize,
    /// The unit without its length field; empty when the length is 0.
    pub bytes: &'a [u8],
}

impl Nal<'_> {
    /// The type; `None` for a unit without bytes.
    pub fn kind(&self) -> Option<NalType> {
        self.bytes.first().map(|byte| NalType::from_header(*byte))
    }
}

/// Iterates over the NAL units of a sample; ends after the first error, and before bytes too few for another length.
#[derive(Clone, Debug)]
pub struct Nals<'a> {
    sample: &'a [u8],
    rest: &'a [u8],
    length_size: LengthSize,
}

impl<'a> Nals<'a> {
    /// Over `sample`, whose lengths take `length_size` bytes.
    pub fn new(sample: &'a [u8], length_size: LengthSize) -> Self {
        Self { sample, rest: sample, length_size }
    }

    /// Bytes of each length.
    pub fn length_size(&self) -> LengthSize {
        self.length_size
    }

    /// The bytes behind the units given so far. After the last one those that are too few for another length: padding,
    /// or a sample that was never whole.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn offset(&self) -> usize {
        self.sample.len() - self.rest.len()
    }

    fn step(&mut self) -> Result<Nal<'a>> {
        let offset = self.offset();
        let broken = |message: String| Error::file("bad-nal", message).at(len_u64(offset));
        let (field, rest) = self.rest.split_at_checked(self.length_size.bytes()).unwrap_or((self.rest, &[]));
        // At most four bytes, so this cannot overflow; compared as u64, so no platform truncates it.
        let len = field.iter().fold(0_u64, |len, byte| (len << 8) | u64::from(*byte));
        match usize::try_from(len).ok().and_then(|len| rest.split_at_checked(len)) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(Nal { offset, bytes })
            }
            None => Err(broken(format!(
                "A NAL unit says it is {len} bytes long, but only {} are left in the sample. Either the sample is \
                 damaged, or it is encrypted already though the file says it is clear.",
                rest.len()
            ))),
        }
    }
}

impl<'a> Iterator for Nals<'a> {
    type Item = Result<Nal<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.len() < self.length_size.bytes() {
            return None;
        }
        let nal = self.step();
        if nal.is_err() {
            self.rest = &[];
        }
        Some(nal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(sample: &[u8], size: LengthSize) -> Result<Vec<Nal<'_>>> {
        Nals::new(sample, size).collect()
    }

    #[test]
    fn units_keep_their_offsets_and_empty_ones_count() {
        let nals = all(&[0, 2, 0x65, 9, 0, 0, 0, 1, 0x41], LengthSize::Two).unwrap();
        let seen: Vec<_> = nals.iter().map(|n| (n.offset, n.bytes.len(), n.kind())).collect();
        assert_eq!(seen, [(0, 2, Some(NalType::IDR_SLICE)), (4, 0, None), (6, 1, Some(NalType::SLICE))]);
    }

    #[test]
    fn a_length_past_the_end_gives_both_numbers_and_the_place() {
        // The second length is all ones: added to an offset in 32 bits it would wrap and pass.
        let error = all(&[0, 0, 0, 1, 0x65, 0xFF, 0xFF, 0xFF, 0xFF, 1], LengthSize::Four).unwrap_err();
        assert_eq!(
            error.to_string(),
            "A NAL unit says it is 4294967295 bytes long, but only 1 are left in the sample. Either the sample is damaged, \
             or it is encrypted already though the file says it is clear. (at byte 5)"
        );
    }

    #[test]
    fn bytes_too_few_for_a_length_are_no_unit() {
        for (sample, size, units) in [
            (&[0, 1, 0x65, 7][..], LengthSize::Two, 1),
            (&[0, 0, 0, 1, 0x65, 0, 0, 0], LengthSize::Four, 1),
            (&[9, 9], LengthSize::Four, 0),
            (&[], LengthSize::One, 0),
        ] {
            let mut nals = Nals::new(sample, size);
            assert_eq!(nals.by_ref().map(Result::unwrap).count(), units);
            let read = units * (size.bytes() + 1);
            assert_eq!(nals.rest(), &sample[read..]);
        }
    }
}
