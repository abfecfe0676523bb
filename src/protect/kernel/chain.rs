//! Cipher block chaining (NIST SP 800-38A 6.2). A chain cannot be hastened; so up to eight go side by side, and as many
//! blocks of them in one go as all of them have: what calls this may be compiled for size.

use super::lanes::Lanes;
use super::{BLOCK, Key, WIDTH, transpose, xor};

/// One of the chains that go side by side.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    /// Where its next block begins.
    pub at: usize,
    /// Blocks until it ends, or goes on elsewhere.
    pub left: usize,
    /// What its next block is chained to: the IV, then the block before.
    pub last: [u8; BLOCK],
}

impl Key {
    /// Encrypts blocks of the first [`WIDTH`] chains in place, each `stride` bytes behind the one before, until one of them
    /// has none left. Blocks outside `bytes` are passed over.
    #[inline(never)]
    pub fn chain(&self, bytes: &mut [u8], chains: &mut [Chain], stride: usize) {
        for _ in 0..chains.iter().map(|chain| chain.left).min().unwrap_or(0) {
            let mut blocks = [Lanes::default(); WIDTH];
            for (block, chain) in blocks.iter_mut().zip(&*chains) {
                let data = block_at(bytes, chain.at).map_or_else(Lanes::default, |data| Lanes::new(*data));
                *block = data ^ Lanes::new(chain.last);
            }
            // Turning bits is its own reverse.
            let state = transpose(blocks.map(Lanes::columns_to_rows));
            let blocks = self.rounds(xor(state, self.rounds[0]), 1);
            for (block, chain) in blocks.into_iter().zip(&mut *chains) {
                chain.last = block.bytes();
                if let Some(data) = block_at(bytes, chain.at) {
                    *data = chain.last;
                }
                chain.at += stride;
                chain.left -= 1;
            }
        }
    }
}

fn block_at(bytes: &mut [u8], at: usize) -> Option<&mut [u8; BLOCK]> {
    bytes.get_mut(at..)?.first_chunk_mut()
}
