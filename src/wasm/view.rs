//! Twins of the core's values for JavaScript, named and shaped as `www/types.d.ts` has them.

use crate::boxes::systems::system_name;
use crate::bytes::json::{self, Object};
use crate::bytes::{Error, KeyId, Kind};
use crate::inspect::{BoxFields, Found, NodeView};
use crate::output::summary::PlannedBox;
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

/// `{ start, len }` or `null`.
pub fn range_view(range: Option<(u64, u64)>) -> String {
    let write = |(start, len)| {
        json::object(|o| {
            o.number("start", start);
            o.number("len", len);
        })
    };
    range.map_or_else(|| "null".to_owned(), write)
}

/// One kind of box that the plan touches: `PlannedBox`.
pub fn planned_box_view(planned: &PlannedBox, o: &mut Object<'_>) {
    o.text("parent", &planned.parent);
    o.text("type", &planned.id.four_cc().text());
    o.text("name", planned.name);
    o.text("action", planned.action.name());
    o.number("count", planned.count);
    o.text("why", planned.why);
}

/// A key ID in the forms people meet.
pub fn kid_view(o: &mut Object<'_>, kid: KeyId) {
    o.text("uuid", &kid.uuid());
    o.text("guidBase64", &base64(&kid.guid_bytes()));
    o.text("hex", &hex::encode(kid.0));
    o.text("guidHex", &hex::encode(kid.guid_bytes()));
}

/// Standard base64.
pub fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// A number with a fraction, or `null`. The browser finds the digits, so that the engine need not know how.
fn fraction(o: &mut Object<'_>, name: &str, value: Option<f64>) {
    let digits = value.filter(|value| value.is_finite()).and_then(|value| {
        let digits = js_sys::Number::from(value).to_string_with_radix(10).ok()?;
        digits.as_string()
    });
    o.raw(name, digits.as_deref().unwrap_or("null"));
}

/// Most brands told of a file; real ones have a dozen.
const BRANDS: usize = 1000;

/// What a file is: `Summary`. The name is JavaScript's business.
pub fn summary_view(index: &Index) -> String {
    let movie = index.movie.as_ref();
    let (kind, kind_name) = file_kind(index);
    let duration = movie.and_then(|movie| movie_duration(index, movie));
    let table_samples =
        movie.map_or(0, |movie| movie.tracks.iter().map(|track| track.table_samples).sum::<u64>());
    json::object(|o| {
        o.number("size", index.file_len);
        o.count("boxCount", index.top.len());
        o.text("kind", kind);
        o.text("kindName", kind_name);
        match &index.file_type {
            Some(file_type) => o.object("brands", |o| {
                o.text("major", &file_type.major_brand.text());
                o.number("minorVersion", file_type.minor_version.into());
                o.texts(
                    "compatible",
                    &mut file_type.compatible_brands.iter().take(BRANDS).map(|brand| brand.text()),
                );
            }),
            None => o.raw("brands", "null"),
        }
        fraction(o, "duration", duration);
        let seconds = duration.filter(|seconds| *seconds > 0.0);
        fraction(o, "bitrate", seconds.map(|seconds| number(index.file_len) * 8.0 / seconds));
        o.count("fragmentCount", index.fragments.len());
        o.number("sampleCount", index.sample_count() + table_samples);
        o.flag("indexed", index.mfra.is_some());
        protection_view(o, movie);
        o.object("protectable", |o| {
            let check = check_file(index);
            o.flag("ok", check.is_ok());
            if let Err(error) = check {
                o.text("code", error.code());
                o.text("reason", error.message());
            }
        });
        o.list("problems", &index.problems, |error, o| {
            o.text("message", error.message());
            o.text_if_any("path", Some(&*error.path()).filter(|path| !path.is_empty()));
            o.number_if_any("offset", error.offset());
        });
    })
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
    let fragments = index.totals(track.id).duration;
    let ticks = if fragments > 0 { Some(fragments) } else { track.duration };
    ticks.map(|ticks| number(ticks) / f64::from(track.timescale.max(1)))
}

