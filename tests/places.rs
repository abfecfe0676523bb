//! Offsets that lead to unusual places: into the movie header, behind the index that has them, over boxes that change.
//! Each is right in the output, or the file is refused in the plan.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use boxlock::bytes::{ContentKey, Error};
use boxlock::protect::notes::file_notes;
use support::drive::{self, Feed, decrypted_samples, open, plan, protect, request};
use support::raw::{self, RawBox, be32};
use support::synth::{self, boxed};

/// The top-level boxes of a file of sound in two fragments: `ftyp`, `moov`, and twice `moof` and `mdat`.
fn pieces() -> [Vec<u8>; 6] {
    let mut file = synth::small();
    file.access = None;
    let all: Vec<Vec<u8>> = raw::boxes(&file.bytes(), 0).iter().map(|b| b.bytes.to_vec()).collect();
    all.try_into().unwrap()
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

fn full(kind: &[u8; 4], version: u8, body: &[u8]) -> Vec<u8> {
    boxed(kind, &[&[version, 0, 0, 0][..], body].concat())
}

/// A `meta` with an `iloc` of version 1 for one item in the file: no base, 4 bytes of offset and length.
fn meta(offset: usize, length: u32) -> Vec<u8> {
    wide_meta(0x44, &(offset as u32).to_be_bytes(), length)
}

fn wide_meta(widths: u8, offset: &[u8], length: u32) -> Vec<u8> {
    let hdlr = full(b"hdlr", 0, &[&[0; 4][..], b"pict", &[0; 13]].concat());
    let item = join(&[&[widths, 0, 0, 1, 0, 9, 0, 0, 0, 0, 0, 1], offset, &length.to_be_bytes()]);
    full(b"meta", 0, &[hdlr, full(b"iloc", 1, &item)].concat())
}

fn item_place(meta: &RawBox<'_>) -> usize {
    let iloc = meta.children_after(4).into_iter().find(|b| b.name == "iloc").unwrap();
    be32(iloc.body(), 16) as usize
}

fn all<'a>(file: &'a [u8], name: &str) -> Vec<RawBox<'a>> {
    raw::boxes(file, 0).into_iter().filter(|b| b.name == name).collect()
}

/// `moov` with more boxes at its end.
fn with(moov: &[u8], more: &[u8]) -> Vec<u8> {
    let size = (moov.len() + more.len()) as u32;
    join(&[&size.to_be_bytes(), &moov[4..], more])
}

/// Protects in both profiles, and checks that the samples come back.
fn protected(file: &[u8]) -> [Vec<u8>; 2] {
    let clear = drive::samples(file);
    ["hybrid", "piff"].map(|profile| {
        let out = protect(file, &request(profile)).unwrap_or_else(|error| panic!("{profile}: {error}"));
        let own = decrypted_samples(&out, |_, _| Some(ContentKey(drive::key()))).unwrap();
        assert_eq!(own, clear, "{profile}");
        out
    })
}

/// What the plan says, before anything is done.
fn refused(file: &[u8]) -> Error {
    let session = open(file, Feed::Exact).unwrap();
    plan(&session, &request("hybrid")).unwrap_err()
}

#[test]
fn an_item_inside_the_movie_header_moves_with_its_own_bytes() {
    let [ftyp, moov, moof, mdat, moof2, mdat2] = pieces();
    // DRM headers come in front of it, sample entries grow before it.
    let len = meta(0, 0).len();
    let at = ftyp.len() + moov.len() + len + 8;
    let more = join(&[&meta(at, 15), &boxed(b"free", b"the item itself")]);
    let file = join(&[&ftyp, &with(&moov, &more), &moof, &mdat, &moof2, &mdat2]);
    assert_eq!(&file[at..at + 15], b"the item itself");
    for out in protected(&file) {
        let place = item_place(&all(&out, "moov")[0].at("meta"));
        assert_eq!(&out[place..place + 15], b"the item itself");
    }
    // One that reaches over boxes that change.
    let file = join(&[&ftyp, &with(&moov, &meta(ftyp.len() + 60, 300)), &moof, &mdat]);
    let error = refused(&file);
    assert_eq!(error.code(), "item-in-changed-box", "{error}");
    assert!(error.message().contains(&format!("Item 9 stands at byte {}", ftyp.len() + 60)), "{error}");
    // One in a header that is written anew.
    let file = join(&[&ftyp, &with(&moov, &meta(ftyp.len(), 4)), &moof, &mdat]);
    assert_eq!(refused(&file).code(), "item-in-changed-box");
}

