//! Reads a header's XML as clients in the field do: any order of elements and attributes, small slips forgiven and
//! noted, unknown elements kept for display.
//!
//! PlayReady Header Specification §3. Only what makes the header meaningless is an error.

use super::header::NAMESPACE;
use super::xml::{self, Element};
use super::{Algorithm, Header, HeaderKey, HeaderVersion};
use crate::bytes::{Error, KeyId, Result};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Base64 as files have it: padding and the unused last bits do not matter.
pub(crate) const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A slip the reader forgave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Stable and kebab-case, as `"header-trailing-nul"`. Each code is noted once for a header.
    pub code: &'static str,
    /// A plain sentence.
    pub message: String,
}

/// Something in a header that Boxlock does not know; kept for display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownElement {
    /// Where it stands: `PROTECTINFO/FOO`, or `PROTECTINFO@FOO` for an attribute.
    pub name: String,
    /// Its content: XML as it stands in the header, or the attribute's value.
    pub value: String,
}

/// A header as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedHeader {
    /// What it says.
    pub header: Header,
    /// What it says that Boxlock does not know, in order.
    pub unknown: Vec<UnknownElement>,
    /// The slips that were forgiven, in order.
    pub notes: Vec<Note>,
}

impl Header {
    /// Reads a header's XML text. Rules about which version may hold what are not applied here;
    /// [`Header::problems`] lists them.
    ///
    /// # Errors
    /// `bad-header-xml` when it is not XML, `not-playready-header` when the root is not WRMHEADER or has no version,
    /// `unknown-header-version`, `bad-header-kid` when a KID is not 16 bytes in base64; `header-too-long` and
    /// `header-too-deep` past the caps. Places inside the text are in the sentences; no file offset is known here.
    pub fn parse(text: &str) -> Result<ParsedHeader> {
        let mut notes = Vec::new();
        let text = match text.strip_prefix('\u{FEFF}') {
            Some(rest) => {
                note(&mut notes, "header-bom", || {
                    "The PlayReady header begins with a byte order mark; it must have none.".into()
                });
                rest
            }
            None => text,
        };
        let xml = text.trim_end_matches('\0');
        if xml.len() < text.len() {
            note(&mut notes, "header-trailing-nul", || {
                "The PlayReady header ends with a NUL character; it must have none.".into()
            });
        }
        let root = xml::parse(xml, &mut notes)?;
        let version = version(&root, &mut notes)?;
        let mut walk = Walk { header: Header::new(version, Vec::new()), unknown: Vec::new(), notes };
        walk.root(&root)?;
        Ok(ParsedHeader { header: walk.header, unknown: walk.unknown, notes: walk.notes })
    }
}

/// Adds a note, once for each code.
pub(super) fn note(notes: &mut Vec<Note>, code: &'static str, message: impl FnOnce() -> String) {
    if notes.iter().all(|note| note.code != code) {
        notes.push(Note { code, message: message() });
    }
}

/// Checks that `root` is a PlayReady header, and of which version.
fn version(root: &Element<'_>, notes: &mut Vec<Note>) -> Result<HeaderVersion> {
    let not_ours = |sentence| Error::file("not-playready-header", sentence);
    if root.name != "WRMHEADER" {
        return Err(not_ours(format!(
            "A PlayReady header is a WRMHEADER element, but this is {}.",
            root.name
        )));
    }
    let attribute =
        |wanted: &str| root.attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
    if let Some(name) = outside(root, &mut Vec::new()) {
        note(notes, "header-namespace", || {
            format!("The element {name} of the PlayReady header is not in the namespace {NAMESPACE}.")
        });
    }
    let Some(text) = attribute("version") else {
        return Err(not_ours("The WRMHEADER element has no version attribute.".into()));
    };
    let Some(version) = HeaderVersion::known(text.trim()) else {
        return Err(Error::unsupported(
            "unknown-header-version",
            format!("The PlayReady header has version {text}; Boxlock knows 4.0.0.0 to 4.3.0.0."),
        ));
    };
    if text != version.text() {
        note(notes, "unknown-header-version", || {
            format!("The PlayReady header has version “{text}”, which must be written “{version}”.")
        });
    }
    Ok(version)
}

/// Elements that are looked for, and lie in PlayReady's namespace. CUSTOMATTRIBUTES may bring one of its own.
const OURS: [&str; 12] = [
    "WRMHEADER",
    "DATA",
    "PROTECTINFO",
    "KEYLEN",
    "ALGID",
    "KIDS",
    "KID",
    "CHECKSUM",
    "LA_URL",
    "LUI_URL",
    "DS_ID",
    "DECRYPTORSETUP",
];

