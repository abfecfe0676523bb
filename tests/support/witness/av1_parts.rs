//! Bits of AV1, and the parts of its frame headers that depend on no other picture, read from the specification's syntax tables
//! (4.10, 5.9) line by line and with no code of the core.

use std::collections::BTreeMap;

use super::Res;

/// Syntax elements and variables by name.
pub type Names = BTreeMap<&'static str, i64>;

pub struct Bits<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
}

impl Bits<'_> {
    pub fn f(&mut self, n: i64) -> Res<i64> {
        let mut value = 0;
        for _ in 0..n {
            let byte = self.bytes.get(self.at / 8).ok_or("an OBU ends too early")?;
            // Of what is passed over, more bits than a number has.
            value = value << 1 | i64::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Ok(value)
    }

    pub fn is(&mut self) -> Res<bool> {
        Ok(self.f(1)? == 1)
    }

    pub fn su(&mut self, n: i64) -> Res<i64> {
        let value = self.f(n)?;
        Ok(if value >= 1 << (n - 1) { value - (1 << n) } else { value })
    }

    pub fn ns(&mut self, n: i64) -> Res<i64> {
        let (mut w, mut x) = (0, n);
        while x != 0 {
            x >>= 1;
            w += 1;
        }
        let m = (1 << w) - n;
        let v = self.f(w - 1)?;
        Ok(if v < m { v } else { 2 * v - m + self.f(1)? })
    }

    pub fn le(&mut self, n: i64) -> Res<i64> {
        (0..n).try_fold(0, |sum, byte| Ok(sum + (self.f(8)? << (8 * byte))))
    }

    pub fn leb128(&mut self) -> Res<i64> {
        let mut value = 0;
        for byte in 0..8 {
            let next = self.f(8)?;
            value |= (next & 0x7f) << (7 * byte);
            if next < 0x80 && value >> 32 == 0 {
                return Ok(value);
            }
        }
        Err("a size of more than 32 bits".to_owned())
    }

    pub fn aligned(&mut self) -> Res<()> {
        while !self.at.is_multiple_of(8) {
            if self.is()? {
                return Err("a bit that must be 0 is 1".to_owned());
            }
        }
        Ok(())
    }
}

const INTER: i64 = 1;

pub fn superres(b: &mut Bits<'_>, s: &Names, width: i64, height: i64) -> Res<[i64; 3]> {
    let mut denominator = 8;
    if s["superres"] == 1 && b.is()? {
        denominator = b.f(3)? + 9;
    }
    Ok([width, (width * 8 + denominator / 2) / denominator, height])
}

pub fn frame_size(b: &mut Bits<'_>, s: &Names, size_override: bool) -> Res<[i64; 3]> {
    let mut size = (s["max_w"], s["max_h"]);
    if size_override {
        size = (b.f(s["w_bits"])? + 1, b.f(s["h_bits"])? + 1);
    }
    let all = superres(b, s, size.0, size.1)?;
    if b.is()? {
        b.f(16)?;
        b.f(16)?;
    }
    Ok(all)
}

pub fn tile_log2(size: i64, target: i64) -> i64 {
    (0..).find(|k| size << k >= target).unwrap()
}

pub fn tile_info(b: &mut Bits<'_>, s: &Names, [_, width, height]: [i64; 3], names: &mut Names) -> Res<()> {
    let (mi_cols, mi_rows) = (2 * ((width + 7) >> 3), 2 * ((height + 7) >> 3));
    let shift = if s["use_128x128_superblock"] == 1 { 5 } else { 4 };
    let sb = |mi: i64| (mi + (1 << shift) - 1) >> shift;
    let (sb_cols, sb_rows) = (sb(mi_cols), sb(mi_rows));
    let max_width = 4096 >> (shift + 2);
    let mut max_area = (4096 * 2304) >> (2 * (shift + 2));
    let min_cols = tile_log2(max_width, sb_cols);
    let (max_cols, max_rows) = (tile_log2(1, sb_cols.min(64)), tile_log2(1, sb_rows.min(64)));
    let min_tiles = min_cols.max(tile_log2(max_area, sb_rows * sb_cols));
    let (cols, rows, cols_log2, rows_log2);
    if b.is()? {
        let mut up = |mut log2: i64, max: i64| {
            while log2 < max && b.is()? {
                log2 += 1;
            }
            Res::Ok(log2)
        };
        cols_log2 = up(min_cols, max_cols)?;
        rows_log2 = up((min_tiles - cols_log2).max(0), max_rows)?;
        let count = |all: i64, log2: i64| {
            let each = (all + (1 << log2) - 1) >> log2;
            (0..all).step_by(each as usize).count() as i64
        };
        (cols, rows) = (count(sb_cols, cols_log2), count(sb_rows, rows_log2));
    } else {
        let mut widest = 0;
        let mut divide = |all: i64, max: i64, widest: &mut i64| {
            let (mut start, mut count) = (0, 0);
            while start < all {
                let size = b.ns(max.min(all - start))? + 1;
                *widest = size.max(*widest);
                start += size;
                count += 1;
            }
            Res::Ok(count)
        };
        cols = divide(sb_cols, max_width, &mut widest)?;
        max_area = sb_rows * sb_cols;
        if min_tiles > 0 {
            max_area >>= min_tiles + 1;
        }
        rows = divide(sb_rows, (max_area / widest).max(1), &mut 0)?;
        (cols_log2, rows_log2) = (tile_log2(1, cols), tile_log2(1, rows));
    }
    if cols > 64 || rows > 64 {
        return Err("more tiles than there may be".to_owned());
    }
    let bits = cols_log2 + rows_log2;
    if bits > 0 {
        b.f(bits)?;
        names.insert("TileSizeBytes", b.f(2)? + 1);
    }
    names.extend([("TileCols", cols), ("TileRows", rows), ("tile_bits", bits)]);
    Ok(())
}

