//! The clear ranges of both H.264 rules: a naive second opinion on samples of any shape, and what must always hold.

use boxlock::boxes::cenc::Subsample;
use boxlock::protect::subsample::{RangeFinder, Rule, SENC_MAX_ENTRIES, Tally, saiz_max_entries};
use boxlock::track::codec::h264::{LengthSize, Nals, ParameterSets, SliceHeader};
use proptest::prelude::*;

/// Bytes from bits written out, spaces apart, filled up with ones.
pub fn bits(head: &[u8], text: &str) -> Vec<u8> {
    let mut bits: Vec<u8> = text.bytes().filter(|b| *b != b' ').map(|b| b - b'0').collect();
    bits.resize(bits.len().next_multiple_of(8), 1);
    let body = bits.chunks(8).map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | bit));
    head.iter().copied().chain(body).collect()
}

/// Baseline but CABAC: 32x16, frame_num of 4 bits, picture order type 2.
pub fn sps() -> Vec<u8> {
    // id 0, frame_num 4 bits, order type 2, one reference, no gaps, 2 wide, 1 high, frames only, direct, no crop, no VUI
    bits(&[0x67, 66, 0, 30], "1 1 011 010 0 010 1 1 1 0 0 1")
}

/// CABAC, no deblocking control.
pub fn pps() -> Vec<u8> {
    bits(&[0x68], "1 1 1 0 1 1 1 0 00 1 1 1 0 0 0 1")
}

pub fn sets() -> ParameterSets {
    let mut sets = ParameterSets::new();
    assert!(sets.update(&sps()).unwrap());
    assert!(sets.update(&pps()).unwrap());
    assert!(!sets.update(&pps()).unwrap(), "the same again changes nothing");
    sets
}

fn legacy(max: usize) -> RangeFinder {
    RangeFinder::new(Rule::AvcLegacy { length_size: LengthSize::Four }, max)
}

fn cmaf(max: usize) -> RangeFinder {
    RangeFinder::new(Rule::AvcCmaf { length_size: LengthSize::Four, sets: sets() }, max)
}

fn split(finder: &mut RangeFinder, sample: &[u8]) -> Vec<(u16, u32)> {
    let mut out = Vec::new();
    finder.split(sample, &mut out).unwrap();
    out.iter().map(|s| (s.clear, s.protected)).collect()
}

fn sample(nals: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for nal in nals {
        bytes.extend(u32::try_from(nal.len()).unwrap().to_be_bytes());
        bytes.extend(nal);
    }
    bytes
}

/// Bytes of the slice NAL units of [`idr`] up to the end of the slice header.
const HEADER: usize = 4;

/// An IDR slice under [`sets`] with this many bytes of slice data.
fn idr(data: usize) -> Vec<u8> {
    // first_mb 0, slice_type 7, PPS 0, frame_num 0, idr_pic_id 0, two flags of marking, slice_qp_delta 0; CABAC ones
    let mut nal = bits(&[0x65], "1 0001000 1 0000 1 00 1");
    assert_eq!(nal.len(), HEADER);
    nal.extend((0..data).map(|n| 0x40 | (n % 61) as u8));
    nal
}

/// What each byte of a sample is, decided one byte at a time.
fn oracle(sample: &[u8], is_cmaf: bool) -> Vec<bool> {
    let (mut protected, mut at) = (Vec::new(), 0);
    while at < sample.len() {
        let len = u32::from_be_bytes(sample[at..at + 4].try_into().unwrap()) as usize;
        let nal = &sample[at + 4..at + 4 + len];
        let from = match nal.first().map(|b| b & 0x1F) {
            None => 0,
            Some(_) if !is_cmaf => 1,
            Some(1 | 2 | 5) => SliceHeader::parse(nal, &sets()).unwrap().len,
            Some(_) => len,
        };
        let mut to = len;
        while is_cmaf && !(to - from).is_multiple_of(16) {
            to -= 1;
        }
        protected.extend([false; 4]);
        protected.extend((0..len).map(|n| n >= from && n < to));
        at += 4 + len;
    }
    protected
}

/// The same from entries.
fn marks(entries: &[Subsample]) -> Vec<bool> {
    let mut marks = Vec::new();
    for e in entries {
        marks.extend(std::iter::repeat_n(false, usize::from(e.clear)));
        marks.extend(std::iter::repeat_n(true, e.protected as usize));
    }
    marks
}

