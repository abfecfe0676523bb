//! What is changed of the PlayReady headers that a file has, and the header that it gets where it has none.

use crate::bytes::{ContentKey, Error, KeyId, Result};
use crate::playready::{
    Algorithm, Header, HeaderKey, HeaderVersion, ParsedHeader, ProObject, Record, check_custom_attributes,
    check_url, parse_ds_id, utf16le_encode, without_wrapper,
};

use super::header::{MadeHeader, OBJECT, check_cipher, on_demand, ready, store, too_long, version};
use super::request::{RequestText, given};
use super::scheme::{self, Mode, Scheme};
use super::source_keys::SourceKeys;

/// What becomes of one thing that may be there.
#[derive(Clone, Debug, Default)]
enum Wish<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It goes.
    Remove,
    /// It is this.
    Set(T),
}

impl<T: Clone> Wish<T> {
    /// From what was typed, and whether it is to go.
    fn new(field: &'static str, set: Option<T>, removed: &[&str]) -> Result<Self> {
        match (set, removed.contains(&field)) {
            (Some(_), true) => {
                let message =
                    format!("{field} is given, and is to be removed; leave it out of one of the two.");
                Err(Error::caller("bad-request", field, message))
            }
            (Some(value), false) => Ok(Self::Set(value)),
            (None, true) => Ok(Self::Remove),
            (None, false) => Ok(Self::Keep),
        }
    }

    fn is_kept(&self) -> bool {
        matches!(self, Self::Keep)
    }

    fn apply(&self, to: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Remove => *to = None,
            Self::Set(value) => *to = Some(value.clone()),
        }
    }
}

/// Names of what can be taken out of a header, as requests have them.
pub const REMOVABLE: [&str; 7] =
    ["laUrl", "luiUrl", "dsId", "customAttributes", "decryptorSetup", "licenceStore", CHECKSUMS];

const CHECKSUMS: &str = "checksums";

/// What is changed of each PlayReady header.
#[derive(Clone, Debug, Default)]
pub struct HeaderChange {
    la_url: Wish<String>,
    lui_url: Wish<String>,
    ds_id: Wish<[u8; 16]>,
    custom_attributes: Wish<String>,
    on_demand: Wish<()>,
    store: Wish<u16>,
    version: Option<HeaderVersion>,
    removes_checksums: bool,
    /// In place of all that, what somebody else has made.
    ready: Option<(ProObject, ParsedHeader)>,
    /// Keys for checksums.
    keys: SourceKeys,
}

/// A header that was changed, and what is doubtful about it.
#[derive(Clone, Debug)]
pub struct ChangedHeader {
    /// What it is now.
    pub made: MadeHeader,
    /// Plain sentences.
    pub doubts: Vec<String>,
}

impl HeaderChange {
    /// Reads what was typed; `removed` are names of [`REMOVABLE`]. Errors name the request field at fault.
    pub fn parse(text: &RequestText, removed: &[&str], keys: SourceKeys) -> Result<Self> {
        // Which cipher the file has is known later.
        let any = &scheme::KEEP;
        if let Some(typed) = given(&text.playready_object) {
            if let Some(field) = removed.first() {
                let message = format!(
                    "A ready-made PlayReady header is given, from which nothing is taken out; leave {field} out of remove."
                );
                return Err(Error::caller("bad-request", "remove", message));
            }
            return Ok(Self { ready: Some(ready(typed, text, any)?), keys, ..Self::default() });
        }
        let url = |typed: Option<&str>, field| -> Result<Wish<String>> {
            typed.map_or(Ok(()), |url| check_url(url, field))?;
            Wish::new(field, typed.map(str::to_owned), removed)
        };
        let inner = given(&text.custom_attributes).map(without_wrapper).transpose()?;
        inner.map_or(Ok(()), check_custom_attributes)?;
        Ok(Self {
            la_url: url(Some(text.la_url.trim()).filter(|url| !url.is_empty()), "laUrl")?,
            lui_url: url(given(&text.lui_url), "luiUrl")?,
            ds_id: Wish::new("dsId", given(&text.ds_id).map(parse_ds_id).transpose()?, removed)?,
            custom_attributes: Wish::new("customAttributes", inner.map(str::to_owned), removed)?,
            on_demand: Wish::new("decryptorSetup", on_demand(text)?.then_some(()), removed)?,
            store: Wish::new("licenceStore", store(text)?, removed)?,
            version: version(text, any)?,
            removes_checksums: removed.contains(&CHECKSUMS),
            ready: None,
            keys,
        })
    }

