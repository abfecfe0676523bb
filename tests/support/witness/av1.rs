//! Where the tiles of AV1 stand, read from the specification's syntax tables (5.3 to 5.11) line by line, by its names, and
//! with no code of the core. It keeps what it knows from the first sample of a track to the last.

use super::Res;
use super::av1_parts::{
    Bits, Names, delta_q, film_grain_params, frame_size, global_motion_params, loop_filter_params, lr_params,
    superres, tile_info,
};
use super::wanted::Ranges;

/// A kept frame, or one that is being read.
#[derive(Clone, Default)]
struct Frame {
    names: Names,
    /// Whether all that is known of it is its order.
    lost: bool,
    /// `FeatureData[ i ][ SEG_LVL_ALT_Q ]`.
    alt_q: [i64; 8],
}

/// Everything that goes on from OBU to OBU.
#[derive(Clone, Default)]
pub struct Av1 {
    sequence: Option<Names>,
    points: Vec<(i64, bool)>,
    kept: [Option<Frame>; 8],
    frame: Frame,
    seen_frame_header: bool,
    tile_num: i64,
    /// Bytes from the start of each frame OBU or frame header OBU to the end of the header.
    pub headers: Vec<usize>,
}

const KEY: i64 = 0;
const SWITCH: i64 = 3;

impl Av1 {
    /// `configOBUs` of `av1C`.
    pub fn configure(&mut self, record: &[u8]) -> Res<()> {
        self.ranges(record.get(4..).unwrap_or_default()).map(drop)
    }

    /// The tiles of a sample.
    pub fn ranges(&mut self, sample: &[u8]) -> Res<Ranges> {
        let (mut found, mut start) = (Ranges::new(), 0);
        while start < sample.len() {
            let mut b = Bits { bytes: &sample[start..], at: 0 };
            if b.is()? {
                return Err("the forbidden bit".to_owned());
            }
            let kind = b.f(4)?;
            let (extension, has_size) = (b.is()?, b.is()?);
            b.f(1)?;
            let (mut temporal, mut spatial) = (0, 0);
            if extension {
                (temporal, spatial) = (b.f(3)?, b.f(2)?);
                b.f(3)?;
            }
            let left = sample.len() - start;
            let size = if has_size { usize::try_from(b.leb128()?).unwrap() } else { left - b.at / 8 };
            let from = b.at / 8;
            if from + size > left {
                return Err("an OBU is cut short".to_owned());
            }
            b.bytes = &sample[start..start + from + size];
            self.obu(&mut b, kind, temporal, spatial, start, &mut found)?;
            start += from + size;
        }
        if self.seen_frame_header { Err("tiles are missing".to_owned()) } else { Ok(found) }
    }

    fn obu(
        &mut self,
        b: &mut Bits<'_>,
        kind: i64,
        temporal: i64,
        spatial: i64,
        start: usize,
        found: &mut Ranges,
    ) -> Res<()> {
        match kind {
            1 => self.sequence_header(b),
            3 | 7 if self.seen_frame_header => Ok(()),
            7 => Err("a second frame header without a first".to_owned()),
            6 if self.seen_frame_header => Err("a frame before the end of the last".to_owned()),
            3 | 6 => {
                self.frame_header(b, temporal, spatial)?;
                if kind == 6 {
                    b.aligned()?;
                    self.headers.push(b.at / 8);
                    return self.tile_group(b, start, found);
                }
                if !b.is()? {
                    return Err("no trailing bit".to_owned());
                }
                self.headers.push(b.at.div_ceil(8));
                b.aligned()?;
                let rest = &b.bytes[b.at / 8..];
                if rest.iter().any(|byte| *byte != 0) { Err("more behind it".to_owned()) } else { Ok(()) }
            }
            4 => self.tile_group(b, start, found),
            8 => Err("a tile list".to_owned()),
            _ => Ok(()),
        }
    }

