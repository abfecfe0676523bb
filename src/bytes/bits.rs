//! Bits of codec headers: `u(n)`, `ue(v)` and `se(v)` of ISO/IEC 14496-10 clause 7.2 and 9.1, with emulation prevention
//! bytes (7.4.1) skipped on the fly. Allocates nothing; says how many bytes it has touched.

use core::cell::RefCell;
use core::fmt;

use super::Error;
use super::units::len_u64;

/// Why a field could not be read. Small and `Copy`, because it is returned for every field of every slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitError {
    what: &'static str,
    why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Truncated,
    /// More than 31 leading zero bits: no Exp-Golomb value of 32 bits starts so.
    LongCode,
    Above {
        value: u32,
        max: u32,
    },
}

impl BitError {
    /// This error as one of the core. `subject` is what the field belongs to, as "The slice header".
    pub fn into_error(self, code: &'static str, subject: &str) -> Error {
        Error::file(code, format!("{subject} {self}"))
    }
}

impl fmt::Display for BitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.what;
        match self.why {
            Why::Truncated => write!(f, "ends before or inside its {what}."),
            Why::LongCode => {
                write!(f, "has a {what} that starts with more than 31 zero bits, which no number does.")
            }
            Why::Above { value, max } => {
                write!(f, "has a {what} of {value}, but the largest allowed is {max}.")
            }
        }
    }
}

/// `value`, if it is not above `max`.
pub fn at_most(value: u32, max: u32, what: &'static str) -> Result<u32, BitError> {
    if value > max { Err(BitError { what, why: Why::Above { value, max } }) } else { Ok(value) }
}

/// A field that was read, for whoever shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BitField {
    /// Its name in the standard.
    pub name: &'static str,
    /// What it says; the last 32 bits of one that is longer.
    pub value: i64,
    /// The first byte that a bit of it is in, and the byte after the last.
    pub bytes: (usize, usize),
}

/// Most fields that are noted: parameter sets with all their lists have some hundreds.
const NOTED: usize = 4096;

/// Notes what a reader reads.
#[derive(Debug, Default)]
pub struct Trace {
    fields: RefCell<Vec<BitField>>,
}

impl Trace {
    /// The fields, in their order.
    pub fn into_fields(self) -> Vec<BitField> {
        self.fields.into_inner()
    }

    #[cold]
    fn note(&self, name: &'static str, value: i64, bytes: (usize, usize)) {
        let mut fields = self.fields.borrow_mut();
        if fields.len() < NOTED {
            fields.push(BitField { name, value, bytes });
        }
    }
}

/// Reads bits from the most significant one on. `Copy`, so a look ahead is a copy.
#[derive(Clone, Copy, Debug)]
pub struct BitReader<'a> {
    bytes: &'a [u8],
    /// Bytes taken from `bytes`, emulation prevention bytes included. A byte is taken only when one of its bits is
    /// asked for, so this is also the consumed length rounded up.
    taken: usize,
    current: u8,
    /// Bits of `current` not handed out yet.
    left: u32,
    /// Zero bytes just before; two of them make a following 03 an emulation prevention byte.
    zeros: u8,
    escaped: bool,
    trace: Option<&'a Trace>,
}

impl<'a> BitReader<'a> {
    /// Over the bytes of a NAL unit: `00 00 03` reads as `00 00`.
    pub fn nal(bytes: &'a [u8]) -> Self {
        Self { bytes, taken: 0, current: 0, left: 0, zeros: 0, escaped: true, trace: None }
    }

    /// Over bytes that mean themselves, as in MPEG-4 audio.
    pub fn plain(bytes: &'a [u8]) -> Self {
        Self { escaped: false, ..Self::nal(bytes) }
    }

    /// The same, whose fields are noted.
    pub fn traced(self, trace: &'a Trace) -> Self {
        Self { trace: Some(trace), ..self }
    }

