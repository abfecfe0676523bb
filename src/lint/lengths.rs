//! Lengths that the headers of a plain file say, held against its samples and edits (ISO/IEC 14496-12:2022 8.2.2, 8.3.2,
//! 8.6.6). What `mdhd` and `mehd` say is a finding of the reader.

use crate::boxes::movie::{EMPTY_EDIT, EditEntry, EditList, TrackHeader};
use crate::boxes::{Node, Tree};
use crate::track::lengths::{Length, content};
use crate::track::table::list;
use crate::track::{Index, Movie, Track};

use super::finding::{Findings, Place};
use super::rules;

/// Looks at all of them. Of a file that goes on in fragments a header may count what it likes.
pub fn look(index: &Index, moov: &Tree<'_>, movie: &Movie, found: &mut Findings) {
    if movie.fragmented || !index.fragments.is_empty() {
        return;
    }
    let mut longest: Option<Length> = None;
    let mut repeats = false;
    for (trak, track) in moov.root().all(b"trak").zip(&movie.tracks) {
        let Some(media) = content(index, track) else { continue };
        let edits = trak.descend(&[b"edts", b"elst"]);
        let list = edits.and_then(|node| moov.read::<EditList>(node).ok());
        // Edits that are shown again and again until the track ends (ISO/IEC 23008-12:2022 9.6.1).
        let is_repeated = list.as_ref().is_some_and(|list| list.head.has(1));
        repeats |= is_repeated;
        let edited = list.map(|list| list.entries.entries).filter(|edits| !edits.is_empty());
        let shown = match &edited {
            Some(edits) => of_edits(edits, movie.timescale),
            None => Some(media),
        };
        if let (Some(node), Some(edited)) = (edits, &edited) {
            let delay =
                trak.descend(&[b"mdia", b"minf", b"stbl", b"ctts"]).map_or(0, |ctts| delay(moov, ctts));
            let media = Length { ticks: media.ticks.saturating_add(delay), ..media };
            self::edits(moov, node, edited, (track, movie.timescale, media), found);
        }
        let Some(shown) = shown.filter(|_| !is_repeated) else { continue };
        let what = if edited.is_some() { "edits" } else { "samples" };
        of_track(moov, trak, (track, movie.timescale), (what, shown), found);
        if longest.is_none_or(|longest| longest.seconds() < shown.seconds()) {
            longest = Some(shown);
        }
    }
    let stated = movie.duration.filter(|_| !repeats);
    let stated = stated.and_then(|ticks| Length::new(ticks, movie.timescale));
    if let (Some(node), Some(stated), Some(longest)) = (moov.root().child(b"mvhd"), stated, longest)
        && stated.differs(longest)
    {
        let message =
            format!("'mvhd' says that the whole takes {stated}, and the longest track takes {longest}.");
        found.add(&rules::LENGTHS_DIFFER, Place::of(moov, node), message);
    }
}

/// Ticks by which samples are shown later than they are decoded, at most: so much longer is what edits show.
fn delay(moov: &Tree<'_>, ctts: &Node) -> u64 {
    let Ok(mut runs) = list(moov, ctts, 8) else { return 0 };
    let mut most = 0;
    while let (Ok(_), Ok(offset)) = (runs.u32("sample_count"), runs.u32("sample_offset")) {
        // What is negative makes nothing longer.
        most = most.max(if offset >> 31 == 0 { offset } else { 0 });
    }
    most.into()
}

/// How long edits are together.
fn of_edits(edits: &[EditEntry], timescale: u32) -> Option<Length> {
    let ticks = edits.iter().fold(0_u64, |sum, edit| sum.saturating_add(edit.segment_duration.0));
    // Of one that says 0 all that there is is shown.
    Length::new(ticks, timescale).filter(|length| length.ticks > 0)
}

fn of_track(
    moov: &Tree<'_>,
    trak: &Node,
    (track, timescale): (&Track, u32),
    (what, shown): (&str, Length),
    found: &mut Findings,
) {
    let Some(node) = trak.child(b"tkhd") else { return };
    let Ok(header) = moov.read::<TrackHeader>(node) else { return };
    let ticks = header.duration.0;
    let is_known = ![0, u64::from(u32::MAX), u64::MAX].contains(&ticks);
    let Some(stated) = Length::new(ticks, timescale).filter(|_| is_known) else { return };
    if stated.differs(shown) {
        let message = format!("'tkhd' says that track {} takes {stated}; its {what} take {shown}.", track.id);
        found.add(&rules::LENGTHS_DIFFER, Place::of(moov, node).of_track(track.id), message);
    }
}

/// Whether edits show what is there.
fn edits(
    moov: &Tree<'_>,
    node: &Node,
    edits: &[EditEntry],
    (track, timescale, media): (&Track, u32, Length),
    found: &mut Findings,
) {
    for (number, edit) in (1_u64..).zip(edits) {
        let time = edit.media_time.0;
        if time == EMPTY_EDIT {
            continue;
        }
        let start = u64::try_from(time).ok().and_then(|ticks| Length::new(ticks, media.timescale));
        let Some(start) = start else {
            let message = format!(
                "Edit {number} of track {} begins at the media time {time}, where -1 alone is below 0.",
                track.id
            );
            found.add(&rules::EDITS, Place::of(moov, node).of_track(track.id), message);
            return;
        };
        if start.ticks >= media.ticks && start.ticks > 0 {
            let message = format!(
                "Edit {number} of track {} begins at {start} of its media, which takes {media}.",
                track.id
            );
            found.add(&rules::EDITS, Place::of(moov, node).of_track(track.id), message);
            return;
        }
        let lasts = Length::new(edit.segment_duration.0, timescale);
        // A rate of 0 holds a picture.
        let Some(lasts) = lasts.filter(|_| edit.media_rate.0 == 0x1_0000) else { continue };
        let left = Length { ticks: media.ticks.saturating_sub(start.ticks), ..media };
        if lasts.seconds() > left.seconds() && lasts.differs(left) {
            let message = format!(
                "Edit {number} of track {} shows {lasts} of its media from {start} on, where {left} are left.",
                track.id
            );
            found.add(&rules::EDITS, Place::of(moov, node).of_track(track.id), message);
            return;
        }
    }
}
