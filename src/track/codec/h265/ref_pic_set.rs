//! Short-term reference picture sets (clauses 7.3.7, 7.4.8): which pictures before and after one are referred to.

use crate::bytes::bits::{BitReader, at_most};

use super::Bits;

/// Most pictures of a set: no decoded picture buffer is larger (clause A.4.2).
const MOST: u32 = 16;

/// A picture of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Picture {
    /// Difference of its picture order count.
    delta: i64,
    /// Whether the present picture may refer to it.
    used: bool,
}

/// One short-term reference picture set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefPicSet {
    /// Those before in output order, the nearest first.
    before: Vec<Picture>,
    /// Those after.
    after: Vec<Picture>,
}

impl RefPicSet {
    /// Reads the set of number `index`; `known` are those of the sequence parameter set so far. In a slice header, where
    /// all of them are known, `index` is their count.
    pub(super) fn read(r: &mut BitReader<'_>, index: usize, known: &[Self], in_slice: bool) -> Bits<Self> {
        if index > 0 && r.flag("inter_ref_pic_set_prediction_flag")? {
            return Self::read_predicted(r, index, known, in_slice);
        }
        let before = r.ue_max(MOST, "num_negative_pics")?;
        let after = r.ue_max(MOST, "num_positive_pics")?;
        Ok(Self { before: read_side(r, before, -1)?, after: read_side(r, after, 1)? })
    }

    fn read_predicted(r: &mut BitReader<'_>, index: usize, known: &[Self], in_slice: bool) -> Bits<Self> {
        let back = if in_slice { r.ue("delta_idx_minus1")? } else { 0 };
        let most = u32::try_from(index.saturating_sub(1)).unwrap_or(u32::MAX);
        let back = at_most(back, most, "delta_idx_minus1")?;
        let reference = usize::try_from(back).ok().and_then(|back| known.get(index - 1 - back));
        let empty = Self::default();
        let reference = reference.unwrap_or(&empty);
        let negative = r.flag("delta_rps_sign")?;
        let distance = i64::from(r.ue("abs_delta_rps_minus1")?) + 1;
        let moved = if negative { -distance } else { distance };
        // Of the pictures of the reference, and of the reference itself.
        let mut all = reference.before.iter().chain(&reference.after).map(|picture| picture.delta + moved);
        let mut pictures = Vec::new();
        loop {
            let next = all.next();
            let used = r.flag("used_by_curr_pic_flag")?;
            let taken = used || r.flag("use_delta_flag")?;
            pictures.push((Picture { delta: next.unwrap_or(moved), used }, taken));
            if next.is_none() {
                break;
            }
        }
        let (own, listed) = pictures.split_last().map_or((None, &[][..]), |(own, listed)| (Some(own), listed));
        let (before, after) = listed.split_at(reference.before.len().min(listed.len()));
        let side = |sign: i64, far: &[(Picture, bool)], near: &[(Picture, bool)]| {
            let all = far.iter().rev().chain(own).chain(near);
            let kept = all.filter(|(picture, taken)| *taken && picture.delta * sign > 0);
            kept.map(|(picture, _)| *picture).collect::<Vec<_>>()
        };
        let set = Self { before: side(-1, after, before), after: side(1, before, after) };
        let most = u32::try_from(set.before.len().max(set.after.len())).unwrap_or(u32::MAX);
        at_most(most, MOST, "num_delta_pocs")?;
        Ok(set)
    }

    /// How many of its pictures the present one may refer to.
    pub(super) fn used(&self) -> u32 {
        let used = self.before.iter().chain(&self.after).filter(|picture| picture.used).count();
        u32::try_from(used).unwrap_or(u32::MAX)
    }
}

fn read_side(r: &mut BitReader<'_>, count: u32, sign: i64) -> Bits<Vec<Picture>> {
    let mut delta = 0;
    let mut pictures = Vec::new();
    for _ in 0..count {
        delta += sign * (i64::from(r.ue("delta_poc_minus1")?) + 1);
        pictures.push(Picture { delta, used: r.flag("used_by_curr_pic_flag")? });
    }
    Ok(pictures)
}
