//! A file and what is made of it.

use boxlock::protect::request::SecretText;
use boxlock::protect::{SourceKeyText, SourceKeys};
use boxlock::report::{self, FileComparison};

use super::{SAMPLE, compare, compared, compared_with, groups};
use crate::plain::tables;
use crate::support::corpus_files;
use crate::support::dice::Dice;
use crate::support::drive::{self, Feed};

const FTYP: &str = "1 changed ftyp";
const ENTRIES: [&str; 4] = [
    "1 changed moov/trak/mdia/minf/stbl/stsd/avc1",
    "1 added moov/trak/mdia/minf/stbl/stsd/encv/sinf",
    "1 changed moov/trak/mdia/minf/stbl/stsd/mp4a",
    "1 added moov/trak/mdia/minf/stbl/stsd/enca/sinf",
];
const RECORD: &str = "1 added moov/uuid:b2badc1b";

/// What protection adds, by scheme and form, to a file of two tracks and ten fragments.
fn expected(scheme: &str, form: &str) -> Vec<&'static str> {
    let (pssh, piff) = ("2 added moov/pssh", "1 added moov/uuid:d08a4f18");
    let senc = "10 added moof/traf/senc";
    let heads = match form {
        "hybrid" => vec![pssh, piff],
        "piff" => vec![piff],
        _ => vec![pssh],
    };
    let fragments = match (scheme, form) {
        (_, "piff") => vec!["10 added moof/traf/uuid:a2394f52"],
        // Sound has no ranges, and one IV for all.
        ("cbcs", _) => vec![
            "10 changed moof/traf/tfhd",
            "10 added moof/traf/tfdt",
            "5 added moof/traf/saiz",
            "5 added moof/traf/saio",
            senc,
        ],
        _ => vec![
            "10 changed moof/traf/tfhd",
            "10 added moof/traf/tfdt",
            "10 added moof/traf/saiz",
            "10 added moof/traf/saio",
            senc,
        ],
    };
    let twins = if form == "hybrid" { vec!["10 added moof/traf/uuid:a2394f52"] } else { Vec::new() };
    let mut all = [vec![FTYP], heads, ENTRIES.to_vec(), vec![RECORD], fragments, twins].concat();
    all.sort_unstable();
    all
}

#[test]
fn what_is_protected_differs_in_what_the_plan_adds_and_in_nothing_else() {
    for (scheme, form) in [
        ("cenc", "hybrid"),
        ("cenc", "piff"),
        ("cenc", "plain"),
        ("cens", "plain"),
        ("cbcs", "plain"),
        ("cbc1", "plain"),
    ] {
        let request = drive::request_in(scheme, form);
        let made = drive::protect(SAMPLE, &request).unwrap();
        let found = compare(SAMPLE, &made);
        let mut all = groups(&found);
        all.sort_unstable();
        assert_eq!(all, expected(scheme, form), "{scheme} {form}");
        // Ten runs and ten random access points lead to where their data went.
        assert_eq!((found.counts.offsets, found.counts.followed), (20, 12), "{scheme} {form}");
        assert_eq!((found.counts.removed, found.counts.moved, found.counts.unread), (0, 0, 0));
        for track in &found.tracks {
            let ids = (track.id, track.other_id);
            assert!(ids.0.is_some() && ids.0 == ids.1);
            assert_eq!((track.samples, track.encrypted), (track.other_samples, 0));
            assert_eq!(track.other_encrypted, track.samples, "{scheme} {form}");
            assert_eq!((track.sizes, track.times, track.syncs), (0, 0, 0), "{scheme} {form}");
            assert_eq!(track.bytes + track.equal, track.samples);
            assert!(track.bytes > 0);
        }
        // As the plan says it.
        let session = drive::open(SAMPLE, Feed::Whole).unwrap();
        let plan = report::plan(&session, &drive::plan(&session, &request).unwrap()).unwrap();
        let planned =
            plan.boxes.iter().filter(|one| one.parent == "moov" && one.action == "add" && one.kind == "pssh");
        let planned: u64 = planned.map(|one| one.count).sum();
        let told: u64 = found.groups.iter().filter(|one| one.path == "moov/pssh").map(|one| one.count).sum();
        assert_eq!(planned, told, "{scheme} {form}");
    }
}

#[test]
fn the_same_media_protected_twice_differs_in_what_was_asked_otherwise() {
    let one = drive::protect(SAMPLE, &drive::request("hybrid")).unwrap();
    let request = boxlock::protect::RequestText {
        la_url: "https://other.example/rightsmanager.asmx".to_owned(),
        ..drive::request("hybrid")
    };
    let other = drive::protect(SAMPLE, &request).unwrap();
    let found = compare(&one, &other);
    let all = groups(&found);
    assert!(all.iter().all(|one| one.contains(" changed moov/")), "{all:?}");
    assert!(
        found.tracks.iter().all(|track| track.equal == track.samples && track.encrypted == track.samples)
    );
}

