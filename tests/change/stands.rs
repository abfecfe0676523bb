//! What was changed is compared with its source as both stand, without any key; and what a file says now is told.

use boxlock::boxes::Tree;
use boxlock::boxes::movie::FileType;
use boxlock::protect::periods::Periods;
use boxlock::protect::{FragmentTask, RequestText, SourceKeys};
use boxlock::report;
use boxlock::session::Session;
use boxlock::verify::{Examiner, Outcome, Side, Verification, wire};

use super::{change, in_form, keep};
use crate::support::drive::{self, Feed};
use crate::support::raw;

const SAMPLE: &[u8] = include_bytes!("../../www/samples/sample.ismv");
const MOVED: &str = "https://moved.example/rights.asmx";

fn examined(session: &Session, file: &[u8]) -> Vec<u8> {
    let index = session.work().unwrap();
    let mut examiner = Examiner::as_they_stand(index.movie.clone().unwrap());
    let mut all = Vec::new();
    for number in 0..index.fragments.len() {
        let task = FragmentTask::numbered(number, index, &Periods::default()).unwrap();
        let mut bytes = file[task.start as usize..task.end as usize].to_vec();
        let before = bytes.clone();
        all.extend(wire::to_bytes(&examiner.whole(&task, &mut bytes).unwrap()));
        assert!(bytes == before, "what is compared as it stands is not decrypted");
    }
    all
}

/// Compares a file with its source, as the page does where nobody has keys.
fn compare(written: &[u8], source: &[u8]) -> Outcome {
    let (ours, theirs) =
        (drive::open(written, Feed::Whole).unwrap(), drive::open(source, Feed::Whole).unwrap());
    let (index, work) = (ours.index().unwrap(), theirs.work().unwrap());
    let mut verification = Verification::new(index, &SourceKeys::default(), Some(work));
    verification.take(Side::Source, &examined(&theirs, source)).unwrap();
    verification.take(Side::Written, &examined(&ours, written)).unwrap();
    verification.finish()
}

