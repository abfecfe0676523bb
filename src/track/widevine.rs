//! Widevine's message in a `pssh` (`WidevinePsshData`, a protobuf message): its fields with the bytes they stand in.
//!
//! Field numbers: the message's public definition, as packagers carry it.

use crate::boxes::wire::spaced_hex;
use crate::bytes::units::len_u64;
use crate::bytes::{FourCc, KeyId};

/// One field of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WidevineField {
    /// Its number in the message.
    pub number: u64,
    /// What it says, for a person.
    pub value: String,
    /// The key ID that it is, where it is one of 16 bytes.
    pub kid: Option<KeyId>,
    /// File offset of its first byte, that of the number.
    pub start: u64,
    /// File offset after its last byte.
    pub end: u64,
}

impl WidevineField {
    /// Number of the field that holds a key ID; there may be several.
    pub const KEY_ID: u64 = 2;

    /// Its name in the message; of one that Boxlock does not know, `field 12`.
    pub fn name(&self) -> String {
        let name = match self.number {
            1 => "algorithm",
            Self::KEY_ID => "key_ids",
            3 => "provider",
            4 => "content_id",
            5 => "track_type",
            6 => "policy",
            7 => "crypto_period_index",
            8 => "grouped_license",
            9 => "protection_scheme",
            10 => "crypto_period_seconds",
            11 => "type",
            12 => "key_sequence",
            13 => "group_ids",
            14 => "entitled_keys",
            15 => "video_feature",
            _ => return format!("field {}", self.number),
        };
        name.to_owned()
    }
}

/// Most fields that a message is taken to have: real ones name some keys, and a field takes two bytes.
const MOST: usize = 10_000;

/// The fields of the message in `data`, which begins at file offset `start`; `None` when it is no such message.
pub fn widevine_fields(data: &[u8], start: u64) -> Option<Vec<WidevineField>> {
    let mut r = data;
    let place = |rest: &[u8]| start + len_u64(data.len() - rest.len());
    let mut fields = Vec::new();
    while !r.is_empty() {
        if fields.len() == MOST {
            return None;
        }
        let start = place(r);
        let tag = varint(&mut r)?;
        let number = tag >> 3;
        let mut kid = None;
        let value = match tag & 7 {
            0 => {
                let value = varint(&mut r)?;
                match (number, u32::try_from(value)) {
                    (1, Ok(1)) => "AESCTR".to_owned(),
                    (9, Ok(code)) => FourCc(code.to_be_bytes()).text(),
                    _ => value.to_string(),
                }
            }
            2 => {
                let len = varint(&mut r)?;
                let bytes = take(&mut r, len)?;
                kid = <[u8; 16]>::try_from(bytes).ok().filter(|_| number == WidevineField::KEY_ID).map(KeyId);
                match kid {
                    Some(kid) => kid.uuid(),
                    None => readable(bytes),
                }
            }
            1 => spaced_hex(take(&mut r, 8)?),
            5 => spaced_hex(take(&mut r, 4)?),
            _ => return None,
        };
        fields.push(WidevineField { number, value, kid, start, end: place(r) });
    }
    // Other bytes can be read as numbers by accident.
    fields.iter().any(|field| (1..=15).contains(&field.number)).then_some(fields)
}

/// A number of a protobuf message, taken off its front.
pub fn varint(r: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = r.split_first()?;
        *r = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn take<'a>(r: &mut &'a [u8], len: u64) -> Option<&'a [u8]> {
    let (bytes, rest) = r.split_at_checked(usize::try_from(len).ok()?)?;
    *r = rest;
    Some(bytes)
}

/// A text as it is, other bytes as hex.
fn readable(bytes: &[u8]) -> String {
    match core::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => spaced_hex(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_where_they_stand() {
        // Two fields of a message from the Shaka Packager tests: a key ID and the scheme.
        let data = hex::decode("12106b65796964317e7e7e7e7e7e7e7e7e7e48f3c6899b06").unwrap();
        let fields = widevine_fields(&data, 100).unwrap();
        let text: Vec<String> = fields
            .iter()
            .map(|field| format!("{} {} {}..{}", field.name(), field.value, field.start, field.end))
            .collect();
        assert_eq!(
            text,
            ["key_ids 6b657969-6431-7e7e-7e7e-7e7e7e7e7e7e 100..118", "protection_scheme cbcs 118..124"]
        );
        assert!(fields[0].kid.is_some() && fields[1].kid.is_none());
    }

    #[test]
    fn other_bytes_are_no_message() {
        for bytes in [&b"\xff\xff"[..], b"\x12\x10short", b"", b"\xc8\x01\x05"] {
            assert_eq!(widevine_fields(bytes, 0), None, "{bytes:?}");
        }
        assert!(widevine_fields(&[8, 1].repeat(MOST), 0).is_some());
        assert_eq!(widevine_fields(&[8, 1].repeat(MOST + 1), 0), None);
    }
}
