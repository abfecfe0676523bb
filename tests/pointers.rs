//! Boxes that say where others stand still say the truth in the output; and lawful oddities of layout are protected, or
//! refused with a way on.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use boxlock::bytes::ContentKey;
use support::drive::{self, Feed, decrypted_samples, open, plan, protect, request};
use support::raw::{self, RawBox, be32};
use support::synth::{self, File, boxed};

/// Sound and pictures in two fragments, nothing absolute in it.
fn two_fragments() -> File {
    let mut file = synth::small();
    file.access = None;
    file
}

/// The top-level boxes of a file, in order.
fn pieces(file: &File) -> Vec<Vec<u8>> {
    raw::boxes(&file.bytes(), 0).iter().map(|b| b.bytes.to_vec()).collect()
}

fn full(kind: &[u8; 4], version: u8, body: &[u8]) -> Vec<u8> {
    boxed(kind, &[&[version, 0, 0, 0][..], body].concat())
}

fn sidx(references: &[u32], first_offset: u32) -> Vec<u8> {
    let mut body = [1_u32, 1000, 0, first_offset].map(u32::to_be_bytes).concat();
    body.extend([0, 0]);
    body.extend((references.len() as u16).to_be_bytes());
    for size in references {
        body.extend([*size, 1000, 0x9000_0000].map(u32::to_be_bytes).concat());
    }
    full(b"sidx", 0, &body)
}

fn first<'a>(boxes: &[RawBox<'a>], name: &str) -> RawBox<'a> {
    boxes.iter().find(|b| b.name == name).unwrap_or_else(|| panic!("{name}")).clone()
}

fn nth<'a>(boxes: &[RawBox<'a>], name: &str, n: usize) -> RawBox<'a> {
    boxes.iter().filter(|b| b.name == name).nth(n).unwrap_or_else(|| panic!("{name}")).clone()
}

