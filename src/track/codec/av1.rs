//! The sequence header of AV1, as far as its colours (AV1 Bitstream & Decoding Process Specification 5.5).

use crate::bytes::bits::{BitError, BitReader};

/// `obu_type` of a sequence header.
const SEQUENCE_HEADER: u32 = 1;

/// Primaries, transfer and matrix of ISO/IEC 23091-2, and whether the range is full.
pub type Colour = ([u16; 3], bool);

/// What the sequence header says that `obus`, those of `av1C`, begin with; nothing where there is none.
pub fn colour(obus: &[u8]) -> Result<Option<Colour>, BitError> {
    if obus.is_empty() {
        return Ok(None);
    }
    let mut r = Fields { bits: BitReader::plain(obus), fault: None };
    r.flag(); // obu_forbidden_bit
    if r.bits(4) != SEQUENCE_HEADER {
        return Ok(None);
    }
    let (has_extension, has_size) = (r.flag(), r.flag());
    r.flag(); // obu_reserved_1bit
    if has_extension {
        r.bits(8);
    }
    if has_size {
        // obu_size, which is not needed: what comes behind is not read.
        while r.flag() {
            r.bits(7);
        }
        r.bits(7);
    }
    let colour = r.sequence_header();
    r.fault.map_or(Ok(Some(colour)), Err)
}

/// Fields in a row. Behind the end all are 0, and the first that is missing is the fault.
struct Fields<'b> {
    bits: BitReader<'b>,
    fault: Option<BitError>,
}

impl Fields<'_> {
    const WHAT: &'static str = "fields";

    fn bits(&mut self, n: u32) -> u32 {
        self.bits.bits(n, Self::WHAT).unwrap_or_else(|error| {
            self.fault.get_or_insert(error);
            0
        })
    }

    fn flag(&mut self) -> bool {
        self.bits(1) == 1
    }

    fn sequence_header(&mut self) -> Colour {
        let profile = self.bits(3);
        self.flag(); // still_picture
        let is_reduced = self.flag();
        if is_reduced {
            self.bits(5); // seq_level_idx
        } else {
            self.operating_points();
        }
        let [width_bits, height_bits] = [4, 4].map(|n| self.bits(n) + 1);
        self.bits(width_bits);
        self.bits(height_bits);
        // frame_id_numbers_present_flag
        if !is_reduced && self.flag() {
            self.bits(4 + 3);
        }
        self.bits(3); // use_128x128_superblock to enable_intra_edge_filter
        if !is_reduced {
            self.tools();
        }
        self.bits(3); // enable_superres to enable_restoration
        self.color_config(profile)
    }

    fn operating_points(&mut self) {
        let mut delay_bits = None;
        // timing_info_present_flag
        if self.flag() {
            self.bits(32); // num_units_in_display_tick
            self.bits(32); // time_scale
            // equal_picture_interval; num_ticks_per_picture_minus_1 as in 4.10.3
            if self.flag()
                && let Err(error) = self.bits.ue(Self::WHAT)
            {
                self.fault.get_or_insert(error);
            }
            // decoder_model_info_present_flag
            if self.flag() {
                delay_bits = Some(self.bits(5) + 1);
                self.bits(32); // num_units_in_decoding_tick
                self.bits(5 + 5); // lengths of removal and presentation times
            }
        }
        let has_display_delay = self.flag();
        for _ in 0..=self.bits(5) {
            self.bits(12); // operating_point_idc
            // seq_level_idx; those of the High tier have a flag more
            if self.bits(5) > 7 {
                self.flag();
            }
            if let Some(delay_bits) = delay_bits
                && self.flag()
            {
                self.bits(delay_bits); // decoder_buffer_delay
                self.bits(delay_bits); // encoder_buffer_delay
                self.flag(); // low_delay_mode_flag
            }
            if has_display_delay && self.flag() {
                self.bits(4);
            }
        }
    }

    fn tools(&mut self) {
        self.bits(4); // enable_interintra_compound to enable_dual_filter
        let has_order_hint = self.flag();
        if has_order_hint {
            self.bits(2); // enable_jnt_comp, enable_ref_frame_mvs
        }
        // Screen content tools: chosen for each picture, or forced on or off for all; likewise motion in whole samples.
        if (self.flag() || self.flag()) && !self.flag() {
            self.flag();
        }
        if has_order_hint {
            self.bits(3); // order_hint_bits_minus_1
        }
    }

    fn color_config(&mut self, profile: u32) -> Colour {
        const NOT_GIVEN: u16 = 2;
        // Its range is full, and not said.
        const SRGB: [u16; 3] = [1, 13, 0];
        // high_bitdepth, twelve_bit
        if self.flag() && profile == 2 {
            self.flag();
        }
        let is_mono = profile != 1 && self.flag();
        let mut points = [NOT_GIVEN; 3];
        // color_description_present_flag
        if self.flag() {
            points = [8; 3].map(|n| u16::try_from(self.bits(n)).unwrap_or(NOT_GIVEN));
        }
        let full = !is_mono && points == SRGB || self.flag();
        (points, full)
    }
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
