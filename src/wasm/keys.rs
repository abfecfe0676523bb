//! The second door: lists of keys, headers and manifests, without any file. Requests come as JSON, which wipes what it holds.

use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use crate::bytes::units::to_len;
use crate::bytes::{Error, KeyId, Result};
use crate::exchange::build::{BuildText, build};
use crate::exchange::request::{WriteRequest, read_tracks};
use crate::exchange::{decode, export, lines, read_keys, x509};
use crate::manifest;
use crate::manifest::described::ByteRange;
use crate::manifest::segment_index::{self, Piece};
use crate::playready::parse_kid;
use crate::report;

use super::{JsResult, offset, shown, to_js};

/// Key IDs of open files, as UUID texts with spaces between.
fn kids(text: &str) -> Vec<KeyId> {
    text.split_whitespace().filter_map(|kid| parse_kid(kid).ok()).collect()
}

/// What bytes are: `Decoded`.
#[wasm_bindgen]
pub fn decode_anything(bytes: Vec<u8>, known: &str) -> JsResult<JsValue> {
    let bytes = Zeroizing::new(bytes);
    shown(&manifest::decoded::anything(&bytes, &kids(known)))
}

/// What the headers in bytes say of a key, or of a key seed: a list of `KeyCheck`.
#[wasm_bindgen]
pub fn check_key(bytes: Vec<u8>, key: String) -> JsResult<JsValue> {
    let (bytes, key) = (Zeroizing::new(bytes), Zeroizing::new(key));
    shown(&decode::check_key(&decode::decode(&bytes, &[]), &key).map_err(to_js)?)
}

/// Headers made of a request: `Decoded`.
#[wasm_bindgen]
pub fn build_headers(request: String) -> JsResult<JsValue> {
    let request = Zeroizing::new(request);
    shown(&BuildText::read(&request).and_then(|text| build(&text)).map_err(to_js)?)
}

/// A list of keys: `KeyList`; `tracks` are JSON.
#[wasm_bindgen]
pub fn read_key_list(bytes: Vec<u8>, known: &str, tracks: &str) -> JsResult<JsValue> {
    let bytes = Zeroizing::new(bytes);
    let read = || -> Result<_> {
        let list = read_keys(&bytes, &kids(known))?;
        let assigned = list.assign(&read_tracks(tracks)?)?;
        Ok(report::key_list(&list, assigned))
    };
    shown(&read().map_err(to_js)?)
}

/// A list of keys as text: `cpix` or `lines`.
#[wasm_bindgen]
pub fn write_key_list(request: String, form: &str) -> JsResult<String> {
    let request = WriteRequest::read(&Zeroizing::new(request)).map_err(to_js)?;
    let text = match form {
        "cpix" => export::document(&request).map_err(to_js)?.to_xml(),
        "lines" => lines::write(&request.keys),
        _ => {
            let message = "A list of keys is written as cpix or as lines.";
            return Err(to_js(Error::caller("bad-request", "", message)));
        }
    };
    Ok(text.to_string())
}

/// How other programs decrypt a file: a list of `CommandLine`.
#[wasm_bindgen]
pub fn command_lines(request: String) -> JsResult<JsValue> {
    let request = WriteRequest::read(&Zeroizing::new(request)).map_err(to_js)?;
    let opened = lines::Opened {
        name: &request.file,
        piff: request.piff,
        tracks: request.tracks.iter().filter_map(|(track, kid)| Some((track.id, (*kid)?))).collect(),
        video: request.tracks.iter().any(|(track, kid)| track.video && kid.is_some()),
        audio: request.tracks.iter().any(|(track, kid)| track.audio && kid.is_some()),
    };
    shown(&report::commands(&lines::commands(&request.keys, &opened)))
}

/// A manifest: `Manifest`; `files` are the descriptions of those that it is about, as JSON.
#[wasm_bindgen]
pub fn read_manifest(bytes: &[u8], files: &str) -> JsResult<JsValue> {
    let files = manifest::read_files(files).map_err(to_js)?;
    let (_, read) = manifest::read(bytes, &files).map_err(to_js)?;
    shown(&read)
}

/// The segments of a file, from the index in it: `SegmentIndex`. `places` are three numbers for each piece of the file that was read,
/// all of them one behind the other in `bytes`: where it begins, how many bytes were asked for, and how many came. It is looked for
/// from `start` on; `end` is 0 where nobody says where it ends.
#[wasm_bindgen]
pub fn read_segment_index(bytes: &[u8], places: &[f64], start: f64, end: f64) -> JsResult<JsValue> {
    let mut rest = bytes;
    let pieces: Vec<Piece<'_>> = places
        .chunks_exact(3)
        .map(|place| {
            let [start, asked, len] = [0, 1, 2].map(|at| place.get(at).copied().map_or(0, offset));
            let (bytes, behind) = rest.split_at(to_len(len).min(rest.len()));
            rest = behind;
            Piece { start, asked, bytes }
        })
        .collect();
    let from = ByteRange { start: offset(start), end: offset(end) };
    shown(&segment_index::read(&pieces, from).map_err(to_js)?)
}

/// The movie header of fragments that have none: `SmoothHeader`; `heads` are `moof` boxes of some of them.
#[wasm_bindgen]
pub fn smooth_header(bytes: &[u8], track: usize, heads: &[u8]) -> JsResult<JsValue> {
    shown(&manifest::smooth_header(bytes, track, heads).map_err(to_js)?)
}

/// Manifests of files: `WrittenManifests`; both are JSON.
#[wasm_bindgen]
pub fn write_manifests(files: &str, wishes: &str) -> JsResult<JsValue> {
    let files = manifest::read_files(files).map_err(to_js)?;
    let wishes = manifest::read_wishes(wishes).map_err(to_js)?;
    shown(&manifest::write(&files, &wishes).map_err(to_js)?)
}

/// The public key of a certificate.
#[wasm_bindgen]
pub fn public_key(bytes: &[u8]) -> JsResult<Vec<u8>> {
    x509::certificate(bytes).map(|certificate| certificate.public_key).map_err(to_js)
}

/// A certificate as DER.
#[wasm_bindgen]
pub fn certificate(bytes: &[u8]) -> JsResult<Vec<u8>> {
    x509::certificate(bytes).map(|certificate| certificate.der).map_err(to_js)
}

/// A private key as PKCS#8.
#[wasm_bindgen]
pub fn private_key(bytes: Vec<u8>) -> JsResult<Vec<u8>> {
    let bytes = Zeroizing::new(bytes);
    x509::private_key(&bytes).map(|key| key.to_vec()).map_err(to_js)
}
