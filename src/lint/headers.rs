//! The headers of DRM systems in the movie header, and what PlayReady's say.

use crate::boxes::systems::system_name;
use crate::boxes::{Node, Tree};
use crate::bytes::{Error, FourCc};
use crate::playready::object::OBJECT_LEN;
use crate::playready::url::{LONG_URL, discloses_key};
use crate::playready::{Algorithm, Header, HeaderKey, ProObject, check_url};
use crate::track::{Index, SystemHeader};
use crate::verify::agreement;

use super::finding::{Findings, Place};
use super::rules::{self, FileRule};

/// Header XML longer than clients were made for, in bytes of UTF-16: PlayReady Header Specification 2.1 speaks of 1 KB, and
/// what services write is a little more.
const LONG_HEADER: usize = 4 << 10;

/// Looks at all of them.
pub fn look(index: &Index, found: &mut Findings) {
    let (Some(moov), Some(movie)) = (&index.moov, &index.movie) else { return };
    let root = moov.root();
    let all = SystemHeader::all(moov, root);
    let mut encrypted =
        movie.tracks.iter().flat_map(|track| &track.entries).filter(|entry| entry.is_protected());
    // Apple's and Adobe's have their own ways.
    let is_common = |code: FourCc| !matches!(&code.0, b"itun" | b"adkm" | b"odkm");
    let needs = encrypted.any(|entry| entry.protection.as_ref().is_none_or(|by| is_common(by.scheme)));
    if needs && all.is_empty() && index.traces.systems.is_empty() {
        let message = "The file is encrypted, and has no header of any DRM system.";
        found.add(&rules::NO_HEADER, Place::of(moov, root), message);
    }
    let mvhd = root.child(b"mvhd").map_or(0, |mvhd| mvhd.start);
    let mut named: Vec<(u64, HeaderKey)> = Vec::new();
    for header in &all {
        if header.node.start < mvhd {
            let message = format!("The header stands at byte {}, before 'mvhd'.", header.node.start);
            found.add(&rules::PSSH_EARLY, Place::of(moov, header.node), message);
        }
        let version = moov.body(header.node).u8("version").unwrap_or(0);
        if version > 0 && !header.is_piff {
            let name = system_name(&header.system).unwrap_or_default();
            if header.is_playready() || name.contains("Widevine") {
                let message = format!(
                    "The header of {name} has version {version}, where version 0 is read everywhere."
                );
                found.add(&rules::PSSH_VERSION, Place::of(moov, header.node), message);
            }
        }
        if header.is_playready() {
            playready(moov, header.node, &header.data, found)
                .into_iter()
                .for_each(|key| named.push((header.node.start, key)));
        }
    }
    let mut faults = Vec::new();
    agreement::key_ids(index, &named, &mut faults);
    agreement::listed_key_ids(moov, index, &mut faults);
    faults.into_iter().for_each(|fault| found.add_error(&moov.place(fault)));
    algorithms(index, moov, &named, found);
}

/// What is wrong with one PlayReady object, and the keys that its header names.
fn playready(moov: &Tree<'_>, node: &Node, data: &[u8], found: &mut Findings) -> Vec<HeaderKey> {
    let place = Place::of(moov, node);
    let mut add = |rule: &'static FileRule, message: String| found.add(rule, place.clone(), message);
    // A record that does not fit is a read beyond the end.
    let rule_of = |error: &Error| match error.code() {
        "truncated" => &rules::PRO_RECORDS,
        code => rules::find(code).unwrap_or(&rules::HEADER_XML),
    };
    if data.len() > OBJECT_LEN {
        add(
            &rules::HEADER_LONG,
            format!("The PlayReady object has {} bytes, where {OBJECT_LEN} are allowed.", data.len()),
        );
    }
    let parsed = ProObject::parse(data, node.start).and_then(|object| {
        let len = object.records.iter().map(|record| record.value.len()).max().unwrap_or(0);
        Ok((len, object.header(node.start)?))
    });
    let (len, parsed) = match parsed {
        Ok((len, Some(parsed))) => (len, parsed),
        Ok((_, None)) => {
            add(
                &rules::PRO_NO_HEADER,
                "The PlayReady object has no header record, so it names no key.".to_owned(),
            );
            return Vec::new();
        }
        Err(error) => {
            add(rule_of(&error), error.message().to_owned());
            return Vec::new();
        }
    };
    if len > LONG_HEADER && data.len() <= OBJECT_LEN {
        add(
            &rules::HEADER_LONG,
            format!(
                "The header has {len} bytes, where clients were made for about 1024, and {LONG_HEADER} are common."
            ),
        );
    }
    for note in parsed.notes {
        add(rules::find(note.code).unwrap_or(&rules::HEADER_XML), note.message);
    }
    let header = parsed.header;
    for problem in header.problems() {
        // That it names none has been said.
        let is_said = header.keys.is_empty() && problem.code() == "bad-header-version";
        if !is_said {
            add(rule_of(&problem), problem.message().to_owned());
        }
    }
    licence_url(&header, &mut add);
    header.keys
}

fn licence_url(header: &Header, add: &mut dyn FnMut(&'static FileRule, String)) {
    let Some(url) = &header.la_url else {
        return add(&rules::URL_MISSING, "The header names no licence URL.".to_owned());
    };
    // That has been said.
    if check_url(url, "laUrl").is_err() {
        return;
    }
    let lower = url.to_ascii_lowercase();
    if lower.starts_with("http:") {
        add(
            &rules::URL_HTTP,
            format!(
                "The licence URL begins with {}//, and not with https://.",
                url.split('/').next().unwrap_or_default()
            ),
        );
    }
    let len = url.chars().count();
    if len > LONG_URL {
        add(&rules::URL_LONG, format!("The licence URL has {len} characters, where {LONG_URL} are safe."));
    }
    if discloses_key(url) {
        add(&rules::URL_KEY, "The licence URL carries the content key or the key seed.".to_owned());
    }
}

/// Whether headers name the cipher that the samples of their keys are encrypted with.
fn algorithms(index: &Index, moov: &Tree<'_>, named: &[(u64, HeaderKey)], found: &mut Findings) {
    for track in index.movie.iter().flat_map(|movie| &movie.tracks) {
        let used = track.entries.iter().filter(|entry| entry.is_protected());
        for by in used.filter_map(|entry| entry.protection.as_ref()) {
            let wanted = match &by.cipher.0 {
                b"cenc" | b"cens" => Algorithm::AesCtr,
                b"cbcs" | b"cbc1" => Algorithm::AesCbc,
                _ => continue,
            };
            let wrong = named.iter().find(|(_, key)| {
                Some(key.kid) == by.kid && key.algorithm.is_some_and(|algorithm| algorithm != wanted)
            });
            let Some((start, key)) = wrong else { continue };
            let message = format!(
                "The header says {} for the key ID {}, and track {} is encrypted in the scheme '{}', which is {}.",
                key.algorithm.map_or("", Algorithm::text),
                key.kid,
                track.id,
                by.cipher,
                wanted.text()
            );
            let path = moov.path_at(*start).join("/");
            found.add(
                &rules::HEADER_ALGORITHM,
                Place { path, ..Place::at(*start) }.of_track(track.id),
                message,
            );
        }
    }
}
