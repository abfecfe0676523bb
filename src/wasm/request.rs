//! Requests from JavaScript: what crosses the door, as the core takes it.

use wasm_bindgen::JsValue;

use crate::bytes::{ContentKey, Error};
use crate::protect::request::SecretText;
use crate::protect::{KeyText, Random, Request, RequestText, SourceKeyText};

use super::{JsResult, property, to_js};

/// Bytes of randomness a request needs: key, key ID, first IV, and 16 that more keys are made of.
pub const RANDOM_LEN: usize = 56;

/// Random values that come back from JavaScript.
pub fn random_values(bytes: &[u8]) -> JsResult<[u8; RANDOM_LEN]> {
    let wrong = |_| malformed(&format!("it needs {RANDOM_LEN} random bytes, but got {}", bytes.len()));
    bytes.try_into().map_err(wrong)
}

/// Parses a request object, shaped as `types.d.ts` has it.
pub fn parse(request: &JsValue, random: &[u8; RANDOM_LEN]) -> JsResult<Request> {
    if !request.is_object() {
        return Err(malformed("it is not an object"));
    }
    refuse_unknown(request, "", &FIELDS)?;
    let text = RequestText {
        scheme: text(request, "scheme")?,
        form: text(request, "form")?,
        profile: text(request, "profile")?,
        iv_size: number_or_text(request, "ivSize")?,
        key_per: text(request, "keyPer")?,
        keys: property(request, "keys")?.map(keys).transpose()?.unwrap_or_default(),
        kid: text(request, "kid")?,
        key: text(request, "key")?.map(SecretText),
        key_seed: text(request, "keySeed")?.map(SecretText),
        la_url: text(request, "laUrl")?.unwrap_or_default(),
        lui_url: text(request, "luiUrl")?,
        ds_id: text(request, "dsId")?,
        custom_attributes: text(request, "customAttributes")?,
        tracks: property(request, "tracks")?.map(|list| tracks(list, "tracks")).transpose()?,
        whole_samples: property(request, "wholeSamples")?
            .map(|list| tracks(list, "wholeSamples"))
            .transpose()?
            .unwrap_or_default(),
        iv_start: text(request, "ivStart")?,
        clear_lead: number_or_text(request, "clearLead")?,
        key_rotation: number_or_text(request, "keyRotation")?,
        header_version: text(request, "headerVersion")?,
        decryptor_setup: text(request, "decryptorSetup")?,
        licence_store: number_or_text(request, "licenceStore")?,
        playready_object: text(request, "playreadyObject")?,
        widevine: property(request, "widevine")?.is_some_and(|value| value.is_truthy()),
        widevine_provider: text(request, "widevineProvider")?,
        widevine_content_id: text(request, "widevineContentId")?,
        pssh: text(request, "pssh")?,
        segment_index: property(request, "segmentIndex")?.is_some_and(|value| value.is_truthy()),
        segments: property(request, "segments")?.is_some_and(|value| value.is_truthy()),
        leftovers: text(request, "leftovers")?,
        source_keys: property(request, "sourceKeys")?.map(source_keys).transpose()?.unwrap_or_default(),
        remove: property(request, "remove")?.map(names).transpose()?.unwrap_or_default(),
        brands: text(request, "brands")?,
    };
    let (key, rest) = random.split_at(16);
    let (kid, rest) = rest.split_at(16);
    let (iv_start, more) = rest.split_at(8);
    let array = |bytes: &[u8]| <[u8; 16]>::try_from(bytes).unwrap_or_default();
    let random = Random {
        key: ContentKey(array(key)),
        kid: array(kid),
        iv_start: u64::from_be_bytes(<[u8; 8]>::try_from(iv_start).unwrap_or_default()),
        more: ContentKey(array(more)),
    };
    random.check().and_then(|()| Request::parse(&text, &random)).map_err(to_js)
}

/// A misspelt field would be left out in silence.
fn refuse_unknown(object: &JsValue, at: &'static str, known: &[&str]) -> JsResult<()> {
    let fields = js_sys::Object::keys(&js_sys::Object::from(object.clone()));
    let unknown = fields.iter().filter_map(|name| name.as_string()).find(|name| !known.contains(&&**name));
    let Some(unknown) = unknown else { return Ok(()) };
    let plain = |name: &str| name.replace(['_', '-'], "").to_ascii_lowercase();
    let meant = known.iter().find(|name| plain(name) == plain(&unknown));
    let hint = meant
        .map_or_else(|| format!("there are {}", known.join(", ")), |meant| format!("did you mean {meant}?"));
    Err(malformed_at(at, &format!("there is no field {unknown}; {hint}")))
}

