//! What people type about keys, turned into bytes: content keys, KIDs, key seeds, domain service ids, first IVs; and
//! the derivation of a key from a seed.
//!
//! No sentence here ever repeats what was typed, because it may be a secret. Temporaries that hold one are wiped.

use crate::bytes::{ContentKey, Error, KeyId, KeySeed, Result};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Fewest bytes of a key seed, and how many of them count (PlayReady Key Seed specification).
pub const SEED_LEN: usize = 30;

/// Base64 with or without padding. Non-zero bits after the last byte are refused: they mean a typing mistake.
const TYPED: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A content key from 32 hexadecimal digits, with whatever punctuation, or from base64 or base64url of 16 bytes.
///
/// # Errors
/// `bad-key` at field `key`, saying the length that was met, never the text.
pub fn parse_key(text: &str) -> Result<ContentKey> {
    let bad = |got: String| {
        Error::caller(
            "bad-key",
            "key",
            format!(
                "A content key is 16 bytes, written as 32 hexadecimal digits or in base64 (24 characters); {got}."
            ),
        )
    };
    if text.trim().is_empty() {
        return Err(bad("this field is empty".into()));
    }
    let digits = hex_digits(text);
    if let Some(digits) = digits {
        let mut key = ContentKey([0; 16]);
        return match hex::decode_to_slice(digits.as_bytes(), &mut key.0) {
            Ok(()) => Ok(key),
            Err(_) => Err(bad(format!("this one has {} hexadecimal digits", digits.len()))),
        };
    }
    match base64_bytes(text) {
        Some(bytes) => match <[u8; 16]>::try_from(bytes.as_slice()) {
            Ok(key) => Ok(ContentKey(key)),
            Err(_) => Err(bad(format!("this one is base64 of {} bytes", bytes.len()))),
        },
        None => Err(bad(format!(
            "these {} characters are neither",
            text.chars().filter(|c| !c.is_whitespace()).count()
        ))),
    }
}

/// A KID from the 32 hexadecimal digits of a UUID, with whatever punctuation.
///
/// Base64 is refused: the same 16 bytes stand in UUID order in manifests and in GUID order in PlayReady headers, and
/// a guess that is wrong yields a file no licence opens.
///
/// # Errors
/// `bad-kid` at field `kid`; also for the KID of all zeros, which players take for "no KID".
pub fn parse_kid(text: &str) -> Result<KeyId> {
    let bad = |sentence: String| Error::caller("bad-kid", "kid", sentence);
    let Some(bytes) = uuid_bytes(text) else {
        return Err(bad(match base64_bytes(text) {
            Some(bytes) if bytes.len() == 16 => {
                "This KID is in base64, which does not tell its byte order: PlayReady headers and manifests write \
                 the same KID differently. Please give it as a UUID, like 01234567-89ab-cdef-0123-456789abcdef."
                    .into()
            }
            _ => format!(
                "A KID is a UUID, 32 hexadecimal digits like 01234567-89ab-cdef-0123-456789abcdef; {}.",
                got_text(text)
            ),
        }));
    };
    if bytes == [0; 16] {
        return Err(bad(
            "The KID is all zeros, which players take for no KID at all. Please choose another.".into(),
        ));
    }
    Ok(KeyId(bytes))
}

