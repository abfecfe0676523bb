//! What JavaScript is shown is of the shape that `www/types.d.ts` promises, for every kind of file.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, missing_docs, reason = "a test may panic")]

pub mod types;

use crate::support;
use crate::verify::{keys_of, verify};

use std::rc::Rc;

use boxlock::fragmenter::Piece;
use boxlock::protect::samples::FragmentTask;
use boxlock::report::{self, ErrorReport};
use boxlock::session::Session;
use boxlock::track::top::Paths;
use serde_json::{Value, json, to_value};
use support::drive::{self, Feed};
use types::Types;

fn public() -> Types {
    Types::read(include_str!("../www/types.d.ts"))
}

fn open(bytes: &[u8]) -> Option<Session> {
    drive::open(bytes, Feed::Whole).ok()
}

/// The files that together have every property: the sample, and where they are those of the corpus.
fn files() -> Vec<(String, Vec<u8>)> {
    let sample = include_bytes!("../www/samples/sample.ismv").to_vec();
    let mut cut = sample.clone();
    cut.truncate(cut.len() - 100);
    let protected = drive::protect(&sample, &drive::request("hybrid")).unwrap();
    let own = [("sample", sample), ("cut", cut), ("protected", protected)];
    let own = own.map(|(name, bytes)| (name.to_owned(), bytes));
    own.into_iter().chain(support::corpus_files()).filter(|(_, bytes)| bytes.len() < 8 << 20).collect()
}

#[test]
fn files_tracks_and_boxes_are_of_the_types_that_are_promised() {
    let mut types = public();
    let mut opened = 0;
    for (name, bytes) in files() {
        let Some(session) = open(&bytes) else { continue };
        opened += 1;
        let index = Rc::clone(session.index().unwrap());
        let fail = |error: String| panic!("{name}: {error}");
        let mut summary = to_value(report::summary(&index, session.check())).unwrap();
        // The name is JavaScript's.
        summary["name"] = json!(name);
        types.check("Summary", &summary).unwrap_or_else(fail);
        for track in report::tracks(&index) {
            let mut track = to_value(track).unwrap();
            types.check("Track", &track).unwrap_or_else(fail);
            // Where it comes from is JavaScript's.
            track["from"] = json!(name);
            types.check("Track", &track).unwrap_or_else(fail);
        }
        let tree = report::top_boxes(&index, &mut Paths::default(), 0, 200);
        for node in &tree {
            types.check("BoxNode", &to_value(node).unwrap()).unwrap_or_else(fail);
            let wanted = report::wanted(&index, &node.path).unwrap();
            let read = wanted.map_or(&bytes[..0], |range| {
                &bytes[usize::try_from(range.start).unwrap()..][..usize::try_from(range.len).unwrap()]
            });
            let Ok(view) = report::box_view(&index, &node.path, read, &[], 0, 50) else { continue };
            types.check("BoxView", &to_value(view).unwrap()).unwrap_or_else(fail);
            for child in report::children(&index, &node.path, read, 0, 50).unwrap() {
                types.check("BoxNode", &to_value(&child).unwrap()).unwrap_or_else(fail);
                let view = report::box_view(&index, &child.path, read, &[], 0, 50).unwrap();
                types.check("BoxView", &to_value(view).unwrap()).unwrap_or_else(fail);
            }
        }
    }
    assert!(opened >= 3);
    for name in ["Summary", "Track", "BoxNode", "BoxView", "FieldRow"] {
        let unseen = types.unseen(name);
        let rare = ["Track.reason", "BoxNode.uuid"];
        let missing: Vec<&String> = unseen.iter().filter(|one| !rare.contains(&one.as_str())).collect();
        assert!(missing.is_empty() && (opened < 100 || unseen.is_empty()), "no file has {unseen:?}");
    }
}

