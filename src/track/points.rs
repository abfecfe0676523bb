//! What the `mfra` of a file says of its fragments, ISO/IEC 14496-12:2022 8.8.9.

use crate::boxes::Tree;
use crate::boxes::index::{RandomAccessPoint, TrackFragmentRandomAccess};
use crate::bytes::ByKey;
use crate::bytes::units::len_u64;

use super::index::FragmentEntry;

/// Gives `take` each random access point with its track ID.
fn for_each(mfra: &Tree<'_>, mut take: impl FnMut(u32, &RandomAccessPoint)) {
    for node in mfra.root().all(b"tfra") {
        let Ok(tfra) = mfra.read::<TrackFragmentRandomAccess>(node) else { continue };
        tfra.entries.points.iter().for_each(|point| take(tfra.track_id, point));
    }
}

/// Times by [`key`], of those points that lead to a fragment.
pub fn times(mfra: &Tree<'_>, fragments: &[FragmentEntry]) -> ByKey<i64> {
    let mut times = ByKey::default();
    for_each(mfra, |track_id, point| {
        let number = fragments.binary_search_by_key(&point.moof_offset, |fragment| fragment.start);
        if let (Ok(number), Ok(time)) = (number, i64::try_from(point.time)) {
            times.entry(key(number, track_id), time);
        }
    });
    times
}

/// Number of a fragment and track ID, as one number.
pub fn key(number: usize, track_id: u32) -> u64 {
    len_u64(number) << 32 | u64::from(track_id)
}

/// Where the fragments of each track are said to begin.
pub(super) fn moof_offsets(mfra: &Tree<'_>) -> Vec<u64> {
    let mut offsets = Vec::new();
    for_each(mfra, |_, point| offsets.push(point.moof_offset));
    offsets
}
