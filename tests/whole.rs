//! Codecs for which nobody says what must stay clear: left open, or encrypted whole by choice, and never guessed.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use boxlock::protect::RequestText;
use boxlock::protect::subsample::Rule;
use boxlock_judges::{TrackKey, bento4_decrypt};
use support::drive::{self, Feed, request_in};
use support::{ffmpeg, raw, synth};

/// Files of codecs without a rule: their name, what FFmpeg makes them of, whether a track beside them has one.
const FILES: [(&str, &str, &str, bool); 4] = [
    ("MPEG-4 Visual beside AAC", ".mp4", "-c:v mpeg4 -c:a aac", true),
    ("ProRes beside AAC", ".mov", "-c:v prores_ks -profile:v 0 -c:a aac", true),
    ("H.264 beside PCM", ".mov", "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a pcm_s16le", true),
    ("MPEG-4 Visual beside PCM", ".mov", "-c:v mpeg4 -c:a pcm_s16be", false),
];

const SOURCE: &str = "-f lavfi -i testsrc2=s=160x90:d=1 -f lavfi -i sine=d=1";

fn made() -> Vec<(&'static str, Vec<u8>, bool)> {
    if !ffmpeg::present() {
        return Vec::new();
    }
    let file = |ending: &str, arguments: &str| ffmpeg::make_by(ending, &format!("{SOURCE} {arguments}"));
    FILES.iter().map(|(name, ending, arguments, other)| (*name, file(ending, arguments), *other)).collect()
}

#[test]
fn every_sample_of_a_track_without_a_rule_is_encrypted_whole_where_that_is_chosen() {
    for (name, bytes, _) in made() {
        let clear = drive::fragmented(&bytes);
        let session = drive::open(&bytes, Feed::Whole).unwrap();
        let movie = session.work().unwrap().movie.clone().unwrap();
        let unruled: Vec<u32> = movie
            .tracks
            .iter()
            .filter(|track| boxlock::protect::codecs::check_track(track).is_err())
            .map(|track| track.id)
            .collect();
        assert!(!unruled.is_empty(), "{name}");
        for (scheme, form) in [("cenc", "hybrid"), ("cenc", "piff"), ("cbc1", "plain"), ("cbcs", "plain")] {
            let named = format!("{name} {scheme} {form}");
            let text = RequestText { whole_samples: unruled.clone(), ..request_in(scheme, form) };
            let plan = drive::plan(&session, &text).unwrap();
            for id in &unruled {
                let protection = plan.protection(*id).unwrap();
                assert!(protection.rules.iter().all(|rule| matches!(rule, Rule::WholeSample)), "{named}");
                assert_eq!(protection.pattern.nibbles(), 0, "{named}");
                let said = format!("Track {id} has ");
                assert!(
                    plan.warnings().iter().any(|one| one.starts_with(&said) && one.contains("whole")),
                    "{named}: {:?}",
                    plan.warnings()
                );
            }
            let protected = drive::protect(&bytes, &text).unwrap();
            raw::check_pointers(&protected);
            let (out, before) = (raw::by_track(&protected), raw::by_track(&clear));
            for id in &unruled {
                for (sample, clear) in out[id].iter().zip(&before[id]) {
                    let blocks = if scheme == "cenc" { clear.len() } else { clear.len() / 16 * 16 };
                    assert_eq!(sample[blocks..], clear[blocks..], "{named}");
                    // A byte may be its own cipher; eight in a row are not.
                    for (at, (one, other)) in
                        sample[..blocks].chunks(8).zip(clear[..blocks].chunks(8)).enumerate()
                    {
                        assert!(one != other || one.len() < 8, "{named}: track {id}, byte {}", at * 8);
                    }
                }
            }
            let keys: Vec<TrackKey> =
                before.keys().map(|&track_id| TrackKey { track_id, key: drive::key() }).collect();
            assert!(raw::by_track(&bento4_decrypt(&protected, &keys)) == before, "{named}: Bento4");
        }
    }
}

#[test]
fn without_the_choice_nothing_is_guessed() {
    for (name, bytes, has_other) in made() {
        let session = drive::open(&bytes, Feed::Whole).unwrap();
        let result = drive::plan(&session, &request_in("cenc", "hybrid"));
        match (name, has_other) {
            ("H.264 beside PCM", _) => {
                let plan = result.unwrap();
                let open: Vec<u32> = plan
                    .tracks
                    .iter()
                    .filter(|track| track.protection.is_none())
                    .map(|track| track.track_id)
                    .collect();
                assert_eq!(open.len(), 1, "{name}");
            }
            (_, true) => {
                let error = result.unwrap_err();
                assert_eq!((error.code(), error.field()), ("clear-video", Some("tracks")), "{name}");
            }
            (_, false) => {
                let error = result.unwrap_err();
                assert_eq!((error.code(), error.field()), ("no-track", Some("tracks")), "{name}");
                assert!(error.message().contains("encrypted whole"), "{error}");
            }
        }
    }
}

#[test]
fn what_is_left_out_by_name_is_not_said_to_be_encrypted() {
    for (name, bytes, _) in made().into_iter().take(1) {
        let session = drive::open(&bytes, Feed::Whole).unwrap();
        let choice = RequestText { whole_samples: vec![1], ..request_in("cenc", "hybrid") };
        let said = |text: &RequestText| {
            let plan = drive::plan(&session, text).unwrap();
            plan.warnings().iter().any(|one| one.contains("encrypted whole"))
        };
        assert!(said(&choice), "{name}");
        assert!(!said(&RequestText { tracks: Some(vec![2]), ..choice }), "{name}");
    }
}

#[test]
fn the_choice_is_for_tracks_without_a_rule_alone() {
    let session = drive::open(include_bytes!("../www/samples/sample.ismv"), Feed::Whole).unwrap();
    for id in [1, 2, 9] {
        let text = RequestText { whole_samples: vec![id], ..request_in("cenc", "hybrid") };
        let error = drive::plan(&session, &text).unwrap_err();
        assert_eq!((error.code(), error.field()), ("no-track", Some("wholeSamples")), "{id}");
        assert!(error.message().contains(&id.to_string()), "{error}");
    }
}

#[test]
fn of_ac4_it_is_said_what_is_hidden_with_its_samples() {
    let mut file = synth::small().bytes();
    let entry = file.windows(4).position(|four| four == b"mp4a").unwrap();
    file[entry..entry + 4].copy_from_slice(b"ac-4");
    let session = drive::open(&file, Feed::Whole).unwrap();
    let error = drive::plan(&session, &request_in("cenc", "hybrid")).unwrap_err();
    assert_eq!((error.code(), error.field()), ("no-track", Some("tracks")));
    let movie = session.work().unwrap().movie.clone().unwrap();
    let reason = boxlock::protect::codecs::check_track(&movie.tracks[0]).unwrap_err();
    assert!(reason.message().contains("ac4_toc"), "{reason}");
    let text = RequestText { whole_samples: vec![1], ..request_in("cenc", "hybrid") };
    let plan = drive::plan(&session, &text).unwrap();
    assert!(matches!(plan.protection(1).unwrap().rules[..], [Rule::WholeSample]));
    let said = plan.warnings();
    let said = said.iter().find(|one| one.starts_with("Track 1 has Dolby AC-4")).unwrap();
    assert!(
        said.contains("encrypted whole, as was asked for") && said.contains("table of contents"),
        "{said}"
    );
}
