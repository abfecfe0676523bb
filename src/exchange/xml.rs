//! A small XML tree of a document that others wrote: CPIX, and manifests. Names are without their prefixes, as writers of such
//! documents disagree on namespaces; which those are is told beside.
//!
//! No document type is read and no entity beyond the five of XML is known, so the tree is never larger than the text.

use std::rc::Rc;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::bytes::limits::BOX_DEPTH;
use crate::bytes::units::to_len;
use crate::bytes::{Error, Result};
use crate::playready::next_event;
use crate::protect::request::SecretText;

/// Longest document read, in bytes. A manifest of a day is some megabytes; a list of a thousand keys is one.
const XML_LEN: usize = 16 << 20;

/// Most elements of one document: a manifest of a day of two-second segments, each of ten tracks with an element.
const ELEMENTS: usize = 1 << 19;

/// Most attributes of one element.
const ATTRIBUTES: usize = 64;

/// Most declarations of namespaces that hold at one place: each name is looked for among them.
const SPACES: usize = 128;

/// A namespace: of a prefix that is not declared there is none, and without prefix and declaration it is empty.
pub type Space = Option<Rc<str>>;

/// One element.
#[derive(Clone, Debug, Default)]
pub struct Element {
    /// The name without its prefix.
    pub name: String,
    /// Names without prefixes, and values with references resolved.
    pub attributes: Vec<(String, String)>,
    /// All text directly inside, references resolved. It may be a key.
    pub text: SecretText,
    /// The elements directly inside.
    pub children: Vec<Element>,
    /// Its namespace.
    pub space: Space,
    /// Namespaces of its attributes that have a prefix, by their place among the attributes.
    pub spaces: Vec<(usize, Space)>,
    /// Where it begins, in bytes of the text behind a byte order mark.
    pub at: usize,
}

impl Element {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim())
    }

    /// Whether it is in this namespace.
    pub fn is_in(&self, space: &str) -> bool {
        self.space.as_deref() == Some(space)
    }

    /// Whether the attribute of this name has a prefix that stands for this namespace.
    pub fn attribute_is_in(&self, name: &str, space: &str) -> bool {
        let place = self.attributes.iter().position(|(known, _)| known == name);
        self.spaces.iter().any(|(of, known)| Some(*of) == place && known.as_deref() == Some(space))
    }

    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of this name.
    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element of this name at any depth, itself included.
    pub fn find(&self, name: &str) -> Option<&Self> {
        if self.name == name {
            return Some(self);
        }
        self.children.iter().find_map(|child| child.find(name))
    }

    /// The text inside, without spaces around it.
    pub fn text(&self) -> &str {
        self.text.0.trim()
    }
}

