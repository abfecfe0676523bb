//! Requests from JavaScript: what crosses the door, as the core takes it.

use serde::Deserialize;
use wasm_bindgen::JsValue;
use zeroize::Zeroize;

use crate::bytes::{ContentKey, Error};
use crate::protect::request::SecretText;
use crate::protect::{Random, Request, RequestText};

use super::{JsResult, to_js};

/// The request as `types.d.ts` has it, and random bytes from the browser.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestView {
    profile: Option<String>,
    kid: Option<String>,
    key: Option<String>,
    key_seed: Option<String>,
    #[serde(default)]
    la_url: String,
    lui_url: Option<String>,
    ds_id: Option<String>,
    custom_attributes: Option<String>,
    tracks: Option<Vec<u32>>,
    iv_start: Option<String>,
    header_version: Option<String>,
}

/// Bytes of randomness a request needs: key, key ID, first IV.
pub const RANDOM_LEN: usize = 40;

/// Parses a request object with [`RANDOM_LEN`] random bytes.
pub fn parse(request: JsValue, random: &[u8]) -> JsResult<Request> {
    let view: RequestView = serde_wasm_bindgen::from_value(request).map_err(|error| {
        to_js(Error::caller("bad-request", "", format!("The request is malformed: {error}.")))
    })?;
    let text = RequestText {
        profile: view.profile,
        kid: view.kid,
        key: view.key.map(SecretText),
        key_seed: view.key_seed.map(SecretText),
        la_url: view.la_url,
        lui_url: view.lui_url,
        ds_id: view.ds_id,
        custom_attributes: view.custom_attributes,
        tracks: view.tracks,
        iv_start: view.iv_start,
        header_version: view.header_version,
    };
    let Ok(mut bytes) = <[u8; RANDOM_LEN]>::try_from(random) else {
        let message = format!("A request needs {RANDOM_LEN} random bytes, but got {}.", random.len());
        return Err(to_js(Error::caller("bad-request", "", message)));
    };
    let (key, rest) = bytes.split_at(16);
    let (kid, iv_start) = rest.split_at(16);
    let array = |bytes: &[u8]| <[u8; 16]>::try_from(bytes).unwrap_or_default();
    let random = Random {
        key: ContentKey(array(key)),
        kid: array(kid),
        iv_start: u64::from_be_bytes(<[u8; 8]>::try_from(iv_start).unwrap_or_default()),
    };
    let request = Request::parse(&text, &random).map_err(to_js);
    bytes.zeroize();
    request
}
