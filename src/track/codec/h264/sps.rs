//! The sequence parameter set (ISO/IEC 14496-10 clause 7.3.2.1.1): what slice headers need, and the picture size.

use crate::bytes::bits::{BitError, BitReader};
use crate::bytes::{Error, Result};

/// How picture order is coded in slice headers (`pic_order_cnt_type`, clause 7.4.2.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PicOrderCount {
    /// Type 0: `pic_order_cnt_lsb` of this many bits.
    Lsb {
        /// `log2_max_pic_order_cnt_lsb_minus4` + 4.
        bits: u32,
    },
    /// Type 1: differences, unless they are always zero.
    Delta {
        /// `delta_pic_order_always_zero_flag`.
        always_zero: bool,
    },
    /// Type 2: output order is decoding order; nothing is coded.
    None,
}

/// A sequence parameter set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sps {
    /// `seq_parameter_set_id`, 0 to 31.
    pub id: u8,
    /// `profile_idc`.
    pub profile_idc: u8,
    /// The byte of `constraint_set*_flag`s.
    pub constraint_flags: u8,
    /// `level_idc`.
    pub level_idc: u8,
    /// `chroma_format_idc`: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4.
    pub chroma_format_idc: u8,
    /// `separate_colour_plane_flag`.
    pub separate_colour_plane: bool,
    /// Luma bits per sample.
    pub bit_depth_luma: u8,
    /// Chroma bits per sample.
    pub bit_depth_chroma: u8,
    /// `log2_max_frame_num_minus4` + 4.
    pub frame_num_bits: u32,
    /// Picture order coding.
    pub pic_order_count: PicOrderCount,
    /// `frame_mbs_only_flag`.
    pub frame_mbs_only: bool,
    /// `direct_8x8_inference_flag`.
    pub direct_8x8_inference: bool,
    /// `pic_width_in_mbs_minus1` + 1.
    pub width_in_mbs: u32,
    /// `pic_height_in_map_units_minus1` + 1.
    pub height_in_map_units: u32,
    /// Luma columns after cropping.
    pub width: u32,
    /// Luma rows after cropping.
    pub height: u32,
    /// Sample aspect ratio of the VUI (clause E.2.1), when it is given and not "unspecified".
    pub sample_aspect: Option<(u16, u16)>,
}

const CONSTRAINTS: [&str; 6] = [
    "constraint_set0_flag",
    "constraint_set1_flag",
    "constraint_set2_flag",
    "constraint_set3_flag",
    "constraint_set4_flag",
    "constraint_set5_flag",
];

/// Widest or highest picture in macroblocks that is taken for real; the standard's levels stop at 1055.
const MAX_MBS: u32 = 1 << 14;

impl Sps {
    /// Parses a whole NAL unit, its header byte included.
    pub fn parse(nal: &[u8]) -> Result<Self> {
        let mut r = BitReader::nal(nal);
        Self::read(&mut r).map_err(|e| e.into_error("bad-sps", "The sequence parameter set"))?.ok_or_else(
            || Error::file("bad-sps", "The sequence parameter set crops away more than the whole picture."),
        )
    }

    /// `ChromaArrayType`: `chroma_format_idc`, but 0 when the colour planes are coded apart.
    pub fn chroma_array_type(&self) -> u8 {
        if self.separate_colour_plane { 0 } else { self.chroma_format_idc }
    }

    pub(super) fn read(r: &mut BitReader<'_>) -> core::result::Result<Option<Self>, BitError> {
        read_unit_header(r)?;
        let profile_idc = byte(r, "profile_idc")?;
        let mut constraint_flags = 0;
        for name in CONSTRAINTS {
            constraint_flags = constraint_flags << 1 | u8::from(r.flag(name)?);
        }
        constraint_flags = constraint_flags << 2 | low(r.bits(2, "reserved_zero_2bits")?);
        let level_idc = byte(r, "level_idc")?;
        let id = low(r.ue_max(31, "seq_parameter_set_id")?);
        let mut sps = Self {
            id,
            profile_idc,
            constraint_flags,
            level_idc,
            chroma_format_idc: 1,
            separate_colour_plane: false,
            bit_depth_luma: 8,
            bit_depth_chroma: 8,
            frame_num_bits: 0,
            pic_order_count: PicOrderCount::None,
            frame_mbs_only: true,
            direct_8x8_inference: false,
            width_in_mbs: 0,
            height_in_map_units: 0,
            width: 0,
            height: 0,
            sample_aspect: None,
        };
        if has_chroma_format(profile_idc) {
            sps.read_chroma_format(r)?;
        }
        sps.frame_num_bits = r.ue_max(12, "log2_max_frame_num_minus4")? + 4;
        sps.pic_order_count = read_pic_order_count(r)?;
        r.ue("max_num_ref_frames")?;
        r.flag("gaps_in_frame_num_value_allowed_flag")?;
        sps.width_in_mbs = r.ue_max(MAX_MBS - 1, "pic_width_in_mbs_minus1")? + 1;
        sps.height_in_map_units = r.ue_max(MAX_MBS - 1, "pic_height_in_map_units_minus1")? + 1;
        sps.frame_mbs_only = r.flag("frame_mbs_only_flag")?;
        if !sps.frame_mbs_only {
            r.flag("mb_adaptive_frame_field_flag")?;
        }
        sps.direct_8x8_inference = r.flag("direct_8x8_inference_flag")?;
        if !sps.read_size(r)? {
            return Ok(None);
        }
        // Nothing after this decides about protection, so a set cut short here is still good.
        if r.flag("vui_parameters_present_flag").unwrap_or_default() {
            let _ = super::vui::read(r, &mut sps.sample_aspect);
        }
        Ok(Some(sps))
    }

