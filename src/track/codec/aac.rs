//! MPEG-4 audio: the elementary stream descriptor of `esds` (ISO/IEC 14496-1 clause 7.2.6) and the
//! `AudioSpecificConfig` inside it (ISO/IEC 14496-3 clause 1.6.2.1).

use crate::bytes::{Error, Reader, Result};

use super::bits::{BitError, BitReader};

/// `objectTypeIndication` of ISO/IEC 14496-3 audio.
pub const MPEG4_AUDIO: u8 = 0x40;

/// The decoder configuration of an MPEG audio track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioConfig {
    /// `objectTypeIndication` (14496-1 table 5): 0x40 MPEG-4 audio, 0x66–0x68 MPEG-2 AAC, 0x69 and 0x6B MP3.
    pub object_type: u8,
    /// `maxBitrate` in bits a second, 0 when not given.
    pub max_bitrate: u32,
    /// `avgBitrate` in bits a second, 0 when not given.
    pub average_bitrate: u32,
    /// The decoder specific information as it stands: the `AudioSpecificConfig` bytes.
    pub specific: Vec<u8>,
    /// What they say, when there are any.
    pub aac: Option<AacConfig>,
}

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

impl AudioConfig {
    /// Whether the sound is AAC of any kind: MPEG-1 and 2 layers and the lossless coders stand in the same boxes.
    pub fn is_aac(&self) -> bool {
        has_specific_config(self.object_type)
            && self.aac.is_none_or(|config| !(32..=38).contains(&config.object_type))
    }

    /// Parses what follows version and flags in `esds`.
    pub fn parse(mut r: Reader<'_>) -> Result<Self> {
        let mut es = descriptor(&mut r, 0x03, "ES_Descriptor")?;
        es.u16("ES_ID")?;
        let flags = es.u8("the ES_Descriptor flags")?;
        if flags & 0x80 != 0 {
            es.u16("dependsOn_ES_ID")?;
        }
        if flags & 0x40 != 0 {
            let len = es.u8("URLlength")?;
            es.take(usize::from(len), "the ES_Descriptor URL")?;
        }
        if flags & 0x20 != 0 {
            es.u16("OCR_ES_Id")?;
        }
        let mut decoder = descriptor(&mut es, 0x04, "DecoderConfigDescriptor")?;
        let object_type = decoder.u8("objectTypeIndication")?;
        decoder.take(4, "streamType and bufferSizeDB")?;
        let max_bitrate = decoder.u32("maxBitrate")?;
        let average_bitrate = decoder.u32("avgBitrate")?;
        let specific = if decoder.is_empty() {
            &[][..]
        } else {
            descriptor(&mut decoder, 0x05, "DecoderSpecificInfo")?.rest()
        };
        let aac = if has_specific_config(object_type) && !specific.is_empty() {
            Some(AacConfig::parse(specific)?)
        } else {
            None
        };
        Ok(Self { object_type, max_bitrate, average_bitrate, specific: specific.to_vec(), aac })
    }

    /// The codec string of RFC 6381 clause 3.3: `mp4a.40.2`, or `mp4a.67` for other object types.
    pub fn codec(&self) -> String {
        match self.aac {
            Some(aac) if self.object_type == MPEG4_AUDIO => format!("mp4a.40.{}", aac.object_type),
            _ => format!("mp4a.{:02X}", self.object_type),
        }
    }

    /// The codec in words, as "AAC LC" or "HE-AAC".
    pub fn name(&self) -> String {
        if let Some(aac) = self.aac {
            return aac.name();
        }
        match self.object_type {
            0x66 => "MPEG-2 AAC Main".into(),
            0x67 => "MPEG-2 AAC LC".into(),
            0x68 => "MPEG-2 AAC SSR".into(),
            0x69 | 0x6B => "MP3".into(),
            0xA5 => "AC-3".into(),
            0xA6 => "E-AC-3".into(),
            0xDD => "Vorbis".into(),
            MPEG4_AUDIO => "MPEG-4 audio".into(),
            other => format!("MPEG audio 0x{other:02X}"),
        }
    }
}

/// Whether the decoder specific information of this object type is an `AudioSpecificConfig`.
fn has_specific_config(object_type: u8) -> bool {
    matches!(object_type, MPEG4_AUDIO | 0x66..=0x68)
}

/// The next descriptor, which must carry `tag`. Its length takes up to five bytes of seven bits (14496-1 clause 8.3.3;
/// the standard stops at four). Lengths that reach past the parent are cut to it: some writers count wrong.
fn descriptor<'a>(r: &mut Reader<'a>, tag: u8, name: &str) -> Result<Reader<'a>> {
    let offset = r.offset();
    let found = r.u8(name)?;
    if found != tag {
        return Err(Error::file(
            "bad-esds",
            format!(
                "The elementary stream descriptor should have a {name} (tag {tag}) here, but has tag {found}."
            ),
        )
        .at(offset));
    }
    let mut len = 0_u64;
    for count in 1.. {
        let byte = r.u8(name)?;
        len = (len << 7) | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            break;
        }
        if count == 5 {
            return Err(Error::file(
                "bad-esds",
                format!("The length of the {name} takes more than 5 bytes, but at most 4 are allowed."),
            )
            .at(offset));
        }
    }
    let left = crate::bytes::units::len_u64(r.remaining());
    r.sub(len.min(left), name)
}

const SBR: u8 = 5;
const PS: u8 = 29;

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
            // Table 1.19.
            channels: match channel_config {
                n @ 1..=6 => u8::try_from(n).unwrap_or(0),
                7 | 12 | 14 => 8,
                11 => 7,
                13 => 24,
                _ => 0,
            },
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
        if !matches!(core_type, 1..=4 | 6 | 7) {
            return Ok(());
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

    /// The coder in words.
    pub fn name(&self) -> String {
        match self.object_type {
            _ if self.ps => "HE-AAC v2".into(),
            _ if self.sbr => "HE-AAC".into(),
            1 => "AAC Main".into(),
            2 => "AAC LC".into(),
            3 => "AAC SSR".into(),
            4 => "AAC LTP".into(),
            17 => "ER AAC LC".into(),
            23 => "AAC LD".into(),
            34 => "MP3".into(),
            36 => "MPEG-4 ALS".into(),
            39 => "AAC ELD".into(),
            42 => "xHE-AAC".into(),
            other => format!("MPEG-4 audio {other}"),
        }
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
    const RATES: [u32; 13] = [
        96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
    ];
    const ESCAPE: u32 = 15;
    let index = r.bits(4, "samplingFrequencyIndex")?;
    if index == ESCAPE {
        return r.bits(24, "samplingFrequency");
    }
    Ok(usize::try_from(index).ok().and_then(|index| RATES.get(index)).copied().unwrap_or(0))
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
