//! Faults are found when a file is opened, also in boxes that nobody has looked at, and their paths lead to them.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic, and its files are small"
)]

mod support;

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
    let tree = Tree::parse(&file[top.start as usize..top.end() as usize], top.start).ok();
    match tree.as_ref().and_then(|tree| inspect::find(tree, path)) {
        Some((node, _)) => Some((node.start, node.header.size)),
        // A box whose size leads beyond the file is shown without what is in it.
        None => (!path.contains('/')).then_some((top.start, top.size)),
    }
}

/// Every fault of an opened file has a path, unless it is about bytes in no box, and the path leads to its box.
fn paths_resolve(name: &str, file: &[u8]) -> usize {
    let Ok(session) = drive::open(file, Feed::Whole) else { return 0 };
    let index = session.index().unwrap();
    for fault in index.faults() {
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

/// A small generator with a fixed seed, so that a failure comes again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }
}

#[test]
fn every_fault_of_damaged_files_leads_to_its_box() {
    let mut dice = Dice(0x0b0e_10c4);
    let mut originals = vec![("made".to_owned(), synth::small().bytes(), 2000)];
    originals.push(("sample".to_owned(), include_bytes!("../www/samples/sample.ismv").to_vec(), 150));
    originals.extend(
        support::corpus_files()
            .into_iter()
            .filter(|(_, bytes)| bytes.len() < 1 << 20)
            .map(|(name, bytes)| (name, bytes, 6)),
    );
    let mut faults = 0;
    for (name, original, rounds) in originals {
        faults += paths_resolve(&name, &original);
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
            faults += paths_resolve(&name, &bytes);
        }
    }
    assert!(faults > 1000, "only {faults} faults were met");
}

/// Path, code and sentence of the faults of a file.
fn faults(file: &[u8]) -> Vec<(String, &'static str, String)> {
    let session = drive::open(file, Feed::Whole).unwrap();
    let tell = |fault: &Error| (fault.path(), fault.code(), fault.message().to_owned());
    session.index().unwrap().faults().map(tell).collect()
}

/// The made file with bytes put behind a box of fixed length: those sizes that hold it grow.
fn with_tail(code: &[u8; 4], number: usize, tail: &[u8]) -> Vec<u8> {
    let mut file = synth::small().bytes();
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
        paths_resolve(path, &file);
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
    paths_resolve("many", &file);
}

#[test]
fn faults_of_the_cases() {
    for (name, path, code, part) in [
        ("cprt-short.mp4", "moov/udta/cprt", "truncated", "language needs 2 bytes, but only 1"),
        (
            "dac3-four-zeros.mp4",
            "moov/trak/mdia/minf/stbl/stsd/ac-3/dac3",
            "left-over-bytes",
            "ends with 4 bytes too many: what it holds takes 3 of its 7",
        ),
        ("trun-flags-lie.mp4", "moof/traf/trun", "truncated", "sample_composition_time_offset needs 4 bytes"),
        ("trun-flags-lie.mp4", "moof[3]/traf/trun", "truncated", "needs 4 bytes"),
        ("trun-count-huge.mp4", "moof/traf/trun", "too-many-samples", "more than 4194304 samples"),
    ] {
        let Some(bytes) = case(name) else { return };
        let found = faults(&bytes);
        let fits = |(at, kind, message): &(String, &str, String)| {
            at == path && *kind == code && message.contains(part)
        };
        assert!(found.iter().any(fits), "{name}: {found:#?}");
        paths_resolve(name, &bytes);
    }
}

#[test]
fn sound_files_of_the_corpus_have_no_findings() {
    for (name, bytes) in support::corpus_files() {
        if name.starts_with("malformed") || bytes.len() > 4 << 20 {
            continue;
        }
        let Ok(session) = drive::open(&bytes, Feed::Whole) else { continue };
        assert_eq!(session.index().unwrap().findings, [], "{name}");
    }
}
