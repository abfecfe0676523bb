//! Boxes as the nodes of a tree view, and the way back from a node's path to its box.

use std::collections::BTreeMap;

use crate::boxes::header::four;
use crate::boxes::{BoxId, Node, Tree, registry, scoped, tree::path_segment};

use super::notes::note;

/// One box for a tree view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeView {
    /// Where it is: `moov/trak[1]/mdia`.
    pub path: String,
    /// Its four-character code as text.
    pub kind: String,
    /// Human name.
    pub name: String,
    /// Its user type, for `uuid` boxes.
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
    pub children: Option<Vec<NodeView>>,
    /// A few words on what is in it.
    pub note: Option<String>,
    /// What is wrong with it, as a plain sentence.
    pub problem: Option<String>,
}

/// The outermost box of `tree` and `depth` levels of boxes inside. `top` is its path segment, which only the caller
/// knows: `moof[3]` for the fourth `moof` of the file.
pub fn view(tree: &Tree<'_>, top: &str, depth: usize) -> NodeView {
    view_node(tree, tree.root(), None, top.to_owned(), depth)
}

/// The box at `path` of `tree` as a view, with `depth` levels inside; `None` when there is no such box.
pub fn view_at(tree: &Tree<'_>, path: &str, depth: usize) -> Option<NodeView> {
    let (node, parent) = find(tree, path)?;
    Some(view_node(tree, node, parent, path.to_owned(), depth))
}

fn view_node(tree: &Tree<'_>, node: &Node, parent: Option<&Node>, path: String, depth: usize) -> NodeView {
    let id = node.id();
    let children = (depth > 0 && !node.children.is_empty()).then(|| {
        segments(node)
            .map(|(child, segment)| {
                view_node(tree, child, Some(node), format!("{path}/{segment}"), depth - 1)
            })
            .collect()
    });
    NodeView {
        kind: id.four_cc().text(),
        name: human_name(id, parent.map(Node::id)),
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
pub(super) fn human_name(id: BoxId, parent: Option<BoxId>) -> String {
    let name = registry::lookup(id, parent).name();
    let code = id.four_cc();
    let more = match parent {
        Some(parent) if parent == four(b"ilst") => scoped::tag_name(code),
        Some(parent) if parent == four(b"tref") => scoped::reference_name(code),
        Some(parent) if parent == four(b"udta") && code.0.starts_with(b"\xA9") => scoped::tag_name(code),
        _ => "",
    };
    if more.is_empty() { name.to_owned() } else { format!("{name}: {more}") }
}

/// The children of a box with their path segments: numbered among those of the same type.
fn segments(node: &Node) -> impl Iterator<Item = (&Node, String)> {
    let mut counts: BTreeMap<BoxId, usize> = BTreeMap::new();
    node.children.iter().map(move |child| {
        let count = counts.entry(child.id()).or_default();
        let segment = path_segment(child.id(), *count);
        *count += 1;
        (child, segment)
    })
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
    for (child, segment) in segments(node) {
        let Some(rest) = path.strip_prefix(segment.as_str()) else { continue };
        if rest.is_empty() || rest.starts_with('/') {
            chain.push(child);
            if descend(rest, chain) {
                return true;
            }
            chain.pop();
        }
    }
    false
}
