//! Twenty small files of as many forms to change: cases and corpus, or, without them, those made up in the tests.

use crate::support::synth::{self, Base, Kind};
use crate::support::{cases, corpus, strategy};
use proptest::prelude::Strategy;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// Multi-track, several runs, all base forms, every index, all sizes of lengths, parameter sets inside, other tracks.
const OF_CASES: &[&str] = &[
    "r00-base.ismv",
    "s01-trun-interleaved.mp4",
    "s03-base-data-offset.mp4",
    "s04-implicit-base.mp4",
    "s05-styp-sidx-emsg-prft.mp4",
    "s07-two-sample-entries.mp4",
    "s10-samples-below-16-bytes.mp4",
    "s11-avc3-inband-empty-avcc.mp4",
    "s15-64bit-sizes.mp4",
    "s17e-track-ids-7-3.mp4",
    "s20-seig-left-in-traf.mp4",
    "s27-two-mdats-per-moof.mp4",
    "s34-nal-length-2.mp4",
    "s38b-text-track.mp4",
    "s40-hierarchical-sidx.mp4",
    "s42-mfra-v0.mp4",
    "s49-tmcd-meta-tracks.mp4",
    "s64-gaps-in-mdat.mp4",
];

const OF_CORPUS: &[&str] = &[
    "mp4-frag-mixed/go-mp4__sample_fragmented.mp4",
    "mp4-frag-mixed/codem-isoboxer__test_frag.mp4",
    "mp4-frag-mixed/fq__fragmented.mp4",
    "mp4-frag-mixed/mp4ff__clear_with_enc_boxes.mp4",
];

fn made() -> Vec<(String, Vec<u8>)> {
    let mut both = synth::small();
    both.tracks = vec![Kind::Sound, Kind::Video];
    let slice = [&[0, 0, 0, 40][..], &synth::IDR, &[0x11; 36]].concat();
    for fragment in &mut both.fragments {
        let mut video = fragment.trafs[0].clone();
        video.track = 1;
        video.base = Base::Implicit;
        video.run_flags = 0xf00;
        video.runs = vec![vec![slice.clone(), slice.clone()], vec![slice.clone()]];
        video.extras = true;
        video.gap = 3;
        fragment.trafs.push(video);
        fragment.own_index = true;
    }
    both.global_index = Some(1);
    let mut files =
        vec![("made: sound".to_owned(), synth::small().bytes()), ("made: both".to_owned(), both.bytes())];
    let mut runner = TestRunner::deterministic();
    for number in 0..8 {
        let file = strategy::file().new_tree(&mut runner).unwrap().current();
        files.push((format!("made: random {number}"), file.bytes()));
    }
    files
}

pub fn originals() -> Vec<(String, Vec<u8>)> {
    let mut files = made();
    for (root, names) in [(cases(), OF_CASES), (corpus(), OF_CORPUS)] {
        let Some(root) = root else { continue };
        for name in names {
            let bytes = std::fs::read(root.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
            files.push(((*name).to_owned(), bytes));
        }
    }
    files
}
