//! What stands in the payload of a `pssh`: rows down to attributes and fields, each on its bytes.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic, and its files are small"
)]

use crate::support::synth::boxed;

use boxlock::boxes::cenc::ProtectionSystemSpecificHeader;
use boxlock::boxes::declare::BoxBody as _;
use boxlock::boxes::wire::Bytes;
use boxlock::boxes::{Row, Tree};
use boxlock::bytes::{ContentKey, KeyId, Uuid16};
use boxlock::inspect::fields;
use boxlock::playready::{Header, HeaderKey, HeaderVersion, ProObject, parse_key, parse_kid, utf16le_encode};

/// A movie header of nothing but a `pssh` of this system with this payload.
fn pssh(system: u128, payload: &[u8]) -> Vec<u8> {
    let body = ProtectionSystemSpecificHeader {
        system_id: Uuid16::from_u128(system),
        data_size: payload.len() as u32,
        data: Bytes(payload.to_vec()),
        ..Default::default()
    };
    boxed(b"moov", &body.to_box(0))
}

/// Rows of the payload of the `pssh` in `bytes`, as `name = value (meaning)`, and what stands at their place.
fn payload_rows(bytes: &[u8]) -> Vec<(String, &[u8])> {
    let tree = Tree::parse(bytes, 0).unwrap();
    let shown = fields(&tree, "moov/pssh", 0, 200, None).unwrap();
    let payload = shown.rows.iter().position(|row| row.name == "data").expect("the row of the payload");
    let place = |row: &Row| &bytes[row.start as usize..row.end as usize];
    let line = |row: &Row| {
        let indent = "  ".repeat(row.depth.into());
        format!("{indent}{} = {} ({})", row.name, row.value, row.meaning).replace(" ()", "")
    };
    shown.rows.iter().skip(payload + 1).map(|row| (line(row), place(row))).collect()
}

const PLAYREADY: u128 = 0x9a04f079_9840_4286_ab92_e65be0885f95;

#[test]
fn a_playready_object_is_rows_down_to_the_attributes_of_its_header() {
    // Published key IDs, keys and checksums.
    let key = |kid: &str, key: &str| HeaderKey::aes_ctr(parse_kid(kid).unwrap(), &parse_key(key).unwrap());
    let keys = vec![
        key("09e36702-8f33-436c-a5dd-60ffe6671e70", "b42ca3172ee4e69bf51848a59db9cd13"),
        key("10000000-1000-1000-1000-100000000001", "3a2a1b68dd2bd9b2eeb25e84c4776668"),
    ];
    let mut header = Header::new(HeaderVersion::V4_2, keys);
    header.la_url = Some("https://example.com/?a=1&b=2".to_owned());
    // One unit of UTF-16 in two bytes of UTF-8, and two in four.
    header.custom_attributes = Some("<NAME>é𝄞</NAME>".to_owned());
    let object = ProObject::from_header(&header).unwrap().to_bytes().unwrap();
    let bytes = pssh(PLAYREADY, &object);
    let rows = payload_rows(&bytes);
    let lines: Vec<&str> = rows.iter().map(|(line, _)| line.as_str()).collect();
    let len = object.len();
    assert_eq!(
        lines,
        [
            &format!("  length = {len} (bytes of the PlayReady Object; its numbers are little-endian)"),
            "  record_count = 1",
            "  records[0] =  (PlayReady header)",
            "    record_type = 1 (PlayReady header)",
            &format!("    record_length = {} (bytes of the value)", len - 10),
            "    WRMHEADER =  (the header)",
            "      xmlns = http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader",
            "      version = 4.2.0.0 (several keys; clients of PlayReady 3.0 and later)",
            "      DATA =  (what it says)",
            "        PROTECTINFO =  (how the media is encrypted)",
            "          KIDS =  (the keys; from version 4.2 on)",
            "            KID =  (one key)",
            "              ALGID = AESCTR (cipher; AESCBC from version 4.3 on)",
            "              CHECKSUM = BGw1aYZ1YXM= (046c3569 86756173; made of key and KID; not with AESCBC)",
            "              VALUE = AmfjCTOPbEOl3WD/5mcecA== (09e36702-8f33-436c-a5dd-60ffe6671e70, in GUID order \
             0267e309-338f-6c43-a5dd-60ffe6671e70)",
            "            KID =  (one key)",
            "              ALGID = AESCTR (cipher; AESCBC from version 4.3 on)",
            "              CHECKSUM = 5TzIYQ2hrOY= (e53cc861 0da1ace6; made of key and KID; not with AESCBC)",
            "              VALUE = AAAAEAAQABAQABAAAAAAAQ== (10000000-1000-1000-1000-100000000001, in GUID order \
             00000010-0010-0010-1000-100000000001)",
            "        LA_URL = https://example.com/?a=1&b=2 (where players ask for a licence)",
            "        CUSTOMATTRIBUTES =  (for whoever made the header; players pass over it)",
            "          NAME = é𝄞",
        ]
    );
    let utf16 = |bytes: &[u8]| {
        let units = bytes.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]]));
        String::from_utf16(&units.collect::<Vec<_>>()).unwrap()
    };
    for (line, place) in rows.iter().skip(5) {
        let name = line.trim().split(' ').next().unwrap();
        let stands = utf16(place);
        assert!(
            stands.starts_with(&format!("<{name}")) || stands.starts_with(&format!("{name}=\"")),
            "{line}: {stands}"
        );
        assert!(stands.ends_with(['>', '"']), "{line}: {stands}");
    }
}

