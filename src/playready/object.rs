//! The PlayReady Object: the little binary wrapper that carries a header, and sometimes a licence store, in `pssh`
//! boxes and manifests.
//!
//! PlayReady Header Specification §2. All numbers are little-endian, unlike everything else in the file.

use super::parse::note;
use super::{Header, ParsedHeader};
use crate::bytes::units::len_u64;
use crate::bytes::{Error, Reader, Result};

/// Most bytes of an object that is written (§2: 15 KB).
pub const OBJECT_LEN: usize = 15 << 10;

/// Bytes before the first record: length and record count.
const HEAD_LEN: usize = 6;

/// Bytes before the value of each record: type and length.
const RECORD_HEAD_LEN: usize = 4;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its type; see [`Record::HEADER`] and [`Record::LICENSE_STORE`].
    pub kind: u16,
    /// Its value.
    pub value: Vec<u8>,
}

impl Record {
    /// The type of a PlayReady header: XML in UTF-16LE.
    pub const HEADER: u16 = 1;
    /// The type of an embedded licence store.
    pub const LICENSE_STORE: u16 = 3;

    /// The name of the record's type.
    pub fn name(&self) -> &'static str {
        match self.kind {
            Self::HEADER => "PlayReady header",
            Self::LICENSE_STORE => "Embedded licence store",
            2 => "Reserved",
            _ => "Unknown record",
        }
    }
}

/// A PlayReady Object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProObject {
    /// Its records, in order.
    pub records: Vec<Record>,
}

impl ProObject {
    /// Reads an object. `offset` is the file offset of its first byte, for errors.
    ///
    /// # Errors
    /// `truncated` when a record does not fit, `pro-length` when the object's length is not that of `bytes`,
    /// `pro-trailing` when bytes are left after the last record.
    pub fn parse(bytes: &[u8], offset: u64) -> Result<Self> {
        let mut reader = Reader::new(bytes, offset);
        let declared = u32::from_le_bytes(reader.array("The length of the PlayReady Object")?);
        if u64::from(declared) != len_u64(bytes.len()) {
            return Err(Error::file(
                "pro-length",
                format!(
                    "The PlayReady Object says it is {declared} bytes long, but {} bytes are there.",
                    bytes.len()
                ),
            )
            .at(offset));
        }
        let count = u16::from_le_bytes(reader.array("The record count of the PlayReady Object")?);
        let mut records = Vec::new();
        for n in 1..=count {
            let kind =
                u16::from_le_bytes(reader.array(&format!("The type of PlayReady record {n} of {count}"))?);
            let len =
                u16::from_le_bytes(reader.array(&format!("The length of PlayReady record {n} of {count}"))?);
            let value = reader.take(usize::from(len), &format!("PlayReady record {n} of {count}"))?.to_vec();
            records.push(Record { kind, value });
        }
        if !reader.is_empty() {
            return Err(Error::file(
                "pro-trailing",
                format!(
                    "The PlayReady Object has {count} record{}, but {} bytes follow the last one.",
                    if count == 1 { "" } else { "s" },
                    reader.remaining()
                ),
            )
            .at(reader.offset()));
        }
        Ok(Self { records })
    }

    /// The object's bytes.
    ///
    /// # Errors
    /// `pro-too-large` when they would be more than 15 KB.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let len = self.records.iter().fold(HEAD_LEN, |len, record| {
            len.saturating_add(RECORD_HEAD_LEN).saturating_add(record.value.len())
        });
        let too_large = || {
            Error::limit(
                "pro-too-large",
                format!("The PlayReady Object would be {len} bytes long; at most {OBJECT_LEN} are allowed."),
            )
        };
        if len > OBJECT_LEN {
            return Err(too_large());
        }
        let mut out = Vec::with_capacity(len);
        out.extend(u32::try_from(len).map_err(|_| too_large())?.to_le_bytes());
        out.extend(u16::try_from(self.records.len()).map_err(|_| too_large())?.to_le_bytes());
        for record in &self.records {
            out.extend(record.kind.to_le_bytes());
            out.extend(u16::try_from(record.value.len()).map_err(|_| too_large())?.to_le_bytes());
            out.extend(&record.value);
        }
        Ok(out)
    }

    /// An object with the one record of `header`.
    ///
    /// # Errors
    /// Those of [`Header::to_xml`].
    pub fn from_header(header: &Header) -> Result<Self> {
        Ok(Self::from_xml(&header.to_xml()?))
    }

    /// An object with the one record of a header with this text.
    pub fn from_xml(xml: &str) -> Self {
        Self { records: vec![Record { kind: Record::HEADER, value: utf16le_encode(xml) }] }
    }

    /// The XML text of the first header record, as it is: a byte order mark or trailing NUL included. `None` when
    /// there is no such record. `offset` is the file offset of the object's first byte.
    ///
    /// # Errors
    /// `header-encoding` when it is not UTF-16LE.
    pub fn header_xml(&self, offset: u64) -> Result<Option<String>> {
        let mut at = offset.saturating_add(len_u64(HEAD_LEN));
        for record in &self.records {
            at = at.saturating_add(len_u64(RECORD_HEAD_LEN));
            if record.kind == Record::HEADER {
                return record_text(&record.value, at).map(Some);
            }
            at = at.saturating_add(len_u64(record.value.len()));
        }
        Ok(None)
    }

    /// The first header record, read; that there are others becomes a note. `None` when there is no such record.
    ///
    /// # Errors
    /// Those of [`ProObject::header_xml`] and [`Header::parse`].
    pub fn header(&self, offset: u64) -> Result<Option<ParsedHeader>> {
        let Some(xml) = self.header_xml(offset)? else { return Ok(None) };
        let mut parsed = Header::parse(&xml)?;
        let count = self.records.iter().filter(|record| record.kind == Record::HEADER).count();
        if count > 1 {
            note(&mut parsed.notes, "header-twice", || {
                format!("The PlayReady Object has {count} header records; clients read the first alone.")
            });
        }
        Ok(Some(parsed))
    }
}

