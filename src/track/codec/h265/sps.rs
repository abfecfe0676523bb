//! The sequence parameter set (clause 7.3.2.2), up to the last field that slice segment headers depend on.

use crate::bytes::bits::BitReader;
use crate::bytes::{Error, Result};

use super::{Bits, RefPicSet, read_unit_header, skip_scaling_lists, vui};

/// Profiles of screen content coding (clause A.3.7), which change slice segment headers.
const SCREEN_CONTENT: [u32; 2] = [9, 11];

/// What decoders are told before the first sample, as configuration records repeat it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct General {
    /// `sps_max_sub_layers_minus1` + 1.
    pub sub_layers: u8,
    /// `sps_temporal_id_nesting_flag`.
    pub is_nested: bool,
    /// `general_profile_space`, `general_tier_flag` and `general_profile_idc`.
    pub profile: u8,
    /// `general_profile_compatibility_flag`, all of them.
    pub compatibility: [u8; 4],
    /// The flags behind, up to the level.
    pub constraints: [u8; 6],
    /// `general_level_idc`.
    pub level: u8,
    /// `chroma_format_idc`.
    pub chroma_format: u8,
    /// Luma bits per sample.
    pub bit_depth_luma: u8,
    /// Chroma bits per sample.
    pub bit_depth_chroma: u8,
}

/// A sequence parameter set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sps {
    /// `sps_seq_parameter_set_id`, 0 to 15.
    pub id: u8,
    /// Whether it is of a profile for screen content.
    pub is_screen_content: bool,
    /// `separate_colour_plane_flag`.
    pub separate_colour_plane: bool,
    /// `ChromaArrayType`.
    pub chroma_array_type: u32,
    /// `PicSizeInCtbsY`: coding tree blocks of a picture.
    pub blocks: u32,
    /// `log2_max_pic_order_cnt_lsb_minus4` + 4.
    pub pic_order_bits: u32,
    /// `sample_adaptive_offset_enabled_flag`.
    pub sample_adaptive_offset: bool,
    /// Short-term reference picture sets.
    pub ref_pic_sets: Vec<RefPicSet>,
    /// Long-term reference pictures, whether each is used; `None` where slices have none.
    pub long_term: Option<Vec<bool>>,
    /// `sps_temporal_mvp_enabled_flag`.
    pub temporal_mvp: bool,
    /// What configuration records repeat.
    pub general: General,
}

const CONSTRAINTS: [&str; 4] = [
    "general_progressive_source_flag",
    "general_interlaced_source_flag",
    "general_non_packed_constraint_flag",
    "general_frame_only_constraint_flag",
];

/// Wider or higher than any level allows.
const MAX_SIZE: u32 = 1 << 16;

impl Sps {
    /// Parses a whole NAL unit, its header included.
    pub fn parse(nal: &[u8]) -> Result<Self> {
        let mut r = BitReader::nal(nal);
        let sps = Self::read(&mut r).map_err(|e| e.into_error("bad-sps", "The sequence parameter set"))?;
        sps.ok_or_else(|| Error::file("bad-sps", "The sequence parameter set has a picture of no size."))
    }

