//! Rank 7: keys and headers as they come from elsewhere and go there: CPIX documents, lists of keys, texts that somebody
//! pastes. Knows no file of media.

pub mod build;
pub mod cpix;
pub mod decode;
pub mod export;
pub mod json;
pub mod lines;
pub mod list;
pub mod request;
mod sheet;
pub mod time;
pub mod x509;
pub mod xml;

use base64::Engine as _;
use zeroize::Zeroizing;

use crate::playready::LENIENT;
use crate::playready::object::utf16le_decode;
pub use crate::protect::notes::other_order;

pub use list::{KeyEntry, KeyList, ListForm, read_keys};

/// The bytes of base64 with spaces and line breaks wherever they may stand, or none. They may be a key.
pub(crate) fn base64_bytes(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    plain.extend(text.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    // Room for all of it at once, because growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(plain.len()));
    LENIENT.decode_vec(&*plain, &mut bytes).ok()?;
    Some(bytes)
}

/// Standard base64.
pub(crate) fn base64_text(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Bytes as text: UTF-8, or UTF-16 as its byte order mark or the NUL beside its first character says. `None` when it is
/// neither.
pub(crate) fn text_of(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let text = match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16le_decode(rest, 0).ok()?,
        [0xFE, 0xFF, rest @ ..] => utf16le_decode(&swapped(rest), 0).ok()?,
        [0, 1..=255, ..] => utf16le_decode(&swapped(bytes), 0).ok()?,
        [1..=255, 0, ..] => utf16le_decode(bytes, 0).ok()?,
        [0xEF, 0xBB, 0xBF, rest @ ..] => core::str::from_utf8(rest).ok()?.to_owned(),
        _ => core::str::from_utf8(bytes).ok()?.to_owned(),
    };
    Some(Zeroizing::new(text))
}

/// Each two bytes the other way round.
fn swapped(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(bytes.chunks(2).flat_map(|pair| pair.iter().rev().copied()).collect())
}