/// The key with which [`drive`] protects.
fn keys() -> SourceKeys {
    let key = Some(SecretText(drive::KEY.to_owned()));
    SourceKeys::parse(&[SourceKeyText { key, ..SourceKeyText::default() }]).unwrap()
}

#[test]
fn decrypted_before_and_after_protection_are_the_same_media() {
    let (keys, clear) = (keys(), SAMPLE);
    let mut firsts = 0;
    for (scheme, form) in [("cenc", "hybrid"), ("cenc", "piff"), ("cbcs", "plain"), ("cens", "plain")] {
        let made = drive::protect(SAMPLE, &drive::request_in(scheme, form)).unwrap();
        let same = |found: FileComparison| {
            assert_eq!((found.failed.as_ref(), found.same), (None, false), "{scheme} {form}");
            for track in &found.tracks {
                assert_eq!(
                    (track.equal, track.other_samples),
                    (track.samples, track.samples),
                    "{scheme} {form}"
                );
                assert_eq!((track.encrypted, track.other_encrypted), (0, track.samples));
            }
            (found.decrypted, found.other_decrypted)
        };
        assert_eq!(same(compared_with((clear, None), (&made, Some(&keys))).unwrap()), (false, true));
        // Protected with other counters, both are decrypted.
        let again = drive::protect(SAMPLE, &drive::request("hybrid")).unwrap();
        let found = compared_with((&again, Some(&keys)), (&made, Some(&keys))).unwrap();
        assert_eq!((found.decrypted, found.other_decrypted, found.failed.as_ref()), (true, true, None));
        assert!(found.tracks.iter().all(|track| track.equal == track.samples));
        // One byte that is encrypted is another.
        let mut broken = made.clone();
        let at = broken.len() / 2;
        broken[at] ^= 1;
        let found = compared_with((clear, None), (&broken, Some(&keys))).unwrap();
        let unlike: u64 = found.tracks.iter().map(|track| track.bytes).sum();
        if unlike > 0 {
            firsts += 1;
            let first = found.tracks.iter().find_map(|track| track.first.as_ref()).unwrap();
            assert_eq!((unlike, first.how), (1, "bytes"), "{scheme} {form}");
        }
    }
    assert!(firsts >= 3, "{firsts}");
    // A key that is not there is missed, by its ID.
    let other = SourceKeys::parse(&[SourceKeyText {
        kid: Some("ffffffff-ffff-ffff-ffff-ffffffffffff".to_owned()),
        key: Some(SecretText(drive::KEY.to_owned())),
        ..SourceKeyText::default()
    }]);
    let made = drive::protect(SAMPLE, &drive::request("hybrid")).unwrap();
    let found = compared_with((clear, None), (&made, Some(&other.unwrap()))).unwrap();
    assert!(found.failed.as_ref().unwrap().contains(drive::KID), "{:?}", found.failed);
}

#[test]
fn a_plain_file_has_the_samples_of_the_fragmented_one_that_it_becomes() {
    let mut compared_samples = 0;
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    for seed in 0..24 {
        let (plain, _) = tables::file(&mut dice);
        let made = drive::fragmented(&plain);
        let found = compare(&plain, &made);
        for track in &found.tracks {
            let unlike = (track.sizes, track.bytes, track.times, track.syncs);
            assert_eq!(
                (track.samples, track.equal, unlike),
                (track.other_samples, track.samples, (0, 0, 0, 0)),
                "{seed}"
            );
            compared_samples += track.equal;
        }
        assert!(found.counts.added > 0, "{seed}");
    }
    assert!(compared_samples > 1000);
}

#[test]
fn files_of_others_are_the_same_as_themselves() {
    let mut same = 0;
    for (name, bytes) in corpus_files() {
        if bytes.len() > 4 << 20 {
            continue;
        }
        let Some(found) = compared(&bytes, &bytes) else { continue };
        let counts = &found.counts;
        let all = [counts.changed, counts.added, counts.removed, counts.moved, counts.offsets];
        assert_eq!(all, [0; 5], "{name} {:?}", found.differences);
        for track in &found.tracks {
            assert!(track.first.is_none(), "{name} {track:?}");
        }
        same += u64::from(found.same);
    }
    // Where the corpus is not, that is reported by who lists it.
    assert!(crate::support::corpus().is_none() || same > 100, "{same}");
}
