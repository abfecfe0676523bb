//! A cursor over a byte slice that knows where in the file it stands and cannot run past its end.

use super::units::{len_u64, to_len};
use super::{Error, Result};

/// Reads big-endian numbers from a slice. `Copy`, so a look ahead is a copy.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    /// File offset of the first byte of `rest`.
    offset: u64,
}

impl<'a> Reader<'a> {
    /// A reader over `bytes`, whose first byte stands at file offset `offset`.
    pub fn new(bytes: &'a [u8], offset: u64) -> Self {
        Self { rest: bytes, offset }
    }

    /// File offset of the next byte.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes left.
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// All that is left, without taking it.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `len` bytes. `what` names them in the error.
    pub fn take(&mut self, len: usize, what: &str) -> Result<&'a [u8]> {
        match self.rest.split_at_checked(len) {
            Some((head, tail)) => {
                self.rest = tail;
                self.offset += len_u64(len);
                Ok(head)
            }
            None => Err(Error::file(
                "truncated",
                format!("{what} needs {len} bytes, but only {} are left.", self.rest.len()),
            )
            .at(self.offset)),
        }
    }

    /// The next `len` bytes as a reader of their own.
    pub fn sub(&mut self, len: u64, what: &str) -> Result<Reader<'a>> {
        let offset = self.offset;
        Ok(Reader { rest: self.take(to_len(len), what)?, offset })
    }

    /// The next `N` bytes as an array.
    pub fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N, what)?);
        Ok(out)
    }

    /// An unsigned byte.
    pub fn u8(&mut self, what: &str) -> Result<u8> {
        Ok(u8::from_be_bytes(self.array(what)?))
    }

    /// A 16-bit number.
    pub fn u16(&mut self, what: &str) -> Result<u16> {
        Ok(u16::from_be_bytes(self.array(what)?))
    }

    /// A 24-bit number.
    pub fn u24(&mut self, what: &str) -> Result<u32> {
        let [a, b, c] = self.array(what)?;
        Ok(u32::from_be_bytes([0, a, b, c]))
    }

    /// A 32-bit number.
    pub fn u32(&mut self, what: &str) -> Result<u32> {
        Ok(u32::from_be_bytes(self.array(what)?))
    }

    /// A 64-bit number.
    pub fn u64(&mut self, what: &str) -> Result<u64> {
        Ok(u64::from_be_bytes(self.array(what)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_read_names_the_field_both_lengths_and_the_place() {
        let mut r = Reader::new(&[1, 2, 3], 100);
        assert_eq!(r.u8("flags").unwrap(), 1);
        let error = r.u32("sample_count").unwrap_err();
        assert_eq!(error.to_string(), "sample_count needs 4 bytes, but only 2 are left. (at byte 101)");
        assert_eq!(r.remaining(), 2, "a failed read takes nothing");
    }
}
