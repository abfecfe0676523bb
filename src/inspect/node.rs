//! Boxes as the nodes of a tree view, and the way back from a node's path to its box.

use core::ops::Range;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::boxes::header::four;
use crate::boxes::sample_types;
use crate::boxes::tree::{matching, path_segment};
use crate::boxes::{BoxId, Node, Tree, registry, scoped};
use crate::bytes::limits;

use super::notes::note;

/// One box for a tree view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BoxNode {
    /// Where it is: `moov/trak[1]/mdia`.
    pub path: String,
    /// Its four-character code as text.
    #[serde(rename = "type")]
    pub kind: String,
    /// Human name.
    pub name: String,
    /// Its user type, for `uuid` boxes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// File offset of the first byte.
    pub start: u64,
    /// Bytes of the whole box.
    pub size: u64,
    /// Bytes of its header.
    pub header_size: u64,
    /// How many boxes are directly inside.
    pub child_count: usize,
    /// Those boxes; `None` when the view ends here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub children: Option<Vec<BoxNode>>,
    /// A few words on what is in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What is wrong with it, as a plain sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The outermost box of `tree` and all boxes inside, unless they are more than [`limits::LISTED`]. `top` is its path
/// segment, which only the caller knows: `moof[3]` for the fourth `moof` of the file.
pub fn view(tree: &Tree<'_>, top: &str) -> BoxNode {
    let whole = is_listed(tree.root(), &mut limits::LISTED.clone());
    view_node(tree, tree.root(), None, top.to_owned(), whole)
}

/// The box at `path` of `tree` as a view, without those inside; `None` when there is no such box.
pub fn view_at(tree: &Tree<'_>, path: &str) -> Option<BoxNode> {
    let (node, parent) = find(tree, path)?;
    Some(view_node(tree, node, parent, path.to_owned(), false))
}

/// The boxes inside the one at `path`, `count` from number `from` on; `None` when there is no such box.
pub fn children_at(tree: &Tree<'_>, path: &str, from: usize, count: usize) -> Option<Vec<BoxNode>> {
    let (node, _) = find(tree, path)?;
    let window = from..from.saturating_add(count);
    Some(children(tree, node, path, window, false))
}

/// Whether a box and all inside are no more than are `left`.
fn is_listed(node: &Node, left: &mut usize) -> bool {
    *left = left.saturating_sub(1);
    *left > 0 && node.children.iter().all(|child| is_listed(child, left))
}

/// The children of a box, each with its number among those of its type.
pub(super) fn numbered(node: &Node) -> impl Iterator<Item = (usize, &Node)> {
    let mut counts: BTreeMap<BoxId, usize> = BTreeMap::new();
    node.children.iter().map(move |child| {
        let count = counts.entry(child.id()).or_default();
        *count += 1;
        (*count - 1, child)
    })
}

/// The children of a box in a window: numbered, in their paths, among those of the same type.
fn children(tree: &Tree<'_>, node: &Node, path: &str, window: Range<usize>, whole: bool) -> Vec<BoxNode> {
    let listed = numbered(node).take(window.end).skip(window.start);
    let view = |(index, child): (usize, &Node)| {
        let path = format!("{path}/{}", path_segment(child.id(), index));
        view_node(tree, child, Some(node), path, whole)
    };
    listed.map(view).collect()
}

pub(super) fn view_node(
    tree: &Tree<'_>,
    node: &Node,
    parent: Option<&Node>,
    path: String,
    whole: bool,
) -> BoxNode {
    let id = node.id();
    let children = (whole && !node.children.is_empty())
        .then(|| children(tree, node, &path, 0..node.children.len(), whole));
    BoxNode {
        kind: id.four_cc().text(),
        name: human_name(node, parent.map(Node::id)),
        uuid: match id {
            BoxId::Four(_) => None,
            BoxId::Uuid(user_type) => Some(user_type.to_string()),
        },
        start: node.start,
        size: node.header.size,
        header_size: node.header.header_len(),
        child_count: node.children.len(),
        children,
        note: note(tree, node, parent),
        problem: node.problem.as_ref().map(ToString::to_string),
        path,
    }
}

/// The name of a box; of tags and references also what they are about.
pub(super) fn human_name(node: &Node, parent: Option<BoxId>) -> String {
    let code = node.id().four_cc();
    let name = registry::known(node, parent).name();
    let more = match parent {
        Some(parent) if parent == four(b"ilst") => scoped::tag_name(code),
        Some(parent) if parent == four(b"tref") => scoped::reference_name(code),
        Some(parent) if parent == four(b"udta") && code.0.starts_with(b"\xA9") => scoped::tag_name(code),
        Some(parent) if parent == four(b"stsd") => {
            sample_types::registered(code, node.media).map_or("", |(_, name)| name)
        }
        _ => "",
    };
    if more.is_empty() { name.to_owned() } else { format!("{name}: {more}") }
}

/// The box at `path`, and the box around it. The first segment stands for the outermost box, whatever it says.
pub fn find<'t>(tree: &'t Tree<'_>, path: &str) -> Option<(&'t Node, Option<&'t Node>)> {
    let chain = chain(tree, path)?;
    let parent = chain.len().checked_sub(2).and_then(|at| chain.get(at).copied());
    chain.last().map(|&node| (node, parent))
}

/// All boxes from the outermost to the one at `path`.
pub(super) fn chain<'t>(tree: &'t Tree<'_>, path: &str) -> Option<Vec<&'t Node>> {
    let mut chain = vec![tree.root()];
    let root = path_after(path, &tree.root().id().four_cc().text())?;
    descend(root, &mut chain).then_some(chain)
}

/// What of `path` comes after its first segment, which starts with the type's text: types may hold a slash.
fn path_after<'p>(path: &'p str, kind: &str) -> Option<&'p str> {
    let after = path.strip_prefix(kind)?;
    Some(after.find('/').map_or("", |at| after.get(at..).unwrap_or_default()))
}

/// Follows `path`, which is empty or starts with a slash. A type may itself hold a slash, so a segment is matched
/// whole, and another child is tried when the rest of the path fails.
fn descend(path: &str, chain: &mut Vec<&Node>) -> bool {
    let Some(path) = path.strip_prefix('/') else { return path.is_empty() };
    let Some(&node) = chain.last() else { return false };
    for (number, rest) in matching(&mut node.children.iter().map(Node::id), path) {
        let Some(child) = node.children.get(number) else { continue };
        chain.push(child);
        if descend(rest, chain) {
            return true;
        }
        chain.pop();
    }
    false
}