#[test]
fn what_a_search_finds_is_of_the_type_that_is_promised_and_comes_from_all_of_the_file() {
    let mut types = public();
    let sample = include_bytes!("../www/samples/sample.ismv");
    let bytes = drive::protect(sample, &drive::request("piff")).unwrap();
    let session = open(&bytes).unwrap();
    let index = Rc::clone(session.index().unwrap());
    let mut search = report::Search::new(Rc::clone(&index), "senc");
    // The file type says types, too.
    assert_eq!(search.starts().len(), 1 + index.fragments.len());
    let mut found = Vec::new();
    while let Some(range) = search.needs() {
        let start = usize::try_from(range.start).unwrap();
        search.feed(&bytes[start..start + usize::try_from(range.len).unwrap()]);
        found.extend(search.found().boxes);
    }
    let last = search.found();
    assert_eq!((last.done, last.total), (index.file_len, index.file_len));
    assert_eq!(usize::try_from(last.hits).unwrap(), index.fragments.len());
    assert_eq!(found.len(), index.fragments.len());
    let mut by_field = report::Search::new(Rc::clone(&index), "IV ");
    while let Some(range) = by_field.needs() {
        let start = usize::try_from(range.start).unwrap();
        by_field.feed(&bytes[start..start + usize::try_from(range.len).unwrap()]);
        found.extend(by_field.found().boxes);
    }
    let mut of_text = report::Search::new(Rc::clone(&index), "rightsmanager");
    while of_text.needs().is_some() {
        of_text.feed(&[]);
    }
    found.extend(of_text.found().boxes);
    for one in found {
        types.check("FoundBox", &to_value(one).unwrap()).unwrap();
    }
    assert_eq!(types.unseen("FoundBox"), [""; 0]);
    assert_eq!(types.unseen("FoundField"), [""; 0]);
}

#[test]
fn what_bytes_are_found_is_of_the_type_that_is_promised() {
    let mut types = public();
    let mut search = boxlock::inspect::ByteSearch::new("6162");
    search.feed(b"ab a\0b\0 6162");
    for hit in search.found().found {
        types.check("ByteHit", &to_value(hit).unwrap()).unwrap();
    }
    assert_eq!(types.unseen("ByteHit"), [""; 0]);
}

/// A question about samples, answered as the module's users see it.
type Ask<'a> = dyn FnMut(&mut boxlock::samples::Samples) -> Result<Value, boxlock::samples::Stop> + 'a;

#[test]
fn samples_are_of_the_types_that_are_promised() {
    use boxlock::protect::SourceKeys;
    use boxlock::samples::{Samples, Stop};
    let mut types = public();
    let keys = SourceKeys::default();
    let sample = include_bytes!("../www/samples/sample.ismv").to_vec();
    let mut files: Vec<Vec<u8>> =
        ["hybrid", "piff"].map(|form| drive::protect(&sample, &drive::request(form)).unwrap()).to_vec();
    files.push(drive::protect(&sample, &drive::request_in("cbcs", "plain")).unwrap());
    files.push(sample);
    files.extend(
        support::corpus_files().into_iter().map(|(_, file)| file).filter(|file| file.len() < 1 << 18),
    );
    let count = files.len();
    for file in files {
        let Some(session) = open(&file) else { continue };
        let index = Rc::clone(session.index().unwrap());
        let mut samples = Samples::new(Rc::clone(&index));
        for track in report::tracks(&index).iter().map(|track| track.id).take(4) {
            let mut asks: Vec<Box<Ask<'_>>> = vec![
                Box::new(|samples| Ok(to_value(report::sample_page(samples, &index, track, 0, 5)?).unwrap())),
                Box::new(|samples| {
                    let mut view =
                        to_value(report::sample_view(samples, &index, track, 1, &keys)?.0).unwrap();
                    // Its clear bytes come beside it.
                    view["clear"] = Value::Null;
                    Ok(view)
                }),
                Box::new(|samples| {
                    let state = &mut boxlock::samples::timeline::TableTimeline::default();
                    Ok(to_value(report::sample_timeline(samples, &index, track, state)?).unwrap())
                }),
                Box::new(|samples| {
                    let first = report::sample_page(samples, &index, track, 0, 1)?;
                    let start = first.rows.first().map_or(0, |row| row.start);
                    Ok(to_value(report::sample_at(samples, &index, start, &keys)?).unwrap())
                }),
            ];
            for (name, ask) in
                ["SamplePage", "SampleView", "SampleTimeline", "SampleAt"].into_iter().zip(&mut asks)
            {
                let found = loop {
                    match ask(&mut samples) {
                        Ok(found) => break found,
                        Err(Stop::Error(_)) => break Value::Null,
                        Err(Stop::Busy) => {}
                        Err(Stop::Wants(need)) => {
                            let start = usize::try_from(need.start).unwrap();
                            let end = start + usize::try_from(need.len).unwrap();
                            samples.feed(need.start, file[start..end].to_vec());
                        }
                    }
                };
                if !found.is_null() {
                    types.check(name, &found).unwrap();
                }
            }
        }
    }
    for name in ["SamplePage", "SampleRow", "SampleDependency", "SampleEncryption", "SampleRange"] {
        assert_eq!(types.unseen(name), [""; 0], "{count} files");
    }
    for name in ["SampleUnit", "SampleView", "SampleAt", "SampleTimeline"] {
        assert_eq!(types.unseen(name), [""; 0], "{count} files");
    }
}

