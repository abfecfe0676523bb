//! Checking one opened file.

use wasm_bindgen::prelude::*;

use crate::lint::Checking;
use crate::report::{self, Range, number};

use super::file::File;
use super::{JsResult, shown, to_js};

/// A check under way: [`Checking`].
#[wasm_bindgen]
pub struct Checker(Option<Checking>);

#[wasm_bindgen]
impl Checker {
    /// Begins with what is known of a file.
    #[wasm_bindgen(constructor)]
    pub fn new(file: &File) -> JsResult<Self> {
        report::check(&file.session).map(|checking| Self(Some(checking))).map_err(to_js)
    }

    /// The range of bytes wanted next, `{ start, len }`; `null` at the end.
    pub fn needs(&self) -> JsResult<JsValue> {
        let need = self.0.as_ref().and_then(Checking::needs);
        shown(&need.map(|need| Range { start: need.start, len: need.len }))
    }

    /// Takes the bytes that were wanted, or more, or fewer where the file ends.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.0.iter_mut().for_each(|checking| checking.feed(bytes));
    }

    /// How far it has come, in bytes of the file.
    pub fn position(&self) -> f64 {
        self.0.as_ref().map_or(0.0, |checking| number(checking.position()))
    }

    /// `FileFindings`, when all was given.
    pub fn finish(&mut self) -> JsResult<JsValue> {
        shown(&self.0.take().map(report::findings))
    }
}
