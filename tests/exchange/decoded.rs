//! What things are that somebody pastes, and what is built without a file.

use boxlock::exchange::build::{BuildText, build};
use boxlock::exchange::decode::{Decoded, check_key, decode};
use boxlock::exchange::request::WriteRequest;
use boxlock::exchange::{export, read_keys};
use proptest::prelude::*;

use super::{KEY, KEY2, KEY64, KID, KID2, kid};

/// The PlayReady object of Microsoft's documentation of DASH content (PlayReady Header Specification §3.3.1 kind), as
/// `build` makes it for a known key ID and URL.
fn built() -> Decoded {
    let request = format!("{{\"kid\":\"{KID}\",\"laUrl\":\"https://example.com/rm.asmx?a=1&b=2\"}}");
    build(&BuildText::read(&request).unwrap()).unwrap()
}

fn form<'d>(found: &'d Decoded, id: &str) -> &'d str {
    let found =
        found.forms.iter().find(|form| form.id == id).unwrap_or_else(|| panic!("{found:?} has no {id}"));
    &found.value.0
}

fn messages(found: &Decoded) -> String {
    let own: Vec<&str> = found.problems.iter().map(|fault| fault.message.as_str()).collect();
    let inside: Vec<String> = found.inside.iter().map(messages).collect();
    own.join("\n") + &inside.join("\n")
}

/// The first header within.
fn header(found: &Decoded) -> &Decoded {
    if found.kind == "playready-header" {
        return found;
    }
    found.inside.iter().map(header).find(|inner| inner.kind == "playready-header").unwrap_or(found)
}

fn facts(found: &Decoded) -> String {
    let own: Vec<String> =
        found.facts.iter().map(|fact| format!("{}: {}", fact.name, fact.value.0)).collect();
    own.join("\n")
}

#[test]
fn every_form_of_a_header_is_known_and_leads_to_the_others() {
    let built = built();
    let (pro, pssh, xml) = (form(&built, "pro"), form(&built, "pssh"), form(&built, "xml"));
    assert!(xml.starts_with("<WRMHEADER") && xml.contains("a=1&amp;b=2"), "{xml}");
    let pssh_hex = form(&built, "pssh-hex");
    let utf16: Vec<u8> = xml.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let hex_of_utf16 = hex::encode(&utf16);
    let spaced: String =
        pssh_hex.as_bytes().chunks(2).map(|pair| format!("{} ", String::from_utf8_lossy(pair))).collect();
    let url = pro.replace('+', "-").replace('/', "_").replace('=', "");
    let percent = pro.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let texts = [
        (pro, "pro"),
        (&url, "pro"),
        (&percent, "pro"),
        (&format!("data:text/plain;charset=UTF-16;base64,{pro}"), "pro"),
        (&format!("  \"{pro}\",\n"), "pro"),
        (pssh, "pssh"),
        (pssh_hex, "pssh"),
        (&spaced, "pssh"),
        (xml, "playready-header"),
        (&hex_of_utf16, "playready-header"),
        (form(&built, "dash"), "dash"),
        (form(&built, "smooth"), "smooth"),
        (&xml.replace('<', "&lt;").replace('>', "&gt;"), "playready-header"),
    ];
    for (text, kind) in texts {
        let found = decode(text.as_bytes(), &[]);
        assert_eq!(found.kind, kind, "{text}: {found:?}");
        let header = header(&found);
        assert!(facts(header).contains(KID), "{text}: {header:?}");
        assert!(facts(header).contains("a=1&b=2") || kind == "dash", "{text}: {header:?}");
    }
    // Bytes as files have them.
    let object = base64(pro);
    for bytes in [
        object.clone(),
        utf16.clone(),
        [&[0xFF, 0xFE][..], &utf16].concat(),
        base64(pssh),
        xml.as_bytes().to_vec(),
    ] {
        assert_eq!(header(&decode(&bytes, &[])).kind, "playready-header");
    }
    // What one is made of is what the others are made of.
    assert_eq!(form(&decode(pro.as_bytes(), &[]), "pssh"), pssh);
    assert_eq!(form(&decode(xml.as_bytes(), &[]), "pro"), pro);
}

