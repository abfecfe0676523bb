//! Configuration records: `avcC` and `esds` from real files, and by hand.

use boxlock::boxes::aac::AacConfig;
use boxlock::bytes::{FourCc, Reader};
use boxlock::track::codec::avc_config::AvcConfig;
use boxlock::track::codec::h264::LengthSize;
use boxlock::track::codec::mpeg::MpegConfig;

use super::walker::{body, corpus};

fn avcc(profile: [u8; 3], length_byte: u8) -> boxlock::bytes::Result<AvcConfig> {
    let bytes = [1, profile[0], profile[1], profile[2], length_byte, 0xE0, 0];
    AvcConfig::parse(Reader::new(&bytes, 50))
}

#[test]
fn length_sizes_are_read_not_assumed() {
    for (byte, size) in
        [(0xFC, LengthSize::One), (0xFD, LengthSize::Two), (0xFF, LengthSize::Four), (0x03, LengthSize::Four)]
    {
        assert_eq!(avcc([66, 0, 10], byte).unwrap().length_size, size);
    }
    let error = avcc([66, 0, 10], 0xFE).unwrap_err();
    assert_eq!(
        error.to_string(),
        "The AVC configuration record gives NAL unit lengths 3 bytes, but only 1, 2 and 4 are allowed. (at byte 54)"
    );
}

#[test]
fn profiles_and_levels_have_names() {
    let names = [
        ([66, 0xC0, 30], "H.264 Constrained Baseline", "3", "avc1.42C01E"),
        ([66, 0x80, 9], "H.264 Baseline", "1b", "avc1.428009"),
        ([77, 0x50, 11], "H.264 Main", "1b", "avc1.4D500B"),
        ([77, 0x40, 11], "H.264 Main", "1.1", "avc1.4D400B"),
        ([100, 0, 40], "H.264 High", "4", "avc1.640028"),
        ([100, 0x0C, 51], "H.264 Constrained High", "5.1", "avc1.640C33"),
        ([110, 0x10, 31], "H.264 High 10 Intra", "3.1", "avc1.6E101F"),
        ([122, 0, 41], "H.264 High 4:2:2", "4.1", "avc1.7A0029"),
        ([99, 0, 41], "H.264 profile 99", "4.1", "avc1.630029"),
    ];
    for (bytes, name, level, codec) in names {
        let config = avcc(bytes, 0xFF).unwrap();
        assert_eq!(
            (
                config.profile_name().as_str(),
                config.level_text().as_str(),
                config.codec(FourCc(*b"avc1")).as_str()
            ),
            (name, level, codec)
        );
    }
}

#[test]
fn avcc_keeps_both_kinds_of_sets_and_ignores_what_follows() {
    let bytes =
        [1, 100, 0, 30, 0xFF, 0xE2, 0, 2, 0x67, 1, 0, 1, 0x67, 1, 0, 3, 0x68, 2, 3, 0xFD, 0xF8, 0xF8, 0];
    let config = AvcConfig::parse(Reader::new(&bytes, 0)).unwrap();
    assert_eq!(config.sps, [vec![0x67, 1], vec![0x67]]);
    assert_eq!(config.pps, [vec![0x68, 2, 3]]);
    for cut in 0..19 {
        assert_eq!(AvcConfig::parse(Reader::new(&bytes[..cut], 0)).unwrap_err().code(), "truncated");
    }
    assert_eq!(
        AvcConfig::parse(Reader::new(&[2, 66, 0, 10, 0xFF, 0xE0, 0], 7)).unwrap_err().code(),
        "bad-avcc"
    );
}

