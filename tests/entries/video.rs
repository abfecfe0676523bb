//! Made entries of pictures, text and metadata.

use boxlock::boxes::sample_types;
use boxlock::bytes::FourCc;
use boxlock::track::{Codec, TrackKind};

use super::made::{atom, audio, esds, hexed, plain, read, says, visual, visual_of};

const AVCC: &str = "01 64001f ff e1 0004 67640001 01 0002 688e";

fn hvcc(profile: &str, constraints: &str, level: &str) -> Vec<u8> {
    hexed(b"hvcC", &format!("01 {profile} {constraints} {level} f000 fc fd f8 f8 0000 0f 00"))
}

#[test]
fn h264_by_its_record() {
    let entry = read(&visual(b"avc1", &[hexed(b"avcC", AVCC)]), TrackKind::Video);
    says(&entry, "avc1.64001F", "H.264 High", "level 3.1");
    assert_eq!(entry.size, Some((320, 240)));
    assert_eq!(entry.sound, None);
    // Without the four bytes that High profiles have, with two of them, and with something else in their place.
    for tail in ["", "fdf8", "fdf8f8 05 0001"] {
        let entry = read(&visual(b"avc3", &[hexed(b"avcC", &format!("{AVCC}{tail}"))]), TrackKind::Video);
        says(&entry, "avc3.64001F", "H.264 High", "level 3.1");
    }
}

#[test]
fn hevc_strings_leave_out_zeros_and_turn_the_compatibility_bits() {
    for (profile, constraints, level, string, name, detail) in [
        ("01 60000000", "900000000000", "1e", "hvc1.1.6.L30.90", "HEVC Main", "level 1"),
        ("02 20000000", "b00000000000", "99", "hvc1.2.4.L153.B0", "HEVC Main 10", "level 5.1"),
        ("21 60000000", "000000000000", "78", "hvc1.1.6.H120", "HEVC Main", "level 4, High tier"),
        ("04 08000000", "9d0800000000", "7b", "hvc1.4.10.L123.9D.8", "HEVC Main 4:2:2 10", "level 4.1"),
        ("04 08000000", "980000000000", "5d", "hvc1.4.10.L93.98", "HEVC Main 4:4:4 12", "level 3.1"),
        ("44 08000000", "9ec000000001", "5d", "hvc1.A4.10.L93.9E.C0.0.0.0.1", "HEVC Monochrome", "level 3.1"),
        ("0f 00000000", "000000000000", "5d", "hvc1.15.0.L93", "HEVC profile 15", "level 3.1"),
    ] {
        let entry = read(&visual(b"hvc1", &[hvcc(profile, constraints, level)]), TrackKind::Video);
        says(&entry, string, name, detail);
    }
}

#[test]
fn dolby_vision_has_a_string_of_its_own_where_the_entry_is_its_own() {
    let main_10 = || hvcc("02 20000000", "b00000000000", "99");
    let vision = |profile_and_level: &str, compatibility: &str| {
        hexed(b"dvvC", &format!("0100 {profile_and_level} {compatibility}000000 {}", "00".repeat(16)))
    };
    // Profile 5, level 6; profile 8, level 6, of which the base layer is HDR10.
    let entry = read(&visual(b"dvh1", &[main_10(), vision("0a35", "00")]), TrackKind::Video);
    says(&entry, "dvh1.05.06", "HEVC Main 10 with Dolby Vision profile 5", "level 5.1, Dolby Vision level 6");
    let entry = read(&visual(b"hvc1", &[main_10(), vision("1035", "10")]), TrackKind::Video);
    says(
        &entry,
        "hvc1.2.4.L153.B0",
        "HEVC Main 10 with Dolby Vision profile 8.1",
        "level 5.1, Dolby Vision level 6",
    );
    says(&read(&visual(b"dvhe", &[]), TrackKind::Video), "dvhe", "Dolby Vision (HEVC)", "");
}