    /// Whether a header that the file has may become another.
    pub fn is_empty(&self) -> bool {
        self.is_about_nothing() && self.keys.is_empty()
    }

    /// Whether nothing is said of what a header says, but for keys.
    pub fn is_about_nothing(&self) -> bool {
        let texts = [&self.la_url, &self.lui_url, &self.custom_attributes];
        texts.iter().all(|wish| wish.is_kept())
            && self.ds_id.is_kept()
            && self.on_demand.is_kept()
            && self.store.is_kept()
            && self.version.is_none()
            && !self.removes_checksums
            && self.ready.is_none()
    }

    /// Whether every header becomes the same one.
    pub fn is_ready(&self) -> bool {
        self.ready.is_some()
    }

    /// The header of a file whose samples have these keys, that has none.
    ///
    /// # Errors
    /// `bad-url` without the address of a licence server, and what makes a header one against the rules.
    pub fn fresh(&self, kids: &[KeyId], scheme: &Scheme) -> Result<ChangedHeader> {
        if let Some(ready) = &self.ready {
            return self.given(ready, kids, scheme);
        }
        if !matches!(self.la_url, Wish::Set(_)) {
            let message = "This file has no PlayReady header yet. Give the address of the licence server; players read it from the \
                           file.";
            return Err(Error::caller("bad-url", "laUrl", message));
        }
        if kids.is_empty() {
            let message = "No track of this file names a key ID, so no PlayReady header can be made for it. Give one that is \
                           ready-made.";
            return Err(Error::caller("no-kid", OBJECT, message));
        }
        let algorithm = if scheme.mode == Mode::Ctr { Algorithm::AesCtr } else { Algorithm::AesCbc };
        let key = |kid: &KeyId| HeaderKey { kid: *kid, algorithm: Some(algorithm), checksum: None };
        let keys: Vec<HeaderKey> = kids.iter().map(key).collect();
        let header = Header::new(Header::choose_version(&keys), keys);
        self.changed(header, ProObject::default(), Vec::new())
    }

    /// The header whose object is `payload`, at file offset `at`, as it is to be; `None` where it stays as it is.
    ///
    /// # Errors
    /// Where it cannot be read, and what makes a header one against the rules.
    pub fn of(
        &self,
        payload: &[u8],
        at: u64,
        kids: &[KeyId],
        scheme: &Scheme,
    ) -> Result<Option<ChangedHeader>> {
        if self.is_empty() {
            return Ok(None);
        }
        if let Some(ready) = &self.ready {
            return self.given(ready, kids, scheme).map(Some);
        }
        let unreadable = |error: Error| {
            let message = format!(
                "The PlayReady header of this file cannot be read, so nothing of it can be changed: {} Give a ready-made header \
                 in its place.",
                error.message()
            );
            Error::unsupported(error.code(), message).at(error.offset().unwrap_or(at))
        };
        let object = ProObject::parse(payload, at).map_err(unreadable)?;
        let parsed = object.header(at).map_err(unreadable)?;
        let ParsedHeader { header, unknown, .. } = parsed
            .ok_or_else(|| unreadable(Error::file("pro-no-header", "it holds no header record.").at(at)))?;
        let lost = unknown.iter().map(|lost| {
            format!(
                "The PlayReady header has “{}”, which Boxlock does not know; it is not in the new one.",
                lost.name
            )
        });
        let changed = self.changed(header.clone(), object, lost.collect())?;
        let same = changed.made.header == header && self.store.is_kept();
        Ok((!same).then_some(changed))
    }

