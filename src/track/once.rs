//! Boxes that a container may hold once: with two of them readers differ in which they believe, so that what one
//! protects another may read as clear (the quantities of ISO/IEC 14496-12:2022 clause 8).

use crate::boxes::{BoxId, Node, Tree};
use crate::bytes::{Error, FourCc, Result};

/// What each container holds at most once.
const ONCE: [(&[u8; 4], &[&[u8; 4]]); 14] = [
    (b"moov", &[b"mvhd", b"mvex"]),
    (b"trak", &[b"tkhd", b"mdia", b"edts"]),
    (b"edts", &[b"elst"]),
    (b"mdia", &[b"mdhd", b"hdlr", b"minf"]),
    (b"minf", &[b"stbl", b"dinf"]),
    (b"dinf", &[b"dref"]),
    (b"stbl", &[b"stsd", b"stsz", b"stz2", b"stts", b"stsc", b"stco", b"co64"]),
    (b"avc1", &[b"avcC"]),
    (b"avc3", &[b"avcC"]),
    (b"encv", &[b"avcC", b"hvcC"]),
    (b"mp4a", &[b"esds"]),
    (b"enca", &[b"esds"]),
    (b"moof", &[b"mfhd"]),
    (b"traf", &[b"tfhd", b"tfdt"]),
];

/// Fails when `tree`, of a `moov` or `moof`, holds twice what it may hold once: a box, a track's fragment defaults, or
/// fewer or more sample entries than it says.
pub fn check(tree: &Tree<'_>) -> Result<()> {
    check_node(tree, tree.root()).map_err(|error| error.inside(tree.root().id().to_string()))
}

fn check_node(tree: &Tree<'_>, node: &Node) -> Result<()> {
    let BoxId::Four(FourCc(code)) = node.id() else { return Ok(()) };
    if let Some((_, once)) = ONCE.iter().find(|(container, _)| **container == code) {
        for child in *once {
            if let Some(second) = node.all(child).nth(1) {
                let message = format!(
                    "Box '{}' holds a second '{}', and may hold one: players differ in which they believe. Make the file \
                     anew.",
                    node.id(),
                    second.id()
                );
                return Err(Error::file("second-box", message).at(second.start));
            }
        }
    }
    match &code {
        b"stsd" => {
            let mut fields = tree.body(node);
            fields.u32("version and flags")?;
            let said = fields.u32("entry_count")?;
            let found = node.children.len();
            if usize::try_from(said).ok() != Some(found) {
                let message =
                    format!("The sample description says it has {said} entries, but {found} are there.");
                return Err(Error::file("entry-count", message).at(node.start));
            }
        }
        b"mvex" => {
            let mut ids: Vec<(u64, u64)> = Vec::new();
            for trex in node.all(b"trex") {
                let mut fields = tree.body(trex);
                fields.u32("version and flags")?;
                ids.push((fields.u32("track_ID")?.into(), trex.start));
            }
            crate::bytes::units::sort_pairs(&mut ids);
            if let Some(pair) = ids.windows(2).find(|pair| matches!(pair, [(a, _), (b, _)] if a == b))
                && let [_, (id, start)] = pair
            {
                let message = format!(
                    "The fragment defaults of track {id} are given twice; players differ in which they believe."
                );
                return Err(Error::file("second-box", message).at(*start));
            }
        }
        // What stands behind the last box of a fragment's header was a box once, or its size is wrong.
        b"moof" | b"traf" => {
            let end = node.children.last().map_or(node.body_start(), Node::end);
            if end < node.end() {
                let message =
                    format!("Box '{}' ends with {} bytes that are no box.", node.id(), node.end() - end);
                return Err(Error::file("left-over-bytes", message).at(end));
            }
        }
        _ => {}
    }
    for child in &node.children {
        check_node(tree, child).map_err(|error| error.inside(node.segment(child)))?;
    }
    Ok(())
}
