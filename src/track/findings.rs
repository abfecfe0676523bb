//! What is found when all of a file is known: headers that say what the samples do not, and samples that are not there.

use crate::bytes::Error;

use super::index::Index;
use super::lengths::{Length, content, of_file};
use super::movie::{Movie, Track};

/// The findings, without paths.
pub(super) fn all(index: &Index) -> Vec<Error> {
    let Some(movie) = &index.movie else { return Vec::new() };
    let mut found = Vec::new();
    for track in &movie.tracks {
        found.extend(no_timescale(track));
        found.extend(track_length(index, movie, track));
    }
    found.extend(whole_length(index, movie));
    found.extend(beyond_the_end(index, movie));
    found.extend(unknown_entry(index, movie));
    found
}

fn no_timescale(track: &Track) -> Option<Error> {
    let message = format!(
        "Track {} has a timescale of 0 ticks a second, so its times and its length are not known.",
        track.id
    );
    let has_media = !track.entries.is_empty() && track.timescale == 0;
    has_media.then(|| Error::file("no-timescale", message).as_note().at(track.start))
}

fn track_length(index: &Index, movie: &Movie, track: &Track) -> Option<Error> {
    let stated = Length::new(track.duration?, track.timescale)?;
    let found = content(index, track)?;
    // Of a file that goes on in fragments the header may count the samples in moov alone.
    let in_moov = Length { ticks: track.table.duration, ..found };
    if !stated.differs(found) || (movie.fragmented && !stated.differs(in_moov)) {
        return None;
    }
    let message =
        format!("The header of track {} says that it takes {stated}; its samples take {found}.", track.id);
    Some(Error::file("lengths-differ", message).as_note().at(track.start))
}

fn whole_length(index: &Index, movie: &Movie) -> Option<Error> {
    let stated = Length::new(movie.whole_duration?, movie.timescale)?;
    let found = of_file(index).filter(|found| index.sample_count() > 0 && stated.differs(*found))?;
    let message = format!(
        "The movie header says that the whole takes {stated}; the samples in this file take {found}. It may be a part of \
         something longer."
    );
    let mvex = index.moov.as_ref()?.root().child(b"mvex")?;
    Some(Error::file("lengths-differ", message).as_note().at(mvex.start))
}

/// Samples of the sample tables that stand behind the end of the file. A file cut short says so already.
fn beyond_the_end(index: &Index, movie: &Movie) -> Option<Error> {
    let track = movie.tracks.iter().max_by_key(|track| track.table.end)?;
    let is_said = index.problems.iter().any(|problem| problem.code() == "truncated");
    let message = format!(
        "Track {} has samples up to byte {}, but the file ends at byte {}. Get a complete copy of it.",
        track.id, track.table.end, index.file_len
    );
    let is_beyond = track.table.end > index.file_len && !is_said;
    is_beyond.then(|| Error::file("samples-beyond-end", message).at(track.start))
}

/// A fragment whose samples are described by an entry that the track does not have.
fn unknown_entry(index: &Index, movie: &Movie) -> Option<Error> {
    index.used_entries().find_map(|(id, number, traf)| {
        let track =
            movie.track(id).filter(|track| track.entry(number).is_none() && !track.entries.is_empty())?;
        let message = format!(
            "{}a fragment uses sample entry {number}, but the track has {}, counted from 1.",
            index.place(track, traf),
            track.entries.len()
        );
        Some(Error::file("bad-sample-entry", message).at(traf))
    })
}
