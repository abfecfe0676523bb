//! What the inspector shows of every corpus file, and that no damage to a file makes it panic or lie about ranges.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic, and its files are small"
)]

use crate::support;

use boxlock::boxes::{BoxHeader, Row, Tree};
use boxlock::bytes::Reader;
use boxlock::inspect::{BoxFields, BoxNode, children_at, fields, find, view, view_at};

/// The top-level boxes of a file with their path segments, `mdat` left out: it has nothing inside.
fn top_level(bytes: &[u8]) -> Vec<(String, Tree<'_>)> {
    let mut trees: Vec<(String, Tree<'_>)> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let Ok(header) = BoxHeader::read(&mut Reader::new(rest, at as u64), rest.len() as u64) else { break };
        let len = header.size as usize;
        if !header.id.is(b"mdat") {
            let tree = Tree::parse(&rest[..len], at as u64).expect("the header was just read");
            let same = trees.iter().filter(|(_, other)| other.root().id() == header.id).count();
            trees.push((boxlock::boxes::tree::path_segment(header.id, same), tree));
        }
        at += len;
    }
    trees
}

fn each(view: &BoxNode, act: &mut impl FnMut(&BoxNode)) {
    act(view);
    for child in view.children.iter().flatten() {
        each(child, act);
    }
}

/// Looks at every box of a tree as the page would, and checks what must hold for any bytes.
fn look_at_all(name: &str, top: &str, tree: &Tree<'_>, count: usize) -> usize {
    let mut boxes = 0;
    each(&view(tree, top), &mut |node| {
        boxes += 1;
        let place = || format!("{name}: {}", node.path);
        let (found, _) = find(tree, &node.path).unwrap_or_else(|| panic!("{} is not found", place()));
        assert_eq!(found.header.id.four_cc().text(), node.kind, "{}", place());
        let shown = fields(tree, &node.path, 0, count, None).unwrap_or_else(|e| panic!("{}: {e}", place()));
        assert!(!shown.name.is_empty() && shown.rows.len() <= count && shown.rows.len() <= shown.total);
        for row in &shown.rows {
            let inside = found.body_start() <= row.start && row.start <= row.end && row.end <= found.end();
            assert!(inside, "{}: row {row:?} is outside of the box", place());
        }
    });
    boxes
}

#[test]
fn every_box_of_the_corpus_can_be_looked_at() {
    let mut boxes = 0;
    for (name, bytes) in support::corpus_files() {
        for (top, tree) in top_level(&bytes) {
            boxes += look_at_all(&name, &top, &tree, usize::MAX);
        }
    }
    if support::corpus().is_some() {
        assert!(boxes > 8_000, "the corpus holds many boxes, but only {boxes} were met");
    }
}

#[test]
fn paths_lead_to_different_boxes() {
    let Some(bytes) = support::corpus_file("piff/synth_bento4__bbb10s_piffctr.ismv") else { return };
    for (top, tree) in top_level(&bytes) {
        each(&view(&tree, &top), &mut |node| {
            let (found, _) = find(&tree, &node.path).unwrap();
            assert_eq!((found.start, found.header.size), (node.start, node.size), "{}", node.path);
            let again = view_at(&tree, &node.path).unwrap();
            assert_eq!(again, BoxNode { children: None, ..node.clone() });
            let shallow = |children: &Vec<BoxNode>| -> Vec<BoxNode> {
                children.iter().map(|child| BoxNode { children: None, ..child.clone() }).collect()
            };
            let children = node.children.as_ref().map(shallow).unwrap_or_default();
            assert_eq!(children_at(&tree, &node.path, 0, usize::MAX).unwrap(), children);
            let window = children.iter().skip(1).take(2).cloned().collect::<Vec<_>>();
            assert_eq!(children_at(&tree, &node.path, 1, 2).unwrap(), window);
        });
    }
    let (_, tree) = top_level(&bytes).into_iter().find(|(top, _)| top == "moov").unwrap();
    for path in ["", "moof", "moov/", "moov/nope", "moov/trak[2]", "moov/trak[0]", "moov/trakx", "moov//trak"]
    {
        assert!(find(&tree, path).is_none(), "{path} should lead nowhere");
        assert!(fields(&tree, path, 0, 10, None).is_err());
    }
}