#[test]
fn av1_strings_are_long_where_the_short_form_would_say_something_else() {
    let colr = |digits: &str| hexed(b"colr", &format!("6e636c78 {digits}"));
    for (record, colours, string, name, detail) in [
        ("81 00 0c 00", None, "av01.0.00M.08", "AV1 Main", "level 2"),
        ("81 09 0c 00", Some("0001 0001 0001 00"), "av01.0.09M.08", "AV1 Main", "level 4.1"),
        ("81 09 0c 00", Some("0002 0002 0002 00"), "av01.0.09M.08", "AV1 Main", "level 4.1"),
        (
            "81 0d cc 00",
            Some("0009 0010 0009 00"),
            "av01.0.13H.10.0.110.09.16.09.0",
            "AV1 Main",
            "level 5.1, High tier, 10 bits",
        ),
        ("81 04 1c 00", None, "av01.0.04M.08.1.110.01.01.01.0", "AV1 Main", "level 3"),
        (
            "81 44 68 00",
            Some("0001 0001 0001 80"),
            "av01.2.04M.12.0.100.01.01.01.1",
            "AV1 Professional",
            "level 3, 12 bits",
        ),
        ("81 1f 0e 00", None, "av01.0.31M.08.0.112.01.01.01.0", "AV1 Main", "level max"),
        // A sequence header of PQ and full range; a `colr` wins.
        (
            "81 00 0c 00 0a 08 18 0c ff c0 21 22 01 30",
            None,
            "av01.0.00M.08.0.110.09.16.09.1",
            "AV1 Main",
            "level 2",
        ),
        (
            "81 00 0c 00 0a 08 18 0c ff c0 21 22 01 30",
            Some("0001 0001 0001 00"),
            "av01.0.00M.08",
            "AV1 Main",
            "level 2",
        ),
    ] {
        let mut boxes = vec![hexed(b"av1C", record)];
        boxes.extend(colours.map(colr));
        says(&read(&visual(b"av01", &boxes), TrackKind::Video), string, name, detail);
    }
}

#[test]
fn a_damaged_sequence_header_costs_the_colours() {
    let entry = read(&visual(b"av01", &[hexed(b"av1C", "81 00 0c 00 0a 04 18 0c ff c0")]), TrackKind::Video);
    assert_eq!(entry.codec_string(), "av01.0.00M.08");
    let [damage] = &entry.damage[..] else { panic!("{:?}", entry.damage) };
    assert!(damage.message().contains("The AV1 sequence header ends before or inside its "), "{damage}");
}

#[test]
fn vp9_and_vp8() {
    for (code, record, string, name, detail) in [
        (b"vp09", "01000000 00 1f 82 02 02 02 0000", "vp09.00.31.08", "VP9 Profile 0", "level 3.1"),
        (
            b"vp09",
            "01000000 02 33 a2 09 10 09 0000",
            "vp09.02.51.10.01.09.16.09.00",
            "VP9 Profile 2",
            "level 5.1, 10 bits",
        ),
        (
            b"vp09",
            "01000000 01 14 86 01 01 01 0000",
            "vp09.01.20.08.03.01.01.01.00",
            "VP9 Profile 1",
            "level 2",
        ),
        (
            b"vp09",
            "01000000 00 14 83 02 02 02 0000",
            "vp09.00.20.08.01.01.01.01.01",
            "VP9 Profile 0",
            "level 2",
        ),
        // No level: the least for 320 × 240. Version 0, where the colours stand otherwise.
        (b"vp09", "01000000 00 00 80 02 02 02 0000", "vp09.00.20.08", "VP9 Profile 0", ""),
        (b"vp09", "00000000 00 14 82 10 0000", "vp09.00.20.08", "VP9 Profile 0", "level 2"),
        (b"vp08", "01000000 00 0a 82 02 02 02 0000", "vp08.00.10.08", "VP8", "level 1"),
    ] {
        says(&read(&visual(code, &[hexed(b"vpcC", record)]), TrackKind::Video), string, name, detail);
    }
    let large = read(
        &visual_of(b"vp09", (u16::MAX, u16::MAX), &[hexed(b"vpcC", "01000000 00 00 80 020202 0000")]),
        TrackKind::Video,
    );
    assert_eq!(large.codec_string(), "vp09.00.62.08");
}

#[test]
fn vvc_with_and_without_its_profile() {
    let vvcc = |digits: &str| visual(b"vvc1", &[hexed(b"vvcC", digits)]);
    let entry = read(&vvcc("00000000 ff 0065 5f 01 02 33 80 0000"), TrackKind::Video);
    says(&entry, "vvc1.1.L51.CQA", "VVC Main 10", "level 3.1");
    let entry = read(&vvcc("00000000 ff 0065 5f 01 43 56 00 0000"), TrackKind::Video);
    says(&entry, "vvc1.33.H86.CA", "VVC Main 10 4:4:4", "level 5.2, High tier");
    let entry = read(&vvcc("00000000 ff 0065 5f 03 02 33 800140 0000"), TrackKind::Video);
    says(&entry, "vvc1.1.L51.CQAAUA", "VVC Main 10", "level 3.1");
    says(&read(&vvcc("00000000 fe 00"), TrackKind::Video), "vvc1", "VVC", "");
}

