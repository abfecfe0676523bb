//! The movie header of fragments that lie without one, made of the client manifest that names them: `ftyp` and a `moov` with one
//! track, which goes on in fragments (PIFF 1.1; ISO/IEC 14496-12:2022 8.8.1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::client::{Client, Level, Stream};
use super::heads::{Encryption, Heads};
use super::records::{Record, record};
use crate::boxes::BoxBody;
use crate::boxes::cenc::{
    OriginalFormat, ProtectionSystemSpecificHeader, SCHEME_VERSION_1_0, SchemeType, TrackEncryption,
};
use crate::boxes::header::{four, wrap};
use crate::boxes::movie::{
    ChunkOffset, DataEntryUrl, DataReference, ExtendedLanguage, FileType, Handler, MediaHeader,
    MovieExtendsHeader, MovieHeader, NullMediaHeader, SampleDescription, SampleSize, SampleToChunk,
    SoundMediaHeader, SubtitleMediaHeader, TimeToSample, TrackExtends, TrackHeader, VideoMediaHeader,
};
use crate::boxes::piff::{PiffProtectionSystem, PiffTrackEncryption, SCHEME_VERSION_1_1, algorithm};
use crate::boxes::sample_entry::{AudioSampleEntry, VisualSampleEntry, XmlSubtitleSampleEntry};
use crate::boxes::types::{Fixed8, Fixed16, Language, OptionalHead, Text, U24, UFixed16, Wide};
use crate::boxes::wire::{Bytes, FullHead};
use crate::bytes::units::len_u64;
use crate::bytes::{Error, FourCc, KeyId, Result, Writer, limits};
use crate::manifest::amount::scaled;
use crate::playready::{Algorithm, Header};
use crate::track::system_header::is_playready;

/// A movie header that was made: `SmoothHeader`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SmoothHeader {
    /// The initialization segment, in base64.
    pub init: String,
    /// Its track, as the fragments have it.
    pub track_id: u32,
    /// What of it nothing says for sure, as sentences.
    pub notes: Vec<String>,
}

/// Makes the movie header of a quality: `track` counts the qualities of all streams, `heads` are `moof` boxes of some of its
/// fragments, from front to back.
///
/// # Errors
/// `smooth-no-track` when there is no such quality, `smooth-heads` when the fragments are not of one track, `smooth-codec` and
/// `smooth-codec-data` when a decoder could not be told what it needs, `smooth-limits` for numbers that a header cannot hold.
pub fn make(client: &Client, track: usize, heads: &[u8]) -> Result<SmoothHeader> {
    // As many as are shown, so that numbers mean the same.
    let streams = client.streams.iter().take(limits::TRACKS);
    let mut all = streams
        .flat_map(|stream| stream.levels.iter().take(limits::TRACKS).map(move |level| (stream, level)));
    let Some((stream, level)) = all.nth(track) else {
        return Err(Error::caller(
            "smooth-no-track",
            "track",
            format!("The manifest has no quality number {track}."),
        ));
    };
    let heads = Heads::read(heads)?;
    let mut maker = Maker { client, stream, level, id: heads.track_id, notes: Vec::new() };
    let bytes = maker.bytes(heads.encryption)?;
    Ok(SmoothHeader { init: STANDARD.encode(bytes), track_id: heads.track_id, notes: maker.notes })
}

struct Maker<'c> {
    client: &'c Client,
    stream: &'c Stream,
    level: &'c Level,
    id: u32,
    notes: Vec<String>,
}

/// What a protected track is told of its protection.
struct Protected<'c> {
    encryption: Encryption,
    kid: KeyId,
    algorithm: u32,
    objects: Vec<&'c [u8]>,
}

fn too_large(what: &str, value: u64, most: u64) -> Error {
    Error::file(
        "smooth-limits",
        format!("The manifest has a {what} of {value}, and a movie header holds {most} at most."),
    )
}

