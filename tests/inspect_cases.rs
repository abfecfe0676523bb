//! What Boxlock says of the small files after public reports, row by row of their index; and of files made here, the
//! smallest of each kind, so that the kinds are tested without the folder as well.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, missing_docs, reason = "a test may panic")]

mod rows;
mod said;

use crate::lint::build;
use crate::support;

use said::Said;
use support::drive::{self, Feed};
use support::synth::boxed;

#[test]
fn every_row_of_the_index_is_said_rightly() {
    let Some(root) = support::inspect_cases() else { return };
    let mut failed = Vec::new();
    let mut checked = 0;
    for (name, check) in rows::ROWS {
        let bytes = std::fs::read(root.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let wrong = check(&Said::of(&bytes));
        checked += 1;
        failed.extend(wrong.into_iter().map(|wrong| format!("{name}: {wrong}")));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    let files = std::fs::read_dir(&root).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        !name.to_string_lossy().ends_with(".md")
    });
    assert_eq!(checked, files.count(), "every file of the folder has its row");
}

/// The sample that is shipped with the page: H.264 and AAC, as Smooth Streaming has them.
fn sample() -> Vec<u8> {
    include_bytes!("../www/samples/sample.ismv").to_vec()
}

/// The bytes of the sample, with something changed in it.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = sample();
    change(&mut bytes);
    bytes
}

fn find(bytes: &[u8], kind: &[u8; 4]) -> usize {
    bytes.windows(4).position(|word| word == kind).unwrap_or_else(|| panic!("no {kind:?}")) - 4
}

/// Renames the first box of a type, so that it is missing.
fn without(kind: &[u8; 4]) -> Vec<u8> {
    changed(|bytes| {
        let at = find(bytes, kind);
        bytes[at + 4..at + 8].copy_from_slice(b"free");
    })
}

#[test]
fn a_missing_box_costs_what_it_says_and_no_more() {
    let whole = Said::of(&sample());
    assert!(whole.summary.problems.is_empty() && whole.tracks.len() > 1);
    for kind in [b"mvhd", b"tkhd", b"mdhd", b"hdlr", b"stsd", b"stbl", b"minf", b"mdia", b"trex"] {
        let said = Said::of(&without(kind));
        let name = String::from_utf8_lossy(kind);
        assert_eq!(said.tracks.len(), whole.tracks.len() + usize::from(kind == b"tkhd"), "{name}");
        assert_eq!(said.summary.kind, whole.summary.kind, "{name}");
        // The last track is untouched.
        let (last, sound) =
            (said.tracks.iter().find(|t| t.id == whole.tracks.last().unwrap().id), whole.tracks.last());
        assert_eq!(last.unwrap().codec, sound.unwrap().codec, "{name}");
        // Boxlock adds it.
        assert_eq!(said.summary.protectable.ok, kind == b"trex", "{name}");
        if kind != b"trex" {
            let named = said.summary.problems.iter().any(|problem| problem.message.contains(&*name));
            assert!(named, "{name}: {:?}", said.summary.problems);
            said.finds_every_problem();
        }
    }
}

#[test]
fn a_file_cut_anywhere_in_its_last_header_shows_the_rest() {
    let whole = sample();
    let moov = find(&whole, b"moov");
    let moov_len = u32::from_be_bytes(whole[moov..moov + 4].try_into().unwrap()) as usize;
    let sound = Said::of(&whole);
    for cut in moov + 8..moov + moov_len {
        let said = Said::of(&whole[..cut]);
        assert!(!said.summary.protection.as_ref().is_some_and(|found| found.certain));
        assert!(said.summary.problems.iter().any(|problem| problem.message.contains("cut short")), "{cut}");
        assert_eq!(said.summary.problems.len(), 1, "{cut}: {:?}", said.summary.problems);
        assert_eq!(said.summary.kind_name, "MP4, cut short in its movie header");
        assert!(said.tracks.len() <= sound.tracks.len());
        said.finds_every_problem();
    }
    let almost = Said::of(&whole[..moov + moov_len - 1]);
    assert_eq!(almost.tracks.len(), sound.tracks.len());
    let moof = whole.windows(4).rposition(|word| word == b"moof").unwrap() - 4;
    let cut = Said::of(&whole[..moof + 60]);
    assert_eq!(cut.tracks.len(), sound.tracks.len());
    assert!(cut.summary.sample_count <= sound.summary.sample_count);
    cut.finds_every_problem();
}

