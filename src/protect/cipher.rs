//! AES-128 as PIFF and CENC use it (ISO/IEC 23001-7:2023 9.2, 10). The only user of `aes` and `ctr`, and of our own
//! kernel, which is several times faster where there are no AES instructions: in WebAssembly.
//!
//! In counter mode the counter block is the 8-byte IV and a 64-bit block counter from 0; a 16-byte IV is the whole block,
//! and only its low 64 bits count. The keystream runs on through all protected ranges of a sample; clear bytes use none.

use std::array::from_fn;

use crate::bytes::ContentKey;

use super::scheme::BLOCK;

/// A block of AES.
pub type Block = [u8; BLOCK];

/// Blocks that are encrypted together.
pub const WIDTH: usize = 8;

/// One of the chains that go side by side: where its next block begins, how many are left, and the block before.
pub use backend::Chain;

/// A key ready for use. Its schedule is wiped when dropped.
#[derive(Clone)]
pub struct AesKey(backend::Key);

impl core::fmt::Debug for AesKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("AesKey(..)")
    }
}

/// The keystream of one sample.
pub struct SampleCipher<'k>(backend::Stream<'k>);

impl AesKey {
    /// Expands the key schedule.
    pub fn new(key: &ContentKey) -> Self {
        Self(backend::Key::new(&key.0))
    }

    /// Encrypts blocks that have nothing to do with each other, in place.
    pub fn encrypt(&self, blocks: &mut [Block; WIDTH]) {
        // So many chains of one block.
        let mut chains: [_; WIDTH] =
            from_fn(|number| Chain { at: number * BLOCK, left: 1, last: [0; BLOCK] });
        self.chain(blocks.as_flattened_mut(), &mut chains, BLOCK);
    }

    /// Encrypts blocks of at most [`WIDTH`] chains in place, each `stride` bytes behind the one before, until one of them
    /// has none left. Blocks outside `bytes` are passed over.
    pub fn chain(&self, bytes: &mut [u8], chains: &mut [Chain], stride: usize) {
        self.0.chain(bytes, chains, stride);
    }

    /// Decrypts blocks that have nothing to do with each other, in place.
    pub fn decrypt(&self, blocks: &mut [Block; WIDTH]) {
        self.0.decrypt(blocks);
    }

    /// The keystream of the sample with this IV: 8 bytes, or 16.
    pub fn sample(&self, iv: &[u8]) -> SampleCipher<'_> {
        let mut block = [0; 16];
        for (to, from) in block.iter_mut().zip(iv) {
            *to = *from;
        }
        SampleCipher(self.0.stream(block))
    }
}

impl SampleCipher<'_> {
    /// Encrypts or decrypts the next protected bytes of the sample, in place.
    pub fn apply(&mut self, protected: &mut [u8]) {
        self.0.apply(protected);
    }

    /// Goes to the keystream byte for protected byte `position` of the sample.
    pub fn seek(&mut self, position: u64) {
        self.0.seek(position);
    }
}

#[cfg(target_arch = "wasm32")]
use boxlock_kernel as backend;

/// The crates `aes` and `ctr`, which use the AES instructions of the processor.
#[cfg(not(target_arch = "wasm32"))]
mod backend {
    use aes::Aes128;
    use aes::cipher::{
        BlockCipherDecrypt, BlockCipherEncrypt, InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper,
        StreamCipherSeek,
    };
    use ctr::CtrCore;
    use ctr::flavors::Ctr64BE;

    use super::{Block, WIDTH};

    #[derive(Clone)]
    pub struct Key(Aes128);

