//! Key IDs, keys and key seeds: bytes that say nothing of themselves, so what they can be is said.

use super::{Decoded, Form, Look, digits, kid_forms};
use crate::bytes::{KeyId, KeySeed};
use crate::exchange::{KeyEntry, base64_text, lines, other_order};
use crate::playready::key::SEED_LEN;
use crate::playready::{derive_key, is_test_key, is_weak_seed, parse_kid};

impl Look<'_> {
    /// A key ID, when a text is 16 bytes as digits.
    pub(super) fn id(self, text: &str) -> Option<Decoded> {
        let marked = text.contains(['-', '{', '}']) || text.to_ascii_lowercase().contains("urn:uuid");
        match parse_kid(text) {
            Ok(kid) if marked || self.known.contains(&kid) => Some(self.kid(kid)),
            Ok(kid) => {
                let mut found = self.kid(kid);
                found.kind = "kid-or-key";
                "32 hexadecimal digits: a key ID, or a content key. Nothing in them says which."
                    .clone_into(&mut found.title);
                found.forms.push(Form::secret("key", "If it is a key: base64", base64_text(&kid.0)));
                Some(found)
            }
            // All zeros is no key ID, but somebody may have come upon it.
            Err(_)
                if digits(text.trim_matches(['{', '}']))
                    .is_some_and(|all| all.len() == 32 && all.bytes().all(|b| b == b'0')) =>
            {
                let mut found = Decoded::new("kid", "The key ID of all zeros.");
                found.warn("Players take the key ID of all zeros for no key ID at all; in ‘tenc’ it stands for samples that others groups tell of.");
                Some(found)
            }
            Err(_) => None,
        }
    }

    /// What is to be said of a key ID.
    pub(super) fn kid(self, kid: KeyId) -> Decoded {
        let is_known = self.known.contains(&kid);
        let title = if is_known { "A key ID: one of the file that is open." } else { "A key ID." };
        let mut found = Decoded::new("kid", title);
        found.fact("UUID", kid.uuid());
        found.fact("Its other byte order", kid.swapped().uuid());
        if let Some(sentence) = other_order(kid, self.known) {
            found.warn(sentence);
        } else if !is_known && looks_random(kid.swapped()) && !looks_random(kid) {
            found.warn(
                "In its other byte order it is a random UUID (version 4), and as it stands it is none: perhaps it was copied in GUID order.",
            );
        }
        found.forms = kid_forms(kid);
        found
    }

    /// Bytes that are nothing that says what it is.
    pub(super) fn raw(self, bytes: &[u8], how: &str) -> Decoded {
        if let Ok(sixteen) = <[u8; 16]>::try_from(bytes) {
            return self.sixteen(sixteen).written_as(how);
        }
        if let Some(found) = super::binary::widevine(bytes) {
            return found.written_as(how);
        }
        let mut found = match bytes.len() {
            SEED_LEN.. if bytes.len() <= 64 => self.seed(bytes),
            8 => {
                let mut found =
                    Decoded::unknown("8 bytes: an IV, or the checksum of a key in a PlayReady header.");
                found.forms = vec![
                    Form::new("hex", "Hexadecimal digits", hex::encode(bytes)),
                    Form::new("base64", "Base64", base64_text(bytes)),
                ];
                found
            }
            len => Decoded::unknown(format!(
                "{len} bytes that are no ‘pssh’ box, no PlayReady object or header, no key or key ID (16 bytes) and no key seed (30 \
                 bytes or a little more)."
            )),
        };
        if found.kind == "unknown" && found.forms.is_empty() {
            let start = bytes.get(..bytes.len().min(32)).unwrap_or_default();
            found.fact("First bytes", hex::encode(start));
        }
        found.written_as(how)
    }

    /// 16 bytes of base64: a key ID in either order, or a key.
    fn sixteen(self, bytes: [u8; 16]) -> Decoded {
        let guid = KeyId::from_guid_bytes(bytes);
        let plain = KeyId(bytes);
        let one = match (self.known.contains(&guid), self.known.contains(&plain)) {
            (true, false) => Some((
                guid,
                "A key ID in GUID order, as PlayReady headers have it: one of the file that is open.",
            )),
            (false, true) => Some((plain, "A key ID in UUID order: one of the file that is open.")),
            _ => None,
        };
        if let Some((kid, title)) = one {
            let mut found = self.kid(kid);
            title.clone_into(&mut found.title);
            return found;
        }
        let mut found =
            Decoded::new("kid-or-key", "16 bytes: a key ID, or a content key. Nothing in them says which.");
        found.fact("As a key ID of a PlayReady header (GUID order)", guid.uuid());
        found.fact("As a key ID in UUID order", plain.uuid());
        found.forms = vec![
            Form::new("uuid", "UUID, if it is a key ID of a PlayReady header", guid.uuid()),
            Form::new("uuid", "UUID, if it is a key ID in UUID order", plain.uuid()),
            Form::secret("key", "If it is a key: hexadecimal digits", hex::encode(bytes)),
            Form::secret("base64", "If it is a key: base64", base64_text(&bytes)),
        ];
        found
    }

    /// A key seed, and the keys that it gives.
    fn seed(self, bytes: &[u8]) -> Decoded {
        let seed = KeySeed(bytes.to_vec());
        let mut found = Decoded::new(
            "key-seed",
            format!("{} bytes: a PlayReady key seed, from which keys are made with key IDs.", bytes.len()),
        );
        if bytes.len() > SEED_LEN {
            found.warn(format!(
                "The first {SEED_LEN} bytes count; {} more are there.",
                bytes.len() - SEED_LEN
            ));
        }
        if is_weak_seed(&seed) {
            found.warn("All bytes of it are the same: its keys are the first that anyone tries.");
        }
        let any = KeyId([1; 16]);
        if is_test_key(&derive_key(&seed, any), any) {
            found.warn("It is the seed of Microsoft’s public test server: everybody can make its keys.");
        }
        for kid in self.known {
            let key = derive_key(&seed, *kid);
            found.forms.push(Form::secret(
                "lines",
                &format!("Key of the key ID {kid}, as KID:KEY"),
                lines::write(&[KeyEntry { kid: Some(*kid), key: Some(key), ..KeyEntry::default() }])
                    .trim_end(),
            ));
        }
        found.forms.push(Form::secret("base64", "Base64", base64_text(bytes)));
        found.forms.push(Form::secret("hex", "Hexadecimal digits", hex::encode(bytes)));
        found
    }
}

/// Whether it has the marks of a random UUID, version 4 (RFC 9562 §5.4).
fn looks_random(kid: KeyId) -> bool {
    let [.., version, _, variant, _, _, _, _, _, _, _] = kid.0;
    version >> 4 == 4 && variant >> 6 == 2
}
