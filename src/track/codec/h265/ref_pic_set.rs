//! Short-term reference picture sets (clauses 7.3.7, 7.4.8): which pictures before and after one are referred to.

use crate::bytes::bits::{BitReader, at_most};

use super::Bits;

/// Most pictures of a set: no decoded picture buffer is larger (clause A.4.2).
const MOST: usize = 16;

/// Largest `delta_poc_minus1` and `abs_delta_rps_minus1` (clause 7.4.8).
const FARTHEST: u32 = 0x7fff;

/// A picture of a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Picture {
    /// Difference of its picture order count. Each of at most 64 sets adds at most 2¹⁵ to those of another.
    delta: i32,
    /// Whether the present picture may refer to it.
    used: bool,
}

/// One short-term reference picture set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefPicSet {
    /// Those before in output order, the nearest first; behind them those after, the nearest first.
    pictures: [Picture; MOST],
    before: usize,
    len: usize,
}

impl RefPicSet {
    /// Reads the set of number `index`; `known` are those of the sequence parameter set so far. In a slice header, where
    /// all of them are known, `index` is their count.
    pub(super) fn read(r: &mut BitReader<'_>, index: usize, known: &[Self], in_slice: bool) -> Bits<Self> {
        if index > 0 && r.flag("inter_ref_pic_set_prediction_flag")? {
            return Self::read_predicted(r, index, known, in_slice);
        }
        let mut set = Self::default();
        let counts = [r.ue("num_negative_pics")?, r.ue("num_positive_pics")?];
        for (count, sign) in counts.into_iter().zip([-1, 1]) {
            let mut delta = 0;
            for _ in 0..count {
                delta += sign * (distance(r, "delta_poc_minus1")?);
                set.push(Picture { delta, used: r.flag("used_by_curr_pic_flag")? })?;
            }
            if sign < 0 {
                set.before = set.len;
            }
        }
        Ok(set)
    }

    fn read_predicted(r: &mut BitReader<'_>, index: usize, known: &[Self], in_slice: bool) -> Bits<Self> {
        let mut back = 0;
        if in_slice {
            let most = u32::try_from(index - 1).unwrap_or(u32::MAX);
            back = usize::try_from(r.ue_max(most, "delta_idx_minus1")?).unwrap_or(0);
        }
        let reference = known.get(index - 1 - back).copied().unwrap_or_default();
        let negative = r.flag("delta_rps_sign")?;
        let distance = distance(r, "abs_delta_rps_minus1")?;
        let moved = if negative { -distance } else { distance };
        // Of the pictures of the reference, and of the reference itself.
        let mut taken = [None; MOST + 1];
        for (number, slot) in taken.iter_mut().enumerate().take(reference.len + 1) {
            let used = r.flag("used_by_curr_pic_flag")?;
            if used || r.flag("use_delta_flag")? {
                let listed = reference.pictures.get(number).filter(|_| number < reference.len);
                *slot = Some(Picture { delta: listed.map_or(0, |one| one.delta) + moved, used });
            }
        }
        let (listed, own) = taken.split_at_checked(reference.len).unwrap_or_default();
        let (before, after) = listed.split_at_checked(reference.before).unwrap_or_default();
        let mut set = Self::default();
        for (sign, far, near) in [(-1, after, before), (1, before, after)] {
            for picture in far.iter().rev().chain(own.first()).chain(near).flatten() {
                if picture.delta * sign > 0 {
                    set.push(*picture)?;
                }
            }
            if sign < 0 {
                set.before = set.len;
            }
        }
        Ok(set)
    }

    fn push(&mut self, picture: Picture) -> Bits<()> {
        match self.pictures.get_mut(self.len) {
            Some(slot) => *slot = picture,
            None => {
                let most = u32::try_from(MOST).unwrap_or(0);
                at_most(most + 1, most, "count of reference pictures")?;
            }
        }
        self.len += 1;
        Ok(())
    }

    /// How many of its pictures the present one may refer to.
    pub(super) fn used(&self) -> u32 {
        let used = self.pictures.iter().take(self.len).filter(|picture| picture.used).count();
        u32::try_from(used).unwrap_or(u32::MAX)
    }
}

fn distance(r: &mut BitReader<'_>, what: &'static str) -> Bits<i32> {
    Ok(i32::try_from(r.ue_max(FARTHEST, what)?).unwrap_or(0) + 1)
}
