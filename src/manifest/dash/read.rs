//! Reads a media presentation description, and holds it to its rules.

use super::segments::{self, Left, Quality, Said, Time};
use super::{AdaptationSet, CENC, MP4_PROTECTION, MPD, MSPR, Mpd, ON_DEMAND, Protection, Representation};
use crate::boxes::systems::PLAYREADY;
use crate::bytes::{KeyId, Uuid16};
use crate::exchange::time::duration;
use crate::exchange::xml::Element;
use crate::manifest::amount::whole;
use crate::manifest::described::ByteRange;
use crate::manifest::lint::{Findings, short};
use crate::manifest::protection::{self, Read};
use crate::manifest::rules::{
    MPD_CODECS, MPD_EMPTY, MPD_HEADER_KID, MPD_KID, MPD_KID_CASE, MPD_KIDS, MPD_MIME, MPD_MUXED,
    MPD_NAMESPACE, MPD_NO_COMMON, MPD_PARTS, MPD_PLACE, MPD_PRO, MPD_PROFILE, MPD_PROTECTION_SPACE, MPD_PSSH,
    MPD_RANGE, MPD_REPRESENTATION, MPD_REQUIRED, MPD_SCHEME,
};
use crate::playready::parse_kid;
use crate::track::system_header::is_playready;

/// Most qualities that are held against each other.
const COMPARED: usize = 2000;

/// Most headers of one element, and most key IDs of one, which are held against each other for each quality.
const PROTECTIONS: usize = 40;

/// The element that says how many channels there are.
const CHANNELS: &str = "AudioChannelConfiguration";

/// Codecs of sound, as far as they stand beside pictures.
const SOUND: [&str; 9] = ["mp4a", "ac-3", "ec-3", "ac-4", "Opus", "opus", "fLaC", "flac", "alac"];

/// Reads `MPD`, and holds it to its rules.
pub fn read(root: &Element, findings: &mut Findings) -> Mpd {
    if !root.is_in(MPD) {
        let found = root.space.as_deref().unwrap_or_default();
        let message = format!("The namespace is “{}”; players know {MPD} alone.", short(found));
        findings.add(&MPD_NAMESPACE, root.at, message);
    }
    let text = |name: &str| root.attribute(name).unwrap_or_default();
    let live = text("type") == "dynamic";
    let mut mpd = Mpd { profiles: text("profiles").to_owned(), live, ..Mpd::default() };
    let periods: Vec<&Element> = root.all("Period").collect();
    let time = |element: &Element, name: &str| element.attribute(name).and_then(duration);
    mpd.duration = time(root, "mediaPresentationDuration").or_else(|| {
        // A period begins where it says, or where the one before it ends; the end of the last is that of the whole.
        let mut end = Some(0_u64);
        for period in &periods {
            let begin = time(period, "start").or(end);
            end = begin.zip(time(period, "duration")).and_then(|(begin, long)| begin.checked_add(long));
        }
        end.filter(|_| !periods.is_empty())
    });
    for (name, is_there) in [
        ("profiles", !mpd.profiles.is_empty()),
        ("minBufferTime", time(root, "minBufferTime").is_some()),
        ("mediaPresentationDuration", live || mpd.duration.is_some()),
    ] {
        if !is_there {
            let message = format!("The attribute {name} is missing, or is no duration, as PT2S.");
            findings.add(&MPD_REQUIRED, root.at, message);
        }
    }
    let times = times_of(&periods, mpd.duration);
    let left = Left::default();
    let base = address("", root);
    let mut ids: Vec<(usize, String)> = Vec::new();
    for (number, (period, lasts)) in periods.iter().zip(times).enumerate() {
        let base = address(&base, period);
        let around = Around { base: &base, said: Said::of(period), lasts, left: &left };
        for element in period.all("AdaptationSet") {
            let set = read_set(element, number, &around, findings);
            for one in &set.representations {
                if ids.len() < COMPARED {
                    if ids.iter().any(|(of, id)| *of == number && *id == one.id) && !one.id.is_empty() {
                        let message = format!(
                            "Another Representation of the Period has the id “{}” too.",
                            short(&one.id)
                        );
                        findings.add(&MPD_REPRESENTATION, one.at, message);
                    }
                    ids.push((number, one.id.clone()));
                }
            }
            mpd.sets.push(set);
        }
    }
    let on_demand = mpd.profiles.split(',').any(|one| one.trim() == ON_DEMAND);
    let indexed = mpd.sets.iter().flat_map(|set| &set.representations).any(|one| one.index.is_some());
    if indexed && !on_demand {
        let message = format!(
            "Whole files with an index are of the profile {ON_DEMAND}, which profiles does not name."
        );
        findings.add(&MPD_PROFILE, root.at, message);
    }
    if mpd.sets.iter().all(|set| set.representations.is_empty()) {
        findings.add(&MPD_EMPTY, root.at, "It has no Representation, so there is nothing to play.");
    }
    mpd
}

