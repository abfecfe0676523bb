//! What boxes say of how samples are encrypted, read from fragments made by hand: by what writers differ in.

use boxlock::boxes::{Tree, piff};
use boxlock::bytes::{FourCc, KeyId, Result};
use boxlock::track::encryption::{Encryption, KeyGroups, Maps, Span, maps, spans};
use boxlock::track::{Fragment, Movie};

use crate::support::drive::{self, Feed};
use crate::support::synth::boxed;

const KID: [u8; 16] = [0x4b; 16];
const FIRST_LOCAL: u32 = 0x10001;

pub fn full(kind: &[u8; 4], head: u32, body: &[u8]) -> Vec<u8> {
    boxed(kind, &[&head.to_be_bytes(), body].concat())
}

/// A sample encryption box of PIFF.
pub fn piff_list(head: u32, body: &[u8]) -> Vec<u8> {
    let id = hex::decode("a2394f525a9b4f14a2446c427c648df4").unwrap();
    boxed(b"uuid", &[&id[..], &head.to_be_bytes(), body].concat())
}

/// One group, encrypted with this key ID, or clear.
pub fn group(kid: Option<u8>) -> Vec<u8> {
    let (protected, iv_size) = if kid.is_some() { (1, 8) } else { (0, 0) };
    [&[0, 0, protected, iv_size][..], &[kid.unwrap_or(0); 16]].concat()
}

pub fn groups(default: u32, groups: &[Vec<u8>]) -> Vec<u8> {
    let count = groups.len() as u32;
    let head = [*b"seig", 20_u32.to_be_bytes(), default.to_be_bytes(), count.to_be_bytes()].concat();
    full(b"sgpd", 2 << 24, &[head, groups.concat()].concat())
}

pub fn mapped(runs: &[(u32, u32)]) -> Vec<u8> {
    let runs: Vec<u8> =
        runs.iter().flat_map(|(count, index)| [count.to_be_bytes(), index.to_be_bytes()].concat()).collect();
    full(b"sbgp", 0, &[&b"seig"[..], &((runs.len() / 8) as u32).to_be_bytes(), &runs].concat())
}

/// A `trun` of samples of 16 bytes.
fn run(samples: u32) -> Vec<u8> {
    let sizes: Vec<u8> = (0..samples).flat_map(|_| 16_u32.to_be_bytes()).collect();
    full(b"trun", 0x201, &[&samples.to_be_bytes()[..], &0_u32.to_be_bytes(), &sizes].concat())
}

/// A fragment of track 1 whose `traf` has these boxes behind its runs.
fn fragment(runs: &[u32], more: &[Vec<u8>]) -> Vec<u8> {
    let tfhd = full(b"tfhd", 0x20000, &1_u32.to_be_bytes());
    let runs: Vec<u8> = runs.iter().flat_map(|count| run(*count)).collect();
    let traf = boxed(b"traf", &[tfhd, runs, more.concat()].concat());
    boxed(b"moof", &[full(b"mfhd", 0, &1_u32.to_be_bytes()), traf].concat())
}

/// The movie of a protected file.
fn movie(form: &str) -> Movie {
    let sample = include_bytes!("../../www/samples/sample.ismv");
    let file = drive::protect(sample, &drive::request(form)).unwrap();
    drive::open(&file, Feed::Whole).unwrap().work().unwrap().movie.clone().unwrap()
}

fn read_at(start: u64, movie: &Movie, moof: &[u8], media: &[u8]) -> Result<(Vec<Span>, Maps)> {
    let tree = Tree::parse(moof, start).unwrap();
    let fragment = Fragment::read(&tree, Some(movie)).unwrap();
    let traf = tree.root().child(b"traf").unwrap();
    let track = &fragment.tracks[0];
    let spans = spans(&tree, traf, track, movie)?;
    let maps = maps(&tree, traf, track, &spans, (start + moof.len() as u64, media))?;
    Ok((spans, maps))
}

fn read(movie: &Movie, moof: &[u8]) -> Result<(Vec<Span>, Maps)> {
    read_at(1000, movie, moof, &[])
}

