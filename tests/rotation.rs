//! Keys that change along a file: each fragment opens with the keys of its time and with no others, and says which these are
//! in the ways that software of other people reads.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use base64::Engine as _;
use std::collections::{BTreeMap, BTreeSet};

use boxlock::boxes::systems::{PLAYREADY, W3C_COMMON};
use boxlock::bytes::KeyId;
use boxlock::protect::request::SecretText;
use boxlock::protect::{KeyText, Plan, RequestText};
use boxlock_judges::{TrackKey, bento4_decrypt};
use support::drive::{self, Feed, decrypted_samples, request_in, samples};
use support::{ffmpeg, raw, shaka, verdict};

/// The key seed of the public test server.
const TEST_SEED: &str = "XVBovsmzhP9gRIZxWfFta3VVRPzVEWmJsazEJ46I";

const ALL: [(&str, &str); 6] = [
    ("cenc", "hybrid"),
    ("cenc", "piff"),
    ("cenc", "plain"),
    ("cbc1", "hybrid"),
    ("cbc1", "plain"),
    ("cbcs", "plain"),
];

fn rotating(scheme: &str, form: &str, every: &str) -> RequestText {
    let random = RequestText { kid: None, key: None, ..request_in(scheme, form) };
    RequestText { key_rotation: Some(every.to_owned()), ..random }
}

/// Fragments of one track and of two.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let mut files = vec![("sample.ismv", include_bytes!("../www/samples/sample.ismv").to_vec())];
    if ffmpeg::present() {
        let source = "-f lavfi -i testsrc2=s=192x108:d=8 -f lavfi -i sine=d=8 -c:v libx264 -preset ultrafast -g 25 \
                      -pix_fmt yuv420p -c:a aac -f mp4 -movflags +frag_keyframe+empty_moov+default_base_moof";
        files.push(("two in a fragment", ffmpeg::make_by(".mp4", source)));
    }
    files
}

fn plan(file: &[u8], text: &RequestText) -> Plan {
    drive::plan(&drive::open(file, Feed::Whole).unwrap(), text).unwrap()
}

/// The samples of each `traf`, in file order, with the track.
fn by_traf(file: &[u8]) -> Vec<(u32, Vec<Vec<u8>>)> {
    let tracks = raw::all_samples(file).into_iter().flatten();
    let of = |track: &raw::RawTrack| {
        let places = track.samples.iter();
        places.map(|place| file[place.start..place.start + place.len].to_vec()).collect()
    };
    tracks.map(|track| (track.id, of(&track))).collect()
}

/// For each `traf` which time it is of, counted by track.
fn periods(trafs: &[(u32, Vec<Vec<u8>>)], every: usize) -> Vec<usize> {
    let mut before = BTreeMap::<u32, usize>::new();
    let numbers = trafs.iter().map(|(track, _)| {
        let number = before.entry(*track).or_default();
        *number += 1;
        (*number - 1) / every
    });
    numbers.collect()
}

#[test]
fn each_fragment_opens_with_the_key_of_its_time_and_with_no_other() {
    for (name, bytes) in files() {
        let clear = by_traf(&bytes);
        let tracks: BTreeSet<u32> = clear.iter().map(|(track, _)| *track).collect();
        for (scheme, form) in ALL {
            let named = format!("{name} {scheme} {form}");
            let text = rotating(scheme, form, "2");
            let plan = plan(&bytes, &text);
            let keys: Vec<_> = plan.all_keys().collect();
            let distinct: BTreeSet<_> = keys.iter().flat_map(|key| [key.kid.0, key.key.0]).collect();
            let wanted = periods(&clear, 2);
            let last = *wanted.iter().max().unwrap();
            assert!(last >= 2, "{named}: {last}");
            assert_eq!((keys.len(), distinct.len()), (last + 1, 2 * keys.len()), "{named}");
            let protected = drive::protect(&bytes, &text).unwrap();
            raw::check_pointers(&protected);
            verdict::reopens(&protected).unwrap();
            let again = drive::open(&protected, Feed::Whole).unwrap().check().unwrap_err();
            assert_eq!(again.code(), "already-protected", "{named}");
            assert!(keys.iter().zip(0..).all(|(key, period)| key.period == period), "{named}");
            if form == "hybrid" {
                // Bento4 writes PIFF's box anew with a wrong size where it names a key, which its own asserts notice.
                let plain = drive::protect(&bytes, &rotating(scheme, "plain", "2")).unwrap();
                assert!(by_traf(&protected) == by_traf(&plain), "{named}");
                continue;
            }
            for (period, key) in keys.iter().enumerate() {
                let typed: Vec<TrackKey> =
                    tracks.iter().map(|&track_id| TrackKey { track_id, key: key.key.0 }).collect();
                let found = by_traf(&bento4_decrypt(&protected, &typed));
                for (number, (found, clear)) in found.iter().zip(&clear).enumerate() {
                    let is_right = found == clear;
                    assert_eq!(is_right, wanted[number] == period, "{named}: traf {number}, key {period}");
                }
            }
            if form == "piff" {
                let by_kid = |_: u32, kid: Option<KeyId>| {
                    Some(keys.iter().find(|key| Some(key.kid) == kid)?.key.clone())
                };
                assert!(decrypted_samples(&protected, by_kid).unwrap() == samples(&bytes), "{named}");
            }
        }
    }
}

