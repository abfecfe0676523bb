//! Faults are found when a file is opened, also in boxes that nobody has looked at, and their paths lead to them.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic, and its files are small"
)]

use crate::support;

use std::collections::BTreeSet;

use boxlock::boxes::Tree;
use boxlock::boxes::header::{four, wrap};
use boxlock::bytes::{Error, limits};
use boxlock::inspect;
use boxlock::report::{BoxNode, children, top_boxes};
use boxlock::track::Index;
use boxlock::track::top::Paths;
use support::drive::{self, Feed};
use support::synth;

/// A file of the cases for the inspector, beside the project.
fn case(name: &str) -> Option<Vec<u8>> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases/inspect");
    if !root.is_dir() {
        support::not_run(&format!("the cases are not at {}", root.display()));
        return None;
    }
    Some(std::fs::read(root.join(name)).unwrap_or_else(|e| panic!("{name}: {e}")))
}

/// The box that a path leads to by the look-up of the page, as file offset and size.
fn shown(index: &Index, file: &[u8], path: &str) -> Option<(u64, u64)> {
    let (top, _) = index.top.find(path)?;
    let tree = top.tree(&file[top.start as usize..]).ok();
    match tree.as_ref().and_then(|tree| inspect::find(tree, path)) {
        Some((node, _)) => Some((node.start, node.header.size)),
        // A box whose size leads beyond the file is shown without what is in it.
        None => (!path.contains('/')).then_some((top.start, top.size)),
    }
}

/// Every fault of an opened file has a path, unless it is about bytes in no box, and the path leads to its box.
fn paths_resolve(name: &str, file: &[u8], codes: &mut BTreeSet<&'static str>) -> usize {
    let Ok(session) = drive::open(file, Feed::Whole) else { return 0 };
    let index = session.index().unwrap();
    for fault in index.faults() {
        codes.insert(fault.code());
        let (path, place) = (fault.path(), fault.box_start().or(fault.offset()));
        let said = || format!("{name}: {fault:?}");
        let Some(place) = place else { panic!("{} has no place", said()) };
        if place >= index.top.end() {
            continue;
        }
        assert_ne!(path, "", "{}", said());
        let (start, size) = shown(index, file, &path).unwrap_or_else(|| panic!("{} leads nowhere", said()));
        assert!(start <= place && place <= start + size, "{} leads to {start}", said());
        if let Some(exact) = fault.box_start() {
            assert_eq!(start, exact, "{}", said());
        }
    }
    index.faults().count()
}

/// Kinds of faults that damage to the made files alone must lead to.
const KINDS: [&str; 15] = [
    "bad-box-size",
    "bad-data-offset",
    "bad-sample-entry",
    "box-overrun",
    "damaged-entry",
    "duplicate-moov",
    "entry-count",
    "left-over-bytes",
    "lengths-differ",
    "missing-box",
    "no-timescale",
    "sample-counts",
    "track-id-zero",
    "truncated",
    "unknown-track",
];

#[test]
fn every_fault_of_damaged_files_leads_to_its_box() {
    let mut dice = support::dice::Dice(0x0b0e_10c4);
    let mut originals = vec![("made".to_owned(), synth::small().bytes(), 2000)];
    originals.push(("sample".to_owned(), include_bytes!("../www/samples/sample.ismv").to_vec(), 150));
    originals.extend(
        support::corpus_files()
            .into_iter()
            .filter(|(_, bytes)| bytes.len() < 1 << 20)
            .map(|(name, bytes)| (name, bytes, 6)),
    );
    let (mut faults, mut opened, mut codes) = (0, 0, BTreeSet::new());
    for (name, original, rounds) in originals {
        faults += paths_resolve(&name, &original, &mut codes);
        opened += usize::from(drive::open(&original, Feed::Whole).is_ok());
        // Damage in media data is no damage to boxes: most falls where boxes are.
        let spots: Vec<usize> = original
            .windows(4)
            .enumerate()
            .filter(|(_, word)| word.iter().all(|byte| byte.is_ascii_alphanumeric()))
            .map(|(at, _)| at)
            .collect();
        for _ in 0..rounds {
            let mut bytes = original.clone();
            for _ in 0..=dice.roll(4) {
                let spot = spots.get(dice.roll(spots.len())).copied().unwrap_or(0);
                let at = (spot + dice.roll(40)).saturating_sub(4).min(bytes.len() - 1);
                bytes[at] = [0, 0xff, 0x80, 1, bytes[at] ^ 1 << dice.roll(8)][dice.roll(5)];
            }
            if dice.roll(8) == 0 {
                bytes.truncate(bytes.len() - dice.roll(bytes.len() / 2));
            }
            faults += paths_resolve(&name, &bytes, &mut codes);
        }
    }
    assert!(faults > 1000, "only {faults} faults were met");
    let missing: Vec<_> = KINDS.iter().filter(|kind| !codes.contains(*kind)).collect();
    assert!(missing.is_empty(), "no damage was of the kinds {missing:?}, but {codes:?}");
    if support::corpus().is_some() {
        assert!(opened >= 200, "{opened} files of the corpus were opened");
    }
}

