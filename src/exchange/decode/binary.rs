//! `pssh` boxes, PlayReady objects and headers, Widevine's message.

use super::forms::{object_forms, object_of};
use super::{Decoded, Form, Look};
use crate::boxes::cenc::ProtectionSystemSpecificHeader;
use crate::boxes::header::BoxHeader;
use crate::boxes::piff::{PROTECTION_SYSTEM, PiffProtectionSystem};
use crate::boxes::systems::{PLAYREADY, PLAYREADY_LITTLE_ENDIAN, WIDEVINE, system_name};
use crate::bytes::units::len_u64;
use crate::bytes::{Error, KeyId, Reader, Uuid16};
use crate::exchange::base64_text;
use crate::playready::object::utf16le_decode;
use crate::playready::{Header, HeaderKey, ParsedHeader, ProObject, Record, header_xml_in, url_warnings};
use crate::protect::systems::whole;
use crate::track::{WidevineField, widevine_fields};

/// Start and end of a header's XML in UTF-16.
const START: &[u8] = b"<\0W\0R\0M\0H\0E\0A\0D\0E\0R\0";
const END: &[u8] = b"<\0/\0W\0R\0M\0H\0E\0A\0D\0E\0R\0>\0";

impl Look<'_> {
    /// What bytes are, when they say so themselves.
    pub(super) fn structure(self, bytes: &[u8]) -> Option<Decoded> {
        if let Some(b"pssh" | b"uuid") = bytes.get(4..8) {
            return Some(self.boxes(bytes));
        }
        let declared = bytes.first_chunk::<4>().map(|len| u32::from_le_bytes(*len));
        if bytes.len() >= 10 && declared.is_some_and(|len| u64::from(len) == len_u64(bytes.len())) {
            return Some(self.object(bytes));
        }
        let position = bytes.windows(START.len()).position(|window| window == START)?;
        // A mark in front, at most: a header that stands alone.
        if position <= 2 {
            return Some(self.bare(bytes));
        }
        let mut found = self.object(bytes);
        if found.inside.is_empty()
            && let Some(xml) = xml_within(bytes, position)
        {
            found.inside.push(self.header(&xml, None));
        }
        Some(found)
    }

    /// One box, or several that stand one behind the other.
    fn boxes(self, bytes: &[u8]) -> Decoded {
        let mut all = Vec::new();
        let mut r = Reader::new(bytes, 0);
        let mut trouble = None;
        while !r.is_empty() {
            let one = BoxHeader::read(&mut r.clone(), len_u64(r.remaining()))
                .and_then(|header| Ok((header.id, r.sub(header.size, "A box")?.rest())))
                .and_then(|(id, bytes)| self.system_box(id, bytes));
            match one {
                Ok(found) => all.push(found),
                Err(error) => {
                    trouble = Some(error);
                    break;
                }
            }
        }
        let mut found = match (all.len(), &trouble) {
            (0, _) => {
                let mut found = Decoded::new("pssh", "A ‘pssh’ box that cannot be read.");
                // A header in it can be read all the same.
                if let Some(at) = bytes.windows(START.len()).position(|window| window == START)
                    && let Some(xml) = xml_within(bytes, at)
                {
                    found.inside.push(self.header(&xml, None));
                }
                found
            }
            (1, None) => return all.remove(0),
            (count, _) => {
                let mut found =
                    Decoded::new("several", format!("{count} ‘pssh’ boxes, one behind the other."));
                found.inside = all;
                found
            }
        };
        if let Some(error) = trouble {
            found.error(&error);
        }
        found
    }

    fn system_box(self, id: crate::boxes::BoxId, bytes: &[u8]) -> crate::bytes::Result<Decoded> {
        let (system, version, kids, data, rest) = if id == PROTECTION_SYSTEM {
            let read: PiffProtectionSystem = whole(bytes)?;
            (read.system_id, None, Vec::new(), read.data.0, read.rest)
        } else if id.is(b"pssh") {
            let read: ProtectionSystemSpecificHeader = whole(bytes)?;
            (read.system_id, Some(read.head.version), read.kids.entries, read.data.0, read.rest)
        } else {
            return Err(Error::file("not-pssh", format!("This is a box ‘{id}’ and no ‘pssh’ box.")));
        };
        let name = system_name(&system).unwrap_or("an unknown system");
        let title = match version {
            Some(version) => format!("A ‘pssh’ box for {name}, version {version}."),
            None => format!("The PIFF form of a ‘pssh’ box (‘uuid’), for {name}."),
        };
        let mut found = Decoded::new("pssh", title);
        found.fact("SystemID", system.to_string());
        for kid in &kids {
            found.fact("Key ID", kid.uuid());
        }
        found.fact("Payload", format!("{} bytes", data.len()));
        if !rest.is_empty() {
            found.warn(format!("{} bytes stand behind its payload.", rest.len()));
        }
        if system == PLAYREADY_LITTLE_ENDIAN {
            found.warn(format!("Its SystemID is PlayReady’s in GUID order, which most players do not know; it must be {PLAYREADY}."));
        }
        self.payload(&mut found, system, &data);
        found.forms.push(Form::new("pssh", "‘pssh’ box, base64", base64_text(bytes)));
        found.forms.push(Form::new("pssh-hex", "‘pssh’ box, hexadecimal digits", hex::encode(bytes)));
        for kid in kids {
            found.problems.extend(self.kid(kid).problems);
        }
        Ok(found)
    }

    /// What the payload of a box for a system says.
    fn payload(self, found: &mut Decoded, system: Uuid16, data: &[u8]) {
        let inside = if system == PLAYREADY || system == PLAYREADY_LITTLE_ENDIAN {
            if data.is_empty() {
                found.warn("It has no PlayReady object in it, so players learn neither key ID nor licence server from it.");
            }
            self.deeper().structure(data)
        } else if system == WIDEVINE {
            widevine(data)
        } else {
            None
        };
        match inside {
            Some(inside) => found.inside.push(inside),
            None if !data.is_empty() => {
                found.forms.push(Form::new("base64", "Its payload, base64", base64_text(data)));
                if system == PLAYREADY {
                    found.warn("Its payload is no PlayReady object.");
                }
            }
            None => {}
        }
    }

    /// A PlayReady object, whole or not.
    fn object(self, bytes: &[u8]) -> Decoded {
        let mut found = Decoded::new("pro", "A PlayReady object.");
        found.fact("Length", format!("{} bytes", bytes.len()));
        match ProObject::parse(bytes, 0) {
            Err(error) => {
                "A PlayReady object that is damaged.".clone_into(&mut found.title);
                found.error(&error);
                return found;
            }
            Ok(object) => {
                for record in &object.records {
                    found.fact("Record", format!("{}, {} bytes", record.name(), record.value.len()));
                }
                if object.records.iter().all(|record| record.kind != Record::HEADER) {
                    found.warn("It has no header, so it names no key.");
                }
                match object.header_xml(0) {
                    Ok(Some(xml)) => found.inside.push(self.header(&xml, Some(bytes))),
                    Ok(None) => {}
                    Err(error) => found.error(&error),
                }
            }
        }
        found.forms = object_forms(bytes);
        found
    }

    /// A header without an object around it.
    fn bare(self, bytes: &[u8]) -> Decoded {
        match header_xml_in(bytes, 0) {
            Ok(xml) => {
                let mut found = self.header(&xml, None);
                found.warn("It stands alone. Boxes and manifests carry it in a PlayReady object.");
                found
            }
            Err(error) => {
                let mut found = Decoded::new("playready-header", "A PlayReady header that cannot be read.");
                found.error(&error);
                found
            }
        }
    }

    /// What a header says; `object` is the one it stands in.
    pub(super) fn header(self, xml: &str, object: Option<&[u8]>) -> Decoded {
        let parsed = match Header::parse(xml) {
            Ok(parsed) => parsed,
            Err(error) => {
                let mut found = Decoded::new("playready-header", "A PlayReady header that cannot be read.");
                found.error(&error);
                found.forms.push(Form::new("xml", "Header XML, as it stands", xml));
                return found;
            }
        };
        let ParsedHeader { header, unknown, notes } = &parsed;
        let mut found =
            Decoded::new("playready-header", format!("A PlayReady header, version {}.", header.version));
        found.keys.clone_from(&header.keys);
        for key in &header.keys {
            found.fact("Key ID", key.kid.uuid());
            found.fact("Its algorithm", self.key_line(key));
        }
        found.fact("Licence server (LA_URL)", header.la_url.as_deref().unwrap_or_default());
        found.fact("Licence page (LUI_URL)", header.lui_url.as_deref().unwrap_or_default());
        if let Some(id) = header.ds_id {
            found.fact("Domain service (DS_ID)", KeyId::from_guid_bytes(id).uuid());
        }
        found.fact("Custom attributes", header.custom_attributes.as_deref().unwrap_or_default());
        if header.on_demand {
            found.fact("DECRYPTORSETUP", "ONDEMAND: the licence may come only while playing");
        }
        for element in unknown {
            found.fact(&format!("Not known here: {}", element.name), element.value.as_str());
        }
        for problem in header.problems() {
            found.error(&problem);
        }
        for note in notes {
            found.warn(note.message.as_str());
        }
        if let Some(url) = &header.la_url {
            url_warnings(url).into_iter().for_each(|warning| found.warn(warning));
        } else {
            found.warn("It has no licence server (LA_URL): the player must know it by itself.");
        }
        for key in &header.keys {
            if let Some(sentence) = crate::exchange::other_order(key.kid, self.known) {
                found.warn(sentence);
            }
        }
        found.forms.push(Form::new("xml", "Header XML", xml));
        for key in &header.keys {
            found.forms.push(Form::new("uuid", "Key ID as UUID", key.kid.uuid()));
            found.forms.push(Form::new(
                "guid-base64",
                "Key ID in base64, GUID order",
                base64_text(&key.kid.guid_bytes()),
            ));
        }
        if object.is_none()
            && let Ok(object) = object_of(xml)
        {
            found.forms.extend(object_forms(&object));
        }
        found
    }

    /// What a header says of a key, in one line.
    fn key_line(self, key: &HeaderKey) -> String {
        let algorithm = key.algorithm.map_or("no algorithm said", |algorithm| algorithm.text());
        let checksum = key.checksum.map_or(String::new(), |sum| format!(", checksum {}", base64_text(&sum)));
        let known =
            if self.known.contains(&key.kid) { "; its key ID is one of the file that is open" } else { "" };
        format!("{algorithm}{checksum}{known}")
    }
}

