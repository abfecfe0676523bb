//! The uncompressed header of a frame (AV1 5.9): the whole syntax is walked, little of it is kept.

use crate::bytes::{Error, Result};

use super::super::fields::Fields;
use super::passed;
use super::references::{COUNT, Kept, Picture, SEGMENTS, USED, distance, implied, may_skip};
use super::sequence::SequenceHeader;

/// How a picture is divided (5.9.15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiles {
    /// `NumTiles`.
    pub count: u32,
    /// Bits of a tile's number.
    pub number_bits: u32,
    /// `TileSizeBytes`.
    pub size_len: usize,
}

/// A picture whose tiles are to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// How it is divided.
    pub tiles: Tiles,
    /// The tile that is next.
    pub next_tile: u32,
    /// Whether decoding can begin with it: a key frame that is shown.
    begins: bool,
    /// `refresh_frame_flags`: which kept pictures it takes the place of.
    refresh: u32,
    kept: Kept,
}

impl Frame {
    /// Puts the picture among those kept (7.20).
    pub fn keep(&self, kept: &mut [Kept; COUNT]) {
        for (slot, number) in kept.iter_mut().zip(0..) {
            if self.refresh >> number & 1 == 1 {
                *slot = self.kept;
            }
        }
    }
}

/// `frame_type` (6.8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Key,
    Inter,
    IntraOnly,
    Switch,
}

/// `allFrames`.
const ALL: u32 = 0xff;
/// `PRIMARY_REF_NONE`.
const NONE: usize = 7;
/// `MAX_TILE_COLS` and `MAX_TILE_ROWS`.
const MAX_TILES: u32 = 64;

/// A picture's size.
#[derive(Clone, Copy, Debug)]
struct Size {
    upscaled_width: u32,
    width: u32,
    height: u32,
}

/// A frame header being read.
pub struct Header<'s, 'b> {
    /// What is not read yet.
    pub fields: Fields<'b>,
    sequence: &'s SequenceHeader,
    kept: &'s mut [Kept; COUNT],
    layer: [u32; 2],
    /// Whether a picture was asked for that is not known.
    is_unknown: bool,
}

impl<'s, 'b> Header<'s, 'b> {
    /// At the start of `payload`, the OBU of which is of these layers.
    pub fn new(
        sequence: &'s SequenceHeader,
        kept: &'s mut [Kept; COUNT],
        payload: &'b [u8],
        layer: [u32; 2],
    ) -> Self {
        Self { fields: Fields::new(payload), sequence, kept, layer, is_unknown: false }
    }

    /// The frame; `None` where an earlier one is shown. It may have to be a key frame that is shown.
    pub fn read(&mut self, must_be_key: bool) -> Result<Option<Frame>> {
        let frame = self.walk();
        self.is_unknown |= must_be_key && !frame.as_ref().is_some_and(|frame| frame.begins);
        if self.is_unknown {
            let message = "Where a picture's header ends depends on pictures before its fragment. Write the file again with \
                           fragments that begin at key frames: ffmpeg -i input.mp4 -map 0 -c copy -movflags \
                           +frag_keyframe+empty_moov+default_base_moof output.mp4";
            return Err(Error::unsupported("picture-before-fragment", message));
        }
        self.fields.check().map_err(|error| error.into_error("bad-obu", "An AV1 frame header"))?;
        Ok(frame)
    }

    /// What is `known` of a picture; anything, and a note, where nothing is.
    fn know<T: Default>(&mut self, known: Option<T>) -> T {
        self.is_unknown |= known.is_none();
        known.unwrap_or_default()
    }

    fn slot(&self, index: usize) -> Kept {
        self.kept.get(index).copied().unwrap_or_default()
    }

    /// `temporal_point_info()` (5.9.31).
    fn presentation_time(&mut self) {
        self.fields.bits(self.sequence.presentation_bits);
    }

    /// Shows a kept picture (5.9.2, 7.21): a key frame takes the place of all then.
    fn show_existing(&mut self) {
        let shown = self.fields.index(3);
        self.presentation_time();
        self.fields.bits(self.sequence.id_bits[0]);
        let slot = self.slot(shown);
        if self.know(slot.picture.map(|picture| picture.is_key)) {
            *self.kept = [slot; COUNT];
        }
    }