/// Where something is: an address in an address, as far as one is known that other files are found from.
fn address(base: &str, element: &Element) -> String {
    joined(base, element.child("BaseURL").map_or("", Element::text))
}

/// An address that counts from another.
pub(super) fn joined(base: &str, own: &str) -> String {
    if own.contains("://") || own.starts_with('/') || base.is_empty() {
        return own.to_owned();
    }
    let folder = base.rfind('/').map_or("", |at| base.get(..=at).unwrap_or_default());
    if own.is_empty() { base.to_owned() } else { format!("{folder}{own}") }
}

/// When periods are: each begins where it says, or where the one before it ends, and lasts to the next or to the end of all.
fn times_of(periods: &[&Element], whole: Option<u64>) -> Vec<Time> {
    let time = |element: &Element, name: &str| element.attribute(name).and_then(duration);
    let mut end = Some(0_u64);
    let mut all: Vec<Time> = Vec::new();
    for period in periods {
        let begins = time(period, "start").or(end).unwrap_or(0);
        if let Some(before) = all.last_mut() {
            before.long = before.long.or(begins.checked_sub(before.begins));
        }
        let long = time(period, "duration");
        end = long.and_then(|long| begins.checked_add(long));
        all.push(Time { begins, long });
    }
    if let (Some(last), Some(whole)) = (all.last_mut(), whole) {
        last.long = last.long.or(whole.checked_sub(last.begins));
    }
    all
}

/// What holds for the sets of a period.
struct Around<'e> {
    base: &'e str,
    said: Said<'e>,
    lasts: Time,
    left: &'e Left,
}

/// What all qualities of a set have, where they do not say otherwise: looked for once, and not by each of them.
struct Common<'e> {
    element: &'e Element,
    base: String,
    channels: Option<&'e Element>,
    segment_base: Option<&'e Element>,
    said: Said<'e>,
    around: &'e Around<'e>,
}

fn read_set(element: &Element, period: usize, around: &Around<'_>, findings: &mut Findings) -> AdaptationSet {
    let own = |name: &str| element.attribute(name).filter(|text| !text.is_empty());
    let of_all = Common {
        element,
        base: address(around.base, element),
        channels: element.child(CHANNELS),
        segment_base: element.child("SegmentBase"),
        said: Said::of(element),
        around,
    };
    let mut set = AdaptationSet {
        period,
        language: own("lang").map(str::to_owned),
        at: element.at,
        ..AdaptationSet::default()
    };
    let common = read_protections(element, findings);
    for child in element.all("Representation") {
        let inner = read_protections(child, findings);
        if let Some(first) = inner.first() {
            let message =
                "How it is encrypted is said of this Representation; most players look in the AdaptationSet.";
            findings.add(&MPD_PLACE, first.at, message);
        }
        if !inner.is_empty() {
            check_kids(&common, &inner, findings);
        }
        set.protections.extend(inner);
        set.representations.push(read_representation(child, &of_all, findings));
    }
    check_kids(&common, &[], findings);
    set.protections.splice(0..0, common);
    let has_systems = set.protections.iter().any(|one| one.system.is_some());
    if has_systems && set.protections.iter().all(|one| one.scheme.is_empty()) {
        let at = set.protections.first().map_or(element.at, |first| first.at);
        let message = format!(
            "There are headers of systems, but no ContentProtection of {MP4_PROTECTION} that says the key ID."
        );
        findings.add(&MPD_NO_COMMON, at, message);
    }
    let first = set.representations.first();
    let mime = own("mimeType").or(first.map(|one| one.mime.as_str())).unwrap_or_default();
    let codecs = first.map_or("", |one| one.codecs.as_str());
    let said = own("contentType").unwrap_or_else(|| mime.split('/').next().unwrap_or_default());
    let is_text = said == "application" || ["stpp", "wvtt"].iter().any(|code| codecs.starts_with(code));
    set.kind = if is_text { "text" } else { said }.to_owned();
    set
}

