//! The file as such, and its movie header: what each says of itself, and what does not go together.

use crate::boxes::header::four;
use crate::boxes::movie::{Handler, MediaHeader, MovieHeader, TrackHeader};
use crate::boxes::scoped::TrackReferenceType;
use crate::boxes::{Node, Tree};
use crate::bytes::FourCc;
use crate::bytes::units::len_u64;
use crate::track::{Index, Movie, Track};

use super::finding::{Findings, Place};
use super::{kinds, lengths, rules, tables};

/// Brands that a reader of MP4 looks for.
const BRANDS: &[u8] = b"isomiso2iso3iso4iso5iso6iso7iso8iso9mp41mp42avc1dashmsdhmsixcmfccmf2piffisml3gp43gp53gp63gp7M4V M4A qt  f4v MSNVdby1mif1avifheicavismsf1heishevcF4V M4P M4B heixheimmiafNDXCndasmp21mp71isc2XAVC";

/// Looks at all that stands outside of fragments, but for what is encrypted.
pub fn look(index: &Index, found: &mut Findings) {
    file_type(index, found);
    let (Some(moov), Some(movie)) = (&index.moov, &index.movie) else {
        no_movie(index, found);
        return;
    };
    whole(index, moov, movie, found);
    if !is_cut(index) {
        stray(moov, moov.root(), false, found);
    }
    lengths::look(index, moov, movie, found);
    for (trak, track) in moov.root().all(b"trak").zip(&movie.tracks) {
        self::track(index, moov, trak, track, movie, found);
        kinds::look(index, moov, trak, track, found);
        tables::look(index, moov, trak, track, found);
    }
}

/// Whether the file is cut short: what its last box lacks is told by that.
pub fn is_cut(index: &Index) -> bool {
    index.problems.iter().any(|problem| problem.code() == "truncated")
}

/// What a file without a movie header is. Pictures and other items, indexes, and single boxes by themselves need none.
fn no_movie(index: &Index, found: &mut Findings) {
    if let Some(fragment) = index.fragments.first() {
        let message = format!(
            "The file has {} fragments and no movie header: it is a media segment, and its initialization segment is another file.",
            index.fragments.len()
        );
        found.add(&rules::NO_MOOV, Place::at(fragment.start), message);
        return;
    }
    let has = |codes: &[&[u8; 4]]| index.top.iter().any(|top| codes.iter().any(|code| top.id.is(code)));
    if has(&[b"ftyp", b"mdat", b"free"]) && !has(&[b"meta", b"sidx", b"moov"]) {
        let message = "The file has neither a movie header nor fragments: nothing says what is in it. A recording that was broken \
                       off, or a copy that was not finished, looks like this.";
        found.add(&rules::NO_MOOV, Place::at(0), message);
    }
}

fn file_type(index: &Index, found: &mut Findings) {
    let is_segment = index.movie.is_none();
    let place = |wanted: &[&[u8; 4]]| {
        index.top.iter().take(64).position(|top| wanted.iter().any(|code| top.id.is(code)))
    };
    let Some(file_type) = &index.file_type else {
        if !is_segment {
            let message = "The file has no 'ftyp': nothing says by which specification to read it.";
            found.add(&rules::NO_FILE_TYPE, Place::at(0), message);
        }
        return;
    };
    let before = |at: usize| {
        let mut tops = index.top.iter().take(at);
        tops.find(|top| [b"moov", b"moof", b"mdat"].iter().any(|code| top.id.is(code)))
    };
    if let Some(at) = place(&[b"ftyp"]).filter(|_| place(&[b"styp"]).is_none())
        && let (Some(first), Some(top)) = (before(at), index.top.get(at))
    {
        let message =
            format!("'ftyp' stands at byte {}, behind '{}' at byte {}.", top.start, first.id, first.start);
        found.add(&rules::LATE_FILE_TYPE, Place::at(top.start), message);
    }
    let brands = file_type.compatible_brands.iter().chain([&file_type.major_brand]);
    let is_known = |brand: &FourCc| BRANDS.as_chunks::<4>().0.contains(&brand.0);
    if !is_segment && !brands.clone().any(is_known) {
        let message = format!(
            "The brands are {}, of which none is known here.",
            brands.take(8).map(|brand| brand.text()).collect::<Vec<_>>().join(", ")
        );
        found.add(&rules::NO_BRAND, Place::at(index.top.get(0).map_or(0, |top| top.start)), message);
    }
    let is_cmaf = file_type.compatible_brands.iter().any(|brand| [b"cmfc", b"cmf2"].contains(&&brand.0));
    let tracks = index.movie.as_ref().map_or(0, |movie| movie.tracks.len());
    if is_cmaf && tracks > 1 {
        let message = format!("The file has the brand of CMAF, and {tracks} tracks, where CMAF has one.");
        found.add(&rules::CMAF_TRACKS, Place::at(0), message);
    }
}

