//! Writes playlists: one for each file, of its segments as byte ranges, and one of the variants.

use std::collections::BTreeSet;

use super::attributes::quoted;
use super::{FAIRPLAY, PLAYREADY, WIDEVINE};
use crate::boxes::systems;
use crate::manifest::amount::{bitrate, in_address, scaled, seconds};
use crate::manifest::dash::write::{codecs, kind, language, lead, other_text};
use crate::manifest::described::{ByteRange, DescribedFile};
use crate::manifest::rules::Severity::{Error, Warning};
use crate::manifest::write::{Wishes, Written, unique};

const FORM: &str = "hls";

/// Microseconds, in which durations are written.
const MICROS: u64 = 1_000_000;

/// A file that gets a playlist.
struct Listed<'f> {
    file: &'f DescribedFile,
    init: ByteRange,
    kind: &'static str,
    /// Name of its playlist.
    name: String,
    /// Bits a second: on average, and at most.
    average: u64,
    peak: u64,
}

/// Writes `.m3u8` files, or says why not.
pub fn write(files: &[DescribedFile], wishes: &Wishes, written: &mut Written) {
    let mut all: Vec<Listed<'_>> = Vec::new();
    // That of the variants is called as the set is, and names of files may differ in their endings alone.
    let mut taken = BTreeSet::from([wishes.name.to_ascii_lowercase()]);
    for file in files {
        if let Some(init) = fits(file, written) {
            let stem = file.name.rsplit_once('.').map_or(file.name.as_str(), |(stem, _)| stem);
            let plain = if taken.contains(&stem.to_ascii_lowercase()) { &file.name } else { stem };
            let name = unique(&mut taken, plain) + ".m3u8";
            let (average, peak) = rates(file);
            all.push(Listed { file, init, kind: kind(file), name, average, peak });
        }
    }
    if all.is_empty() {
        written.say(FORM, Error, "No file can be in a playlist of HLS, so none is written.");
        return;
    }
    for one in &all {
        written.add("hls-media", one.name.clone(), media(one, wishes));
    }
    written.add("hls", wishes.name.clone() + ".m3u8", variants(&all, wishes));
}

/// Where a file's initialization stands, when the file can be in a playlist.
fn fits(file: &DescribedFile, written: &mut Written) -> Option<ByteRange> {
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
    if let Some(other) =
        protections().find(|one| one.form == "piff" || !["cenc", "cbcs"].contains(&one.scheme.as_str()))
    {
        let how = if other.form == "piff" { "in PIFF boxes alone" } else { other.scheme.as_str() };
        let message = format!(
            "{name} is encrypted {how}, which HLS has no way to say, and is left out: it knows cenc and cbcs."
        );
        written.say(FORM, Error, message);
        return None;
    }
    if protections().any(|one| one.scheme == "cenc") {
        written.say(
            FORM,
            Warning,
            format!(
                "{name} is encrypted with cenc, which FairPlay does not decrypt: Apple's players need cbcs."
            ),
        );
    }
    if protections().any(|one| one.rotates) {
        written.say(
            FORM,
            Warning,
            format!("The keys of {name} change along the way; the playlist names the first."),
        );
    }
    if file.kids().len() > 1 {
        let message = format!(
            "The tracks of {name} have several keys, and a playlist names one for each system at a time: it names the first."
        );
        written.say(FORM, Warning, message);
    }
    if file.init.is_none() {
        written.say(FORM, Error, format!("{name} has fragments before its movie header, and is left out."));
    }
    file.init
}

/// Bits a second on average, and of the stretch that has most and is at least half as long as the longest segment
/// (RFC 8216 4.3.4.2).
fn rates(file: &DescribedFile) -> (u64, u64) {
    let timescale = u64::from(file.timescale);
    let half = file.segments.iter().map(|one| one.duration).max().unwrap_or(0) / 2;
    let sizes = || file.segments.iter().map(|one| (one.end.saturating_sub(one.start), one.duration));
    let sum = |a: (u64, u64), b: (u64, u64)| (a.0.saturating_add(b.0), a.1.saturating_add(b.1));
    let whole = sizes().fold((0, 0), sum);
    let average = bitrate(whole.0, whole.1, timescale).max(1);
    let (mut peak, mut window, mut behind) = (average, (0_u64, 0_u64), sizes());
    for one in sizes() {
        window = sum(window, one);
        while window.1 >= half && window.1 > 0 {
            peak = peak.max(bitrate(window.0, window.1, timescale));
            let Some(first) = behind.next() else { break };
            window = (window.0.saturating_sub(first.0), window.1.saturating_sub(first.1));
        }
    }
    (average, peak)
}

