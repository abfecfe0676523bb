//! Sound descriptions of QuickTime: in the ISO file that a movie becomes they are audio sample entries of MP4.

use std::ffi::{OsStr, OsString};
use std::process::Command;

use boxlock::protect::RequestText;
use boxlock::report;
use boxlock_judges::{TrackKey, bento4_decrypt};

use super::drive::{self, Feed};
use super::none;
use super::support::ffmpeg::{self, Scratch};
use super::support::{not_run, raw, shaka};

/// What FFmpeg is asked to make, the type of the entry and the boxes in it, and how well others know it.
const SOUNDS: &[(&str, &str, &[&str], Known)] = &[
    ("pcm_s16le", "ipcm", &["pcmC"], Known::Pcm),
    ("pcm_s16be", "ipcm", &["pcmC"], Known::Pcm),
    ("pcm_s24le", "ipcm", &["pcmC"], Known::NewPcm),
    ("pcm_s24be -ac 2", "ipcm", &["pcmC"], Known::NewPcm),
    ("pcm_s32le", "ipcm", &["pcmC"], Known::NewPcm),
    ("pcm_f32le", "fpcm", &["pcmC"], Known::NewPcm),
    ("pcm_f64be", "fpcm", &["pcmC"], Known::NewPcm),
    ("pcm_s16le -ac 6", "ipcm", &["pcmC", "chnl"], Known::Pcm),
    ("pcm_s16be -ar 96000", "ipcm", &["pcmC"], Known::Pcm),
    ("pcm_s24le -ac 6 -ar 96000", "ipcm", &["pcmC", "chnl"], Known::NewPcm),
    ("aac", "mp4a", &["esds"], Known::Well),
    ("aac -ac 6", "mp4a", &["esds"], Known::Well),
    ("alac", "alac", &["alac"], Known::Well),
    ("alac -ar 96000", "alac", &["alac"], Known::Well),
    ("libmp3lame", "mp4a", &["esds"], Known::Mp3),
    ("libmp3lame -ar 22050", "mp4a", &["esds"], Known::Mp3),
    ("ac3", "ac-3", &["dac3"], Known::Well),
    ("eac3", "ec-3", &["dec3"], Known::Well),
];

/// Who reads it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    /// All.
    Well,
    /// Shaka Packager not.
    Mp3,
    /// Shaka Packager not; no rule says what must stay clear of it.
    Pcm,
    /// The same, and FFmpeg from version 6 on, which takes the depth from `pcmC`.
    NewPcm,
}

fn make(codec: &str) -> Vec<u8> {
    let sources =
        "-f lavfi -i testsrc2=s=96x64:d=0.4 -f lavfi -i sine=frequency=440:sample_rate=48000:duration=0.1";
    let video = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 25";
    ffmpeg::make_by(".mov", &format!("{sources} {video} -c:a {codec}"))
}

/// The sound of a file, one sample behind the other, as FFmpeg takes it: decoded, or as it stands.
fn sound(program: &OsStr, file: &[u8], key: bool, decoded: bool) -> Result<Vec<u8>, String> {
    let scratch = Scratch::of(file);
    let mut command = Command::new(program);
    command.args(["-v", "error", "-fflags", "+ignidx"]);
    if key {
        command.args(["-decryption_key", drive::KEY]);
    }
    command.arg("-i").arg(&scratch.0).args(["-map", "0:a:0"]);
    let form = if decoded { ["-c:a", "pcm_f64le", "-f", "f64le"] } else { ["-c", "copy", "-f", "data"] };
    let output = command.args(form).arg("-").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() && said.is_empty() { Ok(output.stdout) } else { Err(said) }
}

/// The box around the sound entries.
fn stsd(file: &[u8]) -> raw::RawBox<'_> {
    let moov = raw::boxes(file, 0).into_iter().find(|one| one.name == "moov").unwrap();
    let trak = moov.children().into_iter().filter(|one| one.name == "trak").nth(1).unwrap();
    trak.at("mdia/minf/stbl/stsd")
}

/// Type and version of the sound entry, the boxes in it, and the version of the box around it.
fn sound_entry(file: &[u8]) -> (String, u8, Vec<String>, u8) {
    let stsd = stsd(file);
    let entry = stsd.children_after(8).remove(0);
    let inside = entry.children_after(28).into_iter().map(|one| one.name).collect();
    (entry.name.clone(), entry.body()[9], inside, stsd.version())
}

