//! Holds a manifest to the files that it is about: their names, tracks, bitrates, times, codecs, keys and byte ranges.

use super::described::{ByteRange, DescribedFile, DescribedTrack};
use super::lint::{Findings, short};
use super::rules::{
    FILE_BITRATE, FILE_CLEAR, FILE_INDEX, FILE_INIT, FILE_KID, FILE_MISSING, FILE_PRIVATE, FILE_PROTECTED,
    FILE_SEGMENT, FILE_SIZE, FILE_TIMES, FILE_TRACK, HLS_SESSION_KEY, Rule,
};
use super::smooth::fourcc::brief;
use super::smooth::write::chunks;
use super::{Parsed, amount, dash, hls, smooth};
use crate::playready::parse_kid;

/// Adds to `findings` what does not fit. Without files nothing is said.
pub fn check(parsed: &Parsed, files: &[DescribedFile], findings: &mut Findings) {
    if files.is_empty() {
        return;
    }
    match parsed {
        Parsed::Server(server) => of_server(server, files, findings),
        Parsed::Client(client) => of_client(client, files, findings),
        Parsed::Dash(mpd) => of_dash(mpd, files, findings),
        Parsed::Hls(list) => of_hls(list, files, findings),
    }
}

/// The file that an address leads to: by its last part, as sets are moved as a whole.
fn find<'f>(files: &'f [DescribedFile], address: &str) -> Option<&'f DescribedFile> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    called(files, &amount::from_address(path)).or_else(|| called(files, path))
}

/// The file of this name, or of the last part of it: one may stand in folders, and so may the other.
fn called<'f>(files: &'f [DescribedFile], name: &str) -> Option<&'f DescribedFile> {
    let last = |name: &str| name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    let wanted = last(name);
    files
        .iter()
        .find(|file| file.name == name)
        .or_else(|| files.iter().find(|file| last(&file.name) == wanted))
}

fn missing(address: &str, at: usize, findings: &mut Findings) {
    findings.add(&FILE_MISSING, at, format!("“{}” is not among the files.", short(address)));
}

/// Whether a bitrate is within a quarter of that of the samples, or of their highest.
fn plausible(said: u64, track: &DescribedTrack) -> bool {
    let (low, high) =
        (track.bitrate - track.bitrate / 4, track.peak_bitrate.saturating_add(track.peak_bitrate / 4));
    (low..=high).contains(&said)
}

fn of_server(server: &smooth::Server, files: &[DescribedFile], findings: &mut Findings) {
    for entry in server.entries.iter().filter(|entry| !entry.src.is_empty()) {
        // A path, and no address; though some write one.
        let Some(file) = called(files, &entry.src).or_else(|| find(files, &entry.src)) else {
            missing(&entry.src, entry.at, findings);
            continue;
        };
        let Some(track) = file.tracks.iter().find(|track| u64::from(track.id) == entry.track()) else {
            let known: Vec<String> = file.tracks.iter().map(|track| track.id.to_string()).collect();
            let message =
                format!("{} has no track {}; it has {}.", file.name, entry.track(), known.join(", "));
            findings.add(&FILE_TRACK, entry.at, message);
            continue;
        };
        if track.kind != entry.kind {
            let message = format!(
                "Track {} of {} is {}, and stands here as {}.",
                track.id, file.name, track.kind, entry.kind
            );
            findings.add(&FILE_TRACK, entry.at, message);
        } else if entry.bitrate.is_some_and(|bitrate| !plausible(bitrate, track)) {
            bitrate(entry.bitrate.unwrap_or(0), file, track, entry.at, findings);
        }
    }
}

fn bitrate(said: u64, file: &DescribedFile, track: &DescribedTrack, at: usize, findings: &mut Findings) {
    let message = format!(
        "The bitrate is {said}; the samples of track {} of {} have {} on average, and {} at most.",
        track.id, file.name, track.bitrate, track.peak_bitrate
    );
    findings.add(&FILE_BITRATE, at, message);
}

/// The track that a quality is of: of those of its kind the one that has its codec configuration, or the nearest bitrate.
fn of_level<'f>(
    level: &smooth::Level,
    stream: &'f smooth::Stream,
    files: &'f [DescribedFile],
) -> Option<(&'f DescribedFile, &'f DescribedTrack)> {
    let all = files.iter().flat_map(|file| file.of_kind(&stream.kind).map(move |track| (file, track)));
    let private = hex::encode(&level.private_data);
    all.min_by_key(|(_, track)| {
        let other_codec = !private.is_empty() && brief(&track.private_data) != brief(&private);
        (other_codec, track.language != stream.language, track.bitrate.abs_diff(level.bitrate))
    })
}