    /// Bytes consumed so far, as they stand in the file: emulation prevention bytes count, and a byte of which one bit
    /// was read counts whole. An emulation prevention byte after the last consumed byte is not yet consumed.
    pub fn consumed(&self) -> usize {
        self.taken
    }

    /// `more_rbsp_data()`: whether bits are left in front of the one that ends a NAL unit.
    pub fn has_more(&self) -> bool {
        let Some(last) = self.bytes.iter().rposition(|byte| *byte != 0) else { return false };
        let behind = self.bytes.get(last).map_or(0, |byte| byte.trailing_zeros());
        // Bits behind the reader, and those from the last that is set on.
        let left = u64::from(self.left) + 8 * len_u64(self.bytes.len().saturating_sub(self.taken));
        left > 8 * len_u64(self.bytes.len() - 1 - last) + u64::from(behind) + 1
    }

    /// Drops what is left of the current byte.
    pub fn align(&mut self) {
        self.left = 0;
    }

    /// The bits of the current byte that are left, which are dropped.
    pub fn rest(&mut self) -> u8 {
        let rest = u32::from(self.current) & ((1 << self.left) - 1);
        self.align();
        // Of a byte.
        u8::try_from(rest).unwrap_or(0)
    }

    fn load(&mut self, what: &'static str) -> Result<(), BitError> {
        let truncated = BitError { what, why: Why::Truncated };
        let mut byte = *self.bytes.get(self.taken).ok_or(truncated)?;
        if self.escaped && self.zeros >= 2 && byte == 3 {
            self.taken += 1;
            self.zeros = 0;
            byte = *self.bytes.get(self.taken).ok_or(truncated)?;
        }
        self.taken += 1;
        self.zeros = if byte == 0 { self.zeros.saturating_add(1) } else { 0 };
        self.current = byte;
        self.left = 8;
        Ok(())
    }

    /// The byte that the next bit is in; an emulation prevention byte in front of it counts as part of it.
    fn place(&self) -> usize {
        if self.left == 0 { self.taken } else { self.taken - 1 }
    }

    fn note(&self, name: &'static str, value: i64, start: usize) {
        if let Some(trace) = self.trace
            && start < self.taken
        {
            trace.note(name, value, (start, self.taken));
        }
    }

    /// `u(1)` as a flag.
    pub fn flag(&mut self, what: &'static str) -> Result<bool, BitError> {
        let start = self.place();
        let flag = self.bit(what)?;
        self.note(what, flag.into(), start);
        Ok(flag)
    }

    /// `u(n)`. More than 32 bits keep the last 32.
    pub fn bits(&mut self, n: u32, what: &'static str) -> Result<u32, BitError> {
        let start = self.place();
        let value = self.number(n, what)?;
        if n > 0 {
            self.note(what, value.into(), start);
        }
        Ok(value)
    }

    /// `ue(v)`, clause 9.1: 0 to 2³²−2.
    pub fn ue(&mut self, what: &'static str) -> Result<u32, BitError> {
        let start = self.place();
        let code = self.code(what)?;
        self.note(what, code.into(), start);
        Ok(code)
    }

    fn bit(&mut self, what: &'static str) -> Result<bool, BitError> {
        if self.left == 0 {
            self.load(what)?;
        }
        self.left -= 1;
        Ok((self.current >> self.left) & 1 == 1)
    }

    fn number(&mut self, mut n: u32, what: &'static str) -> Result<u32, BitError> {
        let mut value = 0_u32;
        while n > 0 {
            if self.left == 0 {
                self.load(what)?;
            }
            let count = n.min(self.left);
            self.left -= count;
            // `count` is 1..=8, so the mask fits and no shift reaches the width of its type.
            let part = (u32::from(self.current) >> self.left) & ((1_u32 << count) - 1);
            value = (value << count) | part;
            n -= count;
        }
        Ok(value)
    }

