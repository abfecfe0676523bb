//! What is asked of the PlayReady header: its texts, or a header that somebody else has made.

use crate::boxes::Tree;
use crate::boxes::cenc::ProtectionSystemSpecificHeader;
use crate::boxes::systems::PLAYREADY;
use crate::bytes::{Error, KeyId, Result};
use crate::playready::key::bytes_of;
use crate::playready::object::is_bare_header;
use crate::playready::{
    Algorithm, Header, HeaderKey, HeaderVersion, ParsedHeader, ProObject, Record, bare_header_xml,
    check_custom_attributes, check_url, parse_ds_id, without_wrapper,
};

use super::keys::{KeySource, PlannedKey};
use super::request::{RequestText, given};
use super::scheme::{Mode, Scheme};

/// Request field of a ready-made header.
pub(super) const OBJECT: &str = "playreadyObject";

/// What a header is made of, or the header itself.
#[derive(Clone, Debug)]
pub struct HeaderWishes {
    /// The header, but for the keys that it names.
    header: Header,
    /// Its version, where that is not chosen by rule.
    version: Option<HeaderVersion>,
    /// Bytes left empty for licences to be put into the file.
    store: Option<u16>,
    /// What somebody else has made, to be written as it is.
    ready: Option<(ProObject, ParsedHeader)>,
}

/// A header for certain keys.
#[derive(Clone, Debug)]
pub struct MadeHeader {
    /// What it says.
    pub header: Header,
    /// Its text.
    pub xml: String,
    /// The object around it: what `pssh` boxes carry.
    pub object: Vec<u8>,
}

impl HeaderWishes {
    /// Nothing that is asked for.
    pub fn none() -> Self {
        let header = Header::new(HeaderVersion::V4_0, Vec::new());
        Self { header, version: None, store: None, ready: None }
    }

    /// Reads what was typed. Errors name the request field at fault.
    pub fn parse(text: &RequestText, scheme: &Scheme) -> Result<Self> {
        let Self { mut header, .. } = Self::none();
        if let Some(typed) = given(&text.playready_object) {
            let ready = Some(ready(typed, text, scheme)?);
            return Ok(Self { header, version: None, store: None, ready });
        }
        let la_url = text.la_url.trim();
        if la_url.is_empty() {
            let message = "Give the address of the licence server; players read it from the file.";
            return Err(Error::caller("bad-url", "laUrl", message));
        }
        check_url(la_url, "laUrl")?;
        let lui_url = given(&text.lui_url);
        if let Some(url) = lui_url {
            check_url(url, "luiUrl")?;
        }
        let custom_attributes = given(&text.custom_attributes).map(without_wrapper).transpose()?;
        if let Some(inner) = custom_attributes {
            check_custom_attributes(inner)?;
        }
        header.la_url = Some(la_url.to_owned());
        header.lui_url = lui_url.map(str::to_owned);
        header.ds_id = given(&text.ds_id).map(parse_ds_id).transpose()?;
        header.custom_attributes = custom_attributes.map(str::to_owned);
        header.on_demand = on_demand(text)?;
        Ok(Self { header, version: version(text, scheme)?, store: store(text)?, ready: None })
    }

    /// The key ID that a ready-made header names, if it names one.
    pub fn kid(&self) -> Option<KeyId> {
        let (_, parsed) = self.ready.as_ref()?;
        match &parsed.header.keys[..] {
            [key] => Some(key.kid),
            _ => None,
        }
    }

    /// Fails when the header cannot be made anew for other keys.
    pub fn check_rotation(&self) -> Result<()> {
        if self.ready.is_none() {
            return Ok(());
        }
        let message = "A ready-made PlayReady header names one time’s keys, but the keys are to change. Leave out the header, or \
                       the change of keys.";
        Err(Error::caller("bad-request", "keyRotation", message))
    }

