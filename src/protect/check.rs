//! Whether a file, and each of its tracks, can be protected; if not, one plain sentence why and what to do.

use crate::boxes::heif::ItemLocationBox;
use crate::bytes::{Error, Result};
use crate::track::contradictions::{NO_ENTRY, no_entry};
use crate::track::leftovers::is_system_header_type;
use crate::track::{Index, Movie, Track, TrackKind};

use super::codecs::{UNKNOWN_CODEC, check_track, check_whole, protected_codecs};
use super::plan::Plan;
use super::scheme::Scheme;

/// Fails when nothing can be said of what is in the file, or it is protected already.
pub fn check_readable(index: &Index) -> Result<()> {
    check_clear(index, GIVE_KEYS)
}

/// The same of a file that is to be one with others, for which no keys are taken.
pub fn check_mergeable(index: &Index) -> Result<()> {
    check_clear(index, DECRYPT_ALONE)
}

const GIVE_KEYS: (&str, &str) = (
    "Encrypting it a second time would make it unplayable; start from the clear file.",
    "Encrypting it a second time would make it unplayable; start from the clear file, or give its keys: it is decrypted before.",
);

const DECRYPT_ALONE: (&str, &str) = (
    "Only clear files become one; start from the clear file.",
    "Only clear files become one: open it alone, make it clear with its keys, and take what comes of it.",
);

/// Fails with what to do about a file that is protected: where there is no way to decrypt it, and where there is.
fn check_clear(index: &Index, ways: (&str, &str)) -> Result<()> {
    check_sound(index)?;
    let movie = index.movie.as_ref().ok_or_else(|| no_movie(index))?;
    protected_already(index, movie, ways).map_or(Ok(()), Err)
}

/// Fails when nothing can be said of what is in the file.
pub fn check_sound(index: &Index) -> Result<()> {
    // Where the walk over the file ended early, the movie may be behind: say that first.
    let problem = |cut_short: bool| {
        let mut problems = index.problems.iter();
        problems
            .find(|problem| {
                matches!(problem.code(), "truncated" | "bad-box-size" | "unknown-bytes") == cut_short
            })
            .cloned()
    };
    problem(true).map_or(Ok(()), Err)?;
    if index.moov.is_none() {
        return Err(no_movie(index));
    }
    let Some(movie) = &index.movie else {
        problem(false).map_or(Ok(()), Err)?;
        return Err(no_movie(index));
    };
    if let Some(problem) = problem(false) {
        return Err(match problem.code() {
            "data-elsewhere" => with_way_on(index, movie, problem),
            _ => problem,
        });
    }
    if let Some((track, reference)) = movie.tracks.iter().find_map(|track| Some((track, track.external?))) {
        // FFmpeg passes over such a reference and copies whatever stands at these offsets in this file.
        let message = format!(
            "Track {} keeps its samples in another file or in boxes that Boxlock does not read, says its data reference. Make one self-contained file of it with the \
             software that wrote it. If the samples are in this file after all, set the flag of the reference at byte \
             {reference} that says so (1).",
            track.id,
        );
        return Err(Error::unsupported("external-data", message).inside("moov").at(reference));
    }
    Ok(())
}

/// Fails when no track of the file can be protected.
pub fn check_file(index: &Index) -> Result<()> {
    let movie = index.movie.as_ref().ok_or_else(|| no_movie(index))?;
    let faults: Vec<Error> = movie.tracks.iter().filter_map(|track| check_track(track).err()).collect();
    let has_choice = movie.tracks.iter().any(|track| check_whole(track).is_ok());
    if faults.len() == movie.tracks.len() && !has_choice {
        let protected = protected_codecs();
        let of_damage = faults.iter().find(|fault| fault.code() != UNKNOWN_CODEC).map(Error::message);
        let tracks: Vec<String> = movie.tracks.iter().map(describe).collect();
        let why = match of_damage {
            Some(message) => format!(". {message}"),
            None if tracks.is_empty() => format!(": {protected}, and this file has no tracks."),
            None => format!(": {protected}, and this file has {}.", tracks.join(" and ")),
        };
        return Err(Error::unsupported("no-track", format!("No track of this file can be protected{why}")));
    }
    Ok(())
}

