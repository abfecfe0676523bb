//! What a manifest says, the same for all forms: streams, their qualities, and how they are protected.

use serde::Serialize;

use super::described::ByteRange;
use super::lint::Finding;
use super::protection::Read;
use super::segments::{self, ManifestTrack, capped};
use super::smooth::fourcc;
use super::{Parsed, amount, dash, hls, smooth};
use crate::boxes::systems::system_name;
use crate::bytes::units::len_u64;
use crate::bytes::{Uuid16, limits};

/// A manifest: `Manifest`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// `ism`, `ismc`, `mpd`, `hls`, or `hls-media` for a playlist of segments.
    pub form: &'static str,
    /// What it is, as a plain sentence.
    pub title: String,
    /// Its version, or its profiles; empty where it says none.
    pub version: String,
    /// Whether it goes on.
    pub live: bool,
    /// Seconds, where it says so.
    pub duration: Option<f64>,
    /// Its streams.
    pub streams: Vec<ManifestStream>,
    /// How they are protected.
    pub protection: Vec<ManifestProtection>,
    /// Other manifests that it names.
    pub refers: Vec<String>,
    /// What each quality consists of.
    pub tracks: Vec<ManifestTrack>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
}

/// Qualities of one thing: `ManifestStream`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestStream {
    /// `video`, `audio`, `text`, or what else it says.
    pub kind: String,
    /// Its name; empty where it has none.
    pub name: String,
    /// Language, where it says one.
    pub language: Option<String>,
    /// The address of fragments, with what is put into it; empty where each quality has a file.
    pub url: String,
    /// Fragments or segments, where they are listed.
    pub chunk_count: u64,
    /// Seconds where the first begins.
    pub start: Option<f64>,
    /// Seconds of all of them.
    pub duration: Option<f64>,
    /// Its qualities.
    pub qualities: Vec<ManifestQuality>,
}

/// A quality: `ManifestQuality`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestQuality {
    /// Bits a second.
    pub bitrate: Option<u64>,
    /// Codec, as the manifest writes it.
    pub codec: String,
    /// Codec in words, where that is another.
    pub codec_name: String,
    /// Pixels.
    pub width: Option<u64>,
    /// Pixels.
    pub height: Option<u64>,
    /// Hertz.
    pub sample_rate: Option<u64>,
    /// Channels.
    pub channels: Option<u64>,
    /// Its file or playlist; empty where the stream has addresses.
    pub file: String,
    /// Track ID, where it says one.
    pub track: Option<u64>,
    /// Bytes that initialize players.
    pub init: Option<ByteRange>,
    /// Bytes of the index.
    pub index: Option<ByteRange>,
}

/// How streams are protected, for one system or all: `ManifestProtection`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestProtection {
    /// The system in words; `all systems` where none is named.
    pub system: String,
    /// Scheme or method, where it says one.
    pub scheme: String,
    /// Key IDs as UUID texts, of the element and of its headers.
    pub kids: Vec<String>,
    /// Version of the PlayReady header, as 4.0; empty where there is none.
    pub header_version: String,
    /// Where licences come from; empty where it does not say.
    pub la_url: String,
}

/// Most streams, qualities and protections that are shown.
const SHOWN: usize = limits::TRACKS;

#[expect(clippy::cast_precision_loss, reason = "2^53 ticks are years")]
fn seconds(amount: u64, unit: u64) -> f64 {
    amount as f64 / unit.max(1) as f64
}

/// What a manifest says, without findings.
pub fn of(parsed: &Parsed) -> Manifest {
    match parsed {
        Parsed::Server(server) => of_server(server),
        Parsed::Client(client) => of_client(client),
        Parsed::Dash(mpd) => of_dash(mpd),
        Parsed::Hls(list) => of_hls(list),
    }
}

fn of_server(server: &smooth::Server) -> Manifest {
    let mut streams: Vec<ManifestStream> = Vec::new();
    for entry in server.entries.iter().take(SHOWN) {
        let quality = ManifestQuality {
            bitrate: entry.bitrate,
            file: entry.src.clone(),
            track: Some(entry.track()),
            ..ManifestQuality::default()
        };
        match streams.iter_mut().find(|one| one.kind == entry.kind && one.name == entry.stream()) {
            Some(stream) => stream.qualities.push(quality),
            None => streams.push(ManifestStream {
                kind: entry.kind.to_owned(),
                name: entry.stream().to_owned(),
                language: entry.language.clone(),
                qualities: vec![quality],
                ..ManifestStream::default()
            }),
        }
    }
    Manifest {
        form: "ism",
        title: "A server manifest of Smooth Streaming.".to_owned(),
        streams,
        refers: server.client.iter().cloned().collect(),
        ..Manifest::default()
    }
}

