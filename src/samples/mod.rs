//! Rank 8: the samples of an opened file as rows, for millions of them: of a fragmented file only the headers of those
//! fragments are read that the asked rows need, of a plain one the columns of its `moov` are gone through. Which sample a byte
//! belongs to, where a sample or a time is, and what is inside of one.

mod at;
mod head;
pub mod inside;
mod sei;
mod table;
mod text;
pub mod timeline;
pub mod units;

use std::rc::Rc;

use crate::boxes::cenc::Subsample;
use crate::boxes::fragment::SampleFlags;
use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{ByKey, Error, FourCc, limits};
use crate::fragmenter::columns::Cursor;
use crate::track::encryption::Encryption;
use crate::track::index::FragmentPart;
use crate::track::{Index, Need};

use head::Head;

pub use table::map_of;

/// Why there is no answer yet.
#[derive(Clone, Debug)]
pub enum Stop {
    /// These bytes are wanted: give them to [`Samples::feed`], and ask again.
    Wants(Need),
    /// There is more to go through than one call does: ask again.
    Busy,
    /// There will be none.
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// An answer, or what it takes.
pub type Asked<T> = Result<T, Stop>;

/// One sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number in its track, from 1.
    pub number: u64,
    /// Number of its fragment in the file, from 0; `None` where it stands in the sample table.
    pub fragment: Option<usize>,
    /// Decode time in ticks; negative where sound begins before the beginning.
    pub decode: i64,
    /// Composition time in ticks.
    pub composition: i64,
    /// Ticks.
    pub duration: u32,
    /// File offset of its first byte.
    pub start: u64,
    /// Bytes.
    pub size: u32,
    /// Sample flags as `trun` has them (ISO/IEC 14496-12:2022 8.8.3.1); of sample tables what `stss` and `sdtp` say.
    pub flags: SampleFlags,
    /// Which sample entry, from 1.
    pub entry: u32,
    /// The groups it is in: grouping type, and number of the description.
    pub groups: Vec<(FourCc, u32)>,
    /// How it is encrypted; `None` where it is clear.
    pub by: Option<Rc<Encryption>>,
    /// Its own IV, or that of all; empty where it has none.
    pub iv: Vec<u8>,
    /// Its subsample map; empty where it is encrypted whole.
    pub map: Vec<Subsample>,
}

/// Rows of a track.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// How many samples the track has.
    pub total: u64,
    /// In decoding order; fewer than were asked for where they stand in many fragments.
    pub rows: Vec<Row>,
    /// What of them cannot be told, and why.
    pub problems: Vec<Error>,
}

/// Fragments whose headers are read for one page at most, and bytes of them. One is read whatever its size.
const PAGE_HEADS: usize = 64;
const PAGE_BYTES: u64 = 16 << 20;
/// Headers that are kept. More than those of a page, and those of a step to a neighbour.
const KEPT_HEADS: usize = PAGE_HEADS + 16;
const KEPT_BYTES: u64 = 4 * PAGE_BYTES;
/// Other ranges that are kept, and bytes of them. As many as one answer needs at once are kept whatever their size: a header
/// and the IVs that it leads to, or the IVs of a table and a sample.
const KEPT_RANGES: usize = 8;
const KEPT_RANGE_BYTES: u64 = 16 << 20;
const NEEDED_RANGES: usize = 2;

/// Where a part of a track stands.
#[derive(Clone, Copy, Debug)]
struct PartAt {
    /// Number of its fragment.
    fragment: u32,
    /// Its number among the parts of the fragment.
    part: u32,
    /// Samples of the track before it.
    first: u64,
}

/// The samples of one track.
#[derive(Clone, Debug, Default)]
struct TrackMap {
    /// Samples in its sample table, which come before those of fragments.
    table: u64,
    /// Why the table cannot be read.
    broken: Option<Error>,
    /// What it has in fragments, of parts that have samples.
    parts: Vec<PartAt>,
    /// All.
    total: u64,
    /// Places in the table, [`table::STRIDE`] samples apart, as far as it was gone through.
    cursors: Vec<Cursor>,
}

