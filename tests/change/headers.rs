//! Headers of DRM systems change, and nothing else does.

use boxlock::boxes::Tree;
use boxlock::boxes::cenc::ProtectionSystemSpecificHeader;
use boxlock::boxes::systems::{PLAYREADY, PLAYREADY_LITTLE_ENDIAN, W3C_COMMON, WIDEVINE};
use boxlock::bytes::{Error, KeyId, Uuid16};
use boxlock::playready::{HeaderVersion, ProObject, Record};
use boxlock::protect::request::SecretText;
use boxlock::protect::{RequestText, SourceKeyText};
use boxlock::report;

use super::{change, keep};
use crate::support::{drive, raw};

const SAMPLE: &[u8] = include_bytes!("../../www/samples/sample.ismv");
const OTHER: &str = "https://other.example/rights.asmx?a=1&b=2";

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn protected(form: &str) -> Vec<u8> {
    let request = RequestText {
        lui_url: text("https://page.example/"),
        ds_id: text("AH+03juKbUGbHl1V/QIwRA=="),
        custom_attributes: text("<IIS_DRM_VERSION>8.0</IIS_DRM_VERSION>"),
        ..drive::request_in("cenc", form)
    };
    drive::protect(SAMPLE, &request).unwrap()
}

/// The `pssh` boxes and PIFF twins of a movie header: system, whether a twin, payload.
fn systems(file: &[u8]) -> Vec<(Uuid16, bool, Vec<u8>)> {
    let moov = raw::boxes(file, 0).into_iter().find(|one| one.name == "moov").unwrap();
    headers_in(&moov)
}

fn headers_in(parent: &raw::RawBox<'_>) -> Vec<(Uuid16, bool, Vec<u8>)> {
    let id = |bytes: &[u8]| Uuid16(bytes[..16].try_into().unwrap());
    let mut all = Vec::new();
    for one in parent.children() {
        if one.name == raw::PIFF_PSSH {
            all.push((id(&one.body()[4..]), true, one.body()[24..].to_vec()));
        } else if one.name == "pssh" {
            let tree = Tree::parse(one.bytes, 0).unwrap();
            let pssh: ProtectionSystemSpecificHeader = tree.read(tree.root()).unwrap();
            all.push((pssh.system_id, false, pssh.data.0));
        }
    }
    all
}

fn header(file: &[u8]) -> boxlock::playready::Header {
    let all = systems(file);
    let object = &all.iter().find(|(id, ..)| *id == PLAYREADY).expect("a PlayReady header").2;
    ProObject::parse(object, 0).unwrap().header(0).unwrap().unwrap().header
}

/// What a plan says that it changes.
fn said(file: &[u8], request: &RequestText) -> Vec<(String, String, String)> {
    let session = drive::open(file, drive::Feed::Whole).unwrap();
    let plan = drive::plan(&session, request).unwrap();
    let shown = report::plan(&session, &plan).unwrap();
    let grows = shown.fixed_growth;
    let changed = drive::protect(file, request).unwrap();
    assert_eq!(changed.len() as i64 - file.len() as i64, grows, "growth of {request:?}");
    let changes = shown.changes.unwrap();
    changes.into_iter().map(|one| (one.field.to_owned(), one.before, one.after)).collect()
}

/// All top-level boxes but these are the same.
fn check_others(before: &[u8], after: &[u8], but: &[&str]) {
    let (before, after) = (raw::boxes(before, 0), raw::boxes(after, 0));
    assert_eq!(before.len(), after.len());
    for (old, new) in before.iter().zip(&after) {
        assert_eq!(old.name, new.name);
        assert!(old.bytes == new.bytes || but.contains(&&*old.name), "{} changed", old.name);
    }
}

