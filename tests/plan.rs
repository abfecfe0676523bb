//! What the plan says of boxes is what happens to them: held against the output by a count that knows nothing of plans.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use std::collections::{BTreeMap, BTreeSet};

use boxlock::boxes::{Action, BoxId};
use boxlock::output::Step;
use boxlock::output::protected::protect_fragment;
use boxlock::output::summary::{Touched, planned_boxes};
use boxlock::protect::SampleProtector;
use support::clear;
use support::drive::{self, Feed, request};
use support::raw::{self, RawBox};
use support::synth::{self, Kind, boxed};

/// Bytes of fields before the children of a box; `None` for one without.
fn fields_of(parent: &str, name: &str) -> Option<usize> {
    match name {
        "moov" | "trak" | "mdia" | "minf" | "stbl" | "mvex" | "moof" | "traf" | "sinf" | "schi" => Some(0),
        "stsd" => Some(8),
        "avc1" | "avc3" | "encv" if parent.ends_with("stsd") => Some(78),
        "mp4a" | "ac-3" | "ec-3" | "enca" if parent.ends_with("stsd") => Some(28),
        _ => None,
    }
}

/// Every box with the path around it as the plan writes it, in file order.
fn all(parent: &str, boxes: Vec<RawBox<'_>>, out: &mut Vec<(String, String, Vec<u8>)>) {
    for one in boxes {
        let name = if one.name.starts_with("uuid") { "uuid".to_owned() } else { one.name.clone() };
        let Some(skip) = fields_of(parent, &name) else {
            out.push((parent.to_owned(), one.name.clone(), one.bytes.to_vec()));
            continue;
        };
        // Of a box around others only its own fields are its own.
        out.push((parent.to_owned(), one.name.clone(), one.body()[..skip].to_vec()));
        let inside = match (parent, &*name) {
            ("", _) => name,
            ("moov/trak", _) => "moov/trak/…".to_owned(),
            ("moov/trak/…", "stsd") => "moov/trak/…/stsd".to_owned(),
            ("moov/trak/…" | "moov/trak/…/stsd", _) => parent.to_owned(),
            _ => format!("{parent}/{name}"),
        };
        all(&inside, one.children_after(skip), out);
    }
}

type Kinds = BTreeMap<(String, String), Vec<Vec<u8>>>;

fn by_kind(file: &[u8]) -> Kinds {
    let mut list = Vec::new();
    all("", raw::boxes(file, 0), &mut list);
    let mut kinds = Kinds::new();
    for (parent, name, bytes) in list {
        // A sample entry keeps its place whatever its type becomes.
        let entry = parent.ends_with("stsd")
            && ["avc1", "avc3", "hvc1", "hev1", "encv", "mp4a", "ac-3", "ec-3", "fLaC", "Opus", "enca"]
                .contains(&&*name);
        let bytes = if entry { [name.as_bytes(), &bytes].concat() } else { bytes };
        let name = if entry { "entry".to_owned() } else { name };
        kinds.entry((parent, name)).or_default().push(bytes);
    }
    kinds
}

/// What the plan says, and the output.
fn planned(file: &[u8], profile: &str) -> (Touched, Vec<u8>) {
    let session = drive::open(file, Feed::Whole).unwrap();
    let plan = drive::plan(&session, &request(profile)).unwrap();
    let index = session.work().unwrap();
    let movie = index.movie.clone().unwrap();
    let mut touched = planned_boxes(index, &plan, session.origin()).unwrap();
    let mut assembly = session.assemble(&plan).unwrap();
    let mut protector = SampleProtector::new(plan);
    while let Some(step) = assembly.next_step() {
        if let Step::Fragment(task) = step {
            let (task, pieces) = session.with_pieces(task).unwrap();
            let mut bytes = drive::bytes_of(file, pieces);
            protect_fragment(&mut protector, &movie, &task, &mut bytes, Some(&mut touched)).unwrap();
        }
    }
    (touched, drive::protect(file, &request(profile)).unwrap())
}

