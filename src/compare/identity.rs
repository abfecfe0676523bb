//! What a box is told by among others: its track, its system, its time.

use twox_hash::XxHash64;

use crate::boxes::header::four;
use crate::boxes::{BoxId, Node, Tree, piff};
use crate::bytes::ByKey;
use crate::bytes::units::{len_u64, sort_pairs};
use crate::track::index::FragmentEntry;
use crate::track::top::TopBox;
use crate::track::{Index, Track};

use super::align::Keys;

/// The tracks of two files that belong together: those of one ID, and of the others those of one kind, in their order.
#[derive(Debug, Default)]
pub struct SameTracks {
    /// Track IDs of the pairs, and of those that are in one file alone.
    pub pairs: Vec<(Option<u32>, Option<u32>)>,
    /// What a track of the other file is called here.
    names: ByKey<u64>,
}

/// Above all track IDs: what a track of the other file is called that this one does not have.
const FOREIGN: u64 = 1 << 32;

impl SameTracks {
    /// Of these files.
    pub fn of(this: &Index, other: &Index) -> Self {
        let (ours, theirs) = (tracks(this), tracks(other));
        let mut found: Vec<Option<u32>> = vec![None; ours.len()];
        let mut taken: Vec<bool> = vec![false; theirs.len()];
        let same_id: &dyn Fn(&Track, &Track) -> bool = &|a, b| a.id == b.id && a.handler == b.handler;
        let same_kind: &dyn Fn(&Track, &Track) -> bool = &|a, b| a.handler == b.handler;
        for same in [same_id, same_kind] {
            for (track, found) in ours.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
                let mut left = theirs.iter().zip(&mut taken).filter(|(_, taken)| !**taken);
                if let Some((other, taken)) = left.find(|(other, _)| same(track, other)) {
                    (*found, *taken) = (Some(other.id), true);
                }
            }
        }
        let mut this = Self::default();
        for (track, found) in ours.iter().zip(found) {
            this.pairs.push((Some(track.id), found));
            if let Some(other) = found {
                this.names.entry(other, track.id.into());
            }
        }
        let alone = theirs.iter().zip(taken).filter(|(_, taken)| !taken);
        this.pairs.extend(alone.map(|(track, _)| (None, Some(track.id))));
        this
    }

    /// What a track is told by.
    fn name(&self, id: u32, of_other: bool) -> u64 {
        if !of_other {
            return id.into();
        }
        self.names.get(id).copied().unwrap_or(FOREIGN | u64::from(id))
    }
}

fn tracks(index: &Index) -> &[Track] {
    index.movie.as_ref().map_or(&[], |movie| &movie.tracks)
}

fn hash(seed: u64, bytes: &[u8]) -> u64 {
    XxHash64::oneshot(seed, bytes)
}

/// What a text is told by in a [`ByKey`]: a tree of texts is several KB of code.
pub fn of_text(text: &str) -> u64 {
    hash(3, text.as_bytes())
}

fn mix(seed: u64, value: u64) -> u64 {
    hash(seed, &value.to_be_bytes())
}

fn kind_of(id: BoxId) -> u64 {
    match id {
        BoxId::Four(code) => hash(1, &code.0),
        BoxId::Uuid(user_type) => hash(2, &user_type.0),
    }
}

/// What a box inside another is told by.
pub fn of_box(tree: &Tree<'_>, node: &Node, parent: BoxId, same: &SameTracks, of_other: bool) -> Keys {
    let exact = hash(0, tree.slice(node.start, node.end()));
    if parent == four(b"stsd") {
        // Encrypted, a sample entry has another type: which it is its place says.
        return Keys { exact, identity: exact, kind: kind_of(parent) };
    }
    let kind = kind_of(node.id());
    match own(tree, node, same, of_other) {
        Some(own) => {
            let identity = mix(kind, own);
            Keys { exact: mix(exact, own), identity, kind: identity }
        }
        None => Keys { exact, identity: exact, kind },
    }
}

/// What a box says that it is about.
fn own(tree: &Tree<'_>, node: &Node, same: &SameTracks, of_other: bool) -> Option<u64> {
    let BoxId::Four(code) = node.id() else {
        return (node.id() == piff::PROTECTION_SYSTEM).then(|| system(tree, node)).flatten();
    };
    let id = match &code.0 {
        b"trak" => track_id_of(tree, node.child(b"tkhd")?)?,
        b"traf" => word(tree, node.child(b"tfhd")?, 4)?,
        b"trex" | b"tfra" | b"trep" | b"sidx" => word(tree, node, 4)?,
        b"pssh" => return system(tree, node),
        b"sgpd" | b"sbgp" | b"csgp" => return word(tree, node, 4).map(u64::from),
        _ => return None,
    };
    Some(same.name(id, of_other))
}

fn track_id_of(tree: &Tree<'_>, tkhd: &Node) -> Option<u32> {
    let version = word(tree, tkhd, 0)? >> 24;
    word(tree, tkhd, if version == 1 { 20 } else { 12 })
}

fn system(tree: &Tree<'_>, node: &Node) -> Option<u64> {
    let body = tree.slice(node.body_start(), node.end());
    Some(hash(0, body.get(4..20)?))
}

/// The 32 bits at a place of a body.
fn word(tree: &Tree<'_>, node: &Node, at: usize) -> Option<u32> {
    let body = tree.slice(node.body_start(), node.end());
    Some(u32::from_be_bytes(*body.get(at..)?.first_chunk()?))
}

/// What the top-level boxes of a file are told by, without reading them.
pub fn of_file(index: &Index, same: &SameTracks, of_other: bool) -> Vec<Keys> {
    let fragments: Vec<u64> =
        index.fragments.iter().map(|entry| times(index, entry, same, of_other)).collect();
    // Counts the fragments before.
    let mut next = 0;
    let at = |number: Option<usize>| number.and_then(|number| fragments.get(number)).copied().unwrap_or(0);
    let mut all = Vec::with_capacity(index.top.len());
    for top in index.top.iter() {
        let kind = kind_of(top.id);
        let entry = index.fragments.get(next).filter(|entry| entry.start == top.start);
        all.push(if let Some(entry) = entry {
            next += 1;
            let exact = mix(mix(kind, entry.digest.into()), entry.moof_len);
            Keys { exact, identity: mix(kind, at(Some(next - 1))), kind }
        } else if is_media(&top) {
            // It belongs to the fragment before it.
            let of = mix(kind, at(next.checked_sub(1)));
            Keys { exact: mix(of, top.size), identity: of, kind }
        } else {
            // What stands before a fragment goes with it.
            let exact = mix(mix(kind, top.size), at(Some(next)));
            Keys { exact, identity: exact, kind }
        });
    }
    all
}

/// Whether it holds samples and nothing else.
pub fn is_media(top: &TopBox) -> bool {
    top.id.is(b"mdat") || top.id.is(b"imda")
}

/// The tracks of a fragment, and when each begins.
fn times(index: &Index, entry: &FragmentEntry, same: &SameTracks, of_other: bool) -> u64 {
    let parts = index.parts(entry).iter();
    let mut all: Vec<(u64, u64)> =
        parts.map(|part| (same.name(part.track_id, of_other), part.decode_time.cast_unsigned())).collect();
    sort_pairs(&mut all);
    all.iter().fold(len_u64(all.len()), |sum, (track, time)| mix(mix(sum, *track), *time))
}