    /// The header that names these keys. Fails when it cannot be written, or is not for them.
    pub fn make(&self, scheme: &Scheme, keys: &[PlannedKey]) -> Result<MadeHeader> {
        if let Some((object, parsed)) = &self.ready {
            keys.iter().try_for_each(|key| check_key(&parsed.header, key))?;
            let xml = object.header_xml(0)?.unwrap_or_default();
            return Ok(MadeHeader { header: parsed.header.clone(), xml, object: object.to_bytes()? });
        }
        let keys: Vec<HeaderKey> = keys
            .iter()
            .map(|planned| match scheme.mode {
                Mode::Ctr => HeaderKey::aes_ctr(planned.kid, &planned.key),
                Mode::Cbc => HeaderKey::aes_cbc(planned.kid),
            })
            .collect();
        let oldest = if self.header.on_demand { HeaderVersion::V4_1 } else { HeaderVersion::V4_0 };
        let version = self.version.unwrap_or_else(|| Header::choose_version(&keys).max(oldest));
        let header = Header { version, keys, ..self.header.clone() };
        let xml = header.to_xml()?;
        let mut object = ProObject::from_header(&header)?;
        if let Some(len) = self.store {
            object.records.push(Record { kind: Record::LICENSE_STORE, value: vec![0; usize::from(len)] });
        }
        let object = object.to_bytes().map_err(|error| too_long(&header, self.store, error))?;
        Ok(MadeHeader { header, xml, object })
    }

    /// What is doubtful of a ready-made header, as plain sentences.
    pub fn doubts(&self, keys: &[PlannedKey]) -> Vec<String> {
        let Some((_, parsed)) = &self.ready else { return Vec::new() };
        let mut doubts: Vec<String> = parsed.notes.iter().map(|note| note.message.clone()).collect();
        let names = |kid: KeyId| parsed.header.keys.iter().any(|named| named.kid == kid);
        for key in keys.iter().filter(|key| !names(key.kid)) {
            doubts.push(format!(
                "The PlayReady header that is given does not name the key ID {}: players would not ask for its licence.",
                key.kid
            ));
            if names(key.kid.swapped()) {
                doubts.push(
                    "It names that key ID in the other byte order: one of the two was copied in GUID order."
                        .to_owned(),
                );
            }
        }
        if parsed.header.la_url.is_none() {
            doubts.push(
                "The PlayReady header that is given has no licence URL; the player must know it by itself."
                    .to_owned(),
            );
        }
        doubts
    }
}

/// A ready-made object, a `pssh` box that has it, or the header that goes into it, in base64 or hex; the last as text too.
pub(super) fn ready(typed: &str, text: &RequestText, scheme: &Scheme) -> Result<(ProObject, ParsedHeader)> {
    let wrong = |message: String| Error::caller("bad-playready-object", OBJECT, message);
    let others = [
        ("laUrl", Some(&*text.la_url)),
        ("luiUrl", text.lui_url.as_deref()),
        ("dsId", text.ds_id.as_deref()),
        ("customAttributes", text.custom_attributes.as_deref()),
        ("headerVersion", text.header_version.as_deref()),
        ("decryptorSetup", text.decryptor_setup.as_deref()),
        ("licenceStore", text.licence_store.as_deref()),
    ];
    for (field, other) in others {
        if other.is_some_and(|other| !other.trim().is_empty()) {
            let message = "A ready-made PlayReady header is given, which says this by itself. Leave this empty, or take that \
                           header out.";
            return Err(Error::caller("bad-request", field, message));
        }
    }
    // Its own text is no element around something else.
    let bytes = match typed.trim() {
        xml if xml.starts_with("<WRMHEADER") => xml.as_bytes().to_vec(),
        other => bytes_of(other).ok_or_else(|| {
            let message = "A PlayReady object is given in base64 or as hexadecimal digits; this is neither, nor is it the XML text \
                           of its header (WRMHEADER).";
            wrong(message.to_owned())
        })?,
    };
    let payload = if bytes.get(4..8) == Some(b"pssh") {
        let tree = Tree::parse(&bytes[..], 0).map_err(|error| wrong(error.message().to_owned()))?;
        let pssh: ProtectionSystemSpecificHeader =
            tree.read(tree.root()).map_err(|error| wrong(error.message().to_owned()))?;
        if pssh.system_id != PLAYREADY {
            return Err(wrong(
                "This 'pssh' box is for another system than PlayReady; it belongs to the other systems."
                    .to_owned(),
            ));
        }
        pssh.data.0
    } else {
        bytes
    };
    let object = if is_bare_header(&payload) {
        bare_header_xml(&payload, 0).map(|xml| ProObject::from_xml(xml.trim_start_matches('\u{FEFF}')))
    } else {
        ProObject::parse(&payload, 0)
    };
    let object = object.map_err(|error| wrong(error.message().to_owned()))?;
    object.to_bytes().map_err(|error| wrong(error.message().to_owned()))?;
    let parsed = object.header(0).map_err(|error| wrong(error.message().to_owned()))?;
    let parsed = parsed.ok_or_else(|| wrong("This PlayReady object has no header in it.".to_owned()))?;
    if scheme.protects() {
        check_cipher(&parsed.header, scheme)?;
    }
    Ok((object, parsed))
}

