//! H.264 (ISO/IEC 14496-10): NAL units in samples, parameter sets, and where a slice header ends.

mod nals;
mod parameter_sets;
mod pps;
mod slice_header;
mod sps;
pub(super) mod vui;

pub use nals::{LengthSize, Nal, Nals};
pub use parameter_sets::{ParameterSets, unknown_pps, unknown_sps};
pub use pps::{Pps, SliceGroups};
pub use slice_header::{SliceHeader, SliceKind};
pub use sps::{PicOrderCount, Sps};

use crate::bytes::bits::{BitReader, Trace};

/// Has `trace` note the fields of a parameter set, a whole NAL unit; of another type none. What stands before a fault is noted.
pub fn note_fields(nal: &[u8], trace: &Trace) {
    let mut r = BitReader::nal(nal).traced(trace);
    // Faults are told where the set is used.
    let _ = match nal.first().map(|byte| NalType::from_header(*byte)) {
        Some(NalType::SPS) => Sps::read(&mut r).map(drop),
        Some(NalType::PPS) => Pps::read(&mut r).map(drop),
        _ => Ok(()),
    };
}

/// `nal_unit_type` of clause 7.4.1, table 7-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NalType(u8);

impl NalType {
    /// Coded slice of a picture that is not IDR.
    pub const SLICE: Self = Self(1);
    /// Slice data partition A: the one partition that carries a slice header.
    pub const PARTITION_A: Self = Self(2);
    /// Coded slice of an IDR picture.
    pub const IDR_SLICE: Self = Self(5);
    /// Supplemental enhancement information.
    pub const SEI: Self = Self(6);
    /// Sequence parameter set.
    pub const SPS: Self = Self(7);
    /// Picture parameter set.
    pub const PPS: Self = Self(8);
    /// Access unit delimiter.
    pub const AUD: Self = Self(9);
    /// Coded slice of an auxiliary picture, as alpha.
    pub const AUXILIARY_SLICE: Self = Self(19);

    /// From the first byte of a NAL unit.
    pub fn from_header(byte: u8) -> Self {
        Self(byte & 0x1F)
    }

    /// The number, 0 to 31.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Whether the unit starts with the slice header of clause 7.3.3 right after its one header byte. Partitions B
    /// and C have none, and the extension slices 20 and 21 have a longer NAL header and another syntax.
    pub fn has_slice_header(self) -> bool {
        matches!(self, Self::SLICE | Self::PARTITION_A | Self::IDR_SLICE | Self::AUXILIARY_SLICE)
    }

    /// Whether the unit holds picture data, but its slice data cannot be found with what an ordinary decoder knows.
    pub fn is_other_slice(self) -> bool {
        matches!(self.0, 3 | 4 | 19 | 20 | 21)
    }

    /// Words for people.
    pub fn name(self) -> &'static str {
        match self.0 {
            1 => "slice",
            2 => "slice data partition A",
            3 => "slice data partition B",
            4 => "slice data partition C",
            5 => "IDR slice",
            6 => "SEI",
            7 => "sequence parameter set",
            8 => "picture parameter set",
            9 => "access unit delimiter",
            10 => "end of sequence",
            11 => "end of stream",
            12 => "filler data",
            13 => "sequence parameter set extension",
            14 => "prefix NAL unit",
            15 => "subset sequence parameter set",
            16 => "depth parameter set",
            19 => "auxiliary slice",
            20 => "slice extension",
            21 => "slice extension for depth",
            17 | 18 | 22 | 23 => "reserved",
            _ => "unspecified",
        }
    }
}