fn media(one: &Listed<'_>, wishes: &Wishes) -> String {
    let file = one.file;
    let micros = |ticks| scaled(ticks, file.timescale.into(), MICROS);
    let longest = file.segments.iter().map(|segment| micros(segment.duration)).max().unwrap_or(0);
    let target = longest.div_ceil(MICROS).max(1);
    let uri = wishes.base_url.clone() + &in_address(&file.name);
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{target}\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n"
    );
    for key in keys(file, wishes) {
        text += &format!("#EXT-X-KEY:{key}\n");
    }
    text += &format!("#EXT-X-MAP:{},{}\n", quoted("URI", &uri), quoted("BYTERANGE", &range(one.init)));
    let mut at = 0_u64;
    for segment in &file.segments {
        // From the sum, so that what is rounded away of one is not missing at the end.
        let begin = micros(at);
        at = at.saturating_add(segment.duration);
        let bytes = range(ByteRange { start: segment.start, end: segment.end });
        text +=
            &format!("#EXTINF:{},\n#EXT-X-BYTERANGE:{bytes}\n{uri}\n", seconds(micros(at) - begin, MICROS));
    }
    text + "#EXT-X-ENDLIST\n"
}

/// Length and offset.
fn range(range: ByteRange) -> String {
    format!("{}@{}", range.end.saturating_sub(range.start), range.start)
}

/// The attributes of a key for each system: FairPlay of cbcs, the others where the file has their headers.
fn keys(file: &DescribedFile, wishes: &Wishes) -> Vec<String> {
    let Some(protection) = file.tracks.iter().find_map(|track| track.protection.as_ref()) else {
        return Vec::new();
    };
    let is_cbcs = protection.scheme == "cbcs";
    let method = if is_cbcs { "SAMPLE-AES" } else { "SAMPLE-AES-CTR" };
    let kid = protection.kid.clone().unwrap_or_default();
    let mut keys = Vec::new();
    let mut add = |uri: &str, format: &str, id: &str| {
        let (uri, format) = (quoted("URI", uri), quoted("KEYFORMAT", format));
        keys.push(format!("METHOD={method},{uri}{id},{format},KEYFORMATVERSIONS=\"1\""));
    };
    if is_cbcs {
        add(&wishes.fairplay.replace("{kid}", &kid), FAIRPLAY, "");
    }
    for header in &file.headers {
        if header.system == systems::PLAYREADY.to_string() {
            add(&format!("data:text/plain;charset=UTF-16;base64,{}", header.data), PLAYREADY, "");
        } else if header.system == systems::WIDEVINE.to_string() {
            let id =
                if kid.is_empty() { String::new() } else { format!(",KEYID=0x{}", kid.replace('-', "")) };
            add(&format!("data:text/plain;base64,{}", header.pssh), WIDEVINE, &id);
        }
    }
    keys
}

/// A group of renditions: those of one rank among the bitrates of their language.
struct Group<'l, 'f> {
    id: String,
    all: Vec<&'l Listed<'f>>,
}

/// The first group has the highest bitrate of each language, the next the second, and so on.
fn groups<'l, 'f>(all: &'l [Listed<'f>], kind: &'static str) -> Vec<Group<'l, 'f>> {
    let mut sorted: Vec<&Listed<'_>> = all.iter().filter(|one| one.kind == kind).collect();
    sorted.sort_by_key(|one| std::cmp::Reverse(one.average));
    let mut groups: Vec<Group<'_, '_>> = Vec::new();
    for one in sorted {
        let lacks = |group: &&mut Group<'_, '_>| {
            // Another codec is another group: a variant says the codecs of all that it may be played with.
            group.all.iter().all(|other| {
                language(other.file) != language(one.file)
                    && lead(other.file).map(|track| &track.format)
                        == lead(one.file).map(|track| &track.format)
            })
        };
        match groups.iter_mut().find(lacks) {
            Some(group) => group.all.push(one),
            None => groups.push(Group { id: format!("{kind}{}", groups.len()), all: vec![one] }),
        }
    }
    groups
}

