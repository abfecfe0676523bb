//! Tracks as JavaScript sees them.

use serde::Serialize;

use crate::bytes::{Error, KeyId};
use crate::protect::check::check_track;
use crate::track::{Index, Track, TrackKind};

use super::number;

/// One track of an opened file: `Track`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrackReport {
    /// Track ID.
    pub id: u32,
    /// `video`, `audio`, `text` or `other`.
    pub kind: &'static str,
    /// Sample entry type; the original one when protected.
    pub format: String,
    /// RFC 6381 codecs string.
    pub codec: String,
    /// For a person.
    pub codec_name: String,
    /// BCP 47 or ISO 639-2, where known.
    pub language: Option<String>,
    /// Ticks a second.
    pub timescale: u32,
    /// Seconds.
    pub duration: Option<f64>,
    /// Picture width in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u16>,
    /// Picture height in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u16>,
    /// Channels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<u16>,
    /// Sample rate in hertz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_rate: Option<u32>,
    /// Bits a second.
    pub bitrate: Option<f64>,
    /// Samples.
    pub sample_count: u64,
    /// Fragments that have a part of it.
    pub fragment_count: u64,
    /// Bytes of its samples.
    pub bytes: u64,
    /// How it is protected already.
    pub protection: Option<TrackProtection>,
    /// Whether Boxlock can protect it.
    pub protectable: bool,
    /// Why not, as one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How a track is protected already.
#[derive(Clone, Debug, Serialize)]
pub struct TrackProtection {
    /// Scheme.
    pub scheme: String,
    /// Key ID as UUID text.
    pub kid: Option<String>,
}

/// The tracks of a file.
pub fn tracks(index: &Index) -> Vec<TrackReport> {
    let tracks = index.movie.iter().flat_map(|movie| &movie.tracks);
    tracks.map(|track| track_report(index, track)).collect()
}

fn track_report(index: &Index, track: &Track) -> TrackReport {
    let totals = index.totals(track.id);
    let duration = track_duration(index, track);
    let entry = track.entries.first();
    let size = entry.and_then(|entry| entry.size);
    let sound = entry.and_then(|entry| entry.sound);
    let seconds = duration.filter(|seconds| *seconds > 0.0 && totals.bytes > 0);
    let check = check_track(track);
    TrackReport {
        id: track.id,
        kind: kind_of(track),
        format: entry.map_or_else(String::new, |entry| entry.format.text()),
        codec: entry.map_or_else(String::new, |entry| entry.codec_string()),
        codec_name: entry.map_or_else(|| "unknown codec".to_owned(), |entry| entry.codec_name()),
        language: track.language.clone(),
        timescale: track.timescale,
        duration,
        width: size.map(|(width, _)| width),
        height: size.map(|(_, height)| height),
        channels: sound.map(|(channels, _)| channels),
        sample_rate: sound.map(|(_, rate)| rate),
        bitrate: seconds.map(|seconds| number(totals.bytes) * 8.0 / seconds),
        sample_count: totals.samples + track.table_samples,
        fragment_count: totals.fragments,
        bytes: totals.bytes,
        protection: track.protection().map(|protection| TrackProtection {
            scheme: protection.scheme.text(),
            kid: protection.kid.map(KeyId::uuid),
        }),
        protectable: check.is_ok(),
        reason: check.err().as_ref().map(Error::message).map(str::to_owned),
    }
}

/// Seconds of a track.
pub(super) fn track_duration(index: &Index, track: &Track) -> Option<f64> {
    let fragments = index.totals(track.id).duration;
    let ticks = if fragments > 0 { Some(fragments) } else { track.duration };
    ticks.map(|ticks| number(ticks) / f64::from(track.timescale.max(1)))
}

/// The kind of a track in JavaScript.
pub(super) fn kind_of(track: &Track) -> &'static str {
    match track.kind {
        TrackKind::Video => "video",
        TrackKind::Audio => "audio",
        TrackKind::Text => "text",
        TrackKind::Other => "other",
    }
}
