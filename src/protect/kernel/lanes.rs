//! One byte for each byte position of a state: 128-bit SIMD, and elsewhere a stand-in that behaves the same.

use core::ops::{BitAnd, BitXor};

use zeroize::DefaultIsZeroes;

use super::BLOCK;

pub use target::Lanes;

/// Where each byte of a state goes by ShiftRows: byte `at` is made from byte `SHIFT_ROWS[at]`.
const SHIFT_ROWS: [usize; BLOCK] = [0, 1, 2, 3, 5, 6, 7, 4, 10, 11, 8, 9, 15, 12, 13, 14];
/// The same, and from rows to columns.
const SHIFT_ROWS_TO_COLUMNS: [usize; BLOCK] = [0, 5, 10, 15, 1, 6, 11, 12, 2, 7, 8, 13, 3, 4, 9, 14];

/// Bytes column by column to row by row, and back.
const COLUMNS_TO_ROWS: [usize; BLOCK] = [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15];

impl DefaultIsZeroes for Lanes {}

impl BitXor for Lanes {
    type Output = Self;

    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        self.xor(other)
    }
}

impl BitAnd for Lanes {
    type Output = Self;

    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        self.and(other)
    }
}

#[cfg(target_arch = "wasm32")]
mod target {
    use core::arch::wasm32::*;

    use super::{BLOCK, COLUMNS_TO_ROWS, SHIFT_ROWS, SHIFT_ROWS_TO_COLUMNS};

    /// One byte for each byte position of a state.
    #[derive(Clone, Copy)]
    pub struct Lanes(v128);

    /// The intrinsic takes its order as sixteen constants.
    macro_rules! shuffle {
        ($x:expr, $order:ident: $($at:literal)*) => { i8x16_shuffle::<$({ $order[$at] }),*>($x, $x) };
    }

    impl Lanes {
        #[inline(always)]
        pub fn new(bytes: [u8; BLOCK]) -> Self {
            let [low, high] = super::super::halves(bytes).map(u64::swap_bytes);
            Self(u64x2(low, high))
        }

        #[inline(always)]
        pub fn bytes(self) -> [u8; BLOCK] {
            let [low, high] = [u64x2_extract_lane::<0>(self.0), u64x2_extract_lane::<1>(self.0)];
            (u128::from(high) << 64 | u128::from(low)).to_le_bytes()
        }

        /// All ones in the bytes that have this bit, zeros in the others.
        #[inline(always)]
        pub fn spread(self, bit: u8) -> Self {
            let bit = u8x16_splat(bit);
            Self(u8x16_eq(v128_and(self.0, bit), bit))
        }

        #[inline(always)]
        pub fn xor(self, other: Self) -> Self {
            Self(v128_xor(self.0, other.0))
        }

        #[inline(always)]
        pub fn and(self, other: Self) -> Self {
            Self(v128_and(self.0, other.0))
        }

        #[inline(always)]
        pub fn shift_rows(self) -> Self {
            Self(shuffle!(self.0, SHIFT_ROWS: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15))
        }

        #[inline(always)]
        pub fn shift_rows_to_columns(self) -> Self {
            Self(shuffle!(self.0, SHIFT_ROWS_TO_COLUMNS: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15))
        }

        #[inline(always)]
        pub fn columns_to_rows(self) -> Self {
            Self(shuffle!(self.0, COLUMNS_TO_ROWS: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15))
        }

        /// Every row goes up by one, the first to the end.
        #[inline(always)]
        pub fn up_a_row(self) -> Self {
            Self(u32x4_shuffle::<1, 2, 3, 0>(self.0, self.0))
        }

        /// Every row goes up by two.
        #[inline(always)]
        pub fn up_two_rows(self) -> Self {
            Self(u32x4_shuffle::<2, 3, 0, 1>(self.0, self.0))
        }

        /// Swaps the bits of `mask`, `N` higher, with the bits of `mask` in `other`.
        #[inline(always)]
        pub fn swap<const N: u32>(self, other: Self, mask: u8) -> (Self, Self) {
            let t = v128_and(v128_xor(u64x2_shr(self.0, N), other.0), u8x16_splat(mask));
            (Self(v128_xor(self.0, u64x2_shl(t, N))), Self(v128_xor(other.0, t)))
        }
    }

    impl Default for Lanes {
        #[inline(always)]
        fn default() -> Self {
            Self(u64x2(0, 0))
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod target {
    use core::array::from_fn;

    use super::{BLOCK, COLUMNS_TO_ROWS, SHIFT_ROWS, SHIFT_ROWS_TO_COLUMNS};

    /// One byte for each byte position of a state, the first in the lowest bits.
    #[derive(Clone, Copy, Default)]
    pub struct Lanes(u128);

    impl Lanes {
        pub fn new(bytes: [u8; BLOCK]) -> Self {
            Self(u128::from_le_bytes(bytes))
        }

        pub fn bytes(self) -> [u8; BLOCK] {
            self.0.to_le_bytes()
        }

        pub fn spread(self, bit: u8) -> Self {
            Self::new(self.bytes().map(|byte| if byte & bit == 0 { 0 } else { 0xff }))
        }

        pub fn xor(self, other: Self) -> Self {
            Self(self.0 ^ other.0)
        }

        pub fn and(self, other: Self) -> Self {
            Self(self.0 & other.0)
        }

        fn shuffle(self, order: [usize; BLOCK]) -> Self {
            let bytes = self.bytes();
            Self::new(order.map(|at| bytes[at]))
        }

        pub fn shift_rows(self) -> Self {
            self.shuffle(SHIFT_ROWS)
        }

        pub fn shift_rows_to_columns(self) -> Self {
            self.shuffle(SHIFT_ROWS_TO_COLUMNS)
        }

        pub fn columns_to_rows(self) -> Self {
            self.shuffle(COLUMNS_TO_ROWS)
        }

        pub fn up_a_row(self) -> Self {
            self.shuffle(from_fn(|at| (at + 4) % BLOCK))
        }

        pub fn up_two_rows(self) -> Self {
            self.shuffle(from_fn(|at| (at + 8) % BLOCK))
        }

        pub fn swap<const N: u32>(self, other: Self, mask: u8) -> (Self, Self) {
            let t = (self.0 >> N ^ other.0) & u128::from_le_bytes([mask; BLOCK]);
            (Self(self.0 ^ t << N), Self(other.0 ^ t))
        }
    }
}
