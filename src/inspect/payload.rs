//! What stands in the payload of a `pssh`, as rows below that of the payload, each with the bytes it stands in.

use crate::boxes::wire::{Bytes, Wire as _};
use crate::boxes::{Node, RowSink, Tree, systems};
use crate::bytes::units::len_u64;
use crate::bytes::{Reader, Result};
use crate::playready::{Record, header_xml_in, is_bare_header};
use crate::track::leftovers::is_system_header;
use crate::track::{SystemHeader, widevine_fields};

use super::header_elements::element_rows;
use super::texts::TEXT_LEN;

/// Adds the rows of the payload of `node`, where it is a `pssh` whose system is known to fill it with something that has parts.
/// What stands before a fault has its rows; of the fault the findings speak.
pub(super) fn system_rows(tree: &Tree<'_>, node: &Node, sink: &mut RowSink) {
    if !is_system_header(node) {
        return;
    }
    let Some(SystemHeader { system, data, start, .. }) = SystemHeader::read(tree, node) else { return };
    // They follow the row of the payload, which is the last one but where something is left over behind it.
    if start + len_u64(data.len()) != node.end() {
        return;
    }
    let data = data.get(..TEXT_LEN).unwrap_or(&data);
    sink.nested(|sink| match system {
        systems::PLAYREADY | systems::PLAYREADY_LITTLE_ENDIAN => {
            let _ = object_rows(data, start, sink);
        }
        systems::WIDEVINE => {
            for field in widevine_fields(data, start).unwrap_or_default() {
                let meaning = || field.kid.map(|kid| kid.meaning()).unwrap_or_default();
                sink.push(&field.name(), field.start, field.end, || (field.value.clone(), meaning()));
            }
        }
        _ => {}
    });
}

/// The rows of a PlayReady Object (PlayReady Header Specification §2), or of a header without one.
fn object_rows(object: &[u8], start: u64, sink: &mut RowSink) -> Result<()> {
    if is_bare_header(object) {
        header_rows(object, start, sink);
        return Ok(());
    }
    let mut r = Reader::new(object, start);
    let number = |sink: &mut RowSink, name: &str, start: u64, value: u32, meaning: &str| {
        let end = start + if name == "length" { 4 } else { 2 };
        sink.push(name, start, end, || (value.to_string(), meaning.to_owned()));
    };
    let len = u32::from_le_bytes(r.array("length")?);
    number(sink, "length", start, len, "bytes of the PlayReady Object; its numbers are little-endian");
    let at = r.offset();
    let count = u16::from_le_bytes(r.array("record_count")?);
    number(sink, "record_count", at, count.into(), "");
    for index in 0..usize::from(count) {
        let (at, row) = (r.offset(), sink.total());
        let kind = u16::from_le_bytes(r.array("record_type")?);
        let name = Record { kind, value: Vec::new() }.name();
        let entry = sink.entry_name("records", index);
        sink.push(&entry, at, at, || (String::new(), name.to_owned()));
        sink.nested(|sink| {
            number(sink, "record_type", at, kind.into(), name);
            let at = r.offset();
            let len = u16::from_le_bytes(r.array("record_length")?);
            number(sink, "record_length", at, len.into(), "bytes of the value");
            let at = r.offset();
            let value = r.take(len.into(), "record_value")?;
            if kind == Record::HEADER {
                header_rows(value, at, sink);
            } else {
                sink.push("record_value", at, r.offset(), || (Bytes(value.to_vec()).show(), String::new()));
            }
            Ok(())
        })?;
        sink.close(row, r.offset());
    }
    Ok(())
}

/// The rows of a header's text at file offset `start`. The text is UTF-16LE, and of a bare header may be UTF-8.
fn header_rows(bytes: &[u8], start: u64, sink: &mut RowSink) {
    let Ok(xml) = header_xml_in(bytes, start) else {
        let end = start.saturating_add(len_u64(bytes.len()));
        return sink.push("record_value", start, end, || (Bytes(bytes.to_vec()).show(), String::new()));
    };
    let is_wide = bytes.get(1).is_none_or(|second| !second.is_ascii_graphic());
    // The file offset of each byte of the text.
    let mut places = Vec::with_capacity(xml.len() + 1);
    let mut at = start;
    for c in xml.chars() {
        places.resize(places.len() + c.len_utf8(), at);
        at += len_u64(if is_wide { 2 * c.len_utf16() } else { c.len_utf8() });
    }
    element_rows(&xml, sink, &|place| places.get(place).copied().unwrap_or(at));
}
