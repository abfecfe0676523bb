//! Encrypted entries of other kinds than pictures and sound: what they were, and how they are protected.

use boxlock::boxes::Tree;
use boxlock::bytes::KeyId;
use boxlock::inspect;
use boxlock::report;
use boxlock::track::TrackKind;

use super::made::{atom, hexed, plain, read};
use crate::support::drive::{self, Feed};

const KID: [u8; 16] = [0x5a; 16];

/// How an entry of this type was protected.
fn sinf(original: &[u8; 4]) -> Vec<u8> {
    let tenc = atom(b"tenc", &[&[0, 0, 0, 0, 0, 0, 1, 8], &KID[..]].concat());
    let schm = hexed(b"schm", "00000000 63656e63 00010000");
    atom(b"sinf", &[atom(b"frma", original), schm, atom(b"schi", &tenc)].concat())
}

/// A file of one track of text with this sample entry, and no samples.
fn file(entry: &[u8]) -> Vec<u8> {
    let stsd = atom(b"stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1], entry].concat());
    let hdlr = atom(b"hdlr", &[&[0; 8], &b"text"[..], &[0; 13]].concat());
    let minf = atom(b"minf", &atom(b"stbl", &stsd));
    let tkhd = atom(b"tkhd", &[&[0; 12][..], &7_u32.to_be_bytes(), &[0; 68]].concat());
    let trak = atom(b"trak", &[tkhd, atom(b"mdia", &[hdlr, minf].concat())].concat());
    [atom(b"ftyp", b"isom\0\0\0\0"), atom(b"moov", &trak)].concat()
}

/// The type, what it was, and the fields of that.
const ENTRIES: [(&[u8; 4], &[u8; 4], &[u8]); 8] = [
    (
        b"enct",
        b"tx3g",
        &[
            0, 0, 0, 0, 1, 0xff, 0, 0, 0, 255, 0, 0, 0, 0, 0, 60, 1, 0x90, 0, 0, 0, 0, 0, 1, 0, 18, 255, 255,
            255, 255,
        ],
    ),
    (b"enct", b"wvtt", b""),
    (b"encs", b"stpp", b"http://www.w3.org/ns/ttml\0\0\0"),
    (b"encu", b"stpp", b"http://www.w3.org/ns/ttml\0sinf\0image/png\0"),
    (b"encm", b"mett", b"\0application/json\0"),
    (b"encf", b"fdsm", b""),
    (b"encp", b"mp4s", b""),
    (b"enc3", b"v3c1", &[0; 16]),
];

#[test]
fn every_kind_of_encrypted_entry_says_how_it_is_protected() {
    for (coded, original, fields) in ENTRIES {
        for boxes in [vec![], vec![atom(b"btrt", &[0; 12])]] {
            let name = format!("{} of {}", coded.escape_ascii(), original.escape_ascii());
            let behind = [fields, &boxes.concat(), &sinf(original)].concat();
            let entry = plain(coded, &behind);
            let said = read(&entry, TrackKind::Text);
            assert_eq!((said.format.0, said.damage.len()), (*original, 0), "{name}: {:?}", said.damage);
            assert!(said.is_protected(), "{name}");
            let protection = said.protection.unwrap();
            assert_eq!((protection.scheme.0, protection.kid), (*b"cenc", Some(KeyId(KID))), "{name}");
            let stsd = atom(b"stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1], &entry[..]].concat());
            let tree = Tree::parse(stsd, 0).unwrap();
            let path = format!("stsd/{}/sinf/schi/tenc", coded.escape_ascii());
            assert!(inspect::find(&tree, &path).is_some(), "{name}: {path}");
            let session = drive::open(&file(&entry), Feed::Whole).unwrap();
            let summary = report::summary(session.index().unwrap(), session.check());
            let protection = summary.protection.unwrap();
            assert!(protection.certain, "{name}");
            assert_eq!(protection.scheme.as_deref(), Some("cenc"), "{name}");
            assert_eq!(protection.kids, [KeyId(KID).uuid()], "{name}");
            let tracks = report::tracks(session.index().unwrap());
            assert_eq!(
                (tracks[0].id, &*tracks[0].format),
                (7, &*String::from_utf8_lossy(original)),
                "{name}"
            );
        }
    }
}

#[test]
fn an_encrypted_entry_that_does_not_say_how_is_fields_alone() {
    // Without boxes, with others, with one that is cut short, and with a flood of them.
    let cut = sinf(b"wvtt");
    for behind in [
        &b""[..],
        &[0; 40],
        &atom(b"btrt", &[0; 12]),
        &cut[..cut.len() - 1],
        &atom(b"free", b"").repeat(9000),
    ] {
        let entry = read(&plain(b"enct", behind), TrackKind::Text);
        assert!(
            entry.is_protected() && entry.protection.is_none() && entry.damage.is_empty(),
            "{behind:02x?}"
        );
    }
}
