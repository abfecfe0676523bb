//! Reads a playlist, and holds it to its rules.

use super::attributes::{self, Attributes};
use super::{FAIRPLAY, Key, PLAYREADY, Playlist, Rendition, Segment, Variant, WIDEVINE};
use crate::manifest::amount::{MOST, from_address, micros, seconds, whole};
use crate::manifest::described::ByteRange;
use crate::manifest::lint::{Findings, short};
use crate::manifest::protection::{self, Read};
use crate::manifest::rules::{
    HLS_ATTRIBUTES, HLS_BEGIN, HLS_CODECS, HLS_EXTINF, HLS_FAIRPLAY_URI, HLS_GROUP, HLS_KEY, HLS_KEY_DATA,
    HLS_KEY_FORMAT, HLS_LIVE, HLS_MAP, HLS_METHOD, HLS_MIXED, HLS_RANGE, HLS_RENDITION, HLS_TARGET,
    HLS_VARIANT, HLS_VERSION,
};

/// Most segments of a playlist, and most variants, renditions and keys.
const SEGMENTS: usize = 1 << 20;
const LISTED: usize = 2000;

/// What holds for the next line that is an address.
#[derive(Default)]
struct Next {
    duration: Option<u64>,
    range: Option<(u64, Option<u64>)>,
    variant: Option<Variant>,
}

/// Reads a text that begins as a playlist does.
pub fn read(text: &str) -> (Playlist, Findings) {
    let mut findings = Findings::default();
    let mut reading = Reading {
        list: Playlist { version: 1, live: true, ..Playlist::default() },
        needs: (1, ""),
        next: Next::default(),
    };
    if text.lines().next().map(str::trim) != Some("#EXTM3U") {
        findings.add(
            &HLS_BEGIN,
            0,
            "The first line is not #EXTM3U alone, so players do not take it for a playlist.",
        );
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        reading.line(line.trim(), at, &mut findings);
        at += line.len();
    }
    reading.end(&mut findings);
    (reading.list, findings)
}

struct Reading {
    list: Playlist,
    /// The highest version that something asks for, and what.
    needs: (u64, &'static str),
    next: Next,
}

impl Reading {
    fn line(&mut self, line: &str, at: usize, findings: &mut Findings) {
        if line.is_empty() || (line.starts_with('#') && !line.starts_with("#EXT")) {
            return;
        }
        if !line.starts_with('#') {
            self.address(line, at, findings);
            return;
        }
        let (tag, value) = line.split_once(':').unwrap_or((line, ""));
        match tag {
            "#EXT-X-VERSION" => self.list.version = whole(value).unwrap_or(1),
            "#EXT-X-TARGETDURATION" => self.list.target = whole(value).unwrap_or(0),
            "#EXT-X-ENDLIST" => self.list.live = false,
            "#EXTINF" => {
                let seconds = value.split(',').next().unwrap_or_default();
                self.next.duration = micros(seconds);
                if self.next.duration.is_none() {
                    findings.add(
                        &HLS_EXTINF,
                        at,
                        format!("EXTINF is “{}”; it begins with seconds.", short(value)),
                    );
                }
                if seconds.contains('.') {
                    self.need(3, "EXTINF with a decimal point");
                }
            }
            "#EXT-X-BYTERANGE" => {
                self.need(4, "EXT-X-BYTERANGE");
                self.next.range = byte_range(value);
                if self.next.range.is_none() {
                    let message = format!("EXT-X-BYTERANGE is “{}”; it is length@offset.", short(value));
                    findings.add(&HLS_RANGE, at, message);
                }
            }
            "#EXT-X-MAP" => self.map(value, at, findings),
            "#EXT-X-KEY" | "#EXT-X-SESSION-KEY" => self.key(value, at, findings),
            "#EXT-X-STREAM-INF" => self.variant(value, at, findings),
            "#EXT-X-MEDIA" => self.rendition(value, at, findings),
            _ => {}
        }
    }

    fn need(&mut self, version: u64, what: &'static str) {
        if version > self.needs.0 {
            self.needs = (version, what);
        }
    }

    fn map(&mut self, value: &str, at: usize, findings: &mut Findings) {
        self.need(6, "EXT-X-MAP");
        let Some(found) = read_attributes(value, at, findings) else { return };
        let range = found.get("BYTERANGE").map(byte_range);
        if range == Some(None) || found.get("URI").is_none() {
            findings.add(&HLS_MAP, at, "EXT-X-MAP has no URI, or its BYTERANGE is not length@offset.");
        }
        if let (Some(uri), true) = (found.get("URI"), self.list.maps.len() < LISTED) {
            let range = range.flatten().map(|(len, start)| span(start.unwrap_or(0), len));
            self.list.maps.push((uri.to_owned(), range));
        }
    }

