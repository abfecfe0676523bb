//! What looking for boxes finds: itself and where it stands, in the order of the file, and how many.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use crate::support;

use std::rc::Rc;

use boxlock::boxes::{BoxHeader, BoxId, Tree, piff};
use boxlock::bytes::{FourCc, KeyId, Reader, Writer};
use boxlock::inspect::{Found, Query, Tally, overview, search, view};
use boxlock::report::Search;
use support::drive::{self, Feed};
use support::synth;

/// A fragment of two tracks, each with the sample encryption box of PIFF; one has that of CENC beside it.
fn fragment() -> Vec<u8> {
    let BoxId::Uuid(senc) = piff::SAMPLE_ENCRYPTION else { unreachable!() };
    let mut w = Writer::new();
    w.nested(FourCc(*b"moof"), |w| {
        w.nested(FourCc(*b"mfhd"), |w| w.bytes(&[0, 0, 0, 0, 0, 0, 0, 7]));
        for track in [1, 2] {
            w.nested(FourCc(*b"traf"), |w| {
                w.nested(FourCc(*b"tfhd"), |w| w.bytes(&[0, 0, 0, 0, 0, 0, 0, track]));
                w.nested(FourCc(*b"uuid"), |w| {
                    w.bytes(&senc.0);
                    w.bytes(&[0; 8]);
                });
                if track == 2 {
                    w.nested(FourCc(*b"senc"), |w| w.bytes(&[0; 8]));
                }
            });
        }
    });
    w.into_bytes()
}

const ALL: Tally = Tally { hits: 0, left: usize::MAX };

/// Paths of what is found, those around it in brackets.
fn paths(found: Option<&Found>) -> Vec<String> {
    let Some(found) = found else { return Vec::new() };
    let path = &found.view.path;
    let mut all = vec![if found.hit { path.clone() } else { format!("({path})") }];
    all.extend(found.inside.iter().flat_map(|inside| paths(Some(inside))));
    all
}

fn look(bytes: &[u8], text: &str, mut tally: Tally) -> (Vec<String>, u64) {
    let tree = Tree::parse(bytes, 1000).unwrap();
    let found = search(&Query::new(text), view(&tree, "moof[3]"), Some(&tree), None, &mut tally);
    (paths(found.as_ref()), tally.hits)
}

#[test]
fn senc_finds_its_form_of_piff_as_well() {
    let (paths, hits) = look(&fragment(), "senc", ALL);
    let expected = [
        "(moof[3])",
        "(moof[3]/traf)",
        "moof[3]/traf/uuid:a2394f52",
        "(moof[3]/traf[1])",
        "moof[3]/traf[1]/uuid:a2394f52",
        "moof[3]/traf[1]/senc",
    ];
    assert_eq!((paths, hits), (expected.map(str::to_owned).to_vec(), 3));
}

#[test]
fn types_names_notes_and_user_types_are_looked_in() {
    let bytes = fragment();
    let hits = |text| look(&bytes, text, ALL).1;
    for (text, expected) in [
        (" TRAF ", 2),
        ("Sample ENCRYPTION", 3),
        ("track 2", 2), // the notes of its traf and its tfhd
        ("sequence 7", 2),
        ("a2394f52-5a9b", 2),
        ("A2394F525A9B4F14A2446C427C648DF4", 2),
        ("uuid", 2),
        ("a23", 0), // too short for a user type, and in no name
        ("nothing of the kind", 0),
        ("", 0),
    ] {
        assert_eq!(hits(text), expected, "{text}");
    }
}

#[test]
fn fields_are_looked_in_and_numbers_are_whole_values() {
    let bytes = fragment();
    let tree = Tree::parse(&bytes[..], 1000).unwrap();
    let fields = |text: &str| {
        let mut tally = ALL;
        let found = search(&Query::new(text), view(&tree, "moof"), Some(&tree), None, &mut tally);
        let mut all = Vec::new();
        let mut open: Vec<Found> = found.into_iter().collect();
        while let Some(next) = open.pop() {
            let path = next.view.path.clone();
            all.extend(next.fields.iter().map(|field| (path.clone(), field.name.clone(), field.row)));
            open.extend(next.inside);
        }
        all.sort();
        all
    };
    let found = |path: &str, name: &str, row| (path.to_owned(), name.to_owned(), Some(row));
    assert_eq!(fields("7"), [found("moof/mfhd", "sequence_number", 2)]);
    assert_eq!(
        fields("TRACK_id"),
        [found("moof/traf/tfhd", "track_id", 2), found("moof/traf[1]/tfhd", "track_id", 2)]
    );
    assert_eq!(
        fields("2"),
        [found("moof/traf[1]/tfhd", "track_id", 2)],
        "not 0x000002, nor a part of another number"
    );
}

#[test]
fn key_ids_are_found_in_both_byte_orders_and_headers_by_their_texts() {
    let file = drive::protect(&synth::small().bytes(), &drive::request("hybrid")).unwrap();
    let session = drive::open(&file, Feed::Exact).unwrap();
    let moov = session.index().unwrap().moov.as_ref().unwrap();
    let hits = |text: &str| {
        let mut tally = ALL;
        search(&Query::new(text), view(moov, "moov"), Some(moov), None, &mut tally);
        tally.hits
    };
    let kid = hits(drive::KID);
    assert!(kid > 2, "{kid}");
    let swapped = KeyId(hex::decode(drive::KID.replace('-', "")).unwrap().try_into().unwrap()).swapped();
    assert_eq!(hits(&swapped.uuid()), kid);
    assert_eq!(hits(&hex::encode(swapped.0)), kid);
    assert_eq!(hits("licence.example/RIGHTSMANAGER"), 2, "in the PlayReady header and its twin");
}