#[test]
fn aac_of_all_kinds() {
    type Case = (&'static [u8], u8, u32, u32, u8, &'static str);
    let cases: [Case; 7] = [
        (&[0x12, 0x10], 2, 44_100, 44_100, 2, "AAC LC"),
        (&[0x11, 0xB0], 2, 48_000, 48_000, 6, "AAC LC"),
        // Explicit SBR: 5, 24000, stereo, then 48000, 2.
        (&[0x2B, 0x11, 0x88, 0x00], 5, 24_000, 48_000, 2, "HE-AAC"),
        // Explicit PS on mono: 29, 24000, mono, 48000, 2.
        (&[0xEB, 0x09, 0x88, 0x00], 29, 24_000, 48_000, 2, "HE-AAC v2"),
        // Backward compatible: 2, 22050, stereo, 0x2B7, 5, present, 44100.
        (&[0x13, 0x90, 0x56, 0xE5, 0xA0], 2, 22_050, 44_100, 2, "HE-AAC"),
        // Rate written out: 2, 15, 0x00BB80 = 48000, stereo.
        (&[0x17, 0x80, 0x5D, 0xC0, 0x10], 2, 48_000, 48_000, 2, "AAC LC"),
        // Escaped object type 32 + 10.
        (&[0xF9, 0x46, 0x40], 42, 48_000, 48_000, 2, "xHE-AAC"),
    ];
    for (bytes, object_type, core, rate, channels, name) in cases {
        let config = AacConfig::parse(bytes).unwrap_or_else(|e| panic!("{bytes:x?}: {e}"));
        assert_eq!(
            (config.object_type, config.core_rate, config.rate, config.channels),
            (object_type, core, rate, channels),
            "{bytes:x?}"
        );
        assert_eq!(config.name(), name, "{bytes:x?}");
    }
    assert_eq!(AacConfig::parse(&[0x12]).unwrap_err().code(), "bad-aac");
}

/// An esds body: version and flags, ES (flags 0), decoder config with `object_type`, specific info; lengths of `width` bytes.
fn esds(object_type: u8, specific: &[u8], width: usize) -> Vec<u8> {
    let descriptor = |tag: u8, body: &[u8]| {
        let mut bytes = vec![tag];
        bytes.extend(std::iter::repeat_n(0x80, width - 1));
        bytes.push(u8::try_from(body.len()).unwrap());
        bytes.extend(body);
        bytes
    };
    let mut decoder = vec![object_type, 0x15, 0, 0, 0, 0, 1, 0xF4, 0, 0, 0, 0xFA, 0];
    decoder.extend(descriptor(5, specific));
    let mut es = vec![0, 1, 0];
    es.extend(descriptor(4, &decoder));
    es.extend(descriptor(6, &[2]));
    [vec![0; 4], descriptor(3, &es)].concat()
}

/// With what is inside the descriptor read too.
fn mpeg(body: &[u8]) -> boxlock::bytes::Result<MpegConfig> {
    let mut config = MpegConfig::parse(Reader::new(body, 0))?;
    config.read_specific()?;
    Ok(config)
}

#[test]
fn descriptor_lengths_take_one_to_five_bytes() {
    for width in 1..=5 {
        let bytes = esds(0x40, &[0x12, 0x10], width);
        let config = mpeg(&bytes).unwrap();
        assert_eq!((config.max_bitrate, config.average_bitrate), (128_000, 64_000));
        assert_eq!(
            (config.codec(FourCc(*b"mp4a")).as_str(), config.name().as_str()),
            ("mp4a.40.2", "AAC LC")
        );
        assert_eq!(config.specific, [0x12, 0x10]);
    }
    let bytes = esds(0x40, &[0x12, 0x10], 6);
    assert_eq!(mpeg(&bytes).unwrap_err().code(), "bad-esds");
}

#[test]
fn other_object_types_have_their_codec_strings() {
    const MP4A: FourCc = FourCc(*b"mp4a");
    let parse = |object_type, specific: &[u8]| mpeg(&esds(object_type, specific, 4)).unwrap();
    assert_eq!(parse(0x67, &[0x12, 0x10]).codec(MP4A), "mp4a.67");
    assert_eq!(parse(0x6B, &[]).codec(MP4A), "mp4a.6B");
    assert_eq!(parse(0x6B, &[]).name(), "MP3");
    assert_eq!(parse(0x40, &[0x2B, 0x11, 0x88, 0x00]).codec(MP4A), "mp4a.40.5");
}

#[test]
fn esds_of_real_files() {
    for (name, codec, rate, channels) in [
        ("cenc/shaka-packager__encryption__bear-640x360-audio.mp4", "mp4a.40.2", 44_100, 2),
        ("synth/synth_ffmpeg__ff_a_6s.isma", "mp4a.40.2", 44_100, 1),
        ("mp4-frag-mixed/shaka-packager__BigBuckBunny_10s.ismv", "mp4a.40.2", 48_000, 2),
    ] {
        let Some(file) = corpus(name) else { return };
        let config = mpeg(body(&file, b"esds")).unwrap();
        let aac = config.aac.unwrap();
        assert_eq!(
            (config.codec(FourCc(*b"mp4a")).as_str(), aac.rate, aac.channels),
            (codec, rate, channels),
            "{name}"
        );
    }
}