#[test]
fn an_item_whose_new_place_has_too_few_digits_is_refused_in_the_plan() {
    let [ftyp, moov, moof, mdat, moof2, mdat2] = pieces();
    let len = wide_meta(0x24, &[0; 2], 0).len();
    let media = join(&[&moof, &mdat, &moof2, &mdat2]);
    // The item stands at byte 65 500, and moves past what two bytes can say.
    let filler = boxed(b"free", &vec![0; 65_500 - ftyp.len() - moov.len() - len - 16]);
    let at = 65_500_u16;
    let file = join(&[
        &ftyp,
        &moov,
        &wide_meta(0x24, &at.to_be_bytes(), 4),
        &filler,
        &boxed(b"free", b"item"),
        &media,
    ]);
    assert_eq!(&file[65_500..65_504], b"item");
    let error = refused(&file);
    assert_eq!(error.code(), "item-location-range", "{error}");
    assert!(error.message().contains("Item 9"), "{error}");
}

#[test]
fn further_media_data_is_of_a_fragment_only_as_far_as_its_samples_reach() {
    let [ftyp, moov, moof, mdat, moof2, mdat2] = pieces();
    let len = meta(0, 0).len();
    let picture = boxed(b"mdat", b"the item itself");
    // Behind the last fragment and between two: the item has an mdat of its own behind its meta.
    let before = join(&[&ftyp, &moov, &moof, &mdat]);
    let meta_box = meta(before.len() + len + 8, 15);
    let in_front = join(&[&ftyp, &meta(before.len() + len + 8, 15), &moov, &moof, &mdat, &picture]);
    for file in [
        join(&[&before, &meta_box, &picture, &moof2, &mdat2]),
        join(&[&before, &meta_box, &picture]),
        in_front,
    ] {
        for out in protected(&file) {
            let place = item_place(&all(&out, "meta")[0]);
            assert_eq!(&out[place..place + 15], b"the item itself");
        }
    }
    // The samples themselves can be no item.
    let file = join(&[&ftyp, &meta(before.len() + len - 15, 15), &moov, &moof, &mdat, &picture]);
    assert_eq!(refused(&file).code(), "item-in-media");
}

#[test]
fn no_sample_is_taken_out_of_a_box_that_is_put_right() {
    let [ftyp, moov, moof, mdat, ..] = pieces();
    // The samples stand in the body of a box between moof and mdat: encrypted, then written over.
    let media = &mdat[8..];
    for kind in [b"sidx", b"ssix", b"meta"] {
        // In a 'meta', a box of its own.
        let size = if kind == b"meta" { 28 + media.len() as u32 } else { 0 };
        let front =
            [&[0; 4][..], &size.to_be_bytes(), if size > 0 { b"free" } else { &[0; 4] }, &[0; 20]].concat();
        let between = boxed(kind, &[&front, media].concat());
        let mut moved = moof.clone();
        let field = raw::boxes(&moof, 0)[0].at("traf/trun").start + 16;
        let offset = be32(&moof, field) + 32;
        moved[field..field + 4].copy_from_slice(&offset.to_be_bytes());
        let file = join(&[&ftyp, &moov, &moved, &between, &boxed(b"mdat", &[0; 100])]);
        let error = refused(&file);
        assert_eq!(error.code(), "data-elsewhere", "{error}");
    }
}

