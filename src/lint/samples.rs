//! The samples of a fragment: what its boxes say of their encryption, and each of them.

use crate::boxes::{Node, Tree, piff};
use crate::bytes::units::len_u64;
use crate::bytes::{ByKey, Error, Kind};
use crate::track::encryption::{first_of_encryption, maps, spans};
use crate::track::index::FragmentEntry;
use crate::track::{Fragment, Index, Protection};
use crate::verify::twins;

use super::finding::{Findings, Place};
use super::key_groups;
use super::rules;
use super::seen::Seen;
use super::stretch::{Kinds, One, Stretch};

/// Looks at one fragment. `media` are the bytes behind the `moof` that are at hand, with the file offset of the first.
pub fn look(
    index: &Index,
    entry: &FragmentEntry,
    tree: &Tree<'_>,
    fragment: &Fragment,
    media: (u64, &[u8]),
    seen: &mut Seen,
    found: &mut Findings,
) {
    let Some(movie) = &index.movie else { return };
    // Samples of each track in this fragment so far.
    let mut inside: ByKey<u64> = ByKey::default();
    for (traf, part) in fragment.parts(tree) {
        let id = part.tfhd.track_id;
        let inside = inside.entry(id, 0);
        let before = seen.samples(id) + *inside;
        *inside += len_u64(part.sample_count);
        let Some(track) = movie.track(id) else { continue };
        let Some(entry_of) = track.entry(part.sample_description_index) else { continue };
        if let Some(protection) = &entry_of.protection {
            key_groups::look(tree, traf, track, protection, found);
        }
        let spans = match spans(tree, traf, part, movie) {
            Ok(spans) => spans,
            Err(error) => {
                fail(tree, id, error, found);
                continue;
            }
        };
        let is_encrypted = spans.iter().any(|span| span.by.is_some());
        if is_encrypted {
            let faults = twins::of_fragment(tree, traf, part, &spans);
            faults.into_iter().for_each(|error| fail(tree, id, error, found));
        }
        match maps(tree, traf, part, &spans, media) {
            Ok(maps) => {
                let place = Place::of(tree, lists(traf)).of_track(id);
                let at = Place::at(entry.start).of_track(id);
                let of = "the fragment";
                let stretch = Stretch { entry: entry_of, media, of, from: 0, before, at: &at };
                let mut kinds = Kinds::default();
                let mut each = spans.iter().flat_map(|span| (0..span.count).map(move |_| span.by.as_ref()));
                let (mut iv_at, mut entry_at) = (0, 0);
                let flags = part.flags();
                for (number, ((start, size), flags)) in part.samples().zip(flags).enumerate() {
                    let is_sync = !flags.is_non_sync();
                    let by = each.next().flatten();
                    let count = maps.counts.get(number).map_or(0, |count| usize::from(*count));
                    let map = maps.subsamples.get(entry_at..entry_at + count).unwrap_or_default();
                    entry_at += count;
                    let len = by.map_or(0, |by| usize::from(by.iv_size));
                    let iv = maps.ivs.get(iv_at..iv_at + len).unwrap_or_default();
                    iv_at += len;
                    let one = One { number: len_u64(number), time: None, start, size, is_sync, by, iv, map };
                    stretch.sample(&one, seen, &mut kinds);
                }
                kinds.finish(of, before, &place, found);
            }
            Err(error) => fail(tree, id, error, found),
        }
        if is_encrypted {
            boxes(tree, traf, id, entry_of.protection.as_ref(), found);
        }
    }
}

/// Tells an error; what is only not read here is no fault of the file.
pub fn fail(tree: &Tree<'_>, track: u32, error: Error, found: &mut Findings) {
    if error.kind() == Kind::File {
        found.add_error_of(&tree.place(error), track);
    }
}

/// The box that lists IVs and maps, or the one that should have it.
pub fn lists(parent: &Node) -> &Node {
    let listed = parent.child(b"senc").or_else(|| parent.child_id(piff::SAMPLE_ENCRYPTION));
    listed.unwrap_or(parent)
}

/// Whether a `traf` or `stbl` of encrypted samples has the boxes that Common Encryption asks for.
pub fn boxes(
    tree: &Tree<'_>,
    parent: &Node,
    track: u32,
    protection: Option<&Protection>,
    found: &mut Findings,
) {
    let has = |code| first_of_encryption(tree, parent, code).is_some();
    // Behind its head and the count: with a constant IV there may be nothing.
    let lists = |senc: &&Node| senc.end() - senc.body_start() > 8;
    let has_places = has(b"saiz") && has(b"saio");
    let is_alone = !(protection.is_some_and(Protection::is_piff) || has_places);
    if let Some(senc) = parent.child(b"senc").filter(lists).filter(|_| is_alone) {
        let message = "The IVs stand in 'senc', and no 'saiz' and 'saio' say where.";
        found.add(&rules::NO_SAIO, Place::of(tree, senc).of_track(track), message);
    }
}
