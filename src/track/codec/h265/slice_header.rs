//! Where a slice segment header ends (clause 7.3.6.1): the whole syntax is walked, little of it is kept.

use crate::bytes::bits::{BitError, BitReader};
use crate::bytes::{Error, Result};

use super::{Bits, NalType, ParameterSets, Pps, RefPicSet, Sps, bits_below, layer_of};

/// `slice_type` (table 7-7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SliceKind {
    /// Bi-predicted.
    B,
    /// Predicted.
    P,
    /// Intra.
    I,
}

impl SliceKind {
    /// Its letter.
    pub fn name(self) -> &'static str {
        match self {
            Self::B => "B",
            Self::P => "P",
            Self::I => "I",
        }
    }
}

/// What a slice segment header says, and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SliceHeader {
    /// The kind of slice; `None` where it goes by the segment before.
    pub kind: Option<SliceKind>,
    /// Bytes of the NAL unit from its header to the last one of the slice segment header, which ends at a byte border;
    /// emulation prevention bytes included.
    pub len: usize,
}

impl SliceHeader {
    /// Parses the header of a whole NAL unit, which must be a slice segment ([`NalType::is_slice`]).
    pub fn parse(nal: &[u8], sets: &ParameterSets) -> Result<Self> {
        let bad = |e: BitError| e.into_error("bad-slice", "A slice segment header");
        let kind = NalType::of(nal).filter(|kind| kind.is_slice()).ok_or_else(|| {
            let number = NalType::of(nal).map_or(0, NalType::number);
            Error::file("bad-slice", format!("A NAL unit of type {number} has no slice segment header."))
        })?;
        if layer_of(nal) > 0 {
            let message = format!("A slice is of layer {}; layered HEVC is not followed.", layer_of(nal));
            return Err(Error::unsupported("layered-hevc", message));
        }
        let mut r = BitReader::nal(nal);
        r.bits(16, "NAL header").map_err(bad)?;
        let first = r.flag("first_slice_segment_in_pic_flag").map_err(bad)?;
        if kind.is_irap() {
            r.flag("no_output_of_prior_pics_flag").map_err(bad)?;
        }
        let pps_id = r.ue("slice_pic_parameter_set_id").map_err(bad)?;
        let (sps, pps) = sets.of_slice(pps_id)?;
        if sps.is_screen_content {
            let message = "The video is of a screen content profile, whose slice headers are not followed.";
            return Err(Error::unsupported("screen-content", message));
        }
        let kind = Slice { sps, pps, nal: kind }.walk(&mut r, first).map_err(bad)?;
        Ok(Self { kind, len: r.consumed() })
    }
}

/// What decides the syntax behind `slice_pic_parameter_set_id`.
struct Slice<'a> {
    sps: &'a Sps,
    pps: &'a Pps,
    nal: NalType,
}

