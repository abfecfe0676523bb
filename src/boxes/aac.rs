//! `AudioSpecificConfig`, what an MPEG-4 audio decoder needs before the first sample (ISO/IEC 14496-3:2019 1.6.2.1).

use crate::bytes::Result;
use crate::bytes::bits::{BitError, BitReader};

use super::profiles::{audio_object_name, layout_channels, sampling_frequency};

/// An `AudioSpecificConfig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AacConfig {
    /// `audioObjectType` as first signalled: 2 AAC LC, 5 SBR, 29 PS, 42 USAC.
    pub object_type: u8,
    /// Sample rate of the core coder in hertz.
    pub core_rate: u32,
    /// Sample rate of the decoded sound in hertz; twice the core's with SBR.
    pub rate: u32,
    /// Channels; 0 when not known. With PS, the channels heard.
    pub channels: u8,
    /// Spectral band replication is signalled.
    pub sbr: bool,
    /// Parametric stereo is signalled.
    pub ps: bool,
}

const SBR: u8 = 5;
const PS: u8 = 29;
const ALS: u8 = 36;
const USAC: u8 = 42;

impl AacConfig {
    /// Parses an `AudioSpecificConfig`. What only a decoder needs is not judged.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut r = BitReader::plain(bytes);
        Self::read(&mut r).map_err(|e| e.into_error("bad-aac", "The audio configuration"))
    }

    fn read(r: &mut BitReader<'_>) -> core::result::Result<Self, BitError> {
        let object_type = read_object_type(r)?;
        let core_rate = read_rate(r)?;
        let channel_config = r.bits(4, "channelConfiguration")?;
        let mut config = Self {
            object_type,
            core_rate,
            rate: core_rate,
            // Table 1.19; 8 to 10 and 15 are reserved here.
            channels: if matches!(channel_config, 8..=10 | 15) { 0 } else { layout_channels(channel_config) },
            sbr: false,
            ps: false,
        };
        let mut core_type = object_type;
        if matches!(object_type, SBR | PS) {
            config.sbr = true;
            config.ps = object_type == PS;
            config.rate = read_rate(r)?;
            core_type = read_object_type(r)?;
        }
        // All that follows only refines what is already good; a short or unknown tail changes nothing.
        let _ = config.refine(r, core_type, channel_config);
        if config.ps && config.channels == 1 {
            config.channels = 2;
        }
        Ok(config)
    }

    /// `GASpecificConfig` (clause 4.4.1) and the backward compatible signalling behind it (1.6.6.1).
    fn refine(
        &mut self,
        r: &mut BitReader<'_>,
        core_type: u8,
        channel_config: u32,
    ) -> core::result::Result<(), BitError> {
        match core_type {
            1..=4 | 6 | 7 => {}
            ALS => return self.refine_lossless(r),
            USAC => return self.refine_usac(r),
            _ => return Ok(()),
        }
        r.flag("frameLengthFlag")?;
        if r.flag("dependsOnCoreCoder")? {
            r.bits(14, "coreCoderDelay")?;
        }
        let extension = r.flag("extensionFlag")?;
        if channel_config == 0 {
            self.channels = read_program_config(r)?;
            // Its comment is aligned to bytes; what follows it is not worth the search.
            return Ok(());
        }
        if matches!(core_type, 6 | 7) {
            r.bits(3, "layerNr")?;
        }
        if extension {
            r.flag("extensionFlag3")?;
        }
        if !self.sbr && r.bits(11, "syncExtensionType")? == 0x2B7 && read_object_type(r)? == SBR {
            self.sbr = r.flag("sbrPresentFlag")?;
            if self.sbr {
                self.rate = read_rate(r)?;
                if r.bits(11, "syncExtensionType")? == 0x548 {
                    self.ps = r.flag("psPresentFlag")?;
                }
            }
        }
        Ok(())
    }

    /// `ALSSpecificConfig` (clause 11.6.1), which says rate and channels itself.
    fn refine_lossless(&mut self, r: &mut BitReader<'_>) -> core::result::Result<(), BitError> {
        r.bits(5, "fillBits")?;
        r.bits(32, "als_id")?;
        let rate = r.bits(32, "samp_freq")?;
        r.bits(32, "samples")?;
        let channels = r.bits(16, "channels")? + 1;
        self.rate = rate;
        // More than AAC can have are not told.
        self.channels = u8::try_from(channels).unwrap_or(0);
        Ok(())
    }

    /// `UsacConfig` (ISO/IEC 23003-3:2020 5.2): the rate of the decoded sound, and channels where none were said.
    fn refine_usac(&mut self, r: &mut BitReader<'_>) -> core::result::Result<(), BitError> {
        let rate = read_usac_rate(r)?;
        r.bits(3, "coreSbrFrameLengthIndex")?;
        let channels = layout_channels(r.bits(5, "channelConfigurationIndex")?);
        self.rate = if rate == 0 { self.rate } else { rate };
        self.channels = if self.channels == 0 { channels } else { self.channels };
        Ok(())
    }

    /// The coder in words, as "AAC LC" or "HE-AAC"; empty when it has no name.
    pub fn name(&self) -> &'static str {
        let spoken = match self.object_type {
            _ if self.ps => PS,
            _ if self.sbr => SBR,
            other => other,
        };
        audio_object_name(spoken)
    }
}

