//! Where things went: from offsets in the source to offsets in the output, and the index boxes that need it.

use std::rc::Rc;

use crate::boxes::edit::Kept;
use crate::boxes::header::{BoxHeader, SizeForm, wrap};
use crate::boxes::index::{SegmentIndex, TrackFragmentRandomAccess};
use crate::boxes::tables::SubsegmentIndex;
use crate::boxes::{BoxBody, Edits, Tree};
use crate::bytes::units::to_len;
use crate::bytes::{Error, Result, Writer};
use crate::track::Index;
use crate::track::top::TopBox;

/// Maps file offsets of the source to the output. Filled in file order.
#[derive(Clone, Debug)]
pub struct Moved {
    index: Rc<Index>,
    /// Where the bytes of the movie header went that were kept.
    movie: Rc<Kept>,
    /// Source and output offset of each piece's first byte, ascending.
    starts: Vec<(u64, u64)>,
}

impl Moved {
    /// Nothing moved yet.
    pub fn new(index: Rc<Index>, movie: Rc<Kept>) -> Self {
        Self { index, movie, starts: Vec::new() }
    }

    /// Notes that the piece that began at `source` now begins at `output`.
    pub fn push(&mut self, source: u64, output: u64) {
        self.starts.push((source, output));
    }

    /// The output offset of source offset `offset`: moved like the piece it is in, and in a fragment behind its `moof`
    /// by what the `moof` grew as well. Never behind what comes after the piece.
    pub fn map(&self, offset: u64) -> u64 {
        let behind = self.starts.partition_point(|(source, _)| *source <= offset);
        let Some(&(source, output)) = behind.checked_sub(1).and_then(|number| self.starts.get(number)) else {
            return offset;
        };
        let next = self.starts.get(behind);
        let is_movie = self.index.moov.as_ref().is_some_and(|moov| moov.root().start == source);
        let inside =
            if is_movie { self.movie.place(offset).unwrap_or(offset - source) } else { offset - source };
        // An offset that a file made up may be anywhere; a piece may be gone, or shorter than it was.
        let end = next.map_or(u64::MAX, |(_, place)| *place);
        let moved = output.saturating_add(inside).min(end);
        let fragment = self.index.fragment_at(source);
        if fragment.is_none_or(|fragment| offset - source < fragment.moof_len) {
            return moved;
        }
        // A fragment's media data keeps its length: the end of the piece tells how much the `moof` grew.
        next.map_or(moved, |(next, place)| place.saturating_sub(next - offset))
    }

    /// The output offset of `len` bytes at source offset `start` that stay together; `None` when they do not.
    pub fn map_stretch(&self, start: u64, len: u64) -> Option<u64> {
        let moved = self.map(start);
        let ahead = len.saturating_sub(1);
        let last = start.checked_add(ahead)?;
        let moov = self.index.moov.as_ref().map(|moov| moov.root());
        let is_kept = |at: u64| {
            moov.is_none_or(|moov| at < moov.start || at >= moov.end()) || self.movie.place(at).is_some()
        };
        let together = self.map(last) == moved.checked_add(ahead)?;
        (together && is_kept(start) && is_kept(last)).then_some(moved)
    }

    /// Whether fragments stand behind the `mfra`, so that it is written before their places are known.
    fn is_early(&self, mfra: &Tree<'_>) -> bool {
        self.index.fragments.last().is_some_and(|last| last.start > mfra.root().start)
    }

    /// The `mfra` again, now that everything is placed, when it was written too early: its offset in the output, and
    /// its bytes, as many as before.
    pub fn late_random_access(&self) -> Result<Option<(u64, Vec<u8>)>> {
        let Some(mfra) = self.index.mfra.as_ref().filter(|mfra| self.is_early(mfra)) else { return Ok(None) };
        Ok(Some((self.map(mfra.root().start), self.random_access(mfra)?)))
    }

