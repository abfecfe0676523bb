//! What is asked for, as JSON: to build headers, to write lists of keys, to give the keys of a list to tracks.

use super::build::BuildText;
use super::cpix::TrackFacts;
use super::json::Json;
use super::list::KeyEntry;
use super::{base64_bytes, cpix};
use crate::bytes::{Error, KeyId, Result};
use crate::playready::{parse_key, parse_kid};
use crate::protect::KeyText;
use crate::protect::request::SecretText;

/// A list of keys that is to be written.
#[derive(Clone, Debug, Default)]
pub struct WriteRequest {
    /// The keys.
    pub keys: Vec<KeyEntry>,
    /// The tracks that they are for, with the key ID of each, where they are known.
    pub tracks: Vec<(TrackFacts, Option<KeyId>)>,
    /// Name of the content, in a CPIX document.
    pub content_id: Option<String>,
    /// Their scheme.
    pub scheme: Option<String>,
    /// `pssh` boxes of the file, each whole.
    pub pssh: Vec<Vec<u8>>,
    /// The PlayReady object of the file.
    pub object: Option<Vec<u8>>,
    /// For whom keys are encrypted.
    pub recipients: Vec<cpix::Recipient>,
    /// Name of the file that command lines are for.
    pub file: String,
    /// Whether it has PIFF boxes alone.
    pub piff: bool,
}

/// An object with these fields and no others: a misspelt one would be left out in silence.
pub(crate) fn fields(json: &Json, known: &[&str]) -> Result<()> {
    let Json::Object(members) = json else { return Err(malformed("it is not an object")) };
    match members.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => {
            let name: String = name.chars().take(40).collect();
            Err(malformed(&format!("there is no field {name}; there are {}", known.join(", "))))
        }
        None => Ok(()),
    }
}

pub(crate) fn malformed(why: &str) -> Error {
    Error::caller("bad-request", "", format!("The request is malformed: {why}."))
}

pub(crate) fn text(json: &Json, name: &str) -> Option<String> {
    json.get(name).and_then(Json::text).map(str::to_owned)
}

pub(crate) fn flag(json: &Json, name: &str) -> bool {
    matches!(json.get(name), Some(Json::Plain(word)) if word.0 == "true")
}

fn number(json: &Json, name: &str) -> Option<u64> {
    json.get(name).and_then(Json::number).map(u64::from)
}

pub(crate) fn bytes(json: &Json, name: &str) -> Result<Option<Vec<u8>>> {
    let Some(text) = json.get(name).and_then(Json::text) else { return Ok(None) };
    let bytes = base64_bytes(text).ok_or_else(|| malformed(&format!("{name} is not base64")))?;
    Ok(Some(bytes.to_vec()))
}

impl BuildText {
    /// Reads a request.
    ///
    /// # Errors
    /// `bad-request` when it is none, `bad-json`.
    pub fn read(request: &str) -> Result<Self> {
        let json = Json::parse(request)?;
        let known = [
            "kid",
            "key",
            "keys",
            "keySeed",
            "laUrl",
            "luiUrl",
            "dsId",
            "customAttributes",
            "headerVersion",
            "scheme",
            "decryptorSetup",
            "widevine",
        ];
        fields(&json, &known)?;
        let one = |json: &Json| KeyText {
            kid: text(json, "kid"),
            key: text(json, "key").map(SecretText),
            ..KeyText::default()
        };
        let mut keys = Vec::new();
        if json.get("kid").and_then(Json::text).is_some_and(|kid| !kid.trim().is_empty()) {
            keys.push(one(&json));
        }
        for key in json.get("keys").map_or(&[][..], Json::list) {
            fields(key, &["kid", "key"])?;
            keys.push(one(key));
        }
        Ok(Self {
            keys,
            key_seed: text(&json, "keySeed").map(SecretText),
            la_url: text(&json, "laUrl"),
            lui_url: text(&json, "luiUrl"),
            ds_id: text(&json, "dsId"),
            custom_attributes: text(&json, "customAttributes"),
            header_version: text(&json, "headerVersion"),
            scheme: text(&json, "scheme"),
            on_demand: text(&json, "decryptorSetup")
                .is_some_and(|word| word.eq_ignore_ascii_case("ondemand")),
            widevine: flag(&json, "widevine"),
        })
    }
}

