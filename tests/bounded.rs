//! Work and memory follow the size of the input: files with very many of one thing, and small ones that claim much.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use std::time::Instant;

use allocation_counter::measure;
use boxlock::boxes::Tree;
use boxlock::bytes::limits;
use boxlock::inspect::{children_at, fields, view, view_at};
use boxlock::output::playback::Playback;
use boxlock::output::summary::fragment_note;
use boxlock::protect::samples::FragmentTask;
use boxlock::session::Session;
use boxlock::track::top::Paths;
use support::drive::{self, Feed};
use support::synth::{self, Base, File, Fragment, Kind, Sizes, Traf, boxed};

/// Puts boxes behind the others in the first box along `path`.
fn insert(file: &mut Vec<u8>, path: &[&[u8; 4]], boxes: &[u8]) {
    let (mut start, mut end) = (0, file.len());
    let mut sizes = Vec::new();
    for kind in path {
        let at = file[start..end].windows(4).position(|word| word == *kind).unwrap() + start - 4;
        let size = u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        sizes.push((at, size));
        (start, end) = (at + 8, at + size);
    }
    for (at, size) in sizes {
        file[at..at + 4].copy_from_slice(&u32::try_from(size + boxes.len()).unwrap().to_be_bytes());
    }
    file.splice(end..end, boxes.iter().copied());
}

fn full(kind: &[u8; 4], head: u32, body: &[u8]) -> Vec<u8> {
    boxed(kind, &[&head.to_be_bytes(), body].concat())
}

fn traf(track: usize) -> Traf {
    Traf {
        track,
        base: Base::Moof,
        sizes: Sizes::Each,
        run_flags: 0x100,
        run_version: 0,
        terse: false,
        runs: vec![vec![vec![5; 40]]],
        gap: 0,
        tfdt: None,
        tfxd: Some(-(track as i64)),
        extras: false,
    }
}

fn fragment(trafs: Vec<Traf>) -> Fragment {
    Fragment {
        before: Vec::new(),
        between: Vec::new(),
        long_mdat: false,
        trafs,
        own_index: false,
        sequence: 1,
    }
}

/// `tracks` tracks, and fragments of the tracks of each list.
fn file(tracks: usize, fragments: Vec<Vec<usize>>) -> Vec<u8> {
    let fragments = fragments.into_iter().map(|list| fragment(list.into_iter().map(traf).collect()));
    let fragments = fragments.collect();
    File { tracks: vec![Kind::Sound; tracks], fragments, access: None, ..synth::small() }.bytes()
}

