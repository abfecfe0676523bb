//! Several keys in a file: which track gets which, what the headers say of them, and whether software of other people
//! gives every track back with its own key and no other.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use std::collections::BTreeSet;

use boxlock::bytes::{ContentKey, KeyId};
use boxlock::playready::derive_key;
use boxlock::protect::keys::{Class, KeyOf, KeySource};
use boxlock::protect::request::SecretText;
use boxlock::protect::{KeyText, Plan, PlannedKey, Request, RequestText};
use boxlock_judges::{TrackKey, bento4_decrypt};
use support::drive::{self, Feed, decrypted_samples, not_random, request_in, samples};
use support::{ffmpeg, raw, shaka};

const OTHER_KID: &str = "20000000-2000-2000-2000-200000000002";
const OTHER_KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn secret(text: &str) -> Option<SecretText> {
    Some(SecretText(text.to_owned()))
}

/// A request for a key of its own for each `per`, all random.
fn apart(scheme: &str, form: &str, per: &str) -> RequestText {
    RequestText { key_per: some(per), kid: None, key: None, ..request_in(scheme, form) }
}

fn of_class(class: &str, kid: &str, key: &str) -> KeyText {
    KeyText { class: some(class), kid: some(kid), key: secret(key), track: None, period: 0 }
}

fn of_track(track: u32, kid: &str, key: &str) -> KeyText {
    KeyText { track: Some(track), kid: some(kid), key: secret(key), class: None, period: 0 }
}

fn plan(file: &[u8], text: &RequestText) -> Plan {
    let session = drive::open(file, Feed::Whole).unwrap();
    drive::plan(&session, text).unwrap()
}

fn key(plan: &Plan, track: u32) -> &PlannedKey {
    plan.key_of(track).unwrap()
}

/// Two pictures, the first of 320 × 240 and the second of 1280 × 720, and two languages.
fn four_tracks() -> Option<Vec<u8>> {
    if !ffmpeg::present() {
        return None;
    }
    let arguments = "-f lavfi -i testsrc2=s=320x240:d=2 -f lavfi -i testsrc2=s=1280x720:d=2 -f lavfi -i sine=f=330:d=2 \
         -f lavfi -i sine=f=550:d=2 -map 0 -map 1 -map 2 -map 3 -c:v libx264 -preset ultrafast -g 25 -pix_fmt yuv420p \
         -c:a aac -metadata:s:a:0 language=eng -metadata:s:a:1 language=fra -f mp4 -movflags \
         +frag_keyframe+empty_moov+default_base_moof";
    Some(ffmpeg::make_by(".mp4", arguments))
}

fn files() -> Vec<(&'static str, Vec<u8>)> {
    let sample = ("sample.ismv", include_bytes!("../www/samples/sample.ismv").to_vec());
    [sample].into_iter().chain(four_tracks().map(|file| ("four tracks", file))).collect()
}

#[test]
fn each_track_opens_with_its_own_key_and_with_no_other() {
    for (name, bytes) in files() {
        let clear = samples(&bytes);
        for (scheme, form) in
            [("cenc", "hybrid"), ("cenc", "piff"), ("cenc", "plain"), ("cbc1", "hybrid"), ("cbcs", "plain")]
        {
            let text = apart(scheme, form, "track");
            let plan = plan(&bytes, &text);
            let named = format!("{name} {scheme} {form}");
            assert_eq!(plan.keys.len(), clear.len(), "{named}");
            let kids: BTreeSet<[u8; 16]> = plan.keys.iter().map(|key| key.kid.0).collect();
            let secrets: BTreeSet<[u8; 16]> = plan.keys.iter().map(|key| key.key.0).collect();
            assert_eq!(
                (kids.len(), secrets.len()),
                (clear.len(), clear.len()),
                "{named}: keys are not shared"
            );
            let protected = drive::protect(&bytes, &text).unwrap();
            raw::check_pointers(&protected);
            // By key ID, as a player finds them. It reads counter mode alone.
            let by_kid = |_: u32, kid: Option<KeyId>| {
                Some(plan.keys.iter().find(|key| Some(key.kid) == kid)?.key.clone())
            };
            let own = (scheme == "cenc").then(|| decrypted_samples(&protected, by_kid).unwrap());
            assert!(own.is_none_or(|own| own == clear), "{named}: our reader");
            let keys: Vec<TrackKey> = clear
                .keys()
                .map(|&track_id| TrackKey { track_id, key: key(&plan, track_id).key.0 })
                .collect();
            assert!(raw::by_track(&bento4_decrypt(&protected, &keys)) == clear, "{named}: Bento4");
            let mut turned = keys.clone();
            let first = turned[0].key;
            for number in 1..turned.len() {
                turned[number - 1].key = turned[number].key;
            }
            turned.last_mut().unwrap().key = first;
            let wrong = raw::by_track(&bento4_decrypt(&protected, &turned));
            for (track, list) in &clear {
                assert!(wrong[track] != *list, "{named}: track {track} opens with the key of another");
            }
        }
    }
}

