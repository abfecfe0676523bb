//! Damage costs what is damaged: behind it reading goes on, and of what cannot be read nothing is said to be missing.

use boxlock::session::Session;
use boxlock::track::top::TopBox;

use super::build::{SAMPLE, find, protected};
use super::{checked, told};
use crate::support::dice::Dice;
use crate::support::drive::{self, Feed};
use crate::support::raw::be32;

/// Rules that say that something is not there, or is elsewhere.
const ABSENT: &[&str] = &[
    "no-moov",
    "no-ftyp",
    "no-mvex",
    "no-trex",
    "missing-box",
    "unknown-track",
    "no-tfdt",
    "no-ivs",
    "no-saio",
    "no-drm-header",
    "sinf-incomplete",
    "scheme-boxes",
    "track-reference",
    "data-reference",
    "media-header",
    "bad-sample-entry",
    "mfra",
    "sidx",
];

fn tops(session: &Session) -> Vec<TopBox> {
    session.index().unwrap().top.iter().collect()
}

/// What is found that says of something that it is not there.
fn absent(file: &[u8]) -> Vec<String> {
    let session = drive::open(file, Feed::Whole).unwrap();
    let found = checked(&session, file);
    let told = found.findings.into_iter().filter(|one| ABSENT.contains(&one.rule));
    told.map(|one| format!("{}: {}", one.rule, one.message)).collect()
}

fn garbage(len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from(at * 37 % 251).unwrap() | 0x80).collect()
}

#[test]
fn bytes_between_boxes_are_told_and_what_follows_is_read() {
    let whole = drive::open(SAMPLE, Feed::Whole).unwrap();
    let good = absent(SAMPLE);
    for top in tops(&whole).iter().skip(1) {
        for len in [1, 7, 8, 333, 70_000] {
            let mut file = SAMPLE.to_vec();
            let at = usize::try_from(top.start).unwrap();
            file.splice(at..at, garbage(len));
            let session = drive::open(&file, Feed::Whole).unwrap();
            let index = session.index().unwrap();
            let fragments = whole.index().unwrap().fragments.len();
            // The last box alone is known by the end of the file.
            assert_eq!(index.fragments.len(), fragments, "{len} bytes at {at}");
            let told = told(&file, "unknown-bytes");
            let expected = format!("Bytes {at} to {} are no box that is known", at + len);
            assert!(told.len() == 1 && told[0].starts_with(&expected), "{len} at {at}: {told:?}");
            assert_eq!(absent(&file), good, "{len} bytes at {at}");
        }
    }
}

#[test]
fn a_wrong_size_at_the_top_costs_its_box_alone() {
    let whole = drive::open(SAMPLE, Feed::Whole).unwrap();
    let all = tops(&whole);
    let good = absent(SAMPLE);
    for (number, top) in all.iter().enumerate() {
        if number + 1 == all.len() || number == 0 {
            continue;
        }
        let at = usize::try_from(top.start).unwrap();
        for size in [2, 7, 0x7fff_ffff, u32::MAX] {
            let mut file = SAMPLE.to_vec();
            file[at..at + 4].copy_from_slice(&size.to_be_bytes());
            let session = drive::open(&file, Feed::Whole).unwrap();
            let found: Vec<u64> = tops(&session).iter().map(|top| top.start).collect();
            assert_eq!(found, all.iter().map(|top| top.start).collect::<Vec<_>>(), "{size} at {at}");
            let expected = format!("at byte {at} claims {size} bytes");
            let told = told(&file, "bad-box-size");
            assert!(told.len() == 1 && told[0].contains(&expected), "{size} at {at}: {told:?}");
            assert!(absent(&file).iter().all(|one| good.contains(one)), "{size} at {at}");
            // What it has is read with the size that it can have.
            assert_eq!(session.index().unwrap().fragments.len(), whole.index().unwrap().fragments.len());
        }
    }
}

