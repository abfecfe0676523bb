//! What manifests say of a file, taken from the file once it is open: any fragmented file, ours or foreign.

use serde::Serialize;

use super::amount::{self, MOST};
use crate::boxes::systems::PLAYREADY;
use crate::boxes::{Node, piff};
use crate::bytes::{Error, FourCc, Result};
use crate::exchange::base64_text;
use crate::exchange::decode::pssh_of;
use crate::output::segments::Segments;
use crate::track::system_header::{SystemHeader, is_playready};
use crate::track::{Codec, Index, Track, TrackKind};

/// A file that manifests can be written of: `DescribedFile`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribedFile {
    /// Its name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Whether a list of its fragments ends it (`mfra`), by which servers find them.
    pub random_access: bool,
    /// Where what initializes players stands: `ftyp` to `moov`.
    pub init: Option<ByteRange>,
    /// Where the index of its segments stands (`sidx`).
    pub index: Option<ByteRange>,
    /// Ticks a second of segments.
    pub timescale: u32,
    /// Its segments: each begins where decoding can.
    pub segments: Vec<DescribedSegment>,
    /// Its tracks that have fragments.
    pub tracks: Vec<DescribedTrack>,
    /// Headers of DRM systems, one of each.
    pub headers: Vec<DescribedHeader>,
}

/// Bytes of a file, `end` exclusive: `ByteRange`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ByteRange {
    /// The first byte.
    pub start: u64,
    /// Behind the last.
    pub end: u64,
}

impl ByteRange {
    /// As DASH writes it: first and last byte.
    pub fn inclusive(self) -> String {
        format!("{}-{}", self.start, self.end.saturating_sub(1))
    }
}

/// Fragments that follow each other and are played from the first on: `DescribedSegment`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DescribedSegment {
    /// The first byte.
    pub start: u64,
    /// Behind the last.
    pub end: u64,
    /// For how many ticks it is presented.
    pub duration: u64,
}

/// A track: `DescribedTrack`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribedTrack {
    /// Track ID.
    pub id: u32,
    /// `video`, `audio` or `text`.
    pub kind: String,
    /// Type of its samples, as `avc1`, also where they are encrypted.
    pub format: String,
    /// RFC 6381.
    pub codec: String,
    /// What configures the decoder, in hexadecimal digits as Smooth Streaming has it; empty where there is none.
    pub private_data: String,
    /// BCP 47 or ISO 639-2, where known.
    pub language: Option<String>,
    /// Pixels; 0 where there are none.
    pub width: u32,
    /// Pixels; 0 where there are none.
    pub height: u32,
    /// Hertz; 0 where there is no sound.
    pub sample_rate: u32,
    /// Channels; 0 where there is no sound.
    pub channels: u32,
    /// Ticks a second.
    pub timescale: u32,
    /// When its fragments begin, in ticks; the first may be negative.
    pub times: Vec<i64>,
    /// How many ticks the samples of each have together.
    pub durations: Vec<u64>,
    /// Where each stands, from its `moof` to behind its media data; none where any has another track in it too.
    pub ranges: Vec<ByteRange>,
    /// Bits a second on average.
    pub bitrate: u64,
    /// Bits a second of the fragment that has most.
    pub peak_bitrate: u64,
    /// How it is encrypted.
    pub protection: Option<DescribedProtection>,
}

/// How a track is encrypted: `DescribedProtection`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribedProtection {
    /// `cenc`, `cbc1`, `cens` or `cbcs`, also where PIFF says so.
    pub scheme: String,
    /// Which boxes say it: `plain`, `hybrid` or `piff`.
    pub form: String,
    /// Key ID as UUID text.
    pub kid: Option<String>,
    /// Whether it changes along the way.
    pub rotates: bool,
    /// Bytes of IV with each sample.
    pub iv_size: u8,
}

/// The header of a DRM system: `DescribedHeader`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DescribedHeader {
    /// SystemID as UUID text.
    pub system: String,
    /// The whole `pssh` box, in base64.
    pub pssh: String,
    /// What is in it, in base64: of PlayReady its object.
    pub data: String,
}

impl DescribedFile {
    /// The PlayReady object, in base64.
    pub fn playready(&self) -> Option<&str> {
        let own = self.headers.iter().find(|header| header.system == PLAYREADY.to_string());
        own.map(|header| header.data.as_str())
    }

    /// The tracks of a kind.
    pub fn of_kind<'f>(&'f self, kind: &'f str) -> impl Iterator<Item = &'f DescribedTrack> {
        self.tracks.iter().filter(move |track| track.kind == kind)
    }

    /// Its key IDs.
    pub fn kids(&self) -> Vec<&str> {
        let mut kids: Vec<&str> = Vec::new();
        for kid in self.tracks.iter().filter_map(|track| track.protection.as_ref()?.kid.as_deref()) {
            if !kids.contains(&kid) {
                kids.push(kid);
            }
        }
        kids
    }

