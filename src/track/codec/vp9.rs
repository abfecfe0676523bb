//! VP9 (VP9 Bitstream & Decoding Process Specification): the frames of a sample, and where their uncompressed headers end.

use crate::bytes::units::len_u64;
use crate::bytes::{Error, Result};

use super::fields::Fields;

/// Kept frames.
const COUNT: usize = 8;

/// Widths of the kept frames, which decide how their tiles are told; those before the beginning are not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    widths: [Option<u32>; COUNT],
}

fn bad(message: impl Into<String>) -> Error {
    Error::file("bad-vp9", message)
}

/// Says of each frame of a sample where it begins, and its bytes. `marker` is the last byte of the sample, where it can be
/// read. Nothing is allocated, for it is asked of every sample.
pub fn frames(
    sample: &[u8],
    marker: Option<u8>,
    found: &mut dyn FnMut(usize, usize) -> Result<()>,
) -> Result<()> {
    // A superframe (annex B) ends with an index: a marker, sizes, and the marker again.
    let Some(marker) = marker.filter(|marker| marker >> 5 == 0b110) else {
        return if sample.is_empty() { Ok(()) } else { found(0, sample.len()) };
    };
    let (count, size_len) = (usize::from(marker & 7) + 1, usize::from(marker >> 3 & 3) + 1);
    let index = sample.len().checked_sub(2 + count * size_len);
    let index = index
        .filter(|index| sample.get(*index) == Some(&marker))
        .ok_or_else(|| bad("A sample ends as with an index of frames, but the index does not begin so."))?;
    let sizes = sample.get(index + 1..).unwrap_or_default();
    let mut at = 0;
    for size in sizes.chunks_exact(size_len).take(count) {
        let size = size.iter().rev().fold(0, |size, byte| size << 8 | usize::from(*byte));
        if size > index - at {
            return Err(bad(format!(
                "A frame of {size} bytes is said to be in the last {} in front of the index.",
                index - at
            )));
        }
        // A layer that was left out has no bytes.
        if size > 0 {
            found(at, size)?;
        }
        at += size;
    }
    if at == index {
        return Ok(());
    }
    Err(bad(format!("The frames of a sample have {at} bytes, but their index begins at byte {index}.")))
}

/// What kind a frame is, by the first byte of its uncompressed header (6.2); empty where that does not tell.
pub fn frame_kind(first: u8) -> &'static str {
    let f = &mut Fields::new(core::slice::from_ref(&first));
    f.bits(2);
    let profile = f.bits(1) | f.bits(1) << 1;
    if profile == 3 {
        f.bits(1);
    }
    match (f.flag(), f.flag()) {
        _ if f.check().is_err() => "",
        (true, _) => "shows a frame from before",
        (_, false) => "key frame",
        _ => "inter frame",
    }
}

impl State {
    /// Says of each frame of the next sample where what follows its uncompressed header begins and ends.
    pub fn each_frame(
        &mut self,
        sample: &[u8],
        found: &mut dyn FnMut(usize, usize) -> Result<()>,
    ) -> Result<()> {
        frames(sample, sample.last().copied(), &mut |start, len| {
            let frame = sample.get(start..start + len).unwrap_or_default();
            self.frame(frame, start, found)
        })
    }

    /// One frame, which begins `start` bytes into its sample.
    fn frame(
        &mut self,
        frame: &[u8],
        start: usize,
        found: &mut dyn FnMut(usize, usize) -> Result<()>,
    ) -> Result<()> {
        let in_sample = |error: Error| error.at(len_u64(start));
        let mut header = Header { f: Fields::new(frame), widths: &mut self.widths, is_unknown: false };
        let compressed = header.walk().map_err(in_sample)?;
        let is_unknown = header.is_unknown;
        if is_unknown {
            let message = "Where a frame's header ends depends on frames before its fragment. Write the file again with \
                           fragments that begin at key frames: ffmpeg -i input.mp4 -map 0 -c copy -movflags \
                           +frag_keyframe+empty_moov+default_base_moof output.mp4";
            return Err(in_sample(Error::unsupported("picture-before-fragment", message)));
        }
        header.f.check().map_err(|error| in_sample(error.into_error("bad-vp9", "A VP9 frame header")))?;
        let is_aligned = header.f.rest() == 0;
        let len = header.f.consumed();
        let Some(compressed) = compressed else { return Ok(()) };
        if compressed == 0 || len + compressed > frame.len() || !is_aligned {
            let message = format!(
                "A VP9 frame header of {len} bytes is said to be followed by a compressed one of {compressed}, in a frame of {}.",
                frame.len()
            );
            return Err(in_sample(bad(message)));
        }
        found(start + len, start + frame.len())
    }
}

/// An uncompressed header being read (6.2).
struct Header<'s, 'b> {
    f: Fields<'b>,
    widths: &'s mut [Option<u32>; COUNT],
    /// Whether a frame was asked for that is not known.
    is_unknown: bool,
}

