//! Twins of the core's values for JavaScript, named and shaped as `www/types.d.ts` has them.

use serde::Serialize;

use crate::boxes::systems::system_name;
use crate::bytes::{Error, KeyId, Kind};
use crate::inspect::{BoxFields, NodeView};
use crate::protect::check::{check_file, check_track};
use crate::track::{Index, Movie, Track, TrackKind};

/// A file offset or length as a JavaScript number.
#[expect(clippy::cast_precision_loss, reason = "files stay below 2^53 bytes")]
pub fn number(n: u64) -> f64 {
    n as f64
}

/// A JavaScript number as a file offset; negative ones and NaN become 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
pub fn offset(n: f64) -> u64 {
    n as u64
}

/// An error kind's name in JavaScript.
pub fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Caller => "caller",
        Kind::Limit => "limit",
        Kind::Unsupported => "unsupported",
    }
}

/// A key ID in the forms people meet.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KidView {
    uuid: String,
    guid_base64: String,
    hex: String,
    guid_hex: String,
}

impl KidView {
    /// All forms of `kid`.
    pub fn of(kid: KeyId) -> Self {
        Self {
            uuid: kid.uuid(),
            guid_base64: base64(&kid.guid_bytes()),
            hex: hex::encode(kid.0),
            guid_hex: hex::encode(kid.guid_bytes()),
        }
    }
}

/// Standard base64.
pub fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Brands {
    major: String,
    minor_version: u32,
    compatible: Vec<String>,
}

#[derive(Serialize)]
struct ProtectionView {
    scheme: String,
    systems: Vec<String>,
    kids: Vec<String>,
}

#[derive(Serialize)]
struct Protectable {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct Problem {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<f64>,
}

/// What a file is. The name is JavaScript's business.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SummaryView {
    size: f64,
    kind: &'static str,
    kind_name: &'static str,
    brands: Option<Brands>,
    duration: Option<f64>,
    bitrate: Option<f64>,
    fragment_count: usize,
    sample_count: f64,
    indexed: bool,
    protection: Option<ProtectionView>,
    protectable: Protectable,
    problems: Vec<Problem>,
}

impl SummaryView {
    /// Of an opened file.
    pub fn of(index: &Index) -> Self {
        let movie = index.movie.as_ref();
        let (kind, kind_name) = file_kind(index);
        let duration = movie.and_then(|movie| movie_duration(index, movie));
        let table_samples =
            movie.map_or(0, |movie| movie.tracks.iter().map(|track| track.table_samples).sum());
        Self {
            size: number(index.file_len),
            kind,
            kind_name,
            brands: index.file_type.as_ref().map(|file_type| Brands {
                major: file_type.major_brand.text(),
                minor_version: file_type.minor_version,
                compatible: file_type.compatible_brands.iter().map(|brand| brand.text()).collect(),
            }),
            duration,
            bitrate: duration
                .filter(|seconds| *seconds > 0.0)
                .map(|seconds| number(index.file_len) * 8.0 / seconds),
            fragment_count: index.fragments.len(),
            sample_count: number(index.sample_count() + table_samples),
            indexed: index.mfra.is_some(),
            protection: movie.and_then(file_protection),
            protectable: match check_file(index) {
                Ok(()) => Protectable { ok: true, code: None, reason: None },
                Err(error) => Protectable {
                    ok: false,
                    code: Some(error.code().to_owned()),
                    reason: Some(error.message().to_owned()),
                },
            },
            problems: index.problems.iter().map(problem).collect(),
        }
    }
}

fn problem(error: &Error) -> Problem {
    let path = Some(error.path()).filter(|path| !path.is_empty());
    Problem { message: error.message().to_owned(), path, offset: error.offset().map(number) }
}

fn file_kind(index: &Index) -> (&'static str, &'static str) {
    let smooth = index.file_type.as_ref().is_some_and(|file_type| {
        let brands = || file_type.compatible_brands.iter().chain([&file_type.major_brand]);
        brands().any(|brand| matches!(&brand.0, b"isml" | b"piff"))
    });
    match (index.movie.is_some(), index.fragments.is_empty()) {
        (true, false) if smooth => ("smooth", "Smooth Streaming file (fragmented MP4)"),
        (true, false) => ("fragmented", "Fragmented MP4"),
        (true, true) if index.movie.as_ref().is_some_and(|movie| movie.fragmented) => {
            ("fragmented", "Initialization segment of a fragmented MP4")
        }
        (true, true) => ("progressive", "MP4, not fragmented"),
        (false, false) => ("segment", "Media segment without a movie header"),
        (false, true) => ("segment", "ISO media file without a movie header"),
    }
}

fn movie_duration(index: &Index, movie: &Movie) -> Option<f64> {
    let stated = movie.duration.map(|ticks| number(ticks) / f64::from(movie.timescale.max(1)));
    let longest = movie.tracks.iter().filter_map(|track| track_duration(index, track)).fold(0.0, f64::max);
    stated.or(Some(longest)).filter(|seconds| *seconds > 0.0)
}

