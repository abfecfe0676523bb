//! Decode times of fragments: what a fragment says, else the sum of the durations before, else what `tfra` says.

use std::collections::BTreeMap;

use crate::boxes::index::TrackFragmentRandomAccess;

use super::index::Index;

/// Fills in the decode times. `said` has what the fragments themselves say, beside the parts of the index.
pub(super) fn resolve(index: &mut Index, said: &[Option<i64>]) {
    let points = random_access_times(index);
    let mut next: BTreeMap<u32, i64> = BTreeMap::new();
    for fragment in &index.fragments {
        for number in fragment.first_part..fragment.first_part + fragment.part_count {
            let Some(part) = index.parts.get_mut(number) else { continue };
            let own = said.get(number).copied().flatten();
            let at = || points.get(&(fragment.start, part.track_id)).copied();
            let running = next.get(&part.track_id).copied();
            part.decode_time = own.or(running).or_else(at).unwrap_or(0);
            let end = part.decode_time.saturating_add_unsigned(part.duration);
            next.insert(part.track_id, end);
        }
    }
}

/// Times of `tfra` by `moof` offset and track ID.
fn random_access_times(index: &Index) -> BTreeMap<(u64, u32), i64> {
    let mut times = BTreeMap::new();
    let Some(mfra) = &index.mfra else { return times };
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
