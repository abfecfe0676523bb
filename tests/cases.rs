//! Small files after public trouble reports, and what is right for each: protected and judged, or refused with words
//! that help. Read from `../shared/cases/protect`; `tests/every_byte.rs` and `tests/hostile.rs` build the smallest of
//! each kind themselves.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

mod requests;
use crate::support;
mod table;

use boxlock::bytes::Error;
use boxlock::protect::RequestText;
use boxlock_judges::{TrackKey, bento4_decrypt};
use support::drive::{self, Feed};
use support::verdict::verdict;
use support::witness::Movie;
use support::{case_file, ffmpeg, hostile};
use table::{CASES, Case, Right};

const PROFILES: [&str; 2] = ["piff", "hybrid"];

fn contains(message: &str, word: &str) -> bool {
    message.to_lowercase().contains(&word.to_lowercase())
}

/// Whether a refusal says what it has to. Of `words` separated by `|` one is enough.
fn refused_well(error: &Error, codes: &[&str], words: &[&str]) -> Result<(), String> {
    hostile::check_error(error);
    let said = format!("{} {:?}: {error}", error.code(), error.field());
    if !codes.is_empty() && !codes.contains(&error.code()) {
        return Err(format!("code {codes:?} expected, found {said}"));
    }
    let missing = words.iter().find(|words| !words.split('|').any(|word| contains(error.message(), word)));
    missing.map_or(Ok(()), |words| Err(format!("it does not say “{words}”: {said}")))
}

/// Protects, and has all judge; the output when it was to be protected.
fn protected(file: &[u8], text: &RequestText, case: &Case) -> Result<Vec<u8>, String> {
    let out = drive::protect(file, text).map_err(|e| format!("refused with {}: {e}", e.code()))?;
    judged(&drive::fragmented(file), out, text, case)
}

fn judged(file: &[u8], out: Vec<u8>, text: &RequestText, case: &Case) -> Result<Vec<u8>, String> {
    verdict(file, &out, text)?;
    let piff = text.profile.as_deref() == Some("piff");
    if !case.beyond.iter().any(|judge| *judge == "Bento4" || piff && *judge == "Bento4 piff") {
        bento4(file, &out)?;
    }
    Ok(out)
}

/// Bento4 gives the samples back.
fn bento4(clear: &[u8], out: &[u8]) -> Result<(), String> {
    let movie = Movie::read(clear)?;
    let keys: Vec<TrackKey> =
        movie.tracks.iter().map(|track| TrackKey { track_id: track.id, key: drive::key() }).collect();
    let judged = bento4_decrypt(out, &keys);
    let decrypted = Movie::read(&judged).map_err(|e| format!("Bento4's output: {e}"))?;
    for track in &movie.tracks {
        let samples = |movie: &Movie, file: &[u8]| {
            movie.of(track.id).iter().map(|s| file[s.start..s.start + s.len].to_vec()).collect::<Vec<_>>()
        };
        if samples(&movie, clear) != samples(&decrypted, &judged) {
            return Err(format!("Bento4 does not get track {} back", track.id));
        }
    }
    Ok(())
}

fn check(case: &Case, profile: &str, file: &[u8]) -> Result<(), String> {
    let mut text = drive::request(profile);
    text.tracks = case.tracks.map(<[u32]>::to_vec);
    let right = if profile == "piff" { &case.piff } else { &case.hybrid };
    match right {
        Right::Protects => protected(file, &text, case).map(|_| ()),
        Right::Refused(codes, words) => match drive::protect(file, &text) {
            Ok(_) => Err("protected; it was to be refused".to_owned()),
            Err(error) => refused_well(&error, codes, words),
        },
        Right::ProtectsOr(words) => match drive::protect(file, &text) {
            Ok(out) => judged(file, out, &text, case).map(|_| ()),
            Err(error) => refused_well(&error, &[], words),
        },
        Right::Leftovers => match drive::protect(file, &text) {
            Ok(out) => judged(file, out, &text, case).map(|_| ()),
            Err(error) => {
                refused_well(&error, &["leftover-encryption"], &[])?;
                if error.field() != Some("leftovers") {
                    return Err(format!("field {:?}: {error}", error.field()));
                }
                text.leftovers = Some("remove".to_owned());
                protected(file, &text, case).map(|_| ())
            }
        },
    }
}

