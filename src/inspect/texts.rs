//! Payloads that are texts, or that read best as one: licence headers, manifests, XML, tags.

use core::fmt::Write as _;

use crate::boxes::cenc::ProtectionSystemSpecificHeader;
use crate::boxes::fragment::EventMessage;
use crate::boxes::header::four;
use crate::boxes::metadata::{MetadataKeys, TagValue};
use crate::boxes::piff::{self, PiffProtectionSystem};
use crate::boxes::{BoxId, Node, Tree, systems};
use crate::bytes::units::len_u64;
use crate::bytes::{KeyId, Uuid16};
use crate::playready::header_xml_in;

/// Longest text that is decoded, in bytes: manifests and XMP stay far below, and the page must not freeze.
pub(super) const TEXT_LEN: usize = 1 << 20;

/// Titles and texts of the box's payloads.
pub(super) fn texts(tree: &Tree<'_>, node: &Node, parent: Option<BoxId>) -> Vec<(String, String)> {
    find_texts(tree, node, parent)
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(title, text)| (title.to_owned(), text))
        .collect()
}

fn find_texts(tree: &Tree<'_>, node: &Node, parent: Option<BoxId>) -> Vec<(&'static str, String)> {
    let body = tree.fields(node).rest();
    let body = body.get(..TEXT_LEN).unwrap_or(body);
    let after_head = body.get(4..).unwrap_or_default();
    match node.id() {
        piff::PROTECTION_SYSTEM => match tree.read::<PiffProtectionSystem>(node) {
            Ok(header) => system_texts(header.system_id, &header.data.0, &[], node.end()),
            Err(_) => Vec::new(),
        },
        id if id.is(b"pssh") => match tree.read::<ProtectionSystemSpecificHeader>(node) {
            Ok(header) => system_texts(header.system_id, &header.data.0, &header.kids.entries, node.end()),
            Err(_) => Vec::new(),
        },
        piff::LIVE_SERVER_MANIFEST => vec![("Live server manifest", xml_text(after_head))],
        piff::STREAM_MANIFEST => vec![("Stream manifest", xml_text(after_head))],
        piff::XMP => vec![("XMP", xml_text(body))],
        piff::SPHERICAL => vec![("Spherical video metadata", xml_text(body))],
        id if id.is(b"xml ") => vec![("XML", xml_text(after_head))],
        id if id.is(b"emsg") => match tree.read::<EventMessage>(node) {
            Ok(event) => vec![("Event message", xml_text(&event.message_data.0))],
            Err(_) => Vec::new(),
        },
        id if id.is(b"keys") => match tree.read::<MetadataKeys>(node) {
            Ok(keys) => {
                let mut names = String::new();
                for key in &keys.keys.entries {
                    if names.len() > TEXT_LEN {
                        break;
                    }
                    names.push_str(&String::from_utf8_lossy(&key.key_value.0));
                    names.push('\n');
                }
                vec![("Keys", names.trim_end_matches('\n').to_owned())]
            }
            Err(_) => Vec::new(),
        },
        id if id.is(b"data") => match tree.read::<TagValue>(node) {
            Ok(value) => vec![("Value", plain_text(&value.text.0))],
            Err(_) => Vec::new(),
        },
        _ if parent == Some(four(b"ilst")) => {
            node.child(b"data").map(|data| find_texts(tree, data, Some(node.id()))).unwrap_or_default()
        }
        BoxId::Four(code) if parent == Some(four(b"udta")) && node.children.is_empty() => {
            let skip = match &code.0 {
                // Length and language.
                [0xA9, ..] => 4,
                // Version, flags and language (3GPP TS 26.244 8).
                b"titl" | b"dscp" | b"cprt" | b"perf" | b"auth" | b"gnre" => 6,
                _ => 0,
            };
            let text = body.get(skip..).unwrap_or_default();
            let text = text.strip_suffix(b"\0").unwrap_or(text);
            vec![("Text", plain_text(text))]
        }
        _ => Vec::new(),
    }
}