#[test]
fn the_licence_server_moves_and_all_else_stays() {
    for form in ["hybrid", "piff", "plain"] {
        let file = protected(form);
        let request = RequestText { la_url: OTHER.to_owned(), ..keep() };
        let changed = change(&file, &request).unwrap();
        let (old, new) = (header(&file), header(&changed));
        assert_eq!(new.la_url.as_deref(), Some(OTHER));
        assert_eq!(boxlock::playready::Header { la_url: old.la_url.clone(), ..new }, old);
        check_others(&file, &changed, &["moov", "mfra"]);
        // In the movie header the PlayReady headers alone are others.
        let kinds = |file: &[u8]| systems(file).iter().map(|(id, twin, _)| (*id, *twin)).collect::<Vec<_>>();
        assert_eq!(kinds(&file), kinds(&changed));
        let objects: Vec<Vec<u8>> = systems(&changed)
            .into_iter()
            .filter(|(id, ..)| *id == PLAYREADY)
            .map(|(_, _, data)| data)
            .collect();
        assert_eq!(objects.len(), if form == "hybrid" { 2 } else { 1 });
        assert!(objects.windows(2).all(|pair| pair[0] == pair[1]));
        let url = |url: &Option<String>| url.clone().unwrap();
        assert_eq!(said(&file, &request), [("laUrl".to_owned(), url(&old.la_url), OTHER.to_owned())]);
        // And back again is the file as it was.
        let back = RequestText { la_url: url(&old.la_url), ..keep() };
        assert!(change(&changed, &back).unwrap() == file, "{form}");
    }
}

#[test]
fn what_becomes_what_it_is_leaves_the_file_as_it_is() {
    let file = protected("hybrid");
    let url = header(&file).la_url.unwrap();
    let same = RequestText { la_url: url, form: text("hybrid"), ..keep() };
    assert!(change(&file, &same).unwrap() == file);
    assert!(said(&file, &same).is_empty());
    let error = change(&file, &keep()).unwrap_err();
    assert_eq!((error.code(), error.field()), ("nothing-to-do", Some("scheme")));
}

#[test]
fn every_field_is_set_and_removed() {
    let file = protected("hybrid");
    let all = RequestText {
        la_url: OTHER.to_owned(),
        lui_url: text("https://else.example/"),
        ds_id: text("AAAAAAAAAAAAAAAAAAAAAQ=="),
        custom_attributes: text("<A>1</A>"),
        header_version: text("4.2"),
        decryptor_setup: text("ondemand"),
        licence_store: text("1024"),
        ..keep()
    };
    let changed = change(&file, &all).unwrap();
    let new = header(&changed);
    assert_eq!((new.version, new.on_demand), (HeaderVersion::V4_2, true));
    assert_eq!(new.lui_url.as_deref(), Some("https://else.example/"));
    assert_eq!(new.custom_attributes.as_deref(), Some("<A>1</A>"));
    assert_eq!(new.ds_id.unwrap()[15], 1);
    assert_eq!(new.keys, header(&file).keys);
    let object = ProObject::parse(&systems(&changed)[0].2, 0).unwrap();
    assert_eq!(object.records[1], Record { kind: Record::LICENSE_STORE, value: vec![0; 1024] });
    let fields: Vec<String> = said(&file, &all).into_iter().map(|(field, ..)| field).collect();
    assert_eq!(
        fields,
        ["headerVersion", "laUrl", "luiUrl", "dsId", "customAttributes", "decryptorSetup", "licenceStore"]
    );
    let remove =
        ["laUrl", "luiUrl", "dsId", "customAttributes", "decryptorSetup", "licenceStore", "checksums"];
    let request = RequestText { remove: remove.map(str::to_owned).to_vec(), ..keep() };
    let bare = header(&change(&changed, &request).unwrap());
    assert!(bare.la_url.is_none() && bare.lui_url.is_none() && bare.ds_id.is_none());
    assert!(bare.custom_attributes.is_none() && !bare.on_demand && bare.keys[0].checksum.is_none());
    assert_eq!(bare.version, HeaderVersion::V4_2, "the version stays where nobody asks for another");
    // A header that stays ONDEMAND cannot be of a version that does not know it.
    let error = change(&changed, &RequestText { header_version: text("4.0"), ..keep() }).unwrap_err();
    assert_eq!(error.code(), "bad-header-version", "{error}");
}

