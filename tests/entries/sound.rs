//! Made entries of sound: channels and rate from where they are known best.

use boxlock::track::{Codec, TrackKind};

use super::made::{atom, audio, audio_entry, audio_of, esds, hexed, read, sounds, words};

fn heard(entry: &[u8]) -> boxlock::track::SampleEntry {
    read(entry, TrackKind::Audio)
}

#[test]
fn rates_are_unsigned_and_may_be_beyond_the_entry() {
    for rate in [8_000, 32_000, 32_768, 44_100, 48_000, 65_535] {
        assert_eq!(heard(&audio_of(b"sowt", 2, rate, &[])).sound, Some((2, rate)));
    }
    // ISO's version 1, where `srat` has the rate and no QuickTime fields follow.
    let srat = hexed(b"srat", "00000000 0002ee00");
    let pcmc = hexed(b"pcmC", "00000000 01 18");
    let entry = heard(&audio_entry(b"ipcm", 1, 2, 1, &[pcmc, srat].concat()));
    sounds(&entry, "ipcm", "PCM", "24 bits, little-endian", (2, 192_000));
    // What cannot be read is what the entry says.
    let entry = heard(&audio(b"ipcm", &[hexed(b"srat", "0000")]));
    assert_eq!((entry.sound, entry.damage.len()), (Some((2, 44_100)), 1));
}

#[test]
fn mpeg_4_audio_of_every_kind() {
    for (object_type, specific, string, name, sound) in [
        (0x40, &[0x11, 0x90][..], "mp4a.40.2", "AAC LC", (2, 48_000)),
        (0x40, &[0x11, 0xb0], "mp4a.40.2", "AAC LC", (6, 48_000)),
        (0x40, &[0x11, 0xb8], "mp4a.40.2", "AAC LC", (8, 48_000)),
        (0x40, &[0x10, 0x10], "mp4a.40.2", "AAC LC", (2, 96_000)),
        (0x40, &[0x2b, 0x11, 0x88, 0x00], "mp4a.40.5", "HE-AAC", (2, 48_000)),
        (0x40, &[0xeb, 0x09, 0x88, 0x00], "mp4a.40.29", "HE-AAC v2", (2, 48_000)),
        (0x40, &[0x13, 0x90, 0x56, 0xe5, 0xa0], "mp4a.40.2", "HE-AAC", (2, 44_100)),
        // 42, 48000, stereo; USAC: 48000 again, index 2.
        (0x40, &[0xf9, 0x46, 0x43, 0x62], "mp4a.40.42", "xHE-AAC", (2, 48_000)),
        // 42, 24000, not stated; USAC: 48000, frame 3, index 6.
        (0x40, &[0xf9, 0x4c, 0x03, 0x66], "mp4a.40.42", "xHE-AAC", (6, 48_000)),
        // ALS: 36, 48000, not stated; fill, "ALS\0", 96000, samples, 2 channels.
        (
            0x40,
            &[0xf8, 0x86, 0x00, 0x41, 0x4c, 0x53, 0, 0, 1, 0x77, 0, 0, 0, 0, 0, 0, 1],
            "mp4a.40.36",
            "MPEG-4 ALS",
            (2, 96_000),
        ),
        (0x40, &[0xba, 0x08, 0x00], "mp4a.40.23", "AAC LD", (1, 44_100)),
        (0x40, &[0x61, 0x90], "mp4a.40.12", "MPEG-4 audio 12", (2, 48_000)),
        (0x40, &[], "mp4a.40", "MPEG-4 audio", (2, 44_100)),
        (0x67, &[0x11, 0x90], "mp4a.67", "AAC LC", (2, 48_000)),
        (0x66, &[], "mp4a.66", "MPEG-2 AAC Main", (2, 44_100)),
        (0x69, &[], "mp4a.69", "MP3 (MPEG-2 audio)", (2, 44_100)),
        (0x6b, &[], "mp4a.6B", "MP3", (2, 44_100)),
        (0xa9, &[], "mp4a.A9", "DTS", (2, 44_100)),
        (0xad, &[], "mp4a.AD", "Opus", (2, 44_100)),
        (0xdd, &[2, 30], "mp4a.DD", "Vorbis", (2, 44_100)),
    ] {
        let entry = heard(&audio(b"mp4a", &[esds(object_type, specific)]));
        sounds(&entry, string, name, "", sound);
        let is_aac = matches!(object_type, 0x40 | 0x66 | 0x67) && name != "MPEG-4 ALS";
        assert!(matches!(&entry.codec, Codec::Mpeg(config) if config.is_aac() == is_aac), "{name}");
    }
}

