//! What a person asks for: one text has one meaning, and keys that protect nothing are refused or warned about.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use boxlock::bytes::{ContentKey, KeyId};
use boxlock::protect::request::SecretText;
use boxlock::protect::{Random, Request, RequestText};
use support::drive::{self, KEY, KID};

const TEST_SEED: &str = "XVBovsmzhP9gRIZxWfFta3VVRPzVEWmJsazEJ46I";

fn random() -> Random {
    Random {
        key: ContentKey(*b"nothing but this"),
        kid: *b"and another text",
        iv_start: 0x0123_4567_89ab_cdef,
        more: ContentKey(*b"a third of these"),
    }
}

fn request() -> RequestText {
    RequestText { la_url: "https://licence.example/rightsmanager.asmx".to_owned(), ..RequestText::default() }
}

fn secret(text: &str) -> Option<SecretText> {
    Some(SecretText(text.to_owned()))
}

fn parsed(change: impl FnOnce(&mut RequestText)) -> boxlock::bytes::Result<Request> {
    let mut text = request();
    change(&mut text);
    Request::parse(&text, &random())
}

/// Code and field of the refusal.
fn refused(change: impl FnOnce(&mut RequestText)) -> (&'static str, &'static str) {
    let error = parsed(change).unwrap_err();
    assert!(error.message().ends_with('.'), "{error}");
    (error.code(), error.field().unwrap())
}

#[test]
fn weak_keys_and_seeds_are_refused_at_their_field() {
    let kid = KeyId(hex_16(KID));
    for key in [kid.0, kid.guid_bytes(), [0; 16], [0xaa; 16]] {
        let key = hex::encode(key);
        let found = refused(|text| (text.kid, text.key) = (Some(KID.to_owned()), secret(&key)));
        assert_eq!(found, ("weak-key", "key"), "{key}");
    }
    let found = refused(|text| text.key_seed = secret(&"5a".repeat(30)));
    assert_eq!(found, ("weak-key", "keySeed"));
    // By coincidence, too.
    let random = Random { key: ContentKey(kid.guid_bytes()), ..random() };
    let text = RequestText { kid: Some(KID.to_owned()), ..request() };
    assert_eq!(Request::parse(&text, &random).unwrap_err().code(), "weak-key");
}

fn hex_16(text: &str) -> [u8; 16] {
    hex::decode(text.replace('-', "")).unwrap().try_into().unwrap()
}

#[test]
fn the_public_test_key_is_told_however_it_is_given() {
    let given: [&dyn Fn(&mut RequestText); 3] = [
        &|text| text.key_seed = secret(TEST_SEED),
        &|text| text.key_seed = secret("5d5068bec9b384ff6044867159f16d6b755544fcd5116989b1acc4278e88"),
        &|text| (text.kid, text.key) = (Some(KID.to_owned()), secret(KEY)),
    ];
    let session = drive::open(include_bytes!("../www/samples/sample.ismv"), drive::Feed::Whole).unwrap();
    for change in given {
        let plan = session.plan(parsed(|text| change(text)).unwrap()).unwrap();
        assert!(plan.keys[0].for_tests && plan.doubts.len() == 1, "{:?}", plan.doubts);
        assert!(plan.doubts[0].contains("For tests only"));
    }
    // The same key of another KID is a key like others.
    let plan = session.plan(parsed(|text| text.key = secret(KEY)).unwrap()).unwrap();
    assert!(!plan.keys[0].for_tests && plan.doubts.is_empty());
}

#[test]
fn a_typed_key_and_a_typed_iv_are_warned_about_together() {
    let iv = || Some("0000000000000001".to_owned());
    let both = parsed(|text| (text.key, text.iv_start) = (secret(KEY), iv())).unwrap();
    assert!(both.warnings[0].contains("share their key stream"), "{:?}", both.warnings);
    let seed = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd";
    let both = parsed(|text| (text.key_seed, text.iv_start) = (secret(seed), iv())).unwrap();
    assert_eq!(both.warnings.len(), 1);
    assert!(parsed(|text| text.iv_start = iv()).unwrap().warnings.is_empty());
    assert!(parsed(|text| text.key = secret(KEY)).unwrap().warnings.is_empty());
}

#[test]
fn what_is_not_random_is_refused() {
    assert!(random().check().is_ok());
    let broken = [
        Random { key: ContentKey([0; 16]), ..random() },
        Random { kid: [0; 16], ..random() },
        Random { iv_start: 0, ..random() },
        Random { iv_start: u64::MAX, ..random() },
        Random { more: ContentKey([3; 16]), ..random() },
        Random { more: random().key, ..random() },
        Random { kid: *b"nothing but this", ..random() },
    ];
    for random in broken {
        assert_eq!(random.check().unwrap_err().code(), "not-random", "{random:?}");
    }
}

#[test]
fn a_header_too_long_is_refused_at_its_longest_text() {
    let url = |len: usize| format!("https://licence.example/{}", "x".repeat(len));
    assert_eq!(refused(|text| text.la_url = url(8000)), ("pro-too-large", "laUrl"));
    assert_eq!(refused(|text| text.lui_url = Some(url(8000))), ("pro-too-large", "luiUrl"));
    assert!(parsed(|text| text.la_url = url(3000)).is_ok());
}

#[test]
fn choices_that_there_are_not_are_refused_at_their_field() {
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(refused(|text| text.profile = some("Hybrid")), ("bad-profile", "profile"));
    assert_eq!(refused(|text| text.leftovers = some("keep")), ("bad-request", "leftovers"));
    assert_eq!(refused(|text| text.header_version = some("4.4")), ("bad-header-version", "headerVersion"));
    assert_eq!(refused(|text| text.la_url.clear()), ("bad-url", "laUrl"));
    assert_eq!(refused(|text| text.la_url.push_str("?a=1&amp;b=2")), ("bad-url", "laUrl"));
    assert_eq!(refused(|text| text.iv_start = some("00000001")), ("bad-iv", "ivStart"));
    assert_eq!(
        refused(|text| (text.key, text.key_seed) = (secret(KEY), secret(TEST_SEED))),
        ("bad-key", "key")
    );
    assert!(parsed(|text| text.leftovers = some("remove")).unwrap().remove_leftovers);
    assert!(!parsed(|_| {}).unwrap().remove_leftovers);
}

#[test]
fn attributes_are_taken_out_of_their_wrapper() {
    let session = drive::open(include_bytes!("../www/samples/sample.ismv"), drive::Feed::Whole).unwrap();
    let wrapped = parsed(|text| {
        text.custom_attributes = Some("<CUSTOMATTRIBUTES><a>1</a></CUSTOMATTRIBUTES>".to_owned());
    });
    let plan = session.plan(wrapped.unwrap()).unwrap();
    assert_eq!(plan.header.custom_attributes.as_deref(), Some("<a>1</a>"));
}
