//! The movie header and file type of a protected file.

use crate::boxes::movie::FileType;
use crate::boxes::{BoxBody, Edits, Tree};
use crate::bytes::{Error, FourCc, Result};
use crate::protect::{Plan, Profile};
use crate::track::{Movie, TrackKind};

use super::protection::{protected_entry, scheme_information, system_headers};

/// The `moov` with its protected sample entries and DRM headers; all else as it stood.
pub fn protected_movie(plan: &Plan, tree: &Tree<'_>, movie: &Movie) -> Result<Vec<u8>> {
    let moov = tree.root();
    let mut edits = Edits::new();
    let missing = || Error::file("missing-box", "The 'moov' has no 'mvhd'.").inside("moov").at(moov.start);
    let mvhd = moov.child(b"mvhd").ok_or_else(missing)?;
    edits.insert_after(mvhd, &system_headers(plan.profile, &plan.playready_object, plan.kid));
    for trak in moov.all(b"trak") {
        let Some(track) = movie.tracks.iter().find(|track| track.start == trak.start) else { continue };
        if plan.protected(track.id).is_none() {
            continue;
        }
        let entries = trak.descend(&[b"mdia", b"minf", b"stbl", b"stsd"]).map(|stsd| &stsd.children);
        for entry in entries.into_iter().flatten() {
            edits.rename(entry, protected_entry(track.kind == TrackKind::Video));
            edits.append(entry, &scheme_information(plan.profile, entry.id().four_cc(), plan.kid));
        }
    }
    Ok(edits.apply(tree))
}

/// The file type of a protected file. `piff` keeps the brand and adds what PIFF demands; `hybrid` becomes a plain
/// fragmented MP4 by major brand, since it is to be renamed `.mp4`, and says PIFF beside that.
pub fn protected_file_type(profile: Profile, source: Option<&FileType>) -> Vec<u8> {
    let mut file_type = match source {
        Some(source) => source.clone(),
        None => FileType { major_brand: FourCc(*b"isml"), minor_version: 1, ..FileType::default() },
    };
    let brands = &mut file_type.compatible_brands;
    let needed: &[&[u8; 4]] = match profile {
        Profile::Piff => &[b"piff", b"iso2"],
        Profile::Hybrid => {
            file_type.major_brand = FourCc(*b"iso6");
            file_type.minor_version = 0;
            // "isml" is the brand of live ingest, which a protected download is not.
            brands.retain(|brand| brand.0 != *b"isml");
            &[b"iso6", b"isom", b"mp41", b"piff"]
        }
    };
    for brand in needed {
        if !brands.contains(&FourCc(**brand)) {
            brands.push(FourCc(**brand));
        }
    }
    file_type.to_box(0)
}
