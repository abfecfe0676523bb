//! Numbers of codecs in words: profiles, levels, object types, channel layouts. Each stands here once, for the
//! inspector's rows and for the names of tracks.

/// `objectTypeIndication` of ISO/IEC 14496-3 audio.
pub const MPEG4_AUDIO: u8 = 0x40;
/// `objectTypeIndication` of ISO/IEC 14496-2 video.
pub const MPEG4_VISUAL: u8 = 0x20;

/// What an `objectTypeIndication` stands for (MP4RA's list, and two of the user private range); empty when nobody says.
pub fn object_type_name(object_type: u8) -> &'static str {
    match object_type {
        0x01 | 0x02 => "MPEG-4 systems",
        0x03 => "MPEG-4 interaction",
        0x04 => "Extended BIFS",
        0x05 => "AFX",
        0x06 => "MPEG-4 font data",
        0x07 => "MPEG-4 synthesized texture",
        0x08 => "MPEG-4 streaming text",
        0x09 => "LASeR",
        0x0a => "SAF",
        MPEG4_VISUAL => "MPEG-4 Visual",
        0x21 => "H.264",
        0x22 => "H.264 parameter sets",
        0x23 => "HEVC",
        MPEG4_AUDIO => "MPEG-4 audio",
        0x60 => "MPEG-2 video Simple",
        0x61 => "MPEG-2 video Main",
        0x62 => "MPEG-2 video SNR",
        0x63 => "MPEG-2 video Spatial",
        0x64 => "MPEG-2 video High",
        0x65 => "MPEG-2 video 4:2:2",
        0x66 => "MPEG-2 AAC Main",
        0x67 => "MPEG-2 AAC LC",
        0x68 => "MPEG-2 AAC SSR",
        // Layers 1 to 3 share the code; nearly all files have the third.
        0x69 => "MP3 (MPEG-2 audio)",
        0x6a => "MPEG-1 video",
        0x6b => "MP3",
        0x6c => "JPEG",
        0x6d => "PNG",
        0x6e => "JPEG 2000",
        0xa0 => "EVRC",
        0xa1 => "SMV",
        0xa2 => "3GPP2 compact multimedia",
        0xa3 => "VC-1",
        0xa4 => "Dirac",
        0xa5 => "Dolby Digital (AC-3)",
        0xa6 => "Dolby Digital Plus (E-AC-3)",
        0xa7 => "DRA",
        0xa8 => "G.719",
        0xa9 => "DTS",
        0xaa => "DTS-HD High Resolution",
        0xab => "DTS-HD Master Audio",
        0xac => "DTS Express",
        0xad => "Opus",
        0xae => "Dolby AC-4",
        0xaf => "Auro-Cx 3D audio",
        0xb0 => "RealVideo 11",
        0xb1 => "VP9",
        0xb2 => "DTS:X",
        0xb3 => "DTS:X profile 3",
        0xdd => "Vorbis",
        0xe0 => "Subpictures (VobSub)",
        0xe1 => "QCELP",
        _ => "",
    }
}

/// `audioObjectType` (ISO/IEC 14496-3:2019 table 1.17) in words; empty for those that nobody uses.
pub fn audio_object_name(object_type: u8) -> &'static str {
    match object_type {
        1 => "AAC Main",
        2 => "AAC LC",
        3 => "AAC SSR",
        4 => "AAC LTP",
        5 => "HE-AAC",
        6 => "AAC Scalable",
        7 => "TwinVQ",
        8 => "CELP",
        9 => "HVXC",
        17 => "ER AAC LC",
        19 => "ER AAC LTP",
        20 => "ER AAC Scalable",
        22 => "ER BSAC",
        23 => "AAC LD",
        29 => "HE-AAC v2",
        30 => "MPEG Surround",
        32 => "MPEG-1 audio layer 1",
        33 => "MPEG-1 audio layer 2",
        34 => "MP3",
        36 => "MPEG-4 ALS",
        37 | 38 => "MPEG-4 SLS",
        39 => "AAC ELD",
        42 => "xHE-AAC",
        _ => "",
    }
}

