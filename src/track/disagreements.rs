//! Headers that say other lengths than the samples have: found when all of a file is known.

use crate::bytes::{Error, limits};

use super::index::Index;
use super::lengths::{Length, content, of_file};
use super::movie::{Movie, Track};

/// Adds what is found to the findings.
pub(super) fn find(index: &mut Index) {
    let (Some(movie), Some(moov)) = (&index.movie, &index.moov) else { return };
    let mut found = Vec::new();
    for track in &movie.tracks {
        found.extend(no_timescale(track));
        found.extend(sample_counts(track));
        found.extend(track_length(index, movie, track));
    }
    found.extend(whole_length(index, movie));
    let room = limits::PROBLEMS.saturating_sub(index.findings.len());
    let placed: Vec<Error> = found.into_iter().take(room).map(|error| moov.place(error)).collect();
    index.findings.extend(placed);
}

fn no_timescale(track: &Track) -> Option<Error> {
    let message = "Its timescale is 0 ticks a second, so its times and its length are not known.";
    let has_media = !track.entries.is_empty() && track.timescale == 0;
    has_media.then(|| Error::file("no-timescale", message).at(track.start))
}

fn sample_counts(track: &Track) -> Option<Error> {
    let (timed, sized) = (track.table.timed, track.table.samples);
    let message = format!(
        "The sample table gives times to {timed} samples, but sizes to {sized}. Get a sound copy of the file."
    );
    (timed != sized).then(|| Error::file("sample-counts", message).at(track.start))
}

fn track_length(index: &Index, movie: &Movie, track: &Track) -> Option<Error> {
    let stated = Length::new(track.duration?, track.timescale)?;
    let found = content(index, track)?;
    // Of a file that goes on in fragments the header may count the samples in moov alone.
    let in_moov = Length { ticks: track.table.duration, ..found };
    if !stated.differs(found) || (movie.fragmented && !stated.differs(in_moov)) {
        return None;
    }
    let message = format!("Its header says that it takes {stated}; its samples take {found}.");
    Some(Error::file("lengths-differ", message).at(track.start))
}

fn whole_length(index: &Index, movie: &Movie) -> Option<Error> {
    let stated = Length::new(movie.whole_duration?, movie.timescale)?;
    let found = of_file(index).filter(|found| index.sample_count() > 0 && stated.differs(*found))?;
    let message = format!(
        "The movie header says that the whole takes {stated}; the samples in this file take {found}. It may be a part of \
         something longer."
    );
    let mvex = index.moov.as_ref()?.root().child(b"mvex")?;
    Some(Error::file("lengths-differ", message).at(mvex.start))
}
