//! Reads a document: by local names, in any order of lists, since writers disagree on both.

use super::{
    Cpix, CpixKey, Encrypted, NAMESPACE, ParsedCpix, Period, Recipient, Rule, Span, System, Times,
    VideoFilter,
};
use crate::bytes::{ContentKey, Error, KeyId, Result, Uuid16};
use crate::exchange::base64_bytes;
use crate::exchange::xml::{self, Element};
use crate::playready::parse_kid;

/// Most keys, periods and rules of one document: a day of hourly keys for ten tracks has 240.
const MOST_OF_A_KIND: usize = 10_000;

/// Most things that are said of one document: nobody reads more, and each is looked for among those before.
const NOTES: usize = 100;

/// The largest number of a filter: JavaScript has it exactly.
const MOST: u64 = 1 << 53;

/// Bounds of a period in time.
const TIMES: [&str; 5] = ["start", "end", "startOffset", "endOffset", "duration"];

impl Cpix {
    /// Reads a document's XML text.
    ///
    /// # Errors
    /// Those of [`xml::parse`]; `not-cpix` when the root is another; `cpix-kid`, `cpix-key`, `cpix-value` and
    /// `cpix-kid-twice` when what matters in it is not what it should be. No key is ever in a sentence.
    pub fn parse(text: &str) -> Result<ParsedCpix> {
        let roots = xml::parse(text)?;
        let root = roots.iter().find(|root| root.name == "CPIX").ok_or_else(|| {
            let name = roots.first().map_or("", |root| root.name.as_str());
            Error::file("not-cpix", format!("A CPIX document is a CPIX element, but this is {name}."))
        })?;
        Self::read(root)
    }

    /// Reads the root element.
    ///
    /// # Errors
    /// Those of [`Cpix::parse`].
    pub fn read(root: &Element) -> Result<ParsedCpix> {
        let mut notes = Vec::new();
        if !root.attributes.iter().any(|(name, value)| name.starts_with("xmlns") && value == NAMESPACE) {
            notes.push(format!(
                "The document is not in the namespace {NAMESPACE}; other readers may refuse it."
            ));
        }
        let owned = |name: &str| root.attribute(name).map(str::to_owned);
        let mut cpix = Self { version: owned("version"), content_id: owned("contentId"), ..Self::default() };
        for list in &root.children {
            match list.name.as_str() {
                "DeliveryDataList" => {
                    for element in list.all("DeliveryData") {
                        cpix.recipients.push(recipient(element)?);
                    }
                }
                "ContentKeyList" => {
                    for element in few(list, "ContentKey", cpix.keys.len())? {
                        cpix.keys.push(key(element, &mut notes)?);
                    }
                }
                "DRMSystemList" => {
                    for element in list.all("DRMSystem") {
                        cpix.systems.push(system(element, &mut notes)?);
                    }
                }
                "ContentKeyPeriodList" => {
                    for element in few(list, "ContentKeyPeriod", cpix.periods.len())? {
                        cpix.periods.push(period(element, &mut notes));
                    }
                }
                "ContentKeyUsageRuleList" => {
                    for element in few(list, "ContentKeyUsageRule", cpix.rules.len())? {
                        cpix.rules.push(rule(element)?);
                    }
                }
                "UpdateHistoryItemList" => {}
                "Signature" => note(&mut notes, "The document is signed. The signature is not checked here."),
                other => {
                    note(&mut notes, &format!("The element {other} is not known here, and was not read."))
                }
            }
        }
        check(&cpix, &mut notes)?;
        Ok(ParsedCpix { cpix, notes })
    }
}

/// The elements of a list; fails when these and those `before` are more than anybody needs.
fn few<'e>(list: &'e Element, name: &'e str, before: usize) -> Result<impl Iterator<Item = &'e Element>> {
    let count = before + list.all(name).count();
    if count > MOST_OF_A_KIND {
        let message = format!("The document has {count} elements {name}; at most {MOST_OF_A_KIND} are read.");
        return Err(Error::limit("cpix-too-many", message));
    }
    Ok(list.all(name))
}