fn read_representation(element: &Element, set: &Common<'_>, findings: &mut Findings) -> Representation {
    let at = element.at;
    let own =
        |name: &str| element.attribute(name).or_else(|| set.element.attribute(name)).unwrap_or_default();
    let number = |name: &str| whole(own(name));
    let id = element.attribute("id").unwrap_or_default().to_owned();
    let bandwidth = element.attribute("bandwidth").and_then(whole).unwrap_or(0);
    if id.is_empty() || bandwidth == 0 {
        findings.add(&MPD_REPRESENTATION, at, "It has no id, or no bandwidth above 0.");
    }
    let (mime, codecs) = (own("mimeType").to_owned(), own("codecs").to_owned());
    if mime.is_empty() {
        findings.add(&MPD_MIME, at, "It has no mimeType, nor has its AdaptationSet.");
    }
    if codecs.is_empty() && mime.ends_with("/mp4") {
        findings.add(
            &MPD_CODECS,
            at,
            "It has no codecs, nor has its AdaptationSet, so browsers do not know what they need for it.",
        );
    }
    let sounds = |one: &str| SOUND.contains(&one.trim().split('.').next().unwrap_or_default());
    let (sound, all) = (codecs.split(',').filter(|one| sounds(one)).count(), codecs.split(',').count());
    if sound > 0 && sound < all {
        let message =
            "It has pictures and sound in one; dash.js refuses that, shaka-player and rx-player play it.";
        findings.add(&MPD_MUXED, at, message);
    }
    let channels = element.child(CHANNELS).or(set.channels);
    let segment_base = element.child("SegmentBase").or(set.segment_base);
    let index = segment_base.and_then(|base| range_of(base, "indexRange", findings));
    // What is no MP4, as a file of subtitles, needs none.
    let lacks_index = |base: &&Element| {
        base.attribute("indexRange").is_none() && base.child("RepresentationIndex").is_none()
    };
    if let Some(base) = segment_base.filter(lacks_index).filter(|_| mime.ends_with("/mp4")) {
        let message = "SegmentBase has no indexRange, so players do not know where the index is.";
        findings.add(&MPD_RANGE, base.at, message);
    }
    let initialization = segment_base.and_then(|base| base.child("Initialization"));
    let base_url = address(&set.base, element);
    let said = [Said::of(element), set.said, set.around.said];
    let quality = Quality { id: &id, bandwidth, base: &base_url };
    let segments = segments::read(said, quality, set.around.lasts, set.around.left);
    Representation {
        segments,
        id,
        bandwidth,
        mime,
        codecs,
        size: number("width").zip(number("height")),
        rate: number("audioSamplingRate"),
        channels: channels.and_then(|found| found.attribute("value")).and_then(whole),
        base_url,
        init: initialization.and_then(|init| range_of(init, "range", findings)),
        index,
        at,
    }
}

/// First and last byte.
fn range_of(element: &Element, name: &str, findings: &mut Findings) -> Option<ByteRange> {
    let text = element.attribute(name)?;
    let range =
        text.split_once('-').and_then(|(first, last)| Some((whole(first)?, whole(last)?.checked_add(1)?)));
    match range.filter(|(start, end)| start < end) {
        Some((start, end)) => Some(ByteRange { start, end }),
        None => {
            let message =
                format!("{name} is “{}”; it is the first and the last byte, as 0-1023.", short(text));
            findings.add(&MPD_RANGE, element.at, message);
            None
        }
    }
}

fn read_protections(element: &Element, findings: &mut Findings) -> Vec<Protection> {
    element.all("ContentProtection").take(PROTECTIONS).map(|one| read_protection(one, findings)).collect()
}