    fn key(&mut self, value: &str, at: usize, findings: &mut Findings) {
        let Some(found) = read_attributes(value, at, findings) else { return };
        let method = found.get("METHOD").unwrap_or_default();
        if method == "NONE" {
            return;
        }
        let known = ["AES-128", "SAMPLE-AES", "SAMPLE-AES-CTR"].contains(&method);
        let Some(uri) = found.get("URI").filter(|_| known) else {
            let message = format!(
                "METHOD is “{}”, which is none of NONE, AES-128, SAMPLE-AES and SAMPLE-AES-CTR, or there is no URI.",
                short(method)
            );
            findings.add(&HLS_KEY, at, message);
            return;
        };
        let format = found.get("KEYFORMAT").unwrap_or("identity");
        if format != "identity" {
            self.need(5, "KEYFORMAT");
        } else if method != "AES-128" {
            findings.add(
                &HLS_KEY_FORMAT,
                at,
                "Without KEYFORMAT the key itself stands at the URI, and no DRM system is meant.",
            );
        }
        if format == FAIRPLAY {
            if method != "SAMPLE-AES" {
                findings.add(
                    &HLS_METHOD,
                    at,
                    format!("METHOD is {method}, which FairPlay does not decrypt: it takes cbcs."),
                );
            }
            if !uri.starts_with("skd:") {
                findings.add(
                    &HLS_FAIRPLAY_URI,
                    at,
                    format!("The URI is “{}” and does not begin with skd:.", short(uri)),
                );
            }
        }
        let read = match key_data(format, uri) {
            Ok(read) => read,
            Err(why) => {
                findings.add(
                    &HLS_KEY_DATA,
                    at,
                    format!("The URI cannot be read: {}.", why.trim_end_matches('.')),
                );
                Read::default()
            }
        };
        if self.list.keys.len() < LISTED {
            let (format, method, uri) = (format.to_owned(), method.to_owned(), uri.to_owned());
            self.list.keys.push(Key { format, method, uri, read, at });
        }
    }

    fn variant(&mut self, value: &str, at: usize, findings: &mut Findings) {
        let Some(found) = read_attributes(value, at, findings) else { return };
        let number = |name: &str| found.get(name).and_then(whole);
        let bandwidth = number("BANDWIDTH").unwrap_or(0);
        if bandwidth == 0 {
            findings.add(&HLS_VARIANT, at, "It has no BANDWIDTH above 0.");
        }
        let codecs = found.get("CODECS").unwrap_or_default().to_owned();
        if codecs.is_empty() {
            findings.add(
                &HLS_CODECS,
                at,
                "It has no CODECS, so players must load it to know whether they can play it.",
            );
        }
        let size = found.get("RESOLUTION").and_then(|text| text.split_once(['x', 'X']));
        self.next.variant = Some(Variant {
            bandwidth,
            average: number("AVERAGE-BANDWIDTH"),
            codecs,
            size: size.and_then(|(width, height)| whole(width).zip(whole(height))),
            groups: ["AUDIO", "SUBTITLES"].map(|name| found.get(name).map(str::to_owned)),
            uri: String::new(),
            at,
        });
    }

    fn rendition(&mut self, value: &str, at: usize, findings: &mut Findings) {
        let Some(found) = read_attributes(value, at, findings) else { return };
        let text = |name: &str| found.get(name).unwrap_or_default().to_owned();
        let kind = match found.get("TYPE").unwrap_or_default() {
            "AUDIO" => "audio",
            "SUBTITLES" => "text",
            "VIDEO" => "video",
            "CLOSED-CAPTIONS" => "captions",
            _ => "",
        };
        let uri = found.get("URI").map(str::to_owned);
        if kind.is_empty()
            || text("GROUP-ID").is_empty()
            || text("NAME").is_empty()
            || (kind == "text" && uri.is_none())
        {
            findings.add(
                &HLS_RENDITION,
                at,
                "It lacks TYPE, GROUP-ID or NAME, or is of subtitles and has no URI.",
            );
        }
        if self.list.renditions.len() < LISTED {
            let language = found.get("LANGUAGE").map(str::to_owned);
            let (group, name) = (text("GROUP-ID"), text("NAME"));
            self.list.renditions.push(Rendition { kind: kind.to_owned(), group, name, language, uri, at });
        }
    }