fn sizes(sidx: &RawBox<'_>) -> Vec<usize> {
    let count = usize::from(u16::from_be_bytes([sidx.body()[22], sidx.body()[23]]));
    (0..count).map(|n| (be32(sidx.body(), 24 + 12 * n) & 0x7fff_ffff) as usize).collect()
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

#[test]
fn a_segment_may_end_inside_media_data() {
    let boxes = pieces(&two_fragments());
    let [ftyp, moov, moof, mdat, moof2, mdat2] = &boxes[..] else { panic!("{}", boxes.len()) };
    // The first reference ends 20 bytes before the end of the first fragment's media data, the second one there in the next.
    let one = (moof.len() + mdat.len() - 20) as u32;
    let two = (20 + moof2.len() + mdat2.len() - 7) as u32;
    let file = [ftyp, moov, &sidx(&[one, two, 7], 0), moof, mdat, moof2, mdat2].map(|b| &b[..]).concat();
    for out in protected(&file) {
        let boxes = raw::boxes(&out, 0);
        let (mdat, mdat2) = (nth(&boxes, "mdat", 0), nth(&boxes, "mdat", 1));
        let sidx = first(&boxes, "sidx");
        let ends = [mdat.end() - 20, mdat2.end() - 7, out.len()];
        let mut at = sidx.end();
        for (size, end) in sizes(&sidx).into_iter().zip(ends) {
            at += size;
            assert_eq!(at, end);
        }
    }
}

#[test]
fn a_segment_may_end_between_two_mdats_of_one_fragment() {
    let boxes = pieces(&two_fragments());
    let [ftyp, moov, moof, mdat, moof2, mdat2] = &boxes[..] else { panic!("{}", boxes.len()) };
    let unused = boxed(b"mdat", &[0x55; 12]);
    let one = (moof.len() + mdat.len()) as u32;
    let two = (unused.len() + moof2.len() + mdat2.len()) as u32;
    let file =
        [ftyp, moov, &sidx(&[one, two], 0), moof, mdat, &unused, moof2, mdat2].map(|b| &b[..]).concat();
    for out in protected(&file) {
        let boxes = raw::boxes(&out, 0);
        let sidx = first(&boxes, "sidx");
        assert_eq!(sizes(&sidx)[0], nth(&boxes, "mdat", 0).end() - sidx.end());
        raw::check_pointers(&out);
    }
}

#[test]
fn an_index_keeps_what_its_references_are_and_the_form_of_its_header() {
    let boxes = pieces(&two_fragments());
    let [ftyp, moov, moof, mdat, moof2, mdat2] = &boxes[..] else { panic!("{}", boxes.len()) };
    // An index of indexes: its references have the bit that says so; and an index with a header of 16 bytes.
    let sizes_of = [moof.len() + mdat.len(), moof2.len() + mdat2.len()].map(|size| size as u32);
    let one = sidx(&[sizes_of[0]], 0);
    let two = sidx(&[sizes_of[1]], 0);
    let long = |short: &[u8]| {
        [&1_u32.to_be_bytes()[..], b"sidx", &(short.len() as u64 + 8).to_be_bytes(), &short[8..]].concat()
    };
    let two = long(&two);
    let nested = [one.len() as u32 + sizes_of[0], two.len() as u32 + sizes_of[1]].map(|size| size | 1 << 31);
    let top = sidx(&nested, 0);
    let file = [ftyp, moov, &top, &one, moof, mdat, &two, moof2, mdat2].map(|b| &b[..]).concat();
    for out in protected(&file) {
        let boxes = raw::boxes(&out, 0);
        let [top, one, two] = [0, 1, 2].map(|n| nth(&boxes, "sidx", n));
        assert_eq!((top.header, one.header, two.header), (8, 8, 16));
        let kinds = |index: &RawBox<'_>, n: usize| be32(index.body(), 24 + 12 * n) >> 31;
        assert_eq!((kinds(&top, 0), kinds(&top, 1), kinds(&one, 0), kinds(&two, 0)), (1, 1, 0, 0));
        let ends = [nth(&boxes, "mdat", 0).end(), nth(&boxes, "mdat", 1).end()];
        assert_eq!(sizes(&top), [ends[0] - one.start, ends[1] - two.start]);
        assert_eq!((sizes(&one), sizes(&two)), (vec![ends[0] - one.end()], vec![ends[1] - two.end()]));
    }
}

#[test]
fn runs_may_touch_but_not_share_a_byte() {
    let mut made = two_fragments();
    made.fragments.truncate(1);
    made.fragments[0].trafs[0].runs = vec![vec![vec![1; 40]], vec![vec![2; 40]]];
    made.fragments[0].trafs[0].terse = false;
    let file = made.bytes();
    protected(&file);
    // The second run begins one byte earlier, in the last of the first.
    let boxes = raw::boxes(&file, 0);
    let traf = first(&boxes, "moof").at("traf");
    let second = traf.children().into_iter().filter(|one| one.name == "trun").nth(1).unwrap();
    let at = second.start + 16;
    let mut shared = file.clone();
    shared[at..at + 4].copy_from_slice(&(be32(&file, at) - 1).to_be_bytes());
    for profile in ["hybrid", "piff"] {
        let error = protect(&shared, &request(profile)).unwrap_err();
        assert_eq!(error.code(), "overlapping-samples", "{error}");
    }
}

#[test]
fn samples_may_fill_their_media_data_but_not_reach_a_byte_further() {
    let mut made = two_fragments();
    made.fragments[0].trafs[0].runs = vec![vec![vec![1; 40]], vec![vec![2; 40]]];
    made.fragments[0].trafs[0].terse = false;
    made.fragments[0].trafs[0].gap = 16;
    let mut file = made.bytes();
    let boxes = raw::boxes(&file, 0);
    let (mdat, traf) = (nth(&boxes, "mdat", 0), first(&boxes, "moof").at("traf"));
    let runs: Vec<usize> =
        traf.children().into_iter().filter(|one| one.name == "trun").map(|one| one.start + 16).collect();
    // Media data in two boxes, each filled by a run to its end, and an empty box between.
    let (start, whole) = (mdat.start, mdat.bytes.len());
    let one = 8 + 16 + 40;
    file[start..start + 4].copy_from_slice(&(one as u32).to_be_bytes());
    let between = [&boxed(b"free", b"")[..], &((whole - one - 8) as u32).to_be_bytes(), b"mdat"].concat();
    file[start + one..start + one + 16].copy_from_slice(&between);
    protected(&file);
    // One byte too far on: into the empty box, and, over three bytes that nobody uses, into the next fragment's header.
    for (run, by, said) in
        [(runs[0], 1, "cover bytes of the box 'free' itself"), (runs[1], 4, "the media data behind it is")]
    {
        let mut further = file.clone();
        further[run..run + 4].copy_from_slice(&(be32(&file, run) + by).to_be_bytes());
        let session = open(&further, Feed::Whole).unwrap();
        let error = plan(&session, &request("piff")).unwrap_err();
        assert_eq!(error.code(), "data-elsewhere", "{error}");
        assert!(error.message().contains(said), "{error}");
    }
    // The last byte of a header of media data is none of a sample's.
    let mut header = two_fragments().bytes();
    let boxes = raw::boxes(&header, 0);
    let run = first(&boxes, "moof").at("traf/trun").start + 16;
    let offset = be32(&header, run) - 1;
    header[run..run + 4].copy_from_slice(&offset.to_be_bytes());
    let session = open(&header, Feed::Whole).unwrap();
    let error = plan(&session, &request("piff")).unwrap_err();
    assert!(error.message().contains("cover bytes of the box 'mdat' itself"), "{error}");
}

#[test]
fn tfdt_says_the_time_and_tfxd_where_there_is_none() {
    let time = |tfdt, tfxd| {
        let mut made = two_fragments();
        let traf = &mut made.fragments[0].trafs[0];
        (traf.tfdt, traf.tfxd) = (tfdt, tfxd);
        let session = open(&made.bytes(), Feed::Whole).unwrap();
        session.index().unwrap().all_parts()[0].decode_time
    };
    assert_eq!(time(Some(7000), Some(9000)), 7000);
    assert_eq!(time(None, Some(9000)), 9000);
    assert_eq!(time(None, Some(-9000)), -9000);
    assert_eq!(time(Some(7000), None), 7000);
}

#[test]
fn subsegment_ranges_grow_with_their_subsegments() {
    let boxes = pieces(&two_fragments());
    let [ftyp, moov, moof, mdat, moof2, mdat2] = &boxes[..] else { panic!("{}", boxes.len()) };
    let references = [(moof.len() + mdat.len()) as u32, (moof2.len() + mdat2.len()) as u32];
    // Each subsegment: the moof and 15 bytes on level 0, the rest on level 1.
    let mut body = 2_u32.to_be_bytes().to_vec();
    for (size, moof) in references.iter().zip([moof, moof2]) {
        let level = moof.len() as u32 + 15;
        body.extend(2_u32.to_be_bytes());
        body.extend(level.to_be_bytes());
        body.extend((1 << 24 | (size - level)).to_be_bytes());
    }
    let ssix = full(b"ssix", 0, &body);
    let index = sidx(&references, ssix.len() as u32);
    let file = [ftyp, moov, &index, &ssix, moof, mdat, moof2, mdat2].map(|b| &b[..]).concat();
    for out in protected(&file) {
        let boxes = raw::boxes(&out, 0);
        let (sidx, ssix) = (first(&boxes, "sidx"), first(&boxes, "ssix"));
        for (n, size) in sizes(&sidx).into_iter().enumerate() {
            let moof = nth(&boxes, "moof", n);
            let ranges = [be32(ssix.body(), 12 + 12 * n), be32(ssix.body(), 16 + 12 * n)];
            assert_eq!(ranges.map(|range| range >> 24), [0, 1]);
            assert_eq!((ranges[0] & 0xff_ffff) as usize, moof.bytes.len() + 15);
            assert_eq!((ranges[0] & 0xff_ffff) as usize + (ranges[1] & 0xff_ffff) as usize, size);
        }
    }
}

/// An `iloc` of version 1 with one item in the file: 4-byte offsets, lengths and bases.
fn iloc(base: u32, offset: u32, length: u32) -> Vec<u8> {
    let body = [
        &[0x44, 0x40, 0, 1, 0, 9, 0, 0, 0, 0][..],
        &base.to_be_bytes(),
        &[0, 1],
        &offset.to_be_bytes(),
        &length.to_be_bytes(),
    ];
    full(b"iloc", 1, &body.concat())
}

#[test]
fn items_move_with_their_bytes() {
    let boxes = pieces(&two_fragments());
    let [ftyp, moov, moof, mdat, moof2, mdat2] = &boxes[..] else { panic!("{}", boxes.len()) };
    let hdlr = full(b"hdlr", 0, &[&[0; 4][..], b"pict", &[0; 13]].concat());
    let meta = |iloc: &[u8]| full(b"meta", 0, &[&hdlr[..], iloc].concat());
    let len = meta(&iloc(0, 0, 0)).len();
    let picture = boxed(b"mdat", b"the item itself");
    // At file level, with a base and without one; and in the moov.
    let at = ftyp.len() + len + moov.len() + moof.len() + mdat.len() + 8;
    for (base, offset) in [(0, at), (at, 0), (at - 3, 3)] {
        let meta = meta(&iloc(base as u32, offset as u32, 15));
        let file = [ftyp, &meta, moov, moof, mdat, moof2, mdat2, ftyp, &picture].map(|b| &b[..]).concat();
        let at = file.len() - 15;
        let shift = at as u32 - (base + offset) as u32;
        let (base, offset) =
            if base == 0 { (0, offset as u32 + shift) } else { (base as u32 + shift, offset as u32) };
        let file = [
            ftyp,
            &self::meta(&hdlr, &iloc(base, offset, 15)),
            moov,
            moof,
            mdat,
            moof2,
            mdat2,
            ftyp,
            &picture,
        ]
        .map(|b| &b[..])
        .concat();
        for out in protected(&file) {
            let boxes = raw::boxes(&out, 0);
            let body =
                first(&boxes, "meta").children_after(4).into_iter().find(|b| b.name == "iloc").unwrap();
            let place = (be32(body.body(), 14) + be32(body.body(), 20)) as usize;
            assert_eq!(&out[place..place + 15], b"the item itself");
        }
    }
    let grown = moov.len() + len;
    let at = ftyp.len() + grown + moof.len() + mdat.len() + moof2.len() + mdat2.len() + ftyp.len() + 8;
    let mut with_meta = (grown as u32).to_be_bytes().to_vec();
    with_meta.extend(&moov[4..]);
    with_meta.extend(meta(&iloc(0, at as u32, 15)));
    let file = [ftyp, &with_meta, moof, mdat, moof2, mdat2, ftyp, &picture].map(|b| &b[..]).concat();
    for out in protected(&file) {
        let moov = first(&raw::boxes(&out, 0), "moov");
        let iloc = moov.at("meta").children_after(4).into_iter().find(|b| b.name == "iloc").unwrap();
        let place = be32(iloc.body(), 20) as usize;
        assert_eq!(&out[place..place + 15], b"the item itself");
    }
}

fn meta(hdlr: &[u8], iloc: &[u8]) -> Vec<u8> {
    full(b"meta", 0, &[hdlr, iloc].concat())
}

#[test]
fn a_movie_that_does_not_say_it_goes_on_gets_to_say_so() {
    let bytes = two_fragments().bytes();
    let at = bytes.windows(4).position(|word| word == b"mvex").unwrap();
    let mut without = bytes.clone();
    without[at..at + 4].copy_from_slice(b"free");
    for out in protected(&without) {
        let mvex = first(&raw::boxes(&out, 0), "moov").at("mvex");
        let trex = mvex.children();
        assert_eq!((trex.len(), be32(trex[0].body(), 4), be32(trex[0].body(), 8)), (1, 1, 1));
    }
    // One that says so for another track.
    let trex = bytes.windows(4).position(|word| word == b"trex").unwrap();
    let mut other = bytes;
    other[trex..trex + 4].copy_from_slice(b"free");
    for out in protected(&other) {
        let mvex = first(&raw::boxes(&out, 0), "moov").at("mvex");
        assert_eq!(mvex.children().iter().filter(|b| b.name == "trex").count(), 1);
    }
}

#[test]
fn samples_in_another_file_are_refused() {
    let mut bytes = two_fragments().bytes();
    let at = bytes.windows(4).position(|word| word == b"url ").unwrap();
    assert_eq!(be32(&bytes, at + 4), 1);
    bytes[at + 7] = 0;
    let error = protect(&bytes, &request("hybrid")).unwrap_err();
    assert_eq!((error.code(), error.offset()), ("external-data", Some(at as u64 - 4)));
    assert!(error.message().contains("Track 1") && error.message().contains("another file"), "{error}");
    // FFmpeg would copy what stands in this file.
    assert!(!error.message().contains("ffmpeg"), "{error}");
}

#[test]
fn boxes_may_stand_between_a_moof_and_its_media_data() {
    for kind in [b"emsg", b"prft", b"styp", b"sidx", b"zzzz", b"meta"] {
        let mut file = two_fragments();
        let body = match kind {
            b"sidx" => sidx(&[], 0)[8..].to_vec(),
            b"meta" => [&[0; 4][..], &boxed(b"free", &[0; 28])].concat(),
            _ => vec![0; 40],
        };
        file.fragments[0].between = vec![boxed(kind, &body)];
        let bytes = file.bytes();
        for out in protected(&bytes) {
            let names: Vec<String> = raw::boxes(&out, 0).into_iter().map(|b| b.name).collect();
            let moof = names.iter().position(|name| name == "moof").unwrap();
            assert_eq!(names[moof + 1].as_bytes(), kind);
        }
    }
}

#[test]
fn a_sample_entry_that_a_later_fragment_uses_and_nobody_has_is_refused_in_the_plan() {
    let bytes = two_fragments().bytes();
    let boxes = raw::boxes(&bytes, 0);
    let tfhd = nth(&boxes, "moof", 1).at("traf/tfhd");
    // Another index in the second fragment: the header grows by 4, and with it traf, moof and the data offset.
    for index in [0_u32, 2, u32::MAX] {
        let mut body = tfhd.body().to_vec();
        body[3] |= 2;
        let mut with = body[..8].to_vec();
        with.extend(index.to_be_bytes());
        with.extend(&body[8..]);
        let mut file = bytes[..tfhd.start].to_vec();
        file.extend(boxed(b"tfhd", &with));
        file.extend(&bytes[tfhd.end()..]);
        let moof = nth(&boxes, "moof", 1);
        for at in [moof.start, moof.at("traf").start] {
            let size = be32(&file, at) + 4;
            file[at..at + 4].copy_from_slice(&size.to_be_bytes());
        }
        let trun = nth(&boxes, "moof", 1).at("traf/trun").start + 4;
        let offset = be32(&file, trun + 16) + 4;
        file[trun + 16..trun + 20].copy_from_slice(&offset.to_be_bytes());
        let session = open(&file, Feed::Whole).unwrap();
        let error = plan(&session, &request("piff")).unwrap_err();
        assert_eq!(error.code(), "bad-sample-entry", "{error}");
        assert!(error.message().starts_with("Track 1 at 0:00:0"), "{error}");
        assert!(error.message().contains(&format!("entry {index}, but the track has 1")), "{error}");
    }
}

#[test]
fn small_bytes_behind_the_last_box_are_kept_and_media_never_passes_for_them() {
    let bytes = two_fragments().bytes();
    let id3 = [&b"TAG"[..], &[b'x'; 125]].concat();
    let text = b"https://example.com/ a note somebody left here".to_vec();
    for tail in [&id3, &text, &vec![0xff; 900_000], &b"\0\0\0\x05junk!".to_vec()] {
        let file = [&bytes[..], tail].concat();
        let session = open(&file, Feed::Exact).unwrap();
        let problem = session.index().unwrap().findings[0].clone();
        assert_eq!((problem.code(), problem.offset()), ("trailing-bytes", Some(bytes.len() as u64)));
        assert!(problem.message().contains(&format!("{} bytes", tail.len())), "{problem}");
        for profile in ["hybrid", "piff"] {
            let out = protect(&file, &request(profile)).unwrap();
            assert!(out.ends_with(tail) && raw::boxes(&out[..out.len() - tail.len()], 0).len() == 6);
        }
    }
    // A fragment behind a damaged header, or more than can be looked through.
    let fragment: Vec<u8> = pieces(&two_fragments())[2..4].concat();
    let media = [&b"\xff\xff\xff\xffjunk"[..], &fragment].concat();
    for tail in [media, vec![0xff; (1 << 20) + 1]] {
        let error = protect(&[&bytes[..], &tail].concat(), &request("piff")).unwrap_err();
        assert_ne!(error.code(), "trailing-bytes");
        assert_eq!(error.offset(), Some(bytes.len() as u64), "{error}");
    }
}

#[test]
fn media_data_elsewhere_is_refused_with_a_way_on() {
    let boxes = pieces(&two_fragments());
    let [ftyp, moov, moof, mdat, moof2, mdat2] = &boxes[..] else { panic!("{}", boxes.len()) };
    // The media data of the second fragment in front of its header.
    let mut before = moof2.clone();
    let raw_moof = raw::boxes(moof2, 0).remove(0);
    let at = raw_moof.at("traf/trun").start + 16;
    let offset = 8 - mdat2.len() as i32;
    before[at..at + 4].copy_from_slice(&offset.to_be_bytes());
    let file = [ftyp, moov, moof, mdat, mdat2, &before].map(|b| &b[..]).concat();
    assert_eq!(drive::samples(&two_fragments().bytes()).len(), 1);
    let error = protect(&file, &request("hybrid")).unwrap_err();
    assert_eq!(error.code(), "data-elsewhere");
    assert!(error.message().starts_with("Track 1 at 0:00:0"), "{error}");
    assert!(error.message().contains("ffmpeg -i input.mp4 -map 0 -c copy"), "{error}");
    // Two initialization segments: which, and whether they differ.
    for (second, words) in
        [(moov.clone(), "the same as"), ([&moov[..moov.len() - 1], &[7]].concat(), "another than")]
    {
        let file = [ftyp, moov, ftyp, &second, moof, mdat].map(|b| &b[..]).concat();
        let error = protect(&file, &request("hybrid")).unwrap_err();
        assert_eq!(error.code(), "duplicate-moov");
        assert!(error.message().contains(&format!("byte {}", 2 * ftyp.len() + moov.len())), "{error}");
        assert!(
            error.message().contains(&format!("byte {}", ftyp.len())) && error.message().contains(words),
            "{error}"
        );
    }
}
