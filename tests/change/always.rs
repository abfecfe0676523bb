//! What is always so, of generated and of damaged files.

use boxlock::protect::RequestText;
use proptest::prelude::*;

use super::{in_form, keep};
use crate::support::{self, drive, hostile, raw, strategy, synth, verdict};
use crate::undo::undo;

const WAYS: [(&str, &str); 5] =
    [("cenc", "hybrid"), ("cenc", "piff"), ("cenc", "plain"), ("cbc1", "piff"), ("cbc1", "plain")];

/// All kinds of change.
pub fn changes() -> Vec<RequestText> {
    let text = |text: &str| Some(text.to_owned());
    let mut all: Vec<RequestText> = ["hybrid", "piff", "plain"].map(in_form).to_vec();
    all.push(RequestText { la_url: "https://other.example/".to_owned(), ..keep() });
    all.push(RequestText { remove: vec!["playready".to_owned()], brands: text("iso6"), ..keep() });
    all.push(RequestText { widevine: true, segment_index: true, ..keep() });
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn generated_files_keep_their_samples_and_open_with_their_key(
        file in strategy::file(),
        way in 0..5_usize,
        what in 0..6_usize,
    ) {
        let bytes = file.bytes();
        let (scheme, form) = WAYS[way];
        let Ok(protected) = drive::protect(&bytes, &drive::request_in(scheme, form)) else { return Ok(()) };
        let request = changes().swap_remove(what);
        let changed = match drive::protect(&protected, &request) {
            Ok(changed) => changed,
            // Files of one fragment after the other have no place for an index.
            Err(error) => {
                prop_assert!(request.segment_index, "{}", error);
                return Ok(());
            }
        };
        prop_assert!(drive::samples(&changed) == drive::samples(&protected));
        verdict::pointers(&protected, &changed).map_err(TestCaseError::fail)?;
        let key = undo(&[(drive::KID, drive::KEY)]);
        // Samples that are made up look like noise also when they are clear.
        let open = |file: &[u8]| drive::decrypted_samples(file, |_, _| Some(boxlock::bytes::ContentKey(drive::key())));
        prop_assert!(open(&changed).unwrap() == file.samples());
        if let (Ok(one), Ok(other)) = (drive::protect(&changed, &key), drive::protect(&protected, &key)) {
            prop_assert!(drive::samples(&one) == drive::samples(&other));
        }
    }
}

#[test]
fn damaged_files_are_refused_or_changed() {
    let small = synth::small().bytes();
    let mut numbers = hostile::Numbers(0x9e37_79b9_7f4a_7c15);
    let (mut done, mut refused) = (0, 0);
    for (scheme, form) in WAYS {
        let file = drive::protect(&small, &drive::request_in(scheme, form)).unwrap();
        for _ in 0..120 {
            let mut damaged = file.clone();
            for _ in 0..=numbers.below(3) {
                let at = numbers.below(damaged.len());
                damaged[at] = numbers.next() as u8;
            }
            if numbers.below(4) == 0 {
                damaged.truncate(numbers.below(damaged.len()));
            }
            for request in changes() {
                match drive::protect(&damaged, &request) {
                    Ok(changed) => {
                        done += 1;
                        let _ = drive::open(&changed, drive::Feed::Whole);
                    }
                    Err(error) => {
                        refused += 1;
                        hostile::check_error(&error);
                    }
                }
            }
        }
    }
    println!("{done} damaged files changed, {refused} refused");
    assert!(done > 500 && refused > 200, "{done} {refused}");
}

/// Files after public trouble reports, in both folders.
#[test]
fn protected_cases_are_refused_or_changed() {
    let mut tried = 0;
    let folders = [support::cases(), support::inspect_cases()];
    for folder in folders.into_iter().flatten() {
        let mut all: Vec<_> = std::fs::read_dir(folder).unwrap().filter_map(Result::ok).collect();
        all.sort_by_key(std::fs::DirEntry::path);
        for entry in all {
            let Ok(file) = std::fs::read(entry.path()) else { continue };
            let Ok(session) = drive::open(&file, drive::Feed::Whole) else { continue };
            for request in changes() {
                match drive::protect_opened(&session, &file, &request) {
                    Ok(changed) if session.is_made() => assert!(changed.len() > 8),
                    Ok(changed) => {
                        assert_eq!(raw::samples(&changed), raw::samples(&file), "{:?}", entry.path());
                        tried += 1;
                    }
                    Err(error) => hostile::check_error(&error),
                }
            }
        }
    }
    println!("{tried} changes of files after trouble reports");
}

/// A fragment without samples, and a part without samples before one that counts from the data before: both were found among
/// generated files.
#[test]
fn parts_without_samples_are_no_trouble() {
    let part = |base, runs: Vec<Vec<Vec<u8>>>| synth::Traf {
        track: 0,
        base,
        sizes: synth::Sizes::Each,
        run_flags: 0,
        run_version: 0,
        terse: false,
        runs,
        gap: 0,
        tfdt: None,
        tfxd: None,
        extras: false,
    };
    let fragment = |trafs| synth::Fragment {
        before: Vec::new(),
        between: Vec::new(),
        long_mdat: false,
        trafs,
        own_index: false,
        sequence: 0,
    };
    let one = || vec![vec![vec![7; 40]]];
    let fragments = vec![
        fragment(vec![part(synth::Base::Absolute, Vec::new()), part(synth::Base::Implicit, one())]),
        fragment(vec![part(synth::Base::Moof, one())]),
        fragment(vec![part(synth::Base::Moof, Vec::new())]),
    ];
    let tracks = vec![synth::Kind::Sound];
    let file = synth::File { brand: None, tracks, fragments, global_index: None, access: None, tail: 0 };
    let (bytes, key) = (file.bytes(), undo(&[(drive::KID, drive::KEY)]));
    for (scheme, form) in WAYS {
        let protected = drive::protect(&bytes, &drive::request_in(scheme, form)).unwrap();
        for request in changes() {
            let changed = match drive::protect(&protected, &request) {
                // An index lists no segment without samples.
                Err(error) if request.segment_index || request.widevine => {
                    assert!(["bad-form", "no-samples"].contains(&error.code()), "{error}");
                    continue;
                }
                changed => changed.unwrap_or_else(|error| panic!("{scheme} {form} {request:?}: {error}")),
            };
            assert!(drive::samples(&changed) == drive::samples(&protected));
            let back = drive::protect(&changed, &key).unwrap();
            assert!(drive::samples(&back) == file.samples(), "{scheme} {form} {request:?}");
        }
    }
}
