//! HLS: playlists of variants, and of the segments of one (RFC 8216), as byte ranges of fragmented MP4.

mod attributes;
pub mod read;
pub mod write;

pub use read::read;

use super::described::ByteRange;
use super::protection::Read;

/// KEYFORMAT of FairPlay.
pub const FAIRPLAY: &str = "com.apple.streamingkeydelivery";
/// KEYFORMAT of PlayReady.
pub const PLAYREADY: &str = "com.microsoft.playready";
/// KEYFORMAT of Widevine.
pub const WIDEVINE: &str = "urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed";

/// What a playlist says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Playlist {
    /// EXT-X-VERSION; 1 where none is said.
    pub version: u64,
    /// Whether it goes on.
    pub live: bool,
    /// Variants, of a playlist that has them.
    pub variants: Vec<Variant>,
    /// Renditions of sound and text beside them.
    pub renditions: Vec<Rendition>,
    /// Keys: of a playlist with variants, of the session.
    pub keys: Vec<Key>,
    /// Seconds that no segment is longer than.
    pub target: u64,
    /// What initializes players: an address, and which bytes.
    pub maps: Vec<(String, Option<ByteRange>)>,
    /// Segments, of a playlist that has them.
    pub segments: Vec<Segment>,
}

impl Playlist {
    /// Whether it has variants.
    pub fn is_multivariant(&self) -> bool {
        !self.variants.is_empty() || !self.renditions.is_empty()
    }
}

/// A variant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variant {
    /// Bits a second at most.
    pub bandwidth: u64,
    /// Bits a second on average.
    pub average: Option<u64>,
    /// RFC 6381.
    pub codecs: String,
    /// Pixels.
    pub size: Option<(u64, u64)>,
    /// Groups of renditions: of sound, and of text.
    pub groups: [Option<String>; 2],
    /// Its playlist.
    pub uri: String,
    /// Where it stands in the text.
    pub at: usize,
}

/// A rendition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendition {
    /// `audio`, `text`, or what else its type says.
    pub kind: String,
    /// Its group.
    pub group: String,
    /// Its name.
    pub name: String,
    /// Language.
    pub language: Option<String>,
    /// Its playlist; none where it is in that of the variant.
    pub uri: Option<String>,
    /// Where it stands in the text.
    pub at: usize,
}

/// A key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// Which system.
    pub format: String,
    /// How content is encrypted.
    pub method: String,
    /// Where the key is, or a header.
    pub uri: String,
    /// What the header says, where there is one.
    pub read: Read,
    /// Where it stands in the text.
    pub at: usize,
}

/// A segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// Microseconds.
    pub duration: u64,
    /// Its file.
    pub uri: String,
    /// Which bytes of it.
    pub range: Option<ByteRange>,
    /// Which of `maps` initializes players for it.
    pub map: Option<usize>,
    /// Where it stands in the text.
    pub at: usize,
}
