//! The one owner of initialization vectors: no two samples of an output ever share one.
//!
//! PIFF 1.1 asks for IVs that are unique over all tracks with the same key, and Microsoft's own files count up by
//! one from sample to sample through the whole file; so does this. With an 8-byte IV the block counter is a field of
//! its own, so distinct IVs mean distinct counter blocks.

use super::cipher::{AesKey, Block, WIDTH};
use super::scheme::BLOCK;

/// IVs of a file: a random start, then one more for each sample in file order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IvCounter {
    start: u64,
}

/// Where the samples of a track have their IVs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ivs {
    /// Each its own, of so many bytes: 8, or 16.
    Each(u8),
    /// All share one, which stands in `tenc`.
    Constant(Block),
}

impl Ivs {
    /// Bytes of IV with each sample.
    pub fn size(self) -> u8 {
        match self {
            Self::Each(size) => size,
            Self::Constant(_) => 0,
        }
    }
}

impl IvCounter {
    /// Counts from `start`, which must be random for each file under one key.
    pub fn new(start: u64) -> Self {
        Self { start }
    }

    /// The IV of sample `ordinal`, counted over all tracks in file order. Unique for all ordinals of one file: the
    /// sum wraps only after 2^64 samples.
    pub fn iv(self, ordinal: u64) -> [u8; 8] {
        self.start.wrapping_add(ordinal).to_be_bytes()
    }

    /// The counter block that this IV begins with: also where an IV has 16 bytes, the low half counts blocks alone.
    pub fn block(self, ordinal: u64) -> Block {
        let mut block = [0; BLOCK];
        block.iter_mut().zip(self.iv(ordinal)).for_each(|(to, from)| *to = from);
        block
    }

    /// A 16-byte IV for block chaining, which must not be foreseen: the counter block, encrypted.
    pub fn chained(self, ordinal: u64, key: &AesKey) -> Block {
        let mut blocks = [[0; BLOCK]; WIDTH];
        blocks[0] = self.block(ordinal);
        key.encrypt(&mut blocks);
        blocks[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_runs_through_the_wrap() {
        let counter = IvCounter::new(u64::MAX);
        assert_eq!(counter.iv(0), [0xff; 8]);
        assert_eq!(counter.iv(1), [0; 8]);
    }
}
