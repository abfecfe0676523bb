//! PlayReady headers that are asked for in other ways than by their texts: set-up on demand, room for licences, and headers
//! that somebody else has made.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use boxlock::bytes::Error;
use boxlock::playready::{ProObject, Record};
use boxlock::protect::request::SecretText;
use boxlock::protect::{Plan, RequestText};
use boxlock::report;
use boxlock::session::Session;
use support::drive::{self, Feed, KID, request_in};

const SAMPLE: &[u8] = include_bytes!("../www/samples/sample.ismv");
const OTHER_KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

/// What a test does to a request.
type Change<'c> = &'c dyn Fn(&mut RequestText);

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn secret(text: &str) -> Option<SecretText> {
    Some(SecretText(text.to_owned()))
}

fn session() -> Session {
    drive::open(SAMPLE, Feed::Whole).unwrap()
}

fn planned(scheme: &str, change: impl FnOnce(&mut RequestText)) -> Result<Plan, Error> {
    let mut text = request_in(scheme, "plain");
    change(&mut text);
    drive::plan(&session(), &text)
}

/// With a ready-made header there is nothing else to say of it.
fn ready(scheme: &str, object: &str, change: impl FnOnce(&mut RequestText)) -> Result<Plan, Error> {
    planned(scheme, |text| {
        text.la_url.clear();
        text.playready_object = some(object);
        change(text);
    })
}

#[test]
fn on_demand_takes_the_oldest_version_that_has_it() {
    let plan = planned("cenc", |text| text.decryptor_setup = some("ondemand")).unwrap();
    assert_eq!(plan.header.version.short(), "4.1");
    assert!(plan.header_xml.contains("<DECRYPTORSETUP>ONDEMAND</DECRYPTORSETUP>"), "{}", plan.header_xml);
    let plan = planned("cbcs", |text| text.decryptor_setup = some("ONDEMAND")).unwrap();
    assert_eq!(plan.header.version.short(), "4.3");
    let error = planned("cenc", |text| {
        (text.decryptor_setup, text.header_version) = (some("ondemand"), some("4.0"));
    });
    assert_eq!(error.unwrap_err().field(), Some("headerVersion"));
    let error = planned("cenc", |text| text.decryptor_setup = some("later")).unwrap_err();
    assert_eq!((error.code(), error.field()), ("bad-request", Some("decryptorSetup")));
}

#[test]
fn room_for_licences_is_a_record_of_its_own() {
    for len in [1, 10_240] {
        let plan = planned("cenc", |text| text.licence_store = Some(len.to_string())).unwrap();
        let object = ProObject::parse(&plan.playready_object, 0).unwrap();
        let [header, store] = &object.records[..] else { panic!("two records") };
        assert_eq!((header.kind, store.kind), (Record::HEADER, Record::LICENSE_STORE));
        assert!(store.value.len() == len && store.value.iter().all(|byte| *byte == 0));
        assert_eq!(object.header_xml(0).unwrap().unwrap(), plan.header_xml);
    }
    for wrong in ["0", "10241", "-1", "many", "1.5"] {
        let error = planned("cenc", |text| text.licence_store = some(wrong)).unwrap_err();
        assert_eq!((error.code(), error.field()), ("bad-request", Some("licenceStore")), "{wrong}");
    }
    let error = planned("cenc", |text| {
        text.licence_store = some("10240");
        text.la_url.push_str(&"x".repeat(3000));
    });
    assert_eq!(error.unwrap_err().field(), Some("licenceStore"));
    let error = planned("cenc", |text| {
        text.licence_store = some("10240");
        text.la_url.push_str(&"x".repeat(6000));
    });
    assert_eq!(error.unwrap_err().field(), Some("laUrl"));
}

