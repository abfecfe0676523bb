//! Random sound files for proptest: every mix of forms that the standard allows.

use proptest::collection::vec;
use proptest::prelude::*;

use super::synth::{
    Access, Base, EXTENDS_SIZE, File, Fragment, HEADER_SIZE, IDR, Kind, NON_IDR, Sizes, Traf, boxed,
};

/// Bytes for a sample of a video track with fixed or free length: one NAL unit, a slice or not, or none at all.
fn picture(len: usize, seed: u8) -> Vec<u8> {
    let Some(nal) = len.checked_sub(4).filter(|nal| *nal > 4) else {
        // Too short for a slice: zero-length NAL units, or an empty sample.
        return if len < 4 {
            Vec::new()
        } else {
            [&[0, 0, 0, (len - 4) as u8][..], &vec![0x06; len - 4]].concat()
        };
    };
    let mut bytes = u32::try_from(nal).unwrap().to_be_bytes().to_vec();
    bytes.extend(if seed.is_multiple_of(2) { IDR } else { NON_IDR });
    bytes.extend((0..nal - 4).map(|n| seed.wrapping_add(n as u8) | 1));
    bytes
}

fn sample(kind: Kind, len: usize, seed: u8) -> Vec<u8> {
    match kind {
        Kind::Video => picture(len, seed),
        _ => (0..len).map(|n| seed.wrapping_mul(31).wrapping_add(n as u8)).collect(),
    }
}

fn bases() -> impl Strategy<Value = Base> {
    prop_oneof![Just(Base::Moof), Just(Base::Implicit), Just(Base::Absolute)]
}

fn traf(track: usize, kind: Kind) -> impl Strategy<Value = Traf> {
    // Empty samples, runs and trafs are lawful and rare; Bento4 cannot do them, so they must not be in every file.
    let len = prop_oneof![300 => 1_usize..120, 1 => Just(0)];
    let run = (len, any::<u8>());
    let runs = prop_oneof![
        40 => vec(vec(run.clone(), 1..6), 1..4),
        1 => vec(vec(run, 0..6), 0..4),
    ];
    let sizes = prop_oneof![Just(Sizes::Each), Just(Sizes::Header), Just(Sizes::Extends)];
    let flags = (0_u32..16).prop_map(|bits| {
        let flags = [0x4, 0x100, 0x400, 0x800];
        let set = (0..4).filter(|bit| bits >> bit & 1 == 1).map(|bit| flags[bit as usize]).sum::<u32>();
        // First-sample flags and flags for each sample exclude each other.
        if set & 0x404 == 0x404 { set & !4 } else { set }
    });
    let times = (prop::option::of(0_u64..1 << 40), prop::option::of(-3000_i64..1 << 40));
    (bases(), sizes, flags, 0_u8..2, any::<bool>(), runs, 0_usize..20, times, any::<bool>()).prop_map(
        move |(base, sizes, run_flags, run_version, terse, runs, gap, (tfdt, tfxd), extras)| {
            let len = |len: usize| match sizes {
                Sizes::Each => len,
                Sizes::Header => HEADER_SIZE as usize,
                Sizes::Extends => EXTENDS_SIZE as usize,
            };
            let run = |run: Vec<(usize, u8)>| {
                run.into_iter().map(|(n, seed)| sample(kind, len(n), seed)).collect::<Vec<_>>()
            };
            let runs = runs.into_iter().map(run).collect();
            Traf { track, base, sizes, run_flags, run_version, terse, runs, gap, tfdt, tfxd, extras }
        },
    )
}

fn lead() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let any_box = prop_oneof![
        Just(boxed(b"styp", b"msdh\0\0\0\0msdh")),
        Just(boxed(b"free", b"space")),
        Just(boxed(b"zzzz", b"nobody knows")),
        Just(boxed(b"emsg", &[0; 30])),
    ];
    vec(any_box, 0..3)
}

fn between() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let any_box = prop_oneof![
        Just(boxed(b"free", b"between")),
        Just(boxed(b"skip", &[])),
        Just(boxed(b"uuid", &[0x77; 20])),
    ];
    vec(any_box, 0..3)
}

fn fragment(tracks: Vec<Kind>) -> impl Strategy<Value = Fragment> {
    let count = tracks.len();
    let trafs = vec((0..count).prop_flat_map(move |track| traf(track, tracks[track])), 1..4);
    let twice = prop::bool::weighted(0.1);
    (lead(), between(), any::<bool>(), trafs, any::<bool>(), any::<u32>(), twice).prop_map(
        |(before, between, long_mdat, mut trafs, own_index, sequence, twice)| {
            let mut seen = std::collections::HashSet::new();
            trafs.retain(|traf: &Traf| twice || seen.insert(traf.track));
            Fragment { before, between, long_mdat, trafs, own_index, sequence }
        },
    )
}

fn access() -> impl Strategy<Value = Option<Access>> {
    let access = (0_u8..2, prop::array::uniform3(0_u32..4), any::<bool>());
    prop::option::of(access.prop_map(|(version, widths, mfro)| Access { version, widths, mfro }))
}

/// A file with at least one sample in a track that can be protected.
pub fn file() -> impl Strategy<Value = File> {
    let kinds = prop_oneof![3 => Just(Kind::Sound), 2 => Just(Kind::Video), 1 => Just(Kind::Text)];
    let tracks = vec(kinds, 0..3).prop_map(|mut tracks| {
        tracks.insert(0, Kind::Sound);
        tracks
    });
    tracks
        .prop_flat_map(|tracks| {
            let fragments = vec(fragment(tracks.clone()), 1..5);
            let brand = prop::option::weighted(0.9, Just(*b"isml"));
            let tail = prop_oneof![4 => Just(0_usize), 1 => 1_usize..8];
            (brand, fragments, prop::option::of(0_u8..2), access(), tail).prop_map(
                move |(brand, fragments, global_index, access, tail)| File {
                    brand,
                    tracks: tracks.clone(),
                    fragments,
                    global_index,
                    access,
                    tail,
                },
            )
        })
        .prop_filter("nothing to encrypt is refused", |file| {
            let text = |id: u32| file.tracks[id as usize - 1] == Kind::Text;
            file.samples()
                .iter()
                .any(|(id, samples)| !text(*id) && samples.iter().any(|sample| !sample.is_empty()))
        })
}
