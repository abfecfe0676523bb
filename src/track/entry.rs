//! Sample entries: which codec, how configured, how protected (ISO/IEC 14496-12:2022 8.5.2, 8.12; PIFF 1.1 5.3).

use crate::boxes::cenc::{OriginalFormat, SchemeType, TrackEncryption};
use crate::boxes::header::four;
use crate::boxes::piff::{self, PiffTrackEncryption};
use crate::boxes::registry::{has_body, known};
use crate::boxes::sample_entry::{
    AudioSampleEntry, TextSampleEntry, VisualSampleEntry, XmlMetadataSampleEntry, rounded,
};
use crate::boxes::sample_types::{Layout, WRAPPED, registered};
use crate::boxes::{BoxBody, Node, Tree};
use crate::bytes::{Error, FourCc, KeyId, Reader, Result};

use super::codec::Codec;
use super::codec::about::{About, damaged};
use super::codec::sound::pcm_detail;
use super::encryption::scheme_of_algorithm;
use super::movie::TrackKind;

/// Code of errors that are about a sample entry and cost nothing else.
pub const DAMAGED_ENTRY: &str = "damaged-entry";

/// How the samples of an entry are encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
    /// Scheme: `cenc`, `cbcs`, `piff`, …; zero when `schm` is missing.
    pub scheme: FourCc,
    /// Scheme version, two 16-bit halves.
    pub scheme_version: u32,
    /// Whether samples are encrypted by default; sample groups may say otherwise.
    pub is_protected: bool,
    /// What they are encrypted with: `cenc`, `cbc1`, `cens` or `cbcs`, also where it is PIFF that says so.
    pub cipher: FourCc,
    /// Blocks encrypted and left clear, half a byte each.
    pub pattern: u8,
    /// Bytes of IV with each sample: 0 (constant IV), 8 or 16.
    pub iv_size: u8,
    /// The IV of all samples, where they have none of their own.
    pub constant_iv: Vec<u8>,
    /// Default key ID.
    pub kid: Option<KeyId>,
}

impl Protection {
    /// Whether it is as PIFF has it, and PIFF alone.
    pub fn is_piff(&self) -> bool {
        self.scheme.0 == *b"piff"
    }
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
    /// Channels and sample rate in hertz, for audio; 0 when not known.
    pub sound: Option<(u16, u32)>,
    /// Version of QuickTime's sound description, 1 or 2, whose fields MP4 does not have; 0 where it is not one of these.
    pub quicktime: u16,
    /// What is wrong with it and the boxes inside, with their paths; all else of it is known all the same.
    pub damage: Vec<Error>,
    string: String,
    name: String,
    detail: String,
}

impl SampleEntry {
    /// Reads one child of `stsd`, of a track with media of `kind`. What cannot be read is noted in
    /// [`damage`](Self::damage).
    pub fn read(tree: &Tree<'_>, node: &Node, kind: TrackKind) -> Self {
        let mut damage = Vec::new();
        let coded = node.id().four_cc();
        let format = original_format(tree, node, coded, &mut damage);
        let protection = node.child(b"sinf").map(|sinf| read_protection(tree, sinf, &mut damage));
        // Where a type is not registered, or stands for both sound and pictures, the handler says which.
        let of_kind = match kind {
            TrackKind::Video => Layout::Visual,
            TrackKind::Audio => Layout::Audio,
            TrackKind::Text | TrackKind::Other => Layout::Other,
        };
        let layout = registered(coded, of_kind).map_or(of_kind, |(layout, _)| layout);
        let mut about = About::new(format, of_kind);
        let fields = match layout {
            Layout::Visual => visual(tree, node, &mut about),
            Layout::Audio => sound(tree, node, &mut about),
            Layout::Other => text(tree, node, &mut about),
        };
        if let Err(error) = fields {
            damage.push(damaged(tree, node, &error));
        }
        about.read_boxes(tree, node, &mut damage);
        Self {
            start: node.start,
            coded,
            format: about.format,
            codec: about.codec,
            protection,
            size: about.size,
            sound: (layout == Layout::Audio).then_some((about.channels, about.rate)),
            quicktime: about.quicktime,
            damage,
            string: about.string,
            name: about.name,
            detail: about.detail,
        }
    }

    /// Whether the type says that samples may be encrypted (ISO/IEC 14496-12:2022 8.12.1), whatever is known of how.
    pub fn has_protected_type(&self) -> bool {
        WRAPPED.contains(&&self.coded.0) && !matches!(&self.coded.0, b"resv" | b"resa")
    }

    /// Whether its samples are encrypted, as far as the movie header says: what is unknown is not clear.
    pub fn is_protected(&self) -> bool {
        self.has_protected_type() && self.protection.as_ref().is_none_or(|protection| protection.is_protected)
    }

    /// RFC 6381 `codecs` value, with the entry type alone where nothing more is known.
    pub fn codec_string(&self) -> String {
        self.string.clone()
    }

    /// The codec's name for a person, with the profile: "HEVC Main 10".
    pub fn codec_name(&self) -> String {
        self.name.clone()
    }

