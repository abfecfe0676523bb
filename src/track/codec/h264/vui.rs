//! Video usability information (ISO/IEC 14496-10 annex E.1): what a picture is to look like, and when it is due.

use crate::bytes::bits::{BitError, BitReader};

use super::sps::low;

/// Table E-1.
const RATIOS: [(u16, u16); 16] = [
    (1, 1),
    (12, 11),
    (10, 11),
    (16, 11),
    (40, 33),
    (24, 11),
    (20, 11),
    (32, 11),
    (80, 33),
    (18, 11),
    (15, 11),
    (64, 33),
    (160, 99),
    (4, 3),
    (3, 2),
    (2, 1),
];

/// `aspect_ratio_idc` of a ratio that is written out.
const EXTENDED: usize = 255;

/// Reads all of `vui_parameters()`, behind the flag that says it is there. The sample aspect ratio, when it is given and not
/// "unspecified", goes to `aspect` as soon as it is read: what is cut short behind it does not take it away.
pub(super) fn read(r: &mut BitReader<'_>, aspect: &mut Option<(u16, u16)>) -> Result<(), BitError> {
    *aspect = read_aspect(r)?;
    read_signal(r)?;
    if r.flag("timing_info_present_flag")? {
        r.bits(32, "num_units_in_tick")?;
        r.bits(32, "time_scale")?;
        r.flag("fixed_frame_rate_flag")?;
    }
    let nal = r.flag("nal_hrd_parameters_present_flag")?;
    if nal {
        read_buffer(r)?;
    }
    let vcl = r.flag("vcl_hrd_parameters_present_flag")?;
    if vcl {
        read_buffer(r)?;
    }
    if nal || vcl {
        r.flag("low_delay_hrd_flag")?;
    }
    r.flag("pic_struct_present_flag")?;
    if r.flag("bitstream_restriction_flag")? {
        r.flag("motion_vectors_over_pic_boundaries_flag")?;
        r.ue("max_bytes_per_pic_denom")?;
        r.ue("max_bits_per_mb_denom")?;
        r.ue("log2_max_mv_length_horizontal")?;
        r.ue("log2_max_mv_length_vertical")?;
        r.ue("max_num_reorder_frames")?;
        r.ue("max_dec_frame_buffering")?;
    }
    Ok(())
}

/// Its beginning, which H.265 has too (clause E.2.1 there).
pub(in crate::track::codec) fn read_aspect(r: &mut BitReader<'_>) -> Result<Option<(u16, u16)>, BitError> {
    if !r.flag("aspect_ratio_info_present_flag")? {
        return Ok(None);
    }
    let idc = usize::from(low(r.bits(8, "aspect_ratio_idc")?));
    if idc == EXTENDED {
        let width = u16::try_from(r.bits(16, "sar_width")?).unwrap_or(0);
        let height = u16::try_from(r.bits(16, "sar_height")?).unwrap_or(0);
        return Ok((width > 0 && height > 0).then_some((width, height)));
    }
    Ok(idc.checked_sub(1).and_then(|index| RATIOS.get(index)).copied())
}

/// Overscan, colours, place of the chroma samples: as in H.265.
pub(in crate::track::codec) fn read_signal(r: &mut BitReader<'_>) -> Result<(), BitError> {
    if r.flag("overscan_info_present_flag")? {
        r.flag("overscan_appropriate_flag")?;
    }
    if r.flag("video_signal_type_present_flag")? {
        r.bits(3, "video_format")?;
        r.flag("video_full_range_flag")?;
        if r.flag("colour_description_present_flag")? {
            r.bits(8, "colour_primaries")?;
            r.bits(8, "transfer_characteristics")?;
            r.bits(8, "matrix_coefficients")?;
        }
    }
    if r.flag("chroma_loc_info_present_flag")? {
        r.ue("chroma_sample_loc_type_top_field")?;
        r.ue("chroma_sample_loc_type_bottom_field")?;
    }
    Ok(())
}

/// `hrd_parameters()` (clause E.1.2).
fn read_buffer(r: &mut BitReader<'_>) -> Result<(), BitError> {
    let last = r.ue_max(31, "cpb_cnt_minus1")?;
    r.bits(4, "bit_rate_scale")?;
    r.bits(4, "cpb_size_scale")?;
    for _ in 0..=last {
        r.ue("bit_rate_value_minus1")?;
        r.ue("cpb_size_value_minus1")?;
        r.flag("cbr_flag")?;
    }
    r.bits(5, "initial_cpb_removal_delay_length_minus1")?;
    r.bits(5, "cpb_removal_delay_length_minus1")?;
    r.bits(5, "dpb_output_delay_length_minus1")?;
    r.bits(5, "time_offset_length")?;
    Ok(())
}