#[test]
fn what_came_of_verifying_is_of_the_type_that_is_promised() {
    let mut types = public();
    let sample: &[u8] = include_bytes!("../www/samples/sample.ismv");
    let source = open(sample).unwrap();
    for (form, iv_size) in [("hybrid", None), ("plain", Some("16".to_owned()))] {
        let request = boxlock::protect::RequestText { iv_size, ..drive::request(form) };
        let plan = drive::plan(&source, &request).unwrap();
        let mut written = drive::protect_opened(&source, sample, &request).unwrap();
        for is_sound in [true, false] {
            let outcome = verify(&written, &keys_of(&plan), Some((&source, sample)));
            assert_eq!(outcome.faults.is_empty(), is_sound);
            let report = report::verification(&outcome);
            // IVs go on from each other, and at 0 behind the last that there is: there is no part for each sample.
            assert!((1..=2).contains(&report.streams.len()), "{form}: {:?}", report.streams);
            assert!(report.streams.iter().all(|part| part.key == 0 && part.first.len() == 16));
            let first = report::plan(&source, &plan).unwrap().first_iv.unwrap();
            assert!(
                report.streams.iter().any(|part| part.first == first[..16]),
                "{form}: {:?}",
                report.streams
            );
            types.check("Verification", &to_value(report).unwrap()).unwrap();
            let middle = written.len() / 2;
            written[middle] ^= 1;
        }
    }
    assert_eq!(types.unseen("UsedStream"), [""; 0]);
}

