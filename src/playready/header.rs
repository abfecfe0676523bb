//! The PlayReady header: what it says, and the XML it is written as.
//!
//! PlayReady Header Specification §3. Written in Microsoft's canonical form: `xmlns` before `version`, other
//! attributes alphabetical, every element closed by a tag of its own, nothing between the tags.

use super::checksum::checksum;
use super::xml::escape;
use crate::bytes::{ContentKey, Error, KeyId, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use core::fmt;
use core::str::FromStr;

/// The header's XML namespace.
pub const NAMESPACE: &str = "http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader";

/// The version of a header, which decides where keys stand and which clients can read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HeaderVersion {
    /// 4.0.0.0: one key; every PlayReady client.
    V4_0,
    /// 4.1.0.0: one key or none; PlayReady 2.0 and later.
    V4_1,
    /// 4.2.0.0: several keys; PlayReady 3.0 and later.
    V4_2,
    /// 4.3.0.0: AES-CBC; PlayReady 4.0 and later.
    V4_3,
}

impl HeaderVersion {
    /// All of them, oldest first.
    pub const ALL: [Self; 4] = [Self::V4_0, Self::V4_1, Self::V4_2, Self::V4_3];

    /// The text of the `version` attribute.
    pub fn text(self) -> &'static str {
        match self {
            Self::V4_0 => "4.0.0.0",
            Self::V4_1 => "4.1.0.0",
            Self::V4_2 => "4.2.0.0",
            Self::V4_3 => "4.3.0.0",
        }
    }

    /// The text people use: `4.0`.
    pub fn short(self) -> &'static str {
        match self {
            Self::V4_0 => "4.0",
            Self::V4_1 => "4.1",
            Self::V4_2 => "4.2",
            Self::V4_3 => "4.3",
        }
    }

    /// From either text, or `None` when no known version has it.
    pub fn known(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| text == version.text() || text == version.short())
    }
}

impl fmt::Display for HeaderVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl FromStr for HeaderVersion {
    type Err = Error;

    /// From `4.0` or `4.0.0.0`; the error is `bad-header-version` at field `headerVersion`.
    fn from_str(text: &str) -> Result<Self> {
        Self::known(text).ok_or_else(|| {
            Error::caller(
                "bad-header-version",
                "headerVersion",
                "The header version must be 4.0, 4.1, 4.2 or 4.3; this is none of them.",
            )
        })
    }
}

/// The cipher of the content, as ALGID names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// AES-128 in counter mode (`cenc`, PIFF).
    AesCtr,
    /// AES-128 in cipher block chaining mode (`cbcs`).
    AesCbc,
    /// The cipher of Windows Media DRM; read, never used for new content.
    Cocktail,
}

impl Algorithm {
    /// The text of ALGID.
    pub fn text(self) -> &'static str {
        match self {
            Self::AesCtr => "AESCTR",
            Self::AesCbc => "AESCBC",
            Self::Cocktail => "COCKTAIL",
        }
    }

    /// From the text of ALGID, or `None` when no known algorithm has it.
    pub fn known(text: &str) -> Option<Self> {
        [Self::AesCtr, Self::AesCbc, Self::Cocktail].into_iter().find(|algorithm| algorithm.text() == text)
    }

    /// The key's length in bytes, as KEYLEN has it (PlayReady Header Specification §3.6.2).
    pub fn key_len(self) -> u8 {
        match self {
            Self::AesCtr | Self::AesCbc => 16,
            Self::Cocktail => 7,
        }
    }
}

/// One key a header names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderKey {
    /// Its identifier.
    pub kid: KeyId,
    /// Its cipher. `None` only where version 4.3 leaves it open.
    pub algorithm: Option<Algorithm>,
    /// The AESCTR checksum, if the header has one.
    pub checksum: Option<[u8; 8]>,
}

impl HeaderKey {
    /// A key for AES-CTR with its checksum.
    pub fn aes_ctr(kid: KeyId, key: &ContentKey) -> Self {
        Self { kid, algorithm: Some(Algorithm::AesCtr), checksum: Some(checksum(key, kid)) }
    }

    /// A key for AES-CBC, which has no checksum (§5).
    pub fn aes_cbc(kid: KeyId) -> Self {
        Self { kid, algorithm: Some(Algorithm::AesCbc), checksum: None }
    }

    /// Whether the checksum says `key` is the right key; `None` when there is no checksum to ask.
    pub fn accepts(&self, key: &ContentKey) -> Option<bool> {
        self.checksum.map(|expected| expected == checksum(key, self.kid))
    }
}

/// A PlayReady header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its version.
    pub version: HeaderVersion,
    /// The keys it names.
    pub keys: Vec<HeaderKey>,
    /// LA_URL: where licences come from.
    pub la_url: Option<String>,
    /// LUI_URL: where a person can be sent for a licence.
    pub lui_url: Option<String>,
    /// DS_ID: the domain service id, in the byte order of its base64.
    pub ds_id: Option<[u8; 16]>,
    /// What stands inside CUSTOMATTRIBUTES: XML, written as it is.
    pub custom_attributes: Option<String>,
    /// DECRYPTORSETUP is ONDEMAND: the licence may come only while playing. From version 4.1 on.
    pub on_demand: bool,
}

