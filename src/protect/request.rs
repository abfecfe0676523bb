//! What a person asks for: texts as typed, parsed into types that cannot be wrong.

use crate::bytes::{ContentKey, Error, Kind, Result};
use crate::playready::parse_iv_start;

use super::change::ChangeWishes;
use super::header::HeaderWishes;
use super::keys::{KeyText, Keys};
use super::periods::PeriodWishes;
use super::scheme::{self, Form, Mode, Scheme};
use super::source_keys::{SourceKeyText, SourceKeys};
use super::systems::Systems;

/// A request as typed. Empty texts are as good as absent ones.
#[derive(Clone, Debug, Default)]
pub struct RequestText {
    /// `cenc` (also when absent), `cbcs`, `cens` or `cbc1`; `none` where nothing is to be protected, `keep` where what is
    /// protected stays as it is, and what is said of it changes.
    pub scheme: Option<String>,
    /// `hybrid`, `piff` or `plain`; by the scheme when absent.
    pub form: Option<String>,
    /// What `form` was called before.
    pub profile: Option<String>,
    /// Bytes of IV with each sample in counter mode: 8 (also when absent) or 16.
    pub iv_size: Option<String>,
    /// `file` (also when absent), `class` or `track`: what has a key of its own.
    pub key_per: Option<String>,
    /// The keys of classes or tracks; those not listed are made.
    pub keys: Vec<KeyText>,
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
    /// Of these, whose codec has no rule, every sample is encrypted whole.
    pub whole_samples: Vec<u32>,
    /// First IV, 16 hex digits.
    pub iv_start: Option<String>,
    /// Seconds from the start for which fragments stay clear.
    pub clear_lead: Option<String>,
    /// So many fragments of a track have their keys in common.
    pub key_rotation: Option<String>,
    /// `4.0` to `4.3`.
    pub header_version: Option<String>,
    /// `ondemand`: players need not ask for the licence before they play.
    pub decryptor_setup: Option<String>,
    /// Bytes of room in the header's object for licences.
    pub licence_store: Option<String>,
    /// A PlayReady object that is ready, or a `pssh` box with it, in base64 or hex, in place of all that.
    pub playready_object: Option<String>,
    /// Whether a Widevine header is written.
    pub widevine: bool,
    /// Its provider.
    pub widevine_provider: Option<String>,
    /// Its content ID.
    pub widevine_content_id: Option<String>,
    /// Whole `pssh` boxes in base64 or hex, for other systems.
    pub pssh: Option<String>,
    /// Whether an index of all segments is written in front of them.
    pub segment_index: bool,
    /// Whether the output is an initialization segment and media segments, in files of their own.
    pub segments: bool,
    /// `remove`: boxes of an earlier encryption go also where it is not plain that they are stale.
    pub leftovers: Option<String>,
    /// The keys of what is protected already: it is decrypted on the way.
    pub source_keys: Vec<SourceKeyText>,
    /// With the scheme `keep`: names of fields of the PlayReady header and of DRM systems that go.
    pub remove: Vec<String>,
    /// With the scheme `keep`: the brands of the file, the major one first.
    pub brands: Option<String>,
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
    /// Where there are several keys, for all but the first, and their IDs.
    pub more: ContentKey,
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
    /// The content keys.
    pub keys: Keys,
    /// The PlayReady header.
    pub header: HeaderWishes,
    /// Headers of other systems.
    pub systems: Systems,
    /// First IV.
    pub iv_start: u64,
    /// Track IDs; all that can be protected when absent.
    pub tracks: Option<Vec<u32>>,
    /// Track IDs: every sample of these is encrypted whole, as nobody says what players must read of it.
    pub whole_samples: Vec<u32>,
    /// What changes along the file.
    pub periods: PeriodWishes,
    /// Whether an index of all segments is written in front of them.
    pub segment_index: bool,
    /// Whether the output is an initialization segment and media segments, in files of their own.
    pub segments: bool,
    /// Whether boxes of an earlier encryption go also where it is not plain that they are stale.
    pub remove_leftovers: bool,
    /// The keys of what is protected already: it is decrypted on the way.
    pub source_keys: SourceKeys,
    /// What is changed where the samples stay encrypted as they are.
    pub change: Option<ChangeWishes>,
    /// What is doubtful about the request, as plain sentences.
    pub warnings: Vec<String>,
}

/// What is typed, if anything is.
pub(super) fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// The secret that is typed, if any is.
pub(super) fn secret(text: &Option<SecretText>) -> Option<&str> {
    text.as_ref().map(|text| text.0.trim()).filter(|text| !text.is_empty())
}