fn base64(text: &str) -> Vec<u8> {
    boxlock::playready::key::bytes_of(text).unwrap()
}

#[test]
fn what_is_wrong_is_said() {
    let built = built();
    let object = base64(form(&built, "pro"));
    let mut short = object.clone();
    short.truncate(object.len() - 40);
    let mut long = object.clone();
    long.extend([0; 3]);
    let mut lies = object.clone();
    lies[0] = lies[0].wrapping_add(1);
    let pssh = base64(form(&built, "pssh"));
    let mut cut = pssh.clone();
    cut.truncate(pssh.len() - 1);
    let mut little = pssh.clone();
    little[12..28].copy_from_slice(&hex::decode("79f0049a40988642ab92e65be0885f95").unwrap());
    for (bytes, words) in [
        (short, "The PlayReady Object says it is"),
        (long, "The PlayReady Object says it is"),
        (lies, "The PlayReady Object says it is"),
        (cut, "claims"),
        (little, "GUID order"),
    ] {
        let found = decode(&bytes, &[]);
        assert!(messages(&found).contains(words), "{words}: {found:?}");
        // What of it can be read is.
        assert!(bytes.len() < object.len() || facts(header(&found)).contains(KID), "{found:?}");
    }
    let twice = form(&built, "xml").replace("</DATA>", "<LA_URL>https://x.example</LA_URL></DATA>");
    assert!(messages(&decode(twice.as_bytes(), &[])).contains("more than once"));
    for (text, words) in [
        ("", "nothing to decode"),
        ("\0\0\0\u{14}ftypisml", "Open it as a file"),
        ("xyz", "Perhaps a part is missing"),
        ("hello, world!", "is in neither"),
        ("abc", "odd number"),
        ("<a>", "cannot be read"),
        ("<a/>", "no header, key list or manifest"),
        ("<!DOCTYPE x><CPIX/>", "cannot be read"),
        ("{\"a\": 1}", "Something like a list"),
        (&format!("{KID}:{}", &KEY[1..]), "Something like a list"),
    ] {
        let found = decode(text.as_bytes(), &[]);
        assert_eq!(found.kind, "unknown", "{text}");
        assert!(found.title.contains(words), "{text}: {found:?}");
    }
}

#[test]
fn key_ids_are_shown_in_both_orders_and_the_wrong_one_is_noticed() {
    let known = [kid(KID)];
    let other = boxlock::bytes::KeyId(kid(KID).guid_bytes()).uuid();
    let found = decode(KID.as_bytes(), &known);
    assert_eq!((found.kind, found.problems.len()), ("kid", 0));
    assert!(found.title.contains("of the file that is open"));
    let swapped = decode(other.as_bytes(), &known);
    assert!(messages(&swapped).contains("other byte order"), "{swapped:?}");
    assert!(messages(&swapped).contains(KID));
    // A random UUID whose halves are turned shows that without any file.
    assert!(messages(&decode(other.as_bytes(), &[])).contains("version 4"), "{other}");
    let in_header = form(&found, "guid-base64").to_owned();
    let of_header = decode(in_header.as_bytes(), &known);
    assert!(of_header.title.contains("GUID order") && facts(&of_header).contains(KID), "{of_header:?}");
    let unsure = decode(in_header.as_bytes(), &[]);
    assert_eq!(unsure.kind, "kid-or-key");
    assert!(facts(&unsure).contains(KID) && facts(&unsure).contains(&other));
    assert_eq!(decode(KID.replace('-', "").as_bytes(), &[]).kind, "kid-or-key");
    assert!(messages(&decode(b"00000000-0000-0000-0000-000000000000", &[])).contains("no key ID at all"));
    // In lists too.
    let list = read_keys(format!("{other}:{KEY}").as_bytes(), &known).unwrap();
    assert!(list.notes[0].contains("other byte order"), "{:?}", list.notes);
}

