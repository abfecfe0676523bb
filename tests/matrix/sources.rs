//! What is protected: short files of every kind and codec, made on the spot.

use std::collections::HashMap;
use std::process::Command;

use boxlock::session::Session;

use crate::support::drive::{self, Feed};
use crate::support::ffmpeg::{self, Scratch};

/// A kind of input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Fragmented,
    Smooth,
    Segments,
    Plain,
    QuickTime,
    Merged,
}

pub const KINDS: [Kind; 6] =
    [Kind::Fragmented, Kind::Smooth, Kind::Segments, Kind::Plain, Kind::QuickTime, Kind::Merged];

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Fragmented => "fragmented MP4",
            Self::Smooth => "Smooth Streaming",
            Self::Segments => "segments",
            Self::Plain => "plain MP4",
            Self::QuickTime => "QuickTime",
            Self::Merged => "merged files",
        }
    }
}

/// Codecs of picture and sound: their names, and FFmpeg's encoders.
pub struct Codecs {
    pub video: &'static str,
    pub audio: &'static str,
    encoders: [&'static str; 2],
    /// Kinds of file that FFmpeg puts both into.
    kinds: &'static [Kind],
}

const X264: &str = "libx264 -preset ultrafast -bf 0";
const X265: &str = "libx265 -preset ultrafast -x265-params log-level=error:repeat-headers=0 -tag:v hvc1";
const AV1: &str = "libsvtav1 -preset 12 -svtav1-params tile-columns=1";
const VP9: &str = "libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 300k";

const EVERY: &[Kind] = &KINDS;
/// FFmpeg writes Smooth Streaming of H.264 and AAC alone.
const NOT_SMOOTH: &[Kind] = &[Kind::Fragmented, Kind::Segments, Kind::Plain, Kind::QuickTime, Kind::Merged];
/// QuickTime files have no AV1, VP9, Opus or FLAC.
const MP4: &[Kind] = &[Kind::Fragmented, Kind::Segments, Kind::Plain, Kind::Merged];

pub const CODECS: [Codecs; 8] = [
    Codecs { video: "H.264", audio: "AAC", encoders: [X264, "aac"], kinds: EVERY },
    Codecs { video: "H.264", audio: "MP3", encoders: [X264, "libmp3lame"], kinds: NOT_SMOOTH },
    Codecs { video: "H.264", audio: "ALAC", encoders: [X264, "alac"], kinds: NOT_SMOOTH },
    Codecs { video: "HEVC", audio: "E-AC-3", encoders: [X265, "eac3"], kinds: NOT_SMOOTH },
    Codecs { video: "HEVC", audio: "AC-3", encoders: [X265, "ac3"], kinds: NOT_SMOOTH },
    Codecs { video: "AV1", audio: "Opus", encoders: [AV1, "libopus"], kinds: MP4 },
    Codecs { video: "VP9", audio: "FLAC", encoders: [VP9, "flac"], kinds: MP4 },
    Codecs { video: "VP9", audio: "DTS", encoders: [VP9, "dca"], kinds: MP4 },
];

impl Codecs {
    pub fn are_in(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }
}

/// A source, opened, and the bytes of all its files.
pub struct Source {
    pub session: Session,
    pub bytes: Vec<u8>,
    /// The clear file that is protected.
    pub clear: Vec<u8>,
}

/// Opens the files that were made; each is made once.
#[derive(Default)]
pub struct Sources {
    made: HashMap<(usize, Kind), Vec<Vec<u8>>>,
}

impl Sources {
    pub fn open(&mut self, codecs: usize, kind: Kind) -> Source {
        let files = self.made.entry((codecs, kind)).or_insert_with(|| make(&CODECS[codecs], kind));
        let (session, bytes) = match kind {
            Kind::Merged => {
                let named: Vec<_> = ["picture.mp4", "sound.mp4"].into_iter().zip(files.iter()).collect();
                let named: Vec<(&str, &[u8])> =
                    named.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
                drive::merge(&named, Feed::Whole).unwrap()
            }
            Kind::Segments => {
                let mut starts = vec![0];
                for file in files.iter() {
                    starts.push(starts.last().unwrap() + file.len() as u64);
                }
                starts.pop();
                let bytes = files.concat();
                (drive::open(&bytes, Feed::Whole).unwrap().joined(starts), bytes)
            }
            _ => (drive::open(&files[0], Feed::Whole).unwrap(), files[0].clone()),
        };
        let len = session.work().unwrap().file_len;
        let clear = drive::bytes_of(&bytes, session.pieces(0, len).unwrap());
        Source { session, bytes, clear }
    }
}

const FRAGMENTS: &str = "-f mp4 -movflags +frag_keyframe+empty_moov+default_base_moof+delay_moov -strict -2";

fn make(codecs: &Codecs, kind: Kind) -> Vec<Vec<u8>> {
    let picture =
        format!("-f lavfi -i testsrc2=s=192x108:r=25:d=4 -c:v {} -g 25 -pix_fmt yuv420p", codecs.encoders[0]);
    let tone = format!("-f lavfi -i sine=f=440:r=48000:d=4 -c:a {} -ac 2 -strict -2", codecs.encoders[1]);
    // Inputs come before what is said of outputs.
    let both = format!(
        "-f lavfi -i testsrc2=s=192x108:r=25:d=4 -f lavfi -i sine=f=440:r=48000:d=4 -c:v {} -g 25 -pix_fmt yuv420p \
         -c:a {} -ac 2 -strict -2",
        codecs.encoders[0], codecs.encoders[1]
    );
    match kind {
        Kind::Fragmented => vec![ffmpeg::make_by(".mp4", &format!("{both} {FRAGMENTS}"))],
        Kind::Smooth => vec![ffmpeg::make_by(".ismv", &both)],
        Kind::Segments => segments(&both),
        Kind::Plain => vec![ffmpeg::make_by(".mp4", &both)],
        Kind::QuickTime => vec![ffmpeg::make_by(".mov", &both)],
        Kind::Merged => vec![
            ffmpeg::make_by(".mp4", &picture),
            ffmpeg::make_by(".mp4", &format!("{tone} -frag_duration 1000000 {FRAGMENTS}")),
        ],
    }
}

/// An initialization segment and media segments, as players of HLS get them.
fn segments(arguments: &str) -> Vec<Vec<u8>> {
    let folder = Scratch::path("");
    std::fs::create_dir(&folder.0).unwrap();
    let ran = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-fflags", "+bitexact"])
        .args(arguments.split_whitespace())
        .args(["-f", "hls", "-hls_segment_type", "fmp4", "-hls_time", "1", "-hls_list_size", "0"])
        .args(["-hls_fmp4_init_filename", "init.mp4", "-hls_segment_filename"])
        .arg(folder.0.join("%d.m4s"))
        .arg(folder.0.join("list.m3u8"))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{arguments}: {}", String::from_utf8_lossy(&ran.stderr));
    let names = std::iter::once("init.mp4".to_owned()).chain((0..).map(|number| format!("{number}.m4s")));
    let files: Vec<_> = names.map_while(|name| std::fs::read(folder.0.join(name)).ok()).collect();
    std::fs::remove_dir_all(&folder.0).unwrap();
    assert!(files.len() >= 4, "{} files", files.len());
    files
}