/// A key seed of at least 30 bytes, of which the first 30 count, from base64 (or base64url) or from 60 or more
/// hexadecimal digits. Such digits are base64 too, of other bytes; but base64 of a seed has none but digits and `a` to
/// `f` once in 10^18 times, so they are read as what they look like.
///
/// # Errors
/// `bad-seed` at field `keySeed`, saying the length that was met, never the text.
pub fn parse_seed(text: &str) -> Result<KeySeed> {
    let bad = |got: String| {
        let message = format!(
            "A key seed is at least {SEED_LEN} bytes, in base64 (40 characters) or as 60 hexadecimal digits; {got}."
        );
        Err(Error::caller("bad-seed", "keySeed", message))
    };
    if text.trim().is_empty() {
        return bad("this field is empty".into());
    }
    if let Some(digits) = hex_digits(text) {
        let mut bytes = vec![0; digits.len() / 2];
        return match hex::decode_to_slice(digits.as_bytes(), &mut bytes) {
            Ok(()) if bytes.len() >= SEED_LEN => Ok(KeySeed(bytes)),
            _ => bad(format!("this one has {} hexadecimal digits", digits.len())),
        };
    }
    match base64_bytes(text) {
        Some(bytes) if bytes.len() >= SEED_LEN => Ok(KeySeed(bytes.to_vec())),
        Some(bytes) => bad(format!("this one is base64 of {} bytes", bytes.len())),
        None => bad("this is neither".into()),
    }
}

/// Whether a key is the one that everybody can make for this KID, from the key seed of Microsoft's public test server.
pub fn is_test_key(key: &ContentKey, kid: KeyId) -> bool {
    const TEST_SEED: [u8; SEED_LEN] = [
        0x5d, 0x50, 0x68, 0xbe, 0xc9, 0xb3, 0x84, 0xff, 0x60, 0x44, 0x86, 0x71, 0x59, 0xf1, 0x6d, 0x6b, 0x75,
        0x55, 0x44, 0xfc, 0xd5, 0x11, 0x69, 0x89, 0xb1, 0xac, 0xc4, 0x27, 0x8e, 0x88,
    ];
    derive_key(&KeySeed(TEST_SEED.to_vec()), kid) == *key
}

/// Whether the bytes of a seed that count are all the same: its keys are the first that anyone tries.
pub fn is_weak_seed(seed: &KeySeed) -> bool {
    seed.0.iter().take(SEED_LEN).all(|byte| Some(byte) == seed.0.first())
}

/// Why a key protects nothing, when it does not: everybody who has the file, or who guesses, has it.
pub fn weakness(key: &ContentKey, kid: KeyId) -> Option<&'static str> {
    if key.0 == kid.0 || key.0 == kid.guid_bytes() {
        return Some(
            "The key is the same as the KID, which stands readable in the file. Choose another key.",
        );
    }
    let all_equal = |bytes: &[u8; 16]| bytes.iter().all(|byte| byte == &bytes[0]);
    all_equal(&key.0).then_some(
        "All bytes of the key are the same, which is the first that anyone tries. Choose another key.",
    )
}

/// A domain service id as the header carries it: base64 of 16 bytes as it is, or UUID text in Microsoft GUID order.
///
/// # Errors
/// `bad-ds-id` at field `dsId`.
pub fn parse_ds_id(text: &str) -> Result<[u8; 16]> {
    if let Some(bytes) = uuid_bytes(text) {
        return Ok(KeyId(bytes).guid_bytes());
    }
    let bytes = base64_bytes(text);
    match bytes.as_ref().map(|bytes| <[u8; 16]>::try_from(bytes.as_slice())) {
        Some(Ok(id)) => Ok(id),
        _ => Err(Error::caller(
            "bad-ds-id",
            "dsId",
            format!(
                "A domain service id is 16 bytes, in base64 (24 characters) or as a UUID; {}.",
                match bytes {
                    Some(bytes) if !bytes.is_empty() =>
                        format!("this one is base64 of {} bytes", bytes.len()),
                    _ => got_text(text),
                }
            ),
        )),
    }
}