    /// Milliseconds from the first segment to the end of the last.
    pub fn milliseconds(&self) -> u64 {
        let ticks = self.segments.iter().fold(0_u64, |sum, one| sum.saturating_add(one.duration));
        amount::scaled(ticks, self.timescale.into(), 1000)
    }
}

impl DescribedTrack {
    /// Where its last fragment ends, in ticks.
    pub fn end(&self) -> i64 {
        let last = self.times.iter().zip(&self.durations).next_back();
        last.map_or(0, |(time, duration)| time.saturating_add_unsigned(*duration))
    }
}

/// Describes an open file.
///
/// # Errors
/// `not-fragmented` where it has samples in no fragment, or no fragments to speak of, `no-moov`, and `times-too-large` where its times are no numbers in
/// JavaScript.
pub fn describe(index: &Index, name: &str) -> Result<DescribedFile> {
    let (Some(moov), Some(movie)) = (&index.moov, &index.movie) else {
        return Err(Error::file(
            "no-moov",
            "This file has no movie header ('moov'), so no manifest can be written of it.",
        ));
    };
    let in_tables = index.samples_in_tables();
    if in_tables > 0 && !index.fragments.is_empty() {
        let message = format!(
            "Manifests are written of fragmented files, and this one begins with {in_tables} samples that are in none of its \
             fragments. Protect it, or write it anew without protection: either puts all in fragments."
        );
        return Err(Error::unsupported("not-fragmented", message));
    }
    if index.fragments.is_empty() {
        let message = "Manifests are written of fragmented files, and this one has no fragments. Protect it, or write it anew \
                       without protection: either makes it fragmented.";
        return Err(Error::unsupported("not-fragmented", message));
    }
    let segments = Segments::of(index)?;
    let first = index.fragments.first().map_or(0, |fragment| fragment.start);
    let is_before = moov.root().end() <= first;
    let begin = index.top.iter().find(|top| top.id.is(b"ftyp")).map_or(moov.root().start, |top| top.start);
    let mut tracks = Vec::new();
    for track in &movie.tracks {
        if index.totals(track.id).samples > 0 {
            tracks.push(described(index, track)?);
        }
    }
    let own_index = segment_index(index, first);
    // The index of all segments stands in front of the first, and is no part of it.
    let behind = own_index.map_or(0, |index| index.end);
    let timed = segments.timed().map(|(start, end, ticks)| DescribedSegment {
        start: if (start..end).contains(&behind) { behind } else { start },
        end,
        duration: ticks.min(MOST),
    });
    Ok(DescribedFile {
        name: name.to_owned(),
        size: index.file_len,
        random_access: index.mfra.is_some(),
        init: is_before.then(|| ByteRange { start: begin.min(moov.root().start), end: moov.root().end() }),
        index: own_index,
        timescale: segments.timescale(),
        segments: timed.collect(),
        tracks,
        headers: headers(index),
    })
}

/// The index of segments that stands between the movie header and the first fragment.
fn segment_index(index: &Index, first: u64) -> Option<ByteRange> {
    let moov = index.moov.as_ref()?.root().end();
    let (start, _) = index.segment_indexes.iter().find(|(start, _)| (moov..first).contains(start))?;
    let end = index.top.at(*start)?.end();
    Some(ByteRange { start: *start, end })
}

/// One header of each system, PlayReady's under its one ID.
fn headers(index: &Index) -> Vec<DescribedHeader> {
    let Some(moov) = &index.moov else { return Vec::new() };
    let mut found: Vec<SystemHeader<'_>> = SystemHeader::all(moov, moov.root());
    // Of the twins, the box that all know.
    found.sort_by_key(|header| header.is_piff);
    let mut headers: Vec<DescribedHeader> = Vec::new();
    for header in found {
        let system = if is_playready(header.system) { PLAYREADY } else { header.system };
        if headers.iter().any(|known| known.system == system.to_string()) {
            continue;
        }
        let whole = match header.is_piff {
            true => pssh_of(system, Vec::new(), header.data.clone()),
            false => moov.slice(header.node.start, header.node.end()).to_vec(),
        };
        headers.push(DescribedHeader {
            system: system.to_string(),
            pssh: base64_text(&whole),
            data: base64_text(&header.data),
        });
    }
    headers
}

