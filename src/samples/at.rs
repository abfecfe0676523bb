//! Where a byte or a time is: which sample has it.

use crate::bytes::Error;
use crate::bytes::units::{len_u64, to_len};
use crate::fragmenter::columns::Columns;

use super::table::STRIDE;
use super::{Asked, Row, Samples, Stop};

/// Pictures are presented by so many samples earlier or later than they are decoded at most.
const REORDERED: u64 = 24;

/// Fragments that are looked through in one call where samples may stand anywhere.
const SCANNED: usize = 64;

impl Samples {
    /// The sample that has the byte at file offset `offset`, with the ID of its track; `None` where no sample has it.
    pub fn at(&mut self, offset: u64) -> Asked<Option<(u32, Row)>> {
        let Some((track, number)) = self.number_at(offset)? else { return Ok(None) };
        Ok(self.row(track, number)?.map(|(row, _)| (track, row)))
    }

    fn number_at(&mut self, offset: u64) -> Asked<Option<(u32, u64)>> {
        let movie = self.index.movie.as_ref();
        let with_table = movie.iter().flat_map(|movie| &movie.tracks).filter(|track| track.table.samples > 0);
        for track in with_table {
            // A table that is damaged has no samples, and is told of elsewhere.
            let columns = self.clear_columns(track.id).ok();
            if let Some(number) = columns.and_then(|columns| number_in(&columns, offset)) {
                return Ok(Some((track.id, number)));
            }
        }
        let behind = self.index.fragments.partition_point(|fragment| fragment.start <= offset);
        if let Some(fragment) = behind.checked_sub(1)
            && let Some(found) = self.in_fragment(fragment, offset)?
        {
            return Ok(Some(found));
        }
        let elsewhere = self.index.problems.iter().any(|problem| problem.code() == "data-elsewhere");
        if elsewhere { self.scan(offset) } else { Ok(None) }
    }

    /// Looks through all fragments, where samples stand elsewhere than behind their headers.
    fn scan(&mut self, offset: u64) -> Asked<Option<(u32, u64)>> {
        let (_, first) = self.scan.filter(|(wanted, _)| *wanted == offset).unwrap_or((offset, 0));
        let last = self.index.fragments.len().min(first.saturating_add(SCANNED));
        for fragment in first..last {
            self.scan = Some((offset, fragment));
            if let Some(found) = self.in_fragment(fragment, offset)? {
                self.scan = None;
                return Ok(Some(found));
            }
        }
        self.scan = Some((offset, last)).filter(|_| last < self.index.fragments.len());
        if self.scan.is_some() { Err(Stop::Busy) } else { Ok(None) }
    }

    /// The track and the number, from 0, of the sample of a fragment that has a byte. A header that cannot be read has none.
    fn in_fragment(&mut self, fragment: usize, offset: u64) -> Asked<Option<(u32, u64)>> {
        let head = match self.head(fragment) {
            Err(Stop::Error(_)) => return Ok(None),
            head => head?,
        };
        for (part, track) in head.fragment.tracks.iter().enumerate() {
            let mut before = 0;
            for run in &track.runs {
                let inside = offset.checked_sub(run.data_start).filter(|inside| *inside < run.data_len);
                if let Some(inside) = inside {
                    let id = track.tfhd.track_id;
                    let in_run = sample_at(inside, run.count(), run.default_size, &|number| run.size(number));
                    return Ok(self.first_of(id, fragment, part).map(|first| (id, first + before + in_run)));
                }
                before += len_u64(run.count());
            }
        }
        Ok(None)
    }

    /// Number of the first sample of a part of a fragment, from 0.
    fn first_of(&mut self, track: u32, fragment: usize, part: usize) -> Option<u64> {
        let parts = &self.map(track).parts;
        let place = |at: &super::PartAt| (to_len(at.fragment.into()), to_len(at.part.into()));
        let found = parts.binary_search_by_key(&(fragment, part), place).ok()?;
        parts.get(found).map(|at| at.first)
    }

