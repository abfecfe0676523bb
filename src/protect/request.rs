//! What a person asks for: texts as typed, parsed into types that cannot be wrong.

use crate::bytes::{ContentKey, Error, KeyId, Kind, Result};
use crate::playready::{
    Header, HeaderKey, HeaderVersion, ProObject, check_custom_attributes, check_url, derive_key, is_test_key,
    is_weak_seed, parse_ds_id, parse_iv_start, parse_key, parse_kid, parse_seed, weakness, without_wrapper,
};

use super::scheme::{self, Form, Mode, Scheme};
use super::systems::Systems;

/// A request as typed. Empty texts are as good as absent ones.
#[derive(Clone, Debug, Default)]
pub struct RequestText {
    /// `cenc` (also when absent), `cbcs`, `cens` or `cbc1`.
    pub scheme: Option<String>,
    /// `hybrid`, `piff` or `plain`; by the scheme when absent.
    pub form: Option<String>,
    /// What `form` was called before.
    pub profile: Option<String>,
    /// Bytes of IV with each sample in counter mode: 8 (also when absent) or 16.
    pub iv_size: Option<String>,
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
    /// Whether a Widevine header is written.
    pub widevine: bool,
    /// Its provider.
    pub widevine_provider: Option<String>,
    /// Its content ID.
    pub widevine_content_id: Option<String>,
    /// Whole `pssh` boxes in base64 or hex, for other systems.
    pub pssh: Option<String>,
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
    /// Which cipher, and how.
    pub scheme: Scheme,
    /// Which boxes.
    pub form: Form,
    /// Bytes of IV with each sample in counter mode.
    pub iv_size: u8,
    /// Key ID.
    pub kid: KeyId,
    /// Content key.
    pub key: ContentKey,
    /// Where the key came from.
    pub key_source: KeySource,
    /// The PlayReady header.
    pub header: Header,
    /// Headers of other systems.
    pub systems: Systems,
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
        let scheme = scheme(text)?;
        let form = form(text, &scheme)?;
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
        let keys = vec![match scheme.mode {
            Mode::Ctr => HeaderKey::aes_ctr(kid, &key),
            Mode::Cbc => HeaderKey::aes_cbc(kid),
        }];
        let version = match given(&text.header_version) {
            None => Header::choose_version(&keys),
            Some(version) => HeaderVersion::known(version).ok_or_else(|| {
                let message =
                    format!("There is no PlayReady header version “{version}”; use 4.0, 4.1, 4.2 or 4.3.");
                Error::caller("bad-header-version", "headerVersion", message)
            })?,
        };
        if scheme.mode == Mode::Cbc && version != HeaderVersion::V4_3 {
            let message = format!(
                "The scheme {} needs a PlayReady header of version 4.3, the first that knows AES-CBC; {} was asked for.",
                scheme.name(),
                version.short()
            );
            return Err(Error::caller("bad-header-version", "headerVersion", message));
        }
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
        if let Some(warning) = scheme.warning() {
            warnings.push(warning.to_owned());
        }
        let systems = Systems::parse(text, form, kid, &mut warnings)?;
        let iv_size = iv_size(text, &scheme, &mut warnings)?;
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
            scheme,
            form,
            iv_size,
            kid,
            key,
            key_source,
            header,
            systems,
            iv_start,
            tracks,
            remove_leftovers,
            for_tests,
            warnings,
        })
    }
}

fn scheme(text: &RequestText) -> Result<Scheme> {
    let Some(name) = given(&text.scheme) else { return Ok(scheme::CENC) };
    Scheme::known(name).ok_or_else(|| {
        let message = format!("There is no scheme “{name}”; use cenc, cbcs, cens or cbc1.");
        Error::caller("bad-scheme", "scheme", message)
    })
}

fn form(text: &RequestText, scheme: &Scheme) -> Result<Form> {
    let (name, field) = match (given(&text.form), given(&text.profile)) {
        (None, None) => return Ok(scheme.usual_form()),
        (Some(form), Some(profile)) if form != profile => {
            let message = format!("The form is said twice, “{form}” and “{profile}”; leave out the profile.");
            return Err(Error::caller("bad-form", "form", message));
        }
        (Some(form), _) => (form, "form"),
        (None, Some(profile)) => (profile, "profile"),
    };
    let form = Form::known(name).ok_or_else(|| {
        let message = format!("There is no {field} “{name}”; use hybrid, piff or plain.");
        Error::caller(if field == "form" { "bad-form" } else { "bad-profile" }, field, message)
    })?;
    if form.has_piff() && scheme.has_pattern {
        let message = format!(
            "The scheme {} cannot be carried by the form {name}: PIFF knows no patterns. Choose the form plain, or the \
             scheme cenc.",
            scheme.name()
        );
        return Err(Error::caller("bad-form", field, message));
    }
    Ok(form)
}

fn iv_size(text: &RequestText, scheme: &Scheme, warnings: &mut Vec<String>) -> Result<u8> {
    match given(&text.iv_size) {
        None => Ok(8),
        Some("8") if scheme.mode == Mode::Ctr => Ok(8),
        Some("16") if scheme.mode == Mode::Ctr => {
            warnings.push(
                "IVs of 16 bytes are not taken by PlayReady before 4.0, nor by Windows 10 before 20H2 (error 8004B8D2). \
                 Leave the size out where these are to play the file."
                    .to_owned(),
            );
            Ok(16)
        }
        Some("16") => Ok(16),
        Some(other) => {
            let sizes = if scheme.mode == Mode::Ctr { "8 or 16" } else { "16" };
            let message = format!("IVs have {sizes} bytes in the scheme {}, not “{other}”.", scheme.name());
            Err(Error::caller("bad-iv", "ivSize", message))
        }
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