#[test]
fn damaged_boxes_do_no_harm() {
    let mut dice = support::dice::Dice(0x0b0e_10c4);
    for (name, bytes) in support::corpus_files() {
        for (top, tree) in top_level(&bytes).iter().take(6) {
            let whole = tree.bytes();
            for round in 0..if whole.len() < 20_000 { 12 } else { 2 } {
                let mut bytes = whole.to_vec();
                if round % 3 == 2 {
                    // Cut short, with the outer size still as it was and as it now is.
                    bytes.truncate(8 + dice.roll(bytes.len()));
                    if let (true, Ok(len)) = (dice.roll(2) == 0, u32::try_from(bytes.len())) {
                        bytes[..4].copy_from_slice(&len.to_be_bytes());
                    }
                } else {
                    for _ in 0..=dice.roll(6) {
                        let at = dice.roll(bytes.len());
                        bytes[at] = [0, 0xff, 0x80, 1, bytes[at] ^ 1 << dice.roll(8)][dice.roll(5)];
                    }
                }
                if let Ok(tree) = Tree::parse(&bytes[..], tree.root().start) {
                    let top =
                        if tree.root().id().four_cc().text() == top.split('[').next().unwrap_or_default() {
                            top.clone()
                        } else {
                            boxlock::boxes::tree::path_segment(tree.root().id(), 0)
                        };
                    look_at_all(&name, &top, &tree, 100);
                }
            }
        }
    }
}

fn shown(file: &str, path: &str) -> Option<BoxFields> {
    let bytes = support::corpus_file(file)?;
    let top = path.split('/').next().unwrap();
    let trees = top_level(&bytes);
    let (_, tree) = trees.iter().find(|(segment, _)| segment == top).expect("the top-level box is there");
    Some(fields(tree, path, 0, 12, None).unwrap())
}

/// Rows as text: name, value, meaning, bytes from the start of the box's body.
fn text(rows: &[Row]) -> Vec<String> {
    let base = rows.first().map_or(0, |row| row.start);
    let line = |row: &Row| {
        let indent = "  ".repeat(usize::from(row.depth));
        let (start, end) = (row.start - base, row.end - base);
        format!("{indent}{} = {} ({}) {start}..{end}", row.name, row.value, row.meaning).replace(" ()", "")
    };
    rows.iter().map(line).collect()
}

const PIFF: &str = "piff/synth_bento4__bbb10s_piffctr.ismv";

#[test]
fn rows_of_a_piff_track_encryption_box() {
    let Some(shown) = shown(PIFF, "moov/trak/mdia/minf/stbl/stsd/encv/sinf/schi/uuid:8974dbce") else {
        return;
    };
    assert_eq!(shown.name, "Track encryption (PIFF tenc)");
    assert_eq!(shown.clause, "PIFF 1.1 5.3.3");
    let expected = [
        "version = 0 0..1",
        "flags = 0x000000 1..4",
        "default_algorithm_id = 1 (AES-128-CTR) 4..7",
        "default_iv_size = 8 7..8",
        "default_kid = 09e36702-8f33-436c-a5dd-60ffe6671e70 (in GUID order 0267e309-338f-6c43-a5dd-60ffe6671e70) 8..24",
    ];
    assert_eq!(text(&shown.rows), expected);
}