#[test]
fn shaka_packager_takes_each_key_by_its_id() {
    let Some(program) = shaka::program() else { return };
    for (name, bytes) in files() {
        for (scheme, form) in [("cenc", "hybrid"), ("cbcs", "plain")] {
            let text = apart(scheme, form, "class");
            let plan = plan(&bytes, &text);
            let keys: Vec<(KeyId, ContentKey)> =
                plan.keys.iter().map(|key| (key.kid, key.key.clone())).collect();
            let protected = drive::protect(&bytes, &text).unwrap();
            for stream in ["video", "audio"] {
                let expected = shaka::read(&program, &bytes, stream, false).unwrap();
                let found = shaka::read_with(&program, &protected, stream, &keys);
                assert!(found.as_ref() == Ok(&expected), "{name} {scheme} {stream}: {:?}", found.err());
            }
        }
    }
}

#[test]
fn classes_are_told_by_sound_and_by_the_size_of_the_picture() {
    let Some(bytes) = four_tracks() else { return };
    let plan = plan(&bytes, &apart("cenc", "hybrid", "class"));
    let of: Vec<KeyOf> = (1..=4).map(|track| key(&plan, track).of).collect();
    let [sd, hd, audio] = [Class::Sd, Class::Hd, Class::Audio].map(KeyOf::Class);
    assert_eq!(of, [sd, hd, audio, audio]);
    assert_eq!(plan.keys.len(), 3);
}

/// `tenc` and its twin of each track, the header with its checksums, the common header and Widevine's.
#[test]
fn every_header_names_all_keys() {
    for (name, bytes) in files() {
        let text = RequestText { widevine: true, ..apart("cenc", "hybrid", "track") };
        let plan = plan(&bytes, &text);
        let protected = drive::protect(&bytes, &text).unwrap();
        let moov =
            raw::boxes(&protected, 0).into_iter().find(|one| one.name == "moov").unwrap().bytes.to_vec();
        let times = |bytes: &[u8]| moov.windows(bytes.len()).filter(|window| window == &bytes).count();
        let xml: Vec<u8> = plan.header_xml.encode_utf16().flat_map(u16::to_le_bytes).collect();
        // In both forms of the header's box.
        assert_eq!(times(&xml), 2, "{name}");
        assert_eq!(plan.header.version.short(), "4.2", "{name}");
        for key in &plan.keys {
            assert!(plan.header_xml.contains("<KIDS><KID ALGID=\"AESCTR\" CHECKSUM="), "{name}");
            let named = plan.header.keys.iter().find(|named| named.kid == key.kid).unwrap();
            assert_eq!(named.accepts(&key.key), Some(true), "{name}");
            assert_eq!(times(&[&[0x12, 16][..], &key.kid.0].concat()), 1, "{name}: Widevine's");
            // The boxes of one track, the common header, and Widevine's.
            assert_eq!(times(&key.kid.0), 2 + 1 + 1, "{name}");
        }
        assert!(plan.doubts.iter().any(|doubt| doubt.contains("4.2 names the")), "{name}: {:?}", plan.doubts);
    }
}

