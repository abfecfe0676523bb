//! Fields in a row, for headers that are walked whole: AV1 and VP9.

use crate::bytes::bits::{BitError, BitReader, Trace, at_most};

/// Fields in a row. Behind the end all are 0, and the first that is missing is the fault: a header is walked without looking
/// at every step, and asked once.
#[derive(Debug)]
pub struct Fields<'b> {
    bits: BitReader<'b>,
    what: &'static str,
    fault: Option<BitError>,
}

impl<'b> Fields<'b> {
    const WHAT: &'static str = "fields";

    /// Over bytes that mean themselves.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bits: BitReader::plain(bytes), what: Self::WHAT, fault: None }
    }

    /// The same, which are noted.
    pub fn traced(bytes: &'b [u8], trace: &'b Trace) -> Self {
        Self { bits: BitReader::plain(bytes).traced(trace), ..Self::new(bytes) }
    }

    /// What the next field is called.
    pub fn named(&mut self, what: &'static str) -> &mut Self {
        self.what = what;
        self
    }

    /// `f(n)`.
    pub fn bits(&mut self, n: u32) -> u32 {
        let what = core::mem::replace(&mut self.what, Self::WHAT);
        self.bits.bits(n, what).unwrap_or_else(|error| self.fail(error))
    }

    /// `f(1)` as a flag.
    pub fn flag(&mut self) -> bool {
        self.bits(1) == 1
    }

    /// [`bits`](Self::bits) as an index.
    pub fn index(&mut self, n: u32) -> usize {
        usize::try_from(self.bits(n)).unwrap_or(usize::MAX)
    }

    /// `su(n)`: a number with a sign, in `n` bits.
    pub fn signed(&mut self, n: u32) -> i32 {
        let value = i32::try_from(self.bits(n)).unwrap_or(0);
        let sign = 1 << (n - 1);
        (value ^ sign) - sign
    }

    /// A number that is there if a flag in front says so.
    pub fn optional(&mut self, n: u32) {
        if self.flag() {
            self.bits(n);
        }
    }

    /// `uvlc()`.
    pub fn code(&mut self) -> u32 {
        let what = core::mem::replace(&mut self.what, Self::WHAT);
        self.bits.ue(what).unwrap_or_else(|error| self.fail(error))
    }

    /// `ns(n)`: a number below `n`.
    pub fn below(&mut self, n: u32) -> u32 {
        let width = u32::BITS - n.leading_zeros();
        let short = (1_u32 << width) - n;
        let value = self.bits(width.saturating_sub(1));
        if value < short { value } else { (value << 1) - short + self.bits(1) }
    }

    /// Notes that `value` is above `max`, if it is.
    pub fn at_most(&mut self, value: u32, max: u32, what: &'static str) {
        if let Err(error) = at_most(value, max, what) {
            self.fail(error);
        }
    }

    fn fail(&mut self, error: BitError) -> u32 {
        self.fault.get_or_insert(error);
        0
    }

    /// The bits of the current byte that were not read; the next field begins a byte.
    pub fn rest(&mut self) -> u8 {
        self.bits.rest()
    }

    /// Bytes consumed so far, a byte of which one bit was read whole.
    pub fn consumed(&self) -> usize {
        self.bits.consumed()
    }

    /// The first fault.
    pub fn check(&self) -> Result<(), BitError> {
        self.fault.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_clause_4_10_says() {
        // su(3): 011 = 3, 100 = -4, 111 = -1.
        let mut f = Fields::new(&[0b0111_0011, 0b1000_0000]);
        assert_eq!([3; 3].map(|n| f.signed(n)), [3, -4, -1]);
        // ns(5): 00, 01, 10, 110, 111 are 0 to 4.
        let mut f = Fields::new(&[0b0001_1011, 0b0111_0000]);
        assert_eq!([5; 5].map(|n| f.below(n)), [0, 1, 2, 3, 4]);
        // A number below 1 takes no bit.
        assert_eq!((f.below(1), f.consumed()), (0, 2));
        assert_eq!((f.rest(), f.consumed()), (0, 2));
        f.check().unwrap();
        assert_eq!(f.bits(1), 0);
        assert!(f.check().is_err());
    }
}
