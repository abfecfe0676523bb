//! Sample entries: which codec, how configured, how protected (ISO/IEC 14496-12:2022 8.5.2, 8.12; PIFF 1.1 5.3).

use crate::boxes::cenc::{OriginalFormat, SchemeType, TrackEncryption};
use crate::boxes::piff::{self, PiffTrackEncryption};
use crate::boxes::sample_entry::{AudioSampleEntry, VisualSampleEntry};
use crate::boxes::{Node, Tree};
use crate::bytes::{FourCc, KeyId, Result};

use super::codec::aac::AudioConfig;
use super::codec::avc_config::AvcConfig;

/// Codec configuration, as far as protection and playback need it.
#[derive(Clone, Debug)]
pub enum Codec {
    /// H.264, with its configuration record.
    Avc(Box<AvcConfig>),
    /// MPEG-4 or MPEG-2 audio, with its elementary stream descriptor.
    Mpeg(AudioConfig),
    /// Anything else.
    Other,
}

/// How the samples of an entry are encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
    /// Scheme: `cenc`, `cbcs`, `piff`, …; zero when `schm` is missing.
    pub scheme: FourCc,
    /// Scheme version, two 16-bit halves.
    pub scheme_version: u32,
    /// Whether samples are encrypted by default; sample groups may say otherwise.
    pub is_protected: bool,
    /// Whether samples are encrypted with AES in counter mode, without a pattern.
    pub counter_mode: bool,
    /// Bytes of IV with each sample: 0 (constant IV), 8 or 16.
    pub iv_size: u8,
    /// Default key ID.
    pub kid: Option<KeyId>,
    /// Constant IV, empty when samples carry their own.
    pub constant_iv: Vec<u8>,
    /// Encrypted and skipped blocks of a pattern; both 0 without a pattern.
    pub pattern: (u8, u8),
}

/// One sample entry of a track.
#[derive(Clone, Debug)]
pub struct SampleEntry {
    /// File offset of the entry's box.
    pub start: u64,
    /// The type it has in the file.
    pub coded: FourCc,
    /// The type before protection; the same as `coded` when clear.
    pub format: FourCc,
    /// Codec configuration.
    pub codec: Codec,
    /// How it is protected, when it is.
    pub protection: Option<Protection>,
    /// Picture width and height in pixels, for video.
    pub size: Option<(u16, u16)>,
    /// Channels and sample rate in hertz, for audio.
    pub sound: Option<(u16, u32)>,
}

impl SampleEntry {
    /// Reads one child of `stsd`.
    pub fn read(tree: &Tree<'_>, node: &Node) -> Result<Self> {
        let coded = node.id().four_cc();
        let sinf = node.child(b"sinf");
        let format = match sinf.and_then(|sinf| sinf.child(b"frma")) {
            Some(frma) => tree.read::<OriginalFormat>(frma)?.data_format,
            None => coded,
        };
        let mut entry = Self {
            start: node.start,
            coded,
            format,
            codec: Codec::Other,
            protection: None,
            size: None,
            sound: None,
        };
        if let Some(sinf) = sinf {
            entry.protection = Some(read_protection(tree, sinf)?);
        }
        if crate::boxes::registry::has_body::<VisualSampleEntry>(node.id()) {
            let visual: VisualSampleEntry = tree.read(node)?;
            entry.size = Some((visual.width, visual.height));
        } else if crate::boxes::registry::has_body::<AudioSampleEntry>(node.id()) {
            let audio: AudioSampleEntry = tree.read(node)?;
            let rate = u32::try_from(audio.samplerate.0 >> 16).unwrap_or(0) & 0xffff;
            entry.sound = Some((audio.channelcount, rate));
        }
        if let Some(avcc) = node.child(b"avcC") {
            entry.codec =
                Codec::Avc(Box::new(AvcConfig::parse(tree.body(avcc)).map_err(|e| e.at(avcc.start))?));
        } else if let Some(esds) = node.child(b"esds") {
            let mut body = tree.body(esds);
            body.u32("version and flags")?;
            let config = AudioConfig::parse(body).map_err(|e| e.at(esds.start))?;
            if let (Some(aac), Some((channels, rate))) = (&config.aac, &mut entry.sound) {
                // The decoder's own configuration wins: the sample entry often says stereo whatever it holds.
                *channels = if aac.channels == 0 { *channels } else { u16::from(aac.channels) };
                *rate = aac.rate;
            }
            entry.codec = Codec::Mpeg(config);
        }
        Ok(entry)
    }