fn described(index: &Index, track: &Track) -> Result<DescribedTrack> {
    let mut times: Vec<i64> = Vec::new();
    let mut durations: Vec<u64> = Vec::new();
    let mut ranges: Vec<ByteRange> = Vec::new();
    let mut alone = true;
    let (mut bytes, mut ticks, mut peak) = (0_u64, 0_u64, 0);
    for fragment in &index.fragments {
        let own = index.parts(fragment).iter().filter(|part| part.track_id == track.id && part.samples > 0);
        let mut here: Option<(i64, u64, u64)> = None;
        for part in own {
            let (time, duration, size) = here.unwrap_or((part.decode_time, 0, 0));
            here = Some((time, duration.saturating_add(part.duration), size.saturating_add(part.bytes)));
        }
        let Some((time, duration, size)) = here else { continue };
        if time.unsigned_abs() > MOST || duration > MOST {
            let message = format!(
                "Track {} has a fragment at {time} that is {duration} ticks long; at most {MOST} are taken into manifests.",
                track.id
            );
            return Err(Error::unsupported("times-too-large", message).at(fragment.start));
        }
        times.push(time);
        durations.push(duration);
        ranges.push(ByteRange { start: fragment.start, end: fragment.end });
        alone &= index.parts(fragment).iter().all(|part| part.track_id == track.id);
        bytes = bytes.saturating_add(size);
        ticks = ticks.saturating_add(duration);
        peak = peak.max(amount::bitrate(size, duration, track.timescale.into()));
    }
    if !alone {
        ranges.clear();
    }
    let bitrate = amount::bitrate(bytes, ticks, track.timescale.into());
    let entry = track.entries.iter().find(|entry| entry.protection.is_some()).or(track.entries.first());
    let size = entry.and_then(|entry| entry.size).unwrap_or_default();
    let (channels, rate) = entry.and_then(|entry| entry.sound).unwrap_or_default();
    let kind = match track.kind {
        TrackKind::Video => "video",
        TrackKind::Audio => "audio",
        TrackKind::Text => "text",
        TrackKind::Other => "other",
    };
    Ok(DescribedTrack {
        id: track.id,
        kind: kind.to_owned(),
        format: entry.map_or_else(String::new, |entry| entry.format.text()),
        codec: entry.map_or_else(String::new, crate::track::SampleEntry::codec_string),
        private_data: entry.map_or_else(String::new, |entry| private_data(&entry.codec)),
        language: track.language.clone().filter(|language| is_language(language)),
        width: size.0.into(),
        height: size.1.into(),
        sample_rate: rate,
        channels: channels.into(),
        timescale: track.timescale,
        times,
        durations,
        ranges,
        bitrate: bitrate.min(MOST),
        peak_bitrate: peak.max(bitrate).min(MOST),
        protection: protection(index, track),
    })
}

/// Whether a text may be a language, as XML Schema and HLS have them; files may hold anything in its place.
fn is_language(text: &str) -> bool {
    text.split('-')
        .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// What configures a decoder, as Smooth Streaming has it (MS-SSTR 2.2.2.5): parameter sets behind start codes, and of AAC the
/// `AudioSpecificConfig`.
fn private_data(codec: &Codec) -> String {
    let sets = |nals: &mut dyn Iterator<Item = &Vec<u8>>| {
        let mut text = String::new();
        for nal in nals {
            text.push_str("00000001");
            text.push_str(&hex::encode(nal));
        }
        text
    };
    match codec {
        Codec::Avc(config) => sets(&mut config.sps.iter().chain(&config.pps)),
        Codec::Hevc(config) => sets(&mut config.nals.iter()),
        Codec::Mpeg(config) => hex::encode(&config.specific),
        Codec::Av1(_) | Codec::Other => String::new(),
    }
}

fn protection(index: &Index, track: &Track) -> Option<DescribedProtection> {
    let own = track.protection()?;
    let traces = index.traces.of(track.id);
    let other = |kid: &crate::bytes::KeyId| Some(*kid) != own.kid && kid.0 != [0; 16];
    let rotates = traces.is_some_and(|traces| {
        traces.kids.iter().any(other) || traces.keys.iter().filter_map(|key| key.kid).any(|kid| other(&kid))
    });
    let kid = own.kid.filter(|kid| kid.0 != [0; 16]);
    Some(DescribedProtection {
        scheme: FourCc::text(own.cipher),
        form: form(index, track).to_owned(),
        kid: kid.map(|kid| kid.uuid()),
        rotates,
        iv_size: own.iv_size,
    })
}

/// Which boxes say how a track is encrypted.
fn form(index: &Index, track: &Track) -> &'static str {
    let trak =
        index.moov.as_ref().and_then(|moov| moov.root().all(b"trak").find(|trak| trak.start == track.start));
    let entries = trak.and_then(|trak| trak.descend(&[b"mdia", b"minf", b"stbl", b"stsd"]));
    let schemes: Vec<&Node> = entries
        .into_iter()
        .flat_map(|stsd| &stsd.children)
        .filter_map(|entry| entry.descend(&[b"sinf", b"schi"]))
        .collect();
    let has_cenc = schemes.iter().any(|schi| schi.child(b"tenc").is_some());
    let has_piff = schemes.iter().any(|schi| schi.child_id(piff::TRACK_ENCRYPTION).is_some());
    match (has_cenc, has_piff) {
        (true, true) => "hybrid",
        (false, true) => "piff",
        _ => "plain",
    }
}