/// Reads all root elements of `xml`: one of a document, several of a part that was copied out of one.
///
/// # Errors
/// `bad-xml` when it is not well-formed, `xml-doctype` when it has a document type, `xml-entity` when it names an entity
/// that XML does not know; `xml-too-long`, `xml-too-deep` and `xml-too-many` past the caps.
pub fn parse(xml: &str) -> Result<Vec<Element>> {
    let xml = xml.trim_start_matches('\u{FEFF}').trim_end_matches('\0');
    if xml.len() > XML_LEN {
        let message = format!("The document is {} bytes long; Boxlock reads at most {XML_LEN}.", xml.len());
        return Err(Error::limit("xml-too-long", message));
    }
    let mut reader = Reader::from_str(xml);
    let mut open: Vec<Element> = Vec::new();
    let mut roots = Vec::new();
    let mut elements = 0;
    let mut scope = Scope { none: Some(Rc::from("")), declared: Vec::new() };
    loop {
        let at = to_len(reader.buffer_position());
        match next_event(&mut reader).map_err(|why| malformed(&why, at))? {
            Event::Start(tag) => {
                if open.len() >= BOX_DEPTH {
                    let message =
                        format!("The document nests more than {BOX_DEPTH} elements inside each other.");
                    return Err(Error::limit("xml-too-deep", message));
                }
                open.push(element(&tag, at, &mut elements, &mut scope, open.len())?);
            }
            Event::Empty(tag) => {
                let done = element(&tag, at, &mut elements, &mut scope, open.len())?;
                scope.leave(open.len());
                close(done, &mut open, &mut roots);
            }
            Event::End(_) => {
                if let Some(done) = open.pop() {
                    scope.leave(open.len());
                    close(done, &mut open, &mut roots);
                }
            }
            Event::Text(text) => {
                if text.contains('&') {
                    return Err(malformed("an ampersand stands bare; it must be written &amp;", at));
                }
                add_text(&text.xml10_content(), &mut open, at)?;
            }
            Event::CData(text) => add_text(&text.xml10_content(), &mut open, at)?,
            Event::GeneralRef(name) => {
                let text = match name.resolve_char_ref() {
                    Ok(Some(c)) => c.to_string(),
                    _ => quick_xml::escape::resolve_xml_entity(&name)
                        .map(str::to_owned)
                        .ok_or_else(|| entity(at))?,
                };
                add_text(&text, &mut open, at)?;
            }
            Event::DocType(_) => return Err(doctype(at)),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    if let Some(unclosed) = open.last() {
        return Err(malformed(&format!("the element {} is never closed", unclosed.name), xml.len()));
    }
    if roots.is_empty() {
        return Err(malformed("it holds no element", xml.len()));
    }
    Ok(roots)
}

/// The declarations of namespaces that hold at a place.
struct Scope {
    /// Without a declaration.
    none: Space,
    /// How many elements stand around the one that declares, the prefix, and what it stands for.
    declared: Vec<(usize, String, Space)>,
}

impl Scope {
    fn find(&self, prefix: &str) -> Space {
        let found = self.declared.iter().rev().find(|(_, known, _)| known == prefix);
        match found {
            Some((_, _, space)) => space.clone(),
            None if prefix.is_empty() => self.none.clone(),
            None if prefix == "xml" => Some(Rc::from("http://www.w3.org/XML/1998/namespace")),
            None => None,
        }
    }

    /// Forgets what the element at this depth declared.
    fn leave(&mut self, depth: usize) {
        while self.declared.last().is_some_and(|(of, _, _)| *of >= depth) {
            self.declared.pop();
        }
    }
}

/// What stands before the colon of a name, and what behind it.
fn split(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}

/// An element with its attributes, still without content.
fn element(
    tag: &BytesStart<'_>,
    at: usize,
    elements: &mut usize,
    scope: &mut Scope,
    depth: usize,
) -> Result<Element> {
    *elements += 1;
    if *elements > ELEMENTS {
        let message = format!("The document has more than {ELEMENTS} elements.");
        return Err(Error::limit("xml-too-many", message));
    }
    let mut attributes = Vec::new();
    let mut prefixes = Vec::new();
    // The reader's own check for doubles takes quadratic time, so it is left to the cap.
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| malformed(&error.to_string(), at))?;
        if attributes.len() >= ATTRIBUTES {
            let message = format!("An element of the document has more than {ATTRIBUTES} attributes.");
            return Err(Error::limit("xml-too-many", message));
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| entity(at))?;
        let name = attribute.key.into_inner();
        // A declaration of a prefix must not pass for an attribute of its name.
        let declares = name.strip_prefix("xmlns").filter(|rest| rest.is_empty() || rest.starts_with(':'));
        if let Some(rest) = declares {
            if scope.declared.len() >= SPACES {
                let message = format!("The document declares more than {SPACES} namespaces in one place.");
                return Err(Error::limit("xml-too-many", message));
            }
            let prefix = rest.trim_start_matches(':').to_owned();
            scope.declared.push((depth, prefix, Some(Rc::from(value.trim()))));
            attributes.push((name.to_owned(), value.into_owned()));
            continue;
        }
        let (prefix, local) = split(name);
        if !prefix.is_empty() {
            prefixes.push((attributes.len(), prefix.to_owned()));
        }
        attributes.push((local.to_owned(), value.into_owned()));
    }
    let name = tag.name().into_inner();
    let spaces = prefixes.into_iter().map(|(place, prefix)| (place, scope.find(&prefix)));
    Ok(Element {
        name: tag.local_name().into_inner().to_owned(),
        attributes,
        space: scope.find(split(name).0),
        spaces: spaces.collect(),
        at,
        ..Element::default()
    })
}

/// Hands a finished element to its parent, or makes it a root.
fn close(done: Element, open: &mut [Element], roots: &mut Vec<Element>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(done),
        None => roots.push(done),
    }
}

/// Adds text to the innermost open element.
fn add_text(text: &str, open: &mut [Element], at: usize) -> Result<()> {
    match open.last_mut() {
        Some(parent) => {
            // Growing by itself would leave copies behind; and room for twice as much, or many small parts take quadratic time.
            let have = &mut parent.text;
            let len = have.0.len() + text.len();
            if len > have.0.capacity() {
                let mut longer = SecretText(String::with_capacity(2 * len));
                longer.0.push_str(&have.0);
                *have = longer;
            }
            have.0.push_str(text);
            Ok(())
        }
        None if text.trim().is_empty() => Ok(()),
        None => Err(malformed("text stands outside of all elements", at)),
    }
}