/// What parts of a document must say of each other.
fn check(cpix: &Cpix, notes: &mut Vec<String>) -> Result<()> {
    let mut kids: Vec<KeyId> = cpix.keys.iter().map(|key| key.kid).collect();
    kids.sort_unstable();
    if let Some((kid, _)) = kids.iter().zip(kids.iter().skip(1)).find(|(a, b)| a == b) {
        return Err(Error::file(
            "cpix-kid-twice",
            format!(
                "The document has the key ID {kid} twice, so it does not say which of the two keys is meant. Remove one of them."
            ),
        ));
    }
    let known = |kid: &KeyId| kids.binary_search(kid).is_ok();
    for (what, kid) in cpix
        .systems
        .iter()
        .map(|system| ("A DRMSystem", system.kid))
        .chain(cpix.rules.iter().map(|rule| ("A ContentKeyUsageRule", rule.kid)))
    {
        if !known(&kid) {
            note(notes, &format!("{what} is for the key ID {kid}, which is not in the ContentKeyList."));
        }
    }
    let times = Times::of(cpix);
    for rule in &cpix.rules {
        for filter in &rule.unknown {
            note(
                notes,
                &format!(
                    "A rule for the key ID {} has the filter {filter}, which is not known here: by the specification no key may \
                     be given to a track by the rules of this document.",
                    rule.kid
                ),
            );
        }
        for id in &rule.periods {
            if times.called(id).next().is_none() {
                note(
                    notes,
                    &format!("A rule for the key ID {} names the period {id}, which is not there.", rule.kid),
                );
            }
        }
    }
    check_periods(cpix, notes);
    if cpix.keys.is_empty() {
        note(notes, "The document has no key.");
    } else if cpix.keys.iter().all(|key| key.key.is_none() && key.encrypted.is_none()) {
        note(notes, "The document names keys and has none of them: it is a request, not an answer.");
    }
    if cpix.recipients.is_empty() && cpix.keys.iter().any(|key| key.encrypted.is_some()) {
        note(notes, "Keys are encrypted, but no DeliveryData says for whom.");
    }
    Ok(())
}

/// What periods must say for keys to go by them.
fn check_periods(cpix: &Cpix, notes: &mut Vec<String>) {
    let periods = cpix.in_order();
    for (period, next) in periods.iter().zip(periods.iter().skip(1)) {
        let (Some(index), Some(behind)) = (period.index, next.index) else { continue };
        if behind == index {
            let message =
                format!("Two periods have the number {index}; they are taken in the order they stand in.");
            note(notes, &message);
        } else if behind > index.saturating_add(1) {
            let message = format!(
                "Period {index} is followed by period {behind}, and none between them is there: the keys of {behind} are taken for \
                 what comes right after {index}."
            );
            note(notes, &message);
        }
    }
    let times = Times::of(cpix);
    if let Some(twice) = periods.iter().find(|period| times.called(&period.id).nth(1).is_some()) {
        let message =
            format!("Two periods have the ID {}: the rules that name it are for both.", short(&twice.id));
        note(notes, &message);
    }
    if periods.len() < 2 {
        return;
    }
    if periods.iter().any(|period| period.index.is_none())
        && periods.iter().any(|period| period.starts().is_none())
    {
        note(
            notes,
            "Not all periods say their number, nor when they start; they are taken in the order they stand in.",
        );
    }
    if periods.iter().any(|period| !period.times.is_empty()) {
        note(
            notes,
            "The document says when its periods are. Here keys change every so many fragments: those of the periods are \
             taken in order, whenever that is.",
        );
    }
    if cpix.rules.iter().all(|rule| rule.periods.is_empty()) {
        note(notes, "The document has periods, and no rule names one: its keys are for all of them.");
    }
}

fn note(notes: &mut Vec<String>, sentence: &str) {
    if notes.len() < NOTES && notes.iter().all(|note| note != sentence) {
        notes.push(sentence.to_owned());
    }
}

fn key(element: &Element, notes: &mut Vec<String>) -> Result<CpixKey> {
    let kid = kid(element, "kid")?;
    let secret = element.child("Data").and_then(|data| data.child("Secret"));
    let plain = secret.and_then(|secret| secret.child("PlainValue")).filter(|value| !value.text().is_empty());
    let key = plain.map(|value| content_key(value.text(), kid)).transpose()?;
    let wrapped = secret.filter(|secret| secret.child("EncryptedValue").is_some());
    let encrypted =
        wrapped.map(|secret| encrypted(secret, "EncryptedValue", &format!("the key {kid}"))).transpose()?;
    let explicit_iv = match element.attribute("explicitIV").filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => iv(text, kid, notes),
    };
    let depends_on = element.attribute("dependsOnKey").filter(|text| !text.is_empty());
    Ok(CpixKey {
        kid,
        key,
        encrypted,
        scheme: element
            .attribute("commonEncryptionScheme")
            .filter(|text| !text.is_empty())
            .map(str::to_owned),
        explicit_iv,
        depends_on: depends_on.map(parse_kid).transpose().map_err(|_| bad_kid(element, "dependsOnKey"))?,
    })
}

