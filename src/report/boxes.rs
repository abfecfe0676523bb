//! Boxes and their fields as JavaScript sees them.

use serde::Serialize;

use crate::boxes::{BoxId, Row, Tree, registry};
use crate::bytes::units::{sort_pairs, to_len};
use crate::bytes::{Error, Result, limits};
use crate::inspect::{self, BoxFields, BoxNode};
use crate::output::summary;
use crate::track::Index;
use crate::track::top::{Paths, TopBox};

use super::Range;

/// A box and its fields.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BoxView {
    /// The box, without those in it.
    pub node: BoxNode,
    /// Specification clause; empty for unknown boxes.
    pub clause: String,
    /// What the box is for.
    pub about: String,
    /// The rows of the window.
    pub fields: Vec<Row>,
    /// Number of the first of them.
    pub from: usize,
    /// How many rows there are in all.
    pub field_count: usize,
    /// Decoded payloads.
    pub texts: Vec<Text>,
}

/// A decoded payload.
#[derive(Clone, Debug, Serialize)]
pub struct Text {
    /// What it is.
    pub title: String,
    /// The text.
    pub text: String,
}

/// Top-level boxes, `count` from number `from` on, [`limits::LISTED`] at most; the movie header and the index with what
/// is in them, where that is not more. `listed` is where the last call left off.
pub fn top_boxes(index: &Index, listed: &mut Paths, from: usize, count: usize) -> Vec<BoxNode> {
    listed.go_to(&index.top, from);
    let boxes = core::iter::from_fn(|| listed.next(&index.top)).take(count.min(limits::LISTED));
    marked(index, boxes.map(|(top, path)| top_view(index, &top, path)).collect())
}

/// The range of the top-level box that `path` is in, when its bytes are wanted by [`children`] and [`box_view`]: boxes
/// that are held, or too large to read, are not.
pub fn wanted(index: &Index, path: &str) -> Result<Option<Range>> {
    let (top, _) = find(index, path)?;
    let wanted = top.is_read() && index.held(&top).is_none();
    Ok(wanted.then_some(Range { start: top.start, len: top.size }))
}

/// The children of the box at `path`, `count` from number `from` on, [`limits::LISTED`] at most. `bytes` are those
/// [`wanted`].
pub fn children(index: &Index, path: &str, bytes: &[u8], from: usize, count: usize) -> Result<Vec<BoxNode>> {
    let (top, _) = find(index, path)?;
    if !top.is_read() {
        return Ok(Vec::new());
    }
    let mut read = None;
    let tree = tree_of(index, &top, bytes, &mut read)?;
    let children = inspect::children_at(tree, path, from, count.min(limits::LISTED));
    Ok(marked(index, children.unwrap_or_default()))
}

/// The range outside of the top-level box that `path` is in, when its bytes are wanted by [`box_view`] as well: IVs to
/// which only `saio` leads.
pub fn outside(index: &Index, path: &str, bytes: &[u8]) -> Result<Option<Range>> {
    let (top, _) = find(index, path)?;
    if !top.is_read() || !path.ends_with("/saio") && !path.ends_with("/saiz") {
        return Ok(None);
    }
    let mut read = None;
    let tree = tree_of(index, &top, bytes, &mut read)?;
    let found = inspect::outside(tree, path, index.moov.as_ref());
    let found = found.filter(|found| found.start.saturating_add(found.len) <= index.file_len);
    Ok(found.map(|found| Range { start: found.start, len: found.len }))
}

/// The box at `path`, with `count` rows from row `from` on. `bytes` are those [`wanted`], `beside` those [`outside`].
pub fn box_view(
    index: &Index,
    path: &str,
    bytes: &[u8],
    beside: &[u8],
    from: usize,
    count: usize,
) -> Result<BoxView> {
    let (top, top_path) = find(index, path)?;
    if !top.is_read() {
        let node = top_view(index, &top, top_path.to_owned());
        return Ok(view(index, node, unread_fields(&top)));
    }
    let mut read = None;
    let tree = tree_of(index, &top, bytes, &mut read)?;
    let node = inspect::view_at(tree, path).ok_or_else(|| no_box(path))?;
    let (count, moov) = (count.min(limits::LISTED), index.moov.as_ref());
    let mut fields = inspect::fields(tree, path, from, count, moov)?;
    if let (false, Some(outside)) = (beside.is_empty(), inspect::outside(tree, path, moov)) {
        inspect::add_outside(&mut fields, &outside, beside, count);
    }
    Ok(view(index, node, fields))
}