#[test]
fn a_header_comes_and_goes() {
    for form in ["hybrid", "piff", "plain"] {
        let file = protected(form);
        let without = change(&file, &RequestText { remove: vec!["playready".to_owned()], ..keep() }).unwrap();
        assert!(systems(&without).iter().all(|(id, ..)| *id != PLAYREADY), "{form}");
        let error = change(&without, &RequestText { lui_url: text(OTHER), ..keep() }).unwrap_err();
        assert_eq!((error.code(), error.field()), ("bad-url", Some("laUrl")));
        let again = change(&without, &RequestText { la_url: OTHER.to_owned(), ..keep() }).unwrap();
        let new = header(&again);
        assert_eq!(new.keys.len(), 1);
        assert_eq!((new.keys[0].kid.uuid(), new.keys[0].checksum), (drive::KID.to_owned(), None));
        let twins = |file: &[u8]| {
            let mut all: Vec<bool> =
                systems(file).iter().filter(|(id, ..)| *id == PLAYREADY).map(|(_, twin, _)| *twin).collect();
            all.sort_unstable();
            all
        };
        assert_eq!(twins(&again), twins(&file), "{form}");
        // With the key there is a checksum, the one that it had.
        let key = SourceKeyText {
            kid: text(drive::KID),
            track: None,
            key: Some(SecretText(drive::KEY.to_owned())),
        };
        let request = RequestText { la_url: OTHER.to_owned(), source_keys: vec![key], ..keep() };
        assert_eq!(header(&change(&without, &request).unwrap()).keys, header(&file).keys, "{form}");
    }
}

#[test]
fn a_wrong_key_makes_no_checksum() {
    let file = protected("hybrid");
    let key =
        |key: &str| vec![SourceKeyText { kid: None, track: None, key: Some(SecretText(key.to_owned())) }];
    let wrong = RequestText { source_keys: key("000102030405060708090a0b0c0d0e0f"), ..keep() };
    let error = change(&file, &wrong).unwrap_err();
    assert_eq!((error.code(), error.field()), ("wrong-key", Some("sourceKeys")), "{error}");
    assert!(!error.message().contains("00010203"));
    let right = RequestText { source_keys: key(drive::KEY), ..keep() };
    assert!(change(&file, &right).unwrap() == file);
    let bare = change(&file, &RequestText { remove: vec!["checksums".to_owned()], ..keep() }).unwrap();
    assert!(change(&bare, &right).unwrap() == file, "the checksum comes again");
    let anew = RequestText { remove: vec!["checksums".to_owned()], ..wrong };
    assert_ne!(header(&change(&file, &anew).unwrap()).keys[0].checksum, header(&file).keys[0].checksum);
}

fn pssh(system: Uuid16, data: &[u8]) -> String {
    let mut bytes = (32 + data.len() as u32).to_be_bytes().to_vec();
    bytes.extend(b"pssh\0\0\0\0");
    bytes.extend(system.0);
    bytes.extend((data.len() as u32).to_be_bytes());
    bytes.extend(data);
    hex::encode(bytes)
}

#[test]
fn other_systems_come_are_replaced_and_go() {
    let file = protected("hybrid");
    let widevine = RequestText { widevine: true, widevine_provider: text("acme"), ..keep() };
    let with = change(&file, &widevine).unwrap();
    let of = |file: &[u8], system: Uuid16| -> Vec<Vec<u8>> {
        systems(file).into_iter().filter(|(id, ..)| *id == system).map(|(_, _, data)| data).collect()
    };
    assert_eq!(of(&with, WIDEVINE).len(), 1);
    let kid: Vec<u8> = hex::decode(drive::KID.replace('-', "")).unwrap();
    assert!(of(&with, WIDEVINE)[0].windows(16).any(|bytes| bytes == kid), "it names the key ID");
    check_others(&file, &with, &["moov", "mfra"]);
    let other = RequestText { widevine: true, widevine_provider: text("other"), ..keep() };
    let replaced = change(&with, &other).unwrap();
    assert_eq!(of(&replaced, WIDEVINE).len(), 1);
    assert_ne!(of(&replaced, WIDEVINE), of(&with, WIDEVINE));
    let names = said(&file, &widevine);
    assert_eq!(names.len(), 1);
    assert!(names[0].0 == "systems" && names[0].2.ends_with("Widevine"), "{names:?}");
    for name in ["widevine", "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"] {
        let gone = change(&with, &RequestText { remove: vec![name.to_owned()], ..keep() }).unwrap();
        assert!(gone == file, "{name}");
    }
    let none = change(&file, &RequestText { remove: vec!["common".to_owned()], ..keep() }).unwrap();
    assert!(of(&none, W3C_COMMON).is_empty());
    // A given box takes the place of that of the same system.
    let given = change(&with, &RequestText { pssh: Some(pssh(WIDEVINE, b"mine")), ..keep() }).unwrap();
    assert_eq!(of(&given, WIDEVINE), [b"mine"]);
    // Of a file for PIFF readers nobody would read it.
    let piff = protected("piff");
    let error = change(&piff, &widevine).unwrap_err();
    assert_eq!((error.code(), error.field()), ("bad-form", Some("form")));
    let both_forms = RequestText { form: text("hybrid"), ..widevine.clone() };
    assert_eq!(of(&change(&piff, &both_forms).unwrap(), WIDEVINE).len(), 1);
    let both = RequestText { pssh: Some(pssh(PLAYREADY, b"x")), la_url: OTHER.to_owned(), ..keep() };
    assert_eq!(change(&file, &both).unwrap_err().field(), Some("pssh"));
}