#[test]
fn an_item_located_by_the_header_of_a_fragment_is_refused() {
    let [ftyp, moov, moof, mdat, ..] = pieces();
    let grown = with(&moof, &meta(8, 4));
    let mut grown = grown;
    let field = raw::boxes(&moof, 0)[0].at("traf/trun").start + 16;
    let offset = be32(&moof, field) + (grown.len() - moof.len()) as u32;
    grown[field..field + 4].copy_from_slice(&offset.to_be_bytes());
    let file = join(&[&ftyp, &moov, &grown, &mdat]);
    let error = refused(&file);
    assert_eq!(error.code(), "items-in-fragment", "{error}");
    assert_eq!(error.path(), "moof");
}

/// An `mfra` of version 0 with one point for each of `moofs`.
fn mfra(moofs: &[usize]) -> Vec<u8> {
    let mut body = [1_u32, 0, moofs.len() as u32].map(u32::to_be_bytes).concat();
    for (time, moof) in moofs.iter().enumerate() {
        body.extend([time as u32, *moof as u32].map(u32::to_be_bytes).concat());
        body.extend([1, 1, 1]);
    }
    let tfra = full(b"tfra", 0, &body);
    let size = (8 + tfra.len() + 16) as u32;
    boxed(b"mfra", &join(&[&tfra, &full(b"mfro", 0, &size.to_be_bytes())]))
}

#[test]
fn an_index_in_front_of_the_fragments_it_lists_is_right() {
    let [ftyp, moov, moof, mdat, moof2, mdat2] = pieces();
    let len = mfra(&[0, 0]).len();
    let first = ftyp.len() + moov.len();
    let second = first + moof.len() + mdat.len();
    let fronts: [(Vec<u8>, [usize; 2]); 2] = [
        // In front of all, and between the two.
        (
            join(&[&ftyp, &moov, &mfra(&[first + len, second + len]), &moof, &mdat]),
            [first + len, second + len],
        ),
        (join(&[&ftyp, &moov, &moof, &mdat, &mfra(&[first, second + len])]), [first, second + len]),
    ];
    for (front, moofs) in fronts {
        let file = join(&[&front, &moof2, &mdat2]);
        assert!(moofs.iter().all(|at| &file[at + 4..at + 8] == b"moof"));
        for out in protected(&file) {
            let index = &all(&out, "mfra")[0];
            let tfra = index.at("tfra");
            let points = [20, 31].map(|at| be32(tfra.body(), at) as usize);
            let moofs = all(&out, "moof");
            assert_eq!(points, [moofs[0].start, moofs[1].start]);
            assert_eq!(index.bytes.len(), len);
        }
    }
}

#[test]
fn a_header_of_an_earlier_encryption_between_moof_and_mdat_is_refused() {
    let mut file = synth::small();
    let pssh = full(b"pssh", 0, &[0; 20]);
    file.fragments[0].between = vec![pssh.clone()];
    let error = refused(&file.bytes());
    assert_eq!(error.code(), "header-in-fragment", "{error}");
    // Elsewhere it goes, and what covers it shrinks by it.
    let [ftyp, moov, moof, mdat, moof2, mdat2] = pieces();
    let mut body = [1_u32, 1000, 0, 0, 1].map(u32::to_be_bytes).concat();
    let covered = moof.len() + mdat.len() + pssh.len() + moof2.len() + mdat2.len();
    body.extend([covered as u32, 1000, 0].map(u32::to_be_bytes).concat());
    let file = join(&[&ftyp, &moov, &full(b"sidx", 0, &body), &moof, &mdat, &pssh, &moof2, &mdat2]);
    for out in protected(&file) {
        assert!(all(&out, "pssh").is_empty());
        let sidx = &all(&out, "sidx")[0];
        assert_eq!(be32(sidx.body(), 24) as usize, out.len() - sidx.end());
    }
}