pub fn delta_q(b: &mut Bits<'_>) -> Res<i64> {
    if b.is()? { b.su(7) } else { Ok(0) }
}

pub fn loop_filter_params(b: &mut Bits<'_>, s: &Names) -> Res<()> {
    let levels = [b.f(6)?, b.f(6)?];
    if s["mono"] == 0 && levels != [0, 0] {
        b.f(12)?;
    }
    b.f(3)?;
    if b.is()? && b.is()? {
        for _ in 0..10 {
            if b.is()? {
                b.su(7)?;
            }
        }
    }
    Ok(())
}

pub fn lr_params(b: &mut Bits<'_>, s: &Names) -> Res<()> {
    let (mut uses, mut uses_chroma) = (false, false);
    for plane in 0..if s["mono"] == 1 { 1 } else { 3 } {
        if b.f(2)? != 0 {
            uses = true;
            uses_chroma |= plane > 0;
        }
    }
    if uses {
        let shifts = b.is()?;
        if shifts && s["use_128x128_superblock"] == 0 {
            b.f(1)?;
        }
        if s["420"] == 1 && uses_chroma {
            b.f(1)?;
        }
    }
    Ok(())
}

pub fn global_motion_params(b: &mut Bits<'_>, precise: bool) -> Res<()> {
    for _ in 0..7 {
        let (rot_zoom, translation, affine) = match b.is()? {
            false => continue,
            true if b.is()? => (true, false, false),
            true => {
                let translation = b.is()?;
                (false, translation, !translation)
            }
        };
        for param in [2, 3, 4, 5, 0, 1] {
            let bits = match param {
                2 | 3 if rot_zoom || affine => 12,
                4 | 5 if affine => 12,
                0 | 1 if translation => 9 - i64::from(!precise),
                0 | 1 => 12,
                _ => continue,
            };
            decode_subexp(b, 2 * (1 << bits) + 1)?;
        }
    }
    Ok(())
}

pub fn decode_subexp(b: &mut Bits<'_>, num_syms: i64) -> Res<()> {
    let (mut i, mut mk, k) = (0, 0, 3);
    loop {
        let b2 = if i != 0 { k + i - 1 } else { k };
        let a = 1 << b2;
        if num_syms <= mk + 3 * a {
            b.ns(num_syms - mk)?;
            return Ok(());
        }
        if !b.is()? {
            b.f(b2)?;
            return Ok(());
        }
        i += 1;
        mk += a;
    }
}

pub fn film_grain_params(b: &mut Bits<'_>, s: &Names, kind: i64) -> Res<()> {
    if !b.is()? {
        return Ok(());
    }
    b.f(16)?;
    if kind == INTER && !b.is()? {
        b.f(3)?;
        return Ok(());
    }
    let num_y = b.f(4)?;
    b.f(16 * num_y)?;
    let from_luma = s["mono"] == 0 && b.is()?;
    let (mut num_cb, mut num_cr) = (0, 0);
    if s["mono"] == 0 && !from_luma && (s["420"] == 0 || num_y > 0) {
        num_cb = b.f(4)?;
        b.f(16 * num_cb)?;
        num_cr = b.f(4)?;
        b.f(16 * num_cr)?;
    }
    b.f(2)?;
    let lag = b.f(2)?;
    let luma = 2 * lag * (lag + 1);
    let chroma = if num_y > 0 { luma + 1 } else { luma };
    if num_y > 0 {
        b.f(8 * luma)?;
    }
    if from_luma || num_cb > 0 {
        b.f(8 * chroma)?;
    }
    if from_luma || num_cr > 0 {
        b.f(8 * chroma)?;
    }
    b.f(4)?;
    for num in [num_cb, num_cr] {
        if num > 0 {
            b.f(8 + 8 + 9)?;
        }
    }
    b.f(2)?;
    Ok(())
}