/// The fields of a request.
const FIELDS: [&str; 32] = [
    "scheme",
    "form",
    "profile",
    "ivSize",
    "keyPer",
    "keys",
    "kid",
    "key",
    "keySeed",
    "laUrl",
    "luiUrl",
    "dsId",
    "customAttributes",
    "tracks",
    "wholeSamples",
    "widevine",
    "widevineProvider",
    "widevineContentId",
    "pssh",
    "leftovers",
    "sourceKeys",
    "clearLead",
    "keyRotation",
    "segmentIndex",
    "segments",
    "ivStart",
    "headerVersion",
    "decryptorSetup",
    "licenceStore",
    "playreadyObject",
    "remove",
    "brands",
];

fn text(request: &JsValue, name: &'static str) -> JsResult<Option<String>> {
    let Some(value) = property(request, name)? else { return Ok(None) };
    value.as_string().map(Some).ok_or_else(|| malformed_at(name, &format!("{name} is not a string")))
}

/// A number, or a form's text of one.
fn number_or_text(request: &JsValue, name: &'static str) -> JsResult<Option<String>> {
    match property(request, name)?.and_then(|value| value.as_f64()) {
        Some(number) => Ok(Some(js_sys::Number::from(number).to_string_with_radix(10).map(String::from)?)),
        None => text(request, name),
    }
}

/// The fields of one of several keys.
const KEY_FIELDS: [&str; 5] = ["class", "track", "period", "kid", "key"];

fn keys(list: JsValue) -> JsResult<Vec<KeyText>> {
    let one = |key: JsValue| {
        Ok(KeyText {
            class: text(&key, "class")?,
            track: track_of(&key, "keys")?,
            period: property(&key, "period")?.map_or(Ok(0), |number| whole(number, "keys", "no period"))?,
            kid: text(&key, "kid")?,
            key: text(&key, "key")?.map(SecretText),
        })
    };
    objects(list, "keys", &KEY_FIELDS)?.into_iter().map(one).collect()
}

/// The fields of a key of what is protected already.
const SOURCE_KEY_FIELDS: [&str; 3] = ["kid", "track", "key"];

/// Keys of what is protected already.
pub fn source_keys(list: JsValue) -> JsResult<Vec<SourceKeyText>> {
    let one = |key: JsValue| {
        Ok(SourceKeyText {
            kid: text(&key, "kid")?,
            track: track_of(&key, "sourceKeys")?,
            key: text(&key, "key")?.map(SecretText),
        })
    };
    objects(list, "sourceKeys", &SOURCE_KEY_FIELDS)?.into_iter().map(one).collect()
}

fn track_of(key: &JsValue, field: &'static str) -> JsResult<Option<u32>> {
    property(key, "track")?.map(|id| whole(id, field, "no track ID")).transpose()
}

/// The entries of a list of objects with these fields.
fn objects(list: JsValue, field: &'static str, known: &[&str]) -> JsResult<Vec<JsValue>> {
    if !js_sys::Array::is_array(&list) {
        return Err(malformed_at(field, &format!("{field} is not a list")));
    }
    let all: Vec<JsValue> = js_sys::Array::from(&list).iter().collect();
    for one in &all {
        if !one.is_object() {
            return Err(malformed_at(field, &format!("{field} has an entry that is not an object")));
        }
        refuse_unknown(one, field, known)?;
    }
    Ok(all)
}

/// What is to be removed.
fn names(list: JsValue) -> JsResult<Vec<String>> {
    let wrong = || malformed_at("remove", "remove is not a list of names");
    if !js_sys::Array::is_array(&list) {
        return Err(wrong());
    }
    js_sys::Array::from(&list).iter().map(|name| name.as_string().ok_or_else(wrong)).collect()
}

fn tracks(list: JsValue, field: &'static str) -> JsResult<Vec<u32>> {
    if !js_sys::Array::is_array(&list) {
        return Err(malformed_at(field, &format!("{field} is not a list")));
    }
    js_sys::Array::from(&list).iter().map(|id| whole(id, field, "no track ID")).collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what `as` changed is refused")]
fn whole(value: JsValue, field: &'static str, not: &str) -> JsResult<u32> {
    let number = value.as_f64().filter(|number| f64::from(*number as u32) == *number);
    let none = || malformed_at(field, &format!("{field} has an entry that is {not}"));
    number.map(|number| number as u32).ok_or_else(none)
}

fn malformed(why: &str) -> JsValue {
    malformed_at("", why)
}

fn malformed_at(field: &'static str, why: &str) -> JsValue {
    to_js(Error::caller("bad-request", field, format!("The request is malformed: {why}.")))
}
