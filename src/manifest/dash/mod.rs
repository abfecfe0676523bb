//! DASH: the media presentation description (ISO/IEC 23009-1), with the protection that ISO/IEC 23001-7 and Microsoft add.

pub mod read;
mod segments;
pub mod write;

use super::described::ByteRange;
use super::protection::Read;
use super::segments::Segments;
use crate::bytes::Uuid16;

/// The namespace of the whole.
pub const MPD: &str = "urn:mpeg:dash:schema:mpd:2011";
/// Of what ISO/IEC 23001-7 adds.
pub const CENC: &str = "urn:mpeg:cenc:2013";
/// Of what PlayReady adds.
pub const MSPR: &str = "urn:microsoft:playready";
/// The profile of whole files with an index.
pub const ON_DEMAND: &str = "urn:mpeg:dash:profile:isoff-on-demand:2011";
/// The scheme that names how content is encrypted, for all systems.
pub const MP4_PROTECTION: &str = "urn:mpeg:dash:mp4protection:2011";

/// What a description says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mpd {
    /// Its profiles.
    pub profiles: String,
    /// Whether it goes on.
    pub live: bool,
    /// Milliseconds of the whole.
    pub duration: Option<u64>,
    /// Sets of qualities, of all periods.
    pub sets: Vec<AdaptationSet>,
}

/// Qualities of one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdaptationSet {
    /// Which period, from 0 on.
    pub period: usize,
    /// `video`, `audio`, `text`, or what else its type says.
    pub kind: String,
    /// Language.
    pub language: Option<String>,
    /// Elements that say how it is encrypted, also those of single qualities.
    pub protections: Vec<Protection>,
    /// Its qualities.
    pub representations: Vec<Representation>,
    /// Where it stands in the text.
    pub at: usize,
}

/// How something is encrypted, for one system or all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// Which system; none for all.
    pub system: Option<Uuid16>,
    /// Scheme, where it is for all.
    pub scheme: String,
    /// Key IDs that it names.
    pub kids: Vec<String>,
    /// What its headers say, those that can be read.
    pub headers: Vec<Read>,
    /// Where it stands in the text.
    pub at: usize,
}

/// A quality.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Representation {
    /// Its ID.
    pub id: String,
    /// Bits a second.
    pub bandwidth: u64,
    /// Type of media.
    pub mime: String,
    /// RFC 6381.
    pub codecs: String,
    /// Pixels.
    pub size: Option<(u64, u64)>,
    /// Hertz.
    pub rate: Option<u64>,
    /// Channels.
    pub channels: Option<u64>,
    /// Where its file is, from the manifest on.
    pub base_url: String,
    /// Bytes that initialize players.
    pub init: Option<ByteRange>,
    /// Bytes of the index.
    pub index: Option<ByteRange>,
    /// What it consists of.
    pub segments: Segments,
    /// Where it stands in the text.
    pub at: usize,
}
