//! Sound of every codec that FFmpeg makes: encrypted byte for byte as Shaka Packager does it, and given back by others.

#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use std::process::Command;

use boxlock_judges::{TrackKey, bento4_decrypt};
use support::drive::{self, protect, request_in, samples};
use support::ffmpeg::{self, Scratch};
use support::raw;
use support::{shaka, synth};

/// FFmpeg's encoder, the name of what it makes, and who does not read it.
const CODECS: [(&str, &str, &str); 9] = [
    ("aac", "AAC LC", ""),
    // Shaka Packager takes no MPEG audio layer from MP4, protected or not.
    ("libmp3lame", "MP3", "Shaka Packager"),
    ("mp2", "MP3", "Shaka Packager"),
    ("ac3", "Dolby Digital (AC-3)", ""),
    ("eac3", "Dolby Digital Plus (E-AC-3)", ""),
    ("libopus", "Opus", ""),
    ("flac", "FLAC", ""),
    ("alac", "Apple Lossless", ""),
    ("dca", "DTS", ""),
];

fn make(encoder: &str) -> Option<Vec<u8>> {
    let scratch = Scratch::path(".mp4");
    let ran = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=2"])
        .args(["-ac", "2", "-strict", "-2", "-c:a", encoder, "-f", "mp4"])
        .args(["-movflags", "+delay_moov+default_base_moof", "-frag_duration", "500000"])
        .arg(&scratch.0)
        .status();
    let bytes = ran.is_ok_and(|status| status.success()).then(|| std::fs::read(&scratch.0).ok()).flatten();
    if bytes.is_none() {
        support::not_run(&format!("there is no ffmpeg that encodes with {encoder}"));
    }
    bytes
}

#[test]
fn each_is_encrypted_whole_as_shaka_packager_does_it() {
    let program = shaka::program();
    for (encoder, name, silent) in CODECS {
        let Some(file) = make(encoder) else { continue };
        let session = drive::open(&file, drive::Feed::Whole).unwrap();
        let track = &session.index().unwrap().movie.as_ref().unwrap().tracks[0];
        assert_eq!(track.entries[0].codec_name(), name, "{encoder}");
        let clear = samples(&file);
        let keys = [TrackKey { track_id: 1, key: drive::key() }];
        for scheme in ["cenc", "cbcs"] {
            let ours =
                protect(&file, &request_in(scheme, "plain")).unwrap_or_else(|e| panic!("{encoder}: {e}"));
            let is_open = |(one, other): (&Vec<u8>, &Vec<u8>)| one.len() >= 16 && one == other;
            assert!(!raw::samples(&ours).iter().zip(&clear[&1]).any(is_open), "{encoder} {scheme}");
            assert!(samples(&bento4_decrypt(&ours, &keys)) == clear, "{encoder} {scheme}: Bento4");
            let mut theirs = None;
            if let Some(program) = &program {
                let made = shaka::protect(program, &file, "audio", scheme, &ours);
                assert_eq!(made.is_err(), silent == "Shaka Packager", "{encoder}: {:?}", made.err());
                theirs = made.ok();
            }
            if let Some(theirs) = &theirs {
                assert!(raw::samples(theirs) == raw::samples(&ours), "{encoder} {scheme}: Shaka Packager");
            }
            if scheme == "cenc" {
                let wanted = ffmpeg::decode(&file, None, "a");
                assert!(ffmpeg::decode(&ours, Some(drive::KEY), "a") == wanted, "{encoder}: FFmpeg");
            }
        }
    }
}

/// Types that FFmpeg does not make, in a file made by hand: what is encrypted whole needs nothing of its entry.
#[test]
fn types_without_an_encoder_are_known_too() {
    let file = synth::small().bytes();
    let entry = file.windows(4).position(|four| four == b"mp4a").unwrap();
    let of_type = |code: &[u8; 4]| {
        let mut file = file.clone();
        file[entry..entry + 4].copy_from_slice(code);
        protect(&file, &request_in("cenc", "hybrid")).map(|out| (file, out))
    };
    let whole: [&[u8; 4]; 15] = [
        b".mp3", b"ac-3", b"ec-3", b"Opus", b"fLaC", b"alac", b"dtsc", b"dtsh", b"dtsl", b"dtse", b"dtsx",
        b"mha1", b"mhm1", b"wma ", b"owma",
    ];
    for code in whole {
        let (file, out) = of_type(code).unwrap_or_else(|e| panic!("{}: {e}", code.escape_ascii()));
        let [clear, found] = [&file, &out].map(|file| raw::samples(file));
        assert!(clear.len() == 6 && clear.iter().zip(&found).all(|(one, other)| one != other));
    }
    // AC-4 has a table of contents that stays clear; samples of PCM are shorter than a block, and all of one would stay clear
    // in most schemes; of the others it is not known what has to.
    for code in [b"ac-4", b"mlpa", b"samr", b"ipcm", b"sowt", b"zzzz"] {
        let error = of_type(code).map(drop).unwrap_err();
        assert_eq!(error.code(), "no-track", "{}", code.escape_ascii());
        assert!(
            error.message().contains("AC-3, E-AC-3, Opus, FLAC, ALAC, DTS, MPEG-H and WMA sound"),
            "{error}"
        );
    }
}