impl Slice<'_> {
    fn walk(&self, r: &mut BitReader<'_>, first: bool) -> Bits<Option<SliceKind>> {
        let mut dependent = false;
        if !first {
            dependent = self.pps.dependent_slices && r.flag("dependent_slice_segment_flag")?;
            r.bits(bits_below(self.sps.blocks), "slice_segment_address")?;
        }
        let kind = if dependent { None } else { Some(self.walk_independent(r)?) };
        if self.pps.entry_points {
            let count = r.ue("num_entry_point_offsets")?;
            if count > 0 {
                let bits = r.ue_max(31, "offset_len_minus1")? + 1;
                // A run past the end of the unit is an error.
                for _ in 0..count {
                    r.bits(bits, "entry_point_offset_minus1")?;
                }
            }
        }
        if self.pps.header_extension {
            for _ in 0..r.ue_max(256, "slice_segment_header_extension_length")? {
                r.bits(8, "slice_segment_header_extension_data_byte")?;
            }
        }
        r.flag("alignment_bit_equal_to_one")?;
        r.align();
        Ok(kind)
    }

    fn walk_independent(&self, r: &mut BitReader<'_>) -> Bits<SliceKind> {
        let (sps, pps) = (self.sps, self.pps);
        r.bits(pps.extra_bits, "slice_reserved_flag")?;
        let kind = match r.ue_max(2, "slice_type")? {
            0 => SliceKind::B,
            1 => SliceKind::P,
            _ => SliceKind::I,
        };
        if pps.output_flag {
            r.flag("pic_output_flag")?;
        }
        if sps.separate_colour_plane {
            r.bits(2, "colour_plane_id")?;
        }
        let mut references = 0;
        let mut temporal_mvp = false;
        if !self.nal.is_idr() {
            references = self.walk_references(r)?;
            temporal_mvp = sps.temporal_mvp && r.flag("slice_temporal_mvp_enabled_flag")?;
        }
        let mut filtered = false;
        if sps.sample_adaptive_offset {
            filtered = r.flag("slice_sao_luma_flag")?;
            if sps.chroma_array_type != 0 {
                filtered |= r.flag("slice_sao_chroma_flag")?;
            }
        }
        if kind != SliceKind::I {
            self.walk_prediction(r, kind, references, temporal_mvp)?;
        }
        r.se("slice_qp_delta")?;
        if pps.chroma_qp_offsets {
            r.se("slice_cb_qp_offset")?;
            r.se("slice_cr_qp_offset")?;
        }
        if pps.chroma_qp_offset_list {
            r.flag("cu_chroma_qp_offset_enabled_flag")?;
        }
        let mut disabled = pps.deblocking_disabled;
        if pps.deblocking_override && r.flag("deblocking_filter_override_flag")? {
            disabled = r.flag("slice_deblocking_filter_disabled_flag")?;
            if !disabled {
                r.se("slice_beta_offset_div2")?;
                r.se("slice_tc_offset_div2")?;
            }
        }
        if pps.filter_across_slices && (filtered || !disabled) {
            r.flag("slice_loop_filter_across_slices_enabled_flag")?;
        }
        Ok(kind)
    }

    /// Picture order and references; returns how many pictures the slice may refer to (`NumPicTotalCurr`).
    fn walk_references(&self, r: &mut BitReader<'_>) -> Bits<u32> {
        let sets = &self.sps.ref_pic_sets;
        r.bits(self.sps.pic_order_bits, "slice_pic_order_cnt_lsb")?;
        let count = u32::try_from(sets.len()).unwrap_or(u32::MAX);
        let mut references = if r.flag("short_term_ref_pic_set_sps_flag")? {
            let index = r.bits(bits_below(count), "short_term_ref_pic_set_idx")?;
            usize::try_from(index).ok().and_then(|index| sets.get(index)).map_or(0, RefPicSet::used)
        } else {
            RefPicSet::read(r, sets.len(), sets, true)?.used()
        };
        let Some(listed) = &self.sps.long_term else { return Ok(references) };
        let known = u32::try_from(listed.len()).unwrap_or(u32::MAX);
        let of_sps = if known > 0 { r.ue_max(32, "num_long_term_sps")? } else { 0 };
        let own = r.ue_max(32, "num_long_term_pics")?;
        for number in 0..of_sps + own {
            let used = if number < of_sps {
                let index = r.bits(bits_below(known), "lt_idx_sps")?;
                usize::try_from(index).ok().and_then(|index| listed.get(index)).copied().unwrap_or(false)
            } else {
                r.bits(self.sps.pic_order_bits, "poc_lsb_lt")?;
                r.flag("used_by_curr_pic_lt_flag")?
            };
            references += u32::from(used);
            if r.flag("delta_poc_msb_present_flag")? {
                r.ue("delta_poc_msb_cycle_lt")?;
            }
        }
        Ok(references)
    }

    fn walk_prediction(
        &self,
        r: &mut BitReader<'_>,
        kind: SliceKind,
        references: u32,
        temporal_mvp: bool,
    ) -> Bits<()> {
        let pps = self.pps;
        let is_b = kind == SliceKind::B;
        let (mut l0, mut l1) = (pps.ref_count_l0, pps.ref_count_l1);
        if r.flag("num_ref_idx_active_override_flag")? {
            l0 = r.ue_max(14, "num_ref_idx_l0_active_minus1")? + 1;
            if is_b {
                l1 = r.ue_max(14, "num_ref_idx_l1_active_minus1")? + 1;
            }
        }
        let lists = if is_b { [Some(l0), Some(l1)] } else { [Some(l0), None] };
        if pps.lists_modification && references > 1 {
            for count in lists.into_iter().flatten() {
                if r.flag("ref_pic_list_modification_flag")? {
                    r_each(r, count, bits_below(references))?;
                }
            }
        }
        if is_b {
            r.flag("mvd_l1_zero_flag")?;
        }
        if pps.cabac_init {
            r.flag("cabac_init_flag")?;
        }
        if temporal_mvp {
            let from_l0 = !is_b || r.flag("collocated_from_l0_flag")?;
            if (if from_l0 { l0 } else { l1 }) > 1 {
                r.ue("collocated_ref_idx")?;
            }
        }
        if if is_b { pps.weighted_bipred } else { pps.weighted_pred } {
            self.walk_weights(r, lists)?;
        }
        r.ue("five_minus_max_num_merge_cand")?;
        Ok(())
    }

    /// `pred_weight_table( )` (clause 7.3.6.3).
    fn walk_weights(&self, r: &mut BitReader<'_>, lists: [Option<u32>; 2]) -> Bits<()> {
        let chroma = self.sps.chroma_array_type != 0;
        r.ue("luma_log2_weight_denom")?;
        if chroma {
            r.se("delta_chroma_log2_weight_denom")?;
        }
        for count in lists.into_iter().flatten() {
            let luma = r.bits(count, "luma_weight_flag")?;
            let colours = if chroma { r.bits(count, "chroma_weight_flag")? } else { 0 };
            for picture in (0..count).rev() {
                let numbers = 2 * (luma >> picture & 1) + 4 * (colours >> picture & 1);
                for _ in 0..numbers {
                    r.se("weight or offset")?;
                }
            }
        }
        Ok(())
    }
}

fn r_each(r: &mut BitReader<'_>, count: u32, bits: u32) -> Bits<()> {
    for _ in 0..count {
        r.bits(bits, "list_entry")?;
    }
    Ok(())
}
