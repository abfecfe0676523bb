//! What a text or some bytes are that somebody came upon: what they say, what is wrong with them, and what they would be in
//! other forms. Never fails: what is nothing known is said to be so.

mod binary;
mod check;
mod documents;
mod forms;
mod ids;

use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use super::{base64_bytes, text_of};
use crate::bytes::{Error, KeyId};
use crate::playready::HeaderKey;
use crate::protect::request::SecretText;

pub use check::{KeyCheck, check_key};
pub(crate) use forms::pssh_of;
pub use forms::{Form, kid_forms};

/// What is said of a document without protection; of a manifest it is no fault, for its files may be clear.
pub(crate) const UNPROTECTED: &str = "It has no protection in it.";

/// Something that was decoded.
#[derive(Clone, Debug, Serialize)]
pub struct Decoded {
    /// What it is: `pssh`, `pro`, `playready-header`, `widevine`, `kid`, `key`, `kid-or-key`, `key-seed`, `keys`, `cpix`,
    /// `dash`, `smooth`, `certificate`, `private-key`, `several`, or `unknown`.
    pub kind: &'static str,
    /// What it is, as a plain sentence.
    pub title: String,
    /// What it says.
    pub facts: Vec<Fact>,
    /// What is wrong with it.
    pub problems: Vec<Fault>,
    /// What it would be in other forms.
    pub forms: Vec<Form>,
    /// What is in it.
    pub inside: Vec<Decoded>,
    /// The keys that it names, where it is a PlayReady header.
    #[serde(skip)]
    pub keys: Vec<HeaderKey>,
}

/// One thing that something says.
#[derive(Clone, Debug, Serialize)]
pub struct Fact {
    /// What.
    pub name: String,
    /// Its value; it may be a key.
    #[serde(serialize_with = "exposed")]
    pub value: SecretText,
    /// Whether it is a secret.
    pub secret: bool,
}

/// Something that is wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Fault {
    /// `error` where players will not take it, `warning` where some do not or it is doubtful.
    pub level: &'static str,
    /// A plain sentence.
    pub message: String,
}

/// Something doubtful.
pub(super) fn warning(message: &str) -> Fault {
    Fault { level: "warning", message: message.to_owned() }
}

/// Shows a secret to who asked for it.
pub(crate) fn exposed<S: Serializer>(text: &SecretText, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text.0)
}

/// Most bytes that are looked at.
const LOOKED_AT: usize = 16 << 20;

/// Most lines that can be boxes or objects.
const LINES: usize = 100;

/// How deep things are looked for in each other: a manifest, an element of it, a box in that, the object in this, its header.
const DEPTH: usize = 8;

impl Decoded {
    fn new(kind: &'static str, title: impl Into<String>) -> Self {
        let (facts, problems, forms, inside, keys) = Default::default();
        Self { kind, title: title.into(), facts, problems, forms, inside, keys }
    }

    fn unknown(title: impl Into<String>) -> Self {
        Self::new("unknown", title)
    }

    /// Adds a fact, unless it is empty.
    fn fact(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.facts.push(Fact { name: name.to_owned(), value: SecretText(value), secret: false });
        }
    }

    fn secret(&mut self, name: &str, value: &str) {
        self.facts.push(Fact { name: name.to_owned(), value: SecretText(value.to_owned()), secret: true });
    }

    fn error(&mut self, error: &Error) {
        self.problems.push(Fault { level: "error", message: error.to_string() });
    }

    fn warn(&mut self, message: impl Into<String>) {
        let message = message.into();
        if self.problems.iter().all(|known| known.message != message) {
            self.problems.push(Fault { level: "warning", message });
        }
    }

    /// Says in which form it was written.
    fn written_as(mut self, how: &str) -> Self {
        if !how.is_empty() {
            self.facts.insert(
                0,
                Fact { name: "Written as".to_owned(), value: SecretText(how.to_owned()), secret: false },
            );
        }
        self
    }
}

/// What `bytes` are: of a file, or of a text that was typed. `known` are key IDs of the files that are open.
pub fn decode(bytes: &[u8], known: &[KeyId]) -> Decoded {
    if bytes.len() > LOOKED_AT {
        return Decoded::unknown(format!(
            "{} bytes are more than a header, a list of keys or a manifest has; at most {LOOKED_AT} are looked at. Open media \
             files as files.",
            bytes.len()
        ));
    }
    if let Some(b"ftyp" | b"styp" | b"moov" | b"moof" | b"sidx" | b"mdat") = bytes.get(4..8) {
        return Decoded::unknown(
            "This is a media file, or a part of one. Open it as a file: Inspect shows its headers and key IDs.",
        );
    }
    let look = Look { known, depth: 0 };
    if let Some(found) = look.structure(bytes) {
        return found;
    }
    match text_of(bytes) {
        Some(text) => look.text(&text),
        None => look.raw(bytes, "bytes"),
    }
}

/// What is known while something is looked at.
#[derive(Clone, Copy)]
struct Look<'k> {
    known: &'k [KeyId],
    depth: usize,
}

