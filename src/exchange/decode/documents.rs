//! XML documents, or parts of them: headers, CPIX, the protection parts of DASH and Smooth manifests; lists of keys; PEM.

use super::{Decoded, Form, Look, UNPROTECTED};
use crate::boxes::systems::{PLAYREADY, system_name};
use crate::bytes::{KeyId, Uuid16};
use crate::exchange::cpix::{Cpix, CpixKey, ParsedCpix};
use crate::exchange::list::{ListForm, key_hex};
use crate::exchange::xml::{self, Element};
use crate::exchange::{KeyEntry, base64_bytes, base64_text, lines, read_keys};
use crate::playready::parse_kid;

/// Most protections of a manifest, or keys of a list, that are shown.
const SHOWN: usize = 100;

/// The scheme that names the key ID of DASH content, and no DRM system (ISO/IEC 23009-1 5.8.5.2).
const MP4_PROTECTION: &str = "urn:mpeg:dash:mp4protection:2011";

impl Look<'_> {
    /// What an XML text is.
    pub(super) fn xml(self, text: &str) -> Decoded {
        // Headers are read with every tolerance that real ones need.
        if text.starts_with("<WRMHEADER") {
            let mut found = self.header(text, None);
            found.warn("It stands as text. In files and manifests it is UTF-16, in a PlayReady object.");
            return found;
        }
        let roots = match xml::parse(text) {
            Ok(roots) => roots,
            Err(error) => {
                let mut found = Decoded::unknown("XML that cannot be read.");
                found.error(&error);
                return found;
            }
        };
        if let [root] = &roots[..] {
            match root.name.as_str() {
                "WRMHEADER" => return self.header(text, None),
                "CPIX" => return self.cpix(root),
                _ => {}
            }
        }
        let mut found = match roots.first().map_or("", |root| root.name.as_str()) {
            "MPD" => Decoded::new("dash", "A DASH manifest."),
            "SmoothStreamingMedia" => Decoded::new("smooth", "A Smooth manifest."),
            "Protection" | "ProtectionHeader" => {
                Decoded::new("smooth", "The protection of a Smooth manifest.")
            }
            "ContentProtection" => Decoded::new("dash", "The protection of a DASH manifest."),
            "pssh" | "pro" => Decoded::new("dash", "A part of the protection of a DASH manifest."),
            _ => Decoded::unknown("XML of another kind."),
        };
        let mut protections = Vec::new();
        roots.iter().for_each(|root| collect(root, &mut protections));
        for element in protections.iter().take(SHOWN) {
            found.inside.push(self.protection(element));
        }
        found.shown(protections.len(), "protections");
        if found.inside.is_empty() {
            match found.kind {
                "unknown" => {
                    let name = roots.first().map_or("", |root| root.name.as_str());
                    found.title =
                        format!("XML with the element {name}, which is no header, key list or manifest.");
                }
                _ => found.warn(UNPROTECTED),
            }
        } else if found.kind == "unknown" {
            found.kind = "several";
            "XML with protection in it.".clone_into(&mut found.title);
        }
        found
    }

    /// What one element of a manifest says of protection.
    fn protection(self, element: &Element) -> Decoded {
        let text = |name: &str| element.attribute(name).unwrap_or_default();
        let scheme = text("schemeIdUri").to_ascii_lowercase();
        let id = if element.name == "ProtectionHeader" { text("SystemID") } else { scheme.as_str() };
        let system = parse_kid(id.strip_prefix("urn:uuid:").unwrap_or(id)).ok().map(|id| Uuid16(id.0));
        let name = match system {
            Some(system) => {
                system_name(&system).map_or_else(|| format!("the system {system}"), str::to_owned)
            }
            None if scheme == MP4_PROTECTION => "all systems (the scheme and the key ID)".to_owned(),
            None => "a system that is not named".to_owned(),
        };
        let mut found = Decoded::new("dash", format!("{} for {name}.", element.name));
        found.fact("schemeIdUri", text("schemeIdUri"));
        found.fact("SystemID", text("SystemID"));
        found.fact("value", text("value"));
        let mut named = None;
        if let Some(kid) = element.attribute("default_KID") {
            // A list of several is allowed, and the first is what players take.
            let first = kid.split_whitespace().next().unwrap_or_default();
            match parse_kid(first) {
                Ok(kid) => {
                    named = Some(kid);
                    found.fact("default_KID", kid.uuid());
                    found.problems.extend(self.kid(kid).problems);
                    found.forms.extend(super::kid_forms(kid));
                }
                Err(_) => found.warn(format!(
                    "Its default_KID “{}” is no UUID.",
                    first.chars().take(60).collect::<String>()
                )),
            }
        }
        let mut parts: Vec<&Element> =
            element.children.iter().filter(|child| ["pssh", "pro"].contains(&child.name.as_str())).collect();
        if ["pssh", "pro", "ProtectionHeader"].contains(&element.name.as_str()) {
            parts.push(element);
        }
        let mut objects = Vec::new();
        for part in &parts {
            let Some(bytes) = base64_bytes(part.text()).filter(|bytes| !bytes.is_empty()) else {
                found.warn(format!("What stands in {} is not base64.", part.name));
                continue;
            };
            let inside = self.deeper().bytes(&bytes, &format!("base64 in {}", part.name));
            let object = header_of(&inside);
            if let (Some(object), Some(system)) = (&object, system)
                && system != PLAYREADY
                && !object.is_empty()
            {
                found.warn("It is for another system than the PlayReady header in it.");
            }
            objects.extend(object);
            found.inside.push(inside);
        }
        if let [first, second, ..] = &objects[..]
            && first != second
        {
            found.warn("Its ‘pssh’ box and its PlayReady object do not have the same header.");
        }
        for child in &element.children {
            if ["laurl", "LA_URL", "Laurl", "certurl", "authzurl"].contains(&child.name.as_str()) {
                let url = child.attribute("licenseUrl").unwrap_or_else(|| child.text());
                found.fact(&child.name, url);
            }
        }
        if let Some(kid) = named {
            for other in kids_in(&found.inside).iter().filter(|other| **other != kid) {
                if other.swapped() == kid {
                    found.warn(format!(
                        "The key ID {other} in its header is its default_KID {kid} in the other byte order."
                    ));
                }
            }
        }
        found
    }

    /// A CPIX document.
    fn cpix(self, root: &Element) -> Decoded {
        let ParsedCpix { cpix, notes } = match Cpix::read(root) {
            Ok(parsed) => parsed,
            Err(error) => {
                let mut found = Decoded::new("cpix", "A CPIX document that cannot be read.");
                found.error(&error);
                return found;
            }
        };
        let count = cpix.keys.len();
        let encrypted = cpix.keys.iter().any(|key| key.encrypted.is_some());
        let mut found = Decoded::new(
            "cpix",
            format!(
                "A CPIX document with {count} key{}{}.",
                if count == 1 { "" } else { "s" },
                if encrypted { ", encrypted for who has a private key" } else { "" }
            ),
        );
        found.fact("Version", cpix.version.as_deref().unwrap_or_default());
        found.fact("Content ID", cpix.content_id.as_deref().unwrap_or_default());
        if !cpix.periods.is_empty() {
            found.fact("Periods", cpix.periods.len().to_string());
        }
        notes.into_iter().for_each(|note| found.warn(note));
        found.shown(count, "keys");
        for key in cpix.keys.iter().take(SHOWN) {
            let mut one = self.kid(key.kid);
            one.title = format!("The key {}.", key.kid);
            if let Some(key) = &key.key {
                one.secret("Key", &key_hex(key));
            } else {
                one.fact("Key", if key.encrypted.is_some() { "encrypted" } else { "not in the document" });
            }
            one.fact("Scheme", key.scheme.as_deref().unwrap_or_default());
            if let Some(iv) = key.explicit_iv {
                one.fact("IV", hex::encode(iv));
            }
            for rule in cpix.rules.iter().filter(|rule| rule.kid == key.kid) {
                one.fact("For", rule.describe());
            }
            for system in cpix.systems.iter().filter(|system| system.kid == key.kid) {
                let name =
                    system_name(&system.system).map_or_else(|| system.system.to_string(), str::to_owned);
                one.fact("DRM system", name);
                if !system.pssh.is_empty() {
                    one.inside.push(self.deeper().bytes(&system.pssh, "base64 in PSSH"));
                }
                if !system.smooth.is_empty() {
                    one.inside.push(self.deeper().text(&system.smooth));
                }
            }
            found.inside.push(one);
        }
        let entry =
            |key: &CpixKey| KeyEntry { kid: Some(key.kid), key: key.key.clone(), ..KeyEntry::default() };
        let entries: Vec<KeyEntry> = cpix.keys.iter().map(entry).collect();
        if entries.iter().any(|entry| entry.key.is_some()) {
            found.forms.push(Form::secret("lines", "Its keys as KID:KEY", lines::write(&entries).as_str()));
        }
        found
    }

    /// A list of keys, in lines or JSON.
    pub(super) fn keys(self, text: &str) -> Decoded {
        let list = match read_keys(text.as_bytes(), self.known) {
            Ok(list) => list,
            Err(error) => {
                let mut found = Decoded::unknown("Something like a list of keys.");
                found.error(&error);
                return found;
            }
        };
        let what = match list.form {
            ListForm::Cpix => "A CPIX document",
            ListForm::Sheet => "A key sheet",
            ListForm::ClearKey => "Keys for ClearKey, as JSON",
            ListForm::Lines => "Keys as lines",
        };
        let mut found = Decoded::new(
            "keys",
            format!(
                "{what}: {}.",
                if list.keys.len() == 1 { "one key".to_owned() } else { format!("{} keys", list.keys.len()) }
            ),
        );
        list.notes.iter().for_each(|note| found.warn(note.as_str()));
        found.shown(list.keys.len(), "keys");
        for key in list.keys.iter().take(SHOWN) {
            let name = match (key.kid, key.track) {
                (Some(kid), _) => format!("Key of {kid}"),
                (None, Some(track)) => format!("Key of track {track}"),
                (None, None) => "Key".to_owned(),
            };
            if let Some(key) = &key.key {
                found.secret(&name, &key_hex(key));
            }
        }
        found.forms.push(Form::secret("lines", "As KID:KEY", lines::write(&list.keys).as_str()));
        found
    }
}

