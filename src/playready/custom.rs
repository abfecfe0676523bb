//! Whether XML that someone typed can stand inside CUSTOMATTRIBUTES without breaking the header around it.
//!
//! PlayReady Header Specification §3.2 (canonical XML, explicit closing tags, attributes in order) and §6.

use super::xml::{in_canonical_order, is_xml_char, next_event, references_resolve};
use crate::bytes::limits::BOX_DEPTH;
use crate::bytes::{Error, Result};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{NamespaceResolver, ResolveResult};

/// Most bytes (of UTF-8) of custom attributes: the whole header is asked to stay about 1 KB.
pub const CUSTOM_LEN: usize = 1024;

/// What stands inside CUSTOMATTRIBUTES, when it was pasted with that element around it; else the text as it is.
///
/// # Errors
/// `bad-custom-attributes` at field `customAttributes`, when a whole header was pasted.
pub fn without_wrapper(text: &str) -> Result<&str> {
    let text = text.trim();
    if text.starts_with("<WRMHEADER") || text.starts_with("<?xml") || text.starts_with("<DATA>") {
        return Err(bad(
            "this is a whole header; please give only what stands inside its CUSTOMATTRIBUTES element",
        ));
    }
    let Some(rest) = text.strip_prefix("<CUSTOMATTRIBUTES") else { return Ok(text) };
    let inner = rest.split_once('>').and_then(|(tag, rest)| {
        let inner = rest.strip_suffix("</CUSTOMATTRIBUTES>")?;
        (tag.trim().is_empty() || tag.trim().starts_with("xmlns=")).then_some(inner)
    });
    inner.map(str::trim).ok_or_else(|| {
        bad("the CUSTOMATTRIBUTES element around them is not whole; please give only what stands inside it")
    })
}

/// Checks that `inner` is well-formed content, balanced in itself, in the form PlayReady clients ask for: every
/// element closed by a tag of its own, attributes in order, prefixes declared, and no more than 1 KB.
///
/// # Errors
/// `bad-custom-attributes` at field `customAttributes`.
pub fn check_custom_attributes(inner: &str) -> Result<()> {
    if inner.len() > CUSTOM_LEN {
        return Err(bad(&format!(
            "they are {} bytes long, and at most {CUSTOM_LEN} are allowed",
            inner.len()
        )));
    }
    if inner.trim().is_empty() {
        return Err(bad("they are empty"));
    }
    if !inner.chars().all(is_xml_char) {
        return Err(bad("they hold a character that XML does not allow"));
    }
    let mut reader = Reader::from_str(inner);
    let mut namespaces = NamespaceResolver::default();
    let mut depth = 0_usize;
    loop {
        let event = next_event(&mut reader).map_err(|why| bad(why.trim_end_matches('.')))?;
        match event {
            Event::Start(tag) => {
                depth += 1;
                if depth > BOX_DEPTH {
                    return Err(bad("they nest too deeply"));
                }
                namespaces.push(&tag).map_err(|error| bad(error.to_string().trim_end_matches('.')))?;
                check_tag(&tag, &namespaces)?;
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                namespaces.pop();
            }
            Event::Empty(tag) => {
                let name = tag.name().into_inner().to_owned();
                return Err(bad(&format!(
                    "PlayReady clients do not take the short form <{name}/>; please write <{name}></{name}>"
                )));
            }
            Event::Text(text) if text.contains("]]>") => {
                return Err(bad("they hold ]]> outside of any section"));
            }
            Event::GeneralRef(name) if !references_resolve(&format!("&{};", &*name)) => {
                return Err(bad(&format!("the reference &{}; is not defined", &*name)));
            }
            Event::Text(_) | Event::GeneralRef(_) => {}
            Event::CData(_) => return Err(bad("canonical XML has no CDATA; please escape the text instead")),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) | Event::DocType(_) => {
                return Err(bad("they may hold elements and text, but no comments and no <?…?> or <!…>"));
            }
            Event::Eof if depth > 0 => return Err(bad("an element is never closed")),
            Event::Eof => return Ok(()),
        }
    }
}

/// Checks one start tag, its names, prefixes and attributes.
fn check_tag(tag: &BytesStart<'_>, resolver: &NamespaceResolver) -> Result<()> {
    let name = tag.name();
    if !is_name(name.into_inner()) {
        return Err(bad(&format!("<{}> is not a name XML allows", name.into_inner())));
    }
    let undeclared = || bad(&format!("a prefix in <{}> is not declared with xmlns", name.into_inner()));
    if matches!(resolver.resolve_element(name).0, ResolveResult::Unknown(_)) {
        return Err(undeclared());
    }
    let mut names = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| bad(error.to_string().trim_end_matches('.')))?;
        if !is_name(attribute.key.into_inner()) {
            return Err(bad(&format!(
                "an attribute of <{}> has a name XML does not allow",
                name.into_inner()
            )));
        }
        if attribute.value.contains('<') || !references_resolve(&attribute.value) {
            return Err(bad(&format!("an attribute value in <{}> is not escaped", name.into_inner())));
        }
        let declares = attribute.key.as_namespace_binding().is_some();
        if !declares && matches!(resolver.resolve_attribute(attribute.key).0, ResolveResult::Unknown(_)) {
            return Err(undeclared());
        }
        names.push(attribute.key.into_inner().to_owned());
    }
    if !in_canonical_order(names.iter().map(String::as_str)) {
        return Err(bad(&format!(
            "the attributes of <{}> must stand in order, namespaces first and then alphabetically",
            name.into_inner()
        )));
    }
    Ok(())
}

