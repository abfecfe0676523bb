//! The lossless box tree: where each box stands in the bytes, nothing decoded, nothing dropped.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Error, FourCc, Reader, Result, limits};

use super::declare::{BoxBody, Fields, UNKNOWN_VERSION, Walk};
use super::header::{BoxHeader, BoxId, SizeForm};
use super::media::media_of;
use super::registry;
use super::rows::RowSink;
use super::sample_types::Layout;
use super::wire::Context;

/// One box of a tree.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its header, as it stood.
    pub header: BoxHeader,
    /// File offset of its first byte.
    pub start: u64,
    /// Bytes of its own fields, between header and first child; the whole body for boxes without children.
    pub fields_len: u64,
    /// Its child boxes, in file order.
    pub children: Box<[Node]>,
    /// Why its children, or some of them, could not be read.
    pub problem: Option<Error>,
    /// Of a track: what its media is, which says what a sample entry is whose type is one of pictures and of sound.
    pub media: Layout,
}

impl Node {
    /// What kind of box.
    pub fn id(&self) -> BoxId {
        self.header.id
    }

    /// File offset after its last byte.
    pub fn end(&self) -> u64 {
        self.start.saturating_add(self.header.size)
    }

    /// File offset of its body.
    pub fn body_start(&self) -> u64 {
        self.start + self.header.header_len()
    }

    /// File offset after its last child, or after its fields where it has none.
    pub fn boxes_end(&self) -> u64 {
        self.children.last().map_or(self.body_start().saturating_add(self.fields_len), Node::end)
    }

    /// The children of type `code`.
    pub fn all<'a>(&'a self, code: &'a [u8; 4]) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter(move |child| child.id().is(code))
    }

    /// The first child of type `code`.
    pub fn child(&self, code: &[u8; 4]) -> Option<&Node> {
        self.children.iter().find(|child| child.id().is(code))
    }

    /// The first child of type `id`.
    pub fn child_id(&self, id: BoxId) -> Option<&Node> {
        self.children.iter().find(|child| child.id() == id)
    }

    /// All children of a type.
    pub fn all_id(&self, id: BoxId) -> impl Iterator<Item = &Node> {
        self.children.iter().filter(move |child| child.id() == id)
    }

    /// The first descendant along `path`.
    pub fn descend(&self, path: &[&[u8; 4]]) -> Option<&Node> {
        path.iter().try_fold(self, |node, code| node.child(code))
    }

    /// Gives `take` this box and all below, in file order.
    pub fn for_each<'n>(&'n self, take: &mut dyn FnMut(&'n Node)) {
        take(self);
        self.children.iter().for_each(|child| child.for_each(take));
    }

    /// The first problem in this box or below.
    pub fn first_problem(&self) -> Option<&Error> {
        self.problem.as_ref().or_else(|| self.children.iter().find_map(Node::first_problem))
    }

    /// The path segment of `child`, one of this box's children: `trak`, or `trak[1]` for the second of its type.
    pub fn segment(&self, child: &Node) -> String {
        let same = self.children.iter().filter(|other| other.id() == child.id());
        let index = same.take_while(|other| other.start < child.start).count();
        path_segment(child.id(), index)
    }
}

/// `trak`, or `trak[1]` for the second of its type among its siblings. User types stand as `uuid:` and their first
/// eight digits, so that a path says which.
pub fn path_segment(id: BoxId, index: usize) -> String {
    let name = match id {
        BoxId::Four(code) => code.text(),
        BoxId::Uuid(user_type) => format!("uuid:{}", user_type.to_string().get(..8).unwrap_or_default()),
    };
    if index == 0 { name } else { format!("{name}[{index}]") }
}

/// Which boxes among siblings of the types `ids` have a segment that `path` begins with, and what of it comes behind:
/// nothing, or a slash and more. Types may hold a slash and user types share digits, so there may be several.
pub fn matching<'p>(ids: &mut dyn Iterator<Item = BoxId>, path: &'p str) -> Vec<(usize, &'p str)> {
    let mut found = Vec::new();
    let mut counts: BTreeMap<BoxId, usize> = BTreeMap::new();
    for (number, id) in ids.enumerate() {
        let Some((index, rest)) = indexed(id, path) else { continue };
        let count = counts.entry(id).or_default();
        if *count == index {
            found.push((number, rest));
        }
        *count += 1;
    }
    found
}