/// Shaka Packager does not read files with changing keys, its own neither; it says them of the same samples in the same bytes.
#[test]
fn keys_are_said_as_shaka_packager_says_them() {
    let Some(program) = shaka::program() else { return };
    let bytes = &files()[0].1;
    let rotated = |hex_digits: &str, by: usize| {
        let mut bytes = hex::decode(hex_digits.replace('-', "")).unwrap();
        bytes.rotate_left(by);
        hex::encode(bytes)
    };
    // It makes later keys of the first by turning their bytes.
    let later = (1..5).map(|period| KeyText {
        period,
        kid: Some(
            KeyId(hex::decode(rotated(drive::KID, period as usize)).unwrap().try_into().unwrap()).uuid(),
        ),
        key: Some(SecretText(rotated(drive::KEY, period as usize))),
        ..KeyText::default()
    });
    let later: Vec<KeyText> = later.collect();
    let (_, video) = shaka::streams(bytes)[0];
    for scheme in ["cenc", "cbcs"] {
        let text = RequestText {
            keys: later.clone(),
            key_rotation: Some("1".to_owned()),
            tracks: Some(vec![video]),
            ..request_in(scheme, "plain")
        };
        let ours = drive::protect(bytes, &text).unwrap();
        let periods =
            ["--crypto_period_duration", "2", "--segment_duration", "2", "--fragment_duration", "2"];
        let theirs = shaka::protect_with(&program, bytes, "video", scheme, &ours, &periods).unwrap();
        let said = |file: &[u8]| {
            let mut all = Vec::new();
            for moof in raw::boxes(file, 0).into_iter().filter(|one| one.name == "moof") {
                let traf = moof.at("traf");
                let Some(described) = traf.child("sgpd") else { continue };
                let common = moof
                    .children()
                    .into_iter()
                    .find(|one| one.name == "pssh" && one.body()[4..20] == W3C_COMMON.0);
                let body = described.body();
                all.push((
                    traf.at("sbgp").body().to_vec(),
                    // Behind the key ID there may be a constant IV, which is another for each key there.
                    (body[..8].to_vec(), body[12..36].to_vec(), body.len()),
                    common.map(|one| one.body().to_vec()),
                ));
            }
            all
        };
        let (ours, mut theirs) = (said(&ours), said(&theirs));
        // It says the first key too, which ours have from the movie header.
        theirs.remove(0);
        assert_eq!(ours.len(), 4, "{scheme}");
        assert_eq!(ours, theirs, "{scheme}");
    }
}

#[test]
fn each_moof_has_the_headers_of_its_key() {
    let (name, bytes) = &files()[0];
    for (scheme, form) in ALL {
        let text = RequestText { widevine: form == "plain", ..rotating(scheme, form, "2") };
        let plan = plan(bytes, &text);
        let protected = drive::protect(bytes, &text).unwrap();
        let clear = by_traf(bytes);
        let wanted = periods(&clear, 2);
        let moofs = raw::boxes(&protected, 0).into_iter().filter(|one| one.name == "moof");
        for (number, (moof, period)) in moofs.zip(wanted).enumerate() {
            let named = format!("{name} {scheme} {form}: moof {number}");
            let kid = plan.all_keys().nth(period).unwrap().kid;
            let traf = moof.at("traf");
            let (group, described) = (traf.child("sbgp"), traf.child("sgpd"));
            assert_eq!(group.is_some() && described.is_some(), period > 0 && form != "piff", "{named}");
            if let (Some(group), Some(described)) = (group, described) {
                let body = described.body();
                let len = if scheme == "cbcs" { 37 } else { 20 };
                assert_eq!((&body[4..8], raw::be32(body, 8), raw::be32(body, 12)), (&b"seig"[..], len, 1));
                assert_eq!((body[18], &body[20..36]), (1, &kid.0[..]), "{named}");
                assert_eq!(raw::be32(group.body(), 12) as usize, clear[number].1.len(), "{named}");
                assert_eq!(raw::be32(group.body(), 16), 0x1_0001, "{named}");
            }
            let headers: Vec<_> = moof.children().into_iter().filter(|one| one.name == "pssh").collect();
            let systems: Vec<&[u8]> = headers.iter().map(|one| &one.body()[4..20]).collect();
            if period == 0 || form == "piff" {
                assert!(systems.is_empty(), "{named}");
            } else {
                let mut known = vec![&PLAYREADY.0[..], &W3C_COMMON.0[..]];
                let widevine =
                    KeyId(*uuid::Uuid::try_parse("edef8ba9-79d6-4ace-a3c8-27dcd51d21ed").unwrap().as_bytes());
                known.extend((form == "plain").then_some(&widevine.0[..]));
                assert_eq!(systems, known, "{named}");
                let common = headers[1].body();
                assert_eq!((raw::be32(common, 20), &common[24..40]), (1, &kid.0[..]), "{named}");
                let text: Vec<u8> = headers[0].body().iter().copied().filter(|byte| *byte != 0).collect();
                let named_kid = base64::engine::general_purpose::STANDARD.encode(kid.guid_bytes());
                assert!(String::from_utf8_lossy(&text).contains(&named_kid), "{named}: {named_kid}");
            }
        }
    }
}

