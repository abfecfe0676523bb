//! A small XML tree of a header, read with every tolerance real headers need; what was tolerated becomes a note.
//!
//! Knows XML only, nothing of PlayReady. No entity beyond the five of XML is ever expanded and no document type is
//! read, so the tree is never larger than the text.

use super::parse::{Note, note};
use crate::bytes::limits::BOX_DEPTH;
use crate::bytes::units::to_len;
use crate::bytes::{Error, Result};
use quick_xml::escape::{resolve_xml_entity, unescape};
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// Longest header read, in bytes of UTF-8. A record of a PlayReady Object holds at most 64 KiB of UTF-16.
const XML_LEN: usize = 256 << 10;

/// Most attributes of one element. Real headers have three.
const ATTRIBUTES: usize = 64;

/// One element.
#[derive(Debug, Default)]
pub(super) struct Element<'a> {
    /// The name without its prefix.
    pub name: String,
    /// The prefix; empty where there is none.
    pub prefix: String,
    /// Names as written, values with references resolved.
    pub attributes: Vec<(String, String)>,
    /// All text directly inside, references resolved.
    pub text: String,
    /// The elements directly inside.
    pub children: Vec<Element<'a>>,
    /// Everything between the tags, as it stands in the file.
    pub inner: &'a str,
}

/// Reads the one root element of `xml`.
///
/// # Errors
/// `bad-header-xml` when `xml` is not well-formed (bare ampersands apart), and `header-too-long` or
/// `header-too-deep` past the caps.
pub(super) fn parse<'a>(xml: &'a str, notes: &mut Vec<Note>) -> Result<Element<'a>> {
    if xml.len() > XML_LEN {
        return Err(Error::limit(
            "header-too-long",
            format!("The PlayReady header is {} bytes long; Boxlock reads at most {XML_LEN}.", xml.len()),
        ));
    }
    let mut reader = Reader::from_str(xml);
    // Licence URLs with a bare & are common; everything else must be well-formed.
    reader.config_mut().allow_dangling_amp = true;
    let mut open: Vec<(Element<'a>, usize)> = Vec::new();
    let mut root: Option<Element<'a>> = None;
    loop {
        let before = to_len(reader.buffer_position());
        let event = next_event(&mut reader).map_err(|why| malformed(&why, before))?;
        let after = to_len(reader.buffer_position());
        match event {
            Event::Start(tag) => {
                if open.len() >= BOX_DEPTH {
                    return Err(Error::limit(
                        "header-too-deep",
                        format!(
                            "The PlayReady header nests more than {BOX_DEPTH} elements inside each other."
                        ),
                    ));
                }
                open.push((element(&tag, before, notes)?, after));
            }
            Event::Empty(tag) => {
                note(notes, "header-self-closed", || {
                    format!(
                        "The element {} closes itself; PlayReady clients ask for a closing tag of its own.",
                        tag.local_name().into_inner()
                    )
                });
                let done = element(&tag, before, notes)?;
                close(done, &mut open, &mut root, notes);
            }
            Event::End(_) => {
                if let Some((mut done, start)) = open.pop() {
                    done.inner = xml.get(start..before).unwrap_or_default();
                    close(done, &mut open, &mut root, notes);
                }
            }
            Event::Text(text) => {
                // The reader cuts text at references, so an ampersand inside of it belongs to none.
                if text.contains('&') {
                    note_ampersand(notes);
                }
                add_text(&text.xml10_content(), &mut open, notes);
            }
            Event::CData(text) => add_text(&text.xml10_content(), &mut open, notes),
            Event::GeneralRef(name) => {
                let text = reference(&name, notes);
                add_text(&text, &mut open, notes);
            }
            Event::Decl(_) | Event::PI(_) => note(notes, "header-declaration", || {
                "The PlayReady header holds a <?…?> instruction; it must have none, not even <?xml?>.".into()
            }),
            Event::DocType(_) => return Err(malformed("a document type is not allowed", before)),
            Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    if let Some((unclosed, _)) = open.last() {
        return Err(malformed(&format!("the element {} is never closed", unclosed.name), xml.len()));
    }
    root.ok_or_else(|| malformed("it holds no element", xml.len()))
}

/// The next event, or why there is none. All readers of XML call this, never inlined: the tokenizer is 7 KB of code.
#[inline(never)]
pub(crate) fn next_event<'a>(reader: &mut Reader<&'a [u8]>) -> core::result::Result<Event<'a>, String> {
    use quick_xml::Error as Why;
    reader.read_event().map_err(|error| match error {
        // As the whole error would be shown, but without the texts of operating systems.
        Why::Syntax(why) => format!("syntax error: {why}"),
        Why::IllFormed(why) => format!("ill-formed document: {why}"),
        Why::InvalidAttr(why) => format!("error while parsing attribute: {why}"),
        Why::Escape(why) => why.to_string(),
        Why::Namespace(why) => why.to_string(),
        Why::Io(_) | Why::Encoding(_) => "it is not text".to_owned(),
    })
}

