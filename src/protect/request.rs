//! What a person asks for: texts as typed, parsed into types that cannot be wrong.

use crate::bytes::{ContentKey, Error, KeyId, Kind, Result};
use crate::playready::{
    Header, HeaderKey, HeaderVersion, ProObject, check_custom_attributes, check_url, derive_key, is_test_key,
    is_weak_seed, parse_ds_id, parse_iv_start, parse_key, parse_kid, parse_seed, weakness, without_wrapper,
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
    /// Key seed, hex or base64.
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
    /// `remove`: boxes of an earlier encryption go also where it is not plain that they are stale.
    pub leftovers: Option<String>,
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
    /// Whether boxes of an earlier encryption go also where it is not plain that they are stale.
    pub remove_leftovers: bool,
    /// Whether the key comes from the public test key seed.
    pub for_tests: bool,
    /// What is doubtful about the request, as plain sentences.
    pub warnings: Vec<String>,
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
            (None, Some(seed)) => {
                let seed = parse_seed(seed)?;
                if is_weak_seed(&seed) {
                    let message = "All bytes of the key seed are the same, which is the first that anyone tries. \
                                   Choose another seed.";
                    return Err(Error::caller("weak-key", "keySeed", message));
                }
                (derive_key(&seed, kid), KeySource::Seed)
            }
            (None, None) => (random.key.clone(), KeySource::Random),
        };
        if let Some(weakness) = weakness(&key, kid) {
            let field = if key_source == KeySource::Seed { "keySeed" } else { "key" };
            return Err(Error::caller("weak-key", field, weakness));
        }
        let for_tests = is_test_key(&key, kid);
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
        check_length(&header)?;
        let mut warnings = Vec::new();
        if for_tests {
            warnings.push(
                "This key comes from the key seed of the public test server: anyone can make it. For tests only."
                    .to_owned(),
            );
        }
        let iv_start = match given(&text.iv_start) {
            Some(start) => {
                if key_source != KeySource::Random {
                    warnings.push(
                        "A first IV is given together with a key. If another file was made with both, the two share \
                         their key stream: whoever has both files can read each from the other without the key. Leave \
                         the first IV empty, unless it is for a test."
                            .to_owned(),
                    );
                }
                parse_iv_start(start)?
            }
            None => random.iv_start,
        };
        let remove_leftovers = match given(&text.leftovers) {
            None => false,
            Some("remove") => true,
            Some(other) => {
                let message = format!("There is no “{other}” for leftovers; use remove, or leave it out.");
                return Err(Error::caller("bad-request", "leftovers", message));
            }
        };
        let tracks = text.tracks.clone();
        Ok(Self {
            profile,
            kid,
            key,
            key_source,
            header,
            iv_start,
            tracks,
            remove_leftovers,
            for_tests,
            warnings,
        })
    }
}

impl Random {
    /// Fails when the values cannot be random: a broken source gives zeros, or the same again and again.
    pub fn check(&self) -> Result<()> {
        let all_equal = |bytes: &[u8]| bytes.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
        let broken =
            all_equal(&self.key.0) || all_equal(&self.kid) || all_equal(&self.iv_start.to_be_bytes());
        if !broken && self.key.0 != self.kid {
            return Ok(());
        }
        let message = "This browser gives no random numbers: what should be random is one byte repeated. Nothing is \
                       protected with it; use another browser.";
        Err(Error::new(Kind::Unsupported, "not-random", message))
    }
}

/// Fails when the header would not fit its object, at the text that takes most of it.
fn check_length(header: &Header) -> Result<()> {
    let error = match ProObject::from_header(header)?.to_bytes() {
        Err(error) if error.code() == "pro-too-large" => error,
        _ => return Ok(()),
    };
    let texts = [
        ("laUrl", &header.la_url),
        ("luiUrl", &header.lui_url),
        ("customAttributes", &header.custom_attributes),
    ];
    let len = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let (field, longest) = texts.into_iter().max_by_key(|(_, text)| len(text)).unwrap_or(("laUrl", &None));
    let message = format!("This text of {} characters is too long. {}", len(longest), error.message());
    Err(Error::caller("pro-too-large", field, message))
}
