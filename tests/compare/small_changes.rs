//! One thing is changed at a time, and is told.

use super::{SAMPLE, compare, told};
use crate::support::synth::{self, Access, Base, boxed};

/// Where a box of this type begins, from an offset on.
fn find(file: &[u8], kind: &[u8; 4], from: usize) -> usize {
    from + file[from..].windows(4).position(|four| four == kind).unwrap() - 4
}

fn size(file: &[u8], at: usize) -> usize {
    u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize
}

/// Makes the boxes that begin at these places larger by so many bytes.
fn grow(file: &mut [u8], places: &[usize], by: i64) {
    for at in places {
        let new = u32::try_from(size(file, *at) as i64 + by).unwrap();
        file[*at..at + 4].copy_from_slice(&new.to_be_bytes());
    }
}

/// Adds to every offset of the `tfra` boxes.
fn move_points(file: &mut [u8], by: i64) -> u64 {
    let mut at = find(file, b"mfra", 0) + 8;
    let mut points = 0;
    while &file[at + 4..at + 8] == b"tfra" {
        let is_long = file[at + 8] == 1;
        let widths = file[at + 19];
        let numbers: usize = [4, 2, 0].iter().map(|shift| usize::from(widths >> shift & 3) + 1).sum();
        let count = size(file, at + 20);
        for number in 0..count {
            let entry = at + 24 + number * (if is_long { 16 } else { 8 } + numbers);
            let last = entry + if is_long { 12 } else { 4 };
            let new = size(file, last) as i64 + by;
            file[last..last + 4].copy_from_slice(&u32::try_from(new).unwrap().to_be_bytes());
        }
        points += count as u64;
        at += size(file, at);
    }
    points
}

#[test]
fn a_file_and_itself_differ_in_nothing() {
    let found = compare(SAMPLE, SAMPLE);
    assert!(found.same);
    assert_eq!(told(&found), [""; 0]);
    assert!(found.tracks.iter().all(|track| track.samples > 0 && track.equal == track.samples));
}

#[test]
fn one_bit_of_a_field_is_one_field() {
    let mut other = SAMPLE.to_vec();
    // mvhd: type, version and flags, two times, timescale, duration, rate.
    let rate = find(SAMPLE, b"mvhd", 0) + 28;
    other[rate] ^= 1;
    let found = compare(SAMPLE, &other);
    let lines = told(&found);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("changed moov/mvhd rate: "), "{lines:?}");
    assert_eq!(found.differences[0].fields.len(), 1);
    assert!(!found.same);
    assert!(found.tracks.iter().all(|track| track.equal == track.samples && track.first.is_none()));
    // In a fragment, too.
    let mut other = SAMPLE.to_vec();
    let trun = find(SAMPLE, b"trun", 50_000);
    other[trun + 20 + 3] ^= 1;
    let found = compare(SAMPLE, &other);
    let lines = told(&found);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("changed moof[1]/traf/trun samples[0].sample_duration: "), "{lines:?}");
}

#[test]
fn one_bit_of_a_sample_is_one_sample() {
    let mut other = SAMPLE.to_vec();
    let mdat = find(SAMPLE, b"mdat", 2000);
    other[mdat + 8 + 40_000] ^= 0x10;
    let found = compare(SAMPLE, &other);
    assert_eq!(told(&found), [""; 0]);
    assert!(!found.same);
    let all: Vec<u64> = found.tracks.iter().map(|track| track.samples - track.equal).collect();
    assert_eq!(all.iter().sum::<u64>(), 1);
    let track = found.tracks.iter().find(|track| track.equal < track.samples).unwrap();
    assert_eq!((track.bytes, track.sizes, track.times, track.syncs), (1, 0, 0, 0));
    let first = track.first.as_ref().unwrap();
    assert!(first.sample > 1 && first.how == "bytes" && first.time.unwrap() > 0.0, "{first:?}");
}