#[test]
fn plans_are_of_the_type_that_is_promised() {
    let mut types = public();
    let mut session = open(include_bytes!("../www/samples/sample.ismv")).unwrap();
    for profile in ["hybrid", "piff"] {
        for tracks in [None, Some(vec![1])] {
            let mut request = drive::request(profile);
            request.tracks = tracks;
            let request = boxlock::protect::Request::parse(&request, &drive::not_random()).unwrap();
            let plan = session.plan(request).unwrap();
            let mut shown = to_value(report::plan(&session, &plan).unwrap()).unwrap();
            // Known when fragments have been measured.
            assert!(shown.as_object_mut().unwrap().remove("fixedGrowth").unwrap().is_i64());
            for (name, value) in
                [("sizeAfter", json!(1)), ("sizeExact", json!(true)), ("suggestedName", json!("a.mp4"))]
            {
                assert_eq!(shown.as_object_mut().unwrap().insert(name.to_owned(), value), None);
            }
            for track in shown["tracks"].as_array_mut().unwrap() {
                track["share"] = Value::Null;
            }
            types.check("Plan", &shown).unwrap_or_else(|error| panic!("{profile}: {error}"));
        }
    }
    for (per, rotation, keys) in [("class", None, 2), ("track", None, 2), ("track", Some("2"), 6)] {
        let (key_per, kid, key) = (Some(per.to_owned()), None, None);
        let key_rotation = rotation.map(str::to_owned);
        let text =
            boxlock::protect::RequestText { key_per, kid, key, key_rotation, ..drive::request("hybrid") };
        let plan = drive::plan(&session, &text).unwrap();
        let shown = report::plan(&session, &plan).unwrap();
        assert!(
            shown.keys.len() == keys
                && shown.keys.iter().all(|key| (key.class.is_some()) == (per == "class"))
        );
        for key in &shown.keys {
            types.check("PlanKey", &to_value(key).unwrap()).unwrap();
        }
    }
    // Where nothing is protected there is no key, and what is said of the first is nothing.
    let none = boxlock::protect::RequestText { scheme: Some("none".to_owned()), ..Default::default() };
    let joined = open(include_bytes!("../www/samples/sample.ismv")).unwrap().joined(vec![0, 1]);
    let plan = drive::plan(&joined, &none).unwrap();
    let shown = to_value(report::plan(&joined, &plan).unwrap()).unwrap();
    let said = ["scheme", "keys", "kid", "keySource", "pssh", "headerXml"].map(|name| shown[name].clone());
    assert_eq!(said, [json!("none"), json!([]), Value::Null, Value::Null, json!([]), json!("")]);
    // What stays protected says what changes of it.
    let protected = drive::protect(include_bytes!("../www/samples/sample.ismv"), &drive::request("hybrid"));
    let protected = open(&protected.unwrap()).unwrap();
    let keep = boxlock::protect::RequestText {
        scheme: Some("keep".to_owned()),
        la_url: "https://other.example/".to_owned(),
        ..Default::default()
    };
    let plan = drive::plan(&protected, &keep).unwrap();
    let mut shown = to_value(report::plan(&protected, &plan).unwrap()).unwrap();
    let said = ["scheme", "form", "keys", "kid", "laUrl", "headerVersion"].map(|name| shown[name].clone());
    let other = json!("https://other.example/");
    assert_eq!(said, [json!("cenc"), json!("hybrid"), json!([]), Value::Null, other, json!("4.0")]);
    assert_eq!(shown["changes"].as_array().unwrap().len(), 1, "{}", shown["changes"]);
    assert_eq!(shown["pssh"].as_array().unwrap().len(), 2);
    shown.as_object_mut().unwrap().remove("fixedGrowth");
    for (name, value) in
        [("sizeAfter", json!(1)), ("sizeExact", json!(true)), ("suggestedName", json!("a.mp4"))]
    {
        shown.as_object_mut().unwrap().insert(name.to_owned(), value);
    }
    for track in shown["tracks"].as_array_mut().unwrap() {
        assert_eq!((&track["protect"], &track["kid"]), (&json!(true), &json!(drive::KID)));
        track["share"] = Value::Null;
    }
    types.check("Plan", &shown).unwrap();
    types.check("Difference", &shown["changes"][0]).unwrap();
    for name in ["Plan", "PlannedTrack", "PlannedBox", "KidView", "PlanKey", "PlannedPssh", "Difference"] {
        assert_eq!(types.unseen(name), [""; 0]);
    }
    let task = session.index().unwrap().fragments[0];
    let task = FragmentTask::new(session.index().unwrap(), &task);
    let (task, pieces) = session.with_pieces(task).unwrap();
    assert!(!task.is_made());
    assert_eq!(pieces, [Piece::Found { start: task.start, len: task.end - task.start }]);
    let mut messages = Types::read(include_str!("../www/engine/messages.d.ts"));
    let stretch = report::Stretch::of(std::slice::from_ref(&task)).unwrap();
    messages.check("Stretch", &to_value(stretch).unwrap()).unwrap();
    assert_eq!(messages.unseen("Stretch"), [""; 0]);
    assert_eq!((stretch.start, stretch.end), (task.start, task.end));
    assert!(report::Stretch::of(&[]).is_none());
    assert!(session.doubtful().unwrap().is_empty());
    session
        .look(
            &task,
            &mut include_bytes!("../www/samples/sample.ismv").to_vec()
                [usize::try_from(task.start).unwrap()..usize::try_from(task.end).unwrap()],
        )
        .unwrap();
}

