//! The samples of sample tables, track by track: what is said of the encryption of each, and of some their bytes. A table may
//! have millions: they are gone through where they stand, and few of their bytes are asked for.

use crate::boxes::{Node, Tree};
use crate::bytes::Result;
use crate::fragmenter::columns::{Columns, Cursor, Sample};
use crate::protect::scheme::Scheme;
use crate::samples::map_of;
use crate::track::encryption::{Encryption, by_entry};
use crate::track::{Index, Movie, Need, Track};
use crate::verify::twins;

use super::finding::{Findings, Place};
use super::rules;
use super::samples::{boxes, fail, lists};
use super::seen::Seen;
use super::stretch::{Kinds, One, Stretch, length_size};

/// Samples that one step goes through.
const STEP: u32 = 1 << 16;
/// Stretches of samples whose bytes are looked at are the first of a track, and so many more, evenly among all.
const FIRST: u32 = 4;
const MORE: u32 = 12;
/// Samples of such a stretch at most, which stand one behind the other, and bytes.
const TOGETHER: u32 = 64;
const BYTES: u64 = 4 << 20;

/// How far it has come.
#[derive(Debug, Default)]
pub struct Tabled {
    /// Number of the track among those of the movie header.
    track: usize,
    wants: Option<Need>,
    /// IVs and maps of the track that stand outside of the movie header, and where.
    outside: (u64, Vec<u8>),
    walk: Option<Walk>,
}

/// What is looked at, and what is made of it.
pub struct Look<'l> {
    pub index: &'l Index,
    /// Bytes of samples that may still be looked at.
    pub left: &'l mut u64,
    pub seen: &'l mut Seen,
    pub found: &'l mut Findings,
}

/// One track on its way.
#[derive(Debug)]
struct Walk {
    cursor: Cursor,
    /// Number of the sample before which the bytes that are wanted end.
    end: u32,
    /// Number of the sample from which on bytes are looked at next.
    next: u32,
    /// Stretches whose bytes were looked at.
    looked: u32,
    kinds: Kinds,
}

impl Walk {
    fn new(columns: &Columns<'_>) -> Self {
        Self { cursor: columns.start(), end: 0, next: 0, looked: 0, kinds: Kinds::default() }
    }
}

impl Tabled {
    /// The bytes wanted next, which may be none when there is only more to go through; nothing at the end.
    pub fn needs(&self) -> Option<Need> {
        self.wants
    }

    /// Goes on, with the bytes that were wanted; with none at the beginning.
    pub fn go_on(&mut self, bytes: &[u8], look: &mut Look<'_>) {
        let mut given = self.wants.take().map(|need| (need.start, bytes));
        let index = look.index;
        let (Some(moov), Some(movie)) = (&index.moov, &index.movie) else { return };
        while let Some((track, trak)) = movie.tracks.get(self.track).zip(trak(moov, movie, self.track)) {
            let stbl = trak.descend(&[b"mdia", b"minf", b"stbl"]);
            if let Some(stbl) = stbl.filter(|_| track.table.samples > 0 && is_looked_at(track)) {
                self.wants = self.track(moov, stbl, track, given.take(), look);
                if self.wants.is_some() {
                    return;
                }
            }
            look.seen.pass(track.id, track.table.samples);
            *self = Self { track: self.track + 1, ..Self::default() };
        }
    }

