//! Whether a file plays offline on Windows: each point with a file that has it and with one that has not; and what is said of a
//! plan is what is then said of the file that it makes.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use std::collections::BTreeMap;

use base64::Engine as _;
use boxlock::bytes::KeyId;
use boxlock::playready::{Header, HeaderVersion, ProObject};
use boxlock::protect::RequestText;
use boxlock::report::{self, OfflineCheck};
use boxlock::session::Session;
use boxlock::verify::offline::CHECKS;

use crate::support::drive::{self, Feed, request_in};
use crate::support::{ffmpeg, raw};

const SAMPLE: &[u8] = include_bytes!("../www/samples/sample.ismv");

fn of_session(session: &Session) -> Vec<OfflineCheck> {
    report::offline(session).unwrap()
}

fn of_file(bytes: &[u8]) -> Vec<OfflineCheck> {
    of_session(&drive::open(bytes, Feed::Whole).unwrap())
}

fn state(checks: &[OfflineCheck], id: &str) -> (&'static str, String) {
    let check = checks.iter().find(|check| check.id == id).unwrap_or_else(|| panic!("{id}: {checks:?}"));
    (check.state, check.found.clone())
}

/// Says of what a request makes of a file, both by the plan and by the file, and that they agree.
fn of_request(source: &[u8], text: &RequestText) -> Vec<OfflineCheck> {
    let session = drive::open(source, Feed::Whole).unwrap();
    let plan = drive::plan(&session, text).unwrap();
    let planned = report::plan(&session, &plan).unwrap().offline;
    let made = of_file(&drive::protect(source, text).unwrap());
    let told = |checks: &[OfflineCheck]| -> Vec<(&str, &str, String)> {
        checks.iter().map(|check| (check.id, check.state, check.found.clone())).collect()
    };
    assert_eq!(told(&planned), told(&made), "{text:?}");
    made
}

/// Bytes of one value put in place of those of another of the same length, everywhere they stand.
fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> =
        (0..bytes.len() - old.len()).filter(|at| bytes[*at..].starts_with(old)).collect();
    assert!(!places.is_empty(), "nothing to replace");
    for at in places {
        bytes[at..at + new.len()].copy_from_slice(new);
    }
    bytes
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn kid() -> KeyId {
    boxlock::playready::parse_kid(drive::KID).unwrap()
}

/// The key ID in the header becomes another, and the tracks keep theirs.
fn with_header_kid(bytes: &[u8], other: KeyId) -> Vec<u8> {
    replaced(bytes, &utf16(&base64(&kid().guid_bytes())), &utf16(&base64(&other.guid_bytes())))
}

fn with_object(header: &Header) -> RequestText {
    let object = ProObject::from_header(header).unwrap().to_bytes().unwrap();
    RequestText {
        playready_object: Some(hex::encode(object)),
        la_url: String::new(),
        ..request_in("cenc", "hybrid")
    }
}

#[test]
fn what_is_usual_is_all_right_but_for_the_server() {
    for form in ["hybrid", "piff"] {
        let checks = of_request(SAMPLE, &request_in("cenc", form));
        let ids: Vec<&str> = checks.iter().map(|check| check.id).collect();
        assert_eq!(ids, CHECKS.map(|(id, ..)| id), "{form}");
        for check in &checks {
            let wanted = if check.id == "persistent" { "doubtful" } else { "ok" };
            assert_eq!(check.state, wanted, "{form}: {check:?}");
            assert_eq!(check.advice.is_empty(), check.state == "ok", "{check:?}");
            assert!(check.found.ends_with('.') && !check.title.is_empty(), "{check:?}");
        }
    }
}

