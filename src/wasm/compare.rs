//! Comparing two opened files.

use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::compare::{Comparing, Which};
use crate::report::{self, number};

use super::file::File;
use super::{JsResult, shown, to_js};

/// A comparison under way: [`Comparing`].
#[wasm_bindgen]
pub struct Comparer(Option<Comparing>);

/// A range of one of the two files.
#[derive(Serialize)]
struct Wanted {
    other: bool,
    start: u64,
    len: u64,
}

fn which(of_other: bool) -> Which {
    if of_other { Which::Other } else { Which::This }
}

#[wasm_bindgen]
impl Comparer {
    /// Begins with what is known of two files.
    #[wasm_bindgen(constructor)]
    pub fn new(this: &File, other: &File) -> JsResult<Self> {
        report::compare(&this.session, &other.session).map(|comparing| Self(Some(comparing))).map_err(to_js)
    }

    /// The range of bytes wanted next, `{ other, start, len }`; `null` when all boxes are compared.
    pub fn needs(&self) -> JsResult<JsValue> {
        let wanted = self.0.as_ref().and_then(Comparing::needs);
        shown(&wanted.map(|wanted| Wanted {
            other: wanted.which == Which::Other,
            start: wanted.need.start,
            len: wanted.need.len,
        }))
    }

    /// Takes the bytes that were wanted, or more, or fewer where the file ends.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.0.iter_mut().for_each(|comparing| comparing.feed(bytes));
    }

    /// How far it has come with boxes, in bytes of the file.
    pub fn position(&self) -> f64 {
        self.0.as_ref().map_or(0.0, |comparing| number(comparing.position()))
    }

    /// Takes that the samples of one of the files are compared decrypted, with keys.
    pub fn decrypts(&mut self, of_other: bool) {
        self.0.iter_mut().for_each(|comparing| comparing.decrypts(which(of_other)));
    }

    /// Takes what was found of the next fragments of one of the files.
    pub fn take(&mut self, of_other: bool, found: &[u8]) -> JsResult<()> {
        self.0.as_mut().map_or(Ok(()), |comparing| comparing.take(which(of_other), found)).map_err(to_js)
    }

    /// Takes why the samples could not be compared any further.
    pub fn failed(&mut self, _code: &str, message: &str) {
        self.0.iter_mut().for_each(|comparing| comparing.failed(message));
    }

    /// `FileComparison`, when all was given.
    pub fn finish(&mut self) -> JsResult<JsValue> {
        shown(&self.0.take().map(report::comparison))
    }
}
