//! Where a slice header ends (ISO/IEC 14496-10 clause 7.3.3): the whole syntax is walked, little of it is kept.

use crate::bytes::bits::{BitError, BitReader, at_most};
use crate::bytes::{Error, Result};

use super::{NalType, ParameterSets, PicOrderCount, Pps, SliceGroups, Sps};

/// `slice_type` modulo 5 (table 7-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SliceKind {
    /// Predicted.
    P,
    /// Bi-predicted.
    B,
    /// Intra.
    I,
    /// Switching P.
    Sp,
    /// Switching I.
    Si,
}

/// What a slice header says, and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SliceHeader {
    /// `first_mb_in_slice`.
    pub first_mb: u32,
    /// The kind of slice.
    pub kind: SliceKind,
    /// `pic_parameter_set_id`.
    pub pps_id: u32,
    /// Bytes of the NAL unit from its header byte to the last one that holds a bit of the slice header, emulation
    /// prevention bytes included.
    pub len: usize,
}

/// Most entries of a reference list: 32 fields (clause 7.4.3).
const MAX_REFS: u32 = 32;

impl SliceKind {
    /// The kind of the slice that a NAL unit begins with, whose type must be one with a slice header; `None` where too few
    /// bytes of it are there.
    pub fn of(nal: &[u8]) -> Option<Self> {
        let mut r = BitReader::nal(nal);
        r.bits(8, "NAL header").ok()?;
        r.ue("first_mb_in_slice").ok()?;
        read_kind(&mut r).ok()
    }

    /// Its letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::P => "P",
            Self::B => "B",
            Self::I => "I",
            Self::Sp => "SP",
            Self::Si => "SI",
        }
    }
}

impl SliceHeader {
    /// Parses the slice header of a whole NAL unit, whose type must be one with a slice header
    /// ([`NalType::has_slice_header`]).
    pub fn parse(nal: &[u8], sets: &ParameterSets) -> Result<Self> {
        let bad = |e: BitError| e.into_error("bad-slice", "A slice header");
        let mut r = BitReader::nal(nal);
        let header = u8::try_from(r.bits(8, "NAL header").map_err(bad)?).unwrap_or(0);
        let nal_type = NalType::from_header(header);
        if !nal_type.has_slice_header() {
            return Err(Error::file(
                "bad-slice",
                format!(
                    "A NAL unit of type {} ({}) has no slice header.",
                    nal_type.number(),
                    nal_type.name()
                ),
            ));
        }
        let first_mb = r.ue("first_mb_in_slice").map_err(bad)?;
        let kind = read_kind(&mut r).map_err(bad)?;
        let pps_id = r.ue("pic_parameter_set_id").map_err(bad)?;
        let (sps, pps) = sets.of_slice(pps_id)?;
        let idr = nal_type == NalType::IDR_SLICE;
        let is_reference = (header >> 5) & 3 != 0;
        let slice = Slice { sps, pps, kind, idr, is_reference };
        slice.walk(&mut r).map_err(bad)?;
        Ok(Self { first_mb, kind, pps_id, len: r.consumed() })
    }
}

type Bits<T> = core::result::Result<T, BitError>;

fn read_kind(r: &mut BitReader<'_>) -> Bits<SliceKind> {
    Ok(match r.ue_max(9, "slice_type")? % 5 {
        0 => SliceKind::P,
        1 => SliceKind::B,
        2 => SliceKind::I,
        3 => SliceKind::Sp,
        _ => SliceKind::Si,
    })
}

/// What decides the syntax behind `pic_parameter_set_id`.
struct Slice<'a> {
    sps: &'a Sps,
    pps: &'a Pps,
    kind: SliceKind,
    idr: bool,
    is_reference: bool,
}

