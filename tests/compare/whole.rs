//! What holds for every file.

use proptest::prelude::*;

use super::{SAMPLE, compare, compared};
use crate::support::synth::{self, boxed};

/// What is told of a comparison, the other way round.
fn mirrored(found: &boxlock::report::FileComparison) -> Vec<Vec<(u64, u64)>> {
    let counts = &found.counts;
    let all = vec![
        (counts.changed, counts.changed),
        (counts.added, counts.removed),
        (counts.removed, counts.added),
        (counts.moved, counts.moved),
        (counts.offsets, counts.offsets),
        (counts.followed, counts.followed),
        (counts.unread, counts.unread),
    ];
    // Tracks of one file alone come last, each in its file's order, so that theirs is another.
    let of = |track: &boxlock::report::ComparedTrack| {
        vec![
            (track.samples, track.other_samples),
            (track.other_samples, track.samples),
            (track.encrypted, track.other_encrypted),
            (track.equal, track.equal),
            (track.bytes, track.bytes),
            (track.sizes, track.sizes),
            (track.times, track.times),
            (track.syncs, track.syncs),
        ]
    };
    let mut all = vec![all];
    all.extend(found.tracks.iter().map(of));
    all
}

fn check_mirror(this: &[u8], other: &[u8]) -> bool {
    let (Some(found), Some(back)) = (compared(this, other), compared(other, this)) else { return false };
    if found.failed.is_some() || back.failed.is_some() {
        return false;
    }
    let sides = |all: Vec<Vec<(u64, u64)>>, side: fn(&(u64, u64)) -> u64| {
        let mut sides: Vec<Vec<u64>> = all.iter().map(|one| one.iter().map(side).collect()).collect();
        sides.sort();
        sides
    };
    assert_eq!(sides(mirrored(&found), |(_, there)| *there), sides(mirrored(&back), |(here, _)| *here));
    true
}

/// Overwrites and cuts bytes of a file.
fn mutate(file: &mut Vec<u8>, changes: &[(usize, u8)], cut: Option<usize>) {
    for (at, value) in changes {
        let len = file.len();
        file[at % len] = *value;
    }
    if let Some(cut) = cut {
        let len = file.len();
        file.drain(cut % len..(cut % len + 9).min(len));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damage_stops_nothing_and_the_other_way_round_it_is_the_same(
        changes in proptest::collection::vec((0_usize..4096, any::<u8>()), 0..6),
        cut in proptest::option::of(0_usize..4096),
        both in any::<bool>(),
    ) {
        let mut file = synth::small();
        file.global_index = Some(0);
        let mut this = file.bytes();
        let mut other = this.clone();
        mutate(&mut other, &changes, cut);
        if both {
            let backwards: Vec<(usize, u8)> = changes.iter().map(|(at, value)| (at * 7 + 3, *value)).collect();
            mutate(&mut this, &backwards, None);
        }
        check_mirror(&this, &other);
        // Whatever is in a file, it is the same as itself.
        if let Some(found) = compared(&other, &other) {
            let counts = &found.counts;
            let all = [counts.changed, counts.added, counts.removed, counts.moved, counts.offsets];
            prop_assert_eq!(all, [0; 5]);
        }
    }
}

#[test]
fn the_other_way_round_it_is_the_same_for_files_of_other_layouts() {
    let mut one = synth::small();
    one.global_index = Some(1);
    let mut two = synth::small();
    two.fragments[1].before.push(boxed(b"free", &[1; 9]));
    two.fragments[0].long_mdat = true;
    two.fragments.swap(0, 1);
    let files = [one.bytes(), two.bytes(), SAMPLE.to_vec()];
    for this in &files {
        for other in &files {
            assert!(check_mirror(this, other));
        }
    }
}

#[test]
fn a_hundred_thousand_boxes_are_soon_compared() {
    let number = |number: u32| boxed(b"free", &number.to_be_bytes());
    let with = |numbers: &mut dyn Iterator<Item = u32>| {
        let inside: Vec<u8> = numbers.flat_map(number).collect();
        let moov = SAMPLE.windows(4).position(|four| four == b"moov").unwrap() - 4;
        let len = u32::from_be_bytes(SAMPLE[moov..moov + 4].try_into().unwrap()) as usize;
        let udta = boxed(b"udta", &inside);
        let whole = boxed(b"moov", &[&SAMPLE[moov + 8..moov + len], &udta].concat());
        [&SAMPLE[..moov], &whole, &SAMPLE[moov + len..]].concat()
    };
    let this = with(&mut (0..100_000));
    let found = compare(&this, &with(&mut (0..100_000).filter(|n| *n != 50_000)));
    assert_eq!((found.counts.removed, found.counts.changed, found.counts.moved), (1, 0, 0));
    let found = compare(&this, &with(&mut (0..100_000).rev()));
    assert_eq!((found.counts.removed, found.counts.added, found.counts.moved), (0, 0, 99_999));
    assert!(found.differences.len() <= 2000);
    let found = compare(&this, &with(&mut (200_000..300_000)));
    assert_eq!((found.counts.removed, found.counts.added), (0, 0));
    assert!(found.counts.changed >= 100_000);
}
