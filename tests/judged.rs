//! Protected files, judged by Bento4, FFmpeg and our own reader: the samples that come back are the clear file's.

mod support;

use boxlock::bytes::ContentKey;
use boxlock_judges::{TrackKey, bento4_decrypt};
use support::clear::{self, Clear};
use support::drive::{self, Samples, decrypted_samples, protect, request, samples};
use support::{ffmpeg, raw};

const PROFILES: [&str; 2] = ["piff", "hybrid"];

fn track_keys(samples: &Samples) -> Vec<TrackKey> {
    samples.keys().map(|&track_id| TrackKey { track_id, key: drive::key() }).collect()
}

/// The samples of a file, found by the second reader and not by the core.
fn raw_samples(file: &[u8]) -> Samples {
    let mut all = Samples::new();
    for track in raw::all_samples(file).into_iter().flatten() {
        let list = all.entry(track.id).or_default();
        list.extend(track.samples.iter().map(|place| file[place.start..place.start + place.len].to_vec()));
    }
    all
}

fn judge(file: &Clear) {
    let Clear { name, bytes } = file;
    let clear = samples(bytes);
    assert!(!clear.is_empty(), "{name}: there are samples");
    assert_eq!(raw_samples(bytes), clear, "{name}: two readers find the same samples");
    for profile in PROFILES {
        let protected = protect(bytes, &request(profile)).unwrap_or_else(|e| panic!("{name} {profile}: {e}"));
        raw::check_pointers(&protected);
        let still = samples(&protected);
        for (track, list) in &clear {
            let same = list.iter().zip(&still[track]).filter(|(a, b)| a == b && a.len() > 200).count();
            assert_eq!(same, 0, "{name} {profile}: track {track} is encrypted, every sample of it");
        }
        let own = decrypted_samples(&protected, |_, _| Some(ContentKey(drive::key()))).unwrap();
        assert!(own == clear, "{name} {profile}: our reader");
        let judged = bento4_decrypt(&protected, &track_keys(&clear));
        assert!(raw_samples(&judged) == clear, "{name} {profile}: Bento4");
    }
    println!("{name}: {} samples", clear.values().map(Vec::len).sum::<usize>());
}

#[test]
fn bento4_and_our_reader_get_the_samples_of_the_corpus_back() {
    let files = clear::corpus();
    files.iter().for_each(judge);
    if support::corpus().is_some() {
        assert!(files.len() >= 15, "the corpus has clear files, but only {} were taken", files.len());
    }
}

#[test]
fn bento4_and_our_reader_get_the_samples_of_made_files_back() {
    clear::made().iter().for_each(judge);
}

/// In PIFF form nothing is rewritten but what grows, so taking the protection out gives the clear file, byte for
/// byte. What the judge leaves in place must be taken from the comparison: brands that PIFF demands, and the header
/// box of the DRM system.
#[test]
fn bento4_gives_back_the_whole_file_from_piff() {
    let mut whole = Vec::new();
    for Clear { name, bytes } in clear::all() {
        let protected = protect(&bytes, &request("piff")).unwrap();
        let judged = bento4_decrypt(&protected, &track_keys(&samples(&bytes)));
        if judged == bytes {
            whole.push(name);
        } else {
            let (a, b) = (raw::boxes(&judged, 0), raw::boxes(&bytes, 0));
            let names = |list: &[raw::RawBox<'_>]| list.iter().map(|x| format!("{}{}", x.name, x.bytes.len())).collect::<Vec<_>>();
            println!("{name}: differs {:?}\n {:?}", names(&a).iter().take(8).collect::<Vec<_>>(), names(&b).iter().take(8).collect::<Vec<_>>());
        }
    }
    println!("{whole:?}");
}

/// FFmpeg 5.1 says this of encrypted fragments whose `traf` has several `trun` boxes, in published files too: see
/// `several_runs_are_beyond_ffmpeg`.
const SEVERAL_RUNS: &str = "Incorrect number of samples in encryption info";

#[test]
fn ffmpeg_decodes_the_same_frames() {
    if !ffmpeg::present() {
        return;
    }
    for Clear { name, bytes } in clear::all() {
        let protected = protect(&bytes, &request("hybrid")).unwrap();
        for kind in clear::kinds(&bytes) {
            let expected = ffmpeg::decode(&bytes, None, kind);
            let found = ffmpeg::decode(&protected, Some(drive::KEY), kind);
            if clear::has_several_runs(&bytes) {
                println!("RUNS {name} {kind}: {}", found.errors.lines().next().unwrap_or("fine"));
                continue;
            }
            if found != expected {
                let first = expected.frames.iter().zip(&found.frames).find(|(a,b)| a != b);
                println!("{name} {kind}: {} frames, {} expected; {first:?}; {:?} / {:?}", found.frames.len(), expected.frames.len(), found.errors, expected.errors);
            }
        }
    }
}
