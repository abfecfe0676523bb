//! The clear ranges of both HEVC rules: goldens by hand, what is refused, and Shaka Packager's published files.

use boxlock::bytes::Error;
use boxlock::protect::subsample::{RangeFinder, Rule, SENC_MAX_ENTRIES, saiz_max_entries};
use boxlock::track::codec::h264::LengthSize;
use boxlock::track::codec::h265::{NalType, ParameterSets, Pps, SliceHeader, Sps};

use super::goldens::{decrypt, split};
use super::rules::bits;
use super::walker::{body, corpus, samples};

/// Main, 64x64 in one block, picture order of 4 bits, no sets of references.
fn sps() -> Vec<u8> {
    let profile = "0000 000 1  00 0 00001";
    let head = format!("{profile} {} 00011110 1 010", "0".repeat(80));
    // 64 wide and high; no window, 8 bits, order of 4 bits, one layer; blocks of 64; transforms; no lists, AMP, SAO, PCM.
    let size = "0000001000001 0000001000001 0 1 1 1 1 1 1 1";
    bits(&[0x42, 1], &format!("{head} {size} 1 00100 1 1 1 1 0 0 0 0 1 0 0 0 0"))
}

/// Nothing that makes headers longer.
fn pps() -> Vec<u8> {
    bits(&[0x44, 1], "1 1 0 0 000 0 0 1 1 1 0 0 0 1 1 0 0 0 0 0 0 0 0 0 0 1 0 0 1")
}

fn sets() -> ParameterSets {
    let mut sets = ParameterSets::new();
    assert!(sets.update(&sps()).unwrap());
    assert!(sets.update(&pps()).unwrap());
    sets
}

fn cmaf() -> RangeFinder {
    RangeFinder::new(Rule::HevcCmaf { length_size: LengthSize::Four, sets: sets() }, 40)
}

fn legacy() -> RangeFinder {
    RangeFinder::new(Rule::HevcLegacy { length_size: LengthSize::Four }, SENC_MAX_ENTRIES)
}

fn sample(nals: &[Vec<u8>]) -> Vec<u8> {
    nals.iter().flat_map(|nal| [&u32::try_from(nal.len()).unwrap().to_be_bytes()[..], nal].concat()).collect()
}

/// An IDR slice of this type: first, no output of prior ones, PPS 0, I, QP delta 0, aligned; then slice data.
fn idr(kind: u8, data: usize) -> Vec<u8> {
    let mut nal = bits(&[kind << 1, 1], "1 0 1 011 1 1");
    assert_eq!(nal.len(), HEADER);
    nal.extend((0..data).map(|n| 0x40 | (n % 61) as u8));
    nal
}

/// Bytes of the units of [`idr`] up to their slice data.
const HEADER: usize = 3;

#[test]
fn sets_say_what_they_say() {
    let sps = Sps::parse(&sps()).unwrap();
    assert_eq!((sps.id, sps.blocks, sps.pic_order_bits, sps.chroma_array_type), (0, 1, 4, 1));
    assert_eq!((sps.ref_pic_sets.len(), sps.long_term, sps.temporal_mvp), (0, None, false));
    let pps = Pps::parse(&pps()).unwrap();
    assert_eq!((pps.id, pps.sps_id, pps.ref_count_l0, pps.entry_points), (0, 0, 1, false));
}

#[test]
fn legacy_keeps_length_and_both_header_bytes_of_every_unit() {
    let bytes = sample(&[vec![0x46, 1, 0x50], vec![0x42; 20], idr(19, 100), vec![0x02, 1], vec![7]]);
    assert_eq!(split(&mut legacy(), &bytes), [(6, 1), (6, 18), (6, 101), (6 + 5, 0)]);
}

#[test]
fn cmaf_protects_whole_blocks_of_slice_segments_only() {
    // 35 bytes behind the header: two blocks, then three bytes that join the next clear run.
    let bytes = sample(&[vec![0x4e; 30], idr(19, 35), vec![0x50; 9], idr(20, 16)]);
    assert_eq!(split(&mut cmaf(), &bytes), [(34 + 4 + 3, 32), (3 + 13 + 4 + 3, 16)]);
    // Less than a block, reserved slices, Dolby Vision's second layer (63) and its metadata (62): all clear.
    let bytes = sample(&[idr(19, 15), vec![22 << 1; 50], vec![63 << 1; 50], vec![62 << 1; 50]]);
    let mut finder = cmaf();
    assert_eq!(split(&mut finder, &bytes), [(u16::try_from(bytes.len()).unwrap(), 0)]);
    assert_eq!(finder.take_tally().other_slices, 100);
}

