//! What is told of the whole of a protected file: whether its headers name the keys that its samples use, whether what says
//! the same thing twice agrees, and whether its indexes lead to fragments.

use crate::boxes::cenc::TrackEncryption;
use crate::boxes::piff::{self, PiffTrackEncryption};
use crate::boxes::systems::system_name;
use crate::boxes::{Node, Tree};
use crate::bytes::{Error, KeyId};
use crate::playready::{HeaderKey, ProObject};
use crate::protect::SourceKeys;
use crate::protect::source_keys::SourceKey;
use crate::track::{Index, SystemHeader, Track};

/// All of it that is wrong.
pub fn faults(index: &Index, keys: &SourceKeys) -> Vec<Error> {
    let mut faults: Vec<Error> = index.faults().cloned().collect();
    if let Some(moov) = &index.moov {
        headers(moov, index, keys, &mut faults);
        twins(moov, moov.root(), &mut faults);
    }
    indexes(index, &mut faults);
    faults
}

/// PlayReady objects in the movie header, and where the box of each begins.
fn objects(moov: &Tree<'_>) -> impl Iterator<Item = (u64, Vec<u8>)> {
    let all = SystemHeader::all(moov, moov.root()).into_iter();
    all.filter(SystemHeader::is_playready).map(|header| (header.node.start, header.data))
}

/// How many PlayReady objects there are, how many references `sidx` has, and how many `mfra`.
pub fn counted(index: &Index) -> (usize, usize, usize) {
    let references = index.segment_indexes.iter().map(|(_, sidx)| sidx.references.entries.len()).sum();
    let objects = index.moov.as_ref().map_or(0, |moov| objects(moov).count());
    (objects, references, index.random_access_points().len())
}

/// PlayReady headers in the movie header: key IDs and checksums.
fn headers(moov: &Tree<'_>, index: &Index, keys: &SourceKeys, faults: &mut Vec<Error>) {
    let mut named = Vec::new();
    for (start, bytes) in objects(moov) {
        match ProObject::parse(&bytes, start).and_then(|object| object.header(start)) {
            Ok(Some(found)) => named.extend(found.header.keys.into_iter().map(|key| (start, key))),
            Ok(None) => {}
            Err(error) => faults.push(error),
        }
    }
    key_ids(index, &named, faults);
    listed_key_ids(moov, index, faults);
    for (start, key) in &named {
        // A key without an ID or a track is for all of the file.
        let is_for = |known: &&SourceKey| known.kid.map_or(known.track.is_none(), |kid| kid == key.kid);
        let mut known = keys.iter().filter(is_for);
        if known.any(|known| key.accepts(&known.key) == Some(false)) {
            let message = format!(
                "The checksum of the KID {} in the PlayReady header is not that of its key.",
                key.kid
            );
            faults.push(Error::file("header-checksum", message).at(*start));
        }
    }
}

/// Whether the keys that headers name, each with the place of its box, are those that the tracks have.
pub fn key_ids(index: &Index, named: &[(u64, HeaderKey)], faults: &mut Vec<Error>) {
    let Some(&(start, _)) = named.first() else { return };
    // Keys of later times have headers of their own.
    for track in index.movie.iter().flat_map(|movie| &movie.tracks) {
        let protection = track.entries.iter().find_map(|entry| entry.protection.as_ref());
        let kid = protection.filter(|found| found.is_protected).and_then(|found| found.kid);
        // Several headers may have a key each.
        let Some(kid) = kid.filter(|kid| named.iter().all(|(_, key)| key.kid != *kid)) else { continue };
        let swapped = kid.swapped();
        let message = if named.iter().any(|(_, key)| key.kid == swapped) {
            format!(
                "The PlayReady header names the KID {swapped}: that of track {}, {kid}, in the other byte order.",
                track.id
            )
        } else {
            format!("No PlayReady header names the KID {kid} of track {}.", track.id)
        };
        faults.push(Error::file("header-kid", message).at(start));
    }
}