/// A key from its base64. What is wrong is said by lengths.
fn content_key(text: &str, kid: KeyId) -> Result<ContentKey> {
    let bad = |got: String| {
        let message =
            format!("The key of the key ID {kid} must be base64 of 16 bytes (24 characters); this is {got}.");
        Error::file("cpix-key", message)
    };
    let bytes =
        base64_bytes(text).ok_or_else(|| bad(format!("{} characters of no base64", text.chars().count())))?;
    if bytes.len() == 32 {
        let message =
            format!("The key of the key ID {kid} has 32 bytes; Common Encryption and PlayReady use 16.");
        return Err(Error::unsupported("cpix-key", message));
    }
    match <[u8; 16]>::try_from(bytes.as_slice()) {
        Ok(key) => Ok(ContentKey(key)),
        Err(_) => Err(bad(format!("base64 of {} bytes", bytes.len()))),
    }
}

/// An IV: 16 bytes in base64, or as some services write it, half as many as hexadecimal digits.
fn iv(text: &str, kid: KeyId, notes: &mut Vec<String>) -> Option<[u8; 16]> {
    let iv = base64_bytes(text).and_then(|bytes| <[u8; 16]>::try_from(bytes.as_slice()).ok());
    if iv.is_none() {
        note(
            notes,
            &format!("The explicitIV of the key ID {kid} is not base64 of 16 bytes, and was not read."),
        );
    }
    iv
}

/// What is encrypted in `parent`, in the element `name`. `what` is for the middle of a sentence.
fn encrypted(parent: &Element, name: &str, what: &str) -> Result<Encrypted> {
    let bad = |why: &str| Error::file("cpix-value", format!("The encrypted value of {what} {why}."));
    let inner = parent.child(name).unwrap_or(parent);
    let algorithm =
        inner.find("EncryptionMethod").and_then(|method| method.attribute("Algorithm")).unwrap_or_default();
    let text = inner.find("CipherValue").ok_or_else(|| bad("has no CipherValue"))?.text();
    let value = base64_bytes(text).filter(|bytes| !bytes.is_empty()).ok_or_else(|| bad("is not base64"))?;
    let mac = parent
        .child("ValueMAC")
        .map(|mac| base64_bytes(mac.text()).ok_or_else(|| bad("has a ValueMAC that is not base64")));
    Ok(Encrypted {
        algorithm: algorithm.to_owned(),
        value: value.to_vec(),
        mac: mac.transpose()?.map(|mac| mac.to_vec()),
    })
}

fn recipient(element: &Element) -> Result<Recipient> {
    let none = |what: &str| Error::file("cpix-value", format!("A DeliveryData has no {what}."));
    let certificate = element.find("X509Certificate").ok_or_else(|| none("X509Certificate"))?;
    let certificate =
        base64_bytes(certificate.text()).ok_or_else(|| none("X509Certificate in base64"))?.to_vec();
    let document = element.child("DocumentKey").ok_or_else(|| none("DocumentKey"))?;
    let secret = document.find("Secret").unwrap_or(document);
    let document_key = encrypted(secret, "EncryptedValue", "the document key")?;
    let mac = element.child("MACMethod").map(|method| {
        let key = encrypted(method, "MACKey", "the MAC key")?;
        Ok((method.attribute("Algorithm").unwrap_or_default().to_owned(), key))
    });
    Ok(Recipient { certificate, document_key, mac: mac.transpose()? })
}

fn system(element: &Element, notes: &mut Vec<String>) -> Result<System> {
    let kid = kid(element, "kid")?;
    let id = element.attribute("systemId").unwrap_or_default();
    let system = parse_kid(id).map(|id| Uuid16(id.0)).map_err(|_| {
        Error::file("cpix-system", format!("The systemId “{}” of a DRMSystem is no UUID.", short(id)))
    })?;
    let mut bytes = |name: &str, child: &Element| {
        let found = base64_bytes(child.text());
        if found.is_none() {
            note(
                notes,
                &format!(
                    "{name} of the key ID {kid} for the system {system} is not base64, and was not read."
                ),
            );
        }
        found.map(|bytes| bytes.to_vec()).unwrap_or_default()
    };
    let mut read = System { system, kid, ..System::default() };
    for child in &element.children {
        match child.name.as_str() {
            "PSSH" => read.pssh = bytes("The PSSH", child),
            "ContentProtectionData" => read.content_protection = bytes("ContentProtectionData", child),
            "HLSSignalingData" => {
                let playlist = child.attribute("playlist").map(str::to_owned);
                let lines = bytes("HLSSignalingData", child);
                if !lines.is_empty() {
                    read.hls.push((playlist, lines));
                }
            }
            "SmoothStreamingProtectionHeaderData" => read.smooth = child.text().to_owned(),
            // Of old versions, and extensions of services.
            _ => {}
        }
    }
    Ok(read)
}

