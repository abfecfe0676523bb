//! Rank 11: the door to JavaScript. Converts and nothing else: what is shown are the structs of [`report`](crate::report).
//!
//! Offsets cross as `number`: files stay below 2^53 bytes. Bytes are copied in and out: views into wasm memory die
//! when it grows. After a trap an instance is not to be trusted; the page's workers throw it away.
//!
//! There are three doors, each a module of its own: the engine; with the feature `look`, what opening and looking take of it,
//! with which the page starts; and with the feature `keys` what lists of keys, headers and
//! manifests take, which most visitors never need.

#[cfg(all(feature = "keys", feature = "look"))]
compile_error!("A module has one door: `keys` or `look`.");

#[cfg(not(any(feature = "keys", feature = "look")))]
mod browser;
#[cfg(not(any(feature = "keys", feature = "look")))]
mod byte_search;
#[cfg(not(any(feature = "keys", feature = "look")))]
mod compare;
#[cfg(not(feature = "keys"))]
mod file;
#[cfg(not(any(feature = "keys", feature = "look")))]
mod findings;
#[cfg(not(any(feature = "keys", feature = "look")))]
mod hash;
#[cfg(feature = "keys")]
mod keys;
#[cfg(not(any(feature = "keys", feature = "look")))]
mod protector;
#[cfg(not(feature = "keys"))]
mod reads;
#[cfg(not(any(feature = "keys", feature = "look")))]
mod request;
#[cfg(not(any(feature = "keys", feature = "look")))]
mod samples;
#[cfg(not(feature = "keys"))]
mod search;
#[cfg(not(any(feature = "keys", feature = "look")))]
mod verifier;
#[cfg(not(any(feature = "keys", feature = "look")))]
mod work;

use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::bytes::Error;
use crate::report::ErrorReport;

/// Sends panics to the console with their place; called once for each instance.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

/// The version of the core.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// An error as a JavaScript `Error` with the properties of [`ErrorReport`].
fn to_js(error: Error) -> JsValue {
    let object = js_sys::Error::new(error.message());
    match shown(&ErrorReport::from(&error)) {
        Ok(properties) => js_sys::Object::assign(&object, &js_sys::Object::from(properties)).into(),
        Err(_) => object.into(),
    }
}

type JsResult<T> = Result<T, JsValue>;

/// A report as JavaScript values: what is `None` and not left out becomes `null`.
fn shown(report: &(impl Serialize + ?Sized)) -> JsResult<JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_missing_as_null(true);
    Ok(report.serialize(&serializer)?)
}

/// A JavaScript number as a file offset; negative ones and NaN become 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn offset(n: f64) -> u64 {
    n as u64
}

/// The property `name` of an object from JavaScript; `None` where it is absent, `undefined` or `null`.
#[cfg(not(any(feature = "keys", feature = "look")))]
fn property(object: &JsValue, name: &str) -> JsResult<Option<JsValue>> {
    let value = js_sys::Reflect::get(object, &JsValue::from_str(name))?;
    Ok(Some(value).filter(|value| !value.is_undefined() && !value.is_null()))
}
