//! A file that is opened a second time takes what the first opening used of fragments, and is read anew for the rest: it is
//! the same file then, with fewer reads; and of another movie header it is told.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use std::collections::BTreeMap;

use crate::support;

use boxlock::session::Session;
use support::synth;

/// What an opening used of fragments, by where it begins.
type Known = BTreeMap<u64, Vec<u8>>;

/// Opens a file in windows of `window` bytes. Gives its identity, what was used of fragments, and how many reads it took.
fn opened(file: &[u8], window: u64, known: &Known) -> Option<(u64, Known, usize)> {
    let mut session = Session::new(file.len() as u64).ok()?;
    let (mut used, mut reads) = (Known::new(), 0);
    while let Some(need) = session.needs() {
        if let Some(bytes) = known.get(&need.start).filter(|bytes| bytes.len() as u64 >= need.len) {
            session.feed(need.start, bytes).ok()?;
            continue;
        }
        reads += 1;
        let end = (need.start + need.len.max(window)).min(file.len() as u64);
        let bytes = &file[need.start as usize..end as usize];
        session.feed(need.start, bytes).ok()?;
        for stretch in session.of_fragments() {
            assert!(
                stretch.start >= need.start && stretch.start + stretch.len <= end,
                "no more than was given"
            );
            used.insert(stretch.start, file[stretch.start as usize..][..stretch.len as usize].to_vec());
        }
    }
    Some((session.index().unwrap().identity(), used, reads))
}

#[test]
fn the_second_opening_is_of_the_same_file_and_reads_less() {
    let mut fewer = 0;
    let files = support::corpus_files().into_iter().chain([("small".to_owned(), synth::small().bytes())]);
    for (name, file) in files.filter(|(_, file)| !file.is_empty()) {
        for window in [0, 64, 1 << 10, 64 << 10] {
            let Some((first, known, reads)) = opened(&file, window, &Known::new()) else { continue };
            let (second, _, again) = opened(&file, window, &known).unwrap();
            assert_eq!(first, second, "{name}, {window}");
            assert!(again <= reads, "{name}, {window}: {again} reads, {reads} before");
            fewer += usize::from(again < reads);
        }
    }
    assert!(fewer > 0, "some are of many fragments");
}

#[test]
fn a_movie_header_is_read_again() {
    let mut file = synth::small().bytes();
    let (first, known, _) = opened(&file, 0, &Known::new()).unwrap();
    let at = file.windows(4).position(|word| word == b"mvhd").unwrap();
    file[at + 8] ^= 1;
    let (second, ..) = opened(&file, 0, &known).unwrap();
    assert_ne!(first, second);
}
