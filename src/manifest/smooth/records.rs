//! What decoders need before the first sample, made of a quality of a client manifest (MS-SSTR 2.2.2.5).

use super::client::Level;
use super::fourcc;
use crate::boxes::BoxBody;
use crate::boxes::aac::AacConfig;
use crate::boxes::codec::{AvcConfiguration, AvcHighExtension, HevcArray, HevcConfiguration};
use crate::boxes::descriptor::{
    DECODER_CONFIG, DECODER_SPECIFIC_INFO, Descriptor, ES, ElementaryStreamDescriptor, SL_CONFIG,
};
use crate::boxes::header::{four, wrap};
use crate::boxes::parts::{IfWhole, LenBytes};
use crate::boxes::profiles::{MPEG4_AUDIO, sampling_frequency};
use crate::boxes::within::Within;
use crate::bytes::{Error, Result, Writer};
use crate::manifest::lint::short;
use crate::track::codec::{h264, h265};

/// What a decoder needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Type of the sample entry.
    pub format: [u8; 4],
    /// The box in it; empty for text, which needs none.
    pub boxes: Vec<u8>,
    /// Size of pictures in pixels, where the parameter sets say it.
    pub size: Option<(u32, u32)>,
    /// Hertz and channels of sound, where the configuration says them.
    pub sound: Option<(u32, u16)>,
    /// What was made up, as a sentence.
    pub note: Option<String>,
}

/// The record of a quality of pictures, sound or text.
///
/// # Errors
/// `smooth-codec` for what no record can be made of, `smooth-codec-data` where `CodecPrivateData` is not that of the codec.
pub fn record(kind: &str, level: &Level) -> Result<Record> {
    let code = level.fourcc.to_ascii_uppercase();
    match (kind, code.as_str()) {
        ("video", "H264" | "AVC1") => avc(level),
        ("video", "HVC1" | "HEV1") => hevc(level, if code == "HVC1" { *b"hvc1" } else { *b"hev1" }),
        ("audio", "AACL" | "AACH" | "AACP" | "AAC") => aac(level, &code),
        ("audio", "EC-3" | "AC-3") => dolby(level, code == "EC-3"),
        ("text", "TTML" | "DFXP" | "") => Ok(Record { format: *b"stpp", ..Record::default() }),
        _ => Err(refused(kind, level)),
    }
}

fn refused(kind: &str, level: &Level) -> Error {
    let code = short(&level.fourcc);
    let what = match fourcc::known(&level.fourcc) {
        Some(known) if known.kind == kind => format!("FourCC {code}, {}", known.name),
        _ if code.is_empty() => "no FourCC".to_owned(),
        _ => format!("FourCC {code}"),
    };
    let message = format!(
        "The quality with {} bits a second has {what}. A movie header for its fragments can be made of H264, AVC1, HVC1, HEV1, \
         AACL, AACH, AACP, EC-3, AC-3, TTML and DFXP only. Open the file that the fragments were cut from.",
        level.bitrate
    );
    Error::unsupported("smooth-codec", message)
}

fn bad_data(level: &Level, why: &str) -> Error {
    let message = format!(
        "CodecPrivateData of the quality with {} bits a second (FourCC {}, {} bytes) {why}, so no movie header can be made of it. \
         Take the manifest as the server gives it.",
        level.bitrate,
        short(&level.fourcc),
        level.private_data.len()
    );
    Error::file("smooth-codec-data", message)
}

/// NAL units between start codes (ISO/IEC 14496-10 B.1).
fn nal_units(bytes: &[u8]) -> Vec<&[u8]> {
    let mut starts = Vec::new();
    for (at, three) in bytes.windows(3).enumerate() {
        if three == [0, 0, 1] {
            starts.push(at);
        }
    }
    let ends = starts.iter().copied().skip(1).chain([bytes.len()]);
    let unit = |(start, end): (&usize, usize)| {
        let unit = bytes.get(start + 3..end).unwrap_or_default();
        // What is longer than three bytes before a start code are zeros of that, and no unit ends in one.
        let len = unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        unit.get(..len).filter(|unit| !unit.is_empty())
    };
    starts.iter().zip(ends).filter_map(unit).collect()
}

fn sets<P>(units: &[&[u8]], is: impl Fn(&[u8]) -> bool) -> Vec<Within<LenBytes<u16>, P>> {
    units.iter().filter(|unit| is(unit)).map(|unit| unit.to_vec().into()).collect()
}

/// The lengths before NAL units: four bytes where nothing else is said.
fn length_size_minus_one(level: &Level) -> Result<u8> {
    match level.nal_length.unwrap_or(4) {
        1 => Ok(0),
        2 => Ok(1),
        4 => Ok(3),
        other => {
            let message =
                format!("NALUnitLengthField is {other}, and lengths of NAL units have 1, 2 or 4 bytes.");
            Err(Error::file("smooth-codec-data", message))
        }
    }
}