#[test]
fn a_damaged_decoder_configuration_leaves_the_rest_of_the_descriptor() {
    let entry = heard(&audio(b"mp4a", &[esds(0x40, &[0x11])]));
    assert_eq!(words(&entry), ["mp4a.40", "MPEG-4 audio", ""]);
    assert_eq!(entry.sound, Some((2, 44_100)));
    assert_eq!(entry.damage[0].path(), "stsd/mp4a/esds");
    // A descriptor of another kind first; lengths that reach past the one around them; none at all.
    let other = "00000000 03 1b 000100 14 02 0101 04 11 40 15 000000 00000000 00000000 05 02 1190";
    sounds(&heard(&audio(b"mp4a", &[hexed(b"esds", other)])), "mp4a.40.2", "AAC LC", "", (2, 48_000));
    let long = "00000000 03 40 000100 04 30 40 15 000000 00000000 00000000 05 09 1190";
    sounds(&heard(&audio(b"mp4a", &[hexed(b"esds", long)])), "mp4a.40.2", "AAC LC", "", (2, 48_000));
    let entry = heard(&audio(b"mp4a", &[hexed(b"esds", "00000000 03 03 000100")]));
    assert_eq!((entry.codec_string().as_str(), entry.codec_name().as_str()), ("mp4a", "MPEG-4 audio"));
    let said = entry.damage[0].message();
    assert!(said.contains("has no DecoderConfigDescriptor (tag 4)"), "{said}");
}

#[test]
fn ac_3_knows_its_channels() {
    // 48 kHz, bsid 8, 3/2 and LFE; 44.1 kHz mono; 32 kHz 2/2.
    for (dac3, sound) in [("10 3d c0", (6, 48_000)), ("50 08 c0", (1, 44_100)), ("90 30 c0", (4, 32_000))] {
        let entry = heard(&audio(b"ac-3", &[hexed(b"dac3", dac3)]));
        sounds(&entry, "ac-3", "Dolby Digital (AC-3)", "", sound);
    }
    // With four zeros in front, which is told.
    let entry = heard(&audio(b"ac-3", &[hexed(b"dac3", "00000000 103dc0")]));
    assert_eq!(entry.sound, Some((6, 48_000)));
    assert_eq!(
        entry.damage[0].message(),
        "Box 'dac3' of a sample entry is damaged: it has 7 bytes, but should have 3; the values are taken from behind \
         its four zeros."
    );
}

#[test]
fn enhanced_ac_3_adds_its_dependent_channels_and_knows_atmos() {
    let plain = "Dolby Digital Plus (E-AC-3)";
    for (dec3, name, sound) in [
        // 640 kbit/s, one substream: 48 kHz, bsid 16, 3/2, LFE.
        ("1400 20 0f 00", plain, (6, 48_000)),
        // One dependent substream with Lrs/Rrs: 7.1.
        ("1400 20 0f 02 02", plain, (8, 48_000)),
        // With a second LFE as well.
        ("1400 20 0f 03 02", plain, (9, 48_000)),
        ("1400 20 0f 00 01 10", "Dolby Digital Plus with Atmos (E-AC-3 JOC)", (6, 48_000)),
        // A reduced rate, which dec3 does not tell.
        ("0800 e0 04 00", plain, (2, 44_100)),
    ] {
        sounds(&heard(&audio(b"ec-3", &[hexed(b"dec3", dec3)])), "ec-3", name, "", sound);
    }
}

#[test]
fn other_dolby_formats() {
    // Version 1, bitstream 2, 48 kHz; one presentation of version 1, 5.1, mdcompat 3.
    let dac4 = "20a4 0180 00000000 0ffffffff0 01 0d f9b0 0004 8000 0000";
    let entry = heard(&audio(b"ac-4", &[hexed(b"dac4", &dac4.replace(' ', ""))]));
    assert!(entry.codec_string().starts_with("ac-4.02."), "{}", entry.codec_string());
    assert_eq!(entry.sound.map(|(_, rate)| rate), Some(48_000));
    let entry = heard(&audio(b"ac-4", &[atom(b"dac4", &[0x20])]));
    assert_eq!((entry.codec_string().as_str(), entry.damage.len()), ("ac-4", 1));
    // 96 kHz; 5.1 in the six-channel presentation (L/R, C, LFE, Ls/Rs), 7.1 in the other.
    let entry = heard(&audio(b"mlpa", &[hexed(b"dmlp", "10078000 0000 00000000")]));
    sounds(&entry, "mlpa", "Dolby TrueHD", "", (6, 96_000));
    let entry = heard(&audio(b"mlpa", &[hexed(b"dmlp", "8007804f 0000 00000000")]));
    sounds(&entry, "mlpa", "Dolby TrueHD", "", (8, 44_100));
}