#[test]
fn rows_of_a_piff_sample_encryption_box() {
    let Some(shown) = shown(PIFF, "moof/traf/uuid:a2394f52") else { return };
    let expected = [
        "version = 0 0..1",
        "flags = 0x000002 (subsamples) 1..4",
        "sample_count = 134 (IVs of 8 bytes, guessed: that size fits this box) 4..8",
        "samples[0] = IV 00000000 00000001, 1 subsamples 8..24",
        "  subsamples[0] = 759 clear, 0 protected 18..24",
        "samples[1] = IV 00000000 00000002, 1 subsamples 24..40",
        "  subsamples[0] = 15 clear, 0 protected 34..40",
        "samples[2] = IV 00000000 00000003, 1 subsamples 40..56",
        "  subsamples[0] = 13 clear, 0 protected 50..56",
        "samples[3] = IV 00000000 00000004, 1 subsamples 56..72",
        "  subsamples[0] = 98 clear, 2720 protected 66..72",
        "samples[4] = IV 00000000 00000005, 1 subsamples 72..88",
    ];
    assert_eq!(text(&shown.rows), expected);
    assert_eq!((shown.from, shown.total), (0, 3 + 2 * 134));
}

#[test]
fn the_track_says_how_long_its_ivs_are() {
    let Some(bytes) = support::corpus_file(PIFF) else { return };
    let trees = top_level(&bytes);
    let (_, moof) = trees.iter().find(|(top, _)| top == "moof[1]").unwrap();
    let (_, moov) = trees.iter().find(|(top, _)| top == "moov").unwrap();
    let meaning = |moov: Option<&Tree<'_>>| {
        let shown = fields(moof, "moof[1]/traf/uuid:a2394f52", 2, 1, moov).unwrap();
        assert_eq!(shown.rows[0].name, "sample_count");
        shown.rows[0].meaning.clone()
    };
    assert_eq!(meaning(Some(moov)), "IVs of 8 bytes, as the track says");
    assert_eq!(meaning(None), "IVs of 8 bytes, guessed: that size fits this box");
    // The second fragment belongs to track 2, whose defaults now speak of 16 bytes.
    let defaults = "moov/trak[1]/mdia/minf/stbl/stsd/enca/sinf/schi/uuid:8974dbce";
    let (tenc, _) = find(moov, defaults).unwrap();
    let mut bytes = moov.bytes().to_vec();
    bytes[(tenc.body_start() + 7 - moov.root().start) as usize] = 16;
    let other = Tree::parse(&bytes[..], moov.root().start).unwrap();
    assert_eq!(meaning(Some(&other)), "IVs of 8 bytes fit this box; the track says 16");
}

#[test]
fn rows_of_a_fragment_time_before_zero() {
    let Some(shown) = shown(PIFF, "moof[1]/traf/uuid:6d1d9b05") else { return };
    let expected = [
        "version = 1 0..1",
        "flags = 0x000000 1..4",
        "fragment_absolute_time = 18446744073709338283 (-213333, read as a signed number: −0:00:00.021 at 10 MHz, Smooth's default) 4..12",
        "fragment_duration = 44373333 (0:00:04.437 at 10 MHz, Smooth's default) 12..20",
    ];
    assert_eq!(text(&shown.rows), expected);
}

#[test]
fn rows_of_a_key_rotation_group() {
    let file = "cenc/shaka-packager__live-profile-and-key-rotation__bear-640x360-video-2.m4s";
    let Some(shown) = shown(file, "moof/traf/sgpd") else { return };
    let rows = text(&shown.rows);
    let expected = "  entries[0] = 00000108 31323334 35363738 39303132 33343536 \
                    (KID 31323334-3536-3738-3930-313233343536, IVs of 8 bytes) 16..36";
    assert!(rows.iter().any(|row| row == expected), "{rows:#?}");
    assert_eq!(
        rows.last().unwrap(),
        "    kid = 31323334-3536-3738-3930-313233343536 (in GUID order 34333231-3635-3837-3930-313233343536) 20..36"
    );
}