impl Request {
    /// Parses what was typed. Errors name the request field at fault.
    pub fn parse(text: &RequestText, random: &Random) -> Result<Self> {
        let scheme = scheme(text)?;
        let remove_leftovers = leftovers(text)?;
        let (segment_index, segments) = (text.segment_index, text.segments);
        if segment_index && segments {
            let message = "An index of segments is of one file that has them all; choose one file, or leave the index out.";
            return Err(Error::caller("bad-request", "segmentIndex", message));
        }
        if scheme == scheme::KEEP {
            return Self::kept(text, random);
        }
        refuse_asked(
            &[("remove", !text.remove.is_empty()), ("brands", given(&text.brands).is_some())],
            &format!("With the scheme {} the file is protected anew, or not at all", scheme.name()),
        )?;
        if !scheme.protects() {
            return Self::unprotected(text, random, remove_leftovers);
        }
        let form = form(text, &scheme)?;
        let header = HeaderWishes::parse(text, &scheme)?;
        let keys = Keys::parse(text, random, header.kid())?;
        let mut warnings = Vec::new();
        if let Some(warning) = scheme.warning() {
            warnings.push(warning.to_owned());
        }
        let systems = Systems::parse(text, form, &mut warnings)?;
        let iv_size = iv_size(text, &scheme, &mut warnings)?;
        let iv_start = match given(&text.iv_start) {
            Some(start) => {
                if keys.are_typed() {
                    let known = match scheme.mode {
                        Mode::Ctr => {
                            "the two share their key stream: whoever has both files can read each from the other without the key"
                        }
                        Mode::Cbc => "whoever has both files can see where they begin alike",
                    };
                    warnings.push(format!(
                        "A first IV is given together with a key. If another file was made with both, {known}. Leave the first IV \
                         empty, unless it is for a test."
                    ));
                }
                parse_iv_start(start)?
            }
            None => random.iv_start,
        };
        let source_keys = SourceKeys::parse(&text.source_keys)?;
        if given(&text.iv_start).is_some() && source_keys.iter().any(|old| keys.has(&old.key)) {
            let message = "The new key is one of the old ones, and the first IV is given: what was encrypted with them before \
                           may have the same key stream, and both could be read without the key. Leave the first IV out, \
                           or choose another key.";
            return Err(Error::caller("same-key", "ivStart", message));
        }
        let tracks = text.tracks.clone();
        let periods = PeriodWishes::parse(text)?;
        if periods.rotates() {
            header.check_rotation()?;
            warnings.extend(systems.rotation_warning());
        }
        let this = Self {
            scheme,
            form,
            iv_size,
            keys,
            header,
            systems,
            iv_start,
            tracks,
            whole_samples: text.whole_samples.clone(),
            periods,
            segment_index,
            segments,
            remove_leftovers,
            source_keys,
            change: None,
            warnings,
        };
        // What is wrong with it already need not wait for a file.
        if !this.keys.of_file().is_empty() {
            this.header.make(&this.scheme, this.keys.of_file())?;
        }
        Ok(this)
    }

    /// Where nothing is protected, nothing can be asked of protection.
    fn unprotected(text: &RequestText, random: &Random, remove_leftovers: bool) -> Result<Self> {
        let is = |text: &Option<String>| given(text).is_some();
        let of_headers = [
            ("form", is(&text.form)),
            ("profile", is(&text.profile)),
            ("laUrl", !text.la_url.trim().is_empty()),
            ("luiUrl", is(&text.lui_url)),
            ("dsId", is(&text.ds_id)),
            ("customAttributes", is(&text.custom_attributes)),
            ("headerVersion", is(&text.header_version)),
            ("decryptorSetup", is(&text.decryptor_setup)),
            ("licenceStore", is(&text.licence_store)),
            ("playreadyObject", is(&text.playready_object)),
            ("widevine", text.widevine),
            ("widevineProvider", is(&text.widevine_provider)),
            ("widevineContentId", is(&text.widevine_content_id)),
            ("pssh", is(&text.pssh)),
        ];
        let asked = [&of_headers[..], &asked_of_encrypting(text)].concat();
        refuse_asked(&asked, "With the scheme none nothing is protected")?;
        Ok(Self {
            source_keys: SourceKeys::parse(&text.source_keys)?,
            remove_leftovers,
            ..Self::encrypting_nothing(text, random, scheme::NONE)
        })
    }

    /// Where samples stay as they are, other things can be asked.
    fn kept(text: &RequestText, random: &Random) -> Result<Self> {
        let mut warnings = Vec::new();
        let change = Some(ChangeWishes::parse(text, &mut warnings)?);
        Ok(Self { change, warnings, ..Self::encrypting_nothing(text, random, scheme::KEEP) })
    }