#[test]
fn unknown_is_not_called_clear() {
    assert!(Said::of(&sample()).summary.protection.is_none());
    // Encrypted by its type, and nothing says how.
    let encrypted = Said::of(&changed(|bytes| {
        let at = find(bytes, b"avc1");
        bytes[at + 4..at + 8].copy_from_slice(b"encv");
    }));
    let found = encrypted.summary.protection.as_ref().unwrap();
    assert!(found.certain && found.scheme.is_none() && found.kids.is_empty());
    // A segment alone: with IVs it is encrypted, without nobody can know.
    let whole = sample();
    let moof = find(&whole, b"moof");
    let alone = Said::of(&whole[moof..]);
    assert_eq!(alone.summary.kind, "segment");
    assert!(!alone.summary.protection.as_ref().unwrap().certain);
    for profile in ["hybrid", "piff"] {
        let locked = drive::protect(&whole, &drive::request(profile)).unwrap();
        let alone = Said::of(&locked[find(&locked, b"moof")..]);
        assert!(alone.summary.protection.as_ref().unwrap().certain, "{profile}");
        assert!(alone.tracks.iter().any(|track| track.protection.as_ref().unwrap().certain));
        let said = Said::of(&locked);
        let kids = &said.summary.protection.as_ref().unwrap().kids;
        assert_eq!(kids, &[drive::KID], "{profile}");
        // The same with its movie header saying "clear".
        let mut lying = locked.clone();
        while let Some(at) = lying.windows(4).position(|word| word == b"sinf") {
            lying[at..at + 4].copy_from_slice(b"free");
        }
        for (coded, clear) in [(b"encv", b"avc1"), (b"enca", b"mp4a")] {
            while let Some(at) = lying.windows(4).position(|word| word == coded) {
                lying[at..at + 4].copy_from_slice(clear);
            }
        }
        let said = Said::of(&lying);
        assert!(!said.summary.protection.as_ref().unwrap().certain, "{profile}");
    }
}

#[test]
fn lengths_are_those_of_the_samples() {
    let whole = Said::of(&sample());
    for duration in [0_u32, 1, 90_000_000, u32::MAX] {
        let said = Said::of(&changed(|bytes| {
            let at = find(bytes, b"mvhd");
            let version = bytes[at + 8];
            let place = at + if version == 0 { 24 } else { 36 };
            bytes[place..place + 4].copy_from_slice(&duration.to_be_bytes());
        }));
        assert_eq!(said.summary.duration, whole.summary.duration, "{duration}");
    }
    let said = Said::of(&changed(|bytes| {
        let at = find(bytes, b"mdhd");
        let place = at + if bytes[at + 8] == 0 { 20 } else { 28 };
        bytes[place..place + 4].fill(0);
    }));
    assert_eq!(said.tracks[0].duration, None);
    assert_eq!(said.tracks[0].bitrate, None);
    assert!(said.summary.problems.iter().any(|problem| problem.message.contains("timescale is 0")));
    assert!(said.summary.protectable.ok, "{:?}", said.summary.protectable);
    let moof = find(&sample(), b"moof");
    let header = Said::of(&sample()[..moof]);
    assert_eq!((header.summary.bitrate, header.summary.sample_count), (None, 0));
}

#[test]
fn kinds_are_called_by_their_names() {
    let ftyp = |brand: &[u8; 4]| boxed(b"ftyp", &[brand, &[0; 4][..], brand].concat());
    let meta = boxed(b"meta", &[&[0; 4][..], &boxed(b"iloc", &[0; 8])].concat());
    for (brand, name) in [(b"avif", "Still image (AVIF)"), (b"heic", "Still image (HEIC)")] {
        let said = Said::of(&[ftyp(brand), meta.clone()].concat());
        assert_eq!((said.summary.kind, &*said.summary.kind_name), ("image", name));
        assert_eq!(said.summary.protectable.code, Some("still-image"));
        assert!(said.summary.protection.is_none());
    }
    for text in ["<MPD/>", "#EXTM3U", "\x1A\u{45}"] {
        let error = drive::open(text.as_bytes(), Feed::Exact).unwrap_err();
        assert_eq!(error.code(), "not-mp4", "{text}");
    }
}

/// A plain file whose track has this sample entry, and this handler.
fn of_entry(entry: &[u8], handler: &[u8; 4]) -> Said {
    const STSD: &str = "moov/trak/mdia/minf/stbl/stsd";
    let mut file = build::plain();
    build::remove(&mut file, &format!("{STSD}/mp4a"));
    build::append(&mut file, STSD, entry);
    build::set(&mut file, "moov/trak/mdia/hdlr", 8, handler);
    let media = u32::try_from(build::find(&file, "mdat").body).unwrap();
    build::set(&mut file, "moov/trak/mdia/minf/stbl/stco", 8, &media.to_be_bytes());
    Said::of(&file)
}

const ENTRY: &str = "moov/trak/mdia/minf/stbl/stsd";

#[test]
fn keys_of_timed_metadata_are_boxes() {
    let keyd = boxed(b"keyd", b"mdtacom.apple.quicktime.live-photo-info");
    let dtyp = boxed(b"dtyp", &[0, 0, 0, 1, b'r', b'a', b'w']);
    let keys = boxed(b"keys", &boxed(b"\0\0\0\x01", &[keyd, dtyp].concat()));
    let said = of_entry(&boxed(b"mebx", &[&[0, 0, 0, 0, 0, 0, 0, 1][..], &keys].concat()), b"meta");
    assert!(said.summary.problems.is_empty(), "{:?}", said.summary.problems);
    let field = |name: &str, number: usize| {
        let view = said.view(&format!("{ENTRY}/mebx/keys/\\x00\\x00\\x00\\x01/{name}")).unwrap();
        view.fields[number].value.clone()
    };
    assert_eq!(field("keyd", 1), "com.apple.quicktime.live-photo-info");
    assert_eq!((field("dtyp", 0), field("dtyp", 1)), ("1".to_owned(), "726177".to_owned()));
}

