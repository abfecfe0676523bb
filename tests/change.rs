//! Headers, forms and brands of protected files change, and no sample does.

#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in tests, but does not see that a whole file is one"
)]

use crate::support;

use boxlock::bytes::Result;
use boxlock::protect::RequestText;
use support::{drive, raw};

/// A request that changes nothing yet.
pub fn keep() -> RequestText {
    RequestText { scheme: Some("keep".to_owned()), ..RequestText::default() }
}

/// A request for another form.
pub fn in_form(form: &str) -> RequestText {
    RequestText { form: Some(form.to_owned()), ..keep() }
}

/// Changes a file. No sample may become another, and what points to something points to the same.
pub fn change(file: &[u8], request: &RequestText) -> Result<Vec<u8>> {
    let changed = drive::protect(file, request)?;
    assert!(raw::samples(&changed) == raw::samples(file), "samples changed: {request:?}");
    raw::check_pointers(&changed);
    Ok(changed)
}

/// What can be asked beside scheme and form; the last two give every track or time a key of its own.
pub fn wishes() -> [(&'static str, RequestText); 5] {
    let text = |text: &str| Some(text.to_owned());
    let random = RequestText { kid: None, key: None, ..drive::request("") };
    [
        ("one key", drive::request("")),
        ("16 bytes", RequestText { iv_size: text("16"), ..drive::request("") }),
        ("lead", RequestText { clear_lead: text("2"), ..drive::request("") }),
        ("rotation", RequestText { key_rotation: text("2"), ..random.clone() }),
        ("key per track", RequestText { key_per: text("track"), ..random }),
    ]
}

/// One of them in a scheme and form.
pub fn wish_in(wish: &RequestText, scheme: &str, form: &str) -> RequestText {
    let text = |text: &str| Some(text.to_owned());
    RequestText { scheme: text(scheme), form: text(form), profile: None, ..wish.clone() }
}

mod always;
mod forms;
mod headers;
mod judged;
mod published;
mod stands;