    fn sequence_header(&mut self, b: &mut Bits<'_>) -> Res<()> {
        let mut s = Names::new();
        self.points.clear();
        let profile = b.f(3)?;
        b.f(1)?;
        s.insert("reduced", b.f(1)?);
        let (mut model, mut delay) = (false, 0);
        if s["reduced"] == 1 {
            b.f(5)?;
            self.points.push((0, false));
        } else {
            if b.is()? {
                b.f(32)?;
                b.f(32)?;
                s.insert("equal_picture_interval", b.f(1)?);
                if s["equal_picture_interval"] == 1 {
                    let mut zeros = 0;
                    while !b.is()? {
                        zeros += 1;
                    }
                    if zeros > 31 {
                        return Err("a code of more than 32 bits".to_owned());
                    }
                    b.f(zeros)?;
                }
                model = b.is()?;
                if model {
                    delay = b.f(5)? + 1;
                    b.f(32)?;
                    s.insert("buffer_removal_time_length", b.f(5)? + 1);
                    s.insert("frame_presentation_time_length", b.f(5)? + 1);
                }
            }
            let display = b.is()?;
            for _ in 0..=b.f(5)? {
                let idc = b.f(12)?;
                if b.f(5)? > 7 {
                    b.f(1)?;
                }
                let present = model && b.is()?;
                if present {
                    b.f(delay)?;
                    b.f(delay + 1)?;
                }
                if display && b.is()? {
                    b.f(4)?;
                }
                self.points.push((idc, present));
            }
        }
        s.insert("model", model.into());
        let (w, h) = (b.f(4)? + 1, b.f(4)? + 1);
        s.extend([("w_bits", w), ("h_bits", h)]);
        s.extend([("max_w", b.f(w)? + 1), ("max_h", b.f(h)? + 1)]);
        if s["reduced"] == 0 && b.is()? {
            let delta = b.f(4)? + 2;
            s.extend([("delta_len", delta), ("id_len", delta + b.f(3)? + 1)]);
        }
        s.insert("use_128x128_superblock", b.f(1)?);
        b.f(2)?;
        s.extend([("screen", 2), ("integer", 2), ("order_bits", 0), ("warped", 0), ("ref_mvs", 0)]);
        if s["reduced"] == 0 {
            b.f(2)?;
            s.insert("warped", b.f(1)?);
            b.f(1)?;
            let order = b.is()?;
            if order {
                b.f(1)?;
                s.insert("ref_mvs", b.f(1)?);
            }
            if !b.is()? {
                s.insert("screen", b.f(1)?);
            }
            if s["screen"] > 0 && !b.is()? {
                s.insert("integer", b.f(1)?);
            }
            if order {
                s.insert("order_bits", b.f(3)? + 1);
            }
        }
        for name in ["superres", "cdef", "restoration"] {
            s.insert(name, b.f(1)?);
        }
        // color_config( )
        let high = b.is()?;
        let twelve = profile == 2 && high && b.is()?;
        let mono = profile != 1 && b.is()?;
        let described = b.is()?;
        let colours = if described { [b.f(8)?, b.f(8)?, b.f(8)?] } else { [2; 3] };
        let (mut x, mut y, mut separate) = (1, 1, 0);
        if mono {
            b.f(1)?;
        } else {
            if colours == [1, 13, 0] {
                (x, y) = (0, 0);
            } else {
                b.f(1)?;
                (x, y) = match (profile, twelve) {
                    (0, _) => (1, 1),
                    (1, _) => (0, 0),
                    (_, false) => (1, 0),
                    _ if b.is()? => (1, b.f(1)?),
                    _ => (0, 0),
                };
                if (x, y) == (1, 1) {
                    b.f(2)?;
                }
            }
            separate = b.f(1)?;
        }
        s.extend([("mono", mono.into()), ("420", x * y), ("separate_uv_delta_q", separate)]);
        s.insert("film_grain_params_present", b.f(1)?);
        self.sequence = Some(s);
        Ok(())
    }