/// Channels of a `ChannelConfiguration` (ISO/IEC 23091-3:2018 table 10, which AAC and MPEG-H share); 0 when it says
/// nothing.
pub fn layout_channels(layout: u32) -> u8 {
    const CHANNELS: [u8; 21] = [0, 1, 2, 3, 4, 5, 6, 8, 2, 3, 4, 7, 8, 24, 8, 12, 10, 12, 14, 12, 14];
    usize::try_from(layout).ok().and_then(|layout| CHANNELS.get(layout)).copied().unwrap_or(0)
}

/// `samplingFrequencyIndex` of MPEG-4 audio, and behind its thirteen those that USAC and MPEG-H add (ISO/IEC 23003-3
/// table 70); 0 for a reserved one.
pub fn sampling_frequency(index: u32) -> u32 {
    const RATES: [u32; 31] = [
        96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
        0, 0, 57_600, 51_200, 40_000, 38_400, 34_150, 28_800, 25_600, 20_000, 19_200, 17_075, 14_400, 12_800,
        9_600, 0, 0, 0,
    ];
    usize::try_from(index).ok().and_then(|index| RATES.get(index)).copied().unwrap_or(0)
}

/// The profile of H.264 (ISO/IEC 14496-10:2022 A.2) with its constraint flags; empty when it has no name.
pub fn avc_profile(profile: u8, constraints: u8) -> &'static str {
    let constraint = |n: u8| constraints & (0x80 >> n) != 0;
    let intra = |name: &'static str, intra_name| if constraint(3) { intra_name } else { name };
    match profile {
        66 if constraint(1) => "Constrained Baseline",
        66 => "Baseline",
        77 => "Main",
        88 => "Extended",
        100 if constraint(4) && constraint(5) => "Constrained High",
        100 if constraint(4) => "Progressive High",
        100 => "High",
        110 => intra("High 10", "High 10 Intra"),
        122 => intra("High 4:2:2", "High 4:2:2 Intra"),
        244 => intra("High 4:4:4 Predictive", "High 4:4:4 Intra"),
        44 => "CAVLC 4:4:4 Intra",
        83 => "Scalable Baseline",
        86 => "Scalable High",
        118 => "Multiview High",
        128 => "Stereo High",
        _ => "",
    }
}

/// The level of H.264 as people write it: "3.1", "1b" (A.3.1: level 9, or 11 with constraint 3 in the old profiles).
pub fn avc_level(profile: u8, constraints: u8, level: u8) -> String {
    let old_profile = matches!(profile, 66 | 77 | 88);
    if level == 9 || (level == 11 && old_profile && constraints & 0x10 != 0) {
        return "1b".into();
    }
    tenths(level)
}

/// A level that is written as ten times its number: "3.1", "4".
pub fn tenths(level: u8) -> String {
    match (level / 10, level % 10) {
        (whole, 0) => whole.to_string(),
        (whole, part) => format!("{whole}.{part}"),
    }
}

/// The profile of HEVC (ISO/IEC 23008-2:2020 A.3, G.11, H.11); of the format range extensions the family.
pub fn hevc_profile(profile: u8) -> &'static str {
    match profile {
        1 => "Main",
        2 => "Main 10",
        3 => "Main Still Picture",
        4 => "Range Extensions",
        5 => "High Throughput",
        6 => "Multiview Main",
        7 => "Scalable Main",
        8 => "3D Main",
        9 => "Screen-Extended",
        10 => "Scalable Range Extensions",
        11 => "High Throughput Screen-Extended",
        _ => "",
    }
}

/// The level of HEVC, thirty times its number: "4.1".
pub fn hevc_level(level: u8) -> String {
    tenths(level / 3)
}

/// The profile of VVC (ISO/IEC 23090-3:2022 A.3).
pub fn vvc_profile(profile: u8) -> &'static str {
    match profile {
        1 => "Main 10",
        2 => "Main 12",
        10 => "Main 12 Intra",
        17 => "Multilayer Main 10",
        33 => "Main 10 4:4:4",
        34 => "Main 12 4:4:4",
        36 => "Main 16 4:4:4",
        49 => "Multilayer Main 10 4:4:4",
        65 => "Main 10 Still Picture",
        97 => "Main 10 4:4:4 Still Picture",
        _ => "",
    }
}

/// The level of VVC, sixteen times its number with thirds: "3.1".
pub fn vvc_level(level: u8) -> String {
    tenths((level >> 4) * 10 + level % 16 / 3)
}

/// The profile of AV1 (AV1 A.2).
pub fn av1_profile(profile: u8) -> &'static str {
    match profile {
        0 => "Main",
        1 => "High",
        2 => "Professional",
        _ => "",
    }
}

