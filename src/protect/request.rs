//! What a person asks for: texts as typed, parsed into types that cannot be wrong.

use crate::bytes::{ContentKey, Error, KeyId, Result};
use crate::playready::{
    Header, HeaderKey, HeaderVersion, check_custom_attributes, check_url, derive_key, parse_ds_id,
    parse_iv_start, parse_key, parse_kid, parse_seed,
};

/// Which boxes carry the protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// CENC boxes with PIFF twins: plays in the most places.
    Hybrid,
    /// PIFF 1.1: the classic Smooth Streaming form.
    Piff,
}

impl Profile {
    /// The name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Hybrid => "hybrid",
            Profile::Piff => "piff",
        }
    }

    /// The scheme type written.
    pub fn scheme(self) -> &'static [u8; 4] {
        match self {
            Profile::Hybrid => b"cenc",
            Profile::Piff => b"piff",
        }
    }
}

/// A request as typed. Empty texts are as good as absent ones.
#[derive(Clone, Debug, Default)]
pub struct RequestText {
    /// `hybrid` (also when absent) or `piff`.
    pub profile: Option<String>,
    /// Key ID as UUID.
    pub kid: Option<String>,
    /// Content key, hex or base64.
    pub key: Option<SecretText>,
    /// Key seed, base64.
    pub key_seed: Option<SecretText>,
    /// Licence acquisition URL.
    pub la_url: String,
    /// Licence user-interface URL.
    pub lui_url: Option<String>,
    /// Domain service ID.
    pub ds_id: Option<String>,
    /// What goes inside CUSTOMATTRIBUTES.
    pub custom_attributes: Option<String>,
    /// Track IDs; all that can be protected when absent.
    pub tracks: Option<Vec<u32>>,
    /// First IV, 16 hex digits.
    pub iv_start: Option<String>,
    /// `4.0` to `4.3`.
    pub header_version: Option<String>,
}

/// A typed secret: wiped when dropped, never printed.
#[derive(Clone, Default, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
pub struct SecretText(pub String);

impl core::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SecretText(..)")
    }
}

/// Random values, used where the request leaves a choice. From a cryptographic source, and never used twice.
#[derive(Clone, Debug)]
pub struct Random {
    /// For the content key.
    pub key: ContentKey,
    /// For the key ID.
    pub kid: [u8; 16],
    /// For the first IV.
    pub iv_start: u64,
}

/// Where the content key came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// Random.
    Random,
    /// Typed.
    Typed,
    /// Derived from a key seed and the key ID.
    Seed,
}

/// A request that makes sense by itself; whether it fits a file is the plan's business.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which boxes.
    pub profile: Profile,
    /// Key ID.
    pub kid: KeyId,
    /// Content key.
    pub key: ContentKey,
    /// Where the key came from.
    pub key_source: KeySource,
    /// The PlayReady header.
    pub header: Header,
    /// First IV.
    pub iv_start: u64,
    /// Track IDs; all that can be protected when absent.
    pub tracks: Option<Vec<u32>>,
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

fn secret(text: &Option<SecretText>) -> Option<&str> {
    text.as_ref().map(|text| text.0.trim()).filter(|text| !text.is_empty())
}

impl Request {
    /// Parses what was typed. Errors name the request field at fault.
    pub fn parse(text: &RequestText, random: &Random) -> Result<Self> {
        let profile = match given(&text.profile) {
            None | Some("hybrid") => Profile::Hybrid,
            Some("piff") => Profile::Piff,
            Some(other) => {
                let message = format!("There is no profile “{other}”; use hybrid or piff.");
                return Err(Error::caller("bad-profile", "profile", message));
            }
        };
        let kid = match given(&text.kid) {
            Some(kid) => parse_kid(kid)?,
            None => KeyId(uuid::Builder::from_random_bytes(random.kid).into_uuid().into_bytes()),
        };
        let (key, key_source) = match (secret(&text.key), secret(&text.key_seed)) {
            (Some(_), Some(_)) => {
                let message = "Give either a key or a key seed, not both.";
                return Err(Error::caller("bad-key", "key", message));
            }
            (Some(key), None) => (parse_key(key)?, KeySource::Typed),
            (None, Some(seed)) => (derive_key(&parse_seed(seed)?, kid), KeySource::Seed),
            (None, None) => (random.key.clone(), KeySource::Random),
        };
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
        let custom_attributes = given(&text.custom_attributes);
        if let Some(inner) = custom_attributes {
            check_custom_attributes(inner)?;
        }
        let keys = vec![HeaderKey::aes_ctr(kid, &key)];
        let version = match given(&text.header_version) {
            None => Header::choose_version(&keys),
            Some(version) => HeaderVersion::known(version).ok_or_else(|| {
                let message =
                    format!("There is no PlayReady header version “{version}”; use 4.0, 4.1, 4.2 or 4.3.");
                Error::caller("bad-header-version", "headerVersion", message)
            })?,
        };
        let mut header = Header::new(version, keys);
        header.la_url = Some(la_url.to_owned());
        header.lui_url = lui_url.map(str::to_owned);
        header.ds_id = given(&text.ds_id).map(parse_ds_id).transpose()?;
        header.custom_attributes = custom_attributes.map(str::to_owned);
        let iv_start = match given(&text.iv_start) {
            Some(start) => parse_iv_start(start)?,
            None => random.iv_start,
        };
        Ok(Self { profile, kid, key, key_source, header, iv_start, tracks: text.tracks.clone() })
    }
}