    /// Goes on with a track; what is wanted for more of it.
    fn track(
        &mut self,
        moov: &Tree<'_>,
        stbl: &Node,
        track: &Track,
        mut given: Option<(u64, &[u8])>,
        look: &mut Look<'_>,
    ) -> Option<Need> {
        // What is missing or cannot be read has been told.
        let columns = Columns::read_clear(moov, track).ok()?;
        let at = Place::of(moov, stbl).of_track(track.id);
        let mut table = Table { moov, stbl, track, columns, of: format!("track {}", track.id), at };
        let mut is_sound = true;
        if self.walk.is_none() {
            if let Some((start, len)) = table.columns.secrets_outside(moov, track) {
                let Some((start, bytes)) = given.take() else {
                    let is_there = start.checked_add(len).is_some_and(|end| end <= look.index.file_len);
                    return is_there.then_some(Need { start, len });
                };
                self.outside = (start, bytes.to_vec());
            }
            is_sound = table.boxes(look.found);
        }
        if let Err(error) = table.columns.read_secrets(moov, track, (self.outside.0, &self.outside.1)) {
            fail(moov, track.id, error, look.found);
            return None;
        }
        if !is_sound {
            return None;
        }
        let mut walk = self.walk.take().unwrap_or_else(|| Walk::new(&table.columns));
        let wants = table.step(&mut walk, given.unwrap_or_default(), look).unwrap_or_else(|error| {
            // That chunks or sample entries are missing has been told.
            if error.code() == "truncated-list" || error.code() == "bad-group" {
                fail(moov, track.id, error, look.found);
            }
            None
        });
        if wants.is_none() {
            let place = Place::of(moov, lists(stbl)).of_track(track.id);
            walk.kinds.finish(&table.of, 0, &place, look.found);
            return None;
        }
        self.walk = Some(walk);
        wants
    }
}

fn trak<'m>(moov: &'m Tree<'_>, movie: &Movie, number: usize) -> Option<&'m Node> {
    let start = movie.tracks.get(number)?.start;
    moov.root().all(b"trak").find(|trak| trak.start == start)
}

/// Whether anything can be said of the samples of a track one by one.
fn is_looked_at(track: &Track) -> bool {
    track.entries.iter().any(|entry| entry.has_protected_type() || length_size(entry).is_some())
}

/// A sample table.
struct Table<'t> {
    moov: &'t Tree<'t>,
    stbl: &'t Node,
    track: &'t Track,
    columns: Columns<'t>,
    /// The track, for people.
    of: String,
    at: Place,
}

/// How the last sample was encrypted that was asked for: its sample entry and group, which are those of most others.
#[derive(Default)]
struct Last(Option<((u32, u32), Option<Encryption>)>);

impl Last {
    fn by(&mut self, track: &Track, entry: u32, group: u32) -> Result<Option<&Encryption>> {
        if self.0.as_ref().is_none_or(|(of, _)| *of != (entry, group)) {
            self.0 = Some(((entry, group), by_entry(track, entry, group)?));
        }
        Ok(self.0.as_ref().and_then(|(_, by)| by.as_ref()))
    }
}