/// The samples of an opened file. Questions are asked again until there is an answer: see [`Stop`].
#[derive(Debug)]
pub struct Samples {
    index: Rc<Index>,
    tracks: ByKey<TrackMap>,
    /// What was used last stands last.
    heads: Vec<(usize, Rc<Head>)>,
    /// Bytes that were given: file offset and bytes; the last stand last.
    given: Vec<(u64, Vec<u8>)>,
    /// Of a search for a byte in all fragments: which byte, and the fragment that is next.
    scan: Option<(u64, usize)>,
}

impl Samples {
    /// Those of this file.
    pub fn new(index: Rc<Index>) -> Self {
        Self { index, tracks: ByKey::default(), heads: Vec::new(), given: Vec::new(), scan: None }
    }

    /// Takes bytes that were wanted, from file offset `start` on.
    pub fn feed(&mut self, start: u64, bytes: Vec<u8>) {
        self.given.push((start, bytes));
        let mut sum = 0;
        let mut kept = 0;
        for (_, bytes) in self.given.iter().rev().take(KEPT_RANGES) {
            sum += len_u64(bytes.len());
            if kept >= NEEDED_RANGES && sum > KEPT_RANGE_BYTES {
                break;
            }
            kept += 1;
        }
        self.given.drain(..self.given.len() - kept);
    }

    /// Bytes of the file; wanted where they are not at hand.
    fn bytes(&self, start: u64, len: u64) -> Asked<&[u8]> {
        let found = self.given.iter().rev().find_map(|(at, bytes)| {
            let from = to_len(start.checked_sub(*at)?);
            bytes.get(from..from.checked_add(to_len(len))?)
        });
        if let Some(bytes) = found {
            return Ok(bytes);
        }
        if start.checked_add(len).is_none_or(|end| end > self.index.file_len) {
            let message = format!(
                "Bytes {start} to {} are wanted, but the file ends at byte {}. Get a complete copy of it.",
                start.saturating_add(len),
                self.index.file_len
            );
            return Err(Error::file("truncated", message).at(start).into());
        }
        Err(Stop::Wants(Need { start, len }))
    }

    /// What is known of a track's samples; made when it is asked for first.
    fn map(&mut self, track: u32) -> &mut TrackMap {
        if self.tracks.get(track).is_none() {
            let map = self.new_map(track);
            self.tracks.entry(track, map);
        }
        self.tracks.entry(track, TrackMap::default())
    }

    fn new_map(&self, track: u32) -> TrackMap {
        let mut map = TrackMap::default();
        let info = self.index.movie.as_ref().and_then(|movie| movie.track(track));
        if info.is_some_and(|info| info.table.samples > 0) {
            match self.columns(track) {
                Ok((columns, _)) => map.table = columns.count.into(),
                // That bytes are wanted for IVs costs no samples.
                Err(Stop::Wants(_) | Stop::Busy) => {
                    map.table = info.map_or(0, |info| info.table.samples);
                }
                Err(Stop::Error(error)) => map.broken = Some(error),
            }
        }
        map.total = map.table;
        for (fragment, entry) in (0..).zip(&self.index.fragments) {
            for (part, found) in (0..).zip(self.index.parts(entry)) {
                if found.track_id == track && found.samples > 0 {
                    map.parts.push(PartAt { fragment, part, first: map.total });
                    map.total += u64::from(found.samples);
                }
            }
        }
        map.parts.shrink_to_fit();
        map
    }

    /// How many samples a track has.
    pub fn count(&mut self, track: u32) -> u64 {
        self.map(track).total
    }

    /// What the index says of a part.
    fn part(&self, at: PartAt) -> Option<&FragmentPart> {
        let fragment = self.index.fragments.get(to_len(at.fragment.into()))?;
        self.index.parts(fragment).get(to_len(at.part.into()))
    }

    /// The samples of a track from number `from` on, which counts from 0, `count` at most and [`limits::LISTED`].
    pub fn page(&mut self, track: u32, from: u64, count: usize) -> Asked<Page> {
        let map = self.map(track);
        let (total, table) = (map.total, map.table);
        let mut page = Page { total, rows: Vec::new(), problems: map.broken.iter().cloned().collect() };
        let (end, wanted) = self.wanted(track, from, count);
        // First all of them, which are kept, so that asking again costs little.
        let mut heads = Vec::new();
        for at in &wanted {
            heads.push(self.head(to_len(at.fragment.into()))?);
        }
        if from < table {
            self.table_rows(track, from, end.min(table), &mut page)?;
        }
        for (at, head) in wanted.iter().zip(heads) {
            let skip = from.max(at.first) - at.first;
            head.rows(&self.index, *at, to_len(skip), end, &mut page);
        }
        Ok(page)
    }

