//! Segments of a quality that is one file, from the index in it: as the file has them, whatever is known of where the index is.

use std::fs;

use boxlock::manifest::described::ByteRange;
use boxlock::manifest::segment_index::{Piece, SegmentIndex, read};
use proptest::prelude::*;
use serde_json::to_value;

use super::set;
use crate::report::types::Types;
use crate::support::corpus;

const MOST_ROUNDS: usize = 70;

fn range(start: u64, end: u64) -> ByteRange {
    ByteRange { start, end }
}

/// Reads of a file what is wanted of it, until nothing is; how often it was read, too.
fn all_of(file: &[u8], from: ByteRange) -> boxlock::bytes::Result<(SegmentIndex, usize)> {
    let mut pieces: Vec<(ByteRange, &[u8])> = Vec::new();
    for _ in 0..MOST_ROUNDS {
        let given: Vec<Piece<'_>> = pieces
            .iter()
            .map(|(place, bytes)| Piece { start: place.start, asked: place.end - place.start, bytes })
            .collect();
        let found = read(&given, from)?;
        if found.needs.is_empty() {
            return Ok((found, pieces.len()));
        }
        for need in found.needs {
            let at = |offset: u64| usize::try_from(offset).map_or(file.len(), |at| at.min(file.len()));
            assert!(!pieces.iter().any(|(place, _)| *place == need), "asked twice for {need:?}");
            pieces.push((need, &file[at(need.start)..at(need.end)]));
        }
    }
    panic!("it goes on to want bytes");
}

/// A `sidx` of version 1; entries are whether each is an index, its size, and its duration.
fn sidx(timescale: u32, time: u64, first_offset: u64, entries: &[(bool, u32, u32)]) -> Vec<u8> {
    let mut body = vec![1, 0, 0, 0];
    body.extend([0, 0, 0, 1]);
    body.extend(timescale.to_be_bytes());
    body.extend(time.to_be_bytes());
    body.extend(first_offset.to_be_bytes());
    body.extend([0, 0]);
    body.extend(u16::try_from(entries.len()).unwrap().to_be_bytes());
    for (is_index, size, duration) in entries {
        body.extend((u32::from(*is_index) << 31 | size).to_be_bytes());
        body.extend(duration.to_be_bytes());
        body.extend([0x90, 0, 0, 0]);
    }
    boxed(b"sidx", &body)
}

fn boxed(code: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(body.len() + 8).unwrap().to_be_bytes().to_vec();
    bytes.extend(code);
    bytes.extend(body);
    bytes
}

/// Two indexes, each in front of its segments, led to by one; the second leads to a further one.
fn nested() -> Vec<u8> {
    let first = sidx(1000, 5000, 0, &[(false, 100, 2000), (false, 50, 1000)]);
    let deepest = sidx(1000, 9000, 0, &[(false, 10, 1000)]);
    let second =
        sidx(500, 4000, 0, &[(false, 70, 500), (true, u32::try_from(deepest.len()).unwrap() + 10, 500)]);
    let whole = |index: &[u8], media: u32| u32::try_from(index.len()).unwrap() + media;
    let root = sidx(
        1000,
        5000,
        4,
        &[
            (true, whole(&first, 150), 3000),
            (true, whole(&second, 70) + whole(&deepest, 10), 2000),
            (false, 33, 700),
        ],
    );
    let mut file = boxed(b"ftyp", b"dash\0\0\0\0");
    file.extend(root);
    file.extend([0; 4]);
    file.extend(first);
    file.extend([1; 150]);
    file.extend(second);
    file.extend([2; 70]);
    file.extend(deepest);
    file.extend([3; 10]);
    file.extend([4; 33]);
    file
}

/// What is told of a file that has its index where `describe` says.
fn matches_description(name: &str, bytes: &[u8]) {
    let described = set::of(name, bytes);
    let index = described.index.unwrap();
    let init = described.init.unwrap();
    let expected: Vec<_> = described.segments.iter().map(|one| range(one.start, one.end)).collect();
    // Where it is said, behind the initialization range, and from the first byte on.
    for (from, most) in [(index, 1), (range(init.end, 0), 2), (range(0, 0), 3)] {
        let (found, reads) = all_of(bytes, from).unwrap();
        assert_eq!((found.at, found.indexes, found.deeper, found.left), (Some(index), 1, 0, 0), "{name}");
        assert_eq!(found.ranges, expected, "{name}");
        assert_eq!(found.timescale, u64::from(described.timescale), "{name}");
        let count: u64 = found.runs.iter().map(|run| run.count).sum();
        assert_eq!(count, described.segments.len() as u64);
        let long: u64 = found.runs.iter().map(|run| run.count * run.duration).sum();
        assert_eq!(long, described.segments.iter().map(|one| one.duration).sum::<u64>(), "{name}");
        assert!(reads <= most, "{name}: {reads} reads from {from:?}");
    }
}

