//! What boxes say that cannot be, though each can be read: a track ID of 0, sample entries that are not there, samples
//! beyond the end of the file.

use crate::boxes::fragment::{TrackFragmentHeader, tfhd_flags};
use crate::boxes::movie::{ChunkLargeOffset, ChunkOffset, SampleToChunk, SampleToChunkEntry, TrackHeader};
use crate::boxes::{FullHead, Node, Tree};
use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Error, FourCc};

use super::index::Index;
use super::table::Sizes;

/// Gives `take` what cannot be in `tree`, a `moov` or `moof`.
pub(super) fn find(index: &Index, tree: &Tree<'_>, take: &mut dyn FnMut(Error)) {
    let root = tree.root();
    let mut of_box = |node: &Node, code, message: String| {
        take(Error::file(code, message).at(node.start).of_box(node.start, tree.path_at(node.start)));
    };
    for trak in root.all(b"trak") {
        track_id(tree, trak, &mut of_box);
        let Some(stbl) = trak.descend(&[b"mdia", b"minf", b"stbl"]) else { continue };
        table_entries(tree, stbl, &mut of_box);
        let file_len = Some(index.file_len).filter(|_| is_in_this_file(tree, trak));
        table(tree, stbl, file_len, &mut of_box);
    }
    for traf in root.all(b"traf") {
        fragment_entry(index, tree, traf, &mut of_box);
    }
}

type OfBox<'o> = dyn FnMut(&Node, &'static str, String) + 'o;

fn track_id(tree: &Tree<'_>, trak: &Node, of_box: &mut OfBox<'_>) {
    let Some(tkhd) = trak.child(b"tkhd") else { return };
    if tree.skim::<TrackHeader>(tkhd).is_some_and(|header| header.track_id == 0) {
        let message = "The ID 0 is not allowed: IDs count from 1 (ISO/IEC 14496-12:2022 8.3.2.3), and there are players that \
                       refuse the file. Have it written anew.";
        of_box(tkhd, "track-id-zero", message.to_owned());
    }
}

/// The sample entries that a sample table and a fragment use must be there.
fn table_entries(tree: &Tree<'_>, stbl: &Node, of_box: &mut OfBox<'_>) {
    let (Some(stsd), Some(stsc)) = (stbl.child(b"stsd"), stbl.child(b"stsc")) else { return };
    let Ok(chunks) = tree.read::<SampleToChunk>(stsc) else { return };
    let used = chunks.entries.entries.iter().map(|run| run.sample_description_index);
    if let Some(why) = used.into_iter().find_map(|used| lacks_entry(used, stsd.children.len())) {
        of_box(stsc, NO_ENTRY, why);
    }
}

fn fragment_entry(index: &Index, tree: &Tree<'_>, traf: &Node, of_box: &mut OfBox<'_>) {
    let Some(node) = traf.child(b"tfhd") else { return };
    let Some(tfhd) = tree.skim::<TrackFragmentHeader>(node) else { return };
    let Some(track) = index.movie.as_ref().and_then(|movie| movie.track(tfhd.track_id)) else { return };
    let default = || track.defaults.map_or(1, |defaults| defaults.sample_description_index);
    let is_given = tfhd.head.has(tfhd_flags::SAMPLE_DESCRIPTION_INDEX);
    let used = if is_given { tfhd.sample_description_index } else { default() };
    if let Some(why) = lacks_entry(used, track.entries.len()) {
        of_box(node, NO_ENTRY, why);
    }
}

/// Code of the fault that samples use a sample entry that is not there.
pub const NO_ENTRY: &str = "bad-sample-entry";

/// Nothing when the entry is there; without any entry the fault is another.
fn lacks_entry(used: u32, entries: usize) -> Option<String> {
    let is_there = entries == 0 || used > 0 && to_len(used.into()) <= entries;
    (!is_there).then(|| no_entry(used, entries))
}

/// What is wrong when samples use sample entry `used` of a track that has so many.
pub fn no_entry(used: u32, entries: usize) -> String {
    format!(
        "Samples use sample entry {used}, but the track has {entries}, counted from 1: no player can decode them. Have the \
         file written anew."
    )
}

/// Whether all data references of a track say "in this file".
fn is_in_this_file(tree: &Tree<'_>, trak: &Node) -> bool {
    let Some(dref) = trak.descend(&[b"mdia", b"minf", b"dinf", b"dref"]) else { return true };
    dref.children.iter().all(|node| FullHead::read(&mut tree.fields(node)).is_ok_and(|head| head.has(1)))
}

