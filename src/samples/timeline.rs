//! A track over time, in stretches: its fragments, or, of a sample table, from one sync sample to the next. Of fragments all
//! that the index knows is told, without reading their headers again.

use std::rc::Rc;

use crate::bytes::units::to_len;
use crate::track::index::FragmentPart;
use crate::track::presented::Access;
use crate::track::{Index, TrackKind, points};

use super::head::Head;
use super::table::STRIDE;
use super::{Asked, PAGE_HEADS, PartAt, Samples, Stop};

/// A stretch of a track.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Number of its first sample, from 0.
    pub first: u64,
    /// Its samples.
    pub samples: u64,
    /// Decode time of the first, in ticks.
    pub start: i64,
    /// Ticks of all.
    pub duration: u64,
    /// Bytes of all.
    pub bytes: u64,
    /// Whether decoding can begin with the first.
    pub sync: bool,
    /// Number of its fragment in the file, from 0.
    pub fragment: Option<usize>,
    /// Ticks from where the stretch before ended to where this one begins: more than 0 is a gap, less an overlap.
    pub gap: i64,
    /// Ticks from the sum of the durations before to its decode time.
    pub drift: i64,
    /// Ticks from when it is presented to when `tfra` says.
    pub tfra: Option<i64>,
    /// Ticks from when it is presented to when `sidx` says.
    pub sidx: Option<i64>,
}

/// The stretches of a track.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// In decoding order.
    pub stretches: Vec<Stretch>,
    /// Whether several fragments, or several stretches between sync samples, were put together in each, as there are so many.
    pub joined: bool,
}

/// Most stretches that are told of: several for each dot of a screen.
const MOST: usize = 1 << 14;

/// Of so many samples any table is gone through, also of a file whose media was taken away.
const BELIEVED: u64 = 1 << 20;
/// Samples may share bytes; but one of more samples, with so many times the bytes of the file, is not true, and is gone through
/// no further.
const SHARED_MAX: u64 = 16;

/// Samples that are gone through in one call.
const BUDGET: u64 = 1 << 18;

/// The timeline of a sample table, as far as it was gone through.
#[derive(Clone, Debug, Default)]
pub struct TableTimeline {
    track: u32,
    next: u64,
    stretches: Vec<Stretch>,
    joined: bool,
    /// Least ticks of a stretch.
    least: u64,
    /// Bytes of the samples so far.
    bytes: u64,
}

impl Samples {
    /// The timeline of a track. `state` goes along from call to call.
    pub fn timeline(&mut self, track: u32, state: &mut TableTimeline) -> Asked<Timeline> {
        let table = self.map(track).table;
        if state.track != track {
            *state = TableTimeline { track, least: self.least(track), ..TableTimeline::default() };
        }
        if state.next < table {
            self.go_through(track, table, state)?;
        }
        let mut all = Timeline { stretches: state.stretches.clone(), joined: state.joined };
        self.fragments(track, &mut all);
        while all.stretches.len() > MOST {
            join(&mut all.stretches);
            all.joined = true;
        }
        Ok(all)
    }

    /// Least ticks of a stretch of a sample table: of pictures that all are sync samples, and of sound, a second.
    fn least(&self, track: u32) -> u64 {
        let info = self.track(track);
        let is_picture = info.is_some_and(|info| info.kind == TrackKind::Video);
        let second = info.map_or(0, |info| u64::from(info.timescale));
        if is_picture { second / 4 } else { second }
    }

    fn go_through(&mut self, track: u32, table: u64, state: &mut TableTimeline) -> Asked<()> {
        let mut cursor = self.cursor(track, state.next)?;
        let columns = self.clear_columns(track)?;
        let end = state.next.saturating_add(BUDGET).min(table) / STRIDE * STRIDE;
        let end = if table - end < STRIDE { table } else { end };
        let most = self.index.file_len.saturating_mul(SHARED_MAX);
        let is_true = |number: u64, bytes: u64| number < BELIEVED || bytes <= most;
        while u64::from(cursor.sample) < end && is_true(cursor.sample.into(), state.bytes) {
            let number = u64::from(cursor.sample);
            let Some(sample) = columns.next(&mut cursor)? else { break };
            let begins =
                state.stretches.last().is_none_or(|last| sample.is_sync() && last.duration >= state.least);
            if begins {
                state.stretches.push(Stretch {
                    first: number,
                    start: i64::try_from(sample.time).unwrap_or(i64::MAX),
                    sync: sample.is_sync(),
                    ..Stretch::default()
                });
            }
            if let Some(last) = state.stretches.last_mut() {
                last.samples += 1;
                last.duration = last.duration.saturating_add(sample.duration.into());
                last.bytes = last.bytes.saturating_add(sample.size.into());
            }
            state.bytes = state.bytes.saturating_add(sample.size.into());
        }
        while state.stretches.len() > MOST {
            join(&mut state.stretches);
            state.joined = true;
            state.least = state.least.max(1).saturating_mul(2);
        }
        state.next = if is_true(cursor.sample.into(), state.bytes) { end } else { table };
        if state.next < table { Err(Stop::Busy) } else { Ok(()) }
    }