impl Slice<'_> {
    fn walk(&self, r: &mut BitReader<'_>) -> Bits<()> {
        let (sps, pps) = (self.sps, self.pps);
        if sps.separate_colour_plane {
            r.bits(2, "colour_plane_id")?;
        }
        r.bits(sps.frame_num_bits, "frame_num")?;
        let mut field = false;
        if !sps.frame_mbs_only {
            field = r.flag("field_pic_flag")?;
            if field {
                r.flag("bottom_field_flag")?;
            }
        }
        if self.idr {
            r.ue("idr_pic_id")?;
        }
        self.walk_pic_order(r, field)?;
        if pps.redundant_pic_count {
            r.ue("redundant_pic_cnt")?;
        }
        if self.kind == SliceKind::B {
            r.flag("direct_spatial_mv_pred_flag")?;
        }
        let (l0, l1) = self.ref_counts(r)?;
        self.walk_ref_list_modification(r)?;
        let weighted = match self.kind {
            SliceKind::P | SliceKind::Sp => pps.weighted_pred,
            SliceKind::B => pps.weighted_bipred_idc == 1,
            SliceKind::I | SliceKind::Si => false,
        };
        if weighted {
            self.walk_weights(r, l0, l1)?;
        }
        if self.is_reference {
            self.walk_marking(r)?;
        }
        if pps.cabac && self.predicts() {
            r.ue_max(2, "cabac_init_idc")?;
        }
        r.se("slice_qp_delta")?;
        if matches!(self.kind, SliceKind::Sp | SliceKind::Si) {
            if self.kind == SliceKind::Sp {
                r.flag("sp_for_switch_flag")?;
            }
            r.se("slice_qs_delta")?;
        }
        if pps.deblocking_control && r.ue_max(2, "disable_deblocking_filter_idc")? != 1 {
            r.se("slice_alpha_c0_offset_div2")?;
            r.se("slice_beta_offset_div2")?;
        }
        if let SliceGroups::Changing { rate } = pps.slice_groups {
            let map_units = u64::from(sps.width_in_mbs) * u64::from(sps.height_in_map_units);
            r.bits(change_cycle_bits(map_units, rate), "slice_group_change_cycle")?;
        }
        Ok(())
    }

    fn predicts(&self) -> bool {
        !matches!(self.kind, SliceKind::I | SliceKind::Si)
    }

    fn walk_pic_order(&self, r: &mut BitReader<'_>, field: bool) -> Bits<()> {
        let bottom_too = self.pps.bottom_field_pic_order && !field;
        match self.sps.pic_order_count {
            PicOrderCount::Lsb { bits } => {
                r.bits(bits, "pic_order_cnt_lsb")?;
                if bottom_too {
                    r.se("delta_pic_order_cnt_bottom")?;
                }
            }
            PicOrderCount::Delta { always_zero: false } => {
                r.se("delta_pic_order_cnt")?;
                if bottom_too {
                    r.se("delta_pic_order_cnt")?;
                }
            }
            PicOrderCount::Delta { always_zero: true } | PicOrderCount::None => {}
        }
        Ok(())
    }

    /// Entries of the two reference lists.
    fn ref_counts(&self, r: &mut BitReader<'_>) -> Bits<(u32, u32)> {
        let (mut l0, mut l1) = (self.pps.ref_count_l0, self.pps.ref_count_l1);
        if self.predicts() && r.flag("num_ref_idx_active_override_flag")? {
            l0 = r.ue_max(MAX_REFS - 1, "num_ref_idx_l0_active_minus1")? + 1;
            if self.kind == SliceKind::B {
                l1 = r.ue_max(MAX_REFS - 1, "num_ref_idx_l1_active_minus1")? + 1;
            }
        }
        Ok((l0, l1))
    }

    /// `ref_pic_list_modification()`, clause 7.3.3.1.
    fn walk_ref_list_modification(&self, r: &mut BitReader<'_>) -> Bits<()> {
        let lists = match self.kind {
            SliceKind::I | SliceKind::Si => 0,
            SliceKind::P | SliceKind::Sp => 1,
            SliceKind::B => 2,
        };
        for _ in 0..lists {
            if r.flag("ref_pic_list_modification_flag")? {
                while r.ue_max(3, "modification_of_pic_nums_idc")? != 3 {
                    r.ue("picture number of a list modification")?;
                }
            }
        }
        Ok(())
    }

    /// `pred_weight_table()`, clause 7.3.3.2.
    fn walk_weights(&self, r: &mut BitReader<'_>, l0: u32, l1: u32) -> Bits<()> {
        let has_chroma = self.sps.chroma_array_type() != 0;
        at_most(r.ue("luma_log2_weight_denom")?, 7, "luma_log2_weight_denom")?;
        if has_chroma {
            at_most(r.ue("chroma_log2_weight_denom")?, 7, "chroma_log2_weight_denom")?;
        }
        let entries = if self.kind == SliceKind::B { l0 + l1 } else { l0 };
        for _ in 0..entries {
            if r.flag("luma_weight_flag")? {
                r.se("luma_weight")?;
                r.se("luma_offset")?;
            }
            if has_chroma && r.flag("chroma_weight_flag")? {
                for _ in 0..2 {
                    r.se("chroma_weight")?;
                    r.se("chroma_offset")?;
                }
            }
        }
        Ok(())
    }

    /// `dec_ref_pic_marking()`, clause 7.3.3.3.
    fn walk_marking(&self, r: &mut BitReader<'_>) -> Bits<()> {
        if self.idr {
            r.flag("no_output_of_prior_pics_flag")?;
            r.flag("long_term_reference_flag")?;
        } else if r.flag("adaptive_ref_pic_marking_mode_flag")? {
            loop {
                let operands = match r.ue_max(6, "memory_management_control_operation")? {
                    0 => break,
                    1 | 2 | 4 | 6 => 1,
                    3 => 2,
                    _ => 0,
                };
                for _ in 0..operands {
                    r.ue("operand of a memory_management_control_operation")?;
                }
            }
        }
        Ok(())
    }
}

/// Ceil( Log2( PicSizeInMapUnits ÷ SliceGroupChangeRate + 1 ) ) with exact division (clause 7.4.3): the least `n`
/// for which (2ⁿ − 1) × rate reaches the picture.
fn change_cycle_bits(map_units: u64, rate: u64) -> u32 {
    let cycles = map_units.div_ceil(rate.max(1));
    u64::BITS - cycles.leading_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn change_cycle_follows_the_formula() {
        // 99 map units (QCIF): ÷1 → log2 100 → 7; ÷33 → log2 4 → 2; ÷99 → log2 2 → 1; ÷100 → log2 1.99 → 1;
        // ÷34 → log2 3.91 → 2; ÷32 → log2 4.09 → 3.
        let bits: Vec<u32> = [1, 33, 99, 100, 34, 32].map(|rate| change_cycle_bits(99, rate)).to_vec();
        assert_eq!(bits, [7, 2, 1, 1, 2, 3]);
    }
}
