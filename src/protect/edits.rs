//! Edit lists that ask more of a player than to begin somewhere, as plain sentences (ISO/IEC 14496-12:2022 8.6.6). They come
//! along as they are.

use crate::boxes::movie::{EMPTY_EDIT, EditEntry, EditList};
use crate::boxes::wire::Wire as _;
use crate::bytes::units::clock;
use crate::fragmenter::columns::Columns;
use crate::track::index::FragmentPart;
use crate::track::presented::Access;
use crate::track::{Index, Track, TrackKind};

/// What a person can do whose players do not follow such a list.
const ANEW: &str = "The edit list comes along as it is; for players that do not follow it, write the film as it is shown first, with: \
                    ffmpeg -i input.mp4 output.mp4";

/// A media rate of 1, as a 16.16 number.
const NORMAL: i32 = 0x1_0000;

/// What is worth knowing of the edit lists of a file, of which `work` is what is protected.
pub fn edit_notes(source: &Index, work: &Index) -> Vec<String> {
    let (Some(tree), Some(movie)) = (&work.moov, &work.movie) else { return Vec::new() };
    let mut notes = Vec::new();
    for track in &movie.tracks {
        let trak = tree.root().all(b"trak").find(|trak| trak.start == track.start);
        let elst = trak.and_then(|trak| trak.descend(&[b"edts", b"elst"]));
        let Some(Ok(list)) = elst.map(|elst| tree.read::<EditList>(elst)) else { continue };
        let edits = Edits { source, work, track, timescale: movie.timescale, list: &list.entries.entries };
        let found = [edits.several(), edits.gap(), edits.rate(), edits.undecodable()];
        notes.extend(found.into_iter().flatten().map(|said| format!("Track {} {said} {ANEW}", track.id)));
    }
    notes
}

/// The edits of one track.
struct Edits<'i> {
    source: &'i Index,
    work: &'i Index,
    track: &'i Track,
    /// Ticks a second of the movie header.
    timescale: u32,
    list: &'i [EditEntry],
}

impl Edits<'_> {
    /// The edits that show something: number from 1, and when they are shown.
    fn shown(&self) -> impl Iterator<Item = (usize, String, &EditEntry)> {
        let mut ticks = 0_u64;
        let timed = self.list.iter().zip(1..).map(move |(edit, number)| {
            let at = clock(ticks, self.timescale);
            ticks = ticks.saturating_add(edit.segment_duration.0);
            (number, at, edit)
        });
        timed.filter(|(_, _, edit)| edit.media_time.0 != EMPTY_EDIT)
    }

    fn several(&self) -> Option<String> {
        let count = self.shown().count();
        let (number, at, edit) = self.shown().nth(1)?;
        Some(format!(
            "is put together of {count} edits: from {at} on, edit {number} shows its media from {}. Browsers and many other players \
             follow one edit alone, and show the rest as it is stored.",
            self.media(edit)
        ))
    }

    fn gap(&self) -> Option<String> {
        let (first, ..) = self.shown().next()?;
        let mut ticks = 0_u64;
        let empty = self.list.iter().zip(1..).find_map(|(edit, number)| {
            let at = ticks;
            ticks = ticks.saturating_add(edit.segment_duration.0);
            (number > first && edit.media_time.0 == EMPTY_EDIT).then_some((number, at, edit))
        });
        let (number, at, edit) = empty?;
        Some(format!(
            "shows nothing from {} on for {}, by the empty edit {number}: many players know such edits at the beginning alone.",
            clock(at, self.timescale),
            clock(edit.segment_duration.0, self.timescale)
        ))
    }

    fn rate(&self) -> Option<String> {
        let (number, at, edit) = self.shown().find(|(_, _, edit)| edit.media_rate.0 != NORMAL)?;
        let what =
            if edit.media_rate.0 == 0 { "holds one picture" } else { "is to be played at another speed" };
        Some(format!(
            "{what} from {at} on: edit {number} has the media rate {}, and most players know 1 alone.",
            edit.media_rate.show()
        ))
    }

    /// The first edit that shows pictures from one on that cannot be decoded by itself.
    fn undecodable(&self) -> Option<String> {
        if self.track.kind != TrackKind::Video {
            return None;
        }
        self.shown().find_map(|(number, at, edit)| {
            let why = self.undecoded(edit.media_time.0)?;
            Some(format!(
                "is shown from {at} on by edit {number} from {} of its media, {why}. Players that begin to decode there show \
                 nothing, or broken pictures, up to the next key frame.",
                self.media(edit)
            ))
        })
    }

    fn media(&self, edit: &EditEntry) -> String {
        clock(edit.media_time.0.max(0).unsigned_abs(), self.track.timescale)
    }

    /// Why what is presented at this media time cannot be decoded by itself; nothing where it can, or is the first of all.
    fn undecoded(&self, time: i64) -> Option<String> {
        let before = |ticks: i64| clock(ticks.max(0).unsigned_abs(), self.track.timescale);
        let tables = self.source.moov.as_ref().zip(self.source.movie.as_ref());
        let of_tables = tables.and_then(|(tree, movie)| {
            let track = movie.track(self.track.id)?;
            let columns = Columns::read_clear(tree, track).ok()?;
            (u64::try_from(time).ok()? < track.table.duration).then_some(columns)
        });
        if let Some(columns) = of_tables {
            let (mut cursor, mut shown, mut key) = (columns.start(), None, None);
            while let Ok(Some(sample)) = columns.next(&mut cursor) {
                // What is decoded later is not presented before, as long as no offset is negative.
                let decoded = i64::try_from(sample.time).unwrap_or(i64::MAX);
                let presented = decoded.saturating_add(sample.composition.into());
                if decoded.saturating_add(sample.composition.min(0).into()) > time {
                    break;
                }
                if presented <= time && shown.is_none_or(|(before, _)| before <= presented) {
                    shown = Some((presented, sample.is_sync()));
                }
                if presented <= time && sample.is_sync() {
                    key = Some(presented);
                }
            }
            let (_, is_sync) = shown?;
            let key = key.filter(|_| !is_sync)?;
            return Some(format!(
                "which is no key frame: the one before is at {}, and what is between is decoded and not shown",
                before(key)
            ));
        }
        let mut parts = self.work.all_parts().iter().filter(|part| part.track_id == self.track.id);
        let begins = |part: &FragmentPart| part.decode_time.saturating_add(part.earliest.into());
        let inside = parts.rfind(|part| begins(part) <= time)?;
        (begins(inside) != time || inside.access == Access::No).then(|| {
            format!(
                "within the fragment that begins at {}, and not at its first picture: decoding is known to begin there alone",
                before(begins(inside))
            )
        })
    }
}