#[test]
fn keys_come_as_given_or_by_the_seed_or_at_random() {
    let sample = include_bytes!("../www/samples/sample.ismv");
    let keys = vec![of_class("audio", OTHER_KID, OTHER_KEY)];
    let text = RequestText { key_per: None, keys, ..apart("cenc", "hybrid", "class") };
    let plan = plan(sample, &text);
    let session = drive::open(sample, Feed::Whole).unwrap();
    let movie = session.index().unwrap().movie.clone().unwrap();
    let [video, audio] =
        [b"vide", b"soun"].map(|kind| movie.tracks.iter().find(|track| track.handler.0 == *kind).unwrap().id);
    assert_eq!(
        (key(&plan, audio).kid.uuid(), key(&plan, audio).source),
        (OTHER_KID.into(), KeySource::Typed)
    );
    assert_eq!(hex::encode(key(&plan, audio).key.0), OTHER_KEY);
    assert_eq!(key(&plan, video).source, KeySource::Random);

    let seed = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd";
    let keys = vec![KeyText { track: Some(audio), kid: some(OTHER_KID), ..KeyText::default() }];
    let text =
        RequestText { key_seed: secret(seed), keys, key_per: None, ..apart("cenc", "hybrid", "track") };
    let plan = drive::plan(&session, &text).unwrap();
    let seed = boxlock::playready::parse_seed(seed).unwrap();
    for planned in &plan.keys {
        assert_eq!((&planned.key, planned.source), (&derive_key(&seed, planned.kid), KeySource::Seed));
    }
    assert_eq!(key(&plan, audio).kid.uuid(), OTHER_KID);
    assert_ne!(key(&plan, video).kid.uuid(), OTHER_KID);
    assert!(plan.doubts.iter().any(|doubt| doubt.contains("share their key stream")), "an IV was given");

    // Each worker makes the plan for itself, from the same request and the same random values.
    let text = apart("cenc", "hybrid", "track");
    let mut plans =
        (0..2).map(|_| Plan::new(0, &movie, Request::parse(&text, &not_random()).unwrap()).unwrap().keys);
    let pairs = plans.next().unwrap().into_iter().zip(plans.next().unwrap());
    assert!(pairs.into_iter().all(|(one, other)| one.kid == other.kid && one.key == other.key));
}

#[test]
fn one_key_given_for_two_is_one_key() {
    let sample = include_bytes!("../www/samples/sample.ismv");
    let keys = ["audio", "sd", "hd", "uhd"].map(|class| of_class(class, OTHER_KID, OTHER_KEY)).to_vec();
    let plan = plan(sample, &RequestText { keys, ..apart("cenc", "hybrid", "class") });
    assert_eq!(plan.keys.len(), 1);
    assert_eq!(plan.header.version.short(), "4.0");
    assert!(plan.tracks.iter().all(|track| track.protection.as_ref().is_some_and(|found| found.key == 0)));
    let unused = plan.doubts.iter().filter(|doubt| doubt.contains("is not used")).count();
    assert_eq!(unused, 2, "{:?}", plan.doubts);
}

#[test]
fn a_key_of_the_second_listed_is_the_key_of_its_track() {
    let sample = include_bytes!("../www/samples/sample.ismv");
    // The first is for a class that the file does not have.
    let keys = vec![of_class("uhd", drive::KID, drive::KEY), of_class("audio", OTHER_KID, OTHER_KEY)];
    let text = RequestText { keys, ..apart("cenc", "hybrid", "class") };
    let plan = plan(sample, &text);
    assert_eq!(plan.keys.len(), 2);
    assert!(plan.keys.iter().all(|key| key.kid.uuid() != drive::KID));
    let clear = samples(sample);
    let keys: Vec<TrackKey> =
        clear.keys().map(|&track_id| TrackKey { track_id, key: key(&plan, track_id).key.0 }).collect();
    assert!(keys.iter().any(|key| hex::encode(key.key) == OTHER_KEY));
    assert!(raw::by_track(&bento4_decrypt(&drive::protect(sample, &text).unwrap(), &keys)) == clear);
}

