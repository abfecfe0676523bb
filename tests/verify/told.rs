//! What a verification tells beside faults: which bytes stay clear, which key is wrong, which lengths are.

use boxlock::protect::trial::Trial;
use boxlock::protect::{SourceKeyText, SourceKeys, request::SecretText};
use boxlock::session::Session;
use boxlock::verify::clear::Kind;
use boxlock::verify::{Outcome, Side, Verification, wire};

use super::{ALL, Case, codes, examine, keys_of, sources, verify, wishes};
use crate::support::clear::Clear;
use crate::support::drive::{self, Feed, request_in};

/// Verifies without a source, as the page does: the keys are tried.
fn by_itself(written: &[u8], keys: &SourceKeys) -> Outcome {
    let session = drive::open(written, Feed::Whole).unwrap();
    let index = session.work().unwrap();
    let mut verification = Verification::new(session.index().unwrap(), keys, None);
    let mut trial = Trial::default();
    for task in Trial::tasks(index) {
        let (task, found) = session.with_pieces(task).unwrap();
        session.try_keys(keys, &mut trial, &task, &mut drive::bytes_of(written, found)).unwrap();
    }
    verification.tried(index, keys, &trial);
    match examine(&session, written, keys, None) {
        Ok(found) => verification.take(Side::Written, &wire::to_bytes(&found)).unwrap(),
        Err(error) => verification.failed(error.code(), error.message()),
    }
    verification.finish()
}

/// Every byte of a track is encrypted, or told to be clear and what it is.
#[test]
fn what_is_not_encrypted_is_told_to_the_byte() {
    let mut pictures = 0;
    for Clear { name, bytes } in sources() {
        let source = drive::open(&bytes, Feed::Whole).unwrap();
        for (scheme, form) in ALL {
            for text in wishes(scheme, form) {
                let Ok(plan) = drive::plan(&source, &text) else { continue };
                let Ok(written) = drive::protect_opened(&source, &bytes, &text) else { continue };
                let outcome = verify(&written, &keys_of(&plan), Some((&source, &bytes)));
                let context = format!("{name} {scheme} {form} {text:?}");
                assert!(outcome.complete, "{context}");
                assert_eq!(
                    outcome.counted.fragments as usize,
                    drive::open(&written, Feed::Whole).unwrap().index().unwrap().fragments.len()
                );
                for (id, sum) in &outcome.tracks {
                    let clear = sum.clear.0;
                    let of = |kind: Kind| {
                        Kind::ALL.iter().position(|(one, _)| *one == kind).map_or(0, |at| clear[at])
                    };
                    assert_eq!(sum.encrypted + clear.iter().sum::<u64>(), sum.bytes, "{context} {id}");
                    assert_eq!(of(Kind::Other), 0, "{context} {id}: {clear:?}");
                    assert!(of(Kind::Pattern) == 0 || scheme.ends_with('s'), "{context} {id}");
                    assert_eq!(sum.clear_samples > 0, of(Kind::Samples) > 0, "{context} {id}");
                    let has_lead =
                        text.clear_lead.is_some() || !outcome.tracks.values().all(|sum| sum.encrypted > 0);
                    assert!(sum.clear_samples == 0 || has_lead, "{context} {id}");
                    // Units with slices are many, and each has a header.
                    pictures += usize::from(of(Kind::Headers) > 0 && of(Kind::Units) > 0);
                }
            }
        }
    }
    assert!(pictures > 20, "{pictures}");
}

fn key(kid: Option<String>, key: &str) -> SourceKeys {
    SourceKeys::parse(&[SourceKeyText { kid, key: Some(SecretText(key.to_owned())), ..Default::default() }])
        .unwrap()
}

/// Also where headers have no checksum, and slice headers are clear under any key.
#[test]
fn a_wrong_key_is_told_by_its_id_without_any_source() {
    for (scheme, form) in ALL {
        let case = Case::new(&request_in(scheme, form));
        let kid = case.keys.iter().next().unwrap().kid.unwrap().uuid();
        let right = by_itself(&case.written, &case.keys);
        assert_eq!((codes(&right), right.notes.len()), (vec![], 0), "{scheme} {form}: {:?}", right.notes);
        for of in [Some(kid.clone()), None] {
            let wrong = by_itself(&case.written, &key(of, "00112233445566778899aabbccddeeff"));
            let told = wrong.faults.iter().find(|fault| fault.code == "wrong-key");
            let told = told.unwrap_or_else(|| panic!("{scheme} {form}: {:?}", codes(&wrong)));
            assert!(told.message.contains(&kid), "{}", told.message);
        }
    }
}

/// Of pictures alone that are few, nothing tells.
#[test]
fn what_cannot_be_seen_of_a_key_is_a_note_and_no_fault() {
    let case = Case::new(&request_in("cbcs", "plain"));
    let session = drive::open(&case.written, Feed::Whole).unwrap();
    let mut verification = Verification::new(session.index().unwrap(), &case.keys, None);
    // Not tried on any fragment.
    verification.tried(session.work().unwrap(), &case.keys, &Trial::default());
    let outcome = verification.finish();
    assert!(outcome.faults.is_empty());
    let notes: Vec<_> = outcome.notes.iter().map(|note| note.code.as_str()).collect();
    assert_eq!(notes, ["unseen-key"]);
    assert!(outcome.notes[0].message.contains(&case.keys.iter().next().unwrap().kid.unwrap().uuid()));
}