#[test]
fn legacy_keeps_length_and_header_byte_of_every_unit() {
    let sample = sample(&[vec![0x09, 0xF0], vec![0x67; 20], idr(100), vec![0x41; 7784]]);
    assert_eq!(split(&mut legacy(40), &sample), [(5, 1), (5, 19), (5, 103), (5, 7783)]);
}

#[test]
fn legacy_joins_units_without_a_body_to_the_next_clear_run() {
    // A lone header byte, a unit of no bytes, then a slice; and the same two at the end.
    let sample = sample(&[vec![0x0A], vec![], vec![0x41; 10], vec![], vec![0x0B]]);
    assert_eq!(split(&mut legacy(40), &sample), [(5 + 4 + 5, 9), (4 + 5, 0)]);
    assert_eq!(split(&mut legacy(40), &[0, 0, 0, 0]), [(4, 0)], "one empty unit");
}

#[test]
fn length_fields_of_one_and_two_bytes_are_read_as_such() {
    for (size, sample) in
        [(LengthSize::One, &[3, 0x41, 1, 2, 1, 0x09][..]), (LengthSize::Two, &[0, 3, 0x41, 1, 2, 0, 1, 0x09])]
    {
        let clear = u16::try_from(size.bytes() + 1).unwrap();
        let mut finder = RangeFinder::new(Rule::AvcLegacy { length_size: size }, 40);
        assert_eq!(split(&mut finder, sample), [(clear, 2), (clear, 0)]);
    }
}

#[test]
fn cmaf_protects_whole_blocks_of_slices_only() {
    assert_eq!(SliceHeader::parse(&idr(0), &sets()).unwrap().len, HEADER);
    // 35 bytes behind the header: two blocks, then three bytes that join the next clear run.
    let bytes = sample(&[vec![0x06; 30], idr(35), vec![0x0C; 9], idr(16)]);
    assert_eq!(split(&mut cmaf(40), &bytes), [(34 + 8, 32), (3 + 13 + 8, 16)]);
    // Less than a block: all clear. Slice extensions and auxiliary slices: all clear.
    let bytes = sample(&[idr(15), vec![0x74; 50], vec![0x13; 50], vec![0x03; 50]]);
    assert_eq!(split(&mut cmaf(40), &bytes), [(u16::try_from(bytes.len()).unwrap(), 0)]);
}

#[test]
fn long_clear_runs_are_cut_at_65535() {
    for (len, expected) in [
        (65_531, vec![(65_535, 0)]),
        (65_532, vec![(65_535, 0), (1, 0)]),
        (131_066, vec![(65_535, 0), (65_535, 0)]),
    ] {
        assert_eq!(split(&mut cmaf(40), &sample(&[vec![0x06; len]])), expected);
    }
    let bytes = sample(&[vec![0x06; 65_526], vec![0x41; 2]]);
    let mut finder = legacy(40);
    assert_eq!(split(&mut finder, &bytes), [(5, 65_525), (5, 1)]);
    // A clear run of exactly 65535 shares its entry with the protected part.
    let bytes = sample(&[vec![0x06; 65_535 - 12], idr(16)]);
    assert_eq!(split(&mut cmaf(40), &bytes), [(65_535, 16)]);
    let bytes = sample(&[vec![0x06; 65_536 - 12], idr(16)]);
    assert_eq!(split(&mut cmaf(40), &bytes), [(65_535, 0), (1, 16)]);
}

#[test]
fn saiz_allows_as_many_entries_as_fit_255_bytes() {
    assert_eq!([8, 16, 0].map(saiz_max_entries), [40, 39, 42]);
    for iv in [0, 8, 16] {
        let n = saiz_max_entries(iv);
        assert!(iv + 2 + 6 * n <= 255 && iv + 2 + 6 * (n + 1) > 255);
    }
}