fn codes(outcome: &Outcome) -> Vec<&str> {
    outcome.faults.iter().map(|fault| fault.code.as_str()).collect()
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn what_was_changed_has_every_sample_of_its_source_as_it_stands() {
    let moved = RequestText { la_url: MOVED.to_owned(), ..keep() };
    let mut compared = 0;
    for (scheme, form) in
        [("cenc", "hybrid"), ("cenc", "piff"), ("cbc1", "plain"), ("cens", "plain"), ("cbcs", "plain")]
    {
        let whole = drive::request_in(scheme, form);
        let lead = RequestText { clear_lead: text("2"), ..whole.clone() };
        let rotated = RequestText { key: None, kid: None, key_rotation: text("2"), ..whole.clone() };
        for request in [whole, lead, rotated] {
            let file = drive::protect(SAMPLE, &request).unwrap();
            let forms: &[&str] =
                if matches!(scheme, "cens" | "cbcs") { &["plain"] } else { &["hybrid", "piff", "plain"] };
            for wish in forms.iter().map(|form| in_form(form)).chain([moved.clone()]) {
                let changed = change(&file, &wish).unwrap();
                let outcome = compare(&changed, &file);
                assert_eq!(codes(&outcome), [""; 0], "{request:?} {wish:?}: {:?}", outcome.faults);
                assert!(outcome.compared && outcome.tracks.len() == 2);
                for track in outcome.tracks.values() {
                    assert!(track.samples > 100 && track.equal == track.samples && track.encrypted > 1000);
                }
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 3 * (4 + 4 + 4 + 2 + 2));
}

#[test]
fn a_sample_an_iv_a_map_and_a_key_id_that_became_others_are_found() {
    let file = drive::protect(SAMPLE, &drive::request_in("cenc", "plain")).unwrap();
    let changed = change(&file, &RequestText { la_url: MOVED.to_owned(), ..keep() }).unwrap();
    let at = |name: &[u8]| changed.windows(4).rposition(|found| found == name).unwrap();
    let (senc, mdat) = (at(b"senc"), at(b"mdat"));
    // The last fragment is of sound, whose samples have IVs of 8 bytes alone.
    for (place, what) in [(mdat + 50, "a byte of a sample"), (senc + 12 + 8 + 7, "an IV")] {
        let mut spoiled = changed.clone();
        spoiled[place] ^= 1;
        let outcome = compare(&spoiled, &file);
        assert_eq!(codes(&outcome), ["other-bytes"], "{what}");
    }
    let first = changed.windows(4).position(|found| found == b"senc").unwrap();
    // Version and flags, count, IV, number of entries, then bytes clear and encrypted.
    let map = first + 4 + 4 + 4 + 8 + 2;
    let mut spoiled = changed.clone();
    let clear = u16::from_be_bytes([changed[map], changed[map + 1]]);
    let locked = u32::from_be_bytes(changed[map + 2..map + 6].try_into().unwrap());
    spoiled[map..map + 2].copy_from_slice(&(clear + 1).to_be_bytes());
    spoiled[map + 2..map + 6].copy_from_slice(&(locked - 1).to_be_bytes());
    assert_eq!(codes(&compare(&spoiled, &file)), ["other-bytes"], "a map");
    let tenc = changed.windows(4).position(|found| found == b"tenc").unwrap();
    let mut spoiled = changed.clone();
    spoiled[tenc + 4 + 4 + 4] ^= 1;
    let outcome = compare(&spoiled, &file);
    assert!(codes(&outcome).contains(&"header-kid") && codes(&outcome).contains(&"other-bytes"), "a KID");
}

#[test]
fn what_is_odd_in_the_source_is_no_fault_of_the_changed_file() {
    // Without a PlayReady header that names its key.
    let mut file = drive::protect(SAMPLE, &drive::request_in("cenc", "plain")).unwrap();
    let tenc = file.windows(4).position(|found| found == b"tenc").unwrap();
    file[tenc + 4 + 4 + 4] ^= 1;
    let changed = change(&file, &RequestText { la_url: MOVED.to_owned(), ..keep() }).unwrap();
    assert_eq!(codes(&compare(&changed, &file)), [""; 0]);
}

/// Lists of IVs that contradict each other come along from the source. Others are the changed file's own.
#[test]
fn contradictions_in_fragments_of_the_source_are_no_fault_of_the_changed_file() {
    let mut file = drive::protect(SAMPLE, &drive::request_in("cenc", "hybrid")).unwrap();
    let lists = |file: &[u8]| -> Vec<usize> {
        let uuid = hex::decode("a2394f525a9b4f14a2446c427c648df4").unwrap();
        file.windows(16).enumerate().filter(|(_, found)| *found == uuid).map(|(at, _)| at).collect()
    };
    // Behind the type a version and flags, a count, and the first IV.
    let first_iv = 16 + 8;
    let all = lists(&file);
    assert!(all.len() > 5);
    for list in all.iter().skip(2) {
        file[list + first_iv + 3] ^= 1;
    }
    let mut changed = change(&file, &RequestText { la_url: MOVED.to_owned(), ..keep() }).unwrap();
    assert_eq!(codes(&compare(&changed, &file)), [""; 0]);
    let own = lists(&changed)[1];
    changed[own + first_iv + 3] ^= 1;
    let outcome = compare(&changed, &file);
    assert_eq!(codes(&outcome), ["twins-differ"]);
    assert!(outcome.faults[0].track.is_some() && outcome.faults[0].sample == Some(0), "{:?}", outcome.faults);
}

#[test]
fn a_protected_file_says_what_a_request_would_change() {
    let request = RequestText { lui_url: text("https://page.example/"), ..drive::request_in("cenc", "piff") };
    let file = drive::protect(SAMPLE, &request).unwrap();
    let session = drive::open(&file, Feed::Whole).unwrap();
    let found = report::summary(session.index().unwrap(), session.check()).protection.unwrap();
    let said = |field: &str| found.says.iter().find(|one| one.field == field).unwrap().value.clone();
    assert_eq!((said("laUrl"), said("luiUrl")), (request.la_url.clone(), "https://page.example/".to_owned()));
    assert_eq!((said("form").as_str(), said("dsId").as_str()), ("piff", ""));
    assert!(found.header_xml.starts_with("<WRMHEADER") && found.header_xml.contains("https://page.example/"));
    // After a change it says what the plan has said.
    let wish =
        RequestText { la_url: MOVED.to_owned(), lui_url: text("https://else.example/"), ..in_form("hybrid") };
    let plan = drive::plan(&session, &wish).unwrap();
    let planned = report::plan(&session, &plan).unwrap().changes.unwrap();
    let changed = change(&file, &wish).unwrap();
    let session = drive::open(&changed, Feed::Whole).unwrap();
    let now = report::summary(session.index().unwrap(), session.check()).protection.unwrap();
    for (before, after) in found.says.iter().zip(&now.says) {
        let told = planned.iter().find(|one| one.field == before.field);
        assert_eq!(
            told.map(|one| (&one.before, &one.after)),
            (before.value != after.value).then_some((&before.value, &after.value)),
            "{}",
            before.field
        );
    }
}

#[test]
fn boxes_of_another_form_say_why_they_come() {
    for (before, after) in [("plain", "piff"), ("piff", "hybrid"), ("piff", "plain"), ("plain", "hybrid")] {
        let file = drive::protect(SAMPLE, &drive::request_in("cenc", before)).unwrap();
        let session = drive::open(&file, Feed::Whole).unwrap();
        let plan = drive::plan(&session, &in_form(after)).unwrap();
        let boxes = report::plan(&session, &plan).unwrap().boxes;
        assert!(boxes.iter().any(|one| one.action == "add" && one.parent.ends_with("stsd")), "{boxes:?}");
        for one in boxes {
            let others = ["clear lead", "becomes a protected", "encrypted otherwise", "earlier encryption"];
            assert!(others.iter().all(|why| !one.why.contains(why)), "{before} to {after}: {one:?}");
        }
    }
}

#[test]
fn headers_go_by_the_names_that_are_told_and_short_brands_end_with_spaces() {
    let request = RequestText { widevine: true, ..drive::request_in("cenc", "plain") };
    let file = drive::protect(SAMPLE, &request).unwrap();
    let told = |file: &[u8]| {
        let session = drive::open(file, Feed::Whole).unwrap();
        report::summary(session.index().unwrap(), session.check()).protection.unwrap().systems
    };
    let systems = told(&file);
    assert_eq!(systems.len(), 3, "{systems:?}");
    for name in &systems {
        let changed = change(&file, &RequestText { remove: vec![name.clone()], ..keep() }).unwrap();
        assert!(!told(&changed).contains(name) && told(&changed).len() == 2, "{name}");
    }
    let changed = change(&file, &RequestText { brands: text("M4A isom"), ..keep() }).unwrap();
    let first = &raw::boxes(&changed, 0)[0];
    let tree = Tree::parse(first.bytes, 0).unwrap();
    let brands: FileType = tree.read(tree.root()).unwrap();
    assert_eq!(brands.major_brand.0, *b"M4A ");
    assert_eq!(
        brands.compatible_brands.iter().map(|brand| brand.0).collect::<Vec<_>>(),
        [*b"M4A ", *b"isom"]
    );
    let error = change(&file, &RequestText { brands: text("isomm"), ..keep() }).unwrap_err();
    assert_eq!(error.field(), Some("brands"));
}
