//! Plain files with sample tables in every form that they have, made by chance, and what their fragments must say.

use super::support::dice::Dice;
use super::support::raw::{self, RawBox, be32, be64};
use super::support::synth::boxed;

/// A sample, and all that is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub bytes: Vec<u8>,
    pub time: u64,
    pub duration: u32,
    pub composition: i32,
    pub is_sync: bool,
    /// The byte of `sdtp`.
    pub dependency: u8,
    pub entry: u32,
    /// In each of the kinds of groups.
    pub groups: [u32; 2],
}

pub struct Track {
    pub id: u32,
    pub handler: &'static [u8; 4],
    pub timescale: u32,
    pub samples: Vec<Sample>,
    has_dependencies: bool,
    all_sync: bool,
}

/// Grouping types and the parameter of the second.
const GROUPS: [&[u8; 4]; 2] = [b"roll", b"tele"];
const PARAMETER: u32 = 77;

fn track(dice: &mut Dice, id: u32) -> Track {
    let is_video = id == 1;
    let (has_dependencies, all_sync) = (dice.roll(2) == 0, !is_video || dice.roll(4) == 0);
    let even = dice.roll(4) == 0;
    let size = 1 + dice.roll(40);
    let mut samples = Vec::new();
    let mut time = 0;
    for number in 0..60 + dice.roll(200) {
        let before: Option<&Sample> = samples.last();
        let again = before.filter(|_| dice.roll(3) > 0);
        let duration =
            if even { 400 } else { again.map_or_else(|| 1 + dice.roll(900) as u32, |one| one.duration) };
        // Of small sizes some are in half bytes.
        let len = if even { size } else { dice.roll(size.min(15) + 1) };
        samples.push(Sample {
            bytes: (0..len).map(|_| dice.roll(256) as u8).collect(),
            time,
            duration,
            composition: if is_video { dice.roll(2000) as i32 - 700 } else { 0 },
            is_sync: all_sync || number % (7 + dice.roll(9)) == 0,
            dependency: if has_dependencies { dice.roll(256) as u8 } else { 0 },
            entry: again.map_or_else(|| 1 + dice.roll(3) as u32, |one| one.entry),
            groups: [dice.roll(3) as u32, dice.roll(40) as u32 / 38],
        });
        time += u64::from(duration);
    }
    let handler = if is_video { b"vide" } else { b"soun" };
    Track { id, handler, timescale: [1000, 600, 44100][dice.roll(3)], samples, has_dependencies, all_sync }
}

fn full(name: &[u8; 4], version: u8, parts: &[&[u8]]) -> Vec<u8> {
    boxed(name, &[&[version, 0, 0, 0][..], &parts.concat()].concat())
}

fn counted(name: &[u8; 4], entries: &[Vec<u32>]) -> Vec<u8> {
    let words: Vec<u8> = entries.iter().flatten().flat_map(|word| word.to_be_bytes()).collect();
    full(name, 0, &[&(entries.len() as u32).to_be_bytes(), &words])
}

/// Values in runs; now and then a run is cut in two.
fn runs(dice: &mut Dice, values: impl Iterator<Item = u32>) -> Vec<Vec<u32>> {
    let mut runs: Vec<Vec<u32>> = Vec::new();
    for value in values {
        match runs.last_mut().filter(|run| run[1] == value && dice.roll(12) > 0) {
            Some(run) => run[0] += 1,
            None => runs.push(vec![1, value]),
        }
    }
    runs
}

fn sizes(dice: &mut Dice, samples: &[Sample]) -> Vec<u8> {
    let lens: Vec<usize> = samples.iter().map(|sample| sample.bytes.len()).collect();
    let count = (lens.len() as u32).to_be_bytes();
    if lens.iter().all(|len| *len == lens[0] && *len > 0) {
        return full(b"stsz", 0, &[&(lens[0] as u32).to_be_bytes(), &count]);
    }
    let of = |width: usize| -> Vec<u8> {
        lens.iter().flat_map(|len| (*len as u32).to_be_bytes()[4 - width..].to_vec()).collect()
    };
    let compact = |bits: u8, body: &[u8]| full(b"stz2", 0, &[&[0, 0, 0, bits], &count, body]);
    match dice.roll(4) {
        0 if lens.iter().all(|len| *len < 16) => {
            let halves = lens.chunks(2).map(|two| (two[0] << 4 | two.get(1).unwrap_or(&0)) as u8);
            compact(4, &halves.collect::<Vec<u8>>())
        }
        1 => compact(8, &of(1)),
        2 => compact(16, &of(2)),
        _ => full(b"stsz", 0, &[&[0; 4], &count, &of(4)]),
    }
}

