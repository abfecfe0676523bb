//! Writes the two manifests of Smooth Streaming so that dash.js, rx-player and shaka-player 4 take them all.

use std::collections::BTreeSet;

use super::client::Chunk;
use super::{SMIL, TIMESCALE, fourcc};
use crate::boxes::systems::PLAYREADY;
use crate::exchange::base64_text;
use crate::manifest::amount::scaled;
use crate::manifest::described::{DescribedFile, DescribedTrack};
use crate::manifest::markup::{Markup, present};
use crate::manifest::protection;
use crate::manifest::rules::Severity::{self, Error, Note, Warning};
use crate::manifest::write::{Wishes, Written, unique};
use crate::playready::{Algorithm, Header, HeaderKey, HeaderVersion, ProObject, parse_kid};

/// The name of the form in what is told.
const FORM: &str = "smooth";

/// A track that becomes a quality.
struct Quality<'f> {
    file: &'f DescribedFile,
    track: &'f DescribedTrack,
    fourcc: &'static str,
    bitrate: u64,
}

/// Qualities whose fragments begin at the same times.
struct Stream<'f> {
    kind: &'f str,
    name: String,
    language: Option<&'f str>,
    timescale: u64,
    chunks: Vec<Chunk>,
    qualities: Vec<Quality<'f>>,
}

/// Writes `.ismc` and `.ism`, or says why not.
pub fn write(files: &[DescribedFile], wishes: &Wishes, written: &mut Written) {
    let mut streams: Vec<Stream<'_>> = Vec::new();
    for kind in ["video", "audio", "text"] {
        for file in files {
            for track in file.of_kind(kind) {
                take(&mut streams, file, track, written);
            }
        }
    }
    let mut fits = !streams.is_empty();
    if !fits {
        written.say(
            FORM,
            Error,
            "No track is of a codec that Smooth Streaming has, so its manifests are not written.",
        );
    }
    for file in files {
        fits &= check(file, written);
    }
    if !fits {
        return;
    }
    name_streams(&mut streams, written);
    let client = wishes.name.clone() + ".ismc";
    let text = client_manifest(&streams, files, written);
    written.add("ismc", client.clone(), text);
    written.add("ism", wishes.name.clone() + ".ism", server_manifest(&streams, &client));
}

/// Whether the boxes of a file are as players of Smooth Streaming need them.
fn check(file: &DescribedFile, written: &mut Written) -> bool {
    let name = &file.name;
    let mut fits = true;
    let mut say = |severity: Severity, message: String| written.say(FORM, severity, message);
    for protection in file.tracks.iter().filter_map(|track| track.protection.as_ref()) {
        if protection.scheme != "cenc" {
            let message = format!(
                "{name} is encrypted with {}, and players of Smooth Streaming decrypt cenc (AES-CTR) alone, so its manifests are not \
                 written.",
                protection.scheme
            );
            say(Error, message);
            fits = false;
            continue;
        }
        if protection.iv_size != 8 {
            say(
                Warning,
                format!(
                    "{name} has IVs of {} bytes; players of Smooth Streaming take 8 for granted.",
                    protection.iv_size
                ),
            );
        }
        if protection.form == "plain" {
            say(
                Warning,
                format!(
                    "{name} lists its IVs in CENC boxes alone; rx-player reads those of PIFF, which the forms hybrid and piff have."
                ),
            );
        }
        if protection.rotates {
            say(
                Warning,
                format!(
                    "The keys of {name} change along the way, and a manifest of Smooth Streaming names them once."
                ),
            );
        }
    }
    if !file.random_access {
        say(
            Warning,
            format!("{name} does not end with a list of its fragments (‘mfra’), by which servers find them."),
        );
    }
    let lower = name.to_ascii_lowercase();
    if ![".ismv", ".isma", ".ismt"].iter().any(|end| lower.ends_with(end)) {
        say(
            Warning,
            format!(
                "{name} is to be called .ismv, or .isma where it has sound alone: IIS gives other names out as they are."
            ),
        );
    }
    fits
}