impl WriteRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// `bad-request` when it is none, `bad-json`, and those of key IDs and keys.
    pub fn read(request: &str) -> Result<Self> {
        let json = Json::parse(request)?;
        let known = [
            "keys",
            "tracks",
            "contentId",
            "scheme",
            "pssh",
            "playreadyObject",
            "recipients",
            "fileName",
            "piff",
        ];
        fields(&json, &known)?;
        let list = |name: &str| json.get(name).map_or(&[][..], Json::list);
        let pssh = list("pssh").iter().filter_map(Json::text).map(|text| {
            base64_bytes(text)
                .map(|bytes| bytes.to_vec())
                .ok_or_else(|| malformed("pssh has an entry that is not base64"))
        });
        Ok(Self {
            keys: list("keys").iter().map(key).collect::<Result<_>>()?,
            tracks: tracks(list("tracks"))?,
            content_id: text(&json, "contentId").filter(|id| !id.is_empty()),
            scheme: text(&json, "scheme").filter(|scheme| !scheme.is_empty()),
            pssh: pssh.collect::<Result<_>>()?,
            object: bytes(&json, "playreadyObject")?,
            recipients: list("recipients").iter().map(recipient).collect::<Result<_>>()?,
            file: text(&json, "fileName").unwrap_or_default(),
            piff: flag(&json, "piff"),
        })
    }
}

/// The tracks that keys are to be given to.
///
/// # Errors
/// `bad-request` when they are none, `bad-json`, and those of key IDs.
pub fn read_tracks(request: &str) -> Result<Vec<(TrackFacts, Option<KeyId>)>> {
    tracks(Json::parse(request)?.list())
}

fn tracks(list: &[Json]) -> Result<Vec<(TrackFacts, Option<KeyId>)>> {
    let one = |json: &Json| {
        fields(json, &["id", "kind", "width", "height", "fps", "channels", "bitrate", "kid"])?;
        let kind = text(json, "kind").unwrap_or_default();
        let size = number(json, "width").zip(number(json, "height"));
        let kid = json.get("kid").and_then(Json::text).map(parse_kid).transpose()?;
        let facts = TrackFacts {
            id: json.get("id").and_then(Json::number).ok_or_else(|| malformed("a track has no id"))?,
            video: kind == "video",
            audio: kind == "audio",
            pixels: size.map(|(width, height)| width.saturating_mul(height)),
            fps: number(json, "fps"),
            channels: number(json, "channels"),
            bitrate: number(json, "bitrate"),
        };
        Ok((facts, kid))
    };
    list.iter().map(one).collect()
}

fn key(json: &Json) -> Result<KeyEntry> {
    fields(json, &["kid", "key", "track", "class", "period", "scheme", "encrypted"])?;
    let encrypted =
        json.get("encrypted").filter(|value| matches!(value, Json::Object(_))).map(encrypted).transpose()?;
    Ok(KeyEntry {
        kid: json.get("kid").and_then(Json::text).map(parse_kid).transpose()?,
        key: json.get("key").and_then(Json::text).map(parse_key).transpose()?,
        track: json.get("track").and_then(Json::number),
        class: text(json, "class"),
        period: json.get("period").and_then(Json::number),
        scheme: text(json, "scheme"),
        encrypted,
        ..KeyEntry::default()
    })
}

fn encrypted(json: &Json) -> Result<cpix::Encrypted> {
    fields(json, &["algorithm", "value", "mac"])?;
    Ok(cpix::Encrypted {
        algorithm: text(json, "algorithm").unwrap_or_default(),
        value: bytes(json, "value")?.unwrap_or_default(),
        mac: bytes(json, "mac")?,
    })
}

fn recipient(json: &Json) -> Result<cpix::Recipient> {
    fields(json, &["certificate", "documentKey", "macKey"])?;
    let part = |name: &str| {
        let json = json.get(name).ok_or_else(|| malformed(&format!("a recipient has no {name}")))?;
        encrypted(json)
    };
    Ok(cpix::Recipient {
        certificate: bytes(json, "certificate")?.unwrap_or_default(),
        document_key: part("documentKey")?,
        mac: Some((cpix::HMAC_SHA512.to_owned(), part("macKey")?)),
    })
}