impl Header<'_, '_> {
    /// The bytes of the compressed header behind it; `None` where an earlier frame is shown.
    fn walk(&mut self) -> Result<Option<usize>> {
        const MARKER: u32 = 2;
        let f = &mut self.f;
        if f.bits(2) != MARKER {
            return Err(bad("A frame does not begin as VP9 does."));
        }
        let profile = f.bits(1) | f.bits(1) << 1;
        if profile == 3 && f.flag() {
            return Err(bad("A frame is of a profile of VP9 that does not exist."));
        }
        // show_existing_frame
        if f.flag() {
            f.bits(3);
            return Ok(None);
        }
        let is_key = !f.flag(); // frame_type
        let is_shown = f.flag();
        let is_resilient = f.flag();
        let (refresh, width);
        if is_key {
            sync_code(f)?;
            color_config(f, profile)?;
            (refresh, width) = (0xff, self.frame_and_render_size());
        } else {
            let is_intra = !is_shown && f.flag();
            if !is_resilient {
                f.bits(2); // reset_frame_context
            }
            if is_intra {
                sync_code(f)?;
                if profile > 0 {
                    color_config(f, profile)?;
                }
            }
            refresh = f.bits(8);
            if is_intra {
                width = self.frame_and_render_size();
            } else {
                // ref_frame_idx, ref_frame_sign_bias
                let refs = [(); 3].map(|()| (f.index(3), f.flag()));
                width = self.size_with_refs(refs.map(|(index, _)| index));
                let f = &mut self.f;
                f.flag(); // allow_high_precision_mv
                // is_filter_switchable, raw_interpolation_filter
                if !f.flag() {
                    f.bits(2);
                }
            }
        }
        let f = &mut self.f;
        if !is_resilient {
            f.bits(2); // refresh_frame_context, frame_parallel_decoding_mode
        }
        f.bits(2); // frame_context_idx
        loop_filter_and_quantization(f);
        segmentation(f);
        tile_info(f, width);
        let compressed = f.index(16); // header_size_in_bytes
        for (slot, number) in self.widths.iter_mut().zip(0..) {
            if refresh >> number & 1 == 1 {
                *slot = Some(width);
            }
        }
        Ok(Some(compressed))
    }

    /// `frame_size()` and `render_size()` (6.2.3, 6.2.4): the width.
    fn frame_and_render_size(&mut self) -> u32 {
        let width = self.f.bits(16) + 1;
        self.f.bits(16); // frame_height_minus_1
        self.f.optional(32); // render_width_minus_1, render_height_minus_1
        width
    }

    /// `frame_size_with_refs()` (6.2.5).
    fn size_with_refs(&mut self, refs: [usize; 3]) -> u32 {
        // found_ref
        let Some(found) = refs.into_iter().find(|_| self.f.flag()) else {
            return self.frame_and_render_size();
        };
        self.f.optional(32);
        let width = self.widths.get(found).copied().flatten();
        self.is_unknown |= width.is_none();
        width.unwrap_or(1)
    }
}

fn sync_code(f: &mut Fields<'_>) -> Result<()> {
    if f.bits(24) == 0x0049_8342 { Ok(()) } else { Err(bad("A VP9 frame has no sync code.")) }
}

/// `color_config()` (6.2.2).
fn color_config(f: &mut Fields<'_>, profile: u32) -> Result<()> {
    const RGB: u32 = 7;
    if profile >= 2 {
        f.flag(); // ten_or_twelve_bit
    }
    let is_rgb = f.bits(3) == RGB;
    if !is_rgb {
        f.flag(); // color_range
    }
    if profile & 1 == 0 {
        return if is_rgb {
            Err(bad("A frame has colours that its profile of VP9 has not."))
        } else {
            Ok(())
        };
    }
    // subsampling_x, subsampling_y, reserved_zero
    f.bits(if is_rgb { 1 } else { 3 });
    Ok(())
}

/// `loop_filter_params()` and `quantization_params()` (6.2.8, 6.2.9).
fn loop_filter_and_quantization(f: &mut Fields<'_>) {
    f.bits(9); // loop_filter_level, loop_filter_sharpness
    // loop_filter_delta_enabled, loop_filter_delta_update
    if f.flag() && f.flag() {
        for _ in 0..4 + 2 {
            f.optional(7);
        }
    }
    f.bits(8); // base_q_idx
    for _ in 0..3 {
        f.optional(5);
    }
}

/// `segmentation_params()` (6.2.11).
fn segmentation(f: &mut Fields<'_>) {
    // Bits of each feature, signs included.
    const FEATURES: [u32; 4] = [9, 7, 2, 0];
    // segmentation_enabled
    if !f.flag() {
        return;
    }
    // segmentation_update_map
    if f.flag() {
        for _ in 0..7 {
            f.optional(8);
        }
        // segmentation_temporal_update
        if f.flag() {
            for _ in 0..3 {
                f.optional(8);
            }
        }
    }
    // segmentation_update_data
    if f.flag() {
        f.flag(); // segmentation_abs_or_delta_update
        for _ in 0..8 {
            for bits in FEATURES {
                f.optional(bits);
            }
        }
    }
}

/// `tile_info()` (6.2.13): tiles are 4 to 64 superblocks of 64 samples wide.
fn tile_info(f: &mut Fields<'_>, width: u32) {
    let blocks = width.div_ceil(64);
    let least = blocks.div_ceil(64).next_power_of_two().trailing_zeros();
    let most = (blocks / 4).max(1).ilog2();
    let mut log2 = least;
    // increment_tile_cols_log2
    while log2 < most && f.flag() {
        log2 += 1;
    }
    f.optional(1); // tile_rows_log2, increment_tile_rows_log2
}