#[test]
fn elementary_streams_are_what_their_object_type_says() {
    let simple = [0, 0, 1, 0xb0, 1, 0, 0, 1, 0xb5];
    for (object_type, specific, string, name, detail) in [
        (0x20, &simple[..], "mp4v.20.1", "MPEG-4 Visual Simple", "level 1"),
        (0x20, &[0, 0, 1, 0xb0, 0xf5][..], "mp4v.20.245", "MPEG-4 Visual Advanced Simple", "level 5"),
        (0x20, &[0, 0, 1, 0x20], "mp4v.20", "MPEG-4 Visual", ""),
        (0x61, &[], "mp4v.61", "MPEG-2 video Main", ""),
        (0x6a, &[], "mp4v.6A", "MPEG-1 video", ""),
        (0x6c, &[], "mp4v.6C", "JPEG", ""),
        (0x6d, &[], "mp4v.6D", "PNG", ""),
        (0xa3, &[], "mp4v.A3", "VC-1", ""),
        (0xc7, &[], "mp4v.C7", "MPEG-4 object type 0xc7", ""),
    ] {
        let entry = read(&visual(b"mp4v", &[esds(object_type, specific)]), TrackKind::Video);
        says(&entry, string, name, detail);
        assert!(matches!(&entry.codec, Codec::Mpeg(config) if !config.is_aac()));
    }
    let subpictures = read(&plain(b"mp4s", &esds(0xe0, &[1; 64])), TrackKind::Other);
    says(&subpictures, "mp4s.E0", "Subpictures (VobSub)", "");
    says(&read(&plain(b"mp4s", &esds(1, &[])), TrackKind::Other), "mp4s.01", "MPEG-4 systems", "");
}

#[test]
fn windows_and_phone_codecs() {
    let dvc1 = hexed(b"dvc1", "c0 6000 ffffffff 0000010f");
    says(&read(&visual(b"vc-1", &[dvc1]), TrackKind::Video), "vc-1", "VC-1 Advanced", "level 3");
    says(&read(&visual(b"vc-1", &[hexed(b"dvc1", "44")]), TrackKind::Video), "vc-1", "VC-1 Main", "level 2");
    let d263 = hexed(b"d263", "66666d70 00 0a 00");
    says(&read(&visual(b"s263", &[d263]), TrackKind::Video), "s263", "H.263 profile 0", "level 1");
    says(&read(&visual(b"ovc1", &[]), TrackKind::Video), "ovc1", "VC-1", "");
}

#[test]
fn what_stands_behind_protection_is_named() {
    let sinf = |format: &[u8; 4]| atom(b"sinf", &atom(b"frma", format));
    let entry = read(&visual(b"encv", &[hexed(b"avcC", AVCC), sinf(b"avc3")]), TrackKind::Video);
    says(&entry, "avc3.64001F", "H.264 High", "level 3.1");
    assert_eq!((entry.coded, entry.format), (FourCc(*b"encv"), FourCc(*b"avc3")));
    // A format that nobody states is that of the box inside.
    for (boxes, string) in [
        (hexed(b"avcC", AVCC), "avc1.64001F"),
        (hvcc("01 60000000", "900000000000", "1e"), "hvc1.1.6.L30.90"),
        (hexed(b"av1C", "81000c00"), "av01.0.00M.08"),
        (esds(0x20, &[]), "mp4v.20"),
    ] {
        let entry = read(&visual(b"encv", &[boxes]), TrackKind::Video);
        assert_eq!(entry.codec_string(), string);
        assert!(entry.is_protected());
    }
    says(&read(&visual(b"encv", &[]), TrackKind::Video), "encv", "Encrypted video", "");
    // Restricted, and protected besides.
    let rinf = atom(b"rinf", &atom(b"frma", b"hvc1"));
    let hevc = || hvcc("01 60000000", "900000000000", "1e");
    let entry = read(&visual(b"resv", &[hevc(), rinf.clone()]), TrackKind::Video);
    says(&entry, "hvc1.1.6.L30.90", "HEVC Main", "level 1");
    assert!(!entry.has_protected_type());
    let entry = read(&visual(b"encv", &[hevc(), sinf(b"resv"), rinf]), TrackKind::Video);
    assert_eq!((entry.codec_string().as_str(), entry.is_protected()), ("hvc1.1.6.L30.90", true));
}

