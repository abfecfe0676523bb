//! The manifest for the server: which track of which file is which quality.

use super::SMIL;
use crate::exchange::xml::Element;
use crate::manifest::amount::whole;
use crate::manifest::lint::{Findings, short};
use crate::manifest::rules::{
    ISM_BITRATE, ISM_CLIENT_NAME, ISM_FOLDER, ISM_MEDIA_NAME, ISM_NAMESPACE, ISM_NO_CLIENT, ISM_NO_MEDIA,
    ISM_NO_SRC, ISM_NO_TRACK, ISM_SAME_BITRATE, ISM_SRC, ISM_TWICE,
};

/// Most entries that are held against each other.
const COMPARED: usize = 2000;

/// What a server manifest says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// Name of the manifest for players.
    pub client: Option<String>,
    /// How media are stored, where that is said: `vod-fmp4` and the like.
    pub formats: Option<String>,
    /// The qualities.
    pub entries: Vec<Entry>,
}

/// A track of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// `video`, `audio` or `text`.
    pub kind: &'static str,
    /// Name of the file.
    pub src: String,
    /// Bits a second.
    pub bitrate: Option<u64>,
    /// Language.
    pub language: Option<String>,
    /// Track ID; 1 where none is said.
    pub track_id: Option<u64>,
    /// Name of the stream; where none is said the kind.
    pub track_name: Option<String>,
    /// Ticks a second of the file, where they are not 10 000 000.
    pub timescale: Option<u64>,
    /// Where it stands in the text.
    pub at: usize,
}

impl Entry {
    /// The ID of its track.
    pub fn track(&self) -> u64 {
        self.track_id.unwrap_or(1)
    }

    /// The name of the stream that it is a quality of.
    pub fn stream(&self) -> &str {
        self.track_name.as_deref().unwrap_or(self.kind)
    }
}

/// Reads `smil`, and holds it to its rules.
pub fn read(root: &Element, findings: &mut Findings) -> Server {
    if !root.is_in(SMIL) {
        let found = root.space.as_deref().unwrap_or_default();
        let message = format!("The namespace is “{}”; servers know {SMIL} alone.", short(found));
        findings.add(&ISM_NAMESPACE, root.at, message);
    }
    let mut server = Server::default();
    for meta in root.child("head").into_iter().flat_map(|head| head.all("meta")) {
        let name = meta.attribute("name").unwrap_or_default().to_ascii_lowercase();
        let content = meta.attribute("content").unwrap_or_default();
        match name.as_str() {
            "clientmanifestrelativepath" => {
                server.client = Some(content.to_owned());
                if !content.to_ascii_lowercase().ends_with(".ismc") {
                    let message = format!(
                        "The manifest for players is named “{}”; servers look for .ismc.",
                        short(content)
                    );
                    findings.add(&ISM_CLIENT_NAME, meta.at, message);
                }
            }
            "formats" => server.formats = Some(content.to_owned()),
            _ => {}
        }
    }
    if server.client.as_deref().is_none_or(str::is_empty) {
        let message = "It does not name the manifest for players (meta clientManifestRelativePath), so a server cannot send it.";
        findings.add(&ISM_NO_CLIENT, root.at, message);
    }
    let body = root.child("body");
    let switches = body.into_iter().flat_map(|body| {
        let direct = core::iter::once(body);
        direct.chain(body.all("switch"))
    });
    for element in switches.flat_map(|switch| &switch.children) {
        let kind = match element.name.as_str() {
            "video" => "video",
            "audio" => "audio",
            "textstream" => "text",
            _ => continue,
        };
        server.entries.push(entry(element, kind, findings));
    }
    if server.entries.is_empty() {
        let message = "It names no media: body/switch holds no video, audio or textstream.";
        findings.add(&ISM_NO_MEDIA, body.map_or(root.at, |body| body.at), message);
    }
    check_together(&server, findings);
    server
}

