//! Published protected files change their headers and forms, and open with their keys as before.

use boxlock::protect::RequestText;

use super::always::changes;
use super::{change, in_form, keep};
use crate::support::{self, drive, raw};
use crate::undo::published::{joined, pairs};
use crate::undo::undo;

const OTHER: &str = "https://other.example/rights.asmx";

#[test]
fn published_files_open_with_their_keys_after_each_change() {
    let (mut tried, mut refused) = (0, Vec::new());
    for (name, key, _) in pairs() {
        let Some(file) = joined(&name) else { return };
        let clear = raw::samples(&drive::protect(&file, &undo(&[("", key)])).unwrap());
        let url = RequestText { la_url: OTHER.to_owned(), ..keep() };
        for request in [url, in_form("plain"), in_form("hybrid"), in_form("piff")] {
            let changed = match change(&file, &request) {
                Ok(changed) => changed,
                Err(error) => {
                    assert_eq!(error.code(), "bad-form", "{name}: {error}");
                    refused.push(name.clone());
                    continue;
                }
            };
            let back = drive::protect(&changed, &undo(&[("", key)]))
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(raw::samples(&back) == clear, "{name} {:?}", request.form);
            tried += 1;
        }
    }
    println!("{tried} changes of published files; {} refused, of schemes with patterns", refused.len());
    assert!(tried >= 50, "{tried}, {refused:?}");
}

/// Every protected file of the corpus, whether or not there is a key.
#[test]
fn no_sample_of_a_protected_file_changes() {
    let (mut changed, mut copied, mut refused) = (0, 0, std::collections::BTreeMap::<String, usize>::new());
    for (name, file) in support::corpus_files() {
        let Ok(session) = drive::open(&file, drive::Feed::Whole) else { continue };
        let Some(movie) = session.index().ok().and_then(|index| index.movie.clone()) else { continue };
        if !movie.tracks.iter().flat_map(|track| &track.entries).any(|entry| entry.has_protected_type()) {
            continue;
        }
        let fragmented = session.index().unwrap().movie.as_ref().is_some()
            && !session.index().unwrap().fragments.is_empty();
        for request in changes() {
            let made = if fragmented { change(&file, &request) } else { drive::protect(&file, &request) };
            match made {
                Ok(made) => {
                    changed += 1;
                    copied += usize::from(request.form.is_none());
                    assert!(drive::open(&made, drive::Feed::Whole).is_ok(), "{name}");
                }
                Err(error) => *refused.entry(error.code().to_owned()).or_default() += 1,
            }
        }
    }
    println!("{changed} changes, {copied} of headers alone; refused: {refused:?}");
    if support::corpus().is_some() {
        assert!(changed > 110, "{changed} {refused:?}");
    }
}
