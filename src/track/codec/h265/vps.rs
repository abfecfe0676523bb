//! The video parameter set (clause 7.3.2.1), walked for whoever shows it: slices do not depend on it.

use crate::bytes::bits::BitReader;

use super::sps::{General, read_ordering, read_profile_tier_level};
use super::vui::read_timing;
use super::{Bits, read_unit_header};

/// Walks a whole NAL unit up to its timing.
pub(super) fn walk(r: &mut BitReader<'_>) -> Bits<()> {
    read_unit_header(r)?;
    r.bits(4, "vps_video_parameter_set_id")?;
    r.flag("vps_base_layer_internal_flag")?;
    r.flag("vps_base_layer_available_flag")?;
    r.bits(6, "vps_max_layers_minus1")?;
    let sub_layers = r.bits(3, "vps_max_sub_layers_minus1")?;
    r.flag("vps_temporal_id_nesting_flag")?;
    r.bits(16, "vps_reserved_0xffff_16bits")?;
    read_profile_tier_level(r, sub_layers, &mut General::default())?;
    let ordering = [
        "vps_sub_layer_ordering_info_present_flag",
        "vps_max_dec_pic_buffering_minus1",
        "vps_max_num_reorder_pics",
        "vps_max_latency_increase_plus1",
    ];
    read_ordering(r, sub_layers, ordering)?;
    let last_layer = r.bits(6, "vps_max_layer_id")?;
    for _ in 0..r.ue_max(1023, "vps_num_layer_sets_minus1")? {
        for _ in 0..=last_layer {
            r.flag("layer_id_included_flag")?;
        }
    }
    if r.flag("vps_timing_info_present_flag")? {
        let timing = [
            "vps_num_units_in_tick",
            "vps_time_scale",
            "vps_poc_proportional_to_timing_flag",
            "vps_num_ticks_poc_diff_one_minus1",
        ];
        read_timing(r, timing)?;
    }
    Ok(())
}
