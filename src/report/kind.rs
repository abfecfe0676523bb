//! What kind of file it is, by what is in it.

use crate::boxes::header::four;
use crate::boxes::piff::DEFAULT_TIMESCALE;
use crate::bytes::units::clock;
use crate::track::Index;

/// The kind in JavaScript, and one plain phrase.
pub(super) fn file_kind(index: &Index) -> (&'static str, String) {
    let brands = || {
        let file_type = index.file_type.iter();
        file_type.flat_map(|file_type| file_type.compatible_brands.iter().chain([&file_type.major_brand]))
    };
    let has = |wanted: &[&[u8; 4]]| brands().any(|brand| wanted.contains(&&brand.0));
    let major =
        |wanted: &[u8; 4]| index.file_type.as_ref().is_some_and(|found| found.major_brand.0 == *wanted);
    let plain = |kind, name: &str| (kind, name.to_owned());
    let cut = |start: u64| {
        let mut problems = index.problems.iter();
        problems.any(|problem| problem.code() == "truncated" && problem.offset() == Some(start))
    };
    match (&index.movie, index.fragments.is_empty()) {
        (Some(_), true) if index.moov.as_ref().is_some_and(|moov| cut(moov.root().start)) => {
            plain("progressive", "MP4, cut short in its movie header")
        }
        (Some(_), false) if has(&[b"isml", b"piff"]) => {
            plain("smooth", "Smooth Streaming file (fragmented MP4)")
        }
        (Some(_), false) if index.samples_in_tables() > 0 => {
            plain("progressive", "MP4 that begins as a plain file and goes on in fragments")
        }
        (Some(_), false) => plain("fragmented", "Fragmented MP4"),
        (Some(movie), true) if movie.is_initialization() => {
            plain("fragmented", "Initialization segment of a fragmented MP4: its media is in other files")
        }
        (Some(_), true) if index.moov.as_ref().is_some_and(|moov| moov.root().child(b"cmov").is_some()) => {
            plain("progressive", "QuickTime movie with a compressed movie header")
        }
        (Some(_), true) if major(b"f4v ") => plain("progressive", "Flash video (F4V): MP4, not fragmented"),
        (Some(_), true) if is_quicktime(index) => {
            plain("progressive", "QuickTime movie (MOV), not fragmented")
        }
        (Some(_), true) => plain("progressive", "MP4, not fragmented"),
        (None, false) => ("segment", segment_name(index)),
        (None, true) if has(&[b"avif", b"avis"]) => plain("image", "Still image (AVIF)"),
        (None, true) if has(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"]) => {
            plain("image", "Still image (HEIC)")
        }
        (None, true) if has(&[b"mif1", b"msf1"]) => plain("image", "Still image (HEIF)"),
        (None, true) if index.top.iter().any(|top| top.id == four(b"sidx")) => {
            plain("segment", "Segment index without media")
        }
        (None, true) => plain("segment", "ISO media file without a movie header"),
    }
}

/// QuickTime came before file types.
fn is_quicktime(index: &Index) -> bool {
    index.file_type.as_ref().is_none_or(|found| found.major_brand.0 == *b"qt  ")
}

/// What a segment tells of itself.
fn segment_name(index: &Index) -> String {
    let part = index.fragments.first().and_then(|fragment| index.parts(fragment).first());
    let place = part.map_or_else(String::new, |part| {
        let (time, track) = (part.decode_time.max(0).unsigned_abs(), part.track_id);
        let sidx = index.segment_indexes.iter().find(|(_, sidx)| sidx.reference_id == track);
        match sidx {
            Some((_, sidx)) => format!(" at {}", clock(time, sidx.timescale)),
            None if index.traces.says_smooth_time => {
                format!(" at {} of Smooth's default 10 MHz", clock(time, DEFAULT_TIMESCALE))
            }
            None if time > 0 => format!(" at tick {time}"),
            None => String::new(),
        }
    });
    let ids: Vec<String> = index.fragmented_tracks().take(8).map(|id| id.to_string()).collect();
    let tracks = match ids.len() {
        0 => "",
        1 => " of track ",
        _ => " of tracks ",
    };
    format!("Media segment{tracks}{}{place}; its movie header is in another file", ids.join(", "))
}
