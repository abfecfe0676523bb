//! The manifest for players: which qualities there are, and when their fragments begin (MS-SSTR 2.2.2).

use super::TIMESCALE;
use super::fourcc;
use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{KeyId, Uuid16};
use crate::exchange::xml::Element;
use crate::manifest::amount::{scaled, ticks, whole};
use crate::manifest::lint::{Findings, short};
use crate::manifest::protection::{self, Read};
use crate::manifest::rules::{
    ISMC_BITRATE, ISMC_BRACES, ISMC_BREAKS, ISMC_CHUNK, ISMC_COUNTS, ISMC_DURATION, ISMC_EMPTY_PRIVATE,
    ISMC_ENDS, ISMC_FIRST_TIME, ISMC_FOURCC, ISMC_GAP, ISMC_HEADER, ISMC_HEADER_VERSION, ISMC_INDEX,
    ISMC_LIVE, ISMC_NO_CHUNKS, ISMC_NO_DURATION, ISMC_NO_FOURCC, ISMC_NO_LEVELS, ISMC_NO_PRIVATE,
    ISMC_NO_STREAMS, ISMC_NUMBER, ISMC_OVERLAP, ISMC_PLACE, ISMC_PRIVATE, ISMC_REPEAT, ISMC_SAME_BITRATE,
    ISMC_SIZE, ISMC_SOUND, ISMC_SUBTYPE, ISMC_SYSTEM, ISMC_TIMESCALE, ISMC_TYPE, ISMC_URL, ISMC_VERSION,
    ISMC_VIDEO_ONLY,
};
use crate::playready::{HeaderVersion, parse_kid};
use crate::track::system_header::is_playready;

/// Most qualities of a stream, which are held against each other; and fragments of all, which may be repeated.
const LEVELS: usize = 1000;
const CHUNKS: usize = 1 << 20;

/// What a manifest for players says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// Version: 2, and 0 to 2.
    pub version: (u64, u64),
    /// Ticks a second.
    pub timescale: u64,
    /// Ticks of the whole; 0 where it goes on.
    pub duration: u64,
    /// Whether it is live.
    pub live: bool,
    /// Headers of DRM systems.
    pub protections: Vec<Protection>,
    /// The streams.
    pub streams: Vec<Stream>,
}

/// The header of a DRM system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// Which system.
    pub system: Option<Uuid16>,
    /// What it says, where that can be read.
    pub read: Read,
    /// Where it stands in the text.
    pub at: usize,
}

/// Qualities of one thing, whose fragments begin at the same times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// `video`, `audio` or `text`.
    pub kind: String,
    /// Of text, which.
    pub subtype: String,
    /// Its name; the kind where it has none.
    pub name: String,
    /// Language.
    pub language: Option<String>,
    /// Ticks a second, where they are not those of all.
    pub timescale: Option<u64>,
    /// The address of fragments.
    pub url: String,
    /// Its qualities.
    pub levels: Vec<Level>,
    /// Its fragments.
    pub chunks: Vec<Chunk>,
    /// Where it stands in the text.
    pub at: usize,
}

/// A quality.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Bits a second.
    pub bitrate: u64,
    /// Codec.
    pub fourcc: String,
    /// What configures the decoder.
    pub private_data: Vec<u8>,
    /// Pixels.
    pub size: Option<(u64, u64)>,
    /// Hertz.
    pub rate: Option<u64>,
    /// Channels.
    pub channels: Option<u64>,
    /// Bytes of the length before each NAL unit, where it says so.
    pub nal_length: Option<u64>,
    /// Where it stands in the text.
    pub at: usize,
}

/// A fragment: when it begins and how long it is, in ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// When it begins.
    pub time: u64,
    /// How long it is; 0 where nobody says.
    pub duration: u64,
}

