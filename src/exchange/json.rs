//! Just enough JSON for lists of keys (RFC 8259): every text in it may be a key, so each is wiped when dropped.

use crate::bytes::limits::BOX_DEPTH;
use crate::bytes::{Error, Result};
use crate::protect::request::SecretText;

/// A value. Numbers are kept as they are written.
#[derive(Clone, Debug)]
pub enum Json {
    /// `null`, `true`, `false`, or a number.
    Plain(SecretText),
    /// A text.
    Text(SecretText),
    /// A list.
    List(Vec<Json>),
    /// An object.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a whole text.
    ///
    /// # Errors
    /// `bad-json` when it is none, or nests too deep.
    pub fn parse(text: &str) -> Result<Self> {
        let mut parser = Parser { text, at: 0 };
        let value = parser.value(0)?;
        parser.spaces();
        if parser.at < text.len() { Err(parser.bad("something follows it")) } else { Ok(value) }
    }

    /// The property of an object.
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The entries of a list; none of anything else.
    pub fn list(&self) -> &[Self] {
        if let Self::List(items) = self { items } else { &[] }
    }

    /// A text.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text.0.as_str()) } else { None }
    }

    /// A whole number of either sign.
    pub fn integer(&self) -> Option<i64> {
        if let Self::Plain(text) = self { text.0.parse().ok() } else { None }
    }

    /// A whole number.
    pub fn number(&self) -> Option<u32> {
        if let Self::Plain(text) = self { text.0.parse().ok() } else { None }
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    /// Takes this character behind spaces, if it is there.
    fn take(&mut self, wanted: char) -> bool {
        self.spaces();
        let found = self.rest().starts_with(wanted);
        self.at += if found { wanted.len_utf8() } else { 0 };
        found
    }

    fn bad(&self, why: &str) -> Error {
        Error::file("bad-json", format!("The text is no JSON, about {} characters in: {why}.", self.at))
    }

    fn value(&mut self, depth: usize) -> Result<Json> {
        if depth > BOX_DEPTH {
            return Err(self.bad(&format!("more than {BOX_DEPTH} values stand inside each other")));
        }
        if self.take('{') {
            let mut members = Vec::new();
            while !self.take('}') {
                if !members.is_empty() && !self.take(',') {
                    return Err(self.bad("a comma is missing in an object"));
                }
                self.spaces();
                let name = self.string()?.0.clone();
                if !self.take(':') {
                    return Err(self.bad("a colon is missing in an object"));
                }
                members.push((name, self.value(depth + 1)?));
            }
            return Ok(Json::Object(members));
        }
        if self.take('[') {
            let mut items = Vec::new();
            while !self.take(']') {
                if !items.is_empty() && !self.take(',') {
                    return Err(self.bad("a comma is missing in a list"));
                }
                items.push(self.value(depth + 1)?);
            }
            return Ok(Json::List(items));
        }
        if self.rest().starts_with('"') {
            return self.string().map(Json::Text);
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let rest = self.rest();
        let word = rest.get(..rest.len() - rest.trim_start_matches(plain).len()).unwrap_or_default();
        let numeric =
            word.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && word.parse::<f64>().is_ok();
        if !numeric && !["null", "true", "false"].contains(&word) {
            return Err(self.bad("a value is missing"));
        }
        self.at += word.len();
        Ok(Json::Plain(SecretText(word.to_owned())))
    }

    fn string(&mut self) -> Result<SecretText> {
        let Some(rest) = self.rest().strip_prefix('"') else { return Err(self.bad("a text is missing")) };
        // What is written is never shorter than what it stands for.
        let end = rest.find('"').unwrap_or(0);
        let mut out = SecretText(String::with_capacity(end));
        let mut chars = rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += 1 + at + 1;
                    return Ok(out);
                }
                '\\' => {
                    let escaped = match chars.next().map(|(_, c)| c) {
                        Some('n') => '\n',
                        Some('r') => '\r',
                        Some('t') => '\t',
                        Some('b') => '\u{8}',
                        Some('f') => '\u{c}',
                        Some('u') => {
                            let digits = rest.get(at + 2..at + 6);
                            let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                            let _ = chars.nth(3);
                            // Halves of a pair stand in no key and in no name of a field.
                            number.and_then(char::from_u32).unwrap_or('\u{fffd}')
                        }
                        Some(c @ ('"' | '\\' | '/')) => c,
                        _ => return Err(self.bad("a text has a \\ with nothing that may follow it")),
                    };
                    out.0.push(escaped);
                }
                c if c < ' ' => return Err(self.bad("a text has a line break or another control character")),
                c => out.0.push(c),
            }
        }
        Err(self.bad("a text is never closed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read() {
        let json = Json::parse(r#" {"a": [1, -2.5e3, "x\"\u0041\n", true, null], "b": {} } "#).unwrap();
        let list = json.get("a").unwrap().list();
        assert_eq!(
            (list.len(), list[0].number(), list[1].number(), list[2].text()),
            (5, Some(1), None, Some("x\"A\n"))
        );
        assert!(json.get("b").unwrap().get("c").is_none());
    }

    #[test]
    fn what_is_none_is_refused() {
        let deep = "[".repeat(100);
        for text in ["", "{", "{\"a\"}", "[1 2]", "\"a", "\"\\x\"", "\"a\nb\"", "truth", "{} {}", "-", &deep]
        {
            assert_eq!(Json::parse(text).unwrap_err().code(), "bad-json", "{text}");
        }
    }
}
