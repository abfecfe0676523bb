//! Writing XML: an element a line.

use crate::playready::escape;

/// A document that grows.
#[derive(Debug)]
pub struct Markup {
    text: String,
    open: Vec<&'static str>,
}

/// Attributes of an element, in their order.
pub type Attributes<'a> = &'a [(&'static str, &'a str)];

impl Markup {
    /// A document with nothing in it.
    pub fn new() -> Self {
        Self { text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), open: Vec::new() }
    }

    fn begin(&mut self, name: &str, attributes: Attributes<'_>) {
        (0..self.open.len()).for_each(|_| self.text.push_str("  "));
        self.text.push('<');
        self.text.push_str(name);
        for (name, value) in attributes {
            let value = written(value).replace('"', "&quot;").replace('\n', "&#xA;").replace('\t', "&#x9;");
            for part in [" ", name, "=\"", &value, "\""] {
                self.text.push_str(part);
            }
        }
    }

    /// Begins an element that has others in it.
    pub fn open(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.begin(name, attributes);
        self.text.push_str(">\n");
        self.open.push(name);
    }

    /// Ends the innermost element.
    pub fn close(&mut self) {
        let Some(name) = self.open.pop() else { return };
        (0..self.open.len()).for_each(|_| self.text.push_str("  "));
        for part in ["</", name, ">\n"] {
            self.text.push_str(part);
        }
    }

    /// An element without content.
    pub fn empty(&mut self, name: &str, attributes: Attributes<'_>) {
        self.begin(name, attributes);
        self.text.push_str("/>\n");
    }

    /// An element with a text in it.
    pub fn leaf(&mut self, name: &str, attributes: Attributes<'_>, text: &str) {
        self.begin(name, attributes);
        for part in [">", &written(text), "</", name, ">\n"] {
            self.text.push_str(part);
        }
    }

    /// The whole text; what is open is closed.
    pub fn end(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }
}

/// A text as it stands in a document, without the characters that none can have (XML 1.0, 2.2).
fn written(text: &str) -> String {
    let is_none =
        |c: char| matches!(c, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\u{FFFE}' | '\u{FFFF}');
    escape(&text.replace(is_none, "\u{FFFD}"))
}

/// The attributes that have a value.
pub fn present<'a>(all: &[(&'static str, Option<&'a str>)]) -> Vec<(&'static str, &'a str)> {
    all.iter().filter_map(|(name, value)| Some((*name, (*value)?))).collect()
}