/// Fails when the file cannot be written anew, whether or not anything is or becomes protected in it. An initialization segment
/// may be `alone` where only its own boxes change.
pub fn check_structure(index: &Index, alone: bool) -> Result<()> {
    check_sound(index)?;
    let movie = index.movie.as_ref().ok_or_else(|| no_movie(index))?;
    for (id, number, traf) in index.used_entries() {
        let Some(track) = movie.track(id) else { continue };
        if track.entry(number).is_none() {
            let message = no_entry(number, track.entries.len());
            let error = Error::file(NO_ENTRY, message).preceded_by(&index.place(track, traf));
            return Err(error.inside("moof").at(traf));
        }
    }
    if index.fragments.is_empty() && !(alone && movie.is_initialization()) {
        return Err(if movie.is_initialization() {
            let message = "This file has a movie header but no fragments: it is an initialization segment alone. Drop it \
                           together with its media segments.";
            Error::unsupported("not-fragmented", message)
        } else {
            let message = "This file has a movie header, but none of its tracks has a sample. Get a complete copy of it.";
            Error::file("no-samples", message)
        });
    }
    let moov = index.top.iter().find(|top| top.id.is(b"moov"));
    let late = moov.zip(index.fragments.first()).filter(|(moov, first)| first.start < moov.start);
    if let Some((moov, first)) = late {
        let message = format!(
            "The movie header at byte {} comes after the first fragment at byte {}; it must come first. Join the file \
             again with its initialization segment (to byte {} from byte {}) in front, or drop it and the segments together, as \
             files of their own.",
            moov.start,
            first.start,
            moov.end(),
            moov.start
        );
        return Err(Error::unsupported("moov-after-fragments", message).at(moov.start));
    }
    check_top(index, movie)?;
    check_items(index)
}

/// Samples before their `moof`, or shared media data, are lawful: says which track and when, and that FFmpeg can put
/// them behind it.
fn with_way_on(index: &Index, movie: &Movie, problem: Error) -> Error {
    let place = problem.offset().and_then(|at| {
        let parts = index.parts(index.fragment_at(at)?);
        Some(index.place(movie.track(parts.first()?.track_id)?, at))
    });
    let message = format!(
        "{}{} Boxlock protects files whose samples stand behind their own fragment header.{}",
        place.unwrap_or_default(),
        problem.message(),
        remux(movie)
    );
    Error::unsupported("data-elsewhere", message).inside(problem.path()).at(problem.offset().unwrap_or(0))
}

/// How FFmpeg makes a fragmented file that Boxlock takes, keeping every track.
fn remux(movie: &Movie) -> String {
    let mut advice = " Make one with: ffmpeg -i input.mp4 -map 0 -c copy -movflags \
                      +frag_keyframe+empty_moov+default_base_moof output.mp4"
        .to_owned();
    let is_media = |track: &Track| matches!(track.kind, TrackKind::Video | TrackKind::Audio);
    let others: Vec<String> = (0..)
        .zip(&movie.tracks)
        .filter(|(_, track)| !is_media(track))
        .map(|(number, _): (usize, _)| format!("-map -0:{number}"))
        .collect();
    if !others.is_empty() {
        advice.push_str(&format!(
            " (FFmpeg cannot copy every kind of text and data track; if it says so, leave such tracks out with {} behind \
             -map 0)",
            others.join(" ")
        ));
    }
    advice
}

/// Fails when a top-level box is one that would be wrong, or say too much, in the output.
fn check_top(index: &Index, movie: &Movie) -> Result<()> {
    for top in index.top.iter() {
        if [b"!mof", b"!mov", b"!six", b"!ssx"].iter().any(|code| top.id.is(code)) {
            let message = format!(
                "Box '{}' at byte {} is compressed, and Boxlock does not read what is in it. Write the file again without \
                 compressed boxes.",
                top.id, top.start
            );
            return Err(Error::unsupported("compressed-box", message).at(top.start));
        }
        let behind = index.fragments.partition_point(|fragment| fragment.end <= top.start);
        let inside = index.fragments.get(behind).is_some_and(|fragment| fragment.start < top.start);
        if inside && is_system_header_type(top.id) {
            let message = format!(
                "A DRM header ('{}') of an earlier encryption stands between a fragment's header and its media data, at \
                 byte {}. Take it out first.{}",
                top.id,
                top.start,
                remux(movie)
            );
            return Err(Error::unsupported("header-in-fragment", message).at(top.start));
        }
    }
    Ok(())
}

/// Fails when an item of a `meta` box stands in the media data of a fragment, where it would be encrypted or moved
/// along with samples.
fn check_items(index: &Index) -> Result<()> {
    if let Some(iloc) = index.items_in_fragments {
        let message = format!(
            "The header of a fragment has an 'iloc' box, at byte {iloc}, that says where items stand; Boxlock does not move \
             such items. Take the metadata out first."
        );
        return Err(Error::unsupported("items-in-fragment", message).inside("moof").at(iloc));
    }
    for (tree, node) in index.item_locations() {
        let iloc: ItemLocationBox = tree.read(node)?;
        for item in iloc.locations.items.iter().filter(|item| item.is_in_file()) {
            for extent in &item.extents {
                let start = item.base_offset.saturating_add(extent.offset);
                let len = if extent.length == 0 { u64::MAX } else { extent.length };
                let behind = index.fragments.partition_point(|fragment| fragment.end <= start);
                let fragment = index.fragments.get(behind);
                if fragment.is_some_and(|fragment| fragment.start < start.saturating_add(len)) {
                    let message = format!(
                        "Item {} of a 'meta' box stands at byte {start}, among the samples of a fragment, and would be \
                         encrypted with them. Take the metadata out first.",
                        item.item_id
                    );
                    return Err(Error::unsupported("item-in-media", message).at(node.start));
                }
            }
        }
    }
    Ok(())
}

