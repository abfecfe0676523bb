//! Descriptions of files and wishes as JSON, as JavaScript gives them back.

use super::described::{
    ByteRange, DescribedFile, DescribedHeader, DescribedProtection, DescribedSegment, DescribedTrack,
};
use super::write::Wishes;
use crate::bytes::Result;
use crate::exchange::json::Json;
use crate::exchange::request::{fields, flag, malformed, text};

/// Reads a list of descriptions.
///
/// # Errors
/// `bad-json`, and `bad-request` when something in it is none.
pub fn read_files(request: &str) -> Result<Vec<DescribedFile>> {
    Json::parse(request)?.list().iter().map(file).collect()
}

/// Reads what is wished for.
///
/// # Errors
/// As [`read_files`].
pub fn read_wishes(request: &str) -> Result<Wishes> {
    let json = Json::parse(request)?;
    fields(&json, &["name", "forms", "baseUrl", "fairplay"])?;
    let usual = Wishes::default();
    let mut wishes = Wishes {
        name: text(&json, "name").unwrap_or(usual.name),
        base_url: text(&json, "baseUrl").unwrap_or(usual.base_url),
        fairplay: text(&json, "fairplay").unwrap_or(usual.fairplay),
        ..usual
    };
    if json.get("forms").is_some() {
        (wishes.smooth, wishes.dash, wishes.hls) = (false, false, false);
        for form in list(&json, "forms")? {
            match form.text().unwrap_or_default() {
                "smooth" => wishes.smooth = true,
                "dash" => wishes.dash = true,
                "hls" => wishes.hls = true,
                other => {
                    let other: String = other.chars().take(40).collect();
                    return Err(malformed(&format!(
                        "there is no form “{other}”; there are smooth, dash and hls"
                    )));
                }
            }
        }
    }
    Ok(wishes)
}

fn whole(json: &Json, name: &str) -> Result<u64> {
    let found = json.get(name).and_then(Json::integer).and_then(|number| u64::try_from(number).ok());
    found.ok_or_else(|| malformed(&format!("{name} is no whole number from 0 on")))
}

fn small(json: &Json, name: &str) -> Result<u32> {
    u32::try_from(whole(json, name)?).map_err(|_| malformed(&format!("{name} is too large")))
}

fn required(json: &Json, name: &str) -> Result<String> {
    text(json, name).ok_or_else(|| malformed(&format!("{name} is no text")))
}

fn list<'j>(json: &'j Json, name: &str) -> Result<&'j [Json]> {
    match json.get(name) {
        Some(Json::List(items)) => Ok(items),
        _ => Err(malformed(&format!("{name} is no list"))),
    }
}

/// What is there, unless it is null.
fn object<'j>(json: &'j Json, name: &str) -> Option<&'j Json> {
    json.get(name).filter(|value| matches!(value, Json::Object(_)))
}

fn range(json: &Json) -> Result<ByteRange> {
    fields(json, &["start", "end"])?;
    Ok(ByteRange { start: whole(json, "start")?, end: whole(json, "end")? })
}

fn file(json: &Json) -> Result<DescribedFile> {
    let known =
        ["name", "size", "randomAccess", "init", "index", "timescale", "segments", "tracks", "headers"];
    fields(json, &known)?;
    let segment = |json: &Json| {
        fields(json, &["start", "end", "duration"])?;
        Ok(DescribedSegment {
            start: whole(json, "start")?,
            end: whole(json, "end")?,
            duration: whole(json, "duration")?,
        })
    };
    let header = |json: &Json| {
        fields(json, &["system", "pssh", "data"])?;
        Ok(DescribedHeader {
            system: required(json, "system")?,
            pssh: required(json, "pssh")?,
            data: required(json, "data")?,
        })
    };
    Ok(DescribedFile {
        name: required(json, "name")?,
        size: whole(json, "size")?,
        random_access: flag(json, "randomAccess"),
        init: object(json, "init").map(range).transpose()?,
        index: object(json, "index").map(range).transpose()?,
        timescale: small(json, "timescale")?,
        segments: list(json, "segments")?.iter().map(segment).collect::<Result<_>>()?,
        tracks: list(json, "tracks")?.iter().map(track).collect::<Result<_>>()?,
        headers: list(json, "headers")?.iter().map(header).collect::<Result<_>>()?,
    })
}

fn track(json: &Json) -> Result<DescribedTrack> {
    let known = [
        "id",
        "kind",
        "format",
        "codec",
        "privateData",
        "language",
        "width",
        "height",
        "sampleRate",
        "channels",
        "timescale",
        "times",
        "durations",
        "ranges",
        "bitrate",
        "peakBitrate",
        "protection",
    ];
    fields(json, &known)?;
    let whole_of = |json: &Json| json.integer().ok_or_else(|| malformed("a time is no whole number"));
    let duration_of =
        |json: &Json| u64::try_from(whole_of(json)?).map_err(|_| malformed("a duration is below 0"));
    let protection = object(json, "protection").map(|json| {
        fields(json, &["scheme", "form", "kid", "rotates", "ivSize"])?;
        Ok(DescribedProtection {
            scheme: required(json, "scheme")?,
            form: required(json, "form")?,
            kid: text(json, "kid"),
            rotates: flag(json, "rotates"),
            iv_size: u8::try_from(small(json, "ivSize")?).map_err(|_| malformed("ivSize is too large"))?,
        })
    });
    Ok(DescribedTrack {
        id: small(json, "id")?,
        kind: required(json, "kind")?,
        format: required(json, "format")?,
        codec: required(json, "codec")?,
        private_data: required(json, "privateData")?,
        language: text(json, "language"),
        width: small(json, "width")?,
        height: small(json, "height")?,
        sample_rate: small(json, "sampleRate")?,
        channels: small(json, "channels")?,
        timescale: small(json, "timescale")?,
        times: list(json, "times")?.iter().map(whole_of).collect::<Result<_>>()?,
        durations: list(json, "durations")?.iter().map(duration_of).collect::<Result<_>>()?,
        ranges: list(json, "ranges")?.iter().map(range).collect::<Result<_>>()?,
        bitrate: whole(json, "bitrate")?,
        peak_bitrate: whole(json, "peakBitrate")?,
        protection: protection.transpose()?,
    })
}