/// A box whose fields are followed by others.
fn with(body: &impl BoxBody, id: &[u8; 4], inner: &[u8]) -> Vec<u8> {
    let mut w = Writer::new();
    body.write_body(&mut w, 0);
    w.bytes(inner);
    wrap(four(id), w.as_slice())
}

impl<'c> Maker<'c> {
    fn bytes(&mut self, encryption: Option<Encryption>) -> Result<Vec<u8>> {
        let made = record(&self.stream.kind, self.level)?;
        self.notes.extend(made.note.clone());
        let protected = encryption.map(|encryption| self.protection(encryption));
        let timescale = self.stream.timescale.unwrap_or(self.client.timescale);
        let short =
            u32::try_from(timescale).map_err(|_| too_large("TimeScale", timescale, u32::MAX.into()))?;
        let brands = [*b"piff", *b"iso2"].map(FourCc).to_vec();
        let ftyp = FileType {
            major_brand: FourCc(*b"isml"),
            minor_version: 1,
            compatible_brands: brands,
            ..FileType::default()
        };
        let mvhd = MovieHeader {
            timescale: short,
            rate: Fixed16(0x1_0000),
            volume: Fixed8(0x100),
            next_track_id: self.id.saturating_add(1),
            ..MovieHeader::default()
        };
        let mut moov = mvhd.to_box(0);
        if let Some(protected) = &protected {
            moov.extend(systems(protected));
        }
        moov.extend(self.track(&made, protected.as_ref(), short)?);
        moov.extend(self.extends(timescale));
        Ok([ftyp.to_box(0), wrap(four(b"moov"), &moov)].concat())
    }

    fn extends(&self, timescale: u64) -> Vec<u8> {
        let whole = scaled(self.client.duration, self.client.timescale, timescale);
        let mut mvex = Vec::new();
        // What goes on has no length.
        if whole > 0 && !self.client.live {
            let head = FullHead { version: u8::from(whole > u64::from(u32::MAX)), flags: 0 };
            let mehd =
                MovieExtendsHeader { head, fragment_duration: Wide(whole), ..MovieExtendsHeader::default() };
            mvex.extend(mehd.to_box(0));
        }
        let trex = TrackExtends {
            track_id: self.id,
            default_sample_description_index: 1,
            ..TrackExtends::default()
        };
        mvex.extend(trex.to_box(0));
        wrap(four(b"mvex"), &mvex)
    }

