//! Rank 8: the door to JavaScript. Converts and nothing else.
//!
//! Offsets cross as `number`: files stay below 2^53 bytes. Bytes are copied in and out: views into wasm memory die
//! when it grows. After a trap an instance is not to be trusted; the page's workers throw it away.

mod file;
mod hash;
mod protector;
mod request;
mod search;
mod view;

use wasm_bindgen::prelude::*;

use crate::bytes::Error;

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

/// An error as a JavaScript `Error` named `BoxlockError`, with `code`, `kind`, `path`, `offset` and `field`.
fn to_js(error: Error) -> JsValue {
    let object = js_sys::Error::new(error.message());
    object.set_name("BoxlockError");
    let set = |name: &str, value: JsValue| {
        // Setting a property of a fresh error object cannot fail.
        let _ = js_sys::Reflect::set(&object, &JsValue::from_str(name), &value);
    };
    set("code", JsValue::from_str(error.code()));
    set("kind", JsValue::from_str(view::kind_name(error.kind())));
    if !error.path().is_empty() {
        set("path", JsValue::from_str(&error.path()));
    }
    if let Some(offset) = error.offset() {
        set("offset", JsValue::from_f64(view::number(offset)));
    }
    if let Some(field) = error.field() {
        set("field", JsValue::from_str(field));
    }
    object.into()
}

type JsResult<T> = Result<T, JsValue>;

/// JSON text as JavaScript values.
fn plain(json: &str) -> JsResult<JsValue> {
    js_sys::JSON::parse(json)
}

/// The property `name` of an object from JavaScript; `None` where it is absent, `undefined` or `null`.
fn property(object: &JsValue, name: &str) -> JsResult<Option<JsValue>> {
    let value = js_sys::Reflect::get(object, &JsValue::from_str(name))?;
    Ok(Some(value).filter(|value| !value.is_undefined() && !value.is_null()))
}
