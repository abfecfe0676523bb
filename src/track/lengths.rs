//! How long a file and its tracks are: by what is in them, not by what their headers say.

use crate::bytes::units::clock;

use super::index::Index;
use super::movie::Track;

/// A length of media time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// Ticks.
    pub ticks: u64,
    /// Ticks a second, never 0.
    pub timescale: u32,
}

impl Length {
    /// `None` without a timescale.
    pub fn new(ticks: u64, timescale: u32) -> Option<Self> {
        (timescale > 0).then_some(Self { ticks, timescale })
    }

    /// Seconds.
    #[expect(clippy::cast_precision_loss, reason = "2^53 ticks are years")]
    pub fn seconds(self) -> f64 {
        self.ticks as f64 / f64::from(self.timescale)
    }

    /// Whether it differs from `other` by more than a second and a hundredth: rounding and priming do not.
    pub fn differs(self, other: Self) -> bool {
        let (a, b) = (self.seconds(), other.seconds());
        (a - b).abs() > 1.0 + a.max(b) / 100.0
    }
}

impl core::fmt::Display for Length {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&clock(self.ticks, self.timescale))
    }
}

/// The length of a track's samples, in `moov` and in fragments; `None` where it has none.
pub fn content(index: &Index, track: &Track) -> Option<Length> {
    let totals = index.totals(track.id);
    let has_samples = totals.samples + track.table.samples > 0;
    let ticks = totals.duration.saturating_add(track.table.duration);
    Length::new(ticks, track.timescale).filter(|_| has_samples)
}

/// The length of a track: of its samples; where it has none, as its header says, or an index of segments.
pub fn of_track(index: &Index, track: &Track) -> Option<Length> {
    content(index, track)
        .or_else(|| Length::new(track.duration?, track.timescale))
        .or_else(|| of_indexed(index, track.id))
}

/// The length of the whole: that of the longest track; where no track has samples, as the movie header says, or an index.
pub fn of_file(index: &Index) -> Option<Length> {
    let Some(movie) = &index.movie else { return of_segment(index) };
    let longest = |lengths: &mut dyn Iterator<Item = Length>| {
        lengths.max_by(|a, b| a.seconds().total_cmp(&b.seconds())).filter(|length| length.ticks > 0)
    };
    let stated = || Length::new(movie.whole_duration.or(movie.duration)?, movie.timescale);
    longest(&mut movie.tracks.iter().filter_map(|track| content(index, track)))
        .or_else(stated)
        .or_else(|| longest(&mut movie.tracks.iter().filter_map(|track| of_track(index, track))))
}

/// The length of segments without a movie header: as their index says, which alone has a timescale.
fn of_segment(index: &Index) -> Option<Length> {
    of_indexed(index, index.segment_indexes.first()?.1.reference_id)
}

/// The length of a track as indexes of segments say.
fn of_indexed(index: &Index, id: u32) -> Option<Length> {
    let same = || index.segment_indexes.iter().filter(|(_, sidx)| sidx.reference_id == id);
    let (_, first) = same().next()?;
    let media = same().flat_map(|(_, sidx)| &sidx.references.entries).filter(|one| !one.is_index());
    let ticks = media.fold(0, |sum: u64, one| sum.saturating_add(one.subsegment_duration.into()));
    Length::new(ticks, first.timescale).filter(|length| length.ticks > 0)
}