/// Reads `SmoothStreamingMedia`, and holds it to its rules.
pub fn read(root: &Element, findings: &mut Findings) -> Client {
    let number = |name: &str| root.attribute(name).and_then(whole);
    let version = (number("MajorVersion").unwrap_or(0), number("MinorVersion").unwrap_or(0));
    if version.0 != 2 || version.1 > 2 {
        let message = format!("The version is {}.{}; players know 2.0, 2.1 and 2.2.", version.0, version.1);
        findings.add(&ISMC_VERSION, root.at, message);
    }
    let live = root.attribute("IsLive").is_some_and(|word| word.eq_ignore_ascii_case("true"));
    let mut client = Client {
        version,
        timescale: number("TimeScale").filter(|scale| *scale > 0).unwrap_or(TIMESCALE),
        duration: number("Duration").unwrap_or(0),
        live,
        ..Client::default()
    };
    if number("Duration").is_none() || (client.duration == 0 && !live) {
        findings.add(
            &ISMC_DURATION,
            root.at,
            "It has no Duration above 0, without which it has no end for players.",
        );
    }
    if client.timescale != TIMESCALE {
        let message = format!(
            "TimeScale is {}, and some players count in {TIMESCALE} whatever it is.",
            client.timescale
        );
        findings.add(&ISMC_TIMESCALE, root.at, message);
    }
    for name in ["LookaheadCount", "DVRWindowLength"] {
        if !live && number(name).is_some_and(|value| value > 0) {
            let message = format!("{name} stands in a presentation that is not live.");
            findings.add(&ISMC_LIVE, root.at, message);
        }
    }
    let first = root.child("StreamIndex").map_or(usize::MAX, |stream| stream.at);
    for protection in root.all("Protection") {
        if protection.at > first {
            findings.add(
                &ISMC_PLACE,
                protection.at,
                "Protection stands behind a StreamIndex; its place is before all of them.",
            );
        }
        let headers = protection.all("ProtectionHeader");
        client.protections.extend(headers.map(|header| read_protection(header, findings)));
    }
    let mut room = CHUNKS;
    for element in root.all("StreamIndex") {
        let stream = read_stream(element, &client, &mut room, findings);
        client.streams.push(stream);
    }
    if client.streams.is_empty() {
        findings.add(&ISMC_NO_STREAMS, root.at, "It has no StreamIndex, so there is nothing to play.");
    }
    check_end(&client, root.at, findings);
    client
}

fn read_protection(element: &Element, findings: &mut Findings) -> Protection {
    let at = element.at;
    let said = element.attribute("SystemID").unwrap_or_default();
    let bare = said.trim_start_matches('{').trim_end_matches('}');
    // Without the dashes where they belong, nobody reads it.
    let dashes = |text: &str| {
        text.bytes().enumerate().filter(|(_, b)| *b == b'-').map(|(at, _)| at).eq([8, 13, 18, 23])
    };
    let system = parse_kid(bare).ok().filter(|_| dashes(bare)).map(|id: KeyId| Uuid16(id.0));
    let Some(system) = system else {
        let message = format!(
            "SystemID “{}” is no UUID; PlayReady's is 9a04f079-9840-4286-ab92-e65be0885f95.",
            short(said)
        );
        findings.add(&ISMC_SYSTEM, at, message);
        return Protection { at, ..Protection::default() };
    };
    if said != bare || said.bytes().any(|byte| byte.is_ascii_uppercase()) {
        let message =
            format!("SystemID is written “{}”; not all players know it unless it is {system}.", short(said));
        findings.add(&ISMC_BRACES, at, message);
    }
    let text = element.text();
    if text.contains(|c: char| c.is_whitespace()) {
        findings.add(&ISMC_BREAKS, at, "There are spaces or line breaks in the base64 of the header.");
    }
    if !is_playready(system) {
        return Protection { system: Some(system), read: Read::default(), at };
    }
    let read = match protection::object(text) {
        Ok(read) => read,
        Err(why) => {
            let message = format!(
                "What stands in ProtectionHeader is no PlayReady object: {}.",
                why.trim_end_matches('.')
            );
            findings.add(&ISMC_HEADER, at, message);
            Read::default()
        }
    };
    if let Some(version) = read.version().filter(|version| *version != HeaderVersion::V4_0) {
        let message = format!(
            "The PlayReady header has version {}, whose key IDs are attributes. Players take the key ID from the text of the \
             element KID, which only version 4.0 has: write that.",
            version.short()
        );
        findings.add(&ISMC_HEADER_VERSION, at, message);
    }
    Protection { system: Some(system), read, at }
}