    /// How the track is protected: by the manifest, and by what fragments say otherwise.
    fn protection(&mut self, encryption: Encryption) -> Protected<'c> {
        let client = self.client;
        let ours = || client.protections.iter().filter(|one| one.system.is_some_and(is_playready));
        let header: Option<&Header> = ours().find_map(|one| one.read.header.as_ref());
        let named = ours().flat_map(|one| &one.read.kids).copied().collect::<Vec<_>>();
        let own = encryption.own;
        let kid = match (own, named.as_slice()) {
            (Some((_, kid)), _) => kid,
            (None, [kid]) => *kid,
            (None, [kid, ..]) => {
                self.notes.push(format!(
                    "The manifest names {} key IDs, and the fragments do not say which is theirs: the first, {kid}, was taken.",
                    named.len()
                ));
                *kid
            }
            (None, []) => {
                self.notes.push(
                    "The fragments are encrypted, and the manifest has no PlayReady header with a key ID: the key ID is \
                     not known, and stands as zeros."
                        .to_owned(),
                );
                KeyId::default()
            }
        };
        let by_header = header.and_then(|header| header.keys.iter().find(|key| key.kid == kid)?.algorithm);
        let algorithm = match (own, by_header) {
            (Some((algorithm, _)), _) => algorithm,
            (None, Some(Algorithm::AesCbc)) => algorithm::AES_CBC,
            (None, _) => algorithm::AES_CTR,
        };
        let objects = ours().map(|one| one.read.data.as_slice()).filter(|data| !data.is_empty()).collect();
        Protected { encryption, kid, algorithm, objects }
    }

    fn track(&self, made: &Record, protected: Option<&Protected<'_>>, timescale: u32) -> Result<Vec<u8>> {
        let (width, height) = self.size(made)?;
        let is_sound = self.stream.kind == "audio";
        let tkhd = TrackHeader {
            // Enabled, in the movie and in its preview.
            head: FullHead { version: 0, flags: 7 },
            track_id: self.id,
            volume: Fixed8(if is_sound { 0x100 } else { 0 }),
            width: UFixed16(u32::from(width) << 16),
            height: UFixed16(u32::from(height) << 16),
            ..TrackHeader::default()
        };
        let language = self.stream.language.as_deref().unwrap_or("und");
        let code = Language::of(language);
        let mdhd = MediaHeader {
            timescale,
            language: code.or(Language::of("und")).unwrap_or_default(),
            ..MediaHeader::default()
        };
        let handler = match self.stream.kind.as_str() {
            "video" => *b"vide",
            "audio" => *b"soun",
            _ => *b"subt",
        };
        let hdlr = Handler {
            handler_type: FourCc(handler),
            name: Text::of(&self.stream.name),
            ..Handler::default()
        };
        let mut mdia = [mdhd.to_box(0), hdlr.to_box(0)].concat();
        if code.is_none() {
            let tag = Text::of(language);
            let version_and_flags = OptionalHead(Some(FullHead::default()));
            let elng =
                ExtendedLanguage { version_and_flags, extended_language: tag, ..ExtendedLanguage::default() };
            mdia.extend(elng.to_box(0));
        }
        let media = match &handler {
            b"vide" => {
                let head = FullHead { version: 0, flags: 1 };
                VideoMediaHeader { head, ..VideoMediaHeader::default() }.to_box(0)
            }
            b"soun" => SoundMediaHeader::default().to_box(0),
            _ if made.format == *b"stpp" => SubtitleMediaHeader::default().to_box(0),
            _ => NullMediaHeader::default().to_box(0),
        };
        let here = DataEntryUrl { head: FullHead { version: 0, flags: 1 }, ..DataEntryUrl::default() };
        let dref =
            with(&DataReference { entry_count: 1, ..DataReference::default() }, b"dref", &here.to_box(0));
        let entry = self.entry(made, protected, (width, height));
        let stsd =
            with(&SampleDescription { entry_count: 1, ..SampleDescription::default() }, b"stsd", &entry);
        let tables = [
            stsd,
            TimeToSample::default().to_box(0),
            SampleToChunk::default().to_box(0),
            SampleSize::default().to_box(0),
            ChunkOffset::default().to_box(0),
        ];
        let minf = [media, wrap(four(b"dinf"), &dref), wrap(four(b"stbl"), &tables.concat())];
        mdia.extend(wrap(four(b"minf"), &minf.concat()));
        Ok(wrap(four(b"trak"), &[tkhd.to_box(0), wrap(four(b"mdia"), &mdia)].concat()))
    }

    /// Pixels: those of the manifest, else those of the parameter sets.
    fn size(&self, made: &Record) -> Result<(u16, u16)> {
        if self.stream.kind != "video" {
            return Ok((0, 0));
        }
        let own = made.size.map(|(width, height)| (u64::from(width), u64::from(height)));
        let (width, height) =
            self.level.size.filter(|(width, height)| *width > 0 && *height > 0).or(own).unwrap_or((0, 0));
        let fit = |what, value| u16::try_from(value).map_err(|_| too_large(what, value, u16::MAX.into()));
        Ok((fit("width", width)?, fit("height", height)?))
    }

    fn entry(
        &self,
        made: &Record,
        protected: Option<&Protected<'_>>,
        (width, height): (u16, u16),
    ) -> Vec<u8> {
        let sinf = protected.map(|protected| protection_info(made.format, protected)).unwrap_or_default();
        let inner = [made.boxes.as_slice(), &sinf].concat();
        match self.stream.kind.as_str() {
            "video" => {
                let entry = VisualSampleEntry {
                    data_reference_index: 1,
                    width,
                    height,
                    horizresolution: UFixed16(0x48_0000),
                    vertresolution: UFixed16(0x48_0000),
                    frame_count: 1,
                    depth: 0x18,
                    pre_defined_2: -1,
                    ..VisualSampleEntry::default()
                };
                with(&entry, if protected.is_some() { b"encv" } else { &made.format }, &inner)
            }
            "audio" => {
                let (rate, channels) = made.sound.unwrap_or((0, 0));
                let rate = self.level.rate.and_then(|rate| u32::try_from(rate).ok()).unwrap_or(rate);
                let channels =
                    self.level.channels.and_then(|count| u16::try_from(count).ok()).unwrap_or(channels);
                let entry = AudioSampleEntry {
                    data_reference_index: 1,
                    channelcount: channels,
                    samplesize: 16,
                    // Rates that do not fit are left to the decoder's configuration.
                    samplerate: UFixed16(u16::try_from(rate).map_or(0, |rate| u32::from(rate) << 16)),
                    ..AudioSampleEntry::default()
                };
                with(&entry, if protected.is_some() { b"enca" } else { &made.format }, &inner)
            }
            _ => {
                let entry = XmlSubtitleSampleEntry {
                    data_reference_index: 1,
                    namespace: Text::of("http://www.w3.org/ns/ttml"),
                    schema_location: Text::of(""),
                    auxiliary_mime_types: Text::of(""),
                    ..XmlSubtitleSampleEntry::default()
                };
                with(&entry, if protected.is_some() { b"encu" } else { &made.format }, &inner)
            }
        }
    }
}

