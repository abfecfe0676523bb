//! What the boxes of other sound codecs say: Opus, FLAC, ALAC, MPEG-H, IAMF, PCM, Windows formats, and the rate alone.

use crate::boxes::BoxBody as _;
use crate::boxes::aac::{AacConfig, read_usac_rate};
use crate::boxes::audio::{
    FlacConfiguration, IamfConfiguration, MhaConfiguration, OpusConfiguration, PcmConfiguration,
    SamplingRate, WaveFormat,
};
use crate::boxes::profiles::{layout_channels, mpegh_profile, wave_format};
use crate::boxes::scoped::AlacConfiguration;
use crate::bytes::bits::{BitError, BitReader};
use crate::bytes::{FourCc, Reader, Result};

use super::About;

/// What the type of the sample entry says by itself: speech codecs have one rate and one channel, whatever the entry's
/// constants are (3GPP TS 26.244 6.5), and PCM its order of bytes.
pub(super) fn of_type(about: &mut About) {
    let rate = match &about.format.0 {
        b"samr" | b"sevc" | b"sqcp" | b"ssmv" | b"Qclp" => 8_000,
        b"sawb" => 16_000,
        _ => 0,
    };
    if rate != 0 {
        (about.channels, about.rate) = (1, rate);
    }
    let (bits, order) = match &about.format.0 {
        b"sowt" => (about.sample_bits, "little-endian"),
        b"twos" => (about.sample_bits, "big-endian"),
        b"in24" => (24, "big-endian"),
        b"in32" | b"fl32" => (32, "big-endian"),
        b"fl64" => (64, "big-endian"),
        b"raw " => (about.sample_bits, "unsigned"),
        _ => return,
    };
    // The same codes may stand for pictures.
    if about.size.is_none() {
        about.detail = pcm_detail(bits, order);
    }
}

/// Depth and order of bytes of PCM.
pub(in crate::track) fn pcm_detail(bits: impl Into<u32>, order: &str) -> String {
    let bits = bits.into();
    if bits <= 8 { format!("{bits} bits") } else { format!("{bits} bits, {order}") }
}

/// `enda`, which turns the order of bytes of QuickTime's PCM.
pub(super) fn byte_order(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    if r.u16("littleEndian")? == 1 {
        about.detail = about.detail.replace("big-endian", "little-endian");
    }
    Ok(())
}

/// `dOps`: Opus is decoded at 48 kHz, whatever the rate of the original was.
pub(super) fn opus(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let dops = OpusConfiguration::parse(r, 0)?;
    about.set_sound(dops.output_channel_count, 48_000);
    Ok(())
}

/// `dfLa`: STREAMINFO is the first block (FLAC format: METADATA_BLOCK_STREAMINFO).
pub(super) fn flac(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let dfla = FlacConfiguration::parse(r, 0)?;
    let streaminfo = dfla.blocks.iter().find(|block| block.block_type & 0x7f == 0);
    let bytes = streaminfo.map_or(&[][..], |block| &block.block_data.bytes);
    let mut r = BitReader::plain(bytes);
    read_stream_info(about, &mut r).map_err(|error| error.into_error("bad-dfla", "The FLAC configuration"))
}

fn read_stream_info(about: &mut About, r: &mut BitReader<'_>) -> core::result::Result<(), BitError> {
    for bits in [32, 24, 24] {
        r.bits(bits, "block and frame sizes")?;
    }
    let rate = r.bits(20, "sample rate")?;
    let channels = r.bits(3, "channels")? + 1;
    let depth = r.bits(5, "bits per sample")? + 1;
    about.set_sound(u16::try_from(channels).unwrap_or(0), rate);
    about.detail = format!("{depth} bits");
    Ok(())
}

/// `alac`, the magic cookie.
pub(super) fn alac(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let cookie = AlacConfiguration::parse(r, 0)?;
    about.set_sound(cookie.num_channels, cookie.sample_rate);
    about.detail = format!("{} bits", cookie.bit_depth);
    Ok(())
}

/// `mhaC` (codec string: ISO/IEC 23008-3:2022 21).
pub(super) fn mpegh(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let mhac = MhaConfiguration::parse(r, 0)?;
    let indication = mhac.profile_level_indication;
    about.string = format!("{}.0x{indication:02X}", about.format.text());
    if let Some((profile, level)) = mpegh_profile(indication) {
        about.name = format!("MPEG-H 3D Audio {profile}");
        about.detail = format!("level {level}");
    }
    let mut config = BitReader::plain(&mhac.mpegh3da_config.bytes);
    let rate = config.bits(8, "mpegh3daProfileLevelIndication").and_then(|_| read_usac_rate(&mut config));
    about.set_sound(layout_channels(mhac.reference_channel_layout.into()), rate.unwrap_or(0));
    Ok(())
}