    /// The headers that rows of a page stand in and that are not at hand, in the order of the file. Those that
    /// [`Samples::take_head`] is given need not be wanted one by one.
    pub fn heads_for(&mut self, track: u32, from: u64, count: usize) -> Vec<Need> {
        let mut heads: Vec<Need> = Vec::new();
        for at in self.wanted(track, from, count).1 {
            let number = to_len(at.fragment.into());
            let known = self.heads.iter().any(|(fragment, _)| *fragment == number);
            if let (false, Some(entry)) = (known, self.index.fragments.get(number)) {
                heads.push(Need { start: entry.start, len: entry.moof_len });
            }
        }
        heads.sort_by_key(|head| head.start);
        heads.dedup();
        heads
    }

    /// Takes a header from file offset `start` on. What is wrong with it is told when its rows are asked for.
    pub fn take_head(&mut self, start: u64, bytes: Vec<u8>) {
        if let Ok(number) = self.index.fragments.binary_search_by_key(&start, |fragment| fragment.start) {
            self.feed(start, bytes);
            self.head(number).ok();
        }
    }

    /// Where a page ends, and the parts of fragments that its rows stand in, as many as one page reads.
    fn wanted(&mut self, track: u32, from: u64, count: usize) -> (u64, Vec<PartAt>) {
        let map = self.map(track);
        let (total, table) = (map.total, map.table);
        let end = from.saturating_add(len_u64(count.min(limits::LISTED))).min(total);
        (end, if end > table { self.parts_between(track, from.max(table), end) } else { Vec::new() })
    }

    /// The parts with the samples from number `from` up to `end`, as many as one page reads.
    fn parts_between(&mut self, track: u32, from: u64, end: u64) -> Vec<PartAt> {
        let map = self.map(track);
        let first = map.parts.partition_point(|part| part.first <= from).saturating_sub(1);
        let parts: Vec<PartAt> = map
            .parts
            .iter()
            .skip(first)
            .take_while(|part| part.first < end)
            .take(PAGE_HEADS)
            .copied()
            .collect();
        let mut bytes = 0;
        let read = parts.iter().take_while(|at| {
            let is_first = bytes == 0;
            let fragment = self.index.fragments.get(to_len(at.fragment.into()));
            bytes += fragment.map_or(0, |fragment| fragment.moof_len);
            is_first || bytes <= PAGE_BYTES
        });
        read.copied().collect()
    }

    /// One sample, by its number from 0; `None` where the track has none of it.
    pub fn row(&mut self, track: u32, number: u64) -> Asked<Option<(Row, Vec<Error>)>> {
        let mut page = self.page(track, number, 1)?;
        if let (None, Some(error)) = (page.rows.first(), page.problems.first()) {
            return Err(error.clone().into());
        }
        Ok(page.rows.pop().map(|row| (row, page.problems)))
    }

    /// The header of a fragment, read.
    fn head(&mut self, fragment: usize) -> Asked<Rc<Head>> {
        if let Some(place) = self.heads.iter().position(|(number, _)| *number == fragment) {
            let found = self.heads.remove(place);
            let head = Rc::clone(&found.1);
            self.heads.push(found);
            return Ok(head);
        }
        let Some(entry) = self.index.fragments.get(fragment) else {
            return Err(Error::caller("no-such-sample", "number", "There is no such fragment.").into());
        };
        let (start, len) = (entry.start, entry.moof_len.min(self.index.file_len.saturating_sub(entry.start)));
        let moof = self.bytes(start, len)?.to_vec();
        let head = Rc::new(Head::read(self, moof, start)?);
        self.heads.push((fragment, Rc::clone(&head)));
        let mut sum: u64 = self.heads.iter().map(|(_, head)| head.len()).sum();
        while self.heads.len() > KEPT_HEADS || (sum > KEPT_BYTES && self.heads.len() > PAGE_HEADS) {
            sum -= self.heads.remove(0).1.len();
        }
        Ok(head)
    }
}