fn protection_view(o: &mut Object<'_>, movie: Option<&Movie>) {
    let first = movie.and_then(|movie| Some((movie, movie.tracks.iter().find_map(Track::protection)?)));
    let Some((movie, first)) = first else { return o.raw("protection", "null") };
    let mut kids: Vec<KeyId> = Vec::new();
    for kid in movie.tracks.iter().filter_map(|track| track.protection()?.kid) {
        if !kids.contains(&kid) {
            kids.push(kid);
        }
    }
    let named = |id| system_name(id).map_or_else(|| id.to_string(), str::to_owned);
    o.object("protection", |o| {
        o.text("scheme", &first.scheme.text());
        o.texts("systems", &mut movie.systems.iter().map(named));
        o.texts("kids", &mut kids.into_iter().map(KeyId::uuid));
    });
}

/// One track of an opened file: `Track`.
pub fn track_view(o: &mut Object<'_>, index: &Index, track: &Track) {
    let totals = index.totals(track.id);
    let bytes = totals.bytes;
    let duration = track_duration(index, track);
    let entry = track.entries.first();
    o.number("id", track.id.into());
    o.text("kind", kind_of(track));
    o.text("format", &entry.map_or_else(String::new, |entry| entry.format.text()));
    o.text("codec", &entry.map_or_else(String::new, |entry| entry.codec_string()));
    o.text("codecName", &entry.map_or_else(|| "unknown codec".to_owned(), |entry| entry.codec_name()));
    o.text_or_null("language", track.language.as_deref());
    o.number("timescale", track.timescale.into());
    fraction(o, "duration", duration);
    if let Some((width, height)) = entry.and_then(|entry| entry.size) {
        o.number("width", width.into());
        o.number("height", height.into());
    }
    if let Some((channels, rate)) = entry.and_then(|entry| entry.sound) {
        o.number("channels", channels.into());
        o.number("sampleRate", rate.into());
    }
    let seconds = duration.filter(|seconds| *seconds > 0.0 && bytes > 0);
    fraction(o, "bitrate", seconds.map(|seconds| number(bytes) * 8.0 / seconds));
    o.number("sampleCount", totals.samples + track.table_samples);
    o.number("fragmentCount", totals.fragments);
    o.number("bytes", bytes);
    match track.protection() {
        Some(protection) => o.object("protection", |o| {
            o.text("scheme", &protection.scheme.text());
            o.text_or_null("kid", protection.kid.map(KeyId::uuid).as_deref());
        }),
        None => o.raw("protection", "null"),
    }
    let check = check_track(track);
    o.flag("protectable", check.is_ok());
    o.text_if_any("reason", check.err().as_ref().map(Error::message));
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

/// One box for the tree: `BoxNode`.
pub fn node_view(o: &mut Object<'_>, view: &NodeView) {
    o.text("path", &view.path);
    o.text("type", &view.kind);
    o.text("name", &view.name);
    o.text_if_any("uuid", view.uuid.as_deref());
    o.number("start", view.start);
    o.number("size", view.size);
    o.number("headerSize", view.header_size);
    o.count("childCount", view.child_count);
    if let Some(children) = &view.children {
        o.list("children", children, |child, o| node_view(o, child));
    }
    o.text_if_any("note", view.note.as_deref());
    o.text_if_any("problem", view.problem.as_deref());
}

/// A box that was found, or has some inside that were: `FoundBox`.
pub fn found_view(o: &mut Object<'_>, found: &Found) {
    o.object("box", |o| node_view(o, &found.view));
    o.flag("hit", found.hit);
    o.list("inside", &found.inside, |found, o| found_view(o, found));
}

/// A box and its fields: `BoxView`.
pub fn box_view(mut node: NodeView, fields: BoxFields) -> String {
    node.problem = node.problem.or(fields.problem);
    json::object(|o| {
        o.object("node", |o| node_view(o, &node));
        o.text("clause", &fields.clause);
        o.text("about", &fields.about);
        o.list("fields", &fields.rows, |row, o| {
            o.text("name", &row.name);
            o.text("value", &row.value);
            o.text_if_any("meaning", Some(&*row.meaning).filter(|meaning| !meaning.is_empty()));
            o.number("start", row.start);
            o.number("end", row.end);
            o.number("depth", row.depth.into());
        });
        o.count("from", fields.from);
        o.count("fieldCount", fields.total);
        o.list("texts", &fields.texts, |(title, text), o| {
            o.text("title", title);
            o.text("text", text);
        });
    })
}
