//! Keys in JSON: the page's own key sheets, and what ClearKey players take (EME §9.1.4).

use super::base64_bytes;
use super::json::Json;
use super::list::{KeyEntry, KeyList, ListForm};
use crate::bytes::{ContentKey, Error, KeyId, Result};
use crate::playready::{parse_key, parse_kid};

/// Reads either.
pub fn read(json: &Json) -> Result<KeyList> {
    let keys = json.get("keys").map_or(json, |keys| keys).list();
    let is_clearkey = keys.iter().any(|key| key.get("k").is_some());
    let mut entries = Vec::new();
    for (number, key) in (1..).zip(keys) {
        entries.push(
            entry(key, is_clearkey).map_err(|why| {
                Error::file("bad-key-sheet", format!("Key {number} of the list has {why}."))
            })?,
        );
    }
    if entries.is_empty() {
        let message = "The JSON has no list “keys”, as key sheets of this page and ClearKey have it.";
        return Err(Error::file("no-keys", message));
    }
    if let Some(tracks) = json.get("tracks") {
        by_track(&mut entries, tracks.list());
    }
    let scheme = json.get("scheme").and_then(Json::text);
    for entry in &mut entries {
        entry.scheme = scheme.map(str::to_owned);
    }
    let form = if is_clearkey { ListForm::ClearKey } else { ListForm::Sheet };
    Ok(KeyList { form, keys: entries, notes: Vec::new(), cpix: None })
}

/// One key; what is wrong is said for the end of a sentence.
fn entry(json: &Json, is_clearkey: bool) -> core::result::Result<KeyEntry, &'static str> {
    if is_clearkey {
        let bytes = |name: &str| -> Option<[u8; 16]> {
            let text = json.get(name)?.text()?.replace('-', "+").replace('_', "/");
            base64_bytes(&text)?.as_slice().try_into().ok()
        };
        let kid = bytes("kid").ok_or("no kid of 16 bytes in base64url")?;
        let key = bytes("k").ok_or("no k of 16 bytes in base64url")?;
        return Ok(KeyEntry { kid: Some(KeyId(kid)), key: Some(ContentKey(key)), ..KeyEntry::default() });
    }
    let text = |name: &str, inner: &str| {
        let value = json.get(name)?;
        value.text().or_else(|| value.get(inner)?.text())
    };
    let kid = text("kid", "uuid").and_then(|text| parse_kid(text).ok()).ok_or("no kid that is a UUID")?;
    let key =
        text("key", "hex").and_then(|text| parse_key(text).ok()).ok_or("no key of 32 hexadecimal digits")?;
    Ok(KeyEntry {
        kid: Some(kid),
        key: Some(key),
        track: json.get("track").and_then(Json::number),
        class: json.get("class").and_then(Json::text).map(str::to_owned),
        period: json.get("period").and_then(Json::number),
        ..KeyEntry::default()
    })
}

/// A key that is said to be for nothing is for the tracks that name it, when that is one.
fn by_track(entries: &mut [KeyEntry], tracks: &[Json]) {
    for entry in entries.iter_mut().filter(|entry| entry.track.is_none() && entry.class.is_none()) {
        let named = |track: &&Json| {
            let kid = track.get("kid").and_then(Json::text).and_then(|text| parse_kid(text).ok());
            kid.is_some() && kid == entry.kid
        };
        let mut named = tracks.iter().filter(named);
        if let (Some(track), None) = (named.next(), named.next()) {
            entry.track = track.get("id").and_then(Json::number);
        }
    }
}
