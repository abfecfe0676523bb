//! What is protected and made clear again is the identical file.

use boxlock::protect::RequestText;
use proptest::prelude::*;

use super::{WAYS, check_nothing_is_left, undo, unprotect};
use crate::support::{self, drive, strategy, synth};
use crate::verify::{keys_of, verify};

/// Protects a file and makes it clear again; `None` when it cannot be protected so.
fn there_and_back(file: &[u8], request: &RequestText) -> Option<Vec<u8>> {
    let session = drive::open(file, drive::Feed::Whole).ok()?;
    let plan = drive::plan(&session, request).ok()?;
    let protected = drive::protect(file, request).ok()?;
    let keys: Vec<_> = plan.all_keys().map(|key| (key.kid.uuid(), hex::encode(key.key.0))).collect();
    let keys: Vec<(&str, &str)> = keys.iter().map(|(kid, key)| (&**kid, &**key)).collect();
    let back = match unprotect(&protected, &keys) {
        // Samples that are made up look like noise also when they are clear.
        Err(error) if error.code() == "wrong-key" && file.len() < 40_000 => return None,
        back => back.unwrap_or_else(|error| panic!("{error}")),
    };
    check_nothing_is_left(&back);
    Some(back)
}

/// What is asked beside scheme and form.
fn wishes() -> [RequestText; 4] {
    let text = |text: &str| Some(text.to_owned());
    let random = RequestText { kid: None, key: None, ..drive::request("") };
    [
        drive::request(""),
        RequestText { clear_lead: text("2"), ..drive::request("") },
        RequestText { key_rotation: text("2"), clear_lead: text("1"), ..random.clone() },
        RequestText { key_per: text("track"), ..random },
    ]
}

fn requests() -> impl Iterator<Item = RequestText> {
    WAYS.iter().flat_map(|(scheme, form)| {
        let text = |text: &str| Some(text.to_owned());
        wishes().map(|wish| RequestText { scheme: text(scheme), form: text(form), profile: None, ..wish })
    })
}

#[test]
fn the_sample_comes_back_from_every_way() {
    let sample = include_bytes!("../../www/samples/sample.ismv");
    let mut tried = 0;
    for request in requests() {
        let Some(back) = there_and_back(sample, &request) else { continue };
        tried += 1;
        assert!(back == sample, "{request:?}");
    }
    assert!(tried > 24, "{tried}");
}

#[test]
fn clear_files_of_the_corpus_come_back() {
    let (mut same, mut others, mut tried) = (0, Vec::new(), 0);
    for (name, file) in support::corpus_files() {
        let Ok(session) = drive::open(&file, drive::Feed::Whole) else { continue };
        if session.is_made() || session.check().is_err() || session.is_made() || file.len() > 4 << 20 {
            continue;
        }
        let all: Vec<RequestText> = requests().collect();
        for (number, request) in
            all.iter().enumerate().filter(|(number, _)| number % 5 == tried % 5 || *number == 0)
        {
            let Some(back) = there_and_back(&file, request) else { continue };
            if back == file {
                same += 1;
            } else {
                others.push(format!("{name} {number}"));
            }
        }
        tried += 1;
    }
    // What these have left of an earlier encryption does not come back.
    others.retain(|name| {
        !name.contains("av1-mp4-with-encryption") && !name.contains("malformed-avif-mp4parse")
    });
    assert!(others.is_empty(), "{others:#?}");
    assert!(support::corpus().is_none() || same > 100, "{same}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn generated_files_come_back(file in strategy::file(), way in 0..28_usize) {
        let bytes = file.bytes();
        let request = requests().nth(way).unwrap();
        if let Some(back) = there_and_back(&bytes, &request) {
            // Where data stands in the file is not known when a fragment is written: that base does not come back.
            let is_absolute = |traf: &synth::Traf| traf.base == synth::Base::Absolute;
            if file.fragments.iter().flat_map(|fragment| &fragment.trafs).any(is_absolute) {
                prop_assert_eq!(drive::samples(&back), drive::samples(&bytes));
            } else {
                prop_assert!(back == bytes);
            }
        }
    }
}

/// The file with the groups of keys of each fragment told as a pattern of one (ISO/IEC 14496-12:2022 8.9.5), and how many.
fn by_patterns(mut file: Vec<u8>) -> (Vec<u8>, usize) {
    let places: Vec<usize> = (4..file.len() - 24)
        .filter(|at| file[*at..].starts_with(b"sbgp") && file[*at + 8..].starts_with(b"seig"))
        .collect();
    for at in &places {
        let word = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
        let (count, samples, group) = (word(at + 12), word(at + 16), word(at + 20));
        assert!(count == 1 && samples < 1 << 16 && group > 0x1_0000);
        // Lengths and counts of 16 bits, groups of 32, of which the highest says that they are of the fragment.
        let entry = [
            1_u32.to_be_bytes(),
            (1 << 16 | samples).to_be_bytes(),
            ((group - 0x1_0000) | (1 << 31)).to_be_bytes(),
        ];
        file[*at..at + 4].copy_from_slice(b"csgp");
        file[at + 4..at + 8].copy_from_slice(&0xab_u32.to_be_bytes());
        file[at + 12..at + 24].copy_from_slice(&entry.concat());
    }
    (file, places.len())
}

#[test]
fn files_whose_keys_change_by_patterns_are_verified_come_back_and_are_protected_anew() {
    let sample = include_bytes!("../../www/samples/sample.ismv");
    let source = drive::open(sample, drive::Feed::Whole).unwrap();
    for (scheme, form) in [("cenc", "plain"), ("cenc", "hybrid"), ("cbcs", "plain")] {
        let random = RequestText { kid: None, key: None, ..drive::request_in(scheme, form) };
        let request = RequestText { key_rotation: Some("2".to_owned()), ..random };
        let plan = drive::plan(&source, &request).unwrap();
        let (protected, count) = by_patterns(drive::protect(sample, &request).unwrap());
        // The first two fragments of each track have the key of their sample entry.
        assert_eq!(count, 6);
        let keys: Vec<_> = plan.all_keys().map(|key| (key.kid.uuid(), hex::encode(key.key.0))).collect();
        let keys: Vec<(&str, &str)> = keys.iter().map(|(kid, key)| (&**kid, &**key)).collect();
        let outcome = verify(&protected, &keys_of(&plan), Some((&source, sample)));
        assert!(outcome.faults.is_empty(), "{scheme} {form}: {:?}", outcome.faults);
        let back = unprotect(&protected, &keys).unwrap();
        check_nothing_is_left(&back);
        assert!(back == sample, "{scheme} {form}");
        let anew = RequestText { source_keys: undo(&keys).source_keys, ..drive::request("") };
        let anew = drive::protect(&protected, &anew).unwrap();
        let new = drive::request("");
        let (kid, key) = (new.kid.unwrap(), new.key.unwrap());
        assert!(unprotect(&anew, &[(&kid, &key.0)]).unwrap() == sample, "{scheme} {form}");
    }
}
