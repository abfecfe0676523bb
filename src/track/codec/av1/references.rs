//! Pictures that are kept for later ones (AV1 7.20): what frame headers depend on of them.

use super::super::fields::Fields;

/// `NUM_REF_FRAMES`.
pub const COUNT: usize = 8;
/// `REFS_PER_FRAME`.
pub const USED: usize = 7;

/// `MAX_SEGMENTS`.
pub const SEGMENTS: usize = 8;

/// What is known of a kept picture. Nothing is of those before the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// `RefOrderHint`.
    pub order: Option<u32>,
    /// The rest.
    pub picture: Option<Picture>,
}

/// A kept picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Whether it is a key frame.
    pub is_key: bool,
    /// `UpscaledWidth` and `FrameHeight`.
    pub size: [u32; 2],
    /// What each segment adds to the quantizer index (`SEG_LVL_ALT_Q`).
    pub quantizers: [i32; SEGMENTS],
}

/// How far picture `a` is behind picture `b` (`get_relative_dist`, 5.9.3), with order hints of `bits` bits.
pub fn distance(a: u32, b: u32, bits: u32) -> i64 {
    let Some(top) = bits.checked_sub(1) else { return 0 };
    let (difference, half) = (i64::from(a) - i64::from(b), 1_i64 << top);
    (difference & (half - 1)) - (difference & half)
}

/// References as two of them imply (`set_frame_refs`, 7.8). `ahead` says how far each kept picture is behind this one.
pub fn implied(f: &mut Fields<'_>, ahead: [i64; COUNT]) -> [usize; USED] {
    const LAST: usize = 0;
    const GOLDEN: usize = 3;
    const BWDREF: usize = 4;
    const ALTREF2: usize = 5;
    const ALTREF: usize = 6;
    let mut refs = [None; USED];
    let mut is_used = [false; COUNT];
    let mut take = |place: usize, found: Option<usize>| {
        if let (Some(place @ None), Some(found)) = (refs.get_mut(place), found) {
            *place = Some(found);
            if let Some(used) = is_used.get_mut(found) {
                *used = true;
            }
        }
        is_used
    };
    take(LAST, Some(f.index(3)));
    let mut used = take(GOLDEN, Some(f.index(3)));
    // Of those not used: the last of the latest, the first of the earliest.
    let behind = |used: [bool; COUNT]| free(ahead, used).filter(|(_, distance)| *distance >= 0);
    let latest = behind(used).max_by_key(|(_, distance)| *distance);
    used = take(ALTREF, latest.map(|(index, _)| index));
    for place in [BWDREF, ALTREF2] {
        let earliest = behind(used).min_by_key(|(_, distance)| *distance);
        used = take(place, earliest.map(|(index, _)| index));
    }
    for place in [1, 2, BWDREF, ALTREF2, ALTREF] {
        let before = free(ahead, used).filter(|(_, distance)| *distance < 0);
        let latest = before.max_by_key(|(_, distance)| *distance);
        used = take(place, latest.map(|(index, _)| index));
    }
    let first = free(ahead, [false; COUNT]).min_by_key(|(_, distance)| *distance);
    let first = first.map_or(0, |(index, _)| index);
    refs.map(|found| found.unwrap_or(first))
}

fn free(ahead: [i64; COUNT], used: [bool; COUNT]) -> impl Iterator<Item = (usize, i64)> {
    ahead.into_iter().enumerate().zip(used).filter(|(_, used)| !used).map(|(found, _)| found)
}

/// Whether two pictures before this one, or one before and one behind, are among its references (`skipModeAllowed`,
/// 5.9.22). `ahead` says how far each reference is behind this one.
pub fn may_skip(ahead: [i64; USED], between: impl Fn(usize, usize) -> i64) -> bool {
    let mut forward: Option<usize> = None;
    let mut backward = false;
    for (index, distance) in ahead.into_iter().enumerate() {
        backward |= distance > 0;
        if distance < 0 && forward.is_none_or(|best| between(index, best) > 0) {
            forward = Some(index);
        }
    }
    forward.is_some_and(|best| backward || (0..USED).any(|index| between(index, best) < 0))
}
