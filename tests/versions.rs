//! Boxes in each of their versions are read as what they are, and a version that nobody declared is shown as bytes.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic, and its files are small"
)]

use crate::support;

use boxlock::boxes::header::{four, wrap};
use boxlock::boxes::registry;
use boxlock::boxes::{BoxHeader, RowSink, Tree};
use boxlock::boxes::{Form, declare::UNKNOWN_VERSION};
use boxlock::bytes::Reader;
use boxlock::inspect::{self, BoxFields, fields};
use boxlock::report::{self, Range};
use support::drive::{self, Feed};

/// A box from its code and the parts of its body.
fn made(code: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    wrap(four(code), &parts.concat())
}

/// Version and flags.
fn head(version: u8, flags: u32) -> Vec<u8> {
    (u32::from(version) << 24 | flags).to_be_bytes().to_vec()
}

fn n32(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

/// Rows as `name = value (meaning)`, two spaces before each for its depth.
fn lines(shown: &BoxFields) -> Vec<String> {
    let line = |row: &boxlock::boxes::Row| {
        let meaning = if row.meaning.is_empty() { String::new() } else { format!(" ({})", row.meaning) };
        format!("{}{} = {}{meaning}", "  ".repeat(row.depth.into()), row.name, row.value)
    };
    shown.rows.iter().map(line).collect()
}

fn shown(bytes: &[u8], path: &str, moov: Option<&[u8]>) -> BoxFields {
    let moov = moov.map(|bytes| Tree::parse(bytes, 0).unwrap());
    fields(&Tree::parse(bytes, 0).unwrap(), path, 0, 100, moov.as_ref()).unwrap()
}

#[test]
fn a_version_that_nobody_declared_is_shown_as_bytes() {
    let mut boxes = 0;
    for declaration in registry::all() {
        let rewriter = registry::rewriter(declaration).unwrap();
        for version in 0..=255_u8 {
            let body = [&head(version, 0)[..], &[0; 60]].concat();
            let mut sink = RowSink::window(0, usize::MAX);
            let rows = declaration.rows(&mut Reader::new(&body, 100), 8, &mut sink);
            let read = (rewriter.rewrite)(&mut Reader::new(&body, 100), 8);
            let codes = [rows.err(), read.err()].map(|error| error.map(|error| error.code()));
            if declaration.form == Form::Plain || declaration.versions.contains(&version) {
                assert!(
                    !codes.contains(&Some(UNKNOWN_VERSION)),
                    "{} {version}: {codes:?}",
                    declaration.name()
                );
                continue;
            }
            boxes += 1;
            assert_eq!(codes, [Some(UNKNOWN_VERSION); 2], "{} {version}", declaration.name());
            let rows = sink.into_rows();
            let ends: Vec<(&str, u64, u64)> =
                rows.iter().map(|row| (&*row.name, row.start, row.end)).collect();
            assert_eq!(
                ends,
                [("version", 100, 101), ("flags", 101, 104), ("data", 104, 164)],
                "{}",
                declaration.name()
            );
            assert!(rows[2].meaning.starts_with(&format!("fields of version {version};")), "{rows:?}");
        }
    }
    assert!(boxes > 25_000, "only {boxes} versions were tried");
}

#[test]
fn an_unknown_version_is_no_fault_of_the_box() {
    let tfdt = made(b"tfdt", &[&head(7, 0), &n32(&[1, 2, 3])]);
    let traf = made(b"moof", &[&made(b"traf", &[&tfdt])]);
    let shown = shown(&traf, "moof/traf/tfdt", None);
    assert_eq!(shown.problem, None);
    let expected = [
        "version = 7",
        "flags = 0x000000",
        "data = 00000001 00000002 00000003 (fields of version 7; those of 0, 1 are known here)",
    ];
    assert_eq!(lines(&shown), expected);
}

const KID: [u8; 16] = *b"0123456789abcdef";
const OTHER_KID: [u8; 16] = *b"fedcba9876543210";
const KID_TEXT: &str = "30313233-3435-3637-3839-616263646566";

#[test]
fn group_descriptions_of_each_version() {
    let own_iv = [&[0, 0, 1, 8][..], &KID].concat();
    let constant = [&[0, 0x19, 1, 0][..], &KID, &[2, 0xab, 0xcd]].concat();
    let one = |version: u8, fields: &[u32], entries: &[u8]| {
        let sgpd = made(b"sgpd", &[&head(version, 0), b"seig", &n32(fields), entries]);
        lines(&shown(&made(b"traf", &[&sgpd]), "traf/sgpd", None))
    };
    let of_entry = format!(
        "  entries[0] = 00000108 30313233 34353637 38396162 63646566 (KID {KID_TEXT}, IVs of 8 bytes)"
    );
    // Version 0 says no lengths: the flags of each say how long it is.
    let rows = one(0, &[2], &[&own_iv[..], &constant].concat());
    assert_eq!(rows[3..6], ["entry_count = 2".to_owned(), "entries = 2 in all".to_owned(), of_entry.clone()]);
    assert!(rows.iter().any(|row| row.contains("constant IV abcd, encrypt 1, skip 9")), "{rows:#?}");
    assert_eq!(rows.last().unwrap(), "    constant_iv = abcd (2 bytes behind their length)");
    // Versions 1 to 3 say one length for all, or one for each.
    let rows = one(1, &[20, 1], &own_iv);
    assert_eq!(rows[3..5], ["default_length = 20", "entry_count = 1"]);
    assert_eq!(rows[6], of_entry);
    let rows = one(2, &[0, 1, 2], &[&n32(&[20])[..], &own_iv, &n32(&[23]), &constant].concat());
    assert_eq!(rows[3..6], ["default_length = 0", "default_group_description_index = 1", "entry_count = 2"]);
    assert_eq!(rows[8], "    description_length = 20");
    let rows = one(3, &[20, 0x1_0001, 1], &own_iv);
    assert_eq!(rows[4], "default_group_description_index = 65537 (description 1 of this fragment)");
    assert_eq!(rows[7], of_entry);
}

#[test]
fn group_descriptions_of_a_type_that_is_not_known_stay_together_in_version_0() {
    let sgpd = |count: u32| made(b"sgpd", &[&head(0, 0), b"what", &n32(&[count]), &[1, 2, 3, 4]]);
    let lines = |count| lines(&shown(&made(b"traf", &[&sgpd(count)]), "traf/sgpd", None));
    assert_eq!(lines(1)[4..], ["entries = 1 in all", "  entries[0] = 01020304"]);
    assert_eq!(lines(2)[4..], ["entries = 2 in all"]);
    assert_eq!(lines(4_000_000_000)[4..], ["entries = 4000000000 in all"]);
    // A type that is known, and a count beyond all bytes.
    let tele = made(b"sgpd", &[&head(0, 0), b"tele", &n32(&[4_000_000_000]), &[0x80, 0]]);
    let shown = shown(&made(b"traf", &[&tele]), "traf/sgpd", None);
    assert!(shown.problem.unwrap().contains("A group description needs 1 bytes, but only 0 are left"));
}

/// A `moov` with one protected track, ID 1, of IVs of this size, and what else is in its sample table.
fn moov(iv_size: u8, in_table: &[u8]) -> Vec<u8> {
    let tenc = made(b"tenc", &[&head(0, 0), &[0, 0, 1, iv_size], &KID]);
    let sinf = made(b"sinf", &[&made(b"frma", &[b"mp4a"]), &made(b"schi", &[&tenc])]);
    let entry = made(b"enca", &[&[0; 6], &[0, 1], &[0; 20], &sinf]);
    let stsd = made(b"stsd", &[&head(0, 0), &n32(&[1]), &entry]);
    let stbl = made(b"stbl", &[&stsd, in_table]);
    let tkhd = made(b"tkhd", &[&head(0, 0), &n32(&[0, 0, 1]), &[0; 68]]);
    let mdia = made(b"mdia", &[&made(b"minf", &[&stbl])]);
    made(b"moov", &[&made(b"trak", &[&tkhd, &mdia])])
}

/// A `moof` with one `traf` of track 1, and what else is in it.
fn moof(in_traf: &[&[u8]]) -> Vec<u8> {
    let tfhd = made(b"tfhd", &[&head(0, 0), &n32(&[1])]);
    made(b"moof", &[&made(b"traf", &[&tfhd, &in_traf.concat()])])
}

/// Rows of `senc` behind the sample count, and what is said of it.
fn senc_rows(moof: &[u8], moov: Option<&[u8]>) -> (String, Vec<String>) {
    let shown = shown(moof, "moof/traf/senc", moov);
    assert_eq!(shown.problem, None);
    let rows = lines(&shown);
    assert!(rows[2].starts_with("sample_count = "), "{rows:#?}");
    (shown.rows[2].meaning.clone(), rows[3..].to_vec())
}

#[test]
fn samples_of_groups_have_the_form_of_their_group() {
    let clear = [&[0, 0, 0, 0][..], &[0; 16]].concat();
    let long = [&[0, 0, 1, 16][..], &OTHER_KID].concat();
    let group = |version, fields: &[u32], entries: &[u8]| {
        made(b"sgpd", &[&head(version, 0), b"seig", &n32(fields), entries])
    };
    let to_group =
        |runs: &[u32]| made(b"sbgp", &[&head(0, 0), b"seig", &n32(&[runs.len() as u32 / 2]), &n32(runs)]);
    let senc = made(b"senc", &[&head(0, 0), &n32(&[4]), &[0x11; 16], &[0x22; 8], &[0x33; 8]]);
    let expected = [
        "samples[0] = not protected",
        "samples[1] = IV 11111111 11111111 11111111 11111111",
        "samples[2] = IV 22222222 22222222",
        "samples[3] = IV 33333333 33333333",
    ];
    let said = "in the form that the sample groups say";
    // Both descriptions in the fragment; one of them in the sample table; the rest by the track's own.
    let both = group(1, &[20, 2], &[&clear[..], &long].concat());
    let fragment = moof(&[&both, &to_group(&[1, 0x1_0001, 1, 0x1_0002]), &senc]);
    assert_eq!(
        senc_rows(&fragment, Some(&moov(8, b""))),
        (said.to_owned(), expected.map(str::to_owned).to_vec())
    );
    let global = group(1, &[20, 1], &clear);
    let local = group(1, &[20, 1], &long);
    let fragment = moof(&[&local, &to_group(&[1, 1, 1, 0x1_0001, 1, 0]), &senc]);
    assert_eq!(
        senc_rows(&fragment, Some(&moov(8, &global))),
        (said.to_owned(), expected.map(str::to_owned).to_vec())
    );
    // The description for all that nothing maps.
    let default = group(2, &[20, 2, 2], &[&long[..], &clear].concat());
    let senc = made(b"senc", &[&head(0, 0), &n32(&[3]), &[0x11; 16]]);
    let fragment = moof(&[&default, &to_group(&[1, 0x1_0001]), &senc]);
    let expected = [
        expected[1].replace("[1]", "[0]"),
        "samples[1] = not protected".into(),
        "samples[2] = not protected".into(),
    ];
    assert_eq!(senc_rows(&fragment, Some(&moov(8, b""))), (said.to_owned(), expected.to_vec()));
}

#[test]
fn sizes_of_auxiliary_information_say_how_long_ivs_are() {
    let map = [&[0, 1][..], &[0, 5, 0, 0, 0, 16]].concat();
    let entries = [&[0, 0][..], &[0x11; 8], &map, &[0x22; 16], &map].concat();
    let senc = made(b"senc", &[&head(0, 2), &n32(&[3]), &entries]);
    let saiz = made(b"saiz", &[&head(0, 0), &[0], &n32(&[3]), &[2, 16, 24]]);
    let (said, rows) = senc_rows(&moof(&[&saiz, &senc]), None);
    assert_eq!(said, "IVs of different sizes, as 'saiz' says");
    let expected = [
        "samples[0] = constant IV, 0 subsamples",
        "samples[1] = IV 11111111 11111111, 1 subsamples",
        "  subsamples[0] = 5 clear, 16 protected",
        "samples[2] = IV 22222222 22222222 22222222 22222222, 1 subsamples",
        "  subsamples[0] = 5 clear, 16 protected",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn where_nothing_says_how_long_ivs_are_the_likeliest_that_fits_is_guessed() {
    let senc = |flags, count, entries: &[u8]| made(b"senc", &[&head(0, flags), &n32(&[count]), entries]);
    let map = [0, 1, 0, 5, 0, 0, 0, 16];
    for (size, list) in [
        // Of a list without samples all sizes fit.
        (8, senc(0, 0, &[])),
        (8, senc(0, 2, &[0x11; 16])),
        (16, senc(0, 2, &[0x11; 32])),
        (16, senc(2, 1, &[&[0x11; 16][..], &map].concat())),
        (0, senc(2, 1, &map)),
    ] {
        let (said, _) = senc_rows(&moof(&[&list]), None);
        assert_eq!(said, format!("IVs of {size} bytes, guessed: that size fits this box"));
    }
    // The track says another size than fits.
    let (said, _) = senc_rows(&moof(&[&senc(0, 2, &[0x11; 32])]), Some(&moov(8, b"")));
    assert_eq!(said, "IVs of 16 bytes fit this box; the track says 8");
    let (said, _) = senc_rows(&moof(&[&senc(0, 0, &[])]), Some(&moov(16, b"")));
    assert_eq!(said, "IVs of 16 bytes, as the track says");
}

#[test]
fn samples_with_several_keys() {
    let keys = [&[0x80, 0x19, 1, 0, 2][..], &[8], &KID, &[16], &OTHER_KID].concat();
    let len = keys.len() as u32;
    let sgpd = made(b"sgpd", &[&head(1, 0), b"seig", &n32(&[len, 1]), &keys]);
    let sbgp = made(b"sbgp", &[&head(0, 0), b"seig", &n32(&[1, 1, 0x1_0001])]);
    // Two IVs, of 8 and 16 bytes; two subsamples. The second sample is in no group, with one key of 8 bytes.
    let first = [&[0, 2, 0, 1][..], &[0x11; 8], &[0, 2], &[0x22; 16], &n32(&[2])].concat();
    let first = [&first[..], &[0, 1, 0, 5, 0, 0, 0, 7], &[0, 2, 0, 3, 0, 0, 0, 9]].concat();
    let second = [&[0, 1, 0, 1][..], &[0x33; 8], &n32(&[0])].concat();
    let senc = made(b"senc", &[&head(1, 2), &n32(&[2]), &first, &second]);
    let fragment = moof(&[&sgpd, &sbgp, &senc]);
    let (_, rows) = senc_rows(&fragment, Some(&moov(8, b"")));
    let expected = [
        "samples[0] = ",
        "  ivs[0] = key 1, IV 11111111 11111111",
        "  ivs[1] = key 2, IV 22222222 22222222 22222222 22222222",
        "  subsamples[0] = 5 clear, 7 protected with key 1",
        "  subsamples[1] = 3 clear, 9 protected with key 2",
        "samples[1] = ",
        "  ivs[0] = key 1, IV 33333333 33333333",
    ];
    assert_eq!(rows, expected);
    let rows = lines(&shown(&fragment, "moof/traf/sgpd", None));
    assert!(rows[6].ends_with("(2 keys, encrypt 1, skip 9)"), "{rows:#?}");
    assert!(rows.contains(&"    key_count = 2".to_owned()), "{rows:#?}");
    assert!(rows.iter().any(|row| row.contains(&format!("kid = {KID_TEXT} (in GUID order "))), "{rows:#?}");
}

#[test]
fn version_2_lists_protected_samples_only() {
    let clear = [&[0, 0, 0, 0][..], &[0; 16]].concat();
    let sgpd = made(b"sgpd", &[&head(1, 0), b"seig", &n32(&[20, 1]), &clear]);
    let sbgp = made(b"sbgp", &[&head(0, 0), b"seig", &n32(&[1, 1, 0x1_0001])]);
    let senc = made(b"senc", &[&head(2, 2), &n32(&[2]), &[0x11; 8], &[0, 1, 0, 5, 0, 0, 0, 16]]);
    let (_, rows) = senc_rows(&moof(&[&sgpd, &sbgp, &senc]), Some(&moov(8, b"")));
    let expected = [
        "samples[0] = not protected, no entry",
        "samples[1] = IV 11111111 11111111, 1 subsamples",
        "  subsamples[0] = 5 clear, 16 protected",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn a_track_encryption_box_has_a_pattern_from_version_1_on() {
    let tenc = |version| {
        let tenc = made(b"tenc", &[&head(version, 0), &[0, 0x19, 1, 8], &KID]);
        lines(&shown(&made(b"schi", &[&tenc]), "schi/tenc", None))[3].clone()
    };
    assert_eq!(tenc(0), "reserved_2 = 25");
    assert_eq!(tenc(1), "default_pattern = 25 (encrypt 1, skip 9)");
}

/// A file of the cases for the inspector, beside the project.
fn case(name: &str) -> Option<Vec<u8>> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases/inspect");
    if !root.is_dir() {
        support::not_run(&format!("the cases are not at {}", root.display()));
        return None;
    }
    Some(std::fs::read(root.join(name)).unwrap_or_else(|e| panic!("{name}: {e}")))
}

/// The first top-level boxes of a file by their codes.
fn top_boxes(bytes: &[u8]) -> Vec<([u8; 4], &[u8])> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while let Ok(header) = BoxHeader::read(&mut Reader::new(rest, 0), rest.len() as u64) {
        let (one, behind) = rest.split_at(header.size as usize);
        found.push((header.id.four_cc().0, one));
        rest = behind;
    }
    found
}

fn case_rows(name: &str, path: &str) -> Option<Vec<String>> {
    let bytes = case(name)?;
    let top = top_boxes(&bytes);
    let of = |code: &[u8; 4]| top.iter().find(|(found, _)| found == code).unwrap().1;
    Some(lines(&shown(of(b"moof"), path, Some(of(b"moov")))))
}

#[test]
fn a_group_description_of_version_2_in_a_file() {
    let Some(rows) = case_rows("sgpd-v2-media3.mp4", "moof/traf/sgpd") else { return };
    assert_eq!(
        rows[3..6],
        ["default_length = 37", "default_group_description_index = 0 (no default)", "entry_count = 1"]
    );
    let said = "(KID 804ea173-1711-3c8b-955b-35996e5e3d92, constant IV dcc29b58 5406f0f0 031c7d01 c020c321, encrypt 1, skip 9)";
    assert!(rows[7].ends_with(said), "{rows:#?}");
}

#[test]
fn clear_samples_before_protected_ones_in_a_file() {
    let Some(rows) = case_rows("senc-clear-and-protected.mp4", "moof/traf/senc") else { return };
    assert_eq!(rows[2], "sample_count = 10 (in the form that the sample groups say)");
    assert_eq!(
        rows[3..8],
        std::array::from_fn::<String, 5, _>(|n| format!("samples[{n}] = not protected, 0 subsamples"))
    );
    let ivs: Vec<&String> = rows[8..].iter().filter(|row| row.starts_with("samples")).collect();
    let expected: Vec<String> =
        (1..6).map(|n| format!("samples[{}] = IV 00000000 {n:08x}, 1 subsamples", n + 4)).collect();
    assert_eq!(ivs, expected.iter().collect::<Vec<_>>());
}

#[test]
fn headers_that_are_left_out_are_absent() {
    // QuickTime's form: no version and flags; whichever box comes first.
    let keys = made(b"keys", &[&head(0, 0), &n32(&[0])]);
    let hdlr = made(b"hdlr", &[&head(0, 0), &[0; 4], b"mdta", &[0; 13]]);
    for first in [[&keys[..], &hdlr].concat(), [&hdlr[..], &keys].concat()] {
        for (front, rows) in [(&[][..], 0), (&[0; 4], 2)] {
            let meta = made(b"meta", &[front, &first]);
            let tree = Tree::parse(&meta[..], 0).unwrap();
            assert_eq!(tree.root().children.len(), 2, "{front:?}");
            assert_eq!(tree.root().problem, None);
            assert_eq!(shown(&meta, "meta", None).rows.len(), rows);
        }
    }
    for (front, rows) in [(&[][..], 1), (&[0; 4], 3)] {
        for text in [&b"en-US\0"[..], b"de\0", b"zh-Hant"] {
            let mdia = made(b"mdia", &[&made(b"elng", &[front, text])]);
            let shown = shown(&mdia, "mdia/elng", None);
            assert_eq!(shown.rows.len(), rows);
            let value = std::str::from_utf8(text).unwrap().trim_end_matches('\0');
            assert_eq!(
                (&*shown.rows[rows - 1].name, &*shown.rows[rows - 1].value),
                ("extended_language", value)
            );
        }
    }
}

#[test]
fn fields_that_are_absent_have_no_row() {
    // Each box without and with a field that not all writers write.
    let colr = [&b"nclx"[..], &[0, 1, 0, 1, 0, 1]].concat();
    for (code, body, name) in [
        (b"colr", colr, "full_range_flag"),
        (b"albm", [&head(0, 0)[..], &[0x15, 0xc7, b'a', 0]].concat(), "track_number"),
    ] {
        for (tail, expected) in [(&[][..], 0), (&[0x80], 1)] {
            let shown = shown(
                &made(b"udta", &[&made(code, &[&body, tail])]),
                &format!("udta/{}", std::str::from_utf8(code).unwrap()),
                None,
            );
            assert_eq!(shown.rows.iter().filter(|row| row.name == name).count(), expected, "{name}");
            assert!(shown.rows.iter().all(|row| row.end > row.start), "{:?}", shown.rows);
        }
    }
}

#[test]
fn metadata_without_version_in_a_file() {
    for name in ["meta-plain-keys-first.mp4", "meta-full-keys-first.mp4"] {
        let Some(bytes) = case(name) else { return };
        let top = top_boxes(&bytes);
        let (_, moov) = top.iter().find(|(code, _)| code == b"moov").unwrap();
        let tree = Tree::parse(*moov, 0).unwrap();
        let mut metas = Vec::new();
        tree.root().for_each(&mut |node| {
            if node.id().is(b"meta") {
                metas.push(node.children.iter().map(|child| child.id().to_string()).collect::<Vec<_>>());
            }
        });
        assert!(metas.contains(&["keys", "hdlr", "ilst"].map(str::to_owned).to_vec()), "{name}: {metas:?}");
    }
}

#[test]
fn macintosh_languages_in_a_file() {
    let Some(bytes) = case("qt-mac-language.mov") else { return };
    let top = top_boxes(&bytes);
    let (_, moov) = top.iter().find(|(code, _)| code == b"moov").unwrap();
    let row = |track: &str| {
        let shown = shown(moov, &format!("moov/{track}/mdia/mdhd"), None);
        let row = shown.rows.into_iter().find(|row| row.name == "language").unwrap();
        format!("{} ({})", row.value, row.meaning)
    };
    assert_eq!(row("trak"), "0x0000 (no language; in QuickTime files English)");
    assert_eq!(row("trak[1]"), "jpn (Macintosh language code 11)");
}

#[test]
fn a_preview_and_a_text_media_box_are_called_by_their_names() {
    let pnot = made(b"pnot", &[&n32(&[0xd000_0000]), &[0, 0], b"PICT", &[0, 1]]);
    assert_eq!(shown(&pnot, "pnot", None).name, "Preview");
    let gmhd =
        made(b"gmhd", &[&made(b"text", &[&n32(&[0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000])])]);
    let text = shown(&gmhd, "gmhd/text", None);
    assert_eq!((&*text.name, &*text.rows[0].meaning), ("Text media information", "identity"));
    for code in [b"lidp", b"lidl", b"ramf", b"SDLN", b"smrd", b"smta", b"sefd", b"axte", b"PICT"] {
        assert!(!matches!(registry::lookup(four(code), None), registry::Known::Unknown), "{code:?}");
    }
    for code in [b"it35", b"drms", b"mp4a", b"avc1"] {
        assert!(
            !matches!(registry::lookup(four(code), Some(four(b"stsd"))), registry::Known::Unknown),
            "{code:?}"
        );
    }
    // The types of EZmovie are a code and eleven bytes that are the same in all.
    let ez = made(b"uuid", &[b"mvml\xA8\x8C\x11\xD4\x81\x97\0\x90\x27\x08\x77\x03", &[0; 4]]);
    let tree = Tree::parse(&ez[..], 0).unwrap();
    assert_eq!(registry::lookup(tree.root().id(), None).name(), "EZmovie movie markup");
}

#[test]
fn ivs_to_which_only_saio_leads_are_shown() {
    // Three samples with IVs of 8 bytes, the last with a map, at byte 1000 of the file; sizes each, offsets for all.
    let saiz = made(b"saiz", &[&head(0, 0), &[0], &n32(&[3]), &[8, 8, 16]]);
    let entries = [&[0x11; 8][..], &[0x22; 8], &[0x33; 8], &[0, 1, 0, 5, 0, 0, 0, 9]].concat();
    let moov = moov(8, b"");
    let moov = Tree::parse(&moov[..], 0).unwrap();
    let of = |saio: &[u8], path: &str| {
        let moof = moof(&[&saiz, saio]);
        let tree = Tree::parse(&moof[..], 100).unwrap();
        let outside = inspect::outside(&tree, path, Some(&moov))?;
        let mut shown = fields(&tree, path, 0, 100, Some(&moov)).unwrap();
        let own = shown.total;
        inspect::add_outside(&mut shown, &outside, &entries, 100);
        let rows = shown.rows[own..]
            .iter()
            .map(|row| format!("{} = {} {}..{}", row.name, row.value, row.start, row.end));
        Some(((outside.start, outside.len), rows.collect::<Vec<_>>(), shown.total - own))
    };
    let expected = [
        "samples[0] = IV 11111111 11111111 1000..1008",
        "samples[1] = IV 22222222 22222222 1008..1016",
        "samples[2] = IV 33333333 33333333, 1 subsamples 1016..1032",
    ];
    let expected = Some(((1000, 32), expected.map(str::to_owned).to_vec(), 3));
    // Offsets count from the moof, which stands at byte 100; with 64 bits in version 1.
    let narrow = made(b"saio", &[&head(0, 0), &n32(&[1, 900])]);
    let wide = made(b"saio", &[&head(1, 0), &n32(&[1, 0, 900])]);
    for saio in [&narrow, &wide, &made(b"saio", &[&head(0, 1), b"cenc", &n32(&[0, 1, 900])])] {
        for path in ["moof/traf/saio", "moof/traf/saiz"] {
            assert_eq!(of(saio, path), expected, "{path}");
        }
    }
    // Of another type, in the moof itself, before the file, beyond 64 bits: nothing.
    for saio in [
        made(b"saio", &[&head(0, 1), b"what", &n32(&[0, 1, 900])]),
        made(b"saio", &[&head(0, 0), &n32(&[1, 40])]),
        made(b"saio", &[&head(1, 0), &n32(&[1, u32::MAX, u32::MAX])]),
        made(b"saio", &[&head(0, 0), &n32(&[2, 900, 1000])]),
        made(b"saio", &[&head(0, 0), &n32(&[0])]),
    ] {
        assert_eq!(of(&saio, "moof/traf/saio"), None);
    }
    assert_eq!(of(&narrow, "moof/traf/tfhd"), None);
}

#[test]
fn ivs_in_media_data_of_a_file() {
    let Some(bytes) = case("ivs-in-mdat.mp4") else { return };
    let session = drive::open(&bytes, Feed::Whole).unwrap();
    let index = session.index().unwrap();
    for (path, first) in [("moof/traf/saio", 1356 + 0x1f1), ("moof[1]/traf/saio", 9956 + 0x1c5)] {
        let range = report::wanted(index, path).unwrap().unwrap();
        let of = |range: Range| &bytes[range.start as usize..(range.start + range.len) as usize];
        let moof = of(range).to_vec();
        let outside = report::outside(index, path, &moof).unwrap().unwrap();
        assert_eq!((outside.start, outside.len), (first, 160));
        let view = report::box_view(index, path, &moof, of(outside), 0, 100).unwrap();
        let ivs: Vec<_> = view.fields.iter().filter(|row| row.name.starts_with("samples")).collect();
        assert_eq!((ivs.len(), view.field_count), (10, view.fields.len()));
        for (number, row) in (0..).zip(&ivs) {
            let at = first + 16 * number;
            let iv = boxlock::boxes::wire::spaced_hex(&bytes[at as usize..at as usize + 8]);
            assert_eq!(
                (row.start, row.end, &*row.value),
                (at, at + 16, &*format!("IV {iv}, 1 subsamples")),
                "{path}"
            );
        }
        // A window that begins among them.
        let part = report::box_view(index, path, &moof, of(outside), view.field_count - 2, 100).unwrap();
        assert_eq!(part.fields, view.fields[view.field_count - 2..]);
    }
    // Boxes that lead nowhere want no further bytes.
    assert!(report::outside(index, "moov/trak", &[]).unwrap().is_none());
}
