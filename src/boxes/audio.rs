//! Audio codec configuration boxes.

use crate::bytes::{FourCc, Reader, Result, Writer};

use super::header::four;
use super::parts::{IfMore, Le16, Le32, LenBytes, bits, join, when};
use super::profiles::{ac3_mode, ac3_rate, wave_format};
use super::types::{Counted, U24};
use super::wire::{Bytes, Context, Wire, spaced_hex};
use super::within::{Flac, Within};

entries! {
    /// The Dolby Atmos extension at the end of `dec3`.
    Ec3Extension {
        flags: u8, means |v| when(v & 1 == 1, "Dolby Atmos (JOC)");
        complexity_index: u8;
    }
    /// How channels map to streams, where that is not the plain order.
    OpusMapping {
        stream_count: u8;
        coupled_count: u8;
        channel_mapping: Bytes;
    }
    /// One FLAC metadata block.
    FlacBlock {
        block_type: u8, means |v| format!("{}{}", flac_block_name(v & 0x7f), when(v >> 7 == 1, ", the last"));
        block_data: Within<LenBytes<U24>, Flac>, count |_, b| u64::from(b.block_type);
    }
}

/// One independent substream of `dec3`: three bytes, four when it has dependent substreams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ec3Substream(pub Vec<u8>);

impl Wire for Ec3Substream {
    fn read(r: &mut Reader<'_>, name: &str, _: &Context, _: Option<u64>) -> Result<Self> {
        let dependent = r.rest().get(2).is_some_and(|&byte| bits(byte, 1, 4) > 0);
        Ok(Self(r.take(if dependent { 4 } else { 3 }, name)?.to_vec()))
    }
    fn write(&self, w: &mut Writer, _: &Context) {
        w.bytes(&self.0);
    }
    fn show(&self) -> String {
        spaced_hex(&self.0)
    }
    fn meaning(&self) -> String {
        let [a, b, c, ..] = *self.0.as_slice() else { return String::new() };
        join(&[
            &ac3_text(bits(a, 6, 2), bits(b, 1, 3), b & 1 == 1),
            &when(bits(c, 1, 4) > 0, &format!("{} dependent substreams", bits(c, 1, 4))),
        ])
    }
}