/// Path, code and sentence of the faults of a file.
fn faults(file: &[u8]) -> Vec<(String, &'static str, String)> {
    let session = drive::open(file, Feed::Whole).unwrap();
    let tell = |fault: &Error| (fault.path(), fault.code(), fault.message().to_owned());
    session.index().unwrap().faults().map(tell).collect()
}

/// The made file with bytes put behind a box of fixed length: those sizes that hold it grow.
fn with_tail(code: &[u8; 4], number: usize, tail: &[u8]) -> Vec<u8> {
    put_into(synth::small().bytes(), code, number, tail)
}

/// As [`with_tail`], of any file.
fn put_into(mut file: Vec<u8>, code: &[u8; 4], number: usize, tail: &[u8]) -> Vec<u8> {
    let at = file.windows(4).enumerate().filter(|(_, word)| word == code).nth(number).unwrap().0 - 4;
    // The boxes around it, outermost first.
    let session = drive::open(&file, Feed::Whole).unwrap();
    let index = session.index().unwrap();
    let top = index.top.iter().find(|top| top.start <= at as u64 && at < top.end() as usize).unwrap();
    let tree = Tree::parse(&file[top.start as usize..top.end() as usize], top.start).unwrap();
    let mut holders = Vec::new();
    tree.root().for_each(&mut |node| {
        if node.start <= at as u64 && (at as u64) < node.end() {
            holders.push((node.start as usize, node.header.size as u32, node.end() as usize));
        }
    });
    let end = holders.last().unwrap().2;
    for (start, size, _) in &holders {
        file[*start..*start + 4].copy_from_slice(&(size + tail.len() as u32).to_be_bytes());
    }
    file.splice(end..end, tail.iter().copied());
    file
}

#[test]
fn bytes_left_over_in_a_box_of_fixed_length_are_found() {
    for (code, number, path) in
        [(b"trex", 0, "moov/mvex/trex"), (b"mfhd", 0, "moof/mfhd"), (b"tfhd", 1, "moof[1]/traf/tfhd")]
    {
        let file = with_tail(code, number, &[0; 5]);
        let found = faults(&file);
        let (path_found, kind, message) =
            found.iter().find(|(found, ..)| found == path).unwrap_or_else(|| panic!("{found:?}"));
        assert_eq!((&**path_found, *kind), (path, "left-over-bytes"));
        assert!(message.contains("5 bytes too many"), "{message}");
        paths_resolve(path, &file, &mut BTreeSet::new());
    }
}

#[test]
fn a_leaf_that_cannot_be_read_is_found_and_marked_and_stands_in_nobodys_way() {
    // A copyright notice of one byte where a language should be.
    let cprt = wrap(four(b"cprt"), &[0, 0, 0, 0, 0x55]);
    let udta = wrap(four(b"udta"), &cprt);
    let mut file = synth::small().bytes();
    let moov = file.windows(4).position(|word| word == b"moov").unwrap() - 4;
    let size = u32::from_be_bytes(file[moov..moov + 4].try_into().unwrap());
    file[moov..moov + 4].copy_from_slice(&(size + udta.len() as u32).to_be_bytes());
    let end = moov + size as usize;
    file.splice(end..end, udta.iter().copied());
    let session = drive::open(&file, Feed::Whole).unwrap();
    let index = session.index().unwrap();
    let found: Vec<(String, String)> =
        index.findings.iter().map(|fault| (fault.path(), fault.message().to_owned())).collect();
    let said =
        "Box 'cprt' (Text in one language) cannot be read: language needs 2 bytes, but only 1 are left.";
    assert!(found.contains(&("moov/udta[1]/cprt".to_owned(), said.to_owned())), "{found:?}");
    let mut marked = Vec::new();
    for node in top_boxes(index, &mut Paths::default(), 0, 100) {
        collect(&node, &mut marked);
    }
    assert_eq!(marked, ["moov", "moov/udta[1]", "moov/udta[1]/cprt"]);
    // The random access index is wrong now, as nothing moved it; nothing else is.
    assert!(index.problems.iter().all(|problem| !problem.path().starts_with("moov")), "{:?}", index.problems);
}