/// The `stbl` of a track whose chunks have these offsets and numbers of samples.
fn stbl(dice: &mut Dice, track: &Track, chunks: &[(u64, usize)]) -> Vec<u8> {
    let samples = &track.samples;
    let entry = boxed(b"qqqq", &[0, 0, 0, 0, 0, 0, 0, 1]);
    let mut boxes = vec![
        full(b"stsd", 0, &[&3_u32.to_be_bytes(), &entry, &entry, &entry]),
        counted(b"stts", &runs(dice, samples.iter().map(|one| one.duration))),
        sizes(dice, samples),
    ];
    if samples.iter().any(|one| one.composition != 0) {
        let offsets = samples.iter().map(|one| u32::from_ne_bytes(one.composition.to_ne_bytes()));
        boxes.push(counted(b"ctts", &runs(dice, offsets)));
    }
    if !track.all_sync {
        let syncs = samples.iter().zip(1..).filter(|(one, _)| one.is_sync);
        boxes.push(counted(b"stss", &syncs.map(|(_, number)| vec![number]).collect::<Vec<_>>()));
    }
    if track.has_dependencies {
        let bytes: Vec<u8> = samples.iter().map(|one| one.dependency).collect();
        boxes.push(full(b"sdtp", 0, &[&bytes]));
    }
    for (kind, name) in GROUPS.iter().enumerate() {
        let list = counted(b"....", &runs(dice, samples.iter().map(|one| one.groups[kind])));
        let parameter = if kind == 1 { PARAMETER.to_be_bytes().to_vec() } else { Vec::new() };
        boxes.push(full(b"sbgp", kind as u8, &[*name, &parameter, &list[12..]]));
    }
    // Chunks of as many samples of one entry are told once.
    let mut at = 0;
    let mut told: Vec<Vec<u32>> = Vec::new();
    for ((_, count), number) in chunks.iter().zip(1..) {
        let what = [*count as u32, samples[at].entry];
        at += count;
        if told.last().is_none_or(|run| run[1..] != what) {
            told.push(vec![number, what[0], what[1]]);
        }
    }
    boxes.push(counted(b"stsc", &told));
    let offsets = chunks.iter().map(|(offset, _)| *offset);
    boxes.push(if dice.roll(2) == 0 {
        counted(b"stco", &offsets.map(|one| vec![one as u32]).collect::<Vec<_>>())
    } else {
        counted(b"co64", &offsets.map(|one| vec![(one >> 32) as u32, one as u32]).collect::<Vec<_>>())
    });
    boxed(b"stbl", &boxes.concat())
}

/// A file of such tracks, and what is in it.
pub fn file(dice: &mut Dice) -> (Vec<u8>, Vec<Track>) {
    let tracks: Vec<Track> = (1..=1 + dice.roll(3) as u32).map(|id| track(dice, id)).collect();
    let mut file = boxed(b"ftyp", b"isom\0\0\0\0mp41");
    // With a header of either length, and bytes that nobody's samples are.
    let long = dice.roll(2) == 0;
    let mut media = vec![0xee; dice.roll(9)];
    let begins = file.len() + if long { 16 } else { 8 };
    let mut chunks: Vec<Vec<(u64, usize)>> = vec![Vec::new(); tracks.len()];
    let mut next = vec![0; tracks.len()];
    while let Some(number) = (0..tracks.len()).filter(|n| next[*n] < tracks[*n].samples.len()).nth(
        dice.roll(2)
            .min((0..tracks.len()).filter(|n| next[*n] < tracks[*n].samples.len()).count().saturating_sub(1)),
    ) {
        let samples = &tracks[number].samples[next[number]..];
        let same = samples.iter().take_while(|one| one.entry == samples[0].entry).count();
        let count = (1 + dice.roll(6)).min(same);
        chunks[number].push(((begins + media.len()) as u64, count));
        samples[..count].iter().for_each(|one| media.extend(&one.bytes));
        media.extend(vec![0xdd; dice.roll(3)]);
        next[number] += count;
    }
    let size = (media.len() + begins - file.len()) as u64;
    if long {
        file.extend([&1_u32.to_be_bytes()[..], b"mdat", &size.to_be_bytes()].concat());
    } else {
        file.extend([&(size as u32).to_be_bytes()[..], b"mdat"].concat());
    }
    file.extend(&media);
    let mvhd = full(b"mvhd", 0, &[&[0; 8], &1000_u32.to_be_bytes(), &9000_u32.to_be_bytes(), &[0; 80]]);
    let mut moov = vec![mvhd];
    for (track, chunks) in tracks.iter().zip(&chunks) {
        let tkhd = full(b"tkhd", 0, &[&[0; 8], &track.id.to_be_bytes(), &[0; 68]]);
        let mdhd =
            full(b"mdhd", 0, &[&[0; 8], &track.timescale.to_be_bytes(), &[0, 0, 9, 9], &[0x55, 0xc4, 0, 0]]);
        let hdlr = full(b"hdlr", 0, &[&[0; 4], track.handler, &[0; 13]]);
        let minf = boxed(b"minf", &stbl(dice, track, chunks));
        moov.push(boxed(b"trak", &[tkhd, boxed(b"mdia", &[mdhd, hdlr, minf].concat())].concat()));
    }
    file.extend(boxed(b"moov", &moov.concat()));
    (file, tracks)
}