/// The XML text in `payload`, whether in a PlayReady Object or bare. `offset` is the file offset of its first byte.
///
/// # Errors
/// Those of [`ProObject::parse`] and [`utf16le_decode`]; `pro-no-header` when the object has no header record.
pub fn header_xml_in(payload: &[u8], offset: u64) -> Result<String> {
    if is_bare_header(payload) {
        return bare_header_xml(payload, offset);
    }
    ProObject::parse(payload, offset)?.header_xml(offset)?.ok_or_else(|| {
        Error::file("pro-no-header", "The PlayReady Object holds no header record, so it names no key.")
            .at(offset)
    })
}

/// Whether a header stands alone, without an object around it. The length of an object may begin with the byte of "<" too,
/// but its third byte is zero: objects stay below 64 KiB, and text has "W" there.
pub fn is_bare_header(payload: &[u8]) -> bool {
    match payload {
        [b'<', _, third, ..] => *third != 0,
        [0xFF, 0xFE, b'<', ..] => true,
        _ => false,
    }
}

/// The text of a header that stands alone, without an object around it, as some samples and manifests have it: UTF-16LE,
/// or UTF-8 when its second byte shows so.
///
/// # Errors
/// `header-encoding` when it is neither.
pub fn bare_header_xml(bytes: &[u8], offset: u64) -> Result<String> {
    match bytes {
        [b'<', second, ..] if *second != 0 => match core::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => {
                Err(Error::file("header-encoding", "The PlayReady header is not UTF-16LE, and not UTF-8.")
                    .at(offset.saturating_add(len_u64(error.valid_up_to()))))
            }
        },
        _ => record_text(bytes, offset),
    }
}

/// The text of a header record. Other encodings are told by how they begin: most of them would be read as characters that
/// are no XML.
fn record_text(bytes: &[u8], offset: u64) -> Result<String> {
    let other = match bytes {
        [0, b'<', ..] | [0xFE, 0xFF, ..] => "big-endian UTF-16",
        [0xEF, 0xBB, 0xBF, ..] => "UTF-8",
        [b'<', second, ..] if second.is_ascii_graphic() => "UTF-8",
        _ => return utf16le_decode(bytes, offset),
    };
    let message = format!("The PlayReady header is {other}, and must be UTF-16LE.");
    Err(Error::file("header-encoding", message).at(offset))
}