/// Fails when a ready-made header is for another cipher.
pub(super) fn check_cipher(header: &Header, scheme: &Scheme) -> Result<()> {
    let wanted = if scheme.mode == Mode::Ctr { Algorithm::AesCtr } else { Algorithm::AesCbc };
    let other = header.keys.iter().find_map(|key| key.algorithm.filter(|algorithm| *algorithm != wanted));
    if let Some(other) = other {
        let message = format!(
            "This header is for the cipher {}, but the scheme {} has {}. Choose the scheme that it was made for.",
            other.text(),
            scheme.name(),
            wanted.text()
        );
        return Err(Error::caller("bad-playready-object", OBJECT, message));
    }
    Ok(())
}

/// Fails when a ready-made header has the checksum of another key.
fn check_key(header: &Header, key: &PlannedKey) -> Result<()> {
    let named = header.keys.iter().find(|named| named.kid == key.kid);
    if named.and_then(|named| named.accepts(&key.key)) != Some(false) {
        return Ok(());
    }
    let (field, message) = match key.source {
        KeySource::Random => (
            "key",
            "The PlayReady header that is given has the checksum of a key: it was made for that one. Type the key.".to_owned(),
        ),
        KeySource::Typed => (
            "key",
            format!("The PlayReady header that is given has the checksum of another key for the KID {}.", key.kid),
        ),
        KeySource::Seed => (
            "keySeed",
            format!("The PlayReady header that is given has the checksum of another key for the KID {}.", key.kid),
        ),
    };
    Err(Error::caller("wrong-key", field, message))
}

pub(super) fn version(text: &RequestText, scheme: &Scheme) -> Result<Option<HeaderVersion>> {
    let wrong = |message| Err(Error::caller("bad-header-version", "headerVersion", message));
    let Some(name) = given(&text.header_version) else { return Ok(None) };
    let Some(version) = HeaderVersion::known(name) else {
        return wrong(format!("There is no PlayReady header version “{name}”; use 4.0, 4.1, 4.2 or 4.3."));
    };
    if scheme.mode == Mode::Cbc && version != HeaderVersion::V4_3 {
        return wrong(format!(
            "The scheme {} needs a PlayReady header of version 4.3, the first that knows AES-CBC; {} was asked for.",
            scheme.name(),
            version.short()
        ));
    }
    Ok(Some(version))
}

pub(super) fn on_demand(text: &RequestText) -> Result<bool> {
    match given(&text.decryptor_setup) {
        None => Ok(false),
        Some("ondemand" | "ONDEMAND") => Ok(true),
        Some(other) => {
            let message = format!("There is no decryptor set-up “{other}”; use ondemand, or leave it out.");
            Err(Error::caller("bad-request", "decryptorSetup", message))
        }
    }
}

pub(super) fn store(text: &RequestText) -> Result<Option<u16>> {
    let Some(typed) = given(&text.licence_store) else { return Ok(None) };
    match typed.parse() {
        Ok(len) if (1..=MAX_STORE).contains(&len) => Ok(Some(len)),
        _ => {
            let message = format!("Room for licences has 1 to {MAX_STORE} bytes, not “{typed}”.");
            Err(Error::caller("bad-request", "licenceStore", message))
        }
    }
}

/// Most bytes of an embedded licence store: PlayReady's own tools write 10 KB.
const MAX_STORE: u16 = 10 << 10;

/// Why an object is too large, at the text that takes most of it.
pub(super) fn too_long(header: &Header, store: Option<u16>, error: Error) -> Error {
    if error.code() != "pro-too-large" {
        return error;
    }
    let len = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let texts = [
        ("laUrl", len(&header.la_url)),
        ("luiUrl", len(&header.lui_url)),
        ("customAttributes", len(&header.custom_attributes)),
    ];
    let (field, longest) = texts.into_iter().max_by_key(|(_, len)| *len).unwrap_or(("laUrl", 0));
    // Each key takes about as much as that many characters.
    if header.keys.len() > 1 && header.keys.len() * 90 > longest {
        let message = format!("{} keys are too many for one header. {}", header.keys.len(), error.message());
        return Error::caller("pro-too-large", "keyPer", message);
    }
    if store.is_some_and(|store| usize::from(store) > longest * 2) {
        let message = format!("The room for licences is too large beside the header. {}", error.message());
        return Error::caller("pro-too-large", "licenceStore", message);
    }
    let message = format!("This text of {longest} characters is too long. {}", error.message());
    Error::caller("pro-too-large", field, message)
}
