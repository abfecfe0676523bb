//! Published files with keys become the clear files that were published with them.

use super::{check_nothing_is_left, unprotect};
use crate::support::{corpus_file, drive, ffmpeg, raw};

const KID: &str = "31323334-3536-3738-3930-313233343536";
const SHAKA: &str = "32333435363738393021323334353637";
const MICROSOFT: &str = "b42ca3172ee4e69bf51848a59db9cd13";
const MP4FF: &str = "63cb5f7184dd4b689a5c5ff11ee6a328";
const SHAKA_MEDIA: &str = "ebdd62f16814d27b68ef122afce4ae3c";

/// One or several corpus files one behind the other: an initialization segment and its segments are a file.
pub fn joined(names: &str) -> Option<Vec<u8>> {
    names.split(' ').map(corpus_file).collect::<Option<Vec<_>>>().map(|parts| parts.concat())
}

fn segments(folder: &str, kind: &str, numbers: &[u32]) -> String {
    let name = |part: &str| format!("cenc/shaka-packager__{folder}__bear-640x360-{kind}-{part}");
    let all = numbers.iter().map(|number| name(&format!("{number}.m4s")));
    [name("init.mp4")].into_iter().chain(all).collect::<Vec<_>>().join(" ")
}

/// Encrypted file, key, and the clear file, as paths in the corpus.
pub fn pairs() -> Vec<(String, &'static str, String)> {
    let golden = |name: &str| format!("cenc/shaka-packager__{name}");
    let clear = |kind: &str| segments("live-profile", kind, &[1, 2, 3]);
    let mut all = Vec::new();
    for (folder, kind) in [
        ("encryption", "video"),
        ("encryption", "audio"),
        ("encryption-with-multi-drms", "video"),
        ("encryption-with-multi-drms", "audio"),
        ("encryption-cbc-1", "video"),
        ("encryption-cbc-1", "audio"),
        ("encryption-cens", "video"),
        ("encryption-cens", "audio"),
        ("encryption-cbcs", "video"),
        ("encryption-cbcs-with-full-protection", "video"),
        ("encryption-cbcs-with-full-protection", "audio"),
    ] {
        all.push((golden(&format!("{folder}__bear-640x360-{kind}.mp4")), SHAKA, clear(kind)));
    }
    for (folder, name) in [
        ("hevc-with-encryption", "bear-640x360-hevc-video"),
        ("flac-with-encryption", "bear-flac-audio"),
        ("opus-vp9-mp4-with-encryption", "bear-320x240-vp9-opus-audio"),
        ("opus-vp9-mp4-with-encryption", "bear-320x240-vp9-opus-video"),
    ] {
        let (encrypted, decrypted) =
            (format!("{folder}__{name}.mp4"), format!("{folder}__decrypted-{name}-0.mp4"));
        all.push((golden(&encrypted), SHAKA, golden(&decrypted)));
    }
    let mixed = "mp4-frag-mixed/";
    for (encrypted, key, clear) in [
        (
            "piff/synth_bento4__bbb10s_piffctr.ismv",
            MICROSOFT,
            "mp4-frag-mixed/shaka-packager__BigBuckBunny_10s.ismv",
        ),
        (
            "piff/synth_bento4__bbb10s_piffcbc.ismv",
            MICROSOFT,
            "mp4-frag-mixed/shaka-packager__BigBuckBunny_10s.ismv",
        ),
        ("piff/synth_bento4__small_piffctr.ismv", MICROSOFT, "smooth/azure-sdk__small.ismv"),
    ] {
        all.push((encrypted.to_owned(), key, clear.to_owned()));
    }
    all.push((
        format!("{mixed}mp4ff__prog_8s_enc_dashinit.mp4"),
        MP4FF,
        format!("{mixed}mp4ff__prog_8s_dec_dashinit.mp4"),
    ));
    all
}

#[test]
fn published_files_become_their_clear_twins_without_leftovers() {
    for (encrypted, key, clear) in pairs() {
        let (Some(file), Some(clear)) = (joined(&encrypted), joined(&clear)) else { return };
        let found = unprotect(&file, &[("", key)]).unwrap_or_else(|error| panic!("{encrypted}: {error}"));
        check_nothing_is_left(&found);
        raw::check_pointers(&found);
        let (found, clear) = (raw::by_track(&found), raw::by_track(&clear));
        assert!(found.values().map(Vec::len).sum::<usize>() > 10, "{encrypted}");
        // Track IDs may differ; there is one track, or they are the same.
        assert!(found.values().eq(clear.values()), "{encrypted}");
    }
}

/// Segments 2 and 3 have keys of their own; the first is clear.
#[test]
fn keys_that_change_are_followed() {
    let turned = |text: &str, by: usize| {
        let mut bytes = hex::decode(text).unwrap();
        bytes.rotate_left(by);
        hex::encode(bytes)
    };
    for kind in ["video", "audio"] {
        let names = segments("live-profile-and-key-rotation", kind, &[2, 3]);
        let (Some(file), Some(clear)) = (joined(&names), joined(&segments("live-profile", kind, &[2, 3])))
        else {
            return;
        };
        let kid = KID.replace('-', "");
        let keys: Vec<_> = (0..4).map(|by| (turned(&kid, by), turned(SHAKA, by))).collect();
        let keys: Vec<(&str, &str)> = keys.iter().map(|(kid, key)| (&**kid, &**key)).collect();
        let found = unprotect(&file, &keys).unwrap();
        check_nothing_is_left(&found);
        assert!(raw::samples(&found) == raw::samples(&clear), "{kind}");
    }
}

/// Files that have no clear twin: another reader decrypts them to the same samples, or they decode without a fault.
#[test]
fn files_without_a_clear_twin_decode() {
    for (name, key, kind) in [
        ("mp4-frag-mixed/shaka-packager__bear-640x360-v_frag-cenc-senc.mp4", SHAKA_MEDIA, "v"),
        ("mp4-frag-mixed/shaka-packager__bear-640x360-v_frag-cenc-aux.mp4", SHAKA_MEDIA, "v"),
        ("mp4-frag-mixed/mp4ff__cbcs.mp4", "22bdb0063805260307ee5045c0f3835a", "v"),
        ("mp4-frag-mixed/mp4ff__cbcs_audio.mp4", "5ffd93861fa776e96cccd934898fc1c8", "a"),
        ("cenc/shaka-packager__av1-mp4-with-encryption__bear-av1-video.mp4", SHAKA, "v"),
    ] {
        let Some(file) = corpus_file(name) else { return };
        let found = unprotect(&file, &[("", key)]).unwrap_or_else(|error| panic!("{name}: {error}"));
        check_nothing_is_left(&found);
        // That of AV1 is all within its clear lead.
        let is_clear = name.contains("av1");
        assert_eq!(drive::samples(&found) == drive::samples(&file), is_clear, "{name}");
        if ffmpeg::present() {
            assert_eq!(ffmpeg::decode(&found, None, kind).errors, "", "{name}");
        }
    }
}