    fn walk(&mut self) -> Option<Frame> {
        let sequence = self.sequence;
        let order_bits = sequence.order_bits;
        let (mut kind, mut is_shown, mut has_grain, mut is_resilient) = (Kind::Key, true, true, true);
        if !sequence.is_reduced {
            // show_existing_frame
            if self.fields.flag() {
                self.show_existing();
                return None;
            }
            kind = match self.fields.bits(2) {
                0 => Kind::Key,
                1 => Kind::Inter,
                2 => Kind::IntraOnly,
                _ => Kind::Switch,
            };
            is_shown = self.fields.flag();
            if is_shown {
                self.presentation_time();
            }
            has_grain = is_shown || self.fields.flag(); // showable_frame
            is_resilient = kind == Kind::Switch || kind == Kind::Key && is_shown || self.fields.flag();
        }
        let is_intra = matches!(kind, Kind::Key | Kind::IntraOnly);
        let f = &mut self.fields;
        let keeps_cdf = f.flag(); // disable_cdf_update
        let has_screen_content = sequence.screen_content.read(f);
        let integer_motion = has_screen_content && sequence.integer_motion.read(f);
        f.bits(sequence.id_bits[0]); // current_frame_id
        let has_size = kind == Kind::Switch || !sequence.is_reduced && f.flag();
        let order = f.bits(order_bits);
        let primary = if is_intra || is_resilient { NONE } else { f.index(3) };
        self.removal_times();
        let begins = kind == Kind::Key && is_shown;
        let refresh = if kind == Kind::Switch || begins { ALL } else { self.fields.bits(8) };
        if (!is_intra || refresh != ALL) && is_resilient && order_bits > 0 {
            for slot in self.kept.iter_mut() {
                let order = Some(self.fields.bits(order_bits));
                // One of another order stands for a picture that got lost.
                if slot.order != order {
                    *slot = Kept { order, picture: None };
                }
            }
        }
        let (mut refs, mut precise, mut copies_blocks) = ([0; USED], false, false);
        let size;
        if is_intra {
            size = self.frame_and_render_size(has_size);
            // allow_intrabc
            copies_blocks = has_screen_content && size.upscaled_width == size.width && self.fields.flag();
        } else {
            refs = self.references(order);
            let from_reference = if has_size && !is_resilient { self.size_of_reference(refs) } else { None };
            size = from_reference.unwrap_or_else(|| self.frame_and_render_size(has_size));
            let f = &mut self.fields;
            precise = !integer_motion && f.flag(); // allow_high_precision_mv
            // is_filter_switchable, interpolation_filter
            if !f.flag() {
                f.bits(2);
            }
            f.flag(); // is_motion_mode_switchable
            if !is_resilient && sequence.ref_motion {
                f.flag(); // use_ref_frame_mvs
            }
        }
        if !sequence.is_reduced && !keeps_cdf {
            self.fields.flag(); // disable_frame_end_update_cdf
        }
        let tiles = self.tile_info(size);
        let (base, has_deltas) = self.quantization();
        let quantizers = self.segmentation(refs.get(primary).copied());
        self.block_deltas(base, copies_blocks);
        let is_lossless =
            !has_deltas && quantizers.iter().all(|quantizer| (base + quantizer).clamp(0, 255) == 0);
        if !is_lossless && !copies_blocks {
            passed::loop_filter(&mut self.fields, sequence);
            passed::cdef(&mut self.fields, sequence);
        }
        let all_lossless = is_lossless && size.width == size.upscaled_width;
        if !all_lossless && !copies_blocks {
            passed::restoration(&mut self.fields, sequence);
        }
        if !is_lossless {
            self.fields.flag(); // tx_mode_select
        }
        let selects = !is_intra && self.fields.flag(); // reference_select
        if selects && order_bits > 0 && self.skip_mode(order, refs) {
            self.fields.flag(); // skip_mode_present
        }
        if !is_intra && !is_resilient && sequence.warped_motion {
            self.fields.flag(); // allow_warped_motion
        }
        self.fields.flag(); // reduced_tx_set
        if !is_intra {
            passed::global_motion(&mut self.fields, precise);
        }
        if sequence.film_grain && has_grain {
            passed::film_grain(&mut self.fields, sequence, kind == Kind::Inter);
        }
        let size = [size.upscaled_width, size.height];
        let picture = Some(Picture { is_key: kind == Kind::Key, size, quantizers });
        Some(Frame { tiles, next_tile: 0, begins, refresh, kept: Kept { order: Some(order), picture } })
    }