#[test]
fn each_point_is_seen_where_it_is_wrong() {
    let usual = request_in("cenc", "hybrid");
    let text = |value: &str| Some(value.to_owned());
    let long = format!("https://licence.example/{}", "a".repeat(190));
    let test_server = "https://test.playready.microsoft.com/service/rightsmanager.asmx";
    let no_url = with_object(&Header::new(
        HeaderVersion::V4_0,
        vec![boxlock::playready::HeaderKey::aes_ctr(kid(), &boxlock::bytes::ContentKey(drive::key()))],
    ));
    let mut on_demand = Header::new(HeaderVersion::V4_1, Vec::new());
    (on_demand.on_demand, on_demand.la_url) = (true, text("https://licence.example/"));
    let url = |url: &str| RequestText { la_url: url.to_owned(), ..usual.clone() };
    let version = |version: &str| RequestText { header_version: text(version), ..usual.clone() };
    let several = RequestText { key_per: text("track"), kid: None, key: None, ..request_in("cenc", "plain") };
    let rotated = RequestText {
        key_rotation: text("2"),
        kid: None,
        key: None,
        iv_start: None,
        ..request_in("cenc", "hybrid")
    };
    let cases: Vec<(&str, RequestText, &str, &str)> = vec![
        ("encryption", request_in("cbcs", "plain"), "doubtful", "cbcs"),
        ("encryption", request_in("cens", "plain"), "fails", "cens"),
        ("encryption", request_in("cbc1", "plain"), "fails", "cbc1"),
        ("header-version", version("4.1"), "doubtful", "4.1"),
        ("header-version", version("4.2"), "doubtful", "4.2"),
        ("header-version", version("4.3"), "doubtful", "4.3"),
        ("header-kid", with_object(&on_demand), "doubtful", drive::KID),
        ("header-kid", rotated.clone(), "fails", "does not name"),
        ("one-key", several, "doubtful", "2 keys"),
        ("one-key", rotated, "doubtful", "keys"),
        (
            "iv-size",
            RequestText { iv_size: text("16"), iv_start: None, ..usual.clone() },
            "doubtful",
            "16 bytes",
        ),
        ("licence-url", no_url, "doubtful", "names none"),
        ("licence-url", url(&long), "doubtful", "200"),
        ("persistent", url(test_server), "fails", "persist:true"),
        ("persistent", url(&format!("{test_server}?cfg=(persist:true)")), "ok", "persist:true"),
        ("persistent", url(&format!("{test_server}?cfg=(persist%3Atrue)")), "ok", "persist:true"),
        ("boxes", request_in("cenc", "plain"), "doubtful", "alone"),
    ];
    let mut seen = BTreeMap::<&str, usize>::new();
    for (id, request, wanted, words) in cases {
        let checks = of_request(SAMPLE, &request);
        let (found, sentence) = state(&checks, id);
        assert_eq!(found, wanted, "{id}: {sentence}");
        assert!(sentence.contains(words), "{id}: {sentence}");
        *seen.entry(id).or_default() += 1;
    }
    assert_eq!(seen.len(), 8);
}

#[test]
fn what_no_request_makes_is_seen_in_files() {
    let made = drive::protect(SAMPLE, &request_in("cenc", "plain")).unwrap();
    let (found, said) = state(&of_file(&with_header_kid(&made, KeyId(kid().guid_bytes()))), "header-kid");
    assert_eq!(found, "fails");
    assert!(said.contains("other byte order"), "{said}");
    let (found, said) = state(&of_file(&with_header_kid(&made, KeyId([7; 16]))), "header-kid");
    assert_eq!(found, "fails");
    assert!(said.contains(drive::KID), "{said}");
    // Of zeros alone nothing is known.
    let zeros = replaced(&made, &kid().0, &[0; 16]);
    let (found, said) = state(&of_file(&zeros), "header-kid");
    assert_eq!(found, "fails");
    assert!(said.contains("zeros"), "{said}");

    let (found, said) =
        state(&of_file(&replaced(&made, &utf16("https://"), &utf16("httpss//"))), "licence-url");
    assert_eq!(found, "fails", "{said}");

    // Without the header of the movie there may be those of fragments.
    let hidden = |bytes: &[u8]| {
        let moov = raw::boxes(bytes, 0).into_iter().find(|one| one.name == "moov").unwrap();
        let mut bytes = bytes.to_vec();
        for pssh in moov.children().into_iter().filter(|one| one.name == "pssh") {
            bytes[pssh.start + 4..pssh.start + 8].copy_from_slice(b"free");
        }
        bytes
    };
    let (found, said) = state(&of_file(&hidden(&made)), "header");
    assert_eq!(found, "fails");
    assert!(said.contains("has none"), "{said}");
    let rotated = RequestText {
        key_rotation: Some("2".to_owned()),
        kid: None,
        key: None,
        iv_start: None,
        ..request_in("cenc", "plain")
    };
    let rotated = drive::protect(SAMPLE, &rotated).unwrap();
    let (found, said) = state(&of_file(&hidden(&rotated)), "header");
    assert_eq!(found, "fails");
    assert!(said.contains("fragments alone"), "{said}");
    let broken = replaced(&made, &utf16("</WRMHEADER>"), &utf16("</WRMHEADEX>"));
    let checks = of_file(&broken);
    let (found, said) = state(&checks, "header");
    assert_eq!(found, "fails");
    assert!(said.contains("cannot be read"), "{said}");
    assert!(checks.iter().all(|check| !["header-version", "header-kid", "licence-url"].contains(&check.id)));
}

