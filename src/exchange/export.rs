//! A CPIX document of the keys of a file: what its DRM systems say of each, and the rules that give them to its tracks.

use super::cpix::{Cpix, CpixKey, Period, Rule, Span, System, TrackFacts, VideoFilter};
use super::decode::pssh_of;
use super::list::KeyEntry;
use super::request::WriteRequest;
use super::{base64_text, cpix};
use crate::boxes::systems::PLAYREADY;
use crate::bytes::{Error, KeyId, Result};
use crate::protect::keys::{HD_PIXELS, SD_PIXELS};
use crate::protect::systems::pssh_boxes;

/// Classes of tracks, by the fewest and the most pixels of each.
const CLASSES: [(&str, &str, Span); 3] = [
    ("sd", "SD", Span { min: None, max: Some(SD_PIXELS) }),
    ("hd", "HD", Span { min: Some(SD_PIXELS + 1), max: Some(HD_PIXELS) }),
    ("uhd", "UHD", Span { min: Some(HD_PIXELS + 1), max: None }),
];

/// Makes the document.
///
/// # Errors
/// `bad-request` when a key has no key ID, `cpix-kid-twice` when two have the same, and those of `pssh` boxes.
pub fn document(request: &WriteRequest) -> Result<Cpix> {
    let mut document = Cpix {
        version: Some("2.3".to_owned()),
        content_id: request.content_id.clone(),
        recipients: request.recipients.clone(),
        ..Cpix::default()
    };
    let systems = systems(request)?;
    let rotates = request.keys.iter().any(|key| key.period.unwrap_or(0) > 0);
    for entry in &request.keys {
        let Some(kid) = entry.kid else {
            let message = "A key has no key ID, and CPIX names keys by it.";
            return Err(Error::caller("bad-request", "keys", message));
        };
        if document.keys.iter().all(|key| key.kid != kid) {
            let scheme = entry.scheme.clone().or_else(|| request.scheme.clone());
            // PIFF's own name is none that the specification knows.
            let scheme = scheme.map(|scheme| if scheme == "piff" { "cenc".to_owned() } else { scheme });
            document.keys.push(CpixKey {
                kid,
                key: if entry.encrypted.is_some() { None } else { entry.key.clone() },
                encrypted: entry.encrypted.clone(),
                scheme,
                ..CpixKey::default()
            });
            document.systems.extend(systems.iter().map(|system| System { kid, ..system.clone() }));
        }
        let mut rules = rules(entry, kid, request);
        if rotates {
            let index = entry.period.unwrap_or(0);
            let id = format!("period-{index}");
            if document.periods.iter().all(|period| period.id != id) {
                document.periods.push(Period { id: id.clone(), index: Some(index), ..Period::default() });
            }
            if rules.is_empty() {
                rules.push(Rule { kid, ..Rule::default() });
            }
            rules.iter_mut().for_each(|rule| rule.periods.push(id.clone()));
        }
        document.rules.extend(rules);
    }
    Ok(document)
}

/// What systems say, for any key.
fn systems(request: &WriteRequest) -> Result<Vec<System>> {
    let mut systems: Vec<System> = Vec::new();
    for boxes in &request.pssh {
        for (pssh, bytes) in pssh_boxes(boxes)? {
            if systems.iter().all(|known| known.system != pssh.system_id) {
                systems.push(System { system: pssh.system_id, pssh: bytes.to_vec(), ..System::default() });
            }
        }
    }
    if let Some(object) = &request.object {
        let place = systems.iter().position(|system| system.system == PLAYREADY);
        let mut playready = match place {
            Some(place) => systems.remove(place),
            None => System {
                system: PLAYREADY,
                pssh: pssh_of(PLAYREADY, Vec::new(), object.clone()),
                ..System::default()
            },
        };
        let pro = base64_text(object);
        // What stands inside of the manifest's element, without that element (CPIX 2.3 §5.5).
        playready.content_protection = format!(
            "<pssh xmlns=\"urn:mpeg:cenc:2013\">{}</pssh><pro xmlns=\"urn:microsoft:playready\">{pro}</pro>",
            base64_text(&playready.pssh)
        )
        .into_bytes();
        playready.smooth = pro;
        systems.insert(0, playready);
    }
    Ok(systems)
}

/// The rules for one key: none where it is the only one.
fn rules(entry: &KeyEntry, kid: KeyId, request: &WriteRequest) -> Vec<Rule> {
    let rule = |kind: &str| Rule { kid, track_type: Some(kind.to_owned()), ..Rule::default() };
    match (entry.class.as_deref(), entry.track) {
        (Some("audio"), _) => vec![Rule { audio: vec![Span::default()], ..rule("AUDIO") }],
        (Some(class), _) => CLASSES
            .iter()
            .filter(|(name, ..)| *name == class)
            .map(|(_, kind, pixels)| {
                let video = vec![VideoFilter { pixels: *pixels, ..VideoFilter::default() }];
                Rule { video, ..rule(kind) }
            })
            .collect(),
        (None, Some(id)) => request
            .tracks
            .iter()
            .filter(|(track, _)| track.id == id)
            .map(|(track, _)| of_track(track, kid, request))
            .collect(),
        (None, None) => Vec::new(),
    }
}

/// A rule for one track and no other: by its kind and size, by its bit rate where that is not enough, and by a label where
/// nothing is.
fn of_track(track: &TrackFacts, kid: KeyId, request: &WriteRequest) -> Rule {
    let exactly = |number: Option<u64>| Span { min: number, max: number };
    let mut rule = Rule { kid, ..Rule::default() };
    if track.video {
        rule.track_type = Some("VIDEO".to_owned());
        rule.video.push(VideoFilter { pixels: exactly(track.pixels), ..VideoFilter::default() });
    } else {
        rule.track_type = Some("AUDIO".to_owned());
        rule.audio.push(exactly(track.channels));
    }
    let others = || {
        request
            .tracks
            .iter()
            .map(|(track, _)| track)
            .filter(|other| other.id != track.id && (other.video || other.audio))
    };
    let alone = |rule: &Rule| others().all(|other| !cpix::fits(rule, other));
    if !alone(&rule) && track.bitrate.is_some() {
        rule.bitrate.push(exactly(track.bitrate));
    }
    if !alone(&rule) {
        rule.labels.push(cpix::label_of(track.id));
    }
    rule
}
