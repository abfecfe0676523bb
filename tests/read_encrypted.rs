//! Files that others encrypted: our reader finds their IVs and subsamples, and decrypts them to the published samples.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

mod made;
use crate::support;

use boxlock::bytes::{ContentKey, KeyId};
use boxlock_judges::{TrackKey, bento4_decrypt};
use support::drive::{Samples, decrypted_samples, samples};
use support::{corpus_file, ffmpeg};

const MICROSOFT: &str = "b42ca3172ee4e69bf51848a59db9cd13";
const MP4FF: &str = "63cb5f7184dd4b689a5c5ff11ee6a328";
const SHAKA: &str = "32333435363738393021323334353637";
const SHAKA_MEDIA: &str = "ebdd62f16814d27b68ef122afce4ae3c";

fn key(text: &str) -> ContentKey {
    let mut key = [0; 16];
    hex::decode_to_slice(text, &mut key).unwrap();
    ContentKey(key)
}

fn decrypted(file: &[u8], text: &str) -> Samples {
    decrypted_samples(file, |_, _| Some(key(text))).unwrap()
}

/// One or several corpus files one behind the other: an initialization segment and its segments are a file.
fn joined(names: &str) -> Option<Vec<u8>> {
    names.split(' ').map(corpus_file).collect::<Option<Vec<_>>>().map(|parts| parts.concat())
}

#[test]
fn published_files_decrypt_to_their_published_samples() {
    // The two Shaka streams begin with a clear lead: two sample entries, and fragments of the second have no senc.
    let shaka = |kind: &str| {
        let init = format!("cenc/shaka-packager__live-profile__bear-640x360-{kind}-init.mp4");
        let segment = |n| format!(" cenc/shaka-packager__live-profile__bear-640x360-{kind}-{n}.m4s");
        init + &segment(1) + &segment(2) + &segment(3)
    };
    let (video, audio) = (shaka("video"), shaka("audio"));
    let cases: [(&str, &str, &str); 11] = [
        (
            "piff/synth_bento4__bbb10s_piffctr.ismv",
            MICROSOFT,
            "mp4-frag-mixed/shaka-packager__BigBuckBunny_10s.ismv",
        ),
        ("piff/synth_bento4__small_piffctr.ismv", MICROSOFT, "smooth/azure-sdk__small.ismv"),
        (
            "mp4-frag-mixed/mp4ff__prog_8s_enc_dashinit.mp4",
            MP4FF,
            "mp4-frag-mixed/mp4ff__prog_8s_dec_dashinit.mp4",
        ),
        ("cenc/shaka-packager__encryption__bear-640x360-video.mp4", SHAKA, &video),
        ("cenc/shaka-packager__encryption__bear-640x360-audio.mp4", SHAKA, &audio),
        ("cenc/shaka-packager__encryption-with-multi-drms__bear-640x360-video.mp4", SHAKA, &video),
        ("cenc/shaka-packager__encryption-with-multi-drms__bear-640x360-audio.mp4", SHAKA, &audio),
        (
            "cenc/shaka-packager__hevc-with-encryption__bear-640x360-hevc-video.mp4",
            SHAKA,
            "cenc/shaka-packager__hevc-with-encryption__decrypted-bear-640x360-hevc-video-0.mp4",
        ),
        (
            "cenc/shaka-packager__flac-with-encryption__bear-flac-audio.mp4",
            SHAKA,
            "cenc/shaka-packager__flac-with-encryption__decrypted-bear-flac-audio-0.mp4",
        ),
        (
            "cenc/shaka-packager__opus-vp9-mp4-with-encryption__bear-320x240-vp9-opus-audio.mp4",
            SHAKA,
            "cenc/shaka-packager__opus-vp9-mp4-with-encryption__decrypted-bear-320x240-vp9-opus-audio-0.mp4",
        ),
        (
            "cenc/shaka-packager__opus-vp9-mp4-with-encryption__bear-320x240-vp9-opus-video.mp4",
            SHAKA,
            "cenc/shaka-packager__opus-vp9-mp4-with-encryption__decrypted-bear-320x240-vp9-opus-video-0.mp4",
        ),
    ];
    for (encrypted, key, clear) in cases {
        let (Some(encrypted_file), Some(clear_file)) = (corpus_file(encrypted), joined(clear)) else {
            return;
        };
        let clear = samples(&clear_file);
        let found = decrypted(&encrypted_file, key);
        assert!(found.values().map(Vec::len).sum::<usize>() > 10, "{encrypted}");
        assert_ne!(samples(&encrypted_file), clear, "{encrypted} is encrypted");
        // Track IDs may differ; there is one track, or they are the same.
        assert!(found.values().eq(clear.values()), "{encrypted}");
    }
}

#[test]
fn a_published_file_without_a_clear_twin_decrypts_as_bento4_says_and_plays() {
    let Some(file) = corpus_file("mp4-frag-mixed/shaka-packager__bear-640x360-v_frag-cenc-senc.mp4") else {
        return;
    };
    let found = decrypted(&file, SHAKA_MEDIA);
    let keys: Vec<TrackKey> =
        found.keys().map(|&track_id| TrackKey { track_id, key: key(SHAKA_MEDIA).0 }).collect();
    assert!(samples(&bento4_decrypt(&file, &keys)) == found);
    if ffmpeg::present() {
        assert_eq!(ffmpeg::decode(&file, Some(SHAKA_MEDIA), "v").errors, "");
    }
}

#[test]
fn keys_are_asked_for_by_key_id() {
    let Some(file) = corpus_file("mp4-frag-mixed/mp4ff__prog_8s_enc_dashinit.mp4") else { return };
    let asked = std::cell::RefCell::new(Vec::new());
    let ask = |_, kid: Option<KeyId>| {
        asked.borrow_mut().push(kid.expect("a key ID").uuid());
        Some(key(MP4FF))
    };
    decrypted_samples(&file, ask).unwrap();
    asked.borrow_mut().dedup();
    assert_eq!(*asked.borrow(), ["cd7eb9ff-88f3-4cae-b061-85b00024e4c2"]);
    let error = decrypted_samples(&file, |_, _| None).unwrap_err();
    assert_eq!((error.code(), error.field()), ("no-key", Some("sourceKeys")));
}

/// Files that are protected already are not protected again.
#[test]
fn nothing_is_protected_twice() {
    let mut refused = 0;
    for (name, file) in support::corpus_files() {
        let Ok(session) = support::drive::open(&file, support::drive::Feed::Whole) else { continue };
        let index = session.index().unwrap();
        let Some(movie) = &index.movie else { continue };
        // An entry that no fragment uses says nothing of the samples.
        let used = |track: u32, entry: usize| {
            index.fragments.is_empty() || index.uses(track, u32::try_from(entry + 1).unwrap())
        };
        let mut entries =
            movie.tracks.iter().flat_map(|track| track.entries.iter().enumerate().map(|e| (track.id, e)));
        if entries.any(|(track, (number, entry))| entry.is_protected() && used(track, number)) {
            let error = support::drive::plan(&session, &support::drive::request("piff")).unwrap_err();
            // Damaged files say what is damaged.
            refused += usize::from(error.code() == "already-protected");
            assert!(error.code() == "already-protected" || !index.problems.is_empty(), "{name}: {error}");
        }
    }
    if support::corpus().is_some() {
        assert!(refused > 30, "{refused}");
    }
}
