//! Edits to a tree, and writing it out: what no edit touches is copied as it stood.

use crate::bytes::units::len_u64;
use crate::bytes::{ByKey, Reader, Writer};

use super::header::{BoxHeader, BoxId, SizeForm};
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
    renamed: Option<BoxId>,
    /// Whether what stands behind the last child goes.
    cut: bool,
    /// Whether bytes of it are put right after it is written.
    patched: bool,
}

/// Changes to the boxes of one tree, by the boxes' places. Each call names a box of the tree the edits are for.
#[derive(Debug, Default)]
pub struct Edits {
    changes: ByKey<Change>,
}

impl Edits {
    /// No edits.
    pub fn new() -> Self {
        Self::default()
    }

    fn change(&mut self, node: &Node) -> &mut Change {
        self.changes.entry(node.start, Change::default())
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
    pub fn rename(&mut self, node: &Node, id: BoxId) {
        self.change(node).renamed = Some(id);
    }

    /// Takes out what stands behind the last child of `node` and is no box.
    pub fn cut_rest(&mut self, node: &Node) {
        self.change(node).cut = true;
    }

    /// Notes that bytes of `node` are put right in what [`apply`](Self::apply) has written.
    pub fn note_patch(&mut self, node: &Node) {
        self.change(node).patched = true;
    }

    /// Whether `node` is taken out.
    pub fn removes(&self, node: &Node) -> bool {
        self.changes.get(node.start).and_then(|change| change.instead.as_ref()).is_some_and(Vec::is_empty)
    }

    fn touches(&self, node: &Node) -> bool {
        self.changes.has_in(node.start..node.end())
    }

    /// The tree's bytes with the edits made and the sizes of enclosing boxes adjusted.
    pub fn apply(&self, tree: &Tree<'_>) -> Vec<u8> {
        self.write(tree, None).w.into_bytes()
    }

    /// As [`apply`](Self::apply), and where the bytes went that were kept.
    pub fn apply_and_follow(&self, tree: &Tree<'_>) -> (Vec<u8>, Kept) {
        let output = self.write(tree, Some(Kept::default()));
        (output.w.into_bytes(), output.kept.unwrap_or_default())
    }

    fn write(&self, tree: &Tree<'_>, kept: Option<Kept>) -> Output {
        let mut output = Output { w: Writer::with_room(tree.bytes().len()), kept };
        self.write_node(tree, tree.root(), &mut output);
        output
    }

    fn write_node(&self, tree: &Tree<'_>, node: &Node, output: &mut Output) {
        let Some(change) = self.changes.get(node.start) else {
            self.write_kept(tree, node, None, output);
            return;
        };
        output.w.bytes(&change.before);
        match &change.instead {
            Some(boxes) => output.w.bytes(boxes),
            None => self.write_kept(tree, node, Some(change), output),
        }
        output.w.bytes(&change.after);
    }

    fn write_kept(&self, tree: &Tree<'_>, node: &Node, change: Option<&Change>, output: &mut Output) {
        if !self.touches(node) {
            output.copy(tree, node.start, node.end());
            return;
        }
        let mut header = node.header;
        header.id = change.and_then(|change| change.renamed).unwrap_or(header.id);
        if header.form == SizeForm::ToEnd {
            // It may stand elsewhere now, where the end of the file is not its own.
            header.form = SizeForm::Short;
        }
        // Written at once, to be put right when the size is known: a body of its own for each level would be copied as
        // often as it is deep.
        let start = output.w.len();
        header.write(&mut output.w);
        let body_start = output.w.len();
        let fields_end = node.body_start() + node.fields_len;
        match change.and_then(|change| change.fields.as_deref()) {
            Some(fields) => output.w.bytes(fields),
            None => output.copy(tree, node.body_start(), fields_end),
        }
        for child in &node.children {
            self.write_node(tree, child, output);
        }
        if let Some(change) = change {
            output.w.bytes(&change.appended);
        }
        // Whatever stands behind the last child, readable or not.
        if !change.is_some_and(|change| change.cut) {
            output.copy(tree, node.boxes_end(), node.end());
        }
        let mut front = Writer::new();
        header.resized(len_u64(output.w.len() - body_start)).write(&mut front);
        output.w.replace(start, body_start - start, front.as_slice());
    }

    /// Gives `take` each box that is touched: the types of the boxes around it, its own, and what happens to it.
    /// Boxes around a touched one change in size alone, and are not given.
    pub fn for_each_touched(&self, tree: &Tree<'_>, take: &mut dyn FnMut(&str, BoxId, Action)) {
        self.touched_in(tree.root(), "", take);
    }

    fn touched_in(&self, node: &Node, parent: &str, take: &mut dyn FnMut(&str, BoxId, Action)) {
        if !self.touches(node) {
            return;
        }
        let name = node.id().four_cc().text();
        let inside = match (parent, &*name) {
            ("", _) => name,
            // What stands between says nothing, and a file may have sample entries of any number of types.
            ("moov/trak", _) => "moov/trak/…".to_owned(),
            ("moov/trak/…", "stsd") => format!("{parent}/stsd"),
            ("moov/trak/…" | "moov/trak/…/stsd", _) => parent.to_owned(),
            _ => format!("{parent}/{name}"),
        };
        let change = self.changes.get(node.start);
        let added = |boxes: &[u8], parent: &str, take: &mut dyn FnMut(&str, BoxId, Action)| {
            let mut r = Reader::new(boxes, 0);
            while let Ok(header) = BoxHeader::read(&mut r.clone(), len_u64(r.remaining())) {
                take(parent, header.id, Action::Add);
                if r.sub(header.size, "A box").is_err() {
                    break;
                }
            }
        };
        if let Some(change) = change {
            added(&change.before, parent, take);
            match &change.instead {
                Some(boxes) if boxes.is_empty() => take(parent, node.id(), Action::Remove),
                Some(_) => take(parent, node.id(), Action::Change),
                None if change.fields.is_some() || change.renamed.is_some() || change.patched => {
                    take(parent, node.id(), Action::Change);
                }
                None => {}
            }
        }
        if change.is_none_or(|change| change.instead.is_none()) {
            for child in &node.children {
                self.touched_in(child, &inside, take);
            }
        }
        if let Some(change) = change {
            added(&change.appended, &inside, take);
            added(&change.after, parent, take);
        }
    }
}

/// What happens to a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It appears.
    Add,
    /// It changes in place.
    Change,
    /// It goes.
    Remove,
}