fn avc(level: &Level) -> Result<Record> {
    let units = nal_units(&level.private_data);
    let of = |kind: u8| sets(&units, |unit| unit.first().is_some_and(|first| first & 31 == kind));
    let (sps, pps) = (of(7), of(8));
    let (Some(first), false) = (sps.first(), pps.is_empty()) else {
        return Err(bad_data(
            level,
            "is not 00000001, a sequence parameter set, 00000001 and a picture parameter set",
        ));
    };
    let parsed = h264::Sps::parse(&first.bytes).map_err(|error| bad_data(level, &unread(&error)))?;
    let has_extension = matches!(parsed.profile_idc, 100 | 110 | 122 | 144 | 244);
    let high = has_extension.then(|| AvcHighExtension {
        chroma_format: 0xfc | parsed.chroma_format_idc,
        bit_depth_luma_minus8: 0xf8 | parsed.bit_depth_luma.saturating_sub(8),
        bit_depth_chroma_minus8: 0xf8 | parsed.bit_depth_chroma.saturating_sub(8),
        sequence_parameter_set_ext: of(13).into(),
    });
    let too_many = sps.len() > 31 || pps.len() > 255;
    if too_many {
        return Err(bad_data(level, "has more parameter sets than a header can hold"));
    }
    let record = AvcConfiguration {
        configuration_version: 1,
        avc_profile_indication: parsed.profile_idc,
        profile_compatibility: parsed.constraint_flags,
        avc_level_indication: parsed.level_idc,
        length_size_minus_one: 0xfc | length_size_minus_one(level)?,
        sps_count: 0xe0 | u8::try_from(sps.len()).unwrap_or(31),
        sequence_parameter_sets: sps,
        picture_parameter_sets: pps.into(),
        high: IfWhole(high),
        ..AvcConfiguration::default()
    };
    let size = Some((parsed.width, parsed.height));
    Ok(Record { format: *b"avc1", boxes: record.to_box(0), size, ..Record::default() })
}

fn unread(error: &Error) -> String {
    format!("has a sequence parameter set that cannot be read ({})", error.message().trim_end_matches('.'))
}

fn hevc(level: &Level, format: [u8; 4]) -> Result<Record> {
    let units = nal_units(&level.private_data);
    let of = |kind: u8| {
        sets(&units, |unit| unit.len() > 2 && unit.first().is_some_and(|first| first >> 1 & 63 == kind))
    };
    let all = [32, 33, 34].map(|kind| (kind, of(kind)));
    let [(_, vps), (_, sps), (_, pps)] = &all;
    let (Some(first), false) = (sps.first(), vps.is_empty() || pps.is_empty()) else {
        return Err(bad_data(
            level,
            "has not a video, a sequence and a picture parameter set, each behind 00000001",
        ));
    };
    let parsed = h265::Sps::parse(&first.bytes).map_err(|error| bad_data(level, &unread(&error)))?;
    let general = parsed.general;
    // Whether these are all that there will be is known of hvc1 alone (ISO/IEC 14496-15 8.4.1).
    let complete = if format == *b"hvc1" { 0x80 } else { 0 };
    let record = HevcConfiguration {
        configuration_version: 1,
        profile: general.profile,
        general_profile_compatibility_flags: general.compatibility,
        general_constraint_indicator_flags: general.constraints,
        general_level_idc: general.level,
        min_spatial_segmentation_idc: 0xf000,
        parallelism_type: 0xfc,
        chroma_format_idc: 0xfc | general.chroma_format,
        bit_depth_luma_minus8: 0xf8 | general.bit_depth_luma.saturating_sub(8),
        bit_depth_chroma_minus8: 0xf8 | general.bit_depth_chroma.saturating_sub(8),
        length_size_minus_one: (general.sub_layers & 7) << 3
            | u8::from(general.is_nested) << 2
            | length_size_minus_one(level)?,
        arrays: all
            .iter()
            .map(|(kind, units)| HevcArray {
                nal_unit_type: complete | kind,
                nal_units: units.clone().into(),
            })
            .collect::<Vec<_>>()
            .into(),
        ..HevcConfiguration::default()
    };
    Ok(Record { format, boxes: record.to_box(0), ..Record::default() })
}

