//! The sequence header of AV1, as far as its colours (AV1 Bitstream & Decoding Process Specification 5.5).

use crate::bytes::bits::{BitError, BitReader};

/// `obu_type` of a sequence header.
const SEQUENCE_HEADER: u32 = 1;

/// Primaries, transfer and matrix of ISO/IEC 23091-2, and whether the range is full.
pub type Colour = ([u16; 3], bool);

/// What the sequence header says that `obus`, those of `av1C`, begin with; nothing where there is none.
pub fn colour(obus: &[u8]) -> Result<Option<Colour>, BitError> {
    let mut r = BitReader::plain(obus);
    if obus.is_empty() {
        return Ok(None);
    }
    r.flag("obu_forbidden_bit")?;
    if r.bits(4, "obu_type")? != SEQUENCE_HEADER {
        return Ok(None);
    }
    let has_extension = r.flag("obu_extension_flag")?;
    let has_size = r.flag("obu_has_size_field")?;
    r.flag("obu_reserved_1bit")?;
    if has_extension {
        r.bits(8, "obu_extension_header")?;
    }
    // Its length is not needed: what comes behind is not read.
    while has_size && r.flag("obu_size")? {
        r.bits(7, "obu_size")?;
    }
    if has_size {
        r.bits(7, "obu_size")?;
    }
    sequence_header(&mut r).map(Some)
}

fn sequence_header(r: &mut BitReader<'_>) -> Result<Colour, BitError> {
    let profile = r.bits(3, "seq_profile")?;
    r.flag("still_picture")?;
    let is_reduced = r.flag("reduced_still_picture_header")?;
    if is_reduced {
        r.bits(5, "seq_level_idx")?;
    } else {
        operating_points(r)?;
    }
    let width_bits = r.bits(4, "frame_width_bits_minus_1")? + 1;
    let height_bits = r.bits(4, "frame_height_bits_minus_1")? + 1;
    r.bits(width_bits, "max_frame_width_minus_1")?;
    r.bits(height_bits, "max_frame_height_minus_1")?;
    if !is_reduced && r.flag("frame_id_numbers_present_flag")? {
        r.bits(7, "lengths of frame IDs")?;
    }
    r.bits(3, "use_128x128_superblock to enable_intra_edge_filter")?;
    if !is_reduced {
        tools(r)?;
    }
    r.bits(3, "enable_superres to enable_restoration")?;
    color_config(r, profile)
}

fn operating_points(r: &mut BitReader<'_>) -> Result<(), BitError> {
    let mut delay_bits = None;
    if r.flag("timing_info_present_flag")? {
        r.bits(32, "num_units_in_display_tick")?;
        r.bits(32, "time_scale")?;
        if r.flag("equal_picture_interval")? {
            r.ue("num_ticks_per_picture_minus_1")?;
        }
        if r.flag("decoder_model_info_present_flag")? {
            delay_bits = Some(r.bits(5, "buffer_delay_length_minus_1")? + 1);
            r.bits(32, "num_units_in_decoding_tick")?;
            r.bits(10, "lengths of removal and presentation times")?;
        }
    }
    let has_display_delay = r.flag("initial_display_delay_present_flag")?;
    for _ in 0..=r.bits(5, "operating_points_cnt_minus_1")? {
        r.bits(12, "operating_point_idc")?;
        if r.bits(5, "seq_level_idx")? > 7 {
            r.flag("seq_tier")?;
        }
        if let Some(delay_bits) = delay_bits
            && r.flag("decoder_model_present_for_this_op")?
        {
            r.bits(delay_bits, "decoder_buffer_delay")?;
            r.bits(delay_bits, "encoder_buffer_delay")?;
            r.flag("low_delay_mode_flag")?;
        }
        if has_display_delay && r.flag("initial_display_delay_present_for_this_op")? {
            r.bits(4, "initial_display_delay_minus_1")?;
        }
    }
    Ok(())
}