/// When `path` begins with the name of `id`: which of that type it asks for, and what comes behind.
fn indexed(id: BoxId, path: &str) -> Option<(usize, &str)> {
    // Nearly all are told apart without writing their names out.
    let after = match id {
        BoxId::Four(FourCc(code)) if code.iter().all(|byte| (b' '..=b'~').contains(byte)) => {
            path.as_bytes().starts_with(&code).then(|| path.get(code.len()..))?
        }
        BoxId::Uuid(_) if !path.starts_with("uuid:") => None,
        _ => path.strip_prefix(&*path_segment(id, 0)),
    }?;
    let (index, rest) = match after.strip_prefix('[').and_then(|after| after.split_once(']')) {
        Some((digits, rest)) => {
            // As it is written, and no other way.
            let is_plain = digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.starts_with('0');
            (digits.parse().ok().filter(|_| is_plain)?, rest)
        }
        None => (0, after),
    };
    (rest.is_empty() || rest.starts_with('/')).then_some((index, rest))
}

/// A box with all that is in it, and its bytes.
#[derive(Clone, Debug)]
pub struct Tree<'a> {
    bytes: Cow<'a, [u8]>,
    root: Node,
}

impl<'a> Tree<'a> {
    /// The tree of the box that `bytes` begin with, which stands at file offset `start`. Fails only when its own
    /// header is wrong; damage further in is noted in [`Node::problem`], and what can be read is read.
    pub fn parse(bytes: impl Into<Cow<'a, [u8]>>, start: u64) -> Result<Self> {
        let bytes = bytes.into();
        let mut r = Reader::new(&bytes, start);
        let mut boxes_left = limits::BOX_COUNT;
        let root = read_node(&mut r, None, Layout::Other, 0, &mut boxes_left)?;
        Ok(Self { bytes, root })
    }

    /// The tree of a box that has all of `bytes`, whatever size it claims.
    pub fn of_all(bytes: impl Into<Cow<'a, [u8]>>, start: u64) -> Result<Self> {
        let bytes = bytes.into();
        match BoxHeader::read(&mut Reader::new(&bytes, start), u64::MAX) {
            // Of one that claims more it is said that it does.
            Ok(header) if header.size >= len_u64(bytes.len()) => Self::parse(bytes, start),
            _ => Self::parse(resized(bytes.into_owned()), start),
        }
    }

    /// The outermost box.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The bytes of the whole tree.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of file range `start..end`, empty when they are not in this tree.
    pub fn slice(&self, start: u64, end: u64) -> &[u8] {
        let from = start.checked_sub(self.root.start).map_or(usize::MAX, to_len);
        let to = end.checked_sub(self.root.start).map_or(usize::MAX, to_len);
        self.bytes.get(from..to).unwrap_or_default()
    }