/// The first 8-byte initialization vector from 16 hexadecimal digits, as a big-endian number.
///
/// # Errors
/// `bad-iv` at field `ivStart`.
pub fn parse_iv_start(text: &str) -> Result<u64> {
    let bad = |got: String| {
        Error::caller("bad-iv", "ivStart", format!("The first IV is 16 hexadecimal digits (8 bytes); {got}."))
    };
    match hex_digits(text) {
        Some(digits) => {
            // Of an IV of 16 bytes the second half counts the blocks of a sample.
            let (first, blocks) = digits.split_at_checked(16).unwrap_or((&digits, ""));
            match blocks.len() {
                0 | 16 if first.len() == 16 && blocks.bytes().all(|digit| digit == b'0') => {
                    u64::from_str_radix(first, 16).map_err(|_| bad("these are not".into()))
                }
                16 => Err(bad(
                    "this one has 32: give the first 16 of them, from which the other half of a longer IV is made"
                        .into(),
                )),
                _ => Err(bad(format!("this one has {}", digits.len()))),
            }
        }
        None => Err(bad(got_text(text))),
    }
}

/// The content key of `kid` under `seed` (PlayReady Key Seed specification): with s the first 30 bytes of the seed
/// and k the KID in GUID order, SHA-256 of `s k`, `s k s` and `s k s k`, their six halves xored.
///
/// A seed from [`parse_seed`] always has its 30 bytes; one made by hand with fewer is used as it is.
pub fn derive_key(seed: &KeySeed, kid: KeyId) -> ContentKey {
    let s = seed.0.get(..SEED_LEN).unwrap_or(&seed.0);
    let k = &kid.guid_bytes()[..];
    let mut key = ContentKey([0; 16]);
    for parts in [&[s, k][..], &[s, k, s], &[s, k, s, k]] {
        let digest = sha256(parts);
        let (low, high) = digest.split_at(16);
        for ((byte, a), b) in key.0.iter_mut().zip(low).zip(high) {
            *byte ^= a ^ b;
        }
    }
    key
}

/// SHA-256 of the parts joined, into a buffer that is wiped.
fn sha256(parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    let mut out = Zeroizing::new([0; 32]);
    hasher.finalize_into((&mut *out).into());
    out
}

/// The hexadecimal digits of `text`, whatever punctuation they are written with: dashes, braces, spaces, colons, quotes,
/// `0x` and `urn:uuid:`; `None` when there is anything else, or nothing.
fn hex_digits(text: &str) -> Option<Zeroizing<String>> {
    let text = bare(text);
    // Room for all of it at once, because growing would leave copies behind.
    let mut digits = Zeroizing::new(String::with_capacity(text.len()));
    for c in text.chars().filter(|c| !is_punctuation(*c)) {
        if !c.is_ascii_hexdigit() {
            return None;
        }
        digits.push(c);
    }
    (!digits.is_empty()).then_some(digits)
}

/// The text without what stands around digits.
fn bare(text: &str) -> &str {
    let around =
        |c: char| is_blank(c) || matches!(c, '"' | '\'' | '{' | '}' | '(' | ')' | '[' | ']' | ',' | ';');
    let text = text.trim_matches(around);
    let prefix = |prefix: &str| {
        text.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix)).map(str::len)
    };
    let skip = prefix("urn:uuid:").or_else(|| prefix("0x")).unwrap_or(0);
    text.get(skip..).unwrap_or(text)
}

/// Whether digits may have this between them.
fn is_punctuation(c: char) -> bool {
    is_blank(c) || matches!(c, '-' | '\u{2010}'..='\u{2014}' | '\u{2212}' | '_' | ':' | '.')
}

/// White space, and what web pages and chats put into texts unseen: soft hyphens, spaces without width, byte order marks.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
}

/// `text` as base64 or base64url, spaces and quotation marks around it ignored, padding optional.
fn base64_bytes(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let text = text.trim_matches(|c: char| is_blank(c) || matches!(c, '"' | '\'' | ',' | ';'));
    for c in text.chars().filter(|c| !is_blank(*c)) {
        plain.push(match c {
            '-' => '+',
            '_' => '/',
            other => other,
        });
    }
    // Room as above: three bytes for four characters, and some to spare.
    let mut bytes = Zeroizing::new(Vec::with_capacity(plain.len()));
    TYPED.decode_vec(plain.as_bytes(), &mut bytes).ok()?;
    Some(bytes)
}