#[test]
fn alignment_belongs_to_the_header_where_it_is_a_byte_of_its_own() {
    let with_extra_bits = |count: &str| {
        let mut sets = sets();
        let pps = format!("010 1 0 0 {count} 0 0 1 1 1 0 0 0 1 1 0 0 0 0 0 0 0 0 0 0 1 0 0 1");
        assert!(sets.update(&bits(&[0x44, 1], &pps)).unwrap());
        sets
    };
    // The alignment bit is the last of its byte, and slice data begins with the next.
    let full = [&bits(&[19 << 1, 1], "1 0 010 000000 011 1 1")[..], &[0x80, 0x55]].concat();
    assert_eq!(SliceHeader::parse(&full, &with_extra_bits("110")).unwrap().len, 4);
    // A bit more, and the alignment is the byte 80.
    let border = [&bits(&[19 << 1, 1], "1 0 010 0000000 011 1")[..], &[0x80, 0x55]].concat();
    assert_eq!(border.len(), full.len());
    assert_eq!(SliceHeader::parse(&border, &with_extra_bits("111")).unwrap().len, 5);
}

fn refused(nals: &[Vec<u8>]) -> Error {
    let error = cmaf().split(&sample(nals), &mut Vec::new()).unwrap_err();
    let contradicts = error.message().contains("contradict each other");
    assert!(contradicts != error.message().contains("form piff"), "{error}");
    assert_eq!(error.field(), Some("form").filter(|_| !contradicts));
    assert!(legacy().split(&sample(nals), &mut Vec::new()).is_ok(), "the legacy rule needs no sets");
    error
}

#[test]
fn what_cannot_be_followed_is_refused_by_name_and_place() {
    // pps_id 1: 010 instead of 1.
    let error = refused(&[vec![0x4e, 1], bits(&[19 << 1, 1], "1 0 010 011 1 1")]);
    assert_eq!((error.code(), error.offset()), ("unknown-pps", Some(6)));
    assert!(error.message().contains("picture parameter set 1"), "{error}");
    assert!(error.message().contains("contradict each other"), "{error}");
    // A second view, as of stereo recordings: layer 1.
    let error = refused(&[idr(19, 40), bits(&[1 << 1, 9], "1 1 011 1 1")]);
    assert_eq!((error.code(), error.offset()), ("layered-hevc", Some(47)));
    // A set of sequence 5 that nobody has.
    let orphan = bits(&[0x44, 1], "1 00110 0 0 000 0 0 1 1 1 0 0 0 1 1 0 0 0 0 0 0 0 0 0 0 1 0 0 1");
    assert_eq!(refused(&[orphan, idr(19, 40)]).code(), "unknown-sps");
    // Screen content has other headers.
    let mut screen = sps();
    screen[3] = 9;
    assert_eq!(refused(&[screen, idr(19, 40)]).code(), "screen-content");
    assert_eq!(refused(&[bits(&[0x42, 1], "0000 000 1")]).code(), "bad-sps");
    assert_eq!(refused(&[bits(&[0x44, 1], "1")]).code(), "bad-pps");
    assert_eq!(refused(&[vec![19 << 1, 1]]).code(), "bad-slice");
    let error = SliceHeader::parse(&[0x42, 1], &sets()).unwrap_err();
    assert_eq!(error.message(), "A NAL unit of type 33 has no slice segment header.");
    assert_eq!(NalType::of(&[7]), None);
}

#[test]
fn sets_in_samples_are_used_and_forgotten_at_the_next_fragment() {
    let rule = Rule::HevcCmaf { length_size: LengthSize::Four, sets: ParameterSets::new() };
    let mut finder = RangeFinder::new(rule, 40);
    let without = sample(&[idr(19, 64)]);
    assert!(finder.split(&without, &mut Vec::new()).is_err());
    assert_eq!(split(&mut finder, &sample(&[sps(), pps(), idr(19, 64)])).last().unwrap().1, 64);
    assert!(finder.split(&without, &mut Vec::new()).is_ok());
    finder.begin_fragment();
    assert!(finder.split(&without, &mut Vec::new()).is_err());
}

/// The parameter sets of a configuration record.
fn configured(record: &[u8]) -> ParameterSets {
    let (mut sets, mut at) = (ParameterSets::new(), 23);
    let u16_at = |at: usize| usize::from(u16::from_be_bytes([record[at], record[at + 1]]));
    for _ in 0..record[22] {
        let count = u16_at(at + 1);
        at += 3;
        for _ in 0..count {
            sets.update(&record[at + 2..at + 2 + u16_at(at)]).unwrap();
            at += 2 + u16_at(at);
        }
    }
    sets
}

#[test]
fn cmaf_ranges_equal_shakas_published_ones() {
    let Some(file) = corpus("cenc/shaka-packager__hevc-with-encryption__bear-640x360-hevc-video.mp4") else {
        return;
    };
    let sets = configured(body(&file, b"hvcC"));
    let mut finder =
        RangeFinder::new(Rule::HevcCmaf { length_size: LengthSize::Four, sets }, saiz_max_entries(8));
    let mut compared = 0;
    for (index, mut sample) in samples(&file).into_iter().enumerate() {
        if sample.first {
            finder.begin_fragment();
        }
        if sample.entries.is_some() {
            assert!(decrypt(
                &mut sample,
                *b"\x32\x33\x34\x35\x36\x37\x38\x39\x30\x21\x32\x33\x34\x35\x36\x37"
            ));
            assert_eq!(split(&mut finder, &sample.bytes), sample.entries.unwrap(), "sample {index}");
            compared += 1;
        }
    }
    assert!(compared > 40, "{compared} samples");
}
