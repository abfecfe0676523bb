//! Whether a key is that of a header: the header's checksums tell (PlayReady Header Specification §5).

use serde::Serialize;

use super::Decoded;
use crate::bytes::{ContentKey, KeyId, Result};
use crate::exchange::base64_text;
use crate::playready::{Algorithm, HeaderKey, checksum, derive_key, parse_key, parse_seed};

/// Longest text that can be a key: 32 digits. What is longer is a key seed.
const KEY_DIGITS: usize = 32;

/// What a header's checksum says of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyCheck {
    /// The key ID in the header, as UUID.
    pub kid: String,
    /// Whether it is the key; absent where no checksum tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<bool>,
    /// A plain sentence.
    pub message: String,
}

/// What the headers in `found` say of the key, or of the keys that the key seed makes, in `typed`: one answer for each key ID.
///
/// # Errors
/// `bad-key` and `bad-seed` where it is neither.
pub fn check_key(found: &Decoded, typed: &str) -> Result<Vec<KeyCheck>> {
    let digits = typed.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '{' | '}')).count();
    let key_of: Box<dyn Fn(KeyId) -> ContentKey> = if digits > KEY_DIGITS {
        let seed = parse_seed(typed)?;
        Box::new(move |kid| derive_key(&seed, kid))
    } else {
        let key = parse_key(typed)?;
        Box::new(move |_| key.clone())
    };
    let mut checks = Vec::new();
    walk(found, &mut |key| checks.push(check(key, &key_of)));
    Ok(checks)
}

fn walk(found: &Decoded, each: &mut dyn FnMut(&HeaderKey)) {
    found.keys.iter().for_each(&mut *each);
    found.inside.iter().for_each(|inside| walk(inside, each));
}

fn check(key: &HeaderKey, key_of: &dyn Fn(KeyId) -> ContentKey) -> KeyCheck {
    let (kid, typed) = (key.kid, key_of(key.kid));
    let answer = |right, message| KeyCheck { kid: kid.uuid(), right, message };
    if key.algorithm.is_some_and(|algorithm| algorithm != Algorithm::AesCtr) {
        return answer(None, "A key of this algorithm has no checksum: the header cannot tell.".to_owned());
    }
    let Some((expected, is_right)) = key.checksum.zip(key.accepts(&typed)) else {
        return answer(None, "The header has no checksum: it cannot tell.".to_owned());
    };
    let made = checksum(&typed, kid);
    if is_right {
        return answer(Some(true), format!("It is the key: both checksums are {}.", base64_text(&made)));
    }
    let turned = HeaderKey { kid: kid.swapped(), ..key.clone() };
    let why = if turned.accepts(&key_of(turned.kid)) == Some(true) {
        "; that of the key ID in the other byte order it is"
    } else {
        ""
    };
    let message = format!(
        "It is not the key: its checksum is {}, and the header has {}{why}.",
        base64_text(&made),
        base64_text(&expected)
    );
    answer(Some(false), message)
}