#[test]
fn a_header_that_is_ready_takes_the_place_of_all() {
    let file = protected("hybrid");
    let mut new = header(&file);
    new.la_url = text(OTHER);
    let object = ProObject::from_header(&new).unwrap().to_bytes().unwrap();
    let request = RequestText { playready_object: Some(hex::encode(&object)), ..keep() };
    let changed = change(&file, &request).unwrap();
    for (id, _, data) in systems(&changed) {
        assert!(id != PLAYREADY || data == object);
    }
    // One of another key is taken, and that is said.
    new.keys[0].kid = KeyId([7; 16]);
    let object = ProObject::from_header(&new).unwrap().to_bytes().unwrap();
    let request = RequestText { playready_object: Some(hex::encode(&object)), ..keep() };
    let session = drive::open(&file, drive::Feed::Whole).unwrap();
    let doubts = drive::plan(&session, &request).unwrap().warnings();
    assert!(doubts.iter().any(|doubt| doubt.contains("does not name the key ID")), "{doubts:?}");
    assert_eq!(doubts.iter().filter(|doubt| doubt.contains("does not name")).count(), 1, "{doubts:?}");
    // And one for another cipher is not.
    new.version = HeaderVersion::V4_3;
    new.keys[0].algorithm = Some(boxlock::playready::Algorithm::AesCbc);
    new.keys[0].checksum = None;
    let object = ProObject::from_header(&new).unwrap().to_bytes().unwrap();
    let request = RequestText { playready_object: Some(hex::encode(&object)), ..keep() };
    assert_eq!(change(&file, &request).unwrap_err().code(), "bad-playready-object");
}

#[test]
fn headers_in_fragments_change_with_those_of_the_movie() {
    for form in ["hybrid", "piff", "plain"] {
        let request =
            RequestText { kid: None, key: None, key_rotation: text("1"), ..drive::request_in("cenc", form) };
        let file = drive::protect(SAMPLE, &request).unwrap();
        let changed = change(&file, &RequestText { la_url: OTHER.to_owned(), ..keep() }).unwrap();
        let in_moofs = |file: &[u8]| -> Vec<(bool, Vec<u8>)> {
            let moofs = raw::boxes(file, 0).into_iter().filter(|one| one.name == "moof");
            let all = moofs.flat_map(|moof| headers_in(&moof));
            all.filter(|(id, ..)| *id == PLAYREADY).map(|(_, twin, data)| (twin, data)).collect()
        };
        let (old, new) = (in_moofs(&file), in_moofs(&changed));
        assert!(old.len() == new.len() && new.len() > 2, "{form}");
        for ((old_twin, old), (twin, new)) in old.iter().zip(&new) {
            let read =
                |object: &[u8]| ProObject::parse(object, 0).unwrap().header(0).unwrap().unwrap().header;
            let (old, new) = (read(old), read(new));
            assert_eq!((old_twin, &old.keys, new.la_url.as_deref()), (twin, &new.keys, Some(OTHER)));
        }
        let gone = change(&file, &RequestText { remove: vec!["playready".to_owned()], ..keep() }).unwrap();
        assert!(in_moofs(&gone).is_empty());
        // What is given is for the keys of the movie header.
        let given = RequestText { pssh: Some(pssh(PLAYREADY, b"mine")), ..keep() };
        if form != "piff" {
            let given = change(&file, &given).unwrap();
            assert!(in_moofs(&given) == in_moofs(&file));
            assert!(systems(&given).iter().all(|(id, _, data)| *id != PLAYREADY || data == b"mine"));
        }
        let object = systems(&file).remove(0).2;
        let ready = RequestText { playready_object: Some(hex::encode(object)), ..keep() };
        assert_eq!(change(&file, &ready).unwrap_err().code(), "header-in-fragment");
    }
}