/// Bytes that are typed as hexadecimal digits or in base64, or copied out of a manifest with the element or the `data:` URL
/// around them; `None` when it is neither. Of what could be both, as few texts of real length can, hexadecimal counts.
pub fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let text = without_wrapping(text);
    match hex_digits(text) {
        Some(digits) => hex::decode(digits.as_bytes()).ok(),
        None => base64_bytes(text).map(|bytes| bytes.to_vec()),
    }
}

/// What stands in an XML element, or behind what a `data:` URL says of it; else all of the text.
fn without_wrapping(text: &str) -> &str {
    let text = text.trim_matches(|c: char| is_blank(c) || matches!(c, '"' | '\'' | ',' | ';'));
    let in_url = text.strip_prefix("data:").and_then(|url| url.split_once(";base64,"));
    let in_element = text.strip_prefix('<').and_then(|rest| rest.split_once('>')?.1.rsplit_once("</"));
    in_url.map(|(_, data)| data).or(in_element.map(|(inside, _)| inside)).unwrap_or(text)
}

/// The 16 bytes of 32 hexadecimal digits in text order.
fn uuid_bytes(text: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    hex::decode_to_slice(hex_digits(text)?.as_bytes(), &mut bytes).ok()?;
    Some(bytes)
}

/// What was met instead, by length; only of texts that are no secrets.
fn got_text(text: &str) -> String {
    let odd = bare(text).chars().find(|c| !is_punctuation(*c) && !c.is_ascii_hexdigit());
    match (odd, hex_digits(text)) {
        (Some(odd), _) => format!("“{odd}” is no hexadecimal digit"),
        (None, Some(digits)) => format!("this one has {} hexadecimal digits", digits.len()),
        (None, None) => "this field is empty".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "3a2a1b68dd2bd9b2eeb25e84c4776668";

    #[test]
    fn keys_are_read_in_every_common_spelling() {
        for text in [
            HEX,
            &HEX.to_uppercase(),
            "0x3a2a1b68dd2bd9b2eeb25e84c4776668",
            "3a2a1b68 dd2bd9b2 eeb25e84 c4776668\n",
            "3a2a1b68-dd2b-d9b2-eeb2-5e84c4776668",
            "\"3a:2a:1b:68:dd:2b:d9:b2:ee:b2:5e:84:c4:77:66:68\",",
            "{3a2a1b68-dd2b-d9b2-eeb2-5e84c4776668}",
            "OiobaN0r2bLusl6ExHdmaA==",
            " OiobaN0r2bLusl6ExHdmaA ",
            "\"OiobaN0r2bLusl6ExHdmaA==\",",
            // As pages and chats give it, with what nobody sees.
            "\u{FEFF}3a2a1b68\u{2011}dd2b\u{2011}d9b2\u{2212}eeb2-5e84c477\u{200B}6668",
            "\u{200B}OiobaN0r2bLu\u{AD}sl6ExHdmaA==",
        ] {
            assert_eq!(hex::encode(parse_key(text).unwrap().0), HEX, "{text}");
        }
        let url_safe = parse_key("-_-_-_-_-_-_-_-_-_-_-w").unwrap();
        assert_eq!(url_safe, parse_key("+/+/+/+/+/+/+/+/+/+/+w==").unwrap());
    }

    #[test]
    fn bad_keys_get_a_length_and_never_an_echo() {
        for (text, expected) in [
            ("", "this field is empty"),
            ("  ", "this field is empty"),
            ("3a2a1b68dd2bd9b2eeb25e84c47766", "this one has 30 hexadecimal digits"),
            // A hexadecimal key cut short must not pass for base64.
            ("3a2a1b68dd2bd9b2eeb25A", "this one has 22 hexadecimal digits"),
            ("XVBovsmzhP9gRIZxWfFta3VVRPzVEWmJsazEJ46I", "this one is base64 of 30 bytes"),
            ("swordfish!", "these 10 characters are neither"),
            // The last character of 16 bytes in base64 leaves four bits, which must be zero.
            ("OiobaN0r2bLusl6ExHdmaB==", "these 24 characters are neither"),
            ("ключ", "these 4 characters are neither"),
        ] {
            let error = parse_key(text).unwrap_err();
            assert_eq!((error.code(), error.field()), ("bad-key", Some("key")));
            assert!(error.message().contains(expected), "{text:?}: {error}");
            assert!(text.trim().is_empty() || !error.message().contains(text), "echoes the secret: {error}");
        }
    }

    #[test]
    fn kids_are_uuids_and_base64_is_refused_with_the_reason() {
        let kid = KeyId(0x09e36702_8f33_436c_a5dd_60ffe6671e70_u128.to_be_bytes());
        for text in [
            "09e36702-8f33-436c-a5dd-60ffe6671e70",
            "{09E36702-8F33-436C-A5DD-60FFE6671E70}",
            " 09e367028f33436ca5dd60ffe6671e70 ",
            "{09e367028f33436ca5dd60ffe6671e70}",
            "urn:uuid:09e36702-8f33-436c-a5dd-60ffe6671e70",
            "09e367028f33-436c-a5dd-60ffe6671e70",
            "0x09e367028f33436ca5dd60ffe6671e70",
            "09 e3 67 02 8f 33 43 6c a5 dd 60 ff e6 67 1e 70",
            "09e36702-8f33-436c-a5dd--60ffe6671e70-",
            "{09e36702-8f33-436c-a5dd-60ffe6671e70",
            "\"09:e3:67:02:8f:33:43:6c:a5:dd:60:ff:e6:67:1e:70\",",
            "(URN:UUID:09E36702–8F33–436C–A5DD–60FFE6671E70)",
        ] {
            assert_eq!(parse_kid(text).unwrap(), kid, "{text}");
        }
        for (text, expected) in [
            ("AmfjCTOPbEOl3WD/5mcecA==", "does not tell its byte order"),
            ("09e36702-8f33-436c-a5dd-60ffe6671e7", "this one has 31 hexadecimal digits"),
            ("00000000-0000-0000-0000-000000000000", "all zeros"),
            ("", "empty"),
            ("my key", "“m” is no hexadecimal digit"),
            ("09e36702-8f33-436c-a5dd-60ffe6671e700", "this one has 33 hexadecimal digits"),
            ("09e36702-8f33-436c-a5dd-60ffe6671e7z", "“z” is no hexadecimal digit"),
            ("kid=09e36702-8f33-436c-a5dd-60ffe6671e70", "“k” is no hexadecimal digit"),
            ("09/e36702-8f33-436c-a5dd-60ffe6671e70", "“/” is no hexadecimal digit"),
            ("09:e3:67:02:8f:33:43:6c:a5:dd:60:ff:e6:67:1e:7", "this one has 31 hexadecimal digits"),
        ] {
            let error = parse_kid(text).unwrap_err();
            assert_eq!((error.code(), error.field()), ("bad-kid", Some("kid")));
            assert!(error.message().contains(expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn seeds_need_thirty_bytes() {
        let seed = parse_seed("XVBovsmzhP9gRIZxWfFta3VVRPzVEWmJsazEJ46I").unwrap();
        assert_eq!(hex::encode(&seed.0), "5d5068bec9b384ff6044867159f16d6b755544fcd5116989b1acc4278e88");
        for (text, expected) in [
            ("OiobaN0r2bLusl6ExHdmaA==", "this one is base64 of 16 bytes"),
            ("", "this field is empty"),
            ("!", "this is neither"),
            // 40 digits are base64 of 30 bytes, and 61 leave half a byte.
            (&"a1".repeat(20), "this one has 40 hexadecimal digits"),
            (&"a".repeat(61), "this one has 61 hexadecimal digits"),
        ] {
            let error = parse_seed(text).unwrap_err();
            assert_eq!((error.code(), error.field()), ("bad-seed", Some("keySeed")));
            assert!(error.message().contains(expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_seed_of_sixty_digits_is_hexadecimal() {
        let hex = "5d5068bec9b384ff6044867159f16d6b755544fcd5116989b1acc4278e88";
        for text in [hex, &hex.to_uppercase(), &format!("0x{hex}"), &format!("{hex}ff")] {
            let seed = parse_seed(text).unwrap();
            assert_eq!(hex::encode(&seed.0[..SEED_LEN]), hex, "{text}");
            let kid = KeyId([3; 16]);
            assert!(is_test_key(&derive_key(&seed, kid), kid));
            assert!(!is_test_key(&derive_key(&seed, kid), KeyId([4; 16])));
        }
        assert!(is_weak_seed(&KeySeed([vec![0x5d; 30], vec![1]].concat())));
        assert!(!is_weak_seed(&KeySeed([vec![0x5d; 29], vec![1]].concat())));
    }

    #[test]
    fn keys_that_protect_nothing_are_known() {
        let kid = KeyId(0x09e36702_8f33_436c_a5dd_60ffe6671e70_u128.to_be_bytes());
        assert_eq!(weakness(&parse_key(HEX).unwrap(), kid), None);
        for bytes in [kid.0, kid.guid_bytes()] {
            assert!(weakness(&ContentKey(bytes), kid).unwrap().contains("KID"));
        }
        for byte in [0, 0x11, 0xff] {
            assert!(weakness(&ContentKey([byte; 16]), kid).unwrap().contains("the same"));
        }
    }

    #[test]
    fn only_the_first_thirty_bytes_of_a_seed_count() {
        let kid = KeyId([7; 16]);
        let (short, mut long) = (KeySeed(vec![9; 30]), KeySeed(vec![9; 30]));
        long.0.push(1);
        assert_eq!(derive_key(&short, kid), derive_key(&long, kid));
    }

    #[test]
    fn domain_service_ids_come_in_both_forms() {
        let id = parse_ds_id("AH+03juKbUGbHl1V/QIwRA==").unwrap();
        assert_eq!(hex::encode(id), "007fb4de3b8a6d419b1e5d55fd023044");
        assert_eq!(parse_ds_id("{deb47f00-8a3b-416d-9b1e-5d55fd023044}").unwrap(), id);
        for (text, expected) in [("", "empty"), ("AH+03juKbUGb", "base64 of 9 bytes"), ("?", "“?” is no")]
        {
            let error = parse_ds_id(text).unwrap_err();
            assert_eq!((error.code(), error.field()), ("bad-ds-id", Some("dsId")));
            assert!(error.message().contains(expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn first_ivs_are_sixteen_digits() {
        assert_eq!(parse_iv_start("f4b31077753f693d").unwrap(), 0xf4b3_1077_753f_693d);
        assert_eq!(parse_iv_start("0xFFFFFFFFFFFFFFFF").unwrap(), u64::MAX);
        // The first of 16 bytes, of which the others count blocks.
        assert_eq!(parse_iv_start("f4b31077753f693d0000000000000000").unwrap(), 0xf4b3_1077_753f_693d);
        let error = parse_iv_start("f4b31077753f693d0000000000000001").unwrap_err();
        assert!(error.message().contains("give the first 16"), "{error}");
        for text in ["", "f4b3", "f4b31077753f693d00", "g4b31077753f693d", "+4b31077753f693d"] {
            let error = parse_iv_start(text).unwrap_err();
            assert_eq!((error.code(), error.field()), ("bad-iv", Some("ivStart")));
        }
    }
}