#[test]
fn what_is_no_one_whole_file_is_seen() {
    let made = drive::protect(SAMPLE, &request_in("cenc", "hybrid")).unwrap();
    let parts = |starts: Vec<u64>, bytes: &[u8]| {
        let mut session = Session::new(bytes.len() as u64).unwrap().joined(starts);
        while session.needs().is_some() {
            session.feed(0, bytes).unwrap();
        }
        of_session(&session)
    };
    let (found, said) = state(&parts(vec![0, 5000, 9000], &made), "one-file");
    assert_eq!(found, "fails");
    assert!(said.contains("3 files"), "{said}");
    // Of segments that are planned it is known before.
    let session = drive::open(SAMPLE, Feed::Whole).unwrap();
    let text = RequestText { segments: true, ..request_in("cenc", "hybrid") };
    let plan = drive::plan(&session, &text).unwrap();
    let planned = report::plan(&session, &plan).unwrap();
    let (found, said) = state(&planned.offline, "one-file");
    assert_eq!(found, "fails");
    assert!(said.contains(&format!("{} files", planned.file_count)), "{said}");
    // The initialization segment by itself.
    let end = raw::boxes(&made, 0).into_iter().find(|one| one.name == "moof").unwrap().start;
    let (found, said) = state(&of_file(&made[..end]), "one-file");
    assert_eq!(found, "fails");
    assert!(said.contains("initialization segment alone"), "{said}");
}

#[test]
fn of_what_is_clear_nothing_more_is_asked() {
    let checks = of_file(SAMPLE);
    assert_eq!(checks.len(), 1);
    assert_eq!(state(&checks, "encryption").0, "fails");
    // And of a plan that protects nothing, nothing at all.
    let session = drive::open(SAMPLE, Feed::Whole).unwrap().joined(vec![0, 1]);
    let none = RequestText { scheme: Some("none".to_owned()), ..RequestText::default() };
    let plan = drive::plan(&session, &none).unwrap();
    assert!(report::plan(&session, &plan).unwrap().offline.is_empty());
    // A media segment has no movie header, and so no facts.
    let made = drive::protect(SAMPLE, &request_in("cenc", "hybrid")).unwrap();
    let moofs: Vec<usize> =
        raw::boxes(&made, 0).into_iter().filter(|one| one.name == "moof").map(|one| one.start).collect();
    assert!(of_file(&made[moofs[0]..moofs[1]]).is_empty());
}

#[test]
fn what_stays_encrypted_is_told_as_it_will_be() {
    let made = drive::protect(SAMPLE, &request_in("cenc", "plain")).unwrap();
    let keep = RequestText { scheme: Some("keep".to_owned()), ..RequestText::default() };
    let moved = RequestText { la_url: "https://other.example/".to_owned(), ..keep.clone() };
    let checks = of_request(&made, &moved);
    assert_eq!(state(&checks, "boxes").0, "doubtful");
    let both = RequestText { form: Some("hybrid".to_owned()), ..moved };
    assert_eq!(state(&of_request(&made, &both), "boxes").0, "ok");
    let gone = RequestText { remove: vec!["playready".to_owned()], ..keep };
    assert_eq!(state(&of_request(&made, &gone), "header").0, "fails");
}

/// Tracks and layouts that the sample does not have.
#[test]
fn pictures_sound_codecs_and_plain_files_are_told_apart() {
    if !ffmpeg::present() {
        return;
    }
    let (picture, tone) = ("-f lavfi -i testsrc2=s=192x108:d=2", "-f lavfi -i sine=d=2");
    let h264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac";
    let make = |arguments: &str| ffmpeg::make_by(".mp4", arguments);
    let usual = request_in("cenc", "hybrid");
    let plain = RequestText { profile: None, ..request_in("cenc", "plain") };
    for (arguments, request, id, wanted, words) in [
        (format!("{picture} {h264}"), &usual, "muxed", "doubtful", "no sound"),
        (format!("{tone} {h264}"), &usual, "muxed", "ok", "no picture"),
        (
            format!("{picture} {picture} {tone} -map 0 -map 1 -map 2 {h264}"),
            &usual,
            "muxed",
            "doubtful",
            "2 pictures",
        ),
        (format!("{picture} {tone} {h264}"), &usual, "codecs", "ok", "H.264"),
        (
            format!("{picture} {tone} -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a libopus"),
            &plain,
            "codecs",
            "doubtful",
            "Opus",
        ),
    ] {
        let (found, said) = state(&of_request(&make(&arguments), request), id);
        assert_eq!(found, wanted, "{arguments}: {said}");
        assert!(said.contains(words), "{arguments}: {said}");
    }
    let secret = format!(
        "-encryption_scheme cenc-aes-ctr -encryption_key {} -encryption_kid {}",
        drive::KEY,
        drive::KID.replace('-', "")
    );
    let (found, said) = state(&of_file(&make(&format!("{picture} {tone} {h264} {secret}"))), "one-file");
    assert_eq!(found, "doubtful");
    assert!(said.contains("not fragmented"), "{said}");
}

#[test]
fn points_are_of_the_type_that_is_promised() {
    let mut types = crate::report::types::Types::read(include_str!("../www/types.d.ts"));
    for check in of_request(SAMPLE, &request_in("cenc", "hybrid")) {
        types.check("OfflineCheck", &serde_json::to_value(check).unwrap()).unwrap();
    }
    assert_eq!(types.unseen("OfflineCheck"), [""; 0]);
    let mut ids = CHECKS.map(|(id, ..)| id);
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "{ids:?}");
}
