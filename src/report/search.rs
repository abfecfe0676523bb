//! Looking for boxes in a whole file, piece by piece, and the file at a glance.

use std::rc::Rc;

use serde::Serialize;

use crate::boxes::{Tree, registry};
use crate::bytes::{FourCc, limits};
use crate::inspect::{self, Found, Query, Tally};
use crate::track::Index;
use crate::track::top::{Paths, TopBox};

use super::Range;
use super::boxes::top_view;

/// Boxes gone past in one call at most, so that a search can be ended where there is nothing to read.
const STRIDE: usize = 1000;

/// What was found since it was last told, and how far the search has come.
#[derive(Clone, Debug, Serialize)]
pub struct SearchPart {
    /// In file order, [`limits::LISTED`] hits of all the search at most.
    pub boxes: Vec<Found>,
    /// How many boxes were found so far.
    pub hits: u64,
    /// Bytes of the file that were gone past.
    pub done: u64,
    /// Bytes of the file.
    pub total: u64,
}

/// A search under way. It asks for bytes in file order.
#[derive(Debug)]
pub struct Search {
    index: Rc<Index>,
    query: Query,
    paths: Paths,
    wanted: Option<(TopBox, String)>,
    position: u64,
    found: Vec<Found>,
    tally: Tally,
}

impl Search {
    /// Looks for `text` in types, names, notes, user types and fields of all boxes of a file.
    pub fn new(index: Rc<Index>, text: &str) -> Self {
        Self {
            index,
            query: Query::new(text),
            paths: Paths::default(),
            wanted: None,
            position: 0,
            found: Vec::new(),
            tally: Tally { hits: 0, left: limits::LISTED },
        }
    }

    /// Where bytes will be wanted.
    pub fn starts(&self) -> Vec<u64> {
        let wanted = self.index.top.iter().filter(|top| self.is_wanted(top));
        wanted.map(|top| top.start).collect()
    }

    /// Whether there is something to be looked through that is not in memory: boxes inside, or fields.
    fn is_wanted(&self, top: &TopBox) -> bool {
        let is_room = [b"free", b"skip", b"wide"].iter().any(|code| top.id.is(code));
        is_unread(&self.index, top, !is_room && self.query.looks_into(top.id))
    }

    /// The range of bytes wanted next, perhaps of length 0; `None` at the end.
    pub fn needs(&mut self) -> Option<Range> {
        let index = Rc::clone(&self.index);
        for _ in 0..STRIDE {
            let (top, path) = self.paths.next(&index.top)?;
            self.position = top.end();
            if self.is_wanted(&top) {
                let range = Range { start: top.start, len: top.size };
                self.wanted = Some((top, path));
                return Some(range);
            }
            self.look(&top, path, index.held(&top));
        }
        Some(Range { start: self.position, len: 0 })
    }

    /// Takes the bytes that were wanted, or more.
    pub fn feed(&mut self, bytes: &[u8]) {
        if let Some((top, path)) = self.wanted.take() {
            // What can no longer be read has nothing in it that could be found.
            self.look(&top, path, top.tree(bytes).ok().as_ref());
        }
    }

    /// What was found since the last call.
    pub fn found(&mut self) -> SearchPart {
        SearchPart {
            boxes: core::mem::take(&mut self.found),
            hits: self.tally.hits,
            done: self.position,
            total: self.index.file_len,
        }
    }

    fn look(&mut self, top: &TopBox, path: String, tree: Option<&Tree<'_>>) {
        let view = top_view(&self.index, top, path);
        let moov = self.index.moov.as_ref();
        self.found.extend(inspect::search(&self.query, view, tree, moov, &mut self.tally));
    }
}

/// Where the boxes of a file begin that whoever goes through all of it has to read.
pub fn starts(index: &Index) -> Vec<u64> {
    index.top.iter().filter(|top| is_unread(index, top, false)).map(|top| top.start).collect()
}

/// Whether there can be boxes inside, or `fields` that are known, which are not in memory.
fn is_unread(index: &Index, top: &TopBox, fields: bool) -> bool {
    let known = registry::lookup(top.id, None).declaration();
    known.is_some_and(|known| known.children || fields) && top.is_read() && index.held(top).is_none()
}

/// A file at a glance.
#[derive(Clone, Debug, Serialize)]
pub struct Overview {
    /// Bytes of a stretch.
    pub stride: u64,
    /// The type of top-level box that has most of each.
    pub types: Vec<String>,
}

/// The file in `parts` stretches.
pub fn overview(index: &Index, parts: u64) -> Overview {
    let (stride, types) = inspect::overview(&index.top, parts);
    Overview { stride, types: types.into_iter().map(FourCc::text).collect() }
}