    /// Adds the fragments of a track.
    fn fragments(&mut self, track: u32, all: &mut Timeline) {
        let parts = self.map(track).parts.clone();
        let said = self
            .index
            .mfra
            .as_ref()
            .map(|mfra| points::times(mfra, &self.index.fragments))
            .unwrap_or_default();
        let indexed = indexed(&self.index, track);
        let mut end = all.stretches.last().map(|last| last.start.saturating_add_unsigned(last.duration));
        let mut sum: Option<i64> = end;
        for at in &parts {
            let Some(&part) = self.part(*at) else { continue };
            let fragment = to_len(at.fragment.into());
            let gap = end.map_or(0, |end| part.decode_time.saturating_sub(end));
            let expected = *sum.get_or_insert(part.decode_time);
            let shown = part.decode_time.saturating_add(part.earliest.into());
            // Writers of Smooth Streaming give the decode time.
            let far = |time: i64| if time == part.decode_time { 0 } else { time.saturating_sub(shown) };
            let tfra = said.get(points::key(fragment, track)).copied().map(far);
            let start = self.index.fragments.get(fragment).map_or(0, |entry| entry.start);
            let found = indexed.binary_search_by_key(&start, |(offset, _)| *offset).ok();
            let sidx = found.and_then(|found| indexed.get(found)).map(|(_, time)| time.saturating_sub(shown));
            all.stretches.push(Stretch {
                first: at.first,
                samples: part.samples.into(),
                start: part.decode_time,
                duration: part.duration,
                bytes: part.bytes,
                sync: part.access != Access::No,
                fragment: Some(fragment),
                gap,
                drift: part.decode_time.saturating_sub(expected),
                tfra,
                sidx,
            });
            end = Some(end_of(&part));
            sum = Some(expected.saturating_add_unsigned(part.duration));
        }
    }
}

impl Samples {
    /// Ticks from the decode time of fragments of a track to what tfxd says, from its part number `from` on; `None` where there is
    /// none. As many as are read at once: their headers are.
    pub fn tfxd(&mut self, track: u32, from: usize) -> Asked<Vec<Option<i64>>> {
        let parts: Vec<PartAt> = self.map(track).parts.iter().skip(from).take(PAGE_HEADS).copied().collect();
        let mut heads = Vec::new();
        for at in &parts {
            heads.push(match self.head(to_len(at.fragment.into())) {
                // What cannot be read says nothing.
                Err(Stop::Error(_)) => None,
                head => Some(head?),
            });
        }
        let said = |(at, head): (&PartAt, Option<Rc<Head>>)| {
            let time = head?.tfxd(to_len(at.part.into()))?;
            Some(time.saturating_sub(self.part(*at)?.decode_time))
        };
        Ok(parts.iter().zip(heads).map(said).collect())
    }
}

fn end_of(part: &FragmentPart) -> i64 {
    part.decode_time.saturating_add_unsigned(part.duration)
}

/// Puts two stretches together each time.
fn join(stretches: &mut Vec<Stretch>) {
    let pairs = stretches.chunks(2).filter_map(|pair| {
        let (first, rest) = pair.split_first()?;
        let mut one = *first;
        for next in rest {
            one.samples += next.samples;
            one.duration = one.duration.saturating_add(next.duration);
            one.bytes = one.bytes.saturating_add(next.bytes);
            if next.gap.unsigned_abs() > one.gap.unsigned_abs() {
                one.gap = next.gap;
            }
            one.drift = next.drift;
            one.tfra = one.tfra.or(next.tfra);
            one.sidx = one.sidx.or(next.sidx);
        }
        Some(one)
    });
    *stretches = pairs.collect();
}

/// What segment indexes say of a track: file offset of a fragment, and when it is presented, in ticks of the track.
fn indexed(index: &Index, track: u32) -> Vec<(u64, i64)> {
    let timescale =
        index.movie.as_ref().and_then(|movie| movie.track(track)).map_or(0, |info| info.timescale);
    let mut all = Vec::new();
    for (start, sidx) in &index.segment_indexes {
        if sidx.reference_id != track || sidx.timescale == 0 {
            continue;
        }
        let size = index.top.at(*start).map_or(0, |top| top.size);
        let mut offset = start.saturating_add(size).saturating_add(sidx.first_offset.0);
        let mut time = sidx.earliest_presentation_time.0;
        for reference in &sidx.references.entries {
            let ticks = u128::from(time) * u128::from(timescale) / u128::from(sidx.timescale);
            if !reference.is_index() {
                all.push((offset, i64::try_from(ticks).unwrap_or(i64::MAX)));
            }
            offset = offset.saturating_add(reference.referenced_size().into());
            time = time.saturating_add(reference.subsegment_duration.into());
        }
    }
    all.sort_unstable();
    all
}
