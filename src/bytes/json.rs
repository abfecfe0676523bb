//! JSON as text. Values for JavaScript cross the door as one string, which the browser's own parser turns into objects:
//! much less code than making every object and property from here, and fewer calls.

use super::units::len_u64;

/// An object being written.
#[derive(Debug)]
pub struct Object<'t>(&'t mut String);

/// The text of an object.
pub fn object(write: impl FnOnce(&mut Object<'_>)) -> String {
    let mut text = String::new();
    object_into(&mut text, write);
    text
}

/// The text of a list of objects.
pub fn list<T>(items: impl IntoIterator<Item = T>, write: impl FnMut(T, &mut Object<'_>)) -> String {
    let mut text = String::new();
    list_into(&mut text, items, write);
    text
}

impl Object<'_> {
    /// A text.
    pub fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        quote(self.0, value);
    }

    /// A text; no property at all for `None`.
    pub fn text_if_any(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// A text, or `null`.
    pub fn text_or_null(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(name, value),
            None => self.raw(name, "null"),
        }
    }

    /// A number. JavaScript rounds those from 2^53 on.
    pub fn number(&mut self, name: &str, value: u64) {
        self.raw(name, &value.to_string());
    }

    /// A number; no property at all for `None`.
    pub fn number_if_any(&mut self, name: &str, value: Option<u64>) {
        if let Some(value) = value {
            self.number(name, value);
        }
    }

    /// How many, or which in order.
    pub fn count(&mut self, name: &str, value: usize) {
        self.number(name, len_u64(value));
    }

    /// Yes or no.
    pub fn flag(&mut self, name: &str, value: bool) {
        self.raw(name, if value { "true" } else { "false" });
    }

    /// A value that is JSON already.
    pub fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.0.push_str(json);
    }

    /// An object.
    pub fn object(&mut self, name: &str, write: impl FnOnce(&mut Object<'_>)) {
        self.name(name);
        object_into(self.0, write);
    }

    /// A list of objects.
    pub fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        write: impl FnMut(T, &mut Object<'_>),
    ) {
        self.name(name);
        list_into(self.0, items, write);
    }

    /// A list of texts.
    pub fn texts(&mut self, name: &str, texts: &mut dyn Iterator<Item = String>) {
        self.name(name);
        self.0.push('[');
        for text in texts {
            separate(self.0);
            quote(self.0, &text);
        }
        self.0.push(']');
    }

    fn name(&mut self, name: &str) {
        separate(self.0);
        quote(self.0, name);
        self.0.push(':');
    }
}

fn object_into(text: &mut String, write: impl FnOnce(&mut Object<'_>)) {
    text.push('{');
    write(&mut Object(text));
    text.push('}');
}

fn list_into<T>(
    text: &mut String,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(T, &mut Object<'_>),
) {
    text.push('[');
    for item in items {
        separate(text);
        object_into(text, |object| write(item, object));
    }
    text.push(']');
}

/// A comma, unless the next value is the first.
fn separate(text: &mut String) {
    if !text.ends_with(['{', '[']) {
        text.push(',');
    }
}

/// A string with the characters escaped that RFC 8259 §7 wants escaped.
fn quote(text: &mut String, value: &str) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '\0'..='\x1f' => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => text.push(c),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_a_parser_reads() {
        let odd = "\"quoted\\\" \u{0}\u{1f}\n\t\u{7f}\u{2028} — {[,:]} 𝄞";
        let text = object(|o| {
            o.text(odd, odd);
            o.text_if_any("absent", None);
            o.text_or_null("nothing", None);
            o.number("most", u64::MAX);
            o.flag("yes", true);
            o.object("empty", |_| {});
            o.list("list", ["[", "{"], |item, o| o.text("item", item));
            o.list("none", [""; 0], |_, _| {});
            o.texts("texts", &mut ["{".to_owned(), "a".to_owned()].into_iter());
        });
        let expected = serde_json::json!({
            odd: odd, "nothing": null, "most": u64::MAX, "yes": true, "empty": {},
            "list": [{"item": "["}, {"item": "{"}], "none": [], "texts": ["{", "a"],
        });
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), expected);
        assert_eq!(list([1, 2], |n, o| o.number("n", n)), r#"[{"n":1},{"n":2}]"#);
    }
}