fn track_duration(index: &Index, track: &Track) -> Option<f64> {
    let fragments: u64 =
        index.all_parts().iter().filter(|p| p.track_id == track.id).map(|p| p.duration).sum();
    let ticks = if fragments > 0 { Some(fragments) } else { track.duration };
    ticks.map(|ticks| number(ticks) / f64::from(track.timescale.max(1)))
}

fn file_protection(movie: &Movie) -> Option<ProtectionView> {
    let first = movie.tracks.iter().find_map(Track::protection)?;
    let mut kids: Vec<String> = Vec::new();
    for kid in movie.tracks.iter().filter_map(|track| track.protection()?.kid) {
        if !kids.contains(&kid.uuid()) {
            kids.push(kid.uuid());
        }
    }
    let named = |id| system_name(id).map_or_else(|| id.to_string(), str::to_owned);
    Some(ProtectionView {
        scheme: first.scheme.text(),
        systems: movie.systems.iter().map(named).collect(),
        kids,
    })
}

#[derive(Serialize)]
struct TrackProtection {
    scheme: String,
    kid: Option<String>,
}

/// One track.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrackView {
    id: u32,
    kind: &'static str,
    format: String,
    codec: String,
    codec_name: String,
    language: Option<String>,
    timescale: u32,
    duration: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample_rate: Option<u32>,
    bitrate: Option<f64>,
    sample_count: f64,
    fragment_count: usize,
    bytes: f64,
    protection: Option<TrackProtection>,
    protectable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl TrackView {
    /// Of one track of an opened file.
    pub fn of(index: &Index, track: &Track) -> Self {
        let parts = || index.all_parts().iter().filter(|part| part.track_id == track.id);
        let bytes: u64 = parts().map(|part| part.bytes).sum();
        let duration = track_duration(index, track);
        let entry = track.entries.first();
        let check = check_track(track);
        Self {
            id: track.id,
            kind: kind_of(track),
            format: entry.map_or_else(String::new, |entry| entry.format.text()),
            codec: entry.map_or_else(String::new, |entry| entry.codec_string()),
            codec_name: entry.map_or_else(|| "unknown codec".to_owned(), |entry| entry.codec_name()),
            language: track.language.clone(),
            timescale: track.timescale,
            duration,
            width: entry.and_then(|entry| entry.size).map(|(width, _)| width),
            height: entry.and_then(|entry| entry.size).map(|(_, height)| height),
            channels: entry.and_then(|entry| entry.sound).map(|(channels, _)| channels),
            sample_rate: entry.and_then(|entry| entry.sound).map(|(_, rate)| rate),
            bitrate: duration.filter(|s| *s > 0.0 && bytes > 0).map(|seconds| number(bytes) * 8.0 / seconds),
            sample_count: number(parts().map(|part| part.samples).sum::<u64>() + track.table_samples),
            fragment_count: parts().count(),
            bytes: number(bytes),
            protection: track.protection().map(|protection| TrackProtection {
                scheme: protection.scheme.text(),
                kid: protection.kid.map(KeyId::uuid),
            }),
            protectable: check.is_ok(),
            reason: check.err().map(|error| error.message().to_owned()),
        }
    }
}

/// The kind of a track in JavaScript.
pub fn kind_of(track: &Track) -> &'static str {
    match track.kind {
        TrackKind::Video => "video",
        TrackKind::Audio => "audio",
        TrackKind::Text => "text",
        TrackKind::Other => "other",
    }
}

/// One box for the tree.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BoxNode {
    path: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uuid: Option<String>,
    start: f64,
    size: f64,
    header_size: f64,
    child_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    children: Option<Vec<BoxNode>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

impl From<NodeView> for BoxNode {
    fn from(view: NodeView) -> Self {
        Self {
            path: view.path,
            kind: view.kind,
            name: view.name,
            uuid: view.uuid,
            start: number(view.start),
            size: number(view.size),
            header_size: number(view.header_size),
            child_count: view.child_count,
            children: view.children.map(|children| children.into_iter().map(Self::from).collect()),
            note: view.note,
            problem: view.problem,
        }
    }
}

#[derive(Serialize)]
struct FieldRow {
    name: String,
    value: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    meaning: String,
    start: f64,
    end: f64,
    depth: u8,
}

#[derive(Serialize)]
struct TextView {
    title: String,
    text: String,
}

/// One box with its fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BoxView {
    node: BoxNode,
    clause: String,
    about: String,
    fields: Vec<FieldRow>,
    from: usize,
    field_count: usize,
    texts: Vec<TextView>,
}

impl BoxView {
    /// A box and its fields.
    pub fn of(node: NodeView, fields: BoxFields) -> Self {
        let mut node = BoxNode::from(node);
        node.problem = node.problem.or(fields.problem);
        let row = |row: crate::boxes::Row| FieldRow {
            name: row.name,
            value: row.value,
            meaning: row.meaning,
            start: number(row.start),
            end: number(row.end),
            depth: row.depth,
        };
        Self {
            node,
            clause: fields.clause,
            about: fields.about,
            fields: fields.rows.into_iter().map(row).collect(),
            from: fields.from,
            field_count: fields.total,
            texts: fields.texts.into_iter().map(|(title, text)| TextView { title, text }).collect(),
        }
    }
}