impl Action {
    /// The name in the public module.
    pub fn name(self) -> &'static str {
        match self {
            Action::Add => "add",
            Action::Change => "change",
            Action::Remove => "remove",
        }
    }
}

/// Where kept bytes went.
#[derive(Debug, Default)]
pub struct Kept {
    /// File offset of a stretch, its bytes, and where it stands in what was written; ascending.
    stretches: Vec<(u64, u64, u64)>,
}

impl Kept {
    /// Where the byte at file offset `offset` stands in what was written; `None` when it was not kept.
    pub fn place(&self, offset: u64) -> Option<u64> {
        let behind = self.stretches.partition_point(|(start, _, _)| *start <= offset);
        let (start, len, place) = self.stretches.get(behind.checked_sub(1)?)?;
        let inside = offset - start;
        (inside < *len).then_some(place + inside)
    }
}

/// What is written, and where it came from when that is asked for.
struct Output {
    w: Writer,
    kept: Option<Kept>,
}

impl Output {
    fn copy(&mut self, tree: &Tree<'_>, start: u64, end: u64) {
        if let Some(kept) = &mut self.kept
            && end > start
        {
            kept.stretches.push((start, end - start, len_u64(self.w.len())));
        }
        self.w.bytes(tree.slice(start, end));
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
        let mut touched = Vec::new();
        edits.for_each_touched(&tree, &mut |parent, id, action| {
            touched.push((parent.to_owned(), id.to_string(), action));
        });
        let touch = |parent: &str, id: &str, action| (parent.to_owned(), id.to_owned(), action);
        assert_eq!(touched, [touch("moov/udta", "wxyz", Action::Add), touch("moov", "free", Action::Remove)]);
        let (_, kept) = edits.apply_and_follow(&tree);
        // The body of 'abcd' keeps its place, the zeros behind it moved by 9 bytes, 'free' is gone.
        assert_eq!([24, 25, 26, 30, 34].map(|at| kept.place(at)), [Some(24), Some(25), Some(35), None, None]);
        let expected = b"\0\0\0\x27moov\0\0\0\x1fudta\0\0\0\x0aabcd12\0\0\0\x09wxyz!\0\0\0\0";
        assert_eq!(edits.apply(&tree), expected);
    }
}