fn check(name: &str, file: &[u8], profile: &str) {
    let (touched, output) = planned(file, profile);
    let (before, after) = (by_kind(file), by_kind(&output));
    let mut said: BTreeMap<(String, String), [i64; 3]> = BTreeMap::new();
    for planned in touched.boxes() {
        assert_ne!(planned.name, "Unknown box", "{name}: {planned:?}");
        let entry = planned.parent.ends_with("stsd") && planned.action == Action::Change;
        let kind = match planned.id {
            _ if entry => "entry".to_owned(),
            BoxId::Uuid(user_type) => format!("uuid:{}", &user_type.to_string()[..8]),
            BoxId::Four(code) => code.text(),
        };
        let action = match planned.action {
            Action::Add => 0,
            Action::Change => 1,
            Action::Remove => 2,
        };
        said.entry((planned.parent.clone(), kind)).or_default()[action] += planned.count as i64;
    }
    let kinds: BTreeSet<_> = before.keys().chain(after.keys()).chain(said.keys()).collect();
    for kind in kinds {
        let none = Vec::new();
        let (old, new) = (before.get(kind).unwrap_or(&none), after.get(kind).unwrap_or(&none));
        let [added, changed, removed] = said.get(kind).copied().unwrap_or_default();
        // What is inside a box that comes or goes is said with that box.
        let inside = kind.0.ends_with("stsd") && kind.1 != "entry" && kind.1 != "sinf";
        if inside || kind.0 == "moov/mvex" {
            continue;
        }
        assert_eq!(new.len() as i64 - old.len() as i64, added - removed, "{name} {profile}: {kind:?}");
        if added == 0 && removed == 0 {
            let differ = old.iter().zip(new).filter(|(old, new)| old != new).count() as i64;
            assert_eq!(differ, changed, "{name} {profile}: {kind:?}");
        }
    }
}

#[test]
fn the_boxes_of_the_plan_are_those_of_the_output() {
    let mut plain = synth::small();
    plain.tracks = vec![Kind::Sound, Kind::Video, Kind::Text];
    let mut dressed = plain.clone();
    dressed.global_index = Some(1);
    dressed.fragments[0].trafs[0].tfdt = Some(0);
    dressed.fragments[0].trafs[0].terse = false;
    for (name, file) in [("plain", plain.bytes()), ("dressed", dressed.bytes())] {
        for profile in ["hybrid", "piff"] {
            check(name, &file, profile);
        }
    }
    // With what an earlier encryption left: a DRM header in the moov, and one more beside it.
    let file = plain.bytes();
    let moov = raw::boxes(&file, 0).into_iter().find(|b| b.name == "moov").unwrap();
    let pssh = boxed(b"pssh", &[0; 24]);
    let mut with = file[..moov.start].to_vec();
    with.extend(boxed(b"moov", &[moov.body(), &pssh].concat()));
    with.extend(&pssh);
    with.extend(&file[moov.end()..]);
    let at = with.windows(4).position(|word| word == b"mfra").map(|at| at - 4);
    let with = &with[..at.unwrap_or(with.len())];
    for profile in ["hybrid", "piff"] {
        let (touched, _) = planned(with, profile);
        let gone = touched.boxes().iter().filter(|planned| planned.action == Action::Remove);
        assert_eq!(gone.map(|planned| planned.count).sum::<u64>(), 2);
        check("leftovers", with, profile);
    }
    for clear in clear::corpus() {
        for profile in ["hybrid", "piff"] {
            check(&clear.name, &clear.bytes, profile);
        }
    }
}

#[test]
fn a_track_that_cannot_be_protected_is_not_called_left_out_by_choice() {
    let mut made = synth::small();
    made.tracks = vec![Kind::Sound, Kind::Sound, Kind::Text];
    let session = drive::open(&made.bytes(), Feed::Whole).unwrap();
    let plan = |tracks: Option<Vec<u32>>| {
        drive::plan(&session, &boxlock::protect::RequestText { tracks, ..request("hybrid") }).unwrap()
    };
    let reasons = |tracks| plan(tracks).tracks.iter().map(|t| t.why_clear.clone()).collect::<Vec<_>>();
    let all = reasons(None);
    assert!(all[0].is_empty() && all[1].is_empty() && !all[2].is_empty(), "{all:?}");
    let chosen = reasons(Some(vec![1]));
    assert_eq!(chosen, ["", "It was left out by choice.", &*all[2]]);
}

#[test]
fn a_track_that_is_asked_for_and_cannot_be_protected_is_refused() {
    let mut file = synth::File { tracks: vec![Kind::Sound; 2], ..synth::small() }.bytes();
    let second = file.windows(4).enumerate().filter(|(_, word)| *word == b"mp4a").nth(1).unwrap().0;
    file[second..second + 4].copy_from_slice(b"ac-4");
    let session = drive::open(&file, Feed::Whole).unwrap();
    let asked = |tracks: Option<Vec<u32>>| {
        drive::plan(&session, &boxlock::protect::RequestText { tracks, ..request("piff") })
    };
    for tracks in [vec![2], vec![1, 2], vec![2, 1]] {
        let error = asked(Some(tracks)).unwrap_err();
        assert_eq!((error.code(), error.field()), ("codec", Some("tracks")));
        assert!(error.message().starts_with("Track 2 has Dolby AC-4"), "{error}");
    }
    // Not asked for by name, it stays open and is said to.
    for tracks in [None, Some(vec![1])] {
        let plan = asked(tracks).unwrap();
        assert!(plan.protection(1).is_some() && plan.protection(2).is_none());
        assert!(
            plan.warnings()
                .iter()
                .any(|text| text.starts_with("Track 2 stays open to everyone. Track 2 has Dolby AC-4"))
        );
    }
}