fn read_stream(element: &Element, client: &Client, room: &mut usize, findings: &mut Findings) -> Stream {
    let at = element.at;
    let text = |name: &str| element.attribute(name).unwrap_or_default();
    let kind = text("Type").to_ascii_lowercase();
    if !["video", "audio", "text"].contains(&kind.as_str()) {
        let message = format!("Type is “{}”; there are video, audio and text.", short(text("Type")));
        findings.add(&ISMC_TYPE, at, message);
    }
    if kind == "text" && text("Subtype").is_empty() {
        findings.add(&ISMC_SUBTYPE, at, "It is text without a Subtype, as CAPT or SUBT.");
    }
    if kind == "audio" {
        for name in ["MaxWidth", "MaxHeight", "DisplayWidth", "DisplayHeight"] {
            if element.attribute(name).is_some() {
                findings.add(&ISMC_VIDEO_ONLY, at, format!("{name} stands at sound."));
            }
        }
    }
    let url = text("Url").to_owned();
    let count = |token: &str| url.matches(token).count();
    if count("{bitrate}") != 1 || count("{start time}") != 1 {
        let message = format!(
            "Url is “{}”; dash.js and shaka-player put in place of {{bitrate}} and {{start time}} what is asked for, once each, and \
             know no other way to write them.",
            short(&url)
        );
        findings.add(&ISMC_URL, at, message);
    }
    let timescale = element.attribute("TimeScale").and_then(whole).filter(|scale| *scale > 0);
    if timescale.is_some_and(|scale| scale != TIMESCALE) {
        let message = format!(
            "TimeScale is {}, and some players count in {TIMESCALE} whatever it is.",
            timescale.unwrap_or(0)
        );
        findings.add(&ISMC_TIMESCALE, at, message);
    }
    let name =
        element.attribute("Name").filter(|name| !name.is_empty()).map_or_else(|| kind.clone(), str::to_owned);
    let mut stream = Stream {
        subtype: text("Subtype").to_owned(),
        language: element.attribute("Language").filter(|text| !text.is_empty()).map(str::to_owned),
        timescale: timescale.filter(|scale| *scale != client.timescale),
        kind,
        name,
        url,
        at,
        ..Stream::default()
    };
    for (number, element) in element.all("QualityLevel").enumerate().take(LEVELS) {
        let level = read_level(element, number, &stream, findings);
        stream.levels.push(level);
    }
    if stream.levels.is_empty() {
        findings.add(&ISMC_NO_LEVELS, at, "It has no QualityLevel, so there is nothing to ask for.");
    }
    stream.chunks = read_chunks(element, client, room, findings);
    let counts = [("QualityLevels", stream.levels.len()), ("Chunks", stream.chunks.len())];
    for (name, found) in counts {
        let said = element.attribute(name).and_then(whole).filter(|said| *said > 0);
        if said.is_some_and(|said| said != len_u64(found)) {
            let message = format!("{name} says {}, and there are {found}.", said.unwrap_or(0));
            findings.add(&ISMC_COUNTS, at, message);
        }
    }
    stream
}

