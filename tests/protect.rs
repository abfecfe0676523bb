//! Protected files, judged by Bento4, FFmpeg and our own reader.

mod support;

use boxlock::bytes::ContentKey;
use boxlock_judges::{TrackKey, bento4_decrypt};
use support::drive::{self, Feed, decrypted_samples, samples};

/// Clear fragmented files with H.264 or AAC: of the corpus, and made on the spot.
fn clear_files() -> Vec<(String, Vec<u8>)> {
    let mut files = support::corpus_files();
    files.retain(|(name, file)| {
        let media = [".ismv", ".isma", ".mp4", ".m4v"].iter().any(|end| name.ends_with(end));
        media && drive::open(file, Feed::Whole).is_ok_and(|session| {
            drive::plan(&session, &drive::request("piff")).is_ok()
        })
    });
    files
}

fn track_keys(samples: &drive::Samples) -> Vec<TrackKey> {
    samples.keys().map(|&track_id| TrackKey { track_id, key: drive::key() }).collect()
}

#[test]
fn bento4_and_our_reader_get_the_clear_samples_back() {
    let files = clear_files();
    for (name, file) in &files {
        let clear = samples(file);
        for profile in ["piff", "hybrid"] {
            let protected = drive::protect(file, &drive::request(profile)).unwrap_or_else(|e| panic!("{name}: {e}"));
            let still = samples(&protected);
            assert_ne!(still, clear, "{name} {profile}: something is encrypted");
            let own = decrypted_samples(&protected, |_, _| Some(ContentKey(drive::key()))).unwrap();
            assert_eq!(own, clear, "{name} {profile}: our reader");
            let judged = samples(&bento4_decrypt(&protected, &track_keys(&clear)));
            assert!(judged == clear, "{name} {profile}: Bento4");
        }
        println!("{name}: {} samples", clear.values().map(Vec::len).sum::<usize>());
    }
    println!("{} files", files.len());
}
