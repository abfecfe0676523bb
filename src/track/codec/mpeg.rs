//! The elementary stream descriptor of `esds` (ISO/IEC 14496-1:2010 7.2.6), which is sound, pictures or subpictures by
//! its object type.

use crate::boxes::BoxBody as _;
use crate::boxes::aac::AacConfig;
use crate::boxes::descriptor::{DECODER_CONFIG, DECODER_SPECIFIC_INFO, ElementaryStreamDescriptor};
use crate::boxes::profiles::{MPEG4_AUDIO, MPEG4_VISUAL, mpeg4_visual_profile, object_type_name};
use crate::bytes::{Error, FourCc, Reader, Result};

use super::{About, Codec};

/// The decoder configuration of an MPEG-4 sample entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MpegConfig {
    /// `objectTypeIndication` (14496-1 table 5): 0x20 MPEG-4 Visual, 0x40 MPEG-4 audio, 0x66–0x68 MPEG-2 AAC, 0x69 and
    /// 0x6B MP3, and many more.
    pub object_type: u8,
    /// `maxBitrate` in bits a second, 0 when not given.
    pub max_bitrate: u32,
    /// `avgBitrate` in bits a second, 0 when not given.
    pub average_bitrate: u32,
    /// The decoder specific information as it stands: for AAC the `AudioSpecificConfig`.
    pub specific: Vec<u8>,
    /// What they say of sound, when they do and can be read.
    pub aac: Option<AacConfig>,
}

impl MpegConfig {
    /// Parses the body of `esds`. Fails when the decoder configuration is missing or cut.
    pub fn parse(mut r: Reader<'_>) -> Result<Self> {
        let start = r.offset();
        let esds = ElementaryStreamDescriptor::parse(&mut r, 0)?;
        let decoder = esds.descriptor.find(DECODER_CONFIG).ok_or_else(|| {
            let message = format!(
                "The elementary stream descriptor has no DecoderConfigDescriptor (tag {DECODER_CONFIG}), which it must have."
            );
            Error::file("bad-esds", message).at(start)
        })?;
        let mut fields = Reader::new(&decoder.fields, start);
        let object_type = fields.u8("objectTypeIndication")?;
        fields.take(4, "streamType and bufferSizeDB")?;
        let max_bitrate = fields.u32("maxBitrate")?;
        let average_bitrate = fields.u32("avgBitrate")?;
        let specific = decoder.inner.iter().find(|inner| inner.tag == DECODER_SPECIFIC_INFO);
        let specific = specific.map(|specific| specific.fields.clone()).unwrap_or_default();
        Ok(Self { object_type, max_bitrate, average_bitrate, specific, aac: None })
    }

    /// Reads the `AudioSpecificConfig`, where there is one.
    pub fn read_specific(&mut self) -> Result<()> {
        if has_specific_config(self.object_type) && !self.specific.is_empty() {
            self.aac = Some(AacConfig::parse(&self.specific)?);
        }
        Ok(())
    }

    /// Whether the sound is AAC of any kind: MPEG-1 and 2 layers and the lossless coders stand in the same boxes.
    pub fn is_aac(&self) -> bool {
        has_specific_config(self.object_type)
            && self.aac.is_none_or(|config| !(32..=38).contains(&config.object_type))
    }

    /// Whether each frame begins with the number of a syntactic element (ISO/IEC 14496-3:2019 4.4.2.1): those of AAC for
    /// channels with errors (ER) and of USAC begin with anything.
    pub fn has_elements(&self) -> bool {
        match self.aac {
            Some(config) => matches!(config.object_type, 1..=5 | 29),
            None => self.is_aac() && self.object_type != MPEG4_AUDIO,
        }
    }

    /// The codec string of RFC 6381 clause 3.3: `mp4a.40.2`, `mp4v.20.9`, or `mp4a.67` for other object types.
    pub fn codec(&self, entry: FourCc) -> String {
        let string = format!("{}.{:02X}", entry.text().trim_end(), self.object_type);
        match (self.aac, self.visual_profile()) {
            (Some(aac), _) if self.object_type == MPEG4_AUDIO => format!("{string}.{}", aac.object_type),
            (_, Some(indication)) => format!("{string}.{indication}"),
            _ => string,
        }
    }

    /// The codec in words, as "AAC LC" or "MPEG-4 Visual Simple".
    pub fn name(&self) -> String {
        let of_type = object_type_name(self.object_type);
        let visual = self.visual_profile().and_then(mpeg4_visual_profile);
        match (self.aac, visual) {
            (Some(aac), _) if !aac.name().is_empty() => aac.name().to_owned(),
            (Some(aac), _) => format!("{of_type} {}", aac.object_type),
            (_, Some((profile, _))) => format!("{of_type} {profile}"),
            _ if of_type.is_empty() => format!("MPEG-4 object type {:#04x}", self.object_type),
            _ => of_type.to_owned(),
        }
    }

    /// `profile_and_level_indication` of an MPEG-4 Visual sequence (ISO/IEC 14496-2:2004 6.2.2).
    fn visual_profile(&self) -> Option<u8> {
        let sequence = self.specific.windows(5).find(|bytes| bytes.starts_with(&[0, 0, 1, 0xb0]))?;
        sequence.last().copied().filter(|_| self.object_type == MPEG4_VISUAL)
    }
}

/// Whether the decoder specific information of this object type is an `AudioSpecificConfig`.
fn has_specific_config(object_type: u8) -> bool {
    matches!(object_type, MPEG4_AUDIO | 0x66..=0x68)
}

/// Reads `esds` of a sample entry. Beside a codec's own box in an entry of that codec it says nothing new.
pub(super) fn read(about: &mut About, r: &mut Reader<'_>) -> Result<()> {
    if !matches!(about.codec, Codec::Other) {
        return Ok(());
    }
    let implied = match &about.format.0 {
        b"encv" | b"drmi" | b"resv" => *b"mp4v",
        b"enca" | b"drms" | b"resa" => *b"mp4a",
        b"encs" => *b"mp4s",
        format => *format,
    };
    if !matches!(&implied, b"mp4a" | b"mp4v" | b"mp4s" | b"m4ae") {
        return Ok(());
    }
    about.format = FourCc(implied);
    let mut config = MpegConfig::parse(*r)?;
    let read = config.read_specific();
    if let Some(aac) = config.aac {
        about.set_sound(aac.channels, aac.rate);
    }
    about.string = config.codec(about.format);
    about.name = config.name();
    if let Some((_, level)) = config.visual_profile().and_then(mpeg4_visual_profile) {
        about.add(&format!("level {level}"));
    }
    about.codec = Codec::Mpeg(config);
    read
}