boxes! {
    /// Rate, channels and bitrate of AC-3.
    Ac3Configuration [four(b"dac3")] plain "AC-3 configuration" "ETSI TS 102 366 F.4" {
        configuration: U24, means |v| ac3_text(bits(v.0, 22, 2), bits(v.0, 11, 3), bits(v.0, 10, 1) == 1);
    }
    /// Bitrate and substreams of E-AC-3.
    Ec3Configuration [four(b"dec3")] plain "E-AC-3 configuration" "ETSI TS 102 366 F.6" {
        data_rate_and_count: u16, means |v| format!("{} kbit/s, {} independent substreams", v >> 3, (v & 7) + 1);
        substreams: Vec<Ec3Substream>, count |_, b| u64::from(b.data_rate_and_count & 7) + 1;
        extension: IfMore<Ec3Extension>;
    }
    /// What an AC-4 decoder needs before the first sample.
    Ac4Configuration [four(b"dac4")] plain "AC-4 configuration" "ETSI TS 103 190-2 E.6" {
        ac4_dsi: Bytes;
    }
    /// Format and bitrate of TrueHD.
    TrueHdConfiguration [four(b"dmlp")] plain "TrueHD configuration" "Dolby TrueHD (MLP) within ISOBMFF 3" {
        format_info: u32;
        peak_data_rate: u16, means |v| (v >> 1).to_string();
        reserved: u32;
    }
    /// Rate, bitrates and channels of DTS.
    DtsConfiguration [four(b"ddts")] plain "DTS configuration" "ETSI TS 102 114 E.3" {
        sampling_frequency: u32;
        max_bitrate: u32;
        avg_bitrate: u32;
        pcm_sample_depth: u8;
        details: Bytes;
    }
    /// What a DTS:X decoder needs before the first sample.
    DtsUhdConfiguration [four(b"udts")] plain "DTS-UHD configuration" "ETSI TS 103 491 B.2" {
        record: Bytes;
    }
    /// Channels, start-up trimming and gain of Opus.
    OpusConfiguration [four(b"dOps")] plain "Opus configuration" "Opus in ISOBMFF 4.3.2" {
        opus_version: u8;
        output_channel_count: u8;
        pre_skip: u16, means |_| "samples of 48 kHz to drop at the start".to_owned();
        input_sample_rate: u32;
        output_gain: i16;
        channel_mapping_family: u8;
        mapping: OpusMapping, if |_, b| b.channel_mapping_family != 0;
    }
    /// FLAC metadata blocks; the first is STREAMINFO.
    FlacConfiguration [four(b"dfLa")] full "FLAC configuration" "FLAC in ISOBMFF 3.3.2" {
        blocks: Vec<FlacBlock>;
    }
    /// Vendor and modes of AMR.
    AmrConfiguration [four(b"damr")] plain "AMR configuration" "3GPP TS 26.244 6.7" {
        vendor: FourCc;
        decoder_version: u8;
        mode_set: u16;
        mode_change_period: u8;
        frames_per_sample: u8;
    }
    /// What an MPEG-H 3D Audio decoder needs before the first sample.
    MhaConfiguration [four(b"mhaC")] plain "MPEG-H configuration" "ISO/IEC 23008-3:2022 20.5" {
        configuration_version: u8;
        profile_level_indication: u8;
        reference_channel_layout: u8;
        mpegh3da_config: LenBytes<u16>;
    }
    /// Profiles that can play an MPEG-H track too.
    MhaProfileCompatibility [four(b"mhaP")] plain "MPEG-H profile compatibility" "ISO/IEC 23008-3:2022 20.8" {
        compatible_sets: Counted<u8, u8>;
    }
    /// What an IAMF decoder needs before the first sample.
    IamfConfiguration [four(b"iacb")] plain "IAMF configuration" "IAMF 6.2.4" {
        configuration_version: u8;
        config_obus: Bytes;
    }
    /// Sample size and byte order of PCM.
    PcmConfiguration [four(b"pcmC")] full "PCM configuration" "ISO/IEC 23003-5:2020 5.2" {
        format_flags: u8, means |v| if v & 1 == 1 { "little-endian" } else { "big-endian" }.to_owned();
        pcm_sample_size: u8, means |_| "bits".to_owned();
    }
    /// The Windows description of an audio format; its numbers are little-endian.
    WaveFormat [four(b"wfex")] plain "WAVEFORMATEX" "Windows multimedia: WAVEFORMATEX" {
        format_tag: Le16, means |v| wave_format(v.0).to_owned();
        channels: Le16;
        samples_per_sec: Le32;
        avg_bytes_per_sec: Le32;
        block_align: Le16;
        bits_per_sample: Le16;
        extra_size: Le16;
        extra: Bytes, count |_, b| u64::from(b.extra_size.0);
    }
    /// A sampling rate beyond 16 bits.
    SamplingRate [four(b"srat")] full "Sampling rate" "ISO/IEC 14496-12:2022 12.2.3" {
        sampling_rate: u32;
    }
    /// Which loudspeakers the channels belong to.
    ChannelLayout [four(b"chnl")] full(0, 1) "Channel layout" "ISO/IEC 14496-12:2022 12.2.4" {
        layout: Bytes;
    }
    /// Which loudspeakers the channels belong to, in Apple's form.
    AppleChannelLayout [four(b"chan")] full "Channel layout (QuickTime)" "QuickTime File Format: Audio channel layout" {
        channel_layout_tag: u32;
        channel_bitmap: u32;
        descriptions: Counted<u32, [u8; 20]>;
    }
}

/// Rate, channels and LFE of an AC-3 stream in words.
fn ac3_text(fscod: u64, acmod: u64, lfe: bool) -> String {
    let rate = match ac3_rate(fscod) {
        0 => "reserved rate".to_owned(),
        rate => format!("{rate} Hz"),
    };
    join(&[&rate, ac3_mode(acmod).0, &when(lfe, "LFE")])
}

fn flac_block_name(kind: u8) -> &'static str {
    match kind {
        0 => "STREAMINFO",
        1 => "padding",
        2 => "application",
        3 => "seek table",
        4 => "Vorbis comment",
        5 => "cue sheet",
        6 => "picture",
        _ => "metadata block",
    }
}
