//! Decode times of fragments: what a fragment says, else the sum of the durations before, else what `tfra` says.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::boxes::Tree;
use crate::boxes::index::TrackFragmentRandomAccess;

use super::index::Index;

/// The decode time of a part whose fragment says none.
pub(super) const UNSAID: i64 = i64::MIN;

/// Fills in the decode times that are [`UNSAID`].
pub(super) fn resolve(index: &mut Index) {
    let mfra = index.mfra.as_ref();
    // Seldom asked for, and as long as the file.
    let points = OnceCell::new();
    let mut next: BTreeMap<u32, i64> = BTreeMap::new();
    for fragment in &index.fragments {
        for number in fragment.first_part..fragment.first_part + fragment.part_count {
            let Some(part) = index.parts.get_mut(number) else { continue };
            if part.decode_time == UNSAID {
                let at = || {
                    let points = points.get_or_init(|| random_access_times(mfra));
                    points.get(&(fragment.start, part.track_id)).copied()
                };
                part.decode_time = next.get(&part.track_id).copied().or_else(at).unwrap_or(0);
            }
            let end = part.decode_time.saturating_add_unsigned(part.duration);
            next.insert(part.track_id, end);
        }
    }
}

/// Times of `tfra` by `moof` offset and track ID.
fn random_access_times(mfra: Option<&Tree<'_>>) -> BTreeMap<(u64, u32), i64> {
    let mut times = BTreeMap::new();
    let Some(mfra) = mfra else { return times };
    for node in mfra.root().all(b"tfra") {
        let Ok(tfra) = mfra.read::<TrackFragmentRandomAccess>(node) else { continue };
        for point in &tfra.entries.points {
            if let Ok(time) = i64::try_from(point.time) {
                times.entry((point.moof_offset, tfra.track_id)).or_insert(time);
            }
        }
    }
    times
}