    /// A line that is an address: of a variant, or of a segment.
    fn address(&mut self, uri: &str, at: usize, findings: &mut Findings) {
        let next = std::mem::take(&mut self.next);
        if let Some(variant) = next.variant {
            if self.list.variants.len() < LISTED {
                self.list.variants.push(Variant { uri: uri.to_owned(), ..variant });
            }
            return;
        }
        let Some(duration) = next.duration else {
            findings.add(&HLS_EXTINF, at, "Before this address stands neither EXTINF nor EXT-X-STREAM-INF.");
            return;
        };
        let last = self.list.segments.last().filter(|last| last.uri == uri).and_then(|last| last.range);
        let range = match next.range {
            Some((len, start)) => {
                let start = start.or(last.map(|last| last.end));
                if start.is_none() {
                    findings.add(
                        &HLS_RANGE,
                        at,
                        "The byte range has no offset, and the segment before is not of the same file.",
                    );
                }
                Some(span(start.unwrap_or(0), len))
            }
            None => None,
        };
        if self.list.segments.len() < SEGMENTS {
            self.list.segments.push(Segment {
                duration,
                uri: uri.to_owned(),
                range,
                map: self.list.maps.len().checked_sub(1),
                at,
            });
        }
    }

    fn end(&self, findings: &mut Findings) {
        let list = &self.list;
        if let Some(variant) = &self.next.variant {
            findings.add(&HLS_VARIANT, variant.at, "Behind it there is no address.");
        }
        if list.is_multivariant() && !list.segments.is_empty() {
            let first = list.segments.first().map_or(0, |first| first.at);
            findings.add(&HLS_MIXED, first, "It has variants, and segments too.");
        }
        if list.version < self.needs.0 {
            let message =
                format!("EXT-X-VERSION is {}, and {} needs {}.", list.version, self.needs.1, self.needs.0);
            findings.add(&HLS_VERSION, 0, message);
        }
        for variant in &list.variants {
            for (group, kind) in variant.groups.iter().zip(["audio", "text"]) {
                let Some(group) = group else { continue };
                if !list.renditions.iter().any(|one| one.kind == kind && one.group == *group) {
                    findings.add(&HLS_GROUP, variant.at, format!("There is no group “{}”.", short(group)));
                }
            }
        }
        if list.is_multivariant() {
            return;
        }
        if list.target == 0 {
            findings.add(&HLS_TARGET, 0, "It has no EXT-X-TARGETDURATION above 0.");
        } else if let Some(long) =
            list.segments.iter().find(|one| (one.duration + 500_000) / 1_000_000 > list.target)
        {
            let message = format!(
                "A segment has {} s, more than the {} s of EXT-X-TARGETDURATION.",
                seconds(long.duration, 1_000_000),
                list.target
            );
            findings.add(&HLS_TARGET, long.at, message);
        }
        let is_fragmented = |segment: &&Segment| {
            let path = segment.uri.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
            [".mp4", ".m4s", ".m4v", ".m4a", ".cmfv", ".cmfa", ".cmft", ".ismv", ".isma"]
                .iter()
                .any(|end| path.ends_with(end))
        };
        if let (Some(first), true) = (list.segments.iter().find(is_fragmented), list.maps.is_empty()) {
            findings.add(
                &HLS_MAP,
                first.at,
                "Segments are fragmented MP4, and no EXT-X-MAP says where the movie header is.",
            );
        }
        if list.live {
            findings.add(&HLS_LIVE, 0, "It has no EXT-X-ENDLIST, so players take it for live.");
        }
    }
}

fn read_attributes<'t>(value: &'t str, at: usize, findings: &mut Findings) -> Option<Attributes<'t>> {
    let found = attributes::read(value);
    if found.is_none() {
        findings.add(
            &HLS_ATTRIBUTES,
            at,
            "Its attributes are not NAME=value or NAME=\"value\" with commas between.",
        );
    }
    found
}

/// Length, and offset where there is one.
fn byte_range(text: &str) -> Option<(u64, Option<u64>)> {
    match text.split_once('@') {
        Some((len, start)) => Some((whole(len)?, Some(whole(start)?))),
        None => Some((whole(text)?, None)),
    }
}

fn span(start: u64, len: u64) -> ByteRange {
    ByteRange { start, end: start.saturating_add(len).min(MOST) }
}

/// The header in the address of a key, where its system has one there.
fn key_data(format: &str, uri: &str) -> Result<Read, String> {
    let is_playready = format.eq_ignore_ascii_case(PLAYREADY);
    if !is_playready && !format.eq_ignore_ascii_case(WIDEVINE) {
        return Ok(Read::default());
    }
    let data = uri
        .strip_prefix("data:")
        .and_then(|rest| rest.split_once(','))
        .filter(|(kind, _)| kind.ends_with(";base64"));
    let (_, data) = data.ok_or("it is no data: address of base64")?;
    let data = from_address(data);
    if is_playready { protection::object(&data) } else { protection::pssh(&data) }
}