    /// A reader over a box's body: its fields, and its children where it has any.
    pub fn body(&self, node: &Node) -> Reader<'_> {
        Reader::new(self.slice(node.body_start(), node.end()), node.body_start())
    }

    /// A reader over a box's own fields.
    pub fn fields(&self, node: &Node) -> Reader<'_> {
        Reader::new(self.slice(node.body_start(), node.body_start() + node.fields_len), node.body_start())
    }

    /// Reads a box by its declaration.
    pub fn read<B: BoxBody>(&self, node: &Node) -> Result<B> {
        self.read_with_iv(node, 0)
    }

    /// Reads a sample encryption box of a track with IVs of `iv_size` bytes.
    pub fn read_with_iv<B: BoxBody>(&self, node: &Node, iv_size: u8) -> Result<B> {
        B::parse(&mut self.fields(node), iv_size)
            .map_err(|error| self.unreadable(node, B::DECLARATION.text, error))
    }

    /// Not in [`read_with_iv`](Self::read_with_iv), which is there once for each kind of box.
    #[cold]
    fn unreadable(&self, node: &Node, text: &str, error: Error) -> Error {
        let name = text.lines().next().unwrap_or_default();
        cannot_be_read(node, name, error).of_box(node.start, self.path_at(node.start))
    }

    /// Reads a box by its declaration, but for the entries of its lists: for boxes that may be long.
    pub fn skim<B: BoxBody + Fields + Default>(&self, node: &Node) -> Option<B> {
        let mut body = B::default();
        let mut sink = RowSink::blind();
        let cx = Context::default();
        body.walk(&mut Walk { r: &mut self.fields(node), cx, sink: Some(&mut sink) }).ok()?;
        Some(body)
    }

    /// The segments of the path to the innermost box that has the byte at this file offset, the outermost box as the
    /// first of its type.
    pub fn path_at(&self, offset: u64) -> Vec<String> {
        let mut node = &self.root;
        let mut path = vec![path_segment(node.id(), 0)];
        while let Some(child) =
            node.children.iter().find(|child| (child.start..child.end()).contains(&offset))
        {
            path.push(node.segment(child));
            node = child;
        }
        path
    }

    /// An error about something in this tree, with the path to the box that it is about.
    pub fn place(&self, error: Error) -> Error {
        let Some(offset) = error.offset() else { return error };
        let path = self.path_at(offset);
        let node = path.iter().skip(1).try_fold(&self.root, |node, segment| {
            node.children.iter().find(|child| node.segment(child) == *segment)
        });
        let start = node.map_or(self.root.start, |node| node.start);
        error.of_box(start, path)
    }

    /// The same tree, owning its bytes.
    pub fn into_owned(self) -> Tree<'static> {
        Tree { bytes: Cow::Owned(self.bytes.into_owned()), root: self.root }
    }
}

/// Reads a box, and goes on behind it: where its size is larger than it can be, behind what can be of it.
fn read_node(
    r: &mut Reader<'_>,
    parent: Option<BoxId>,
    media: Layout,
    depth: usize,
    boxes_left: &mut usize,
) -> Result<Node> {
    let node = read_ahead(*r, parent, media, depth, boxes_left)?;
    r.take(to_len(node.header.size), "A box")?;
    Ok(node)
}

fn read_ahead(
    mut r: Reader<'_>,
    parent: Option<BoxId>,
    media: Layout,
    depth: usize,
    boxes_left: &mut usize,
) -> Result<Node> {
    let start = r.offset();
    let (header, cut) = read_header(&r)?;
    if let Some(parent) = parent
        && header.form == SizeForm::ToEnd
        && r.rest().iter().all(|byte| *byte == 0)
    {
        return Err(padding(parent, header.size).at(start));
    }
    if depth > limits::BOX_DEPTH || *boxes_left == 0 {
        return Err(Error::limit(
            "too-many-boxes",
            format!(
                "Boxes are nested deeper than {} or number more than {}.",
                limits::BOX_DEPTH,
                limits::BOX_COUNT
            ),
        )
        .at(start));
    }
    *boxes_left -= 1;
    let mut body = r.sub(header.size, "A box")?;
    body.take(to_len(header.header_len()), "A box header")?;
    let media = media_of(header.id, parent, media, &body);
    let fields_len = header.body_len();
    let mut node = Node { header, start, fields_len, children: Box::default(), problem: cut, media };
    if let Some(parent) = parent
        && header.form == SizeForm::ToEnd
    {
        node.problem = Some(size_zero(header.id, parent).at(start));
    }
    let children_at = match children_start(header.id, parent, media, &body) {
        Ok(Some(children_at)) => children_at,
        Ok(None) => return Ok(node),
        // Of another version it may hold anything: it is shown as bytes.
        Err(error) if error.code() == UNKNOWN_VERSION => return Ok(node),
        Err(error) => {
            node.problem.get_or_insert(error.inside(header.id.to_string()));
            return Ok(node);
        }
    };
    node.fields_len = len_u64(children_at);
    body.take(children_at, "fields")?;
    let mut children = Vec::new();
    // Fewer than eight bytes cannot be a box: QuickTime ends user data with four zero bytes.
    while body.remaining() >= 8 {
        if let Some(stray) = outer(&body, header.id) {
            let size = body.offset() - start;
            node.problem.get_or_insert(swallows(&node, size, stray).at(start));
            node.header.size = size;
            break;
        }
        match read_node(&mut body, Some(header.id), media, depth + 1, boxes_left) {
            Ok(child) => {
                if let Some(place) = spilled(child.id(), header.id) {
                    let message = format!(
                        "Box '{}' stands in '{}', and must be in '{}': the size of a box before it is wrong. {WRITE_ANEW}",
                        child.id(),
                        header.id,
                        FourCc(*place)
                    );
                    node.problem.get_or_insert(Error::file("bad-box-size", message).at(child.start));
                }
                children.push(child);
            }
            Err(error) => {
                node.problem.get_or_insert(error.inside(header.id.to_string()));
                break;
            }
        }
    }
    node.children = children.into();
    Ok(node)
}