/// What a `pssh` payload says, by DRM system. It ends at file offset `end`.
fn system_texts(system: Uuid16, data: &[u8], kids: &[KeyId], end: u64) -> Vec<(&'static str, String)> {
    let start = end.saturating_sub(len_u64(data.len()));
    let data = data.get(..TEXT_LEN).unwrap_or(data);
    match system {
        systems::PLAYREADY | systems::PLAYREADY_LITTLE_ENDIAN => {
            vec![("PlayReady header", playready_header(data, start))]
        }
        // The rows say all.
        systems::WIDEVINE => Vec::new(),
        _ if !kids.is_empty() => {
            let kids: Vec<String> = kids.iter().take(TEXT_LEN / 64).map(|kid| kid.uuid()).collect();
            vec![("Key IDs", kids.join("\n"))]
        }
        _ => vec![("Payload", xml_text(data))],
    }
}

/// The header XML of a PlayReady Object at file offset `start`; of one that cannot be read, why.
fn playready_header(object: &[u8], start: u64) -> String {
    match header_xml_in(object, start) {
        Ok(xml) => indented(xml.trim_matches(['\u{feff}', '\0'])),
        Err(error) => error.to_string(),
    }
}

fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).filter_map(|pair| Some(u16::from_le_bytes(pair.try_into().ok()?)));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// UTF-8 without control characters, else nothing.
fn plain_text(bytes: &[u8]) -> String {
    let text = core::str::from_utf8(bytes).unwrap_or_default();
    let is_text = !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    if is_text { text.to_owned() } else { String::new() }
}

/// A text that may be XML, in UTF-8 or, with a byte order mark or telling zeros, UTF-16LE. Nothing when it is no text.
fn xml_text(bytes: &[u8]) -> String {
    let bytes = bytes.get(..TEXT_LEN).unwrap_or(bytes);
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest),
        [b'<', 0, ..] => utf16(bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => plain_text(rest),
        _ => plain_text(bytes.strip_suffix(b"\0").unwrap_or(bytes)),
    };
    let text = text.trim_end_matches('\0');
    if text.trim_start().starts_with('<') { indented(text) } else { text.to_owned() }
}

/// XML with one element a line, indented. Only white space between tags changes; what is not well-formed comes out
/// readable, if not right.
pub(super) fn indented(xml: &str) -> String {
    const DEEPEST: usize = 24;
    let mut out = String::with_capacity(xml.len() + xml.len() / 4);
    let mut depth = 0_usize;
    let mut rest = xml.trim();
    // Whether the element that was opened last has had no child yet: then its end stays on its line.
    let mut is_leaf = false;
    while let Some((text, after)) = rest.split_once('<') {
        let has_text = !text.trim().is_empty();
        if has_text {
            out.push_str(text);
        }
        // A comment or CDATA section may hold '>'.
        let close = if after.starts_with("!--") {
            "-->"
        } else if after.starts_with("![CDATA[") {
            "]]>"
        } else {
            ">"
        };
        let Some((tag, after)) = after.split_once(close) else {
            out.push('<');
            out.push_str(after);
            rest = "";
            break;
        };
        let is_end = tag.starts_with('/');
        if is_end {
            depth = depth.saturating_sub(1);
        }
        let inline = has_text || is_end && is_leaf || tag.starts_with("![CDATA[");
        if !inline && !out.is_empty() {
            out.push('\n');
            out.extend(core::iter::repeat_n("  ", depth.min(DEEPEST)));
        }
        let _ = write!(out, "<{tag}{close}");
        is_leaf = !is_end && !tag.ends_with('/') && !tag.starts_with(['?', '!']);
        if is_leaf {
            depth += 1;
        }
        rest = after;
    }
    out.push_str(rest.trim_end());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_gets_one_element_a_line() {
        let xml = "<A v=\"1\"><B><C>text</C><D/></B><E></E></A>";
        let expected = "<A v=\"1\">\n  <B>\n    <C>text</C>\n    <D/>\n  </B>\n  <E></E>\n</A>";
        assert_eq!(indented(xml), expected);
        assert_eq!(indented(expected), expected, "what is indented stays so");
    }

    #[test]
    fn broken_xml_does_no_harm() {
        for xml in ["", "<", "</a></b>", "<a", "text", "<!-- > --><a>", "<![CDATA[ > ]]>", "<a>é<b"] {
            let _ = indented(xml);
        }
    }
}
