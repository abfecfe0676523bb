//! Sample tables: what each lists, held against the number of samples, and where their chunks stand (ISO/IEC 14496-12:2022
//! 8.6, 8.7, 8.9.2).

use crate::boxes::movie::{SampleToChunk, SampleToChunkEntry};
use crate::boxes::{Node, Tree};
use crate::bytes::FourCc;
use crate::bytes::units::len_u64;
use crate::track::table::{Sizes, list};
use crate::track::top::TopBox;
use crate::track::{Index, Track, TrackKind};

use super::finding::{Findings, Place};
use super::movie::is_cut;
use super::{beside, rules};

/// Looks at the sample table of a track.
pub fn look(index: &Index, moov: &Tree<'_>, trak: &Node, track: &Track, found: &mut Findings) {
    let Some(stbl) = trak.descend(&[b"mdia", b"minf", b"stbl"]) else { return };
    let table = Table { index, moov, track, stbl };
    table.two_forms(found);
    // Without sizes nobody knows how many samples there are: what is missing or damaged has been told.
    let Some(Ok(sizes)) = Sizes::of(moov, stbl) else { return };
    table.sync(sizes.count, found);
    table.counts(sizes.count, found);
    table.offsets(found);
    table.empty(&sizes, found);
    table.chunks(&sizes, found);
}

struct Table<'i> {
    index: &'i Index,
    moov: &'i Tree<'i>,
    track: &'i Track,
    stbl: &'i Node,
}

