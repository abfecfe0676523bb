//! The clear files that protection is tried on: those of the corpus, and those that FFmpeg makes on the spot.

use super::drive::{self, Feed};
use super::ffmpeg;

/// A clear file with a name for messages.
pub struct Clear {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Corpus files that a request for `piff` accepts: fragmented, clear, of codecs that can be protected.
pub fn corpus() -> Vec<Clear> {
    let files = super::corpus_files().into_iter().map(|(name, bytes)| Clear { name, bytes });
    let media = |name: &str| [".ismv", ".isma", ".mp4", ".m4v"].iter().any(|end| name.ends_with(end));
    let planned = |file: &[u8]| {
        drive::open(file, Feed::Whole).is_ok_and(|session| {
            let index = session.index().expect("open");
            !index.fragments.is_empty() && drive::plan(&session, &drive::request("piff")).is_ok()
        })
    };
    files.filter(|file| media(&file.name) && planned(&file.bytes)).collect()
}

/// What FFmpeg is asked to make: name, seconds, video, audio, arguments. Each stands for a form of file that people
/// have; all are sound, so all must be protected.
const MADE: &[(&str, u32, bool, bool, &[&str])] = &[
    ("ismv, 60 s", 60, true, true, &["-f", "ismv"]),
    ("ismv without B-frames", 4, true, true, &["-bf", "0", "-f", "ismv"]),
    ("isma", 4, false, true, &["-f", "ismv"]),
    ("cmaf", 4, true, true, &["-f", "mp4", "-movflags", "+frag_keyframe+empty_moov+default_base_moof+cmaf"]),
    // With `-f mp4` FFmpeg 5.1 overwrites the front of the file with a tfrf box.
    ("live isml", 4, true, true, &["-f", "ismv", "-movflags", "+isml", "-ism_lookahead", "2"]),
    (
        "base data offsets, several runs",
        4,
        true,
        true,
        &["-f", "mp4", "-movflags", "+frag_keyframe+empty_moov"],
    ),
    (
        "a moof for each track",
        4,
        true,
        true,
        &["-f", "mp4", "-movflags", "+frag_keyframe+empty_moov+separate_moof+default_base_moof"],
    ),
    (
        "an index before each segment",
        4,
        true,
        false,
        &["-f", "mp4", "-movflags", "+frag_keyframe+empty_moov+default_base_moof+dash"],
    ),
    (
        "one index at the front",
        4,
        true,
        false,
        &["-f", "mp4", "-movflags", "+frag_keyframe+empty_moov+default_base_moof+dash+global_sidx"],
    ),
    (
        "wall-clock times",
        2,
        true,
        false,
        &[
            "-f",
            "mp4",
            "-movflags",
            "+frag_keyframe+empty_moov+default_base_moof",
            "-write_prft",
            "wallclock",
        ],
    ),
    (
        "every frame a fragment",
        2,
        true,
        true,
        &["-f", "mp4", "-movflags", "+frag_every_frame+empty_moov+default_base_moof"],
    ),
];

/// The made files; empty, said aloud, without FFmpeg.
pub fn made() -> Vec<Clear> {
    if !ffmpeg::present() {
        return Vec::new();
    }
    MADE.iter()
        .map(|(name, seconds, video, audio, arguments)| Clear {
            name: (*name).to_owned(),
            bytes: ffmpeg::make(*seconds, *video, *audio, arguments),
        })
        .collect()
}

/// All of them.
pub fn all() -> Vec<Clear> {
    let mut files = corpus();
    files.extend(made());
    files
}

/// The kinds of tracks of a file, as FFmpeg names them, where the track is protected.
pub fn kinds(file: &[u8]) -> Vec<&'static str> {
    let session = drive::open(file, Feed::Whole).expect("opens");
    let index = session.index().expect("open");
    let movie = index.movie.as_ref().expect("a movie");
    let mut kinds = Vec::new();
    for track in &movie.tracks {
        let kind = match track.kind {
            boxlock::track::TrackKind::Video => "v",
            boxlock::track::TrackKind::Audio => "a",
            _ => continue,
        };
        let filled = index.all_parts().iter().any(|part| part.track_id == track.id && part.samples > 0);
        if filled && !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds
}

/// Whether some `traf` of the file has several `trun` boxes.
pub fn has_several_runs(file: &[u8]) -> bool {
    let top = super::raw::boxes(file, 0);
    let moofs = top.iter().filter(|b| b.name == "moof");
    moofs
        .flat_map(|moof| moof.children())
        .filter(|b| b.name == "traf")
        .any(|traf| traf.children().iter().filter(|b| b.name == "trun").count() > 1)
}