fn read_protection(element: &Element, findings: &mut Findings) -> Protection {
    let at = element.at;
    let said = element.attribute("schemeIdUri").unwrap_or_default().to_ascii_lowercase();
    let system =
        said.strip_prefix("urn:uuid:").and_then(|id| parse_kid(id).ok()).map(|id: KeyId| Uuid16(id.0));
    let mut found = Protection { system, at, ..Protection::default() };
    let value = element.attribute("value").unwrap_or_default();
    if said == MP4_PROTECTION {
        found.scheme = value.to_owned();
        if !["cenc", "cbc1", "cens", "cbcs"].contains(&value) {
            findings.add(
                &MPD_SCHEME,
                at,
                format!("The value is “{}”; the schemes are cenc, cbc1, cens and cbcs.", short(value)),
            );
        }
    }
    match element.attribute("default_KID") {
        Some(kids) => {
            if !element.attribute_is_in("default_KID", CENC) {
                let message =
                    format!("default_KID is not in the namespace {CENC}, so players do not see it.");
                findings.add(&MPD_PROTECTION_SPACE, at, message);
            }
            for kid in kids.split_whitespace().take(PROTECTIONS) {
                match parse_kid(kid) {
                    Ok(id) if kid.eq_ignore_ascii_case(&id.uuid()) => {
                        if kid != id.uuid() {
                            findings.add(
                                &MPD_KID_CASE,
                                at,
                                format!("default_KID {} has capitals.", short(kid)),
                            );
                        }
                        found.kids.push(id.uuid());
                    }
                    _ => findings.add(
                        &MPD_KID,
                        at,
                        format!("default_KID “{}” is no UUID with its dashes.", short(kid)),
                    ),
                }
            }
            if found.kids.len() > 1 {
                let message = format!(
                    "default_KID lists {} key IDs; shaka-player refuses that (its error 4009). Files of one key each play everywhere.",
                    found.kids.len()
                );
                findings.add(&MPD_KIDS, at, message);
            }
        }
        None if said == MP4_PROTECTION => {
            findings.add(&MPD_KID, at, "It has no default_KID, so players must look into the file for it.");
        }
        None => {}
    }
    read_headers(element, &mut found, findings);
    found
}

fn read_headers(element: &Element, found: &mut Protection, findings: &mut Findings) {
    let mut parts = [false; 2];
    for child in element.children.iter().take(PROTECTIONS) {
        let (rule, space, read) = match child.name.as_str() {
            "pssh" => (&MPD_PSSH, CENC, protection::pssh(child.text())),
            "pro" => (&MPD_PRO, MSPR, protection::object(child.text())),
            _ => continue,
        };
        if let Some(part) = parts.get_mut(usize::from(child.name == "pro")) {
            *part = true;
        }
        if !child.is_in(space) {
            let message =
                format!("{} is not in the namespace {space}, so players do not see it.", child.name);
            findings.add(&MPD_PROTECTION_SPACE, child.at, message);
        }
        match read {
            Ok(read) => {
                let other = read.system.filter(|own| found.system.is_some_and(|named| named != *own));
                if let Some(other) = other {
                    findings.add(
                        rule,
                        child.at,
                        format!("The box is of the system {other}, and stands at another."),
                    );
                }
                found.headers.push(read);
            }
            Err(why) => {
                let why = why.trim_end_matches('.');
                findings.add(rule, child.at, format!("What stands in {} cannot be read: {why}.", child.name));
            }
        }
    }
    if found.system.is_some_and(is_playready) && parts != [true, true] {
        let missing = if parts.first() == Some(&true) {
            "mspr:pro, which Windows 10 before 1809 needs"
        } else {
            "cenc:pssh, which other players need"
        };
        let message = if parts == [false, false] {
            "PlayReady has neither mspr:pro nor cenc:pssh, so it must find its header in the file.".to_owned()
        } else {
            format!("PlayReady has no {missing}.")
        };
        findings.add(&MPD_PARTS, element.at, message);
    }
    let mut objects = found.headers.iter().filter(|read| read.header.is_some()).map(|read| &read.data);
    if let (Some(first), Some(second)) = (objects.next(), objects.next())
        && first != second
        && found.system == Some(PLAYREADY)
    {
        findings.add(&MPD_PRO, element.at, "The objects in cenc:pssh and in mspr:pro are not the same.");
    }
}

/// Whether headers are for the keys that are named beside them.
fn check_kids(common: &[Protection], inner: &[Protection], findings: &mut Findings) {
    let all = || common.iter().chain(inner);
    let named: Vec<&String> = all().flat_map(|one| &one.kids).collect();
    if named.is_empty() {
        return;
    }
    let own = if inner.is_empty() { common } else { inner };
    for one in own {
        let kids: Vec<String> = one.headers.iter().flat_map(Read::kid_texts).take(PROTECTIONS).collect();
        // One header may be for the keys of other sets too.
        if kids.iter().any(|kid| named.contains(&kid)) {
            continue;
        }
        if let Some(stray) = kids.into_iter().next() {
            let swapped = parse_kid(&stray).ok().map(|kid| kid.swapped().uuid());
            let why = match swapped.filter(|swapped| named.contains(&swapped)) {
                Some(_) => ": it is the same in the other byte order",
                None => "",
            };
            let message = format!(
                "The header is for the key ID {stray}, and default_KID is {}{why}.",
                named.first().map_or("", |kid| kid)
            );
            findings.add(&MPD_HEADER_KID, one.at, message);
        }
    }
}
