//! Lengths that headers and indexes say, held against those of the samples, to the tick.

use crate::boxes::movie::TrackHeader;
use crate::fragmenter::shift;
use crate::track::index::FragmentPart;
use crate::track::lengths::{Length, content, of_file};
use crate::track::{Index, Track};

/// A length that is said, and is another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// The box that says it.
    pub by: &'static str,
    /// Track ID, where it is of one.
    pub track: Option<u32>,
    /// Plain sentence.
    pub message: String,
}

/// All lengths that are wrong by more than rounding. What is wrong by a second and more is a finding of the file already.
pub fn wrong(index: &Index) -> Vec<Stated> {
    let (Some(movie), Some(moov)) = (&index.movie, &index.moov) else { return Vec::new() };
    let mut all = Vec::new();
    let of_movie = |ticks: Option<u64>| Length::new(ticks?, movie.timescale);
    let in_both = movie.fragmented && movie.samples_in_tables() > 0;
    let whole = of_file(index).filter(|_| index.sample_count() > 0 && !in_both);
    // With an edit list, what is presented begins later, and may end earlier.
    let edited = moov.root().all(b"trak").any(|trak| trak.child(b"edts").is_some());
    if let Some(whole) = whole.filter(|_| !edited) {
        all.extend(other("mehd", None, of_movie(movie.whole_duration), whole));
        all.extend(other("mvhd", None, of_movie(movie.duration), whole));
    }
    for (trak, track) in moov.root().all(b"trak").zip(&movie.tracks) {
        // Headers of a file that has samples in fragments too may count those in `moov` alone.
        let Some(found) = content(index, track).filter(|_| !movie.fragmented || track.table.samples == 0)
        else {
            continue;
        };
        all.extend(other(
            "mdhd",
            Some(track),
            track.duration.and_then(|ticks| Length::new(ticks, track.timescale)),
            found,
        ));
        if trak.child(b"edts").is_none()
            && let Some(tkhd) = trak.child(b"tkhd")
            && let Ok(tkhd) = moov.read::<TrackHeader>(tkhd)
        {
            let known = ![0, u64::from(u32::MAX), u64::MAX].contains(&tkhd.duration.0);
            all.extend(other("tkhd", Some(track), of_movie(known.then_some(tkhd.duration.0)), found));
        }
    }
    segments(index, &mut all);
    all
}

/// What indexes of segments say of all that each is of.
fn segments(index: &Index, all: &mut Vec<Stated>) {
    for (start, sidx) in &index.segment_indexes {
        let track = index.movie.as_ref().and_then(|movie| movie.track(sidx.reference_id));
        let (Some(track), Some(top)) = (track, index.top.at(*start)) else { continue };
        let entries = &sidx.references.entries;
        if entries.iter().any(|entry| entry.is_index()) {
            continue;
        }
        let from = top.end().saturating_add(sidx.first_offset.0);
        let to = entries.iter().fold(from, |at, entry| at.saturating_add(entry.referenced_size().into()));
        let inside = index.fragments_between(from, to).iter();
        let parts =
            inside.flat_map(|fragment| index.parts(fragment)).filter(|part| part.track_id == track.id);
        let ticks = parts.clone().fold(0u64, |sum, part| sum.saturating_add(part.duration));
        let stated = entries.iter().map(|entry| u64::from(entry.subsegment_duration)).sum();
        let stated = Length::new(stated, sidx.timescale);
        let lengths = [ticks].into_iter().chain(presented(index, track, parts));
        let mut found = lengths.filter_map(|ticks| Length::new(ticks, track.timescale)).peekable();
        let (Some(stated), Some(&first)) = (stated, found.peek()) else { continue };
        // Each of them is rounded by itself.
        if ticks > 0 && found.all(|found| apart(stated, found, entries.len())) {
            all.push(told("sidx", Some(track), stated, first));
        }
    }
}

/// How long parts of a track are presented, which is what an index counts (ISO/IEC 14496-12:2022 8.16.3): all of them, and
/// without what an edit list takes off their front.
fn presented<'p>(index: &Index, track: &Track, parts: impl Iterator<Item = &'p FragmentPart>) -> Vec<u64> {
    let spans = parts.filter(|part| part.samples > 0).map(|part| {
        let at = |ticks: i32| part.decode_time.saturating_add(ticks.into());
        (at(part.earliest), at(part.behind).saturating_add_unsigned(part.duration))
    });
    let all = spans.reduce(|(from, to), (start, end)| (from.min(start), to.max(end)));
    let Some((from, to)) = all else { return Vec::new() };
    let scale = index.movie.as_ref().map_or(0, |movie| movie.timescale);
    let moved = index.moov.as_ref().map_or(0, |moov| shift(moov, track, scale));
    let begins = from.max(moved.saturating_neg());
    [from, begins].map(|from| u64::try_from(to.saturating_sub(from)).unwrap_or(0)).to_vec()
}

fn other(by: &'static str, track: Option<&Track>, stated: Option<Length>, found: Length) -> Option<Stated> {
    let stated = stated.filter(|stated| !stated.differs(found) && apart(*stated, found, 1))?;
    Some(told(by, track, stated, found))
}

fn told(by: &'static str, track: Option<&Track>, stated: Length, found: Length) -> Stated {
    let message = format!(
        "'{by}' says that {} takes {} ticks of {} a second; its samples take {} of {}.",
        if track.is_some() { "the track" } else { "the whole" },
        stated.ticks,
        stated.timescale,
        found.ticks,
        found.timescale
    );
    Stated { by, track: track.map(|track| track.id), message }
}

/// Whether two lengths are more apart than by rounding so many times, and by a tick of the other.
fn apart(stated: Length, found: Length, times: usize) -> bool {
    let (one, two) = (u128::from(stated.timescale), u128::from(found.timescale));
    let difference = (u128::from(stated.ticks) * two).abs_diff(u128::from(found.ticks) * one);
    difference > two * u128::try_from(times.max(1)).unwrap_or(1) + one
}
