//! Software of other people opens what was changed, with the keys that the file had.

use std::path::PathBuf;

use boxlock::protect::RequestText;
use boxlock_judges::{TrackKey, bento4_decrypt};

use super::{change, in_form, keep, wish_in, wishes};
use crate::support::{clear, drive, ffmpeg, raw, shaka};
use crate::undo::undo;

const FORMS: [&str; 3] = ["hybrid", "piff", "plain"];

/// Each way from form to form, and what becomes of the file.
fn each_change(file: &[u8], mut take: impl FnMut(&str, &str, &str, &[u8])) {
    // With the one key of all tests.
    for (what, wish) in wishes().into_iter().take(3) {
        for scheme in ["cenc", "cbc1"] {
            for from in FORMS {
                let request = wish_in(&wish, scheme, from);
                let protected = match drive::protect(file, &request) {
                    // A short one has nothing behind the lead.
                    Err(error) if what == "lead" && error.code() == "no-samples" => continue,
                    protected => protected.unwrap(),
                };
                for to in FORMS.into_iter().filter(|to| *to != from) {
                    let case = format!("{what} {scheme} {from} to {to}");
                    let changed =
                        change(&protected, &in_form(to)).unwrap_or_else(|error| panic!("{case}: {error}"));
                    take(&case, scheme, to, &changed);
                }
            }
        }
    }
}

/// A file with both tracks, small, some of whose fragments are beyond two seconds.
fn files() -> Vec<clear::Clear> {
    let sample = include_bytes!("../../www/samples/sample.ismv").to_vec();
    let mut files = vec![clear::Clear { name: "sample.ismv".to_owned(), bytes: sample }];
    if ffmpeg::present() {
        files.extend(clear::made());
    }
    files.retain(|file| file.bytes.len() < 2 << 20);
    files
}

#[test]
fn bento4_opens_every_form_that_became_another() {
    let mut tried = 0;
    for clear::Clear { name, bytes } in files() {
        let clear = raw::by_track(&bytes);
        let keys: Vec<TrackKey> =
            clear.keys().map(|&track_id| TrackKey { track_id, key: drive::key() }).collect();
        each_change(&bytes, |case, _, _, changed| {
            let judged = raw::by_track(&bento4_decrypt(changed, &keys));
            assert!(judged == clear, "{name}: {case}");
            let back = drive::protect(changed, &undo(&[(drive::KID, drive::KEY)]));
            let back = back.unwrap_or_else(|error| panic!("{name}: {case}: {error}"));
            assert!(raw::by_track(&back) == clear, "{name}: {case}");
            // Where data stands in the file does not come back.
            assert!(back == bytes || name.starts_with("base data offsets"), "{name}: {case}");
            tried += 1;
        });
    }
    println!("Bento4 opened {tried} changed files");
    assert!(tried >= 36);
}

#[test]
fn shaka_packager_and_ffmpeg_open_what_became_common_encryption() {
    let program: Option<PathBuf> = shaka::program();
    let has_ffmpeg = ffmpeg::present();
    let sample = include_bytes!("../../www/samples/sample.ismv");
    let clear = raw::by_track(sample);
    let streams = shaka::streams(sample);
    each_change(sample, |case, scheme, to, changed| {
        if to == "piff" {
            return;
        }
        if let Some(program) = &program {
            for (stream, id) in &streams {
                let read = shaka::read(program, changed, stream, true)
                    .unwrap_or_else(|error| panic!("{case}: {error}"));
                assert!(read == clear[id], "{case} {stream}");
            }
        }
        if has_ffmpeg && scheme == "cenc" {
            for kind in ["v", "a"] {
                let (before, after) =
                    (ffmpeg::decode(sample, None, kind), ffmpeg::decode(changed, Some(drive::KEY), kind));
                assert_eq!((before.frames, &*after.errors), (after.frames, ""), "{case} {kind}");
            }
        }
    });
}

#[test]
fn other_headers_are_nothing_to_decryptors() {
    let sample = include_bytes!("../../www/samples/sample.ismv");
    let clear = raw::by_track(sample);
    let keys: Vec<TrackKey> =
        clear.keys().map(|&track_id| TrackKey { track_id, key: drive::key() }).collect();
    for (scheme, form) in [("cenc", "hybrid"), ("cenc", "piff"), ("cbcs", "plain")] {
        let file = drive::protect(sample, &drive::request_in(scheme, form)).unwrap();
        let request = RequestText {
            la_url: "https://other.example/".to_owned(),
            brands: Some("iso6 mp41".to_owned()),
            ..keep()
        };
        let changed = change(&file, &request).unwrap();
        assert!(raw::by_track(&bento4_decrypt(&changed, &keys)) == clear, "{scheme} {form}");
    }
}
