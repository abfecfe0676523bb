//! Looking for boxes in one opened file, piece by piece.

use std::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::boxes::{Tree, registry};
use crate::bytes::{json, limits};
use crate::inspect::{self, Found, Query, Tally};
use crate::track::Index;
use crate::track::top::{Paths, TopBox};

use super::file::{File, held, is_read, top_view};
use super::view::{found_view, number, range_view};
use super::{JsResult, plain};

/// Boxes gone past in one call at most, so that a search can be ended where there is nothing to read.
const STRIDE: usize = 1000;

/// A search under way. It asks for bytes in file order.
#[wasm_bindgen]
pub struct Search {
    index: Rc<Index>,
    query: Query,
    paths: Paths,
    wanted: Option<(TopBox, String)>,
    position: u64,
    found: Vec<Found>,
    tally: Tally,
}

#[wasm_bindgen]
impl Search {
    /// Looks for `text` in types, names, notes and user types of all boxes of a file.
    #[wasm_bindgen(constructor)]
    pub fn new(file: &File, text: &str) -> JsResult<Self> {
        Ok(Self {
            index: file.shared()?,
            query: Query::new(text),
            paths: Paths::default(),
            wanted: None,
            position: 0,
            found: Vec::new(),
            tally: Tally { hits: 0, left: limits::LISTED },
        })
    }

    /// Where bytes will be wanted.
    pub fn starts(&self) -> Vec<f64> {
        let wanted = |top: &TopBox| self.is_wanted(top);
        self.index.top.iter().filter(wanted).map(|top| number(top.start)).collect()
    }

    /// The range of bytes wanted next, `{ start, len }`, perhaps of length 0; `null` at the end.
    pub fn needs(&mut self) -> JsResult<JsValue> {
        let index = Rc::clone(&self.index);
        for _ in 0..STRIDE {
            let Some((top, path)) = self.paths.next(&index.top) else { return plain(&range_view(None)) };
            self.position = top.end();
            if self.is_wanted(&top) {
                let range = (top.start, top.size);
                self.wanted = Some((top, path));
                return plain(&range_view(Some(range)));
            }
            self.look(&top, path, held(&index, &top));
        }
        plain(&range_view(Some((self.position, 0))))
    }

    /// Takes the bytes that were wanted, or more.
    pub fn feed(&mut self, bytes: &[u8]) {
        if let Some((top, path)) = self.wanted.take() {
            // What can no longer be read has nothing in it that could be found.
            self.look(&top, path, Tree::parse(bytes, top.start).ok().as_ref());
        }
    }

    /// `{ boxes, hits, done, total }`: what was found since the last call, how much in all, and how far it has come.
    pub fn found(&mut self) -> JsResult<JsValue> {
        let found = core::mem::take(&mut self.found);
        plain(&json::object(|o| {
            o.list("boxes", &found, |found, o| found_view(o, found));
            o.number("hits", self.tally.hits);
            o.number("done", self.position);
            o.number("total", self.index.file_len);
        }))
    }
}

impl Search {
    /// Whether there can be boxes inside that are not in memory.
    fn is_wanted(&self, top: &TopBox) -> bool {
        let known = registry::lookup(top.id, None).declaration();
        known.is_some_and(|known| known.children) && is_read(top) && held(&self.index, top).is_none()
    }

    fn look(&mut self, top: &TopBox, path: String, tree: Option<&Tree<'_>>) {
        let view = top_view(&self.index, top, path);
        self.found.extend(inspect::search(&self.query, view, tree, &mut self.tally));
    }
}