fn entry(element: &Element, kind: &'static str, findings: &mut Findings) -> Entry {
    let at = element.at;
    let mut entry = Entry {
        kind,
        src: element.attribute("src").unwrap_or_default().to_owned(),
        language: element.attribute("systemLanguage").filter(|text| !text.is_empty()).map(str::to_owned),
        bitrate: element.attribute("systemBitrate").and_then(whole),
        at,
        ..Entry::default()
    };
    for param in element.all("param") {
        let value = param.attribute("value").unwrap_or_default();
        match param.attribute("name").unwrap_or_default().to_ascii_lowercase().as_str() {
            "trackid" => entry.track_id = whole(value),
            "trackname" => entry.track_name = Some(value.to_owned()).filter(|name| !name.is_empty()),
            "timescale" => entry.timescale = whole(value),
            // Of older writers the bitrate stands here.
            "systembitrate" => entry.bitrate = entry.bitrate.or_else(|| whole(value)),
            _ => {}
        }
    }
    if entry.src.is_empty() {
        findings.add(&ISM_NO_SRC, at, format!("This {kind} names no file (src)."));
    }
    if entry.bitrate.is_none_or(|bitrate| bitrate == 0) {
        let message = format!("This {kind} has no systemBitrate above 0, by which players ask for it.");
        findings.add(&ISM_BITRATE, at, message);
    }
    if entry.track_id.is_none() {
        let message = format!(
            "This {kind} does not say which track of the file it is (param trackID); servers take track 1."
        );
        findings.add(&ISM_NO_TRACK, at, message);
    }
    entry
}

/// What concerns several entries, or entries and what is said of all.
fn check_together(server: &Server, findings: &mut Findings) {
    let mut tracks: Vec<(&str, u64)> = Vec::new();
    let mut bitrates: Vec<(&str, &str, u64)> = Vec::new();
    let formats = server.formats.as_deref().unwrap_or_default();
    let in_folders = formats.contains("cmaf");
    let in_mp4 = formats.starts_with("mp4");
    for entry in server.entries.iter().filter(|entry| !entry.src.is_empty()).take(COMPARED) {
        let src = &entry.src;
        let name = src.rsplit(['/', '\\']).next().unwrap_or(src).to_ascii_lowercase();
        if src.contains("://") || src.starts_with(['/', '\\']) || src.get(1..2) == Some(":") {
            let message = format!("“{}” is no path from the folder of the manifest on.", short(src));
            findings.add(&ISM_SRC, entry.at, message);
        }
        if !name.contains('.') || in_folders {
            let message = format!(
                "“{}” is a folder with a file for each fragment: it is no file for download.",
                short(src)
            );
            findings.add(&ISM_FOLDER, entry.at, message);
        } else if !in_mp4 && ![".ismv", ".isma", ".ismt"].iter().any(|end| name.ends_with(end)) {
            let message = format!(
                "“{}” ends neither in .ismv nor in .isma; IIS gives any other name to players as a file of its own.",
                short(src)
            );
            findings.add(&ISM_MEDIA_NAME, entry.at, message);
        }
        if in_folders || !name.contains('.') {
            continue;
        }
        if tracks.contains(&(src, entry.track())) {
            let message = format!("Track {} of “{}” stands here a second time.", entry.track(), short(src));
            findings.add(&ISM_TWICE, entry.at, message);
        }
        tracks.push((src, entry.track()));
        let Some(bitrate) = entry.bitrate.filter(|bitrate| *bitrate > 0) else { continue };
        if bitrates.contains(&(entry.kind, entry.stream(), bitrate)) {
            let message = format!(
                "Another quality of “{}” has the bitrate {bitrate} too, and players name it by that alone: change one by 1, here \
                 and in the manifest for players.",
                short(entry.stream())
            );
            findings.add(&ISM_SAME_BITRATE, entry.at, message);
        }
        bitrates.push((entry.kind, entry.stream(), bitrate));
    }
}