#[test]
fn every_case_comes_out_right() {
    if support::cases().is_none() {
        return;
    }
    let mut wrong = Vec::new();
    for case in CASES {
        let file = case_file(case.file).expect("the cases are there");
        for profile in PROFILES {
            if let Err(why) = check(case, profile, &file) {
                wrong.push(format!("{} {profile}: {why}", case.name()));
            }
        }
    }
    println!("{} cases, each in {} profiles", CASES.len(), PROFILES.len());
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A file that is put into the folder is put into the table.
#[test]
fn no_case_is_forgotten() {
    let Some(folder) = support::cases() else { return };
    let entries = std::fs::read_dir(folder).expect("the cases can be listed");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let media = names.filter(|name| !name.ends_with(".md") && !name.ends_with(".txt"));
    let forgotten: Vec<_> = media.filter(|name| CASES.iter().all(|case| case.file != name)).collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
}

/// The checksums of decoded frames.
fn pictures(frames: &[String]) -> Vec<&str> {
    frames.iter().filter_map(|line| line.rsplit(',').next()).collect()
}

#[test]
fn ffmpeg_decodes_the_same_frames() {
    if support::cases().is_none() || !ffmpeg::present() {
        return;
    }
    let (mut wrong, mut unread, mut frames) = (Vec::new(), Vec::new(), 0);
    for case in CASES.iter().filter(|case| !case.beyond.contains(&"FFmpeg")) {
        let file = case_file(case.file).expect("the cases are there");
        let mut text = drive::request("hybrid");
        text.tracks = case.tracks.map(<[u32]>::to_vec);
        if matches!(case.hybrid, Right::Leftovers) {
            text.leftovers = Some("remove".to_owned());
        }
        // What must be protected is asked above; here only what is.
        let Ok(out) = drive::protect(&file, &text) else { continue };
        for kind in support::clear::kinds(&file) {
            let expected = ffmpeg::decode(&file, None, kind);
            let found = ffmpeg::decode(&out, Some(drive::KEY), kind);
            frames += found.frames.len();
            // Times of PIFF's own box are put where FFmpeg looks for them, so they may differ.
            let [before, after] = [&expected, &found].map(|decoded| pictures(&decoded.frames));
            if before == after && expected.errors == found.errors {
                continue;
            }
            if expected.errors.is_empty() {
                let first = before.iter().zip(&after).position(|(a, b)| a != b);
                wrong.push(format!(
                    "{} {kind}: {} frames became {}, the first that differs is {first:?}; {} / {}",
                    case.file,
                    expected.frames.len(),
                    found.frames.len(),
                    expected.errors,
                    found.errors
                ));
            } else {
                // It cannot even read the clear file.
                unread.push(format!("{} {kind}", case.file));
            }
        }
    }
    println!("{frames} frames; clear files that FFmpeg cannot read, and reads otherwise: {unread:?}");
    assert!(unread.len() < 20, "{unread:?}");
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A plan belongs to the file it was made for: carried out on another it would use the same key stream again.
#[test]
fn a_plan_is_for_one_file() {
    let (first, second) =
        (support::synth::small().bytes(), [support::synth::small().bytes(), vec![0; 8]].concat());
    let [first, second] = [first, second].map(|file| drive::open(&file, Feed::Whole).unwrap());
    let plan = drive::plan(&first, &drive::request("hybrid")).unwrap();
    assert!(first.assemble(&plan).is_ok());
    let error = second.assemble(&plan).map(|_| ()).expect_err("a plan of another file");
    assert_eq!(error.code(), "plan-other-file");
}

/// Opening a file whose counts promise much takes memory for what is there.
#[test]
fn memory_follows_the_input() {
    let Some(file) = case_file("trun_4M_samples_929_bytes.mp4") else { return };
    let used = allocation_counter::measure(|| {
        let session = drive::open(&file, Feed::Whole).expect("opens");
        assert!(
            session
                .plan(
                    boxlock::protect::Request::parse(&drive::request("piff"), &drive::not_random()).unwrap()
                )
                .is_err()
        );
    });
    assert!(used.bytes_max < 1 << 20, "{} bytes for a file of {}", used.bytes_max, file.len());
}
