//! The sequence header (AV1 5.5): what frame headers go by, and the colours.

use crate::bytes::bits::BitError;

use super::super::fields::Fields;

/// Primaries, transfer and matrix of ISO/IEC 23091-2, and whether the range is full.
pub type Colour = ([u16; 3], bool);

/// What is chosen for all pictures, or for each by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// For all.
    Always(bool),
    /// Each frame header says so.
    Each,
}

impl Choice {
    /// What it is for one picture.
    pub fn read(self, f: &mut Fields<'_>) -> bool {
        match self {
            Self::Always(choice) => choice,
            Self::Each => f.flag(),
        }
    }
}

/// Operating points at most.
const MAX_POINTS: usize = 32;

/// A sequence header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequenceHeader {
    /// The colours.
    pub colour: Colour,
    /// `reduced_still_picture_header`.
    pub is_reduced: bool,
    /// Bits of `frame_presentation_time`, where frame headers have it; else 0.
    pub presentation_bits: u32,
    /// Bits of `buffer_removal_time`, where there is a decoder model.
    pub removal_bits: Option<u32>,
    /// `operating_point_idc` of those operating points that have a decoder model, and how many they are.
    pub points: ([u16; MAX_POINTS], usize),
    /// Bits of a width and a height.
    pub size_bits: [u32; 2],
    /// Largest width and height.
    pub max_size: [u32; 2],
    /// Bits of a frame ID and of the difference to one; 0 where there are none.
    pub id_bits: [u32; 2],
    /// `use_128x128_superblock`.
    pub large_blocks: bool,
    /// `enable_warped_motion`.
    pub warped_motion: bool,
    /// `OrderHintBits`; 0 without `enable_order_hint`.
    pub order_bits: u32,
    /// `enable_ref_frame_mvs`.
    pub ref_motion: bool,
    /// `seq_force_screen_content_tools`.
    pub screen_content: Choice,
    /// `seq_force_integer_mv`.
    pub integer_motion: Choice,
    /// `enable_superres`.
    pub superres: bool,
    /// `enable_cdef`.
    pub cdef: bool,
    /// `enable_restoration`.
    pub restoration: bool,
    /// `mono_chrome`.
    pub is_mono: bool,
    /// `subsampling_x` and `subsampling_y`.
    pub subsampling: [bool; 2],
    /// `separate_uv_delta_q`.
    pub separate_chroma: bool,
    /// `film_grain_params_present`.
    pub film_grain: bool,
}

impl SequenceHeader {
    /// From the payload of its OBU.
    pub fn parse(payload: &[u8]) -> Result<Self, BitError> {
        Self::read(&mut Fields::new(payload))
    }

    pub(super) fn read(f: &mut Fields<'_>) -> Result<Self, BitError> {
        let profile = f.named("seq_profile").bits(3);
        f.named("still_picture").flag();
        let is_reduced = f.named("reduced_still_picture_header").flag();
        let mut sequence = Self {
            colour: Colour::default(),
            is_reduced,
            presentation_bits: 0,
            removal_bits: None,
            points: ([0; MAX_POINTS], 0),
            size_bits: [0; 2],
            max_size: [0; 2],
            id_bits: [0; 2],
            large_blocks: false,
            warped_motion: false,
            order_bits: 0,
            ref_motion: false,
            screen_content: Choice::Each,
            integer_motion: Choice::Each,
            superres: false,
            cdef: false,
            restoration: false,
            is_mono: false,
            subsampling: [true; 2],
            separate_chroma: false,
            film_grain: false,
        };
        if is_reduced {
            f.named("seq_level_idx").bits(5);
        } else {
            sequence.operating_points(f);
        }
        let sizes = ["frame_width_bits_minus_1", "frame_height_bits_minus_1"];
        sequence.size_bits = sizes.map(|name| f.named(name).bits(4) + 1);
        let [width_bits, height_bits] = sequence.size_bits;
        sequence.max_size = [
            f.named("max_frame_width_minus_1").bits(width_bits) + 1,
            f.named("max_frame_height_minus_1").bits(height_bits) + 1,
        ];
        if !is_reduced && f.named("frame_id_numbers_present_flag").flag() {
            let delta = f.named("delta_frame_id_length_minus_2").bits(4) + 2;
            let more = f.named("additional_frame_id_length_minus_1").bits(3) + 1;
            sequence.id_bits = [more + delta, delta];
        }
        sequence.large_blocks = f.named("use_128x128_superblock").flag();
        f.named("enable_filter_intra").flag();
        f.named("enable_intra_edge_filter").flag();
        if !is_reduced {
            sequence.tools(f);
        }
        sequence.superres = f.named("enable_superres").flag();
        sequence.cdef = f.named("enable_cdef").flag();
        sequence.restoration = f.named("enable_restoration").flag();
        sequence.color_config(f, profile);
        sequence.film_grain = f.named("film_grain_params_present").flag();
        f.check().map(|()| sequence)
    }