fn of_client(client: &smooth::Client) -> Manifest {
    let stream = |stream: &smooth::Stream| {
        let scale = stream.timescale.unwrap_or(client.timescale);
        let sum = stream.chunks.iter().fold(0_u64, |sum, chunk| sum.saturating_add(chunk.duration));
        let level = |level: &smooth::Level| ManifestQuality {
            bitrate: Some(level.bitrate),
            codec: level.fourcc.clone(),
            codec_name: fourcc::known(&level.fourcc).map_or_else(String::new, |known| known.name.to_owned()),
            width: level.size.map(|(width, _)| width),
            height: level.size.map(|(_, height)| height),
            sample_rate: level.rate,
            channels: level.channels,
            ..ManifestQuality::default()
        };
        ManifestStream {
            kind: stream.kind.clone(),
            name: stream.name.clone(),
            language: stream.language.clone(),
            url: stream.url.clone(),
            chunk_count: len_u64(stream.chunks.len()),
            start: stream.chunks.first().map(|first| seconds(first.time, scale)),
            duration: (!stream.chunks.is_empty()).then(|| seconds(sum, scale)),
            qualities: stream.levels.iter().take(SHOWN).map(level).collect(),
        }
    };
    let tracks = client.streams.iter().take(SHOWN).flat_map(|stream| {
        let all = segments::of_smooth(client, stream);
        stream.levels.iter().take(SHOWN).map(move |level| {
            let template = segments::smooth_template(&stream.url, level.bitrate);
            let own = segments::Segments { template, ..all.clone() };
            ManifestTrack::new(&stream.kind, &stream.name, Some(level.bitrate), own)
        })
    });
    Manifest {
        tracks: capped(tracks, SHOWN),
        form: "ismc",
        title: "A client manifest of Smooth Streaming.".to_owned(),
        version: format!("{}.{}", client.version.0, client.version.1),
        live: client.live,
        duration: (client.duration > 0).then(|| seconds(client.duration, client.timescale)),
        streams: client.streams.iter().take(SHOWN).map(stream).collect(),
        protection: client
            .protections
            .iter()
            .take(SHOWN)
            .map(|one| protection(one.system, "", &[], &[&one.read]))
            .collect(),
        ..Manifest::default()
    }
}

fn of_dash(mpd: &dash::Mpd) -> Manifest {
    let quality = |one: &dash::Representation| ManifestQuality {
        bitrate: (one.bandwidth > 0).then_some(one.bandwidth),
        codec: one.codecs.clone(),
        width: one.size.map(|(width, _)| width),
        height: one.size.map(|(_, height)| height),
        sample_rate: one.rate,
        channels: one.channels,
        file: one.base_url.clone(),
        init: one.init,
        index: one.index,
        ..ManifestQuality::default()
    };
    let stream = |set: &dash::AdaptationSet| ManifestStream {
        kind: set.kind.clone(),
        language: set.language.clone(),
        qualities: set.representations.iter().take(SHOWN).map(quality).collect(),
        ..ManifestStream::default()
    };
    let mut all = Vec::new();
    for one in mpd.sets.iter().flat_map(|set| &set.protections) {
        let shown = protection(one.system, &one.scheme, &one.kids, &one.headers.iter().collect::<Vec<_>>());
        if all.len() < SHOWN && !all.contains(&shown) {
            all.push(shown);
        }
    }
    let track = |set: &dash::AdaptationSet, one: &dash::Representation| {
        let bitrate = (one.bandwidth > 0).then_some(one.bandwidth);
        ManifestTrack::new(&set.kind, &one.id, bitrate, one.segments.clone())
    };
    let tracks = mpd.sets.iter().flat_map(|set| set.representations.iter().map(|one| track(set, one)));
    Manifest {
        tracks: capped(tracks, SHOWN),
        form: "mpd",
        title: "A media presentation description of DASH.".to_owned(),
        version: mpd.profiles.clone(),
        live: mpd.live,
        duration: mpd.duration.map(|milliseconds| seconds(milliseconds, 1000)),
        streams: mpd.sets.iter().take(SHOWN).map(stream).collect(),
        protection: all,
        ..Manifest::default()
    }
}

