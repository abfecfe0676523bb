//! No bytes may make a parser panic, and a set cut anywhere is an error or the same set.

use boxlock::boxes::aac::AacConfig;
use boxlock::bytes::bits::BitReader;
use boxlock::bytes::{FourCc, Reader};
use boxlock::protect::subsample::{RangeFinder, Rule};
use boxlock::track::codec::avc_config::AvcConfig;
use boxlock::track::codec::h264::{LengthSize, ParameterSets, Pps, SliceHeader, Sps};
use boxlock::track::codec::mpeg::MpegConfig;
use proptest::prelude::*;

use super::rules::{pps, sets, sps};

/// Bytes with many zeros and threes, where emulation prevention and long Exp-Golomb codes are.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        prop::collection::vec(prop::sample::select(vec![0_u8, 0, 0, 1, 3, 0x80, 0xFF]), 0..300),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_parser_panics(data in bytes(), head in 0..32_u8) {
        let mut nal = vec![0x60 | head];
        nal.extend(&data);
        let _ = Sps::parse(&nal);
        let _ = Pps::parse(&nal);
        if let Ok(slice) = SliceHeader::parse(&nal, &sets()) {
            prop_assert!(slice.len <= nal.len());
        }
        let _ = ParameterSets::new().update(&nal);
        if let Ok(config) = AvcConfig::parse(Reader::new(&data, 0)) {
            let _ = (config.profile_name(), config.level_text(), config.parameter_sets());
        }
        if let Ok(mut config) = MpegConfig::parse(Reader::new(&data, 0)) {
            let _ = config.read_specific();
            let _ = (config.name(), config.codec(FourCc(*b"mp4a")));
        }
        let _ = AacConfig::parse(&data);
        for size in [LengthSize::One, LengthSize::Two, LengthSize::Four] {
            let mut out = Vec::new();
            let rules = [Rule::AvcLegacy { length_size: size }, Rule::AvcCmaf { length_size: size, sets: sets() }];
            for rule in rules {
                out.clear();
                if RangeFinder::new(rule, 40).split(&data, &mut out).is_ok() {
                    let sum: usize = out.iter().map(|e| usize::from(e.clear) + e.protected as usize).sum();
                    prop_assert_eq!(sum, data.len());
                }
            }
        }
    }

    #[test]
    fn slices_with_wild_sets_do_not_panic(sps in bytes(), pps in bytes(), slice in bytes(), kind in prop::sample::select(vec![0x61_u8, 0x01, 0x65, 0x42, 0x13])) {
        // Plausible first bytes, so that many sets parse.
        let mut sets = ParameterSets::new();
        let _ = sets.update(&[&[0x67, 100, 0, 30, 0x80], &sps[..]].concat());
        let _ = sets.update(&[&[0x68, 0xC0], &pps[..]].concat());
        let nal = [&[kind, 0xC0], &slice[..]].concat();
        if let Ok(slice) = SliceHeader::parse(&nal, &sets) {
            prop_assert!(slice.len <= nal.len());
        }
    }

    #[test]
    fn bits_are_those_of_the_unescaped_bytes(data in bytes(), widths in prop::collection::vec(0..=32_u32, 0..60)) {
        // Escapes removed first, the way clause 7.3.1 does it; `at` maps each byte to where it ends in the unit.
        let (mut plain, mut ends, mut zeros) = (Vec::new(), Vec::new(), 0);
        for (index, byte) in data.iter().enumerate() {
            if zeros >= 2 && *byte == 3 {
                zeros = 0;
                continue;
            }
            zeros = if *byte == 0 { zeros + 1 } else { 0 };
            plain.push(*byte);
            ends.push(index + 1);
        }
        let (mut a, mut b, mut used) = (BitReader::nal(&data), BitReader::plain(&plain), 0_usize);
        for width in widths {
            let (x, y) = (a.bits(width, "x"), b.bits(width, "x"));
            prop_assert_eq!(x, y);
            if x.is_err() {
                break;
            }
            used += width as usize;
            let expected = used.div_ceil(8).checked_sub(1).map_or(0, |last| ends[last]);
            prop_assert_eq!(a.consumed(), expected);
        }
    }
}

#[test]
fn cut_parameter_sets_are_errors_or_the_same_set() {
    let (sps, pps) = (sps(), pps());
    let (whole, whole_pps) = (Sps::parse(&sps).unwrap(), Pps::parse(&pps).unwrap());
    assert_eq!((whole.width, whole.height), (32, 16));
    for cut in 0..sps.len() {
        match Sps::parse(&sps[..cut]) {
            Ok(set) => assert_eq!((set.width, set.height), (whole.width, whole.height)),
            Err(error) => assert_eq!(error.code(), "bad-sps"),
        }
    }
    assert_eq!(
        Sps::parse(&[]).unwrap_err().message(),
        "The sequence parameter set ends before or inside its forbidden_zero_bit."
    );
    for cut in 0..pps.len() {
        match Pps::parse(&pps[..cut]) {
            Ok(set) => assert_eq!(set, whole_pps),
            Err(error) => assert_eq!(error.code(), "bad-pps"),
        }
    }
}