fn of_client(client: &smooth::Client, files: &[DescribedFile], findings: &mut Findings) {
    let mut used = Vec::new();
    for stream in &client.streams {
        for level in &stream.levels {
            let Some((file, track)) = of_level(level, stream, files) else {
                findings.add(
                    &FILE_MISSING,
                    level.at,
                    format!("No file has a track of the kind {}.", short(&stream.kind)),
                );
                continue;
            };
            used.push(track);
            if !plausible(level.bitrate, track) {
                bitrate(level.bitrate, file, track, level.at, findings);
                continue;
            }
            let private = hex::encode(&level.private_data);
            if !private.is_empty()
                && !track.private_data.is_empty()
                && brief(&private) != brief(&track.private_data)
            {
                let message = format!("CodecPrivateData is not that of track {} of {}.", track.id, file.name);
                findings.add(&FILE_PRIVATE, level.at, message);
            }
            size(level.size, file, track, level.at, findings);
            times(client, stream, file, track, findings);
        }
    }
    let named: Vec<String> = client.protections.iter().flat_map(|one| one.read.kid_texts()).collect();
    let at = client.protections.first().map_or(0, |one| one.at);
    kids(&named, !client.protections.is_empty(), &used, at, findings);
}

fn size(
    said: Option<(u64, u64)>,
    file: &DescribedFile,
    track: &DescribedTrack,
    at: usize,
    findings: &mut Findings,
) {
    let own = (u64::from(track.width), u64::from(track.height));
    if let Some((width, height)) = said.filter(|said| *said != own && own.0 > 0) {
        let message =
            format!("The pictures are {width} x {height} here, and {} x {} in {}.", own.0, own.1, file.name);
        findings.add(&FILE_SIZE, at, message);
    }
}

/// Whether fragments begin when a stream says.
fn times(
    client: &smooth::Client,
    stream: &smooth::Stream,
    file: &DescribedFile,
    track: &DescribedTrack,
    findings: &mut Findings,
) {
    let (said, own) = (&stream.chunks, chunks(track));
    if said.len() != own.len() {
        let message = format!(
            "There are {} fragments here, and {} in track {} of {}.",
            said.len(),
            own.len(),
            track.id,
            file.name
        );
        findings.add(&FILE_TIMES, stream.at, message);
        return;
    }
    let scale = stream.timescale.unwrap_or(client.timescale);
    for (number, (said, own)) in said.iter().zip(&own).enumerate() {
        let time = amount::scaled(own.time, track.timescale.into(), scale);
        // Between two timescales some round down, and some to the nearest.
        if said.time.abs_diff(time) > u64::from(scale != u64::from(track.timescale)) {
            let message = format!(
                "Fragment {} begins at {}, and in track {} of {} at {time}.",
                number + 1,
                said.time,
                track.id,
                file.name
            );
            findings.add(&FILE_TIMES, stream.at, message);
            return;
        }
    }
}

/// Whether the key IDs that are named are those of the tracks, and whether what is encrypted is said to be.
fn kids(named: &[String], says: bool, tracks: &[&DescribedTrack], at: usize, findings: &mut Findings) {
    let protections: Vec<_> = tracks.iter().filter_map(|track| track.protection.as_ref()).collect();
    if protections.is_empty() {
        if says && !tracks.is_empty() {
            findings.add(&FILE_CLEAR, at, "It says that media are encrypted, and the files are clear.");
        }
        return;
    }
    if !says {
        findings.add(
            &FILE_PROTECTED,
            at,
            "The files are encrypted, and nothing here says so: players take them for clear.",
        );
        return;
    }
    if named.is_empty() {
        return;
    }
    let mut told: Vec<&str> = Vec::new();
    for kid in protections
        .iter()
        .filter_map(|one| one.kid.as_deref())
        .filter(|kid| !named.iter().any(|one| one == kid))
    {
        if told.contains(&kid) {
            continue;
        }
        told.push(kid);
        let swapped = parse_kid(kid).ok().map(|kid| kid.swapped().uuid());
        let why = if swapped.is_some_and(|swapped| named.contains(&swapped)) {
            ": it is there in the other byte order"
        } else {
            ""
        };
        let some: Vec<&str> = named.iter().take(3).map(String::as_str).collect();
        let more = if named.len() > some.len() { " and others" } else { "" };
        let message = format!("A file has the key ID {kid}, and here stands {}{more}{why}.", some.join(", "));
        findings.add(&FILE_KID, at, message);
    }
}