fn kids(spans: &[Span]) -> Vec<(usize, Option<u8>)> {
    spans.iter().map(|span| (span.count, span.by.as_ref().map(|by| by.kid.unwrap().0[0]))).collect()
}

/// `senc` with IVs of 8 bytes.
pub fn ivs(count: u32) -> Vec<u8> {
    let ivs: Vec<u8> = (0..count).flat_map(|number| [number as u8; 8]).collect();
    full(b"senc", 0, &[&count.to_be_bytes()[..], &ivs].concat())
}

#[test]
fn a_fragment_of_piff_says_its_own_cipher() {
    let movie = movie("piff");
    let over = |algorithm: u8, iv_size: u8| [&[0, 0, algorithm, iv_size][..], &KID].concat();
    let list = |algorithm, iv_size: u8| {
        let iv = vec![7; usize::from(iv_size)];
        piff_list(1, &[over(algorithm, iv_size), vec![0, 0, 0, 1], iv].concat())
    };
    for (algorithm, iv_size, scheme) in [(1, 8, b"cenc"), (1, 16, b"cenc"), (2, 16, b"cbc1")] {
        let (spans, maps) = read(&movie, &fragment(&[1], &[list(algorithm, iv_size)])).unwrap();
        let by = Encryption {
            scheme: FourCc(*scheme),
            pattern: 0,
            iv_size,
            constant_iv: Vec::new(),
            kid: Some(KeyId(KID)),
        };
        assert_eq!(spans, [Span { count: 1, by: Some(by) }]);
        assert_eq!(maps.ivs, vec![7; usize::from(iv_size)]);
    }
    let clear = fragment(&[1], &[piff_list(1, &[over(0, 0), vec![0, 0, 0, 1]].concat())]);
    assert_eq!(read(&movie, &clear).unwrap().0, [Span { count: 1, by: None }]);
    // One that knows no such cipher cannot be decrypted, and is not taken for another.
    let (spans, _) = read(&movie, &fragment(&[1], &[list(3, 8)])).unwrap();
    assert_eq!(spans[0].by.as_ref().unwrap().scheme.text(), "piff");
    // Left out, the samples are clear; in a file of CENC something is missing.
    assert_eq!(read(&movie, &fragment(&[2], &[])).unwrap().0, [Span { count: 2, by: None }]);
    assert_eq!(read(&self::movie("plain"), &fragment(&[2], &[])).unwrap_err().code(), "no-ivs");
    assert_eq!(piff::SAMPLE_ENCRYPTION, Tree::parse(&clear, 0).unwrap().root().children[1].children[2].id());
}

#[test]
fn groups_say_by_what_samples_are_encrypted() {
    let mut movie = movie("plain");
    let kid = movie.tracks[0].entries[0].protection.as_ref().unwrap().kid.unwrap().0[0];
    let both = [group(Some(1)), group(None)];
    let local = mapped(&[(1, 0), (1, FIRST_LOCAL), (1, FIRST_LOCAL + 1)]);
    let own = groups(0, &both);
    // What is mapped to nothing is as the sample entry says.
    let list = |clear: u32| {
        full(b"senc", 0, &[&(4_u32.to_be_bytes())[..], &vec![9; 8 * (4 - clear as usize)]].concat())
    };
    let (spans, maps) = read(&movie, &fragment(&[4], &[own.clone(), local, list(1)])).unwrap();
    assert_eq!(kids(&spans), [(1, Some(kid)), (1, Some(1)), (1, None), (1, Some(kid))]);
    assert_eq!(maps.ivs.len(), 24);
    // Those behind are in the group for all others.
    let (spans, _) = read(
        &movie,
        &fragment(&[4], &[groups(FIRST_LOCAL + 1, &both), mapped(&[(3, FIRST_LOCAL)]), list(1)]),
    )
    .unwrap();
    assert_eq!(kids(&spans), [(3, Some(1)), (1, None)]);
    // Writers before local numbers counted from one; of the track where that has groups.
    let old = fragment(&[4], &[own, mapped(&[(4, 1)]), list(0)]);
    assert_eq!(kids(&read(&movie, &old).unwrap().0), [(4, Some(1))]);
    let table = boxed(b"stbl", &groups(1, &[group(Some(2))]));
    let tree = Tree::parse(&table, 0).unwrap();
    movie.tracks[0].key_groups = KeyGroups::read(&tree, tree.root());
    assert_eq!(kids(&read(&movie, &old).unwrap().0), [(4, Some(2))]);
    assert_eq!(kids(&read(&movie, &fragment(&[4], &[list(0)])).unwrap().0), [(4, Some(2))]);
    let none = fragment(&[4], &[mapped(&[(4, 9)]), list(0)]);
    assert_eq!(read(&movie, &none).unwrap_err().code(), "bad-group");
}

