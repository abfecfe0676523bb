//! The picture parameter set (ISO/IEC 14496-10 clause 7.3.2.2), up to the last field that slice headers depend on.

use crate::bytes::Result;
use crate::bytes::bits::{BitError, BitReader};

use super::sps::{low, read_unit_header};

/// Whether slice headers carry `slice_group_change_cycle`, and how long it is (flexible macroblock ordering).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SliceGroups {
    /// One slice group, or a map type that does not change: not carried.
    Fixed,
    /// Map types 3 to 5.
    Changing {
        /// `SliceGroupChangeRate`, in map units.
        rate: u64,
    },
}

/// A picture parameter set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pps {
    /// `pic_parameter_set_id`, 0 to 255.
    pub id: u8,
    /// `seq_parameter_set_id`, 0 to 31.
    pub sps_id: u8,
    /// `entropy_coding_mode_flag`: CABAC.
    pub cabac: bool,
    /// `bottom_field_pic_order_in_frame_present_flag`.
    pub bottom_field_pic_order: bool,
    /// Slice groups.
    pub slice_groups: SliceGroups,
    /// `num_ref_idx_l0_default_active_minus1` + 1.
    pub ref_count_l0: u32,
    /// `num_ref_idx_l1_default_active_minus1` + 1.
    pub ref_count_l1: u32,
    /// `weighted_pred_flag`.
    pub weighted_pred: bool,
    /// `weighted_bipred_idc`, 0 to 2.
    pub weighted_bipred_idc: u8,
    /// `deblocking_filter_control_present_flag`.
    pub deblocking_control: bool,
    /// `redundant_pic_cnt_present_flag`.
    pub redundant_pic_count: bool,
}

impl Pps {
    /// Parses a whole NAL unit, its header byte included.
    pub fn parse(nal: &[u8]) -> Result<Self> {
        let mut r = BitReader::nal(nal);
        Self::read(&mut r).map_err(|e| e.into_error("bad-pps", "The picture parameter set"))
    }

    pub(super) fn read(r: &mut BitReader<'_>) -> core::result::Result<Self, BitError> {
        read_unit_header(r)?;
        let id = low(r.ue_max(255, "pic_parameter_set_id")?);
        let sps_id = low(r.ue_max(31, "seq_parameter_set_id")?);
        let cabac = r.flag("entropy_coding_mode_flag")?;
        let bottom_field_pic_order = r.flag("bottom_field_pic_order_in_frame_present_flag")?;
        let slice_groups = read_slice_groups(r)?;
        let ref_count_l0 = r.ue_max(31, "num_ref_idx_l0_default_active_minus1")? + 1;
        let ref_count_l1 = r.ue_max(31, "num_ref_idx_l1_default_active_minus1")? + 1;
        let weighted_pred = r.flag("weighted_pred_flag")?;
        let weighted_bipred_idc = low(r.bits(2, "weighted_bipred_idc")?);
        r.se("pic_init_qp_minus26")?;
        r.se("pic_init_qs_minus26")?;
        r.se("chroma_qp_index_offset")?;
        let deblocking_control = r.flag("deblocking_filter_control_present_flag")?;
        r.flag("constrained_intra_pred_flag")?;
        let redundant_pic_count = r.flag("redundant_pic_cnt_present_flag")?;
        // Nothing behind decides about protection, so a set cut short here is still good.
        let _ = read_end(r);
        Ok(Self {
            id,
            sps_id,
            cabac,
            bottom_field_pic_order,
            slice_groups,
            ref_count_l0,
            ref_count_l1,
            weighted_pred,
            weighted_bipred_idc,
            deblocking_control,
            redundant_pic_count,
        })
    }
}

/// What came with the High profiles, up to scaling lists: how many there are hangs on the sequence parameter set.
fn read_end(r: &mut BitReader<'_>) -> core::result::Result<(), BitError> {
    if r.has_more() {
        r.flag("transform_8x8_mode_flag")?;
        if !r.flag("pic_scaling_matrix_present_flag")? {
            r.se("second_chroma_qp_index_offset")?;
        }
    }
    Ok(())
}

fn read_slice_groups(r: &mut BitReader<'_>) -> core::result::Result<SliceGroups, BitError> {
    let last = r.ue_max(7, "num_slice_groups_minus1")?;
    if last == 0 {
        return Ok(SliceGroups::Fixed);
    }
    match r.ue_max(6, "slice_group_map_type")? {
        0 => {
            for _ in 0..=last {
                r.ue("run_length_minus1")?;
            }
        }
        2 => {
            for _ in 0..last {
                r.ue("top_left")?;
                r.ue("bottom_right")?;
            }
        }
        3..=5 => {
            r.flag("slice_group_change_direction_flag")?;
            let rate = u64::from(r.ue("slice_group_change_rate_minus1")?) + 1;
            return Ok(SliceGroups::Changing { rate });
        }
        6 => {
            // Ceil( Log2( num_slice_groups_minus1 + 1 ) ) bits each; a run past the end of the unit is an error.
            let bits = u32::BITS - last.leading_zeros();
            for _ in 0..=r.ue("pic_size_in_map_units_minus1")? {
                r.bits(bits, "slice_group_id")?;
            }
        }
        _ => {}
    }
    Ok(SliceGroups::Fixed)
}