fn of_dash(mpd: &dash::Mpd, files: &[DescribedFile], findings: &mut Findings) {
    for set in &mpd.sets {
        let mut used: Vec<&DescribedTrack> = Vec::new();
        // A folder is where templates of addresses begin.
        let has_file = |one: &&dash::Representation| !one.base_url.is_empty() && !one.base_url.ends_with('/');
        for one in set.representations.iter().filter(has_file) {
            let Some(file) = find(files, &one.base_url) else {
                missing(&one.base_url, one.at, findings);
                continue;
            };
            used.extend(&file.tracks);
            range(&FILE_INDEX, "The index", one.index, file.index, one.at, findings);
            range(&FILE_INIT, "The initialization", one.init, file.init, one.at, findings);
            let own = dash::write::codecs(file);
            if !one.codecs.is_empty() && !same_codecs(&one.codecs, &own) {
                let message = format!("codecs is “{}”, and {} has {own}.", short(&one.codecs), file.name);
                findings.add(&FILE_PRIVATE, one.at, message);
            }
            if let Some(track) = file.of_kind("video").next() {
                size(one.size, file, track, one.at, findings);
            }
            let average = file.tracks.iter().fold(0_u64, |sum, track| sum.saturating_add(track.bitrate));
            let highest = dash::write::peak(file).max(average);
            if one.bandwidth < average - average / 10 || one.bandwidth > highest.saturating_mul(2) {
                let message = format!(
                    "bandwidth is {}; {} has {average} on average, and {highest} in the segment that has most.",
                    one.bandwidth, file.name
                );
                findings.add(&FILE_BITRATE, one.at, message);
            }
        }
        let named: Vec<String> = set.protections.iter().flat_map(|one| one.kids.clone()).collect();
        let at = set.protections.first().map_or(set.at, |one| one.at);
        kids(&named, !set.protections.is_empty(), &used, at, findings);
    }
}

/// Whether two lists of codecs are of the same codecs, in any order and in any case of letters.
fn same_codecs(one: &str, other: &str) -> bool {
    let sorted = |list: &str| {
        let mut all: Vec<String> = list.split(',').map(|codec| codec.trim().to_ascii_lowercase()).collect();
        all.sort_unstable();
        all
    };
    sorted(one) == sorted(other)
}

/// `what` begins the sentence.
fn range(
    rule: &'static Rule,
    what: &str,
    said: Option<ByteRange>,
    own: Option<ByteRange>,
    at: usize,
    findings: &mut Findings,
) {
    let Some(said) = said else { return };
    match own {
        Some(own) if own != said => {
            let message =
                format!("{what} is bytes {} here, and in the file {}.", said.inclusive(), own.inclusive());
            findings.add(rule, at, message);
        }
        None => findings.add(
            rule,
            at,
            format!("{what} is bytes {} here, and the file has none.", said.inclusive()),
        ),
        Some(_) => {}
    }
}

fn of_hls(list: &hls::Playlist, files: &[DescribedFile], findings: &mut Findings) {
    let named: Vec<String> = list.keys.iter().flat_map(|key| key.read.kid_texts()).collect();
    let at = list.keys.first().map_or(0, |key| key.at);
    if list.is_multivariant() {
        let encrypted = files.iter().flat_map(|file| &file.tracks).any(|track| track.protection.is_some());
        if encrypted && list.keys.is_empty() {
            findings.add(&HLS_SESSION_KEY, 0, "The files are encrypted, and there is no EXT-X-SESSION-KEY.");
        }
        return;
    }
    let mut used: Vec<&DescribedTrack> = Vec::new();
    let mut before: Option<(&str, Option<&DescribedFile>)> = None;
    for segment in &list.segments {
        let file = match before {
            Some((uri, file)) if uri == segment.uri => file,
            _ => {
                let file = find(files, &segment.uri);
                match file {
                    Some(file) => used.extend(&file.tracks),
                    None => missing(&segment.uri, segment.at, findings),
                }
                before = Some((&segment.uri, file));
                file
            }
        };
        let (Some(file), Some(said)) = (file, segment.range) else { continue };
        let own = file
            .segments
            .binary_search_by_key(&said.start, |one| one.start)
            .ok()
            .and_then(|at| file.segments.get(at));
        // One line may have several segments.
        let ends = file.segments.partition_point(|one| one.end < said.end);
        let is_end = file.segments.get(ends).is_some_and(|one| one.end == said.end);
        if own.is_none() || !is_end {
            let message = format!("Bytes {} of {} are no whole segments.", said.inclusive(), file.name);
            findings.add(&FILE_SEGMENT, segment.at, message);
        }
    }
    for (uri, said) in &list.maps {
        if let Some(file) = find(files, uri) {
            range(
                &FILE_INIT,
                "EXT-X-MAP",
                *said,
                file.init,
                list.segments.first().map_or(0, |first| first.at),
                findings,
            );
        }
    }
    // Of FairPlay alone no key ID is known.
    kids(&named, !list.keys.is_empty(), &used, at, findings);
}
