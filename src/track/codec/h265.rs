//! H.265 (ISO/IEC 23008-2, ITU-T H.265): parameter sets, and where a slice segment header ends.

mod parameter_sets;
mod pps;
mod ref_pic_set;
mod slice_header;
mod sps;
mod vps;
mod vui;

pub use parameter_sets::ParameterSets;
pub use pps::Pps;
pub use ref_pic_set::RefPicSet;
pub use slice_header::{SliceHeader, SliceKind};
pub use sps::Sps;

use crate::bytes::bits::{BitError, BitReader, Trace};

/// Bytes of the NAL unit header of clause 7.3.1.2.
pub const NAL_HEADER_LEN: usize = 2;

/// `nal_unit_type` of clause 7.4.2.2, table 7-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NalType(u8);

impl NalType {
    /// Video parameter set.
    pub const VPS: Self = Self(32);
    /// Sequence parameter set.
    pub const SPS: Self = Self(33);
    /// Picture parameter set.
    pub const PPS: Self = Self(34);

    /// The type of a whole NAL unit; `None` where it is shorter than its header.
    pub fn of(nal: &[u8]) -> Option<Self> {
        match nal {
            [first, _, ..] => Some(Self(first >> 1 & 0x3f)),
            _ => None,
        }
    }

    /// The number, 0 to 63.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Words for people.
    pub fn name(self) -> &'static str {
        match self.0 {
            0 => "trailing picture, not for reference (TRAIL_N)",
            1 => "trailing picture (TRAIL_R)",
            2 => "temporal sublayer access, not for reference (TSA_N)",
            3 => "temporal sublayer access (TSA_R)",
            4 => "step-wise access, not for reference (STSA_N)",
            5 => "step-wise access (STSA_R)",
            6 => "decodable leading picture, not for reference (RADL_N)",
            7 => "decodable leading picture (RADL_R)",
            8 => "skipped leading picture, not for reference (RASL_N)",
            9 => "skipped leading picture (RASL_R)",
            16 => "broken link with leading pictures (BLA_W_LP)",
            17 => "broken link with decodable leading pictures (BLA_W_RADL)",
            18 => "broken link (BLA_N_LP)",
            19 => "IDR picture with leading pictures (IDR_W_RADL)",
            20 => "IDR picture (IDR_N_LP)",
            21 => "clean random access (CRA)",
            32 => "video parameter set",
            33 => "sequence parameter set",
            34 => "picture parameter set",
            35 => "access unit delimiter",
            36 => "end of sequence",
            37 => "end of bitstream",
            38 => "filler data",
            39 => "SEI before the picture",
            40 => "SEI behind the picture",
            62 => "Dolby Vision metadata (unspecified 62)",
            63 => "Dolby Vision enhancement (unspecified 63)",
            48..=61 => "unspecified",
            _ => "reserved",
        }
    }

    /// Whether it is supplemental enhancement information.
    pub fn is_sei(self) -> bool {
        matches!(self.0, 39 | 40)
    }

    /// Whether the unit is a slice segment whose header an ordinary decoder can read.
    pub fn is_slice(self) -> bool {
        matches!(self.0, 0..=9 | 16..=21)
    }

    /// Whether the unit holds picture data, but an ordinary decoder knows nothing of it: reserved types, and 63, which
    /// Dolby Vision uses for its enhancement layer.
    pub fn is_other_slice(self) -> bool {
        matches!(self.0, 10..=15 | 22..=31 | 63)
    }

    /// Whether the picture is a random access point (types 16 to 23).
    fn is_irap(self) -> bool {
        matches!(self.0, 16..=23)
    }

    /// Whether the picture refers to none before (types 19 and 20).
    fn is_idr(self) -> bool {
        matches!(self.0, 19 | 20)
    }
}

/// Has `trace` note the fields of a parameter set of the base layer, a whole NAL unit; of another unit none. What stands before
/// a fault is noted.
pub fn note_fields(nal: &[u8], trace: &Trace) {
    let mut r = BitReader::nal(nal).traced(trace);
    // Faults are told where the set is used.
    let _ = match NalType::of(nal).filter(|_| layer_of(nal) == 0) {
        Some(NalType::VPS) => vps::walk(&mut r),
        Some(NalType::SPS) => Sps::read(&mut r).map(drop),
        Some(NalType::PPS) => Pps::read(&mut r).map(drop),
        _ => Ok(()),
    };
}

/// `nuh_layer_id` of a whole NAL unit: 0 but in layered streams.
pub fn layer_of(nal: &[u8]) -> u8 {
    match nal {
        [first, second, ..] => (first & 1) << 5 | second >> 3,
        _ => 0,
    }
}

type Bits<T> = Result<T, BitError>;

/// `Ceil( Log2( count ) )`: the bits of a number below `count`.
fn bits_below(count: u32) -> u32 {
    u32::BITS - count.saturating_sub(1).leading_zeros()
}

/// The header of a NAL unit (clause 7.3.1.2).
fn read_unit_header(r: &mut BitReader<'_>) -> Bits<()> {
    r.flag("forbidden_zero_bit")?;
    r.bits(6, "nal_unit_type")?;
    r.bits(6, "nuh_layer_id")?;
    r.bits(3, "nuh_temporal_id_plus1")?;
    Ok(())
}

/// Walks `scaling_list_data( )` of clause 7.3.4.
fn skip_scaling_lists(r: &mut BitReader<'_>) -> Bits<()> {
    for size in 0..4_u32 {
        let mut matrix = 0;
        while matrix < 6 {
            if r.flag("scaling_list_pred_mode_flag")? {
                if size > 1 {
                    r.se("scaling_list_dc_coef_minus8")?;
                }
                for _ in 0..(1_u32 << (4 + (size << 1))).min(64) {
                    r.se("scaling_list_delta_coef")?;
                }
            } else {
                r.ue("scaling_list_pred_matrix_id_delta")?;
            }
            matrix += if size == 3 { 3 } else { 1 };
        }
    }
    Ok(())
}
