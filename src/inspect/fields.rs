//! The fields of one box as rows with byte ranges, and the texts in it.

use crate::boxes::cenc::SampleEncryption;
use crate::boxes::fragment::TrackFragmentHeader;
use crate::boxes::movie::TrackHeader;
use crate::boxes::piff::{self, PiffSampleEncryption};
use crate::boxes::registry::{self, Known};
use crate::boxes::wire::{Bytes, Wire as _};
use crate::boxes::{Node, Row, RowSink, Tree};
use crate::bytes::{Error, Result};

use super::node::{chain, human_name};
use super::{groups, texts};

/// One box with the fields of one window of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoxFields {
    /// Human name.
    pub name: String,
    /// Specification clause; empty for unknown boxes.
    pub clause: String,
    /// What the box is for.
    pub about: String,
    /// The rows of the window.
    pub rows: Vec<Row>,
    /// Number of the first of them.
    pub from: usize,
    /// How many rows there are in all.
    pub total: usize,
    /// Decoded payloads: title and text.
    pub texts: Vec<(String, String)>,
    /// Why the rows end early, as a plain sentence.
    pub problem: Option<String>,
}

/// IV sizes to try where the track does not say, the likeliest first.
const IV_SIZES: [u8; 3] = [8, 16, 0];

/// The fields of the box at `path`, `count` rows from row `from` on. `iv_sizes` tells the bytes per IV of a track;
/// where it cannot, the size that fits the box is taken, and the row of the sample count says so.
pub fn fields(
    tree: &Tree<'_>,
    path: &str,
    from: usize,
    count: usize,
    iv_sizes: &dyn Fn(u32) -> Option<u8>,
) -> Result<BoxFields> {
    let missing = || Error::caller("no-such-box", "path", format!("There is no box at '{path}'."));
    let chain = chain(tree, path).ok_or_else(missing)?;
    let Some((&node, around)) = chain.split_last() else { return Err(missing()) };
    let parent = around.last().map(|parent| parent.id());
    let known = registry::lookup(node.id(), parent);
    let mut this = BoxFields {
        name: human_name(node.id(), parent),
        clause: known.clause().to_owned(),
        about: known.about().to_owned(),
        rows: Vec::new(),
        from,
        total: 0,
        texts: texts::texts(tree, node, parent),
        problem: node.problem.as_ref().map(ToString::to_string),
    };
    let (iv_size, iv_note) = iv_size(tree, node, around, iv_sizes);
    // The entries of group descriptions are one field of bytes, told apart when its row is known.
    let is_groups = node.id().is(b"sgpd");
    let mut sink = if is_groups { RowSink::window(0, usize::MAX) } else { RowSink::window(from, count) };
    if let Err(error) = add_rows(tree, node, known, iv_size, &mut sink) {
        this.problem.get_or_insert(error.inside(node.id().to_string()).to_string());
    }
    this.total = sink.total();
    this.rows = sink.into_rows();
    if is_groups {
        let window = from..from.saturating_add(count);
        if let Some((rows, total)) = groups::rows(tree, node, &this.rows, &window) {
            (this.rows, this.total) = (rows, total);
        } else {
            this.rows = this.rows.into_iter().skip(from).take(count).collect();
        }
    }
    let end = node.body_start() + node.fields_len;
    for row in &mut this.rows {
        // The row of a list whose entries could not all be read was never closed.
        row.end = row.end.clamp(row.start, end.max(row.start));
        if row.name == "sample_count" && row.meaning.is_empty() {
            row.meaning.clone_from(&iv_note);
        }
    }
    Ok(this)
}

fn add_rows(tree: &Tree<'_>, node: &Node, known: Known, iv_size: u8, sink: &mut RowSink) -> Result<()> {
    let mut body = tree.fields(node);
    // QuickTime's `meta` has no version and flags, and so no fields at all.
    let is_bare = node.fields_len == 0 && !node.children.is_empty();
    match known {
        _ if is_bare => Ok(()),
        Known::Declared(declaration) => declaration.rows(&mut body, iv_size, sink),
        Known::Named(_) | Known::Unknown => {
            if !body.is_empty() {
                let end = node.body_start() + node.fields_len;
                sink.push("data", body.offset(), end, || (Bytes(body.rest().to_vec()).show(), String::new()));
            }
            Ok(())
        }
    }
}

/// Bytes per IV of a sample encryption box, and how that is known.
fn iv_size(
    tree: &Tree<'_>,
    node: &Node,
    around: &[&Node],
    iv_sizes: &dyn Fn(u32) -> Option<u8>,
) -> (u8, String) {
    let fits = |iv_size: u8| {
        if node.id().is(b"senc") {
            tree.read_with_iv::<SampleEncryption>(node, iv_size).is_ok_and(|senc| senc.rest.is_empty())
        } else {
            tree.read_with_iv::<PiffSampleEncryption>(node, iv_size).is_ok_and(|senc| senc.rest.is_empty())
        }
    };
    if !node.id().is(b"senc") && node.id() != piff::SAMPLE_ENCRYPTION {
        return (0, String::new());
    }
    if let Ok(senc) = tree.read_with_iv::<PiffSampleEncryption>(node, 0)
        && senc.head.has(piff::OVERRIDE)
        && node.id() == piff::SAMPLE_ENCRYPTION
    {
        return (senc.iv_size, format!("IVs of {} bytes, as this box says", senc.iv_size));
    }
    let known = around.iter().rev().find_map(|node| track_id(tree, node)).and_then(iv_sizes);
    if let Some(known) = known.filter(|&known| fits(known)) {
        return (known, format!("IVs of {known} bytes, as the track says"));
    }
    match (IV_SIZES.into_iter().find(|&guess| fits(guess)), known) {
        (Some(guess), Some(known)) => {
            (guess, format!("IVs of {guess} bytes fit this box; the track says {known}"))
        }
        (Some(guess), None) => (guess, format!("IVs of {guess} bytes, guessed: that size fits this box")),
        (None, known) => (known.unwrap_or(8), "no IV size fits this box".to_owned()),
    }
}

/// The track a box belongs to, by the header inside: `traf` or `trak`.
fn track_id(tree: &Tree<'_>, node: &Node) -> Option<u32> {
    if let Some(header) = node.child(b"tfhd") {
        return tree.read::<TrackFragmentHeader>(header).ok().map(|header| header.track_id);
    }
    tree.read::<TrackHeader>(node.child(b"tkhd")?).ok().map(|header| header.track_id)
}
