//! The clear lead: what begins in it is the clear file's, what comes later is encrypted, and software of other people knows
//! which is which.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use boxlock::bytes::ContentKey;
use boxlock::protect::RequestText;
use boxlock_judges::{TrackKey, bento4_decrypt};
use support::drive::{self, Feed, Samples, decrypted_samples, request_in, samples};
use support::{ffmpeg, raw, shaka, verdict};

const ALL: [(&str, &str); 5] =
    [("cenc", "hybrid"), ("cenc", "piff"), ("cenc", "plain"), ("cbc1", "hybrid"), ("cbcs", "plain")];

fn with_lead(scheme: &str, form: &str, seconds: &str) -> RequestText {
    RequestText { clear_lead: Some(seconds.to_owned()), ..request_in(scheme, form) }
}

/// Fragments of one track and of two, from a start that is not zero, and a plain file.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let mut files = vec![("sample.ismv", include_bytes!("../www/samples/sample.ismv").to_vec())];
    if ffmpeg::present() {
        let source = "-f lavfi -i testsrc2=s=192x108:d=8 -f lavfi -i sine=d=8 -c:v libx264 -preset ultrafast -g 25 \
                      -pix_fmt yuv420p -c:a aac";
        let fragments = "-f mp4 -movflags +frag_keyframe+empty_moov+default_base_moof";
        files.push(("two in a fragment", ffmpeg::make_by(".mp4", &format!("{source} {fragments}"))));
        let late = format!("{source} -output_ts_offset 3600 {fragments}");
        files.push(("an hour late", ffmpeg::make_by(".mp4", &late)));
        files.push(("plain", ffmpeg::make_by(".mp4", source)));
    }
    files
}

fn raw_samples(file: &[u8]) -> Samples {
    let mut all = Samples::new();
    for track in raw::all_samples(file).into_iter().flatten() {
        let list = all.entry(track.id).or_default();
        list.extend(track.samples.iter().map(|place| file[place.start..place.start + place.len].to_vec()));
    }
    all
}

/// The samples of a clear file of any kind.
fn clear_samples(file: &[u8]) -> Samples {
    samples(&drive::fragmented(file))
}

#[test]
fn the_lead_is_clear_and_the_rest_is_not() {
    for (name, bytes) in files() {
        let clear = clear_samples(&bytes);
        let keys: Vec<TrackKey> =
            clear.keys().map(|&track_id| TrackKey { track_id, key: drive::key() }).collect();
        for (scheme, form) in ALL {
            let named = format!("{name} {scheme} {form}");
            let protected = drive::protect(&bytes, &with_lead(scheme, form, "2.5")).unwrap();
            raw::check_pointers(&protected);
            verdict::reopens(&protected).unwrap();
            let again = drive::open(&protected, Feed::Whole).unwrap().check().unwrap_err();
            assert_eq!(again.code(), "already-protected", "{named}");
            let out = raw_samples(&protected);
            for (track, list) in &clear {
                let same: Vec<bool> = list.iter().zip(&out[track]).map(|(one, other)| one == other).collect();
                let lead = same.iter().take_while(|same| **same).count();
                // Two to four seconds of at least eight, however long the fragments are.
                let share = lead as f64 / list.len() as f64;
                assert!((0.2..0.6).contains(&share), "{named}: track {track}: {lead} of {}", list.len());
                let later =
                    list.iter().zip(&same).skip(lead).filter(|(sample, same)| sample.len() > 200 && **same);
                assert_eq!(later.count(), 0, "{named}: track {track}: clear behind the lead");
            }
            assert!(raw_samples(&bento4_decrypt(&protected, &keys)) == clear, "{named}: Bento4");
            if form == "piff" {
                let own = decrypted_samples(&protected, |_, _| Some(ContentKey(drive::key()))).unwrap();
                assert!(own == clear, "{named}: our reader");
            }
        }
    }
}

