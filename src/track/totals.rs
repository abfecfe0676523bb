//! What each track has in all fragments together: counted once, because there may be many of both.

use crate::bytes::ByKey;

use super::index::FragmentPart;

/// What one track has in all fragments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackTotals {
    /// How many fragments have a part of it.
    pub fragments: u64,
    /// Number of samples.
    pub samples: u64,
    /// Bytes of the samples.
    pub bytes: u64,
    /// Ticks of the samples together.
    pub duration: u64,
    /// The earliest decode time in ticks; may be negative (audio priming).
    pub first_time: i64,
    /// Where the last sample ends, in ticks.
    pub end_time: i64,
}

impl Default for TrackTotals {
    fn default() -> Self {
        Self { fragments: 0, samples: 0, bytes: 0, duration: 0, first_time: i64::MAX, end_time: i64::MIN }
    }
}

/// The totals of every track that fragments have parts of, by ID.
pub(super) fn of_tracks(parts: &[FragmentPart]) -> ByKey<TrackTotals> {
    let mut all = ByKey::default();
    for part in parts {
        let track = all.entry(part.track_id, TrackTotals::default());
        track.fragments += 1;
        track.samples += u64::from(part.samples);
        track.bytes = track.bytes.saturating_add(part.bytes);
        track.duration = track.duration.saturating_add(part.duration);
        track.first_time = track.first_time.min(part.decode_time);
        track.end_time = track.end_time.max(part.decode_time.saturating_add_unsigned(part.duration));
    }
    all
}