/// The name of the first of those that is in another namespace, or in none. `around` are the elements around this one.
fn outside<'e>(element: &'e Element<'_>, around: &mut Vec<&'e Element<'e>>) -> Option<&'e str> {
    if !OURS.contains(&element.name.as_str()) {
        return None;
    }
    let declared = match element.prefix.as_str() {
        "" => "xmlns".to_owned(),
        prefix => format!("xmlns:{prefix}"),
    };
    around.push(element);
    let mut all = around.iter().rev().flat_map(|element| &element.attributes);
    let is_ours = all.find(|(name, _)| *name == declared).is_some_and(|(_, value)| value == NAMESPACE);
    let found = match is_ours {
        false => Some(element.name.as_str()),
        // WRMHEADER, DATA, PROTECTINFO, KIDS: nothing that is looked for stands deeper than in those.
        true if around.len() > 4 => None,
        true => element.children.iter().find_map(|child| outside(child, around)),
    };
    around.pop();
    found
}

/// The header while it is put together.
struct Walk {
    header: Header,
    unknown: Vec<UnknownElement>,
    notes: Vec<Note>,
}

/// What version 4.0 spreads over several elements.
#[derive(Default)]
struct PlainKey {
    kid: Option<KeyId>,
    algorithm: Option<Algorithm>,
    checksum: Option<String>,
    key_len: Option<String>,
}

impl Walk {
    fn root(&mut self, root: &Element<'_>) -> Result<()> {
        let mut plain = PlainKey::default();
        for child in &root.children {
            if child.name == "DATA" {
                self.attributes("DATA", child);
                self.data(child, &mut plain)?;
            } else {
                self.keep("", child);
            }
        }
        self.finish(plain);
        if self.header.keys.is_empty() && !self.header.on_demand {
            self.note("header-no-kid", || "The PlayReady header names no KID.".into());
        }
        Ok(())
    }

    fn data(&mut self, data: &Element<'_>, plain: &mut PlainKey) -> Result<()> {
        for child in &data.children {
            let value = child.text.trim();
            match child.name.as_str() {
                "PROTECTINFO" => self.protect_info(child, plain)?,
                "KID" => {
                    self.place(self.header.version == HeaderVersion::V4_0, "KID elements in DATA");
                    self.kid(child, plain)?;
                }
                "CHECKSUM" if plain.checksum.is_none() => plain.checksum = Some(value.to_owned()),
                "LA_URL" if self.header.la_url.is_none() => self.header.la_url = self.non_empty(child, value),
                "LUI_URL" if self.header.lui_url.is_none() => {
                    self.header.lui_url = self.non_empty(child, value)
                }
                "DS_ID" if self.header.ds_id.is_none() => match bytes(value) {
                    Some(id) => self.header.ds_id = Some(id),
                    None => {
                        self.note("header-ds-id", || "The DS_ID is not 16 bytes in base64.".into());
                        self.keep("", child);
                    }
                },
                "CUSTOMATTRIBUTES" if self.header.custom_attributes.is_none() => {
                    self.attributes("CUSTOMATTRIBUTES", child);
                    self.header.custom_attributes = self.non_empty(child, child.inner);
                }
                "DECRYPTORSETUP" if value == "ONDEMAND" => self.header.on_demand = true,
                "LAURL" => {
                    self.note("header-laurl", || {
                        "The licence URL stands in an element LAURL; clients read LA_URL only.".into()
                    });
                    self.keep("", child);
                }
                "CHECKSUM" | "LA_URL" | "LUI_URL" | "DS_ID" | "CUSTOMATTRIBUTES" => {
                    self.note("header-twice", || {
                        format!("{} stands in the header more than once.", child.name)
                    });
                    self.keep("", child);
                }
                _ => self.keep("", child),
            }
        }
        Ok(())
    }

    fn protect_info(&mut self, info: &Element<'_>, plain: &mut PlainKey) -> Result<()> {
        self.attributes("PROTECTINFO", info);
        for child in &info.children {
            let value = child.text.trim();
            match child.name.as_str() {
                "KEYLEN" => plain.key_len = Some(value.to_owned()),
                "ALGID" => {
                    plain.algorithm = Algorithm::known(value);
                    if plain.algorithm.is_none() {
                        self.unknown_algorithm(value);
                        self.keep("PROTECTINFO/", child);
                    }
                }
                "KID" => {
                    let fits = self.header.version == HeaderVersion::V4_1;
                    self.place(fits, "KID elements in PROTECTINFO without KIDS");
                    self.kid(child, plain)?;
                }
                "KIDS" => {
                    self.place(self.header.version >= HeaderVersion::V4_2, "KIDS");
                    for kid in &child.children {
                        if kid.name == "KID" {
                            self.kid(kid, plain)?;
                        } else {
                            self.keep("PROTECTINFO/KIDS/", kid);
                        }
                    }
                }
                _ => self.keep("PROTECTINFO/", child),
            }
        }
        Ok(())
    }

