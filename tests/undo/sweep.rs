//! Whatever is protected, with right, wrong and missing keys: it is refused with a reason, or comes out finished.

use boxlock::protect::request::SecretText;
use boxlock::protect::{RequestText, SourceKeyText};

use super::{check_nothing_is_left, undo};
use crate::support::hostile::check_error;
use crate::support::{self, drive, raw};

/// Files of the corpus and of both folders of cases in which something is encrypted.
fn protected() -> Vec<(String, Vec<u8>)> {
    let folders = [support::cases(), support::inspect_cases()];
    let mut all = support::corpus_files();
    for folder in folders.into_iter().flatten() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            all.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    let is_protected = |file: &[u8]| {
        let session = drive::open(file, drive::Feed::Whole).ok()?;
        Some(session.check().is_err_and(|error| error.code() == "already-protected"))
    };
    all.retain(|(_, file)| file.len() < 4 << 20 && is_protected(file) == Some(true));
    all
}

#[test]
fn what_comes_out_is_clear_and_whole() {
    let (mut made, mut refused) = (0, std::collections::BTreeMap::<String, usize>::new());
    let key = |track, key: &str| SourceKeyText { kid: None, track, key: Some(SecretText(key.to_owned())) };
    for (name, file) in protected() {
        let some_track =
            |request: RequestText| RequestText { source_keys: vec![key(Some(1), drive::KEY)], ..request };
        let session = drive::open(&file, drive::Feed::Whole).unwrap();
        let index = session.index().unwrap();
        // What leads nowhere in the source leads nowhere else afterwards.
        let leads = index.random_access_points().iter().all(|at| index.fragment_at(*at).is_some());
        for request in [
            undo(&[("", drive::KEY)]),
            some_track(undo(&[])),
            RequestText {
                source_keys: undo(&[("", drive::KEY)]).source_keys,
                iv_start: None,
                kid: Some("0e1e2e3e-0000-4000-8000-0123456789ab".to_owned()),
                key: Some(SecretText("0102030405060708090a0b0c0d0e0f00".to_owned())),
                ..drive::request_in("cbcs", "plain")
            },
        ] {
            match drive::protect(&file, &request) {
                Ok(output) => {
                    if leads {
                        raw::check_pointers(&output);
                    }
                    if request.scheme.as_deref() == Some("none") {
                        check_nothing_is_left(&output);
                        let again = drive::open(&output, drive::Feed::Exact).unwrap();
                        assert!(
                            again.check().is_ok_and(|()| again.index().unwrap().problems.is_empty()),
                            "{name}"
                        );
                    }
                    // Its key was wrong, or nothing needed one.
                    let plan = drive::plan(&session, &request).unwrap();
                    let doubts = drive::doubts_of_keys(&session, &file, &plan).unwrap();
                    assert!(!doubts.is_empty() || plan.undoes.is_empty(), "{name}");
                    made += 1;
                }
                Err(error) => {
                    check_error(&error);
                    *refused.entry(error.code().to_owned()).or_default() += 1;
                }
            }
        }
    }
    println!("{made} made, refused: {refused:?}");
    if support::corpus().is_some() {
        assert!(made > 10 && refused["wrong-key"] > 10 && refused["no-key"] > 3, "{made} {refused:?}");
    }
}