#[test]
fn a_payload_of_which_a_part_is_damaged_has_rows_up_to_there() {
    let header =
        Header::new(HeaderVersion::V4_1, vec![HeaderKey::aes_ctr(KeyId([1; 16]), &ContentKey([1; 16]))]);
    let object = ProObject::from_header(&header).unwrap().to_bytes().unwrap();
    for len in 0..object.len() {
        let bytes = pssh(PLAYREADY, &object[..len]);
        let rows = payload_rows(&bytes);
        let there = [(4, "length"), (6, "record_count"), (8, "record_type"), (10, "record_length")];
        for (needs, name) in there {
            let has = rows.iter().any(|(line, _)| line.trim().starts_with(name));
            assert_eq!(has, len >= needs, "{name} of the first {len} bytes");
        }
    }
    // Of a header that is no XML its beginning is shown; of one that is no text, its bytes.
    let mut broken = object.clone();
    let at = broken.windows(4).position(|two| two == b"<\0/\0").unwrap();
    broken[at] = b'&';
    let names: Vec<String> =
        payload_rows(&pssh(PLAYREADY, &broken)).into_iter().map(|(line, _)| line).collect();
    assert!(names.iter().any(|line| line.trim().starts_with("KID")), "{names:?}");
    broken.truncate(10);
    broken.extend([0xD8; 6]);
    broken[0] = 16;
    broken[1] = 0;
    broken[8..10].copy_from_slice(&[6, 0]);
    let bytes = pssh(PLAYREADY, &broken);
    let rows = payload_rows(&bytes);
    let (line, place) = rows.last().unwrap();
    assert_eq!((line.trim(), *place), ("record_value = d8d8d8d8 d8d8", &[0xD8; 6][..]));
}

#[test]
fn headers_without_an_object_have_rows_in_either_encoding() {
    let xml =
        Header::new(HeaderVersion::V4_0, vec![HeaderKey::aes_ctr(KeyId([1; 16]), &ContentKey([1; 16]))])
            .to_xml()
            .unwrap();
    let lines = |payload: &[u8]| -> Vec<String> {
        payload_rows(&pssh(PLAYREADY, payload)).into_iter().map(|(line, _)| line).collect()
    };
    let narrow = lines(xml.as_bytes());
    assert_eq!(narrow, lines(&utf16le_encode(&xml)));
    assert!(
        narrow.iter().any(|line| line.trim().starts_with(
            "KID = AQEBAQEBAQEBAQEBAQEBAQ== (01010101-0101-0101-0101-010101010101, in GUID order"
        )),
        "{narrow:?}"
    );
    let bytes = pssh(PLAYREADY, xml.as_bytes());
    let (_, place) =
        payload_rows(&bytes).into_iter().find(|(line, _)| line.trim().starts_with("ALGID")).unwrap();
    assert_eq!(place, b"<ALGID>AESCTR</ALGID>");
}

#[test]
fn a_widevine_header_is_rows_with_names() {
    let payload = hex::decode(
        "08011210404e998895de443f93e8c822935bff0a1a08576964657669 6e6548f3c6899b06".replace(' ', ""),
    )
    .unwrap();
    let bytes = pssh(0xedef8ba9_79d6_4ace_a3c8_27dcd51d21ed, &payload);
    let rows = payload_rows(&bytes);
    let lines: Vec<&str> = rows.iter().map(|(line, _)| line.as_str()).collect();
    assert_eq!(
        lines,
        [
            "  algorithm = AESCTR",
            "  key_ids = 404e9988-95de-443f-93e8-c822935bff0a (in GUID order 88994e40-de95-3f44-93e8-c822935bff0a)",
            "  provider = Widevine",
            "  protection_scheme = cbcs",
        ]
    );
    assert_eq!(rows.iter().map(|(_, place)| place.len()).collect::<Vec<_>>(), [2, 18, 10, 6]);
}

#[test]
fn of_a_payload_of_megabytes_the_beginning_has_rows() {
    let mut payload = b"<WRMHEADER>".to_vec();
    payload.extend(b"<A></A>".repeat(500_000));
    let bytes = pssh(PLAYREADY, &payload);
    let tree = Tree::parse(&bytes[..], 0).unwrap();
    let shown = fields(&tree, "moov/pssh", 0, 20, None).unwrap();
    let most = (1 << 20) / b"<A></A>".len();
    assert!((1000..most + 20).contains(&shown.total), "{} rows", shown.total);
    assert_eq!((shown.rows.len(), shown.problem), (20, None));
}