/// The bytes of a box, with a header that claims all of them.
pub fn resized(mut bytes: Vec<u8>) -> Vec<u8> {
    let is_long = bytes.starts_with(&[0, 0, 0, 1]);
    let size = len_u64(bytes.len());
    let short = u32::try_from(size).unwrap_or(0).to_be_bytes();
    let (place, field) = if is_long { (8..16, &size.to_be_bytes()[..]) } else { (0..4, &short[..]) };
    if let Some(place) = bytes.get_mut(place) {
        place.copy_from_slice(field);
    }
    bytes
}

/// The type of the next box in `parent`, when it is one that stands further out: the parent has a wrong size then.
fn outer(next: &Reader<'_>, parent: BoxId) -> Option<FourCc> {
    let mut next = *next;
    next.u32("size").ok()?;
    let code = FourCc(next.array("type").ok()?);
    home(&code).filter(|home| home.is_none_or(|home| !parent.is(home))).map(|_| code)
}

/// Where boxes of a type stand that stand in one place alone: in which box, or at the top (ISO/IEC 14496-12:2022 6.2.3).
pub fn home(code: &FourCc) -> Option<Option<&'static [u8; 4]>> {
    match &code.0 {
        b"moov" | b"moof" | b"mdat" | b"mfra" => Some(None),
        b"mvhd" | b"trak" | b"mvex" => Some(Some(b"moov")),
        b"mfhd" | b"traf" => Some(Some(b"moof")),
        _ => None,
    }
}

/// In which box one has to stand that stands in `parent`, where it never does.
fn spilled(child: BoxId, parent: BoxId) -> Option<&'static [u8; 4]> {
    let place = match &child.four_cc().0 {
        b"tkhd" | b"mdia" => b"trak",
        b"mdhd" | b"minf" => b"mdia",
        b"stbl" => b"minf",
        b"stsd" | b"stts" | b"stsc" | b"stsz" | b"stco" | b"co64" => b"stbl",
        b"mehd" | b"trex" => b"mvex",
        b"tfhd" | b"tfdt" | b"trun" => b"traf",
        _ => return None,
    };
    (!parent.is(place)).then_some(place)
}

fn swallows(node: &Node, size: u64, next: FourCc) -> Error {
    let message = format!(
        "Box '{}' claims {} bytes, and behind {size} of them stands a box '{next}', which cannot be in it: its size is wrong. \
         {WRITE_ANEW}",
        node.id(),
        node.header.size
    );
    Error::file("bad-box-size", message)
}

/// The error of a field, in words that say of which box it is.
pub(super) fn cannot_be_read(node: &Node, name: &str, error: Error) -> Error {
    error.preceded_by(&format!("Box '{}' ({name}) cannot be read: ", node.id()))
}

/// The header of a box. One that is known, and that claims more than there is, is cut to what is there: with the error
/// that says so.
fn read_header(r: &Reader<'_>) -> Result<(BoxHeader, Option<Error>)> {
    let left = len_u64(r.remaining());
    let error = match BoxHeader::read(&mut r.clone(), left) {
        Ok(header) => return Ok((header, None)),
        Err(error) => error,
    };
    match BoxHeader::read(&mut r.clone(), u64::MAX) {
        Ok(header) if !matches!(registry::lookup(header.id, None), registry::Known::Unknown) => {
            Ok((BoxHeader { size: left, ..header }, Some(error)))
        }
        _ => Err(error),
    }
}

/// What to do about sizes that readers take each in its own way.
const WRITE_ANEW: &str = "Have the file written anew, by the tool that made it or by FFmpeg.";