    pub(super) fn read(r: &mut BitReader<'_>) -> Bits<Option<Self>> {
        read_unit_header(r)?;
        r.bits(4, "sps_video_parameter_set_id")?;
        let sub_layers = r.bits(3, "sps_max_sub_layers_minus1")?;
        let mut general = General {
            sub_layers: low(sub_layers + 1),
            is_nested: r.flag("sps_temporal_id_nesting_flag")?,
            ..General::default()
        };
        let profile = read_profile_tier_level(r, sub_layers, &mut general)?;
        let id = low(r.ue_max(15, "sps_seq_parameter_set_id")?);
        let chroma = r.ue_max(3, "chroma_format_idc")?;
        let separate_colour_plane = chroma == 3 && r.flag("separate_colour_plane_flag")?;
        let width = r.ue_max(MAX_SIZE, "pic_width_in_luma_samples")?;
        let height = r.ue_max(MAX_SIZE, "pic_height_in_luma_samples")?;
        if r.flag("conformance_window_flag")? {
            r.ue("conf_win_left_offset")?;
            r.ue("conf_win_right_offset")?;
            r.ue("conf_win_top_offset")?;
            r.ue("conf_win_bottom_offset")?;
        }
        general.chroma_format = low(chroma);
        general.bit_depth_luma = low(r.ue_max(8, "bit_depth_luma_minus8")? + 8);
        general.bit_depth_chroma = low(r.ue_max(8, "bit_depth_chroma_minus8")? + 8);
        let pic_order_bits = r.ue_max(12, "log2_max_pic_order_cnt_lsb_minus4")? + 4;
        let ordering = [
            "sps_sub_layer_ordering_info_present_flag",
            "sps_max_dec_pic_buffering_minus1",
            "sps_max_num_reorder_pics",
            "sps_max_latency_increase_plus1",
        ];
        read_ordering(r, sub_layers, ordering)?;
        let smallest = r.ue_max(3, "log2_min_luma_coding_block_size_minus3")? + 3;
        let block_bits = smallest + r.ue_max(3, "log2_diff_max_min_luma_coding_block_size")?;
        r.ue("log2_min_luma_transform_block_size_minus2")?;
        r.ue("log2_diff_max_min_luma_transform_block_size")?;
        r.ue("max_transform_hierarchy_depth_inter")?;
        r.ue("max_transform_hierarchy_depth_intra")?;
        if r.flag("scaling_list_enabled_flag")? && r.flag("sps_scaling_list_data_present_flag")? {
            skip_scaling_lists(r)?;
        }
        r.flag("amp_enabled_flag")?;
        let sample_adaptive_offset = r.flag("sample_adaptive_offset_enabled_flag")?;
        if r.flag("pcm_enabled_flag")? {
            r.bits(4, "pcm_sample_bit_depth_luma_minus1")?;
            r.bits(4, "pcm_sample_bit_depth_chroma_minus1")?;
            r.ue("log2_min_pcm_luma_coding_block_size_minus3")?;
            r.ue("log2_diff_max_min_pcm_luma_coding_block_size")?;
            r.flag("pcm_loop_filter_disabled_flag")?;
        }
        let mut ref_pic_sets = Vec::new();
        for index in 0..r.ue_max(64, "num_short_term_ref_pic_sets")? {
            let index = usize::try_from(index).unwrap_or(usize::MAX);
            ref_pic_sets.push(RefPicSet::read(r, index, &ref_pic_sets, false)?);
        }
        let mut long_term = None;
        if r.flag("long_term_ref_pics_present_flag")? {
            let mut used = Vec::new();
            for _ in 0..r.ue_max(32, "num_long_term_ref_pics_sps")? {
                r.bits(pic_order_bits, "lt_ref_pic_poc_lsb_sps")?;
                used.push(r.flag("used_by_curr_pic_lt_sps_flag")?);
            }
            long_term = Some(used);
        }
        let temporal_mvp = r.flag("sps_temporal_mvp_enabled_flag")?;
        // Nothing behind decides about protection, so a set cut short here is still good.
        let _ = read_end(r, sub_layers);
        let across = |size: u32| size.div_ceil(1 << block_bits);
        let blocks = across(width) * across(height);
        Ok((blocks > 0).then_some(Self {
            id,
            is_screen_content: SCREEN_CONTENT.contains(&profile),
            separate_colour_plane,
            chroma_array_type: if separate_colour_plane { 0 } else { chroma },
            blocks,
            pic_order_bits,
            sample_adaptive_offset,
            ref_pic_sets,
            long_term,
            temporal_mvp,
            general,
        }))
    }
}

/// How many pictures are held back, for each sublayer or for all.
pub(super) fn read_ordering(
    r: &mut BitReader<'_>,
    sub_layers: u32,
    [present, names @ ..]: [&'static str; 4],
) -> Bits<()> {
    let first = if r.flag(present)? { 0 } else { sub_layers };
    for _ in first..=sub_layers {
        for name in names {
            r.ue(name)?;
        }
    }
    Ok(())
}

/// What stands behind all that slice segment headers depend on.
fn read_end(r: &mut BitReader<'_>, sub_layers: u32) -> Bits<()> {
    r.flag("strong_intra_smoothing_enabled_flag")?;
    if r.flag("vui_parameters_present_flag")? {
        vui::read(r, sub_layers)?;
    }
    r.flag("sps_extension_present_flag")?;
    Ok(())
}

/// `general_profile_idc` of `profile_tier_level( )` (clause 7.3.3).
pub(super) fn read_profile_tier_level(
    r: &mut BitReader<'_>,
    sub_layers: u32,
    general: &mut General,
) -> Bits<u32> {
    let space = r.bits(2, "general_profile_space")?;
    let tier = r.bits(1, "general_tier_flag")?;
    let profile = r.bits(5, "general_profile_idc")?;
    general.profile = low(space << 6 | tier << 5 | profile);
    general.compatibility = r.bits(32, "general_profile_compatibility_flag")?.to_be_bytes();
    let [first, others @ ..] = &mut general.constraints;
    for name in CONSTRAINTS {
        *first = *first << 1 | u8::from(r.flag(name)?);
    }
    *first = *first << 4 | low(r.bits(4, "more general constraint flags")?);
    for byte in others {
        *byte = low(r.bits(8, "more general constraint flags")?);
    }
    general.level = low(r.bits(8, "general_level_idc")?);
    let mut present = Vec::new();
    for _ in 0..sub_layers {
        let profile = r.flag("sub_layer_profile_present_flag")?;
        present.push((profile, r.flag("sub_layer_level_present_flag")?));
    }
    if sub_layers > 0 {
        for _ in sub_layers..8 {
            r.bits(2, "reserved_zero_2bits")?;
        }
    }
    for (profile, level) in present {
        if profile {
            r.bits(88, "sub_layer_profile")?;
        }
        if level {
            r.bits(8, "sub_layer_level_idc")?;
        }
    }
    Ok(profile)
}

/// A value that was checked to fit.
pub(super) fn low(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}
