//! How two trees of boxes differ.

use std::collections::BTreeMap;

use crate::boxes::tree::path_segment;
use crate::boxes::{BoxId, Node, Tree, registry};
use crate::bytes::units::len_u64;

use super::align::{Step, align};
use super::difference::{BoxDifference, ByteDifference, Found, Kind, Spot};
use super::fields::{self, FieldsFound, Half};
use super::identity::{self, SameTracks};
use super::places::Places;

/// A box that is in both files.
struct Matched<'t> {
    this: &'t Node,
    other: &'t Node,
    moved: bool,
    equal: bool,
    inside: Vec<Inner<'t>>,
}

enum Inner<'t> {
    Both(Matched<'t>),
    Removed(&'t Node),
    Added(&'t Node),
}

/// Compares two trees whose outermost boxes belong together, and stand at these paths. `tops` has where other top-level boxes
/// stand.
pub fn compare(
    (this, path): (Half<'_>, &str),
    (other, other_path): (Half<'_>, &str),
    moved: bool,
    same: &SameTracks,
    tops: &Places,
    found: &mut Found,
) {
    let mut places = Places::default();
    let matched = matched(&this, this.tree.root(), &other, other.tree.root(), moved, same, &mut places);
    let mut telling = Telling { this, other, tops, places, found };
    telling.pair(&matched, &mut Vec::new(), &mut Vec::new(), path, other_path);
}

fn matched<'t>(
    this: &Half<'t>,
    ours: &'t Node,
    other: &Half<'t>,
    theirs: &'t Node,
    moved: bool,
    same: &SameTracks,
    places: &mut Places,
) -> Matched<'t> {
    places.push(ours, theirs);
    let equal = this.tree.slice(ours.start, ours.end()) == other.tree.slice(theirs.start, theirs.end());
    let mut inside = Vec::new();
    if !equal {
        let keys = |half: &Half<'_>, node: &Node, of_other| {
            let of = |child| identity::of_box(half.tree, child, node.id(), same, of_other);
            node.children.iter().map(of).collect::<Vec<_>>()
        };
        for step in align(&keys(this, ours, false), &keys(other, theirs, true)) {
            let (own, their) = (|number| ours.children.get(number), |number| theirs.children.get(number));
            inside.extend(match step {
                Step::Both { this: a, other: b, moved } => own(a)
                    .zip(their(b))
                    .map(|(a, b)| Inner::Both(matched(this, a, other, b, moved, same, places))),
                Step::Removed(number) => own(number).map(Inner::Removed),
                Step::Added(number) => their(number).map(Inner::Added),
            });
        }
    }
    Matched { this: ours, other: theirs, moved, equal, inside }
}

struct Telling<'w, 't> {
    this: Half<'t>,
    other: Half<'t>,
    tops: &'w Places,
    places: Places,
    found: &'w mut Found,
}

impl<'t> Telling<'_, 't> {
    fn pair(
        &mut self,
        matched: &Matched<'t>,
        our_chain: &mut Vec<&'t Node>,
        their_chain: &mut Vec<&'t Node>,
        path: &str,
        other_path: &str,
    ) {
        let Matched { this, other, moved, equal, inside } = matched;
        our_chain.push(this);
        their_chain.push(other);
        if *equal {
            if *moved {
                self.tell((our_chain, their_chain), path, other_path, true, FieldsFound::default());
            }
        } else {
            let root = self.this.tree.root();
            let leads_to = |offset: u64, other: u64| {
                let is_inside = offset >= root.start && offset < root.end();
                if is_inside { self.places.leads(offset, other) } else { self.tops.leads(offset, other) }
            };
            let mut fields = fields::compare((&self.this, our_chain), (&self.other, their_chain), &leads_to);
            if fields.bytes.is_none() {
                fields.bytes = self.ends(this, other);
            }
            self.tell((our_chain, their_chain), path, other_path, *moved, fields);
            self.inside(inside, (this, other), our_chain, their_chain, path, other_path);
        }
        our_chain.pop();
        their_chain.pop();
    }

    fn inside(
        &mut self,
        inside: &[Inner<'t>],
        (ours, theirs): (&Node, &Node),
        our_chain: &mut Vec<&'t Node>,
        their_chain: &mut Vec<&'t Node>,
        path: &str,
        other_path: &str,
    ) {
        let (our_numbers, their_numbers) = (numbers(ours), numbers(theirs));
        let inner = |path: &str, parent: &Node, numbers: &[usize], node: &Node| {
            let place = parent.children.binary_search_by_key(&node.start, |child| child.start);
            let number = place.ok().and_then(|place| numbers.get(place)).copied().unwrap_or(0);
            format!("{path}/{}", path_segment(node.id(), number))
        };
        for one in inside {
            match one {
                Inner::Both(matched) if matched.equal && !matched.moved => {}
                Inner::Both(matched) => {
                    let path = inner(path, ours, &our_numbers, matched.this);
                    let other_path = inner(other_path, theirs, &their_numbers, matched.other);
                    self.pair(matched, our_chain, their_chain, &path, &other_path);
                }
                Inner::Removed(node) => {
                    let spot = spot(node, &inner(path, ours, &our_numbers, node));
                    self.found.add(alone(Kind::Removed, node.id(), Some(ours.id()), Some(spot), None));
                }
                Inner::Added(node) => {
                    let spot = spot(node, &inner(other_path, theirs, &their_numbers, node));
                    self.found.add(alone(Kind::Added, node.id(), Some(theirs.id()), None, Some(spot)));
                }
            }
        }
    }

    /// What differs behind the last boxes inside of two.
    fn ends(&self, ours: &Node, theirs: &Node) -> Option<ByteDifference> {
        let (before, at) = end_of(self.this.tree, ours);
        let (after, other_at) = end_of(self.other.tree, theirs);
        if before == after {
            return None;
        }
        let first = before.iter().zip(after).take_while(|(a, b)| a == b).count();
        let some = |bytes: &[u8]| bytes.iter().skip(first).take(16).copied().collect();
        let at = (at + len_u64(first), other_at + len_u64(first));
        Some(ByteDifference { at, before: some(before), after: some(after) })
    }

    /// Tells of a pair, which is the last of these chains.
    fn tell(
        &mut self,
        (our_chain, their_chain): (&[&Node], &[&Node]),
        path: &str,
        other_path: &str,
        moved: bool,
        fields: FieldsFound,
    ) {
        let (Some((this, around)), Some(other)) = (our_chain.split_last(), their_chain.last()) else {
            return;
        };
        let follows = fields.only_follows();
        if follows && !moved {
            let counts = &mut self.found.counts;
            counts.offsets += fields.offsets;
            counts.followed += u64::from(fields.offsets > 0);
            return;
        }
        self.found.add(BoxDifference {
            kind: if follows { Kind::Moved } else { Kind::Changed },
            moved,
            fields: fields.fields,
            more_fields: fields.more,
            offsets: fields.offsets,
            bytes: fields.bytes,
            ..alone(
                Kind::Moved,
                this.id(),
                around.last().map(|parent| parent.id()),
                Some(spot(this, path)),
                Some(spot(other, other_path)),
            )
        });
    }
}

/// The bytes of a box behind the last one inside, and where they begin; none of one that has none inside.
fn end_of<'t>(tree: &'t Tree<'_>, node: &Node) -> (&'t [u8], u64) {
    let from = node.boxes_end();
    (tree.slice(from, node.end()), from)
}

/// For each child its number among those of its type.
fn numbers(node: &Node) -> Vec<usize> {
    let mut counts: BTreeMap<BoxId, usize> = BTreeMap::new();
    let number = |child: &Node| {
        let count = counts.entry(child.id()).or_default();
        *count += 1;
        *count - 1
    };
    node.children.iter().map(number).collect()
}

fn spot(node: &Node, path: &str) -> Spot {
    Spot { path: path.to_owned(), start: node.start, size: node.header.size }
}

/// A difference without more, of a box in one of type `parent`.
pub fn alone(
    kind: Kind,
    id: BoxId,
    parent: Option<BoxId>,
    this: Option<Spot>,
    other: Option<Spot>,
) -> BoxDifference {
    BoxDifference {
        kind,
        id,
        name: registry::lookup(id, parent).name(),
        this,
        other,
        moved: false,
        fields: Vec::new(),
        more_fields: 0,
        offsets: 0,
        bytes: None,
        group: 0,
    }
}
