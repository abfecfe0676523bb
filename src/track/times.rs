//! Decode times of fragments: what a fragment says, else the sum of the durations before, else what `tfra` says.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::bytes::units::to_len;

use super::index::Index;
use super::points;

/// The decode time of a part whose fragment says none.
pub(super) const UNSAID: i64 = i64::MIN;

/// Fills in the decode times that are [`UNSAID`].
pub(super) fn resolve(index: &mut Index) {
    let mfra = index.mfra.as_ref();
    // Seldom asked for, and as long as the file.
    let said = OnceCell::new();
    let mut next: BTreeMap<u32, i64> = BTreeMap::new();
    for fragment in &index.fragments {
        for number in fragment.first_part..fragment.first_part + to_len(fragment.part_count.into()) {
            let Some(part) = index.parts.get_mut(number) else { continue };
            if part.decode_time == UNSAID {
                let at = || {
                    let said = said.get_or_init(|| mfra.map(points::times).unwrap_or_default());
                    said.get(&(fragment.start, part.track_id)).copied()
                };
                part.decode_time = next.get(&part.track_id).copied().or_else(at).unwrap_or(0);
            }
            let end = part.decode_time.saturating_add_unsigned(part.duration);
            next.insert(part.track_id, end);
        }
    }
}
