//! Shaka Packager's own encrypted files: our ranges on the decrypted samples must be its `senc` entries exactly.

use aes::cipher::{KeyIvInit, StreamCipher};
use boxlock::bytes::{FourCc, Reader};
use boxlock::protect::subsample::{RangeFinder, Rule, saiz_max_entries};
use boxlock::track::codec::avc_config::AvcConfig;

use super::walker::{Sample, body, corpus, samples};

pub fn split(finder: &mut RangeFinder, sample: &[u8]) -> Vec<(u16, u32)> {
    let mut out = Vec::new();
    finder.split(sample, &mut out).unwrap_or_else(|e| panic!("{e}"));
    out.iter().map(|s| (s.clear, s.protected)).collect()
}

/// Undoes `cenc` on a sample; true when the entries cover it exactly.
pub fn decrypt(sample: &mut Sample, key: [u8; 16]) -> bool {
    let mut counter = [0; 16];
    counter[..8].copy_from_slice(&sample.iv);
    let mut cipher = ctr::Ctr64BE::<aes::Aes128>::new(&key.into(), &counter.into());
    let mut at = 0;
    for (clear, protected) in sample.entries.as_deref().unwrap_or_default() {
        at += usize::from(*clear);
        cipher.apply_keystream(&mut sample.bytes[at..at + *protected as usize]);
        at += *protected as usize;
    }
    at == sample.bytes.len()
}

/// Checks a file encrypted as `cenc` with the given key; returns how many samples were compared.
fn check_cenc(init: &[u8], file: &[u8], key: [u8; 16]) -> usize {
    let config = AvcConfig::parse(Reader::new(body(init, b"avcC"), 0)).unwrap();
    let mut finder = RangeFinder::new(Rule::avc_cmaf(&config).unwrap(), saiz_max_entries(8));
    let mut compared = 0;
    for (index, mut sample) in samples(file).into_iter().enumerate() {
        if sample.first {
            finder.begin_fragment();
        }
        if sample.entries.is_none() {
            continue;
        }
        assert!(decrypt(&mut sample, key), "sample {index}: the peer's entries cover the sample");
        let entries = sample.entries.unwrap();
        assert_eq!(split(&mut finder, &sample.bytes), entries, "sample {index}");
        compared += 1;
    }
    compared
}

/// Crypto period n of the live golden uses the key rotated left by n bytes.
fn rotated(bytes: [u8; 16], by: usize) -> [u8; 16] {
    let mut out = bytes;
    out.rotate_left(by);
    out
}

const KEY: [u8; 16] = *b"\x32\x33\x34\x35\x36\x37\x38\x39\x30\x21\x32\x33\x34\x35\x36\x37";

#[test]
fn cmaf_ranges_equal_shakas() {
    let mut compared = 0;
    for name in [
        "cenc/shaka-packager__encryption__bear-640x360-video.mp4",
        "cenc/shaka-packager__encryption-with-multi-drms__bear-640x360-video.mp4",
    ] {
        let Some(file) = corpus(name) else { return };
        compared += check_cenc(&file, &file, KEY);
    }
    assert!(compared > 80, "{compared} samples");
}

#[test]
fn cmaf_ranges_equal_shakas_in_a_live_stream_with_rotating_keys() {
    let dir = "cenc/shaka-packager__live-profile-and-key-rotation__bear-640x360-video";
    let Some(init) = corpus(&format!("{dir}-init.mp4")) else { return };
    for (segment, by) in [("2", 1), ("3", 2)] {
        let Some(file) = corpus(&format!("{dir}-{segment}.m4s")) else { return };
        assert!(check_cenc(&init, &file, rotated(KEY, by)) > 10);
    }
}

#[test]
fn the_codec_string_is_the_one_shaka_and_browsers_use() {
    let Some(init) = corpus("cenc/shaka-packager__live-profile__bear-640x360-video-init.mp4") else { return };
    let config = AvcConfig::parse(Reader::new(body(&init, b"avcC"), 0)).unwrap();
    assert_eq!(config.codec(FourCc(*b"avc1")), "avc1.64001E");
    assert_eq!(config.profile_name(), "H.264 High");
    assert_eq!(config.level_text(), "3");
    let sets = config.parameter_sets().unwrap();
    let sps = sets.sps(0).unwrap();
    assert_eq!((sps.width, sps.height), (640, 360));
}