#[test]
fn a_damaged_box_costs_what_it_would_have_said() {
    for (code, boxes, name) in [
        (b"avc1", atom(b"avcC", &[]), "H.264"),
        (b"avc1", hexed(b"avcC", "02 64001f ff e0 00"), "H.264"),
        (b"hvc1", hexed(b"hvcC", "0101"), "HEVC"),
        (b"av01", atom(b"av1C", &[]), "AV1"),
        (b"vp09", atom(b"vpcC", &[1, 0]), "VP9"),
        (b"vvc1", hexed(b"vvcC", "00000000 ff 0065"), "VVC"),
        (b"mp4v", atom(b"esds", &[0, 0, 0, 0, 3]), "MPEG-4 Visual"),
        (b"mp4v", hexed(b"esds", "00000000 03 03 000100"), "MPEG-4 Visual"),
    ] {
        let box_code = String::from_utf8_lossy(&boxes[4..8]).into_owned();
        let entry = read(&visual(code, &[boxes, hexed(b"pasp", "0000000100000001")]), TrackKind::Video);
        assert_eq!((entry.codec_name().as_str(), entry.size), (name, Some((320, 240))));
        assert_eq!(entry.codec_string().as_bytes(), code);
        let [damage] = &entry.damage[..] else { panic!("{name}: {:?}", entry.damage) };
        assert_eq!(
            (damage.code(), damage.path()),
            ("damaged-entry", format!("stsd/{}/{box_code}", String::from_utf8_lossy(code))),
            "{damage}"
        );
        assert!(
            damage.message().starts_with(&format!("Box '{box_code}' of a sample entry is damaged: ")),
            "{damage}"
        );
        // Its header is 86 bytes behind the entry's, which is 16 bytes behind that of stsd.
        assert!(damage.offset().is_some_and(|offset| offset >= 16 + 86 + 8), "{damage}");
    }
    // Fields of the entry itself.
    let entry = read(&atom(b"avc1", &[0; 20]), TrackKind::Video);
    assert_eq!((entry.codec_name().as_str(), entry.size, entry.damage.len()), ("H.264", None, 1));
    // Damaged protection is still protection.
    let sinf = atom(
        b"sinf",
        &[atom(b"frma", b"av"), atom(b"schm", &[0]), atom(b"schi", &atom(b"tenc", &[0; 9]))].concat(),
    );
    let entry = read(&visual(b"encv", &[hexed(b"avcC", AVCC), sinf]), TrackKind::Video);
    let paths: Vec<String> = entry.damage.iter().map(|damage| damage.path()).collect();
    assert_eq!(paths, ["stsd/encv/sinf/frma", "stsd/encv/sinf/schm", "stsd/encv/sinf/schi/tenc"]);
    assert!(entry.is_protected());
    assert_eq!(entry.codec_string(), "avc1.64001F");
}

#[test]
fn text_and_metadata() {
    says(
        &read(&plain(b"stpp", b"http://www.w3.org/ns/ttml\0\0\0"), TrackKind::Text),
        "stpp",
        "TTML subtitles",
        "",
    );
    says(&read(&plain(b"wvtt", &[]), TrackKind::Text), "wvtt", "WebVTT subtitles", "");
    says(&read(&plain(b"c608", &[]), TrackKind::Text), "c608", "CEA-608 captions", "");
    says(
        &read(&plain(b"mett", b"\0application/json\0"), TrackKind::Other),
        "mett",
        "Text metadata",
        "application/json",
    );
    says(&read(&plain(b"metx", b"\0urn:x\0\0"), TrackKind::Other), "metx", "XML metadata", "urn:x");
    says(&read(&plain(b"mebx", &[]), TrackKind::Other), "mebx", "Timed metadata", "");
}

#[test]
fn only_what_nobody_registered_is_unknown() {
    for (line, name) in sample_types::all() {
        let code: [u8; 4] = line.as_bytes().try_into().unwrap();
        assert!(name.len() > 2 && !name.ends_with(' '), "{line}");
        let kind = match name.as_bytes()[0] {
            b'v' => TrackKind::Video,
            b'a' => TrackKind::Audio,
            b'.' => TrackKind::Other,
            other => panic!("{line} has the layout {other}"),
        };
        let entry = match kind {
            TrackKind::Video => visual(&code, &[]),
            TrackKind::Audio => audio(&code, &[]),
            _ => plain(&code, &[0; 40]),
        };
        let read = read(&entry, kind);
        assert_eq!(read.codec_name().split(',').next(), name[1..].split(',').next(), "{line}");
        assert_eq!(read.size.is_some(), kind == TrackKind::Video, "{line}");
        assert_eq!(read.sound.is_some(), kind == TrackKind::Audio, "{line}");
    }
    assert!(sample_types::all().count() > 300);
    let entry = read(&visual(b"zzzz", &[]), TrackKind::Video);
    says(&entry, "zzzz", "unknown codec 'zzzz'", "");
    assert_eq!(entry.size, Some((320, 240)), "its track says that it is video");
    assert_eq!(
        read(&visual(&[0; 4], &[]), TrackKind::Video).codec_name(),
        "unknown codec '\\x00\\x00\\x00\\x00'"
    );
}

/// Every sample entry whose fields are declared has a name in the list of types.
#[test]
fn every_declared_entry_is_registered() {
    use boxlock::boxes::sample_types::{Layout, registered};
    let mut counted = 0;
    for declaration in boxlock::boxes::registry::all().filter(|known| known.name().ends_with("sample entry"))
    {
        for id in declaration.ids {
            let known = registered(id.four_cc(), Layout::Other);
            assert!(known.is_some(), "{id}");
            counted += 1;
        }
    }
    assert!(counted > 100);
}
