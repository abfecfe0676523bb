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

    /// Where the byte at an offset of this file stands in the other: in the same box, as far from where its body begins. The
    /// first behind a box is behind its counterpart, where nothing else begins there.
    pub fn map(&self, offset: u64) -> Option<u64> {
        let behind = self.0.partition_point(|place| place.this.first().is_some_and(|start| *start <= offset));
        let Place { this: [start, body, end], other: [at, other_body, other_end] } =
            *self.0.get(behind.checked_sub(1)?)?;
        if offset == start {
            Some(at)
        } else if offset < body {
            at.checked_add(offset - start)
        } else if offset < end {
            other_body.checked_add(offset - body)
        } else {
            (offset == end).then_some(other_end)
        }
    }
}