    fn reference(&self, index: i64) -> Res<&Frame> {
        let kept = self.kept[usize::try_from(index).unwrap()].as_ref().filter(|kept| !kept.lost);
        kept.ok_or_else(|| "a reference that is not there".to_owned())
    }

    fn order_of(&self, index: i64) -> Res<i64> {
        let kept = self.kept[usize::try_from(index).unwrap()].as_ref();
        Ok(kept.ok_or("a reference that is not there")?.names["OrderHint"])
    }

    fn relative(&self, a: i64, b: i64) -> i64 {
        let m = 1 << (self.sequence.as_ref().unwrap()["order_bits"] - 1);
        ((a - b) & (m - 1)) - ((a - b) & m)
    }

    fn frame_header(&mut self, b: &mut Bits<'_>, temporal: i64, spatial: i64) -> Res<()> {
        let s = self.sequence.clone().ok_or("no sequence header")?;
        let get = |name: &str| s.get(name).copied().unwrap_or(0);
        let id_len = get("id_len");
        let times =
            if get("equal_picture_interval") == 1 { 0 } else { get("frame_presentation_time_length") };
        let mut frame = Frame::default();
        let (mut kind, mut show, mut showable, mut resilient) = (KEY, true, false, true);
        if get("reduced") == 0 {
            if b.is()? {
                let shown = self.reference(b.f(3)?)?.clone();
                b.f(times)?;
                b.f(id_len)?;
                if shown.names["frame_type"] == KEY {
                    self.kept = std::array::from_fn(|_| Some(shown.clone()));
                }
                return Ok(());
            }
            kind = b.f(2)?;
            show = b.is()?;
            if show {
                b.f(times)?;
            }
            showable = if show { kind != KEY } else { b.is()? };
            resilient = kind == SWITCH || (kind == KEY && show) || b.is()?;
        }
        let intra = kind == KEY || kind == 2;
        let disable_cdf_update = b.is()?;
        let screen = if get("screen") == 2 { b.is()? } else { get("screen") == 1 };
        let integer = screen && if get("integer") == 2 { b.is()? } else { get("integer") == 1 };
        b.f(id_len)?;
        let size_override = kind == SWITCH || (get("reduced") == 0 && b.is()?);
        let order = b.f(get("order_bits"))?;
        let primary = if intra || resilient { 7 } else { b.f(3)? };
        if get("model") == 1 && b.is()? {
            for &(idc, present) in &self.points {
                let inside = idc >> temporal & 1 == 1 && idc >> (spatial + 8) & 1 == 1;
                if present && (idc == 0 || inside) {
                    b.f(get("buffer_removal_time_length"))?;
                }
            }
        }
        let refresh = if kind == SWITCH || (kind == KEY && show) { 0xff } else { b.f(8)? };
        if (!intra || refresh != 0xff) && resilient && get("order_bits") > 0 {
            for kept in &mut self.kept {
                let hint = b.f(get("order_bits"))?;
                if kept.as_ref().is_none_or(|kept| kept.names["OrderHint"] != hint) {
                    let names = Names::from([("OrderHint", hint)]);
                    *kept = Some(Frame { names, lost: true, ..Frame::default() });
                }
            }
        }
        let (mut refs, mut precise, mut intrabc) = (vec![0; 7], false, false);
        let size; // UpscaledWidth, FrameWidth, FrameHeight
        if intra {
            size = frame_size(b, &s, size_override)?;
            intrabc = screen && size[0] == size[1] && b.is()?;
        } else {
            let short = get("order_bits") > 0 && b.is()?;
            if short {
                let (last, gold) = (b.f(3)?, b.f(3)?);
                refs = self.set_frame_refs(last, gold, order)?;
            }
            for one in &mut refs {
                if !short {
                    *one = b.f(3)?;
                }
                b.f(get("delta_len"))?;
            }
            let mut same = None;
            if size_override && !resilient {
                for &one in &refs {
                    if b.is()? {
                        let names = &self.reference(one)?.names;
                        same = Some(superres(b, &s, names["UpscaledWidth"], names["FrameHeight"])?);
                        break;
                    }
                }
            }
            size = same.map_or_else(|| frame_size(b, &s, size_override), Ok)?;
            precise = !integer && b.is()?;
            if !b.is()? {
                b.f(2)?;
            }
            b.f(1)?;
            if !resilient && get("ref_mvs") == 1 {
                b.f(1)?;
            }
        }
        if get("reduced") == 0 && !disable_cdf_update {
            b.f(1)?;
        }
        tile_info(b, &s, size, &mut frame.names)?;
        // quantization_params( )
        let base_q_idx = b.f(8)?;
        let mut deltas = vec![delta_q(b)?];
        if get("mono") == 0 {
            let differ = get("separate_uv_delta_q") == 1 && b.is()?;
            for _ in 0..if differ { 4 } else { 2 } {
                deltas.push(delta_q(b)?);
            }
        }
        if b.is()? {
            b.f(8)?;
            b.f(4 * get("separate_uv_delta_q"))?;
        }
        // segmentation_params( )
        if b.is()? {
            let mut update = true;
            if primary != 7 {
                if b.is()? {
                    b.f(1)?;
                }
                update = b.is()?;
            }
            if update {
                for alt_q in &mut frame.alt_q {
                    for (feature, bits) in [8, 6, 6, 6, 6, 3, 0, 0].into_iter().enumerate() {
                        if b.is()? {
                            let value = if feature < 5 { b.su(1 + bits)? } else { b.f(bits)? };
                            if feature == 0 {
                                *alt_q = value.clamp(-255, 255);
                            }
                        }
                    }
                }
            } else {
                frame.alt_q = self.reference(refs[usize::try_from(primary).unwrap()])?.alt_q;
            }
        }
        // delta_q_params( ), delta_lf_params( )
        if base_q_idx > 0 && b.is()? {
            b.f(2)?;
            if !intrabc && b.is()? {
                b.f(3)?;
            }
        }
        let qindex = |alt_q: &i64| (base_q_idx + alt_q).clamp(0, 255);
        let coded_lossless =
            frame.alt_q.iter().all(|alt_q| qindex(alt_q) == 0) && deltas.iter().all(|d| *d == 0);
        if !coded_lossless && !intrabc {
            loop_filter_params(b, &s)?;
            if get("cdef") == 1 {
                b.f(2)?;
                for _ in 0..1 << b.f(2)? {
                    b.f(6)?;
                    if get("mono") == 0 {
                        b.f(6)?;
                    }
                }
            }
        }
        let all_lossless = coded_lossless && size[0] == size[1];
        if !all_lossless && !intrabc && get("restoration") == 1 {
            lr_params(b, &s)?;
        }
        if !coded_lossless {
            b.f(1)?;
        }
        let select = !intra && b.is()?;
        if select && get("order_bits") > 0 && self.skip_mode_allowed(&refs, order)? {
            b.f(1)?;
        }
        if !intra && !resilient && get("warped") == 1 {
            b.f(1)?;
        }
        b.f(1)?;
        if !intra {
            global_motion_params(b, precise)?;
        }
        if get("film_grain_params_present") == 1 && (show || showable) {
            film_grain_params(b, &s, kind)?;
        }
        let [upscaled, _, height] = size;
        frame.names.extend([("UpscaledWidth", upscaled), ("FrameHeight", height), ("frame_type", kind)]);
        frame.names.extend([("OrderHint", order), ("refresh_frame_flags", refresh)]);
        (self.frame, self.seen_frame_header, self.tile_num) = (frame, true, 0);
        Ok(())
    }

