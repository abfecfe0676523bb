//! One more sample costs no allocation: buffers grow by doubling, and nothing is allocated for each.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

mod support;

use allocation_counter::measure;
use boxlock::output::Step;
use boxlock::output::protected::protect_fragment;
use boxlock::protect::SampleProtector;
use boxlock::protect::subsample::{RangeFinder, Rule};
use support::drive::{self, Feed};
use support::synth::{Base, File, Fragment, IDR, Kind, NON_IDR, Sizes, Traf};

fn traf(track: usize, samples: Vec<Vec<u8>>) -> Traf {
    Traf {
        track,
        base: Base::Moof,
        sizes: Sizes::Each,
        run_flags: 0,
        run_version: 0,
        terse: false,
        runs: vec![samples],
        gap: 0,
        tfdt: None,
        tfxd: Some(0),
        extras: false,
    }
}

/// One fragment of `count` samples.
fn file(kind: Kind, count: usize) -> Vec<u8> {
    let sample = |number: usize| match kind {
        Kind::Video => {
            let slice = if number == 0 { IDR } else { NON_IDR };
            let mut sample = 300_u32.to_be_bytes().to_vec();
            sample.extend(slice);
            sample.resize(304, 0x5a);
            sample
        }
        _ => vec![number as u8; 300],
    };
    let samples = (0..count).map(sample).collect();
    let fragment = Fragment {
        before: Vec::new(),
        between: Vec::new(),
        long_mdat: false,
        trafs: vec![traf(0, samples)],
        own_index: false,
        sequence: 1,
    };
    let tracks = vec![kind];
    File { brand: None, tracks, fragments: vec![fragment], global_index: None, access: None, tail: 0 }.bytes()
}

/// Allocations for protecting the fragment with everything else warm.
fn allocations(kind: Kind, count: usize, profile: &str) -> u64 {
    let file = file(kind, count);
    let session = drive::open(&file, Feed::Whole).unwrap();
    let plan = drive::plan(&session, &drive::request(profile)).unwrap();
    let movie = session.index().unwrap().movie.clone().unwrap();
    let mut protector = SampleProtector::new(plan.clone());
    let mut assembly = session.assemble(&plan).unwrap();
    let task = loop {
        if let Step::Fragment(task) = assembly.next_step().unwrap() {
            break task;
        }
    };
    let mut protect = || {
        let mut bytes = file[task.start as usize..task.end as usize].to_vec();
        let mut done = None;
        let used = measure(|| {
            done = Some(protect_fragment(&mut protector, &movie, &task, &mut bytes, None));
        });
        done.unwrap().unwrap();
        used.count_total
    };
    protect();
    protect()
}

#[test]
fn a_thousand_more_samples_take_no_more_allocations_than_doubling() {
    for kind in [Kind::Video, Kind::Sound] {
        for profile in ["piff", "hybrid"] {
            let [few, many] = [64, 2048].map(|count| allocations(kind, count, profile));
            // From 64 to 2048 a list doubles five times; sizes, times, IVs, maps, counts and the boxes made of them
            // are a dozen lists.
            assert!(many <= few + 5 * 12, "{kind:?} {profile}: {few} allocations became {many}");
            println!("{kind:?} {profile}: {few} allocations for 64 samples, {many} for 2048");
        }
    }
}

fn bytes(bits: &str) -> Vec<u8> {
    let bits: Vec<bool> = bits.bytes().filter(|bit| *bit != b' ').map(|bit| bit == b'1').collect();
    let byte =
        |byte: &[bool]| byte.iter().enumerate().fold(0, |sum, (at, bit)| sum | u8::from(*bit) << (7 - at));
    bits.chunks(8).map(byte).collect()
}

#[test]
fn frame_headers_take_none() {
    // A still picture: sequence header, and a frame with its one tile of 300 bytes.
    let sequence = bytes("000 1 1 00000 0011 0011 1111 1111 000 000 0 0 0 0 00 0 0");
    let frame = bytes("1 0 0 1 00000001 0 00 0 0 0 000000000000 000 0 0 0");
    let mut av1 = [&[0x0a, 5], &sequence[..], &[0x32, 0xb1, 2], &frame].concat();
    av1.resize(av1.len() + 300, 1);
    // A key frame of 16 × 16, and 300 bytes behind its header.
    let size = "0000000000001111 0000000000001111 0";
    let header =
        format!("10 00 0 0 1 0 010010011000001101000010 001 0 {size} 00 00 000000 000 0 00000001 000 0 0");
    let mut vp9 = bytes(&format!("{header} 0000000000000001"));
    vp9.resize(vp9.len() + 300, 1);
    for (rule, sample) in [(Rule::Av1(Box::default()), av1), (Rule::Vp9(Default::default()), vp9)] {
        let mut finder = RangeFinder::new(rule, 40);
        let mut entries = Vec::with_capacity(8);
        finder.split(&sample, &mut entries).unwrap();
        assert_eq!(entries.iter().map(|entry| entry.protected).collect::<Vec<_>>(), [288]);
        entries.clear();
        let used = measure(|| finder.split(&sample, &mut entries).unwrap());
        assert_eq!(used.count_total, 0);
    }
}