/// A compact box: widths of lengths, counts and groups in bits; patterns of a count of samples and groups.
fn compact(widths: [u32; 3], flags: u32, patterns: &[(u32, &[u32])]) -> Vec<u8> {
    let code = widths.map(|width| width.ilog2() - 2);
    let mut bits = String::new();
    let mut put = |width: u32, value: u32| {
        (0..width).rev().for_each(|bit| bits.push(if value >> bit & 1 == 1 { '1' } else { '0' }));
    };
    for (count, groups) in patterns {
        put(widths[0], groups.len() as u32);
        put(widths[1], *count);
    }
    patterns.iter().flat_map(|(_, groups)| *groups).for_each(|group| put(widths[2], *group));
    bits.extend(std::iter::repeat_n('0', bits.len().next_multiple_of(8) - bits.len()));
    let bytes: Vec<u8> =
        (0..bits.len() / 8).map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).unwrap()).collect();
    let head = [&b"seig"[..], if flags & 0x40 != 0 { &[0; 4] } else { &[] }].concat();
    let body = [&head[..], &(patterns.len() as u32).to_be_bytes(), &bytes].concat();
    full(b"csgp", flags | code[0] << 4 | code[1] << 2 | code[2], &body)
}

#[test]
fn keys_change_by_patterns_too() {
    let mut movie = movie("plain");
    let kid = movie.tracks[0].entries[0].protection.as_ref().unwrap().kid.unwrap().0[0];
    let list =
        |count| full(b"senc", 0, &[&u32::to_be_bytes(count)[..], &vec![7; count as usize * 8]].concat());
    let own = [group(Some(1)), group(Some(3)), group(None)];
    let boxes = |compact, count| fragment(&[4], &[groups(0, &own), compact, list(count)]);
    // ISO/IEC 14496-12:2022 8.9.5: the pattern goes on until its samples are told, and the highest bit of a group says that
    // it is the fragment's own.
    for (widths, local) in
        [([4, 4, 4], 8), ([8, 8, 8], 0x80), ([8, 16, 4], 8), ([16, 4, 32], 1 << 31), ([4, 8, 16], 1 << 15)]
    {
        let moof = boxes(compact(widths, 0x80, &[(3, &[local + 1, local + 2]), (1, &[local + 3])]), 4);
        assert_eq!(
            kids(&read(&movie, &moof).unwrap().0),
            [(1, Some(1)), (1, Some(3)), (1, Some(1)), (1, None)],
            "{widths:?}"
        );
        let moof = boxes(compact(widths, 0xc0, &[(4, &[local + 2])]), 4);
        assert_eq!(kids(&read(&movie, &moof).unwrap().0), [(4, Some(3))], "{widths:?}");
    }
    // Of the track where they are not its own, and behind the last pattern what nothing else maps.
    let table = boxed(b"stbl", &groups(1, &[group(Some(2))]));
    let tree = Tree::parse(&table, 0).unwrap();
    movie.tracks[0].key_groups = KeyGroups::read(&tree, tree.root());
    let moof = boxes(compact([4, 4, 4], 0x80, &[(2, &[1]), (1, &[0])]), 4);
    assert_eq!(kids(&read(&movie, &moof).unwrap().0), [(2, Some(2)), (1, Some(kid)), (1, Some(2))]);
    let moof = boxes(compact([8, 8, 8], 0, &[(9, &[1])]), 4);
    assert_eq!(kids(&read(&movie, &moof).unwrap().0), [(4, Some(2))]);
    // A group of more is cut; samples of a pattern without groups are in none.
    let mut cut = compact([8, 8, 8], 0, &[(9, &[1, 1])]);
    cut.pop();
    let len = cut.len() as u32;
    cut[..4].copy_from_slice(&len.to_be_bytes());
    assert_eq!(read(&movie, &boxes(cut, 4)).unwrap_err().code(), "truncated-list");
    let moof = boxes(compact([8, 32, 8], 0, &[(u32::MAX, &[])]), 4);
    assert_eq!(kids(&read(&movie, &moof).unwrap().0), [(4, Some(kid))]);
}

