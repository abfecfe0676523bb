//! The movie header of a file whose samples are in fragments, made from one whose samples are in its tables.

use crate::boxes::header::{four, wrap};
use crate::boxes::movie::{
    ChunkOffset, FileType, MediaHeader, MovieExtendsHeader, MovieHeader, SampleSize, SampleToChunk,
    TimeToSample, TrackExtends, TrackHeader,
};
use crate::boxes::types::Wide;
use crate::boxes::wire::FullHead;
use crate::boxes::{BoxBody, Edits, Node, Tree};
use crate::bytes::{Error, FourCc, Result};
use crate::track::movie::FragmentDefaults;
use crate::track::{Index, Movie};

use super::quicktime;

/// What a sample table holds of samples; in fragmented files it is in the fragments, or nowhere.
const OF_SAMPLES: [&[u8; 4]; 19] = [
    b"stts", b"ctts", b"stsc", b"stsz", b"stz2", b"stco", b"co64", b"stss", b"stps", b"stsh", b"stdp",
    b"sdtp", b"padb", b"subs", b"sbgp", b"csgp", b"saiz", b"saio", b"senc",
];

/// `ftyp` and `moov` of the fragmented file.
pub fn front(index: &Index) -> Result<Vec<u8>> {
    let (Some(tree), Some(film)) = (&index.moov, &index.movie) else {
        return Err(Error::file("no-moov", "This file has no movie header ('moov')."));
    };
    Ok([file_type(index), movie(tree, film, !index.fragments.is_empty())?].concat())
}

/// The `moov`: as it stood, but its sample tables are empty, and it goes on in fragments
/// (ISO/IEC 14496-12:2022 8.8.1 to 8.8.3). Where there are fragments behind its tables, `goes_on`, their defaults stay.
fn movie(tree: &Tree<'_>, movie: &Movie, goes_on: bool) -> Result<Vec<u8>> {
    let moov = tree.root();
    let mut edits = Edits::new();
    if let Some(node) = moov.child(b"mvhd") {
        let mut mvhd: MovieHeader = tree.read(node)?;
        // Of the samples that are here, which are none.
        mvhd.duration = Wide(0);
        edits.replace(node, mvhd.to_box(0));
    }
    moov.all(b"mvex").for_each(|mvex| edits.remove(mvex));
    for trak in moov.all(b"trak") {
        empty_track(tree, trak, &mut edits)?;
        quicktime::to_mp4(tree, trak, &mut edits)?;
    }
    let mut mvex = Vec::new();
    let known = moov.child(b"mvex").filter(|_| goes_on);
    if let Some(mehd) = known.and_then(|known| known.child(b"mehd")) {
        mvex.extend_from_slice(tree.slice(mehd.start, mehd.end()));
    } else if let Some(whole) = movie.duration.filter(|_| !goes_on) {
        let head = FullHead { version: u8::from(whole > u64::from(u32::MAX)), flags: 0 };
        mvex.extend(
            MovieExtendsHeader { head, fragment_duration: Wide(whole), ..MovieExtendsHeader::default() }
                .to_box(0),
        );
    }
    for track in &movie.tracks {
        let usual = FragmentDefaults { sample_description_index: 1, ..FragmentDefaults::default() };
        let defaults = track.defaults.filter(|_| goes_on).unwrap_or(usual);
        let trex = TrackExtends {
            track_id: track.id,
            default_sample_description_index: defaults.sample_description_index,
            default_sample_duration: defaults.duration,
            default_sample_size: defaults.size,
            default_sample_flags: defaults.flags.0,
            ..TrackExtends::default()
        };
        mvex.extend(trex.to_box(0));
    }
    edits.append(moov, &wrap(four(b"mvex"), &mvex));
    Ok(edits.apply(tree))
}

fn empty_track(tree: &Tree<'_>, trak: &Node, edits: &mut Edits) -> Result<()> {
    if let Some(node) = trak.child(b"tkhd") {
        let mut tkhd: TrackHeader = tree.read(node)?;
        tkhd.duration = Wide(0);
        edits.replace(node, tkhd.to_box(0));
    }
    if let Some(mdia) = trak.child(b"mdia")
        && let Some(node) = mdia.child(b"mdhd")
    {
        let mut mdhd: MediaHeader = tree.read(node)?;
        mdhd.duration = Wide(0);
        mdhd.language = quicktime::language(tree, mdia, &mdhd);
        edits.replace(node, mdhd.to_box(0));
    }
    let Some(stbl) = trak.descend(&[b"mdia", b"minf", b"stbl"]) else { return Ok(()) };
    for child in stbl.children.iter().filter(|child| OF_SAMPLES.iter().any(|code| child.id().is(code))) {
        edits.remove(child);
    }
    let tables = [
        TimeToSample::default().to_box(0),
        SampleToChunk::default().to_box(0),
        SampleSize::default().to_box(0),
        ChunkOffset::default().to_box(0),
    ];
    edits.append(stbl, &tables.concat());
    Ok(())
}

/// The file type: what the plain file is compatible with, and the brand of what fragments need
/// (ISO/IEC 14496-12:2022 E.6).
fn file_type(index: &Index) -> Vec<u8> {
    let mut file_type = index
        .file_type
        .clone()
        .unwrap_or_else(|| FileType { major_brand: FourCc(*b"isom"), ..FileType::default() });
    let quicktime = FourCc(*b"qt  ");
    file_type.compatible_brands.retain(|brand| *brand != quicktime);
    if file_type.major_brand == quicktime {
        (file_type.major_brand, file_type.minor_version) = (FourCc(*b"isom"), 0);
    }
    if !file_type.compatible_brands.contains(&FourCc(*b"iso6")) {
        file_type.compatible_brands.push(FourCc(*b"iso6"));
    }
    file_type.to_box(0)
}