fn read_level(element: &Element, number: usize, stream: &Stream, findings: &mut Findings) -> Level {
    let at = element.at;
    let value = |name: &str| element.attribute(name).and_then(whole);
    if value("Index") != Some(len_u64(number)) {
        let found = element.attribute("Index").unwrap_or("nothing");
        findings.add(
            &ISMC_INDEX,
            at,
            format!("Index is {}, and in its place {number} is expected.", short(found)),
        );
    }
    let bitrate = value("Bitrate").unwrap_or(0);
    if bitrate == 0 {
        findings.add(&ISMC_BITRATE, at, "It has no Bitrate above 0, by which players ask for it.");
    } else if stream.levels.iter().any(|other| other.bitrate == bitrate)
        && !stream.url.contains("{CustomAttributes}")
    {
        let message =
            format!("Another quality has the bitrate {bitrate} too, and is asked for by the same addresses.");
        findings.add(&ISMC_SAME_BITRATE, at, message);
    }
    let fourcc = element.attribute("FourCC").unwrap_or_default();
    let known = fourcc::known(fourcc);
    let is_text = stream.kind == "text";
    if fourcc.is_empty() && value("AudioTag").is_none() && !is_text {
        findings.add(&ISMC_NO_FOURCC, at, "It has no FourCC, so players do not know its codec.");
    } else if !fourcc.is_empty() && known.is_none_or(|known| !known.everywhere) {
        let name = known.map_or("a codec that is not known here", |known| known.name);
        findings.add(
            &ISMC_FOURCC,
            at,
            format!("FourCC {} is {name}, which not all players take.", short(fourcc)),
        );
    }
    let private = element.attribute("CodecPrivateData");
    let private_data = hex::decode(private.unwrap_or_default());
    match (&private_data, private) {
        (Err(_), _) => {
            findings.add(&ISMC_PRIVATE, at, "CodecPrivateData is not hexadecimal digits, two for each byte.")
        }
        (Ok(data), _) if known.is_some_and(|known| known.name == "H.264") && !fourcc::is_h264(data) => {
            let message = "CodecPrivateData is not 00000001, a sequence parameter set, 00000001 and a picture parameter set; players \
                           take the profile from behind the first 00000001.";
            findings.add(&ISMC_PRIVATE, at, message);
        }
        (Ok(_), None) if stream.kind == "audio" => {
            findings.add(
                &ISMC_NO_PRIVATE,
                at,
                "It has no CodecPrivateData; where there is nothing to say, it is empty.",
            );
        }
        (Ok(data), Some(_)) if stream.kind == "audio" && data.is_empty() => {
            let message =
                "CodecPrivateData is empty, so players make up the configuration from rate and channels.";
            findings.add(&ISMC_EMPTY_PRIVATE, at, message);
        }
        (Ok(_), _) => {}
    }
    let either = |one: &str, other: &str| value(one).or_else(|| value(other));
    let size = either("MaxWidth", "Width").zip(either("MaxHeight", "Height"));
    if stream.kind == "video" && (value("MaxWidth").is_none() || value("MaxHeight").is_none()) {
        findings.add(&ISMC_SIZE, at, "It has no MaxWidth and MaxHeight.");
    }
    if stream.kind == "audio" {
        let names = ["SamplingRate", "Channels", "BitsPerSample", "PacketSize", "AudioTag"];
        let missing: Vec<&str> = names.into_iter().filter(|name| value(name).is_none()).collect();
        if !missing.is_empty() {
            findings.add(&ISMC_SOUND, at, format!("It has no {}.", missing.join(", ")));
        } else if fourcc.starts_with("AAC") && value("AudioTag") != Some(255) {
            findings.add(
                &ISMC_SOUND,
                at,
                format!("AudioTag is {}; of AAC it is 255.", value("AudioTag").unwrap_or(0)),
            );
        }
    }
    Level {
        bitrate,
        fourcc: fourcc.to_owned(),
        private_data: private_data.unwrap_or_default(),
        size,
        rate: value("SamplingRate"),
        channels: value("Channels"),
        nal_length: value("NALUnitLengthField"),
        at,
    }
}

