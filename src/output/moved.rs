//! Where things went: from offsets in the source to offsets in the output, and the index boxes that need it.

use crate::boxes::header::{BoxHeader, SizeForm, wrap};
use crate::boxes::index::{SegmentIndex, TrackFragmentRandomAccess};
use crate::boxes::{BoxBody, Edits, Tree};
use crate::bytes::units::to_len;
use crate::bytes::{Error, Result, Writer};
use crate::track::top::TopBox;

/// Maps file offsets of the source to the output. Filled in file order.
#[derive(Clone, Debug, Default)]
pub struct Moved {
    /// Source and output offset of each piece's first byte, ascending.
    starts: Vec<(u64, u64)>,
}

impl Moved {
    /// Notes that the piece that began at `source` now begins at `output`.
    pub fn push(&mut self, source: u64, output: u64) {
        self.starts.push((source, output));
    }

    /// The output offset of source offset `offset`: moved like the piece it is in.
    pub fn map(&self, offset: u64) -> u64 {
        let index = self.starts.partition_point(|(source, _)| *source <= offset);
        match index.checked_sub(1).and_then(|index| self.starts.get(index)) {
            // An offset that a file made up may be anywhere.
            Some((source, output)) => output.saturating_add(offset - source),
            None => offset,
        }
    }

    /// The `mfra` with its offsets moved; `tfra` boxes grow to 64 bits where they must, and `mfro` follows.
    pub fn random_access(&self, tree: &Tree<'_>) -> Result<Vec<u8>> {
        let mut edits = Edits::new();
        for node in tree.root().all(b"tfra") {
            let mut tfra: TrackFragmentRandomAccess = tree.read(node)?;
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

    /// A `sidx` with its sizes and first offset moved; it keeps its length and the form of its header.
    pub fn segment_index(&self, top: &TopBox, sidx: &SegmentIndex) -> Result<Vec<u8>> {
        let mut moved = sidx.clone();
        let mut at = top.end().saturating_add(sidx.first_offset.0);
        moved.first_offset.0 = self.map(at).saturating_sub(self.map(top.start) + top.size);
        for reference in &mut moved.references.entries {
            let end = at.saturating_add(u64::from(reference.referenced_size()));
            let size = self.map(end).saturating_sub(self.map(at));
            let size = u32::try_from(size).ok().filter(|size| size >> 31 == 0).ok_or_else(|| {
                let message =
                    format!("A segment would have {size} bytes; a segment index holds at most 2^31 - 1.");
                Error::unsupported("segment-too-large", message).at(at)
            })?;
            reference.reference = reference.reference & 0x8000_0000 | size;
            at = end;
        }
        let mut w = Writer::new();
        let form = if top.header_len > 8 { SizeForm::Long } else { SizeForm::Short };
        BoxHeader { id: top.id, form, size: top.size }.write(&mut w);
        moved.write_body(&mut w, 0);
        Ok(w.into_bytes())
    }
}