    /// `buffer_removal_time`, of the operating points that this layer is in.
    fn removal_times(&mut self) {
        let Some(bits) = self.sequence.removal_bits else { return };
        // buffer_removal_time_present_flag
        if !self.fields.flag() {
            return;
        }
        let (points, count) = &self.sequence.points;
        let [temporal, spatial] = self.layer;
        for layers in points.iter().take(*count) {
            if *layers == 0 || layers >> temporal & layers >> (spatial + 8) & 1 == 1 {
                self.fields.bits(bits);
            }
        }
    }

    /// Which kept pictures it may refer to.
    fn references(&mut self, order: u32) -> [usize; USED] {
        let sequence = self.sequence;
        let mut refs = [0; USED];
        // frame_refs_short_signaling
        let is_short = sequence.order_bits > 0 && self.fields.flag();
        if is_short {
            let orders = self.kept.map(|slot| slot.order);
            let ahead = orders.map(|kept| distance(self.know(kept), order, sequence.order_bits));
            refs = implied(&mut self.fields, ahead);
        }
        for index in &mut refs {
            if !is_short {
                *index = self.fields.index(3);
            }
            self.fields.bits(sequence.id_bits[1]); // delta_frame_id_minus_1
        }
        refs
    }

    /// `frame_size_with_refs()` (5.9.7), if it is that of a reference.
    fn size_of_reference(&mut self, refs: [usize; USED]) -> Option<Size> {
        // found_ref
        let found = refs.into_iter().find(|_| self.fields.flag())?;
        let picture = self.slot(found).picture;
        let [width, height] = self.know(picture.map(|picture| picture.size));
        Some(self.superres(width, height))
    }

    /// `frame_size()` and `render_size()` (5.9.5, 5.9.6).
    fn frame_and_render_size(&mut self, has_size: bool) -> Size {
        let sequence = self.sequence;
        let [width, height] =
            if has_size { sequence.size_bits.map(|n| self.fields.bits(n) + 1) } else { sequence.max_size };
        let size = self.superres(width, height);
        self.fields.optional(32); // render_width_minus_1, render_height_minus_1
        size
    }

    /// `superres_params()` (5.9.8).
    fn superres(&mut self, upscaled_width: u32, height: u32) -> Size {
        let mut denominator = 8;
        if self.sequence.superres && self.fields.flag() {
            denominator = self.fields.bits(3) + 9;
        }
        let width = (upscaled_width * 8 + denominator / 2) / denominator;
        Size { upscaled_width, width, height }
    }

    /// `tile_info()` (5.9.15).
    fn tile_info(&mut self, size: Size) -> Tiles {
        let f = &mut self.fields;
        // Superblocks of 64 or 128 samples; 4096 samples a tile in width, 4096 × 2304 in all.
        let side_log2 = if self.sequence.large_blocks { 7 } else { 6 };
        let [columns, rows] = [size.width, size.height].map(|len| len.div_ceil(1 << side_log2));
        let (max_width, max_area) = (4096_u32 >> side_log2, (4096_u32 * 2304) >> (2 * side_log2));
        let min_columns_log2 = doublings(max_width, columns);
        let min_log2 = min_columns_log2.max(doublings(max_area, rows * columns));
        let (counts, logs);
        // uniform_tile_spacing_flag
        if f.flag() {
            let mut increment = |least: u32, blocks: u32| {
                let most = doublings(1, blocks.min(MAX_TILES));
                let mut log2 = least;
                while log2 < most && f.flag() {
                    log2 += 1;
                }
                log2
            };
            let columns_log2 = increment(min_columns_log2, columns);
            let rows_log2 = increment(min_log2.saturating_sub(columns_log2), rows);
            logs = [columns_log2, rows_log2];
            let count = |blocks: u32, log2: u32| blocks.div_ceil(blocks.div_ceil(1 << log2).max(1));
            counts = [count(columns, columns_log2), count(rows, rows_log2)];
        } else {
            let (across, widest) = uneven(f, columns, max_width);
            let area = if min_log2 > 0 { (rows * columns) >> (min_log2 + 1) } else { rows * columns };
            let (down, _) = uneven(f, rows, (area / widest).max(1));
            counts = [across, down];
            logs = counts.map(|count| doublings(1, count));
        }
        for (count, what) in counts.into_iter().zip(["TileCols", "TileRows"]) {
            f.at_most(count, MAX_TILES, what);
        }
        let number_bits = logs[0] + logs[1];
        let mut size_len = 0;
        if number_bits > 0 {
            f.bits(number_bits); // context_update_tile_id
            size_len = f.index(2) + 1;
        }
        Tiles { count: counts[0] * counts[1], number_bits, size_len }
    }