/// Very many of one thing: what, how to make a file with so many, and how many there may be.
type Hostile = (&'static str, fn(usize) -> Vec<u8>, usize);

const HOSTILE: [Hostile; 14] = [
    ("DRM systems", systems, 1 << 15),
    ("defaults of tracks", track_defaults, 1 << 15),
    (
        "tracks, and a fragment of each",
        |n| file(n, (0..n).map(|track| vec![track]).collect()),
        limits::TRACKS,
    ),
    ("tracks in one fragment", |n| file(n, vec![(0..n).collect()]), limits::TRACKS),
    ("parts of one track in a fragment", |n| file(1, vec![vec![0; n]]), 1 << 13),
    ("fragments", |n| file(1, vec![vec![0]; n]), 1 << 13),
    ("top-level boxes", |n| [synth::small().bytes(), boxed(b"free", &[]).repeat(n)].concat(), 1 << 16),
    ("types of top-level boxes", top_types, 1 << 15),
    ("boxes in a box", |n| inside(n, &|_| boxed(b"free", &[])), 1 << 16),
    ("types of boxes in a box", |n| inside(n, &|n| boxed(&code(n), &[])), 1 << 15),
    ("user types with the same first digits", |n| inside(n, &user), 1 << 14),
    ("tracks with leftovers", leftovers, limits::TRACKS),
    ("lists of samples in a fragment", lists, 1 << 15),
    ("lists of samples of many tracks", lists_of_tracks, limits::TRACKS),
];

fn code(number: usize) -> [u8; 4] {
    let letter = |shift: usize| b'A' + u8::try_from(number >> shift & 31).unwrap();
    [letter(15), letter(10), letter(5), letter(0)]
}

fn user(number: usize) -> Vec<u8> {
    boxed(b"uuid", &[&[0xab; 8][..], &(number as u64).to_be_bytes()].concat())
}

fn systems(count: usize) -> Vec<u8> {
    let pssh = |n: usize| full(b"pssh", 0, &[&[0x11; 8][..], &(n as u64).to_be_bytes(), &[0; 4]].concat());
    let mut file = synth::small().bytes();
    insert(&mut file, &[b"moov"], &(0..count).flat_map(pssh).collect::<Vec<u8>>());
    file
}

/// With as many tracks as there may be, up to as many.
fn track_defaults(count: usize) -> Vec<u8> {
    let trex = |n: usize| full(b"trex", 0, &[9000 + n as u32, 1, 0, 0, 0].map(u32::to_be_bytes).concat());
    let mut file = file(count / 32, vec![vec![0]]);
    insert(&mut file, &[b"moov", b"mvex"], &(0..count).flat_map(trex).collect::<Vec<u8>>());
    file
}

fn top_types(count: usize) -> Vec<u8> {
    let mut file = synth::small().bytes();
    (0..count).for_each(|n| file.extend(boxed(&code(n), &[])));
    file
}

fn inside(count: usize, each: &dyn Fn(usize) -> Vec<u8>) -> Vec<u8> {
    let mut file = synth::small().bytes();
    insert(&mut file, &[b"moov", b"udta"], &(0..count).flat_map(each).collect::<Vec<u8>>());
    file
}

/// A list of samples to decrypt in the part of each clear track.
fn leftovers(count: usize) -> Vec<u8> {
    let trafs = (0..count).map(|track| Traf { extras: true, ..traf(track) }).collect();
    let fragments = vec![fragment(trafs)];
    let tracks = vec![Kind::Sound; count];
    let mut file = File { tracks, fragments, access: None, ..synth::small() }.bytes();
    for at in 0..file.len() - 4 {
        if &file[at..at + 4] == b"sdtp" {
            file[at..at + 4].copy_from_slice(b"senc");
        }
    }
    file
}

/// A fragment that lists its samples again and again.
fn lists(count: usize) -> Vec<u8> {
    let mut file = file(1, vec![vec![0]]);
    insert(&mut file, &[b"moof", b"traf"], &full(b"senc", 0, &[0; 4]).repeat(count));
    file
}

/// Fragments that list the samples of as many tracks each, whose defaults stand in the movie header.
fn lists_of_tracks(count: usize) -> Vec<u8> {
    let few = count / 8;
    let each = || (0..few).map(|track| Traf { extras: true, ..traf(track) }).collect();
    let fragments = (0..8).map(|_| fragment(each())).collect();
    let tracks = vec![Kind::Sound; few];
    let mut file = File { tracks, fragments, access: None, ..synth::small() }.bytes();
    for at in 0..file.len() - 4 {
        if &file[at..at + 4] == b"sdtp" {
            file[at..at + 4].copy_from_slice(b"senc");
        }
    }
    file
}

/// Opens a file and does with it what a page does.
fn use_up(file: &[u8]) -> Session {
    let session = drive::open(file, Feed::Whole).unwrap();
    let index = session.index().unwrap();
    let mut paths = Paths::default();
    let mut last = None;
    while let Some((_, path)) = paths.next(&index.top) {
        last = Some(path);
    }
    let last = last.unwrap();
    let found = index.top.find(&last).unwrap();
    assert_eq!(found.1, last);
    for tree in index.moov.iter().chain(&index.mfra) {
        look(tree);
    }
    for fragment in &index.fragments {
        let end = (fragment.start + fragment.moof_len) as usize;
        look(&Tree::parse(&file[fragment.start as usize..end], fragment.start).unwrap());
        FragmentTask::new(index, fragment);
    }
    for track in &index.movie.as_ref().unwrap().tracks {
        assert!(index.totals(track.id).fragments <= index.fragments.len() as u64 * 1024 * 8);
        index.time_shift(track.id);
    }
    drop(Playback::new(index));
    drop(drive::protect(file, &drive::request("hybrid")));
    session
}

fn look(tree: &Tree<'_>) {
    let name = tree.root().id().to_string();
    view(tree, &name);
    for node in tree.root().children.iter().rev().take(2) {
        let path = format!("{name}/{}", tree.root().segment(node));
        assert_eq!(view_at(tree, &path).unwrap().start, node.start);
        fields(tree, &path, 0, 100, None).unwrap();
        let children = children_at(tree, &path, node.children.len().saturating_sub(1), 1).unwrap();
        if let Some(last) = children.last() {
            view_at(tree, &last.path).unwrap();
        }
    }
}

/// Seconds of processor time of this thread: what else the machine does is not counted.
fn processor_seconds() -> f64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let clock = START.get_or_init(Instant::now);
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|first| first.parse::<f64>().ok());
    nanoseconds.map_or_else(|| clock.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

#[test]
fn sixteen_times_as_many_are_no_more_than_forty_times_the_work() {
    let mut wrong = Vec::new();
    for (what, make, most) in HOSTILE {
        let took = |count: usize| {
            let file = make(count);
            let once = || {
                let start = processor_seconds();
                use_up(&file);
                processor_seconds() - start
            };
            once().min(once())
        };
        let (few, many) = (took(most / 16), took(most));
        println!("{what}: {:.1} ms for {}, {:.1} ms for {most}", few * 1e3, most / 16, many * 1e3);
        // A list searched for each of another would take 256 times as long.
        if many > 40.0 * few.max(0.002) {
            wrong.push(format!("{what}: {few} s became {many} s"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sizes_of_more_samples_than_a_box_holds_are_not_added_up() {
    let request = drive::request_in("cenc", "plain");
    let sound = drive::protect(&synth::small().bytes(), &request).unwrap();
    let mut claims = sound.clone();
    let at = |code: &[u8; 4]| sound.windows(4).position(|word| word == code).unwrap() + 4;
    claims[at(b"senc") + 4..at(b"senc") + 8].fill(0xff);
    claims[at(b"saiz") + 4] = 8;
    claims[at(b"saiz") + 5..at(b"saiz") + 9].fill(0xff);
    let took = |file: &[u8]| {
        let start = processor_seconds();
        let index = drive::open(file, Feed::Whole).unwrap();
        let fragment = &index.index().unwrap().fragments[0];
        let end = (fragment.start + fragment.moof_len) as usize;
        look(&Tree::parse(&file[fragment.start as usize..end], fragment.start).unwrap());
        processor_seconds() - start
    };
    let (few, many) = (took(&sound), took(&claims));
    assert!(many < 40.0 * few.max(0.002), "{few} s became {many} s");
}

#[test]
fn memory_follows_the_file() {
    for (what, make, most) in HOSTILE {
        let file = make(most);
        let mut session = None;
        let opening = measure(|| session = Some(drive::open(&file, Feed::Whole).unwrap()));
        let rest = measure(|| drop(use_up(&file)));
        println!("{what}: {} bytes, {} to open, {} to use", file.len(), opening.bytes_max, rest.bytes_max);
        // A box of eight bytes takes some 80 as a node, and its list grows by doubling.
        assert!(opening.bytes_max < 30 * file.len() as u64 + (1 << 20), "{what}: {opening:?}");
        assert!(rest.bytes_max < 60 * file.len() as u64 + (8 << 20), "{what}: {rest:?}");
    }
}

/// A run that says nothing of each of its samples, and so takes no byte for any.
fn bare_run(samples: u32) -> Vec<u8> {
    let mut bytes = synth::small().bytes();
    let at = bytes.windows(4).position(|word| word == b"trun").unwrap();
    bytes[at + 4..at + 8].copy_from_slice(&[0, 0, 0, 1]);
    bytes[at + 8..at + 12].copy_from_slice(&samples.to_be_bytes());
    bytes
}

#[test]
fn samples_that_take_no_bytes_take_no_memory() {
    let mut files = vec![bare_run(4_000_000)];
    files.extend(std::fs::read("../shared/cases/protect/trun_4M_samples_929_bytes.mp4"));
    for file in files {
        let mut session = None;
        let used = measure(|| session = Some(drive::open(&file, Feed::Whole).unwrap()));
        assert!(used.bytes_max < 200_000, "{used:?}");
        let index = session.as_ref().unwrap().index().unwrap();
        assert!((2_000_000..4_200_000).contains(&index.sample_count()), "{}", index.sample_count());
        let moof = &index.fragments[0];
        let bytes = &file[moof.start as usize..(moof.start + moof.moof_len) as usize];
        let tree = Tree::parse(bytes, moof.start).unwrap();
        let used = measure(|| {
            let shown = fields(&tree, "moof/traf/trun", 0, 100, None).unwrap();
            assert!(shown.rows.iter().any(|row| row.name == "sample_count" && row.value.len() == 7));
        });
        assert!(used.bytes_max < 200_000, "{used:?}");
    }
    // They are looked at, but not protected: there are more than bytes.
    let error = drive::protect(&bare_run(4_000_000), &drive::request("piff")).unwrap_err();
    assert_eq!(error.code(), "too-many-samples");
}

#[test]
fn the_rows_of_a_long_list_are_those_that_are_looked_at() {
    const COUNT: usize = 200_000;
    let count = (COUNT as u32).to_be_bytes();
    let lists = [
        ("stts", full(b"stts", 0, &[&count[..], &[1; 8 * COUNT]].concat()), COUNT * 3),
        ("saiz", full(b"saiz", 0, &[&[0][..], &count, &vec![9; COUNT]].concat()), COUNT),
        (
            "sgpd",
            full(b"sgpd", 1 << 24, &[b"roll", &[0, 0, 0, 2][..], &count, &[1; 2 * COUNT]].concat()),
            COUNT,
        ),
        ("trun", full(b"trun", 0x200, &[&count[..], &vec![0; 4 * COUNT]].concat()), COUNT * 2),
    ];
    for (name, bytes, rows) in lists {
        let tree = Tree::parse(&bytes[..], 0).unwrap();
        for from in [0, COUNT / 2] {
            let used = measure(|| {
                let shown = fields(&tree, name, from, 50, None).unwrap();
                assert!(shown.rows.len() == 50 && shown.total > rows, "{name}: {}", shown.total);
            });
            // The box's own bytes may be copied.
            assert!(used.bytes_max < bytes.len() as u64 + 100_000, "{name}: {used:?}");
        }
        let all = fields(&tree, name, 0, usize::MAX, None).unwrap();
        assert_eq!(all.rows.len(), all.total, "{name}");
        let window = fields(&tree, name, COUNT - 5, 7, None).unwrap();
        assert_eq!(window.rows, all.rows[COUNT - 5..COUNT + 2], "{name}");
    }
}

#[test]
fn paths_are_found_without_writing_every_name() {
    let count = |n: usize| {
        let file = inside(n, &|_| boxed(b"free", &[]));
        let session = drive::open(&file, Feed::Whole).unwrap();
        let tree = session.index().unwrap().moov.clone().unwrap();
        let path = format!("moov/udta/free[{}]", n - 1);
        measure(|| drop(view_at(&tree, &path).unwrap())).count_total
    };
    // The list of children and the path are longer, no more.
    let (few, many) = (count(100), count(100_000));
    assert!(many <= few + 4, "{few} allocations became {many}");
}

#[test]
fn what_is_more_than_one_call_lists_is_left_out_and_counted() {
    for (n, whole) in [(100, true), (limits::LISTED, false)] {
        let file = inside(n, &|_| boxed(b"free", &[]));
        let session = drive::open(&file, Feed::Whole).unwrap();
        let moov = session.index().unwrap().moov.as_ref().unwrap();
        let shown = view(moov, "moov");
        assert_eq!((shown.children.is_some(), shown.child_count), (whole, 4));
    }
}

#[test]
fn more_of_a_thing_than_can_be_meant_is_refused() {
    let entry = boxed(b"abcd", &[0; 8]);
    let mut many = synth::small().bytes();
    insert(
        &mut many,
        &[b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"],
        &entry.repeat(limits::SAMPLE_ENTRIES),
    );
    let error = drive::protect(&many, &drive::request("piff")).unwrap_err();
    assert_eq!(error.code(), "too-many-sample-entries");

    let session = drive::open(&systems(1000), Feed::Whole).unwrap();
    assert_eq!(session.index().unwrap().movie.as_ref().unwrap().systems.len(), limits::SYSTEMS);

    // Items whose extents have no width: 65535 of each, in eight bytes.
    let item = [&[0, 1][..], &[0, 0], &[0xff, 0xff]].concat();
    let iloc = full(b"iloc", 0, &[&[0, 0][..], &[1, 0], &item.repeat(256)].concat());
    let tree = Tree::parse(&iloc[..], 0).unwrap();
    let used = measure(|| {
        let read = tree.read::<boxlock::boxes::heif::ItemLocationBox>(tree.root());
        assert_eq!(read.unwrap_err().code(), "bad-item-location");
    });
    assert!(used.bytes_max < 10_000, "{used:?}");
}

#[test]
fn notes_name_the_first_few_of_many() {
    let session = drive::open(&file(1, vec![vec![0; 8], vec![0; 9]]), Feed::Whole).unwrap();
    let index = session.index().unwrap();
    let note = |number: usize| fragment_note(index, index.parts(&index.fragments[number]));
    assert_eq!(note(0), ["track 1 audio, 1 sample"; 8].join(" · "));
    assert_eq!(note(1), format!("{} · …", note(0)));

    let entry = boxed(b"abcd", &[0; 8]);
    for (count, end) in
        [(7, "mp4a, abcd, abcd, abcd, abcd, abcd, abcd, abcd"), (8, "abcd, …"), (90, "abcd, …")]
    {
        let mut many = synth::small().bytes();
        let stsd = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"];
        insert(&mut many, &stsd, &entry.repeat(count));
        let session = drive::open(&many, Feed::Whole).unwrap();
        let moov = session.index().unwrap().moov.as_ref().unwrap();
        let note = view_at(moov, "moov/trak/mdia/minf/stbl/stsd").unwrap().note.unwrap();
        assert!(note.ends_with(end) && note.len() < 60, "{count}: {note}");
    }
}

/// What one pass over all parts counts, against what each part says.
#[test]
fn totals_are_the_sums_of_the_parts() {
    let file = file(3, vec![vec![0, 2], vec![2, 2, 0], vec![0]]);
    let session = drive::open(&file, Feed::Whole).unwrap();
    let index = session.index().unwrap();
    for (id, fragments) in [(1, 3), (2, 0), (3, 3)] {
        let parts: Vec<_> = index.all_parts().iter().filter(|part| part.track_id == id).collect();
        let totals = index.totals(id);
        assert_eq!((totals.fragments, totals.fragments), (fragments, parts.len() as u64));
        assert_eq!(totals.samples, parts.iter().map(|part| u64::from(part.samples)).sum::<u64>());
        assert_eq!(totals.bytes, parts.iter().map(|part| part.bytes).sum::<u64>());
        assert_eq!(totals.duration, parts.iter().map(|part| part.duration).sum::<u64>());
        let ends = parts.iter().map(|part| part.decode_time + part.duration as i64);
        assert_eq!(totals.end_time, ends.max().unwrap_or(i64::MIN));
        let first = parts.iter().map(|part| part.decode_time).min();
        assert_eq!(totals.first_time, first.unwrap_or(i64::MAX));
        assert_eq!(index.time_shift(id), first.map_or(0, |first| first.min(0).unsigned_abs()));
    }
    assert_eq!(index.time_shift(3), 2);
    assert_eq!(index.totals(4).fragments, 0);
}

#[test]
fn a_size_of_zero_inside_and_zero_padding_are_refused_with_the_box() {
    let fault = |bytes: &[u8]| {
        let mut file = synth::small().bytes();
        insert(&mut file, &[b"moof", b"traf"], bytes);
        // The media data moved.
        let error = drive::protect(&file, &drive::request("hybrid")).unwrap_err();
        assert_eq!(
            error.offset(),
            Some(file.windows(4).position(|word| word == b"mdat").unwrap() as u64 - 4 - bytes.len() as u64)
        );
        error
    };
    let error = fault(b"\0\0\0\0free1234");
    assert!(error.code() == "bad-box-size" && error.message().starts_with("Box 'free' in 'traf'"), "{error}");
    let error = fault(&[0; 8]);
    assert!(error.code() == "zero-padding" && error.message().contains("Box 'traf'"), "{error}");
    if let Ok(file) = std::fs::read("../shared/cases/protect/zero_traf.ismv") {
        let error = drive::protect(&file, &drive::request("hybrid")).unwrap_err();
        assert!(["bad-box-size", "zero-padding"].contains(&error.code()), "{error}");
    }
}
