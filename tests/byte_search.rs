//! Bytes are found wherever they stand, however the file is cut on its way, and as what they were typed.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use boxlock::bytes::limits;
use boxlock::inspect::{ByteForm, ByteHit, ByteSearch};
use proptest::prelude::*;

/// All that is found of `text` in what comes in these parts, and how many that are.
fn found_in<'b>(parts: impl IntoIterator<Item = &'b [u8]>, text: &str) -> (Vec<ByteHit>, u64) {
    let mut search = ByteSearch::new(text);
    let (mut found, mut hits) = (Vec::new(), 0);
    for part in parts {
        search.feed(part);
        let told = search.found();
        assert!(told.hits >= hits);
        hits = told.hits;
        found.extend(told.found);
    }
    (found, hits)
}

/// Where it is found, and as what.
fn places(bytes: &[u8], text: &str) -> Vec<(u64, u64, ByteForm)> {
    found_in([bytes], text).0.into_iter().map(|hit| (hit.start, hit.end, hit.form)).collect()
}

#[test]
fn digits_are_found_as_bytes_however_they_are_set_apart() {
    let bytes = b"\x00\x00\x00\x01\x67\x42abc";
    for text in ["00000167", "00 00 01 67", "00:00:01:67", "0x00000167", " 0000-0167 ", "{00000167}"] {
        assert_eq!(places(bytes, text), [(1, 5, ByteForm::Hex)], "{text}");
    }
    assert_eq!(places(bytes, "0x67"), [(4, 5, ByteForm::Hex)]);
    assert_eq!(places(bytes, "67"), [], "two digits are a text, unless they say that they are hex");
    assert_eq!(places(bytes, "0000167"), [], "half a byte is none");
    assert_eq!(places(b"6742 \x67\x42", "6742"), [(0, 4, ByteForm::Text), (5, 7, ByteForm::Hex)]);
    assert_eq!(places(b"6742 \x67\x42", "\"6742\""), [(0, 4, ByteForm::Text)]);
}

#[test]
fn texts_are_found_in_both_codings_and_any_case() {
    let wide: Vec<u8> = "<Kid>é".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bytes = [b"..KID..", wide.as_slice(), "kidé".as_bytes()].concat();
    let end = u64::try_from(bytes.len()).unwrap();
    let expected = [(2, 5, ByteForm::Text), (9, 15, ByteForm::Utf16), (end - 5, end - 2, ByteForm::Text)];
    assert_eq!(places(&bytes, "kid"), expected);
    assert_eq!(places(&bytes, "kidé"), [(end - 5, end, ByteForm::Text)]);
    assert_eq!(places(&bytes, "\"\""), [], "quotation marks around nothing are a text themselves");
    assert_eq!(places(&bytes, "  "), []);
}

#[test]
fn a_key_id_is_found_in_both_byte_orders() {
    let kid = "00112233-4455-6677-8899-aabbccddeeff";
    let big = hex::decode(kid.replace('-', "")).unwrap();
    let guid = hex::decode("33221100554477668899aabbccddeeff").unwrap();
    let bytes = [guid.as_slice(), &big].concat();
    assert_eq!(places(&bytes, kid), [(0, 16, ByteForm::Guid), (16, 32, ByteForm::Hex)]);
    assert_eq!(places(&[0; 16], "00000000-0000-0000-0000-000000000000"), [(0, 16, ByteForm::Hex)]);
}

#[test]
fn what_is_found_does_not_overlap_and_is_counted_beyond_what_is_listed() {
    assert_eq!(places(&[0; 7], "000000"), [(0, 3, ByteForm::Hex), (3, 6, ByteForm::Hex)]);
    let many = vec![7; 2 * (limits::LISTED + 5)];
    let (found, hits) = found_in(many.chunks(999), "0707");
    assert_eq!((found.len(), hits), (limits::LISTED, u64::try_from(limits::LISTED).unwrap() + 5));
    assert!(found.is_sorted_by_key(|hit| hit.start));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_is_found_the_same_however_the_file_is_cut(
        bytes in prop::collection::vec(prop::sample::select(vec![0_u8, 0, 1, b'a', b'A', b'b']), 0..200),
        cuts in prop::collection::vec(0_usize..200, 0..40),
        needle in prop::collection::vec(prop::sample::select(vec![0_u8, 1, b'a', b'b']), 2..6),
        as_text in any::<bool>(),
    ) {
        let letters: String = needle.iter().map(|byte| if byte % 2 == 0 { 'b' } else { 'A' }).collect();
        let text = if as_text { format!("\"{letters}\"") } else { hex::encode(&needle) };
        let mut ends: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        ends.extend([0, bytes.len()]);
        ends.sort_unstable();
        let parts = ends.windows(2).map(|pair| &bytes[pair[0]..pair[1]]);
        let found = found_in(parts, &text).0;
        let mut expected = Vec::new();
        let small: Vec<u8> = letters.to_ascii_lowercase().into_bytes();
        let wide: Vec<u8> = small.iter().flat_map(|byte| [*byte, 0]).collect();
        let typed = text.clone().into_bytes();
        let wide_typed: Vec<u8> = typed.iter().flat_map(|byte| [*byte, 0]).collect();
        let looked_for = if as_text {
            vec![(small, ByteForm::Text), (wide, ByteForm::Utf16)]
        } else {
            vec![(needle, ByteForm::Hex), (typed, ByteForm::Text), (wide_typed, ByteForm::Utf16)]
        };
        let lower = bytes.to_ascii_lowercase();
        for (one, form) in looked_for {
            let all = if form == ByteForm::Hex { &bytes } else { &lower };
            let mut at = 0;
            while let Some(next) = all[at..].windows(one.len()).position(|there| there == one) {
                let (start, end) = (at + next, at + next + one.len());
                let [from, to] = [start, end].map(|at| u64::try_from(at).unwrap());
                expected.push(ByteHit { start: from, end: to, form });
                at = end;
            }
        }
        let order = |hit: &ByteHit| (hit.start, hit.form as u8);
        expected.sort_by_key(order);
        prop_assert!(found.is_sorted_by_key(|hit| hit.start));
        let mut sorted = found;
        sorted.sort_by_key(order);
        prop_assert_eq!(sorted, expected);
    }
}