    /// `quantization_params()` (5.9.12): `base_q_idx`, and whether anything is added to it.
    fn quantization(&mut self) -> (i32, bool) {
        let f = &mut self.fields;
        let base = f.bits(8);
        let delta = |f: &mut Fields<'_>| f.flag() && f.bits(7) != 0;
        let mut has_deltas = delta(f);
        if !self.sequence.is_mono {
            let pairs = if self.sequence.separate_chroma && f.flag() { 2 } else { 1 };
            for _ in 0..2 * pairs {
                has_deltas |= delta(f);
            }
        }
        // using_qmatrix
        if f.flag() {
            f.bits(if self.sequence.separate_chroma { 12 } else { 8 });
        }
        (i32::try_from(base).unwrap_or(0), has_deltas)
    }

    /// `segmentation_params()` (5.9.14): what each segment adds to the quantizer index. `primary` is the kept picture that
    /// `primary_ref_frame` names.
    fn segmentation(&mut self, primary: Option<usize>) -> [i32; SEGMENTS] {
        // Bits of each feature behind the first, signs included.
        const OTHERS: [u32; 7] = [7, 7, 7, 7, 3, 0, 0];
        let f = &mut self.fields;
        // segmentation_enabled
        if !f.flag() {
            return [0; SEGMENTS];
        }
        if let Some(primary) = primary {
            f.optional(1); // segmentation_update_map, segmentation_temporal_update
            // segmentation_update_data
            if !f.flag() {
                let picture = self.slot(primary).picture;
                return self.know(picture.map(|picture| picture.quantizers));
            }
        }
        [(); SEGMENTS].map(|()| {
            let quantizer = if f.flag() { f.signed(9) } else { 0 };
            for bits in OTHERS {
                f.optional(bits);
            }
            quantizer
        })
    }

    /// `delta_q_params()` and `delta_lf_params()` (5.9.17, 5.9.18).
    fn block_deltas(&mut self, base: i32, copies_blocks: bool) {
        let f = &mut self.fields;
        if base > 0 && f.flag() {
            f.bits(2); // delta_q_res
            if !copies_blocks {
                f.optional(3); // delta_lf_res, delta_lf_multi
            }
        }
    }

    /// `skipModeAllowed` (5.9.22).
    fn skip_mode(&mut self, order: u32, refs: [usize; USED]) -> bool {
        let bits = self.sequence.order_bits;
        let orders = refs.map(|index| {
            let order = self.slot(index).order;
            self.know(order)
        });
        let of = |index: usize| orders.get(index).copied().unwrap_or(0);
        may_skip(orders.map(|one| distance(one, order, bits)), |a, b| distance(of(a), of(b), bits))
    }
}

/// `tile_log2( )` (5.9.16): how often `from` is to be doubled to reach `target`.
fn doublings(from: u32, target: u32) -> u32 {
    let times = target.div_ceil(from.max(1)).max(1);
    u32::BITS - (times - 1).leading_zeros()
}

/// Tiles of chosen sizes that cover so many superblocks: how many, and the widest.
fn uneven(f: &mut Fields<'_>, blocks: u32, most: u32) -> (u32, u32) {
    let (mut count, mut widest, mut left) = (0, 1, blocks);
    while left > 0 {
        // width_in_sbs_minus_1 or height_in_sbs_minus_1
        let len = f.below(left.min(most)) + 1;
        widest = widest.max(len);
        left = left.saturating_sub(len);
        count += 1;
    }
    (count, widest)
}