fn whole(index: &Index, moov: &Tree<'_>, movie: &Movie, found: &mut Findings) {
    let root = moov.root();
    if let Some(node) = root.child(b"mvhd")
        && let Ok(header) = moov.read::<MovieHeader>(node)
    {
        let largest = movie.tracks.iter().map(|track| track.id).max().unwrap_or(0);
        if header.next_track_id <= largest && header.next_track_id != u32::MAX {
            let message = format!(
                "The next track ID is {}, and there is a track {largest} already.",
                header.next_track_id
            );
            found.add(&rules::NEXT_TRACK_ID, Place::of(moov, node), message);
        }
        all_ones(moov, node, header.duration.0, header.head.version, None, found);
        if header.timescale == 0 {
            let message = "The timescale of the movie header is 0 ticks a second, so the lengths that it, its tracks and their edits \
                           say are not known.";
            found.add(&rules::NO_TIMESCALE, Place::of(moov, node), message);
        }
    }
    if movie.tracks.is_empty() && root.child(b"cmov").is_none() && !is_cut(index) {
        let message = "The movie header has no 'trak', and must have one for each track.";
        found.add(&rules::MISSING_BOX, Place::of(moov, root), message);
    }
    if let Some(fragment) = index.fragments.first()
        && !movie.fragmented
        && root.child(b"cmov").is_none()
    {
        let message = format!(
            "The file has {} fragments, the first at byte {}, but its movie header has no 'mvex'.",
            index.fragments.len(),
            fragment.start
        );
        found.add(&rules::NO_MVEX, Place::of(moov, root), message);
    }
    let in_moov = movie.samples_in_tables();
    if in_moov > 0 && !index.fragments.is_empty() {
        let message = format!(
            "{in_moov} samples are in the sample tables of the movie header, and {} in fragments.",
            index.sample_count()
        );
        found.add(&rules::SAMPLES_IN_BOTH, Place::of(moov, root), message);
    }
    let media = index.top.iter().find(|top| top.id == four(b"mdat")).filter(|_| in_moov > 0);
    let media = media.map(|media| ("media data", media.start));
    let fragment = index.fragments.first().map(|fragment| ("first fragment", fragment.start));
    if let Some((what, at)) = fragment.into_iter().chain(media).find(|(_, at)| *at < root.start) {
        let message =
            format!("The movie header stands at byte {}, behind the {what} at byte {at}.", root.start);
        found.add(&rules::MOOV_BEHIND, Place::of(moov, root), message);
    }
}