#[test]
fn seeds_keys_and_documents_are_known() {
    let seed = "XVBovsmzhP9gRIZxWfFta3VVRPzVEWmJsazEJ46I";
    let found = decode(seed.as_bytes(), &[kid(KID)]);
    assert_eq!(found.kind, "key-seed");
    assert!(messages(&found).contains("public test server"));
    assert!(form(&found, "lines").starts_with(&KID.replace('-', "")));
    let cpix = format!(
        "<CPIX xmlns=\"urn:dashif:org:cpix\"><ContentKeyList><ContentKey kid=\"{KID}\"><Data><Secret><PlainValue>{KEY64}</PlainValue></Secret>\
         </Data></ContentKey></ContentKeyList></CPIX>"
    );
    let found = decode(cpix.as_bytes(), &[]);
    assert_eq!(
        (found.kind, form(&found, "lines")),
        ("cpix", format!("{}:{KEY}\n", KID.replace('-', "")).as_str())
    );
    let lines = format!("{KID}:{KEY}\n{KID2}:{KEY2}");
    assert_eq!(decode(lines.as_bytes(), &[]).kind, "keys");
    let clearkey = format!(
        "{{\"keys\":[{{\"kty\":\"oct\",\"kid\":\"k_X7WB33R1Kssmzx51tJEA\",\"k\":\"{}\"}}]}}",
        KEY64.trim_end_matches('=')
    );
    let found = decode(clearkey.as_bytes(), &[]);
    assert_eq!(form(&found, "lines"), format!("{}:{KEY}\n", KID.replace('-', "")));
    // No secret is printed, whatever it is in.
    for found in [found, decode(seed.as_bytes(), &[]), decode(cpix.as_bytes(), &[])] {
        let printed = format!("{found:?}");
        assert!(!printed.contains(KEY) && !printed.contains(seed) && !printed.contains(KEY64), "{printed}");
    }
    // Widevine's public vector: one key ID.
    let widevine = decode(b"AAAAMnBzc2gAAAAA7e+LqXnWSs6jyCfc1R0h7QAAABISEBAAAAAQABAAEAAQAAAAAAE=", &[]);
    assert_eq!(widevine.inside[0].kind, "widevine");
    assert!(facts(&widevine.inside[0]).contains("10000000-1000-1000-1000-100000000001"));
}

#[test]
fn a_manifest_is_looked_through_and_held_against_itself() {
    let built = built();
    let other = boxlock::bytes::KeyId(kid(KID).guid_bytes()).uuid();
    let mpd = |kid: &str| {
        let protection = form(&built, "dash").replacen(
            "<ContentProtection ",
            &format!("<ContentProtection cenc:default_KID=\"{kid}\" "),
            1,
        );
        format!(
            "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"><Period><AdaptationSet><ContentProtection \
             schemeIdUri=\"urn:mpeg:dash:mp4protection:2011\" value=\"cenc\" cenc:default_KID=\"{kid}\"/>{protection}</AdaptationSet></Period></MPD>"
        )
    };
    let found = decode(mpd(KID).as_bytes(), &[]);
    assert_eq!((found.kind, found.inside.len()), ("dash", 2));
    assert!(!messages(&found).contains("other byte order"), "{}", messages(&found));
    assert!(messages(&decode(mpd(&other).as_bytes(), &[])).contains("other byte order"));
    let smooth =
        format!("<SmoothStreamingMedia MajorVersion=\"2\">{}</SmoothStreamingMedia>", form(&built, "smooth"));
    let found = decode(smooth.as_bytes(), &[]);
    assert_eq!((found.kind, found.inside[0].inside[0].kind), ("smooth", "pro"));
    assert!(messages(&decode(b"<MPD/>", &[])).contains("no protection"));
}