#[test]
fn sound_of_a_movie_has_entries_of_mp4() {
    if !ffmpeg::present() {
        return;
    }
    let newer: Option<OsString> = std::env::var_os("BOXLOCK_FFMPEG8");
    if newer.is_none() {
        not_run("FFmpeg 8 is not here; set BOXLOCK_FFMPEG8");
    }
    let packager = shaka::program();
    for (codec, code, boxes, known) in SOUNDS {
        let movie = make(codec);
        let plain = drive::protect(&movie, &none()).unwrap();
        let (found, version, inside, around) = sound_entry(&plain);
        assert!(found == *code && inside == *boxes, "{codec}: {found} {inside:?}");
        assert_eq!((version, around), (0, 0), "{codec}");
        let is_pcm = matches!(known, Known::Pcm | Known::NewPcm);
        let text = RequestText {
            whole_samples: if is_pcm { vec![2] } else { Vec::new() },
            ..drive::request_in("cenc", "hybrid")
        };
        let locked = drive::protect(&movie, &text).unwrap();
        let clear = raw::by_track(&plain);
        let keys = [1, 2].map(|track_id| TrackKey { track_id, key: drive::key() });
        assert!(raw::by_track(&bento4_decrypt(&locked, &keys)) == clear, "{codec}: Bento4");
        for program in [Some("ffmpeg".into()), newer.clone()].into_iter().flatten() {
            let wanted = sound(&program, &movie, false, false).unwrap();
            assert!(
                sound(&program, &plain, false, false).unwrap() == wanted,
                "{codec}: {}",
                program.display()
            );
            assert!(
                sound(&program, &locked, true, false).unwrap() == wanted,
                "{codec}: {}",
                program.display()
            );
            if *known == Known::NewPcm && program == "ffmpeg" {
                continue;
            }
            // What decoders need before the first sample is told otherwise in movies.
            let file = if is_pcm { &movie } else { &plain };
            let wanted = sound(&program, file, false, true).unwrap();
            assert!(
                sound(&program, &plain, false, true).unwrap() == wanted,
                "{codec}: {}",
                program.display()
            );
            assert!(
                sound(&program, &locked, true, true).unwrap() == wanted,
                "{codec}: {}",
                program.display()
            );
        }
        for (stream, id) in [("video", 1), ("audio", 2)] {
            let Some(program) = packager.as_ref().filter(|_| id == 1 || *known == Known::Well) else {
                continue;
            };
            for (file, key) in [(&plain, false), (&locked, true)] {
                let read = shaka::read(program, file, stream, key);
                assert!(read.as_ref() == Ok(&clear[&id]), "{codec} {stream}: {:?}", read.err());
            }
        }
    }
}

#[test]
fn what_mp4_cannot_say_stays_as_it_is_and_is_told() {
    if !ffmpeg::present() {
        return;
    }
    for (codec, kept) in [("adpcm_ima_qt", "ima4"), ("pcm_s8", "sowt"), ("pcm_mulaw", "ulaw")] {
        let movie = make(codec);
        let session = drive::open(&movie, Feed::Exact).unwrap();
        let plan = drive::plan(&session, &drive::request_in("cenc", "hybrid")).unwrap();
        let said = report::plan(&session, &plan).unwrap().warnings;
        let told =
            said.iter().any(|one| one.starts_with("Track 2 has") && one.contains("QuickTime's version 1"));
        assert_eq!(told, kept == "ima4", "{codec}: {said:?}");
        let plain = drive::protect(&movie, &none()).unwrap();
        assert!(plain.windows(4).any(|four| four == kept.as_bytes()), "{codec}");
        for kind in ["ffmpeg".into()].into_iter().chain(std::env::var_os("BOXLOCK_FFMPEG8")) {
            assert!(sound(&kind, &plain, false, true) == sound(&kind, &movie, false, true), "{codec}");
        }
    }
}

/// The sound entry of a movie, with other bytes from some place in it on.
fn changed(codec: &str, at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut movie = make(codec);
    let entry = movie.windows(4).rposition(|four| four == b"stsd").unwrap() + 12;
    movie[entry + at..entry + at + bytes.len()].copy_from_slice(bytes);
    movie
}

#[test]
fn pcm_that_is_not_plain_stays_as_it_is() {
    if !ffmpeg::present() {
        return;
    }
    let kept = |movie: &[u8]| stsd(&drive::protect(movie, &none()).unwrap()).children_after(8).remove(0).name;
    // Flags of version 2: unsigned, one channel behind the other; more bytes a frame than its samples have.
    let flags = |flags: u8| changed("pcm_s16le -ar 96000", 63, &[flags]);
    assert_eq!(kept(&flags(0x0c)), "ipcm");
    assert_eq!(kept(&flags(0x08)), "lpcm");
    assert_eq!(kept(&flags(0x2c)), "lpcm");
    assert_eq!(kept(&changed("pcm_s24le", 47, &[4])), "in24");
}