#[test]
fn compressed_boxes_are_refused() {
    for kind in [b"!mof", b"!six", b"!ssx"] {
        let [ftyp, moov, moof, mdat, ..] = pieces();
        let file = join(&[&ftyp, &moov, &boxed(kind, &[1; 30]), &mdat, &moof, &mdat]);
        let error = refused(&file);
        assert_eq!(
            (error.code(), error.offset()),
            ("compressed-box", Some((ftyp.len() + moov.len()) as u64))
        );
    }
}

#[test]
fn data_in_boxes_of_its_own_is_refused() {
    let [ftyp, moov, moof, mdat, ..] = pieces();
    let mut moov = moov;
    let at = moov.windows(4).position(|word| word == b"url ").unwrap();
    moov[at..at + 4].copy_from_slice(b"snim");
    let error = refused(&join(&[&ftyp, &moov, &moof, &mdat]));
    assert_eq!(error.code(), "external-data", "{error}");
    assert!(error.message().contains("Track 1"), "{error}");
}

#[test]
fn what_is_said_of_bytes_at_the_end_is_true() {
    let whole = pieces().concat();
    // Named media boxes inside, and more than is looked through: no size that somebody's text happens to spell.
    for tail in [[&b"hello there, mdat"[..], &[b'.'; 40]].concat(), vec![b'x'; (1 << 20) + 1]] {
        let error = refused(&[&whole[..], &tail].concat());
        assert_eq!((error.code(), error.offset()), ("unknown-bytes", Some(whole.len() as u64)), "{error}");
        assert!(error.message().contains(&format!("last {} bytes", tail.len())), "{error}");
    }
}

#[test]
fn a_fragment_whose_media_data_has_a_damaged_header_does_not_pass_as_bytes_at_the_end() {
    let [ftyp, moov, moof, mdat, moof2, mut mdat2] = pieces();
    mdat2[..8].copy_from_slice(b"\xff\xff\xff\xffxxxx");
    let file = join(&[&ftyp, &moov, &moof, &mdat, &moof2, &mdat2]);
    let error = refused(&file);
    assert_eq!(error.code(), "data-elsewhere", "{error}");
}

#[test]
fn oddities_of_the_layout_are_told() {
    let notes = |file: &[u8]| file_notes(open(file, Feed::Exact).unwrap().index().unwrap());
    let [ftyp, moov, moof, mdat, moof2, mdat2] = pieces();
    let usual = join(&[&ftyp, &moov, &moof, &mdat, &moof2, &mdat2]);
    assert_eq!(notes(&usual), [""; 0]);
    let first = ftyp.len() + moov.len();
    let good = join(&[&usual, &mfra(&[first, first + moof.len() + mdat.len()])]);
    assert_eq!(notes(&good), [""; 0]);
    let stray = join(&[&usual, &mfra(&[first, first + 1])]);
    let [note] = &notes(&stray)[..] else { panic!() };
    assert!(
        note.contains("Of 2 random access points") && note.contains(&format!("byte {}", first + 1)),
        "{note}"
    );
    // In front, between, and behind; a header alone holds nothing.
    let unused = boxed(b"mdat", &[7; 20]);
    let file =
        join(&[&ftyp, &moov, &unused, &moof, &mdat, &unused, &moof2, &mdat2, &unused, &boxed(b"mdat", &[])]);
    let [note] = &notes(&file)[..] else { panic!() };
    assert!(note.contains("84 bytes") && note.contains(&format!("byte {first} ")), "{note}");
    let mut twice = synth::small();
    twice.access = None;
    let again = twice.fragments[1].trafs[0].clone();
    twice.fragments[1].trafs.push(again);
    let [note] = &notes(&twice.bytes())[..] else { panic!() };
    assert!(note.starts_with("Track 1 comes twice"), "{note}");
}
