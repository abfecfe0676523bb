//! Decode times of fragments (ISO/IEC 14496-12:2022 8.8.12): what a fragment says, else the sum of the durations before, else
//! what `tfra` says.

use std::cell::OnceCell;

use crate::bytes::{ByKey, units::to_len};

use super::fragment::TrackFragment;
use super::index::Index;
use super::points;

/// The decode time of a part whose fragment says none.
const UNSAID: i64 = i64::MIN;

/// What is known of each track from its fragments so far.
#[derive(Debug, Default)]
pub(super) struct Times(ByKey<Known>);

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// Ticks from the decode time of its first sample of all to when that is presented.
    first_shown: i32,
    /// When its last fragment ends, if that is known; 0 before the first.
    end: Option<i64>,
}

impl Times {
    /// The decode time of the next part of its track, or [`UNSAID`]. Its first sample is presented `first` ticks later.
    pub fn take(&mut self, track: &TrackFragment, first: i32) -> i64 {
        let known = self.0.entry(track.tfhd.track_id, Known { first_shown: first, end: Some(0) });
        let Some(said) = track.decode_time else {
            known.end = None;
            return UNSAID;
        };
        // FFmpeg says by tfxd when the first sample is presented. It is decoded when the fragment before ends, then.
        let decoded = said.saturating_sub(first.into());
        let time = if track.by_tfxd && known.end == Some(decoded) { decoded } else { said };
        known.end = Some(time.saturating_add_unsigned(track.duration));
        time
    }
}

/// Fills in the decode times that are [`UNSAID`].
pub(super) fn resolve(index: &mut Index, times: &Times) {
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
                    // When the first sample is presented (8.8.10); writers of Smooth Streaming give the decode time.
                    let shown = said.get(points::key(number, part.track_id)).copied()?;
                    let first = times.0.get(part.track_id).map_or(0, |known| known.first_shown);
                    Some(shown.saturating_sub(first.into())).filter(|time| *time >= 0).or(Some(shown))
                };
                // Else the fragments go on where the sample table ends.
                let before = || {
                    let track = index.movie.as_ref().and_then(|movie| movie.track(part.track_id))?;
                    i64::try_from(track.table.duration).ok()
                };
                part.decode_time = next.or_else(at).or_else(before).unwrap_or(0);
            }
            *next = Some(part.decode_time.saturating_add_unsigned(part.duration));
        }
    }
}