    fn encrypting_nothing(text: &RequestText, random: &Random, scheme: Scheme) -> Self {
        Self {
            scheme,
            form: scheme.usual_form(),
            iv_size: 8,
            keys: Keys::none(random),
            header: HeaderWishes::none(),
            systems: Systems::default(),
            iv_start: 0,
            tracks: None,
            whole_samples: Vec::new(),
            periods: PeriodWishes::default(),
            segment_index: text.segment_index,
            segments: text.segments,
            remove_leftovers: false,
            source_keys: SourceKeys::default(),
            change: None,
            warnings: Vec::new(),
        }
    }
}

/// Which fields are given that say how samples are to be encrypted.
pub(super) fn asked_of_encrypting(text: &RequestText) -> [(&'static str, bool); 11] {
    let is = |text: &Option<String>| given(text).is_some();
    [
        ("ivSize", is(&text.iv_size)),
        ("ivStart", is(&text.iv_start)),
        ("keyPer", is(&text.key_per)),
        ("keys", !text.keys.is_empty()),
        ("kid", is(&text.kid)),
        ("key", secret(&text.key).is_some()),
        ("keySeed", secret(&text.key_seed).is_some()),
        ("tracks", text.tracks.is_some()),
        ("wholeSamples", !text.whole_samples.is_empty()),
        ("clearLead", is(&text.clear_lead)),
        ("keyRotation", is(&text.key_rotation)),
    ]
}

/// Fails when something is asked that makes no sense with what else is asked, of which `why` begins the sentence.
pub(super) fn refuse_asked(asked: &[(&'static str, bool)], why: &str) -> Result<()> {
    let Some((field, _)) = asked.iter().find(|(_, asked)| *asked) else { return Ok(()) };
    let message = format!("{why}; leave out {field}, or choose another scheme.");
    Err(Error::caller("bad-scheme", field, message))
}

fn leftovers(text: &RequestText) -> Result<bool> {
    match given(&text.leftovers) {
        None => Ok(false),
        Some("remove") => Ok(true),
        Some(other) => {
            let message = format!("There is no “{other}” for leftovers; use remove, or leave it out.");
            Err(Error::caller("bad-request", "leftovers", message))
        }
    }
}

fn scheme(text: &RequestText) -> Result<Scheme> {
    let Some(name) = given(&text.scheme) else { return Ok(scheme::CENC) };
    Scheme::known(name).ok_or_else(|| {
        let message = format!(
            "There is no scheme “{name}”; use cenc, cbcs, cens or cbc1, none to protect nothing, or keep to change headers alone."
        );
        Error::caller("bad-scheme", "scheme", message)
    })
}

/// The form that is asked for, if one is, and the field that names it.
pub(super) fn asked_form(text: &RequestText) -> Result<Option<(Form, &'static str)>> {
    let (name, field) = match (given(&text.form), given(&text.profile)) {
        (None, None) => return Ok(None),
        (Some(form), Some(profile)) if form != profile => {
            let message = format!("The form is said twice, “{form}” and “{profile}”; leave out the profile.");
            return Err(Error::caller("bad-form", "form", message));
        }
        (Some(form), _) => (form, "form"),
        (None, Some(profile)) => (profile, "profile"),
    };
    let unknown = || {
        let message = format!("There is no {field} “{name}”; use hybrid, piff or plain.");
        Error::caller(if field == "form" { "bad-form" } else { "bad-profile" }, field, message)
    };
    Ok(Some((Form::known(name).ok_or_else(unknown)?, field)))
}

fn form(text: &RequestText, scheme: &Scheme) -> Result<Form> {
    let Some((form, field)) = asked_form(text)? else { return Ok(scheme.usual_form()) };
    if form.has_piff() && scheme.has_pattern {
        let message = format!(
            "The scheme {} cannot be carried by the form {}: PIFF knows no patterns. Choose the form plain, or the scheme cenc.",
            scheme.name(),
            form.name()
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
        let iv_start = self.iv_start.to_be_bytes();
        let broken = [&self.key.0[..], &self.kid, &iv_start, &self.more.0].into_iter().any(all_equal);
        if !broken && self.key.0 != self.kid && self.key.0 != self.more.0 {
            return Ok(());
        }
        let message = "This browser gives no random numbers: what should be random is one byte repeated. Nothing is \
                       protected with it; use another browser.";
        Err(Error::new(Kind::Unsupported, "not-random", message))
    }
}