/// A sample table with samples says where each stands, within this file of `file_len` bytes if it is in this, and how long it
/// lasts.
fn table(tree: &Tree<'_>, stbl: &Node, file_len: Option<u64>, of_box: &mut OfBox<'_>) {
    let Some(Ok(sizes)) = Sizes::of(tree, stbl) else { return };
    let samples = sizes.count;
    if samples == 0 {
        return;
    }
    for names in [&[b"stts"][..], &[b"stsc"], &[b"stco", b"co64"]] {
        if names.iter().all(|name| stbl.child(name).is_none()) {
            let names: Vec<String> = names.iter().map(|name| FourCc(**name).to_string()).collect();
            let names = names.join("' or '");
            let message =
                format!("The table has {samples} samples and no '{names}' box, which it must have.");
            of_box(stbl, "missing-box", message);
        }
    }
    let Some((chunks, offsets)) = chunk_offsets(tree, stbl) else { return };
    let Some(node) = stbl.child(b"stsc") else { return };
    let Ok(runs) = tree.read::<SampleToChunk>(node) else { return };
    let runs = runs.entries.entries;
    if let Some(why) = out_of_order(&runs) {
        return of_box(node, "chunk-runs", why);
    }
    let count = len_u64(offsets.len());
    let ends = runs.iter().skip(1).map(|next| u64::from(next.first_chunk)).chain([u64::MAX]);
    let held = runs.iter().zip(ends).fold(0_u64, |held, (run, end)| {
        let chunks = end.min(count + 1).saturating_sub(run.first_chunk.into());
        held.saturating_add(chunks * u64::from(run.samples_per_chunk))
    });
    if held < samples {
        let message = format!(
            "The sample table has {samples} samples, but its {count} chunks hold only {held}. Get a sound copy of the file."
        );
        of_box(node, "chunks-too-few", message);
    }
    if let Some(message) = file_len.and_then(|file_len| beyond(&sizes, &runs, offsets, file_len)) {
        of_box(chunks, "samples-beyond-end", message);
    }
}

/// Why runs of chunks are not one behind the other from the first chunk on, if they are not.
fn out_of_order(runs: &[SampleToChunkEntry]) -> Option<String> {
    let first = runs.first()?.first_chunk;
    if first != 1 {
        return Some(format!(
            "The first run of chunks begins with chunk {first}, where chunks count from 1."
        ));
    }
    let mut pairs = runs.iter().zip(runs.iter().skip(1));
    let (one, next) = pairs.find(|(one, next)| next.first_chunk <= one.first_chunk)?;
    Some(format!(
        "A run that begins with chunk {} is followed by one that begins with chunk {}: nothing says how many samples these chunks \
         have.",
        one.first_chunk, next.first_chunk
    ))
}

/// Where the chunks of a sample table stand, and the box that says so.
fn chunk_offsets<'n>(tree: &Tree<'_>, stbl: &'n Node) -> Option<(&'n Node, Vec<u64>)> {
    if let Some(node) = stbl.child(b"co64") {
        return Some((node, tree.read::<ChunkLargeOffset>(node).ok()?.chunk_offsets.entries));
    }
    let node = stbl.child(b"stco")?;
    let offsets = tree.read::<ChunkOffset>(node).ok()?.chunk_offsets.entries;
    Some((node, offsets.into_iter().map(u64::from).collect()))
}

/// Which sample is the first that does not stand in the file, if one does not.
fn beyond(
    sizes: &Sizes<'_>,
    runs: &[SampleToChunkEntry],
    offsets: Vec<u64>,
    file_len: u64,
) -> Option<String> {
    let mut runs = runs.iter().peekable();
    let (mut per_chunk, mut sample) = (0, 0_u64);
    let count = sizes.count;
    for (chunk, offset) in (1_u32..).zip(offsets) {
        while let Some(run) = runs.next_if(|run| run.first_chunk <= chunk) {
            per_chunk = u64::from(run.samples_per_chunk);
        }
        let last = sample.saturating_add(per_chunk).min(count);
        let beyond = if let Some(size) = sizes.all() {
            let whole = file_len.saturating_sub(offset) / size;
            let first = sample.saturating_add(whole);
            (first < last).then(|| (first, offset.saturating_add((whole + 1) * size)))
        } else {
            let mut end = offset;
            (sample..last).find_map(|number| {
                end = end.saturating_add(sizes.get(u32::try_from(number).ok()?).into());
                (end > file_len).then_some((number, end))
            })
        };
        if let Some((number, end)) = beyond {
            return Some(format!(
                "Sample {} of {count} ends at byte {end}, but the file has {file_len} bytes: it is cut short, or its offsets \
                 are wrong. Get a complete copy of it.",
                number + 1
            ));
        }
        sample = last;
    }
    None
}