/// The level of AV1 from `seq_level_idx` (AV1 A.3).
pub fn av1_level(index: u8) -> String {
    if index == 31 { "max".to_owned() } else { tenths((index >> 2) * 10 + 20 + index % 4) }
}

/// The profile of VC-1 as `dvc1` has it (SMPTE RP 2025:2007 4.2.2).
pub fn vc1_profile(profile: u8) -> &'static str {
    match profile {
        0 => "Simple",
        4 => "Main",
        12 => "Advanced",
        _ => "",
    }
}

/// Profile and level of MPEG-4 Visual from `profile_and_level_indication` (ISO/IEC 14496-2:2004 table G.1), those that
/// files have.
pub fn mpeg4_visual_profile(indication: u8) -> Option<(&'static str, &'static str)> {
    Some(match indication {
        0x01 => ("Simple", "1"),
        0x02 => ("Simple", "2"),
        0x03 => ("Simple", "3"),
        0x04 => ("Simple", "4a"),
        0x05 => ("Simple", "5"),
        0x06 => ("Simple", "6"),
        0x08 => ("Simple", "0"),
        0x09 => ("Simple", "0b"),
        0x21 => ("Core", "1"),
        0x22 => ("Core", "2"),
        0x32 => ("Main", "2"),
        0x33 => ("Main", "3"),
        0x34 => ("Main", "4"),
        0xf0 => ("Advanced Simple", "0"),
        0xf1 => ("Advanced Simple", "1"),
        0xf2 => ("Advanced Simple", "2"),
        0xf3 => ("Advanced Simple", "3"),
        0xf4 => ("Advanced Simple", "4"),
        0xf5 => ("Advanced Simple", "5"),
        0xf7 => ("Advanced Simple", "3b"),
        _ => return None,
    })
}

/// Profile and level of MPEG-H 3D Audio from `mpegh3daProfileLevelIndication` (ISO/IEC 23008-3:2022 table 67).
pub fn mpegh_profile(indication: u8) -> Option<(&'static str, u8)> {
    let names = ["Main", "High", "Low Complexity", "Baseline"];
    let number = indication.checked_sub(1)?;
    Some((names.get(usize::from(number / 5))?, number % 5 + 1))
}

/// `fscod` of AC-3 (ETSI TS 102 366 4.4.1.3) in hertz; 0 for the reserved one.
pub fn ac3_rate(fscod: u64) -> u32 {
    match fscod {
        0 => 48_000,
        1 => 44_100,
        2 => 32_000,
        _ => 0,
    }
}

/// `acmod` of AC-3 (ETSI TS 102 366 4.4.2.3): front and rear channels, and how many there are.
pub fn ac3_mode(acmod: u64) -> (&'static str, u16) {
    match acmod {
        0 => ("1+1", 2),
        1 => ("1/0", 1),
        2 => ("2/0", 2),
        3 => ("3/0", 3),
        4 => ("2/1", 3),
        5 => ("3/1", 4),
        6 => ("2/2", 4),
        _ => ("3/2", 5),
    }
}

/// `wFormatTag` of the Windows description of sound; empty when it is not known here.
pub fn wave_format(tag: u16) -> &'static str {
    match tag {
        0x0001 => "PCM",
        0x0002 => "Microsoft ADPCM",
        0x0003 => "PCM, floating point",
        0x0006 => "G.711 A-law",
        0x0007 => "G.711 µ-law",
        0x0011 => "IMA ADPCM",
        0x0031 => "GSM",
        0x0050 => "MPEG-1 audio layer 2",
        0x0055 => "MP3",
        0x00ff | 0x1610 => "AAC",
        0x0160 => "Windows Media Audio 1",
        0x0161 => "Windows Media Audio 2",
        0x0162 => "Windows Media Audio Professional",
        0x0163 => "Windows Media Audio Lossless",
        0x2000 => "Dolby Digital (AC-3)",
        0x2001 => "DTS",
        0xfffe => "extensible",
        _ => "",
    }
}

/// `chroma_format_idc` of H.264, HEVC and VVC.
pub fn chroma(format: u64) -> &'static str {
    match format {
        0 => "monochrome",
        1 => "4:2:0",
        2 => "4:2:2",
        _ => "4:4:4",
    }
}