/// `GetAudioObjectType()`, clause 1.6.2.1.
fn read_object_type(r: &mut BitReader<'_>) -> core::result::Result<u8, BitError> {
    const ESCAPE: u32 = 31;
    let mut object_type = r.bits(5, "audioObjectType")?;
    if object_type == ESCAPE {
        object_type = 32 + r.bits(6, "audioObjectTypeExt")?;
    }
    // At most 95.
    Ok(u8::try_from(object_type).unwrap_or(0))
}

/// `samplingFrequencyIndex` and `samplingFrequency` (table 1.18); 0 for a reserved index.
fn read_rate(r: &mut BitReader<'_>) -> core::result::Result<u32, BitError> {
    const ESCAPE: u32 = 15;
    let index = r.bits(4, "samplingFrequencyIndex")?;
    if index == ESCAPE { r.bits(24, "samplingFrequency") } else { Ok(sampling_frequency(index)) }
}

/// `usacSamplingFrequencyIndex` of USAC and MPEG-H (ISO/IEC 23003-3 table 70); 0 for a reserved one.
pub fn read_usac_rate(r: &mut BitReader<'_>) -> core::result::Result<u32, BitError> {
    const ESCAPE: u32 = 31;
    let index = r.bits(5, "usacSamplingFrequencyIndex")?;
    if index == ESCAPE { r.bits(24, "usacSamplingFrequency") } else { Ok(sampling_frequency(index)) }
}

/// Channels of a `program_config_element()` (clause 4.4.1.1), read up to its last channel element.
fn read_program_config(r: &mut BitReader<'_>) -> core::result::Result<u8, BitError> {
    r.bits(10, "element_instance_tag, object_type and sampling_frequency_index")?;
    let mut pairable = 0;
    for _ in 0..3 {
        pairable += r.bits(4, "number of channel elements")?;
    }
    let lfe = r.bits(2, "num_lfe_channel_elements")?;
    r.bits(7, "num_assoc_data_elements and num_valid_cc_elements")?;
    for (what, bits) in
        [("mono_mixdown_element", 4), ("stereo_mixdown_element", 4), ("matrix_mixdown_idx", 3)]
    {
        if r.flag(what)? {
            r.bits(bits, what)?;
        }
    }
    let mut channels = lfe;
    for _ in 0..pairable {
        channels += if r.flag("element_is_cpe")? { 2 } else { 1 };
        r.bits(4, "element_tag_select")?;
    }
    // At most 3 + 45 × 2.
    Ok(u8::try_from(channels).unwrap_or(0))
}