/// Puts a track where its like are, or begins a stream with it.
fn take<'f>(
    streams: &mut Vec<Stream<'f>>,
    file: &'f DescribedFile,
    track: &'f DescribedTrack,
    written: &mut Written,
) {
    let Some(fourcc) = fourcc::of(&track.format, &track.codec) else {
        let message = format!(
            "Track {} of {} is {}, which Smooth Streaming has no name for; it is left out.",
            track.id, file.name, track.codec
        );
        written.say(FORM, Error, message);
        return;
    };
    if let Some(known) = fourcc::known(fourcc).filter(|known| !known.everywhere) {
        written.say(
            FORM,
            Warning,
            format!("{} is {}, which rx-player does not take in Smooth Streaming.", file.name, known.name),
        );
    }
    let timescale = u64::from(track.timescale);
    if timescale != TIMESCALE {
        let message = format!(
            "Track {} of {} counts in {timescale} ticks a second; rx-player and shaka-player 4 take {TIMESCALE} for granted, and would \
             play it at another speed.",
            track.id, file.name
        );
        written.say(FORM, Warning, message);
    }
    let chunks = chunks(track);
    if track.times.first().is_some_and(|first| *first < 0) {
        let message = format!(
            "Track {} of {} begins before 0, which fragments in a manifest cannot: it says 0, as lists of fragments do.",
            track.id, file.name
        );
        written.say(FORM, Note, message);
    }
    if let Some(gap) = chunks.windows(2).position(is_apart) {
        let message = format!(
            "Between the fragments {} and {} of track {} of {} is a gap.",
            gap + 1,
            gap + 2,
            track.id,
            file.name
        );
        written.say(FORM, Note, message);
    }
    let language = track.language.as_deref();
    let (bitrate, kind) = (track.bitrate.max(1), track.kind.as_str());
    let quality = Quality { file, track, fourcc, bitrate };
    let same = |stream: &&mut Stream<'_>| {
        stream.kind == kind
            && stream.language == language
            && stream.timescale == timescale
            && stream.qualities.first().is_some_and(|first| first.fourcc == fourcc)
            && stream.chunks == chunks
    };
    match streams.iter_mut().find(same) {
        Some(stream) => stream.qualities.push(quality),
        None => {
            streams.push(Stream {
                kind,
                name: String::new(),
                language,
                timescale,
                chunks,
                qualities: vec![quality],
            });
        }
    }
}

/// Whether the second of two does not begin where the first ends.
fn is_apart(two: &[Chunk]) -> bool {
    matches!(two, [first, second] if first.time.saturating_add(first.duration) != second.time)
}

/// When fragments begin, and how long they are. What is before 0 is left out.
pub fn chunks(track: &DescribedTrack) -> Vec<Chunk> {
    let all = track.times.iter().zip(&track.durations);
    let positive = |ticks: i64| u64::try_from(ticks).unwrap_or(0);
    all.map(|(time, duration)| {
        let end = positive(time.saturating_add_unsigned(*duration));
        Chunk { time: positive(*time), duration: end - positive(*time) }
    })
    .collect()
}