    /// What somebody else has made.
    fn given(
        &self,
        (object, parsed): &(ProObject, ParsedHeader),
        kids: &[KeyId],
        scheme: &Scheme,
    ) -> Result<ChangedHeader> {
        check_cipher(&parsed.header, scheme)?;
        let mut doubts: Vec<String> = parsed.notes.iter().map(|note| note.message.clone()).collect();
        for key in &parsed.header.keys {
            if let Some(known) = self.key(key.kid)
                && key.accepts(known) == Some(false)
            {
                return Err(wrong_checksum(key.kid, OBJECT));
            }
        }
        doubts.extend(not_named(&parsed.header, kids));
        let xml = object.header_xml(0)?.unwrap_or_default();
        let made = MadeHeader { header: parsed.header.clone(), xml, object: object.to_bytes()? };
        Ok(ChangedHeader { made, doubts })
    }

    /// `header` as it is to be, and the object around it, of which the other records stay.
    fn changed(
        &self,
        mut header: Header,
        mut object: ProObject,
        mut doubts: Vec<String>,
    ) -> Result<ChangedHeader> {
        self.la_url.apply(&mut header.la_url);
        self.lui_url.apply(&mut header.lui_url);
        self.ds_id.apply(&mut header.ds_id);
        self.custom_attributes.apply(&mut header.custom_attributes);
        let mut on_demand = header.on_demand.then_some(());
        self.on_demand.apply(&mut on_demand);
        header.on_demand = on_demand.is_some();
        for key in &mut header.keys {
            if self.removes_checksums {
                key.checksum = None;
            }
            if let Some(known) = self.key(key.kid).filter(|_| key.algorithm == Some(Algorithm::AesCtr)) {
                if key.accepts(known) == Some(false) {
                    return Err(wrong_checksum(key.kid, "sourceKeys"));
                }
                if key.checksum.is_none() {
                    doubts.push(format!(
                        "The checksum of the KID {} is made of the key that is given. It is not tried on the samples: a wrong \
                         key makes a header that players refuse.",
                        key.kid
                    ));
                }
                key.checksum = HeaderKey::aes_ctr(key.kid, known).checksum;
            }
        }
        let oldest = if header.on_demand { HeaderVersion::V4_1 } else { HeaderVersion::V4_0 };
        header.version = self.version.unwrap_or(header.version.max(oldest));
        if header.la_url.is_none() {
            doubts.push(
                "The PlayReady header has no licence URL; the player must know it by itself.".to_owned(),
            );
        }
        let xml = header.to_xml()?;
        let value = utf16le_encode(&xml);
        match object.records.iter_mut().find(|record| record.kind == Record::HEADER) {
            Some(record) => record.value = value,
            None => object.records.insert(0, Record { kind: Record::HEADER, value }),
        }
        let mut store = None;
        if !self.store.is_kept() {
            object.records.retain(|record| record.kind != Record::LICENSE_STORE);
            self.store.apply(&mut store);
            object.records.extend(
                store.map(|len| Record { kind: Record::LICENSE_STORE, value: vec![0; usize::from(len)] }),
            );
        }
        let object = object.to_bytes().map_err(|error| too_long(&header, store, error))?;
        Ok(ChangedHeader { made: MadeHeader { header, xml, object }, doubts })
    }

    /// The key for this ID, or the one for all.
    fn key(&self, kid: KeyId) -> Option<&ContentKey> {
        let mut of_file = self.keys.iter().filter(|known| known.kid.is_none() && known.track.is_none());
        let known = self.keys.iter().find(|known| known.kid == Some(kid));
        known.or_else(|| of_file.next()).map(|known| &known.key)
    }
}

/// That a header does not name keys of the file.
pub fn not_named(header: &Header, kids: &[KeyId]) -> Vec<String> {
    let names = |kid: KeyId| header.keys.iter().any(|named| named.kid == kid);
    let told = kids.iter().filter(|kid| !names(**kid)).map(|kid| {
        let swapped = if names(kid.swapped()) {
            " It names that key ID in the other byte order: one of the two was copied in GUID order."
        } else {
            ""
        };
        format!(
            "The PlayReady header does not name the key ID {kid} of this file: players would not ask for its licence.{swapped}"
        )
    });
    told.collect()
}

fn wrong_checksum(kid: KeyId, field: &'static str) -> Error {
    let message = format!(
        "The PlayReady header has the checksum of another key for the KID {kid} than the one given. If it is the header that is \
         wrong, let its checksums be removed (checksums in remove)."
    );
    Error::caller("wrong-key", field, message)
}
