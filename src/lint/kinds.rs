//! What kind of media a track says that it has, in its handler, its media header and its sample entries, and where these say
//! that the samples are (ISO/IEC 14496-12:2022 8.4.3, 8.4.5, 8.5.2, 8.7.2).

use crate::boxes::sample_types::{Layout, registered};
use crate::boxes::{Node, Tree};
use crate::bytes::units::len_u64;
use crate::bytes::{FourCc, Result};
use crate::track::{Index, Track, TrackKind};

use super::finding::{Findings, Place};
use super::movie::is_cut;
use super::rules;

/// Looks at one track.
pub fn look(index: &Index, moov: &Tree<'_>, trak: &Node, track: &Track, found: &mut Findings) {
    let of = |node: &Node| Place::of(moov, node).of_track(track.id);
    let Some(minf) = trak.descend(&[b"mdia", b"minf"]) else { return };
    if trak.descend(&[b"mdia", b"hdlr"]).is_some() && !is_cut(index) {
        media_header(minf, track, &of, found);
    }
    let Some(stsd) = minf.descend(&[b"stbl", b"stsd"]) else { return };
    for (node, entry) in stsd.children.iter().zip(&track.entries) {
        let other = [entry.coded, entry.format].into_iter().find_map(|format| is_other(track.kind, format));
        if let Some((format, what)) = other {
            let message = format!(
                "The handler of track {} is '{}', and its sample entry '{format}' is {what}.",
                track.id, track.handler
            );
            found.add(&rules::HANDLER_ENTRY, of(node), message);
        }
    }
    let Some(dref) = minf.descend(&[b"dinf", b"dref"]) else { return };
    let there = len_u64(dref.children.len());
    for (node, _) in stsd.children.iter().zip(&track.entries) {
        let Ok(number) = reference(moov, node) else { continue };
        if number == 0 || u64::from(number) > there {
            let message = format!(
                "A sample entry of track {} is of data reference {number}, and 'dref' has {there}, counted from 1.",
                track.id
            );
            found.add(&rules::DATA_REFERENCE, of(node), message);
        }
    }
}

/// The number of the data reference of a sample entry.
fn reference(moov: &Tree<'_>, entry: &Node) -> Result<u16> {
    let mut fields = moov.body(entry);
    fields.take(6, "reserved")?;
    fields.u16("data_reference_index")
}

/// What a sample entry is, in words, where that is not what the track has.
fn is_other(kind: TrackKind, format: FourCc) -> Option<(FourCc, &'static str)> {
    let wanted = match kind {
        TrackKind::Video => Layout::Visual,
        TrackKind::Audio => Layout::Audio,
        TrackKind::Text => Layout::Other,
        TrackKind::Other => return None,
    };
    let (layout, _) = registered(format, wanted)?;
    let what = match layout {
        Layout::Visual => "of pictures",
        Layout::Audio => "of sound",
        // Parameter sets, metadata of pictures, and more that is in tracks of any kind.
        Layout::Other => return None,
    };
    (layout != wanted).then_some((format, what))
}

/// Pictures have `vmhd`, and sound has `smhd`.
fn media_header(minf: &Node, track: &Track, of: &dyn Fn(&Node) -> Place, found: &mut Findings) {
    let (wanted, other) = match track.kind {
        TrackKind::Video => (b"vmhd", b"smhd"),
        TrackKind::Audio => (b"smhd", b"vmhd"),
        TrackKind::Text | TrackKind::Other => return,
    };
    if minf.child(wanted).is_some() {
        return;
    }
    let there = minf.child(other);
    let what = match there {
        Some(_) => format!("the media header '{}' in place of '{}'", FourCc(*other), FourCc(*wanted)),
        None => format!("no media header '{}'", FourCc(*wanted)),
    };
    let message = format!("The handler of track {} is '{}', and it has {what}.", track.id, track.handler);
    found.add(&rules::MEDIA_HEADER, of(there.unwrap_or(minf)), message);
}
