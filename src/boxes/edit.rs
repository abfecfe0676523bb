//! Edits to a tree, and writing it out: what no edit touches is copied as it stood.

use std::collections::BTreeMap;

use crate::bytes::Writer;
use crate::bytes::units::len_u64;

use super::tree::{Node, Tree};

/// What becomes of one box.
#[derive(Debug, Default)]
struct Change {
    before: Vec<u8>,
    /// `None` keeps the box; `Some` puts these bytes (whole boxes, or nothing) in its place.
    instead: Option<Vec<u8>>,
    after: Vec<u8>,
    /// Bytes put behind the last child.
    appended: Vec<u8>,
    /// New bytes for the box's own fields, children kept.
    fields: Option<Vec<u8>>,
    /// A new type.
    renamed: Option<super::BoxId>,
}

/// Changes to the boxes of one tree, by the boxes' places. Each call names a box of the tree the edits are for.
#[derive(Debug, Default)]
pub struct Edits {
    changes: BTreeMap<u64, Change>,
}

impl Edits {
    /// No edits.
    pub fn new() -> Self {
        Self::default()
    }

    fn change(&mut self, node: &Node) -> &mut Change {
        self.changes.entry(node.start).or_default()
    }

    /// Puts whole boxes in front of `node`, behind earlier ones put there.
    pub fn insert_before(&mut self, node: &Node, boxes: &[u8]) {
        self.change(node).before.extend_from_slice(boxes);
    }

    /// Puts whole boxes behind `node`, behind earlier ones put there.
    pub fn insert_after(&mut self, node: &Node, boxes: &[u8]) {
        self.change(node).after.extend_from_slice(boxes);
    }

    /// Puts whole boxes behind the last child of `node`.
    pub fn append(&mut self, node: &Node, boxes: &[u8]) {
        self.change(node).appended.extend_from_slice(boxes);
    }

    /// Puts whole boxes in place of `node`.
    pub fn replace(&mut self, node: &Node, boxes: Vec<u8>) {
        self.change(node).instead = Some(boxes);
    }

    /// Takes `node` out.
    pub fn remove(&mut self, node: &Node) {
        self.replace(node, Vec::new());
    }

    /// Gives `node` new fields; its children stay.
    pub fn set_fields(&mut self, node: &Node, fields: Vec<u8>) {
        self.change(node).fields = Some(fields);
    }

    /// Gives `node` a new type.
    pub fn rename(&mut self, node: &Node, id: super::BoxId) {
        self.change(node).renamed = Some(id);
    }

    fn touches(&self, node: &Node) -> bool {
        self.changes.range(node.start..node.end()).next().is_some()
    }

    /// The tree's bytes with the edits made and the sizes of enclosing boxes adjusted.
    pub fn apply(&self, tree: &Tree<'_>) -> Vec<u8> {
        let mut w = Writer::with_room(tree.bytes().len());
        self.write_node(tree, tree.root(), &mut w);
        w.into_bytes()
    }

    fn write_node(&self, tree: &Tree<'_>, node: &Node, w: &mut Writer) {
        let Some(change) = self.changes.get(&node.start) else {
            self.write_kept(tree, node, None, w);
            return;
        };
        w.bytes(&change.before);
        match &change.instead {
            Some(boxes) => w.bytes(boxes),
            None => self.write_kept(tree, node, Some(change), w),
        }
        w.bytes(&change.after);
    }

    fn write_kept(&self, tree: &Tree<'_>, node: &Node, change: Option<&Change>, w: &mut Writer) {
        if !self.touches(node) {
            w.bytes(tree.slice(node.start, node.end()));
            return;
        }
        let mut header = node.header;
        header.id = change.and_then(|change| change.renamed).unwrap_or(header.id);
        // Written at once, to be put right when the size is known: a body of its own for each level would be copied as
        // often as it is deep.
        let start = w.len();
        header.write(w);
        let body_start = w.len();
        let fields_end = node.body_start() + node.fields_len;
        match change.and_then(|change| change.fields.as_deref()) {
            Some(fields) => w.bytes(fields),
            None => w.bytes(tree.slice(node.body_start(), fields_end)),
        }
        for child in &node.children {
            self.write_node(tree, child, w);
        }
        if let Some(change) = change {
            w.bytes(&change.appended);
        }
        // Whatever stands behind the last child, readable or not.
        let children_end = node.children.last().map_or(fields_end, Node::end);
        w.bytes(tree.slice(children_end, node.end()));
        let mut front = Writer::new();
        header.resized(len_u64(w.len() - body_start)).write(&mut front);
        w.replace(start, body_start - start, front.as_slice());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::FourCc;

    fn tree_bytes() -> Vec<u8> {
        let mut w = Writer::new();
        w.nested(FourCc(*b"moov"), |w| {
            w.nested(FourCc(*b"udta"), |w| {
                w.nested(FourCc(*b"abcd"), |w| w.bytes(b"12"));
                w.bytes(&[0; 4]);
            });
            w.nested(FourCc(*b"free"), |_| {});
        });
        w.into_bytes()
    }

    #[test]
    fn without_edits_the_bytes_are_the_same() {
        let bytes = tree_bytes();
        let tree = Tree::parse(&bytes[..], 77).unwrap();
        assert_eq!(Edits::new().apply(&tree), bytes);
    }

    #[test]
    fn an_edit_moves_nothing_it_does_not_touch() {
        let bytes = tree_bytes();
        let tree = Tree::parse(&bytes[..], 0).unwrap();
        let udta = &tree.root().children[0];
        let mut edits = Edits::new();
        edits.insert_after(&udta.children[0], b"\0\0\0\x09wxyz!");
        edits.remove(&tree.root().children[1]);
        let expected = b"\0\0\0\x27moov\0\0\0\x1fudta\0\0\0\x0aabcd12\0\0\0\x09wxyz!\0\0\0\0";
        assert_eq!(edits.apply(&tree), expected);
    }
}