impl Look<'_> {
    /// The same, one step further in.
    fn deeper(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }

    /// What a text is.
    fn text(self, text: &str) -> Decoded {
        if self.depth > DEPTH {
            return Decoded::unknown("Too many things stand inside each other here.");
        }
        let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{FEFF}' | '\0'));
        if text.is_empty() {
            return Decoded::unknown("There is nothing to decode.");
        }
        if text.starts_with("-----BEGIN ") {
            return documents::pem(text);
        }
        if text.starts_with('<') {
            return self.xml(text);
        }
        if text.starts_with("&lt;") {
            let plain =
                text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
            return self.deeper().xml(&plain).written_as("XML inside of XML, with references");
        }
        if let Some((kind, data)) = text.strip_prefix("data:").and_then(|rest| rest.split_once(',')) {
            let found = if kind.ends_with(";base64") { base64_bytes(data) } else { None };
            return match found {
                Some(bytes) => self.deeper().bytes(&bytes, "a data: URL"),
                None => Decoded::unknown("This is a data: URL, but not of base64."),
            };
        }
        if text.starts_with(['{', '[']) && text.contains('"') || text.contains("key_id=") {
            return self.keys(text);
        }
        if let Some(found) = self.id(text) {
            return found;
        }
        // Of lines that are keys, each is. A lone time or address has a colon too.
        if text.contains([':', '=', '\n', ' ']) && (begins_with_kid(text) || super::lines::read(text).is_ok())
        {
            return self.keys(text);
        }
        if let Some(digits) = digits(text) {
            return match hex::decode(digits.as_bytes()) {
                Ok(bytes) => self.deeper().bytes(&Zeroizing::new(bytes), "hexadecimal digits"),
                Err(_) => Decoded::unknown(format!(
                    "{} hexadecimal digits: an odd number, so one is missing or too many.",
                    digits.len()
                )),
            };
        }
        let standard = Zeroizing::new(
            text.replace('-', "+")
                .replace('_', "/")
                .replace("%2B", "+")
                .replace("%2F", "/")
                .replace("%3D", "="),
        );
        let bare = standard.trim_matches(['"', '\'', ',', ';']);
        if let Some(bytes) = base64_bytes(bare).filter(|_| bare.len() > 8) {
            let how = match (text.contains(['-', '_']), text.contains('%')) {
                (_, true) => "base64, percent-encoded",
                (true, _) => "base64url",
                _ => "base64",
            };
            return self.deeper().bytes(&bytes, how);
        }
        if let Some(found) = self.several(text) {
            return found;
        }
        if text.contains(':') || text.contains('=') {
            let keys = self.keys(text);
            if keys
                .problems
                .iter()
                .any(|fault| fault.message.contains("key ID") || fault.message.contains("its key"))
            {
                return keys;
            }
        }
        let odd = text.chars().find(|c| {
            !c.is_ascii_alphanumeric() && !matches!(c, '+' | '/' | '=' | '-' | '_') && !c.is_whitespace()
        });
        Decoded::unknown(match odd {
            Some(odd) => format!(
                "This is neither base64 nor hexadecimal digits (“{odd}” is in neither), nor XML, nor a list of keys."
            ),
            None => "This is no whole base64, nor hexadecimal digits, XML, or a list of keys. Perhaps a part is missing.".to_owned(),
        })
    }

    /// Boxes or objects, each in a line of its own.
    fn several(self, text: &str) -> Option<Decoded> {
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if !(2..=LINES).contains(&lines.len()) {
            return None;
        }
        let mut all = Decoded::new("several", format!("{} lines, each a thing of its own.", lines.len()));
        all.inside = lines.iter().map(|line| self.deeper().text(line)).collect();
        let is_header = |found: &Decoded| ["pssh", "pro", "playready-header"].contains(&found.kind);
        all.inside.iter().any(is_header).then_some(all)
    }

    /// What bytes are that a text stood for.
    fn bytes(self, bytes: &[u8], how: &str) -> Decoded {
        if let Some(found) = self.structure(bytes) {
            return found.written_as(how);
        }
        let text = text_of(bytes);
        if let Some(text) = text
            .as_deref()
            .map(|text| text.trim())
            .filter(|text| text.starts_with('<') || text.starts_with("-----BEGIN "))
        {
            return self.deeper().text(text).written_as(how);
        }
        self.raw(bytes, how)
    }
}

/// Whether a key ID stands before a colon or an equals sign: what follows should be its key.
fn begins_with_kid(text: &str) -> bool {
    text.split_once([':', '=']).is_some_and(|(first, _)| crate::playready::parse_kid(first).is_ok())
}

/// The hexadecimal digits of a text with whatever stands between them; `None` when there is anything else.
fn digits(text: &str) -> Option<Zeroizing<String>> {
    let text = text.strip_prefix("0x").unwrap_or(text);
    let mut digits = Zeroizing::new(String::with_capacity(text.len()));
    for c in text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | ':' | ',' | '"' | '\'')) {
        if !c.is_ascii_hexdigit() {
            return None;
        }
        digits.push(c);
    }
    (!digits.is_empty()).then_some(digits)
}
