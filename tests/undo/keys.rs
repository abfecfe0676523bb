//! Keys that are missing, not used, or wrong.

use boxlock::protect::request::SecretText;
use boxlock::protect::{RequestText, SourceKeyText};

use super::{WAYS, published, undo, unprotect};
use crate::support::drive::{self, Feed, request_in};

const WRONG: &str = "00112233445566778899aabbccddeef0";

#[test]
fn a_wrong_key_is_noticed_and_said_with_its_kid() {
    let sample = include_bytes!("../../www/samples/sample.ismv");
    for (scheme, form) in WAYS {
        let protected = drive::protect(sample, &request_in(scheme, form)).unwrap();
        let error = unprotect(&protected, &[(drive::KID, WRONG)]).unwrap_err();
        assert_eq!(
            (error.code(), error.field()),
            ("wrong-key", Some("sourceKeys")),
            "{scheme} {form}: {error}"
        );
        assert!(error.message().contains(drive::KID), "{error}");
    }
}

/// Without headers that have a checksum samples alone decide.
#[test]
fn wrong_keys_of_published_files_are_noticed_or_doubted() {
    let (mut noticed, mut doubted) = (Vec::new(), Vec::new());
    for (encrypted, key, _) in published::pairs() {
        let Some(file) = published::joined(&encrypted) else { return };
        let session = drive::open(&file, Feed::Whole).unwrap();
        let right = drive::plan(&session, &undo(&[("", key)])).unwrap();
        drive::doubts_of_keys(&session, &file, &right).unwrap_or_else(|error| panic!("{encrypted}: {error}"));
        let wrong = drive::plan(&session, &undo(&[("", WRONG)])).unwrap();
        match drive::doubts_of_keys(&session, &file, &wrong) {
            Ok(doubts) => {
                assert!(
                    doubts.iter().any(|doubt| doubt.contains("cannot be seen beforehand")),
                    "{encrypted}"
                );
                doubted.push(encrypted);
            }
            Err(error) => {
                assert_eq!(error.code(), "wrong-key", "{encrypted}: {error}");
                noticed.push(encrypted);
            }
        }
    }
    println!("noticed {noticed:#?} doubted {doubted:#?}");
    // Of short videos whose slice headers are clear nothing can be seen.
    assert!(noticed.len() >= 12, "{noticed:#?}");
    assert!(doubted.iter().all(|name| name.contains("video")), "{doubted:#?}");
}

#[test]
fn keys_that_are_missing_or_too_many_are_named() {
    let sample = include_bytes!("../../www/samples/sample.ismv");
    let protected = drive::protect(sample, &request_in("cenc", "hybrid")).unwrap();
    let other = "0e1e2e3e-0000-4000-8000-0123456789ab";
    let error = unprotect(&protected, &[(other, WRONG)]).unwrap_err();
    assert_eq!((error.code(), error.field()), ("no-key", Some("sourceKeys")));
    assert!(error.message().contains(drive::KID) && error.message().contains("tracks 1, 2"), "{error}");
    let session = drive::open(&protected, Feed::Whole).unwrap();
    let plan = drive::plan(&session, &undo(&[(drive::KID, drive::KEY), (other, WRONG)])).unwrap();
    assert!(plan.warnings().iter().any(|said| said.contains(other) && said.contains("not used")));
    let undone: Vec<_> =
        plan.undoes.iter().map(|part| (part.track, part.kid.unwrap().uuid(), part.scheme.text())).collect();
    assert_eq!(undone, [1, 2].map(|track| (track, drive::KID.to_owned(), "cenc".to_owned())));
    let error = unprotect(sample, &[(drive::KID, drive::KEY)]).unwrap_err();
    assert_eq!(error.code(), "not-protected");
}

#[test]
fn keys_are_taken_by_track_and_what_is_typed_wrong_is_refused() {
    let sample = include_bytes!("../../www/samples/sample.ismv");
    let protected = drive::protect(sample, &request_in("cbcs", "plain")).unwrap();
    let of = |track, key: &str| SourceKeyText {
        track: Some(track),
        key: Some(SecretText(key.to_owned())),
        kid: None,
    };
    let request = |source_keys| RequestText { source_keys, ..undo(&[]) };
    let back = drive::protect(&protected, &request(vec![of(1, drive::KEY), of(2, drive::KEY)])).unwrap();
    assert!(back == sample);
    for (keys, code) in [
        (vec![of(1, drive::KEY)], "no-key"),
        (vec![of(1, drive::KEY), of(1, WRONG)], "bad-key"),
        (vec![of(1, "nothing")], "bad-key"),
        (vec![SourceKeyText { kid: Some("x".to_owned()), ..of(1, WRONG) }], "bad-kid"),
        (vec![SourceKeyText { key: None, ..of(1, WRONG) }], "no-key"),
    ] {
        let error = drive::protect(&protected, &request(keys)).unwrap_err();
        assert_eq!((error.code(), error.field()), (code, Some("sourceKeys")), "{error}");
    }
    // What says more goes first, in whatever order.
    let kid = |track, key: &str| SourceKeyText { kid: Some(drive::KID.to_owned()), track, ..of(1, key) };
    let all = |key: &str| SourceKeyText { track: None, ..of(1, key) };
    for mut keys in [
        vec![all(WRONG), kid(None, drive::KEY)],
        vec![all(WRONG), of(1, drive::KEY), of(2, drive::KEY)],
        vec![of(1, WRONG), kid(None, drive::KEY)],
        vec![kid(None, WRONG), kid(Some(1), drive::KEY), kid(Some(2), drive::KEY)],
    ] {
        assert!(drive::protect(&protected, &request(keys.clone())).unwrap() == sample);
        keys.reverse();
        assert!(drive::protect(&protected, &request(keys)).unwrap() == sample);
    }
    // One key ID, and for one of its tracks a key that is wrong.
    let error = drive::protect(&protected, &request(vec![of(1, drive::KEY), of(2, WRONG)])).unwrap_err();
    assert!(error.code() == "wrong-key" && error.message().contains("in track 2"), "{error}");
    // One key and a first IV of before would make one key stream twice.
    let again = RequestText {
        source_keys: vec![of(1, drive::KEY), of(2, drive::KEY)],
        ..request_in("cenc", "hybrid")
    };
    assert_eq!(drive::protect(&protected, &again).unwrap_err().code(), "same-key");
    let again = RequestText { iv_start: None, ..again };
    assert!(drive::protect(&protected, &again).is_ok());
}