impl Table<'_> {
    fn place(&self, node: &Node) -> Place {
        Place::of(self.moov, node).of_track(self.track.id)
    }

    /// Of two boxes that say the same in numbers of different width there is one.
    fn two_forms(&self, found: &mut Findings) {
        for (one, other) in [(b"stco", b"co64"), (b"stsz", b"stz2")] {
            if let (Some(_), Some(node)) = (self.stbl.child(one), self.stbl.child(other)) {
                let message = format!(
                    "The sample table of track {} has '{}' and '{}', which are two forms of one box: it may have one of them.",
                    self.track.id,
                    FourCc(*one),
                    FourCc(*other)
                );
                found.add(&rules::SECOND_BOX, self.place(node), message);
            }
        }
    }

    /// Whether the numbers of sync samples go up, and are of samples that are there.
    fn sync(&self, samples: u64, found: &mut Findings) {
        let Some(node) = self.stbl.child(b"stss") else { return };
        let Ok(mut numbers) = list(self.moov, node, 4) else { return };
        let (mut before, mut place) = (0, 0_u64);
        while let Ok(number) = numbers.u32("sample_number") {
            place += 1;
            let why = if number == 0 {
                "samples count from 1".to_owned()
            } else if u64::from(number) > samples {
                format!("the track has {samples} samples")
            } else if number <= before {
                format!("the entry before it sample {before}")
            } else {
                before = number;
                continue;
            };
            let message = format!("Entry {place} of 'stss' names sample {number}, and {why}.");
            found.add(&rules::SYNC_SAMPLES, self.place(node), message);
            return;
        }
    }

    /// Whether what is said of each sample is said of as many as there are.
    fn counts(&self, samples: u64, found: &mut Findings) {
        if let Some(node) = self.stbl.child(b"ctts")
            && let Some(listed) = self.listed(node)
            && listed != samples
        {
            let message = format!("'ctts' is for {listed} samples, and the track has {samples}.");
            found.add(&rules::TABLE_COUNTS, self.place(node), message);
        }
        beside::look((self.moov, self.stbl), None, self.track.id, samples, found);
    }

    /// Negative offsets in a version that has none: in QuickTime's there are.
    fn offsets(&self, found: &mut Findings) {
        let file_type = self.index.file_type.as_ref();
        let is_quicktime = file_type.is_none_or(|file_type| file_type.major_brand.0 == *b"qt  ");
        let Some(node) = self.stbl.child(b"ctts").filter(|_| !is_quicktime) else { return };
        if self.moov.fields(node).u8("version").ok() != Some(0) {
            return;
        }
        let Ok(mut runs) = list(self.moov, node, 8) else { return };
        let mut number = 0_u64;
        while let (Ok(count), Ok(offset)) = (runs.u32("sample_count"), runs.u32("sample_offset")) {
            if offset >> 31 == 1 && count > 0 {
                let message = format!(
                    "Sample {number} of track {} has the composition offset {offset}, which is {} when it is read as a negative number.",
                    self.track.id,
                    offset.cast_signed()
                );
                found.add(&rules::NEGATIVE_OFFSET, self.place(node), message);
                return;
            }
            number += u64::from(count);
        }
    }

    /// How many samples the runs of a box are for, each of which has a further number.
    fn listed(&self, node: &Node) -> Option<u64> {
        let mut runs = list(self.moov, node, 8).ok()?;
        let mut listed = 0;
        while let Ok(count) = runs.u32("sample_count") {
            listed += u64::from(count);
            runs.u32("value").ok()?;
        }
        Some(listed)
    }

    /// Pictures and sound of no bytes.
    fn empty(&self, sizes: &Sizes<'_>, found: &mut Findings) {
        let is_media = matches!(self.track.kind, TrackKind::Video | TrackKind::Audio);
        if !is_media || sizes.all().is_some() {
            return;
        }
        let all = u32::try_from(sizes.count).unwrap_or(u32::MAX);
        let mut empty = (0..all).filter(|number| sizes.get(*number) == 0);
        let Some(first) = empty.next() else { return };
        let count = len_u64(empty.count()) + 1;
        let message = format!(
            "{count} of {all} samples of track {} have 0 bytes, the first of them is sample {}.",
            self.track.id,
            u64::from(first) + 1
        );
        let node = self.stbl.child(b"stz2").or_else(|| self.stbl.child(b"stsz")).unwrap_or(self.stbl);
        found.add(&rules::EMPTY_SAMPLES, Place { sample: Some(first.into()), ..self.place(node) }, message);
    }

    /// Whether chunks stand in media data.
    fn chunks(&self, sizes: &Sizes<'_>, found: &mut Findings) {
        // Of the front of a file, and where offsets lead behind its end, that is all there is to say.
        let is_told = is_cut(self.index) || found.has(&rules::SAMPLES_BEYOND_END);
        if self.track.external.is_some() || is_told || sizes.count == 0 {
            return;
        }
        let Some(Ok(runs)) = self.stbl.child(b"stsc").map(|node| self.moov.read::<SampleToChunk>(node))
        else {
            return;
        };
        let runs = runs.entries.entries;
        if !is_in_order(&runs) {
            return;
        }
        let wide = self.stbl.child(b"co64");
        let Some(node) = wide.or_else(|| self.stbl.child(b"stco")) else { return };
        let Ok(mut offsets) = list(self.moov, node, if wide.is_some() { 8 } else { 4 }) else { return };
        let mut runs = runs.iter().peekable();
        let (mut per_chunk, mut sample, mut number) = (0, 0, 0_u32);
        let (mut first, mut count) = (None, 0_u64);
        while !offsets.is_empty() && sample < sizes.count {
            let offset =
                if wide.is_some() { offsets.u64("offset") } else { offsets.u32("offset").map(u64::from) };
            let Ok(offset) = offset else { return };
            number = number.saturating_add(1);
            while let Some(run) = runs.next_if(|run| run.first_chunk <= number) {
                per_chunk = u64::from(run.samples_per_chunk);
            }
            let last = sizes.count.min(sample + per_chunk);
            // Where all samples of sound have one size, QuickTime counts frames of PCM, whatever they are packed to.
            let is_by_frame = sizes.all().is_some() && self.track.kind == TrackKind::Audio;
            let len = bytes(sizes, sample, last);
            let end = offset.saturating_add(if is_by_frame { len.min(1) } else { len });
            sample = last;
            // Samples of no bytes stand nowhere.
            if end > offset && !self.is_media(offset, end) {
                count += 1;
                first.get_or_insert((number, offset, end));
            }
        }
        let Some((number, offset, end)) = first else { return };
        let there = match self.index.top.around(offset) {
            Some(top) if is_media(&top) => {
                format!("and the media data there is bytes {} to {}", top.start + top.header_len, top.end())
            }
            Some(top) => format!("which are of the box '{}' at byte {}", top.id, top.start),
            None => "which are of no box".to_owned(),
        };
        let mut message =
            format!("Chunk {number} of track {} is bytes {offset} to {end}, {there}.", self.track.id);
        if count > 1 {
            message.push_str(&format!(" So are {count} of its chunks outside of media data."));
        }
        found.add(&rules::DATA_ELSEWHERE, self.place(node), message);
    }

    /// Whether all of a stretch of the file is media data.
    fn is_media(&self, start: u64, end: u64) -> bool {
        let holds = |top: &TopBox| is_media(top) && top.start + top.header_len <= start && end <= top.end();
        self.index.top.around(start).is_some_and(|top| holds(&top))
    }
}

fn is_media(top: &TopBox) -> bool {
    [b"mdat", b"imda"].iter().any(|code| top.id.is(code))
}

/// Bytes of the samples from one number to before another.
fn bytes(sizes: &Sizes<'_>, from: u64, to: u64) -> u64 {
    if let Some(all) = sizes.all() {
        return all.saturating_mul(to - from);
    }
    (from..to)
        .filter_map(|number| u32::try_from(number).ok())
        .map(|number| u64::from(sizes.get(number)))
        .sum()
}

/// Whether runs of chunks follow each other from the first chunk on; where they do not, it has been told.
fn is_in_order(runs: &[SampleToChunkEntry]) -> bool {
    let mut pairs = runs.iter().zip(runs.iter().skip(1));
    runs.first().is_some_and(|first| first.first_chunk == 1)
        && pairs.all(|(one, next)| one.first_chunk < next.first_chunk)
}