/// Codes of faults and notes.
fn told(written: &[u8], keys: &SourceKeys, source: Option<(&Session, &[u8])>) -> [Vec<String>; 2] {
    let outcome = verify(written, keys, source);
    [outcome.faults, outcome.notes].map(|all| all.into_iter().map(|one| one.code).collect())
}

fn set(bytes: &mut [u8], at: usize, value: u64, len: usize) {
    bytes[at..at + len].copy_from_slice(&value.to_be_bytes()[8 - len..]);
}

fn first(bytes: &[u8], code: &[u8]) -> usize {
    bytes.windows(code.len()).position(|window| window == code).unwrap()
}

/// The sample is ten seconds long, in ticks of 10 000 000 a second; its movie header counts 1000.
#[test]
fn lengths_that_are_wrong_by_more_than_rounding_are_told() {
    let fault: [Vec<String>; 2] = [vec!["durations".to_owned()], vec![]];
    let note: [Vec<String>; 2] = [vec![], vec!["durations".to_owned()]];
    let nothing: [Vec<String>; 2] = [vec![], vec![]];
    let case = Case::new(&request_in("cenc", "hybrid"));
    let beside = Some((&case.source, &case.clear[..]));
    let session = drive::open(&case.written, Feed::Whole).unwrap();
    let index = session.index().unwrap();
    let ticks = |id: u32| index.totals(id).duration;
    let whole = ticks(1).max(ticks(2)) / 10_000;
    let first_id = index.movie.as_ref().unwrap().tracks[0].id;
    let of_track = ticks(first_id);
    // Box, where its duration stands behind its code, its bytes, what is right, and what is wrong.
    for (code, at, len, right, wrong) in [
        (b"mvhd", 20, 4, whole, whole + 5),
        (b"mvhd", 20, 4, whole + 1, whole - 4),
        (b"mdhd", 28, 8, of_track, of_track + 30_000),
        (b"tkhd", 32, 8, of_track / 10_000, of_track / 10_000 - 9),
    ] {
        let name = String::from_utf8_lossy(code).into_owned();
        let with = |bytes: &[u8], ticks: u64| {
            let mut bytes = bytes.to_vec();
            let at = first(&bytes, code) + at;
            set(&mut bytes, at, ticks, len);
            bytes
        };
        assert_eq!(told(&with(&case.written, right), &case.keys, beside), nothing, "{name}");
        assert_eq!(told(&with(&case.written, right), &case.keys, None), nothing, "{name}");
        assert_eq!(told(&with(&case.written, wrong), &case.keys, beside), fault, "{name}");
        assert_eq!(told(&with(&case.written, wrong), &case.keys, None), note, "{name}");
        // What is wrong in the source is none of the copy's.
        let clear = with(&case.clear, wrong);
        let source = drive::open(&clear, Feed::Whole).unwrap();
        assert_eq!(told(&with(&case.written, wrong), &case.keys, Some((&source, &clear))), nothing, "{name}");
    }

    // What a fragment says of itself: a version, and a time before the duration.
    let tfxd = [0x6d, 0x1d, 0x9b, 0x05, 0x42, 0xd5, 0x44, 0xe6];
    let longer = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        let at = first(&bytes, &tfxd) + 16 + 4 + 8;
        bytes[at + 6] ^= 1;
        bytes
    };
    assert_eq!(told(&longer(&case.written), &case.keys, beside), fault);
    assert_eq!(told(&longer(&case.written), &case.keys, None), note);
    let clear = longer(&case.clear);
    let source = drive::open(&clear, Feed::Whole).unwrap();
    assert_eq!(told(&longer(&case.written), &case.keys, Some((&source, &clear))), nothing);
}

#[test]
fn a_segment_index_that_says_another_length_than_its_fragments_is_told() {
    let text = boxlock::protect::RequestText { segment_index: true, ..request_in("cenc", "plain") };
    let case = Case::new(&text);
    let mut bytes = case.written.clone();
    // Version, reference_ID, timescale, two of four bytes each in version 0, eight in version 1; reserved and count.
    let sidx = first(&bytes, b"sidx");
    let wide = if bytes[sidx + 4] == 1 { 16 } else { 8 };
    let at = sidx + 4 + 4 + 8 + wide + 4 + 4;
    assert_eq!(
        told(&bytes, &case.keys, Some((&case.source, &case.clear))),
        [vec![], vec![]] as [Vec<String>; 2]
    );
    bytes[at + 1] ^= 1;
    let [faults, notes] = told(&bytes, &case.keys, Some((&case.source, &case.clear)));
    assert_eq!((faults, notes.len()), (vec!["durations".to_owned()], 0));
    let [faults, notes] = told(&bytes, &case.keys, None);
    assert_eq!((faults.len(), notes), (0, vec!["durations".to_owned()]));
}

/// What is made here of files whose lengths are right says right lengths.
#[test]
fn what_is_made_here_says_the_lengths_that_it_has() {
    let mut files = 0;
    for Clear { name, bytes } in sources() {
        let source = drive::open(&bytes, Feed::Whole).unwrap();
        let text = request_in("cenc", "plain");
        let Ok(plan) = drive::plan(&source, &text) else { continue };
        let own = told(&bytes, &SourceKeys::default(), None);
        let [_, notes] = told(&drive::protect_opened(&source, &bytes, &text).unwrap(), &keys_of(&plan), None);
        assert!(own[1].len() >= notes.len(), "{name}: {notes:?}, {own:?}");
        files += 1;
    }
    assert!(files > 3, "{files}");
}