#[test]
fn a_box_that_reaches_over_others_ends_where_they_begin() {
    let moof = find(SAMPLE, "moof").start;
    let mut file = SAMPLE.to_vec();
    let len = find(SAMPLE, "mdat[1]").end - moof;
    file[moof..moof + 4].copy_from_slice(&u32::try_from(len).unwrap().to_be_bytes());
    let session = drive::open(&file, Feed::Whole).unwrap();
    let whole = drive::open(SAMPLE, Feed::Whole).unwrap();
    assert_eq!(tops(&session), tops(&whole));
    let size = be32(SAMPLE, moof);
    super::one(
        &file,
        "bad-box-size",
        &format!("Box 'moof' claims {len} bytes, and behind {size} of them stands a box 'mdat'"),
    );
    // A track over the one behind it, and all that follows.
    let trak = find(SAMPLE, "moov/trak").start;
    let end = find(SAMPLE, "moov").end;
    let mut file = SAMPLE.to_vec();
    file[trak..trak + 4].copy_from_slice(&u32::try_from(end - trak).unwrap().to_be_bytes());
    let session = drive::open(&file, Feed::Whole).unwrap();
    let movie = session.index().unwrap().movie.clone().unwrap();
    assert!(movie.tracks.len() == 2 && movie.fragmented);
    assert_eq!(told(&file, "bad-box-size").len(), 1);
    assert_eq!(absent(&file), absent(SAMPLE));
}

/// Places of sizes: of boxes at the top, and in them.
fn boxes(file: &[u8], from: usize, to: usize, found: &mut Vec<usize>) {
    let mut at = from;
    while at + 8 <= to {
        let size = be32(file, at) as usize;
        let kind: [u8; 4] = file[at + 4..at + 8].try_into().unwrap();
        found.push(at);
        let inside = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"mvex", b"moof", b"traf"];
        if inside.contains(&&kind) {
            boxes(file, at + 8, at + size, found);
        }
        at += size;
    }
}

/// Reads as much as is wanted, and nothing more.
fn read(file: &[u8]) -> (Result<Session, boxlock::bytes::Error>, u64, usize) {
    let (mut bytes, mut steps) = (0, 0);
    let mut session = match Session::new(file.len() as u64) {
        Ok(session) => session,
        Err(error) => return (Err(error), 0, 0),
    };
    while let Some(need) = session.needs() {
        let start = usize::try_from(need.start).unwrap();
        let end = start + usize::try_from(need.len).unwrap();
        (bytes, steps) = (bytes + need.len, steps + 1);
        assert!(steps < 10_000, "it ends");
        if let Err(error) = session.feed(need.start, &file[start..end]) {
            return (Err(error), bytes, steps);
        }
    }
    (Ok(session), bytes, steps)
}

#[test]
fn damage_in_many_places_costs_what_is_damaged() {
    let mut dice = Dice(11);
    let (mut resumed, mut refused) = (0, 0);
    for good in [SAMPLE.to_vec(), protected("cenc", "hybrid")] {
        let known = absent(&good);
        let whole = tops(&drive::open(&good, Feed::Whole).unwrap());
        let mut places = Vec::new();
        boxes(&good, 0, good.len(), &mut places);
        for round in 0..300 {
            let mut file = good.clone();
            let at = places[1 + dice.roll(places.len() - 1)];
            let old = be32(&good, at);
            let size = match dice.roll(6) {
                0 => u32::try_from(dice.roll(8)).unwrap().max(2),
                1 => 8,
                2 => u32::try_from(dice.roll(1 << 32)).unwrap(),
                3 => old.wrapping_add(u32::try_from(dice.roll(64)).unwrap() + 1),
                4 => old.saturating_sub(u32::try_from(dice.roll(64)).unwrap() + 1).max(2),
                _ => old * 2,
            };
            file[at..at + 4].copy_from_slice(&size.to_be_bytes());
            let (session, bytes, _) = read(&file);
            // Once for boxes, once for what may be the next, and once with a size that can be.
            assert!(bytes < 4 * file.len() as u64 + (1 << 16), "{bytes} of {}", file.len());
            let session = session.unwrap_or_else(|error| panic!("round {round}: {size} at {at}: {error}"));
            let landing = at as u64 + u64::from(size);
            let is_top = whole.iter().any(|top| top.start == at as u64);
            let from = if is_top && landing <= file.len() as u64 { landing } else { at as u64 };
            let found: Vec<u64> = tops(&session).iter().map(|top| top.start).collect();
            for top in whole.iter().filter(|top| top.start > from) {
                assert!(found.contains(&top.start), "round {round}: {size} at {at}: no {}", top.start);
                resumed += 1;
            }
            let more: Vec<String> = absent(&file).into_iter().filter(|one| !known.contains(one)).collect();
            assert_eq!(more, [""; 0], "round {round}: {size} for {old} at {at}");
            // What can be looked at with a size that is made up is nothing to make a file of.
            if !told(&file, "bad-box-size").is_empty() {
                refused += 1;
                let made = drive::protect(&file, &drive::request_in("cenc", "hybrid"));
                assert!(made.is_err(), "round {round}: {size} for {old} at {at}");
            }
        }
    }
    assert!(resumed > 1000 && refused > 100, "{resumed} {refused}");
}