#[test]
fn what_cannot_be_built_names_the_field() {
    for (request, code, field) in [
        ("{\"kid\":\"x\"}", "bad-kid", "kid"),
        (&format!("{{\"kid\":\"{KID}\",\"key\":\"x\"}}"), "bad-key", "key"),
        (&format!("{{\"kid\":\"{KID}\",\"laUrl\":\"x\"}}"), "bad-url", "laUrl"),
        (&format!("{{\"kid\":\"{KID}\",\"headerVersion\":\"5\"}}"), "bad-header-version", "headerVersion"),
        (&format!("{{\"kid\":\"{KID}\",\"scheme\":\"x\"}}"), "bad-scheme", "scheme"),
        (&format!("{{\"kid\":\"{KID}\",\"keySeed\":\"x\"}}"), "bad-seed", "keySeed"),
        ("{}", "bad-header-version", "headerVersion"),
        ("{\"kit\":\"x\"}", "bad-request", ""),
    ] {
        let error = BuildText::read(request).and_then(|text| build(&text)).unwrap_err();
        assert_eq!((error.code(), error.field()), (code, Some(field)), "{request}: {error}");
    }
    // With its key the checksum is there, by the seed too; for AES-CBC the header is of version 4.3.
    let with_key = build(
        &BuildText::read(&format!("{{\"kid\":\"{KID}\",\"key\":\"{KEY}\",\"widevine\":true}}")).unwrap(),
    )
    .unwrap();
    assert!(form(&with_key, "xml").contains("<CHECKSUM>"));
    assert!(with_key.forms.iter().any(|form| form.name.contains("Widevine")));
    let cbcs = build(
        &BuildText::read(&format!("{{\"keys\":[{{\"kid\":\"{KID}\"}}],\"scheme\":\"cbcs\"}}")).unwrap(),
    )
    .unwrap();
    assert!(form(&cbcs, "xml").contains("version=\"4.3.0.0\""));
}