#[test]
fn rows_of_decoder_descriptors() {
    let Some(shown) = shown(PIFF, "moov/trak[1]/mdia/minf/stbl/stsd/enca/esds") else { return };
    let rows = text(&shown.rows);
    assert!(rows.iter().any(|row| row.contains("objectTypeIndication = 0x40 (MPEG-4 audio")), "{rows:#?}");
}

#[test]
fn licence_data_is_shown_as_text() {
    let file = "cenc/rx-player__video.mp4";
    for (path, title, part) in [
        ("moov/pssh", "Key IDs", "404e9988-95de-443f-93e8-c822935bff0a"),
        ("moov/pssh[1]", "PlayReady header", "\n  <DATA>\n    <PROTECTINFO>"),
    ] {
        let Some(shown) = shown(file, path) else { return };
        let (shown_title, text) = shown.texts.first().unwrap_or_else(|| panic!("{path} has no text"));
        assert_eq!(shown_title, title);
        assert!(text.contains(part), "{path}: {text}");
    }
}

#[test]
fn a_playready_object_that_cannot_be_read_says_why() {
    let file = "cenc/rx-player__video.mp4";
    let Some(mut bytes) = support::corpus_file(file) else { return };
    // The second `pssh`: its object says it is one byte longer than it is.
    let system = bytes.windows(4).position(|at| at == [0x9a, 0x04, 0xf0, 0x79]).unwrap();
    let object = system + 20;
    let len = u32::from_le_bytes(bytes[object..object + 4].try_into().unwrap());
    bytes[object..object + 4].copy_from_slice(&(len + 1).to_le_bytes());
    let (_, tree) = top_level(&bytes).into_iter().find(|(top, _)| top == "moov").unwrap();
    let shown = fields(&tree, "moov/pssh[1]", 0, 10, None).unwrap();
    let (title, text) = &shown.texts[0];
    assert_eq!(title, "PlayReady header");
    for part in [format!("{}", len + 1), format!("{len}"), format!("{object}")] {
        assert!(text.contains(&part), "no {part} in: {text}");
    }
}

#[test]
fn a_lone_smooth_fragment_says_its_time_in_seconds() {
    let sample = include_bytes!("../www/samples/sample.ismv");
    let trees = top_level(sample);
    let moofs: Vec<u64> = trees
        .iter()
        .filter(|(_, tree)| tree.root().id().is(b"moof"))
        .map(|(_, tree)| tree.root().start)
        .collect();
    let name = |file: &[u8]| {
        let session = support::drive::open(file, support::drive::Feed::Whole).unwrap();
        boxlock::report::summary(session.index().unwrap(), session.check()).kind_name
    };
    let alone = &sample[moofs[2] as usize..moofs[3] as usize];
    let said = name(alone);
    assert_eq!(
        said,
        "Media segment of track 1 at 0:00:02.000 of Smooth's default 10 MHz; its movie header is in another file"
    );
    // Where a `tfdt` says the time, or nothing does, its ticks may be of any length.
    let mut other = alone.to_vec();
    let tfxd = alone.windows(4).position(|word| word == [0x6d, 0x1d, 0x9b, 0x05]).unwrap();
    other[tfxd] ^= 1;
    assert_eq!(name(&other), "Media segment of track 1; its movie header is in another file");
}