    /// 7.8, as it is written there.
    fn set_frame_refs(&self, last: i64, gold: i64, order: i64) -> Res<Vec<i64>> {
        let cur = 1 << (self.sequence.as_ref().unwrap()["order_bits"] - 1);
        let shifted: Vec<i64> =
            (0..8).map(|i| Ok(cur + self.relative(self.order_of(i)?, order))).collect::<Res<_>>()?;
        let mut refs = vec![-1; 7];
        let mut used = [false; 8];
        (refs[0], refs[3]) = (last, gold);
        (used[last as usize], used[gold as usize]) = (true, true);
        let find = |used: &[bool; 8], backward: bool, latest: bool| {
            let (mut best, mut best_hint) = (-1, 0);
            for i in 0..8 {
                let hint = shifted[i];
                let better = best < 0 || if latest { hint >= best_hint } else { hint < best_hint };
                if !used[i] && (hint >= cur) == backward && better {
                    (best, best_hint) = (i as i64, hint);
                }
            }
            best
        };
        for (place, latest) in [(6, true), (4, false), (5, false)] {
            let found = find(&used, true, latest);
            if found >= 0 {
                refs[place] = found;
                used[found as usize] = true;
            }
        }
        for place in [1, 2, 4, 5, 6] {
            if refs[place] < 0 {
                let found = find(&used, false, true);
                if found >= 0 {
                    refs[place] = found;
                    used[found as usize] = true;
                }
            }
        }
        let mut earliest = 0;
        for i in 1..8 {
            if shifted[i] < shifted[earliest] {
                earliest = i;
            }
        }
        Ok(refs.into_iter().map(|one| if one < 0 { earliest as i64 } else { one }).collect())
    }