/// Size 0 means "to the end of the file" (ISO/IEC 14496-12:2022 4.2.2): readers disagree about it further in, and what
/// is put behind such a box would become a part of it.
fn size_zero(id: BoxId, parent: BoxId) -> Error {
    let message = format!(
        "Box '{id}' in '{parent}' has size 0, “to the end of the file”, which only the last box of a file may have. \
         {WRITE_ANEW}"
    );
    Error::file("bad-box-size", message).inside(parent.to_string())
}

fn padding(parent: BoxId, len: u64) -> Error {
    let message = format!("Box '{parent}' ends with {len} zero bytes that are no box. {WRITE_ANEW}");
    Error::file("zero-padding", message)
}

/// How many bytes of fields come before the children of a box; `None` when it has no children.
fn children_start(
    id: BoxId,
    parent: Option<BoxId>,
    media: Layout,
    body: &Reader<'_>,
) -> Result<Option<usize>> {
    let Some(declaration) = registry::lookup_in(id, parent, media).declaration() else { return Ok(None) };
    if !declaration.children {
        return Ok(None);
    }
    let mut fields = *body;
    declaration.skip_fields(&mut fields)?;
    Ok(Some(body.remaining() - fields.remaining()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::Writer;

    fn sample() -> Vec<u8> {
        let mut w = Writer::new();
        w.nested(FourCc(*b"moov"), |w| {
            w.nested(FourCc(*b"trak"), |w| w.nested(FourCc(*b"abcd"), |w| w.u32(7)));
            w.nested(FourCc(*b"trak"), |w| w.bytes(&[0; 4]));
        });
        w.into_bytes()
    }

    #[test]
    fn siblings_of_one_type_are_numbered() {
        let bytes = sample();
        let tree = Tree::parse(&bytes[..], 1000).unwrap();
        let segments: Vec<String> = tree.root().children.iter().map(|c| tree.root().segment(c)).collect();
        assert_eq!(segments, ["trak", "trak[1]"]);
        let leaf = &tree.root().children[0].children[0];
        assert_eq!((leaf.start, leaf.header.size), (1016, 12));
        assert_eq!(tree.body(leaf).u32("value").unwrap(), 7);
    }

    #[test]
    fn only_the_outermost_box_may_run_to_the_end() {
        let mut bytes = sample();
        bytes[..4].fill(0);
        assert_eq!(Tree::parse(&bytes[..], 0).unwrap().root().first_problem(), None);
        // The second trak, whose body is four bytes that are no box.
        bytes[28..32].fill(0);
        let tree = Tree::parse(&bytes[..], 0).unwrap();
        let [_, last] = &tree.root().children[..] else { panic!() };
        assert_eq!((last.start, last.end()), (28, 40));
        let problem = last.problem.as_ref().unwrap();
        assert_eq!((problem.code(), problem.offset(), &*problem.path()), ("bad-box-size", Some(28), "moov"));
        assert!(problem.message().starts_with("Box 'trak' in 'moov' has size 0"), "{problem}");
    }

    #[test]
    fn zeros_at_the_end_are_no_box() {
        for len in [4_usize, 8, 20] {
            let mut bytes = sample();
            bytes.extend(vec![0; len]);
            bytes[3] += u8::try_from(len).unwrap();
            let tree = Tree::parse(&bytes[..], 0).unwrap();
            assert_eq!(tree.root().children.len(), 2, "{len}");
            let found = tree.root().problem.as_ref().map(|problem| (problem.code(), problem.offset()));
            assert_eq!(found, (len >= 8).then_some(("zero-padding", Some(40))), "{len}");
        }
        // Zeros and then something are a box with a wrong size.
        let mut bytes = sample();
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, 1]);
        bytes[3] += 9;
        let tree = Tree::parse(&bytes[..], 0).unwrap();
        assert_eq!(tree.root().first_problem().unwrap().code(), "bad-box-size");
        assert_eq!(tree.root().children.len(), 3);
    }

    #[test]
    fn damage_inside_is_noted_and_the_rest_is_read() {
        let mut bytes = sample();
        bytes[19] = 200; // the inner box of the first trak claims 200 bytes
        let tree = Tree::parse(&bytes[..], 0).unwrap();
        assert_eq!(tree.root().children.len(), 2);
        let problem = tree.root().first_problem().unwrap();
        assert_eq!(
            problem.to_string(),
            "Box 'abcd' claims 200 bytes, but only 12 are left. (in trak, at byte 16)"
        );
    }
}