#[test]
fn brands_are_those_asked_for() {
    let file = protected("hybrid");
    let request = RequestText { brands: text("iso6, isom dash"), ..keep() };
    let changed = change(&file, &request).unwrap();
    let ftyp = raw::boxes(&changed, 0).remove(0);
    assert_eq!(ftyp.body(), b"iso6\0\0\0\0iso6isomdash");
    check_others(&file, &changed, &["ftyp", "mfra"]);
    assert_eq!(said(&file, &request)[0].0, "brands");
    for wrong in ["iso", "isom5", "is\u{e9}"] {
        let error = change(&file, &RequestText { brands: text(wrong), ..keep() }).unwrap_err();
        assert_eq!(error.field(), Some("brands"), "{wrong}");
    }
}

#[test]
fn an_index_comes_without_keys() {
    let file = protected("hybrid");
    let changed = change(&file, &RequestText { segment_index: true, ..keep() }).unwrap();
    let names: Vec<String> = raw::boxes(&changed, 0).into_iter().map(|one| one.name).collect();
    assert_eq!(&names[..3], ["ftyp", "moov", "sidx"]);
}

#[test]
fn what_contradicts_itself_names_its_field() {
    let file = protected("hybrid");
    let field = |request: RequestText| -> (String, Option<&'static str>) {
        let error: Error = change(&file, &request).unwrap_err();
        (error.code().to_owned(), error.field())
    };
    let remove = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let cases = [
        (RequestText { la_url: OTHER.to_owned(), remove: remove(&["laUrl"]), ..keep() }, "laUrl"),
        (RequestText { la_url: OTHER.to_owned(), remove: remove(&["playready"]), ..keep() }, "remove"),
        (RequestText { remove: remove(&["sinf"]), ..keep() }, "remove"),
        (RequestText { playready_object: text("AAAA"), remove: remove(&["laUrl"]), ..keep() }, "remove"),
        (RequestText { la_url: "nowhere".to_owned(), ..keep() }, "laUrl"),
        (RequestText { form: text("other"), ..keep() }, "form"),
        (RequestText { clear_lead: text("1"), ..keep() }, "clearLead"),
        (RequestText { brands: text("iso6"), ..drive::request("hybrid") }, "brands"),
    ];
    for (request, at) in cases {
        let what = format!("{request:?}");
        assert_eq!(field(request).1, Some(at), "{what}");
    }
}

#[test]
fn a_header_with_the_other_byte_order_is_told() {
    let kid = "11223344-5566-7788-99aa-bbccddeeff00";
    let file = drive::protect(SAMPLE, &RequestText { kid: text(kid), ..drive::request("hybrid") }).unwrap();
    let mut new = header(&file);
    new.keys[0].kid = new.keys[0].kid.swapped();
    let object = ProObject::from_header(&new).unwrap().to_bytes().unwrap();
    let request = RequestText { playready_object: Some(hex::encode(object)), ..keep() };
    let session = drive::open(&file, drive::Feed::Whole).unwrap();
    let told = drive::plan(&session, &request).unwrap().warnings().concat();
    assert!(told.contains(kid) && told.contains("in the other byte order"), "{told}");
}

/// Some writers give PlayReady's boxes the ID in the other byte order.
#[test]
fn a_header_under_the_swapped_id_is_the_same_header() {
    let file = protected("plain");
    let mut swapped = file.clone();
    let at = file.windows(16).position(|bytes| bytes == PLAYREADY.0).unwrap();
    swapped[at..at + 16].copy_from_slice(&PLAYREADY_LITTLE_ENDIAN.0);
    let request = RequestText { la_url: OTHER.to_owned(), ..keep() };
    let mut changed = change(&swapped, &request).unwrap();
    assert_eq!(&changed[at..at + 16], &PLAYREADY_LITTLE_ENDIAN.0, "it keeps its ID");
    changed[at..at + 16].copy_from_slice(&PLAYREADY.0);
    assert!(changed == change(&file, &request).unwrap(), "and there is no second one");
    let remove = RequestText { remove: vec!["playready".to_owned()], ..keep() };
    assert!(change(&swapped, &remove).unwrap() == change(&file, &remove).unwrap());
}