/// The header's XML that begins at `start`, up to its end.
fn xml_within(bytes: &[u8], start: usize) -> Option<String> {
    let rest = bytes.get(start..)?;
    // The last byte may be cut off.
    let (_, end) = END.split_last()?;
    let end = rest.windows(end.len()).position(|window| window == end)? + end.len();
    let mut text = rest.get(..end)?.to_vec();
    text.push(0);
    utf16le_decode(&text, len_u64(start)).ok()
}

/// Widevine's message (`WidevinePsshData`), when bytes are one: what it names tells it from other bytes.
pub(super) fn widevine(bytes: &[u8]) -> Option<Decoded> {
    let fields = widevine_fields(bytes, 0)?;
    let mut found = Decoded::new("widevine", "A Widevine header (WidevinePsshData).");
    for field in &fields {
        let name = match field.number {
            1 => "Algorithm",
            WidevineField::KEY_ID => "Key ID",
            3 => "Provider",
            4 => "Content ID",
            6 => "Policy",
            7 => "Crypto period index",
            9 => "Scheme",
            10 => "Crypto period in seconds",
            ..=20 => &format!("Field {}", field.number),
            _ => return None,
        };
        found.fact(name, field.value.as_str());
        if let Some(kid) = field.kid {
            found.forms.push(Form::new("uuid", "Key ID as UUID", kid.uuid()));
        }
    }
    found.forms.push(Form::new("base64", "Its bytes, base64", base64_text(bytes)));
    fields.iter().any(|field| (WidevineField::KEY_ID..=4).contains(&field.number)).then_some(found)
}
