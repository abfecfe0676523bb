//! Writes a description of the on-demand profile: each file one quality, its index of segments named byte for byte.

use super::{CENC, MP4_PROTECTION, MPD, MSPR, ON_DEMAND};
use crate::boxes::systems::PLAYREADY;
use crate::manifest::amount::{bitrate, in_address, scaled};
use crate::manifest::described::{ByteRange, DescribedFile, DescribedTrack};
use crate::manifest::markup::{Markup, present};
use crate::manifest::outline::xml_duration;
use crate::manifest::rules::Severity::{Error, Warning};
use crate::manifest::write::{Wishes, Written};

const FORM: &str = "dash";

/// A file that becomes a quality.
struct Quality<'f> {
    file: &'f DescribedFile,
    init: ByteRange,
    index: ByteRange,
}

/// Files that players may change between.
struct Set<'f> {
    qualities: Vec<Quality<'f>>,
}

/// Bits a second of the segment that has most.
pub fn peak(file: &DescribedFile) -> u64 {
    let of = file
        .segments
        .iter()
        .map(|one| bitrate(one.end.saturating_sub(one.start), one.duration, file.timescale.into()));
    of.max().unwrap_or(0).max(1)
}

/// `video`, `audio` or `text`: what of a file leads.
pub fn kind(file: &DescribedFile) -> &'static str {
    ["video", "audio", "text"].into_iter().find(|kind| file.of_kind(kind).next().is_some()).unwrap_or("")
}

/// Codecs of all its tracks, as browsers are asked for them.
pub fn codecs(file: &DescribedFile) -> String {
    let of_kinds = ["video", "audio", "text"].into_iter().flat_map(|kind| file.of_kind(kind));
    let all: Vec<&str> = of_kinds.map(|track| track.codec.as_str()).collect();
    all.join(",")
}

/// The track that leads.
pub fn lead(file: &DescribedFile) -> Option<&DescribedTrack> {
    file.of_kind(kind(file)).next()
}

/// The language of a file: of its sound where it has some.
pub fn language(file: &DescribedFile) -> Option<&str> {
    ["audio", "text", "video"].into_iter().find_map(|kind| file.of_kind(kind).next()?.language.as_deref())
}

/// What must be the same of all in a set.
#[derive(PartialEq)]
struct Likeness<'f> {
    /// Kind, type of samples and scheme of each track.
    tracks: Vec<(&'f str, &'f str, &'f str)>,
    language: Option<&'f str>,
    kids: Vec<&'f str>,
}

impl<'f> Likeness<'f> {
    fn of(file: &'f DescribedFile) -> Self {
        let tracks = file.tracks.iter().map(|track| {
            let scheme = track.protection.as_ref().map_or("", |protection| protection.scheme.as_str());
            (track.kind.as_str(), track.format.as_str(), scheme)
        });
        Self { tracks: tracks.collect(), language: language(file), kids: file.kids() }
    }
}

/// When segments begin, in milliseconds.
fn starts(file: &DescribedFile) -> Vec<u64> {
    let mut at = 0_u64;
    let each = file.segments.iter().map(|one| {
        let start = scaled(at, file.timescale.into(), 1000);
        at = at.saturating_add(one.duration);
        start
    });
    each.collect()
}

/// Microseconds, in which beginnings are compared.
const MICROS: u64 = 1_000_000;

/// When the first fragment of a track begins.
fn begins(track: &DescribedTrack) -> Option<u64> {
    let first = track.times.first()?;
    Some(scaled(u64::try_from(*first).unwrap_or(0), track.timescale.into(), MICROS))
}