fn no_movie(index: &Index) -> Error {
    if index.fragments.is_empty() && !index.metas.is_empty() {
        let message = "This is a still image, not a film; Boxlock protects video and audio. Its boxes can be inspected.";
        return Error::unsupported("still-image", message);
    }
    if index.fragments.is_empty() {
        let message = "This file has no movie header ('moov'), so nothing says what its samples are. Get a complete \
                       copy of the file.";
        return Error::file("no-moov", message);
    }
    let message = "This file is a media segment; its movie header ('moov') is in another file, the initialization \
                   segment. It can be inspected; to protect it, drop it together with its initialization segment and \
                   all other segments, or use the whole file that they come from.";
    Error::file("no-moov", message)
}

fn protected_already(index: &Index, movie: &Movie, ways: (&str, &str)) -> Option<Error> {
    // An entry that no fragment uses says nothing of the samples; without fragments it is all there is.
    let is_used = |track: &Track, number| index.fragments.is_empty() || index.uses(track.id, number);
    let entries =
        movie.tracks.iter().flat_map(|track| track.entries.iter().zip(1..).map(move |pair| (track, pair)));
    let by_entry = entries
        .filter(|(track, (entry, number))| entry.is_protected() && is_used(track, *number))
        .map(|(track, (entry, _))| (track, entry))
        .next();
    // Where the type says "protected unless a group says otherwise", a group that does is believed.
    let by_group = movie.tracks.iter().find_map(|track| {
        index.leftovers.of(track.id).filter(|left| left.encrypted_group.is_some())?;
        Some((track, track.entries.iter().find(|entry| entry.has_protected_type())?))
    });
    let (track, entry) = by_entry.or(by_group)?;
    let mut message = format!("Track {} of this file is already protected", track.id);
    match &entry.protection {
        Some(protection) => {
            let (major, minor) = (protection.scheme_version >> 16, protection.scheme_version & 0xffff);
            message.push_str(&format!(" with {} {major}.{minor}", protection.scheme));
        }
        None => {
            message.push_str(&format!(": its samples are of type '{}', and nothing says how", entry.coded))
        }
    }
    let systems: Vec<&str> = movie.systems.iter().filter_map(crate::boxes::systems::system_name).collect();
    if !systems.is_empty() {
        message.push_str(&format!(" for {}", systems.join(", ")));
    }
    if let Some(kid) = entry.protection.as_ref().and_then(|protection| protection.kid) {
        message.push_str(&format!(", key ID {kid}"));
    }
    let has_way = entry.protection.as_ref().is_some_and(|protection| {
        Scheme::known(&protection.cipher.text()).is_some_and(|scheme| scheme.protects())
    });
    message.push_str(". ");
    message.push_str(if has_way { ways.1 } else { ways.0 });
    Some(Error::unsupported("already-protected", message))
}

/// Fails when a plan would leave open what a person takes for protected. `by_name` says that the tracks were chosen
/// one by one.
pub fn check_plan(index: &Index, movie: &Movie, plan: &Plan, by_name: bool) -> Result<()> {
    if !plan.protects() {
        return Ok(());
    }
    let bytes = |id| index.totals(id).bytes;
    if !by_name {
        let open = plan.tracks.iter().filter(|track| track.protection.is_none() && bytes(track.track_id) > 0);
        let mut videos = open
            .filter(|open| movie.track(open.track_id).is_some_and(|track| track.kind == TrackKind::Video));
        if let Some(video) = videos.next() {
            let message = format!(
                "The picture of track {} would {} open to everyone. {} To protect the other tracks all the same, choose \
                 the tracks by name.",
                video.track_id,
                if plan.is_undone(video.track_id) { "become" } else { "stay" },
                video.why_clear
            );
            return Err(Error::caller("clear-video", "tracks", message));
        }
    }
    let mut protected = plan.tracks.iter().filter(|track| track.protection.is_some());
    if protected.all(|track| bytes(track.track_id) == 0) {
        let message = "No track chosen has a sample in this file, so nothing would be encrypted.";
        return Err(Error::caller("no-samples", "tracks", message));
    }
    Ok(())
}

fn describe(track: &Track) -> String {
    let name = track.entries.first().map_or_else(|| "no sample entry".to_owned(), |entry| entry.codec_name());
    format!("track {} with {name}", track.id)
}
