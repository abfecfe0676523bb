//! What indexes of fragments say: `sidx`, `mfra` and its `mfro`.

use crate::boxes::index::MovieFragmentRandomAccessOffset;
use crate::track::Index;
use crate::verify::agreement;

use super::finding::{Findings, Place};
use super::{index_contents, rules};

/// Looks at all of them.
pub fn look(index: &Index, found: &mut Findings) {
    let mut faults = Vec::new();
    agreement::indexes(index, &mut faults);
    for fault in &faults {
        match beyond(index, fault.offset()).filter(|_| fault.code() == rules::SIDX.rule.id) {
            Some(end) => {
                let message = format!(
                    "The segment index speaks of bytes up to {end}, and the file has {}.",
                    index.file_len
                );
                found.add(&rules::SIDX_BEYOND, Place::at(fault.offset().unwrap_or(0)), message);
            }
            None => found.add_error(fault),
        }
    }
    index_contents::look(index, found);
    let Some(mfra) = &index.mfra else { return };
    let root = mfra.root();
    let Some(node) = root.child(b"mfro") else { return };
    let Ok(mfro) = mfra.read::<MovieFragmentRandomAccessOffset>(node) else { return };
    if u64::from(mfro.parent_size) != root.header.size {
        let message = format!(
            "'mfro' says that 'mfra' has {} bytes, and it has {}: from the end of the file it is not found.",
            mfro.parent_size, root.header.size
        );
        found.add(&rules::MFRO, Place::of(mfra, node), message);
    }
}

/// Where the last of what a `sidx` speaks of ends, when that is behind the end of the file.
fn beyond(index: &Index, start: Option<u64>) -> Option<u64> {
    let found = index.segment_indexes.binary_search_by_key(&start?, |(at, _)| *at).ok()?;
    let (at, sidx) = index.segment_indexes.get(found)?;
    let from = index.top.at(*at)?.end().saturating_add(sidx.first_offset.0);
    let sizes = sidx.references.entries.iter().map(|entry| u64::from(entry.referenced_size()));
    let end = sizes.fold(from, u64::saturating_add);
    (end > index.file_len).then_some(end)
}
