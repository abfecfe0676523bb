//! The index of a file that is put together of the fragments of others, from their indexes: without reading a byte.

use std::borrow::Cow;

use crate::bytes::units::to_len;
use crate::bytes::{ByKey, Result};

use super::index::{FragmentEntry, FragmentPart, Index};
use super::indexer::Indexer;
use super::leftovers::TrackLeftovers;
use super::top::TopBox;
use super::totals;

/// What changes in a `moof` that goes into another file, its length never: offsets from its first byte, and the four
/// bytes there as a number.
pub type HeadEdits = Vec<(u32, u32)>;

/// `moof` with these edits.
pub fn edited<'m>(moof: &'m [u8], edits: &HeadEdits) -> Cow<'m, [u8]> {
    let mut moof = Cow::Borrowed(moof);
    for (at, value) in edits {
        let at = to_len((*at).into());
        if let Some(field) = moof.to_mut().get_mut(at..at.saturating_add(4)) {
            field.copy_from_slice(&value.to_be_bytes());
        }
    }
    moof
}

/// The IDs of a file's tracks in another, where they differ.
#[derive(Clone, Debug, Default)]
pub struct NewIds(ByKey<u32>);

impl NewIds {
    /// Notes that the track `old` is `new` there.
    pub fn set(&mut self, old: u32, new: u32) {
        *self.0.entry(old, new) = new;
    }

    /// The ID of track `old` there.
    pub fn of(&self, old: u32) -> u32 {
        self.0.get(old).copied().unwrap_or(old)
    }
}

impl Index {
    /// The index of a file that begins with `front`, whole boxes up to its movie header. More is put behind them.
    pub fn beginning_with(front: &[u8]) -> Result<Self> {
        let mut indexer = Indexer::new(crate::bytes::units::len_u64(front.len()))?;
        while let Some(need) = indexer.needs() {
            indexer.feed(need.start, front.get(to_len(need.start)..).unwrap_or_default())?;
        }
        let mut index = indexer.finish();
        match index.problems.pop() {
            Some(problem) => Err(problem),
            None => Ok(index),
        }
    }

    /// Makes room for the fragments of these files.
    pub fn expect(&mut self, all: &mut dyn Iterator<Item = &Self>) {
        let (fragments, parts) = all.fold((0, 0), |(fragments, parts), index| {
            (fragments + index.fragments.len(), parts + index.parts.len())
        });
        self.fragments.reserve_exact(fragments);
        self.parts.reserve_exact(parts);
    }

    /// Puts a box of another file behind the rest, as it is.
    pub fn push_box(&mut self, top: &TopBox, expected: u64) {
        self.top.push(top.id, top.size, top.header_len, expected);
        self.file_len += top.size;
    }

    /// Puts a fragment of another file behind the rest.
    pub fn push_fragment(&mut self, from: &Self, fragment: &FragmentEntry, ids: &NewIds, expected: u64) {
        if self.fragments.is_empty() {
            self.style = from.style;
        }
        self.any_style |= from.any_style;
        let first_part = self.parts.len();
        let first_sample = self.fragments.last().map_or(0, |last| {
            let samples = self.parts(last).iter().map(|part| u64::from(part.samples)).sum::<u64>();
            last.first_sample + samples
        });
        let moved = |part: &FragmentPart| FragmentPart { track_id: ids.of(part.track_id), ..*part };
        self.parts.extend(from.parts(fragment).iter().map(moved));
        let start = self.file_len;
        for part in from.parts(fragment).iter().filter(|part| part.has_base) {
            let at = u64::from(part.id_at);
            if let Some(base) = from.bases.get(fragment.start + at) {
                let moved = base.wrapping_sub(fragment.start).wrapping_add(start);
                self.bases.entry(start + at, moved);
            }
        }
        let end = start + (fragment.end - fragment.start);
        self.fragments.push(FragmentEntry { start, end, first_sample, first_part, ..*fragment });
        for top in from.top.within(fragment.start, fragment.end) {
            self.push_box(&top, expected);
        }
    }

    /// What changes in the `moof` of `fragment` when it stands at `start` of another file.
    pub fn head_edits(&self, fragment: &FragmentEntry, start: u64, sequence: u32, ids: &NewIds) -> HeadEdits {
        let mut edits = HeadEdits::new();
        if fragment.sequence_at > 0 {
            edits.push((fragment.sequence_at, sequence));
        }
        for part in self.parts(fragment) {
            let id = ids.of(part.track_id);
            if id != part.track_id {
                edits.push((part.id_at, id));
            }
            if part.has_base {
                let known = self.bases.get(fragment.start + u64::from(part.id_at));
                let base = known.copied().unwrap_or(fragment.start);
                let base = base.wrapping_sub(fragment.start).wrapping_add(start).to_be_bytes();
                if let Some((high, low)) = base.split_first_chunk() {
                    let low = low.first_chunk().map_or(0, |low| u32::from_be_bytes(*low));
                    edits.extend([(part.id_at + 4, u32::from_be_bytes(*high)), (part.id_at + 8, low)]);
                }
            }
        }
        edits
    }

    /// Takes what another file's boxes say of its tracks. `place` says where a byte of it stands here.
    pub fn take_findings(&mut self, from: &Self, ids: &NewIds, place: &dyn Fn(u64) -> Option<u64>) {
        for (track, entry, traf) in from.used_entries() {
            let key = u64::from(ids.of(track)) << 32 | u64::from(entry);
            self.used_entries.entry(key, place(traf).unwrap_or(0));
        }
        for left in &from.leftovers.tracks {
            self.leftovers.tracks.push(TrackLeftovers {
                track_id: ids.of(left.track_id),
                boxes: left.boxes,
                doubtful_moof: left.doubtful_moof.and_then(place),
                encrypted_group: left.encrypted_group.and_then(place),
            });
        }
        self.traces.join(&from.traces, &|id| ids.of(id));
    }

    /// The finished index.
    #[must_use]
    pub fn ended(mut self) -> Self {
        self.totals = totals::of_tracks(&self.parts);
        self.top.shrink();
        self.fragments.shrink_to_fit();
        self.parts.shrink_to_fit();
        self
    }
}