fn collect(node: &BoxNode, marked: &mut Vec<String>) {
    if node.problem.is_some() {
        marked.push(node.path.clone());
    }
    node.children.iter().flatten().for_each(|child| collect(child, marked));
}

#[test]
fn a_fault_in_a_later_fragment_is_marked_where_it_is() {
    let file = with_tail(b"tfhd", 1, &[0; 4]);
    let session = drive::open(&file, Feed::Whole).unwrap();
    let index = session.index().unwrap();
    let (top, _) = index.top.find("moof[1]").unwrap();
    let bytes = &file[top.start as usize..top.end() as usize];
    let mut marked = Vec::new();
    for path in ["moof[1]", "moof[1]/traf"] {
        for node in children(index, path, bytes, 0, 10).unwrap() {
            collect(&node, &mut marked);
        }
    }
    assert_eq!(marked, ["moof[1]/traf", "moof[1]/traf/tfhd"]);
}

#[test]
fn faults_are_listed_up_to_a_bound() {
    let leaf = wrap(four(b"cprt"), &[0, 0, 0, 0]);
    let mut file = wrap(four(b"ftyp"), b"isom\0\0\0\0");
    file.extend(wrap(four(b"meta"), &[&[0; 4][..], &leaf.repeat(3 * limits::PROBLEMS)].concat()));
    let session = drive::open(&file, Feed::Whole).unwrap();
    assert_eq!(session.index().unwrap().findings.len(), limits::PROBLEMS);
    paths_resolve("many", &file, &mut BTreeSet::new());
}

#[test]
fn faults_of_the_cases() {
    for (name, path, code, part) in [
        ("cprt-short.mp4", "moov/udta/cprt", "truncated", "language needs 2 bytes, but only 1"),
        (
            "dac3-four-zeros.mp4",
            "moov/trak/mdia/minf/stbl/stsd/ac-3/dac3",
            "damaged-entry",
            "it has 7 bytes, but should have 3",
        ),
        ("track-id-0.mp4", "moov/trak/tkhd", "track-id-zero", "Track 0: The ID 0 is not allowed"),
        ("trun-flags-lie.mp4", "moof/traf/trun", "truncated", "sample_composition_time_offset needs 4 bytes"),
        ("trun-flags-lie.mp4", "moof[3]/traf/trun", "truncated", "needs 4 bytes"),
        ("trun-count-huge.mp4", "moof/traf/trun", "too-many-samples", "more than 4194304 samples"),
    ] {
        let Some(bytes) = case(name) else { return };
        let found = faults(&bytes);
        paths_resolve(name, &bytes, &mut BTreeSet::new());
        let fits = |(at, kind, message): &(String, &str, String)| {
            at == path && *kind == code && message.contains(part)
        };
        assert!(found.iter().any(fits), "{name}: {found:#?}");
        paths_resolve(name, &bytes, &mut BTreeSet::new());
    }
}