/// Fewer bytes behind the last box in a box than a box has. More of them are told where they are read.
fn stray(moov: &Tree<'_>, node: &Node, is_entry: bool, found: &mut Findings) {
    let end = node.boxes_end();
    let left = node.end().saturating_sub(end);
    let rest = moov.slice(end, node.end());
    // QuickTime ends user data with four zero bytes, and sample entries with so many or fewer.
    let is_end =
        if is_entry { rest.iter().all(|byte| *byte == 0) } else { node.id().is(b"udta") && rest == [0; 4] };
    if (1..8).contains(&left) && !is_end {
        found.add_by(&rules::LEFT_OVER_BYTES, &|| {
            let message = format!(
                "Box '{}' ends with {left} bytes behind the last box in it, and no box has fewer than 8.",
                node.id()
            );
            (Place::of(moov, node), message)
        });
    }
    node.children.iter().for_each(|child| stray(moov, child, node.id().is(b"stsd"), found));
}

/// A duration of all ones, of the width that the version has. In a fragmented file it is what `mehd` is for.
fn all_ones(tree: &Tree<'_>, node: &Node, said: u64, version: u8, track: Option<u32>, found: &mut Findings) {
    let ones = if version == 0 { u64::from(u32::MAX) } else { u64::MAX };
    if said == ones {
        let message = format!("'{}' says the duration {said}, which means that it is not known.", node.id());
        let place = Place { track, ..Place::of(tree, node) };
        found.add(&rules::DURATION_UNKNOWN, place, message);
    }
}

fn track(index: &Index, moov: &Tree<'_>, trak: &Node, track: &Track, movie: &Movie, found: &mut Findings) {
    let of = |node| Place::of(moov, node).of_track(track.id);
    if let Some(node) = trak.child(b"tkhd")
        && let Ok(header) = moov.read::<TrackHeader>(node)
    {
        all_ones(moov, node, header.duration.0, header.head.version, Some(track.id), found);
    }
    if let Some(node) = trak.descend(&[b"mdia", b"mdhd"])
        && let Ok(header) = moov.read::<MediaHeader>(node)
    {
        all_ones(moov, node, header.duration.0, header.head.version, Some(track.id), found);
    }
    if let Some(node) = trak.descend(&[b"mdia", b"hdlr"])
        && let Ok(handler) = moov.read::<Handler>(node)
    {
        let bytes = moov.slice(node.body_start(), node.end());
        let counted = bytes.get(24).is_some_and(|len| usize::from(*len) + 25 == bytes.len());
        // QuickTime counts its characters.
        if bytes.last().is_some_and(|last| *last != 0) && bytes.len() > 24 && !counted {
            let message = format!(
                "The name of the handler '{}' has {} bytes, and no zero byte behind them.",
                handler.handler_type,
                len_u64(bytes.len()) - 24
            );
            found.add(&rules::HANDLER_NAME, of(node), message);
        }
    }
    if let Some(tref) = trak.child(b"tref").filter(|_| !movie.fragmented) {
        references(moov, tref, track.id, movie, found);
    }
    if let Some(at) = track.external {
        let message = format!("The samples of track {} are said to stand in another file.", track.id);
        let path = moov.path_at(at).join("/");
        found.add(&rules::EXTERNAL_DATA, Place { path, ..Place::at(at) }.of_track(track.id), message);
    }
    if movie.fragmented && track.defaults.is_none() && index.totals(track.id).fragments > 0 {
        let message = format!(
            "Track {} has {} fragments, and no 'trex' in 'mvex'.",
            track.id,
            index.totals(track.id).fragments
        );
        found.add(&rules::NO_TREX, of(trak), message);
    }
}

/// Whether the tracks that a track refers to are there. Fragmented files may have them in other files.
fn references(moov: &Tree<'_>, tref: &Node, id: u32, movie: &Movie, found: &mut Findings) {
    for node in &tref.children {
        let Ok(said) = moov.read::<TrackReferenceType>(node) else { continue };
        // QuickTime writes 0 in place of one that was taken away.
        let missing = said.track_ids.iter().find(|to| **to != 0 && movie.track(**to).is_none());
        if let Some(to) = missing {
            let message = format!("Track {id} refers to track {to} ('{}'), which is not there.", node.id());
            found.add(&rules::REFERENCE, Place::of(moov, node).of_track(id), message);
        }
    }
}
