//! What the versions of the header allow, as sentences.
//!
//! PlayReady Header Specification §3.3 to §3.6 and §5.

use super::{Algorithm, Header, HeaderVersion, check_custom_attributes, check_url};
use crate::bytes::{Error, KeyId};

impl Header {
    /// Every rule this header breaks; empty when it may be written. Each is a `Caller` error that names the request
    /// field to change.
    pub fn problems(&self) -> Vec<Error> {
        let mut problems = Vec::new();
        self.key_count_problems(&mut problems);
        self.algorithm_problems(&mut problems);
        for (i, key) in self.keys.iter().enumerate() {
            if key.kid == KeyId::default() {
                problems.push(bad_kid(
                    "The header names a KID of all zeros, which players take for no KID at all.",
                ));
            }
            if self.keys.iter().take(i).any(|earlier| earlier.kid == key.kid) {
                problems.push(bad_kid(&format!("The header names the KID {} twice.", key.kid)));
            }
        }
        for (url, field) in [(&self.la_url, "laUrl"), (&self.lui_url, "luiUrl")] {
            problems.extend(url.as_ref().and_then(|url| check_url(url, field).err()));
        }
        problems.extend(self.custom_attributes.as_ref().and_then(|xml| check_custom_attributes(xml).err()));
        problems
    }

    /// How many keys a version takes, and ONDEMAND, which excuses a header from naming any.
    fn key_count_problems(&self, problems: &mut Vec<Error>) {
        let (version, count) = (self.version.short(), self.keys.len());
        if self.on_demand && self.version == HeaderVersion::V4_0 {
            problems.push(bad_version(
                "Header version 4.0 has no ONDEMAND set-up; it needs version 4.1 or later.".into(),
            ));
        }
        if count == 0 && !(self.on_demand && self.version > HeaderVersion::V4_0) {
            problems.push(bad_version(format!(
                "A header of version {version} must name a key, unless it is of version 4.1 or later and ONDEMAND."
            )));
        }
        if count > 1 && self.version < HeaderVersion::V4_2 {
            problems.push(bad_version(format!(
                "A header of version {version} names one key, but this one has {count}; that needs version 4.2 or later."
            )));
        }
    }

    /// Which ciphers a version takes, and where checksums may stand.
    fn algorithm_problems(&self, problems: &mut Vec<Error>) {
        let version = self.version.short();
        let has = |algorithm| self.keys.iter().any(|key| key.algorithm == algorithm);
        if self.version < HeaderVersion::V4_3 {
            if has(Some(Algorithm::AesCbc)) {
                problems.push(bad_version(format!(
                    "A header of version {version} cannot name an AES-CBC key; that needs version 4.3."
                )));
            }
            if has(None) {
                problems.push(bad_version(format!(
                    "A header of version {version} must give the algorithm of every key; only version 4.3 may leave it open."
                )));
            }
        }
        if self.keys.iter().zip(self.keys.iter().skip(1)).any(|(a, b)| a.algorithm != b.algorithm) {
            problems.push(bad_kid("All keys of one header must use the same algorithm; here they differ."));
        }
        if self.keys.iter().any(|key| key.checksum.is_some() && key.algorithm != Some(Algorithm::AesCtr)) {
            problems.push(bad_version(
                "A CHECKSUM is defined here for AESCTR keys only; a header must not carry one with another algorithm."
                    .into(),
            ));
        }
    }
}

/// A rule of versions.
fn bad_version(sentence: String) -> Error {
    Error::caller("bad-header-version", "headerVersion", sentence)
}

/// A rule of key identifiers.
fn bad_kid(sentence: &str) -> Error {
    Error::caller("bad-kid", "kid", sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::ContentKey;
    use crate::playready::HeaderKey;

    fn ctr(n: u8) -> HeaderKey {
        HeaderKey::aes_ctr(KeyId([n; 16]), &ContentKey([2; 16]))
    }

    fn cbc(n: u8) -> HeaderKey {
        HeaderKey::aes_cbc(KeyId([n; 16]))
    }

    /// The codes of the problems of a header of `version` with `keys`.
    fn codes(
        version: HeaderVersion,
        keys: Vec<HeaderKey>,
        change: impl FnOnce(&mut Header),
    ) -> Vec<&'static str> {
        let mut header = Header::new(version, keys);
        change(&mut header);
        let problems = header.problems();
        assert_eq!(header.to_xml().err(), problems.first().cloned(), "what is written follows the rules");
        problems.iter().map(Error::code).collect()
    }

    #[test]
    fn each_version_takes_what_it_may() {
        use HeaderVersion::*;
        let version = ["bad-header-version"];
        let open = HeaderKey { algorithm: None, ..cbc(1) };
        for v in HeaderVersion::ALL {
            assert_eq!(codes(v, vec![ctr(1)], |_| ()), [""; 0], "{v}");
            assert_eq!(codes(v, vec![], |_| ()), version, "{v}");
            assert_eq!(codes(v, vec![], |h| h.on_demand = true).is_empty(), v > V4_0, "{v}");
            assert_eq!(codes(v, vec![ctr(1), ctr(2)], |_| ()).is_empty(), v >= V4_2, "{v}");
            assert_eq!(codes(v, vec![cbc(1)], |_| ()).is_empty(), v == V4_3, "{v}");
            assert_eq!(codes(v, vec![open.clone()], |_| ()).is_empty(), v == V4_3, "{v}");
        }
    }

    #[test]
    fn keys_must_agree_and_differ_where_they_must() {
        use HeaderVersion::*;
        assert_eq!(codes(V4_3, vec![ctr(1), cbc(2)], |_| ()), ["bad-kid"]);
        assert_eq!(codes(V4_2, vec![ctr(1), ctr(2), ctr(1)], |_| ()), ["bad-kid"]);
        assert_eq!(codes(V4_0, vec![ctr(0)], |_| ()), ["bad-kid"]);
        let summed = HeaderKey { checksum: Some([0; 8]), ..cbc(1) };
        assert_eq!(codes(V4_3, vec![summed], |_| ()), ["bad-header-version"]);
    }

    #[test]
    fn what_people_typed_is_checked_too() {
        let codes = |change: fn(&mut Header)| codes(HeaderVersion::V4_0, vec![ctr(1)], change);
        assert_eq!(codes(|h| h.la_url = Some(String::new())), ["bad-url"]);
        assert_eq!(codes(|h| h.lui_url = Some("x".into())), ["bad-url"]);
        assert_eq!(codes(|h| h.custom_attributes = Some("<a>".into())), ["bad-custom-attributes"]);
    }
}
