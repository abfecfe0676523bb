//! The elements of a PlayReady header's XML as rows: what each says, what it is for, and which versions have it.
//!
//! PlayReady Header Specification §3.

use base64::Engine as _;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use crate::boxes::RowSink;
use crate::boxes::wire::{Wire as _, spaced_hex};
use crate::bytes::KeyId;
use crate::bytes::limits::BOX_DEPTH;
use crate::bytes::units::to_len;
use crate::playready::{HeaderVersion, LENIENT, NAMESPACE, next_event};

/// Elements and attributes, behind the name of the element that they are in, and what is to be known of each.
const KNOWN: &str = "\
/WRMHEADER the header
WRMHEADER/DATA what it says
DATA/PROTECTINFO how the media is encrypted
PROTECTINFO/KEYLEN bytes of the key; version 4.0 only
PROTECTINFO/ALGID cipher; version 4.0 only
DATA/KID version 4.0 only
DATA/CHECKSUM made of key and KID; version 4.0 only
PROTECTINFO/KID the key; version 4.1 only
PROTECTINFO/KIDS the keys; from version 4.2 on
PROTECTINFO/LICENSEREQUESTED from version 4.3 on
KIDS/KID one key
KID/ALGID cipher; AESCBC from version 4.3 on
KID/CHECKSUM made of key and KID; not with AESCBC
KID/VALUE 
DATA/LA_URL where players ask for a licence
DATA/LUI_URL page for people without a licence
DATA/DS_ID domain service
DATA/CUSTOMATTRIBUTES for whoever made the header; players pass over it
DATA/DECRYPTORSETUP ONDEMAND: no licence is asked for before it plays; from version 4.1 on
";

/// One element or attribute.
struct Part {
    /// Elements it is in.
    depth: usize,
    name: String,
    value: String,
    meaning: String,
    /// Where it stands in the text.
    start: usize,
    end: usize,
}

/// Adds the rows of the header `xml`. `place` says where in the file a place in the text is. What stands before a fault has its
/// rows.
pub(super) fn element_rows(xml: &str, sink: &mut RowSink, place: &dyn Fn(usize) -> u64) {
    for part in parts(xml) {
        let (start, end) = (place(part.start), place(part.end));
        let push = |sink: &mut RowSink| {
            sink.push(&part.name, start, end, || (part.value.clone(), part.meaning.clone()));
        };
        deeper(part.depth, sink, &push);
    }
}

/// Runs `push` with the rows `depth` levels deeper.
fn deeper(depth: usize, sink: &mut RowSink, push: &dyn Fn(&mut RowSink)) {
    match depth.checked_sub(1) {
        Some(less) => sink.nested(|sink| deeper(less, sink, push)),
        None => push(sink),
    }
}

fn parts(xml: &str) -> Vec<Part> {
    let mut reader = quick_xml::Reader::from_str(xml);
    // Licence URLs with a bare & are common.
    reader.config_mut().allow_dangling_amp = true;
    let mut parts: Vec<Part> = Vec::new();
    // Number among the parts, and where the content begins; nothing where it has elements inside.
    let mut open: Vec<(usize, Option<usize>)> = Vec::new();
    loop {
        let before = to_len(reader.buffer_position());
        let Ok(event) = next_event(&mut reader) else { break };
        let after = to_len(reader.buffer_position());
        match event {
            Event::Start(tag) if open.len() < BOX_DEPTH => {
                let number = start(&tag, (before, after), xml, &open, &mut parts);
                if let Some((_, content)) = open.last_mut() {
                    *content = None;
                }
                open.push((number, Some(after)));
            }
            Event::Empty(tag) => {
                start(&tag, (before, after), xml, &open, &mut parts);
                if let Some((_, content)) = open.last_mut() {
                    *content = None;
                }
            }
            Event::End(_) => {
                let Some((number, content)) = open.pop() else { break };
                let Some(part) = parts.get_mut(number) else { break };
                part.end = after;
                if let Some(content) = content {
                    let raw = xml.get(content..before).unwrap_or_default().trim();
                    part.value = plain(raw);
                    part.meaning = with_value(&part.name, &part.value, &part.meaning);
                }
            }
            Event::Start(_) | Event::Eof => break,
            _ => {}
        }
    }
    parts
}

