//! Looking for boxes in one opened file.

use wasm_bindgen::prelude::*;

use crate::report::{self, number};

use super::file::File;
use super::{JsResult, shown};

/// A search under way: [`report::Search`].
#[wasm_bindgen]
pub struct Search(report::Search);

#[wasm_bindgen]
impl Search {
    /// Looks for `text` in all boxes of a file.
    #[wasm_bindgen(constructor)]
    pub fn new(file: &File, text: &str) -> JsResult<Self> {
        Ok(Self(report::Search::new(file.shared()?, text)))
    }

    /// Where bytes will be wanted.
    pub fn starts(&self) -> Vec<f64> {
        self.0.starts().into_iter().map(number).collect()
    }

    /// The range of bytes wanted next, `{ start, len }`, perhaps of length 0; `null` at the end.
    pub fn needs(&mut self) -> JsResult<JsValue> {
        shown(&self.0.needs())
    }

    /// Takes the bytes that were wanted, or more.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.0.feed(bytes);
    }

    /// What was found since the last call: `SearchProgress` without its stage.
    pub fn found(&mut self) -> JsResult<JsValue> {
        shown(&self.0.found())
    }
}
