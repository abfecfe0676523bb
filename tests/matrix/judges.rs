//! Software of other people, and what each is known not to do.

use std::path::PathBuf;
use std::process::Command;

use boxlock::bytes::{ContentKey, KeyId};
use boxlock::protect::Plan;
use boxlock_judges::{TrackKey, bento4_decrypt};

use crate::support::ffmpeg::{self, Scratch};
use crate::support::{not_run, raw, shaka};

use super::{Keys, Row};

/// A protected track, with the key that opens it, or its first.
pub struct Track {
    pub id: u32,
    pub number: usize,
    pub codec: &'static str,
    pub is_video: bool,
    pub kid: KeyId,
    pub key: ContentKey,
}

pub enum Judge {
    Bento4,
    /// Where it is, and its version.
    Ffmpeg(PathBuf, String),
    Shaka(PathBuf),
}

/// Those that are here; the others are said aloud.
pub fn all() -> Vec<Judge> {
    let mut judges = vec![Judge::Bento4];
    if ffmpeg::present() {
        judges.extend(version("ffmpeg".into()));
    }
    match std::env::var_os("BOXLOCK_FFMPEG8") {
        Some(path) => judges.extend(version(path.into())),
        None => not_run("FFmpeg 8 is not here; set BOXLOCK_FFMPEG8"),
    }
    judges.extend(shaka::program().map(Judge::Shaka));
    judges
}

fn version(path: PathBuf) -> Option<Judge> {
    let said = Command::new(&path).arg("-version").output().ok()?.stdout;
    let said = String::from_utf8_lossy(&said).into_owned();
    let version = said.split_whitespace().nth(2)?.trim_start_matches('n');
    let short: Vec<&str> = version.split(['.', '-']).take(2).collect();
    Some(Judge::Ffmpeg(path, short.join(".")))
}

impl Judge {
    pub fn name(&self) -> String {
        match self {
            Self::Bento4 => "Bento4".to_owned(),
            Self::Ffmpeg(_, version) => format!("FFmpeg {version}"),
            Self::Shaka(_) => "Shaka Packager".to_owned(),
        }
    }

    /// Why it is not asked: it does not say that it reads this.
    pub fn passes_over(&self, row: &Row, track: &Track) -> Option<&'static str> {
        match self {
            // It notices, and ends the process.
            Self::Bento4 if row.form == "hybrid" && row.keys == Keys::Rotating => {
                Some("PIFF's override box beside sample groups is written anew with a wrong size")
            }
            Self::Ffmpeg(..) | Self::Shaka(_) if row.form == "piff" => Some("PIFF is not known"),
            Self::Ffmpeg(..) | Self::Shaka(_) if row.keys == Keys::Rotating => {
                Some("changing keys are not followed")
            }
            Self::Shaka(_) if track.codec == "MP3" => Some("MP3 is not taken from MP4"),
            _ => None,
        }
    }

    /// Why it may not give the clear samples back, as is known.
    pub fn known(&self, row: &Row, track: &Track) -> Option<&'static str> {
        match self {
            Self::Bento4 | Self::Ffmpeg(..) if row.scheme == "cens" && !track.is_video => {
                Some("the last bytes of sound in `cens` are run through the key stream, against 23001-7, 9.7")
            }
            Self::Bento4 if row.scheme == "cens" && matches!(track.codec, "AV1" | "VP9") => {
                Some("in `cens` the place in the key stream is lost behind the first part of a sample")
            }
            _ => None,
        }
    }

    /// Whether the samples of this track come out as they stand in the clear file.
    pub fn agrees(
        &self,
        row: &Row,
        plan: &Plan,
        clear: &[u8],
        protected: &[u8],
        track: &Track,
        all: &[Track],
    ) -> Result<(), String> {
        let same = |same: bool| if same { Ok(()) } else { Err("other samples".to_owned()) };
        let key = &track.key;
        let ids: Vec<u32> = all.iter().map(|one| one.id).collect();
        match self {
            Self::Bento4 if row.keys == Keys::Rotating => same(follows(clear, protected, track, plan, &ids)),
            Self::Bento4 => {
                // PIFF's override boxes of tracks without a key would end it too.
                let keys: Vec<TrackKey> =
                    all.iter().map(|one| TrackKey { track_id: one.id, key: one.key.0 }).collect();
                let found = raw::by_track(&bento4_decrypt(protected, &keys));
                same(found.get(&track.id) == raw::by_track(clear).get(&track.id))
            }
            Self::Ffmpeg(program, _) => {
                let wanted = packets(program, clear, None, track)?;
                same(packets(program, protected, Some(key), track)? == wanted && !wanted.is_empty())
            }
            Self::Shaka(program) => {
                let stream = if track.is_video { "video" } else { "audio" };
                let wanted = shaka::read(program, clear, stream, false)?;
                let found = shaka::read_with(program, protected, stream, &[(track.kid, key.clone())])?;
                same(found == wanted && !wanted.is_empty())
            }
        }
    }
}

/// Whether each `traf` of a track comes out with the key of its time. Bento4 takes one key a track, so it is asked for each.
fn follows(clear: &[u8], protected: &[u8], track: &Track, plan: &Plan, tracks: &[u32]) -> bool {
    let of = |file: &[u8]| -> Vec<Vec<Vec<u8>>> {
        let trafs = raw::all_samples(file).into_iter().flatten().filter(|traf| traf.id == track.id);
        let bytes = |traf: raw::RawTrack| {
            traf.samples.iter().map(|place| file[place.start..place.start + place.len].to_vec()).collect()
        };
        trafs.map(bytes).collect()
    };
    let clear = of(clear);
    let keys: Vec<_> = plan.all_keys().collect();
    // One key for all tracks, and another for each fragment.
    let opens = |(number, wanted): (usize, &Vec<Vec<u8>>)| {
        let key = keys.get(number).map(|key| key.key.0);
        let typed = |key| tracks.iter().map(|&track_id| TrackKey { track_id, key }).collect::<Vec<_>>();
        key.is_some_and(|key| of(&bento4_decrypt(protected, &typed(key))).get(number) == Some(wanted))
    };
    !clear.is_empty() && clear.iter().enumerate().all(opens)
}

/// Times, sizes and checksums of a track's packets as they come out of FFmpeg's reader.
fn packets(
    program: &PathBuf,
    file: &[u8],
    key: Option<&ContentKey>,
    track: &Track,
) -> Result<Vec<String>, String> {
    let scratch = Scratch::of(file);
    let mut command = Command::new(program);
    // Without +ignidx FFmpeg 5.1 loses count of the samples of encrypted fragments.
    command.args(["-v", "error", "-fflags", "+ignidx"]);
    if let Some(key) = key {
        command.args(["-decryption_key", &hex::encode(key.0)]);
    }
    command.arg("-i").arg(&scratch.0).args(["-map", &format!("0:{}", track.number), "-c", "copy", "-copyts"]);
    let ran = command.args(["-f", "framemd5", "-"]).output().map_err(|e| e.to_string())?;
    if !ran.status.success() {
        return Err(String::from_utf8_lossy(&ran.stderr).lines().next().unwrap_or_default().to_owned());
    }
    let lines = String::from_utf8_lossy(&ran.stdout).into_owned();
    // Durations it has from parsers, which look at clear samples alone.
    let parts = |line: &str| {
        let parts: Vec<&str> = line.split(',').map(str::trim).collect();
        format!("{} {} {:?}", parts[1], parts[2], &parts[4..6])
    };
    Ok(lines.lines().filter(|line| !line.starts_with('#')).map(parts).collect())
}