#[test]
fn a_sample_that_takes_too_many_entries_is_an_error_with_both_numbers() {
    let bytes = sample(&vec![idr(64); 41]);
    let mut out = vec![Subsample { clear: 1, protected: 1 }];
    let error = cmaf(40).split(&bytes, &mut out).unwrap_err();
    assert_eq!((error.code(), error.field()), ("too-many-subsamples", Some("form")));
    assert!(
        error.message().contains("take 41 subsamples") && error.message().contains("describe 40"),
        "{error}"
    );
    assert!(error.message().contains("form piff"), "{error}");
    assert_eq!(out.len(), 1, "nothing was appended");
    assert_eq!(split(&mut cmaf(41), &bytes).len(), 41);
    assert_eq!(split(&mut cmaf(40), &sample(&vec![idr(64); 40])).len(), 40);
    // A clear run of more than 65535 bytes takes an entry more, at the end as well.
    let long = |count: usize| [vec![idr(64); count], vec![vec![0x06; 65_536]]].concat();
    assert_eq!(split(&mut cmaf(40), &sample(&long(38))).len(), 40);
    assert_eq!(cmaf(40).split(&sample(&long(39)), &mut out).unwrap_err().code(), "too-many-subsamples");
}

#[test]
fn a_sample_without_bytes_gets_one_empty_entry() {
    for mut finder in [legacy(40), cmaf(40)] {
        assert_eq!(split(&mut finder, &[]), [(0, 0)]);
    }
}

#[test]
fn bytes_behind_the_last_unit_stay_clear() {
    let mut bytes = sample(&[idr(32)]);
    bytes.extend([0, 0, 1]);
    assert_eq!(split(&mut cmaf(40), &bytes), [(8, 32), (3, 0)]);
    assert_eq!(split(&mut legacy(40), &bytes), [(5, 35), (3, 0)]);
    // A sample that is too short for a unit, and one of two bytes.
    assert_eq!(split(&mut cmaf(40), &[9]), [(1, 0)]);
    assert_eq!(split(&mut legacy(40), &[9, 9]), [(2, 0)]);
    let mut finder = cmaf(40);
    for sample in [&bytes[..], &bytes[..bytes.len() - 3], &[1, 2]] {
        finder.split(sample, &mut Vec::new()).unwrap();
    }
    assert_eq!(finder.take_tally().short_ends, 2);
    assert_eq!(finder.take_tally(), Tally::default());
}

#[test]
fn what_becomes_of_samples_is_counted() {
    let bytes = sample(&[vec![0x06; 30], idr(35), vec![0x74; 50], vec![0x13; 20], idr(16)]);
    let mut finder = cmaf(40);
    finder.split(&bytes, &mut Vec::new()).unwrap();
    finder.split(&sample(&vec![idr(20); 3]), &mut Vec::new()).unwrap();
    let len = bytes.len() as u64 + 3 * 28;
    let expected = Tally {
        bytes: len,
        protected: 32 + 16 + 3 * 16,
        most_entries: 4,
        other_slices: 70,
        short_ends: 0,
        other_sets: 0,
    };
    assert_eq!(finder.take_tally(), expected);
    let mut whole = RangeFinder::new(Rule::WholeSample, 40);
    whole.split(&[1; 5], &mut Vec::new()).unwrap();
    whole.split(&[], &mut Vec::new()).unwrap();
    assert_eq!(whole.take_tally(), Tally { bytes: 5, protected: 5, ..Tally::default() });
}

#[test]
fn a_flood_of_tiny_units_is_refused_before_it_fills_memory() {
    let bytes = [0, 0, 0, 2, 0x41, 0].repeat(SENC_MAX_ENTRIES + 1);
    let error = legacy(SENC_MAX_ENTRIES).split(&bytes, &mut Vec::new()).unwrap_err();
    assert_eq!((error.code(), error.offset()), ("too-many-subsamples", Some(6 * 65_535)));
    let bytes = [0, 0, 0, 2, 0x41, 0].repeat(SENC_MAX_ENTRIES);
    assert_eq!(split(&mut legacy(SENC_MAX_ENTRIES), &bytes).len(), SENC_MAX_ENTRIES);
    assert_eq!(legacy(40).split(&bytes, &mut Vec::new()).unwrap_err().code(), "too-many-subsamples");
}

#[test]
fn an_unknown_picture_parameter_set_is_named() {
    // pic_parameter_set_id 1: 010 instead of 1.
    let bytes = sample(&[vec![0x06, 5], bits(&[0x65], "1 0001000 010 0000 1 00 1")]);
    let error = cmaf(40).split(&bytes, &mut Vec::new()).unwrap_err();
    assert_eq!((error.code(), error.offset()), ("unknown-pps", Some(6)));
    assert!(error.message().contains("picture parameter set 1"), "{error}");
    // There are sets, and none of them is this slice's: no other form would help.
    assert!(error.field().is_none() && !error.message().contains("piff"), "{error}");
    assert!(error.message().contains("contradict each other"), "{error}");
    assert!(legacy(40).split(&bytes, &mut Vec::new()).is_ok(), "the legacy rule needs no sets");
}

