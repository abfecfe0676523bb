//! Decode times of fragments: what a fragment says, else the sum of the durations before, else what `tfra` says.

use std::cell::OnceCell;

use crate::bytes::{ByKey, units::to_len};

use super::index::Index;
use super::points;

/// The decode time of a part whose fragment says none.
pub(super) const UNSAID: i64 = i64::MIN;

/// Fills in the decode times that are [`UNSAID`].
pub(super) fn resolve(index: &mut Index) {
    let mfra = index.mfra.as_ref();
    // Seldom asked for, and as long as the file.
    let said = OnceCell::new();
    let mut next: ByKey<Option<i64>> = ByKey::default();
    for (number, fragment) in index.fragments.iter().enumerate() {
        for part in fragment.first_part..fragment.first_part + to_len(fragment.part_count.into()) {
            let Some(part) = index.parts.get_mut(part) else { continue };
            let next = next.entry(part.track_id, None);
            if part.decode_time == UNSAID {
                let at = || {
                    let said = said.get_or_init(|| {
                        mfra.map(|mfra| points::times(mfra, &index.fragments)).unwrap_or_default()
                    });
                    said.get(points::key(number, part.track_id)).copied()
                };
                part.decode_time = next.or_else(at).unwrap_or(0);
            }
            *next = Some(part.decode_time.saturating_add_unsigned(part.duration));
        }
    }
}