#[test]
fn a_ready_made_object_comes_out_as_it_is() {
    let made = planned("cenc", |text| text.custom_attributes = some("<a>1</a>")).unwrap();
    let shown = report::plan(&session(), &made).unwrap();
    assert_eq!(STANDARD.decode(&shown.playready_object).unwrap(), made.playready_object);
    let boxed = &shown.pssh[0];
    assert_eq!((boxed.system.as_str(), shown.pssh.len()), ("PlayReady", 2));
    let hex = hex::encode(&made.playready_object);
    let base64 = &shown.playready_object;
    let lines: Vec<&str> = base64.as_bytes().chunks(61).map(|line| str::from_utf8(line).unwrap()).collect();
    // As it is copied out of manifests and programs; and its header without an object around it.
    let pasted = [
        lines.join("\r\n"),
        format!("\"{base64}\","),
        format!("<mspr:pro xmlns:mspr=\"urn:microsoft:playready\">\n{base64}\n</mspr:pro>"),
        format!("<cenc:pssh>{}</cenc:pssh>", boxed.base64),
        format!("data:text/plain;charset=UTF-16;base64,{base64}"),
        format!("\n{}\n", made.header_xml),
        STANDARD.encode(boxlock::playready::utf16le_encode(&made.header_xml)),
    ];
    for object in [base64, &boxed.base64, &hex].into_iter().chain(&pasted) {
        // The KID is that of the header.
        let plan = ready("cenc", object, |text| text.kid = None).unwrap();
        assert_eq!(plan.playready_object, made.playready_object);
        assert_eq!((plan.keys[0].kid.uuid().as_str(), &plan.header_xml), (KID, &made.header_xml));
        assert_eq!(plan.doubts, made.doubts);
        assert_eq!(plan.header.la_url, made.header.la_url);
        let file = |plan: &Plan| boxlock::output::protection::system_headers(plan);
        assert_eq!(file(&plan), file(&made));
    }
}

#[test]
fn a_ready_made_object_is_held_against_the_key() {
    let made = planned("cenc", |_| ()).unwrap();
    let object = STANDARD.encode(&made.playready_object);
    let seed = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd";
    let wrong: [(Change<'_>, &str, &str); 3] = [
        (&|text| text.key = secret(OTHER_KEY), "key", "another key"),
        (&|text| text.key = None, "key", "Type the key"),
        (&|text| (text.key, text.key_seed) = (None, secret(seed)), "keySeed", "another key"),
    ];
    for (change, field, words) in wrong {
        let error = ready("cenc", &object, |text| change(text)).unwrap_err();
        assert_eq!((error.code(), error.field()), ("wrong-key", Some(field)));
        assert!(error.message().contains(words), "{error}");
    }
    // Of another KID it says nothing, and players would not ask.
    let other = "20000000-2000-2000-2000-200000000002";
    let plan =
        ready("cenc", &object, |text| (text.kid, text.key) = (some(other), secret(OTHER_KEY))).unwrap();
    assert!(plan.doubts.iter().any(|doubt| doubt.contains(other)), "{:?}", plan.doubts);
    // Without a checksum there is nothing to hold against.
    let made = planned("cbcs", |_| ()).unwrap();
    let object = STANDARD.encode(&made.playready_object);
    assert!(ready("cbcs", &object, |text| text.key = None).is_ok());
}

#[test]
fn what_is_no_header_of_this_file_is_refused() {
    let made = planned("cenc", |_| ()).unwrap();
    let object = made.playready_object.clone();
    let bare = ProObject { records: vec![Record { kind: Record::LICENSE_STORE, value: vec![0; 9] }] };
    let widevine = "000000327073736800000000edef8ba979d64acea3c827dcd51d21ed00000012121010000000100010001000100000000001";
    for (object, words) in [
        ("?".to_owned(), "neither"),
        (hex::encode(&object[..object.len() - 1]), "bytes are there"),
        (hex::encode(bare.to_bytes().unwrap()), "no header"),
        (widevine.to_owned(), "another system"),
        (widevine[..60].to_owned(), ""),
        ("000000087073736800".to_owned(), ""),
    ] {
        let error = ready("cenc", &object, |_| ()).unwrap_err();
        assert_eq!(
            (error.code(), error.field()),
            ("bad-playready-object", Some("playreadyObject")),
            "{object}"
        );
        assert!(error.message().contains(words) && error.message().ends_with('.'), "{error}");
    }
    let object = STANDARD.encode(object);
    let error = ready("cbcs", &object, |_| ()).unwrap_err();
    assert!(error.message().contains("AESCTR") && error.message().contains("cbcs"), "{error}");
    let url = || some("https://licence.example/");
    let others: [(Change<'_>, &str); 7] = [
        (&|text| text.la_url = url().unwrap(), "laUrl"),
        (&|text| text.lui_url = url(), "luiUrl"),
        (&|text| text.ds_id = some(KID), "dsId"),
        (&|text| text.custom_attributes = some("<a/>"), "customAttributes"),
        (&|text| text.header_version = some("4.0"), "headerVersion"),
        (&|text| text.decryptor_setup = some("ondemand"), "decryptorSetup"),
        (&|text| text.licence_store = some("100"), "licenceStore"),
    ];
    for (change, field) in others {
        let error = ready("cenc", &object, |text| change(text)).unwrap_err();
        assert_eq!((error.code(), error.field()), ("bad-request", Some(field)));
    }
}
