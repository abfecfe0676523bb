//! Looking for bytes, wherever they stand.

use wasm_bindgen::prelude::*;

use crate::inspect;

use super::{JsResult, shown};

/// A search under way: [`inspect::ByteSearch`].
#[wasm_bindgen]
pub struct ByteSearch(inspect::ByteSearch);

#[wasm_bindgen]
impl ByteSearch {
    /// Looks for `text`, as text and as hex digits.
    #[wasm_bindgen(constructor)]
    pub fn new(text: &str) -> Self {
        Self(inspect::ByteSearch::new(text))
    }

    /// Takes the next bytes of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.0.feed(bytes);
    }

    /// What was found since the last call: `ByteSearchProgress` without stage and position.
    pub fn found(&mut self) -> JsResult<JsValue> {
        shown(&self.0.found())
    }
}
