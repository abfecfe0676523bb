//! Headers of fragments that are read ahead, and rows as numbers.

use boxlock::report::{self, PackedSamples, ROW_LEN, SamplePage, SampleRow};

use crate::support;

use super::Looked;

/// The sample, clear and protected, and small files of the corpus.
fn files() -> Vec<(String, Vec<u8>)> {
    let sample = include_bytes!("../../www/samples/sample.ismv").to_vec();
    let protected = support::drive::protect(&sample, &support::drive::request("hybrid")).unwrap();
    let own = [("sample".to_owned(), sample), ("protected".to_owned(), protected)];
    own.into_iter().chain(support::corpus_files()).filter(|(_, file)| file.len() < 2 << 20).collect()
}

#[test]
fn what_was_read_ahead_is_not_wanted_again() {
    for (name, file) in files() {
        let (Some(mut plain), Some(mut ahead)) = (Looked::open(&file), Looked::open(&file)) else { continue };
        for track in plain.tracks() {
            let mut from = 0;
            loop {
                let heads = ahead.samples.heads_for(track, from, 1000);
                assert!(heads.is_sorted_by(|one, next| one.start < next.start), "{name}");
                for head in &heads {
                    let start = usize::try_from(head.start).unwrap();
                    let end = (start + usize::try_from(head.len).unwrap()).min(file.len());
                    ahead.samples.take_head(head.start, file[start..end].to_vec());
                }
                let own = name == "sample" || name == "protected";
                assert!(!own || from > 0 || !heads.is_empty(), "{name} has fragments");
                assert!(!own || ahead.samples.heads_for(track, from, 1000).is_empty(), "{name}");
                let page = ahead.ask(|samples, _| samples.page(track, from, 1000));
                let same = plain.ask(|samples, _| samples.page(track, from, 1000));
                let (Ok(page), Ok(same)) = (&page, &same) else {
                    assert_eq!(page.err(), same.err(), "{name}, track {track}");
                    break;
                };
                assert_eq!(page.rows, same.rows, "{name}, track {track}, from {from}");
                assert_eq!(page.problems, same.problems, "{name}, track {track}");
                if page.rows.is_empty() {
                    break;
                }
                from += page.rows.len() as u64;
            }
        }
        assert!(name != "sample" || (ahead.read == 0 && plain.read > 0), "{} and {}", ahead.read, plain.read);
    }
}

/// A row without its encryption, of its numbers.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they were such numbers")]
fn unpacked(numbers: &[f64], groups: &[Vec<String>]) -> SampleRow {
    let whole = |at: usize| numbers[at] as u64;
    let flags = whole(7) as u32;
    SampleRow {
        number: whole(0),
        fragment: (numbers[1] >= 0.0).then(|| usize::try_from(whole(1)).unwrap()),
        decode: numbers[2],
        composition: numbers[3],
        duration: whole(4) as u32,
        start: whole(5),
        size: whole(6) as u32,
        sync: flags >> 16 & 1 == 0,
        dependency: report::SampleDependency {
            leading: flags >> 26 & 3,
            depends_on: flags >> 24 & 3,
            depended_on: flags >> 22 & 3,
            redundancy: flags >> 20 & 3,
        },
        priority: flags & 0xffff,
        entry: whole(8) as u32,
        groups: groups[usize::try_from(whole(9)).unwrap()].clone(),
        encryption: None,
    }
}

#[test]
fn numbers_say_all_that_rows_say() {
    let (mut rows, mut grouped, mut encrypted) = (0, 0, 0);
    for (name, file) in files() {
        let Some(mut looked) = Looked::open(&file) else { continue };
        for track in looked.tracks() {
            let asked = looked.ask(|samples, index| report::sample_page(samples, index, track, 0, 10_000));
            let Ok(page) = asked else { continue };
            let PackedSamples { page: rest, groups, numbers } = PackedSamples::of(page.clone());
            assert_eq!(numbers.len(), page.rows.len() * ROW_LEN, "{name}");
            let mut said = rest.rows.iter().peekable();
            let rebuilt = numbers.chunks_exact(ROW_LEN).map(|numbers| {
                let row = unpacked(numbers, &groups);
                said.next_if(|said| said.number == row.number).cloned().unwrap_or(row)
            });
            let rebuilt = SamplePage { rows: rebuilt.collect(), ..rest.clone() };
            let text = |page: &SamplePage| serde_json::to_string(page).unwrap();
            assert_eq!(text(&rebuilt), text(&page), "{name}, track {track}");
            rows += page.rows.len();
            grouped += page.rows.iter().filter(|row| !row.groups.is_empty()).count();
            encrypted += rest.rows.len();
        }
    }
    assert!(rows > 100 && encrypted > 50, "{rows} rows, {encrypted} of them encrypted");
    assert!(support::corpus().is_none() || grouped > 100, "{grouped} in groups");
}