impl Decoded {
    /// Says so when not all of what it has is shown.
    fn shown(&mut self, count: usize, what: &str) {
        if count > SHOWN {
            self.warn(format!("It has {count} {what}; the first {SHOWN} are shown."));
        }
    }
}

/// The elements that say something of protection.
fn collect<'e>(element: &'e Element, all: &mut Vec<&'e Element>) {
    match element.name.as_str() {
        "ContentProtection" | "ProtectionHeader" | "pssh" | "pro" => all.push(element),
        _ => element.children.iter().for_each(|child| collect(child, all)),
    }
}

/// The XML of a header inside.
fn header_of(found: &Decoded) -> Option<String> {
    if found.kind == "playready-header" {
        return found.forms.iter().find(|form| form.id == "xml").map(|form| form.value.0.clone());
    }
    found.inside.iter().find_map(header_of)
}

/// The key IDs of headers inside.
fn kids_in(all: &[Decoded]) -> Vec<KeyId> {
    let mut kids = Vec::new();
    for found in all {
        let own = found.facts.iter().filter(|fact| fact.name == "Key ID");
        kids.extend(own.filter_map(|fact| parse_kid(fact.value.0.split(',').next()?).ok()));
        kids.extend(kids_in(&found.inside));
    }
    kids
}

/// A text between lines of PEM.
pub(super) fn pem(text: &str) -> Decoded {
    let label = text
        .strip_prefix("-----BEGIN ")
        .and_then(|rest| rest.split_once("-----"))
        .map_or("", |(label, _)| label);
    match label {
        "CERTIFICATE" => {
            let mut found = Decoded::new("certificate", "An X.509 certificate.");
            let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
            if let Some(der) = base64_bytes(&body) {
                found.forms.push(Form::new("base64", "Base64, as CPIX has it", base64_text(&der)));
            }
            found.fact("For", "encrypting keys for who has its private key, in a CPIX document");
            found
        }
        label if label.contains("PRIVATE KEY") => {
            let mut found = Decoded::new("private-key", "A private key.");
            found.warn("Give it only where an encrypted CPIX document is opened, and to nobody.");
            found
        }
        label => Decoded::unknown(format!(
            "PEM of the kind “{}”, for which there is no use here.",
            label.chars().take(40).collect::<String>()
        )),
    }
}