/// Adds the part of a tag and those of its attributes; returns the number of the first.
fn start(
    tag: &BytesStart<'_>,
    (before, after): (usize, usize),
    xml: &str,
    open: &[(usize, Option<usize>)],
    parts: &mut Vec<Part>,
) -> usize {
    let name = tag.local_name().into_inner().to_owned();
    let around = open.last().and_then(|(number, _)| parts.get(*number)).map_or("", |part| &part.name);
    let meaning = about(around, &name).to_owned();
    let (number, depth) = (parts.len(), open.len());
    parts.push(Part { depth, name: name.clone(), value: String::new(), meaning, start: before, end: after });
    // Behind the name, whose prefix is part of it.
    let mut at = before + 1 + tag.name().into_inner().len();
    for attribute in tag.attributes().with_checks(false) {
        let Ok(attribute) = attribute else { break };
        let (key, raw) = (attribute.key.into_inner(), &attribute.value);
        // As it stands in the text, white space around the sign of equality and quotes included.
        let rest = xml.get(at..after).unwrap_or_default();
        let begins = at + rest.find(key).unwrap_or_default();
        let behind = begins + key.len();
        let rest = xml.get(behind..after).unwrap_or_default();
        let quotes = rest.find(['"', '\'']).unwrap_or_default();
        at = (behind + quotes + raw.len() + 2).min(after);
        let value = plain(raw);
        let meaning = match key {
            "xmlns" if value != NAMESPACE => "not the namespace of PlayReady headers".to_owned(),
            "version" if name == "WRMHEADER" => version(&value).to_owned(),
            _ => with_value(key, &value, about(&name, key)),
        };
        parts.push(Part { depth: depth + 1, name: key.to_owned(), value, meaning, start: begins, end: at });
    }
    number
}

/// What is to be known of `name` inside of `around`.
fn about(around: &str, name: &str) -> &'static str {
    let of = |line: &'static str| {
        line.strip_prefix(around)?.strip_prefix('/')?.strip_prefix(name)?.strip_prefix(' ')
    };
    KNOWN.lines().find_map(of).unwrap_or_default()
}

/// Who reads a header of this version.
fn version(text: &str) -> &'static str {
    match HeaderVersion::known(text) {
        Some(HeaderVersion::V4_0) => "one key; every PlayReady client",
        Some(HeaderVersion::V4_1) => "one key, or none; clients of PlayReady 2.0 and later",
        Some(HeaderVersion::V4_2) => "several keys; clients of PlayReady 3.0 and later",
        Some(HeaderVersion::V4_3) => "several keys, AES-CBC too; clients of PlayReady 4.0 and later",
        None => "no known version",
    }
}

/// `about`, behind what the value says that nobody reads off base64.
fn with_value(name: &str, value: &str, about: &str) -> String {
    let bytes = || LENIENT.decode(value).ok();
    let guid = || bytes().and_then(|bytes| Some(KeyId::from_guid_bytes(bytes.try_into().ok()?)));
    let said = match name {
        "KID" | "VALUE" => guid().map(|kid| format!("{}, {}", kid.uuid(), kid.meaning())),
        "DS_ID" => guid().map(|id| id.uuid()),
        "CHECKSUM" => bytes().map(|bytes| spaced_hex(&bytes)),
        _ => None,
    };
    match said {
        Some(said) if about.is_empty() => said,
        Some(said) => format!("{said}; {about}"),
        None => about.to_owned(),
    }
}

/// Text with its references resolved, where they can be.
fn plain(raw: &str) -> String {
    unescape(raw).map_or_else(|_| raw.to_owned(), |text| text.into_owned())
}