    /// Level, tier, depth for a person: "level 4.1, High tier"; empty when the file says nothing of them.
    pub fn codec_detail(&self) -> &str {
        &self.detail
    }
}

/// The type before protection, and before a restriction that may stand inside it (ISO/IEC 14496-12:2022 8.12, 8.15).
fn original_format(tree: &Tree<'_>, node: &Node, coded: FourCc, damage: &mut Vec<Error>) -> FourCc {
    let mut format = coded;
    for wrapper in [b"sinf", b"rinf"] {
        let Some(frma) = node.descend(&[wrapper, b"frma"]) else { continue };
        if !WRAPPED.contains(&&format.0) {
            continue;
        }
        match tree.read::<OriginalFormat>(frma) {
            Ok(frma) => format = frma.data_format,
            Err(error) => damage.push(damaged(tree, frma, &error)),
        }
    }
    format
}

fn visual(tree: &Tree<'_>, node: &Node, about: &mut About) -> Result<()> {
    let entry = VisualSampleEntry::parse(&mut own_fields::<VisualSampleEntry>(tree, node), 0)?;
    about.size = Some((entry.width, entry.height));
    Ok(())
}

fn sound(tree: &Tree<'_>, node: &Node, about: &mut About) -> Result<()> {
    let entry = AudioSampleEntry::parse(&mut own_fields::<AudioSampleEntry>(tree, node), 0)?;
    about.set_sound(entry.channelcount, entry.samplerate.0 >> 16);
    about.sample_bits = entry.samplesize;
    if entry.entry_version == 2 || entry.quicktime_v1.0.is_some() {
        about.quicktime = entry.entry_version;
    }
    if entry.entry_version == 2 {
        // The fields of the older versions are constants then.
        let v2 = entry.quicktime_v2;
        about.channels = u16::try_from(v2.num_audio_channels).unwrap_or(0);
        about.rate = rounded(v2.audio_sample_rate);
        if &about.format.0 == b"lpcm" {
            let flags = v2.format_specific_flags;
            let order = if flags & 2 == 2 { "big-endian" } else { "little-endian" };
            about.add(&pcm_detail(v2.const_bits_per_channel, order));
            about.name.push_str(if flags & 1 == 1 { ", floating point" } else { "" });
        }
    }
    Ok(())
}

/// MIME type or namespace of text and metadata.
fn text(tree: &Tree<'_>, node: &Node, about: &mut About) -> Result<()> {
    let said = if has_body::<TextSampleEntry>(node.id()) {
        tree.read::<TextSampleEntry>(node)?.mime_format
    } else if has_body::<XmlMetadataSampleEntry>(node.id()) {
        tree.read::<XmlMetadataSampleEntry>(node)?.namespace
    } else {
        return Ok(());
    };
    about.add(&String::from_utf8_lossy(&said.bytes));
    Ok(())
}

/// The fields before the boxes inside, or all of the body where the tree took it for something else.
fn own_fields<'t, B: BoxBody>(tree: &'t Tree<'_>, node: &Node) -> Reader<'t> {
    let known = known(node, Some(four(b"stsd"))).declaration();
    if known.is_some_and(|known| known.name() == B::DECLARATION.name()) {
        tree.fields(node)
    } else {
        tree.body(node)
    }
}

fn read_protection(tree: &Tree<'_>, sinf: &Node, damage: &mut Vec<Error>) -> Protection {
    let mut note = |node: &Node, error: &Error| damage.push(damaged(tree, node, error));
    let mut schm = SchemeType::default();
    if let Some(node) = sinf.child(b"schm") {
        match tree.read::<SchemeType>(node) {
            Ok(read) => schm = read,
            Err(error) => note(node, &error),
        }
    }
    let mut protection = Protection {
        scheme: schm.scheme_type,
        scheme_version: schm.scheme_version,
        is_protected: true,
        cipher: schm.scheme_type,
        pattern: 0,
        iv_size: 0,
        constant_iv: Vec::new(),
        kid: None,
    };
    let Some(schi) = sinf.child(b"schi") else { return protection };
    if let Some(node) = schi.child(b"tenc") {
        match tree.read::<TrackEncryption>(node) {
            Ok(tenc) => {
                protection.is_protected = tenc.default_is_protected != 0;
                protection.iv_size = tenc.default_per_sample_iv_size;
                protection.pattern = tenc.default_pattern;
                protection.constant_iv = tenc.default_constant_iv.entries;
                protection.kid = Some(tenc.default_kid);
                if protection.is_piff() {
                    protection.cipher = FourCc(*b"cenc");
                }
            }
            Err(error) => note(node, &error),
        }
    } else if let Some(node) = schi.child_id(piff::TRACK_ENCRYPTION) {
        match tree.read::<PiffTrackEncryption>(node) {
            Ok(tenc) => {
                protection.is_protected = tenc.default_algorithm_id.0 != piff::algorithm::NONE;
                protection.cipher = scheme_of_algorithm(tenc.default_algorithm_id.0);
                protection.iv_size = tenc.default_iv_size;
                protection.kid = Some(tenc.default_kid);
            }
            Err(error) => note(node, &error),
        }
    }
    protection
}
