//! Headers made of what somebody types, without any file: key IDs and a licence server become a PlayReady header, the object
//! and the boxes around it, and what manifests carry.

use super::base64_text;
use super::decode::{Decoded, Form, decode, kid_forms, pssh_of};
use crate::boxes::systems::W3C_COMMON;
use crate::bytes::{ContentKey, Error, KeyId, Result};
use crate::exchange::lines;
use crate::exchange::list::{KeyEntry, key_hex};
use crate::playready::{
    Header, HeaderKey, HeaderVersion, ProObject, check_custom_attributes, check_url, derive_key, parse_ds_id,
    parse_key, parse_kid, parse_seed, weakness, without_wrapper,
};
use crate::protect::request::SecretText;
use crate::protect::systems::Systems;
use crate::protect::{Form as FileForm, KeyText, RequestText, Scheme};

/// What is typed. Empty texts are as good as absent ones.
#[derive(Clone, Debug, Default)]
pub struct BuildText {
    /// Key IDs, each with its key where that is known.
    pub keys: Vec<KeyText>,
    /// A key seed, from which the keys are made that are not given.
    pub key_seed: Option<SecretText>,
    /// Licence acquisition URL; it may be left out.
    pub la_url: Option<String>,
    /// Licence user-interface URL.
    pub lui_url: Option<String>,
    /// Domain service ID.
    pub ds_id: Option<String>,
    /// What goes inside CUSTOMATTRIBUTES.
    pub custom_attributes: Option<String>,
    /// `4.0` to `4.3`; chosen by rule when absent.
    pub header_version: Option<String>,
    /// `cenc` when absent.
    pub scheme: Option<String>,
    /// Whether DECRYPTORSETUP is ONDEMAND.
    pub on_demand: bool,
    /// Whether a Widevine header is made too.
    pub widevine: bool,
}

/// Makes them: a PlayReady object, decoded, with all its forms.
///
/// # Errors
/// Those of what is typed, with the field at fault.
pub fn build(text: &BuildText) -> Result<Decoded> {
    let scheme_name = given(&text.scheme).unwrap_or("cenc");
    let scheme = Scheme::known(scheme_name).filter(Scheme::protects).ok_or_else(|| {
        Error::caller(
            "bad-scheme",
            "scheme",
            "The scheme must be cenc, cens, cbc1 or cbcs; this is none of them.",
        )
    })?;
    let seed = text.key_seed.as_ref().filter(|seed| !seed.0.trim().is_empty());
    let seed = seed.map(|seed| parse_seed(&seed.0)).transpose()?;
    let mut keys: Vec<(KeyId, Option<ContentKey>)> = Vec::new();
    for one in &text.keys {
        let kid = parse_kid(one.kid.as_deref().unwrap_or_default())?;
        let typed = one.key.as_ref().filter(|key| !key.0.trim().is_empty());
        let key = match (typed, &seed) {
            (Some(key), _) => Some(parse_key(&key.0)?),
            (None, seed) => seed.as_ref().map(|seed| derive_key(seed, kid)),
        };
        keys.push((kid, key));
    }
    let ctr = matches!(scheme_name, "cenc" | "cens");
    let named = keys.iter().map(|(kid, key)| match (ctr, key) {
        (true, Some(key)) => HeaderKey::aes_ctr(*kid, key),
        (true, None) => {
            HeaderKey { checksum: None, algorithm: Some(crate::playready::Algorithm::AesCtr), kid: *kid }
        }
        (false, _) => HeaderKey::aes_cbc(*kid),
    });
    let named: Vec<HeaderKey> = named.collect();
    let oldest = if text.on_demand { HeaderVersion::V4_1 } else { HeaderVersion::V4_0 };
    let version = match given(&text.header_version) {
        Some(version) => version.parse()?,
        None => Header::choose_version(&named).max(oldest),
    };
    let mut header = Header::new(version, named);
    for (field, typed, place) in [("laUrl", &text.la_url, 0), ("luiUrl", &text.lui_url, 1)] {
        if let Some(url) = given(typed) {
            check_url(url, field)?;
            let place = if place == 0 { &mut header.la_url } else { &mut header.lui_url };
            *place = Some(url.to_owned());
        }
    }
    header.ds_id = given(&text.ds_id).map(parse_ds_id).transpose()?;
    if let Some(inner) = given(&text.custom_attributes).map(without_wrapper).transpose()? {
        check_custom_attributes(inner)?;
        header.custom_attributes = Some(inner.to_owned());
    }
    header.on_demand = text.on_demand;
    let object = ProObject::from_header(&header)?.to_bytes()?;
    let mut built = decode(&object, &[]);
    "A PlayReady object, made of what you gave.".clone_into(&mut built.title);
    built.forms.insert(1, Form::new("xml", "Header XML", header.to_xml()?));
    let kids: Vec<KeyId> = keys.iter().map(|(kid, _)| *kid).collect();
    if !kids.is_empty() {
        let common = pssh_of(W3C_COMMON, kids.clone(), Vec::new());
        built.forms.push(Form::new(
            "pssh",
            "‘pssh’ box of all systems (W3C common), base64",
            base64_text(&common),
        ));
    }
    if text.widevine {
        let request = RequestText { widevine: true, ..RequestText::default() };
        let boxes = Systems::parse(&request, FileForm::Plain, &mut Vec::new())?.boxes(&scheme, &kids, 0);
        built.forms.push(Form::new("pssh", "‘pssh’ box for Widevine, base64", base64_text(&boxes)));
    }
    if let [one] = &kids[..] {
        built.forms.extend(kid_forms(*one));
    }
    let entries: Vec<KeyEntry> = keys
        .iter()
        .map(|(kid, key)| KeyEntry { kid: Some(*kid), key: key.clone(), ..KeyEntry::default() })
        .collect();
    for (kid, key) in &keys {
        let Some(key) = key else { continue };
        built.problems.extend(weakness(key, *kid).map(super::decode::warning));
        built.forms.push(Form::secret("key", &format!("Key of {kid}"), key_hex(key).as_str()));
    }
    if entries.iter().any(|entry| entry.key.is_some()) {
        built.forms.push(Form::secret("lines", "Keys as KID:KEY", lines::write(&entries).as_str()));
    }
    Ok(built)
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}
