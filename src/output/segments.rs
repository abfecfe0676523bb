//! The segments of a fragmented file: where each begins, which is where decoding can, and the `sidx` that lists them
//! (ISO/IEC 14496-12:2022 8.16.3).

use crate::boxes::BoxBody;
use crate::boxes::index::{SegmentIndex, SegmentReference};
use crate::boxes::types::Wide;
use crate::boxes::wire::FullHead;
use crate::bytes::units::{clock, len_u64};
use crate::bytes::{Error, Result};
use crate::fragmenter::shift;
use crate::track::index::FragmentEntry;
use crate::track::presented::Access;
use crate::track::top::TopBox;
use crate::track::{Index, Track, TrackKind};

use super::moved::Moved;

/// Most references of a `sidx`, which counts them in 16 bits. Of more fragments several share one: FFmpeg and many players
/// read no index of indexes.
const REFERENCES: usize = 0xffff;

/// Bytes of a `sidx` of version 1 without references, and of one of these.
const HEAD_LEN: u64 = 40;
const REFERENCE_LEN: u64 = 12;

/// One segment: fragments that follow each other. Decoding of the track that leads can begin with the first, but perhaps in
/// the first segment of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// File offset of the first byte.
    pub start: u64,
    /// File offset after its last fragment.
    pub end: u64,
    /// When the earliest sample of the leading track is presented, in its ticks, after its edits.
    earliest: i64,
    /// When the last one has been presented.
    over: i64,
    /// How it begins.
    access: Access,
}

/// The segments of a file.
#[derive(Clone, Debug)]
pub struct Segments {
    /// ID of the track that leads: the first with pictures, else with sound.
    track_id: u32,
    timescale: u32,
    list: Vec<Segment>,
}

impl Segments {
    /// Those of a file that has fragments.
    pub fn of(index: &Index) -> Result<Self> {
        let none = || Error::file("no-samples", "No track of the file has a sample in a fragment.");
        let movie = index.movie.as_ref().ok_or_else(none)?;
        let has_samples = |track: &&Track| index.totals(track.id).samples > 0;
        // As where plain files are cut: one picture beside sound leads nothing.
        let of_kind = |kind| {
            let mut several = movie.tracks.iter().filter(|track| index.totals(track.id).samples > 1);
            several.find(move |track| track.kind == kind)
        };
        let any = || movie.tracks.iter().find(has_samples);
        let track = of_kind(TrackKind::Video).or_else(|| of_kind(TrackKind::Audio)).or_else(any);
        let track = track.ok_or_else(none)?;
        let edits = index.moov.as_ref().map_or(0, |moov| shift(moov, track, movie.timescale));
        let moved = i64::try_from(index.time_shift(track.id)).unwrap_or(0).saturating_add(edits);
        let mut list: Vec<Segment> = Vec::new();
        let mut before = index.fragments.first().map_or(0, |first| front_of(index, first));
        for fragment in &index.fragments {
            let shown =
                index.parts(fragment).iter().filter(|part| part.track_id == track.id && part.samples > 0);
            let segment = shown.fold(None, |known: Option<Segment>, part| {
                let begins =
                    |ticks: i32| part.decode_time.saturating_add(i64::from(ticks)).saturating_add(moved);
                let earliest = begins(part.earliest);
                let over = begins(part.behind).saturating_add_unsigned(part.duration);
                Some(match known {
                    Some(known) => Segment {
                        earliest: known.earliest.min(earliest),
                        over: known.over.max(over),
                        ..known
                    },
                    None => Segment { start: before, end: fragment.end, earliest, over, access: part.access },
                })
            });
            match (segment, list.last_mut()) {
                // A fragment with which decoding cannot begin goes on from the one before.
                (Some(segment), Some(last)) if segment.access == Access::No => {
                    last.end = segment.end;
                    last.earliest = last.earliest.min(segment.earliest);
                    last.over = last.over.max(segment.over);
                }
                (Some(segment), _) => list.push(segment),
                (None, Some(last)) => last.end = fragment.end,
                // What comes before the first sample of the leading track goes with it.
                (None, None) => continue,
            }
            before = fragment.end;
        }
        Ok(Self { track_id: track.id, timescale: track.timescale, list })
    }

    /// File offset where each begins.
    pub fn starts(&self) -> impl Iterator<Item = u64> {
        self.list.iter().map(|segment| segment.start)
    }

    /// File offset where the first begins: an index of all stands before it.
    pub fn start(&self) -> u64 {
        self.list.first().map_or(0, |segment| segment.start)
    }