    fn skip_mode_allowed(&self, refs: &[i64], order: i64) -> Res<bool> {
        let hints = refs.iter().map(|&one| self.order_of(one)).collect::<Res<Vec<_>>>()?;
        let (mut forward, mut backward): (Option<i64>, Option<i64>) = (None, None);
        for &hint in &hints {
            if self.relative(hint, order) < 0 {
                if forward.is_none_or(|best| self.relative(hint, best) > 0) {
                    forward = Some(hint);
                }
            } else if self.relative(hint, order) > 0
                && backward.is_none_or(|best| self.relative(hint, best) < 0)
            {
                backward = Some(hint);
            }
        }
        let Some(forward) = forward else { return Ok(false) };
        Ok(backward.is_some() || hints.iter().any(|&hint| self.relative(hint, forward) < 0))
    }

    fn tile_group(&mut self, b: &mut Bits<'_>, start: usize, found: &mut Ranges) -> Res<()> {
        if !self.seen_frame_header {
            return Err("tiles without a frame header".to_owned());
        }
        let names = &self.frame.names;
        let num_tiles = names["TileCols"] * names["TileRows"];
        let (mut first, mut last) = (0, num_tiles - 1);
        if num_tiles > 1 && b.is()? {
            (first, last) = (b.f(names["tile_bits"])?, b.f(names["tile_bits"])?);
        }
        b.aligned()?;
        if first != self.tile_num || last < first || last >= num_tiles {
            return Err("tiles out of order".to_owned());
        }
        for tile in first..=last {
            let mut size = (b.bytes.len() - b.at / 8) as i64;
            if tile < last {
                size = b.le(names["TileSizeBytes"])? + 1;
            }
            let from = b.at / 8;
            let end = from + size as usize;
            if size == 0 || end > b.bytes.len() {
                return Err("a tile outside its OBU".to_owned());
            }
            // Neighbours stay apart here: each tile is encrypted by itself.
            found.push((start + from, start + end));
            b.at = 8 * end;
        }
        self.tile_num = last + 1;
        if self.tile_num == num_tiles {
            self.seen_frame_header = false;
            for (i, kept) in self.kept.iter_mut().enumerate() {
                if names["refresh_frame_flags"] >> i & 1 == 1 {
                    *kept = Some(self.frame.clone());
                }
            }
        }
        Ok(())
    }
}
