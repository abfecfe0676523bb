//! The picture parameter set (clause 7.3.2.3): what slice segment headers depend on.

use crate::bytes::Result;
use crate::bytes::bits::BitReader;

use super::sps::low;
use super::{Bits, read_unit_header, skip_scaling_lists};

/// A picture parameter set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pps {
    /// `pps_pic_parameter_set_id`, 0 to 63.
    pub id: u8,
    /// `pps_seq_parameter_set_id`, 0 to 15.
    pub sps_id: u8,
    /// `dependent_slice_segments_enabled_flag`.
    pub dependent_slices: bool,
    /// `output_flag_present_flag`.
    pub output_flag: bool,
    /// `num_extra_slice_header_bits`.
    pub extra_bits: u32,
    /// `cabac_init_present_flag`.
    pub cabac_init: bool,
    /// `num_ref_idx_l0_default_active_minus1` + 1.
    pub ref_count_l0: u32,
    /// `num_ref_idx_l1_default_active_minus1` + 1.
    pub ref_count_l1: u32,
    /// `pps_slice_chroma_qp_offsets_present_flag`.
    pub chroma_qp_offsets: bool,
    /// `weighted_pred_flag`.
    pub weighted_pred: bool,
    /// `weighted_bipred_flag`.
    pub weighted_bipred: bool,
    /// Whether slices have entry points: tiles, or rows decoded side by side.
    pub entry_points: bool,
    /// `pps_loop_filter_across_slices_enabled_flag`.
    pub filter_across_slices: bool,
    /// `deblocking_filter_override_enabled_flag`.
    pub deblocking_override: bool,
    /// `pps_deblocking_filter_disabled_flag`.
    pub deblocking_disabled: bool,
    /// `lists_modification_present_flag`.
    pub lists_modification: bool,
    /// `slice_segment_header_extension_present_flag`.
    pub header_extension: bool,
    /// `chroma_qp_offset_list_enabled_flag`.
    pub chroma_qp_offset_list: bool,
}

impl Pps {
    /// Parses a whole NAL unit, its header included.
    pub fn parse(nal: &[u8]) -> Result<Self> {
        let mut r = BitReader::nal(nal);
        Self::read(&mut r).map_err(|e| e.into_error("bad-pps", "The picture parameter set"))
    }

    pub(super) fn read(r: &mut BitReader<'_>) -> Bits<Self> {
        read_unit_header(r)?;
        let mut pps = Self {
            id: low(r.ue_max(63, "pps_pic_parameter_set_id")?),
            sps_id: low(r.ue_max(15, "pps_seq_parameter_set_id")?),
            dependent_slices: r.flag("dependent_slice_segments_enabled_flag")?,
            output_flag: r.flag("output_flag_present_flag")?,
            extra_bits: r.bits(3, "num_extra_slice_header_bits")?,
            ..Self::default()
        };
        r.flag("sign_data_hiding_enabled_flag")?;
        pps.cabac_init = r.flag("cabac_init_present_flag")?;
        pps.ref_count_l0 = r.ue_max(14, "num_ref_idx_l0_default_active_minus1")? + 1;
        pps.ref_count_l1 = r.ue_max(14, "num_ref_idx_l1_default_active_minus1")? + 1;
        r.se("init_qp_minus26")?;
        r.flag("constrained_intra_pred_flag")?;
        let transform_skip = r.flag("transform_skip_enabled_flag")?;
        if r.flag("cu_qp_delta_enabled_flag")? {
            r.ue("diff_cu_qp_delta_depth")?;
        }
        r.se("pps_cb_qp_offset")?;
        r.se("pps_cr_qp_offset")?;
        pps.chroma_qp_offsets = r.flag("pps_slice_chroma_qp_offsets_present_flag")?;
        pps.weighted_pred = r.flag("weighted_pred_flag")?;
        pps.weighted_bipred = r.flag("weighted_bipred_flag")?;
        r.flag("transquant_bypass_enabled_flag")?;
        let tiles = r.flag("tiles_enabled_flag")?;
        pps.entry_points = r.flag("entropy_coding_sync_enabled_flag")? || tiles;
        if tiles {
            skip_tiles(r)?;
        }
        pps.filter_across_slices = r.flag("pps_loop_filter_across_slices_enabled_flag")?;
        if r.flag("deblocking_filter_control_present_flag")? {
            pps.deblocking_override = r.flag("deblocking_filter_override_enabled_flag")?;
            pps.deblocking_disabled = r.flag("pps_deblocking_filter_disabled_flag")?;
            if !pps.deblocking_disabled {
                r.se("pps_beta_offset_div2")?;
                r.se("pps_tc_offset_div2")?;
            }
        }
        if r.flag("pps_scaling_list_data_present_flag")? {
            skip_scaling_lists(r)?;
        }
        pps.lists_modification = r.flag("lists_modification_present_flag")?;
        r.ue("log2_parallel_merge_level_minus2")?;
        pps.header_extension = r.flag("slice_segment_header_extension_present_flag")?;
        if r.flag("pps_extension_present_flag")? {
            let range = r.flag("pps_range_extension_flag")?;
            r.flag("pps_multilayer_extension_flag")?;
            r.flag("pps_3d_extension_flag")?;
            r.flag("pps_scc_extension_flag")?;
            r.bits(4, "pps_extension_4bits")?;
            if range {
                if transform_skip {
                    r.ue("log2_max_transform_skip_block_size_minus2")?;
                }
                r.flag("cross_component_prediction_enabled_flag")?;
                pps.chroma_qp_offset_list = r.flag("chroma_qp_offset_list_enabled_flag")?;
            }
        }
        Ok(pps)
    }
}

fn skip_tiles(r: &mut BitReader<'_>) -> Bits<()> {
    let columns = r.ue("num_tile_columns_minus1")?;
    let rows = r.ue("num_tile_rows_minus1")?;
    if !r.flag("uniform_spacing_flag")? {
        // A run past the end of the unit is an error.
        for _ in 0..columns {
            r.ue("column_width_minus1")?;
        }
        for _ in 0..rows {
            r.ue("row_height_minus1")?;
        }
    }
    r.flag("loop_filter_across_tiles_enabled_flag")?;
    Ok(())
}