/// Whether `name` is a name, one prefix at most (XML 1.0 2.3; Namespaces in XML 1.0, 4).
fn is_name(name: &str) -> bool {
    let part = |part: &str| part.chars().next().is_some_and(starts_name) && part.chars().all(is_in_name);
    match name.split_once(':') {
        Some((prefix, local)) => part(prefix) && part(local),
        None => part(name),
    }
}

/// `NameStartChar` without the colon.
fn starts_name(c: char) -> bool {
    matches!(c, 'A'..='Z' | '_' | 'a'..='z'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}' | '\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// `NameChar` without the colon.
fn is_in_name(c: char) -> bool {
    starts_name(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}' | '\u{2040}')
}

/// The error, with `why` as the rest of its sentence.
fn bad(why: &str) -> Error {
    Error::caller(
        "bad-custom-attributes",
        "customAttributes",
        format!("The custom attributes cannot go into the header: {why}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_custom_attributes_pass() {
        for inner in [
            "<IIS_DRM_VERSION>8.0.1705.19</IIS_DRM_VERSION>",
            "<CID>PzW3zYLq1Embif4IcIKnNA==</CID><DRMTYPE>smooth</DRMTYPE>",
            "<nv:ContentId xmlns:nv=\"urn:schema-ssp-nagra-com\">5712</nv:ContentId>",
            "<a xmlns=\"urn:x\" b=\"1 &amp; 2\" c=\"3\">text &#x20AC; &lt;\n</a>",
            "<größe·2>1</größe·2>",
            "just text",
        ] {
            assert_eq!(check_custom_attributes(inner), Ok(()), "{inner}");
        }
    }

    #[test]
    fn the_wrapper_is_taken_off_and_a_whole_header_refused() {
        for text in [
            "<a>1</a>",
            " <CUSTOMATTRIBUTES><a>1</a></CUSTOMATTRIBUTES>\n",
            "<CUSTOMATTRIBUTES xmlns=\"\">\n<a>1</a> </CUSTOMATTRIBUTES>",
        ] {
            assert_eq!(without_wrapper(text), Ok("<a>1</a>"), "{text}");
        }
        for (text, expected) in [
            ("<WRMHEADER xmlns=\"x\"><DATA></DATA></WRMHEADER>", "whole header"),
            ("<?xml version=\"1.0\"?><WRMHEADER></WRMHEADER>", "whole header"),
            ("<DATA><CUSTOMATTRIBUTES></CUSTOMATTRIBUTES></DATA>", "whole header"),
            ("<CUSTOMATTRIBUTES><a>1</a>", "not whole"),
            ("<CUSTOMATTRIBUTES", "not whole"),
            ("<CUSTOMATTRIBUTES a=\"1\"></CUSTOMATTRIBUTES>", "not whole"),
        ] {
            let error = without_wrapper(text).unwrap_err();
            assert_eq!((error.code(), error.field()), ("bad-custom-attributes", Some("customAttributes")));
            assert!(error.message().contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn content_that_would_break_the_header_is_refused() {
        for (inner, expected) in [
            ("", "empty"),
            (" \n", "empty"),
            ("<a>", "never closed"),
            ("<a></b>", "cannot go"),
            // Breaking out of the element must not work.
            ("</CUSTOMATTRIBUTES><LA_URL>https://evil</LA_URL><CUSTOMATTRIBUTES>", "cannot go"),
            ("<a/>", "please write <a></a>"),
            ("<a b=\"1\" a=\"2\"></a>", "in order"),
            ("<a b=\"1\" xmlns=\"urn:x\"></a>", "in order"),
            ("<a b=\"1\" b=\"2\"></a>", "cannot go"),
            ("<a b=1></a>", "cannot go"),
            ("<a b=\"<\"></a>", "not escaped"),
            ("<a b=\"&nbsp;\"></a>", "not escaped"),
            ("<a²></a²>", "is not a name XML allows"),
            ("<·a></·a>", "is not a name XML allows"),
            ("<x:a></x:a>", "not declared"),
            ("<a x:b=\"1\"></a>", "not declared"),
            ("<1a></1a>", "not a name"),
            ("<a 1=\"\"></a>", "does not allow"),
            ("a & b", "cannot go"),
            ("&nbsp;", "not defined"),
            ("&#0;", "not defined"),
            ("&#x1;", "not defined"),
            ("]]>", "]]>"),
            ("\u{0}", "character"),
            ("<!-- c -->", "comments"),
            ("<?xml version=\"1.0\"?><a></a>", "comments"),
            ("<!DOCTYPE a><a></a>", "comments"),
            ("<![CDATA[x]]>", "CDATA"),
            (&"x".repeat(1025), "1025 bytes"),
        ] {
            let error = check_custom_attributes(inner).unwrap_err();
            assert_eq!((error.code(), error.field()), ("bad-custom-attributes", Some("customAttributes")));
            assert!(error.message().contains(expected), "{inner:?}: {error}");
        }
        assert!(check_custom_attributes(&"x".repeat(1024)).is_ok());
        assert!(check_custom_attributes(&"<a>".repeat(40)).unwrap_err().message().contains("deeply"));
    }
}
