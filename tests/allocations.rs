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
use boxlock::output::assembly::protect_fragment;
use boxlock::protect::SampleProtector;
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
