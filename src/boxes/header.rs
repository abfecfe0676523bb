//! The box header: size, type, 64-bit size, user type (ISO/IEC 14496-12:2022 4.2.2).

use core::fmt;

use crate::bytes::units::{len_u64, to_len};
use crate::bytes::{Error, FourCc, Reader, Result, Uuid16, Writer};

/// What kind of box: a four-character code, or a 16-byte user type for `uuid` boxes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BoxId {
    /// A four-character code.
    Four(FourCc),
    /// The user type of a `uuid` box.
    Uuid(Uuid16),
}

/// A [`BoxId`] from a four-character code.
pub const fn four(code: &[u8; 4]) -> BoxId {
    BoxId::Four(FourCc(*code))
}

/// A [`BoxId`] from a user type in text order.
pub const fn user(value: u128) -> BoxId {
    BoxId::Uuid(Uuid16::from_u128(value))
}

impl BoxId {
    /// The four-character code; `uuid` for user types.
    pub fn four_cc(self) -> FourCc {
        match self {
            BoxId::Four(code) => code,
            BoxId::Uuid(_) => FourCc(*b"uuid"),
        }
    }

    /// Whether this is the box with four-character code `code`.
    pub fn is(self, code: &[u8; 4]) -> bool {
        self == four(code)
    }
}

impl fmt::Display for BoxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.four_cc().fmt(f)
    }
}

impl fmt::Debug for BoxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BoxId::Four(code) => code.fmt(f),
            BoxId::Uuid(user_type) => write!(f, "uuid {user_type}"),
        }
    }
}

/// How a size was written, so that it can be written the same way again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeForm {
    /// The 32-bit field.
    Short,
    /// 32-bit field 1, then 64 bits.
    Long,
    /// 32-bit field 0: the box runs to the end of the file.
    ToEnd,
}

/// A box header as it stood in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxHeader {
    /// What kind of box.
    pub id: BoxId,
    /// How the size was written.
    pub form: SizeForm,
    /// Bytes of the whole box, header included.
    pub size: u64,
}

impl BoxHeader {
    /// The longest header: 64-bit size and user type.
    pub const MAX_LEN: u64 = 32;

    /// A header for a box with `body_len` bytes after it, in the 32-bit form where that is enough.
    pub fn for_body(id: BoxId, body_len: u64) -> Self {
        let user_type = if matches!(id, BoxId::Uuid(_)) { 16 } else { 0 };
        let size = body_len + 8 + user_type;
        if size <= u64::from(u32::MAX) {
            Self { id, form: SizeForm::Short, size }
        } else {
            Self { id, form: SizeForm::Long, size: size + 8 }
        }
    }

    /// Bytes of the header itself.
    pub fn header_len(&self) -> u64 {
        let size_field = if self.form == SizeForm::Long { 16 } else { 8 };
        let user_type = if matches!(self.id, BoxId::Uuid(_)) { 16 } else { 0 };
        size_field + user_type
    }

    /// Bytes after the header.
    pub fn body_len(&self) -> u64 {
        self.size.saturating_sub(self.header_len())
    }

    /// Reads a header; `limit` is how many bytes the enclosing box or file has from the header's first byte on.
    /// Fails when the size is smaller than the header or larger than `limit`.
    pub fn read(r: &mut Reader<'_>, limit: u64) -> Result<Self> {
        let start = r.offset();
        let short = r.u32("A box size")?;
        let code = FourCc(r.array("A box type")?);
        let (form, size) = match short {
            0 => (SizeForm::ToEnd, limit),
            1 => (SizeForm::Long, r.u64("A 64-bit box size")?),
            n => (SizeForm::Short, u64::from(n)),
        };
        let id = if code.0 == *b"uuid" {
            BoxId::Uuid(Uuid16(r.array("A uuid box type")?))
        } else {
            BoxId::Four(code)
        };
        let header = Self { id, form, size };
        if size < header.header_len() {
            return Err(Error::file(
                "bad-box-size",
                format!(
                    "Box '{code}' claims {size} bytes, but its header alone takes {}.",
                    header.header_len()
                ),
            )
            .at(start));
        }
        if size > limit {
            return Err(Error::file(
                "box-overrun",
                format!("Box '{code}' claims {size} bytes, but only {limit} are left."),
            )
            .at(start));
        }
        Ok(header)
    }

    /// Writes the header in its own form.
    pub fn write(&self, w: &mut Writer) {
        let short = match self.form {
            SizeForm::Short => u32::try_from(self.size).expect("the short form is only chosen below 4 GiB"),
            SizeForm::Long => 1,
            SizeForm::ToEnd => 0,
        };
        w.u32(short);
        w.bytes(&self.id.four_cc().0);
        if self.form == SizeForm::Long {
            w.u64(self.size);
        }
        if let BoxId::Uuid(user_type) = self.id {
            w.bytes(&user_type.0);
        }
    }

    /// The same kind of box in the same form around a body of `body_len` bytes; the form grows when it must.
    pub fn resized(&self, body_len: u64) -> Self {
        let mut header = Self { size: body_len + self.header_len(), ..*self };
        if header.form == SizeForm::Short && header.size > u64::from(u32::MAX) {
            header.form = SizeForm::Long;
            header.size += 8;
        }
        header
    }
}

/// A whole box from its kind and body.
pub fn wrap(id: BoxId, body: &[u8]) -> Vec<u8> {
    let mut w = Writer::with_room(body.len() + to_len(BoxHeader::MAX_LEN));
    BoxHeader::for_body(id, len_u64(body.len())).write(&mut w);
    w.bytes(body);
    w.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written_alike() {
        let forms: [&[u8]; 4] = [
            b"\0\0\0\x10freeABCDEFGH",
            b"\0\0\0\x01mdat\0\0\0\0\0\0\0\x12AB",
            b"\0\0\0\0mdatABCDEFGH",
            b"\0\0\0\x1auuid\xa2\x39\x4f\x52\x5a\x9b\x4f\x14\xa2\x44\x6c\x42\x7c\x64\x8d\xf4AB",
        ];
        for bytes in forms {
            let header = BoxHeader::read(&mut Reader::new(bytes, 0), len_u64(bytes.len())).unwrap();
            assert_eq!(header.size, len_u64(bytes.len()));
            let mut w = Writer::new();
            header.write(&mut w);
            assert_eq!(w.as_slice(), &bytes[..w.len()]);
            assert_eq!(header.resized(header.body_len()), header);
        }
    }

    #[test]
    fn sizes_that_cannot_be_are_refused() {
        // 7 bytes cannot hold an 8-byte header.
        let error = BoxHeader::read(&mut Reader::new(b"\0\0\0\x07free", 40), 100).unwrap_err();
        assert_eq!(error.code(), "bad-box-size");
        assert_eq!(error.offset(), Some(40));
        // A long size near 2^64 must not wrap.
        let error =
            BoxHeader::read(&mut Reader::new(b"\0\0\0\x01mdat\xff\xff\xff\xff\xff\xff\xff\xff", 0), 100);
        assert_eq!(error.unwrap_err().code(), "box-overrun");
    }
}