/// What is found in files of the corpus that are not there for their damage: each is true.
const FOUND: [(&str, &str, &str); 6] = [
    // FFprobe, too, calls this track 0.
    ("mp4-frag-mixed/codem-isoboxer__240fps_go_pro_hero_4.mp4", "moov/trak[2]/tkhd", "track-id-zero"),
    // FFprobe calls these partial files.
    ("mp4-frag-mixed/go-mp4__sample_qt.mp4", "moov/trak/mdia/minf/stbl/stco", "samples-beyond-end"),
    ("mp4-frag-mixed/go-mp4__sample_qt.mp4", "moov/trak[1]/mdia/minf/stbl/stco", "samples-beyond-end"),
    ("mp4-frag-mixed/mp4ff__init_prog.mp4", "moov/trak/mdia/minf/stbl/stco", "samples-beyond-end"),
    (
        "mp4-frag-mixed/shaka-packager__bear-640x360-no_edit_list.mp4",
        "moov/trak/mdia/minf/stbl/stco",
        "samples-beyond-end",
    ),
    (
        "mp4-frag-mixed/shaka-packager__bear-640x360-no_edit_list.mp4",
        "moov/trak[1]/mdia/minf/stbl/stco",
        "samples-beyond-end",
    ),
];

#[test]
fn files_of_the_corpus_have_few_findings() {
    let mut found = Vec::new();
    for (name, bytes) in support::corpus_files() {
        if name.starts_with("malformed") || bytes.len() > 4 << 20 {
            continue;
        }
        let Ok(session) = drive::open(&bytes, Feed::Whole) else { continue };
        // What is said of lengths, and of bytes behind the last box, is tested elsewhere.
        let of_boxes = |code: &str| !["lengths-differ", "trailing-bytes"].contains(&code);
        let all = session.index().unwrap().findings.iter().filter(|fault| of_boxes(fault.code()));
        found.extend(all.map(|fault| (name.clone(), fault.path(), fault.code())));
    }
    if support::corpus().is_some() {
        let found: Vec<_> = found.iter().map(|(name, path, code)| (&**name, &**path, *code)).collect();
        assert_eq!(found, FOUND);
    }
}

/// A file of a movie header with one track and this sample table, and media data of 100 bytes in front.
fn progressive(id: u32, table: &[u8]) -> Vec<u8> {
    let tkhd = wrap(four(b"tkhd"), &[&[0; 12][..], &id.to_be_bytes(), &[0; 68]].concat());
    let stbl = wrap(four(b"stbl"), table);
    let mdia = wrap(four(b"mdia"), &wrap(four(b"minf"), &stbl));
    let moov = wrap(four(b"moov"), &wrap(four(b"trak"), &[tkhd, mdia].concat()));
    [wrap(four(b"ftyp"), b"isom\0\0\0\0"), wrap(four(b"mdat"), &[0; 92]), moov].concat()
}

/// A full box of version 0 with these numbers.
fn numbers(code: &[u8; 4], values: &[u32]) -> Vec<u8> {
    let body: Vec<u8> = [0].iter().chain(values).flat_map(|n| n.to_be_bytes()).collect();
    wrap(four(code), &body)
}

#[test]
fn samples_beyond_the_end_of_the_file_are_found() {
    let stsc = numbers(b"stsc", &[2, 1, 2, 1, 2, 3, 1]);
    let found = |stsz: Vec<u8>, offsets: Vec<u8>| {
        let file = progressive(1, &[&stsz[..], &stsc, &offsets].concat());
        let beyond = faults(&file).into_iter().filter(|(_, code, _)| *code == "samples-beyond-end");
        (beyond.map(|(path, _, message)| (path, message)).collect::<Vec<_>>(), file.len())
    };
    let at = |code: &str| format!("moov/trak/mdia/minf/stbl/{code}");
    // Two samples in the first chunk, three in the second.
    let each = numbers(b"stsz", &[0, 5, 10, 20, 30, 40, 50]);
    let same = numbers(b"stsz", &[30, 5]);
    for sizes in [&each, &same] {
        assert_eq!(found(sizes.clone(), numbers(b"stco", &[2, 16, 50])).0, []);
    }
    let (beyond, len) = found(each, numbers(b"stco", &[2, 16, 300]));
    let [(path, message)] = &beyond[..] else { panic!("{beyond:?}") };
    assert_eq!(*path, at("stco"));
    assert!(len < 420 && message.starts_with("Track 1: Sample "), "{message}");
    assert!(
        message.contains(&format!(" of 5 ends at byte {}, but the file has {len} bytes", 300 + 30 + 40)),
        "{message}"
    );
    // With 64-bit offsets far beyond, and one size for all: the first sample of the second chunk.
    let wide = [&[0; 4][..], &2_u32.to_be_bytes(), &16_u64.to_be_bytes(), &u64::MAX.to_be_bytes()].concat();
    let (beyond, _) = found(same, wrap(four(b"co64"), &wide));
    assert_eq!(beyond.len(), 1);
    assert_eq!(beyond[0].0, at("co64"));
    assert!(
        beyond[0].1.starts_with("Track 1: Sample 3 of 5 ends at byte 18446744073709551615"),
        "{beyond:?}"
    );
}