/// `text` in UTF-16LE, without a byte order mark.
pub fn utf16le_encode(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// UTF-16LE as text, byte order marks and NULs included. `offset` is the file offset of the first byte.
///
/// # Errors
/// `header-encoding` when the length is odd or a surrogate stands alone.
pub fn utf16le_decode(bytes: &[u8], offset: u64) -> Result<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Error::file(
            "header-encoding",
            format!("The PlayReady header is {} bytes long, but UTF-16 has an even number.", bytes.len()),
        )
        .at(offset));
    }
    let units = pairs.iter().map(|pair| u16::from_le_bytes(*pair));
    let mut text = String::with_capacity(pairs.len());
    let mut at = offset;
    for c in char::decode_utf16(units) {
        let c = c.map_err(|error| {
            Error::file(
                "header-encoding",
                format!(
                    "The PlayReady header is not UTF-16LE: {:#06x} stands alone.",
                    error.unpaired_surrogate()
                ),
            )
            .at(at)
        })?;
        at = at.saturating_add(len_u64(c.len_utf16()).saturating_mul(2));
        text.push(c);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playready::HeaderVersion;

    /// One record of type 1 with the value "<" and a NUL.
    const TINY: [u8; 14] = [14, 0, 0, 0, 1, 0, 1, 0, 4, 0, b'<', 0, 0, 0];

    #[test]
    fn broken_objects_say_where_and_both_numbers() {
        let mut long = TINY.to_vec();
        long[0] = 15;
        assert_eq!(
            ProObject::parse(&long, 100).unwrap_err().to_string(),
            "The PlayReady Object says it is 15 bytes long, but 14 bytes are there. (at byte 100)"
        );
        let mut overrun = TINY;
        overrun[8] = 5;
        assert_eq!(
            ProObject::parse(&overrun, 100).unwrap_err().to_string(),
            "PlayReady record 1 of 1 needs 5 bytes, but only 4 are left. (at byte 110)"
        );
        let mut short = TINY;
        short[8] = 2;
        assert_eq!(
            ProObject::parse(&short, 100).unwrap_err().to_string(),
            "The PlayReady Object has 1 record, but 2 bytes follow the last one. (at byte 112)"
        );
        let mut two = TINY;
        two[4] = 2;
        assert_eq!(
            ProObject::parse(&two, 100).unwrap_err().to_string(),
            "The type of PlayReady record 2 of 2 needs 2 bytes, but only 0 are left. (at byte 114)"
        );
    }

    #[test]
    fn bad_text_says_where() {
        let odd = ProObject { records: vec![Record { kind: 1, value: vec![b'<', 0, 0] }] };
        assert_eq!(odd.header_xml(100).unwrap_err().offset(), Some(110));
        // A high surrogate without its low one, after one good character.
        let alone = ProObject {
            records: vec![
                Record { kind: 3, value: vec![0; 5] },
                Record { kind: 1, value: vec![b'<', 0, 0x00, 0xD8, b'>', 0] },
            ],
        };
        let error = alone.header_xml(100).unwrap_err();
        assert_eq!((error.code(), error.offset()), ("header-encoding", Some(121)));
    }

    #[test]
    fn other_encodings_are_named() {
        let xml = "<WRMHEADER></WRMHEADER>";
        let swapped: Vec<u8> = xml.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = [&[0xFE, 0xFF][..], &swapped].concat();
        for (value, name) in [
            (swapped, "big-endian UTF-16"),
            (marked, "big-endian UTF-16"),
            (xml.as_bytes().to_vec(), "UTF-8"),
            (format!("\u{feff}{xml} ").into_bytes(), "UTF-8"),
        ] {
            let error = ProObject { records: vec![Record { kind: 1, value }] }.header(100).unwrap_err();
            assert_eq!((error.code(), error.offset()), ("header-encoding", Some(110)));
            assert!(error.message().contains(name), "{error}");
        }
    }

    #[test]
    fn a_second_header_is_noted() {
        let header = Header::new(HeaderVersion::V4_1, Vec::new());
        let xml = Header { on_demand: true, ..header }.to_xml().unwrap();
        let record = Record { kind: 1, value: utf16le_encode(&xml) };
        let store = Record { kind: 3, value: vec![0; 8] };
        let codes = |records| {
            let parsed = ProObject { records }.header(0).unwrap().unwrap();
            parsed.notes.iter().map(|note| note.code).collect::<Vec<_>>()
        };
        assert_eq!(codes(vec![record.clone(), store]), [""; 0]);
        assert_eq!(codes(vec![record.clone(), record]), ["header-twice"]);
    }

    #[test]
    fn what_does_not_fit_is_not_written() {
        let full = |len| ProObject { records: vec![Record { kind: 1, value: vec![0; len] }] };
        assert_eq!(full(OBJECT_LEN - 10).to_bytes().unwrap().len(), OBJECT_LEN);
        let error = full(OBJECT_LEN - 9).to_bytes().unwrap_err();
        assert_eq!(error.code(), "pro-too-large");
        assert!(error.message().contains("15361") && error.message().contains("15360"), "{error}");
    }

    #[test]
    fn an_object_whose_length_looks_like_text_is_still_an_object() {
        // 0x3C is "<": lengths 60 and 0x33C.
        for len in [60 - 10, 0x33C - 10] {
            let object =
                ProObject { records: vec![Record { kind: 1, value: utf16le_encode(&"x".repeat(len / 2)) }] };
            let bytes = object.to_bytes().unwrap();
            assert_eq!(bytes[0], b'<');
            assert_eq!(header_xml_in(&bytes, 0).unwrap(), "x".repeat(len / 2));
        }
    }

    #[test]
    fn an_object_without_a_header_is_told_apart() {
        let store = ProObject { records: vec![Record { kind: Record::LICENSE_STORE, value: vec![] }] };
        assert_eq!(store.header_xml(0), Ok(None));
        assert_eq!(header_xml_in(&store.to_bytes().unwrap(), 7).unwrap_err().code(), "pro-no-header");
    }
}
