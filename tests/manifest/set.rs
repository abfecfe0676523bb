//! Descriptions of sets, made up and made of files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use boxlock::manifest::describe;
use boxlock::manifest::described::{
    ByteRange, DescribedFile, DescribedHeader, DescribedProtection, DescribedSegment, DescribedTrack,
};
use boxlock::playready::{Header, HeaderKey, HeaderVersion, ProObject, parse_kid};

use crate::support::drive::{self, Feed};

/// Another key ID than that of [`drive`].
pub const KID2: &str = "e1f85ce6-5c99-442c-8cdf-5063550ca95b";

/// What is described of a file in memory.
pub fn of(name: &str, bytes: &[u8]) -> DescribedFile {
    let session = drive::open(bytes, Feed::Whole).unwrap();
    describe(session.index().unwrap(), name).unwrap()
}

/// The sample, pictures and sound in one, protected, with an index of segments.
pub fn sample(form: &str) -> Vec<u8> {
    let request = boxlock::protect::RequestText { segment_index: true, ..drive::request(form) };
    drive::protect(include_bytes!("../../www/samples/sample.ismv"), &request).unwrap()
}

/// The PlayReady object of key IDs.
pub fn object(kids: &[&str], version: HeaderVersion) -> Vec<u8> {
    let keys = kids.iter().map(|kid| HeaderKey {
        kid: parse_kid(kid).unwrap(),
        algorithm: Some(boxlock::playready::Algorithm::AesCtr),
        checksum: None,
    });
    let mut header = Header::new(version, keys.collect());
    header.la_url = Some("https://licence.example/rightsmanager.asmx".to_owned());
    ProObject::from_header(&header).unwrap().to_bytes().unwrap()
}

/// PlayReady's header, as a file has it.
pub fn playready(kids: &[&str], version: HeaderVersion) -> DescribedHeader {
    let object = object(kids, version);
    let len = u32::try_from(object.len()).unwrap();
    let system = "9a04f079-9840-4286-ab92-e65be0885f95";
    let mut pssh = (len + 32).to_be_bytes().to_vec();
    pssh.extend(b"pssh\0\0\0\0");
    pssh.extend(parse_kid(system).unwrap().0);
    pssh.extend(len.to_be_bytes());
    pssh.extend(&object);
    DescribedHeader { system: system.to_owned(), pssh: STANDARD.encode(pssh), data: STANDARD.encode(object) }
}

/// How a track is encrypted with `cenc` in the form `hybrid`.
pub fn protection(kid: &str) -> DescribedProtection {
    DescribedProtection {
        scheme: "cenc".to_owned(),
        form: "hybrid".to_owned(),
        kid: Some(kid.to_owned()),
        rotates: false,
        iv_size: 8,
    }
}

/// A track that players take everywhere: fragments of two seconds.
pub fn track(id: u32, kind: &str, bitrate: u64, fragments: usize) -> DescribedTrack {
    let (format, codec, private_data) = match kind {
        "video" => ("avc1", "avc1.64001F", "000000016764001fac2ca5020096ffc10000000168e9093525"),
        "audio" => ("mp4a", "mp4a.40.2", "1190"),
        _ => ("stpp", "stpp.ttml.im1t", ""),
    };
    let is_video = kind == "video";
    let is_audio = kind == "audio";
    DescribedTrack {
        id,
        kind: kind.to_owned(),
        format: format.to_owned(),
        codec: codec.to_owned(),
        private_data: private_data.to_owned(),
        language: None,
        width: if is_video { 640 } else { 0 },
        height: if is_video { 360 } else { 0 },
        sample_rate: if is_audio { 48000 } else { 0 },
        channels: if is_audio { 2 } else { 0 },
        timescale: 10_000_000,
        times: (0..fragments).map(|number| number as i64 * 20_000_000).collect(),
        durations: vec![20_000_000; fragments],
        ranges: Vec::new(),
        bitrate,
        peak_bitrate: bitrate + bitrate / 8,
        protection: None,
    }
}

/// A file of tracks, with a segment for each fragment of the first.
pub fn file(name: &str, tracks: Vec<DescribedTrack>) -> DescribedFile {
    let init = ByteRange { start: 0, end: 1000 };
    let first = &tracks[0];
    let index = ByteRange { start: 1000, end: 1040 + 12 * first.durations.len() as u64 };
    let rate: u64 = tracks.iter().map(|track| track.bitrate).sum();
    let mut at = index.end;
    let segments = first.durations.iter().map(|duration| {
        let start = at;
        at += (rate * duration / u64::from(first.timescale) / 8).max(1);
        DescribedSegment { start, end: at, duration: *duration }
    });
    let segments: Vec<_> = segments.collect();
    DescribedFile {
        name: name.to_owned(),
        size: at + 100,
        random_access: true,
        init: Some(init),
        index: Some(index),
        timescale: first.timescale,
        segments,
        tracks,
        headers: Vec::new(),
    }
}

/// The same, encrypted.
pub fn encrypted(mut file: DescribedFile, kid: &str) -> DescribedFile {
    for track in &mut file.tracks {
        track.protection = Some(protection(kid));
    }
    file.headers = vec![playready(&[kid], HeaderVersion::V4_0)];
    file
}

/// Two qualities of pictures, sound in two languages, and text.
pub fn whole() -> Vec<DescribedFile> {
    let in_language = |mut file: DescribedFile, language: &str| {
        file.tracks[0].language = Some(language.to_owned());
        file
    };
    let mut high = file("high.ismv", vec![track(1, "video", 3_000_000, 4)]);
    (high.tracks[0].width, high.tracks[0].height) = (1280, 720);
    let low = file("low.ismv", vec![track(1, "video", 800_000, 4)]);
    let english = in_language(file("english.isma", vec![track(2, "audio", 128_000, 4)]), "eng");
    let german = in_language(file("german.isma", vec![track(2, "audio", 128_000, 4)]), "deu");
    let text = in_language(file("english.ismt", vec![track(3, "text", 2000, 4)]), "eng");
    let media = [high, low, english, german].map(|file| encrypted(file, drive::KID));
    media.into_iter().chain([text]).collect()
}