fn variants(all: &[Listed<'_>], wishes: &Wishes) -> String {
    let mut text = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n".to_owned();
    let mut known: Vec<String> = Vec::new();
    for key in all.iter().flat_map(|one| keys(one.file, wishes)) {
        if !known.contains(&key) {
            text += &format!("#EXT-X-SESSION-KEY:{key}\n");
            known.push(key);
        }
    }
    // Without pictures, sound is what variants are of; without both, text is.
    let main = ["video", "audio", "text"]
        .into_iter()
        .find(|kind| all.iter().any(|one| one.kind == *kind))
        .unwrap_or("video");
    let leading: Vec<&Listed<'_>> = all.iter().filter(|one| one.kind == main).collect();
    // Where there is sound alone, variants are its bitrates, and languages are renditions of those.
    let tongues = leading.windows(2).any(|two| matches!(two, [a, b] if language(a.file) != language(b.file)));
    let sounds =
        if main == "video" || main == "audio" && tongues { groups(all, "audio") } else { Vec::new() };
    let texts: Vec<&Listed<'_>> = all.iter().filter(|one| one.kind == "text" && main != "text").collect();
    let texts = Some(Group { id: "text0".to_owned(), all: texts }).filter(|group| !group.all.is_empty());
    for (kind, group) in
        sounds.iter().map(|group| ("AUDIO", group)).chain(texts.iter().map(|group| ("SUBTITLES", group)))
    {
        renditions(&mut text, kind, group, all, wishes);
    }
    let mut leading = if main == "audio" && tongues {
        sounds.iter().filter_map(|group| Some((*group.all.first()?, Some(group)))).collect()
    } else {
        let each = |one| (0..sounds.len().max(1)).map(move |number| (one, number));
        leading.into_iter().flat_map(each).map(|(one, number)| (one, sounds.get(number))).collect::<Vec<_>>()
    };
    leading.sort_by_key(|(one, _)| one.peak);
    for (one, sound) in leading {
        variant(&mut text, one, sound, texts.as_ref(), wishes);
    }
    text
}

fn renditions(text: &mut String, kind: &str, group: &Group<'_, '_>, all: &[Listed<'_>], wishes: &Wishes) {
    let mut names = BTreeSet::new();
    let mut add = |language: Option<&str>, uri: Option<&str>, channels: u32| {
        // Subtitles are shown to who asks for them.
        let default = if names.is_empty() && kind == "AUDIO" { "YES" } else { "NO" };
        let plain = language.unwrap_or(if kind == "AUDIO" { "Sound" } else { "Subtitles" });
        let (group, name) = (quoted("GROUP-ID", &group.id), quoted("NAME", &unique(&mut names, plain)));
        *text += &format!("#EXT-X-MEDIA:TYPE={kind},{group},{name},DEFAULT={default},AUTOSELECT=YES");
        for (name, value) in [
            ("LANGUAGE", language.map(str::to_owned)),
            ("CHANNELS", (channels > 0).then(|| channels.to_string())),
            ("URI", uri.map(|uri| wishes.base_url.clone() + &in_address(uri))),
        ] {
            if let Some(value) = value {
                *text += &format!(",{}", quoted(name, &value));
            }
        }
        *text += "\n";
    };
    // Sound that stands beside pictures in one file is a rendition too, without a playlist of its own.
    let inside = all
        .iter()
        .filter(|one| one.kind == "video" && kind == "AUDIO")
        .find_map(|one| one.file.of_kind("audio").next());
    let has_own = |language: Option<&str>| group.all.iter().any(|one| self::language(one.file) == language);
    if let Some(track) = inside.filter(|track| !has_own(track.language.as_deref())) {
        add(track.language.as_deref(), None, track.channels);
    }
    for one in &group.all {
        let channels = lead(one.file).map_or(0, |track| track.channels);
        add(language(one.file), Some(&one.name), channels);
    }
}

fn variant(
    text: &mut String,
    one: &Listed<'_>,
    sound: Option<&Group<'_, '_>>,
    texts: Option<&Group<'_, '_>>,
    wishes: &Wishes,
) {
    let loudest = |rate: fn(&Listed<'_>) -> u64| {
        sound.and_then(|group| group.all.iter().map(|one| rate(one)).max()).unwrap_or(0)
    };
    // Sound that leads is one of its group.
    let own = |rate: u64| if one.kind == "audio" && sound.is_some() { 0 } else { rate };
    let peak = own(one.peak).saturating_add(loudest(|one| one.peak));
    let average = own(one.average).saturating_add(loudest(|one| one.average));
    let mut all = codecs(one.file);
    for more in [sound, texts].into_iter().flatten().flat_map(|group| &group.all) {
        let more = codecs(more.file);
        if !all.split(',').any(|known| known == more) {
            all = format!("{all},{more}");
        }
    }
    let all = quoted("CODECS", &all);
    *text += &format!("#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={average},{all}");
    if let Some(track) = one.file.of_kind("video").next().filter(|track| track.width > 0) {
        *text += &format!(",RESOLUTION={}x{}", track.width, track.height);
    }
    for (name, group) in [("AUDIO", sound), ("SUBTITLES", texts)] {
        if let Some(group) = group {
            *text += &format!(",{}", quoted(name, &group.id));
        }
    }
    *text += &format!("\n{}{}\n", wishes.base_url, in_address(&one.name));
}