/// Whether attribute names stand in canonical order: namespaces first, then alphabetically (PlayReady Header
/// Specification §3.2.4 and §3.2.5).
pub(super) fn in_canonical_order<'n>(names: impl IntoIterator<Item = &'n str>) -> bool {
    let key = |name: &'n str| (name != "xmlns" && !name.starts_with("xmlns:"), name);
    names.into_iter().map(key).is_sorted()
}

/// Text with what XML reserves in text written as references (Canonical XML 1.1 §2.3).
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#xD;"),
            other => out.push(other),
        }
    }
    out
}

/// An element with its attributes, still without content.
fn element<'a>(tag: &BytesStart<'_>, at: usize, notes: &mut Vec<Note>) -> Result<Element<'a>> {
    let mut attributes = Vec::new();
    // The reader's own check for doubles takes quadratic time, so it is left to the cap.
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| malformed(&error.to_string(), at))?;
        if attributes.len() >= ATTRIBUTES {
            return Err(Error::limit(
                "header-too-long",
                format!("An element of the PlayReady header has more than {ATTRIBUTES} attributes."),
            ));
        }
        let value = match attribute.normalized_value(XmlVersion::Implicit1_0) {
            Ok(value) => value.into_owned(),
            Err(_) => {
                note_ampersand(notes);
                attribute.value.to_string()
            }
        };
        attributes.push((attribute.key.into_inner().to_owned(), value));
    }
    if !in_canonical_order(attributes.iter().map(|(name, _)| name.as_str())) {
        note(notes, "header-attribute-order", || {
            "Attributes must stand in order, namespaces first and then alphabetically; here they do not."
                .into()
        });
    }
    let name = tag.local_name().into_inner().to_owned();
    let prefix = tag.name().prefix().map(|prefix| prefix.into_inner().to_owned()).unwrap_or_default();
    Ok(Element { name, prefix, attributes, ..Element::default() })
}

/// Hands a finished element to its parent, or makes it the root.
fn close<'a>(
    done: Element<'a>,
    open: &mut [(Element<'a>, usize)],
    root: &mut Option<Element<'a>>,
    notes: &mut Vec<Note>,
) {
    match open.last_mut() {
        Some((parent, _)) => parent.children.push(done),
        None if root.is_none() => *root = Some(done),
        None => note_outside(notes),
    }
}

/// Adds text to the innermost open element.
fn add_text(text: &str, open: &mut [(Element<'_>, usize)], notes: &mut Vec<Note>) {
    match open.last_mut() {
        Some((parent, _)) => parent.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => note_outside(notes),
    }
}

/// What `&name;` stands for; as it is when XML does not know it, which is an ampersand left unescaped in a URL.
fn reference(name: &BytesRef<'_>, notes: &mut Vec<Note>) -> String {
    if let Ok(Some(c)) = name.resolve_char_ref() {
        return c.to_string();
    }
    if let Some(text) = resolve_xml_entity(name) {
        return text.to_owned();
    }
    note_ampersand(notes);
    format!("&{};", &**name)
}

/// Notes a bare ampersand.
fn note_ampersand(notes: &mut Vec<Note>) {
    note(notes, "header-bare-ampersand", || "An ampersand stands bare; it must be written &amp;.".into());
}

/// Notes content after the root element.
fn note_outside(notes: &mut Vec<Note>) {
    note(notes, "header-trailing", || {
        "There is more text around the WRMHEADER element; it is ignored.".into()
    });
}

/// The error of text that is not XML. `at` counts bytes of the text, not of the file.
fn malformed(why: &str, at: usize) -> Error {
    let why = why.trim_end_matches('.');
    Error::file(
        "bad-header-xml",
        format!("The PlayReady header is not well-formed XML, about {at} characters in: {why}."),
    )
}

/// Whether every reference in `raw` is one XML knows without a document type.
pub(super) fn references_resolve(raw: &str) -> bool {
    unescape(raw).is_ok_and(|text| text.chars().all(is_xml_char))
}

/// Whether XML 1.0 allows `c` (§2.2 Char).
pub(super) fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}
