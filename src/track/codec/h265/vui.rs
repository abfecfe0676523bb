//! Video usability information and the buffers of decoders (ISO/IEC 23008-2 annex E.2).

use crate::bytes::bits::BitReader;
use crate::track::codec::h264::vui::{read_aspect, read_signal};

use super::Bits;

/// Walks `vui_parameters()`, behind the flag that says it is there.
pub(super) fn read(r: &mut BitReader<'_>, sub_layers_minus1: u32) -> Bits<()> {
    read_aspect(r)?;
    read_signal(r)?;
    r.flag("neutral_chroma_indication_flag")?;
    r.flag("field_seq_flag")?;
    r.flag("frame_field_info_present_flag")?;
    if r.flag("default_display_window_flag")? {
        r.ue("def_disp_win_left_offset")?;
        r.ue("def_disp_win_right_offset")?;
        r.ue("def_disp_win_top_offset")?;
        r.ue("def_disp_win_bottom_offset")?;
    }
    if r.flag("vui_timing_info_present_flag")? {
        let timing = [
            "vui_num_units_in_tick",
            "vui_time_scale",
            "vui_poc_proportional_to_timing_flag",
            "vui_num_ticks_poc_diff_one_minus1",
        ];
        read_timing(r, timing)?;
        if r.flag("vui_hrd_parameters_present_flag")? {
            read_buffers(r, sub_layers_minus1)?;
        }
    }
    if r.flag("bitstream_restriction_flag")? {
        r.flag("tiles_fixed_structure_flag")?;
        r.flag("motion_vectors_over_pic_boundaries_flag")?;
        r.flag("restricted_ref_pic_lists_flag")?;
        r.ue("min_spatial_segmentation_idc")?;
        r.ue("max_bytes_per_pic_denom")?;
        r.ue("max_bits_per_min_cu_denom")?;
        r.ue("log2_max_mv_length_horizontal")?;
        r.ue("log2_max_mv_length_vertical")?;
    }
    Ok(())
}

/// Ticks, in a video parameter set as in a sequence's.
pub(super) fn read_timing(
    r: &mut BitReader<'_>,
    [units, scale, is_proportional, ticks]: [&'static str; 4],
) -> Bits<()> {
    r.bits(32, units)?;
    r.bits(32, scale)?;
    if r.flag(is_proportional)? {
        r.ue(ticks)?;
    }
    Ok(())
}

/// `hrd_parameters()` with what all sublayers have in common (clause E.2.2).
fn read_buffers(r: &mut BitReader<'_>, sub_layers_minus1: u32) -> Bits<()> {
    let nal = r.flag("nal_hrd_parameters_present_flag")?;
    let vcl = r.flag("vcl_hrd_parameters_present_flag")?;
    let mut in_parts = false;
    if nal || vcl {
        in_parts = r.flag("sub_pic_hrd_params_present_flag")?;
        if in_parts {
            r.bits(8, "tick_divisor_minus2")?;
            r.bits(5, "du_cpb_removal_delay_increment_length_minus1")?;
            r.flag("sub_pic_cpb_params_in_pic_timing_sei_flag")?;
            r.bits(5, "dpb_output_delay_du_length_minus1")?;
        }
        r.bits(4, "bit_rate_scale")?;
        r.bits(4, "cpb_size_scale")?;
        if in_parts {
            r.bits(4, "cpb_size_du_scale")?;
        }
        r.bits(5, "initial_cpb_removal_delay_length_minus1")?;
        r.bits(5, "au_cpb_removal_delay_length_minus1")?;
        r.bits(5, "dpb_output_delay_length_minus1")?;
    }
    for _ in 0..=sub_layers_minus1 {
        let general = r.flag("fixed_pic_rate_general_flag")?;
        // Fixed in general is fixed within a sequence.
        let fixed = general || r.flag("fixed_pic_rate_within_cvs_flag")?;
        let low_delay = if fixed {
            r.ue("elemental_duration_in_tc_minus1")?;
            false
        } else {
            r.flag("low_delay_hrd_flag")?
        };
        let last = if low_delay { 0 } else { r.ue_max(31, "cpb_cnt_minus1")? };
        for _ in 0..(u32::from(nal) + u32::from(vcl)) * (last + 1) {
            r.ue("bit_rate_value_minus1")?;
            r.ue("cpb_size_value_minus1")?;
            if in_parts {
                r.ue("cpb_size_du_value_minus1")?;
                r.ue("bit_rate_du_value_minus1")?;
            }
            r.flag("cbr_flag")?;
        }
    }
    Ok(())
}
