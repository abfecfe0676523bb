//! The form of a file that browsers play.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a panic is a test's way to fail")]

use crate::support;

use boxlock::output::playback::Playback;
use support::drive::{self, Feed};
use support::synth;

const SAMPLE: &[u8] = include_bytes!("../www/samples/sample.ismv");

/// The sample with its sound under another object type (ISO/IEC 14496-1 table 5).
fn with_object_type(object_type: u8) -> Vec<u8> {
    let mut file = SAMPLE.to_vec();
    let esds = file.windows(4).position(|four| four == b"esds").unwrap();
    // Tag 4 and its length of four bytes: the decoder configuration, whose first field is the object type.
    let config = file[esds..].windows(5).position(|five| five[..4] == [0x04, 0x80, 0x80, 0x80]).unwrap();
    let at = esds + config + 5;
    assert_eq!(file[at], 0x40);
    file[at] = object_type;
    file
}

fn playback(file: &[u8]) -> Playback {
    let session = drive::open(file, Feed::Exact).unwrap();
    Playback::new(session.index().unwrap()).unwrap()
}

#[test]
fn mpeg_2_aac_is_played_under_the_name_that_all_browsers_know() {
    let mpeg4 = playback(SAMPLE);
    assert!(mpeg4.mime_type.ends_with(",mp4a.40.2\""), "{}", mpeg4.mime_type);
    let mpeg2 = playback(&with_object_type(0x67));
    assert_eq!(mpeg2.mime_type, mpeg4.mime_type);
    assert_eq!(mpeg2.init, mpeg4.init, "and nothing else is changed");
}

#[test]
fn sound_that_is_not_aac_keeps_its_name() {
    let mp3 = playback(&with_object_type(0x6B));
    assert!(mp3.mime_type.ends_with(",mp4a.6B\""), "{}", mp3.mime_type);
}

#[test]
fn sound_that_begins_before_zero_takes_as_long_as_its_samples() {
    let mut made = synth::small();
    // Two fragments of three samples of 20 ticks; the first begins 30 before zero.
    let before = |time: Option<i64>| {
        let mut made = made.clone();
        made.fragments[0].trafs[0].tfxd = time;
        playback(&made.bytes()).duration
    };
    let (late, early) = (before(Some(0)), before(Some(-30)));
    assert!((late - early).abs() < 1e-9 && late > 0.0, "{late} {early}");
    made.fragments.truncate(1);
    assert!(playback(&made.bytes()).duration < late);
}

#[test]
fn what_no_browser_decrypts_is_not_given_to_it() {
    let made = |scheme, form| drive::protect(SAMPLE, &drive::request_in(scheme, form)).unwrap();
    for (scheme, form) in [("cenc", "hybrid"), ("cenc", "piff"), ("cenc", "plain"), ("cbcs", "plain")] {
        assert!(!playback(&made(scheme, form)).kids.is_empty(), "{scheme} {form}");
    }
    for (scheme, form, said) in
        [("cbc1", "piff", "AES-CBC"), ("cbc1", "hybrid", "scheme cbc1"), ("cens", "plain", "scheme cens")]
    {
        let session = drive::open(&made(scheme, form), Feed::Whole).unwrap();
        let error = Playback::new(session.index().unwrap()).unwrap_err();
        assert_eq!(error.code(), "not-playable", "{scheme} {form}");
        assert!(error.message().contains(said), "{error}");
    }
}