    /// The `mfra` with its offsets moved; `tfra` boxes grow to 64 bits where they must, and `mfro` follows.
    pub fn random_access(&self, tree: &Tree<'_>) -> Result<Vec<u8>> {
        let mut edits = Edits::new();
        // Written twice, it must have the same length both times.
        let may_grow = self.is_early(tree) && self.index.file_len > u64::from(u32::MAX) / 2;
        for node in tree.root().all(b"tfra") {
            let mut tfra: TrackFragmentRandomAccess = tree.read(node)?;
            if may_grow {
                tfra.head.version = 1;
            }
            for point in &mut tfra.entries.points {
                point.moof_offset = self.map(point.moof_offset);
                if point.moof_offset > u64::from(u32::MAX) {
                    tfra.head.version = 1;
                }
            }
            // With as much room as it takes at most, and without the points while it is copied: they may be many.
            let mut body = Writer::with_room(to_len(node.end() - node.start) + 8 * tfra.entries.points.len());
            tfra.write_body(&mut body, 0);
            drop(tfra);
            edits.replace(node, wrap(node.id(), body.as_slice()));
        }
        let mut bytes = edits.apply(tree);
        // Its last field is the size of the whole box.
        let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
        // Found from the end of the file, it is of use only there.
        let mfro = tree.root().children.last().filter(|last| last.id().is(b"mfro"));
        if mfro.is_some_and(|mfro| mfro.end() == tree.root().end())
            && let Some(field) = bytes.last_chunk_mut::<4>()
        {
            *field = size;
        }
        Ok(bytes)
    }

    /// Where the references of a `sidx` begin and end in the source, `sidx` in `top`.
    fn references(top: &TopBox, sidx: &SegmentIndex) -> Vec<(u64, u64)> {
        let mut at = top.end().saturating_add(sidx.first_offset.0);
        let sizes = sidx.references.entries.iter().map(|reference| u64::from(reference.referenced_size()));
        sizes
            .map(|size| {
                let start = at;
                at = at.saturating_add(size);
                (start, at)
            })
            .collect()
    }

    /// An `ssix` with the sizes of its ranges moved; it keeps its length. Its subsegments are the references of the
    /// `sidx` before it (ISO/IEC 14496-12:2022 8.16.4).
    pub fn subsegment_index(
        &self,
        top: &TopBox,
        ssix: &SubsegmentIndex,
        index: &TopBox,
        sidx: &SegmentIndex,
    ) -> Result<Vec<u8>> {
        let mut moved = ssix.clone();
        let references = Self::references(index, sidx);
        for (subsegment, (start, _)) in moved.subsegments.entries.iter_mut().zip(references) {
            let mut at = start;
            for range in &mut subsegment.ranges.entries {
                let end = at.saturating_add(u64::from(range.range_size.0));
                let size = self.map(end).saturating_sub(self.map(at));
                let size = u32::try_from(size).ok().filter(|size| size >> 24 == 0);
                range.range_size.0 = size.ok_or_else(|| {
                    let message = "A range of a subsegment would have more bytes than a subsegment index can say, 2^24 - 1.";
                    Error::unsupported("subsegment-too-large", message).at(at)
                })?;
                at = end;
            }
        }
        let mut w = Writer::new();
        top_header(top).write(&mut w);
        moved.write_body(&mut w, 0);
        Ok(w.into_bytes())
    }

    /// A `sidx` with its sizes and first offset moved; it keeps its length and the form of its header.
    pub fn segment_index(&self, top: &TopBox, sidx: &SegmentIndex) -> Result<Vec<u8>> {
        let mut moved = sidx.clone();
        let first = top.end().saturating_add(sidx.first_offset.0);
        moved.first_offset.0 = self.map(first).saturating_sub(self.map(top.start) + top.size);
        if moved.head.version == 0 && moved.first_offset.0 > u64::from(u32::MAX) {
            let message = format!(
                "A segment index of version 0 would have its first segment {} bytes behind it; it reaches at most {}.",
                moved.first_offset.0,
                u32::MAX
            );
            return Err(Error::unsupported("segment-too-far", message).at(top.start));
        }
        for (reference, (at, end)) in moved.references.entries.iter_mut().zip(Self::references(top, sidx)) {
            let size = self.map(end).saturating_sub(self.map(at));
            let size = u32::try_from(size).ok().filter(|size| size >> 31 == 0).ok_or_else(|| {
                let message =
                    format!("A segment would have {size} bytes; a segment index holds at most 2^31 - 1.");
                Error::unsupported("segment-too-large", message).at(at)
            })?;
            reference.reference = reference.reference & 0x8000_0000 | size;
        }
        let mut w = Writer::new();
        top_header(top).write(&mut w);
        moved.write_body(&mut w, 0);
        Ok(w.into_bytes())
    }
}

/// The header of a top-level box as it stood.
fn top_header(top: &TopBox) -> BoxHeader {
    let form = if top.header_len > 8 { SizeForm::Long } else { SizeForm::Short };
    BoxHeader { id: top.id, form, size: top.size }
}