/// The error of text that is not XML. `at` counts bytes of the text.
fn malformed(why: &str, at: usize) -> Error {
    let why = why.trim_end_matches('.');
    Error::file("bad-xml", format!("The document is not well-formed XML, about {at} characters in: {why}."))
}

fn doctype(at: usize) -> Error {
    Error::file(
        "xml-doctype",
        format!(
            "The document has a document type (<!DOCTYPE …>), about {at} characters in. Boxlock reads none: entities that it \
             declares could stand for other files or for endless text. Remove it, and write out what its entities stand for."
        ),
    )
}

fn entity(at: usize) -> Error {
    Error::file(
        "xml-entity",
        format!(
            "About {at} characters in, the document names an entity that XML does not know; there are &amp;, &lt;, &gt;, &apos; \
             and &quot;, and numbers like &#38;."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_without_prefixes_and_text_is_whole() {
        let roots = parse(
            "<?xml version='1.0'?><a:x xmlns:a='u' b:kid=' 1 '><y>a&amp;<!-- -->b<![CDATA[<]]></y></a:x>",
        )
        .unwrap();
        let [root] = &roots[..] else { panic!("one root") };
        assert_eq!((root.name.as_str(), root.attribute("kid"), root.attribute("a")), ("x", Some("1"), None));
        assert_eq!(root.child("y").unwrap().text(), "a&b<");
        assert_eq!(parse("<a/><b/>").unwrap().len(), 2);
    }

    #[test]
    fn namespaces_are_those_that_hold_at_a_place() {
        let text = "<x xmlns='u' xmlns:p='v'><p:y p:a='1' b='2' q:c='3'/><z xmlns='' xmlns:p='w'><p:z/></z><p:y/><q:y/></x>";
        let roots = parse(text).unwrap();
        let [root] = &roots[..] else { panic!("one root") };
        let spaces: Vec<_> = root.children.iter().map(|child| child.space.as_deref()).collect();
        assert_eq!((root.space.as_deref(), spaces), (Some("u"), vec![Some("v"), Some(""), Some("v"), None]));
        assert!(root.child("z").unwrap().child("z").unwrap().is_in("w"));
        let y = &root.children[0];
        assert!(y.attribute_is_in("a", "v") && !y.attribute_is_in("b", "v") && !y.attribute_is_in("c", "v"));
        assert_eq!((y.at, &text[y.at..y.at + 4]), (25, "<p:y"));
        let many =
            format!("<a{}>", (0..63).map(|n| format!(" xmlns:p{n}='u'")).collect::<String>()).repeat(3);
        assert_eq!(parse(&many).unwrap_err().code(), "xml-too-many");
    }

    #[test]
    fn what_is_hostile_or_broken_is_refused() {
        let deep = "<a>".repeat(40) + &"</a>".repeat(40);
        let wide = format!("<a{}/>", (0..70).map(|n| format!(" a{n}=''")).collect::<String>());
        for (xml, code) in [
            ("", "bad-xml"),
            ("x", "bad-xml"),
            ("<a>", "bad-xml"),
            ("<a></b>", "bad-xml"),
            ("<a b=c/>", "bad-xml"),
            ("<a>a & b</a>", "bad-xml"),
            ("<a/>x", "bad-xml"),
            ("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "xml-doctype"),
            ("<!DOCTYPE a [<!ENTITY x 'ha'><!ENTITY y '&x;&x;&x;'>]><a>&y;</a>", "xml-doctype"),
            ("<a>&lol;</a>", "xml-entity"),
            ("<a b='&lol;'/>", "xml-entity"),
            (&deep, "xml-too-deep"),
            (&wide, "xml-too-many"),
        ] {
            assert_eq!(parse(xml).map(|_| ()).map_err(|error| error.code()), Err(code), "{xml}");
        }
    }

    #[test]
    fn text_of_many_parts_takes_no_longer_than_it_is() {
        // Copied anew for each part, these would be 10^12 bytes.
        let many = format!("<a>{}</a>", "&amp;".repeat(1_500_000));
        let roots = parse(&many).unwrap();
        assert_eq!(roots[0].text().len(), 1_500_000);
    }

    #[test]
    fn text_is_not_printed() {
        let roots = parse("<a>swordfish</a>").unwrap();
        assert!(!format!("{roots:?}").contains("swordfish"));
    }
}