    pub struct Stream<'k>(StreamCipherCoreWrapper<CtrCore<&'k Aes128, Ctr64BE>>);

    /// See `boxlock_kernel::Chain`, which it is a twin of.
    #[derive(Clone, Copy)]
    pub struct Chain {
        /// Where its next block begins.
        pub at: usize,
        /// Blocks until it ends, or goes on elsewhere.
        pub left: usize,
        /// What its next block is chained to: the IV, then the block before.
        pub last: Block,
    }

    impl Key {
        pub fn new(key: &[u8; 16]) -> Self {
            Self(Aes128::new(key.into()))
        }

        pub fn chain(&self, bytes: &mut [u8], chains: &mut [Chain], stride: usize) {
            for _ in 0..chains.iter().map(|chain| chain.left).min().unwrap_or(0) {
                let mut blocks = [Block::default(); WIDTH].map(Into::into);
                for (block, chain) in blocks.iter_mut().zip(&*chains) {
                    let data = block_at(bytes, chain.at).map_or_else(Block::default, |data| *data);
                    *block =
                        (u128::from_ne_bytes(data) ^ u128::from_ne_bytes(chain.last)).to_ne_bytes().into();
                }
                self.0.encrypt_blocks(&mut blocks);
                for (block, chain) in blocks.into_iter().zip(&mut *chains) {
                    chain.last = block.into();
                    if let Some(data) = block_at(bytes, chain.at) {
                        *data = chain.last;
                    }
                    chain.at += stride;
                    chain.left -= 1;
                }
            }
        }

        pub fn decrypt(&self, blocks: &mut [Block; WIDTH]) {
            let mut wide = blocks.map(Into::into);
            self.0.decrypt_blocks(&mut wide);
            *blocks = wide.map(Into::into);
        }

        pub fn stream(&self, block: [u8; 16]) -> Stream<'_> {
            Stream(StreamCipherCoreWrapper::from_core(CtrCore::inner_iv_init(&self.0, &block.into())))
        }
    }

    fn block_at(bytes: &mut [u8], at: usize) -> Option<&mut Block> {
        bytes.get_mut(at..)?.first_chunk_mut()
    }

    impl Stream<'_> {
        pub fn apply(&mut self, data: &mut [u8]) {
            self.0.apply_keystream(data);
        }

        pub fn seek(&mut self, position: u64) {
            self.0.seek(position);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> AesKey {
        let mut key = [0; 16];
        hex::decode_to_slice(text, &mut key).unwrap();
        AesKey::new(&ContentKey(key))
    }

    const CALC_KEY: &str = "3a2a1b68dd2bd9b2eeb25e84c4776668";

    #[test]
    fn nist_sp_800_38a_f_5_1() {
        // The initial counter block f0…ff is a 16-byte IV.
        let iv = hex::decode("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff").unwrap();
        let mut data =
            hex::decode("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51").unwrap();
        key("2b7e151628aed2a6abf7158809cf4f3c").sample(&iv).apply(&mut data);
        let expected = "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff";
        assert_eq!(hex::encode(data), expected);
    }

    #[test]
    fn a_real_piff_sample() {
        // First protected bytes of a sample of a published PIFF file.
        let mut data = hex::decode("6f2ca870ee86068a1f3e69b0ac1f8802").unwrap();
        let iv = hex::decode("fd085e39758ca6c0").unwrap();
        key("0b17cd8bfc86557341c77bbc6e4fe9a3").sample(&iv).apply(&mut data);
        assert_eq!(hex::encode(data), "09000003bf7139213b2448921f671392");
    }

    #[test]
    fn the_keystream_runs_on_over_subsamples() {
        let iv = hex::decode("a1a2a3a4a5a6a7a8").unwrap();
        let mut data: Vec<u8> = (0..100).collect();
        let key = key(CALC_KEY);
        let mut cipher = key.sample(&iv);
        for (clear, protected) in [(5, 20), (32, 33), (65, 35)] {
            cipher.apply(&mut data[clear..clear + protected]);
        }
        let expected = "0001020304e8da22c63853d7528949d36d667bddfae019e319191a1b1c1d1e1f\
            83bea44c300a20b1d50834489bbf0d7fa1a47ee4b74f4845a17a11a1f8dfad95a9\
            ec6ed93c1ff910f53ad1c17e9c9876fdd67f79384c71664854208e37a0caf78fa7e5b8";
        assert_eq!(hex::encode(data), expected);
    }

    #[test]
    fn only_the_low_half_of_a_16_byte_iv_counts() {
        let iv = hex::decode("0011223344556677ffffffffffffffff").unwrap();
        let mut data: Vec<u8> = (0..32).collect();
        key(CALC_KEY).sample(&iv).apply(&mut data);
        assert_eq!(hex::encode(data), "d00d88013f279d55e78c850d3d6702ef911feb589bf637e2ad1114815eb9cfad");
    }

    #[test]
    fn fips_197_eight_times() {
        let block = |text: &str| <Block>::try_from(hex::decode(text).unwrap()).unwrap();
        let mut blocks = [block("3243f6a8885a308d313198a2e0370734"); WIDTH];
        blocks[3] = block("6bc1bee22e409f96e93d7e117393172a");
        key("2b7e151628aed2a6abf7158809cf4f3c").encrypt(&mut blocks);
        let mut expected = [block("3925841d02dc09fbdc118597196a0b32"); WIDTH];
        expected[3] = block("3ad77bb40d7a3660a89ecaf32466ef97");
        assert_eq!(blocks, expected);
        key("2b7e151628aed2a6abf7158809cf4f3c").decrypt(&mut blocks);
        assert_eq!(blocks[0], block("3243f6a8885a308d313198a2e0370734"));
        assert_eq!(blocks[3], block("6bc1bee22e409f96e93d7e117393172a"));
    }

    #[test]
    fn a_seek_lands_where_a_straight_run_would_be() {
        let key = key(CALC_KEY);
        let mut whole = [0; 100];
        key.sample(&[7; 8]).apply(&mut whole);
        for position in [0, 1, 15, 16, 17, 63, 99] {
            let mut part = [0; 100];
            let mut cipher = key.sample(&[7; 8]);
            cipher.seek(position);
            cipher.apply(&mut part[usize::try_from(position).unwrap()..]);
            let from = usize::try_from(position).unwrap();
            assert_eq!(part[from..], whole[from..], "from {position}");
        }
    }
}