impl Table<'_> {
    /// Whether the boxes that list IVs, and lead to them, agree: else nothing is known of the samples.
    fn boxes(&self, found: &mut Findings) -> bool {
        if !self.track.entries.iter().any(|entry| entry.has_protected_type()) {
            return true;
        }
        boxes(self.moov, self.stbl, self.track.id, self.track.protection(), found);
        let (mut cursor, mut last) = (self.columns.start(), Last::default());
        let mut iv_sizes = core::iter::from_fn(|| {
            let (sample, group) = self.next(&mut cursor).ok()??;
            let by = last.by(self.track, sample.entry, group).ok()?;
            Some(by.map_or(0, |by| usize::from(by.iv_size)))
        });
        let fault = twins::of_table(self.moov, self.stbl, self.columns.chunk_count(), &mut iv_sizes);
        let is_sound = fault.is_none();
        fault.into_iter().for_each(|error| fail(self.moov, self.track.id, error, found));
        is_sound
    }

    /// The sample at the cursor, and the group of keys that it is in, or none (0).
    fn next(&self, cursor: &mut Cursor) -> Result<Option<(Sample, u32)>> {
        let Some(sample) = self.columns.next(cursor)? else { return Ok(None) };
        let mut group = 0;
        for (column, place) in self.columns.groups.iter().zip(&mut cursor.groups) {
            if column.kind.0 == *b"seig" {
                group = column.next(place).unwrap_or(0);
            }
        }
        Ok(Some((sample, group)))
    }

    /// Goes through some samples; what is wanted then, and nothing at the end.
    fn step(&self, walk: &mut Walk, media: (u64, &[u8]), look: &mut Look<'_>) -> Result<Option<Need>> {
        self.go_to(walk.end, media, walk, look)?;
        let count = self.columns.count;
        let last = walk.cursor.sample.saturating_add(STEP).min(count);
        // Samples from one stretch to the next, behind the first ones.
        let apart = (count / MORE).max(1);
        while walk.cursor.sample < last {
            let at = walk.cursor.sample;
            if at == walk.next {
                let (end, need) = self.together(&walk.cursor, look)?;
                let behind = if need.is_some() { end } else { at + 1 };
                let is_first = need.is_some() && walk.looked < FIRST;
                walk.next = if is_first { behind } else { (behind.div_ceil(apart)).saturating_mul(apart) };
                if let Some(need) = need {
                    (walk.end, walk.looked) = (end, walk.looked + 1);
                    *look.left -= need.len;
                    return Ok(Some(need));
                }
            }
            self.go_to(walk.next.min(last), (0, &[]), walk, look)?;
        }
        walk.end = walk.cursor.sample;
        Ok((walk.cursor.sample < count).then_some(Need { start: self.moov.root().start, len: 0 }))
    }

    /// A stretch of samples that begins at the cursor: the number behind its last, and its bytes, where they can be had.
    fn together(&self, cursor: &Cursor, look: &Look<'_>) -> Result<(u32, Option<Need>)> {
        let mut cursor = cursor.clone();
        let first = cursor.sample;
        let mut behind = first;
        let mut range: Option<(u64, u64)> = None;
        let most = BYTES.min(*look.left);
        while behind - first < TOGETHER {
            let Some(sample) = self.columns.next(&mut cursor)? else { break };
            let (start, end) = range.unwrap_or((sample.start, sample.start));
            let with = end.saturating_add(sample.size.into());
            if sample.start != end || with - start > most || with > look.index.file_len {
                break;
            }
            (range, behind) = (Some((start, with)), cursor.sample);
        }
        // Where they are not where they are said to be, something else is.
        let is_told = look.found.has(&rules::SAMPLES_BEYOND_END) || look.found.has(&rules::DATA_ELSEWHERE);
        let is_here = self.track.external.is_none() && !is_told;
        let range = range.filter(|(start, end)| is_here && end > start);
        Ok((behind, range.map(|(start, end)| Need { start, len: end - start })))
    }

    /// Looks at the samples before number `end`.
    fn go_to(&self, end: u32, media: (u64, &[u8]), walk: &mut Walk, look: &mut Look<'_>) -> Result<()> {
        let mut last = Last::default();
        while walk.cursor.sample < end {
            let number = u64::from(walk.cursor.sample);
            let Some((sample, group)) = self.next(&mut walk.cursor)? else { return Ok(()) };
            let Some(entry) = self.track.entry(sample.entry) else { continue };
            let by = last.by(self.track, sample.entry, group)?;
            let of = &*self.of;
            let stretch = Stretch { entry, media, of, from: 1, before: 0, at: &self.at };
            let said =
                self.columns.secrets.as_ref().map(|secrets| secrets.entry(&sample)).unwrap_or_default();
            let iv_size = by.map_or(0, |by| usize::from(by.iv_size));
            let (iv, map) = said.split_at_checked(iv_size).unwrap_or_default();
            let map = if by.is_some() { map_of(map) } else { Vec::new() };
            #[expect(clippy::cast_precision_loss, reason = "for people")]
            let time = sample.time as f64 / f64::from(self.track.timescale.max(1));
            let (start, size, is_sync) = (sample.start, sample.size, sample.is_sync());
            let one = One { number, time: Some(time), start, size, is_sync, by, iv, map: &map };
            if by.is_some_and(|by| Scheme::known(&by.scheme.text()).is_none()) {
                continue;
            }
            if by.is_some_and(|by| iv.len() < iv_size || iv_size == 0 && by.constant_iv.is_empty()) {
                walk.kinds.add(&rules::NO_IVS, &one, &|| {
                    format!(
                        "Sample {} of {of} is encrypted, and nothing in the sample table says with which IV.",
                        number + 1
                    )
                });
                continue;
            }
            stretch.sample(&one, look.seen, &mut walk.kinds);
        }
        Ok(())
    }
}