/// IVs have this many bytes where no fragment tells.
const IV_SIZE: u8 = 8;

/// The `sinf`: of PIFF (1.1, 5.3.3), or of Common Encryption where the fragments have its boxes alone.
fn protection_info(format: [u8; 4], protected: &Protected<'_>) -> Vec<u8> {
    let frma = OriginalFormat { data_format: FourCc(format), ..OriginalFormat::default() };
    let iv_size = protected.encryption.iv_size.unwrap_or(IV_SIZE);
    let is_cbc = protected.algorithm == algorithm::AES_CBC;
    let (scheme, version, tenc) = if protected.encryption.is_cenc {
        let tenc = TrackEncryption::with_ivs(protected.kid, iv_size).to_box(0);
        (if is_cbc { *b"cbc1" } else { *b"cenc" }, SCHEME_VERSION_1_0, tenc)
    } else {
        let tenc = PiffTrackEncryption {
            default_algorithm_id: U24(protected.algorithm),
            default_iv_size: iv_size,
            default_kid: protected.kid,
            ..PiffTrackEncryption::default()
        };
        (*b"piff", SCHEME_VERSION_1_1, tenc.to_box(0))
    };
    let schm = SchemeType { scheme_type: FourCc(scheme), scheme_version: version, ..SchemeType::default() };
    wrap(four(b"sinf"), &[frma.to_box(0), schm.to_box(0), wrap(four(b"schi"), &tenc)].concat())
}

/// The headers of the manifest, as boxes of PIFF (1.1, 5.3.1) or of Common Encryption.
fn systems(protected: &Protected<'_>) -> Vec<u8> {
    let one = |object: &&[u8]| {
        let (data_size, data) = (u32::try_from(len_u64(object.len())).unwrap_or(0), Bytes(object.to_vec()));
        let system_id = crate::boxes::systems::PLAYREADY;
        if protected.encryption.is_cenc {
            let pssh = ProtectionSystemSpecificHeader { system_id, data_size, data, ..Default::default() };
            pssh.to_box(0)
        } else {
            PiffProtectionSystem { system_id, data_size, data, ..PiffProtectionSystem::default() }.to_box(0)
        }
    };
    protected.objects.iter().flat_map(one).collect()
}