/// The boxes, marked where one or one inside is at fault.
fn marked(index: &Index, mut boxes: Vec<BoxNode>) -> Vec<BoxNode> {
    let faults: Vec<&Error> = index.faults().collect();
    let place = |fault: &&Error| fault.box_start().or(fault.offset()).unwrap_or(u64::MAX);
    let mut places: Vec<(u64, u64)> = faults.iter().map(place).zip(0..).collect();
    sort_pairs(&mut places);
    boxes.iter_mut().for_each(|node| mark(node, &places, &faults));
    boxes
}

fn mark(node: &mut BoxNode, places: &[(u64, u64)], faults: &[&Error]) {
    let first = places.partition_point(|(place, _)| *place < node.start);
    let found = places.get(first).filter(|(place, _)| *place - node.start < node.size);
    let fault = found.and_then(|(_, number)| faults.get(to_len(*number)));
    if let (None, Some(fault)) = (&node.problem, fault) {
        node.problem = Some(fault.message().to_owned());
    }
    node.children.iter_mut().flatten().for_each(|child| mark(child, places, faults));
}

fn view(index: &Index, node: BoxNode, fields: BoxFields) -> BoxView {
    let mut node = marked(index, vec![node]).remove(0);
    node.problem = node.problem.or(fields.problem);
    BoxView {
        node,
        clause: fields.clause,
        about: fields.about,
        fields: fields.rows,
        from: fields.from,
        field_count: fields.total,
        texts: fields.texts.into_iter().map(|(title, text)| Text { title, text }).collect(),
    }
}

/// The top-level box that `path` is in, and its path.
fn find<'p>(index: &Index, path: &'p str) -> Result<(TopBox, &'p str)> {
    index.top.find(path).ok_or_else(|| no_box(path))
}

fn no_box(path: &str) -> Error {
    Error::caller("no-such-box", "path", format!("There is no box at “{path}”."))
}

/// The tree of a top-level box: the one kept, else one read from its bytes.
fn tree_of<'t>(
    index: &'t Index,
    top: &TopBox,
    bytes: &'t [u8],
    read: &'t mut Option<Tree<'t>>,
) -> Result<&'t Tree<'t>> {
    match index.held(top) {
        Some(tree) => Ok(tree),
        None => Ok(read.insert(top.tree(bytes)?)),
    }
}

fn unread_fields(top: &TopBox) -> BoxFields {
    let known = registry::lookup(top.id, None);
    let (start, end) = (top.start + top.header_len, top.end());
    BoxFields {
        name: known.name().to_owned(),
        clause: known.clause().to_owned(),
        about: known.about().to_owned(),
        rows: vec![Row {
            name: "data".to_owned(),
            value: format!("{} bytes", end - start),
            meaning: String::new(),
            start,
            end,
            depth: 0,
        }],
        from: 0,
        total: 1,
        texts: Vec::new(),
        problem: None,
    }
}

/// A top-level box as the tree shows it; with what is in it where that is held.
pub(super) fn top_view(index: &Index, top: &TopBox, path: String) -> BoxNode {
    if let Some(tree) = index.held(top) {
        return inspect::view(tree, &path);
    }
    let fragment = index.fragment_at(top.start);
    let parts = fragment.map(|fragment| index.parts(fragment));
    BoxNode {
        path,
        kind: top.id.four_cc().text(),
        name: registry::lookup(top.id, None).name().to_owned(),
        uuid: match top.id {
            BoxId::Uuid(user_type) => Some(user_type.to_string()),
            BoxId::Four(_) => None,
        },
        start: top.start,
        size: top.size,
        header_size: top.header_len,
        // A moof has an mfhd beside its trafs; what it really has is known when it is opened.
        child_count: parts.map_or(0, |parts| parts.len() + 1),
        children: None,
        note: parts.map(|parts| summary::fragment_note(index, parts)),
        problem: None,
    }
}