/// Writes `.mpd`, or says why not.
pub fn write(files: &[DescribedFile], wishes: &Wishes, written: &mut Written) {
    let mut sets: Vec<Set<'_>> = Vec::new();
    for file in files {
        let Some(quality) = quality(file, written) else { continue };
        match sets
            .iter_mut()
            .find(|set| set.qualities.iter().all(|one| Likeness::of(one.file) == Likeness::of(file)))
        {
            Some(set) => set.qualities.push(quality),
            None => sets.push(Set { qualities: vec![quality] }),
        }
    }
    if sets.is_empty() {
        written.say(FORM, Error, "No file can be in a description of DASH, so it is not written.");
        return;
    }
    sets.sort_by_key(|set| {
        let kind = set.qualities.first().map_or("", |first| kind(first.file));
        ["video", "audio", "text"].iter().position(|known| *known == kind)
    });
    let all = || sets.iter().flat_map(|set| &set.qualities).map(|quality| quality.file);
    let longest = |file: &DescribedFile| {
        let ticks = file.segments.iter().map(|one| one.duration).max().unwrap_or(0);
        scaled(ticks, file.timescale.into(), 1000)
    };
    let duration = xml_duration(all().map(DescribedFile::milliseconds).max().unwrap_or(0));
    let buffer = xml_duration(all().map(longest).max().unwrap_or(0).max(1000));
    let begin = all().flat_map(|file| &file.tracks).filter_map(begins).min().unwrap_or(0);
    let is_protected = all().flat_map(|file| &file.tracks).any(|track| track.protection.is_some());
    let mut markup = Markup::new();
    markup.open(
        "MPD",
        &present(&[
            ("xmlns", Some(MPD)),
            ("xmlns:cenc", is_protected.then_some(CENC)),
            ("xmlns:mspr", is_protected.then_some(MSPR)),
            ("profiles", Some(ON_DEMAND)),
            ("type", Some("static")),
            ("mediaPresentationDuration", Some(&duration)),
            ("minBufferTime", Some(&buffer)),
        ]),
    );
    markup.open("Period", &[("id", "0"), ("start", "PT0S")]);
    let mut id = 0;
    for number in 0..sets.len() {
        write_set(&mut markup, &sets, number, begin, &mut id, wishes);
    }
    written.add("mpd", wishes.name.clone() + ".mpd", markup.end());
}

/// Why a file of text cannot be a rendition, if it cannot: of text in MP4, DASH and HLS know WebVTT and TTML (ISO/IEC 14496-30).
pub fn other_text(file: &DescribedFile) -> Option<String> {
    let track = lead(file).filter(|_| kind(file) == "text")?;
    (!["wvtt", "stpp"].contains(&track.format.as_str())).then(|| {
        format!(
            "{} has text of the type {}, and is left out: in MP4, DASH and HLS know the types wvtt and stpp alone. Make one of its \
             text, with: packager in=text.vtt,stream=text,output=text.mp4",
            file.name, track.format
        )
    })
}

/// A file as a quality, or none where it cannot be one.
fn quality<'f>(file: &'f DescribedFile, written: &mut Written) -> Option<Quality<'f>> {
    let name = &file.name;
    if kind(file).is_empty() {
        written.say(FORM, Error, format!("{name} has neither pictures nor sound nor text, and is left out."));
        return None;
    }
    if let Some(message) = other_text(file) {
        written.say(FORM, Error, message);
        return None;
    }
    let protections = || file.tracks.iter().filter_map(|track| track.protection.as_ref());
    if protections().any(|protection| protection.form == "piff") {
        let message = format!(
            "{name} says in PIFF boxes alone how it is encrypted, which players of DASH do not know, and is left out: protect it in the \
             form hybrid, or change it into that."
        );
        written.say(FORM, Error, message);
        return None;
    }
    if protections().any(|protection| protection.rotates) {
        written.say(FORM, Warning, format!("The keys of {name} change along the way; the description names the first, players learn the others from the file."));
    }
    let Some(init) = file.init else {
        written.say(FORM, Error, format!("{name} has fragments before its movie header, and is left out."));
        return None;
    };
    let Some(index) = file.index else {
        let message = format!(
            "{name} has no index of its segments (‘sidx’), without which it is no file of the on-demand profile, and is left out: ask \
             for one (segmentIndex) when it is protected or written anew."
        );
        written.say(FORM, Error, message);
        return None;
    };
    if file.tracks.len() > 1 {
        let (play, refuse) = match file.kids().len() {
            0 | 1 => ("shaka-player and rx-player play", "dash.js refuses it"),
            _ => (
                "rx-player plays",
                "dash.js refuses it, and shaka-player refuses several keys in one (its error 4009)",
            ),
        };
        let message = format!(
            "{name} has several tracks in one; {play} that, {refuse}. Files of one track each play everywhere."
        );
        written.say(FORM, Warning, message);
    }
    Some(Quality { file, init, index })
}