    /// A KID element in either form: the value as text (4.0) or in attributes (4.1 and later).
    fn kid(&mut self, element: &Element<'_>, plain: &mut PlainKey) -> Result<()> {
        let (mut value, mut checksum) = (None, None);
        let mut key = HeaderKey { kid: KeyId::default(), algorithm: None, checksum: None };
        for (name, text) in &element.attributes {
            let plain_name = name.trim_start_matches('@').to_ascii_uppercase();
            if plain_name != *name && matches!(plain_name.as_str(), "VALUE" | "ALGID" | "CHECKSUM") {
                self.note("header-attribute-case", || {
                    format!("The KID attribute {name} must be written {plain_name}; clients mind the case.")
                });
            }
            match plain_name.as_str() {
                "VALUE" => value = Some(text.trim()),
                "CHECKSUM" => checksum = Some(text.trim()),
                "ALGID" => {
                    key.algorithm = Algorithm::known(text.trim());
                    if key.algorithm.is_none() {
                        self.unknown_algorithm(text);
                        self.unknown
                            .push(UnknownElement { name: format!("KID@{name}"), value: text.clone() });
                    }
                }
                _ => self.unknown.push(UnknownElement { name: format!("KID@{name}"), value: text.clone() }),
            }
        }
        match value {
            Some(value) => {
                self.place(self.header.version >= HeaderVersion::V4_1, "KID attributes");
                key.kid = kid_value(value)?;
                key.checksum = checksum.and_then(|text| self.checksum(text));
                if key.algorithm.is_none() && self.header.version < HeaderVersion::V4_3 {
                    self.note("header-no-algid", || {
                        "A KID has no ALGID; only version 4.3 may leave it out.".into()
                    });
                }
                self.header.keys.push(key);
            }
            None => {
                self.place(self.header.version == HeaderVersion::V4_0, "KID text");
                let kid = kid_value(element.text.trim())?;
                if plain.kid.replace(kid).is_some() {
                    self.note("header-twice", || {
                        "KID stands in the header more than once; the last counts.".into()
                    });
                }
            }
        }
        Ok(())
    }

    /// The key of version 4.0, once all of its elements are known.
    fn finish(&mut self, plain: PlainKey) {
        if self.header.version == HeaderVersion::V4_0 {
            let expected = plain.algorithm.map(|algorithm| algorithm.key_len().to_string());
            if expected.is_some() && plain.key_len != expected {
                self.note("header-keylen", || "KEYLEN must be 16 for AESCTR and 7 for COCKTAIL.".into());
            }
            if plain.kid.is_some() && plain.algorithm.is_none() {
                self.note("header-no-algid", || "A header of version 4.0 must have ALGID.".into());
            }
        } else if plain.key_len.is_some() {
            self.place(false, "KEYLEN");
        }
        let checksum = plain.checksum.and_then(|text| self.checksum(&text));
        if let Some(kid) = plain.kid {
            self.header.keys.insert(0, HeaderKey { kid, algorithm: plain.algorithm, checksum });
        }
    }

    /// A checksum of 8 bytes. Other lengths (COCKTAIL has 7) are kept for display.
    fn checksum(&mut self, text: &str) -> Option<[u8; 8]> {
        let checksum = bytes(text);
        if checksum.is_none() {
            self.note("header-checksum", || "A CHECKSUM is not 8 bytes in base64.".into());
            self.unknown.push(UnknownElement { name: "CHECKSUM".into(), value: text.to_owned() });
        }
        checksum
    }

    /// `value`, unless there is none, which the specification forbids.
    fn non_empty(&mut self, element: &Element<'_>, value: &str) -> Option<String> {
        if value.trim().is_empty() {
            self.note("header-empty-element", || format!("{} is empty; it must not be.", element.name));
            return None;
        }
        Some(value.to_owned())
    }

    /// Notes something that does not belong into a header of this version.
    fn place(&mut self, fits: bool, what: &str) {
        if !fits {
            let version = self.header.version;
            self.note("header-wrong-place", || {
                format!("{what} do not belong into a header of version {version}.")
            });
        }
    }

    fn unknown_algorithm(&mut self, text: &str) {
        self.note("header-algid", || format!("ALGID {text} is not AESCTR, AESCBC or COCKTAIL."));
    }

    /// Keeps an unknown element for display.
    fn keep(&mut self, path: &str, element: &Element<'_>) {
        let name = format!("{path}{}", element.name);
        self.unknown.push(UnknownElement { name, value: element.inner.to_owned() });
    }

    /// Keeps the attributes of an element that has none.
    fn attributes(&mut self, path: &str, element: &Element<'_>) {
        for (name, value) in &element.attributes {
            self.unknown.push(UnknownElement { name: format!("{path}@{name}"), value: value.clone() });
        }
    }

    fn note(&mut self, code: &'static str, message: impl FnOnce() -> String) {
        note(&mut self.notes, code, message);
    }
}

/// A KID from its base64 in GUID order.
fn kid_value(text: &str) -> Result<KeyId> {
    match LENIENT.decode(text) {
        Ok(value) => match <[u8; 16]>::try_from(value.as_slice()) {
            Ok(guid) => Ok(KeyId::from_guid_bytes(guid)),
            Err(_) => Err(Error::file(
                "bad-header-kid",
                format!("A KID in the PlayReady header is {} bytes long; it must be 16.", value.len()),
            )),
        },
        Err(_) => Err(Error::file("bad-header-kid", "A KID in the PlayReady header is not base64.")),
    }
}

/// `N` bytes from base64, or `None`.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    LENIENT.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests;