/// The samples of a track in the fragments of a file, by the book (ISO/IEC 14496-12:2022 8.8.7, 8.8.8, 8.8.12, 8.9.2).
pub fn in_fragments(file: &[u8], id: u32) -> Vec<Sample> {
    let mut all = Vec::new();
    for moof in raw::boxes(file, 0).iter().filter(|one| one.name == "moof") {
        let mut is_there = false;
        for traf in moof.children().iter().filter(|one| one.name == "traf") {
            let tfhd = traf.at("tfhd");
            if be32(tfhd.body(), 4) == id {
                // Players know one of a track, also where its sample entry changes.
                assert!(!std::mem::replace(&mut is_there, true), "track {id} comes twice in a fragment");
                read_traf(file, moof, traf, &tfhd, &mut all);
            }
        }
    }
    all
}

fn read_traf(file: &[u8], moof: &RawBox<'_>, traf: &RawBox<'_>, tfhd: &RawBox<'_>, all: &mut Vec<Sample>) {
    let mut words = tfhd.body()[8..].chunks(4).map(|word| be32(word, 0));
    let mut given = |flag: u32, otherwise: u32| {
        if tfhd.flags() & flag == 0 { otherwise } else { words.next().unwrap() }
    };
    let entry = given(2, 1);
    let [duration, size, flags] = [8, 0x10, 0x20].map(|flag| given(flag, u32::MAX));
    assert_eq!(tfhd.flags() & 0x2_0001, 0x2_0000);
    let tfdt = traf.at("tfdt");
    assert_eq!(tfdt.version(), 1);
    let mut time = be64(tfdt.body(), 4);
    let trun = traf.at("trun");
    let mut words = trun.body()[4..].chunks(4).map(|word| be32(word, 0));
    let count = words.next().unwrap();
    let mut at = moof.start + words.next().unwrap() as usize;
    let first_flags = if trun.flags() & 4 != 0 { words.next() } else { None };
    let [one, two] = GROUPS.map(|kind| groups(traf, kind, count as usize));
    for (number, groups) in one.into_iter().zip(two).enumerate() {
        let mut given = |flag: u32, otherwise: u32| {
            if trun.flags() & flag == 0 { otherwise } else { words.next().unwrap() }
        };
        let (duration, size) = (given(0x100, duration), given(0x200, size) as usize);
        let otherwise = first_flags.filter(|_| number == 0).unwrap_or(flags);
        let (flags, composition) = (given(0x400, otherwise), given(0x800, 0));
        assert!(composition >> 31 == 0 || trun.version() == 1);
        all.push(Sample {
            bytes: file[at..at + size].to_vec(),
            time,
            duration,
            composition: composition as i32,
            is_sync: flags & 0x1_0000 == 0,
            dependency: (flags >> 20) as u8,
            entry,
            groups: groups.into(),
        });
        time += u64::from(duration);
        at += size;
    }
    assert_eq!(words.next(), None);
}

fn groups(traf: &RawBox<'_>, kind: &[u8; 4], count: usize) -> Vec<u32> {
    let mut numbers = Vec::new();
    for sbgp in traf.children().iter().filter(|one| one.name == "sbgp" && &one.body()[4..8] == kind) {
        let at = if sbgp.version() == 1 { 12 } else { 8 };
        assert!(sbgp.version() == 0 || be32(sbgp.body(), 8) == PARAMETER);
        for run in sbgp.body()[at + 4..].chunks(8) {
            numbers.extend(vec![be32(run, 4); be32(run, 0) as usize]);
        }
    }
    numbers.resize(count, 0);
    numbers
}
