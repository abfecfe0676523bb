//! Protected files, judged by Bento4, FFmpeg and our own reader: the samples that come back are the clear file's.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use boxlock::bytes::ContentKey;
use boxlock_judges::{TrackKey, bento4_decrypt};
use support::clear::{self, Clear};
use support::drive::{self, Samples, decrypted_samples, protect, request, samples};
use support::ffmpeg;
use support::raw::{self, RawBox};

const PROFILES: [&str; 2] = ["piff", "hybrid"];

fn track_keys(samples: &Samples) -> Vec<TrackKey> {
    samples.keys().map(|&track_id| TrackKey { track_id, key: drive::key() }).collect()
}

fn judge(file: &Clear) {
    let Clear { name, bytes } = file;
    let clear = samples(bytes);
    assert!(!clear.is_empty(), "{name}: there are samples");
    assert_eq!(raw::by_track(bytes), clear, "{name}: two readers find the same samples");
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
        assert!(raw::by_track(&judged) == clear, "{name} {profile}: Bento4");
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

fn names(boxes: &[RawBox<'_>]) -> Vec<String> {
    boxes.iter().map(|b| b.name.clone()).collect()
}

fn contents<'a>(boxes: &[RawBox<'a>]) -> Vec<&'a [u8]> {
    boxes.iter().map(|b| b.bytes).collect()
}

/// Major brand, version and compatible brands.
fn brands(ftyp: &RawBox<'_>) -> Vec<Vec<u8>> {
    ftyp.body().chunks(4).map(<[u8]>::to_vec).collect()
}

fn has_absolute_base(moof: &RawBox<'_>) -> bool {
    moof.children().iter().filter(|b| b.name == "traf").any(|traf| traf.at("tfhd").flags() & 1 != 0)
}

/// In PIFF form nothing is rewritten but what grows, so taking the protection out gives the clear file, byte for
/// byte. What the judge leaves in place must be taken from the comparison: brands that PIFF demands, and the header
/// box of the DRM system.
#[test]
fn bento4_gives_back_the_whole_file_from_piff() {
    for Clear { name, bytes } in clear::all() {
        let protected = protect(&bytes, &request("piff")).unwrap();
        let judged = bento4_decrypt(&protected, &track_keys(&samples(&bytes)));
        // Bento4 drops all segment indexes when there are several.
        let indexes = raw::boxes(&bytes, 0).iter().filter(|b| b.name == "sidx").count();
        let kept = |b: &RawBox<'_>| b.name != "sidx" || indexes == 1;
        let theirs: Vec<RawBox<'_>> = raw::boxes(&judged, 0).into_iter().filter(kept).collect();
        let ours: Vec<RawBox<'_>> = raw::boxes(&bytes, 0).into_iter().filter(kept).collect();
        assert_eq!(names(&theirs), names(&ours), "{name}");
        let absolute = ours.iter().any(|b| b.name == "moof" && has_absolute_base(b));
        let mut exact = 0;
        for (back, clear) in theirs.iter().zip(&ours) {
            let same = match clear.name.as_str() {
                // PIFF is no CMAF.
                "ftyp" => {
                    let stays = |brand: &Vec<u8>| !brand.starts_with(b"cm");
                    brands(back).starts_with(&brands(clear).into_iter().filter(stays).collect::<Vec<_>>())
                }
                "moov" => {
                    let mut children = back.children();
                    assert_eq!(children.remove(1).name, raw::PIFF_PSSH);
                    children.retain(|child| child.name != raw::RECORD);
                    contents(&children) == contents(&clear.children())
                }
                // Offsets moved; whether they are right is asked below.
                "mfra" | "sidx" => back.bytes.len() == clear.bytes.len(),
                // Absolute offsets went when the file was protected. Bento4 puts the runs of a track together.
                "moof" if absolute => true,
                "moof" | "mdat" if clear::has_several_runs(&bytes) => back.bytes.len() == clear.bytes.len(),
                _ => {
                    exact += 1;
                    back.bytes == clear.bytes
                }
            };
            assert!(same, "{name}: {} at {} comes back otherwise", clear.name, clear.start);
        }
        if indexes < 2 {
            raw::check_pointers(&judged);
        }
        println!("{name}: {exact} of {} boxes come back byte for byte", ours.len());
    }
}

/// FFmpeg 5.1 says this of encrypted files of several fragments whose `traf` boxes have several `trun` boxes.
const SEVERAL_RUNS: &str = "Incorrect number of samples in encryption info";

fn is_beyond_ffmpeg(file: &[u8]) -> bool {
    clear::has_several_runs(file) && raw::boxes(file, 0).iter().filter(|b| b.name == "moof").count() > 1
}

#[test]
fn ffmpeg_decodes_the_same_frames_at_the_same_times() {
    if !ffmpeg::present() {
        return;
    }
    for Clear { name, bytes } in clear::all() {
        let protected = protect(&bytes, &request("hybrid")).unwrap();
        let kinds = clear::kinds(&bytes);
        assert!(!kinds.is_empty(), "{name}: there is something to decode");
        for kind in kinds {
            let expected = ffmpeg::decode(&bytes, None, kind);
            let found = ffmpeg::decode(&protected, Some(drive::KEY), kind);
            if is_beyond_ffmpeg(&bytes) {
                assert_eq!(found.errors.lines().next(), Some(SEVERAL_RUNS), "{name} {kind}");
                continue;
            }
            assert_eq!(found.errors, "", "{name} {kind}");
            assert!(!found.frames.is_empty(), "{name} {kind}: there are frames");
            if expected.errors.is_empty() {
                assert_eq!(found.frames, expected.frames, "{name} {kind}");
            } else {
                // Of two tracks that both count from the moof without a flag FFmpeg finds only the first; in the
                // protected file the flag is set, and it finds both.
                assert!(name.ends_with("bear-640x360-av_frag.mp4"), "{name} {kind}: {}", expected.errors);
            }
        }
    }
}

/// The limit is FFmpeg's: a published file of that form fails alike.
#[test]
fn several_runs_are_beyond_ffmpeg() {
    let Some(published) = support::corpus_file("mp4-frag-mixed/mp4ff__cbcs.mp4") else { return };
    if !ffmpeg::present() {
        return;
    }
    assert!(is_beyond_ffmpeg(&published));
    let decoded = ffmpeg::decode(&published, Some("22bdb0063805260307ee5045c0f3835a"), "v");
    assert_eq!(decoded.errors.lines().next(), Some(SEVERAL_RUNS));
}