/// `iacb` (codec string: IAMF 6.3): both profiles, and the codec of the first codec configuration.
pub(super) fn iamf(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let start = r.offset();
    let iacb = IamfConfiguration::parse(r, 0)?;
    // Behind the version.
    let mut r = Reader::new(&iacb.config_obus.0, start + 1);
    let len = leb128(&mut r)?;
    let mut obus = r.sub(len, "configOBUs")?;
    while !obus.is_empty() {
        let header = obus.u8("obu_header")?;
        let len = leb128(&mut obus)?;
        let mut obu = obus.sub(len, "An OBU")?;
        if header & 1 == 1 {
            let len = leb128(&mut obu)?;
            obu.sub(len, "extension_header_bytes")?;
        }
        match header >> 3 {
            SEQUENCE_HEADER => {
                obu.u32("ia_code")?;
                let [primary, additional] = obu.array("primary_profile and additional_profile")?;
                about.string = format!("{}.{primary:03}.{additional:03}", about.format.text());
                about.add(&format!("profile {primary}"));
            }
            CODEC_CONFIG => return iamf_codec(about, &mut obu),
            _ => {}
        }
    }
    Ok(())
}

const CODEC_CONFIG: u8 = 0;
const SEQUENCE_HEADER: u8 = 31;

fn iamf_codec(about: &mut About, obu: &mut Reader<'_>) -> Result<()> {
    leb128(obu)?;
    let codec = FourCc(obu.array("codec_id")?);
    leb128(obu)?;
    obu.u16("audio_roll_distance")?;
    about.string.push_str(&format!(".{}", codec.text()));
    let config = obu.rest();
    let rate = match &codec.0 {
        b"Opus" => 48_000,
        // A FLAC block header of four bytes, then STREAMINFO.
        b"fLaC" => {
            let mut info = About { detail: String::new(), ..about.clone() };
            let _ = read_stream_info(&mut info, &mut BitReader::plain(config.get(4..).unwrap_or_default()));
            info.rate
        }
        b"ipcm" => {
            config.get(2..6).map_or(0, |rate| rate.iter().fold(0, |sum, &byte| sum << 8 | u32::from(byte)))
        }
        // A DecoderConfigDescriptor; its AudioSpecificConfig is behind tag 5 and a length of one byte.
        b"mp4a" => {
            about.string.push_str(".40.2");
            let specific = config.windows(2).position(|bytes| matches!(bytes, [5, 1..=0x7f]));
            let specific = specific.and_then(|at| config.get(at + 2..)).unwrap_or_default();
            AacConfig::parse(specific).map_or(0, |aac| aac.rate)
        }
        _ => 0,
    };
    let name = crate::boxes::sample_types::registered(codec, crate::boxes::sample_types::Layout::Audio);
    let name = if &codec.0 == b"mp4a" { Some("AAC LC") } else { name.map(|(_, name)| name) };
    about.name = format!("IAMF with {}", name.unwrap_or("another codec"));
    about.set_sound(0_u16, rate);
    Ok(())
}

/// A number of seven bits a byte, the lowest first (AV1 4.10.5).
fn leb128(r: &mut Reader<'_>) -> Result<u64> {
    let mut value = 0;
    for shift in (0..56).step_by(7) {
        let byte = r.u8("leb128()")?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    Ok(value)
}

/// `pcmC`.
pub(super) fn pcm(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let pcmc = PcmConfiguration::parse(r, 0)?;
    let order = if pcmc.format_flags & 1 == 1 { "little-endian" } else { "big-endian" };
    about.detail = pcm_detail(pcmc.pcm_sample_size, order);
    Ok(())
}

/// `wfex`.
pub(super) fn wave(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    let wfex = WaveFormat::parse(r, 0)?;
    about.set_sound(wfex.channels.0, wfex.samples_per_sec.0);
    match wave_format(wfex.format_tag.0) {
        "" | "extensible" => {}
        name => about.name = name.to_owned(),
    }
    Ok(())
}

/// `srat`, for rates that the entry has no room for.
pub(super) fn rate(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    about.set_sound(0_u16, SamplingRate::parse(r, 0)?.sampling_rate);
    Ok(())
}