fn period(element: &Element, notes: &mut Vec<String>) -> Period {
    let owned = |name: &str| element.attribute(name).map(str::to_owned);
    let id = owned("id").unwrap_or_default();
    let said = element.attribute("index").filter(|text| !text.is_empty());
    let index = said.and_then(|text| text.parse().ok());
    if id.is_empty() {
        note(notes, "A period has no ID, by which rules would name it: no key is for it alone.");
    }
    if let (Some(text), None) = (said, index) {
        let message = format!("The period {} has the number “{}”, which is none.", short(&id), short(text));
        note(notes, &message);
    }
    Period {
        id,
        index,
        label: owned("label"),
        times: TIMES.iter().filter_map(|name| Some(((*name).to_owned(), owned(name)?))).collect(),
    }
}

fn rule(element: &Element) -> Result<Rule> {
    let kid = kid(element, "kid")?;
    let track_type = element.attribute("intendedTrackType").filter(|text| !text.is_empty());
    let mut rule = Rule { kid, track_type: track_type.map(str::to_owned), ..Rule::default() };
    for filter in &element.children {
        let text = |name: &str| filter.attribute(name).unwrap_or_default().to_owned();
        match filter.name.as_str() {
            "KeyPeriodFilter" => rule.periods.push(text("periodId")),
            "LabelFilter" => rule.labels.push(text("label")),
            "VideoFilter" => rule.video.push(VideoFilter {
                pixels: span(filter, ["minPixels", "maxPixels"], kid)?,
                fps: span(filter, ["minFps", "maxFps"], kid)?,
                hdr: truth(filter, "hdr", kid)?,
                wcg: truth(filter, "wcg", kid)?,
            }),
            "AudioFilter" => rule.audio.push(span(filter, ["minChannels", "maxChannels"], kid)?),
            "BitrateFilter" => rule.bitrate.push(span(filter, ["minBitrate", "maxBitrate"], kid)?),
            other => rule.unknown.push(other.to_owned()),
        }
    }
    Ok(rule)
}

fn span(filter: &Element, [min, max]: [&str; 2], kid: KeyId) -> Result<Span> {
    let number = |name: &str| match filter.attribute(name) {
        None | Some("") => Ok(None),
        Some(text) => {
            text.parse().ok().filter(|n| *n <= MOST).map(Some).ok_or_else(|| bad_filter(filter, name, kid))
        }
    };
    let span = Span { min: number(min)?, max: number(max)? };
    if let Span { min: Some(least), max: Some(most) } = span
        && least > most
    {
        let message = format!(
            "A {} for the key ID {kid} asks for at least {least} and at most {most}, which nothing is.",
            filter.name
        );
        return Err(Error::file("cpix-filter", message));
    }
    Ok(span)
}

fn truth(filter: &Element, name: &str, kid: KeyId) -> Result<Option<bool>> {
    match filter.attribute(name) {
        None | Some("") => Ok(None),
        Some("true" | "1") => Ok(Some(true)),
        Some("false" | "0") => Ok(Some(false)),
        Some(_) => Err(bad_filter(filter, name, kid)),
    }
}

fn bad_filter(filter: &Element, name: &str, kid: KeyId) -> Error {
    let message = format!(
        "In a {} for the key ID {kid}, {name} has the value “{}”, which it cannot have.",
        filter.name,
        short(filter.attribute(name).unwrap_or_default())
    );
    Error::file("cpix-filter", message)
}

fn kid(element: &Element, name: &str) -> Result<KeyId> {
    parse_kid(element.attribute(name).unwrap_or_default()).map_err(|_| bad_kid(element, name))
}

fn bad_kid(element: &Element, name: &str) -> Error {
    let message = match element.attribute(name) {
        None => format!("A {} has no {name}.", element.name),
        Some(text) => format!(
            "The {name} “{}” of a {} is no key ID: that is a UUID, 32 hexadecimal digits like \
             01234567-89ab-cdef-0123-456789abcdef, and not all zeros.",
            short(text),
            element.name
        ),
    };
    Error::file("cpix-kid", message)
}

/// No more of a text than a sentence can carry.
fn short(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