    pub(super) fn clear_columns(&self, track: u32) -> Result<Columns<'_>, Error> {
        let (Some(moov), Some(info)) = (&self.index.moov, self.track(track)) else {
            let message = format!("The movie header has no track {track}.");
            return Err(Error::caller("no-such-track", "track", message));
        };
        Columns::read_clear(moov, info)
    }

    /// Number, from 0, of the sample that is presented at a time, in ticks of its track as composition times count: the last
    /// that begins no later. `None` where the track has no samples.
    pub fn at_time(&mut self, track: u32, ticks: i64) -> Asked<Option<u64>> {
        let map = self.map(track);
        let (total, table) = (map.total, map.table);
        if total == 0 {
            return Ok(None);
        }
        let decoded = match self.last_part(track, ticks) {
            Some(part) => self.in_part(part, ticks)?,
            None if table > 0 => self.in_table(track, ticks)?,
            None => 0,
        };
        let from = decoded.saturating_sub(REORDERED);
        let rows = self.page(track, from, to_len(2 * REORDERED + 1))?.rows;
        let best = rows.iter().filter(|row| row.composition <= ticks).max_by_key(|row| row.composition);
        let best = best.or_else(|| rows.iter().min_by_key(|row| row.composition));
        Ok(best.map(|row| row.number - 1).or(Some(decoded)))
    }

    /// The last part of a track that is decoded no later than a time; the first where there is no sample table before it.
    fn last_part(&mut self, track: u32, ticks: i64) -> Option<super::PartAt> {
        let table = self.map(track).table;
        let parts = self.map(track).parts.clone();
        let mut best: Option<(i64, super::PartAt)> = None;
        for at in &parts {
            let time = self.part(*at)?.decode_time;
            if time <= ticks && best.is_none_or(|(before, _)| time >= before) {
                best = Some((time, *at));
            }
        }
        best.map(|(_, at)| at).or_else(|| parts.first().copied().filter(|_| table == 0))
    }

    fn in_part(&mut self, at: super::PartAt, ticks: i64) -> Asked<u64> {
        let mut time = self.part(at).map_or(0, |part| part.decode_time);
        let head = self.head(to_len(at.fragment.into()))?;
        let Some(track) = head.fragment.tracks.get(to_len(at.part.into())) else { return Ok(at.first) };
        let (mut number, mut last) = (0, 0);
        for run in &track.runs {
            for in_run in 0..run.count() {
                if time > ticks {
                    return Ok(at.first + last);
                }
                last = number;
                number += 1;
                time = time.saturating_add(track.duration_of(run, in_run).into());
            }
        }
        Ok(at.first + last)
    }

    fn in_table(&mut self, track: u32, ticks: i64) -> Asked<u64> {
        let ticks = u64::try_from(ticks).unwrap_or(0);
        let count = self.map(track).table;
        let stride = loop {
            let cursors = &self.map(track).cursors;
            let stride = cursors.partition_point(|cursor| cursor.time <= ticks);
            let next = len_u64(stride).saturating_mul(STRIDE);
            if stride < cursors.len() || next >= count {
                break stride.saturating_sub(1);
            }
            self.cursor(track, next)?;
        };
        let mut cursor = self.cursor(track, len_u64(stride) * STRIDE)?;
        let columns = self.clear_columns(track)?;
        let mut last = u64::from(cursor.sample);
        while cursor.time <= ticks && u64::from(cursor.sample) < count {
            last = cursor.sample.into();
            if columns.next(&mut cursor)?.is_none() {
                break;
            }
        }
        Ok(last)
    }
}

/// The number of the sample that has byte `inside` of a run.
fn sample_at(inside: u64, count: usize, each: Option<u32>, size: &dyn Fn(usize) -> u32) -> u64 {
    if let Some(each) = each.filter(|each| *each > 0) {
        return inside / u64::from(each);
    }
    let mut end = 0;
    let of = |number: &usize| {
        end += u64::from(size(*number));
        end > inside
    };
    len_u64((0..count).find(of).unwrap_or(0))
}

/// The number of the sample in a table that has the byte at file offset `offset`.
fn number_in(columns: &Columns<'_>, offset: u64) -> Option<u64> {
    let (start, first, count) = columns.chunk_at(offset)?;
    let mut end = start;
    for number in first..first.saturating_add(count) {
        end = end.saturating_add(columns.size(number).into());
        if offset < end {
            return Some(number.into());
        }
    }
    None
}