/// Whether the key IDs that headers list before their payload, or in one of Widevine, are those of the tracks.
pub fn listed_key_ids(moov: &Tree<'_>, index: &Index, faults: &mut Vec<Error>) {
    // Keys that change have headers in fragments.
    if !index.traces.systems.is_empty() {
        return;
    }
    let is_steady = |track: &&Track| index.traces.of(track.id).is_none_or(|traces| traces.kids.is_empty());
    let entries = index.movie.iter().flat_map(|movie| &movie.tracks).filter(is_steady).filter_map(|track| {
        let protection = track.entries.iter().find_map(|entry| entry.protection.as_ref())?;
        let kid = protection.kid.filter(|kid| protection.is_protected && kid.0 != [0; 16])?;
        Some((track.id, kid))
    });
    let used: Vec<(u32, KeyId)> = entries.collect();
    let mut all = SystemHeader::all(moov, moov.root());
    all.sort_by_key(|header| header.system.0);
    for of_system in all.chunk_by(|one, other| one.system == other.system) {
        let Some(first) = of_system.first() else { continue };
        let name = system_name(&first.system).map_or_else(|| first.system.to_string(), str::to_owned);
        let mut fault = |message| faults.push(Error::file("header-kid", message).at(first.node.start));
        // A header without a list may be for any key.
        if of_system.iter().all(|header| !header.kids.is_empty()) {
            let listed = sorted(of_system.iter().flat_map(|header| header.kids.iter().copied()));
            if let Some((track, kid)) = used.iter().find(|(_, kid)| listed.binary_search(&kid.0).is_err()) {
                fault(format!(
                    "No list of key IDs in the headers of {name} has {kid}, that of track {track}."
                ));
            }
        }
        let named = sorted(of_system.iter().flat_map(SystemHeader::widevine_kids));
        // With a licence often come the other keys of a title.
        let is_other = used.iter().all(|(_, kid)| named.binary_search(&kid.0).is_err());
        if let Some((track, kid)) = used.first().filter(|_| is_other && !named.is_empty()) {
            fault(format!("The headers of {name} name no key ID of a track: track {track} has {kid}."));
        }
    }
}

fn sorted(kids: impl Iterator<Item = KeyId>) -> Vec<[u8; 16]> {
    let mut kids: Vec<[u8; 16]> = kids.map(|kid| kid.0).collect();
    kids.sort_unstable();
    kids
}

/// `tenc` and its PIFF twin, wherever both stand.
pub fn twins(tree: &Tree<'_>, node: &Node, faults: &mut Vec<Error>) {
    if let (Some(one), Some(other)) = (node.child(b"tenc"), node.child_id(piff::TRACK_ENCRYPTION))
        && let (Ok(cenc), Ok(piff)) =
            (tree.read::<TrackEncryption>(one), tree.read::<PiffTrackEncryption>(other))
        && (cenc.default_kid, cenc.default_per_sample_iv_size) != (piff.default_kid, piff.default_iv_size)
    {
        let message = format!(
            "'tenc' has the KID {} and IVs of {} bytes, PIFF's box the KID {} and IVs of {}.",
            cenc.default_kid, cenc.default_per_sample_iv_size, piff.default_kid, piff.default_iv_size
        );
        faults.push(Error::file("twins-differ", message).at(other.start));
    }
    node.children.iter().for_each(|child| twins(tree, child, faults));
}

/// Whether each `sidx` and `tfra` leads to where fragments begin.
pub fn indexes(index: &Index, faults: &mut Vec<Error>) {
    let is_start = |at: u64| at == index.file_len || index.top.at(at).is_some();
    for (start, sidx) in &index.segment_indexes {
        let Some(top) = index.top.at(*start) else { continue };
        let mut at = top.end().saturating_add(sidx.first_offset.0);
        for (number, reference) in sidx.references.entries.iter().enumerate() {
            let end = at.saturating_add(reference.referenced_size().into());
            if !is_start(at) || end > index.file_len || !is_start(end) {
                let message = format!(
                    "Reference {number} of the segment index says bytes {at} to {end}, which are no boxes of the file."
                );
                faults.push(Error::file("sidx", message).at(*start));
                break;
            }
            at = end;
        }
    }
    let points = index.random_access_points();
    if let Some(point) = points.iter().find(|point| index.fragment_at(**point).is_none()) {
        let message =
            format!("The random access index ('mfra') leads to byte {point}, where no fragment begins.");
        let start = index.mfra.as_ref().map_or(0, |mfra| mfra.root().start);
        faults.push(Error::file("mfra", message).at(start));
    }
}