/// Names the streams, each in its own way, and gives each quality a bitrate of its own.
fn name_streams(streams: &mut [Stream<'_>], written: &mut Written) {
    let mut names: BTreeSet<String> = BTreeSet::new();
    let count = |kind: &str| streams.iter().filter(|stream| stream.kind == kind).count();
    let counts = ["video", "audio", "text"].map(|kind| (kind, count(kind)));
    for stream in streams.iter_mut() {
        let several = counts.iter().any(|(kind, count)| *kind == stream.kind && *count > 1);
        let plain = match stream.language.filter(|_| several) {
            Some(language) => format!("{}_{language}", stream.kind),
            None => stream.kind.to_owned(),
        };
        stream.name = unique(&mut names, &plain);
    }
    if counts.first().is_some_and(|(_, count)| *count > 1) {
        written.say(FORM, Warning, "The pictures of the files do not begin their fragments at the same times, or are of several codecs, so \
                                    players cannot change between all of them: they are in several streams.");
    }
    for kind in ["video", "audio", "text"] {
        let mut taken: BTreeSet<u64> = BTreeSet::new();
        for stream in streams.iter_mut().filter(|stream| stream.kind == kind) {
            stream.qualities.sort_by_key(|quality| quality.bitrate);
            for quality in &mut stream.qualities {
                while !taken.insert(quality.bitrate) {
                    quality.bitrate += 1;
                }
                if quality.bitrate != quality.track.bitrate.max(1) {
                    let message = format!(
                        "Another quality has the bitrate of track {} of {} too; it is called {} so that they can be told apart.",
                        quality.track.id, quality.file.name, quality.bitrate
                    );
                    written.say(FORM, Note, message);
                }
            }
        }
    }
}

fn client_manifest(streams: &[Stream<'_>], files: &[DescribedFile], written: &mut Written) -> String {
    let mut markup = Markup::new();
    let duration = duration(streams).to_string();
    let timescale = TIMESCALE.to_string();
    markup.open(
        "SmoothStreamingMedia",
        &[("MajorVersion", "2"), ("MinorVersion", "1"), ("Duration", &duration), ("TimeScale", &timescale)],
    );
    if let Some(object) = header(streams, files, written) {
        markup.open("Protection", &[]);
        markup.leaf("ProtectionHeader", &[("SystemID", &PLAYREADY.to_string())], &object);
        markup.close();
    }
    for stream in streams {
        write_stream(&mut markup, stream);
    }
    markup.end()
}

/// Ticks of the whole, from where the first stream begins. Players stall where one stream goes on behind another, so that the shorter one ends it, where they
/// differ by less than a fragment.
fn duration(streams: &[Stream<'_>]) -> u64 {
    let is_text = |stream: &&Stream<'_>| stream.kind == "text";
    let text_alone = streams.iter().all(|stream| is_text(&stream));
    let ends = streams.iter().filter(|stream| text_alone || !is_text(stream)).map(|stream| {
        let longest = stream.chunks.iter().map(|chunk| chunk.duration).max().unwrap_or(0);
        let [begin, end] =
            [stream.chunks.first(), stream.chunks.last()].map(|chunk| chunk.copied().unwrap_or_default());
        [begin.time, end.time.saturating_add(end.duration), longest]
            .map(|ticks| scaled(ticks, stream.timescale, TIMESCALE))
    });
    let ends: Vec<[u64; 3]> = ends.collect();
    let begin = ends.iter().map(|[begin, ..]| *begin).min().unwrap_or(0);
    let latest = ends.iter().map(|[_, end, _]| *end).max().unwrap_or(0);
    let near = ends.iter().filter(|[_, end, longest]| latest - end <= *longest).map(|[_, end, _]| *end);
    near.min().unwrap_or(latest).saturating_sub(begin)
}

fn write_stream(markup: &mut Markup, stream: &Stream<'_>) {
    let url = format!("QualityLevels({{bitrate}})/Fragments({}={{start time}})", stream.name);
    let (chunks, levels) = (stream.chunks.len().to_string(), stream.qualities.len().to_string());
    let widest = stream.qualities.iter().map(|quality| quality.track.width).max().unwrap_or(0).to_string();
    let highest = stream.qualities.iter().map(|quality| quality.track.height).max().unwrap_or(0).to_string();
    let timescale = stream.timescale.to_string();
    let is_video = stream.kind == "video";
    let attributes = present(&[
        ("Type", Some(stream.kind)),
        ("Subtype", (stream.kind == "text").then_some("SUBT")),
        ("Name", Some(&stream.name)),
        ("Language", stream.language),
        ("TimeScale", (stream.timescale != TIMESCALE).then_some(timescale.as_str())),
        ("Chunks", Some(&chunks)),
        ("QualityLevels", Some(&levels)),
        ("MaxWidth", is_video.then_some(widest.as_str())),
        ("MaxHeight", is_video.then_some(highest.as_str())),
        ("Url", Some(&url)),
    ]);
    markup.open("StreamIndex", &attributes);
    for (number, quality) in stream.qualities.iter().enumerate() {
        let track = quality.track;
        let (index, bitrate) = (number.to_string(), quality.bitrate.to_string());
        let [width, height, rate, channels] =
            [track.width, track.height, track.sample_rate, track.channels].map(|number| number.to_string());
        let is_audio = stream.kind == "audio";
        markup.empty(
            "QualityLevel",
            &present(&[
                ("Index", Some(&index)),
                ("Bitrate", Some(&bitrate)),
                ("FourCC", Some(quality.fourcc)),
                ("MaxWidth", is_video.then_some(width.as_str())),
                ("MaxHeight", is_video.then_some(height.as_str())),
                ("SamplingRate", is_audio.then_some(rate.as_str())),
                ("Channels", is_audio.then_some(channels.as_str())),
                ("BitsPerSample", is_audio.then_some("16")),
                ("PacketSize", is_audio.then_some("4")),
                ("AudioTag", is_audio.then_some("255")),
                ("CodecPrivateData", Some(fourcc::brief(&track.private_data))),
            ]),
        );
    }
    let mut next = None;
    for chunk in &stream.chunks {
        let (time, duration) = (chunk.time.to_string(), chunk.duration.to_string());
        let time = (next != Some(chunk.time)).then_some(time.as_str());
        markup.empty("c", &present(&[("t", time), ("d", Some(&duration))]));
        next = Some(chunk.time.saturating_add(chunk.duration));
    }
    markup.close();
}

/// The PlayReady object for players, in base64: version 4.0, which alone all of them read. None where nothing is encrypted.
fn header(streams: &[Stream<'_>], files: &[DescribedFile], written: &mut Written) -> Option<String> {
    let tracks = streams.iter().flat_map(|stream| &stream.qualities).map(|quality| quality.track);
    let protections: Vec<_> = tracks.filter_map(|track| track.protection.as_ref()).collect();
    if protections.is_empty() {
        return None;
    }
    let mut kids = Vec::new();
    for kid in protections.iter().filter_map(|one| parse_kid(one.kid.as_deref()?).ok()) {
        if !kids.contains(&kid) {
            kids.push(kid);
        }
    }
    let found: Vec<protection::Read> =
        files.iter().filter_map(|file| protection::object(file.playready()?).ok()).collect();
    let headers: Vec<&Header> = found.iter().filter_map(|read| read.header.as_ref()).collect();
    if headers.windows(2).any(|two| matches!(two, [one, other] if one.la_url != other.la_url)) {
        written.say(
            FORM,
            Warning,
            "The files name different licence servers (LA_URL); the manifest names that of the first.",
        );
    }
    let fits = |read: &&protection::Read| {
        read.version() == Some(HeaderVersion::V4_0)
            && read.kids.len() == 1
            && kids.len() <= 1
            && kids.iter().all(|kid| read.kids.contains(kid))
    };
    if let Some(read) = found.iter().find(fits) {
        return Some(base64_text(&read.data));
    }
    let named = |kid| {
        let known = headers.iter().flat_map(|header| &header.keys).find(|key| key.kid == kid).cloned();
        let key = known.unwrap_or(HeaderKey { kid, algorithm: None, checksum: None });
        HeaderKey { algorithm: Some(Algorithm::AesCtr), ..key }
    };
    let keys: Vec<HeaderKey> = kids.iter().map(|kid| named(*kid)).collect();
    let version = if keys.len() == 1 { HeaderVersion::V4_0 } else { Header::choose_version(&keys) };
    let first = headers.first();
    let made = Header {
        la_url: first.and_then(|header| header.la_url.clone()),
        lui_url: first.and_then(|header| header.lui_url.clone()),
        ds_id: first.and_then(|header| header.ds_id),
        custom_attributes: first.and_then(|header| header.custom_attributes.clone()),
        ..Header::new(version, keys)
    };
    match first {
        None => written.say(FORM, Warning, "No file has a PlayReady header; the manifest has one that names the key ID and no licence server."),
        Some(header) if kids.len() == 1 => {
            let message = format!(
                "The PlayReady header of the files has version {} or names several keys; the manifest has one of version 4.0 with the same key \
                 ID and addresses, which all players read.",
                header.version.short()
            );
            written.say(FORM, Note, message);
        }
        Some(_) => {}
    }
    if kids.len() > 1 {
        let message = format!(
            "The files have {} keys, which only newer PlayReady headers name; dash.js, rx-player and shaka-player 4 do not find key IDs in \
             those. One key for the whole set plays everywhere.",
            kids.len()
        );
        written.say(FORM, Warning, message);
    }
    match ProObject::from_header(&made).and_then(|object| object.to_bytes()) {
        Ok(bytes) => Some(base64_text(&bytes)),
        Err(error) => {
            written.say(
                FORM,
                Error,
                format!("The manifest is without a header, which cannot be made: {}", error.message()),
            );
            None
        }
    }
}

fn server_manifest(streams: &[Stream<'_>], client: &str) -> String {
    let mut markup = Markup::new();
    markup.open("smil", &[("xmlns", SMIL)]);
    markup.open("head", &[]);
    markup.empty("meta", &[("name", "clientManifestRelativePath"), ("content", client)]);
    markup.close();
    markup.open("body", &[]);
    markup.open("switch", &[]);
    for stream in streams {
        let element = match stream.kind {
            "text" => "textstream",
            "audio" => "audio",
            _ => "video",
        };
        for quality in &stream.qualities {
            let bitrate = quality.bitrate.to_string();
            markup.open(
                element,
                &present(&[
                    ("src", Some(&quality.file.name)),
                    ("systemBitrate", Some(&bitrate)),
                    ("systemLanguage", stream.language),
                ]),
            );
            let mut param = |name: &str, value: &str| {
                markup.empty("param", &[("name", name), ("value", value), ("valuetype", "data")]);
            };
            param("trackID", &quality.track.id.to_string());
            // What a text is called where nothing is said, servers do not agree on.
            if stream.name != stream.kind || stream.kind == "text" {
                param("trackName", &stream.name);
            }
            if stream.timescale != TIMESCALE {
                param("timeScale", &stream.timescale.to_string());
            }
            markup.close();
        }
    }
    markup.end()
}
