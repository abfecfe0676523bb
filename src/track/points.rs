//! What the `mfra` of a file says of its fragments, ISO/IEC 14496-12:2022 8.8.9.

use std::collections::BTreeMap;

use crate::boxes::Tree;
use crate::boxes::index::{RandomAccessPoint, TrackFragmentRandomAccess};

/// Gives `take` each random access point with its track ID.
fn for_each(mfra: &Tree<'_>, mut take: impl FnMut(u32, &RandomAccessPoint)) {
    for node in mfra.root().all(b"tfra") {
        let Ok(tfra) = mfra.read::<TrackFragmentRandomAccess>(node) else { continue };
        tfra.entries.points.iter().for_each(|point| take(tfra.track_id, point));
    }
}

/// Times by `moof` offset and track ID.
pub(super) fn times(mfra: &Tree<'_>) -> BTreeMap<(u64, u32), i64> {
    let mut times = BTreeMap::new();
    for_each(mfra, |track_id, point| {
        if let Ok(time) = i64::try_from(point.time) {
            times.entry((point.moof_offset, track_id)).or_insert(time);
        }
    });
    times
}

/// Where the fragments of each track are said to begin.
pub(super) fn moof_offsets(mfra: &Tree<'_>) -> Vec<u64> {
    let mut offsets = Vec::new();
    for_each(mfra, |_, point| offsets.push(point.moof_offset));
    offsets
}