#[test]
fn shaka_packager_knows_the_lead_by_its_sample_entries() {
    let Some(program) = shaka::program() else { return };
    for (name, bytes) in files() {
        let bytes = drive::fragmented(&bytes);
        for (scheme, form) in [("cenc", "hybrid"), ("cenc", "plain"), ("cbcs", "plain")] {
            for (stream, track) in shaka::streams(&bytes) {
                let text = RequestText { tracks: Some(vec![track]), ..with_lead(scheme, form, "2.5") };
                let protected = drive::protect(&bytes, &text).unwrap();
                let expected = shaka::read(&program, &bytes, stream, false).unwrap();
                let found = shaka::read(&program, &protected, stream, true);
                assert!(
                    found.as_ref() == Ok(&expected),
                    "{name} {scheme} {form} {stream}: {:?}",
                    found.err()
                );
            }
        }
    }
}

#[test]
fn ffmpeg_decodes_the_lead_and_what_comes_behind_it() {
    if !ffmpeg::present() {
        return;
    }
    let key = hex::encode(drive::key());
    for (name, bytes) in files() {
        let bytes = drive::fragmented(&bytes);
        for form in ["hybrid", "plain"] {
            let protected = drive::protect(&bytes, &with_lead("cenc", form, "2.5")).unwrap();
            for stream in ["v", "a"] {
                let found = ffmpeg::decode(&protected, Some(&key), stream).frames;
                let wanted = ffmpeg::decode(&bytes, None, stream).frames;
                assert!(found == wanted && !wanted.is_empty(), "{name} {form} {stream}");
            }
        }
    }
}

#[test]
fn the_plan_says_what_stays_open_and_a_lead_over_all_is_refused() {
    let sample = include_bytes!("../www/samples/sample.ismv");
    let session = drive::open(sample, Feed::Whole).unwrap();
    let plan = drive::plan(&session, &with_lead("cenc", "hybrid", "2.50")).unwrap();
    assert!(plan.warnings().iter().any(|one| one.contains("first 2.5 s stay open")), "{:?}", plan.warnings());
    let shown = boxlock::report::plan(&session, &plan).unwrap();
    let added: Vec<_> = shown.boxes.iter().filter(|one| one.why.contains("clear lead")).collect();
    let kinds: Vec<(&str, &str)> = added.iter().map(|one| (&*one.kind, one.action)).collect();
    assert_eq!(kinds, [("stsd", "change"), ("avc1", "add"), ("mp4a", "add")], "{:?}", shown.boxes);
    let plan = drive::plan(&session, &with_lead("cenc", "hybrid", "0")).unwrap();
    assert!(plan.warnings().iter().all(|one| !one.contains("stay open")));
    assert!(drive::plan(&session, &with_lead("cenc", "hybrid", "3")).is_ok());
    let error = drive::plan(&session, &with_lead("cenc", "hybrid", "3600")).unwrap_err();
    assert_eq!((error.code(), error.field()), ("no-samples", Some("clearLead")));
    assert!(error.message().contains("3600 s"), "{error}");
    // As numbers come from JavaScript.
    let plan = drive::plan(&session, &with_lead("cenc", "hybrid", "3.3333333333333335")).unwrap();
    assert!(plan.warnings().iter().any(|one| one.contains("first 3.333 s")), "{:?}", plan.warnings());
    // Fragments of tracks that stay open anyway are not what is left to protect.
    let text = RequestText { tracks: Some(vec![1]), ..with_lead("cenc", "hybrid", "3600") };
    let error = drive::plan(&session, &text).unwrap_err();
    assert_eq!((error.code(), error.field()), ("no-samples", Some("clearLead")));
    for wrong in ["-1", "abc", "1e3", "1.x", ".", "1.-5", "99999999999", "٣"] {
        let error = drive::plan(&session, &with_lead("cenc", "hybrid", wrong)).unwrap_err();
        assert_eq!((error.code(), error.field()), ("bad-request", Some("clearLead")), "{wrong}");
    }
}
