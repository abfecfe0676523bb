//! Indexes that lead to fragments, and say something else of them.

use super::build::{SAMPLE, find, set, splice};
use super::files::indexed;
use super::findings;
use crate::support::raw::be32;

/// What is found by a rule.
fn told(file: &[u8], rule: &str) -> Vec<String> {
    findings(file).findings.into_iter().filter(|one| one.rule == rule).map(|one| one.message).collect()
}

#[test]
fn segment_indexes_are_held_against_their_fragments() {
    let sound = indexed();
    assert_eq!(told(&sound, "sidx-contents"), [""; 0]);
    let wide = if sound[find(&sound, "sidx").body] == 0 { 0 } else { 8 };
    let (duration, count) = (28 + wide, 22 + wide);
    for (at, bytes, expected) in [
        (4, &[0, 0, 0, 9][..], "of track 9, which is not there"),
        (8, &[0; 4], "0 ticks a second"),
        (12, &[0x7f], "its first fragment begins at 0.000 s"),
        (duration, &[0x7f], "Reference 0 of the segment index says"),
        (duration + 12, &[0; 4], "Reference 1 of the segment index says 0.000 s"),
    ] {
        let mut file = sound.clone();
        set(&mut file, "sidx", at, bytes);
        let told = told(&file, "sidx-contents");
        assert!(told.len() == 1 && told[0].contains(expected), "{expected}: {told:?}");
    }
    let mut short = sound.clone();
    let sidx = find(&short, "sidx");
    let references = short[sidx.body + count + 1];
    short[sidx.body + count + 1] = references - 1;
    splice(&mut short, "sidx", sidx.end - 12..sidx.end, &[]);
    let told = told(&short, "sidx-contents");
    assert!(told.len() == 1 && told[0].contains("fragments of its track follow there"), "{told:?}");
}

#[test]
fn random_access_points_are_held_against_their_fragments() {
    assert_eq!(told(SAMPLE, "mfra-contents"), [""; 0]);
    // Points of version 1 with numbers of one byte each.
    const POINT: usize = 19;
    let body = find(SAMPLE, "mfra/tfra").body;
    assert_eq!((SAMPLE[body], be32(SAMPLE, body + 8)), (1, 0));
    let first = 16;
    for (at, bytes, expected) in [
        (4, &[0, 0, 0, 9][..], "of track 9, which is not there"),
        (4, &[0, 0, 0, 2], "which has nothing of it"),
        (first + 16, &[2], "'traf' 2 of the fragment at byte"),
        (first + 18, &[0xff], "sample 255 of the fragment"),
        (first + 17, &[0], "which count from 1"),
        (first + POINT, &[0, 0, 1], "which begins at 2"),
    ] {
        let mut file = SAMPLE.to_vec();
        set(&mut file, "mfra/tfra", at, bytes);
        let told = told(&file, "mfra-contents");
        assert!(told.len() == 1 && told[0].contains(expected), "{expected}: {told:?}");
    }
    let mut swapped = SAMPLE.to_vec();
    let place = |number: usize| body + first + number * POINT + 8;
    let (one, two) = (place(1), place(2));
    (0..8).for_each(|byte| swapped.swap(one + byte, two + byte));
    assert_eq!(told(&swapped, "mfra-contents").len(), 1);
}