/// A file with keys for each class: what is written of it gives each track its key when it is read again.
#[test]
fn a_document_of_a_file_gives_its_tracks_their_keys_again() {
    let built = built();
    let request = format!(
        "{{\"contentId\":\"film\",\"scheme\":\"cenc\",\"playreadyObject\":\"{}\",\"pssh\":[\"{}\"],\"keys\":[\
         {{\"kid\":\"{KID}\",\"key\":\"{KEY}\",\"class\":\"sd\"}},{{\"kid\":\"{KID2}\",\"key\":\"{KEY2}\",\"class\":\"audio\"}}],\
         \"tracks\":[{{\"id\":1,\"kind\":\"video\",\"width\":640,\"height\":360}},{{\"id\":2,\"kind\":\"audio\",\"channels\":2}}]}}",
        form(&built, "pro"),
        form(&built, "pssh"),
    );
    let request = WriteRequest::read(&request).unwrap();
    let text = export::document(&request).unwrap().to_xml();
    let list = read_keys(text.as_bytes(), &[]).unwrap();
    assert!(list.notes.is_empty(), "{:?}", list.notes);
    let given: Vec<_> =
        list.assign(&request.tracks).unwrap().into_iter().map(|one| (one.track, one.kid)).collect();
    assert_eq!(given, [(1, Some(kid(KID))), (2, Some(kid(KID2)))]);
    let system = &list.cpix.unwrap().systems[0];
    assert_eq!(system.smooth, form(&built, "pro"));
    assert_eq!(system.pssh, base64(form(&built, "pssh")));
    // By track and by time.
    let request = format!(
        "{{\"keys\":[{{\"kid\":\"{KID}\",\"track\":1}},{{\"kid\":\"{KID2}\",\"track\":1,\"period\":1}},\
         {{\"kid\":\"03341606-452b-46dd-8934-7e0720ba4f21\",\"track\":2}}],\
         \"tracks\":[{{\"id\":1,\"kind\":\"video\",\"width\":640,\"height\":360,\"bitrate\":1}},{{\"id\":2,\"kind\":\"video\",\"width\":640,\"height\":360,\"bitrate\":2}}]}}"
    );
    let request = WriteRequest::read(&request).unwrap();
    let list = read_keys(export::document(&request).unwrap().to_xml().as_bytes(), &[]).unwrap();
    let given: Vec<_> = list
        .assign(&request.tracks)
        .unwrap()
        .into_iter()
        .map(|one| (one.track, one.period, one.kid))
        .collect();
    let third = kid("03341606-452b-46dd-8934-7e0720ba4f21");
    assert_eq!(given, [(1, 0, Some(kid(KID))), (1, 1, Some(kid(KID2))), (2, 0, Some(third)), (2, 1, None)]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn anything_is_something_or_said_to_be_nothing(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[ -~]{0,80}", known in any::<[u8; 16]>()) {
        let known = [boxlock::bytes::KeyId(known)];
        prop_assert!(!decode(&bytes, &known).title.is_empty());
        prop_assert!(!decode(text.as_bytes(), &known).title.is_empty());
        prop_assert!(!decode(hex::encode(&bytes).as_bytes(), &known).title.is_empty());
    }

    #[test]
    fn damaged_headers_are_decoded_or_refused(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(), of in 0..2) {
        let built = built();
        let mut bytes = base64(form(&built, if of == 0 { "pro" } else { "pssh" }));
        let place = at.index(bytes.len());
        bytes[place] = byte;
        prop_assert!(!decode(&bytes, &[]).title.is_empty());
        bytes.truncate(cut.index(bytes.len()));
        prop_assert!(!decode(&bytes, &[]).title.is_empty());
    }

    #[test]
    fn every_key_id_comes_back_from_each_of_its_forms(bytes in any::<[u8; 16]>()) {
        let kid = boxlock::bytes::KeyId(bytes);
        prop_assume!(bytes != [0; 16]);
        for form in boxlock::exchange::decode::kid_forms(kid) {
            let found = decode(form.value.0.as_bytes(), &[kid]);
            let shown = facts(&found) + &messages(&found);
            prop_assert!(shown.contains(&kid.uuid()), "{} {:?}", form.name, found);
        }
    }
}

/// Every `pssh` box of real files, found by its type: what is said of it is what the inspector's own readers know.
#[test]
fn headers_of_real_files_are_decoded() {
    let (mut boxes, mut headers, mut manifests) = (0, 0, 0);
    for (name, bytes) in crate::support::corpus_files() {
        if name.ends_with(".mpd") || name.ends_with(".ismc") || name.ends_with(".Manifest") {
            let found = decode(&bytes, &[]);
            assert!(["dash", "smooth"].contains(&found.kind), "{name}: {found:?}");
            manifests += 1;
        }
        let start = bytes.len().min(1 << 20);
        for at in bytes[..start].windows(4).enumerate().filter(|(_, word)| *word == b"pssh").map(|(at, _)| at)
        {
            let Some(head) = at.checked_sub(4).and_then(|start| bytes.get(start..at)) else { continue };
            let len = u32::from_be_bytes(head.try_into().unwrap()) as usize;
            let Some(whole) =
                bytes.get(at - 4..).and_then(|rest| rest.get(..len)).filter(|_| (32..65536).contains(&len))
            else {
                continue;
            };
            let found = decode(whole, &[]);
            assert_eq!(found.kind, "pssh", "{name}: {found:?}");
            boxes += 1;
            let header = header(&found);
            if header.kind == "playready-header" {
                headers += 1;
                let again = form(header, "xml");
                assert_eq!(form(self::header(&decode(again.as_bytes(), &[])), "xml"), again, "{name}");
            }
            // The same as somebody would paste it.
            assert_eq!(decode(form_or_hex(&found, whole).as_bytes(), &[]).title, found.title, "{name}");
        }
    }
    println!("{boxes} boxes, {headers} headers, {manifests} manifests");
    assert!(
        crate::support::corpus().is_none() || boxes > 20 && headers > 5,
        "{boxes} boxes, {headers} headers"
    );
}

fn form_or_hex(found: &Decoded, bytes: &[u8]) -> String {
    found
        .forms
        .iter()
        .find(|form| form.id == "pssh")
        .map_or_else(|| hex::encode(bytes), |form| form.value.0.clone())
}

/// A published key ID with its key, the seed that makes it, and a key that is another's.
const PUBLISHED: (&str, &str) = ("09e36702-8f33-436c-a5dd-60ffe6671e70", "b42ca3172ee4e69bf51848a59db9cd13");
const SEED: &str = "XVBovsmzhP9gRIZxWfFta3VVRPzVEWmJsazEJ46I";
const OTHERS: &str = "3a2a1b68dd2bd9b2eeb25e84c4776668";

/// The headers of a request, whatever is around them.
fn headers(request: &str) -> Decoded {
    let built = build(&BuildText::read(request).unwrap()).unwrap();
    decode(form(&built, "pssh").as_bytes(), &[])
}

#[test]
fn checksums_tell_whether_a_key_is_right() {
    let (kid, key) = PUBLISHED;
    let found = headers(&format!("{{\"kid\":\"{kid}\",\"key\":\"{key}\"}}"));
    let told = |typed: &str| {
        let checks = check_key(&found, typed).unwrap();
        let [one] = &checks[..] else { panic!("{checks:?}") };
        assert_eq!(one.kid, kid);
        (one.right, one.message.clone())
    };
    for right in [key, &key.to_uppercase(), "tCyjFy7k5pv1GEilnbnNEw==", SEED] {
        let (answer, message) = told(right);
        assert_eq!(answer, Some(true), "{right}");
        assert!(message.contains("BGw1aYZ1YXM="), "{message}");
    }
    let (answer, message) = told(OTHERS);
    assert_eq!(answer, Some(false));
    assert!(message.contains("the header has BGw1aYZ1YXM=") && !message.contains("byte order"), "{message}");
}

#[test]
fn a_key_that_belongs_to_the_other_order_of_the_key_id_is_told() {
    let (kid, key) = PUBLISHED;
    let turned = "0267e309-338f-6c43-a5dd-60ffe6671e70";
    // The checksum of the one order under the key ID of the other.
    let sum = |kid: &str| {
        let found =
            build(&BuildText::read(&format!("{{\"kid\":\"{kid}\",\"key\":\"{key}\"}}")).unwrap()).unwrap();
        let xml = form(&found, "xml").to_owned();
        let (_, rest) = xml.split_once("<CHECKSUM>").unwrap();
        (rest.split_once('<').unwrap().0.to_owned(), xml)
    };
    let ((right, xml), (wrong, _)) = (sum(kid), sum(turned));
    let found = decode(xml.replace(&right, &wrong).as_bytes(), &[]);
    let checks = check_key(&found, key).unwrap();
    assert_eq!(checks[0].right, Some(false));
    assert!(checks[0].message.contains("other byte order"), "{}", checks[0].message);
}

#[test]
fn a_header_without_checksums_says_that_it_cannot_tell() {
    let (kid, key) = PUBLISHED;
    for (scheme, word) in [("cbcs", "algorithm"), ("cenc", "no checksum")] {
        let found = headers(&format!("{{\"kid\":\"{kid}\",\"scheme\":\"{scheme}\"}}"));
        let checks = check_key(&found, key).unwrap();
        assert_eq!(checks.iter().map(|check| check.right).collect::<Vec<_>>(), [None], "{scheme}");
        assert!(checks[0].message.contains(word), "{}", checks[0].message);
    }
    assert_eq!(check_key(&decode(b"nothing", &[]), key).unwrap(), []);
    let found = headers(&format!("{{\"kid\":\"{kid}\",\"key\":\"{key}\"}}"));
    for (typed, code) in [("x", "bad-key"), ("", "bad-key"), (&"!".repeat(40), "bad-seed")] {
        assert_eq!(check_key(&found, typed).unwrap_err().code(), code, "{typed}");
    }
}
