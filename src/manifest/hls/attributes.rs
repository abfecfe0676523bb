//! Attributes of a tag: names and values with commas between (RFC 8216 4.2).

/// The attributes of a tag; values are without their quotation marks. `None` where they are none.
pub fn read(text: &str) -> Option<Attributes<'_>> {
    let mut all = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, behind) = rest.split_once('=')?;
        let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || !name.trim().chars().all(is_name) {
            return None;
        }
        let (value, after) = match behind.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => behind.split_at(behind.find(',').unwrap_or(behind.len())),
        };
        all.push((name.trim(), value));
        rest = match after.strip_prefix(',') {
            Some(next) => next.trim_start(),
            None if after.trim().is_empty() => "",
            None => return None,
        };
    }
    Some(Attributes(all))
}

/// An attribute whose value stands in quotation marks, without what no such value can have.
pub fn quoted(name: &str, value: &str) -> String {
    format!("{name}=\"{}\"", value.replace(|c: char| c == '"' || c.is_control(), ""))
}

/// Attributes of a tag.
#[derive(Clone, Debug, Default)]
pub struct Attributes<'t>(Vec<(&'t str, &'t str)>);

impl Attributes<'_> {
    /// The value of an attribute, unless it is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        found.filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_with_commas_stand_in_quotation_marks() {
        let all = read("METHOD=SAMPLE-AES,URI=\"data:a,b\",KEYFORMAT=\"x\",E=\"\"").unwrap();
        assert_eq!(
            [all.get("METHOD"), all.get("URI"), all.get("KEYFORMAT")],
            [Some("SAMPLE-AES"), Some("data:a,b"), Some("x")]
        );
        assert_eq!((all.get("E"), all.get("X")), (None, None));
        for broken in ["A", "A=\"b", "a=1", "A=\"b\"c", "=1", "A=1,,B=2"] {
            assert!(read(broken).is_none(), "{broken}");
        }
        assert!(read("").unwrap().get("A").is_none());
    }
}
