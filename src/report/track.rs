//! Tracks as JavaScript sees them.

use serde::Serialize;

use crate::bytes::{Error, limits};
use crate::protect::codecs::{check_track, check_whole};
use crate::protect::keys::Class;
use crate::track::lengths::{self, Length};
use crate::track::{Index, Track, TrackKind};

use super::number;
use super::protection::{self, TrackProtection};

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
    /// Level, tier, depth and the like for a person; empty when the file says nothing of them.
    pub codec_detail: String,
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
    /// The class by which it gets its key where each class has one: `audio`, `sd`, `hd` or `uhd`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_class: Option<&'static str>,
    /// Whether its samples can be encrypted whole by choice, where it is not protectable: no rule is known for its codec.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub whole_only: bool,
    /// Why not, as one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The tracks of a file: those of the movie header, and those that fragments alone know of.
pub fn tracks(index: &Index) -> Vec<TrackReport> {
    let tracks = index.movie.iter().flat_map(|movie| &movie.tracks);
    let is_other = |id: &u32| index.movie.as_ref().is_none_or(|movie| movie.track(*id).is_none());
    let others = index.fragmented_tracks().filter(is_other).take(limits::TRACKS);
    tracks.map(|track| track_report(index, track)).chain(others.map(|id| report(index, id, None))).collect()
}

fn track_report(index: &Index, track: &Track) -> TrackReport {
    let entry = track.entries.first();
    let size = entry.and_then(|entry| entry.size);
    let sound = entry.and_then(|entry| entry.sound);
    let check = check_track(track);
    TrackReport {
        kind: kind_of(track),
        format: entry.map_or_else(String::new, |entry| entry.format.text()),
        codec: entry.map_or_else(String::new, |entry| entry.codec_string()),
        codec_name: entry.map_or_else(|| "no sample description".to_owned(), |entry| entry.codec_name()),
        codec_detail: entry.map_or_else(String::new, |entry| entry.codec_detail().to_owned()),
        language: track.language.clone(),
        timescale: track.timescale,
        width: size.map(|(width, _)| width),
        height: size.map(|(_, height)| height),
        channels: sound.map(|(channels, _)| channels),
        sample_rate: sound.map(|(_, rate)| rate),
        protectable: check.is_ok(),
        whole_only: check.is_err() && check_whole(track).is_ok(),
        key_class: (check.is_ok() || check_whole(track).is_ok()).then(|| Class::of(track).name()),
        reason: check.err().as_ref().map(Error::message).map(str::to_owned),
        ..report(index, track.id, Some(track))
    }
}

/// What is known of the track of this ID by its samples.
fn report(index: &Index, id: u32, track: Option<&Track>) -> TrackReport {
    let totals = index.totals(id);
    let table = track.map(|track| track.table).unwrap_or_default();
    let bytes = totals.bytes.saturating_add(table.bytes);
    let indexed = index.segment_indexes.iter().find(|(_, sidx)| sidx.reference_id == id);
    let timescale = indexed.map_or(0, |(_, sidx)| sidx.timescale);
    let duration = match track {
        Some(track) => lengths::of_track(index, track),
        None => Length::new(totals.duration, timescale),
    };
    let duration = duration.map(Length::seconds);
    let seconds = duration.filter(|seconds| *seconds > 0.0 && bytes > 0);
    TrackReport {
        id,
        kind: "other",
        format: String::new(),
        codec: String::new(),
        codec_name: "not known without the movie header".to_owned(),
        codec_detail: String::new(),
        language: None,
        timescale,
        duration,
        width: None,
        height: None,
        channels: None,
        sample_rate: None,
        bitrate: seconds.map(|seconds| number(bytes) * 8.0 / seconds),
        sample_count: totals.samples + table.samples,
        fragment_count: totals.fragments,
        bytes,
        protection: protection::of_track(index, id, track),
        protectable: false,
        whole_only: false,
        key_class: None,
        reason: Some("The file has no movie header that knows of this track.".to_owned()),
    }
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