#[test]
fn what_makes_no_sense_is_refused_at_its_field() {
    let sample = include_bytes!("../www/samples/sample.ismv");
    let session = drive::open(sample, Feed::Whole).unwrap();
    let refused = |per: Option<&str>, keys: Vec<KeyText>, change: &dyn Fn(&mut RequestText)| {
        let mut text = RequestText { keys, ..apart("cenc", "hybrid", "class") };
        text.key_per = per.map(str::to_owned);
        change(&mut text);
        let error = drive::plan(&session, &text).unwrap_err();
        assert!(error.message().ends_with('.'), "{error}");
        (error.code(), error.field().unwrap(), error.message().to_owned())
    };
    let none = |_: &mut RequestText| {};
    let audio = || of_class("audio", OTHER_KID, OTHER_KEY);
    let (code, field, message) = refused(Some("resolution"), vec![], &none);
    assert_eq!((code, field), ("bad-request", "keyPer"), "{message}");
    let (code, field, message) = refused(Some("file"), vec![audio()], &none);
    assert_eq!((code, field), ("bad-request", "keyPer"));
    assert!(message.contains("class"), "{message}");
    let (code, field, _) = refused(Some("class"), vec![], &|text| text.kid = some(OTHER_KID));
    assert_eq!((code, field), ("bad-request", "kid"));
    let (code, field, _) = refused(Some("track"), vec![], &|text| text.key = secret(OTHER_KEY));
    assert_eq!((code, field), ("bad-request", "key"));
    let bad_lists = [
        (Some("track"), vec![audio()], "track"),
        (Some("class"), vec![of_track(1, OTHER_KID, OTHER_KEY)], "class"),
        (None, vec![audio(), of_track(1, OTHER_KID, OTHER_KEY)], "class"),
        (None, vec![KeyText { track: Some(1), ..audio() }], "track"),
        (None, vec![KeyText::default()], "class"),
        (None, vec![of_class("4k", OTHER_KID, OTHER_KEY)], "4k"),
        (
            None,
            vec![audio(), of_class("audio", drive::KID, drive::KEY)],
            "Two keys are given for the class audio",
        ),
        (None, vec![of_class("audio", OTHER_KID, "0f1e")], "For the class audio: "),
    ];
    for (per, keys, words) in bad_lists {
        let (code, field, message) = refused(per, keys, &none);
        assert_eq!((code, field), ("bad-key", "keys"), "{message}");
        assert!(message.contains(words), "{message}");
    }
    let (code, field, message) = refused(None, vec![audio(), of_class("hd", OTHER_KID, drive::KEY)], &none);
    assert_eq!((code, field), ("bad-kid", "keys"));
    assert!(message.contains(OTHER_KID), "{message}");
    let (code, field, message) = refused(None, vec![of_class("hd", "no-uuid", OTHER_KEY)], &none);
    assert_eq!((code, field), ("bad-kid", "keys"));
    assert!(message.starts_with("For the class hd: "), "{message}");
    let (code, field, _) = refused(None, vec![of_class("hd", OTHER_KID, &"0".repeat(32))], &none);
    assert_eq!((code, field), ("weak-key", "keys"));
    // A header that names one key alone was asked for.
    let (code, field, message) = refused(Some("track"), vec![], &|text| text.header_version = some("4.0"));
    assert_eq!((code, field), ("bad-header-version", "headerVersion"));
    assert!(message.contains("4.2"), "{message}");
}

/// One key for a file comes as before: the random values are its key and its KID.
#[test]
fn one_random_key_is_the_random_value() {
    let sample = include_bytes!("../www/samples/sample.ismv");
    let text = RequestText { kid: None, key: None, ..request_in("cenc", "hybrid") };
    let plan = plan(sample, &text);
    let [key] = &plan.keys[..] else { panic!("one key") };
    assert_eq!((key.key.0, key.of), (not_random().key.0, KeyOf::File));
    // A UUID of version 4 has six bits of its own.
    assert_eq!(key.kid.uuid(), "09090909-0909-4909-8909-090909090909");
}
