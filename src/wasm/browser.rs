//! What the door needs of the browser: random values.

use wasm_bindgen::JsCast as _;
use web_sys::WorkerGlobalScope;

use crate::bytes::Error;

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