#[test]
fn sample_entries_that_are_not_there_are_found() {
    // A sample table that uses entry 2 of one.
    let entry = wrap(four(b"mp4s"), &[0, 0, 0, 0, 0, 0, 0, 1]);
    let stsd = wrap(four(b"stsd"), &[&[0, 0, 0, 0, 0, 0, 0, 1][..], &entry].concat());
    for (used, expected) in [(1, 0), (2, 1), (0, 1)] {
        let file = progressive(1, &[&stsd[..], &numbers(b"stsc", &[1, 1, 1, used])].concat());
        let found = faults(&file);
        let found = found
            .iter()
            .filter(|(path, code, _)| *code == "bad-sample-entry" && path == "moov/trak/mdia/minf/stbl/stsc");
        assert_eq!(found.count(), expected, "{used}");
    }
    // Fragments whose default is entry 5 of one.
    let mut file = synth::small().bytes();
    let trex = file.windows(4).position(|word| word == b"trex").unwrap();
    file[trex + 12..trex + 16].copy_from_slice(&5_u32.to_be_bytes());
    let found = faults(&file);
    let found: Vec<_> = found.iter().filter(|(_, code, _)| *code == "bad-sample-entry").collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!((&*found[0].0, &*found[1].0), ("moof/traf/tfhd", "moof[1]/traf/tfhd"));
    assert!(found[1].2.starts_with("Track 1 at 0:00:0"), "{found:?}");
    assert!(found[1].2.contains("sample entry 5, but the track has 1"), "{found:?}");
}

#[test]
fn a_track_with_the_id_0_is_found() {
    let of = |id| {
        faults(&progressive(id, b""))
            .into_iter()
            .filter(|(_, code, _)| *code == "track-id-zero")
            .collect::<Vec<_>>()
    };
    assert_eq!(of(1), []);
    assert_eq!(of(0)[0].0, "moov/trak/tkhd");
}

#[test]
fn lists_of_samples_are_checked_however_many_tracks_there_are() {
    // More tracks than a movie header usually has boxes; every track has a list in both forms.
    let clear = synth::File { tracks: vec![synth::Kind::Sound; 100], ..synth::small() }.bytes();
    let file = drive::protect(&clear, &drive::request("hybrid")).unwrap();
    let sound =
        |faults: &[(String, &'static str, String)]| faults.iter().all(|(path, ..)| !path.contains("senc"));
    assert!(sound(&faults(&file)), "{:?}", faults(&file));
    // One list says one sample more than it has.
    let at = file.windows(4).position(|word| word == b"senc").unwrap() + 8;
    let mut longer = file.clone();
    longer[at + 3] += 1;
    let found = faults(&longer);
    let fits = |(path, _, message): &(String, &str, String)| {
        path == "moof/traf/senc" && message.contains("Box 'senc' (Sample encryption) cannot be read")
    };
    assert!(found.iter().any(fits), "{found:#?}");
}

#[test]
fn a_second_list_of_samples_is_found() {
    let file = drive::protect(&synth::small().bytes(), &drive::request("hybrid")).unwrap();
    let senc = file.windows(4).position(|word| word == b"senc").unwrap() - 4;
    let len = u32::from_be_bytes(file[senc..senc + 4].try_into().unwrap()) as usize;
    let again = file[senc..senc + len].to_vec();
    // Behind the fields of `traf`, of which there are none: at its end.
    let found = faults(&put_into(file, b"traf", 0, &again));
    let second = found.iter().filter(|(_, code, _)| *code == "second-list").collect::<Vec<_>>();
    let [(path, _, message)] = &second[..] else { panic!("{found:#?}") };
    assert_eq!(path, "moof/traf/senc[1]");
    assert!(message.starts_with("Track 1 at 0:00:0") && message.contains("a second time"), "{message}");
}
