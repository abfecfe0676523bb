//! Rank 8: manifests: which files make a set, in which qualities, from when to when, with which headers. Smooth Streaming's two
//! (`.ism`, `.ismc`), DASH's `.mpd` and the playlists of HLS are read, held to their rules and to the files, and written of a
//! description of the files. Knows texts, descriptions and indexes of segments alone: no file is opened here.

pub mod against;
pub mod amount;
pub mod dash;
pub mod decoded;
pub mod described;
pub mod hls;
mod lint;
mod markup;
pub mod outline;
mod protection;
mod request;
pub mod rules;
pub mod segment_index;
pub mod segments;
pub mod smooth;
pub mod write;

pub use described::{DescribedFile, DescribedTrack, describe};
pub use lint::Finding;
pub use outline::Manifest;
pub use request::{read_files, read_wishes};
pub use write::{Wishes, Written, write};

use crate::bytes::{Error, Result};
use crate::exchange::text_of;
use crate::exchange::xml::{self, Element};
use lint::Findings;

/// Most bytes of a manifest that are read.
const MANIFEST_LEN: usize = 16 << 20;

/// A manifest as it was read.
#[derive(Clone, Debug)]
pub enum Parsed {
    /// Smooth Streaming, for the server.
    Server(smooth::Server),
    /// Smooth Streaming, for players.
    Client(smooth::Client),
    /// DASH.
    Dash(dash::Mpd),
    /// A playlist of HLS.
    Hls(hls::Playlist),
}

/// Reads a manifest, and holds it to its rules and to those of the files that it is about, where there are any.
///
/// # Errors
/// `not-manifest` when it is none, `manifest-too-long`, and those of texts that are not XML.
pub fn read(bytes: &[u8], files: &[DescribedFile]) -> Result<(Parsed, Manifest)> {
    if bytes.len() > MANIFEST_LEN {
        let message = format!("The manifest has {} bytes; at most {MANIFEST_LEN} are read.", bytes.len());
        return Err(Error::limit("manifest-too-long", message));
    }
    let text = text_of(bytes).ok_or_else(|| not_one("it is neither UTF-8 nor UTF-16 text"))?;
    let text = text.trim_start_matches('\u{FEFF}').trim_end_matches('\0');
    let begin = text.trim_start();
    if begin.starts_with('<') {
        let roots = xml::parse(text)?;
        let Some(root) = roots.first() else { return Err(not_one("it has no element")) };
        let (parsed, mut findings) = of_xml(root)?;
        let mut manifest = outline::of(&parsed);
        against::check(&parsed, files, &mut findings);
        manifest.findings = findings.placed(text, Some(root));
        return Ok((parsed, manifest));
    }
    if begin.starts_with("#EXT") {
        let (playlist, mut findings) = hls::read(text);
        let parsed = Parsed::Hls(playlist);
        let mut manifest = outline::of(&parsed);
        against::check(&parsed, files, &mut findings);
        manifest.findings = findings.placed(text, None);
        return Ok((parsed, manifest));
    }
    Err(not_one("it begins neither with < nor with #EXTM3U"))
}

/// The movie header of a quality of a client manifest of Smooth Streaming, for fragments that have none: `track` is its number
/// among the tracks of [`Manifest`], `heads` are `moof` boxes of some of its fragments.
///
/// # Errors
/// Those of [`read`] and of [`smooth::header::make`]; `smooth-not-client` for other manifests.
pub fn smooth_header(bytes: &[u8], track: usize, heads: &[u8]) -> Result<smooth::SmoothHeader> {
    match read(bytes, &[])? {
        (Parsed::Client(client), _) => smooth::header::make(&client, track, heads),
        _ => {
            let message =
                "Movie headers are made of client manifests of Smooth Streaming (.ismc, Manifest) only.";
            Err(Error::caller("smooth-not-client", "", message))
        }
    }
}

/// What an XML document is, by its root element.
fn of_xml(root: &Element) -> Result<(Parsed, Findings)> {
    let mut findings = Findings::default();
    let parsed = match root.name.as_str() {
        "smil" => Parsed::Server(smooth::server::read(root, &mut findings)),
        "SmoothStreamingMedia" => Parsed::Client(smooth::client::read(root, &mut findings)),
        "MPD" => Parsed::Dash(dash::read::read(root, &mut findings)),
        name => {
            let name: String = name.chars().take(60).collect();
            return Err(not_one(&format!(
                "its first element is {name}, and those of manifests are smil, SmoothStreamingMedia and MPD"
            )));
        }
    };
    Ok((parsed, findings))
}

/// Whether a text begins as a manifest does.
pub fn looks_like_one(text: &str) -> bool {
    let text = text.trim_start_matches('\u{FEFF}').trim_start();
    text.starts_with("#EXTM3U")
        || ["<smil", "<SmoothStreamingMedia", "<MPD"].iter().any(|tag| {
            text.find(tag).is_some_and(|at| {
                text.as_bytes().get(at + tag.len()).is_some_and(|next| !next.is_ascii_alphanumeric())
            })
        })
}

fn not_one(why: &str) -> Error {
    let message = format!(
        "This is no manifest: {why}. Manifests are those of Smooth Streaming (.ism, .ismc), of DASH (.mpd) and of HLS (.m3u8)."
    );
    Error::file("not-manifest", message)
}