#[test]
fn a_box_that_is_gone_is_removed_and_what_is_behind_it_follows() {
    let mut other = SAMPLE.to_vec();
    let udta = find(SAMPLE, b"udta", 0);
    let len = size(SAMPLE, udta);
    other.drain(udta..udta + len);
    grow(&mut other, &[find(SAMPLE, b"moov", 0)], -(len as i64));
    let points = move_points(&mut other, -(len as i64));
    let found = compare(SAMPLE, &other);
    assert_eq!(told(&found), ["removed moov/udta -"]);
    assert_eq!((found.counts.removed, found.counts.offsets, found.counts.followed), (1, points, 2));
    assert!(points > 2);
    // The other way round it is added.
    let back = compare(&other, SAMPLE);
    assert_eq!(told(&back), ["added - moov/udta"]);
    assert_eq!((back.counts.added, back.counts.offsets), (1, points));
    // Offsets that do not follow have changed.
    move_points(&mut other, 1);
    let found = compare(SAMPLE, &other);
    assert_eq!((found.counts.offsets, found.counts.changed, found.counts.removed), (0, 2, 1));
    assert_eq!(
        found.differences.iter().map(|one| one.fields.len() as u64 + one.more_fields).sum::<u64>(),
        points
    );
}

#[test]
fn boxes_that_changed_places_have_moved() {
    let mut other = SAMPLE.to_vec();
    let first = find(SAMPLE, b"trex", 0);
    let len = size(SAMPLE, first);
    other[first..first + 2 * len].rotate_left(len);
    let found = compare(SAMPLE, &other);
    let lines = told(&found);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        ["moved moov/mvex/trex moov/mvex/trex[1]", "moved moov/mvex/trex[1] moov/mvex/trex"]
            .contains(&&*lines[0]),
        "{lines:?}"
    );
    assert_eq!((found.counts.moved, found.counts.changed), (1, 0));
}

#[test]
fn media_data_that_was_shifted_takes_its_offsets_along() {
    for base in [Base::Moof, Base::Absolute, Base::Implicit] {
        for global_index in [None, Some(0), Some(1)] {
            let mut file = synth::small();
            file.fragments
                .iter_mut()
                .flat_map(|fragment| &mut fragment.trafs)
                .for_each(|traf| traf.base = base);
            file.global_index = global_index;
            file.access = Some(Access { version: 0, widths: [0, 0, 0], mfro: true });
            let mut between = file.clone();
            between.fragments[0].between.push(boxed(b"free", &[7; 20]));
            let (this, other) = (file.bytes(), between.bytes());
            let found = compare(&this, &other);
            assert_eq!(told(&found), ["added - free"], "{base:?} {global_index:?}");
            assert!(found.counts.offsets >= 2, "{:?}", found.counts);
            assert!(found.tracks.iter().all(|track| track.equal == track.samples));

            let mut before = file.clone();
            before.fragments[1].before.push(boxed(b"free", &[7; 20]));
            let found = compare(&this, &before.bytes());
            // That the index has more in a subsegment is a change of it.
            let lines = told(&found);
            assert_eq!(lines.last().unwrap(), "added - free", "{base:?} {global_index:?} {lines:?}");
            assert!(
                lines.len() <= 2 && lines.iter().rev().skip(1).all(|line| line.contains("changed sidx")),
                "{lines:?}"
            );
        }
    }
}

#[test]
fn a_file_without_a_fragment_has_removed_that_alone() {
    let first = find(SAMPLE, b"moof", 0);
    let len = size(SAMPLE, first) + size(SAMPLE, first + size(SAMPLE, first));
    let mut other = SAMPLE.to_vec();
    other.drain(first..first + len);
    let found = compare(SAMPLE, &other);
    let lines = told(&found);
    assert_eq!(lines[..2], ["removed moof -", "removed mdat -"], "{lines:?}");
    // The index leads elsewhere than it should, and nothing else differs.
    assert!(lines[2..].iter().all(|line| line.contains("mfra/tfra")), "{lines:?}");
}