#[test]
fn the_segments_are_those_that_the_file_has() {
    matches_description("sample.ismv", &set::sample("hybrid"));
    let mut types = Types::read(include_str!("../../www/types.d.ts"));
    let (found, _) = all_of(&nested(), range(0, 0)).unwrap();
    types.check("SegmentIndex", &to_value(found).unwrap()).unwrap_or_else(|error| panic!("{error}"));
    let wanted = read(&[], range(7, 0)).unwrap();
    types.check("SegmentIndex", &to_value(wanted).unwrap()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(types.unseen("SegmentIndex"), [""; 0]);
}

#[test]
fn files_that_others_made_are_listed() {
    let Some(folder) = corpus() else { return };
    let name = "mp4-frag-mixed/mp4ff__bbb5s_aac_sidx.mp4";
    matches_description(name, &fs::read(folder.join(name)).unwrap());
}

#[test]
fn one_level_of_further_indexes_is_followed_and_deeper_ones_are_counted() {
    let file = nested();
    let (found, reads) = all_of(&file, range(0, 0)).unwrap();
    let root = 16 + 36 + 4 + 3 * 12;
    let first = root + 4;
    let one = first + 64;
    let two = one + 150 + 64;
    let last = file.len() as u64;
    assert_eq!(
        found.ranges,
        [range(one, one + 100), range(one + 100, one + 150), range(two, two + 70), range(last - 33, last)]
    );
    assert_eq!((found.indexes, found.deeper, found.left), (3, 1, 0));
    // 4000 ticks of 500 a second are 8000 of 1000.
    let times: Vec<_> = found.runs.iter().map(|run| (run.time, run.duration, run.count)).collect();
    assert_eq!(times, [(5000, 2000, 1), (7000, 1000, 2), (10_000, 700, 1)]);
    // All of it came with the first read.
    assert_eq!(reads, 1);
    // With no more than the first index, each of the others is asked for, once.
    let (again, reads) = all_of(&file, range(16, root)).unwrap();
    assert_eq!(again.ranges, found.ranges);
    assert_eq!(reads, 2, "what is near goes together");
}

#[test]
fn what_is_no_index_is_said() {
    let said = |file: &[u8], from| all_of(file, from).map(|_| ()).unwrap_err();
    let clear = include_bytes!("../../www/samples/sample.ismv");
    let error = said(clear, range(0, 0));
    assert_eq!(error.code(), "no-segment-index");
    assert!(error.message().contains("before the first fragment"), "{error}");
    assert_eq!(said(b"", range(100, 0)).code(), "no-segment-index");
    assert_eq!(said(b"\0\0\0\x08free", range(0, 0)).code(), "no-segment-index");
    assert_eq!(said(&[0x1a, 0x45, 0xdf, 0xa3].repeat(20), range(0, 0)).code(), "no-segment-index");
    let index = sidx(1000, 0, 0, &[(false, 1, 1)]);
    let error = said(&index[..40], range(0, 0));
    assert_eq!(error.code(), "truncated");
    assert!(error.message().contains("byte 52"), "{error}");
    let error = said(&sidx(0, 0, 0, &[(false, 1, 1)]), range(0, 0));
    assert_eq!(error.code(), "bad-segment-index");
    let mut long = index.clone();
    long[..4].copy_from_slice(&0x0020_0000_u32.to_be_bytes());
    assert!(said(&long, range(0, 0)).message().contains("2097152 bytes"));
    // Offsets that no number of JavaScript holds stay within them.
    let (found, _) = all_of(&sidx(1000, u64::MAX, u64::MAX, &[(false, 9, 9)]), range(0, 0)).unwrap();
    assert_eq!(found.ranges, [range((1 << 53) - 1, (1 << 53) - 1)]);
}

#[test]
fn too_many_indexes_are_left_out_and_counted() {
    let one = sidx(1, 0, 0, &[(false, 0, 1)]);
    let len = u32::try_from(one.len()).unwrap();
    let mut file = sidx(1, 0, 0, &vec![(true, len, 1); 200]);
    for _ in 0..200 {
        file.extend(&one);
    }
    let (found, reads) = all_of(&file, range(0, 100)).unwrap();
    assert_eq!((found.indexes, found.ranges.len(), found.left), (129, 128, 72));
    assert!(reads <= 4, "{reads}");
}

proptest! {
    #[test]
    fn whatever_bytes_are_they_are_read_to_an_end(
        change in prop::collection::vec((0_usize..400, any::<u8>()), 0..6),
        cut in 0_usize..600,
        start in 0_u64..200,
        len in 0_u64..200,
    ) {
        let mut file = nested();
        let size = file.len();
        for (at, byte) in change {
            file[at % size] = byte;
        }
        file.truncate(cut.max(1));
        if let Ok((found, _)) = all_of(&file, range(start, if len == 0 { 0 } else { start + len })) {
            let count: u64 = found.runs.iter().map(|run| run.count).sum();
            prop_assert_eq!(count, found.ranges.len() as u64);
            prop_assert!(found.ranges.iter().all(|one| one.start <= one.end && one.end < 1 << 53));
        }
    }
}