    fn code(&mut self, what: &'static str) -> Result<u32, BitError> {
        let mut zeros = 0;
        while !self.bit(what)? {
            zeros += 1;
            if zeros > 31 {
                return Err(BitError { what, why: Why::LongCode });
            }
        }
        let suffix = self.number(zeros, what)?;
        Ok(((1_u32 << zeros) - 1) + suffix)
    }

    /// `ue(v)` that is not above `max`.
    pub fn ue_max(&mut self, max: u32, what: &'static str) -> Result<u32, BitError> {
        at_most(self.ue(what)?, max, what)
    }

    /// `se(v)`, clause 9.1.1: −(2³¹−1) to 2³¹−1.
    pub fn se(&mut self, what: &'static str) -> Result<i32, BitError> {
        let start = self.place();
        let code = self.code(what)?;
        // At most 2³¹−1, since the code is at most 2³²−2.
        let magnitude = i32::try_from(code.div_ceil(2)).unwrap_or(i32::MAX);
        let value = if code % 2 == 1 { magnitude } else { -magnitude };
        self.note(what, value.into(), start);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb_follows_table_9_2() {
        // 1 | 010 | 011 | 00100 | 00101 = 0 1 2 3 4
        let bytes = [0b1010_0110, 0b0100_0010, 0b1000_0000];
        let mut r = BitReader::nal(&bytes);
        let codes: Vec<u32> = (0..5).map(|_| r.ue("x").unwrap()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4]);
        let mut r = BitReader::nal(&bytes);
        let codes: Vec<i32> = (0..5).map(|_| r.se("x").unwrap()).collect();
        assert_eq!(codes, [0, 1, -1, 2, -2]);
    }

    #[test]
    fn the_largest_code_is_read_and_a_longer_one_refused() {
        // 31 zeros, then 32 ones: 2^31 - 1 + 2^31 - 1.
        let mut r = BitReader::plain(&[0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFE]);
        assert_eq!(r.ue("x").unwrap(), u32::MAX - 1);
        let mut r = BitReader::plain(&[0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFE]);
        assert_eq!(r.se("x").unwrap(), -i32::MAX);
        let error = BitReader::plain(&[0, 0, 0, 0, 0xFF]).ue("delta").unwrap_err();
        assert_eq!(error.why, Why::LongCode);
    }

    #[test]
    fn emulation_prevention_is_skipped_but_counted() {
        // 00 00 03 01 reads as 00 00 01; the 03 counts only once something behind it is read.
        let mut r = BitReader::nal(&[0, 0, 3, 1, 0, 0, 3, 0, 0, 3, 3]);
        assert_eq!(r.bits(16, "x").unwrap(), 0);
        assert_eq!(r.consumed(), 2);
        assert_eq!(r.bits(1, "x").unwrap(), 0);
        assert_eq!(r.consumed(), 4);
        assert_eq!(r.bits(7, "x").unwrap(), 1);
        // A run of escapes, the last one guarding a real 03.
        assert_eq!(r.bits(32, "x").unwrap(), 0);
        assert_eq!(r.consumed(), 9);
        assert_eq!(r.bits(8, "x").unwrap(), 3);
        assert_eq!(r.consumed(), 11);
        assert!(r.flag("x").is_err());
        assert_eq!(BitReader::plain(&[0, 0, 3]).bits(24, "x").unwrap(), 3);
    }

    #[test]
    fn messages_carry_the_field_and_both_numbers() {
        let error = BitReader::plain(&[]).flag("slice_type").unwrap_err();
        let error = error.into_error("bad-slice", "The slice header");
        assert_eq!(error.message(), "The slice header ends before or inside its slice_type.");
        let error = at_most(77, 31, "num_ref_idx").unwrap_err().into_error("bad-slice", "The slice header");
        assert_eq!(
            error.message(),
            "The slice header has a num_ref_idx of 77, but the largest allowed is 31."
        );
    }
}