#[test]
fn sets_in_samples_are_used_and_forgotten_at_the_next_fragment() {
    let rule = Rule::AvcCmaf { length_size: LengthSize::Four, sets: ParameterSets::new() };
    let mut finder = RangeFinder::new(rule, 40);
    let with_sets = sample(&[sps(), pps(), idr(64)]);
    let without = sample(&[idr(64)]);
    let error = finder.split(&without, &mut Vec::new()).unwrap_err();
    // The configuration has none: they may have stood in a fragment before.
    assert!(error.field() == Some("form") && error.message().contains("form piff"), "{error}");
    assert_eq!(split(&mut finder, &with_sets).last().unwrap().1, 64);
    assert_eq!(finder.take_tally().other_sets, 0);
    assert!(finder.split(&without, &mut Vec::new()).is_ok());
    finder.begin_fragment();
    assert!(finder.split(&without, &mut Vec::new()).is_err());
}

fn nal() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(vec![]),
        (0..200_usize).prop_map(idr),
        // Any type but those that must parse in `cmaf`.
        (
            prop::sample::select(vec![3_u8, 4, 6, 9, 12, 14, 19, 20, 21, 31]),
            prop::collection::vec(any::<u8>(), 0..60)
        )
            .prop_map(|(kind, mut body)| {
                body.insert(0, kind);
                body
            }),
        Just(()).prop_map(|()| sps()),
        Just(()).prop_map(|()| pps()),
        (60_000..140_000_usize).prop_map(|n| vec![0x06; n]),
        (60_000..140_000_usize).prop_map(idr),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn entries_say_what_the_oracle_says(nals in prop::collection::vec(nal(), 0..70), is_cmaf: bool) {
        let bytes = sample(&nals);
        let mut finder = if is_cmaf { cmaf(SENC_MAX_ENTRIES) } else { legacy(SENC_MAX_ENTRIES) };
        let mut entries = Vec::new();
        finder.split(&bytes, &mut entries).unwrap();
        prop_assert!(marks(&entries) == oracle(&bytes, is_cmaf));
        prop_assert!(!entries.is_empty());
        prop_assert!(bytes.is_empty() || entries.iter().all(|e| (e.clear, e.protected) != (0, 0)));
        // No zero in the middle but for runs that are too long for one entry.
        let (_, inner) = entries.split_last().unwrap_or((&Subsample { clear: 0, protected: 0 }, &[]));
        prop_assert!(inner.iter().all(|e| e.protected > 0 || e.clear == u16::MAX));

        // The same again, appended to what is there.
        let before = entries.len();
        finder.split(&bytes, &mut entries).unwrap();
        prop_assert!(entries[..before] == entries[before..]);
    }

    #[test]
    fn with_a_limit_all_is_protected_or_nothing_is_done(
        nals in prop::collection::vec(nal(), 0..90),
        is_cmaf: bool,
        max in 1..45_usize,
    ) {
        let bytes = sample(&nals);
        let all = |max| if is_cmaf { cmaf(max) } else { legacy(max) };
        let mut wanted = Vec::new();
        all(SENC_MAX_ENTRIES).split(&bytes, &mut wanted).unwrap();
        let mut entries = Vec::new();
        let result = all(max).split(&bytes, &mut entries);
        prop_assert_eq!(result.is_ok(), wanted.len() <= max);
        prop_assert_eq!(entries, if result.is_ok() { wanted } else { Vec::new() });
    }

    #[test]
    fn a_cut_sample_is_an_error_at_the_unit_that_was_cut(nals in prop::collection::vec(nal(), 1..6), cut in 1..40_usize) {
        let bytes = sample(&nals);
        let kept = &bytes[..bytes.len().saturating_sub(cut)];
        let whole: Vec<_> = Nals::new(kept, LengthSize::Four).collect();
        let result = legacy(40).split(kept, &mut Vec::new());
        let broken = whole.into_iter().find_map(Result::err);
        prop_assert_eq!(result.err(), broken);
    }
}