#[test]
fn errors_have_what_is_promised() {
    use boxlock::bytes::Error;
    let all = [
        Error::file("not-mp4", "x").at(u64::from(u32::MAX) + 1).inside("traf").inside("moof[3]"),
        Error::caller("bad-key", "key", "x"),
        Error::limit("box-too-large", "x"),
        Error::unsupported("cbcs", "x"),
    ];
    let shown = all.map(|error| to_value(ErrorReport::from(&error)).unwrap());
    let first = json!({
        "name": "BoxlockError", "code": "not-mp4", "kind": "file", "path": "moof[3]/traf", "offset": 4_294_967_296_u64,
    });
    assert_eq!(shown[0], first);
    assert_eq!(
        shown[1],
        json!({"name": "BoxlockError", "code": "bad-key", "kind": "caller", "field": "key"})
    );
    assert_eq!(shown[2], json!({"name": "BoxlockError", "code": "box-too-large", "kind": "limit"}));
    assert_eq!(shown[3], json!({"name": "BoxlockError", "code": "cbcs", "kind": "unsupported"}));
}

#[test]
fn what_is_of_no_promised_type_is_seen() {
    let mut types = public();
    let node = json!({
        "path": "moov", "type": "moov", "name": "Movie", "start": 0, "size": 8, "headerSize": 8, "childCount": 0,
    });
    types.check("BoxNode", &node).unwrap();
    let broken = [("start", json!("0")), ("children", json!(1)), ("other", json!(1)), ("uuid", Value::Null)];
    for (name, value) in broken {
        let mut node = node.clone();
        node[name] = value;
        assert!(types.check("BoxNode", &node).unwrap_err().contains(name), "{name}");
    }
    let mut without = node;
    without.as_object_mut().unwrap().remove("size");
    assert_eq!(types.check("BoxNode", &without).unwrap_err(), "BoxNode.size is missing");
}

#[test]
fn a_comparison_is_of_the_type_that_is_promised() {
    let mut types = public();
    let sample = include_bytes!("../www/samples/sample.ismv").to_vec();
    let protected = drive::protect(&sample, &drive::request("hybrid")).unwrap();
    // One track less, and a byte of a box without fields that differs.
    let mut other = sample.clone();
    let at = other.windows(4).rposition(|four| four == b"soun").unwrap();
    other[at..at + 4].copy_from_slice(b"abcd");
    let with = |last: u8| {
        [&sample[..24], &[0, 0, 0, 12, b'x', b'y', b'z', b'!', 1, 2, 3, last], &sample[24..]].concat()
    };
    let (known, unknown) = (with(4), with(5));
    for (this, other) in [(&sample, &protected), (&protected, &sample), (&sample, &other), (&known, &unknown)]
    {
        let found = crate::compare::compared(this, other).unwrap();
        types.check("FileComparison", &to_value(found).unwrap()).unwrap();
    }
    // That something failed is rare.
    let unseen: Vec<String> =
        types.unseen("FileComparison").into_iter().filter(|one| one != "FileComparison.failed").collect();
    assert_eq!(unseen, [""; 0]);
    for name in
        ["DifferingBox", "DifferingField", "BoxSpot", "DifferingBytes", "DifferenceGroup", "ComparedTrack"]
    {
        assert_eq!(types.unseen(name), [""; 0], "{name}");
    }
}