#[test]
fn what_a_track_left_out_becomes_is_said() {
    let sample = include_bytes!("../../www/samples/sample.ismv");
    let protected = drive::protect(sample, &request_in("cenc", "hybrid")).unwrap();
    let session = drive::open(&protected, Feed::Whole).unwrap();
    let said = session.check().unwrap_err();
    assert!(
        said.message().ends_with("start from the clear file, or give its keys: it is decrypted before."),
        "{said}"
    );
    let videos = |tracks: &[u32]| RequestText {
        source_keys: undo(&[(drive::KID, drive::KEY)]).source_keys,
        tracks: Some(tracks.to_vec()),
        iv_start: None,
        ..request_in("cbcs", "plain")
    };
    for (chosen, left) in [(1, 2), (2, 1)] {
        let plan = drive::plan(&session, &videos(&[chosen])).unwrap();
        let wanted = format!("Track {left} becomes open to everyone. It was left out by choice.");
        assert!(plan.warnings().contains(&wanted), "{:?}", plan.warnings());
    }
}

/// Frames of such sound begin with anything: that they do says nothing of a key.
#[test]
fn sound_that_begins_with_anything_is_doubted_not_refused() {
    let (encrypted, key, _) = published::pairs()
        .into_iter()
        .find(|(name, _, _)| name.ends_with("encryption__bear-640x360-audio.mp4"))
        .unwrap();
    let Some(mut file) = published::joined(&encrypted) else { return };
    let judged = |file: &[u8], key: &str| {
        let session = drive::open(file, Feed::Whole).unwrap();
        let plan = drive::plan(&session, &undo(&[("", key)])).unwrap();
        drive::doubts_of_keys(&session, file, &plan)
    };
    assert_eq!(judged(&file, key).unwrap(), [""; 0]);
    assert_eq!(judged(&file, WRONG).unwrap_err().code(), "wrong-key");
    // The audio object type of its AudioSpecificConfig, behind tag and length: AAC LD.
    let at = file.windows(4).position(|four| four == [5, 5, 0x12, 0x10]).unwrap() + 2;
    assert_eq!(file[at] >> 3, 2);
    file[at] = file[at] & 7 | 23 << 3;
    let doubts = judged(&file, WRONG).unwrap();
    assert!(doubts.len() == 1 && doubts[0].contains("cannot be seen beforehand"), "{doubts:?}");
}

#[test]
fn key_ids_in_the_other_byte_order_are_noticed() {
    let sample = include_bytes!("../../www/samples/sample.ismv");
    let request = RequestText {
        kid: Some("11223344-5566-7788-99aa-bbccddeeff00".to_owned()),
        ..drive::request("hybrid")
    };
    let protected = drive::protect(sample, &request).unwrap();
    let swapped = "44332211-6655-8877-99aa-bbccddeeff00";
    let error = unprotect(&protected, &[(swapped, drive::KEY)]).unwrap_err();
    assert_eq!((error.code(), error.field()), ("no-key", Some("sourceKeys")));
    assert!(error.message().contains(&format!("There is one for {swapped}")), "{error}");
    let other = unprotect(&protected, &[(drive::KID, drive::KEY)]).unwrap_err();
    assert!(!other.message().contains("byte order"), "{other}");
    // A new one that looks like the old one.
    let doubts = |kid: &str| {
        let request = RequestText {
            kid: Some(kid.to_owned()),
            iv_start: None,
            source_keys: undo(&[("", drive::KEY)]).source_keys,
            ..drive::request("hybrid")
        };
        let session = drive::open(&protected, Feed::Whole).unwrap();
        drive::plan(&session, &request).unwrap().warnings().concat()
    };
    assert!(doubts(swapped).contains("in the other byte order"));
    assert!(!doubts(drive::KID).contains("byte order"));
}