#[test]
fn keys_of_later_times_can_be_typed_and_what_is_wrong_with_them_is_said() {
    let bytes = &files()[0].1;
    let later = |period: u32, kid: &str, key: &str| KeyText {
        period,
        kid: Some(kid.to_owned()),
        key: Some(SecretText(key.to_owned())),
        ..KeyText::default()
    };
    let kids = ["20000000-2000-2000-2000-200000000002", "30000000-3000-3000-3000-300000000003"];
    let keys = ["0f1e2d3c4b5a69788796a5b4c3d2e1f0", "1f1e2d3c4b5a69788796a5b4c3d2e1f0"];
    let with = |keys: Vec<KeyText>| RequestText {
        keys,
        key_rotation: Some("2".to_owned()),
        ..request_in("cenc", "hybrid")
    };
    let made = plan(bytes, &with(vec![later(2, kids[1], keys[1]), later(1, kids[0], keys[0])]));
    let all: Vec<String> = made.all_keys().map(|key| key.kid.uuid()).collect();
    assert_eq!((&all[0][..], &all[1][..], &all[2][..]), (drive::KID, kids[0], kids[1]));
    assert_eq!(hex::encode(made.later[1].key.0), keys[1]);
    assert!(made.warnings().iter().any(|one| one.contains("Keys change")), "{:?}", made.warnings());
    let far = plan(bytes, &with(vec![later(999, kids[0], keys[0])]));
    assert!(far.warnings().iter().any(|one| one.contains("period 999, is not used")), "{:?}", far.warnings());

    let session = drive::open(bytes, Feed::Whole).unwrap();
    let refused = |text: &RequestText| {
        let error = drive::plan(&session, text).unwrap_err();
        (error.code(), error.field().unwrap_or_default().to_owned(), error.message().to_owned())
    };
    let (code, field, message) = refused(&with(vec![later(1, kids[0], keys[0]), later(1, kids[1], keys[1])]));
    assert_eq!((code, &*field), ("bad-key", "keys"));
    assert!(message.contains("period 1"), "{message}");
    let (code, _, _) = refused(&with(vec![later(1, kids[0], keys[0]), later(2, kids[0], keys[1])]));
    assert_eq!(code, "bad-kid");
    let (_, field, _) =
        refused(&RequestText { key_rotation: None, ..with(vec![later(1, kids[0], keys[0])]) });
    assert_eq!(field, "keyRotation");
    let of_class = |class: &str| KeyText { class: Some(class.to_owned()), ..later(0, kids[0], keys[0]) };
    let (code, field, message) =
        refused(&RequestText { kid: None, key: None, ..with(vec![of_class("audio"), of_class("sd")]) });
    assert_eq!((code, &*field), ("bad-kid", "keys"));
    assert!(message.contains("audio") && message.contains("sd"), "{message}");
    for wrong in ["0", "-1", "1.5", "x"] {
        let text = RequestText { key_rotation: Some(wrong.to_owned()), ..request_in("cenc", "hybrid") };
        let (code, field, _) = refused(&text);
        assert_eq!((code, &*field), ("bad-request", "keyRotation"), "{wrong}");
    }
    let object = made.playready_object;
    let text = RequestText {
        la_url: String::new(),
        playready_object: Some(hex::encode(object)),
        ..with(Vec::new())
    };
    assert_eq!(refused(&text).1, "keyRotation");
}

#[test]
fn by_class_and_by_seed_each_key_changes() {
    let bytes = &files()[0].1;
    for seed in [None, Some(SecretText(TEST_SEED.to_owned()))] {
        let text = RequestText {
            key_per: Some("class".to_owned()),
            key_seed: seed.clone(),
            ..rotating("cenc", "plain", "2")
        };
        let planned = plan(bytes, &text);
        let (first, later) = (planned.keys.len(), planned.later.len());
        assert_eq!((first, later % 2), (2, 0));
        for (number, key) in planned.all_keys().enumerate() {
            assert_eq!((key.of, key.period as usize), (planned.keys[number % 2].of, number / 2));
            assert_eq!(key.for_tests, seed.is_some());
        }
        // Any worker makes the same keys, whichever time it comes to first.
        let mut other = plan(bytes, &text);
        other.enter(2).unwrap();
        let direct: Vec<_> = other.keys.iter().map(|key| key.key.0).collect();
        let listed: Vec<_> = planned.all_keys().skip(4).take(2).map(|key| key.key.0).collect();
        assert_eq!(direct, listed);
    }
}