#[test]
fn lists_of_ivs_are_of_the_samples() {
    let movie = movie("plain");
    let code = |moof: Vec<u8>| read(&movie, &moof).unwrap_err().code();
    assert_eq!(read(&movie, &fragment(&[2], &[ivs(2)])).unwrap().1.ivs, [[0; 8], [1; 8]].concat());
    assert_eq!(code(fragment(&[2], &[ivs(3)])), "sample-count");
    assert_eq!(code(fragment(&[2], &[full(b"senc", 1 << 24, &[0; 20])])), "several-keys");
    assert_eq!(code(fragment(&[2], &[full(b"senc", 3 << 24, &[0; 20])])), "several-keys");
    // Version 2 lists nothing at all for clear samples; others a map.
    let boxes = |list| [groups(0, &[group(None)]), mapped(&[(1, FIRST_LOCAL)]), list];
    let map = [0, 1, 0, 5, 0, 0, 0, 11];
    let short = full(b"senc", 2 << 24 | 2, &[&[0, 0, 0, 2][..], &[9; 8], &map].concat());
    let (_, maps) = read(&movie, &fragment(&[2], &boxes(short))).unwrap();
    assert_eq!((maps.counts, maps.ivs), (vec![0, 1], vec![9; 8]));
    let long = full(b"senc", 2, &[&[0, 0, 0, 2][..], &[0, 1, 0, 16, 0, 0, 0, 0], &[9; 8], &map].concat());
    let (_, maps) = read(&movie, &fragment(&[2], &boxes(long))).unwrap();
    assert_eq!((maps.counts, maps.ivs), (vec![1, 1], vec![9; 8]));
}

#[test]
fn ivs_stand_where_offsets_point() {
    let movie = movie("plain");
    let sizes =
        |sizes: &[u8]| full(b"saiz", 0, &[&[0][..], &(sizes.len() as u32).to_be_bytes(), sizes].concat());
    let places = |places: &[u32]| {
        let all: Vec<u8> = places.iter().flat_map(|place| place.to_be_bytes()).collect();
        full(b"saio", 0, &[&(places.len() as u32).to_be_bytes()[..], &all].concat())
    };
    let read = |runs: &[u32], sizes: Vec<u8>, offsets: &[u32]| {
        // Offsets are from the `moof`; what they point to stands behind it.
        let len = fragment(runs, &[sizes.clone(), places(offsets)]).len() as u32;
        let offsets: Vec<u32> = offsets.iter().map(|offset| len + offset).collect();
        let media: Vec<u8> = (0..64).collect();
        read_at(1000, &movie, &fragment(runs, &[sizes, places(&offsets)]), &media)
    };
    let (_, maps) = read(&[2], sizes(&[8, 8]), &[3]).unwrap();
    assert_eq!((maps.ivs, maps.counts), ((3..19).collect::<Vec<u8>>(), Vec::new()));
    // Once for each run.
    let (_, maps) = read(&[1, 2], sizes(&[8, 8, 8]), &[3, 30]).unwrap();
    assert_eq!(maps.ivs, (3..11).chain(30..46).collect::<Vec<u8>>());
    for (runs, lens, offsets, code) in [
        (&[1, 2][..], &[8, 8, 8][..], &[3, 20, 30][..], "bad-saio"),
        (&[2], &[8, 8, 8], &[3], "sample-count"),
        (&[2], &[8, 0], &[3], "no-ivs"),
        (&[2], &[8, 8], &[60], "iv-elsewhere"),
    ] {
        assert_eq!(read(runs, sizes(lens), offsets).unwrap_err().code(), code);
    }
}