#[test]
fn notes_say_what_is_in_a_box() {
    let Some(bytes) = support::corpus_file(PIFF) else { return };
    let mut notes = Vec::new();
    for (top, tree) in top_level(&bytes) {
        each(&view(&tree, &top), &mut |node| {
            notes.push(format!("{}: {}", node.path, node.note.as_deref().unwrap_or_default()));
        });
    }
    for expected in [
        "ftyp: isml: isml piff",
        "moov/trak: track 1 video avc1, protected",
        "moov/trak/mdia/minf/stbl/stsd/encv: avc1, H.264 High, level 1.3, 320×240",
        "moov/trak[1]/mdia/minf/stbl/stsd/enca: mp4a, AAC LC, 2 channels, 48000 Hz",
        "moov/trak/mdia/minf/stbl/stsd/encv/sinf/schm: piff 1.1",
        "moov/pssh: PlayReady",
        "moof: sequence 1, 1 track",
        "moof/traf: track 1",
        "moof/traf/trun: 134 samples",
        "moof/traf/uuid:a2394f52: 134 samples",
        "moof[1]/traf/uuid:6d1d9b05: at −0:00:00.021 for 0:00:04.437, at 10 MHz",
    ] {
        assert!(notes.iter().any(|note| note == expected), "no note '{expected}' in {notes:#?}");
    }
}

/// A top-level box as the inspector shows it: its first text, and its note.
fn alone(code: &[u8; 4], body: &[u8]) -> (String, String) {
    let made = boxlock::boxes::header::wrap(boxlock::boxes::header::four(code), body);
    let tree = Tree::parse(made, 0).unwrap();
    let name = String::from_utf8_lossy(code);
    let fields = fields(&tree, &name, 0, 100, None).unwrap();
    let text = fields.texts.first().map(|(_, text)| text.clone()).unwrap_or_default();
    (text, view(&tree, &name).note.unwrap_or_default())
}

#[test]
fn texts_are_read_in_every_form_with_and_without_a_mark() {
    let utf16: Vec<u8> = "<a>é</a>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf8 = "<a>é</a>".as_bytes();
    let head = [0; 4];
    for body in [
        [&head[..], &[0xff, 0xfe], &utf16].concat(),
        [&head[..], &utf16].concat(),
        [&head[..], utf8].concat(),
        [&head[..], b"\xef\xbb\xbf", utf8].concat(),
        [&head[..], utf8, b"\0"].concat(),
    ] {
        assert_eq!(alone(b"xml ", &body).0, "<a>é</a>", "{body:02x?}");
    }
    // A text behind a mark that is no XML.
    let plain: Vec<u8> = "\u{feff}text".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(alone(b"xml ", &[&head[..], &plain].concat()).0, "text");
}

#[test]
fn a_movie_header_says_its_length_to_the_millisecond() {
    let mvhd = |timescale: u32, duration: u32| {
        let fields = [0, 0, 0, timescale, duration].map(u32::to_be_bytes).concat();
        alone(b"mvhd", &[&fields[..], &[0; 80]].concat()).1
    };
    assert_eq!(mvhd(90_000, 90_000 * 61 + 4140), "61.046 s");
    assert_eq!(mvhd(1000, 7), "0.007 s");
    // Unknown is not said.
    assert_eq!([mvhd(1000, 0), mvhd(1000, u32::MAX), mvhd(0, 1000)], ["", "", ""]);
}

#[test]
fn a_licence_header_behind_a_mark_is_shown_without_it() {
    let xml = "\u{feff}<WRMHEADER version=\"4.0.0.0\"></WRMHEADER>";
    let text: Vec<u8> = xml.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let len = u16::try_from(text.len()).unwrap();
    let record = [&1_u16.to_le_bytes()[..], &len.to_le_bytes(), &text].concat();
    let object = [&(u32::from(len) + 10).to_le_bytes()[..], &1_u16.to_le_bytes(), &record].concat();
    let system =
        [0x9a, 0x04, 0xf0, 0x79, 0x98, 0x40, 0x42, 0x86, 0xab, 0x92, 0xe6, 0x5b, 0xe0, 0x88, 0x5f, 0x95];
    let size = u32::try_from(object.len()).unwrap().to_be_bytes();
    let (shown, note) = alone(b"pssh", &[&[0; 4][..], &system, &size, &object].concat());
    assert_eq!((&*shown, &*note), ("<WRMHEADER version=\"4.0.0.0\"></WRMHEADER>", "PlayReady"));
}
