//! `HEVCDecoderConfigurationRecord`, the body of `hvcC` (ISO/IEC 14496-15 clause 8.3.3), as the cipher needs it.

use crate::boxes::codec::HevcConfiguration;
use crate::bytes::{Error, Result};

use super::h264::LengthSize;
use super::h265::ParameterSets;

/// The decoder configuration of an H.265 track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HevcConfig {
    /// Bytes of the length before each NAL unit of a sample.
    pub length_size: LengthSize,
    /// Parameter sets and whatever else stands there: whole NAL units without length.
    pub nals: Vec<Vec<u8>>,
}

impl HevcConfig {
    /// From the record, which stands at file offset `start`.
    pub(super) fn new(record: &HevcConfiguration, start: u64) -> Result<Self> {
        let length_bytes = (record.length_size_minus_one & 3) + 1;
        let length_size = LengthSize::from_bytes(length_bytes).ok_or_else(|| {
            let message = format!(
                "The HEVC configuration record gives NAL unit lengths {length_bytes} bytes, but only 1, 2 and 4 are allowed."
            );
            Error::file("bad-hvcc", message).at(start)
        })?;
        let nals = record.arrays.entries.iter().flat_map(|array| &array.nal_units.entries);
        Ok(Self { length_size, nals: nals.map(|nal| nal.bytes.clone()).collect() })
    }

    /// The parameter sets as tables. Fails on a set that cannot be read.
    pub fn parameter_sets(&self) -> Result<ParameterSets> {
        let mut sets = ParameterSets::new();
        for nal in &self.nals {
            sets.update(nal)?;
        }
        Ok(sets)
    }
}