#[test]
fn dts_by_its_loudspeakers() {
    // 48 kHz, 24 bits; C, L/R, Ls/Rs, LFE.
    let ddts = hexed(b"ddts", "0000bb80 00178ca0 00178ca0 18 0000000f 000f 00");
    sounds(&heard(&audio(b"dtsc", &[ddts])), "dtsc", "DTS", "24 bits", (6, 48_000));
    let ddts = hexed(b"ddts", "00017700 00178ca0 00178ca0 18 0000000f 084f 00");
    sounds(&heard(&audio(b"dtsl", &[ddts])), "dtsl", "DTS-HD Master Audio", "24 bits", (10, 96_000));
    let udts = hexed(b"udts", "01 20 0000003f 80 00");
    sounds(&heard(&audio(b"dtsx", &[udts])), "dtsx", "DTS:X", "profile 2", (6, 48_000));
}

#[test]
fn opus_flac_and_alac() {
    let dops = hexed(b"dOps", "00 06 0138 0000ac44 0000 01 04 02 000401020305");
    sounds(&heard(&audio(b"Opus", &[dops])), "Opus", "Opus", "", (6, 48_000));
    // 96 kHz, 2 channels, 24 bits.
    let streaminfo = format!("80000022 1000 1000 000000 000000 17700 37 000000000 {}", "00".repeat(16));
    let dfla = hexed(b"dfLa", &format!("00000000 {streaminfo}"));
    sounds(&heard(&audio_of(b"fLaC", 2, 0, &[dfla])), "fLaC", "FLAC", "24 bits", (2, 96_000));
    let alac = hexed(b"alac", "00000000 00001000 00 18 28 0a 0e 06 00ff 00000000 00000000 00017700");
    sounds(&heard(&audio_of(b"alac", 2, 0, &[alac])), "alac", "Apple Lossless", "24 bits", (6, 96_000));
}

#[test]
fn immersive_sound() {
    // Low Complexity level 3, layout 6; rate index 3 behind the repeated profile.
    let mhac = hexed(b"mhaC", "01 0d 06 0003 0d 18 00");
    sounds(
        &heard(&audio(b"mhm1", &[mhac])),
        "mhm1.0x0D",
        "MPEG-H 3D Audio Low Complexity",
        "level 3",
        (6, 48_000),
    );
    sounds(&heard(&audio(b"mhm2", &[])), "mhm2", "MPEG-H 3D Audio", "", (2, 44_100));
    // Sequence header, then a codec configuration of Opus, of AAC and of PCM.
    let iacb =
        |config: &str| hexed(b"iacb", &format!("01 {:02x} {config}", config.replace(' ', "").len() / 2));
    let header = "f8 06 69616d66 00 01";
    let opus = iacb(&format!("{header} 00 14 00 4f707573 c007 fffc 01 02 0138 0000bb80 0000 00"));
    sounds(
        &heard(&audio_of(b"iamf", 0, 0, &[opus])),
        "iamf.000.001.Opus",
        "IAMF with Opus",
        "profile 0",
        (0, 48_000),
    );
    let aac = iacb(&format!(
        "{header} 00 1c 00 6d703461 8008 ffff 04 11 40 15 000000 00000000 00000000 05 02 1190"
    ));
    sounds(
        &heard(&audio_of(b"iamf", 0, 0, &[aac])),
        "iamf.000.001.mp4a.40.2",
        "IAMF with AAC LC",
        "profile 0",
        (0, 48_000),
    );
    let pcm = iacb(&format!("{header} 00 0f 00 6970636d 8008 0000 01 10 0000ac44"));
    sounds(
        &heard(&audio_of(b"iamf", 0, 0, &[pcm])),
        "iamf.000.001.ipcm",
        "IAMF with PCM",
        "profile 0",
        (0, 44_100),
    );
}