    fn operating_points(&mut self, f: &mut Fields<'_>) {
        let mut delay_bits = None;
        if f.named("timing_info_present_flag").flag() {
            f.named("num_units_in_display_tick").bits(32);
            f.named("time_scale").bits(32);
            let equal_intervals = f.named("equal_picture_interval").flag();
            if equal_intervals {
                f.named("num_ticks_per_picture_minus_1").code();
            }
            if f.named("decoder_model_info_present_flag").flag() {
                delay_bits = Some(f.named("buffer_delay_length_minus_1").bits(5) + 1);
                f.named("num_units_in_decoding_tick").bits(32);
                self.removal_bits = Some(f.named("buffer_removal_time_length_minus_1").bits(5) + 1);
                let presentation_bits = f.named("frame_presentation_time_length_minus_1").bits(5) + 1;
                self.presentation_bits = if equal_intervals { 0 } else { presentation_bits };
            }
        }
        let has_display_delay = f.named("initial_display_delay_present_flag").flag();
        for _ in 0..=f.named("operating_points_cnt_minus_1").bits(5) {
            let layers = u16::try_from(f.named("operating_point_idc").bits(12)).unwrap_or(0);
            if f.named("seq_level_idx").bits(5) > 7 {
                f.named("seq_tier").flag();
            }
            if let Some(delay_bits) = delay_bits
                && f.named("decoder_model_present_for_this_op").flag()
            {
                f.named("decoder_buffer_delay").bits(delay_bits);
                f.named("encoder_buffer_delay").bits(delay_bits);
                f.named("low_delay_mode_flag").flag();
                let (points, count) = &mut self.points;
                if let Some(point) = points.get_mut(*count) {
                    *point = layers;
                    *count += 1;
                }
            }
            if has_display_delay && f.named("initial_display_delay_present_for_this_op").flag() {
                f.named("initial_display_delay_minus_1").bits(4);
            }
        }
    }

    fn tools(&mut self, f: &mut Fields<'_>) {
        f.named("enable_interintra_compound").flag();
        f.named("enable_masked_compound").flag();
        self.warped_motion = f.named("enable_warped_motion").flag();
        f.named("enable_dual_filter").flag();
        let has_order_hint = f.named("enable_order_hint").flag();
        if has_order_hint {
            f.named("enable_jnt_comp").flag();
            self.ref_motion = f.named("enable_ref_frame_mvs").flag();
        }
        let mut choose = |each, always| match f.named(each).flag() {
            true => Choice::Each,
            false => Choice::Always(f.named(always).flag()),
        };
        self.screen_content = choose("seq_choose_screen_content_tools", "seq_force_screen_content_tools");
        if self.screen_content != Choice::Always(false) {
            self.integer_motion = choose("seq_choose_integer_mv", "seq_force_integer_mv");
        }
        if has_order_hint {
            self.order_bits = f.named("order_hint_bits_minus_1").bits(3) + 1;
        }
    }

    fn color_config(&mut self, f: &mut Fields<'_>, profile: u32) {
        const NOT_GIVEN: u16 = 2;
        // Its range is full and it has no subsampling, and neither is said.
        const SRGB: [u16; 3] = [1, 13, 0];
        let is_deep = f.named("high_bitdepth").flag();
        let is_12_bit = is_deep && profile == 2 && f.named("twelve_bit").flag();
        self.is_mono = profile != 1 && f.named("mono_chrome").flag();
        let mut points = [NOT_GIVEN; 3];
        if f.named("color_description_present_flag").flag() {
            let names = ["color_primaries", "transfer_characteristics", "matrix_coefficients"];
            points = names.map(|name| u16::try_from(f.named(name).bits(8)).unwrap_or(NOT_GIVEN));
        }
        if !self.is_mono && points == SRGB {
            self.colour = (points, true);
            self.subsampling = [false; 2];
        } else {
            self.colour = (points, f.named("color_range").flag());
            self.subsampling = match profile {
                _ if self.is_mono => return,
                0 => [true; 2],
                1 => [false; 2],
                _ if is_12_bit => {
                    let horizontal = f.named("subsampling_x").flag();
                    [horizontal, horizontal && f.named("subsampling_y").flag()]
                }
                _ => [true, false],
            };
            if self.subsampling == [true; 2] {
                f.named("chroma_sample_position").bits(2);
            }
        }
        self.separate_chroma = f.named("separate_uv_delta_q").flag();
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;

    #[test]
    fn colours_come_from_sequence_headers() {
        let colour = |obus: &[u8]| State::configured(obus).map(|state| state.colour());
        let of = |hex: &str| colour(&hex::decode(hex).unwrap());
        // Nothing, and a temporal delimiter.
        assert_eq!((of("").unwrap(), of("1200").unwrap()), (None, None));
        // Reduced still picture header: profile 0, level 0, 4 bits of width and height, …
        let bits = "000 1 1 00000 0011 0011 1111 1111 000 000 0 0 1 00001001 00010000 00001001 1 00 0 0";
        let made = obu(bits);
        assert_eq!(colour(&made).unwrap(), Some(([9, 16, 9], true)));
        // The same without a description, and as sRGB in profile 1, where the range is not said.
        assert_eq!(
            colour(&obu("000 1 1 00000 0011 0011 1111 1111 000 000 0 0 0 0 00 0 0")).unwrap(),
            Some(([2; 3], false))
        );
        let srgb = obu("001 1 1 00000 0011 0011 1111 1111 000 000 0 1 00000001 00001101 00000000 0 0");
        assert_eq!(colour(&srgb).unwrap(), Some(([1, 13, 0], true)));
        // All that may stand before: timing, a decoder model, two operating points, frame IDs, tools, 12 bits.
        let time = "1 00000000000000000000000000000001 00000000000000000000000000011001 1 1";
        let model = "1 00011 00000000000000000000000000000001 00000 00000";
        let points = "1 00001 000000000000 01000 1 1 1111 1111 0 1 0101 000000000000 00111 0 0";
        let frame = "0011 0011 1111 1111 1 0000 000 000";
        let tools = "0000 1 11 0 1 0 1 111 000";
        let all = format!(
            "010 0 0 {time} {model} {points} {frame} {tools} 1 1 0 1 00001001 00010010 00001001 0 1 1 00 0 1"
        );
        assert_eq!(colour(&obu(&all)).unwrap(), Some(([9, 18, 9], false)));
        // Cut short anywhere in front of its end it is damaged, and says so.
        let whole = obu(&all);
        for len in 1..whole.len() {
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
