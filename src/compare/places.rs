//! Where the bytes of one file stand in the other.

use crate::boxes::Node;
use crate::track::top::TopBox;

/// A box of one file, and of the other: first byte, body, end.
#[derive(Clone, Copy, Debug)]
struct Place {
    this: [u64; 3],
    other: [u64; 3],
}

/// Boxes that belong together, by where they stand in this file.
#[derive(Debug, Default)]
pub struct Places(Vec<Place>);

impl Places {
    /// Adds a pair; none of those before begins behind it in this file.
    pub fn push(&mut self, this: &Node, other: &Node) {
        let of = |node: &Node| [node.start, node.body_start(), node.end()];
        self.0.push(Place { this: of(this), other: of(other) });
    }

    /// Adds a pair of top-level boxes.
    pub fn push_top(&mut self, this: &TopBox, other: &TopBox) {
        let of = |top: &TopBox| [top.start, top.start + top.header_len, top.end()];
        self.0.push(Place { this: of(this), other: of(other) });
    }

    /// Whether the byte at an offset of this file stands at an offset of the other: in the same box, as far from where its body
    /// begins. The first byte behind a box is the first behind its counterpart, too.
    pub fn leads(&self, offset: u64, other: u64) -> bool {
        let behind = self.0.partition_point(|place| place.this.first().is_some_and(|start| *start <= offset));
        let before = behind.checked_sub(1).and_then(|at| self.0.get(at));
        let Some(Place { this: [start, body, end], other: [at, other_body, other_end] }) = before else {
            return false;
        };
        if offset == *start {
            let ended = behind.checked_sub(2).and_then(|at| self.0.get(at));
            return *at == other
                || ended.is_some_and(|ended| {
                    (ended.this.last(), ended.other.last()) == (Some(&offset), Some(&other))
                });
        }
        let inside = if offset < *body { (start, at) } else { (body, other_body) };
        (offset < *end && inside.1.checked_add(offset - inside.0) == Some(other))
            || (offset == *end && *other_end == other)
    }
}