    fn read_chroma_format(&mut self, r: &mut BitReader<'_>) -> core::result::Result<(), BitError> {
        self.chroma_format_idc = low(r.ue_max(3, "chroma_format_idc")?);
        if self.chroma_format_idc == 3 {
            self.separate_colour_plane = r.flag("separate_colour_plane_flag")?;
        }
        self.bit_depth_luma = low(r.ue_max(6, "bit_depth_luma_minus8")? + 8);
        self.bit_depth_chroma = low(r.ue_max(6, "bit_depth_chroma_minus8")? + 8);
        r.flag("qpprime_y_zero_transform_bypass_flag")?;
        if r.flag("seq_scaling_matrix_present_flag")? {
            let lists = if self.chroma_format_idc == 3 { 12 } else { 8 };
            for list in 0..lists {
                if r.flag("seq_scaling_list_present_flag")? {
                    skip_scaling_list(r, if list < 6 { 16 } else { 64 })?;
                }
            }
        }
        Ok(())
    }

    /// The cropping rectangle and the size it leaves (equations 7-19 to 7-22). False when nothing is left.
    fn read_size(&mut self, r: &mut BitReader<'_>) -> core::result::Result<bool, BitError> {
        let field_factor = if self.frame_mbs_only { 1 } else { 2 };
        let (mut columns, mut rows) = (0_u64, 0_u64);
        if r.flag("frame_cropping_flag")? {
            let (unit_x, unit_y) = match self.chroma_array_type() {
                1 => (2, 2),
                2 => (2, 1),
                _ => (1, 1),
            };
            let left = u64::from(r.ue("frame_crop_left_offset")?);
            let right = u64::from(r.ue("frame_crop_right_offset")?);
            let top = u64::from(r.ue("frame_crop_top_offset")?);
            let bottom = u64::from(r.ue("frame_crop_bottom_offset")?);
            columns = (left + right) * unit_x;
            rows = (top + bottom) * unit_y * u64::from(field_factor);
        }
        let width = u64::from(self.width_in_mbs * 16).checked_sub(columns);
        let height = u64::from(self.height_in_map_units * 16 * field_factor).checked_sub(rows);
        match (width, height) {
            (Some(width), Some(height)) if width > 0 && height > 0 => {
                // Both started as products of 32 bits and only shrank.
                self.width = u32::try_from(width).unwrap_or(u32::MAX);
                self.height = u32::try_from(height).unwrap_or(u32::MAX);
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

/// The header of a NAL unit (clause 7.3.1).
pub(super) fn read_unit_header(r: &mut BitReader<'_>) -> core::result::Result<(), BitError> {
    r.flag("forbidden_zero_bit")?;
    r.bits(2, "nal_ref_idc")?;
    r.bits(5, "nal_unit_type")?;
    Ok(())
}

/// The profiles whose sets carry `chroma_format_idc` and what follows it (clause 7.3.2.1.1).
fn has_chroma_format(profile_idc: u8) -> bool {
    matches!(profile_idc, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135)
}

fn read_pic_order_count(r: &mut BitReader<'_>) -> core::result::Result<PicOrderCount, BitError> {
    Ok(match r.ue_max(2, "pic_order_cnt_type")? {
        0 => PicOrderCount::Lsb { bits: r.ue_max(12, "log2_max_pic_order_cnt_lsb_minus4")? + 4 },
        1 => {
            let always_zero = r.flag("delta_pic_order_always_zero_flag")?;
            r.se("offset_for_non_ref_pic")?;
            r.se("offset_for_top_to_bottom_field")?;
            for _ in 0..r.ue_max(255, "num_ref_frames_in_pic_order_cnt_cycle")? {
                r.se("offset_for_ref_frame")?;
            }
            PicOrderCount::Delta { always_zero }
        }
        _ => PicOrderCount::None,
    })
}

/// `scaling_list()`, clause 7.3.2.1.1.1: a zero `next_scale` ends the coding of deltas.
fn skip_scaling_list(r: &mut BitReader<'_>, len: u32) -> core::result::Result<(), BitError> {
    let mut last = 8_i32;
    for _ in 0..len {
        // ( lastScale + delta_scale + 256 ) % 256; a wild delta wraps, and only whether the sum is 0 mod 256 matters.
        let next = last.wrapping_add(r.se("delta_scale")?).rem_euclid(256);
        if next == 0 {
            break;
        }
        last = next;
    }
    Ok(())
}

fn byte(r: &mut BitReader<'_>, what: &'static str) -> core::result::Result<u8, BitError> {
    Ok(low(r.bits(8, what)?))
}

/// A number already known to be below 256.
pub(super) fn low(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}
