//! What the door needs of the browser: random values, and small reads of the opened file.

use wasm_bindgen::JsCast as _;
use web_sys::{Blob, FileReaderSync, WorkerGlobalScope};

use crate::bytes::Error;
use crate::report::{Range, number};

use super::request::RANDOM_LEN;
use super::{JsResult, to_js};

/// Random values for one plan. Fails where the browser's source of them does: what it would give is a key that anybody
/// can guess.
pub fn random() -> JsResult<[u8; RANDOM_LEN]> {
    let mut bytes = [0; RANDOM_LEN];
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    let filled = scope.crypto().and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes));
    if filled.is_err() || bytes.iter().all(|byte| Some(byte) == bytes.first()) {
        let message = "This browser gives no random values, so no key can be made here. Use another browser, or restart \
                       this one.";
        return Err(to_js(Error::unsupported("no-random", message)));
    }
    Ok(bytes)
}

/// The last range that was read, which is most often wanted again.
#[derive(Default)]
pub struct SmallReads {
    start: u64,
    bytes: Vec<u8>,
}

impl SmallReads {
    /// The bytes of a range of `blob`; none for `None`.
    pub fn read(&mut self, blob: &Blob, range: Option<Range>) -> JsResult<&[u8]> {
        let Some(Range { start, len }) = range else { return Ok(&[]) };
        if self.start != start || crate::bytes::units::len_u64(self.bytes.len()) != len {
            let slice = blob.slice_with_f64_and_f64(number(start), number(start + len))?;
            let buffer = FileReaderSync::new()?.read_as_array_buffer(&slice)?;
            (self.start, self.bytes) = (start, js_sys::Uint8Array::new(&buffer).to_vec());
        }
        Ok(&self.bytes)
    }
}