#[test]
fn quicktime_sound_versions() {
    // Version 1: four numbers, then `wave` with the decoder's boxes, among them one with the codec's own code.
    let wave = atom(
        b"wave",
        &[atom(b"frma", b"mp4a"), atom(b"mp4a", &[0; 4]), esds(0x40, &[0x11, 0x88]), atom(&[0; 4], &[])]
            .concat(),
    );
    let entry = heard(&audio_entry(b"mp4a", 1, 2, 44_100, &[&[0; 16], &wave[..]].concat()));
    sounds(&entry, "mp4a.40.2", "AAC LC", "", (1, 48_000));
    let damaged = atom(b"wave", &atom(b"esds", &[]));
    let entry = heard(&audio_entry(b"mp4a", 1, 2, 44_100, &[&[0; 16], &damaged[..]].concat()));
    assert_eq!(entry.damage[0].path(), "stsd/mp4a/wave/esds");
    // Big-endian unless `enda` turns it.
    let turned = atom(b"wave", &[atom(b"frma", b"in24"), atom(b"enda", &[0, 1])].concat());
    let entry = heard(&audio_entry(b"in24", 1, 2, 44_100, &[&[0; 16], &turned[..]].concat()));
    sounds(&entry, "in24", "PCM", "24 bits, little-endian", (2, 44_100));
    sounds(&heard(&audio(b"in24", &[])), "in24", "PCM", "24 bits, big-endian", (2, 44_100));
    // Version 2: a rate as a 64-bit float.
    let mut fields = 72_u32.to_be_bytes().to_vec();
    fields.extend(96_000_f64.to_be_bytes());
    for number in [6_u32, 0x7f00_0000, 24, 0xc, 18, 1] {
        fields.extend(number.to_be_bytes());
    }
    let entry = heard(&audio_entry(b"lpcm", 2, 3, 1, &fields));
    sounds(&entry, "lpcm", "PCM", "24 bits, little-endian", (6, 96_000));
}

#[test]
fn plain_sound_and_speech() {
    for (code, name, detail, sound) in [
        (b"twos", "PCM", "16 bits, big-endian", (2, 44_100)),
        (b"sowt", "PCM", "16 bits, little-endian", (2, 44_100)),
        (b"fl32", "PCM, floating point", "32 bits, big-endian", (2, 44_100)),
        (b"raw ", "PCM", "16 bits, unsigned", (2, 44_100)),
        (b"ulaw", "G.711 µ-law", "", (2, 44_100)),
        (b"samr", "AMR narrowband", "", (1, 8_000)),
        (b"sawb", "AMR wideband", "", (1, 16_000)),
        (b"sevc", "EVRC", "", (1, 8_000)),
        (b"sqcp", "QCELP", "", (1, 8_000)),
        (b".mp3", "MP3", "", (2, 44_100)),
        (b"ms\0\x55", "MP3", "", (2, 44_100)),
        (b"ms\0\x02", "Microsoft ADPCM", "", (2, 44_100)),
        (b"ms\x12\x34", "Windows sound format 0x1234", "", (2, 44_100)),
    ] {
        let entry = heard(&audio(code, &[]));
        assert_eq!(words(&entry)[1..], [name, detail], "{code:?}");
        assert_eq!(entry.sound, Some(sound), "{code:?}");
    }
    // The same code is pictures in a video track.
    let entry = read(&super::made::visual(b"raw ", &[]), TrackKind::Video);
    assert_eq!(words(&entry)[1..], ["Uncompressed RGB", ""]);
    assert_eq!((entry.size, entry.sound), (Some((320, 240)), None));
    // Windows' own description: WMA Professional, 6 channels, 48 kHz.
    let wfex = hexed(b"wfex", "6201 0600 80bb0000 00000000 0000 1800 0000");
    sounds(&heard(&audio(b"wma ", &[wfex])), "wma", "Windows Media Audio Professional", "", (6, 48_000));
}

#[test]
fn fairplay_and_hidden_sound() {
    let sinf = atom(b"sinf", &atom(b"frma", b"mp4a"));
    let entry = heard(&audio(b"drms", &[esds(0x40, &[0x11, 0x90]), sinf]));
    sounds(&entry, "mp4a.40.2", "AAC LC", "", (2, 48_000));
    assert!(entry.is_protected());
    for (boxes, string) in [
        (esds(0x40, &[0x11, 0x90]), "mp4a.40.2"),
        (hexed(b"dec3", "1400 20 0f 00"), "ec-3"),
        (hexed(b"dOps", "00 02 0138 0000bb80 0000 00"), "Opus"),
        (hexed(b"mhaC", "01 0d 06 0000"), "mha1.0x0D"),
    ] {
        assert_eq!(heard(&audio(b"enca", &[boxes])).codec_string(), string);
    }
}