fn tools(r: &mut BitReader<'_>) -> Result<(), BitError> {
    r.bits(4, "enable_interintra_compound to enable_dual_filter")?;
    let has_order_hint = r.flag("enable_order_hint")?;
    if has_order_hint {
        r.bits(2, "enable_jnt_comp and enable_ref_frame_mvs")?;
    }
    // Chosen anew for each picture, or forced on or off for all.
    let has_screen_tools =
        r.flag("seq_choose_screen_content_tools")? || r.flag("seq_force_screen_content_tools")?;
    if has_screen_tools && !r.flag("seq_choose_integer_mv")? {
        r.flag("seq_force_integer_mv")?;
    }
    if has_order_hint {
        r.bits(3, "order_hint_bits_minus_1")?;
    }
    Ok(())
}

fn color_config(r: &mut BitReader<'_>, profile: u32) -> Result<Colour, BitError> {
    const NOT_GIVEN: u32 = 2;
    // sRGB, whose range is full and not said.
    const SRGB: [u32; 3] = [1, 13, 0];
    if r.flag("high_bitdepth")? && profile == 2 {
        r.flag("twelve_bit")?;
    }
    let is_mono = profile != 1 && r.flag("mono_chrome")?;
    let mut points = [NOT_GIVEN; 3];
    if r.flag("color_description_present_flag")? {
        for point in &mut points {
            *point = r.bits(8, "colour description")?;
        }
    }
    let full = !is_mono && points == SRGB || r.flag("color_range")?;
    Ok((points.map(|point| u16::try_from(point).unwrap_or(0)), full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_come_from_sequence_headers() {
        let of = |hex: &str| colour(&hex::decode(hex).unwrap());
        // Nothing, and a temporal delimiter.
        assert_eq!((of("").unwrap(), of("1200").unwrap()), (None, None));
        // Reduced still picture header: profile 0, level 0, 4 bits of width and height, …
        let bits = "000 1 1 00000 0011 0011 1111 1111 000 000 0 0 1 00001001 00010000 00001001 1";
        let made = obu(bits);
        assert_eq!(colour(&made).unwrap(), Some(([9, 16, 9], true)));
        // The same without a description, and as sRGB in profile 1, where the range is not said.
        assert_eq!(
            colour(&obu("000 1 1 00000 0011 0011 1111 1111 000 000 0 0 0 0")).unwrap(),
            Some(([2; 3], false))
        );
        let srgb = obu("001 1 1 00000 0011 0011 1111 1111 000 000 0 1 00000001 00001101 00000000");
        assert_eq!(colour(&srgb).unwrap(), Some(([1, 13, 0], true)));
        // All that may stand before: timing, a decoder model, two operating points, frame IDs, tools, 12 bits.
        let time = "1 00000000000000000000000000000001 00000000000000000000000000011001 1 1";
        let model = "1 00011 00000000000000000000000000000001 00000 00000";
        let points = "1 00001 000000000000 01000 1 1 1111 1111 0 1 0101 000000000000 00111 0 0";
        let frame = "0011 0011 1111 1111 1 0000 000 000";
        let tools = "0000 1 11 0 1 0 1 111 000";
        let all =
            format!("010 0 0 {time} {model} {points} {frame} {tools} 1 1 0 1 00001001 00010010 00001001 0");
        assert_eq!(colour(&obu(&all)).unwrap(), Some(([9, 18, 9], false)));
        // Cut short anywhere in front of its end it is damaged, and says so.
        let whole = obu(&all);
        for len in 1..whole.len() - 1 {
            assert!(colour(&whole[..len]).is_err(), "{len}");
        }
    }

    /// A sequence header with a size in two bytes.
    fn obu(bits: &str) -> Vec<u8> {
        let bits: String = bits.chars().filter(|bit| *bit != ' ').collect();
        let bytes = bits.as_bytes().chunks(8);
        let bytes = bytes.map(|byte| {
            let text = std::str::from_utf8(byte).unwrap();
            u8::from_str_radix(&format!("{text:0<8}"), 2).unwrap()
        });
        let mut made = vec![0x0a, 0x80 | u8::try_from(bits.len().div_ceil(8)).unwrap(), 0];
        made.extend(bytes);
        made
    }
}