fn aac(level: &Level, code: &str) -> Result<Record> {
    let mut note = None;
    let config = if level.private_data.is_empty() {
        note = Some(format!(
            "The manifest has no CodecPrivateData for {} bits a second: the configuration of the AAC decoder was made of \
             SamplingRate and Channels.",
            level.bitrate
        ));
        made_up(level, code)?
    } else {
        level.private_data.clone()
    };
    let parsed =
        AacConfig::parse(&config).map_err(|error| bad_data(level, error.message().trim_end_matches('.')))?;
    let bitrate = u32::try_from(level.bitrate).unwrap_or(u32::MAX);
    let mut decoder = Writer::new();
    decoder.u8(MPEG4_AUDIO);
    // An audio stream (table 6), and the reserved bit.
    decoder.u8(0x05 << 2 | 1);
    decoder.u24(0);
    decoder.u32(bitrate);
    decoder.u32(bitrate);
    let specific = Descriptor::new(DECODER_SPECIFIC_INFO, config, Vec::new());
    let decoder = Descriptor::new(DECODER_CONFIG, decoder.into_bytes(), vec![specific]);
    // As files of MP4 have it (ISO/IEC 14496-14 6.7.3).
    let sync = Descriptor::new(SL_CONFIG, vec![2], Vec::new());
    let descriptor = Descriptor::new(ES, vec![0, 0, 0], vec![decoder, sync]);
    let boxes = ElementaryStreamDescriptor { descriptor, ..ElementaryStreamDescriptor::default() }.to_box(0);
    let sound = Some((parsed.core_rate, u16::from(parsed.channels)));
    Ok(Record { format: *b"mp4a", boxes, sound, note, ..Record::default() })
}

/// Above this, a rate of HE-AAC is that of the decoded sound, and the core has half of it.
const CORE_RATE_MAX: u64 = 24_000;

/// An `AudioSpecificConfig` (ISO/IEC 14496-3 1.6.2.1) of rate and channels.
fn made_up(level: &Level, code: &str) -> Result<Vec<u8>> {
    let (Some(rate), Some(channels)) = (level.rate.filter(|rate| *rate > 0), level.channels) else {
        return Err(bad_data(
            level,
            "is empty, and there is no SamplingRate and no Channels to do without it",
        ));
    };
    let layout = match channels {
        1..=6 => channels,
        8 => 7,
        _ => {
            return Err(bad_data(
                level,
                &format!("is empty, and of {channels} channels nothing tells how they are laid out"),
            ));
        }
    };
    let mut bits = Bits::default();
    if matches!(code, "AACH" | "AACP") {
        let core = if rate > CORE_RATE_MAX { rate / 2 } else { rate };
        let is_ps = code == "AACP";
        bits.put(if is_ps { 29 } else { 5 }, 5);
        bits.put_rate(core);
        // Two channels of parametric stereo are made of one.
        bits.put(if is_ps { 1 } else { layout }, 4);
        bits.put_rate(core * 2);
        bits.put(2, 5);
    } else {
        bits.put(2, 5);
        bits.put_rate(rate);
        bits.put(layout, 4);
    }
    // Frames of 1024 samples, no core coder, no extension.
    bits.put(0, 3);
    Ok(bits.to_bytes())
}

/// Bits, the first the highest: an `AudioSpecificConfig` has 68 at most.
#[derive(Default)]
struct Bits {
    value: u128,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u64, count: u32) {
        self.value = self.value << count | u128::from(value) & ((1 << count) - 1);
        self.count += count;
    }

    fn put_rate(&mut self, rate: u64) {
        match (0..13).find(|index| u64::from(sampling_frequency(*index)) == rate) {
            Some(index) => self.put(index.into(), 4),
            None => {
                self.put(15, 4);
                self.put(rate, 24);
            }
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let bytes = (self.value << (128 - self.count)).to_be_bytes();
        bytes.into_iter().take(usize::try_from(self.count.div_ceil(8)).unwrap_or(0)).collect()
    }
}

/// What stands before the codec's own bytes: samples a block, a channel mask, and the codec as a GUID (`WAVEFORMATEXTENSIBLE`).
const EXTENSIBLE_LEN: usize = 22;
const DOLBY_GUIDS: [[u8; 16]; 2] = [
    [0xaf, 0x87, 0xfb, 0xa7, 0x02, 0x2d, 0xfb, 0x42, 0xa4, 0xd4, 0x05, 0xcd, 0x93, 0x84, 0x3b, 0xdd],
    [0x2c, 0x80, 0x6d, 0xe0, 0x46, 0xdb, 0xcf, 0x11, 0xb4, 0xd1, 0x00, 0x80, 0x5f, 0x6c, 0xbb, 0xea],
];

fn dolby(level: &Level, is_enhanced: bool) -> Result<Record> {
    let data = level.private_data.as_slice();
    let guid = data.get(EXTENSIBLE_LEN - 16..EXTENSIBLE_LEN).unwrap_or_default();
    let own = if DOLBY_GUIDS.iter().any(|known| known == guid) {
        data.get(EXTENSIBLE_LEN..).unwrap_or_default()
    } else {
        data
    };
    // Rate, channels and one substream; and of AC-3 three bytes in all (ETSI TS 102 366 F.4, F.6).
    let (format, configuration, is_one) =
        if is_enhanced { (*b"ec-3", b"dec3", own.len() >= 5) } else { (*b"ac-3", b"dac3", own.len() == 3) };
    if !is_one {
        return Err(bad_data(level, "does not end with what a Dolby decoder needs (‘dec3’, ‘dac3’)"));
    }
    Ok(Record { format, boxes: wrap(four(configuration), own), ..Record::default() })
}