/// `begin` is when the first of all files begins.
fn write_set(
    markup: &mut Markup,
    sets: &[Set<'_>],
    number: usize,
    begin: u64,
    id: &mut u32,
    wishes: &Wishes,
) {
    let Some(set) = sets.get(number) else { return };
    let Some(first) = set.qualities.first().map(|first| first.file) else { return };
    let kind = kind(first);
    let (mime, content) = match kind {
        "video" => ("video/mp4", "video"),
        "audio" => ("audio/mp4", "audio"),
        _ => ("application/mp4", "text"),
    };
    let muxed = first.tracks.len() > 1;
    let aligned = set.qualities.iter().all(|quality| starts(quality.file) == starts(first));
    let number_text = number.to_string();
    markup.open(
        "AdaptationSet",
        &present(&[
            ("id", Some(&number_text)),
            // Of several kinds in one, none is it all.
            ("contentType", (!muxed).then_some(content)),
            ("lang", language(first)),
            ("mimeType", Some(mime)),
            ("subsegmentAlignment", aligned.then_some("true")),
            ("subsegmentStartsWithSAP", aligned.then_some("1")),
        ]),
    );
    protections(markup, first);
    // Qualities with keys of their own are in sets of their own, and players may change between those all the same.
    let like = |file: &DescribedFile| {
        lead(file).map(|track| (track.format.clone(), language(file).map(str::to_owned), file.tracks.len()))
    };
    let others: Vec<String> = sets
        .iter()
        .enumerate()
        .filter(|(other, set)| {
            *other != number && set.qualities.first().is_some_and(|other| like(other.file) == like(first))
        })
        .map(|(other, _)| other.to_string())
        .collect();
    if !others.is_empty() {
        let others = others.join(",");
        markup.empty(
            "SupplementalProperty",
            &[("schemeIdUri", "urn:mpeg:dash:adaptation-set-switching:2016"), ("value", &others)],
        );
    }
    if kind == "text" {
        markup.empty("Role", &[("schemeIdUri", "urn:mpeg:dash:role:2011"), ("value", "subtitle")]);
    }
    let mut qualities: Vec<&Quality<'_>> = set.qualities.iter().collect();
    qualities.sort_by_key(|quality| peak(quality.file));
    for quality in qualities {
        write_quality(markup, quality, begin, *id, wishes);
        *id += 1;
    }
    markup.close();
}

fn write_quality(markup: &mut Markup, quality: &Quality<'_>, begin: u64, id: u32, wishes: &Wishes) {
    let file = quality.file;
    let picture = file.of_kind("video").next();
    let sound = file.of_kind("audio").next();
    let number = |number: u32| Some(number.to_string()).filter(|_| number > 0);
    let (width, height) =
        (picture.and_then(|track| number(track.width)), picture.and_then(|track| number(track.height)));
    let rate = sound.and_then(|track| number(track.sample_rate));
    let (id, bandwidth, codecs) = (id.to_string(), peak(file).to_string(), codecs(file));
    markup.open(
        "Representation",
        &present(&[
            ("id", Some(&id)),
            ("bandwidth", Some(&bandwidth)),
            ("codecs", Some(&codecs)),
            ("width", width.as_deref()),
            ("height", height.as_deref()),
            ("audioSamplingRate", rate.as_deref()),
        ]),
    );
    if let Some(channels) = sound.and_then(|track| number(track.channels)) {
        markup.empty(
            "AudioChannelConfiguration",
            &[
                ("schemeIdUri", "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"),
                ("value", &channels),
            ],
        );
    }
    markup.leaf("BaseURL", &[], &(wishes.base_url.clone() + &in_address(&file.name)));
    // What was cut out of a longer presentation begins at 0 in this one.
    let (timescale, offset) =
        (file.timescale.to_string(), scaled(begin, MICROS, file.timescale.into()).to_string());
    markup.open(
        "SegmentBase",
        &present(&[
            ("timescale", (begin > 0).then_some(timescale.as_str())),
            ("presentationTimeOffset", (begin > 0).then_some(offset.as_str())),
            ("indexRange", Some(&quality.index.inclusive())),
        ]),
    );
    markup.empty("Initialization", &[("range", &quality.init.inclusive())]);
    markup.close();
    markup.close();
}

/// How a set is encrypted: for all systems, then for each that the file has a header of.
fn protections(markup: &mut Markup, file: &DescribedFile) {
    let kids = file.kids().join(" ");
    let Some(scheme) = file.tracks.iter().find_map(|track| Some(track.protection.as_ref()?.scheme.as_str()))
    else {
        return;
    };
    markup.empty(
        "ContentProtection",
        &present(&[
            ("schemeIdUri", Some(MP4_PROTECTION)),
            ("value", Some(scheme)),
            ("cenc:default_KID", Some(kids.as_str()).filter(|kids| !kids.is_empty())),
        ]),
    );
    for header in &file.headers {
        let is_playready = header.system == PLAYREADY.to_string();
        let scheme = format!("urn:uuid:{}", header.system);
        markup.open(
            "ContentProtection",
            &present(&[("schemeIdUri", Some(&scheme)), ("value", is_playready.then_some("MSPR 2.0"))]),
        );
        markup.leaf("cenc:pssh", &[], &header.pssh);
        if is_playready {
            markup.leaf("mspr:pro", &[], &header.data);
        }
        markup.close();
    }
}