#[test]
fn what_is_no_longer_listed_is_still_counted() {
    let bytes = fragment();
    let (paths, hits) = look(&bytes, "senc", Tally { hits: 5, left: 1 });
    assert_eq!(paths, ["(moof[3])", "(moof[3]/traf)", "moof[3]/traf/uuid:a2394f52"]);
    assert_eq!(hits, 8);
    assert_eq!(look(&bytes, "senc", Tally { hits: 0, left: 0 }), (Vec::new(), 3));
}

#[test]
fn a_box_that_is_not_read_is_found_by_itself() {
    let bytes = fragment();
    let tree = Tree::parse(&bytes[..], 0).unwrap();
    let mut tally = ALL;
    let found = search(&Query::new("moof"), view(&tree, "moof"), None, None, &mut tally).unwrap();
    assert!(found.hit && found.inside.is_empty() && found.view.children.is_none());
    assert!(search(&Query::new("senc"), view(&tree, "moof"), None, None, &mut tally).is_none());
}

#[test]
fn the_overview_has_the_largest_box_of_each_stretch() {
    let mut file = Vec::new();
    for (kind, len) in
        [(b"ftyp", 16_u32), (b"free", 24), (b"moof", 10), (b"mdat", 190), (b"moof", 60), (b"mdat", 11)]
    {
        file.extend(len.to_be_bytes());
        file.extend(kind);
        file.resize(file.len() + len as usize - 8, 0);
    }
    let session = drive::open(&file, Feed::Whole).unwrap();
    let top = &session.index().unwrap().top;
    let shown = |parts| {
        let (stride, types) = overview(top, parts);
        (stride, types.iter().map(|kind| kind.text()).collect::<Vec<_>>().join(" "))
    };
    // 311 bytes: free ends at 40, moof at 50, mdat at 240, moof at 300.
    assert_eq!(shown(8), (39, "free mdat mdat mdat mdat mdat moof moof".to_owned()));
    assert_eq!(shown(1), (311, "mdat".to_owned()));
    assert_eq!(shown(0), (311, "mdat".to_owned()));
    let (stride, types) = overview(top, u64::MAX);
    assert_eq!((stride, types.len()), (1, 311));
    assert_eq!(
        (types.first().unwrap().text(), types.last().unwrap().text()),
        ("ftyp".to_owned(), "mdat".to_owned())
    );
}

/// Types of all that is found in a file, and how many are.
fn in_file(bytes: &[u8], text: &str) -> (Vec<String>, u64) {
    let session = drive::open(bytes, Feed::Exact).unwrap();
    let mut search = Search::new(Rc::clone(session.index().unwrap()), text);
    while let Some(range) = search.needs() {
        let end = usize::try_from(range.start + range.len).unwrap();
        search.feed(bytes.get(usize::try_from(range.start).unwrap()..end).unwrap());
    }
    let found = search.found();
    (found.boxes.iter().flat_map(|one| paths(Some(one))).collect(), found.hits)
}

/// Brands, and messages between fragments, though nothing else of these boxes is kept or needed.
#[test]
fn fields_of_boxes_at_the_top_are_looked_in() {
    let scheme = b"urn:scte:scte35:2013:bin\0";
    let message = synth::boxed(b"emsg", &[&[0; 4][..], scheme, b"\0", &[0; 16]].concat());
    let mut file = synth::small();
    file.fragments[1].before.push(message);
    let bytes = file.bytes();
    assert_eq!(in_file(&bytes, "iso6"), (vec!["ftyp".to_owned()], 1));
    assert_eq!(in_file(&bytes, "scte35"), (vec!["emsg".to_owned()], 1));
    assert_eq!(in_file(&bytes, "nowhere"), (Vec::new(), 0));
    // A type that is typed is looked for among those that fields name, too.
    assert_eq!(in_file(&bytes, "soun"), in_file(&bytes, "SOUN"));
    let protected = drive::protect(&bytes, &drive::request("hybrid")).unwrap();
    let original = "moov/trak/mdia/minf/stbl/stsd/enca/sinf/frma".to_owned();
    assert!(in_file(&protected, "mp4a").0.contains(&original));
    assert!(!in_file(&bytes, "mp4a").0.contains(&original));
}

/// In every fragment of a real file.
#[test]
fn every_fragment_of_a_piff_file_has_its_senc_found() {
    let Some(bytes) = support::corpus_file("piff/synth_bento4__bbb10s_piffctr.ismv") else { return };
    let (mut fragments, mut hits) = (0, 0);
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let header = BoxHeader::read(&mut Reader::new(rest, 0), rest.len() as u64).unwrap();
        let len = usize::try_from(header.size).unwrap();
        if header.id.is(b"moof") {
            fragments += 1;
            let (paths, found) = look(rest.get(..len).unwrap(), "senc", ALL);
            assert_eq!(paths.last().unwrap(), "moof[3]/traf/uuid:a2394f52");
            hits += found;
        }
        at += len;
    }
    assert!(fragments > 1);
    assert_eq!(hits, fragments);
}