fn of_hls(list: &hls::Playlist) -> Manifest {
    let mut all = Vec::new();
    for key in &list.keys {
        let mut shown = protection(None, &key.method, &[], &[&key.read]);
        shown.system = match key.format.as_str() {
            hls::FAIRPLAY => "FairPlay".to_owned(),
            hls::PLAYREADY => "PlayReady".to_owned(),
            hls::WIDEVINE => "Widevine".to_owned(),
            other => other.to_owned(),
        };
        if all.len() < SHOWN && !all.contains(&shown) {
            all.push(shown);
        }
    }
    let multivariant = list.is_multivariant();
    let tracks = segments::of_playlist(list).into_iter();
    Manifest {
        tracks: capped(tracks.map(|one| ManifestTrack::new("segments", "", None, one)), SHOWN),
        form: if multivariant { "hls" } else { "hls-media" },
        title: if multivariant {
            "A playlist of HLS with its variants."
        } else {
            "A playlist of HLS with its segments."
        }
        .to_owned(),
        version: list.version.to_string(),
        live: list.live && !multivariant,
        duration: (!multivariant).then(|| {
            seconds(list.segments.iter().fold(0_u64, |sum, one| sum.saturating_add(one.duration)), 1_000_000)
        }),
        streams: if multivariant { variants(list) } else { segments(list) },
        protection: all,
        refers: list
            .variants
            .iter()
            .map(|one| &one.uri)
            .chain(list.renditions.iter().filter_map(|one| one.uri.as_ref()))
            .take(SHOWN)
            .cloned()
            .collect(),
        ..Manifest::default()
    }
}

fn variants(list: &hls::Playlist) -> Vec<ManifestStream> {
    let quality = |one: &hls::Variant| ManifestQuality {
        bitrate: (one.bandwidth > 0).then_some(one.bandwidth),
        codec: one.codecs.clone(),
        width: one.size.map(|(width, _)| width),
        height: one.size.map(|(_, height)| height),
        file: one.uri.clone(),
        ..ManifestQuality::default()
    };
    let rendition = |one: &hls::Rendition| ManifestStream {
        kind: one.kind.clone(),
        name: one.name.clone(),
        language: one.language.clone(),
        qualities: vec![ManifestQuality {
            file: one.uri.clone().unwrap_or_default(),
            ..ManifestQuality::default()
        }],
        ..ManifestStream::default()
    };
    let sized = list.variants.iter().any(|one| one.size.is_some());
    let first = ManifestStream {
        kind: if sized { "video" } else { "audio" }.to_owned(),
        qualities: list.variants.iter().take(SHOWN).map(quality).collect(),
        ..ManifestStream::default()
    };
    let all = core::iter::once(first).filter(|first| !first.qualities.is_empty());
    all.chain(list.renditions.iter().take(SHOWN).map(rendition)).collect()
}

fn segments(list: &hls::Playlist) -> Vec<ManifestStream> {
    let mut files: Vec<&str> = Vec::new();
    for one in list.segments.iter().take(SHOWN) {
        // Where each segment has a file of its own, the first of them stand for all.
        if !files.contains(&one.uri.as_str()) {
            files.push(&one.uri);
        }
    }
    let init = list.maps.first().and_then(|(_, range)| *range);
    let sum = list.segments.iter().fold(0_u64, |sum, one| sum.saturating_add(one.duration));
    vec![ManifestStream {
        kind: "segments".to_owned(),
        chunk_count: len_u64(list.segments.len()),
        start: Some(0.0),
        duration: Some(seconds(sum, 1_000_000)),
        qualities: files
            .into_iter()
            .map(|file| ManifestQuality { file: file.to_owned(), init, ..ManifestQuality::default() })
            .collect(),
        ..ManifestStream::default()
    }]
}

fn protection(
    system: Option<Uuid16>,
    scheme: &str,
    kids: &[String],
    headers: &[&Read],
) -> ManifestProtection {
    let mut all = kids.to_vec();
    for kid in headers.iter().flat_map(|read| read.kid_texts()) {
        if !all.contains(&kid) {
            all.push(kid);
        }
    }
    let header = headers.iter().find_map(|read| read.header.as_ref());
    let name = |system: Uuid16| system_name(&system).map_or_else(|| system.to_string(), str::to_owned);
    ManifestProtection {
        system: system.map_or_else(|| "all systems".to_owned(), name),
        scheme: scheme.to_owned(),
        kids: all,
        header_version: header.map_or_else(String::new, |header| header.version.short().to_owned()),
        la_url: header.and_then(|header| header.la_url.clone()).unwrap_or_default(),
    }
}

/// Milliseconds as an attribute of XML Schema, as `PT12.345S`.
pub(super) fn xml_duration(milliseconds: u64) -> String {
    format!("PT{}S", amount::seconds(milliseconds, 1000))
}