impl Header {
    /// A header of `version` naming `keys`, and nothing else yet.
    pub fn new(version: HeaderVersion, keys: Vec<HeaderKey>) -> Self {
        Self {
            version,
            keys,
            la_url: None,
            lui_url: None,
            ds_id: None,
            custom_attributes: None,
            on_demand: false,
        }
    }

    /// The oldest version that can name `keys`, since each newer one loses clients: 4.3 for AES-CBC or an open
    /// algorithm, 4.2 for several keys, 4.1 for none, 4.0 for one.
    pub fn choose_version(keys: &[HeaderKey]) -> HeaderVersion {
        let needs_4_3 = |key: &HeaderKey| matches!(key.algorithm, None | Some(Algorithm::AesCbc));
        if keys.iter().any(needs_4_3) {
            return HeaderVersion::V4_3;
        }
        match keys.len() {
            0 => HeaderVersion::V4_1,
            1 => HeaderVersion::V4_0,
            _ => HeaderVersion::V4_2,
        }
    }

    /// The header as XML in canonical form, without a byte order mark, `<?xml?>` or a trailing NUL.
    ///
    /// # Errors
    /// The first of [`Header::problems`], so that no header against the rules is ever written.
    pub fn to_xml(&self) -> Result<String> {
        if let Some(problem) = self.problems().into_iter().next() {
            return Err(problem);
        }
        let mut data = String::new();
        match self.version {
            HeaderVersion::V4_0 => {
                for key in &self.keys {
                    data += &plain_key(key);
                }
            }
            HeaderVersion::V4_1 => {
                data += &wrap_keys("PROTECTINFO", self.keys.iter().map(attribute_key).collect());
            }
            HeaderVersion::V4_2 | HeaderVersion::V4_3 => {
                let kids = wrap_keys("KIDS", self.keys.iter().map(attribute_key).collect());
                data += &wrap_keys("PROTECTINFO", kids);
            }
        }
        if let Some(url) = &self.la_url {
            data += &element("LA_URL", &escape(url));
        }
        if let Some(url) = &self.lui_url {
            data += &element("LUI_URL", &escape(url));
        }
        if let Some(id) = &self.ds_id {
            data += &element("DS_ID", &STANDARD.encode(id));
        }
        if let Some(inner) = &self.custom_attributes {
            data += &element("CUSTOMATTRIBUTES", inner);
        }
        if self.on_demand {
            data += &element("DECRYPTORSETUP", "ONDEMAND");
        }
        Ok(format!(
            "<WRMHEADER xmlns=\"{NAMESPACE}\" version=\"{}\">{}</WRMHEADER>",
            self.version,
            element("DATA", &data)
        ))
    }
}

/// The one key of version 4.0, in elements of its own.
fn plain_key(key: &HeaderKey) -> String {
    let algorithm = key.algorithm.unwrap_or(Algorithm::AesCtr);
    let info = element("KEYLEN", &algorithm.key_len().to_string()) + &element("ALGID", algorithm.text());
    let mut out = element("PROTECTINFO", &info) + &element("KID", &STANDARD.encode(key.kid.guid_bytes()));
    if let Some(checksum) = key.checksum {
        out += &element("CHECKSUM", &STANDARD.encode(checksum));
    }
    out
}

/// A key of versions 4.1 and later, in attributes.
fn attribute_key(key: &HeaderKey) -> String {
    let mut out = String::from("<KID");
    if let Some(algorithm) = key.algorithm {
        out += &format!(" ALGID=\"{}\"", algorithm.text());
    }
    if let Some(checksum) = key.checksum {
        out += &format!(" CHECKSUM=\"{}\"", STANDARD.encode(checksum));
    }
    out += &format!(" VALUE=\"{}\"></KID>", STANDARD.encode(key.kid.guid_bytes()));
    out
}

/// `inner` in an element, or nothing: a KIDS element must not be empty (§3.3.3).
fn wrap_keys(name: &str, inner: String) -> String {
    if inner.is_empty() { inner } else { element(name, &inner) }
}

/// An element with an explicit closing tag. `inner` is XML.
fn element(name: &str, inner: &str) -> String {
    format!("<{name}>{inner}</{name}>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_known_by_both_texts() {
        assert_eq!("4.2".parse::<HeaderVersion>().unwrap(), HeaderVersion::V4_2);
        assert_eq!("4.3.0.0".parse::<HeaderVersion>().unwrap(), HeaderVersion::V4_3);
        let error = "5".parse::<HeaderVersion>().unwrap_err();
        assert_eq!((error.code(), error.field()), ("bad-header-version", Some("headerVersion")));
    }

    #[test]
    fn the_version_is_the_oldest_that_fits() {
        let ctr = HeaderKey::aes_ctr(KeyId([1; 16]), &ContentKey([2; 16]));
        let cbc = HeaderKey::aes_cbc(KeyId([1; 16]));
        assert_eq!(Header::choose_version(&[]), HeaderVersion::V4_1);
        assert_eq!(Header::choose_version(core::slice::from_ref(&ctr)), HeaderVersion::V4_0);
        assert_eq!(Header::choose_version(&[ctr.clone(), ctr]), HeaderVersion::V4_2);
        assert_eq!(Header::choose_version(&[cbc]), HeaderVersion::V4_3);
    }
}