#[test]
fn colours_of_a_sample_entry_are_no_boxes() {
    let entry = |depth: u8, table: &[u8], id: [u8; 2]| {
        let fields = [&[0; 7][..], &[1], &[0; 16], &[0, 4, 0, 4], &[0; 46], &[0, depth], &id, table].concat();
        of_entry(&boxed(b"rle ", &fields), b"vide")
    };
    // A seed, flags, the number of the last colour, and two colours.
    let table =
        [&[0, 0, 0, 0, 0x80, 0, 0, 1][..], &[0; 8], &[0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]].concat();
    for depth in [2, 4, 8] {
        let said = entry(depth, &table, [0, 0]);
        assert!(said.summary.problems.is_empty(), "{depth}: {:?}", said.summary.problems);
        let view = said.view(&format!("{ENTRY}/rle ")).unwrap();
        assert!(
            view.fields.iter().any(|row| row.meaning == "2 colours of a palette"),
            "{depth}: {:?}",
            view.fields
        );
        let without = entry(depth, &[], [0xff; 2]);
        assert!(without.summary.problems.is_empty(), "{depth}: {:?}", without.summary.problems);
    }
    assert!(entry(24, &[], [0, 0]).summary.problems.is_empty());
    // Pictures are in no sound format of Windows, whose codes begin so, too.
    for (code, name) in [(b"msvc", "Microsoft Video 1"), (b"ms\x12\x34", "unknown codec 'ms\\x124'")] {
        let said = of_entry(&boxed(code, &[&[0; 7][..], &[1], &[0; 70]].concat()), b"vide");
        assert_eq!(said.tracks[0].codec_name, name);
    }
}

#[test]
fn pictures_of_text_are_text() {
    let said = of_entry(&boxed(b"mp4s", &[0, 0, 0, 0, 0, 0, 0, 1]), b"subp");
    assert_eq!(said.tracks[0].kind, "text");
}

#[test]
fn a_tag_in_front_of_a_file_is_called_that() {
    let file = [b"ID3\x04\0\0\0\0\0\x0a", &[0; 10][..], &sample()].concat();
    let error = drive::open(&file, Feed::Exact).unwrap_err();
    assert_eq!(error.code(), "not-mp4");
    assert!(error.to_string().contains("An ID3 tag of 20 bytes"), "{error}");
}

#[test]
fn a_segment_cut_before_its_track_names_none() {
    let whole = sample();
    let at = find(&whole, b"moof");
    let said = Said::of(&whole[at..at + 20]);
    assert_eq!(said.summary.kind_name, "Media segment; its movie header is in another file");
}

#[test]
fn user_data_is_shown_from_its_first_letter_on() {
    let chapter = |at: u64, title: &[u8]| {
        [&at.to_be_bytes()[..], &[u8::try_from(title.len()).unwrap()], title].concat()
    };
    let chapters = [chapter(0, b"One"), chapter(25_000_000, b"Two")].concat();
    let boxes = [
        boxed(b"name", b"Left camera"),
        boxed(b"SDLN", b"SEQ_PLAY"),
        boxed(b"\xA9xyz", b"\0\x04\x15\xc7+1+2"),
        boxed(b"auth", b"\0\0\0\0\x15\xc7me\0"),
        boxed(b"kind", b"\0\0\0\0urn:x\0main\0"),
        boxed(b"chpl", &[&[1, 0, 0, 0, 0, 0, 0, 0, 2][..], &chapters].concat()),
    ];
    let mut file = build::plain();
    build::append(&mut file, "moov/trak", &boxed(b"udta", &boxes.concat()));
    let said = Said::of(&file);
    let text = |name: &str| {
        let texts = said.view(&format!("moov/trak/udta/{name}")).unwrap().texts;
        texts.first().map(|text| text.text.clone()).unwrap_or_default()
    };
    for (name, expected) in
        [("name", "Left camera"), ("SDLN", "SEQ_PLAY"), ("©xyz", "+1+2"), ("auth", "me"), ("kind", "")]
    {
        assert_eq!(text(name), expected, "{name}");
    }
    let fields = said.view("moov/trak/udta/chpl").unwrap().fields;
    assert!(fields.iter().any(|row| row.name == "start" && row.meaning == "2.5 s"), "{fields:?}");
    assert!(fields.iter().any(|row| row.name == "title" && row.value == "Two"), "{fields:?}");
    // The first day of 2019, by NTP's clock.
    let prft = boxed(b"prft", &[&[0, 0, 0, 24, 0, 0, 0, 1, 0xdf, 0xd5, 0x2c, 0x00][..], &[0; 8]].concat());
    let said = Said::of(&[sample(), prft].concat());
    let fields = said.view("prft").unwrap().fields;
    assert!(fields.iter().any(|row| row.meaning == "2019-01-01 00:00:00 UTC"), "{fields:?}");
}