/// At most `room` fragments, which is what all streams together may have.
fn read_chunks(element: &Element, client: &Client, room: &mut usize, findings: &mut Findings) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut number = None;
    let mut next: Option<u64> = Some(0);
    for c in element.all("c") {
        let at = c.at;
        let value = |name: &str| c.attribute(name).map(ticks);
        if [value("n"), value("t"), value("d"), value("r")].contains(&Some(None))
            || (value("t").is_none() && value("d").is_none())
        {
            findings.add(
                &ISMC_CHUNK,
                at,
                "It has neither t nor d, or one of n, t, d and r is no whole number.",
            );
        }
        let [n, t, d, r] = ["n", "t", "d", "r"].map(|name| value(name).flatten());
        if let Some(n) = n {
            if number.is_some_and(|before: u64| before.checked_add(1) != Some(n)) {
                findings.add(&ISMC_NUMBER, at, format!("n is {n} behind {}.", number.unwrap_or(0)));
            }
            number = Some(n);
        }
        if r.is_some() && client.version < (2, 2) {
            let message = format!(
                "r stands in version {}.{}, whose players take it for one fragment.",
                client.version.0, client.version.1
            );
            findings.add(&ISMC_REPEAT, at, message);
        }
        if chunks.is_empty() && t.is_none() {
            findings.add(&ISMC_FIRST_TIME, at, "The first fragment has no t, so that it begins at 0.");
        }
        // One that does not say how long it is goes on to the next.
        if let (Some(t), None, Some(last)) = (t, next, chunks.last_mut()) {
            last.duration = t.saturating_sub(last.time);
        }
        let time = t.or(next).unwrap_or(0);
        if let (Some(next), false) = (next, chunks.is_empty()) {
            if time < next {
                let message = format!("It begins at {time}, before the one before it ends, at {next}.");
                findings.add(&ISMC_OVERLAP, at, message);
            } else if time > next {
                findings.add(
                    &ISMC_GAP,
                    at,
                    format!("Between it and the one before there are {} ticks.", time - next),
                );
            }
        }
        if d.is_none() {
            findings.add(&ISMC_NO_DURATION, at, "It has no d, so that not all players know how long it is.");
        }
        let duration = d.unwrap_or(0);
        let repeats = r.unwrap_or(1).max(1).min(len_u64(*room));
        *room = room.saturating_sub(to_len(repeats));
        for repeat in 0..repeats {
            chunks.push(Chunk { time: time.saturating_add(duration.saturating_mul(repeat)), duration });
        }
        next = d.map(|_| chunks.last().map_or(0, |last| last.time.saturating_add(last.duration)));
    }
    if chunks.is_empty() && !client.live {
        findings.add(&ISMC_NO_CHUNKS, element.at, "It has no c, so there is no fragment to ask for.");
    }
    chunks
}

/// Whether the end that is said is that of the streams.
fn check_end(client: &Client, at: usize, findings: &mut Findings) {
    if client.live || client.duration == 0 {
        return;
    }
    for stream in client.streams.iter().filter(|stream| stream.kind != "text") {
        let Some(last) = stream.chunks.last().filter(|last| last.duration > 0) else { continue };
        let scale = stream.timescale.unwrap_or(client.timescale);
        let to_all = |ticks| scaled(ticks, scale, client.timescale);
        let end = to_all(last.time.saturating_add(last.duration));
        // What was cut out of a live presentation does not begin at 0.
        let begin = to_all(stream.chunks.first().map_or(0, |first| first.time));
        let longest = to_all(stream.chunks.iter().map(|chunk| chunk.duration).max().unwrap_or(0));
        if [end, end.saturating_sub(begin)].iter().all(|end| end.abs_diff(client.duration) > longest) {
            let message = format!(
                "Duration is {}, and the stream “{}” ends at {end}, which is more than a fragment away.",
                client.duration,
                short(&stream.name)
            );
            findings.add(&ISMC_ENDS, at, message);
        }
    }
}