    /// Whether the type says that samples may be encrypted (ISO/IEC 14496-12:2022 8.12.1), whatever is known of how.
    pub fn has_protected_type(&self) -> bool {
        let types =
            [b"encv", b"enca", b"enct", b"encs", b"encm", b"encf", b"enc3", b"encp", b"drms", b"drmi"];
        types.contains(&&self.coded.0)
    }

    /// Whether its samples are encrypted, as far as the movie header says: what is unknown is not clear.
    pub fn is_protected(&self) -> bool {
        self.has_protected_type() && self.protection.as_ref().is_none_or(|protection| protection.is_protected)
    }

    /// RFC 6381 `codecs` value, with the entry type alone where nothing more is known.
    pub fn codec_string(&self) -> String {
        match &self.codec {
            Codec::Avc(config) => config.codec(self.format),
            Codec::Mpeg(config) => config.codec(),
            Codec::Other => self.format.text().trim_end().to_owned(),
        }
    }

    /// The codec's name for a person.
    pub fn codec_name(&self) -> String {
        match &self.codec {
            Codec::Avc(config) => config.profile_name(),
            Codec::Mpeg(config) => config.name(),
            Codec::Other => other_codec_name(self.format),
        }
    }
}

fn other_codec_name(format: FourCc) -> String {
    match &format.0 {
        b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => "HEVC",
        b"vvc1" | b"vvi1" => "VVC",
        b"av01" => "AV1",
        b"vp08" => "VP8",
        b"vp09" => "VP9",
        b"vc-1" | b"ovc1" => "VC-1",
        b"mp4v" => "MPEG-4 Visual",
        b"ac-3" => "Dolby Digital (AC-3)",
        b"ec-3" => "Dolby Digital Plus (E-AC-3)",
        b"ac-4" => "Dolby AC-4",
        b"mlpa" => "Dolby TrueHD",
        b"Opus" => "Opus",
        b"fLaC" => "FLAC",
        b"alac" => "Apple Lossless",
        b"dtsc" | b"dtsh" | b"dtsl" | b"dtse" | b"dtsx" => "DTS",
        b"wma " | b"owma" => "Windows Media Audio",
        b"stpp" | b"dfxp" => "TTML text",
        b"wvtt" => "WebVTT text",
        b"tx3g" => "3GPP timed text",
        _ => return format!("unknown codec '{format}'"),
    }
    .to_owned()
}

fn read_protection(tree: &Tree<'_>, sinf: &Node) -> Result<Protection> {
    let schm = match sinf.child(b"schm") {
        Some(schm) => tree.read::<SchemeType>(schm)?,
        None => SchemeType::default(),
    };
    let mut protection = Protection {
        scheme: schm.scheme_type,
        scheme_version: schm.scheme_version,
        is_protected: true,
        // "cens" counts too, but only through the blocks of a pattern.
        counter_mode: schm.scheme_type.0 == *b"cenc",
        iv_size: 0,
        kid: None,
        constant_iv: Vec::new(),
        pattern: (0, 0),
    };
    let schi = sinf.child(b"schi");
    if let Some(tenc) = schi.and_then(|schi| schi.child(b"tenc")) {
        let tenc: TrackEncryption = tree.read(tenc)?;
        protection.is_protected = tenc.default_is_protected != 0;
        protection.iv_size = tenc.default_per_sample_iv_size;
        protection.kid = Some(tenc.default_kid);
        protection.constant_iv = tenc.default_constant_iv.entries;
        protection.pattern = (tenc.default_pattern >> 4, tenc.default_pattern & 15);
    } else if let Some(tenc) = schi.and_then(|schi| schi.child_id(piff::TRACK_ENCRYPTION)) {
        let tenc: PiffTrackEncryption = tree.read(tenc)?;
        protection.is_protected = tenc.default_algorithm_id.0 != piff::algorithm::NONE;
        protection.counter_mode = tenc.default_algorithm_id.0 == piff::algorithm::AES_CTR;
        protection.iv_size = tenc.default_iv_size;
        protection.kid = Some(tenc.default_kid);
    }
    Ok(protection)
}