    /// Ticks a second of [`timed`](Self::timed).
    pub fn timescale(&self) -> u32 {
        self.timescale
    }

    /// File offset where each begins, that behind it, and for how many ticks it is presented: until the next is.
    pub fn timed(&self) -> impl Iterator<Item = (u64, u64, u64)> {
        self.list.iter().enumerate().map(|(number, segment)| {
            let next = self.list.get(number + 1).map_or(segment.over, |next| next.earliest);
            let ticks = next.saturating_sub(segment.earliest).max(0).unsigned_abs();
            (segment.start, segment.end, ticks)
        })
    }

    /// The segments that one reference leads to.
    fn shared(&self) -> impl Iterator<Item = &[Segment]> {
        self.list.chunks(self.list.len().div_ceil(REFERENCES).max(1))
    }

    /// Bytes of the index.
    pub fn index_len(&self) -> u64 {
        HEAD_LEN + REFERENCE_LEN * len_u64(self.shared().count())
    }

    /// The `sidx` of all of them, by where they are in the output.
    pub fn index(&self, moved: &Moved) -> Result<Vec<u8>> {
        // What an edit leaves out at the start is not presented.
        let begins: Vec<i64> = self
            .shared()
            .map(|all| all.iter().map(|segment| segment.earliest).min().unwrap_or(0).max(0))
            .collect();
        let over = self.list.iter().map(|segment| segment.over).max().unwrap_or(0);
        let ends = begins.iter().skip(1).copied().chain([over]);
        let mut references = Vec::new();
        for ((all, begin), end) in self.shared().zip(&begins).zip(ends) {
            let (Some(first), Some(last)) = (all.first(), all.last()) else { continue };
            let size = moved.map(last.end).saturating_sub(moved.map(first.start));
            let reference = u32::try_from(size).ok().filter(|size| size >> 31 == 0);
            let reference = reference.ok_or_else(|| {
                let message = format!(
                    "{} has {size} bytes; a segment index holds at most 2^31 - 1. Leave the index out.",
                    self.place(*begin)
                );
                Error::caller("segment-too-large", "segmentIndex", message)
            })?;
            let duration = end.checked_sub(*begin).and_then(|ticks| u32::try_from(ticks).ok());
            let subsegment_duration = duration.ok_or_else(|| {
                let message = format!(
                    "{} is followed by one at {}, and a segment index holds times that go on, by less than 2^32 ticks of 1/{} s. \
                     Leave the index out.",
                    self.place(*begin),
                    clock(end.max(0).unsigned_abs(), self.timescale),
                    self.timescale
                );
                Error::caller("segment-times", "segmentIndex", message)
            })?;
            let sap = first.access.sap();
            references.push(SegmentReference { reference, subsegment_duration, sap });
        }
        let index = SegmentIndex {
            head: FullHead { version: 1, flags: 0 },
            reference_id: self.track_id,
            timescale: self.timescale,
            earliest_presentation_time: Wide(begins.first().copied().unwrap_or(0).unsigned_abs()),
            first_offset: Wide(0),
            references: references.into(),
            ..SegmentIndex::default()
        };
        Ok(index.to_box(0))
    }

    /// The front of a sentence about the segment that begins at this time.
    fn place(&self, time: i64) -> String {
        format!(
            "The segment of track {} at {}",
            self.track_id,
            clock(time.max(0).unsigned_abs(), self.timescale)
        )
    }
}

/// File offset of the first of the boxes that stand before a fragment and belong to it: its segment type, and what is said
/// to players on the way.
fn front_of(index: &Index, fragment: &FragmentEntry) -> u64 {
    let of_segment =
        |top: &TopBox| [b"styp", b"prft", b"emsg", b"sidx", b"ssix"].iter().any(|code| top.id.is(code));
    let behind_movie = index.moov.as_ref().map_or(0, |moov| moov.root().end());
    let boxes: Vec<TopBox> = index.top.within(behind_movie, fragment.start).collect();
    let own = boxes.iter().rev().take_while(|top| of_segment(top));
    own.last().map_or(fragment.start, |top| top.start)
}

/// Whether a box is an index of segments that one of the whole file takes the place of, or that files apart do without: one
/// between the header of a fragment and its media data stays.
pub fn is_index(index: &Index, top: &TopBox) -> bool {
    let is_one = top.id.is(b"sidx") || top.id.is(b"ssix");
    let behind = index.fragments.partition_point(|fragment| fragment.end <= top.start);
    is_one && index.fragments.get(behind).is_none_or(|fragment| top.start < fragment.start)
}
